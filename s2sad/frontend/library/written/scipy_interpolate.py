"""`scipy.interpolate`: curves through data, made inside a function from data that may vary, or made outside."""

import numpy as np
from scipy import interpolate

from s2sad.frontend.library.table import called, written
from s2sad.frontend.library.written import splines


@called(interpolate.PPoly)
def piecewise_made_outside(spline, x, nu=0, extrapolate=None):
    if spline.axis != 0:
        raise NotImplementedError("splines are supported along the first axis of their data: use np.moveaxis first")
    return splines.evaluated(spline.c, spline.x, x, nu, spline.extrapolate if extrapolate is None else extrapolate)


class Piecewise:
    """A piecewise polynomial, as `scipy.interpolate.PPoly`, along the first axis of its data."""

    def __init__(self, c, x, extrapolate):
        self.c = c
        self.x = x
        self.extrapolate = extrapolate

    def __call__(self, x, nu=0, extrapolate=None):
        return splines.evaluated(self.c, self.x, x, nu, self.extrapolate if extrapolate is None else extrapolate)

    def derivative(self, nu=1):
        order = self.c.shape[0]
        if nu >= order:
            return Piecewise(np.zeros_like(self.c[:1]), self.x, self.extrapolate)
        factors = [1.0 * np.prod([float(order - 1 - k - j) for j in range(nu)]) for k in range(order - nu)]
        return Piecewise(np.stack([self.c[k] * factors[k] for k in range(order - nu)]), self.x, self.extrapolate)

    def antiderivative(self):
        order, count = self.c.shape[0], self.c.shape[1]
        up = [self.c[k] / (order - k) for k in range(order)]
        h = splines.rows(np.diff(self.x), self.c[0])
        pieces = up[0] * h
        for k in range(1, order):
            pieces = (pieces + up[k]) * h
        start = np.concatenate([np.zeros_like(pieces[:1]), np.cumsum(pieces, axis=0)[: count - 1]])
        return Piecewise(np.stack([*up, start]), self.x, bool(self.extrapolate) and self.extrapolate != "periodic")

    def integrate(self, a, b):
        if self.extrapolate == "periodic":
            raise NotImplementedError("integrate is not supported for periodic splines: integrate one period")
        whole = self.antiderivative()
        return whole(b) - whole(a)


def checked(x, y, axis):
    """Knots and values along the first axis, as floats."""
    x, y = np.asarray(x) * 1.0, np.asarray(y) * 1.0
    if axis % y.ndim != 0:
        raise NotImplementedError("splines are supported along the first axis of their data: use np.moveaxis first")
    if x.ndim != 1:
        raise ValueError("`x` must be 1-dimensional.")
    if x.shape[0] < 2:
        raise ValueError("`x` must contain at least 2 elements.")
    if x.shape[0] != y.shape[0]:
        raise ValueError("The length of `y` along `axis`=0 doesn't match the length of `x`")
    if np.any(np.diff(x) <= 0):
        raise ValueError("`x` must be strictly increasing sequence.")
    return x, y


@written(interpolate.CubicSpline)
def cubic_spline(x, y, axis=0, bc_type="not-a-knot", extrapolate=None):
    x, y = checked(x, y, axis)
    if isinstance(bc_type, str) and bc_type == "periodic":
        if not np.all(np.abs(y[0] - y[-1]) <= 1e-15 * (1.0 + np.abs(y[-1]))):
            raise ValueError("The first and last `y` point along axis 0 must be identical when bc_type='periodic'.")
        slopes = splines.periodic_slopes(x, y)
        return Piecewise(splines.hermite(x, y, slopes), x, "periodic" if extrapolate is None else extrapolate)
    start, end = (bc_type, bc_type) if isinstance(bc_type, str) else bc_type
    slopes = splines.cubic_slopes(x, y, condition(start), condition(end))
    return Piecewise(splines.hermite(x, y, slopes), x, True if extrapolate is None else extrapolate)


def condition(given):
    """A condition at an end: 'not-a-knot', or the order of a derivative and its value."""
    if not isinstance(given, str):
        if given[0] not in (1, 2):
            raise ValueError("The specified derivative order must be 1 or 2.")
        return given
    if given == "clamped":
        return (1, 0.0)
    if given == "natural":
        return (2, 0.0)
    if given != "not-a-knot":
        raise ValueError(f"bc_type={given} is not allowed.")
    return given


