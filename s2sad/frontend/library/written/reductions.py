"""Reductions that leave out nan, moments of several variables, differences and integrals."""

import numpy as np

from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import axes_of, steps


@written(np.amax)
def amax(a, axis=None, out=None, keepdims=False):
    return np.max(a, axis=axis, out=out, keepdims=keepdims)


@written(np.amin)
def amin(a, axis=None, out=None, keepdims=False):
    return np.min(a, axis=axis, out=out, keepdims=keepdims)


def mean_where(a, axis, keepdims, where):
    counted = np.sum(np.broadcast_to(where, np.shape(a)), axis=axis, keepdims=keepdims)
    return np.sum(a, axis=axis, keepdims=keepdims, where=where) / counted


# -- those that leave out nan


def filled(a, value):
    """`a` with a number in the place of nan."""
    return np.where(np.isnan(a), value, a)


@written(np.nanmax)
def nanmax(a, axis=None, out=None, keepdims=False):
    found = np.max(filled(a, -np.inf), axis=axis, keepdims=keepdims)
    return np.where(np.all(np.isnan(a), axis=axis, keepdims=keepdims), np.nan, found)


@written(np.nanmin)
def nanmin(a, axis=None, out=None, keepdims=False):
    found = np.min(filled(a, np.inf), axis=axis, keepdims=keepdims)
    return np.where(np.all(np.isnan(a), axis=axis, keepdims=keepdims), np.nan, found)


@written(np.nanargmax)
def nanargmax(a, axis=None, out=None, *, keepdims=False):
    return np.argmax(filled(a, -np.inf), axis=axis, keepdims=keepdims)


@written(np.nanargmin)
def nanargmin(a, axis=None, out=None, *, keepdims=False):
    return np.argmin(filled(a, np.inf), axis=axis, keepdims=keepdims)


@written(np.nancumsum)
def nancumsum(a, axis=None):
    return np.cumsum(filled(a, 0.0), axis=axis)


@written(np.nancumprod)
def nancumprod(a, axis=None):
    return np.cumprod(filled(a, 1.0), axis=axis)


