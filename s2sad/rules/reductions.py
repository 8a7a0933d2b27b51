"""Reductions over axes, and running sums and products. `axis` is None, an int or a tuple of ints."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.primitives import Primitive, literal
from s2sad.ir.types import Array, Scalar
from s2sad.rules.cotangent import as_dtype, is_array, ndim_of, real_dtype_of, shape_of
from s2sad.rules.elementwise import maximum, minimum, where
from s2sad.rules.logical import eq, logical_and, logical_or, ne
from s2sad.rules.registry import REDUCTIONS, Reduction, jvp, multilinear, rule_of, vjp
from s2sad.rules.shape import broadcast_to, flip, reshape


def axes_of(x: Any, axis: Any) -> tuple[int, ...]:
    """The reduced axes, counted from the front."""
    rank = ndim_of(x)
    axes = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(sorted(a % rank for a in axes))


def restore(reduced: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """A reduced value with the axes it lost put back, of size 1, so that it broadcasts with `x`."""
    if keepdims or not is_array(x):
        return reduced
    axes = axes_of(x, axis)
    if len(axes) == ndim_of(x):
        return reduced
    return reshape(reduced, *(1 if k in axes else n for k, n in enumerate(shape_of(x))))


def spread(reduced: Any, x: Any, axis: Any, keepdims: bool) -> Any:
    """A reduced value copied along the axes it lost, to the shape of `x`."""
    return broadcast_to(restore(reduced, x, axis, keepdims), *shape_of(x)) if is_array(x) else reduced


def _spell(name: str, simple: str = "") -> Any:
    """``np.sum(x)``, ``np.sum(x, axis=0)`` where Numba has it, else ``rt.sum_(x, (0, 1), keepdims)``."""

    def spell(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
        axis, keepdims = params.get("axis"), params.get("keepdims", False)
        rank = types[0].rank if isinstance(types[0], Array) else 0
        axes = tuple(range(rank)) if axis is None else (axis,) if isinstance(axis, int) else axis
        axes = tuple(sorted(a % rank for a in axes))
        if simple and not keepdims and len(axes) == rank:
            return ast.Call(ast.Attribute(ast.Name("np"), simple), args, [])
        return ast.Call(ast.Attribute(ast.Name("rt"), name), [*args, literal(axes), literal(keepdims)], [])

    return spell


def _reduction(name: str, function: Any, simple: str = "") -> Primitive:
    def impl(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        return function(x, axis=axis, keepdims=keepdims)

    return Primitive(name, impl, _spell(name, simple))


sum_ = _reduction("sum_", np.sum, "sum")
"""``sum_(x; axis, keepdims)``."""
multilinear(sum_)


@vjp(sum_)
def sum_vjp(out_bar, x, *, axis=None, keepdims=False):
    return (spread(out_bar, x, axis, keepdims),)


max_ = _reduction("max_", np.max, "max")
min_ = _reduction("min_", np.min, "min")
any_ = _reduction("any_", np.any, "any")
all_ = _reduction("all_", np.all, "all")
count_nonzero = _reduction("count_nonzero", np.count_nonzero, "count_nonzero")
argmax = _reduction("argmax", np.argmax, "argmax")
argmin = _reduction("argmin", np.argmin, "argmin")
for _prim in (any_, all_, count_nonzero, argmax, argmin):
    rule_of(_prim).zero = True


def _extreme(dtype: np.dtype, sign: int) -> Any:
    """A number that no element is beyond."""
    if dtype.kind == "b":
        return np.bool_(sign < 0)
    if dtype.kind == "f":
        return dtype.type(sign * np.inf)
    return dtype.type(np.iinfo(dtype).min if sign < 0 else np.iinfo(dtype).max)


REDUCTIONS[sum_] = Reduction(lambda dtype: dtype.type(0), lambda a, b: a + b, additive=True)
REDUCTIONS[max_] = Reduction(lambda dtype: _extreme(dtype, -1), maximum, empty=False)
REDUCTIONS[min_] = Reduction(lambda dtype: _extreme(dtype, 1), minimum, empty=False)
REDUCTIONS[any_] = Reduction(lambda dtype: np.False_, logical_or, of=lambda x: ne(x, x.dtype.type(0)))
REDUCTIONS[all_] = Reduction(lambda dtype: np.True_, logical_and, of=lambda x: ne(x, x.dtype.type(0)))
REDUCTIONS[count_nonzero] = Reduction(
    lambda dtype: dtype.type(0), lambda a, b: a + b, of=lambda x: where(ne(x, x.dtype.type(0)), 1, 0), additive=True
)


def _chosen(x: Any, out: Any, axis: Any, keepdims: bool) -> tuple[Any, Any]:
    """1 where `x` is the extreme value and 0 elsewhere, and how many there are: ties share equally, as in JAX."""
    chosen = as_dtype(eq(x, restore(out, x, axis, keepdims)), real_dtype_of(x))
    return chosen, sum_(chosen, axis=axis, keepdims=keepdims)


def _extreme_jvp(x_dot, x, *, out, axis=None, keepdims=False):
    chosen, count = _chosen(x, out, axis, keepdims)
    return sum_(x_dot * chosen, axis=axis, keepdims=keepdims) / count


def _extreme_vjp(out_bar, x, *, out, axis=None, keepdims=False):
    chosen, count = _chosen(x, out, axis, keepdims)
    return (restore(out_bar / count, x, axis, keepdims) * chosen,)


for _prim in (max_, min_):
    jvp(_prim)(_extreme_jvp)
    vjp(_prim)(_extreme_vjp)


# -- products
#
# A product is linear in each factor, so all its derivatives are products of the other factors, exact where factors are
# zero. `prod_along` carries directions: ``prod_along(x, v, w)`` is the second derivative of the product in directions
# v and w, the sum over i != j of v_i w_j times all other x. Its gradient is `prod_others`. The pair is closed
# under both modes.


def _along(name: str, function: Any, reduces: bool = False) -> Primitive:
    """A primitive of arrays of one shape, which works along an axis, and takes that away if it `reduces`."""

    def spell(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
        rest = [literal(v) for _, v in sorted(params.items())]
        return ast.Call(ast.Attribute(ast.Name("rt"), name), [ast.Tuple(args, ast.Load()), *rest], [])

    def type_rule(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
        dtype = np.result_type(*(a.type.dtype for a in args))
        dims = list(args[0].type.dims)
        if reduces:
            del dims[params["axis"]]
        return (Array(dtype, tuple(dims)) if dims else Scalar(dtype),)

    return Primitive(name, lambda *args, **params: function(args, **params), spell, type_rule=type_rule)


prod_along = _along("prod_along", rt.prod_along, reduces=True)
"""``prod_along(x, *directions; axis)``: the derivative of the product along one axis in all these directions."""
prod_others = _along("prod_others", rt.prod_others)
"""``prod_others(x, *directions; axis)``: its gradient with respect to `x`."""


def _without(items: tuple[Any, ...], k: int) -> tuple[Any, ...]:
    return items[:k] + items[k + 1 :]


def _directional_jvp(prim: Primitive, first: int) -> Any:
    """The tangent of what is a derivative at ``args[first]`` in the directions after it, and linear in all but that."""

    def tangent(*args, axis):
        dots, primals = args[: len(args) // 2], args[len(args) // 2 :]
        total = None
        for k, dot in enumerate(dots):
            if dot is not None:
                more = (*primals, dot) if k == first else (*primals[:k], dot, *primals[k + 1 :])
                term = prim(*more, axis=axis)
                total = term if total is None else total + term
        return total

    return tangent


jvp(prod_along)(_directional_jvp(prod_along, 0))
jvp(prod_others)(_directional_jvp(prod_others, 0))


@vjp(prod_along)
def prod_along_vjp(out_bar, x, *directions, axis):
    bar = restore(out_bar, x, axis, False)
    others = (bar * prod_others(x, *_without(directions, k), axis=axis) for k in range(len(directions)))
    return bar * prod_others(x, *directions, axis=axis), *others


@vjp(prod_others)
def prod_others_vjp(out_bar, x, *directions, axis):
    others = (prod_others(x, *_without(directions, k), out_bar, axis=axis) for k in range(len(directions)))
    return prod_others(x, *directions, out_bar, axis=axis), *others


prod = _reduction("prod", np.prod, "prod")
"""``prod(x; axis, keepdims)``."""


def _merged(x: Any, axis: Any) -> Any:
    """`x` with the reduced axes made into one, the last."""
    axes = axes_of(x, axis)
    if len(axes) == 1:
        return x, axes[0]
    from s2sad.rules.shape import transpose

    kept = [k for k in range(ndim_of(x)) if k not in axes]
    shape = shape_of(x)
    moved = transpose(x, axes=(*kept, *axes)) if kept else x
    return reshape(moved, *(shape[k] for k in kept), -1), len(kept)


@jvp(prod)
def prod_jvp(x_dot, x, *, axis=None, keepdims=False):
    if not is_array(x):
        return x_dot
    merged, place = _merged(x, axis)
    out_dot = prod_along(merged, _merged(x_dot, axis)[0], axis=place)
    return restore(out_dot, x, axis, False) if keepdims and ndim_of(out_dot) else _kept(out_dot, x, keepdims)


def _kept(out_dot: Any, x: Any, keepdims: bool) -> Any:
    return reshape(out_dot, *(1,) * ndim_of(x)) if keepdims else out_dot


@vjp(prod)
def prod_vjp(out_bar, x, *, axis=None, keepdims=False):
    if not is_array(x):
        return (out_bar,)
    axes = axes_of(x, axis)
    merged, place = _merged(x, axis)
    others = prod_others(merged, axis=place)
    if len(axes) > 1:
        others = _unmerged(others, x, axes)
    return (restore(out_bar, x, axis, keepdims) * others,)


def _unmerged(others: Any, x: Any, axes: tuple[int, ...]) -> Any:
    from s2sad.rules.shape import transpose

    shape = shape_of(x)
    kept = [k for k in range(ndim_of(x)) if k not in axes]
    order = (*kept, *axes)
    others = reshape(others, *(shape[k] for k in order))
    return transpose(others, axes=tuple(int(k) for k in np.argsort(order))) if kept else others


REDUCTIONS[prod] = Reduction(lambda dtype: dtype.type(1), lambda a, b: a * b)

# -- running sums and products

cumsum = Primitive("cumsum", lambda x, axis: np.cumsum(x, axis), "rt.cumsum(_0, _axis)")
"""``cumsum(x; axis)``."""
multilinear(cumsum)


@vjp(cumsum)
def cumsum_vjp(out_bar, *, axis):
    return (flip(cumsum(flip(out_bar, axis=axis), axis=axis), axis=axis),)


cumprod_along = _along("cumprod_along", rt.cumprod_along)
"""``cumprod_along(x, *directions; axis)``: the derivative of the running product in all these directions."""
cumprod_adjoint = _along("cumprod_adjoint", rt.cumprod_adjoint)
"""``cumprod_adjoint(g, x, *directions; axis)``: the gradient of ``sum(g * cumprod_along(x, *directions))`` at x."""


jvp(cumprod_along)(_directional_jvp(cumprod_along, 0))
jvp(cumprod_adjoint)(_directional_jvp(cumprod_adjoint, 1))


@vjp(cumprod_along)
def cumprod_along_vjp(out_bar, x, *directions, axis):
    others = (cumprod_adjoint(out_bar, x, *_without(directions, k), axis=axis) for k in range(len(directions)))
    return cumprod_adjoint(out_bar, x, *directions, axis=axis), *others


@vjp(cumprod_adjoint)
def cumprod_adjoint_vjp(out_bar, g, x, *directions, axis):
    others = (cumprod_adjoint(g, x, *_without(directions, k), out_bar, axis=axis) for k in range(len(directions)))
    return (
        cumprod_along(x, *directions, out_bar, axis=axis),
        cumprod_adjoint(g, x, *directions, out_bar, axis=axis),
        *others,
    )


cumprod = Primitive("cumprod", lambda x, axis: np.cumprod(x, axis), "rt.cumprod(_0, _axis)")
"""``cumprod(x; axis)``."""


@jvp(cumprod)
def cumprod_jvp(x_dot, x, *, axis):
    return cumprod_along(x, x_dot, axis=axis)


@vjp(cumprod)
def cumprod_vjp(out_bar, x, *, axis):
    return (cumprod_adjoint(out_bar, x, axis=axis),)
