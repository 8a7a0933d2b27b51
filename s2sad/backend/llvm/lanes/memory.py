"""Elements of arrays in lanes: where those of all lanes lie, and how they are read, written and added to.

An array that each lane has one of has the elements of all lanes beside each other at every index. The elements of an
array that there is one of lie a constant apart from lane to lane, or where a vector of indexes says.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from s2sad.backend.llvm import indexing, movement
from s2sad.backend.llvm.code import I8, Value, i64, vector, width_of
from s2sad.backend.llvm.lanes.state import Lanes
from s2sad.backend.llvm.lanes.varying import DIFFERENT
from s2sad.backend.llvm.values import Complex, Number, Refused, View, memory_type, number_of, part_dtype, parts_of
from s2sad.ir.nodes import Atom, Const, Let, Var, array_type
from s2sad.ir.paths import is_element

ALIGNMENT = 64


def allocated(lanes: Lanes, array: Var, sizes: Sequence[Atom], *, zero: bool = False) -> View:
    """An array with an element for each lane."""
    writer = lanes.writer
    known = [writer.facts.at_least_zero(a) for a in sizes]
    return room(lanes, array.type.dtype, [writer.int64(a) for a in sizes], known, zero=zero)


def room(lanes: Lanes, dtype: np.dtype, shape: Sequence[Value], known: Sequence[bool], *, zero: bool = False) -> View:
    """Memory for an array in lanes."""
    found = lanes.writer.memory.allocate(dtype, [*shape, i64(lanes.width)], [*known, True], zero=zero)
    return replace(found, shape=tuple(shape), lanes=lanes.width)


def may_fail(lanes: Lanes, base: Atom, operands: Sequence[Atom], stmt: Let) -> bool:
    """Whether an index that differs from lane to lane may be out of range."""
    type_, path = array_type(base), dict(stmt.params)["path"]
    if not is_element(path, type_.rank):
        return False
    supply = iter(operands)
    atoms = [next(supply) if entry is indexing.SLOT else Const(entry) for entry in path[0].entries]
    return any(
        lanes.plan.varies(a) and not indexing.is_inside(lanes.writer, a, d)
        for a, d in zip(atoms, type_.dims, strict=True)
    )


def indexes(lanes: Lanes, base: Atom, operands: Sequence[Atom], stmt: Let) -> tuple[View, list[Value], Value | None]:
    """An array, where the first lane's element is, and how far on the next lane's: nowhere, if the indexes are
    vectors."""
    writer, code = lanes.writer, lanes.code
    view, type_ = writer.view(base), array_type(base)
    path = dict(stmt.params)["path"]
    if not is_element(path, type_.rank):
        raise Refused(f"a part of {base} is written")
    supply = iter(operands)
    found, apart = [], i64(0)
    strides = writer.memory.strides(view)
    for axis, entry in enumerate(path[0].entries):
        atom = next(supply) if entry is indexing.SLOT else Const(entry)
        if not lanes.plan.varies(atom):
            found.append(indexing.index(writer, atom, view.shape[axis], type_.dims[axis], axis))
            continue
        found.append(lanes.first(atom))
        step = lanes.plan.step(atom)
        if step is not DIFFERENT:
            apart = code.add(apart, code.mul(i64(step), strides[axis]))
    return view, found, None if any(width_of(v.type) for v in found) else apart


def _places(lanes: Lanes, view: View, at: Sequence[Value], apart: Value | None) -> Iterator[Value]:
    """The addresses of the elements of all lanes, one by one."""
    code, memory = lanes.code, lanes.writer.memory
    offset = memory.offset(view, at)
    for k in range(lanes.width):
        one = code.lane(offset, k) if apart is None else code.add(offset, code.mul(i64(k), apart))
        if not view.lanes:
            yield memory.address(view, one)
            continue
        step = 2 * view.lanes if view.dtype.kind == "c" else view.lanes
        yield code.element(memory_type(view.dtype), view.data, code.add(code.mul(one, i64(step)), i64(k)))


def _vectors(lanes: Lanes, view: View, at: Sequence[Value], apart: Value | None) -> list[Value] | None:
    """The addresses of the vectors that all lanes lie in (two of complex numbers), or None."""
    code, memory, type_ = lanes.code, lanes.writer.memory, memory_type(view.dtype)
    if apart is None:
        return None
    if view.lanes and apart.text == "0":
        offset = code.mul(memory.offset(view, at), i64(view.lanes * (2 if view.dtype.kind == "c" else 1)))
        first = code.element(type_, view.data, offset)
        return [first, code.element(type_, first, i64(view.lanes))] if view.dtype.kind == "c" else [first]
    if not view.lanes and apart.text == "1" and view.dtype.kind != "c":
        return [memory.address(view, memory.offset(view, at))]
    return None


def _alignment(lanes: Lanes, view: View) -> int:
    size = _size(view.dtype)
    return min(ALIGNMENT, size * lanes.width) if view.lanes else size


def read(lanes: Lanes, view: View, at: Sequence[Value], apart: Value | None) -> Number:
    """The elements of all lanes."""
    code, dtype = lanes.code, view.dtype
    places = _vectors(lanes, view, at, apart)
    if places is None:
        if not view.lanes and apart is not None and apart.text == "0":
            memory = lanes.writer.memory
            return lanes.wide(movement.read(code, dtype, memory.address(view, memory.offset(view, at))))
        numbers = [parts_of(_one(lanes, view, place)) for place in _places(lanes, view, at, apart)]
        return number_of([code.gathered(parts) for parts in zip(*numbers, strict=True)])
    type_ = vector(memory_type(dtype), lanes.width)
    found = [code.value(type_, f"load {type_}, {p}, align {_alignment(lanes, view)}") for p in places]
    if dtype.kind == "b":
        return code.compare("icmp ne", found[0], Value("0", I8))
    return Complex(*found) if dtype.kind == "c" else found[0]


def _one(lanes: Lanes, view: View, place: Value) -> Number:
    if view.lanes and view.dtype.kind == "c":
        type_ = memory_type(view.dtype)
        return Complex(
            lanes.code.load(type_, place), lanes.code.load(type_, lanes.code.element(type_, place, i64(lanes.width)))
        )
    return movement.read(lanes.code, view.dtype, place)


def write(lanes: Lanes, view: View, at: Sequence[Value], apart: Value | None, number: Number) -> None:
    """Write the elements of the lanes that take part, each at its own place."""
    code, dtype = lanes.code, view.dtype
    if lanes.mask is not None:
        number = lanes.chosen(lanes.mask, number, read(lanes, view, at, apart))
    parts = parts_of(number)
    places = _vectors(lanes, view, at, apart)
    if places is not None:
        for part, place in zip(parts, places, strict=True):
            kept = code.cast("zext", part, I8) if dtype.kind == "b" else part
            code.do(f"store {kept}, {place}, align {_alignment(lanes, view)}")
        return
    for k, place in enumerate(_places(lanes, view, at, apart)):
        ones = [code.lane(part, k) for part in parts]
        if view.lanes and dtype.kind == "c":
            for one, put in zip(ones, (place, code.element(ones[0].type, place, i64(lanes.width))), strict=True):
                code.store(one, put)
        else:
            movement.write(code, dtype, number_of(ones), place)


def add(lanes: Lanes, view: View, at: Sequence[Value], apart: Value | None, number: Number) -> None:
    """Add the numbers of all lanes to places that may be the same."""
    code, dtype = lanes.code, view.dtype
    if apart is not None and apart.text == "0":
        place = lanes.writer.memory.address(view, lanes.writer.memory.offset(view, at))
        movement.add(code, dtype, lanes.total(number, dtype), place, "reassoc")
        return
    for k, place in enumerate(_places(lanes, view, at, apart)):
        one = Complex(*(code.lane(p, k) for p in number)) if isinstance(number, Complex) else code.lane(number, k)
        movement.add(code, dtype, one, place, "reassoc")


def _size(dtype: np.dtype) -> int:
    """How many bytes a number, or a part of a complex one, takes."""
    return part_dtype(dtype).itemsize if dtype.kind == "c" else dtype.itemsize


__all__ = ["add", "allocated", "indexes", "may_fail", "read", "room", "write"]