@written(np.nanvar)
def nanvar(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
    there = ~np.isnan(a)
    count = np.sum(there, axis=axis, keepdims=True)
    clean = filled(a, 0.0)
    gap = np.where(there, clean - np.sum(clean, axis=axis, keepdims=True) / count, 0.0)
    squares = np.real(gap * np.conj(gap))
    return np.sum(squares, axis=axis, keepdims=keepdims) / (np.sum(there, axis=axis, keepdims=keepdims) - ddof)


@written(np.nanstd)
def nanstd(a, axis=None, dtype=None, out=None, ddof=0, keepdims=False):
    variance = nanvar(a, axis=axis, ddof=ddof, keepdims=keepdims)
    alone = (np.sum(~np.isnan(a), axis=axis, keepdims=keepdims) == 1) & (variance == 0)
    return np.where(alone, 0.0, np.sqrt(np.where(alone, 1.0, variance)))


# -- running sums and products


@written(np.cumulative_sum)
def cumulative_sum(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    found = np.cumsum(x, axis=0 if axis is None else axis, dtype=dtype)
    return with_initial(found, 0 if axis is None else axis, 0.0) if include_initial else found


@written(np.cumulative_prod)
def cumulative_prod(x, /, *, axis=None, dtype=None, out=None, include_initial=False):
    found = np.cumprod(x, axis=0 if axis is None else axis, dtype=dtype)
    return with_initial(found, 0 if axis is None else axis, 1.0) if include_initial else found


def with_initial(x, axis, value):
    return np.concatenate([np.full_like(np.take(x, [0], axis=axis), value), x], axis=axis)


@written(np.multiply.accumulate)
def multiply_accumulate(array, axis=0):
    return np.cumprod(array, axis=axis)


@written(np.maximum.accumulate)
def maximum_accumulate(array, axis=0):
    out = np.moveaxis(array, axis, 0).copy()
    for k in range(1, out.shape[0]):
        out[k] = np.maximum(out[k - 1], out[k])
    return np.moveaxis(out, 0, axis)


@written(np.minimum.accumulate)
def minimum_accumulate(array, axis=0):
    out = np.moveaxis(array, axis, 0).copy()
    for k in range(1, out.shape[0]):
        out[k] = np.minimum(out[k - 1], out[k])
    return np.moveaxis(out, 0, axis)


# -- moments


@written(np.average)
def average(a, axis=None, weights=None, returned=False, *, keepdims=False):
    a = np.asarray(a)
    if weights is None:
        mean = np.mean(a, axis=axis, keepdims=keepdims)
        return (mean, np.ones_like(mean) * (np.size(a) / np.size(mean))) if returned else mean
    w = np.asarray(weights)
    if w.ndim != a.ndim:
        w = np.reshape(w, [w.shape[0] if k == axis % a.ndim else 1 for k in axes_of(a.ndim)])
        w = np.broadcast_to(w, a.shape)
    total = np.sum(w, axis=axis, keepdims=keepdims)
    mean = np.sum(a * w, axis=axis, keepdims=keepdims) / total
    return (mean, total) if returned else mean


@written(np.cov)
def cov(m, y=None, rowvar=True, bias=False, ddof=None, fweights=None, aweights=None):
    x = rows_of(m, rowvar)
    if y is not None:
        x = np.concatenate([x, rows_of(y, rowvar)], axis=0)
    less = (0 if bias else 1) if ddof is None else ddof
    if fweights is None and aweights is None:
        gap = x - np.mean(x, axis=1, keepdims=True)
        found = gap @ np.conj(gap.T) / (x.shape[1] - less)
    else:
        w = 1.0 if fweights is None else fweights * 1.0
        w = w if aweights is None else w * aweights
        total = np.sum(w)
        more = np.sum(w * aweights) if aweights is not None else total
        gap = x - np.sum(x * w, axis=1, keepdims=True) / total
        found = (gap * w) @ np.conj(gap.T) / (total - less * more / total)
    return np.squeeze(found) if np.ndim(m) < 2 and y is None else found


def rows_of(m, rowvar):
    x = np.atleast_2d(m)
    return x if rowvar or np.ndim(m) == 1 else x.T


@written(np.corrcoef)
def corrcoef(x, y=None, rowvar=True):
    c = np.atleast_2d(cov(x, y, rowvar))
    spread = np.sqrt(np.real(np.diag(c)))
    return c / spread[:, None] / spread[None, :]


# -- differences and integrals


@written(np.diff)
def diff(a, n=1, axis=-1, prepend=None, append=None):
    parts = [along_axis(prepend, a, axis), np.asarray(a), along_axis(append, a, axis)]
    there = [p for p in parts if p is not None]
    x = np.concatenate(there, axis=axis) if len(there) > 1 else parts[1]
    for _ in steps(n):
        later, earlier = part(x, axis, slice(1, None)), part(x, axis, slice(None, -1))
        x = later != earlier if x.dtype == bool else later - earlier
    return x


def along_axis(value, a, axis):
    """What is put before or after `a`: a number as a slice of it."""
    if value is None:
        return None
    if np.ndim(value) == 0:
        return np.full_like(part(np.asarray(a), axis, slice(0, 1)), value)
    return np.asarray(value)


def part(x, axis, key):
    """``x[..., key, ...]`` along an axis."""
    return x[(*[slice(None)] * (axis % x.ndim), key)]


@written(np.ediff1d)
def ediff1d(ary, to_end=None, to_begin=None):
    x = np.ravel(ary)
    parts = [np.ravel(to_begin)] if to_begin is not None else []
    parts.append(x[1:] - x[:-1])
    if to_end is not None:
        parts.append(np.ravel(to_end))
    return np.concatenate(parts)


@written(np.trapezoid)
def trapezoid(y, x=None, dx=1.0, axis=-1):
    y = np.asarray(y)
    if x is None:
        width = dx
    elif np.ndim(x) == 1:
        x = np.asarray(x)
        width = np.reshape(x[1:] - x[:-1], [-1 if k == axis % y.ndim else 1 for k in axes_of(y.ndim)])
    else:
        width = part(x, axis, slice(1, None)) - part(x, axis, slice(None, -1))
    return np.sum(width * (part(y, axis, slice(1, None)) + part(y, axis, slice(None, -1))) / 2.0, axis=axis)


@written(np.gradient)
def gradient(f, *varargs, axis=None, edge_order=1):
    f = np.asarray(f)
    f = f if np.issubdtype(f.dtype, np.inexact) else f.astype(float)
    axes = axes_of(f.ndim) if axis is None else (axis,) if isinstance(axis, int) else axis
    steps = [1.0] * len(axes) if len(varargs) == 0 else list(varargs)
    if len(steps) == 1 and len(axes) > 1:
        steps = steps * len(axes)
    found = [gradient_along(np.moveaxis(f, k, 0), h, edge_order, k) for k, h in zip(axes, steps, strict=False)]
    return found[0] if len(found) == 1 else tuple(found)


def gradient_along(f, h, edge_order, axis):
    """Second-order differences inside; at the ends, of first or second order."""
    if np.ndim(h) == 0:
        left = right = h
        first, second, third, fourth = h, h, h, h
    else:
        width = np.asarray(h)[1:] - np.asarray(h)[:-1]
        first, second, third, fourth = width[0], width[1], width[-2], width[-1]
        shape = (-1, *[1] * (f.ndim - 1))
        left, right = np.reshape(width[:-1], shape), np.reshape(width[1:], shape)
    inner = (left * left * f[2:] + (right * right - left * left) * f[1:-1] - right * right * f[:-2]) / (
        left * right * (left + right)
    )
    if edge_order == 1:
        start, end = (f[1] - f[0]) / first, (f[-1] - f[-2]) / fourth
    else:
        start = (
            -(2 * first + second) / (first * (first + second)) * f[0]
            + (first + second) / (first * second) * f[1]
            - first / (second * (first + second)) * f[2]
        )
        end = (
            fourth / (third * (third + fourth)) * f[-3]
            - (third + fourth) / (third * fourth) * f[-2]
            + (2 * fourth + third) / (fourth * (third + fourth)) * f[-1]
        )
    whole = np.concatenate([np.reshape(start, (1, *f.shape[1:])), inner, np.reshape(end, (1, *f.shape[1:]))], axis=0)
    return np.moveaxis(whole, 0, axis)


@written(np.unwrap)
def unwrap(p, discont=None, axis=-1, *, period=2 * np.pi):
    p = np.asarray(p)
    steps = np.diff(p, axis=axis)
    limit = period / 2 if discont is None else discont
    turn = np.mod(steps + period / 2, period) - period / 2
    turn = np.where((turn == -period / 2) & (steps > 0), period / 2, turn)
    change = np.where(np.abs(steps) < limit, 0.0, turn - steps)
    return np.concatenate(
        [part(p, axis, slice(0, 1)), part(p, axis, slice(1, None)) + np.cumsum(change, axis=axis)], axis=axis
    )
