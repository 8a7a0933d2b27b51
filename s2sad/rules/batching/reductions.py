"""Batch rules of reductions and running sums: the axes move one on."""

from __future__ import annotations

from typing import Any

from s2sad.ir.primitives import Primitive
from s2sad.rules import reductions as r
from s2sad.rules.batching.axes import shift
from s2sad.rules.registry import batch


def _reduced(axis: Any, rank: int) -> tuple[int, ...]:
    axes = range(rank) if axis is None else (axis,) if isinstance(axis, int) else axis
    return tuple(shift(a, rank) for a in axes)


def _reduction(prim: Primitive) -> None:
    def rule(axes: Any, x: Any, *, axis: Any = None, keepdims: bool = False) -> Any:
        rank = x.ndim - 1
        if rank == 0:
            return NotImplemented
        reduced = _reduced(axis, rank)
        return prim(x, axis=reduced[0] if len(reduced) == 1 else reduced, keepdims=keepdims)

    batch(prim)(rule)


for _prim in (r.sum_, r.prod, r.max_, r.min_, r.any_, r.all_, r.count_nonzero):
    _reduction(_prim)


def _place(prim: Primitive) -> None:
    """`argmax` and `argmin`, which take one axis, or none for the place in C order."""

    def rule(axes: Any, x: Any, *, axis: int | None = None, keepdims: bool = False) -> Any:
        rank = x.ndim - 1
        if axis is None and rank != 1:
            return NotImplemented
        return prim(x, axis=shift(axis or 0, rank), keepdims=keepdims)

    batch(prim)(rule)


for _prim in (r.argmax, r.argmin):
    _place(_prim)


def _running(prim: Primitive) -> None:
    def rule(axes: Any, x: Any, *, axis: int) -> Any:
        return prim(x, axis=shift(axis, x.ndim - 1))

    batch(prim)(rule)


for _prim in (r.cumsum, r.cumprod):
    _running(_prim)


def _directional(prim: Primitive) -> None:
    """What takes several arrays of one shape, and an axis of theirs."""

    def rule(axes: Any, *args: Any, axis: int) -> Any:
        whole = [axes.batch(k, x) for k, x in enumerate(args)]
        rank = max(x.ndim for x in whole) - 1
        if any(x.ndim - 1 != rank for x in whole):
            return NotImplemented  # an argument without the reduced axis
        return prim(*whole, axis=shift(axis, rank))

    batch(prim)(rule)


for _prim in (r.prod_along, r.prod_others, r.cumprod_along, r.cumprod_adjoint):
    _directional(_prim)
