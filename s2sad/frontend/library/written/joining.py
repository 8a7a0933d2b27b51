"""The items of one array, joined: as many of them as are known at run time."""

import numpy as np


def joined(x, axis):
    """The items along axis 0, joined along an axis of theirs."""
    moved = np.moveaxis(x, 0, axis)
    return np.reshape(moved, (*moved.shape[:axis], -1, *moved.shape[axis + 2 :])).copy()


def concatenate(x, axis):
    return np.ravel(x).copy() if axis is None else joined(x, axis)


def vstack(x):
    x = x[:, None] if x.ndim == 1 else x
    return joined(x[:, None] if x.ndim == 2 else x, 0)


def hstack(x):
    return joined(x[:, None], 0) if x.ndim == 1 else joined(x, 0 if x.ndim == 2 else 1)


def dstack(x):
    x = x[:, None] if x.ndim == 1 else x
    return joined(x[:, None, :, None] if x.ndim == 2 else x[..., None] if x.ndim == 3 else x, 2)


def column_stack(x):
    x = x[:, None] if x.ndim == 1 else x
    return joined(x[..., None] if x.ndim == 2 else x, 1)
