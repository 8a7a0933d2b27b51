"""Functions applied to the elements, the pieces or the rows of arrays."""

import numpy as np

from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import axes_of


def vectorized(f, *args, **kwargs):
    """What ``np.vectorize(f)(*args)`` gives, for a function of numbers."""
    if max([np.ndim(a) for a in args]) == 0:
        return f(*args, **kwargs)
    arrays = np.broadcast_arrays(*[np.asarray(a) for a in args])
    flat = [np.ravel(a) for a in arrays]
    out = []
    for k in range(flat[0].shape[0]):
        out.append(f(*[a[k] for a in flat], **kwargs))
    return np.reshape(np.array(out), arrays[0].shape)


@written(np.apply_along_axis)
def apply_along_axis(func1d, axis, arr, *args, **kwargs):
    x = np.asarray(arr)
    moved = np.moveaxis(x, axis, -1)
    rows = np.reshape(moved, (-1, moved.shape[-1]))
    out = []
    for k in range(rows.shape[0]):
        out.append(func1d(rows[k], *args, **kwargs))
    found = np.array(out)
    rest = [moved.shape[k] for k in axes_of(moved.ndim - 1)]
    if found.ndim == 1:
        return np.reshape(found, rest)
    whole = np.reshape(found, (*rest, *[found.shape[k] for k in axes_of(found.ndim)[1:]]))
    return np.moveaxis(whole, -1, axis) if found.ndim == 2 else whole


@written(np.apply_over_axes)
def apply_over_axes(func, a, axes):
    x = np.asarray(a)
    for axis in (axes,) if isinstance(axes, int) else axes:
        place = axis % x.ndim
        found = func(x, place)
        x = found if found.ndim == x.ndim else np.expand_dims(found, place)
    return x


@written(np.piecewise)
def piecewise(x, condlist, funclist, *args, **kw):
    x = np.asarray(x)
    conditions = list(condlist) if isinstance(condlist, (list, tuple)) else [condlist]
    out = np.zeros_like(x)
    if len(funclist) > len(conditions):
        places = np.nonzero(~np.any(np.stack(conditions), axis=0))
        out[places] = value_of(funclist[-1], x[places], args, kw)
    for condition, function in zip(conditions, funclist, strict=False):
        places = np.nonzero(condition)
        out[places] = value_of(function, x[places], args, kw)
    return out


def value_of(function, x, args, kw):
    return function(x, *args, **kw) if callable(function) else function


@written(np.fromfunction, fold=False)
def fromfunction(function, shape, *, dtype=float, like=None, **kwargs):
    return function(*np.indices(shape, dtype=dtype), **kwargs)
