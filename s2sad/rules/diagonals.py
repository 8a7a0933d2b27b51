"""Diagonals and triangles of matrices."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.primitives import Primitive, literal
from s2sad.ir.types import Array, add_dims
from s2sad.rules.broadcasting import nones, to_dims
from s2sad.rules.cotangent import shape_of
from s2sad.rules.registry import element, multilinear, places, vjp


def _diag_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    n = add_dims(args[0].type.dims[0], abs(params.get("k", 0)))
    return (Array(args[0].type.dtype, (n, n)),)


diag = Primitive("diag", lambda x, k=0: np.diag(x, k), "np.diag(_0, k=_k)", type_rule=_diag_type)
"""``diag(x; k)``: the matrix that has the vector `x` on its k-th diagonal."""
multilinear(diag)


@places(diag)
def diag_places(x, *, k=0):
    return "zeros", [(x, lambda index: (index[0] + max(-k, 0), index[0] + max(k, 0)))]


@vjp(diag)
def diag_vjp(out_bar, *, k=0):
    return (diagonal(out_bar, offset=k),)


def _place_call(name: str, args: list[ast.expr], params: dict[str, Any]) -> ast.expr:
    """``rt.name(*args, offset, axis1, axis2)``."""
    place = [literal(params.get(n, d)) for n, d in (("offset", 0), ("axis1", 0), ("axis2", 1))]
    return ast.Call(ast.Attribute(ast.Name("rt"), name), [*args, *place], [])


diagonal = Primitive(
    "diagonal",
    lambda x, offset=0, axis1=0, axis2=1: np.diagonal(x, offset, axis1, axis2).copy(),
    lambda args, params, types: _place_call("diagonal", args, params),
)
"""``diagonal(x; offset, axis1, axis2)``, which becomes the last axis."""
multilinear(diagonal)



@element(diagonal)
def diagonal_element(index, x, *, offset=0, axis1=0, axis2=1):
    rank = len(x.dims)
    axis1, axis2 = axis1 % rank, axis2 % rank
    *outer, last = index
    rest = iter(outer)
    at = {axis1: last + max(-offset, 0), axis2: last + max(offset, 0)}
    return x[tuple(at[k] if k in at else next(rest) for k in range(rank))]


from_diagonal = Primitive(
    "from_diagonal",
    lambda d, *dims, offset=0, axis1=0, axis2=1: rt.from_diagonal(d, dims, offset, axis1, axis2),
    lambda args, params, types: _place_call("from_diagonal", [args[0], ast.Tuple(args[1:], ast.Load())], params),
    type_rule=to_dims,
)
"""``from_diagonal(d, *dims; offset, axis1, axis2)``: zeros of that shape with the diagonal `d`."""
multilinear(from_diagonal)


@places(from_diagonal)
def from_diagonal_places(d, *shape, offset=0, axis1=0, axis2=1):
    rank = len(shape)
    axis1, axis2 = axis1 % rank, axis2 % rank

    def place(index: Any) -> Any:
        *outer, last = index
        rest = iter(outer)
        at = {axis1: last + max(-offset, 0), axis2: last + max(offset, 0)}
        return tuple(at[k] if k in at else next(rest) for k in range(rank))

    return "zeros", [(d, place)]


@vjp(diagonal)
def diagonal_vjp(out_bar, x, *, offset=0, axis1=0, axis2=1):
    return (from_diagonal(out_bar, *shape_of(x), offset=offset, axis1=axis1, axis2=axis2),)


@vjp(from_diagonal)
def from_diagonal_vjp(out_bar, d, *dims, offset=0, axis1=0, axis2=1):
    return diagonal(out_bar, offset=offset, axis1=axis1, axis2=axis2), *nones(len(dims))


tril = Primitive("tril", lambda x, k=0: np.tril(x, k), "rt.tril(_0, k=_k)")
triu = Primitive("triu", lambda x, k=0: np.triu(x, k), "rt.triu(_0, k=_k)")


def _triangle(index: Any, x: Any, keep: Any) -> Any:
    from s2sad.rules.elementwise import where

    return where(keep(index[-2], index[-1]), x[index], x.dtype.type(0))


@element(tril)
def tril_element(index, x, *, k=0):
    return _triangle(index, x, lambda i, j: j <= i + k)


@element(triu)
def triu_element(index, x, *, k=0):
    return _triangle(index, x, lambda i, j: j >= i + k)


multilinear(tril)
multilinear(triu)


@vjp(tril)
def tril_vjp(out_bar, *, k=0):
    return (tril(out_bar, k=k),)


@vjp(triu)
def triu_vjp(out_bar, *, k=0):
    return (triu(out_bar, k=k),)
