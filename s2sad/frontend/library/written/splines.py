"""Piecewise polynomials in powers of the distance to the knot before, as `scipy.interpolate.PPoly` keeps them: how they
are evaluated, and the coefficients of cubic ones (de Boor, "A Practical Guide to Splines", chapter IV).

`c` has the coefficients, the highest power first, in its rows; ``x`` has the knots.
"""

import numpy as np


def evaluated(c, x, at, nu, extrapolate):
    """The polynomial, or its derivative of order `nu`, at numbers in an array of any shape."""
    at = np.asarray(at) * 1.0
    if extrapolate == "periodic":
        at = x[0] + (at - x[0]) % (x[-1] - x[0])
    count = x.shape[0] - 1
    place = np.clip(np.searchsorted(x, at, side="right") - 1, 0, count - 1)
    away = at - x[place]
    order = c.shape[0]
    if c.ndim > 2:
        away = np.reshape(away, (*at.shape, *[1 for _ in c.shape[2:]]))
    value = np.zeros((*at.shape, *c.shape[2:]), c.dtype)
    for k in range(order - nu):
        power = order - 1 - k
        factor = 1.0
        for j in range(nu):
            factor = factor * (power - j)
        value = value * away + c[k][place] * factor
    if extrapolate:
        return value
    inside = (at >= x[0]) & (at <= x[-1])
    if c.ndim > 2:
        inside = np.reshape(inside, (*at.shape, *[1 for _ in c.shape[2:]]))
    return np.where(inside, value, np.nan)


def hermite(x, y, slopes):
    """The coefficients of the cubic with these values and slopes at the knots."""
    h = rows(np.diff(x), y)
    rate = np.diff(y, axis=0) / h
    bend = (slopes[:-1] + slopes[1:] - 2 * rate) / h
    return np.stack([bend / h, (rate - slopes[:-1]) / h - bend, slopes[:-1], y[:-1]])


def rows(h, y):
    """Numbers, one a row of `y`, in a shape that broadcasts with it."""
    return np.reshape(h, (h.shape[0], *[1 for _ in y.shape[1:]]))


def cubic_slopes(x, y, start, end):
    """The slopes at the knots with which the second derivatives meet. `start` and `end` are 'not-a-knot', or the order
    of a derivative and its value there."""
    n = x.shape[0]
    h = np.diff(x)
    wide = rows(h, y)
    rate = np.diff(y, axis=0) / wide
    below, diagonal, above, right = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(y.shape, y.dtype)
    for i in range(1, n - 1):
        below[i], diagonal[i], above[i] = h[i], 2 * (h[i - 1] + h[i]), h[i - 1]
        right[i] = 3 * (h[i] * rate[i - 1] + h[i - 1] * rate[i])
    parabola = n == 3 and start == "not-a-knot" and end == "not-a-knot"
    if start == "not-a-knot":
        if n == 2:
            diagonal[0], right[0] = 1.0, rate[0]
        elif parabola:
            diagonal[0], above[0], right[0] = 1.0, 1.0, 2 * rate[0]
        else:
            d = x[2] - x[0]
            diagonal[0], above[0] = h[1], d
            right[0] = ((h[0] + 2 * d) * h[1] * rate[0] + h[0] ** 2 * rate[1]) / d
    elif start[0] == 1:
        diagonal[0], right[0] = 1.0, start[1]
    else:
        diagonal[0], above[0] = 2 * h[0], h[0]
        right[0] = -0.5 * start[1] * h[0] ** 2 + 3 * (y[1] - y[0])
    if end == "not-a-knot":
        if n == 2:
            diagonal[1], right[1] = 1.0, rate[0]
        elif parabola:
            below[2], diagonal[2], right[2] = 1.0, 1.0, 2 * rate[1]
        else:
            d = x[n - 1] - x[n - 3]
            below[n - 1], diagonal[n - 1] = d, h[n - 3]
            right[n - 1] = (h[n - 2] ** 2 * rate[n - 3] + (2 * d + h[n - 2]) * h[n - 3] * rate[n - 2]) / d
    elif end[0] == 1:
        diagonal[n - 1], right[n - 1] = 1.0, end[1]
    else:
        below[n - 1], diagonal[n - 1] = h[n - 2], 2 * h[n - 2]
        right[n - 1] = 0.5 * end[1] * h[n - 2] ** 2 + 3 * (y[n - 1] - y[n - 2])
    return tridiagonal(below, diagonal, above, right)


