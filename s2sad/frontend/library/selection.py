"""Sorting, searching and choosing elements."""

from __future__ import annotations

import numpy as np

from s2sad.errors import ShapeError
from s2sad.frontend.library import operators
from s2sad.frontend.library.creation import as_array
from s2sad.frontend.library.indexing import add_at, subscript
from s2sad.frontend.library.iteration import unroll
from s2sad.frontend.library.reductions import one_axis
from s2sad.frontend.library.support import (
    LAST,
    NONE,
    ONE,
    ZERO,
    Elaborator,
    composite,
    emit_atom,
    fit,
    operand,
    refuse,
    static,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.views import reshape_view
from s2sad.frontend.values.values import ArrayRef, Static, Tuple, Value
from s2sad.ir import Const
from s2sad.ir.types import above_one
from s2sad.rules import elementwise, searching
from s2sad.rules import shape as shape_rules

# -- sorting


def along(elab: Elaborator, a: Value, axis: Value) -> tuple[ArrayRef, int]:
    """An array and an axis of it; ``axis=None`` means the array as one axis."""
    array = as_array(elab, a)
    if static(elab, axis) is None:
        return (array if array.type.rank == 1 else reshape_view(elab, array, [Const(-1)])), 0
    return array, one_axis(elab, axis, array.type.rank)


def only_plain_sort(elab: Elaborator, kind: Value) -> None:
    if static(elab, kind) not in (None, "quicksort", "stable", "mergesort", "heapsort"):
        refuse(elab, f"kind={static(elab, kind)!r} is not a kind of sort.")


@meaning(np.sort)
def sort(elab: Elaborator, a: Value, axis: Value = LAST, kind: Value = NONE) -> Value:
    only_plain_sort(elab, kind)
    array, place = along(elab, a, axis)
    return elab.lift(emit_atom(elab, shape_rules.sort, (operand(elab, array),), axis=place))


@meaning(np.ndarray.sort, fold=False)
def sort_in_place(elab: Elaborator, a: Value, axis: Value = LAST, kind: Value = NONE) -> Value:
    assert isinstance(a, ArrayRef)
    elab.write_array(a, operators.WHOLE, (), operand(elab, sort(elab, a, axis, kind)))
    return NONE


@meaning(np.argsort, np.ndarray.argsort)
def argsort(elab: Elaborator, a: Value, axis: Value = LAST, kind: Value = NONE) -> Value:
    only_plain_sort(elab, kind)
    array, place = along(elab, a, axis)
    return elab.lift(emit_atom(elab, shape_rules.argsort, (operand(elab, array),), axis=place))


# -- choosing


@meaning(np.take, np.ndarray.take)
def take(elab: Elaborator, a: Value, indices: Value, axis: Value = NONE) -> Value:
    array, place = along(elab, a, axis)
    return subscript(elab, array, Tuple((*(Static(slice(None)),) * place, indices)))


@meaning(np.take_along_axis)
def take_along_axis(elab: Elaborator, arr: Value, indices: Value, axis: Value = LAST) -> Value:
    array, place = along(elab, arr, axis)
    atoms = operand(elab, array), operand(elab, as_array(elab, indices))
    return elab.lift(emit_atom(elab, shape_rules.take_along_axis, atoms, axis=place))


@meaning(np.compress)
def compress(elab: Elaborator, condition: Value, a: Value, axis: Value = NONE) -> Value:
    return take(elab, a, as_array(elab, condition), axis)


@meaning(np.ndarray.compress)
def compress_method(elab: Elaborator, a: Value, condition: Value, axis: Value = NONE) -> Value:
    return compress(elab, condition, a, axis)


@meaning(np.extract)
def extract(elab: Elaborator, condition: Value, arr: Value) -> Value:
    return subscript(elab, as_array(elab, arr), as_array(elab, condition))


@meaning(np.select)
def select(elab: Elaborator, condlist: Value, choicelist: Value, default: Value = ZERO) -> Value:
    result = default
    pairs = list(zip(unroll(elab, condlist), unroll(elab, choicelist), strict=True))
    for condition, choice in reversed(pairs):
        result = elab.lift(emit_atom(elab, elementwise.where, [operand(elab, v) for v in (condition, choice, result)]))
    return result


@meaning(np.choose)
def choose(elab: Elaborator, a: Value, choices: Value) -> Value:
    result: Value | None = None
    for k, choice in enumerate(unroll(elab, choices)):
        here = operators.ordering(elab, "eq", a, Static(k))
        parts = [operand(elab, v) for v in (here, choice, choice if result is None else result)]
        result = choice if result is None else elab.lift(emit_atom(elab, elementwise.where, parts))
    if result is None:
        refuse(elab, "np.choose needs at least one choice.", kind=ShapeError)
    return result


# -- searching


@meaning(np.nonzero, np.ndarray.nonzero, fold=False)
def nonzero(elab: Elaborator, a: Value) -> Value:
    array = as_array(elab, a)
    flat = array if array.type.rank == 1 else reshape_view(elab, array, [Const(-1)])
    places = elab.lift(emit_atom(elab, searching.nonzero, (operand(elab, flat),)))
    if array.type.rank == 1:
        return Tuple((places,))
    return unravel_index(elab, places, Tuple(tuple(_sizes(elab, array))))


def _sizes(elab: Elaborator, array: ArrayRef) -> list[Value]:
    from s2sad.frontend.library.attributes import size_value

    return [size_value(elab, array, k) for k in range(array.type.rank)]


@meaning(np.flatnonzero, fold=False)
def flatnonzero(elab: Elaborator, a: Value) -> Value:
    array = as_array(elab, a)
    found = nonzero(elab, array if array.type.rank == 1 else reshape_view(elab, array, [Const(-1)]))
    assert isinstance(found, Tuple)
    return found.items[0]


@meaning(np.argwhere, fold=False)
def argwhere(elab: Elaborator, a: Value) -> Value:
    from s2sad.frontend.library.joining import stack

    return stack(elab, nonzero(elab, a), ONE)


@meaning(np.unravel_index)
def unravel_index(elab: Elaborator, indices: Value, shape: Value) -> Value:
    sizes = unroll(elab, shape)
    rest, places = indices, []
    for n in reversed(sizes[1:]):
        places.append(operators.binary(elab, "mod", rest, n))
        rest = operators.binary(elab, "floordiv", rest, n)
    return Tuple((rest, *reversed(places)))


@meaning(np.searchsorted, np.ndarray.searchsorted)
def searchsorted(elab: Elaborator, a: Value, v: Value, side: Value = NONE) -> Value:
    atoms = operand(elab, as_array(elab, a)), operand(elab, v)
    return elab.lift(emit_atom(elab, searching.searchsorted, atoms, side=static(elab, side) or "left"))


@meaning(np.interp)
def interp(
    elab: Elaborator, x: Value, xp: Value, fp: Value, left: Value = NONE, right: Value = NONE
) -> Value:
    """The line between the two known points around each x; outside them the end values, or `left` and `right`."""
    points, values = as_array(elab, xp), as_array(elab, fp)
    from s2sad.frontend.library.attributes import size_value

    last = operators.binary(elab, "sub", size_value(elab, points, 0), Static(2))
    found = operators.binary(elab, "sub", searchsorted(elab, points, x, Static("right")), ONE)
    low = elab.lift(emit_atom(elab, elementwise.minimum, (elab.atom(found), elab.atom(last))))
    low = elab.lift(emit_atom(elab, elementwise.maximum, (elab.atom(low), Const(0))))
    high = operators.binary(elab, "add", low, ONE)
    count = points.type.dims[0]
    several = count is not None and above_one(count)
    if not several:
        high = composite(elab, elementwise.minimum, high, operators.binary(elab, "add", last, ONE))
    x0, x1, y0, y1 = (subscript(elab, v, k) for v in (points, values) for k in (low, high))

    def op(name: str, a: Value, b: Value) -> Value:
        return operators.binary(elab, name, a, b)

    width = op("sub", x1, x0)
    if not several:  # where there is one point, the line is level
        width = _where(elab, op_compare(elab, "eq", width, ZERO), ONE, width)
    line = op("add", y0, op("mul", op("truediv", op("sub", y1, y0), width), op("sub", x, x0)))
    first, end = (subscript(elab, v, Static(k)) for v, k in ((points, 0), (points, -1)))
    before = subscript(elab, values, ZERO) if left == NONE else left
    after = subscript(elab, values, LAST) if right == NONE else right
    inside = _where(elab, op_compare(elab, "lt", x, first), before, line)
    return _where(elab, op_compare(elab, "gt", x, end), after, inside)


def op_compare(elab: Elaborator, op: str, a: Value, b: Value) -> Value:
    return operators.ordering(elab, op, a, b)


def _where(elab: Elaborator, condition: Value, x: Value, y: Value) -> Value:
    from s2sad.frontend.library.ufuncs import where

    return where(elab, condition, x, y)


@meaning(np.bincount)
def bincount(elab: Elaborator, x: Value, weights: Value = NONE, minlength: Value = ZERO) -> Value:
    from s2sad.frontend.library.creation import filled
    from s2sad.ir.types import FLOAT, INT

    count = elab.atom(minlength)
    if count == Const(0):
        refuse(elab, "np.bincount needs minlength=, the number of bins.", "Give it, above the largest value of x.")
    dtype = INT if weights == NONE else FLOAT
    out = filled(elab, Const(0), [count], dtype)
    add_at(
        elab, out, as_array(elab, x), ONE if weights == NONE else elab.lift(fit(elab, operand(elab, weights), dtype))
    )
    return out
