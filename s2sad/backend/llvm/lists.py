"""Lists that grow, as tapes of loops of unknown length do: items in a row, doubled when they are full.

    header    the block that holds the items, the address of the first one, how many there are, how many fit
    item      a number as in an array; an array as its address, its shape, and its block, which the list holds

A list lives in four places on the stack, which LLVM keeps in registers. What is done to a list is done in place.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from s2sad.backend.llvm import movement
from s2sad.backend.llvm.code import FALSE, I8, I64, NULL, PTR, Support, Value, i64
from s2sad.backend.llvm.memory import DROP, NRT, data_of
from s2sad.backend.llvm.values import Anything, Growing, Uncovered, View, fields
from s2sad.ir.nodes import Atom, Let, item_type
from s2sad.ir.primitives import list_append, list_drop, list_get, list_len, list_new, list_set, list_zeros
from s2sad.ir.types import Array, List, Scalar, Type
from s2sad.memory.copying import copy
from s2sad.rules.lists import array_of_list, list_of_array

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

LONGER = Support(
    """\
define internal ptr @s2sad.longer(ptr %block, ptr %data, i64 %used, i64 %bytes) noinline nounwind {
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
"""A longer block with the same items, in place of the old one."""
FEWEST = 16


def let(writer: Writer, stmt: Let) -> bool:
    """Write a primitive on lists; False where it is none, or has no instructions."""
    target = stmt.targets[0]
    match stmt.prim:
        case prim if prim is list_new:
            writer.env[target] = _new(writer, dict(stmt.params)["item"])
        case prim if prim is list_len:
            writer.env[target] = writer.code.load(I64, _list(writer, stmt.args[0]).length)
        case prim if prim is list_append:
            items = writer.env[target] = _list(writer, stmt.args[0])
            _append(writer, items, stmt.args[1])
        case prim if prim is list_get:
            items = _list(writer, stmt.args[0])
            writer.env[target] = _read(writer, items, _place(writer, items, stmt.args[1]))
        case prim if prim is list_set:
            items = writer.env[target] = _list(writer, stmt.args[0])
            _replace(writer, items, _place(writer, items, stmt.args[1]), stmt.args[2])
        case prim if prim is list_drop:
            items = writer.env[target] = _list(writer, stmt.args[0])
            _drop_last(writer, items)
        case prim if prim is list_zeros:
            writer.env[target] = _zeros(writer, _list(writer, stmt.args[0]))
        case prim if prim is array_of_list:
            writer.env[target] = _stacked(writer, _list(writer, stmt.args[0]))
        case prim if prim is list_of_array and isinstance(target.type, List):
            writer.env[target] = _rows(writer, writer.view(stmt.args[0]), target.type.item)
        case prim if prim is copy and isinstance(target.type, List):
            writer.env[target] = _copy(writer, _list(writer, stmt.args[0]))
        case _:
            return False
    return True


def _list(writer: Writer, atom: Atom) -> Growing:
    found = writer.anything(atom)
    if not isinstance(found, Growing) or isinstance(item_type(atom), List):
        raise Uncovered("a list of another kind")
    return found


def _new(writer: Writer, item: Type) -> Growing:
    """An empty list; in a loop, the one of the trip before, emptied."""
    code = writer.code
    block = writer.memory.slot(kept=True)
    places = [code.alloca(PTR, NULL), code.alloca(I64, i64(0)), code.alloca(I64, i64(0))]
    items = Growing(item, block, *places)
    if isinstance(item, Array):
        writer.memory.dropping.append(items)
        _give_back_items(writer, items)
    code.store(i64(0), items.length)
    return items


def _give_back_items(writer: Writer, items: Growing) -> None:
    code = writer.code
    held = code.load(PTR, items.data), code.load(I64, items.length)
    code.ours(DROP, "void", "s2sad.drop", *held, i64(items.size), i64(items.size - 8))


def _room(writer: Writer, items: Growing, wanted: Value) -> None:
    """Make the list long enough for so many items."""
    code, faults = writer.code, writer.faults
    full, fits = code.fresh("full"), code.fresh("fits")
    capacity = code.load(I64, items.capacity)
    code.do(f"br {code.compare('icmp sle', wanted, capacity)}, label %{fits}, label %{full}, !prof !1")
    code.start(full)
    double = code.larger(code.larger(code.mul(wanted, i64(2)), i64(FEWEST)), wanted)
    size = i64(items.size)
    used = code.mul(code.load(I64, items.length), size)
    args = [code.load(PTR, items.block), code.load(PTR, items.data), used, code.mul(double, size)]
    made = code.ours(LONGER, PTR, "s2sad.longer", *args)
    faults.unless(code.compare("icmp ne", made, NULL), "no memory")
    code.store(made, items.block)
    code.store(data_of(code, made), items.data)
    code.store(double, items.capacity)
    code.jump(fits)
    code.start(fits)


def _at(writer: Writer, items: Growing, index: Value) -> Value:
    code = writer.code
    return code.value(PTR, f"getelementptr inbounds {items.struct}, {code.load(PTR, items.data)}, {index}")


def _place(writer: Writer, items: Growing, index: Atom) -> Value:
    """The address of an item that is there."""
    code = writer.code
    given, length = writer.int64(index), code.load(I64, items.length)
    found = code.from_front(given, length)
    writer.faults.unless(code.compare("icmp ult", found, length), "list index")
    return _at(writer, items, found)


def _append(writer: Writer, items: Growing, value: Atom) -> None:
    code = writer.code
    after = code.add(code.load(I64, items.length), i64(1))
    _room(writer, items, after)
    _write(writer, items, _at(writer, items, code.sub(after, i64(1))), value)
    code.store(after, items.length)


def _write(writer: Writer, items: Growing, address: Value, value: Atom) -> None:
    if isinstance(items.item, Scalar):
        number = writer.number(value, items.item.dtype)
        movement.write(writer.code, items.item.dtype, number, address)
    else:
        view = writer.contiguous(writer.view(value))
        _write_view(writer, items, address, view)


def _write_view(writer: Writer, items: Growing, address: Value, view: View) -> None:
    for k, part in enumerate((view.data, *view.shape, writer.memory.hold(view.owner))):
        place = writer.code.value(PTR, f"getelementptr inbounds {items.struct}, {address}, i32 0, i32 {k}")
        writer.code.store(part, place)


def _read(writer: Writer, items: Growing, address: Value) -> Anything:
    """An item; of an array, with a reference of its own."""
    code = writer.code
    if isinstance(items.item, Scalar):
        return movement.read(code, items.item.dtype, address)
    view = _view(writer, items, address)
    slot = writer.memory.slot()
    code.store(writer.memory.hold(view.owner), slot)
    return View(view.dtype, view.data, view.shape, None, view.owner, slot)


def _view(writer: Writer, items: Growing, address: Value) -> View:
    code = writer.code
    assert isinstance(items.item, Array)
    parts = []
    for k, type_ in enumerate(fields(items.item)):
        place = code.value(PTR, f"getelementptr inbounds {items.struct}, {address}, i32 0, i32 {k}")
        parts.append(code.load(type_, place))
    data, *shape, owner = parts
    return View(items.item.dtype, data, tuple(shape), None, owner)


def _replace(writer: Writer, items: Growing, address: Value, value: Atom) -> None:
    if isinstance(items.item, Scalar):
        _write(writer, items, address, value)
        return
    old = _view(writer, items, address).owner
    _write(writer, items, address, value)
    writer.code.call("void", "NRT_decref", old)


def _drop_last(writer: Writer, items: Growing) -> None:
    code = writer.code
    length = code.load(I64, items.length)
    writer.faults.unless(code.compare("icmp sgt", length, i64(0)), "empty list")
    shorter = code.sub(length, i64(1))
    code.store(shorter, items.length)
    if isinstance(items.item, Array):
        code.call("void", "NRT_decref", _view(writer, items, _at(writer, items, shorter)).owner)


def _zeros(writer: Writer, source: Growing) -> Growing:
    """A list of zeros, shaped as the items of another."""
    code = writer.code
    items = _new(writer, source.item)
    length = code.load(I64, source.length)
    _room(writer, items, length)
    if isinstance(items.item, Scalar):
        bytes_ = code.mul(length, i64(items.size))
        code.call("void", "llvm.memset.p0.i64", code.load(PTR, items.data), Value("0", I8), bytes_, FALSE)
    else:
        with movement.counting(code, length) as index, writer.scope():
            like = _view(writer, source, _at(writer, source, index))
            zero = writer.memory.allocate(like.dtype, like.shape, [True] * len(like.shape), zero=True, fresh=True)
            _write_view(writer, items, _at(writer, items, index), zero)
            code.store(code.add(index, i64(1)), items.length)
    code.store(length, items.length)
    return items


def _copy(writer: Writer, source: Growing) -> Growing:
    """A list with copies of the items."""
    code = writer.code
    items = _new(writer, source.item)
    length = code.load(I64, source.length)
    _room(writer, items, length)
    if isinstance(items.item, Scalar):
        bytes_ = code.mul(length, i64(items.size))
        args = code.load(PTR, items.data), code.load(PTR, source.data), bytes_, FALSE
        code.call("void", "llvm.memcpy.p0.p0.i64", *args)
    else:
        with movement.counting(code, length) as index, writer.scope():
            like = _view(writer, source, _at(writer, source, index))
            made = writer.copied(like, fresh=True)
            _write_view(writer, items, _at(writer, items, index), made)
            code.store(code.add(index, i64(1)), items.length)
    code.store(length, items.length)
    return items


# -- lists as arrays, and arrays as lists


def _stacked(writer: Writer, source: Growing) -> View:
    """The items along a first axis. Arrays are of one shape; of no items, the sizes that nobody knows are 0."""
    code, memory, item = writer.code, writer.memory, source.item
    length = code.load(I64, source.length)
    if not isinstance(item, Array):
        out = memory.allocate(item.dtype, (length,), (True,))
        bytes_ = code.mul(length, i64(source.size))
        code.call("void", "llvm.memcpy.p0.p0.i64", out.data, code.load(PTR, source.data), bytes_, FALSE)
        return out
    sizes = _item_shape(writer, source, item, length)
    out = memory.allocate(item.dtype, (length, *sizes), [True] * (1 + len(sizes)))
    with movement.counting(code, length) as index:
        found = _view(writer, source, _at(writer, source, index))
        for axis, (have, want) in enumerate(zip(found.shape, sizes, strict=True)):
            writer.faults.unless(code.compare("icmp eq", have, want), "shape", i64(axis), have, want)
        place = memory.address(out, code.mul(index, code.product(sizes)))
        movement.copy(writer, View(item.dtype, place, sizes, None, out.owner), replace(found, shape=sizes))
    return out


def _item_shape(writer: Writer, source: Growing, item: Array, length: Value) -> tuple[Value, ...]:
    """The shape of the first item."""
    code, places = writer.code, [writer.code.alloca(I64) for _ in item.dims]
    for d, place in zip(item.dims, places, strict=True):
        code.store(i64(d if isinstance(d, int) else 0), place)
    some, none = code.fresh("some"), code.fresh("none")
    code.branch(code.compare("icmp sgt", length, i64(0)), some, none)
    code.start(some)
    for size, place in zip(_view(writer, source, _at(writer, source, i64(0))).shape, places, strict=True):
        code.store(size, place)
    code.jump(none)
    code.start(none)
    return tuple(code.load(I64, place) for place in places)


def _rows(writer: Writer, source: View, item: Type) -> Growing:
    """A list of copies of what lies along the first axis."""
    code, length = writer.code, source.shape[0]
    items = _new(writer, item)
    _room(writer, items, length)
    if isinstance(item, Scalar):
        held = writer.contiguous(source)
        bytes_ = code.mul(length, i64(items.size))
        code.call("void", "llvm.memcpy.p0.p0.i64", code.load(PTR, items.data), held.data, bytes_, FALSE)
    else:
        strides = writer.memory.strides(source)
        with movement.counting(code, length) as index, writer.scope():
            place = writer.memory.address(source, code.mul(index, strides[0]))
            kept = None if source.strides is None else strides[1:]
            row = replace(source, data=place, shape=source.shape[1:], strides=kept)
            _write_view(writer, items, _at(writer, items, index), writer.copied(row, fresh=True))
            code.store(code.add(index, i64(1)), items.length)
    code.store(length, items.length)
    return items


__all__ = ["let"]
