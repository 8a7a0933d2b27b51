"""Shapes, axes, joining and reordering of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.errors import ShapeError
from s2sad.frontend.library import operators
from s2sad.frontend.library.attributes import attribute, size_atom, size_value
from s2sad.frontend.library.creation import as_array, dims_argument
from s2sad.frontend.library.indexing import view
from s2sad.frontend.library.iteration import shortest
from s2sad.frontend.library.reductions import axis_argument, one_axis
from s2sad.frontend.library.support import (
    C_ORDER,
    NONE,
    ONE,
    ZERO,
    Elaborator,
    composite,
    emit_atom,
    items_of,
    operand,
    rank_of,
    refuse,
    static,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.views import flattened, inserted, normal_axis, reshape_view, squeezed, swap_axes, transposed
from s2sad.frontend.values.values import ArrayRef, Static, Tuple, Value
from s2sad.ir import Array, Atom, Const
from s2sad.ir.paths import Index, Slice
from s2sad.rules import products
from s2sad.rules import shape as shape_rules

# -- shape


@meaning(np.shape)
def shape(elab: Elaborator, a: Value) -> Value:
    return (
        attribute(elab, as_array(elab, a), "shape") if rank_of(elab, a) or items_of(elab, a) is not None else Tuple(())
    )


@meaning(np.ndim)
def ndim(elab: Elaborator, a: Value) -> Value:
    return Static(as_array(elab, a).type.rank) if items_of(elab, a) is not None else Static(rank_of(elab, a))


@meaning(np.size)
def size(elab: Elaborator, a: Value, axis: Value = NONE) -> Value:
    array = as_array(elab, a)
    return (
        attribute(elab, array, "size")
        if axis == NONE
        else size_value(elab, array, one_axis(elab, axis, array.type.rank))
    )


@meaning(np.reshape)
def reshape(elab: Elaborator, a: Value, shape: Value, order: Value = C_ORDER) -> Value:
    return ordered_reshape(elab, as_array(elab, a), dims_argument(elab, shape), static(elab, order))


@meaning(np.ndarray.reshape)
def reshape_method(elab: Elaborator, a: Value, *shape: Value, order: Value = C_ORDER) -> Value:
    return reshape(elab, a, shape[0] if len(shape) == 1 else Tuple(shape), order)


def ordered_reshape(elab: Elaborator, a: ArrayRef, dims: list[Atom], order: str) -> ArrayRef:
    """A reshape in C order, or in Fortran order by way of transposes."""
    match order:
        case "C":
            return reshape_view(elab, a, dims)
        case "F":
            return transposed(elab, reshape_view(elab, transposed(elab, a), dims[::-1]))
        case _:
            refuse(elab, f"order={order!r} is not supported.", "Use 'C' or 'F'.")


@meaning(np.ravel, np.ndarray.ravel)
def ravel(elab: Elaborator, a: Value, order: Value = C_ORDER) -> Value:
    array = as_array(elab, a)
    if array.type.rank == 1 and static(elab, order) in "CKA":
        from s2sad.frontend.library.views import is_contiguous

        return array if is_contiguous(elab, array) else elab.lift(operand(elab, array))
    return ordered_reshape(elab, array, [Const(-1)], static(elab, order))


@meaning(np.ndarray.flatten)
def flatten(elab: Elaborator, a: Value, order: Value = C_ORDER) -> Value:
    array = as_array(elab, a)
    return flattened(elab, array if static(elab, order) == "C" else transposed(elab, array))


@meaning(np.transpose)
def transpose(elab: Elaborator, a: Value, axes: Value = NONE) -> Value:
    array = as_array(elab, a)
    order = static(elab, axes)
    rank = array.type.rank
    return transposed(elab, array, None if order is None else tuple(normal_axis(elab, int(k), rank) for k in order))


@meaning(np.ndarray.transpose)
def transpose_method(elab: Elaborator, a: Value, *axes: Value) -> Value:
    if not axes:
        return transpose(elab, a)
    return transpose(elab, a, axes[0] if len(axes) == 1 else Tuple(axes))


@meaning(np.swapaxes, np.ndarray.swapaxes)
def swapaxes(elab: Elaborator, a: Value, axis1: Value, axis2: Value) -> Value:
    return swap_axes(elab, as_array(elab, a), static(elab, axis1), static(elab, axis2))


@meaning(np.matrix_transpose, np.linalg.matrix_transpose)
def matrix_transpose(elab: Elaborator, x: Value) -> Value:
    return swap_axes(elab, as_array(elab, x), -2, -1)


@meaning(np.moveaxis)
def moveaxis(elab: Elaborator, a: Value, source: Value, destination: Value) -> Value:
    array = as_array(elab, a)
    rank = array.type.rank
    places = [axis_argument(elab, v, rank) for v in (source, destination)]
    sources, targets = ([p] if isinstance(p, int) else list(p or ()) for p in places)
    order = [k for k in range(rank) if k not in sources]
    for target, origin in sorted(zip(targets, sources, strict=True)):
        order.insert(target, origin)
    return transposed(elab, array, tuple(order))


@meaning(np.rollaxis)
def rollaxis(elab: Elaborator, a: Value, axis: Value, start: Value = ZERO) -> Value:
    array = as_array(elab, a)
    place = one_axis(elab, axis, array.type.rank)
    goal = static(elab, start) % (array.type.rank + 1)
    return moveaxis(elab, array, Static(place), Static(goal - 1 if place < goal else goal))


@meaning(np.expand_dims)
def expand_dims(elab: Elaborator, a: Value, axis: Value) -> Value:
    axes = static(elab, axis)
    return inserted(elab, as_array(elab, a), (axes,) if isinstance(axes, int) else tuple(axes))


@meaning(np.squeeze, np.ndarray.squeeze)
def squeeze(elab: Elaborator, a: Value, axis: Value = NONE) -> Value:
    array = as_array(elab, a)
    axes = axis_argument(elab, axis, array.type.rank)
    return squeezed(elab, array, (axes,) if isinstance(axes, int) else axes)


def _at_least(rank: int, function: Any) -> None:
    @meaning(function)
    def at_least(elab: Elaborator, *arys: Value) -> Value:
        raised = tuple(raise_rank(elab, as_array(elab, a), rank) for a in arys)
        return raised[0] if len(raised) == 1 else Tuple(raised)


def raise_rank(elab: Elaborator, a: ArrayRef, rank: int) -> ArrayRef:
    """An array with axes of size 1 added where ``np.atleast_1d`` and its kin add them."""
    match a.type.rank, rank:
        case 0, 1:
            return view(elab, a, Index((None,)))
        case 0, 2:
            return view(elab, a, Index((None, None)))
        case 1, 2:
            return view(elab, a, Index((None,)))
        case 0 | 1 | 2, 3:
            entries = {0: (None, None, None), 1: (None, Slice(), None), 2: (Slice(), Slice(), None)}
            return view(elab, a, Index(entries[a.type.rank]))
        case _:
            return a


for _rank, _function in enumerate((np.atleast_1d, np.atleast_2d, np.atleast_3d), 1):
    _at_least(_rank, _function)


@meaning(np.broadcast_to, fold=False)
def broadcast_to(elab: Elaborator, array: Value, shape: Value) -> Value:
    dims = dims_argument(elab, shape)
    source = as_array(elab, array)
    sizes = [elab.builder.size_of(d) for d in dims]
    operators.check_broadcast(elab, Array(source.type.dtype, tuple(sizes)), operand(elab, source))
    return elab.lift(emit_atom(elab, shape_rules.broadcast_to, (operand(elab, source), *dims)))


@meaning(np.broadcast_arrays, fold=False)
def broadcast_arrays(elab: Elaborator, *args: Value) -> Value:
    total: Value = ZERO
    arrays = [as_array(elab, a) for a in args]
    for a in arrays:
        total = operators.binary(elab, "add", total, a)
    shape_value = attribute(elab, total, "shape")
    return Tuple(tuple(broadcast_to(elab, a, shape_value) for a in arrays))


def sliced(elab: Elaborator, a: ArrayRef, axis: int, start: int | None, stop: int | None) -> ArrayRef:
    """``a[..., start:stop, ...]``."""
    return view(elab, a, Index((*(Slice(),) * axis, Slice(start, stop))))


# -- reordering


@meaning(np.flip)
def flip(elab: Elaborator, m: Value, axis: Value = NONE) -> Value:
    array = as_array(elab, m)
    rank = array.type.rank
    axes = axis_argument(elab, axis, rank)
    gone = range(rank) if axes is None else (axes,) if isinstance(axes, int) else axes
    return view(elab, array, Index(tuple(Slice(step=-1) if k in gone else Slice() for k in range(rank))))


@meaning(np.flipud)
def flipud(elab: Elaborator, m: Value) -> Value:
    return flip(elab, m, ZERO)


@meaning(np.fliplr)
def fliplr(elab: Elaborator, m: Value) -> Value:
    return flip(elab, m, ONE)


@meaning(np.rot90)
def rot90(elab: Elaborator, m: Value, k: Value = ONE, axes: Value = NONE) -> Value:
    array = as_array(elab, m)
    first, second = (0, 1) if axes == NONE else static(elab, axes)
    match static(elab, k) % 4:
        case 0:
            return array
        case 1:
            return swap_axes(elab, as_array(elab, flip(elab, array, Static(second))), first, second)
        case 2:
            return flip(elab, array, Tuple((Static(first), Static(second))))
        case _:
            return flip(elab, swap_axes(elab, array, first, second), Static(second))


@meaning(np.roll)
def roll(elab: Elaborator, a: Value, shift: Value, axis: Value = NONE) -> Value:
    array = as_array(elab, a)
    axes = axis_argument(elab, axis, array.type.rank)
    shifts = items_of(elab, shift)
    pairs = (
        [(shift, axes)] if shifts is None and not isinstance(axes, tuple) else _roll_pairs(elab, shift, shifts, axes)
    )
    atom = operand(elab, array)
    for one, place in pairs:
        atom = emit_atom(elab, shape_rules.roll, (atom, elab.atom(one)), axis=place)
    return elab.lift(atom)


def _roll_pairs(elab: Elaborator, shift: Value, shifts: tuple[Value, ...] | None, axes: Any) -> list[tuple[Value, int]]:
    if not isinstance(axes, tuple):
        refuse(elab, "np.roll with several shifts takes as many axes.", kind=ShapeError)
    return list(zip(shifts or (shift,) * len(axes), axes, strict=True))


# -- diagonals and triangles


@meaning(np.diag)
def diag(elab: Elaborator, v: Value, k: Value = ZERO) -> Value:
    array = as_array(elab, v)
    offset = static(elab, k)
    match array.type.rank:
        case 1:
            return elab.lift(emit_atom(elab, shape_rules.diag, (operand(elab, array),), k=offset))
        case 2:
            return diagonal(elab, array, Static(offset))
    refuse(elab, "np.diag takes a vector or a matrix.", kind=ShapeError)


@meaning(np.diagflat)
def diagflat(elab: Elaborator, v: Value, k: Value = ZERO) -> Value:
    return diag(elab, ravel(elab, v), k)


@meaning(np.diagonal, np.ndarray.diagonal)
def diagonal(elab: Elaborator, a: Value, offset: Value = ZERO, axis1: Value = ZERO, axis2: Value = ONE) -> Value:
    array = as_array(elab, a)
    rank = array.type.rank
    if rank < 2:
        refuse(elab, "A diagonal needs an array of rank 2 at least.", kind=ShapeError)
    axes = {name: normal_axis(elab, static(elab, axis), rank) for name, axis in (("axis1", axis1), ("axis2", axis2))}
    return elab.lift(
        emit_atom(elab, shape_rules.diagonal, (operand(elab, array),), offset=static(elab, offset), **axes)
    )


@meaning(np.fill_diagonal, fold=False)
def fill_diagonal(elab: Elaborator, a: Value, val: Value) -> Value:
    from s2sad.frontend.library.creation import arange
    from s2sad.frontend.library.indexing import assign_subscript

    array = as_array(elab, a)
    if array.type.rank != 2:
        refuse(elab, "np.fill_diagonal is supported for matrices.", "Assign a[i, i, i] in a loop.", ShapeError)
    length = shortest(elab, [size_atom(elab, array, k) for k in range(2)])
    places = arange(elab, elab.lift(length))
    assign_subscript(elab, array, Tuple((places, places)), val)
    return NONE


@meaning(np.tril)
def tril(elab: Elaborator, m: Value, k: Value = ZERO) -> Value:
    return elab.lift(emit_atom(elab, shape_rules.tril, (operand(elab, as_array(elab, m)),), k=static(elab, k)))


@meaning(np.triu)
def triu(elab: Elaborator, m: Value, k: Value = ZERO) -> Value:
    return elab.lift(emit_atom(elab, shape_rules.triu, (operand(elab, as_array(elab, m)),), k=static(elab, k)))


@meaning(np.trace, np.ndarray.trace)
def trace(elab: Elaborator, a: Value, offset: Value = ZERO, axis1: Value = ZERO, axis2: Value = ONE) -> Value:
    params = {"offset": static(elab, offset), "axis1": static(elab, axis1), "axis2": static(elab, axis2)}
    return composite(elab, products.trace, as_array(elab, a), **params)


@meaning(np.ndarray.fill, fold=False)
def fill(elab: Elaborator, a: Value, value: Value) -> Value:
    from s2sad.frontend.library.indexing import assign_subscript

    assign_subscript(elab, a, Static(Ellipsis), value)
    return NONE


@meaning(np.copyto, fold=False)
def copyto(elab: Elaborator, dst: Value, src: Value) -> Value:
    return fill(elab, dst, src)
