"""Decompositions of matrices, functions of matrices, triangular systems. Each has a jvp; its transpose is derived.

Formulas: Giles, "An extended collection of matrix derivative results" (2008), section 3; Townsend, "Differentiating the
singular value decomposition" (2016); Walter, Lehmann and Lamour, "On evaluating higher-order derivatives of the QR
decomposition" (2012); Golub and Pereyra, "The differentiation of pseudo-inverses" (1973); Higham, "Functions of
matrices", section 3.2. Where a factor has a freedom, the choice is JAX's.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.primitives import Primitive, literal
from s2sad.ir.types import Array, lower_bound, symbol
from s2sad.rules.cotangent import (
    as_dtype,
    is_complex,
    is_ref,
    ndim_of,
    number,
    real_dtype_of,
    shape_of,
    zeros_like,
)
from s2sad.rules.eigenspaces import change_of, identity, level, off_diagonal, turned
from s2sad.rules.elementwise import abs_, complex_, conj, imag, real
from s2sad.rules.fourier import resized
from s2sad.rules.linalg import adjoint, inv
from s2sad.rules.logical import eq
from s2sad.rules.products import matmul
from s2sad.rules.reductions import max_, sum_
from s2sad.rules.registry import composed, jvp, vjp
from s2sad.rules.shape import concatenate, diagonal, expand_dims, swap_last, take_slice, tril, triu
from s2sad.rules.transposition import by_transposition

__all__ = ["eig", "eigh", "expm", "lstsq", "matrix_power", "pinv", "qr", "solve_triangular", "svd"]


def _inexact(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.kind in "fc" else np.dtype(float)


def _real(dtype: np.dtype) -> np.dtype:
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def _smaller(m: Any, n: Any) -> Any:
    """The smaller of two sizes: a symbol of its own, the same each time, where that is not known now."""
    if m == n:
        return m
    if isinstance(m, int) and isinstance(n, int):
        return min(m, n)
    return symbol(f"min({m},{n})", min(lower_bound(m) or 0, lower_bound(n) or 0))


def _columns(w: Any) -> Any:
    """Numbers, one for each column of a matrix."""
    return expand_dims(w, -2)


def _diagonal(x: Any) -> Any:
    return diagonal(x, axis1=-2, axis2=-1)


def _square(x: Any) -> bool:
    """Whether a matrix is known to be square."""
    m, n = x.type.dims[-2:] if is_ref(x) else x.shape[-2:]
    return m == n


# -- what is read of a decomposition

BOTH, VALUES, VECTORS = "both", "values", "vectors"
"""What a derivative goes through, as the param `reads` (None: unknown); it decides what vectors of equal values do."""


def _reading(values_bar: Any, vectors_bar: Any) -> dict[str, Any]:
    """The param `reads` going back: what has a cotangent."""
    if vectors_bar is None:
        return {"reads": VALUES}
    return {"reads": VECTORS if values_bar is None else BOTH}


def _read_of_two(bars: Sequence[Any]) -> dict[str, Any]:
    return _reading(*bars)


# -- eigenvalues


def _eigh_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    dtype = _inexact(x.dtype)
    return Array(_real(dtype), x.dims[:-1]), Array(dtype, x.dims)


def _spell_eigh(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Name("rt"), "eigh_upper" if params.get("upper") else "eigh"), args, [])


eigh = Primitive(
    "eigh", lambda x, upper=False, reads=None: (rt.eigh_upper if upper else rt.eigh)(x), _spell_eigh, results=2,
    type_rule=_eigh_type,
)  # fmt: skip
"""``eigh(x; upper, reads)``: eigenvalues and eigenvectors of the Hermitian matrix of which x holds the lower, or the
upper, triangle; the derivative is that of this function."""


@jvp(eigh)
def eigh_jvp(x_dot, x, *, out, upper=False, reads=None):
    w, u = out
    kind = "upper" if upper else "lower"
    change = change_of(x_dot, u, u, kind)
    if reads == VALUES:
        w_dot = _diagonal(change)
        return real(w_dot) if is_complex(x) else w_dot, None
    turn = turned(change, level(w, x, u, u, kind=kind), alone=reads == VECTORS)
    w_dot = _diagonal(turn if reads == BOTH else change)  # going back, what is nan depends on the values' cotangents
    return real(w_dot) if is_complex(x) else w_dot, matmul(u, off_diagonal(turn))


by_transposition(eigh, _read_of_two)


def _eig_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    dtype = np.result_type(_inexact(x.dtype), np.complex64)
    return Array(dtype, x.dims[:-1]), Array(dtype, x.dims)


eig = Primitive("eig", lambda x, reads=None: rt.eig(x), "rt.eig(_0)", results=2, type_rule=_eig_type)
"""``eig(x; reads)``: eigenvalues and eigenvectors, always complex (NumPy's are real where they happen to be)."""


@jvp(eig)
def eig_jvp(x_dot, x, *, out, reads=None):
    w, v = out
    change = change_of(x_dot, v, v, "general")
    if reads == VALUES:
        return _diagonal(change), None
    divided = turned(change, level(w, x, v, v, kind="general"), alone=reads == VECTORS)
    turn = matmul(v, off_diagonal(divided))
    # each vector keeps norm 1 and its largest element real
    size = abs_(v)
    largest = as_dtype(eq(size, max_(size, axis=-2, keepdims=True)), real_dtype_of(v))
    norm = -real(sum_(conj(v) * turn, axis=-2))
    phase = -imag(sum_(largest * turn, axis=-2)) / real(sum_(largest * v, axis=-2))
    w_dot = _diagonal(divided if reads == BOTH else change)
    return w_dot, turn + v * _columns(complex_(norm, phase))


by_transposition(eig, _read_of_two)

# -- singular values


def _svd_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    dtype = _inexact(x.dtype)
    (*stack, m, n) = x.dims
    k = _smaller(m, n)
    return Array(dtype, (*stack, m, k)), Array(_real(dtype), (*stack, k)), Array(dtype, (*stack, k, n))


svd = Primitive("svd", lambda x, reads=None: rt.svd(x), "rt.svd(_0)", results=3, type_rule=_svd_type)
"""``svd(x; reads)``: u, s, vh with ``x = u @ diag(s) @ vh``; u and vh have as many columns and rows as there are s."""


@jvp(svd)
def svd_jvp(x_dot, x, *, out, reads=None):
    u, s, vh = out
    v = adjoint(vh)
    moved = matmul(x_dot, v)
    change = matmul(adjoint(u), moved)
    if reads == VALUES:
        s_dot = _diagonal(change)
        return None, real(s_dot) if is_complex(x) else s_dot, None
    # u and v turn by half the sum and half the difference of what they turn by together, and apart
    half, alone, levels = number(0.5, s), reads == VECTORS, level(s, x, u, v, kind="singular")
    both = turned(half * (change + adjoint(change)), levels, alone=alone)
    apart = turned(half * (change - adjoint(change)), levels, plus=True, alone=alone)
    u_turn, v_turn = off_diagonal(both) + apart, off_diagonal(both) - apart
    if is_complex(x):  # the phases: all given to u
        unit = identity(s)
        u_turn, v_turn = u_turn + unit * apart, v_turn + unit * apart
    u_dot, v_dot = matmul(u, u_turn), matmul(v, v_turn)
    if not _square(x):  # what leaves the spaces that u and v span
        over = 2 * turned(zeros_like(levels) + identity(s), levels, plus=True, alone=True)
        u_dot = u_dot + matmul(moved - matmul(u, change), over)
        back = matmul(adjoint(x_dot), u)
        v_dot = v_dot + matmul(back - matmul(v, matmul(vh, back)), over)
    s_dot = _diagonal(both if reads == BOTH else change)
    return u_dot, real(s_dot) if is_complex(x) else s_dot, adjoint(v_dot)


def _read_of_three(bars: Sequence[Any]) -> dict[str, Any]:
    u_bar, s_bar, vh_bar = bars
    return _reading(s_bar, vh_bar if u_bar is None else u_bar)


by_transposition(svd, _read_of_three)


def _pinv_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    (*stack, m, n) = x.dims
    return (Array(_inexact(x.dtype), (*stack, n, m)),)


pinv = Primitive("pinv", np.linalg.pinv, "rt.pinv(_0)", type_rule=_pinv_type)
"""``pinv(x)``: the Moore-Penrose inverse, at NumPy's cutoff."""
composed(np.linalg.pinv)(pinv)


@jvp(pinv)
def pinv_jvp(x_dot, x, *, out):
    p, back = out, adjoint(x_dot)
    change = -matmul(matmul(p, x_dot), p)
    columns = matmul(matmul(p, adjoint(p)), back)
    rows = matmul(back, matmul(adjoint(p), p))
    return change + (columns - matmul(matmul(columns, x), p)) + (rows - matmul(p, matmul(x, rows)))


by_transposition(pinv)


def lstsq(a: Any, b: Any) -> Any:
    """The x of least norm with the least ``norm(a @ x - b)``."""
    return matmul(pinv(a), b)


# -- QR


def _qr_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    (*stack, m, n) = x.dims
    k = _smaller(m, n)
    return Array(_inexact(x.dtype), (*stack, m, k)), Array(_inexact(x.dtype), (*stack, k, n))


qr = Primitive("qr", rt.qr, "rt.qr(_0)", results=2, type_rule=_qr_type)
"""``qr(x)``: q with orthonormal columns and r upper triangular (trapezoidal, for more columns than rows)."""


@jvp(qr)
def qr_jvp(x_dot, x, *, out):
    q, r = out
    square = _square(r)
    first_r, first_dot = (r, x_dot) if square else (
        resized(a, shape_of(r)[-2], axis=ndim_of(a) - 1) for a in (r, x_dot)  # the columns that q is made of
    )
    change = matmul(first_dot, inv(first_r))
    inside = matmul(adjoint(q), change)
    lower = tril(inside, k=-1)
    turn = lower - adjoint(lower)
    if is_complex(x):  # the diagonal of r stays real
        turn = turn + identity(first_r) * (1j * imag(inside))
    q_dot = matmul(q, turn - inside) + change
    if square:
        return q_dot, matmul(inside - turn, r)
    return q_dot, triu(matmul(adjoint(q_dot), x) + matmul(adjoint(q), x_dot))


by_transposition(qr)

# -- triangular systems


def _spell_triangular(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    flags = [literal(bool(params.get(name, False))) for name in ("lower", "unit")]
    return ast.Call(ast.Attribute(ast.Name("rt"), "solve_triangular"), [*args, *flags], [])


def _triangular_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    a, b = (x.type for x in args)
    return (Array(_inexact(np.result_type(a.dtype, b.dtype)), b.dims),)


solve_triangular = Primitive("solve_triangular", rt.solve_triangular, _spell_triangular, type_rule=_triangular_type)
"""``solve_triangular(a, b; lower, unit)``: ``a @ x = b`` for x, reading a triangle of `a` (`unit`: with ones)."""


@jvp(solve_triangular)
def solve_triangular_jvp(a_dot, b_dot, a, b, *, out, lower=False, unit=False):
    right = b_dot
    if a_dot is not None:
        off = 1 if unit else 0
        change = matmul(tril(a_dot, k=-off) if lower else triu(a_dot, k=off), out)
        right = -change if right is None else right - change
    return solve_triangular(a, right, lower=lower, unit=unit)


@vjp(solve_triangular)
def solve_triangular_vjp(out_bar, a, b, *, out, lower=False, unit=False):
    b_bar = solve_triangular(swap_last(a), out_bar, lower=not lower, unit=unit)
    off = 1 if unit else 0
    full = _outer(b_bar, out)
    return -(tril(full, k=-off) if lower else triu(full, k=off)), b_bar


def _outer(x: Any, y: Any) -> Any:
    if ndim_of(x) == 1:
        return expand_dims(x, 1) * expand_dims(y, 0)
    return matmul(x, swap_last(y))


# -- functions of a matrix


def _same_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    return (Array(_inexact(x.dtype), x.dims),)


expm = Primitive("expm", rt.expm, "rt.expm(_0)", type_rule=_same_type)
"""``expm(x)``: the exponential of a matrix."""


def directional(function: Any, x: Any, x_dot: Any) -> Any:
    """The derivative of a function of a matrix in a direction: the corner of it at ``[[x, x_dot], [0, x]]``."""
    n = shape_of(x)[-1]
    top = concatenate(x, x_dot, axis=1)
    bottom = concatenate(zeros_like(x), x, axis=1)
    return take_slice(take_slice(function(concatenate(top, bottom, axis=0)), 0, n, 0), n, n + n, 1)


@jvp(expm)
def expm_jvp(x_dot, x):
    return directional(expm, x, x_dot)


@vjp(expm)
def expm_vjp(out_bar, x):
    return (directional(expm, swap_last(x), out_bar),)


def matrix_power(x: Any, n: int) -> Any:
    """``x`` to an integer power that is known now, by repeated squaring."""
    if n < 0:
        return matrix_power(inv(x), -n)
    if n == 0:
        return zeros_like(x) + identity(x)
    half = x if n == 1 else matrix_power(matmul(x, x), n // 2)
    return half if n == 1 or n % 2 == 0 else matmul(half, x)
