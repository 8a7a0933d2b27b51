"""`scipy.integrate`: rules for sampled functions."""

import numpy as np
from scipy import integrate

from s2sad.frontend.library.table import written


@written(integrate.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    return np.trapezoid(y, x, dx, axis)


@written(integrate.cumulative_trapezoid)
def cumulative_trapezoid(y, x=None, dx=1.0, axis=-1, initial=None):
    y = np.moveaxis(np.asarray(y), axis, -1)
    width = dx if x is None else np.diff(x)
    out = np.cumsum(width * (y[..., 1:] + y[..., :-1]) / 2.0, axis=-1)
    if initial is not None:
        out = np.concatenate([np.full_like(out[..., :1], initial), out], axis=-1)
    return np.moveaxis(out, -1, axis)
