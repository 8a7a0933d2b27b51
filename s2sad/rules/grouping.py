"""An index of a reshaped array as one of the array itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from s2sad.ir.types import Dim


def regroup(index: Sequence[Any], dims: Sequence[Dim], inner: Sequence[Dim]) -> tuple[Any, ...] | None:
    """The index into `inner` dims of the element at `index` of the same elements, in C order, with `dims`.

    The two shapes are cut into groups of axes of equal products: one axis each, or axes of literal sizes, or one axis
    against several of which all but the first are literal. None where they are not known to be made of such groups.
    """
    out: list[Any] = []
    i = j = 0
    while i < len(dims) or j < len(inner):
        if i < len(dims) and dims[i] == 1:
            i += 1
        elif j < len(inner) and inner[j] == 1:
            out.append(0)
            j += 1
        elif i == len(dims) or j == len(inner):
            return None
        elif dims[i] == inner[j]:
            out.append(index[i])
            i, j = i + 1, j + 1
        else:
            ends = _group(dims, i, inner, j)
            if ends is None:
                return None
            flat: Any = 0
            for k in range(i, ends[0]):
                flat = index[k] if isinstance(flat, int) and flat == 0 else flat * dims[k] + index[k]
            out += _split(flat, inner[j : ends[1]])
            i, j = ends
    return tuple(out)


def _group(dims: Sequence[Dim], i: int, inner: Sequence[Dim], j: int) -> tuple[int, int] | None:
    """The ends of the shortest groups of literal sizes, from i and j on, with the same product."""
    left, right = dims[i], inner[j]
    while True:
        if not isinstance(left, int) or not isinstance(right, int) or 0 in (left, right):
            return None
        if left == right:
            return i + 1, j + 1
        if left < right:
            i += 1
            if i == len(dims) or not isinstance(step := dims[i], int):
                return None
            left *= step
        else:
            j += 1
            if j == len(inner) or not isinstance(step := inner[j], int):
                return None
            right *= step


def _split(flat: Any, dims: Sequence[Dim]) -> list[Any]:
    """A number in C order as an index of literal dims."""
    out: list[Any] = []
    for k in reversed(range(len(dims))):
        size = dims[k]
        assert isinstance(size, int)
        out.append(flat if k == 0 else 0 if size == 1 else flat % size)
        flat = flat if k == 0 or size == 1 else flat // size
    return out[::-1]
