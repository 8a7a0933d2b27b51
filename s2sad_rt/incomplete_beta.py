"""Derivatives of the incomplete beta function in its shapes (NIST's handbook, 8.17).

``betainc(a, b, x)`` is the mass below x of the density ``t**(a-1) (1-t)**(b-1) / beta(a, b)``. As in `incomplete_gamma`
its derivatives are integrated over the lighter side of x, and where `a` is below 1 and x small the series is summed
(8.17.8). `y` is ``1 - x`` everywhere, known better than it could be found from x.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from s2sad_rt.gamma_ratios import beta_weight, digamma_gap, log_derivatives, trigamma_gap
from s2sad_rt.incomplete_gamma import NEAR_0, NEGLIGIBLE, START, STEP, at_the_end, raised, shape_factors
from s2sad_rt.special import elementwise_float, polygamma_positive


def dbetainc(a: Any, b: Any, x: Any, i: int = 0, j: int = 0) -> Any:
    """The derivative of ``betainc(a, b, x)``, of order `i` in `a` and `j` in `b`, together 1 or 2, elementwise."""
    return elementwise_float(dbetainc_number, (a, b, x), i, j)


def beta_density(a: Any, b: Any, x: Any, i: int = 0, j: int = 0, k: int = 0, m: int = 0) -> Any:
    """The derivative of orders `i` in `a` and `j` in `b` of ``x**(a-1) * (1-x)**(b-1) / beta(a, b)``, elementwise.

    With `k` and `m` it is ``gamma(a+b) / (gamma(a-k) gamma(b-m)) * x**(a-k-1) * (1-x)**(b-m-1)``, of which the
    derivatives in x consist.
    """
    return elementwise_float(beta_density_number, (a, b, x), i, j, k, m)


def dbetainc_number(a: float, b: float, x: float, i: int, j: int) -> float:
    if not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0) or math.isinf(a) or math.isinf(b):
        return math.nan
    if x == 0.0 or x == 1.0:
        return 0.0
    return of_shapes(a, b, x, 1.0 - x, i, j)


def of_shapes(a: float, b: float, x: float, y: float, i: int, j: int) -> float:
    """The derivative, from the side of x and by the method that fit."""
    weight = beta_weight(a, b, x, y)
    if weight == 0.0:
        return 0.0
    if a < 1.0 and x <= 0.5 and b * x <= 1.0:
        return weight * beta_series(a, b, x, y, i, j)
    if b < 1.0 and y <= 0.5 and a * y <= 1.0:
        return -weight * beta_series(b, a, y, x, j, i)
    if a * y >= b * x:
        return weight * _below(a, b, x, y, i, j)
    return -weight * _below(b, a, y, x, j, i)


def both_logs(x: float, y: float) -> tuple[float, float]:
    """``log(x), log(y)``."""
    return (math.log(x) if x < 0.5 else math.log1p(-y)), (math.log(y) if y < 0.5 else math.log1p(-x))


def beta_series(a: float, b: float, x: float, y: float, i: int, j: int) -> float:
    """The derivative of ``weight / a * sum of (a + b)_k / (a + 1)_k * x**k``, over the weight."""
    term, total, by_a, by_b, by_aa, by_ab, by_bb = 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0
    in_a, in_b, bend_a, bend_b = 0.0, 0.0, 0.0, 0.0  # the derivatives of the term's logarithm; `bend_b` also for ab
    k = 0
    while term > 1e-18 * total:
        upper, lower = 1.0 / (a + b + k), 1.0 / (a + 1.0 + k)
        term *= x * lower / upper
        in_a += (1.0 - b) * upper * lower
        in_b += upper
        bend_a += lower * lower - upper * upper
        bend_b -= upper * upper
        total += term
        by_a += term * in_a
        by_b += term * in_b
        by_aa += term * (in_a * in_a + bend_a)
        by_ab += term * (in_a * in_b + bend_b)
        by_bb += term * (in_b * in_b + bend_b)
        k += 1
    log_x, log_y = both_logs(x, y)
    slope_a = log_x + polygamma_positive(0, a + b) - polygamma_positive(0, a + 1.0)
    slope_b = log_y + digamma_gap(b, a)
    if i + j == 1:
        return (slope_a * total + by_a if i == 1 else slope_b * total + by_b) / a
    if j == 0:
        bend = polygamma_positive(1, a + b) - polygamma_positive(1, a + 1.0)
        return ((slope_a * slope_a + bend) * total + 2.0 * slope_a * by_a + by_aa) / a
    if i == 0:
        return ((slope_b * slope_b - trigamma_gap(b, a)) * total + 2.0 * slope_b * by_b + by_bb) / a
    bend = polygamma_positive(1, a + b)
    return ((slope_a * slope_b + bend) * total + slope_a * by_b + slope_b * by_a + by_ab) / a


def _below(a: float, b: float, x: float, y: float, i: int, j: int) -> float:
    """The integral of the derivative of the density below x, over the weight, where ``t / (1 - t)`` goes from
    ``x / y`` down: see `step_below`."""
    log_x, log_y = both_logs(x, y)
    slope_a, slope_b, bend = log_x + digamma_gap(a, b), log_y + digamma_gap(b, a), 0.0
    if i + j == 2:
        bend = polygamma_positive(1, a + b) if i == j else -(trigamma_gap(a, b) if i == 2 else trigamma_gap(b, a))
    scale = 1.0 / (a * y - b * x + math.sqrt((a + b) * x * y))
    total, v = 0.0, START
    while True:
        near = math.exp(-v)
        power, log_t, log_rest, size = step_below(a, b, x, y, scale * math.exp(v - near))
        if power < NEGLIGIBLE:
            return STEP * total
        first = slope_a + log_t if i > 0 else slope_b + log_rest
        if i + j == 2:
            first *= slope_b + log_rest if j > 0 else slope_a + log_t
        total += (first + bend) * math.exp(power) * size * (1.0 + near)
        v += STEP


def step_below(a: float, b: float, x: float, y: float, s: float) -> tuple[float, float, float, float]:
    """How the point t below x that `s` above 0 stands for compares with x: the logarithm of
    ``t**a (1-t)**b / (x**a y**b)``, ``log(t / x)``, ``log((1-t) / y)``, and ``dt / (t (1-t)) / ds * s``.

    ``t / (1 - t)`` is ``x / y * exp(-s)`` or, for x near 1, ``x / y / (1 + s)``: each is smooth where it is used,
    also for complex s, on which the trapezoidal rule relies.
    """
    if x <= y:
        rest = -math.log1p(x * math.expm1(-s))
        return (a + b) * rest - a * s, rest - s, rest, s
    whole, log = math.log1p(y * s), math.log1p(s)
    return b * log - (a + b) * whole, -whole, log - whole, s / (1.0 + s)


def beta_density_itself(a: float, b: float, x: float) -> float:
    """The density, not differentiated."""
    if not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0) or math.isinf(a) or math.isinf(b):
        return math.nan
    if x == 0.0:
        return 0.0 if a > 1.0 else b if a == 1.0 else math.inf
    if x == 1.0:
        return 0.0 if b > 1.0 else a if b == 1.0 else math.inf
    return beta_weight(a, b, x, 1.0 - x) / x / (1.0 - x)


def beta_density_number(a: float, b: float, x: float, i: int, j: int, k: int, m: int) -> float:
    if i + j + k + m == 0:
        return beta_density_itself(a, b, x)
    if not (a > 0.0 and b > 0.0 and 0.0 <= x <= 1.0) or math.isinf(a) or math.isinf(b):
        return math.nan
    if (x == 0.0 and a - k > 1.0) or (x == 1.0 and b - m > 1.0):
        return 0.0
    value = _density(a, b, max(x, NEAR_0), max(1.0 - x, NEAR_0), i, j, k, m)
    finite = (a - k == 1.0 and i == 0) if x == 0.0 else (b - m == 1.0 and j == 0) if x == 1.0 else True
    return value if finite else at_the_end(value)


def _density(a: float, b: float, x: float, y: float, i: int, j: int, k: int, m: int) -> float:
    """By Leibniz' rule on ``gamma(a+b)``, a power of x and one of y; each is multiplied by a power of one number, which
    together leave the product as it is, so that their slopes are small where its is."""
    top_a, top_b = raised(a - k), raised(b - m)
    value = beta_weight(top_a, top_b, x, y) / x / y
    if value == 0.0:
        return 0.0
    size = a + b
    for step in range(round(top_a + top_b - size)):
        value /= size + step
    for step in range(round(size - top_a - top_b)):
        value *= size - step - 1.0
    log_x, log_y = both_logs(x, y)
    in_a = shape_factors(a - k, top_a, log_x + digamma_gap(top_a, top_b), x, i)
    in_b = shape_factors(b - m, top_b, log_y + digamma_gap(top_b, top_a), y, j)
    slopes = np.empty(i + j)
    for order in range(i + j):
        slopes[order] = polygamma_positive(order, size) - (polygamma_positive(0, top_a + top_b) if order == 0 else 0.0)
    in_both = log_derivatives(slopes)
    total, ways_a = 0.0, 1.0
    for p in range(i + 1):
        ways_b = 1.0
        for q in range(j + 1):
            total += ways_a * ways_b * in_both[p + q] * in_a[i - p] * in_b[j - q]
            ways_b *= (j - q) / (q + 1.0)
        ways_a *= (i - p) / (p + 1.0)
    return value * total
