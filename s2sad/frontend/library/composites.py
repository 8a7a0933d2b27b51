"""NumPy functions that are a few others: polynomials, integrals, percentiles, convolutions, covariances."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.frontend.library import operators
from s2sad.frontend.library.attributes import size_value
from s2sad.frontend.library.builtins import extreme
from s2sad.frontend.library.creation import arange, as_array, filled, linspace
from s2sad.frontend.library.indexing import add_at, subscript, view
from s2sad.frontend.library.reductions import one_axis
from s2sad.frontend.library.support import (
    FALSE,
    LAST,
    NONE,
    ONE,
    TRUE,
    ZERO,
    Elaborator,
    composite,
    emit_atom,
    fit,
    items_of,
    operand,
    static,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.ufuncs import strong
from s2sad.frontend.values.values import ArrayRef, Partial, Static, Tuple, Value
from s2sad.ir import Const
from s2sad.ir.paths import Index, Slice
from s2sad.rules import elementwise, reductions
from s2sad.rules import shape as shape_rules


class Arithmetic:
    """A value with operators, for formulas: ``op(x) * 2 + op(y)``. `value` holds the abstract value."""

    def __init__(self, elab: Elaborator, value: Value) -> None:
        self.elab, self.value = elab, value

    def _with(self, op: str, other: Any, reflected: bool = False) -> Arithmetic:
        right = other.value if isinstance(other, Arithmetic) else Static(other)
        pair = (right, self.value) if reflected else (self.value, right)
        return Arithmetic(self.elab, operators.binary(self.elab, op, *pair))

    def __add__(self, other: Any) -> Arithmetic:
        return self._with("add", other)

    def __sub__(self, other: Any) -> Arithmetic:
        return self._with("sub", other)

    def __rsub__(self, other: Any) -> Arithmetic:
        return self._with("sub", other, True)

    def __mul__(self, other: Any) -> Arithmetic:
        return self._with("mul", other)

    def __rpow__(self, other: Any) -> Arithmetic:
        return self._with("pow", other, True)

    def __truediv__(self, other: Any) -> Arithmetic:
        return self._with("truediv", other)

    def __floordiv__(self, other: Any) -> Arithmetic:
        return self._with("floordiv", other)

    def __getitem__(self, key: Any) -> Arithmetic:
        return Arithmetic(
            self.elab, subscript(self.elab, self.value, key.value if isinstance(key, Arithmetic) else Static(key))
        )


# -- polynomials and integrals


@meaning(np.polyval)
def polyval(elab: Elaborator, p: Value, x: Value) -> Value:
    coefficients = items_of(elab, p)
    array = as_array(elab, p)
    if coefficients is None and isinstance(array.type.dims[0], int):
        coefficients = tuple(subscript(elab, array, Static(k)) for k in range(array.type.dims[0]))
    if coefficients is None:
        return _sum_of_powers(elab, array, x)
    total = Arithmetic(elab, ZERO)
    for c in coefficients:
        total = total * Arithmetic(elab, x) + Arithmetic(elab, c)
    return total.value


def _sum_of_powers(elab: Elaborator, p: ArrayRef, x: Value) -> Value:
    """A polynomial whose degree is known at run time only."""
    from s2sad.frontend.library.linear_algebra import matmul

    top = Arithmetic(elab, size_value(elab, p, 0)) - 1
    degrees = arange(elab, top.value, LAST, LAST)
    if isinstance(x, ArrayRef):
        return matmul(elab, operators.power(elab, view(elab, x, Index((Ellipsis, None))), degrees), p)
    return matmul(elab, operators.power(elab, x, degrees), p)


@meaning(np.logspace)
def logspace(elab: Elaborator, start: Value, stop: Value, num: Value = NONE, endpoint: Value = TRUE) -> Value:
    return (10.0 ** Arithmetic(elab, linspace(elab, start, stop, num, endpoint))).value


def sliced_back(elab: Elaborator, vector: Value) -> Value:
    return view(elab, as_array(elab, vector), Index((Slice(step=-1),)))


@meaning(np.vander)
def vander(elab: Elaborator, x: Value, N: Value = NONE, increasing: Value = FALSE) -> Value:
    from s2sad.frontend.library.joining import stack

    array = as_array(elab, x)
    count = static(elab, N) or array.type.dims[0]
    if not isinstance(count, int):
        powers = arange(elab, size_value(elab, array, 0))
        powers = powers if static(elab, increasing) else sliced_back(elab, powers)
        return operators.power(elab, view(elab, array, Index((Slice(), None))), powers)
    exponents = range(count) if static(elab, increasing) else range(count)[::-1]
    return stack(elab, Tuple(tuple(operators.power(elab, array, Static(k)) for k in exponents)), ONE)


# -- products and moments


@meaning(np.convolve)
def convolve(elab: Elaborator, a: Value, v: Value, mode: Value = NONE) -> Value:
    """The sum of copies of one vector, shifted and scaled by each number of the other, whose length is known."""
    left, right = as_array(elab, a), as_array(elab, v)
    n, m = (Arithmetic(elab, size_value(elab, x, 0)) for x in (left, right))
    dtype = np.result_type(left.type.dtype, right.type.dtype)
    out = filled(elab, Const(0), [elab.atom((n + m - 1).value)], dtype)
    pairs = fit(elab, operand(elab, outer_of(elab, "mul", left, right)), dtype)
    places = outer_of(elab, "add", *(as_array(elab, arange(elab, size.value)) for size in (n, m)))
    add_at(elab, out, places, elab.lift(pairs))
    return _trimmed(elab, out, n, m, static(elab, mode) or "full")


def outer_of(elab: Elaborator, op: str, left: ArrayRef, right: ArrayRef) -> Value:
    """``left[:, None] op right``."""
    return operators.binary(elab, op, view(elab, left, Index((Slice(), None))), right)


def _trimmed(elab: Elaborator, full: Value, n: Arithmetic, m: Arithmetic, mode: str) -> Value:
    """The part of a full convolution that a mode keeps."""
    if mode == "full":
        return full
    short, long = (_pick(elab, op, n, m) for op in ("lt", "gt"))
    start = (short - 1) // 2 if mode == "same" else short - 1
    stop = start + long if mode == "same" else long
    return subscript(elab, full, Partial(Static(slice), (start.value, stop.value, NONE)))


def _pick(elab: Elaborator, op: str, n: Arithmetic, m: Arithmetic) -> Arithmetic:
    return Arithmetic(elab, extreme(elab, op, (n.value, m.value), NONE, None))


@meaning(np.logaddexp.reduce)
def logsumexp(elab: Elaborator, array: Value, axis: Value = ZERO, keepdims: Value = FALSE) -> Value:
    place = one_axis(elab, axis, as_array(elab, array).type.rank)
    kept = bool(static(elab, keepdims))

    def formula(x: Any) -> Any:
        top = reductions.max_(x, axis=place, keepdims=True)
        total = reductions.sum_(elementwise.exp(x - top), axis=place, keepdims=True)
        return reductions.sum_(top + elementwise.log(total), axis=place, keepdims=kept)

    return strong(elab, composite(elab, formula, as_array(elab, array)))


@meaning(np.modf)
def modf(elab: Elaborator, x: Value) -> Value:
    whole = emit_atom(elab, elementwise.trunc, (operand(elab, x),))
    return Tuple((operators.binary(elab, "sub", x, elab.lift(whole)), elab.lift(whole)))


@meaning(np.divmod)
def divmod_(elab: Elaborator, x1: Value, x2: Value) -> Value:
    return Tuple(tuple(strong(elab, operators.arithmetic(elab, op, x1, x2)) for op in ("floordiv", "mod")))


# -- indexes


@meaning(np.ix_)
def ix_(elab: Elaborator, *args: Value) -> Value:
    arrays = [as_array(elab, a) for a in args]
    rank = len(arrays)
    shaped = [
        elab.lift(
            emit_atom(elab, shape_rules.reshape, (operand(elab, a), *(Const(-1 if k == j else 1) for k in range(rank))))
        )
        for j, a in enumerate(arrays)
    ]
    return Tuple(tuple(shaped))


@meaning(np.diag_indices)
def diag_indices(elab: Elaborator, n: Value, ndim: Value = NONE) -> Value:
    return Tuple((arange(elab, n),) * (static(elab, ndim) or 2))


