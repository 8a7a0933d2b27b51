"""What Fourier transforms need besides NumPy's own, which Numba takes from the package rocket-fft."""

from __future__ import annotations

from typing import Any

import numpy as np


def resized(x: Any, n: int, axis: int) -> Any:
    """The first `n` entries of `x` along the axis, zeros where there are fewer."""
    shape = list(x.shape)
    shape[axis] = n
    out = np.zeros(shape, x.dtype)
    part = (*(slice(None),) * (axis % x.ndim), slice(0, min(n, x.shape[axis])))
    out[part] = x[part]
    return out
