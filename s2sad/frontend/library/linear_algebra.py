"""Products of matrices, and `np.linalg`."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.errors import ShapeError, TypeMismatchError
from s2sad.frontend.library.creation import as_array
from s2sad.frontend.library.support import (
    FALSE,
    LAST,
    NONE,
    Elaborator,
    composite,
    emit_atom,
    operand,
    read_only,
    refuse,
    static,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.ufuncs import deliver, strong
from s2sad.frontend.values.values import ArrayRef, Static, Tuple, Value
from s2sad.ir import Array
from s2sad.rules import linalg, products

# -- products


@meaning(np.matmul)
def matmul(elab: Elaborator, x1: Value, x2: Value, out: Value = NONE) -> Value:
    atoms = [operand(elab, v) for v in (x1, x2)]
    if any(not isinstance(a.type, Array) or a.type.rank == 0 for a in atoms):
        refuse(elab, "@ does not take numbers.", "Use * for a number times an array.", TypeMismatchError)
    return deliver(elab, elab.lift(emit_atom(elab, products.matmul, atoms)), out)


def _product(function: Any, *functions: Any) -> None:
    @meaning(*functions)
    def product(elab: Elaborator, a: Value, b: Value, out: Value = NONE) -> Value:
        return deliver(elab, strong(elab, composite(elab, function, a, b)), out)


_product(products.dot, np.dot, np.ndarray.dot)
_product(products.inner, np.inner)
_product(products.vdot, np.vdot)
_product(products.outer, np.outer, np.linalg.outer)
_product(products.kron, np.kron)


@meaning(np.tensordot, np.linalg.tensordot)
def tensordot(elab: Elaborator, a: Value, b: Value, axes: Value = NONE) -> Value:
    left, right = as_array(elab, a), as_array(elab, b)
    pairs = 2 if axes == NONE else static(elab, axes)
    pairs = pairs if isinstance(pairs, int) else tuple(s if isinstance(s, int) else tuple(s) for s in pairs)
    return composite(elab, products.tensordot, left, right, axes=pairs)


@meaning(np.einsum)
def einsum(elab: Elaborator, subscripts: Value, *operands: Value, optimize: Value = FALSE) -> Value:
    if isinstance(subscripts, ArrayRef):
        subscripts, operands = _by_letters(elab, (subscripts, *operands))
    text = static(elab, subscripts)
    if not isinstance(text, str):
        refuse(
            elab,
            "np.einsum takes subscripts or arrays first.",
            "Write np.einsum('ij,jk->ik', a, b).",
            TypeMismatchError,
        )
    out = composite(elab, products.einsum, *(as_array(elab, o) for o in operands), subscripts=text.replace(" ", ""))
    return read_only(elab, out) if len(operands) == 1 else out  # NumPy may give a view


def _by_letters(elab: Elaborator, args: tuple[Value, ...]) -> tuple[Value, tuple[Value, ...]]:
    """``einsum(a, [0, 1], b, [1, 2], [0, 2])`` as subscripts and operands."""

    def term(places: Value) -> str:
        return "".join("..." if p is Ellipsis else chr(ord("a") + p) for p in static(elab, places))

    count = len(args) // 2
    text = ",".join(term(p) for p in args[1 : 2 * count : 2])
    return Static(f"{text}->{term(args[-1])}" if len(args) % 2 else text), args[: 2 * count : 2]


@meaning(np.cross)
def cross(elab: Elaborator, a: Value, b: Value, axisa: Value = LAST, axisb: Value = LAST, axisc: Value = LAST,
          axis: Value = NONE) -> Value:  # fmt: skip
    from s2sad.frontend.library.reductions import one_axis
    from s2sad.frontend.library.written import linear_algebra as written

    if axis != NONE:
        axisa, axisb, axisc = axis, axis, axis
    pair = [as_array(elab, v) for v in (a, b)]
    dims = [v.type.dims[one_axis(elab, k, v.type.rank)] for v, k in zip(pair, (axisa, axisb), strict=True)]
    sizes = Static(tuple(n if isinstance(n, int) else 3 for n in dims))
    return elab.call(Static(written.cross_product), [*pair, axisa, axisb, axisc, sizes], {})


@meaning(np.linalg.multi_dot)
def multi_dot(elab: Elaborator, arrays: Value) -> Value:
    from s2sad.frontend.library.iteration import unroll

    first, *rest = unroll(elab, arrays)
    for other in rest:
        first = composite(elab, products.dot, first, other)
    return first


# -- matrices


def matrices(elab: Elaborator, a: Value, name: str) -> Value:
    """The argument of a function of `np.linalg`: a matrix or a stack of them, square where that can be seen."""
    array = as_array(elab, a)
    if array.type.rank < 2:
        refuse(elab, f"np.linalg.{name} needs a matrix, not an array of rank {array.type.rank}.", kind=ShapeError)
    rows, columns = array.type.dims[-2:]
    if isinstance(rows, int) and isinstance(columns, int) and rows != columns:
        refuse(elab, f"np.linalg.{name} needs a square matrix, not {rows} by {columns}.", kind=ShapeError)
    return array


def _of_matrix(function: Any, *functions: Any) -> None:
    @meaning(*functions)
    def of_matrix(elab: Elaborator, a: Value) -> Value:
        return composite(elab, function, matrices(elab, a, functions[0].__name__))


_of_matrix(linalg.det, np.linalg.det)
_of_matrix(linalg.inv, np.linalg.inv)


@meaning(np.linalg.cholesky)
def cholesky(elab: Elaborator, a: Value, *, upper: Value = FALSE) -> Value:
    if static(elab, upper):  # reads the upper triangle
        lower = composite(elab, lambda x: linalg.cholesky(linalg.adjoint(x)), matrices(elab, a, "cholesky"))
        return composite(elab, linalg.adjoint, lower)
    return composite(elab, linalg.cholesky, matrices(elab, a, "cholesky"))


SlogdetResult = type(np.linalg.slogdet(np.eye(1)))


@meaning(np.linalg.slogdet)
def slogdet(elab: Elaborator, a: Value) -> Value:
    out = composite(elab, linalg.slogdet, matrices(elab, a, "slogdet"))
    assert isinstance(out, Tuple)
    return Tuple(out.items, SlogdetResult)


@meaning(np.linalg.solve)
def solve(elab: Elaborator, a: Value, b: Value) -> Value:
    return composite(elab, linalg.solve, matrices(elab, a, "solve"), as_array(elab, b))


@meaning(np.linalg.matrix_power)
def matrix_power(elab: Elaborator, a: Value, n: Value) -> Value:
    matrix, power = matrices(elab, a, "matrix_power"), static(elab, n)
    if power < 0:
        matrix, power = composite(elab, linalg.inv, matrix), -power
    if power == 0:
        from s2sad.frontend.library.attributes import size_atom
        from s2sad.rules.shape import eye

        array = as_array(elab, matrix)
        size = size_atom(elab, array, array.type.rank - 1)
        return elab.lift(emit_atom(elab, eye, (size, size), k=0, dtype=array.type.dtype))
    result: Value | None = None
    while power:
        power, odd = divmod(power, 2)
        if odd:
            result = matrix if result is None else matmul(elab, result, matrix)
        matrix = matmul(elab, matrix, matrix) if power else matrix
    assert result is not None
    return result