@written(interpolate.CubicHermiteSpline)
def cubic_hermite_spline(x, y, dydx, axis=0, extrapolate=None):
    x, y = checked(x, y, axis)
    return Piecewise(splines.hermite(x, y, np.asarray(dydx) * 1.0), x, True if extrapolate is None else extrapolate)


@written(interpolate.PchipInterpolator)
def pchip(x, y, axis=0, extrapolate=None):
    x, y = checked(x, y, axis)
    return Piecewise(splines.hermite(x, y, splines.pchip_slopes(x, y)), x, True if extrapolate is None else extrapolate)


class Interpolated:
    """What `scipy.interpolate.interp1d` makes of data, along their last axis."""

    def __init__(self, x, y, kind, bounds_error, fill_value):
        self.x = x
        self.y = y
        self.kind = kind
        self.fill_value = fill_value
        self.extrapolate = isinstance(fill_value, str) and fill_value == "extrapolate"
        self.bounds_error = (fill_value is None) if bounds_error is None else bounds_error
        if kind == "cubic":
            self.spline = cubic_spline(x, y)

    def __call__(self, x):
        at = np.asarray(x) * 1.0
        low, high = self.x[0], self.x[-1]
        if self.bounds_error:
            if np.any(at < low):
                raise ValueError("A value in x_new is below the interpolation range.")
            if np.any(at > high):
                raise ValueError("A value in x_new is above the interpolation range.")
        value = self.inside(at)
        if self.extrapolate or self.bounds_error:
            return value
        below, above = (np.nan, np.nan) if self.fill_value is None else ends(self.fill_value)
        return np.where(at < low, below, np.where(at > high, above, value))

    def inside(self, at):
        """The value at numbers inside the data; outside, that of `fill_value` "extrapolate"."""
        x, y, last = self.x, self.y, self.x.shape[0] - 1
        if self.kind == "cubic":
            return self.spline(at)
        if self.kind == "nearest":
            return y[..., np.searchsorted(0.5 * (x[1:] + x[:-1]), at, side="left")]
        if self.kind == "nearest-up":
            return y[..., np.searchsorted(0.5 * (x[1:] + x[:-1]), at, side="right")]
        if self.kind == "previous":
            value = y[..., np.clip(np.searchsorted(x, at, side="right") - 1, 0, last)]
            return np.where(at < x[0], np.nan, value)
        if self.kind == "next":
            value = y[..., np.clip(np.searchsorted(x, at, side="left"), 0, last)]
            return np.where(at > x[last], np.nan, value)
        after = np.clip(np.searchsorted(x, at), 1, last)
        before = after - 1
        slope = (y[..., after] - y[..., before]) / (x[after] - x[before])
        return slope * (at - x[before]) + y[..., before]


def ends(fill_value):
    """What stands below and above the data."""
    return fill_value if isinstance(fill_value, tuple) else (fill_value, fill_value)


@written(interpolate.interp1d)
def interp1d(x, y, kind="linear", axis=-1, copy=True, bounds_error=None, fill_value=None, assume_sorted=False):
    x, y = np.asarray(x) * 1.0, np.asarray(y) * 1.0
    if axis not in (-1, y.ndim - 1) or (y.ndim > 1 and kind == "cubic"):
        raise NotImplementedError("interp1d is supported along the last axis, and kind='cubic' for one curve")
    if kind not in KINDS:
        raise NotImplementedError(f"interp1d is supported with kind= one of {', '.join(KINDS)}")
    if not assume_sorted:
        order = np.argsort(x)
        x, y = x[order], y[..., order]
    return Interpolated(x, y, kind, bounds_error, fill_value)


KINDS = ("linear", "nearest", "nearest-up", "previous", "next", "cubic")


@called(interpolate.interp1d)
def interp1d_made_outside(curve, x):
    kind = curve._kind
    if kind == "spline":
        if curve._spline.k != 3:
            raise NotImplementedError(f"interp1d is supported with kind= one of {', '.join(KINDS)}")
        kind = "cubic"
    axis = curve.axis % curve.y.ndim
    return interp1d(curve.x, curve.y, kind, axis, True, curve.bounds_error, curve.fill_value, True)(x)
