"""Functions applied to the elements, the pieces or the rows of arrays."""

import numpy as np

from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import axes_of


def mapped(f, dtypes, shape, axes, *args, **kwargs):
    """The results of a function of numbers for each element of some arrays: an array of `shape` for each dtype. `axes`
    says how each argument stands to that shape, see `part`."""
    outs = [np.empty(shape, dtype) for dtype in dtypes]

    def element(index):
        values = f(*[part(a, own, index) for a, own in zip(args, axes, strict=True)], **kwargs)
        for out, value in zip(outs, values if isinstance(values, tuple) else (values,), strict=True):
            out[index] = value

    over(shape, (), element)
    return tuple(outs)


def generalized(f, shape, axes, cores, dtypes, whole, args, outs):
    """What ``f(*args, *outs)`` writes into its last parameters, mapped over the axes of `shape`. A result that is one
    number is written into an array of length 1; an input that is one is such an array where `whole` says so."""
    made = [np.empty((*shape, *(core if core else (1,))), d) for core, d in zip(cores, dtypes, strict=True)]
    for out, given in zip(made, outs, strict=False):
        out[...] = np.reshape(given, np.shape(out))

    def piece(index):
        values = [part(a, own, index) for a, own in zip(args, axes, strict=True)]
        values = [np.full(1, v) if alone else v for v, alone in zip(values, whole, strict=True)]
        f(*values, *[out[index] if index else out for out in made])

    over(shape, (), piece)
    return tuple([out if core else out[..., 0] for out, core in zip(made, cores, strict=True)])


def over(shape, index, do):
    """Do something for each index into an array of some shape."""
    if len(index) == len(shape):
        do(index)
    else:
        for k in range(shape[len(index)]):
            over(shape, (*index, k), do)


def part(a, own, index):
    """What a function that is mapped is given of an argument: for each of its first axes, `own` has the axis of the
    loop that it goes along, or -1 where it has one place for all of them."""
    return a[tuple([index[axis] if axis >= 0 else 0 for axis in own])] if own else a


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
