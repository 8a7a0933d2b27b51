"""Arrays split, filled up, put together, and indexes into them."""

from typing import Any

import numpy as np

from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import axes_of, pairs_of, steps


@written(np.hsplit)
def hsplit(ary, indices_or_sections):
    return np.split(ary, indices_or_sections, axis=0 if np.ndim(ary) == 1 else 1)


@written(np.array_split)
def array_split(ary, indices_or_sections, axis=0):
    if not isinstance(indices_or_sections, int):
        return np.split(ary, indices_or_sections, axis)
    size, count = ary.shape[axis], indices_or_sections
    ends = [k * (size // count) + min(k, size % count) for k in steps(count + 1)]
    return [part(ary, axis, slice(ends[k], ends[k + 1])) for k in steps(count)]


@written(np.vsplit)
def vsplit(ary, indices_or_sections):
    return np.split(ary, indices_or_sections, axis=0)


@written(np.dsplit)
def dsplit(ary, indices_or_sections):
    return np.split(ary, indices_or_sections, axis=2)


@written(np.unstack)
def unstack(x, /, *, axis=0):
    moved = np.moveaxis(x, axis, 0)
    return tuple([moved[k] for k in range(moved.shape[0])])


def depth_of(arrays):
    return 1 + max([depth_of(a) for a in arrays]) if isinstance(arrays, list) else 0


def rank_within(arrays):
    return max([rank_within(a) for a in arrays]) if isinstance(arrays, list) else np.ndim(arrays)


def block_of(arrays, depth, rank):
    if depth == 0:
        whole = np.asarray(arrays)
        return np.reshape(whole, (*[1] * (rank - whole.ndim), *whole.shape))
    return np.concatenate([block_of(a, depth - 1, rank) for a in arrays], axis=-depth)


@written(np.block)
def block(arrays):
    depth = depth_of(arrays)
    return block_of(arrays, depth, max(depth, rank_within(arrays)))


def joined_rows(parts):
    """``np.r_[parts]``, of arrays and numbers."""
    return np.concatenate([np.atleast_1d(p) for p in parts])


def joined_columns(parts):
    """``np.c_[parts]``, of arrays and numbers."""
    return np.concatenate([np.atleast_2d(np.asarray(p).T).T for p in parts], axis=-1)


@written(np.astype)
def astype(x, dtype, /, *, copy=True):
    return x.astype(dtype)


@written(np.resize)
def resize(a, new_shape):
    flat = np.ravel(a)
    size = 1
    for n in [new_shape] if isinstance(new_shape, int) else new_shape:
        size = size * n
    return np.reshape(flat[np.arange(size) % flat.shape[0]], new_shape)


@written(np.tri)
def tri(N, M=None, k=0, dtype=float):
    rows, columns = np.arange(N)[:, None], np.arange(N if M is None else M)[None, :]
    return (columns <= rows + k).astype(dtype)


@written(np.tril_indices)
def tril_indices(n, k=0, m=None):
    return np.nonzero(tri(n, m, k))


@written(np.triu_indices)
def triu_indices(n, k=0, m=None):
    return np.nonzero(1.0 - tri(n, m, k - 1))


@written(np.tril_indices_from)
def tril_indices_from(arr, k=0):
    return tril_indices(arr.shape[-2], k, arr.shape[-1])


@written(np.triu_indices_from)
def triu_indices_from(arr, k=0):
    return triu_indices(arr.shape[-2], k, arr.shape[-1])


@written(np.diag_indices_from)
def diag_indices_from(arr):
    return (np.arange(arr.shape[0]),) * arr.ndim


@written(np.ravel_multi_index)
def ravel_multi_index(multi_index, dims, mode="raise"):
    place = 0
    for k, n in zip(multi_index, dims, strict=True):
        place = place * n + k
    return place


@written(np.isin)
def isin(element, test_elements):
    ordered = np.sort(np.ravel(test_elements))
    places = np.minimum(np.searchsorted(ordered, element), ordered.shape[0] - 1)
    return ordered[places] == element


@written(np.indices)
def indices(dimensions, dtype=int):
    grids = np.meshgrid(*[np.arange(n, dtype=dtype) for n in dimensions], indexing="ij")
    return np.stack(grids)


def index_along(places, axis, shape):
    """The index that `places` stand for along an axis, together with all of the other axes."""
    rank = len(shape)
    return tuple(
        [
            places
            if k == axis % rank
            else np.reshape(np.arange(shape[k]), [-1 if j == k else 1 for j in axes_of(rank)])
            for k in axes_of(rank)
        ]
    )


@written(np.put_along_axis, fold=False)
def put_along_axis(arr, indices, values, axis):
    arr[index_along(indices, axis, arr.shape)] = values


@written(np.put, fold=False)
def put(a, ind, v, mode="raise"):
    places = np.unravel_index(np.asarray(ind), a.shape)
    a[places] = v


@written(np.place, np.putmask, fold=False)
def place(arr, mask, vals):
    if np.ndim(vals) == 0:
        arr[mask] = vals
    else:
        places = np.nonzero(mask)
        arr[places] = np.asarray(vals)[np.arange(places[0].shape[0]) % np.size(vals)]


# -- insertion and deletion


def part(x, axis, key):
    """``x[..., key, ...]`` along an axis."""
    return x[(*[slice(None)] * (axis % x.ndim), key)]


@written(np.delete)
def delete(arr, obj, axis=None):
    x = np.ravel(arr) if axis is None else np.asarray(arr)
    axis = 0 if axis is None else axis
    if isinstance(obj, int):
        after = part(x, axis, slice(obj + 1, None)) if obj != -1 else part(x, axis, slice(0, 0))
        return np.concatenate([part(x, axis, slice(None, obj)), after], axis=axis)
    kept = np.ones(x.shape[axis], bool)
    kept[obj] = False
    return part(x, axis, np.flatnonzero(kept))


@written(np.insert)
def insert(arr, obj, values, axis=None):
    x = np.ravel(arr) if axis is None else np.asarray(arr)
    axis = 0 if axis is None else axis % x.ndim
    if not isinstance(obj, int):
        return inserted(x, np.asarray(obj), np.asarray(values), axis)
    before, after = part(x, axis, slice(None, obj)), part(x, axis, slice(obj, None))
    if np.ndim(values) == 0:
        middle = np.full_like(part(x, axis, slice(0, 1)), values)
    else:
        new = np.asarray(values)
        if new.ndim < x.ndim:
            new = np.expand_dims(new, axis)
        rest = [new.shape[axis] if k == axis else x.shape[k] for k in axes_of(x.ndim)]
        middle = np.broadcast_to(new, rest)
    return np.concatenate([before, middle, after], axis=axis)


def inserted(x, places, values, axis):
    """Several places at once: each counts in `x` as it was."""
    order = np.argsort(places)
    at = places[order] + np.arange(places.shape[0])
    old = np.ones(x.shape[axis] + places.shape[0], bool)
    old[at] = False
    moved = np.moveaxis(x, axis, 0)
    out = np.zeros((x.shape[axis] + places.shape[0], *moved.shape[1:]), x.dtype)
    out[np.flatnonzero(old)] = moved
    if values.ndim == 0:
        out[at] = values
    else:
        new = values if values.ndim < 2 or x.ndim == 1 else np.moveaxis(values, axis, 0)
        out[at] = new[order]
    return np.moveaxis(out, 0, axis)


def repeat(x, repeats, axis):
    """`np.repeat` with a number of repeats for each entry."""
    ends = np.cumsum(np.asarray(repeats))
    return part(x, axis, np.searchsorted(ends, np.arange(ends[-1]), side="right"))


# -- padding


def pad(array, pad_width, mode, constant_values=0, end_values=0, reflect_type="even"):
    x = np.asarray(array)
    widths = pairs_of(pad_width, x.ndim)
    fills = pairs_of(constant_values, x.ndim)
    ends = pairs_of(end_values, x.ndim)
    for axis in axes_of(x.ndim):
        low, high = widths[axis]
        if mode == "constant":
            x = padded(x, axis, low, high, fills[axis][0], fills[axis][1])
        elif mode == "linear_ramp":
            x = ramped(x, axis, low, high, ends[axis][0], ends[axis][1])
        elif mode in STATISTICS:
            fill = STATISTICS[mode](x, axis=axis, keepdims=True)
            x = np.concatenate([np.repeat(fill, low, axis), x, np.repeat(fill, high, axis)], axis=axis)
        elif mode in PLACES and reflect_type == "even":
            n = x.shape[axis]
            x = part(x, axis, PLACES[mode](np.arange(-low, n + high), n))
        else:
            raise NotImplementedError(
                "this mode of np.pad is not supported: use 'constant', 'edge', 'wrap', 'reflect' or 'symmetric'"
            )
    return x


STATISTICS: dict[str, Any] = {"maximum": np.max, "minimum": np.min, "mean": np.mean, "median": np.median}
PLACES = {
    "edge": lambda k, n: np.clip(k, 0, n - 1),
    "wrap": lambda k, n: k % n,
    "reflect": lambda k, n: (n - 1) - np.abs(k % (2 * n - 2) - (n - 1)) if n > 1 else 0 * k,
    "symmetric": lambda k, n: np.where(k % (2 * n) < n, k % (2 * n), 2 * n - 1 - k % (2 * n)),
}
"""Where the entries of the padded axis come from, of those before and after the `n` there are."""


def filling(x, axis, count, value):
    return np.full([count if k == axis else x.shape[k] for k in axes_of(x.ndim)], value, dtype=x.dtype)


def padded(x, axis, low, high, before, after):
    parts = [filling(x, axis, low, before), x, filling(x, axis, high, after)]
    return np.concatenate(parts, axis=axis)


def ramped(x, axis, low, high, before, after):
    first, last = part(x, axis, slice(0, 1)), part(x, axis, slice(-1, None))
    shape = [-1 if k == axis else 1 for k in axes_of(x.ndim)]
    up = np.reshape(np.arange(low) / max(low, 1), shape)
    down = np.reshape(np.arange(high - 1, -1, -1) / max(high, 1), shape)
    return np.concatenate([before + (first - before) * up, x, after + (last - after) * down], axis=axis)
