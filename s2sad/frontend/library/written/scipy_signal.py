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


@written(signal.correlate)
def correlate(in1, in2, mode="full", method="auto"):
    return convolve(in1, np.conj(np.flip(in2)), mode)
