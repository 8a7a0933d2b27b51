"""Indexes that are arrays of integers: elements, or blocks of them, gathered from all over an array, and put there.

    y = x[i, j]      x[:, i]      x[i] = v      x[i] += v

Every index is checked, in the loop that goes over them. What is added to one place twice is there twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from s2sad.backend.llvm import indexing, movement
from s2sad.backend.llvm.code import Value, i64
from s2sad.backend.llvm.conversions import convert
from s2sad.backend.llvm.lapack import stack_shape
from s2sad.backend.llvm.values import Uncovered, View
from s2sad.ir.nodes import Atom, Const, Let, array_type
from s2sad.ir.paths import SLOT, Index, Path, Slice, count_slots
from s2sad.ir.paths import View as ViewStep
from s2sad.ir.primitives import inc
from s2sad.ir.types import INT, Array, Scalar

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer


COPIES = ("reshape", "ravel", "broadcast_to")
"""Views that may be copies, or have one element in several places."""


@dataclass(frozen=True, slots=True)
class _Gather:
    """What is indexed, the axes before the indexes, the indexes one an axis, and the shape that those have together."""

    base: View
    before: int
    indexes: tuple[Atom, ...]
    shape: tuple[Value, ...]

    @property
    def result(self) -> tuple[Value, ...]:
        """The shape of what is found there."""
        sizes = self.base.shape
        return (*sizes[: self.before], *self.shape, *sizes[self.before + len(self.indexes) :])


def load(writer: Writer, stmt: Let) -> bool:
    """What is found at the indexes; False where they are of another kind."""
    base, *operands = stmt.args
    gather = _gather(writer, base, operands, dict(stmt.params)["path"])
    if gather is None:
        return False
    out = writer.memory.allocate(gather.base.dtype, gather.result, [True] * len(gather.result))
    _each(writer, gather, out, lambda place, found: movement.copy(writer, found, place))
    writer.env[stmt.targets[0]] = out
    return True


def update(writer: Writer, stmt: Let) -> bool:
    """A store there, or an increment; False where the indexes are of another kind."""
    base, value, *operands = stmt.args
    path, dtype, adding = dict(stmt.params)["path"], value.type.dtype, stmt.prim is inc
    if dtype.kind == "c" and base.type.dtype.kind != "c":
        return False
    if any(isinstance(step, ViewStep) and step.name in COPIES for step in path):
        return False
    if any(isinstance(i.type, Array) and not writer.apart(i, base) for i in operands):
        return False
    gather = _gather(writer, base, operands, path)
    if gather is None:
        return False
    if isinstance(value.type, Scalar):
        number = writer.number(value, dtype)
        _each(writer, gather, None, lambda place, _: movement.fill(writer, place, number, dtype, adding))
    else:
        source = writer.view(value) if writer.apart(value, base) else writer.copied(writer.view(value))
        source = indexing.stretched(writer, source, gather.result)
        _each(writer, gather, source, lambda place, found: movement.copy(writer, place, found, adding))
    writer.env[stmt.targets[0]] = writer.view(base)
    return True


def _gather(writer: Writer, base: Atom, operands: Sequence[Atom], path: Path) -> _Gather | None:
    """A path that ends in integers beside each other, and whole axes; None for one with others."""
    *steps, last = path
    first = len(operands) - count_slots((last,))
    if not isinstance(last, Index) or None in last.entries or any(o.type.dtype.kind not in "iu" for o in operands):
        return None
    try:
        view = indexing.view(writer, writer.view(base), array_type(base).dims, operands[:first], tuple(steps))
    except Uncovered:
        return None
    entries, supply = indexing.entries_of(last.entries, len(view.shape)), iter(operands[first:])
    places = [k for k, e in enumerate(entries) if not isinstance(e, Slice)]
    if any(isinstance(e, Slice) and e != Slice() for e in entries) or places[-1] - places[0] >= len(places):
        return None
    if any(isinstance(entries[k], bool) for k in places):
        return None
    indexes = tuple(next(supply) if entries[k] is SLOT else Const(int(entries[k])) for k in places)
    shape: list[Value] = []
    for i in indexes:
        if isinstance(i.type, Array):
            shape = stack_shape(writer, shape, writer.view(i).shape)
    return _Gather(view, places[0], indexes, tuple(shape))


def _each(writer: Writer, gather: _Gather, other: View | None, do: Callable[[View, View], None]) -> None:
    """Do something with what lies at each index, and with what belongs to it in an array of the result's shape."""
    code, base, before, count = writer.code, gather.base, gather.before, len(gather.indexes)
    strides = writer.memory.strides(base)
    arrays = [i for i in gather.indexes if isinstance(i.type, Array)]
    views = {i: indexing.stretched(writer, writer.view(i), gather.shape) for i in arrays}
    numbers = {i: writer.int64(i) for i in gather.indexes if i not in views}

    def block(view: View, axes: int, offset: Value) -> View:
        """A view without so many axes, which `offset` stands for."""
        kept = None
        if before or view.strides is not None:
            steps = writer.memory.strides(view)
            kept = (*steps[:before], *steps[before + axes :])
        shape = (*view.shape[:before], *view.shape[before + axes :])
        return replace(view, data=writer.memory.address(view, offset), shape=shape, strides=kept)

    def one(at: list[Value]) -> None:
        offset = i64(0)
        for axis, index in enumerate(gather.indexes, before):
            if index in views:
                found = convert(code, movement.element(writer, views[index], at), index.type.dtype, INT)
                assert isinstance(found, Value)
                given, first = found, False
            else:
                given, first = numbers[index], writer.facts.at_least_zero(index)
            place = given if first else code.from_front(given, base.shape[axis])
            inside = code.compare("icmp ult", place, base.shape[axis])
            writer.faults.unless(inside, "index", i64(axis), given, base.shape[axis])
            offset = code.add(offset, code.mul(place, strides[axis]))
        here = block(base, count, offset)
        if other is None:
            do(here, here)
            return
        away = i64(0)
        for index_at, step in zip(at, writer.memory.strides(other)[before:], strict=False):
            away = code.add(away, code.mul(index_at, step))
        do(here, block(other, len(at), away))

    movement.each(code, gather.shape, one)


__all__ = ["load", "update"]
