"""Broadcasting and its transpose; how primitives that take a shape as int arguments are spelled and typed."""

from __future__ import annotations

import ast
from typing import Any

import s2sad_rt as rt
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import Array, Scalar
from s2sad.rules.cotangent import is_array, shape_of
from s2sad.rules.registry import element, multilinear, vjp


def shape_call(name: str) -> Any:
    """The spelling ``rt.name(x, (n, m))`` of a primitive with arguments ``x, n, m``."""

    def spell(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
        value, *dims = args
        return ast.Call(ast.Attribute(ast.Name("rt"), name), [value, ast.Tuple(dims, ast.Load())], [])

    return spell


def _spell_unbroadcast(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    if len(args) == 1:
        return ast.Call(ast.Attribute(ast.Name("np"), "sum"), args, [])
    return shape_call("unbroadcast")(args, params, types)


def to_dims(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    """The type of a value brought to the shape that the int arguments after it give."""
    dtype = params.get("dtype") or args[0].type.dtype
    return (Array(dtype, tuple(size_of(a) for a in args[1:])),)


def _sum_to_dims(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    return to_dims(args, params, size_of) if len(args) > 1 else (Scalar(args[0].type.dtype),)


def nones(count: int) -> tuple[None, ...]:
    return (None,) * count


unbroadcast = Primitive(
    "unbroadcast", lambda g, *dims: rt.unbroadcast(g, dims), _spell_unbroadcast, type_rule=_sum_to_dims
)
"""``unbroadcast(g, *dims)``: `g` summed over the axes along which an array of shape `dims` was broadcast."""
multilinear(unbroadcast)

broadcast_to = Primitive(
    "broadcast_to", lambda x, *dims: rt.broadcast_to(x, dims), shape_call("broadcast_to"), type_rule=to_dims
)
"""``broadcast_to(x, *dims)``: a new array."""
multilinear(broadcast_to)


def broadcast_index(index: Any, dims: Any) -> Any:
    """The index of an array of these dims that an index of what it is broadcast to means."""
    last = index[len(index) - len(dims) :]
    return tuple(0 if d == 1 else i for i, d in zip(last, dims, strict=True))


@element(broadcast_to)
def broadcast_element(index, x):
    return x[broadcast_index(index, x.dims)] if hasattr(x, "dims") else x


@vjp(unbroadcast)
def unbroadcast_vjp(out_bar, g, *dims):
    return broadcast_to(out_bar, *shape_of(g)) if is_array(g) else out_bar, *nones(len(dims))


@vjp(broadcast_to)
def broadcast_to_vjp(out_bar, x, *dims):
    return unbroadcast(out_bar, *shape_of(x)), *nones(len(dims))
