"""The primitives on lists (`growing` says what a list is), and the room that loops make for what they append."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

from s2sad.backend.llvm import growing, indexing, movement, scalars
from s2sad.backend.llvm.buffers import Buffers
from s2sad.backend.llvm.code import FALSE, PTR, Value, i64
from s2sad.backend.llvm.values import Anything, Complex, Growing, View
from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Carry, Effect, For, Function, If, Let, Var, While, item_type
from s2sad.ir.primitives import list_append, list_drop, list_get, list_len, list_new, list_set, list_zeros
from s2sad.ir.types import Array, List, Scalar
from s2sad.memory.copying import copy
from s2sad.rules import elementwise
from s2sad.rules.lists import array_of_list, list_of_array
from s2sad.transforms.adjoint.cotangents import list_add

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

MOST_BYTES = 2**48
"""More than any machine has."""


def let(writer: Writer, stmt: Let) -> bool:
    """Write a primitive on lists; False where it is none."""
    write = WRITERS.get(stmt.prim)
    if stmt.prim is copy and isinstance(stmt.args[0].type, List):
        write = _copy
    if write is None:
        return False
    writer.env[stmt.targets[0]] = write(writer, stmt)
    return True


def _list(writer: Writer, atom: Atom) -> Growing:
    found = writer.anything(atom)
    assert isinstance(found, Growing), f"{atom} is no list"
    return found


def _new(writer: Writer, stmt: Let) -> Growing:
    """An empty list. In a loop, one of numbers that nobody else holds is the one of the trip before, emptied."""
    item = item_type(stmt.targets[0])
    if not (writer.memory.in_loop and isinstance(item, Scalar) and stmt.targets[0] not in writer.escaping):
        return growing.empty(writer, item)
    items = growing.whole(writer, item, writer.memory.slot(kept=True))
    writer.code.store(i64(0), items.length)
    return items


def escaping(function: Function, buffers: Buffers) -> set[Atom]:
    """The lists that others may hold as well: items of lists, what loops and branches make of several, results."""
    held: set[Atom] = set(function.results)
    for stmt in walk.statements(function.body):
        match stmt:
            case Let(prim=prim) if prim in (list_append, list_set):
                held.add(stmt.args[-1])
            case For() | While():
                held.update(a for c in stmt.carried if c.phi in buffers.rebound for a in (c.init, c.next))
            case If():
                held.update(a for j in stmt.joined if not buffers.steady(j.then, j.orelse) for a in (j.then, j.orelse))
            case _:
                pass
    return {buffers.root(a) for a in held if isinstance(a.type, List)}


def _len(writer: Writer, stmt: Let) -> Value:
    return growing.length(writer, _list(writer, stmt.args[0]))


# -- items


def _place(writer: Writer, items: Growing, index: Atom, front: bool = False) -> Value:
    """The address of an item that is there."""
    code = writer.code
    given, length = writer.int64(index), growing.length(writer, items)
    found = given if front or writer.facts.at_least_zero(index) else code.from_front(given, length)
    writer.faults.unless(code.compare("icmp ult", found, length), "list index")
    return growing.at(writer, items, found)


def _item(writer: Writer, items: Growing, atom: Atom) -> Anything:
    """A value as an item."""
    match items.item:
        case Scalar(dtype):
            return writer.number(atom, dtype)
        case Array():
            return writer.contiguous(writer.view(atom))
        case List():
            return _list(writer, atom)


def _append(writer: Writer, stmt: Let) -> Growing:
    code, items = writer.code, _list(writer, stmt.args[0])
    if stmt.targets[0] not in writer.roomy:
        growing.room(writer, items, code.add(growing.length(writer, items), i64(1)))
    length = growing.length(writer, items)
    growing.put(writer, items, growing.at(writer, items, length), _item(writer, items, stmt.args[1]))
    code.store(code.add(length, i64(1)), items.length)
    return items


def _get(writer: Writer, stmt: Let) -> Anything:
    items = _list(writer, stmt.args[0])
    return growing.get(writer, items, _place(writer, items, stmt.args[1], dict(stmt.params).get("front", False)))


def _set(writer: Writer, stmt: Let) -> Growing:
    items = _list(writer, stmt.args[0])
    address = _place(writer, items, stmt.args[1])
    old = None
    if not isinstance(items.item, Scalar):
        old = writer.code.load(PTR, growing.owner_at(writer, items, address))
    growing.put(writer, items, address, _item(writer, items, stmt.args[2]))
    if old is not None:
        writer.memory.let_go(old)
    return items


def _drop(writer: Writer, stmt: Let) -> Growing:
    code, items = writer.code, _list(writer, stmt.args[0])
    length = growing.length(writer, items)
    writer.faults.unless(code.compare("icmp sgt", length, i64(0)), "empty list")
    shorter = code.sub(length, i64(1))
    code.store(shorter, items.length)
    if not isinstance(items.item, Scalar):
        owner = growing.owner_at(writer, items, growing.at(writer, items, shorter))
        writer.memory.give_back([owner])
    return items


# -- lists made of lists


def _zeros(writer: Writer, stmt: Let) -> Growing:
    """A list of zeros, shaped as the items of another."""
    return _zeros_like(writer, _list(writer, stmt.args[0]))


def _zeros_like(writer: Writer, source: Growing) -> Growing:
    length = growing.length(writer, source)
    if isinstance(source.item, Scalar):
        items = _numbers(writer, source.item, length)
        size = writer.code.mul(length, i64(items.size))
        writer.code.clear(writer.code.load(PTR, items.data), size)
        return items

    def zero(index: Value) -> Anything:
        like = growing.get(writer, source, growing.at(writer, source, index))
        if isinstance(like, Growing):
            return _zeros_like(writer, like)
        assert isinstance(like, View)
        return writer.memory.allocate(like.dtype, like.shape, [True] * len(like.shape), zero=True, fresh=True)

    return growing.filled(writer, source.item, length, zero)


def _copy(writer: Writer, stmt: Let) -> Growing:
    """A list with copies of the items."""
    return _copied(writer, _list(writer, stmt.args[0]))


def _copied(writer: Writer, source: Growing) -> Growing:
    length = growing.length(writer, source)
    if isinstance(source.item, Scalar):
        items = _numbers(writer, source.item, length)
        _move_numbers(writer, items, writer.code.load(PTR, items.data), writer.code.load(PTR, source.data), length)
        return items

    def copied(index: Value) -> Anything:
        like = growing.get(writer, source, growing.at(writer, source, index))
        if isinstance(like, Growing):
            return _copied(writer, like)
        assert isinstance(like, View)
        return writer.copied(like, fresh=True)

    return growing.filled(writer, source.item, length, copied)


def _numbers(writer: Writer, item: Scalar, length: Value) -> Growing:
    """A list of so many numbers, which are to be written."""
    items = growing.empty(writer, item)
    growing.room(writer, items, length)
    writer.code.store(length, items.length)
    return items


def _move_numbers(writer: Writer, items: Growing, to: Value, source: Value, count: Value) -> None:
    size = writer.code.mul(count, i64(items.size))
    writer.code.call("void", "llvm.memcpy.p0.p0.i64", to, source, size, FALSE)


def _add(writer: Writer, stmt: Let) -> Growing:
    """The sums of the items of two lists of one length."""
    return _sums(writer, *(_list(writer, a) for a in stmt.args))


def _sums(writer: Writer, left: Growing, right: Growing) -> Growing:
    code, length = writer.code, growing.length(writer, left)
    same = code.compare("icmp eq", length, growing.length(writer, right))
    writer.faults.unless(same, "shape", i64(0), growing.length(writer, right), length)

    def total(index: Value) -> Anything:
        a, b = (growing.get(writer, items, growing.at(writer, items, index)) for items in (left, right))
        if isinstance(a, Growing) and isinstance(b, Growing):
            return _sums(writer, a, b)
        if isinstance(a, View) and isinstance(b, View):
            out = writer.copied(a, fresh=True)
            movement.copy(writer, out, b, adding=True)
            return out
        assert isinstance(a, Value | Complex) and isinstance(b, Value | Complex)
        dtype = left.item.dtype
        added = scalars.write(code, elementwise.add, [a, b], [dtype] * 2, dtype, {}, dtype)
        assert added is not None
        return added

    return growing.filled(writer, left.item, length, total)


# -- lists and arrays


def _stacked(writer: Writer, stmt: Let) -> View:
    """The items stacked along a first axis. They have one shape, that of the first."""
    code, items = writer.code, _list(writer, stmt.args[0])
    length = growing.length(writer, items)
    if isinstance(items.item, Scalar):
        out = writer.memory.allocate(items.item.dtype, [length], [True])
        _move_numbers(writer, items, out.data, code.load(PTR, items.data), length)
        return out
    assert isinstance(items.item, Array)
    shape = _first_shape(writer, items, length)
    out = writer.memory.allocate(items.item.dtype, [length, *shape], [True] * (1 + len(shape)))
    count = code.product(shape)
    with movement.counting(code, length) as index:
        data, *sizes, _ = growing.words(writer, items, growing.at(writer, items, index))
        for axis, (size, wanted) in enumerate(zip(sizes, shape, strict=True)):
            writer.faults.unless(code.compare("icmp eq", size, wanted), "shape", i64(axis), size, wanted)
        to = writer.memory.address(out, code.mul(index, count))
        size = code.mul(count, i64(out.dtype.itemsize))
        code.call("void", "llvm.memcpy.p0.p0.i64", to, data, size, FALSE)
    return out


def _first_shape(writer: Writer, items: Growing, length: Value) -> list[Value]:
    """The shape of the first item; of zeros where there is none."""
    assert isinstance(items.item, Array)
    code = writer.code
    places = [code.alloca("i64") for _ in items.item.dims]
    there, go_on = code.fresh("there"), code.fresh("first")
    for d, place in zip(items.item.dims, places, strict=True):
        code.store(i64(d if isinstance(d, int) else 0), place)
    code.branch(code.compare("icmp sgt", length, i64(0)), there, go_on)
    code.start(there)
    _, *sizes, _ = growing.words(writer, items, growing.at(writer, items, i64(0)))
    for size, place in zip(sizes, places, strict=True):
        code.store(size, place)
    code.jump(go_on)
    code.start(go_on)
    return [code.load("i64", place) for place in places]


def _rows(writer: Writer, stmt: Let) -> Growing:
    """The rows, or the numbers, of an array."""
    view = writer.view(stmt.args[0])
    item, count = item_type(stmt.targets[0]), view.shape[0]

    def row(index: Value) -> Anything:
        if isinstance(item, Scalar):
            return movement.element(writer, view, [index])
        return writer.copied(indexing.row(writer, view, index), fresh=True)

    return growing.filled(writer, item, count, row)


WRITERS: dict[object, Callable[[Writer, Let], Anything]] = {
    list_new: _new, list_len: _len, list_append: _append, list_get: _get, list_set: _set, list_drop: _drop,
    list_zeros: _zeros, list_add: _add, array_of_list: _stacked, list_of_array: _rows,
}  # fmt: skip


# -- room before a loop


def reserve(writer: Writer, loop: For, count: Callable[[], Value]) -> None:
    """Before a loop that the program does not leave early: room for what it appends in each trip to lists that it
    carries, so that inside nothing is asked. `count` writes the number of its trips."""
    if loop.exit is not None or any(isinstance(s, Effect) for s in walk.statements(loop.body)):
        return
    lets: dict[Atom, Let] = {s.targets[0]: s for s in loop.body if isinstance(s, Let)}
    for c in loop.carried:
        appended = list(_appended(lets, c)) if isinstance(c.phi.type, List) else []
        if appended:
            code, items = writer.code, _list(writer, c.init)
            trips = count()
            most = i64(MOST_BYTES // (items.size * len(appended)))
            writer.faults.unless(code.compare("icmp ule", trips, most), "no memory")
            more = code.mul(trips, i64(len(appended)))
            growing.room(writer, items, code.add(growing.length(writer, items), more))
            writer.roomy.update(appended)


def _appended(lets: Mapping[Atom, Let], carry: Carry) -> Iterator[Var]:
    """The appends of a trip, where it does nothing else to a list."""
    found, version = [], carry.next
    while version != carry.phi:
        stmt = lets.get(version)
        if stmt is None or stmt.prim is not list_append:
            return
        found.append(stmt.targets[0])
        version = stmt.args[0]
    yield from found


__all__ = ["escaping", "let", "reserve"]
