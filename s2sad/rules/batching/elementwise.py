"""Batch rules of what means one thing for numbers and another for arrays."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.ir.primitives import Primitive, cast
from s2sad.rules import elementwise as e
from s2sad.rules.logical import logical_not, not_
from s2sad.rules.registry import batch

INT = np.dtype(np.int64)


@batch(not_)
def not_batch(axes, x):
    return logical_not(x)


@batch(cast)
def cast_batch(axes, x, *, dtype):
    return cast(x, dtype=dtype)


def _rounding(to_int: Primitive, rounded: Primitive) -> None:
    """Declare that an array's `to_int` is the cast of its `rounded`."""

    def rule(axes: Any, x: Any) -> Any:
        return cast(x if x.dtype.kind in "iub" else rounded(x), dtype=INT)

    batch(to_int)(rule)


for _to_int, _rounded in (
    (e.floor_to_int, e.floor),
    (e.ceil_to_int, e.ceil),
    (e.trunc_to_int, e.trunc),
    (e.round_to_int, e.rint),
):
    _rounding(_to_int, _rounded)
