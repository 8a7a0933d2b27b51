"""Elementwise functions that are others put together."""

import numpy as np

from s2sad.frontend.library.table import written


@written(np.fabs)
def fabs(x):
    return np.abs(x) * 1.0 if np.asarray(x).dtype.kind in "biu" else np.abs(x)


@written(np.isreal)
def isreal(x):
    return np.imag(x) == 0


@written(np.iscomplex)
def iscomplex(x):
    return np.imag(x) != 0


@written(np.isposinf)
def isposinf(x):
    return x == np.inf


@written(np.isneginf)
def isneginf(x):
    return x == -np.inf


@written(np.real_if_close)
def real_if_close(a, tol=100):
    """Complex numbers stay complex: whether they are close to real ones cannot be known when this is compiled."""
    return a
