"""Batch rules of products: a batch of matrix-vector products with one matrix is one matrix product."""

from __future__ import annotations

from typing import Any

from s2sad.ir.paths import Index, Slice
from s2sad.ir.primitives import load
from s2sad.rules import products as p
from s2sad.rules.batching.axes import align
from s2sad.rules.cotangent import shape_of
from s2sad.rules.reductions import sum_
from s2sad.rules.registry import batch
from s2sad.rules.shape import move_axis, reshape, transpose

ALL = Slice()


def _new_axis(x: Any, axis: int) -> Any:
    return load(x, path=(Index((ALL,) * axis + (None,)),))


@batch(p.matmul)
def matmul_batch(axes, a, b):
    match axes:
        case (0, None):
            return _left(a, b, a.ndim - 1, b.ndim)
        case (None, 0):
            return _right(a, b, a.ndim, b.ndim - 1)
        case _:
            return _both(a, b, a.ndim - 1, b.ndim - 1)


def _left(a: Any, b: Any, rank_a: int, rank_b: int) -> Any:
    """A batch of `a` times one `b`: the batch joins the rows."""
    if rank_b > 2:
        return p.matmul(align(a, rank_b), b) if rank_a > 1 else NotImplemented
    if rank_a == 1:
        return p.matmul(a, b)
    *rows, k = shape_of(a)
    count = rows[0]
    for n in rows[1:]:
        count = count * n
    out = p.matmul(reshape(a, count, k), b)
    return reshape(out, *rows, *shape_of(out)[1:])


def _right(a: Any, b: Any, rank_a: int, rank_b: int) -> Any:
    """One `a` times a batch of `b`: a batch of vectors is the rows of a matrix."""
    match rank_a, rank_b:
        case 1, 1:
            return p.matmul(b, a)
        case 2, 1:
            return p.matmul(b, transpose(a))
        case 1 | 2, 2:
            return p.matmul(a, b)
        case _ if rank_b > 1:
            return p.matmul(a, align(b, rank_a))
        case _:
            return NotImplemented


def _both(a: Any, b: Any, rank_a: int, rank_b: int) -> Any:
    """Item by item."""
    match rank_a, rank_b:
        case 1, 1:
            return sum_(a * b, axis=1, keepdims=False)
        case 2, 1:
            return load(p.matmul(a, _new_axis(b, 2)), path=(Index((ALL, ALL, 0)),))
        case 1, 2:
            return load(p.matmul(_new_axis(a, 1), b), path=(Index((ALL, 0)),))
        case _ if min(rank_a, rank_b) > 1:
            rank = max(rank_a, rank_b)
            return p.matmul(align(a, rank), align(b, rank))
        case _:
            return NotImplemented


@batch(p._outer)
def outer_batch(axes, a, b):
    left = _new_axis(a, a.ndim)
    return left * (b if axes[1] is None else _new_axis(b, 1))


LETTERS = "abcdefghijklmnopqrstuvwxyz"


@batch(p._tensordot)
def tensordot_batch(batch_axes: Any, a: Any, b: Any, **params: Any) -> Any:
    left, right = params["axes"]
    rank_a = a.ndim - (batch_axes[0] is not None)
    match batch_axes:
        case (0, None):
            return p._tensordot(a, b, axes=(tuple(k + 1 for k in left), right))
        case (None, 0):
            out = p._tensordot(a, b, axes=(left, tuple(k + 1 for k in right)))
            return move_axis(out, rank_a - len(left), 0)
    letters = iter(LETTERS)
    first = [next(letters) for _ in range(rank_a)]
    second = [next(letters) for _ in range(b.ndim - 1)]
    for i, j in zip(left, right, strict=True):
        second[j] = first[i]
    out = "".join(c for c in (*first, *second) if (c in first) != (c in second))
    return p._einsum(a, b, subscripts=f"Z{''.join(first)},Z{''.join(second)}->Z{out}")


@batch(p._einsum)
def einsum_batch(axes, *xs, subscripts):
    inputs, _, output = subscripts.partition("->")
    (letter, *_) = (c for c in p.LETTERS[::-1] if c not in subscripts)
    terms = [t if axis is None else letter + t for t, axis in zip(inputs.split(","), axes, strict=True)]
    return p._einsum(*xs, subscripts=f"{','.join(terms)}->{letter}{output}")
