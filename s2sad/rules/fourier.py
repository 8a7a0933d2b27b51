"""Discrete Fourier transforms along one axis: linear, so each tangent is the transform of the tangent.

The matrix of a transform is symmetric, so `fft` and `ifft` are their own transposes. `rfft` keeps half of the
frequencies of real numbers, and `irfft` counts each of those twice but the first and, of an even number, the last; so
each is the other's transpose up to `_share` and a conjugate.
"""

from __future__ import annotations

from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import Array, Dim, lower_bound, symbol
from s2sad.rules.cotangent import call_like, ndim_of, number, shape_of
from s2sad.rules.creation import arange
from s2sad.rules.elementwise import conj, where
from s2sad.rules.logical import eq, logical_or
from s2sad.rules.registry import jvp, multilinear, vjp
from s2sad.rules.shape import reshape

__all__ = ["fft", "ifft", "irfft", "resized", "rfft"]


def _complex(dtype: np.dtype) -> np.dtype:
    return np.result_type(dtype if dtype.kind in "fc" else float, np.complex64)


def _full_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    return (Array(_complex(args[0].type.dtype), args[0].type.dims),)


fft = Primitive("fft", lambda x, axis: np.fft.fft(x, axis=axis), "np.fft.fft(_0, axis=_axis)", type_rule=_full_type)
"""``fft(x; axis)``: NumPy's."""
ifft = Primitive("ifft", lambda x, axis: np.fft.ifft(x, axis=axis), "np.fft.ifft(_0, axis=_axis)", type_rule=_full_type)
"""``ifft(x; axis)``: NumPy's, divided by the size of the axis."""
multilinear(fft)
multilinear(ifft)


@vjp(fft)
def fft_vjp(out_bar, *, axis):
    return (fft(out_bar, axis=axis),)


@vjp(ifft)
def ifft_vjp(out_bar, *, axis):
    return (ifft(out_bar, axis=axis),)


# -- of real numbers


def _half(n: Dim) -> Dim:
    """``n // 2 + 1``: a symbol of its own, the same each time, where that is not known now."""
    return n // 2 + 1 if isinstance(n, int) else symbol(f"({n}//2+1)", (lower_bound(n) or 0) // 2 + 1)


def _rfft_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    dims = list(x.dims)
    dims[params["axis"]] = _half(dims[params["axis"]])
    return (Array(_complex(x.dtype), tuple(dims)),)


def _irfft_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    dims = list(args[0].type.dims)
    dims[params["axis"]] = size_of(args[1])
    return (Array(np.dtype(f"f{_complex(args[0].type.dtype).itemsize // 2}"), tuple(dims)),)


rfft = Primitive("rfft", lambda x, axis: np.fft.rfft(x, axis=axis), "np.fft.rfft(_0, axis=_axis)", type_rule=_rfft_type)
"""``rfft(x; axis)``: the first ``n // 2 + 1`` of `fft`, for real x."""
irfft = Primitive(
    "irfft", lambda x, n, axis: np.fft.irfft(x, n, axis=axis), "np.fft.irfft(_0, _1, axis=_axis)", type_rule=_irfft_type
)
"""``irfft(x, n; axis)``: the n real numbers whose `rfft` is `x`, which has ``n // 2 + 1`` along the axis."""
multilinear(rfft)


@jvp(irfft)
def irfft_jvp(x_dot, _n_dot, x, n, *, axis):
    return irfft(x_dot, n, axis=axis)


def _share(like: Any, n: Any, axis: int) -> Any:
    """1 for the frequencies that stand for themselves, a half for those that stand for their conjugates too."""
    count = shape_of(like)[axis]
    places = call_like(like, arange, 0, count, 1, dtype=np.dtype(np.int64))
    alone = logical_or(eq(places, 0), eq(2 * places, n))
    share = where(alone, number(1, like), number(0.5, like))
    return reshape(share, *(count if k == axis % ndim_of(like) else 1 for k in range(ndim_of(like))))


@vjp(rfft)
def rfft_vjp(out_bar, x, *, axis):
    n = shape_of(x)[axis]
    return (irfft(conj(out_bar) * _share(out_bar, n, axis), n, axis=axis) * n,)


@vjp(irfft)
def irfft_vjp(out_bar, x, n, *, axis):
    bar = conj(rfft(out_bar, axis=axis))
    return bar / (_share(bar, n, axis) * n), None


# -- cut, or filled with zeros


def _resized_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    dims = list(args[0].type.dims)
    dims[params["axis"]] = size_of(args[1])
    return (Array(args[0].type.dtype, tuple(dims)),)


resized = Primitive(
    "resized", lambda x, n, axis: rt.resized(x, n, axis), "rt.resized(_0, _1, _axis)", type_rule=_resized_type
)
"""``resized(x, n; axis)``: the first n entries along the axis, zeros where there are fewer."""


@jvp(resized)
def resized_jvp(x_dot, _n_dot, x, n, *, axis):
    return resized(x_dot, n, axis=axis)


@vjp(resized)
def resized_vjp(out_bar, x, n, *, axis):
    return resized(out_bar, shape_of(x)[axis], axis=axis), None
