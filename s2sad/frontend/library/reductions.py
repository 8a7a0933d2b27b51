"""Reductions over axes, and running sums: NumPy's functions and the methods of arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.errors import ShapeError
from s2sad.frontend.library import operators
from s2sad.frontend.library.creation import as_array, dtype_argument
from s2sad.frontend.library.support import (
    FALSE,
    NONE,
    ONE,
    TRUE,
    ZERO,
    Elaborator,
    composite,
    emit_atom,
    fit,
    operand,
    refuse,
    set_weak,
    static,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.ufuncs import deliver, strong
from s2sad.frontend.library.views import normal_axis
from s2sad.frontend.values.values import Static, Value
from s2sad.ir import Array, Atom, Const
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import FLOAT, Dim, above_one
from s2sad.rules import elementwise, logical, reductions
from s2sad.rules import shape as shape_rules
from s2sad.rules.control import stop_gradient
from s2sad.rules.cotangent import is_complex, is_ref, number, size_along

Axis = int | tuple[int, ...] | None


def axis_argument(elab: Elaborator, axis: Value, rank: int) -> Axis:
    """``axis=`` as None, an int or a tuple of ints, counted from the front."""
    obj = static(elab, axis)
    if obj is None:
        return None
    if isinstance(obj, (tuple, list)):
        axes = tuple(normal_axis(elab, int(a), rank) for a in obj)
        if len(set(axes)) < len(axes):
            refuse(elab, f"Duplicate value in axis={obj}.", kind=ShapeError)
        return axes
    return normal_axis(elab, int(obj), rank)


def one_axis(elab: Elaborator, axis: Value, rank: int) -> int:
    found = axis_argument(elab, axis, rank)
    if not isinstance(found, int):
        refuse(elab, "This function takes one axis.", "Give axis=.")
    return found


def rank_of_atom(atom: Atom) -> int:
    return atom.type.rank if isinstance(atom.type, Array) else 0


def reduce(elab: Elaborator, prim: Primitive, a: Value, axis: Value, keepdims: Value, dtype: Value = NONE) -> Value:
    """One primitive reduction."""
    atom = operand(elab, a)
    if dtype != NONE:
        atom = fit(elab, atom, dtype_argument(elab, dtype, atom.type.dtype))
    axes = axis_argument(elab, axis, rank_of_atom(atom))
    out = emit_atom(elab, prim, (atom,), axis=axes, keepdims=bool(static(elab, keepdims)))
    return elab.lift(set_weak(elab, out, False))


def masked(elab: Elaborator, a: Value, where: Value, neutral: Value) -> Value:
    """``where=`` of a reduction: what does not count is made neutral."""
    if where == TRUE:
        return a
    atoms = [operand(elab, v) for v in (where, a)]
    filler = fit(elab, operand(elab, neutral), atoms[1].type.dtype)
    return elab.lift(emit_atom(elab, elementwise.where, (*atoms, filler)))


# -- sums and products


@meaning(np.sum, np.ndarray.sum)
def sum_(elab: Elaborator, a: Value, axis: Value = NONE, dtype: Value = NONE, out: Value = NONE,
         keepdims: Value = FALSE, initial: Value = NONE, where: Value = TRUE) -> Value:  # fmt: skip
    total = reduce(elab, reductions.sum_, masked(elab, a, where, ZERO), axis, keepdims, dtype)
    return deliver(elab, total if initial == NONE else operators.binary(elab, "add", total, initial), out)


@meaning(np.prod, np.ndarray.prod)
def prod(elab: Elaborator, a: Value, axis: Value = NONE, dtype: Value = NONE, out: Value = NONE,
         keepdims: Value = FALSE, initial: Value = NONE, where: Value = TRUE) -> Value:  # fmt: skip
    total = reduce(elab, reductions.prod, masked(elab, a, where, ONE), axis, keepdims, dtype)
    return deliver(elab, total if initial == NONE else operators.binary(elab, "mul", total, initial), out)


@meaning(np.multiply.reduce, fold=False)
def multiply_reduce(elab: Elaborator, array: Value, axis: Value = ZERO, keepdims: Value = FALSE) -> Value:
    return prod(elab, array, axis, keepdims=keepdims)


# -- extremes


def _extreme(prim: Primitive, ufunc: Any, *functions: Any) -> None:
    @meaning(*functions)
    def extreme(elab: Elaborator, a: Value, axis: Value = NONE, out: Value = NONE, keepdims: Value = FALSE,
                initial: Value = NONE) -> Value:  # fmt: skip
        found = reduce(elab, prim, a, axis, keepdims)
        if initial != NONE:
            from s2sad.rules.registry import CALLABLES

            found = elab.lift(emit_atom(elab, CALLABLES[ufunc], (operand(elab, found), operand(elab, initial))))
        return deliver(elab, found, out)


_extreme(reductions.max_, np.maximum, np.max, np.ndarray.max)
_extreme(reductions.min_, np.minimum, np.min, np.ndarray.min)


def _ufunc_reduce(prim: Primitive, ufunc: Any) -> None:
    @meaning(ufunc.reduce)
    def along_first(elab: Elaborator, array: Value, axis: Value = ZERO, keepdims: Value = FALSE) -> Value:
        return reduce(elab, prim, array, axis, keepdims)


_ufunc_reduce(reductions.max_, np.maximum)
_ufunc_reduce(reductions.min_, np.minimum)
_ufunc_reduce(reductions.all_, np.logical_and)
_ufunc_reduce(reductions.any_, np.logical_or)


@meaning(np.add.reduce)
def add_reduce(elab: Elaborator, array: Value, axis: Value = ZERO, keepdims: Value = FALSE) -> Value:
    return sum_(elab, array, axis, keepdims=keepdims)


@meaning(np.ptp)
def ptp(elab: Elaborator, a: Value, axis: Value = NONE, keepdims: Value = FALSE) -> Value:
    high, low = (reduce(elab, prim, a, axis, keepdims) for prim in (reductions.max_, reductions.min_))
    return operators.binary(elab, "sub", high, low)


def _place(prim: Primitive, *functions: Any) -> None:
    @meaning(*functions)
    def place(elab: Elaborator, a: Value, axis: Value = NONE, *, keepdims: Value = FALSE) -> Value:
        return reduce(elab, prim, a, axis, keepdims)


_place(reductions.argmax, np.argmax, np.ndarray.argmax)
_place(reductions.argmin, np.argmin, np.ndarray.argmin)


# -- truth


@meaning(np.any, np.ndarray.any)
def any_(elab: Elaborator, a: Value, axis: Value = NONE, out: Value = NONE, keepdims: Value = FALSE) -> Value:
    return deliver(elab, reduce(elab, reductions.any_, a, axis, keepdims), out)


@meaning(np.all, np.ndarray.all)
def all_(elab: Elaborator, a: Value, axis: Value = NONE, out: Value = NONE, keepdims: Value = FALSE) -> Value:
    return deliver(elab, reduce(elab, reductions.all_, a, axis, keepdims), out)


@meaning(np.count_nonzero)
def count_nonzero(elab: Elaborator, a: Value, axis: Value = NONE, *, keepdims: Value = FALSE) -> Value:
    return reduce(elab, reductions.count_nonzero, a, axis, keepdims)


# -- means and variances


def _count(x: Any, axis: Axis) -> Any:
    """How many numbers are reduced to one."""
    rank = x.ndim if is_ref(x) else np.ndim(x)
    axes = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    count = size_along(x, axes)
    return count.atom.value if is_ref(count) and isinstance(count.atom, Const) else count


def mean_of(x: Any, axis: Axis, keepdims: bool) -> Any:
    return reductions.sum_(x, axis=axis, keepdims=keepdims) / _count(x, axis)


def variance_of(x: Any, axis: Axis, keepdims: bool, ddof: Any = 0) -> Any:
    """The mean square of what is left when the mean is taken away, divided by the count less `ddof`."""
    gap = x - mean_of(x, axis, True)
    squares = elementwise.real(gap * elementwise.conj(gap)) if is_complex(gap) else elementwise.square(gap)
    count = _count(x, axis)
    return reductions.sum_(squares, axis=axis, keepdims=keepdims) / (count - ddof if not _is_zero(ddof) else count)


def deviation_of(x: Any, axis: Axis, keepdims: bool, ddof: Any = 0) -> Any:
    """The root of the variance; that of one number is the constant 0, whose derivative is not the root's at 0."""
    variance = variance_of(x, axis, keepdims, ddof)
    count = _count(x, axis)
    if not is_ref(count) and count != 1:
        return elementwise.sqrt(variance)
    if not is_ref(count):
        return elementwise.sqrt(stop_gradient(variance))
    if any(above_one(d) for d in _dims(x, axis)):
        return elementwise.sqrt(variance)
    alone = logical.eq(count, 1)
    root = elementwise.sqrt(elementwise.where(alone, number(1, variance), variance))
    return elementwise.where(alone, elementwise.sqrt(stop_gradient(variance)), root)


