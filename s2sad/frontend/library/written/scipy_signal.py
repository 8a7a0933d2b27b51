"""Convolutions of `scipy.signal`, of any rank."""

import numpy as np
from scipy import signal

from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import axes_of


@written(signal.convolve)
def convolve(in1, in2, mode="full", method="auto"):
    whole = np.zeros([in1.shape[k] + in2.shape[k] - 1 for k in axes_of(in1.ndim)], np.result_type(in1, in2))
    for k in range(in2.size):
        place = np.unravel_index(k, in2.shape)
        key = tuple([slice(place[k], place[k] + in1.shape[k]) for k in axes_of(in1.ndim)])
        whole[key] = whole[key] + in1 * in2[place]
    if mode == "full":
        return whole
    if mode == "same":
        starts = [(in2.shape[k] - 1) // 2 for k in axes_of(in1.ndim)]
        return whole[tuple([slice(starts[k], starts[k] + in1.shape[k]) for k in axes_of(in1.ndim)])]
    lows = [min(in1.shape[k], in2.shape[k]) - 1 for k in axes_of(in1.ndim)]
    highs = [max(in1.shape[k], in2.shape[k]) for k in axes_of(in1.ndim)]
    return whole[tuple([slice(lows[k], highs[k]) for k in axes_of(in1.ndim)])]


@written(signal.fftconvolve)
def fftconvolve(in1, in2, mode="full"):
    return convolve(in1, in2, mode)


@written(signal.convolve2d)
def convolve2d(in1, in2, mode="full", boundary="fill", fillvalue=0):
    if boundary != "fill" or fillvalue != 0:
        raise NotImplementedError("convolve2d is supported with boundary='fill' and fillvalue=0: use np.pad first")
    return convolve(in1, in2, mode)


@written(signal.lfilter)
def lfilter(b, a, x, axis=-1, zi=None):
    if np.ndim(x) != 1 or zi is not None:
        raise NotImplementedError("lfilter is supported for one signal and without zi=")
    b, a, x = np.asarray(b), np.asarray(a), np.asarray(x)
    order = max(b.shape[0], a.shape[0])
    dtype = np.result_type(b, a, x, 1.0)
    above, below, state = np.zeros(order, dtype), np.zeros(order, dtype), np.zeros(order, dtype)
    above[: b.shape[0]] = b / a[0]
    below[: a.shape[0]] = a / a[0]
    out = np.zeros(x.shape[0], dtype)
    for n in range(x.shape[0]):
        out[n] = above[0] * x[n] + state[0]
        state[:-1] = state[1:] + above[1:] * x[n] - below[1:] * out[n]
    return out


@written(signal.correlate)
def correlate(in1, in2, mode="full", method="auto"):
    return convolve(in1, np.conj(np.flip(in2)), mode)
