"""Batch rules of what makes, reshapes, joins and reorders arrays."""

from __future__ import annotations

from typing import Any

from s2sad.ir.primitives import Primitive
from s2sad.rules import shape as s
from s2sad.rules.batching.axes import align, shift
from s2sad.rules.reductions import sum_
from s2sad.rules.registry import batch


def _rank(x: Any) -> int:
    return x.ndim - 1


@batch(s.reshape)
def reshape_batch(axes, x, *dims):
    return s.reshape(x, axes.size, *dims) if axes.only(0) else NotImplemented


@batch(s.broadcast_to)
def broadcast_to_batch(axes, x, *dims):
    return s.broadcast_to(align(x, len(dims)), axes.size, *dims) if axes.only(0) else NotImplemented


@batch(s.unbroadcast)
def unbroadcast_batch(axes, g, *dims):
    if not axes.only(0):
        return NotImplemented
    extra = _rank(g) - len(dims)
    if extra > 0:
        g = sum_(g, axis=tuple(range(1, extra + 1)) if extra > 1 else 1, keepdims=False)
    return s.unbroadcast(g, axes.size, *dims) if dims else g


@batch(s.full)
def full_batch(axes, value, *dims, dtype):
    if not axes.only(0):
        return NotImplemented
    out = s.broadcast_to(align(value, len(dims)), axes.size, *dims)
    return out if out.dtype == dtype else NotImplemented




def transpose_rule(batch_axes: Any, x: Any, **params: Any) -> Any:
    """`transpose`, whose own param is named `axes` as well."""
    rank = _rank(x)
    order = params.get("axes") or tuple(range(rank))[::-1]
    return s.transpose(x, axes=(0, *(shift(a, rank) for a in order)))


batch(s.transpose)(transpose_rule)


@batch(s.flip)
def flip_batch(axes, x, *, axis=None):
    rank = _rank(x)
    places = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    return s.flip(x, axis=tuple(shift(a, rank) for a in places))


@batch(s.roll)
def roll_batch(axes, x, by, *, axis=None):
    rank = _rank(x) if axes[0] is not None else 0
    if not axes.only(0) or (axis is None and rank != 1):
        return NotImplemented
    return s.roll(x, by, axis=shift(axis or 0, rank))


def _joining(prim: Primitive, extra: int) -> None:
    """`concatenate` and `stack`: every part needs the batch axis."""

    def rule(axes: Any, *xs: Any, axis: int = 0) -> Any:
        parts = [axes.batch(k, x) for k, x in enumerate(xs)]
        return prim(*parts, axis=shift(axis, _rank(parts[0]) + extra))

    batch(prim)(rule)


_joining(s.concatenate, 0)
_joining(s.stack, 1)


@batch(s.diagonal)
def diagonal_batch(axes, x, *, offset=0, axis1=0, axis2=1):
    rank = _rank(x)
    return s.diagonal(x, offset=offset, axis1=shift(axis1, rank), axis2=shift(axis2, rank))


@batch(s.from_diagonal)
def from_diagonal_batch(axes, d, *dims, offset=0, axis1=0, axis2=1):
    if not axes.only(0):
        return NotImplemented
    rank = len(dims)
    return s.from_diagonal(d, axes.size, *dims, offset=offset, axis1=shift(axis1, rank), axis2=shift(axis2, rank))


@batch(s.diag)
def diag_batch(axes, x, *, k=0):
    n = x._builder.ref(x._builder.dim_atom(x.atom, 1))
    side = n + abs(k) if k else n
    return s.from_diagonal(x, axes.size, side, side, offset=k, axis1=1, axis2=2)


def _triangle(prim: Primitive) -> None:
    def rule(axes: Any, x: Any, *, k: int = 0) -> Any:
        return prim(x, k=k) if _rank(x) >= 2 else NotImplemented

    batch(prim)(rule)


_triangle(s.tril)
_triangle(s.triu)


def _ordering(prim: Primitive) -> None:
    def rule(axes: Any, x: Any, *, axis: int = -1) -> Any:
        return prim(x, axis=shift(axis, _rank(x)))

    batch(prim)(rule)


_ordering(s.sort)
_ordering(s.argsort)


@batch(s.take_along_axis)
def take_along_axis_batch(axes, x, places, *, axis):
    x, places = axes.batch(0, x), axes.batch(1, places)
    return s.take_along_axis(x, places, axis=shift(axis, _rank(x)))


@batch(s.put_along_axis)
def put_along_axis_batch(axes, values, places, size, *, axis):
    if not axes.only(0, 1):
        return NotImplemented
    values, places = axes.batch(0, values), axes.batch(1, places)
    return s.put_along_axis(values, places, size, axis=shift(axis, _rank(values)))
