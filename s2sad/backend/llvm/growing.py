"""Lists that grow: items in a row, in a longer row when it is full.

    item      a number as in an array; an array as its address, its shape, and its block; a list as its four words
    a list    the address of the first item, how many there are, how many fit, and the block that they lie in

A list lives in four places on the stack, which LLVM keeps in registers. What is done to it is done in place. It holds
one reference to its block, which others may hold as well: a list of a loop or of a branch that becomes another one, an
item of a list of lists. A block of arrays or lists holds the references to its items (null where there is none yet)
and gives them back with itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from s2sad.backend.llvm import movement
from s2sad.backend.llvm.code import I64, NULL, PTR, Support, Value, i64
from s2sad.backend.llvm.memory import NRT, data_of
from s2sad.backend.llvm.values import Anything, Complex, Growing, View, fields
from s2sad.ir.types import Array, List, Scalar, Type

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

LONGER = Support(
    """\
define internal ptr @s2sad.longer(ptr %block, ptr %data, i64 %used, i64 %bytes) noinline cold nounwind {
  %made = call ptr @NRT_MemInfo_alloc_aligned(i64 %bytes, i32 64)
  %none = icmp eq ptr %made, null
  br i1 %none, label %out, label %move
move:
  %place = getelementptr inbounds i8, ptr %made, i64 24
  %to = load ptr, ptr %place
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %data, i64 %used, i1 false)
  call void @NRT_decref(ptr %block)
  br label %out
out:
  ret ptr %made
}
""",
    (*NRT, ("llvm.memcpy.p0.p0.i64", "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)")),
)
"""A longer block with the same numbers, in place of the old one."""
LONGER_OWNING = Support(
    """\
define internal void @s2sad.items(ptr %data, i64 %bytes, ptr %item) noinline nounwind {
entry:
  %size = ptrtoint ptr %item to i64
  %first = sub i64 %size, 8
  br label %head
head:
  %at = phi i64 [ %first, %entry ], [ %next, %body ]
  %more = icmp slt i64 %at, %bytes
  br i1 %more, label %body, label %out
body:
  %address = getelementptr inbounds i8, ptr %data, i64 %at
  %held = load ptr, ptr %address
  call void @NRT_decref(ptr %held)
  %next = add i64 %at, %size
  br label %head
out:
  ret void
}
define internal ptr @s2sad.longer_owning(ptr %block, ptr %data, i64 %used, i64 %bytes, i64 %size)
    noinline cold nounwind {
entry:
  %made = call ptr @NRT_MemInfo_alloc_aligned(i64 %bytes, i32 64)
  %none = icmp eq ptr %made, null
  br i1 %none, label %out, label %move
move:
  %place = getelementptr inbounds i8, ptr %made, i64 24
  %to = load ptr, ptr %place
  call void @llvm.memset.p0.i64(ptr %to, i8 0, i64 %bytes, i1 false)
  call void @llvm.memcpy.p0.p0.i64(ptr %to, ptr %data, i64 %used, i1 false)
  %ending = getelementptr inbounds i8, ptr %made, i64 8
  store ptr @s2sad.items, ptr %ending
  %about = getelementptr inbounds i8, ptr %made, i64 16
  %item = inttoptr i64 %size to ptr
  store ptr %item, ptr %about
  %first = sub i64 %size, 8
  br label %head
head:
  %at = phi i64 [ %first, %move ], [ %next, %body ]
  %more = icmp slt i64 %at, %used
  br i1 %more, label %body, label %moved
body:
  %address = getelementptr inbounds i8, ptr %to, i64 %at
  %held = load ptr, ptr %address
  call void @NRT_incref(ptr %held)
  %next = add i64 %at, %size
  br label %head
moved:
  call void @NRT_decref(ptr %block)
  br label %out
out:
  ret ptr %made
}
""",
    (
        *NRT,
        ("NRT_incref", "declare void @NRT_incref(ptr)"),
        ("llvm.memset.p0.i64", "declare void @llvm.memset.p0.i64(ptr, i8, i64, i1)"),
        ("llvm.memcpy.p0.p0.i64", "declare void @llvm.memcpy.p0.p0.i64(ptr, ptr, i64, i1)"),
    ),
)
"""The same for items that are held: a block whose end (its second word, told its third) gives them back."""
FEWEST = 16


def empty(writer: Writer, item: Type, *, kept: bool = False) -> Growing:
    """An empty list; its block is given back with the scope that is open, or, `kept`, at the end of the function."""
    items = whole(writer, item, writer.memory.slot(kept=kept))
    reset(writer, items)
    return items


def whole(writer: Writer, item: Type, block: Value) -> Growing:
    """A list with a slot for its block, and places for the rest that are filled later."""
    code = writer.code
    return Growing(item, block, code.alloca(PTR, NULL), code.alloca(I64, i64(0)), code.alloca(I64, i64(0)))


def reset(writer: Writer, items: Growing) -> None:
    """Let go of all that a list holds."""
    writer.memory.give_back([items.block])
    store_parts(writer, items, [NULL, i64(0), i64(0)])


def parts(writer: Writer, items: Growing) -> list[Value]:
    """Where the items are, how many there are, how many fit."""
    code = writer.code
    return [code.load(PTR, items.data), code.load(I64, items.length), code.load(I64, items.capacity)]


def store_parts(writer: Writer, items: Growing, values: list[Value]) -> None:
    """The contrary of `parts`."""
    for value, place in zip(values, (items.data, items.length, items.capacity), strict=True):
        writer.code.store(value, place)


def length(writer: Writer, items: Growing) -> Value:
    """How many items there are."""
    return writer.code.load(I64, items.length)


def room(writer: Writer, items: Growing, wanted: Value) -> None:
    """Make the list long enough for so many items."""
    code = writer.code
    full, fits = code.fresh("full"), code.fresh("fits")
    capacity = code.load(I64, items.capacity)
    code.do(f"br {code.compare('icmp sle', wanted, capacity)}, label %{fits}, label %{full}, !prof !1")
    code.start(full)
    longer = code.larger(code.larger(code.mul(capacity, i64(2)), i64(FEWEST)), wanted)
    size = i64(items.size)
    used = code.mul(length(writer, items), size)
    args = [code.load(PTR, items.block), code.load(PTR, items.data), used, code.mul(longer, size)]
    numbers = isinstance(items.item, Scalar)
    if numbers:
        made = code.ours(LONGER, PTR, "s2sad.longer", *args)
    else:
        made = code.ours(LONGER_OWNING, PTR, "s2sad.longer_owning", *args, size)
    writer.faults.unless(code.compare("icmp ne", made, NULL), "no memory")
    code.store(made, items.block)
    # what holds references is read again at the end of its block: nothing written there is dead
    code.store(data_of(code, made) if numbers else code.load(PTR, code.element("i8", made, i64(24))), items.data)
    code.store(longer, items.capacity)
    code.jump(fits)
    code.start(fits)


def at(writer: Writer, items: Growing, index: Value) -> Value:
    """The address of an item."""
    code = writer.code
    return code.value(PTR, f"getelementptr inbounds {items.struct}, {code.load(PTR, items.data)}, {index}")


def put(writer: Writer, items: Growing, address: Value, value: Anything) -> None:
    """Write an item; a reference to an array's memory, or a list's, is counted."""
    if isinstance(value, Value | Complex):
        movement.write(writer.code, items.item.dtype, value, address)
        return
    if isinstance(value, View):
        words = [value.data, *value.shape, writer.memory.hold_item(value.owner)]
    else:
        words = [*parts(writer, value), writer.memory.hold_item(writer.code.load(PTR, value.block))]
    for k, word in enumerate(words):
        writer.code.store(word, _word(writer, items, address, k))


def get(writer: Writer, items: Growing, address: Value) -> Anything:
    """Read an item; of an array or a list with a reference of its own."""
    if isinstance(items.item, Scalar):
        return movement.read(writer.code, items.item.dtype, address)
    return held(writer, items.item, words(writer, items, address), borrowed=True)


def held(writer: Writer, type_: Type, values: list[Value], *, borrowed: bool = False) -> View | Growing:
    """An array or a list from its words, the last of them its reference. Where that is `borrowed`, one is taken."""
    slot = writer.memory.slot()
    *rest, owner = values
    writer.code.store(writer.memory.hold_item(owner) if borrowed else owner, slot)
    if isinstance(type_, Array):
        data, *shape = rest
        return View(type_.dtype, data, tuple(shape), None, owner, slot)
    assert isinstance(type_, List)
    made = whole(writer, type_.item, slot)
    store_parts(writer, made, rest)
    return made


def words(writer: Writer, items: Growing, address: Value) -> list[Value]:
    """The words of an item that is an array or a list."""
    return [writer.code.load(t, _word(writer, items, address, k)) for k, t in enumerate(fields(items.item))]


def owner_at(writer: Writer, items: Growing, address: Value) -> Value:
    """The place of the reference to an item's memory."""
    return _word(writer, items, address, len(fields(items.item)) - 1)


