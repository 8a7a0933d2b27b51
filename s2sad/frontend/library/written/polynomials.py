"""Polynomials, whose coefficients stand highest power first, convolutions, and ranges with arrays as ends."""

import numpy as np

from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import steps


@written(np.polyder)
def polyder(p, m=1):
    p = np.asarray(p)
    for _ in steps(m):
        p = p[:-1] * np.arange(p.shape[0] - 1, 0, -1)
    return p


@written(np.polyint)
def polyint(p, m=1, k=0.0):
    p = np.asarray(p)
    for _ in steps(m):
        p = np.append(p / np.arange(p.shape[0], 0, -1), k)
    return p


@written(np.polymul)
def polymul(a1, a2):
    return np.convolve(a1, a2)


def levelled(a1, a2):
    """Both with as many coefficients."""
    x, y = np.asarray(a1), np.asarray(a2)
    n = max(x.shape[0], y.shape[0])
    return np.concatenate([np.zeros(n - x.shape[0]), x]), np.concatenate([np.zeros(n - y.shape[0]), y])


@written(np.polyadd)
def polyadd(a1, a2):
    x, y = levelled(a1, a2)
    return x + y


@written(np.polysub)
def polysub(a1, a2):
    x, y = levelled(a1, a2)
    return x - y


@written(np.polyfit)
def polyfit(x, y, deg, rcond=None, w=None):
    rows = np.vander(np.asarray(x) * 1.0, deg + 1)
    right = np.asarray(y) * 1.0
    if w is not None:
        rows = rows * np.asarray(w)[:, None]
        right = right * (w if right.ndim == 1 else np.asarray(w)[:, None])
    scale = np.sqrt(np.sum(rows * rows, axis=0))
    return (
        (np.linalg.pinv(rows / scale) @ right).T / scale
        if right.ndim > 1
        else np.linalg.pinv(rows / scale) @ right / scale
    )


@written(np.correlate)
def correlate(a, v, mode="valid"):
    a, v = np.asarray(a), np.asarray(v)
    if mode == "same" and a.shape[0] < v.shape[0]:
        return np.conj(np.convolve(v, np.conj(a[::-1]), mode))[::-1]
    return np.convolve(a, np.conj(v[::-1]), mode)


@written(np.geomspace)
def geomspace(start, stop, num=50, endpoint=True):
    return start * (stop / start) ** np.linspace(0.0, 1.0, num, endpoint)


def linspace_between(start, stop, num, endpoint, axis):
    """`np.linspace` where an end is an array."""
    rank = max(np.ndim(start), np.ndim(stop))
    share = np.reshape(np.linspace(0.0, 1.0, num, endpoint), (num, *[1] * rank))
    return np.moveaxis(start + (np.asarray(stop) - start) * share, 0, axis)