def _dims(x: Any, axis: Axis) -> tuple[Dim, ...]:
    """The sizes that are reduced, as far as they are known now."""
    dims = x.type.dims if is_ref(x) and x.ndim else np.shape(x) if not is_ref(x) else ()
    return dims if axis is None else tuple(dims[k] for k in ((axis,) if isinstance(axis, int) else axis))


def _is_zero(ddof: Any) -> bool:
    return not is_ref(ddof) and ddof == 0


def moment(
    elab: Elaborator, function: Any, a: Value, axis: Value, dtype: Value, out: Value, keepdims: Value, **params: Any
) -> Value:
    atom = operand(elab, a)
    if dtype != NONE or atom.type.dtype.kind in "biu":
        atom = fit(elab, atom, dtype_argument(elab, dtype, FLOAT))
    axes = axis_argument(elab, axis, rank_of_atom(atom))
    kept = bool(static(elab, keepdims))
    result = composite(elab, function, elab.lift(atom), axis=axes, keepdims=kept, **params)
    return deliver(elab, strong(elab, result), out)


@meaning(np.mean, np.ndarray.mean)
def mean(elab: Elaborator, a: Value, axis: Value = NONE, dtype: Value = NONE, out: Value = NONE,
         keepdims: Value = FALSE, *, where: Value = TRUE) -> Value:  # fmt: skip
    if where != TRUE and dtype == NONE:
        from s2sad.frontend.library.written import reductions as written

        return deliver(elab, elab.call(Static(written.mean_where), [a, axis, keepdims, where], {}), out)
    if where != TRUE:
        refuse(elab, "np.mean with where= and dtype= is not supported.", "Use .astype first.")
    return moment(elab, mean_of, a, axis, dtype, out, keepdims)


