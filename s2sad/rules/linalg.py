"""Linear algebra on matrices and stacks of matrices, real and complex.

Formulas: Giles, "Collected matrix derivative results for forward and reverse mode algorithmic differentiation" (2008);
Murray, "Differentiation of the Cholesky decomposition" (2016). Cotangents are JAX's: transposes without conjugation.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.infer import assume_equal
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import Array, Scalar
from s2sad.rules.cotangent import is_complex, ndim_of, number
from s2sad.rules.elementwise import conj, imag
from s2sad.rules.products import (
    dot,
    einsum,
    inner,
    kron,
    matmul,
    outer,
    tensordot,
    trace,
    vdot,
)
from s2sad.rules.reductions import sum_
from s2sad.rules.registry import composed, jvp, vjp, zero_derivative
from s2sad.rules.shape import expand_dims, reshape, shape_of, swap_last, tril

__all__ = [
    "cholesky", "det", "dot", "einsum", "inner", "inv", "kron", "matmul", "outer", "slogdet", "solve", "tensordot",
    "trace", "vdot",
]


def _inexact(dtype: np.dtype) -> np.dtype:
    """The dtype in which `np.linalg` works."""
    return dtype if dtype.kind in "fc" else np.dtype(float)


def _same_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    return (Array(_inexact(x.dtype), x.dims),)


def _spell(name: str, kinds: str = "fdFD") -> Any:
    """``np.linalg.inv(x)`` for what Numba has, a matrix of one of these dtypes; ``rt.inv(x)`` for a stack."""

    def spell(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
        plain = all(t.rank <= 2 and t.dtype == types[0].dtype and t.dtype.char in kinds for t in types)
        library = ast.Attribute(ast.Name("np"), "linalg") if plain else ast.Name("rt")
        return ast.Call(ast.Attribute(library, name), args, [])

    return spell


def adjoint(x: Any) -> Any:
    """The conjugate transpose of each matrix."""
    return conj(swap_last(x)) if is_complex(x) else swap_last(x)


# -- determinant

det = Primitive(
    "det", np.linalg.det, _spell("det", "dD"),
    type_rule=lambda args, params, size_of: (_stack_of_numbers(args[0].type, _inexact(args[0].type.dtype)),),
)
"""``det(x)``."""
composed(np.linalg.det)(det)


def _stack_of_numbers(x: Array, dtype: np.dtype) -> Array | Scalar:
    return Array(dtype, x.dims[:-2]) if x.rank > 2 else Scalar(dtype)


def _per_matrix(numbers: Any, x: Any) -> Any:
    """Numbers, one a matrix, so that they broadcast with the matrices."""
    return expand_dims(numbers, (-2, -1)) if ndim_of(x) > 2 else numbers


cofactor = Primitive("cofactor", rt.cofactor, "rt.cofactor(_0)", type_rule=_same_type)
"""``cofactor(x)``: the matrix of cofactors, which is ``det(x) * inv(x).T`` where x has an inverse."""


@jvp(det)
def det_jvp(x_dot, x):
    return sum_(x_dot * cofactor(x), axis=(-2, -1))


@vjp(det)
def det_vjp(out_bar, x):
    return (_per_matrix(out_bar, x) * cofactor(x),)


def _cofactor_change(x_dot, x, out):
    """d(cofactor): from ``C = det(x) inv(x).T``, for x with an inverse."""
    inverse = swap_last(inv(x))
    return _per_matrix(sum_(x_dot * inverse, axis=(-2, -1)), x) * out - matmul(matmul(inverse, swap_last(x_dot)), out)


@jvp(cofactor)
def cofactor_jvp(x_dot, x, *, out):
    return _cofactor_change(x_dot, x, out)


@vjp(cofactor)
def cofactor_vjp(out_bar, x, *, out):
    inverse = swap_last(inv(x))
    trace_part = _per_matrix(sum_(out_bar * out, axis=(-2, -1)), x) * inverse
    return (trace_part - matmul(matmul(out, swap_last(out_bar)), inverse),)


slogdet = Primitive(
    "slogdet", lambda x: tuple(np.linalg.slogdet(x)), _spell("slogdet", "dD"), results=2,
    type_rule=lambda args, params, size_of: (
        _stack_of_numbers(args[0].type, _inexact(args[0].type.dtype)),
        _stack_of_numbers(args[0].type, _real(_inexact(args[0].type.dtype))),
    ),
)
"""``slogdet(x)``: the sign and the logarithm of the absolute value of the determinant."""


def _real(dtype: np.dtype) -> np.dtype:
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


@jvp(slogdet)
def slogdet_jvp(x_dot, x, *, out):
    change = sum_(x_dot * swap_last(inv(x)), axis=(-2, -1))
    if not is_complex(x):
        return None, change
    return out[0] * (1j * imag(change)), change


@vjp(slogdet)
def slogdet_vjp(out_bars, x, *, out):
    sign_bar, log_bar = out_bars
    change_bar = log_bar
    if is_complex(x) and sign_bar is not None:
        turn = -1j * _real_part(sign_bar * out[0] * 1j)
        change_bar = turn if log_bar is None else log_bar + turn
    if change_bar is None:
        return (None,)
    return (_per_matrix(change_bar, x) * swap_last(inv(x)),)


def _real_part(z: Any) -> Any:
    from s2sad.rules.elementwise import real

    return real(z)


# -- inverse and linear systems

inv = Primitive("inv", np.linalg.inv, _spell("inv"), type_rule=_same_type)
"""``inv(x)``."""
composed(np.linalg.inv)(inv)


@jvp(inv)
def inv_jvp(x_dot, *, out):
    return -matmul(matmul(out, x_dot), out)


@vjp(inv)
def inv_vjp(out_bar, x, *, out):
    transposed = swap_last(out)
    return (-matmul(matmul(transposed, out_bar), transposed),)


def _solve_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    a, b = args[0].type, args[1].type
    dtype = _inexact(np.result_type(a.dtype, b.dtype))
    assume_equal(a.dims[-2], a.dims[-1])
    assume_equal(a.dims[-1], b.dims[-1] if b.rank == 1 else b.dims[-2])
    if b.rank == 1:
        return (Array(dtype, (*a.dims[:-2], b.dims[-1])),)
    left, right = a.dims[:-2], b.dims[:-2]
    rank = max(len(left), len(right))
    left, right = (1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right
    stack = (m if n == 1 or m == n else n if m == 1 else None for m, n in zip(left, right, strict=True))
    return (Array(dtype, (*stack, *b.dims[-2:])),)


solve = Primitive("solve", np.linalg.solve, _spell("solve"), type_rule=_solve_type)
"""``solve(a, b)``: x with ``a @ x = b``; `b` a vector, a matrix or a stack of matrices."""
composed(np.linalg.solve)(solve)


def _applied(a: Any, x: Any, b: Any) -> Any:
    """``a @ x``, where x is a solution for `b`: vectors, if `b` is one."""
    if ndim_of(b) == 1 and ndim_of(a) > 2:
        return reshape(matmul(a, expand_dims(x, -1)), *shape_of(x))
    return matmul(a, x)


@jvp(solve)
def solve_jvp(a_dot, b_dot, a, b, *, out):
    right = b_dot
    if a_dot is not None:
        change = _applied(a_dot, out, b)
        right = -change if right is None else right - change
    if ndim_of(b) == 1 and ndim_of(right) > 1:  # a stack of vectors
        return reshape(solve(a, expand_dims(right, -1)), *shape_of(right))
    return solve(a, right)


@vjp(solve)
def solve_vjp(out_bar, a, b, *, out):
    transposed = swap_last(a)
    if ndim_of(b) > 1:
        b_bar = solve(transposed, out_bar)
        return -matmul(b_bar, swap_last(out)), b_bar
    if ndim_of(a) == 2:
        b_bar = solve(transposed, out_bar)
        return -outer(b_bar, out), b_bar
    column = solve(transposed, expand_dims(out_bar, -1))
    return -matmul(column, expand_dims(out, -2)), reshape(column, *shape_of(out_bar))


# -- Cholesky factor

cholesky = Primitive("cholesky", np.linalg.cholesky, _spell("cholesky"), type_rule=_same_type)
"""``cholesky(x)``: lower triangular L with ``L @ L.conj().T = x``. As in JAX, its derivative is that on Hermitian x."""
composed(np.linalg.cholesky)(cholesky)


indefinite = zero_derivative(rt.indefinite, elementwise=False)
"""``indefinite(x)``: whether `cholesky` fails for a matrix, or for one of a stack."""


def _half_lower(x: Any) -> Any:
    """The lower triangle with half the diagonal."""
    return number(0.5, x) * (tril(x) + tril(x, k=-1))


@jvp(cholesky)
def cholesky_jvp(x_dot, *, out):
    hermitian = number(0.5, out) * (x_dot + adjoint(x_dot))
    left = inv(out)
    return matmul(out, _half_lower(matmul(matmul(left, hermitian), adjoint(left))))


@vjp(cholesky)
def cholesky_vjp(out_bar, x, *, out):
    left = inv(out)
    middle = _half_lower(matmul(swap_last(out), tril(out_bar)))
    bar = matmul(matmul(swap_last(left), middle), conj(left) if is_complex(left) else left)
    return (number(0.5, out) * (bar + adjoint(bar)),)
