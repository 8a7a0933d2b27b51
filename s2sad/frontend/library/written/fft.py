"""`np.fft` along several axes, of Hermitian arrays, shifts and frequencies."""

from typing import Any

import numpy as np

from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import axes_of, pairs

SWAPPED: dict[Any, Any] = {None: "forward", "backward": "forward", "ortho": "ortho", "forward": "backward"}
"""The `norm` of the transform that undoes one with this `norm`."""


@written(np.fft.fftn)
def fftn(a, s=None, axes=None, norm=None):
    for axis, n in pairs(np.ndim(a), s, axes):
        a = np.fft.fft(a, n, axis, norm)
    return a


@written(np.fft.ifftn)
def ifftn(a, s=None, axes=None, norm=None):
    for axis, n in pairs(np.ndim(a), s, axes):
        a = np.fft.ifft(a, n, axis, norm)
    return a


@written(np.fft.fft2)
def fft2(a, s=None, axes=(-2, -1), norm=None):
    return fftn(a, s, axes, norm)


@written(np.fft.ifft2)
def ifft2(a, s=None, axes=(-2, -1), norm=None):
    return ifftn(a, s, axes, norm)


@written(np.fft.rfftn)
def rfftn(a, s=None, axes=None, norm=None):
    (last, n), *others = pairs(np.ndim(a), s, axes)
    a = np.fft.rfft(a, n, last, norm)
    for axis, n in others:
        a = np.fft.fft(a, n, axis, norm)
    return a


@written(np.fft.rfft2)
def rfft2(a, s=None, axes=(-2, -1), norm=None):
    return rfftn(a, s, axes, norm)


@written(np.fft.irfftn)
def irfftn(a, s=None, axes=None, norm=None):
    (last, n), *others = pairs(np.ndim(a), s, axes)
    for axis, size in others[::-1]:
        a = np.fft.ifft(a, size, axis, norm)
    return np.fft.irfft(a, n, last, norm)


@written(np.fft.irfft2)
def irfft2(a, s=None, axes=(-2, -1), norm=None):
    return irfftn(a, s, axes, norm)


@written(np.fft.hfft)
def hfft(a, n=None, axis=-1, norm=None):
    return np.fft.irfft(np.conj(a), n, axis, SWAPPED[norm])


@written(np.fft.ihfft)
def ihfft(a, n=None, axis=-1, norm=None):
    return np.conj(np.fft.rfft(a, n, axis, SWAPPED[norm]))


@written(np.fft.fftshift)
def fftshift(x, axes=None):
    if axes is None:
        axes = axes_of(x.ndim)
    if isinstance(axes, int):
        return np.roll(x, x.shape[axes] // 2, axes)
    return np.roll(x, tuple([x.shape[k] // 2 for k in axes]), axes)


@written(np.fft.ifftshift)
def ifftshift(x, axes=None):
    if axes is None:
        axes = axes_of(x.ndim)
    if isinstance(axes, int):
        return np.roll(x, -(x.shape[axes] // 2), axes)
    return np.roll(x, tuple([-(x.shape[k] // 2) for k in axes]), axes)


@written(np.fft.fftfreq)
def fftfreq(n, d=1.0):
    places = np.arange(n)
    return np.where(places < (n + 1) // 2, places, places - n) / (n * d)


@written(np.fft.rfftfreq)
def rfftfreq(n, d=1.0):
    return np.arange(n // 2 + 1) / (n * d)