@meaning(np.var, np.ndarray.var)
def var(elab: Elaborator, a: Value, axis: Value = NONE, dtype: Value = NONE, out: Value = NONE, ddof: Value = ZERO,
        keepdims: Value = FALSE) -> Value:  # fmt: skip
    return moment(elab, variance_of, a, axis, dtype, out, keepdims, ddof=static(elab, ddof))


@meaning(np.std, np.ndarray.std)
def std(elab: Elaborator, a: Value, axis: Value = NONE, dtype: Value = NONE, out: Value = NONE, ddof: Value = ZERO,
        keepdims: Value = FALSE) -> Value:  # fmt: skip
    return moment(elab, deviation_of, a, axis, dtype, out, keepdims, ddof=static(elab, ddof))


# -- running sums


def _running(prim: Primitive, *functions: Any) -> None:
    @meaning(*functions)
    def running(elab: Elaborator, a: Value, axis: Value = NONE, dtype: Value = NONE, out: Value = NONE) -> Value:
        atom = operand(elab, as_array(elab, a))
        if dtype != NONE:
            atom = fit(elab, atom, dtype_argument(elab, dtype, atom.type.dtype))
        if static(elab, axis) is None:
            atom = atom if rank_of_atom(atom) == 1 else emit_atom(elab, shape_rules.reshape, (atom, Const(-1)))
            place = 0
        else:
            place = one_axis(elab, axis, rank_of_atom(atom))
        return deliver(elab, elab.lift(emit_atom(elab, prim, (atom,), axis=place)), out)


_running(reductions.cumsum, np.cumsum, np.ndarray.cumsum)
_running(reductions.cumprod, np.cumprod, np.ndarray.cumprod)


@meaning(np.add.accumulate)
def add_accumulate(elab: Elaborator, array: Value, axis: Value = ZERO) -> Value:
    atom = operand(elab, as_array(elab, array))
    return elab.lift(emit_atom(elab, reductions.cumsum, (atom,), axis=one_axis(elab, axis, rank_of_atom(atom))))