def _word(writer: Writer, items: Growing, address: Value, number: int) -> Value:
    return writer.code.value(PTR, f"getelementptr inbounds {items.struct}, {address}, i32 0, i32 {number}")


def filled(writer: Writer, item: Type, count: Value, make: Callable[[Value], Anything]) -> Growing:
    """A list of so many items, each made of its index."""
    made = empty(writer, item)
    room(writer, made, count)
    with movement.counting(writer.code, count) as index, writer.scope():
        put(writer, made, at(writer, made, index), make(index))
        writer.code.store(writer.code.add(index, i64(1)), made.length)
    return made


# -- functions


def lend(writer: Writer, items: Growing) -> Value:
    """The list in memory, for a callee to work on."""
    header = writer.code.alloca(HEADER)
    for k, place in enumerate(items.places):
        writer.code.store(writer.code.load(FIELDS[k], place), _field(writer, header, k))
    return header


def take_back(writer: Writer, items: Growing, header: Value) -> None:
    """What a callee has made of it."""
    for k, place in enumerate(items.places):
        writer.code.store(writer.code.load(FIELDS[k], _field(writer, header, k)), place)


def lent(writer: Writer, item: Type, header: Value) -> Growing:
    """A list that the caller has lent: its reference stays the caller's, to whom it goes back on every way out."""
    items = whole(writer, item, writer.code.alloca(PTR, NULL))
    take_back(writer, items, header)
    return items


def hand_back(writer: Writer, items: Growing, header: Value) -> None:
    """The contrary of `lent`."""
    for k, place in enumerate(items.places):
        writer.code.store(writer.code.load(FIELDS[k], place), _field(writer, header, k))


FIELDS = (PTR, I64, I64, PTR)
HEADER = "{ " + ", ".join(FIELDS) + " }"


def _field(writer: Writer, header: Value, number: int) -> Value:
    return writer.code.value(PTR, f"getelementptr inbounds {HEADER}, {header}, i32 0, i32 {number}")


__all__ = [
    "at", "empty", "filled", "get", "hand_back", "held", "lend", "length", "lent", "owner_at", "parts", "put", "reset",
    "room", "store_parts", "take_back", "whole", "words",
]  # fmt: skip
