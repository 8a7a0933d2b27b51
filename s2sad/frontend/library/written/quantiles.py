"""Order statistics, sets and histograms."""

import numpy as np

from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import axes_of, normal, others


def merged(a, axis):
    """`a` with the reduced axes made into the last one, and the shape of the result with `keepdims`."""
    a = np.asarray(a)
    if axis is None:
        return np.ravel(a), (1,) * a.ndim
    if isinstance(axis, int):
        return np.moveaxis(a, axis, -1), tuple([1 if k == axis % a.ndim else a.shape[k] for k in axes_of(a.ndim)])
    gone, rest = normal(axis, a.ndim), others(a.ndim, axis)
    moved = np.reshape(np.transpose(a, (*rest, *gone)), (*[a.shape[k] for k in rest], -1))
    return moved, tuple([1 if k in gone else a.shape[k] for k in axes_of(a.ndim)])


def position_of(q, last, method):
    """Where the quantile is among the sorted numbers 0 to `last`."""
    place = q * last
    if method == "lower":
        return np.floor(place)
    if method == "higher":
        return np.ceil(place)
    if method == "nearest":
        return np.rint(place)
    if method == "midpoint":
        return 0.5 * (np.floor(place) + np.ceil(place))
    if method != "linear":
        raise NotImplementedError(
            "this method of np.quantile is not supported: use 'linear', 'lower' or another of NumPy's discrete ones"
        )
    return place


def of_sorted(ordered, q, method):
    """The quantile along the last axis of what is sorted along it."""
    last = ordered.shape[-1] - 1
    place = position_of(q, last, method)
    if np.ndim(q) == 0:
        low = int(np.floor(place))
        high = min(low + 1, last)
    else:
        low = np.floor(place).astype(np.int64)
        high = np.minimum(low + 1, last)
    below, above = ordered[..., low], ordered[..., high]
    return below + (above - below) * (place - low)


def shaped(found, q, kept, keepdims):
    """Several quantiles go first; axes that were reduced come back where they are kept."""
    if np.ndim(q) > 0:
        found = np.moveaxis(found, -1, 0)
        return np.reshape(found, (np.shape(q)[0], *kept)) if keepdims else found
    return np.reshape(found, kept) if keepdims else found


@written(np.quantile)
def quantile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    q = q if np.ndim(q) == 0 else np.asarray(q)
    values, kept = merged(a, axis)
    return shaped(of_sorted(np.sort(values, axis=-1), q, method), q, kept, keepdims)


@written(np.percentile)
def percentile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    q = q / 100.0 if np.ndim(q) == 0 else np.asarray(q) / 100.0
    return quantile(a, q, axis, method=method, keepdims=keepdims)


@written(np.median)
def median(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    values, kept = merged(a, axis)
    ordered = np.sort(values, axis=-1)
    size = ordered.shape[-1]
    found = 0.5 * (ordered[..., (size - 1) // 2] + ordered[..., size // 2])
    return np.reshape(found, kept) if keepdims else found


@written(np.nanquantile)
def nanquantile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    if np.ndim(q) > 0:
        each = [nanquantile(a, one, axis, method=method, keepdims=keepdims) for one in q]
        return np.stack(each)
    values, kept = merged(a, axis)
    ordered = np.sort(np.where(np.isnan(values), np.inf, values), axis=-1)
    last = np.sum(~np.isnan(values), axis=-1, keepdims=True) - 1
    place = position_of(q, last, method)
    low = np.maximum(np.floor(place).astype(np.int64), 0)
    high = np.maximum(np.minimum(low + 1, last), 0)
    below, above = np.take_along_axis(ordered, low, axis=-1), np.take_along_axis(ordered, high, axis=-1)
    found = np.sum(np.where(last < 0, np.nan, below + (above - below) * (place - low)), axis=-1)
    return np.reshape(found, kept) if keepdims else found


@written(np.nanpercentile)
def nanpercentile(a, q, axis=None, out=None, overwrite_input=False, method="linear", keepdims=False):
    q = q / 100.0 if np.ndim(q) == 0 else np.asarray(q) / 100.0
    return nanquantile(a, q, axis, method=method, keepdims=keepdims)


@written(np.nanmedian)
def nanmedian(a, axis=None, out=None, overwrite_input=False, keepdims=False):
    return nanquantile(a, 0.5, axis, keepdims=keepdims)


# -- sorting


@written(np.partition)
def partition(a, kth, axis=-1, kind="introselect"):
    return np.sort(a, axis=axis)


@written(np.argpartition)
def argpartition(a, kth, axis=-1, kind="introselect"):
    return np.argsort(a, axis=axis)


@written(np.lexsort)
def lexsort(keys, axis=-1):
    first, *others = [np.asarray(k) for k in keys]
    order = np.argsort(first, axis=axis)
    for key in others:
        order = np.take_along_axis(order, np.argsort(np.take_along_axis(key, order, axis=axis), axis=axis), axis=axis)
    return order


@written(np.digitize)
def digitize(x, bins, right=False):
    bins = np.asarray(bins)
    if bins[0] <= bins[-1]:
        return np.searchsorted(bins, x, side="left" if right else "right")
    return bins.shape[0] - np.searchsorted(bins[::-1], x, side="right" if right else "left")


# -- sets and histograms


@written(np.unique)
def unique(ar, return_index=False, return_inverse=False, return_counts=False):
    flat = np.ravel(ar)
    order = np.argsort(flat)
    ordered = flat[order]
    fresh = np.concatenate([np.ones(min(1, flat.shape[0]), bool), ordered[1:] != ordered[:-1]])
    places = np.flatnonzero(fresh)
    found = ordered[places]
    if not (return_index or return_inverse or return_counts):
        return found
    more = []
    if return_index:
        more.append(order[places])
    if return_inverse:
        more.append(np.searchsorted(found, ar))
    if return_counts:
        more.append(np.searchsorted(ordered, found, side="right") - places)
    return (found, *more)


@written(np.histogram_bin_edges)
def histogram_bin_edges(a, bins=10, range=None, weights=None):
    if np.ndim(bins) > 0:
        return np.asarray(bins)
    low, high = (np.min(a), np.max(a)) if range is None else range
    return np.linspace(low, high, bins + 1)


@written(np.histogram)
def histogram(a, bins=10, range=None, density=None, weights=None):
    edges = histogram_bin_edges(a, bins, range)
    flat = np.ravel(a)
    order = np.argsort(flat)
    ordered = flat[order]
    below = np.searchsorted(ordered, edges[:-1], side="left")
    ends = np.concatenate([below, np.atleast_1d(np.searchsorted(ordered, edges[-1], side="right"))])
    if weights is None:
        counts = ends[1:] - ends[:-1]
    else:
        running = np.concatenate([np.zeros(1), np.cumsum(np.ravel(weights)[order])])
        counts = running[ends[1:]] - running[ends[:-1]]
    if density:
        return counts / (np.sum(counts) * (edges[1:] - edges[:-1])), edges
    return counts, edges