# -- those that leave out nan


def _without_nan(function: Any, plain: Any, neutral: float) -> None:
    @meaning(function)
    def reduced(elab: Elaborator, a: Value, axis: Value = NONE, *, keepdims: Value = FALSE) -> Value:
        atom = operand(elab, a)
        clean = composite(elab, lambda x: elementwise.where(logical.isnan(x), number(neutral, x), x), elab.lift(atom))
        return plain(elab, clean, axis, keepdims=keepdims)


_without_nan(np.nansum, sum_, 0.0)
_without_nan(np.nanprod, prod, 1.0)


@meaning(np.nanmean)
def nanmean(elab: Elaborator, a: Value, axis: Value = NONE, *, keepdims: Value = FALSE) -> Value:
    from s2sad.frontend.library.table import MEANINGS

    total = MEANINGS[np.nansum].function(elab, a, axis, keepdims=keepdims)
    there = composite(elab, lambda x: logical.eq(x, x), a)
    return operators.binary(elab, "truediv", total, sum_(elab, there, axis, keepdims=keepdims))


# -- norms


@meaning(np.linalg.norm)
def norm(elab: Elaborator, x: Value, ord: Value = NONE, axis: Value = NONE, keepdims: Value = FALSE) -> Value:
    atom = operand(elab, x)
    if atom.type.dtype.kind in "biu":
        atom = fit(elab, atom, FLOAT)
    rank = rank_of_atom(atom)
    axes, order, kept = axis_argument(elab, axis, rank), static(elab, ord), bool(static(elab, keepdims))
    many = rank if axes is None else 1 if isinstance(axes, int) else len(axes)
    if order is not None and many == 2:
        pair = (axes[0], axes[1]) if isinstance(axes, tuple) else (0, 1)
        return _matrix_norm(elab, elab.lift(atom), order, pair, kept)
    if order is not None and many != 1:
        refuse(elab, f"ord={order} needs a vector or a matrix.", "Give axis=.", ShapeError)
    return strong(elab, composite(elab, vector_norm, elab.lift(atom), order=order, axis=axes, keepdims=kept))


def vector_norm(x: Any, order: Any, axis: Axis, keepdims: bool) -> Any:
    """The norm of a vector (or of all of an array, for order None)."""
    params = {"axis": axis, "keepdims": keepdims}
    match order:
        case None | 2:
            squares = elementwise.real(x * elementwise.conj(x)) if is_complex(x) else x * x
            return elementwise.sqrt(reductions.sum_(squares, **params))
        case 1:
            return reductions.sum_(elementwise.abs_(x), **params)
        case 0:
            return reductions.sum_(logical.ne(x, 0), **params) * 1.0
        case _ if order in (np.inf, -np.inf):
            return (reductions.max_ if order > 0 else reductions.min_)(elementwise.abs_(x), **params)
        case _:
            return reductions.sum_(elementwise.abs_(x) ** order, **params) ** (1.0 / order)


def _matrix_norm(elab: Elaborator, x: Value, order: Any, axes: tuple[int, int], keepdims: bool) -> Value:
    rows, columns = axes
    match order:
        case "fro":
            return strong(elab, composite(elab, vector_norm, x, order=None, axis=axes, keepdims=keepdims))
        case "nuc" | 2 | -2:
            from s2sad.frontend.library.written.linear_algebra import norm_of_svd

            return elab.call(Static(norm_of_svd), [x, Static(order), Static(axes), Static(keepdims)], {})
        case _ if order in (1, -1, np.inf, -np.inf):
            along, across = (rows, columns) if abs(order) == 1 else (columns, rows)
            pick = reductions.max_ if order > 0 else reductions.min_

            def norm_of(x: Any) -> Any:
                sums = reductions.sum_(elementwise.abs_(x), axis=along, keepdims=True)
                out = pick(sums, axis=across, keepdims=True)
                return out if keepdims else reductions.sum_(out, axis=tuple(sorted(axes)), keepdims=False)

            return strong(elab, composite(elab, norm_of, x))
    refuse(
        elab,
        f"np.linalg.norm with ord={order!r} of a matrix is not supported.",
        "Use 'fro', 'nuc', 1, -1, 2, -2, np.inf or -np.inf.",
    )
