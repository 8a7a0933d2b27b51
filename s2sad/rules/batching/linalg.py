"""Batch rules of linear algebra, which works on stacks of matrices."""

from __future__ import annotations

from typing import Any

from s2sad.ir.paths import Index, Slice
from s2sad.ir.primitives import Primitive, load
from s2sad.rules import linalg as la
from s2sad.rules.batching.axes import align
from s2sad.rules.eigenspaces import together, turned
from s2sad.rules.registry import batch
from s2sad.rules.shape import transpose

ALL = Slice()


def _stacked(prim: Primitive) -> None:
    """What works on each matrix of a stack."""

    def rule(axes: Any, x: Any) -> Any:
        return prim(x)

    batch(prim)(rule)


for _prim in (la.det, la.inv, la.cofactor, la.cholesky, la.slogdet, together):
    _stacked(_prim)


@batch(la.solve)
def solve_batch(axes, a, b):
    rank_a, rank_b = a.ndim - (axes[0] is not None), b.ndim - (axes[1] is not None)
    if rank_b > 1:
        rank = max(rank_a, rank_b)
        return la.solve(*(x if axis is None else align(x, rank) for x, axis in zip((a, b), axes, strict=True)))
    if rank_a > 2:
        return NotImplemented
    match axes:
        case (0, None):
            return la.solve(a, b)
        case (None, 0):
            return transpose(la.solve(a, transpose(b)))
        case _:
            columns = la.solve(a, load(b, path=(Index((ALL, ALL, None)),)))
            return load(columns, path=(Index((ALL, ALL, 0)),))


@batch(turned)
def turned_batch(axes, change, level, *, plus=False, alone=False, back=False):
    if axes[0] is None:
        return NotImplemented
    return turned(change, level, plus=plus, alone=alone, back=back)
