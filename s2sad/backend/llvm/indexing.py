"""Paths into arrays: the place of an element, checked where nothing proves that it is there, and views."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from s2sad.backend.llvm.code import Value, i64
from s2sad.backend.llvm.values import Uncovered, View
from s2sad.ir.nodes import Atom, Const, array_type
from s2sad.ir.paths import SLOT, Index, Path, Slice
from s2sad.ir.paths import View as ViewStep
from s2sad.ir.types import Array, Dim, Scalar, add_dims

EVERYTHING: Path = (Index((...,)),)
"""The path of a whole array."""

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer


def place(writer: Writer, base: Atom, operands: Sequence[Atom], path: Path) -> Value:
    """The address of the element at a path."""
    view, type_ = writer.view(base), array_type(base)
    supply = iter(operands)
    (step,) = path
    assert isinstance(step, Index)
    indexes = [
        index(writer, next(supply) if e is SLOT else Const(e), size, d, axis)
        for axis, (e, size, d) in enumerate(zip(step.entries, view.shape, type_.dims, strict=True))
    ]
    return writer.memory.address(view, writer.memory.offset(view, indexes))


def index(writer: Writer, atom: Atom, size: Value, d: Dim | None, axis: int) -> Value:
    """An index from the front. It is checked, unless what is known of it proves that it is in range."""
    if not isinstance(atom.type, Scalar) or atom.type.dtype.kind not in "iu":
        raise Uncovered("an index that is not an integer")
    code, facts = writer.code, writer.facts
    given, known = writer.int64(atom), atom.value if isinstance(atom, Const) else None
    if known is not None and known < 0:
        d = facts.size(d)
        if isinstance(d, int) and -d <= known:
            return i64(d + known)
    elif is_inside(writer, atom, d):
        return given
    if known is not None:
        found = code.add(size, given) if known < 0 else given
    elif facts.at_least_zero(atom) or atom.type.dtype.kind == "u":
        found = given
    else:
        found = code.from_front(given, size)
    writer.faults.unless(code.compare("icmp ult", found, size), "index", i64(axis), given, size)
    return found


def is_inside(writer: Writer, atom: Atom, d: Dim | None) -> bool:
    """Whether an index is proved to be in range, or assumed to be."""
    facts, d = writer.facts, writer.facts.size(d)
    if facts.at_least_zero(atom) and facts.below(atom, d):
        return True
    form = facts.form(atom)
    if writer.assumptions is None or d is None or form is None:
        return False
    needed = [form, add_dims(add_dims(d, form, -1), -1)]
    return writer.assumptions.make(facts.least(f) for f in needed if not facts.not_negative(f))


# -- views


def view(writer: Writer, base: View, dims: Sequence[Dim | None], operands: Sequence[Atom], path: Path) -> View:
    """The view at a path all of whose steps are views."""
    if any(isinstance(o.type, Array) for o in operands):
        raise Uncovered("an index that is an array")
    supply = iter(operands)
    known: list[Dim | None] = list(dims)
    for step in path:
        if isinstance(step, Index):
            base, known = _indexed(writer, base, known, supply, step)
        else:
            base = _viewed(writer, base, supply, step)
            known = [None] * len(base.shape)
    return base


def _indexed(
    writer: Writer, base: View, dims: list[Dim | None], supply: Iterator[Atom], step: Index
) -> tuple[View, list[Dim | None]]:
    code, memory = writer.code, writer.memory
    entries = entries_of(step.entries, len(base.shape))
    strides = memory.strides(base)
    offset, shape, kept = i64(0), [], []
    known: list[Dim | None] = []
    axis, whole = 0, True
    for entry in entries:
        if entry is None:
            shape.append(i64(1))
            kept.append(i64(1))
            known.append(1)
            continue
        size, stride, d = base.shape[axis], strides[axis], dims[axis]
        if isinstance(entry, Slice):
            if entry == Slice():
                first, count, step_by = i64(0), size, i64(1)
                known.append(d)
            else:
                first, count, step_by = _slice(writer, entry, supply, size)
                known.append(None)
                whole = False
            offset = code.add(offset, code.mul(first, stride))
            shape.append(count)
            kept.append(code.mul(stride, step_by))
        else:
            at = index(writer, next(supply) if entry is SLOT else Const(int(entry)), size, d, axis)
            offset = code.add(offset, code.mul(at, stride))
            if shape:
                whole = False
        axis += 1
    if whole and base.strides is None:  # the first axes taken, all of the others: contiguous as before
        return replace(base, data=memory.address(base, offset), shape=tuple(shape)), known
    return replace(base, data=memory.address(base, offset), shape=tuple(shape), strides=tuple(kept)), known


def entries_of(entries: Sequence[Any], rank: int) -> list[Any]:
    """The entries with one for each axis."""
    used = sum(1 for e in entries if e is not None and e is not Ellipsis)
    fill = [Slice()] * (rank - used)
    if Ellipsis in entries:
        at = list(entries).index(Ellipsis)
        return [*entries[:at], *fill, *entries[at + 1 :]]
    return [*entries, *fill]


def _slice(writer: Writer, entry: Slice, supply: Iterator[Atom], size: Value) -> tuple[Value, Value, Value]:
    """Where a slice begins, how many elements it has, and how far they lie apart."""
    code = writer.code
    start, stop, step = (
        None if part is None else next(supply) if part is SLOT else Const(part)
        for part in (entry.start, entry.stop, entry.step)
    )
    if step is not None and not isinstance(step, Const):
        raise Uncovered("a slice whose step is known at run time only")
    by = 1 if step is None else int(step.value)
    if by == 0:
        raise Uncovered("a slice of step 0")
    low, high = (i64(0), size) if by > 0 else (i64(-1), code.sub(size, i64(1)))
    first = (low if by > 0 else high) if start is None else _bound(writer, start, size, low, high)
    last = (high if by > 0 else low) if stop is None else _bound(writer, stop, size, low, high)
    span = code.sub(last, first) if by > 0 else code.sub(first, last)
    if abs(by) > 1:
        span = code.binary("sdiv", code.add(span, i64(abs(by) - 1)), i64(abs(by)))
    if not span.text.isdigit() and (start is not None or stop is not None or by < 0):
        span = code.larger(span, i64(0))
    return first, span, i64(by)


def _bound(writer: Writer, atom: Atom, size: Value, low: Value, high: Value) -> Value:
    """A bound of a slice, counted from the end where it is negative, and kept inside."""
    code = writer.code
    given = writer.int64(atom)
    if isinstance(atom, Const):
        found = code.add(size, given) if atom.value < 0 else given
        if atom.value == 0 and low.text == "0":
            return given
    elif writer.facts.at_least_zero(atom):
        found = given
    else:
        found = code.from_front(given, size)
    return code.smaller(code.larger(found, low), high)


def _viewed(writer: Writer, base: View, supply: Iterator[Atom], step: ViewStep) -> View:
    memory, code = writer.memory, writer.code
    params: list[Any] = [next(supply) if p is SLOT else p for p in step.params]
    rank = len(base.shape)
    match step.name:
        case "T":
            return reordered(writer, base, range(rank)[::-1])
        case "transpose":
            given = params[0] if len(params) == 1 and isinstance(params[0], tuple) else params
            return reordered(writer, base, [a % rank for a in given] if given else range(rank)[::-1])
        case "swapaxes":
            axes = list(range(rank))
            i, j = (p % rank for p in params)
            axes[i], axes[j] = axes[j], axes[i]
            return reordered(writer, base, axes)
        case "real" | "imag":
            if base.dtype.kind != "c":
                raise Uncovered("the imaginary part of real numbers")
            return memory.part(base, int(step.name == "imag"))
        case "ravel":
            return reshaped(writer, base, [-1])
        case "reshape":
            shape = params[0] if len(params) == 1 and isinstance(params[0], tuple) else params
            return reshaped(writer, base, shape)
        case "expand_dims" if isinstance(params[0], int):
            at = params[0] % (rank + 1)
            strides = memory.strides(base)
            shape = (*base.shape[:at], i64(1), *base.shape[at:])
            return replace(base, shape=shape, strides=(*strides[:at], i64(1), *strides[at:]))
        case "broadcast_to":
            return _broadcast(writer, base, params)
        case "diagonal" if not params:
            strides = memory.strides(base)
            least = code.smaller(base.shape[0], base.shape[1])
            if rank != 2:
                raise Uncovered("a diagonal of more than two axes")
            return replace(base, shape=(least,), strides=(code.add(strides[0], strides[1]),))
    raise Uncovered(f"the view {step.name}")


def reordered(writer: Writer, base: View, axes: Sequence[int]) -> View:
    """A view with its axes in another order."""
    if list(axes) == list(range(len(base.shape))):
        return base
    strides = writer.memory.strides(base)
    return replace(base, shape=tuple(base.shape[a] for a in axes), strides=tuple(strides[a] for a in axes))


def reshaped(writer: Writer, base: View, shape: Sequence[Any]) -> View:
    """A contiguous view in another shape; one size may be -1."""
    code = writer.code
    base = writer.contiguous(base)
    count = code.product(base.shape)
    sizes = [None if s in (-1, Const(-1)) else i64(s) if isinstance(s, int) else writer.int64(s) for s in shape]
    given = code.product(s for s in sizes if s is not None)
    if None in sizes:
        whole = given if given.text.isdigit() and given.text != "0" else code.larger(given, i64(1))
        rest = count if whole.text == "1" else code.binary("sdiv", count, whole)
        sizes = [rest if s is None else s for s in sizes]
        given = code.mul(given, rest)
    if given != count:
        writer.faults.unless(code.compare("icmp eq", given, count), "reshape", count, given)
    return replace(base, shape=tuple(s for s in sizes if s is not None), strides=None)


def row(writer: Writer, base: View, number: Value) -> View:
    """A view along the first axis, at an index that is in range."""
    strides = writer.memory.strides(base)
    data = writer.memory.address(base, writer.code.mul(number, strides[0]))
    return replace(base, data=data, shape=base.shape[1:], strides=None if base.strides is None else strides[1:])


def _broadcast(writer: Writer, base: View, params: Sequence[Any]) -> View:
    """For reading only: what is repeated has stride 0."""
    target = params[0] if len(params) == 1 and isinstance(params[0], tuple) else params
    shape = [i64(p) if isinstance(p, int) else writer.int64(p) for p in target]
    return stretched(writer, base, shape)


def stretched(writer: Writer, base: View, shape: Sequence[Value]) -> View:
    """A view broadcast to a shape; raises where it does not fit."""
    code, strides = writer.code, list(writer.memory.strides(base))
    more = len(shape) - len(base.shape)
    kept = [i64(0)] * more
    for axis, (have, want, stride) in enumerate(zip(base.shape, shape[more:], strides, strict=True)):
        if have == want:
            kept.append(stride)
        elif have.text == "1":
            kept.append(i64(0))
        else:
            same = code.compare("icmp eq", have, want)
            one = code.compare("icmp eq", have, i64(1))
            writer.faults.unless(code.binary("or", same, one), "shape", i64(axis + more), have, want)
            kept.append(code.select(same, stride, i64(0)))
    if tuple(shape) == base.shape:
        return base
    return replace(base, shape=tuple(shape), strides=tuple(kept))


__all__ = [
    "EVERYTHING", "SLOT", "entries_of", "index", "is_inside", "place", "reordered", "reshaped", "row",
    "stretched", "view",
]  # fmt: skip
