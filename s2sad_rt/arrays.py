"""Array functions that generated code may call, as plain NumPy. `s2sad_rt.compiled` gives Numba the same functions."""

from __future__ import annotations

from typing import Any

import numpy as np

# -- broadcasting and shapes


def unbroadcast(g: Any, shape: tuple[int, ...]) -> Any:
    """`g` summed over the axes along which an array of this shape was broadcast; a number for the shape ``()``.

    ValueError when no array of this shape was: what would have failed in the program may have been left out, as nothing
    but its derivative was asked for.
    """
    g = np.asarray(g)
    extra = g.ndim - len(shape)
    if extra:
        g = g.sum(axis=tuple(range(extra)), dtype=g.dtype)
    if any(n not in (1, m) for n, m in zip(shape, g.shape, strict=True)):
        raise ValueError("operands could not be broadcast together")
    axes = tuple(k for k, n in enumerate(shape) if n == 1 and g.shape[k] != 1)
    return g.sum(axis=axes, keepdims=True, dtype=g.dtype) if axes else g[()] if g.ndim == 0 else np.array(g)


def broadcast_to(x: Any, shape: tuple[int, ...]) -> Any:
    """A new array of this shape, filled with copies of `x`."""
    return np.array(np.broadcast_to(x, shape))


def reshape(x: Any, shape: tuple[int, ...]) -> Any:
    """`x`, an array or a number, with another shape, in C order."""
    return np.ascontiguousarray(x).reshape(shape)


def flip(x: Any, axis: Any = None) -> Any:
    return np.flip(x, axis)


def roll(x: Any, shift: int, axis: int | None = None) -> Any:
    return np.roll(x, shift, axis)


def linspace(start: Any, stop: Any, num: int, endpoint: bool = True) -> Any:
    return np.linspace(start, stop, num, endpoint)


# -- diagonals and triangles


