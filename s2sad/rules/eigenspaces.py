"""The division by gaps between eigenvalues, some of them equal, in derivatives of eigenvectors and singular vectors.

Eigenvectors v of x, with those of equal eigenvalues taken together, solve ``x @ v = v @ level`` for a block-diagonal
`level`, whose blocks are multiples of the identity where x stands. Differentiated,

    v_dot = v @ y    where  y @ level - level @ y = change - level_dot,    change = inv(v) @ x_dot @ v

and level_dot is `change` in the blocks, 0 outside. So y is ``change / gap`` outside the blocks, and 0 in them: how the
vectors turn among themselves is free (Stewart and Sun, "Matrix perturbation theory", section V.2). Within a block
level_dot is not diagonal. Higher derivatives need it, which is why `level` is a matrix and why `turned` has a rule of
its own. `docs/decisions/equal-eigenvalues.md` says when 0 is right.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.primitives import Primitive, literal
from s2sad.ir.types import Array
from s2sad.rules.cotangent import accumulate, as_dtype, call_like, dtype_of, is_complex, number, real_dtype_of, shape_of
from s2sad.rules.elementwise import real
from s2sad.rules.linalg import adjoint, solve
from s2sad.rules.products import matmul
from s2sad.rules.registry import jvp, vjp, zero_derivative
from s2sad.rules.shape import eye, swap_last, tril, triu
from s2sad.rules.transposition import by_transposition

__all__ = ["change_of", "hermitian_of", "identity", "level", "off_diagonal", "together", "turned"]


def identity(w: Any) -> Any:
    """The identity with a row for each of the numbers in the last axis of `w`."""
    n = shape_of(w)[-1]
    return call_like(w, eye, n, n, dtype=real_dtype_of(w))


def off_diagonal(x: Any) -> Any:
    return x * (1 - identity(x))


def hermitian_of(x: Any, upper: bool) -> Any:
    """The Hermitian matrix of which one triangle is given."""
    if not is_complex(x):
        return triu(x) + swap_last(triu(x, k=1)) if upper else tril(x) + swap_last(tril(x, k=-1))
    beside = triu(x, k=1) if upper else tril(x, k=-1)
    return beside + adjoint(beside) + identity(x) * real(x)


def change_of(x_dot: Any, u: Any, v: Any, kind: str) -> Any:
    """The change of a matrix in the coordinates of its vectors: ``inv(u) @ x_dot @ v``."""
    if kind == "general":
        return solve(u, matmul(as_dtype(x_dot, dtype_of(u)), v))
    whole = x_dot if kind == "singular" else hermitian_of(x_dot, kind == "upper")
    return matmul(matmul(adjoint(u), whole), v)


# -- which eigenvalues are equal

together = zero_derivative(rt.together, elementwise=False, spelling="rt.together(_0)")
"""``together(w)``: 1 for each two of the numbers that are equal to rounding, and 0 for others."""


def _level_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    w, _, u, _ = (x.type for x in args)
    return (Array(u.dtype, (*w.dims, w.dims[-1])),)


level = Primitive(
    "level", lambda w, x, u, v, kind: rt.level(w, u), "rt.level(_0, _2)", type_rule=_level_type,
)  # fmt: skip
"""``level(w, x, u, v; kind)``: ``inv(u) @ x @ v``, which is the diagonal matrix of w; its derivative is block-diagonal.

`kind` is 'lower' or 'upper' (x is Hermitian, and that triangle of it is given), 'general' or 'singular'.
"""


@jvp(level)
def level_jvp(w_dot, x_dot, u_dot, v_dot, w, x, u, v, *, kind):
    if x_dot is None:
        return None
    change = change_of(x_dot, u, v, kind)
    if kind == "singular":
        change = number(0.5, w) * (change + adjoint(change))
    return change * together(w)


by_transposition(level)

# -- the division


def _turned_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    change, level = (x.type for x in args)
    return (Array(np.result_type(change.dtype, level.dtype), change.dims),)


FLAGS = ("plus", "alone", "back")


def _spell_turned(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    flags = [ast.keyword(name, literal(True)) for name in FLAGS if params.get(name)]
    return ast.Call(ast.Attribute(ast.Name("rt"), "turned"), args, flags)


turned = Primitive("turned", rt.turned, _spell_turned, type_rule=_turned_type)
"""``turned(change, level; plus, alone, back)``: y with ``y @ level - level @ y = change``, on the diagonal `change`.

`plus`: with the sum of the two products, the diagonal too. Between equal eigenvalues (those whose sum is 0) it is 0 if
the vectors are used `alone`; else nan, where something is divided. `back`: with the transpose of `level`.
"""


@jvp(turned)
def turned_jvp(change_dot, level_dot, change, level, *, out, plus=False, alone=False, back=False):
    right = change_dot
    if level_dot is not None:
        moved = swap_last(level_dot) if back else level_dot
        right = accumulate(right, -_commutator(out, moved, plus))
    return turned(right, level, plus=plus, alone=alone, back=back)


@vjp(turned)
def turned_vjp(out_bar, change, level, *, out, plus=False, alone=False, back=False):
    change_bar = turned(out_bar, level, plus=plus, alone=alone, back=not back)
    y = out if plus else off_diagonal(out)
    z = change_bar if plus else off_diagonal(change_bar)
    left, right = matmul(swap_last(y), z), matmul(z, swap_last(y))
    level_bar = -(left + right) if plus else right - left
    return change_bar, swap_last(level_bar) if back else level_bar


def _commutator(out: Any, moved: Any, plus: bool) -> Any:
    """``y @ moved - moved @ y`` for the y that `turned` gave, or their sum."""
    if plus:
        return matmul(out, moved) + matmul(moved, out)
    y = off_diagonal(out)
    return off_diagonal(matmul(y, moved) - matmul(moved, y))
