"""Dividing by the gaps between eigenvalues, where some of them are equal."""

from __future__ import annotations

from typing import Any

import numpy as np


def reach(w: Any, precision: float) -> float:
    """How far apart rounding may put eigenvalues that are equal: LAPACK errs by a few parts of the largest, which grow
    like the root of the size."""
    return 16.0 * precision * np.sqrt(w.size) * np.max(np.abs(w)) if w.size else 0.0


def together_of(w: Any, out: Any, precision: float) -> None:
    """Put 1 in `out` for each two eigenvalues that are equal to rounding, 0 for others."""
    near = reach(w, precision)
    for i in range(w.size):
        for j in range(w.size):
            out[i, j] = 1.0 if i == j or abs(w[j] - w[i]) <= near else 0.0


def turned_of(change: Any, w: Any, out: Any, plus: bool, alone: bool, back: bool, precision: float) -> None:
    """`turned` for one matrix."""
    near = reach(w, precision)
    for i in range(w.size):
        for j in range(w.size):
            gap = w[j] + w[i] if plus else w[j] - w[i]
            if i == j and not plus:
                out[i, j] = change[i, j]
            elif not abs(gap) <= near:
                out[i, j] = change[i, j] / gap
            else:
                moved = change[i, j] != 0.0 or change[j, i] != 0.0
                if back and not plus:
                    moved = moved or change[i, i] != 0.0 or change[j, j] != 0.0
                out[i, j] = np.nan if moved and i != j and not alone else 0.0


# -- of stacks, with the dtypes of their arguments


def together(w: Any) -> Any:
    """1 for each two of the eigenvalues that are equal to rounding, 0 for others."""
    out = np.empty((*w.shape, w.shape[-1]), np.finfo(w.dtype).dtype)
    for k in np.ndindex(w.shape[:-1]):
        together_of(w[k], out[k], precision_of(w.dtype))
    return out


def level(w: Any, like: Any) -> Any:
    """The diagonal matrix of the eigenvalues, of the dtype of `like`."""
    out = np.zeros((*w.shape, w.shape[-1]), like.dtype)
    for k in range(w.shape[-1]):
        out[..., k, k] = w[..., k]
    return out


def turned(change: Any, level: Any, plus: bool = False, alone: bool = False, back: bool = False) -> Any:
    """The y with ``y @ level - level @ y == change`` for a diagonal `level` (`plus`: their sum), which keeps the
    diagonal of `change`; between equal eigenvalues it is 0.

    Unless the eigenvectors are used `alone`, it is nan there, if anything is to be divided: a `change`, or going `back`
    the cotangent of these eigenvectors or eigenvalues.
    """
    out = np.empty(change.shape, np.result_type(change, level))
    w = np.diagonal(level, axis1=-2, axis2=-1)
    w = np.broadcast_to(w, (*change.shape[:-2], w.shape[-1]))
    for k in np.ndindex(change.shape[:-2]):
        turned_of(change[k], w[k], out[k], plus, alone, back, precision_of(level.dtype))
    return out


def precision_of(number: np.dtype) -> float:
    return float(np.finfo(number).eps)