def diagonal(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The diagonals of the matrices on two axes, as the last axis of a new array."""
    return np.diagonal(x, offset, axis1, axis2).copy()


def from_diagonal(d: Any, shape: tuple[int, ...], offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """Zeros of this shape with the diagonal `d`: what `diagonal` is the transpose of."""
    out = np.zeros(shape, d.dtype)
    i = np.arange(d.shape[-1])
    moved = np.moveaxis(out, (axis1, axis2), (-2, -1))
    moved[..., i + max(-offset, 0), i + max(offset, 0)] = d
    return out


def tril(x: Any, k: int = 0) -> Any:
    return np.tril(x, k)


def triu(x: Any, k: int = 0) -> Any:
    return np.triu(x, k)


# -- sorting and picking


def sort(x: Any, axis: int = -1) -> Any:
    return np.sort(x, axis, kind="stable")


def argsort(x: Any, axis: int = -1) -> Any:
    return np.argsort(x, axis, kind="stable")


def take_along_axis(x: Any, places: Any, axis: int) -> Any:
    return np.take_along_axis(x, places, axis)


def put_along_axis(values: Any, places: Any, size: int, axis: int) -> Any:
    """Zeros with `size` along the axis, to which the values are added at their places."""
    shape = list(values.shape)
    shape[axis] = size
    out = np.zeros(shape, values.dtype)
    index = list(np.indices(places.shape, sparse=True))
    index[axis] = places
    np.add.at(out, tuple(index), values)
    return out


# -- reductions


def sum_(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return np.sum(x, axis=axes, keepdims=keepdims)


def prod(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return np.prod(x, axis=axes, keepdims=keepdims)


def max_(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return np.max(x, axis=axes, keepdims=keepdims)


def min_(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return np.min(x, axis=axes, keepdims=keepdims)


def any_(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return np.any(x, axis=axes, keepdims=keepdims)


def all_(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return np.all(x, axis=axes, keepdims=keepdims)


def count_nonzero(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return np.count_nonzero(x, axis=axes, keepdims=keepdims)


def argmax(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return np.argmax(x, axis=axes[0] if len(axes) == 1 else None, keepdims=keepdims)


def argmin(x: Any, axes: tuple[int, ...], keepdims: bool) -> Any:
    return np.argmin(x, axis=axes[0] if len(axes) == 1 else None, keepdims=keepdims)


# -- running sums, products and their derivatives


def cumsum(x: Any, axis: int) -> Any:
    return np.cumsum(x, axis)


def cumprod(x: Any, axis: int) -> Any:
    return np.cumprod(x, axis)


def _times_factor(p: Any, factors: tuple[Any, ...]) -> Any:
    """Multiply `p`, a polynomial in nilpotent e_1, e_2, ..., by ``x + e_1 v_1 + e_2 v_2 + ...``.

    `p` has one coefficient (along its first axis) for each subset of the directions, numbered in binary.
    """
    x, *directions = factors
    out = p * x
    for s in range(len(p)):
        for k, v in enumerate(directions):
            if s >> k & 1:
                out[s] += p[s ^ (1 << k)] * v
    return out


def _unit(factors: tuple[Any, ...]) -> Any:
    """The polynomial 1."""
    p = np.zeros((1 << len(factors) - 1, *factors[0].shape[1:]), factors[0].dtype)
    p[0] = 1
    return p


def _prefixes(factors: tuple[Any, ...]) -> list[Any]:
    """The products of the first 0, 1, ..., n factors along the first axis."""
    out = [_unit(factors)]
    for i in range(len(factors[0])):
        out.append(_times_factor(out[-1], tuple(f[i] for f in factors)))
    return out


def _coefficient(p: Any, q: Any) -> Any:
    """The coefficient of all directions in the product of two polynomials."""
    full = len(p) - 1
    return sum(p[s] * q[full ^ s] for s in range(len(p)))


def _first(factors: tuple[Any, ...], axis: int) -> tuple[Any, ...]:
    dtype = np.result_type(*factors)
    shape = np.broadcast_shapes(*(f.shape for f in factors))
    return tuple(np.moveaxis(np.broadcast_to(f, shape).astype(dtype), axis, 0) for f in factors)


def prod_along(factors: tuple[Any, ...], axis: int) -> Any:
    """The derivative of the product of ``x = factors[0]`` along an axis in the directions ``factors[1:]``."""
    return _prefixes(_first(factors, axis))[-1][-1]


def prod_others(factors: tuple[Any, ...], axis: int) -> Any:
    """The gradient of `prod_along` with respect to x."""
    factors = _first(factors, axis)
    before = _prefixes(factors)
    after = _prefixes(tuple(f[::-1] for f in factors))[::-1]
    out = np.empty_like(factors[0])
    for i in range(len(out)):
        out[i] = _coefficient(before[i], after[i + 1])
    return np.moveaxis(out, 0, axis)


def cumprod_along(factors: tuple[Any, ...], axis: int) -> Any:
    """The derivative of the running product of ``x = factors[0]`` in the directions ``factors[1:]``."""
    factors = _first(factors, axis)
    out = np.empty_like(factors[0])
    for i, p in enumerate(_prefixes(factors)[1:]):
        out[i] = p[-1]
    return np.moveaxis(out, 0, axis)


def cumprod_adjoint(factors: tuple[Any, ...], axis: int) -> Any:
    """The gradient with respect to x of ``sum(g * cumprod_along((x, *directions)))``, for factors g, x, directions."""
    g, *rest = _first(factors, axis)
    before = _prefixes(tuple(rest))
    suffix = np.zeros_like(before[0])
    out = np.empty_like(g)
    for i in reversed(range(len(g))):
        suffix = np.array(suffix)
        suffix[0] += g[i]
        out[i] = _coefficient(before[i], suffix)
        suffix = _times_factor(suffix, tuple(f[i] for f in rest))
    return np.moveaxis(out, 0, axis)


# -- growing lists


def array_of_list(items: list[Any]) -> Any:
    """The items stacked along a first axis."""
    return np.array(items)


def list_of_array(x: Any) -> list[Any]:
    """The rows (or numbers) of an array."""
    return [np.array(row)[()] for row in x]


def list_zeros(items: list[Any]) -> list[Any]:
    """A list of zeros, each of the type and shape of its item."""
    return [_zero(item) for item in items]


def _zero(item: Any) -> Any:
    if isinstance(item, list):
        return list_zeros(item)
    return np.zeros_like(item)[()] if isinstance(item, (np.ndarray, np.generic)) else type(item)(0)


def list_add(left: list[Any], right: list[Any]) -> list[Any]:
    """The sums of the items of two lists of one length."""
    return [list_add(a, b) if isinstance(a, list) else a + b for a, b in zip(left, right, strict=True)]
