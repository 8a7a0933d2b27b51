"""What two types or two views have in common, and whether two contents of the state are the same."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad.frontend.values.values import (
    ArrayRef,
    Choice,
    Content,
    Entries,
    Location,
    Maybe,
    Partial,
    State,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir import paths
from s2sad.ir.nodes import Atom, Const
from s2sad.ir.types import Array, Dim, List, Scalar, Type

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


def differ(a: Dim | None, b: Dim | None) -> bool:
    """Two sizes that are not one are not taken to be equal."""
    return False


def meet(a: Type, b: Type, equal: Callable[[Dim | None, Dim | None], bool] = differ) -> Type | None:
    """The type of what may be either; dims are None that are neither one nor `equal`. None when there is no such
    type."""
    match a, b:
        case Scalar(), Scalar():
            return Scalar(promote(a, b), a.weak and b.weak)
        case Array(), Array() if a.rank == b.rank:
            pairs = zip(a.dims, b.dims, strict=True)
            dims = tuple((q if isinstance(q, int) else p) if p == q or equal(p, q) else None for p, q in pairs)
            return Array(np.result_type(a.dtype, b.dtype), dims)
        case List(x), List(y):
            item = meet(x, y, equal)
            return None if item is None else List(item)
        case _:
            return None


def promote(a: Scalar, b: Scalar) -> np.dtype:
    """NumPy 2 promotion of two scalars: a Python number does not widen a NumPy one of its kind."""
    if a.dtype == b.dtype:
        return a.dtype
    if a.weak == b.weak:
        return np.result_type(a.dtype, b.dtype)
    weak, strong = (a, b) if a.weak else (b, a)
    return np.result_type(weak.dtype.type(0).item(), strong.dtype)


def same_static(x: Any, y: Any) -> bool:
    """Whether two objects known now are the same one, or equal plain data."""
    if x is y:
        return True
    plain = (str, bytes, int, float, complex, bool, slice, tuple, np.dtype, np.generic, range)
    return type(x) is type(y) and isinstance(x, plain) and repr(x) == repr(y)


def same_value(a: Value, b: Value) -> bool:
    match a, b:
        case Static(x), Static(y):
            return same_static(x, y)
        case Tuple(), Tuple():
            same = len(a.items) == len(b.items) and a.type is b.type
            return same and all(same_value(x, y) for x, y in zip(a.items, b.items, strict=True))
        case Maybe(), Maybe():
            return a.there == b.there and a.absent == b.absent and same_value(a.value, b.value)
        case Choice(), Choice():
            same = a.tag == b.tag and [k for k, _ in a.options] == [k for k, _ in b.options]
            return same and all(same_value(x, y) for (_, x), (_, y) in zip(a.options, b.options, strict=True))
        case Partial(), Partial():
            return a is b or (
                same_value(a.function, b.function)
                and len(a.args) == len(b.args)
                and all(same_value(x, y) for x, y in zip(a.args, b.args, strict=True))
                and [k for k, _ in a.kwargs] == [k for k, _ in b.kwargs]
                and all(same_value(x, y) for (_, x), (_, y) in zip(a.kwargs, b.kwargs, strict=True))
            )
        case _:
            return a is b or (type(a) is type(b) and not isinstance(a, Static) and a == b)


def same_content(a: Content, b: Content) -> bool:
    """Whether two contents are the same."""
    match a, b:
        case StaticItems(x), StaticItems(y):
            return len(x) == len(y) and all(same_value(p, q) for p, q in zip(x, y, strict=True))
        case Entries(x), Entries(y):
            return (
                [k for k, _ in x] == [k for k, _ in y]
                and all(same_value(p, q) for (_, p), (_, q) in zip(x, y, strict=True))
            )
        case _:
            return a is b or a == b


def first_change(elab: Elaborator, before: State, after: State) -> Location | None:
    """A location whose contents differ between two states; names that are no longer there count as unchanged."""
    for location, content in before.items():
        now = after.get(location, content)
        if same_content(content, now):
            continue
        if location in elab.frames and isinstance(content, Entries) and isinstance(now, Entries):
            old = dict(content.items)
            if all(same_value(v, old.get(k, v)) for k, v in now.items):
                continue
        return location
    return None


def slotted(ref: ArrayRef) -> ArrayRef:
    """The same view with its literal indexes as operands."""
    supply = iter(ref.operands)
    operands: list[Atom] = []

    def part(p: Any) -> Any:
        if p is paths.SLOT:
            operands.append(next(supply))
        elif type(p) is int:
            operands.append(Const(p))
        else:
            return p
        return paths.SLOT

    def entry(e: Any) -> Any:
        return paths.Slice(part(e.start), part(e.stop), part(e.step)) if isinstance(e, paths.Slice) else part(e)

    path: list[paths.Step] = []
    for step in ref.path:
        if isinstance(step, paths.Index):
            path.append(paths.Index(tuple(map(entry, step.entries))))
        else:
            for p in step.params:
                if p is paths.SLOT:
                    operands.append(next(supply))
            path.append(step)
    return ArrayRef(ref.location, ref.type, tuple(path), tuple(operands))