def periodic_slopes(x, y):
    """The slopes of a cubic spline whose end goes on at its start."""
    n = x.shape[0]
    h = np.diff(x)
    wide = rows(h, y)
    rate = np.diff(y, axis=0) / wide
    if n < 4:
        raise NotImplementedError("periodic splines are supported for at least four points")
    m = n - 2
    below, diagonal, above = np.zeros(m), np.zeros(m), np.zeros(m)
    right, corner = np.zeros((m, *y.shape[1:]), y.dtype), np.zeros(m)
    for i in range(m):
        before = h[i - 1] if i > 0 else h[n - 2]
        last = rate[i - 1] if i > 0 else rate[n - 2]
        below[i], diagonal[i], above[i] = h[i], 2 * (before + h[i]), before
        right[i] = 3 * (h[i] * last + before * rate[i])
    corner[0] = corner[0] - h[0]
    corner[m - 1] = corner[m - 1] - h[n - 4]
    first = tridiagonal(below, diagonal, above, right)
    second = tridiagonal(below, diagonal, above, corner)
    # The slope at the last knot but one, which the reduced system leaves out.
    end = 3 * (h[n - 2] * rate[n - 3] + h[n - 3] * rate[n - 2])
    top = end - h[n - 3] * first[0] - h[n - 2] * first[m - 1]
    slope = top / (2 * (h[n - 2] + h[n - 3]) + h[n - 3] * second[0] + h[n - 2] * second[m - 1])
    out = np.zeros(y.shape, y.dtype)
    for i in range(m):
        out[i] = first[i] + slope * second[i]
    out[n - 2] = slope
    out[n - 1] = out[0]
    return out


def tridiagonal(below, diagonal, above, right):
    """The solution of a tridiagonal system, by elimination without exchanges: the diagonal is larger than its
    neighbours together, and in the rows of 'not-a-knot' the pivots stay away from zero all the same."""
    n = diagonal.shape[0]
    pivots, out = diagonal * 1.0, right * 1.0
    for i in range(1, n):
        factor = below[i] / pivots[i - 1]
        pivots[i] = pivots[i] - factor * above[i - 1]
        out[i] = out[i] - factor * out[i - 1]
    out[n - 1] = out[n - 1] / pivots[n - 1]
    for k in range(1, n):
        i = n - 1 - k
        out[i] = (out[i] - above[i] * out[i + 1]) / pivots[i]
    return out


def pchip_slopes(x, y):
    """Slopes that keep the data's shape (Fritsch and Butland, SIAM J. Sci. Comput. 5, 1984)."""
    n = x.shape[0]
    if n == 2:
        return np.zeros_like(y) + (y[1] - y[0]) / (x[1] - x[0])
    h = rows(np.diff(x), y)
    rate = np.diff(y, axis=0) / h
    flat = np.sign(rate[1:]) != np.sign(rate[:-1])
    flat = flat | (rate[1:] == 0) | (rate[:-1] == 0)
    one, two = 2 * h[1:] + h[:-1], h[1:] + 2 * h[:-1]
    low, high = np.where(flat, 1.0, rate[:-1]), np.where(flat, 1.0, rate[1:])
    inner = np.where(flat, 0.0, (one + two) / (one / low + two / high))
    first = edge(h[0], h[1], rate[0], rate[1])
    last = edge(h[n - 2], h[n - 3], rate[n - 2], rate[n - 3])
    return np.concatenate([np.expand_dims(first, 0), inner, np.expand_dims(last, 0)])


def edge(h, beyond, rate, after):
    """The slope at an end, from three points."""
    slope = ((2 * h + beyond) * rate - h * after) / (h + beyond)
    steep = (np.sign(rate) != np.sign(after)) & (np.abs(slope) > 3.0 * np.abs(rate))
    return np.where(np.sign(slope) != np.sign(rate), 0.0, np.where(steep, 3.0 * rate, slope))
