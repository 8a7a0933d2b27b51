"""Derivatives of the incomplete gamma function in its shape (NIST's handbook, 8.2).

``gammainc(a, x)`` is the mass below x of the density ``t**(a-1) exp(-t) / gamma(a)``. That has simple derivatives in
`a`, which are integrated over the lighter side of x, where they keep their sign but near the middle: by the
trapezoidal rule after the double exponential substitution (Takahasi and Mori, "Double exponential formulas
for numerical integration", 1974), whose steps get as small towards x as what is integrated may want. Where x is below 1
the power series is summed (8.7.1, 8.11.4), differentiated term by term.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from s2sad_rt.gamma_ratios import gamma_weight, log_derivatives
from s2sad_rt.special import elementwise_float, polygamma_positive

STEP = 0.125
"""Of the trapezoidal rule, whose error is below the rounding with it."""
START = -3.625
"""Where ``exp(v - exp(-v))`` is below the rounding."""
NEGLIGIBLE = -45.0
"""Exponents of what no longer counts."""


def dgammainc(a: Any, x: Any, n: int) -> Any:
    """The derivative of order `n`, 1 or 2, of ``gammainc(a, x)`` in `a`, elementwise."""
    return elementwise_float(dgammainc_number, (a, x), n)


def gamma_density(a: Any, x: Any, n: int = 0) -> Any:
    """The derivative of order `n` in `a` of ``x**(a-1) * exp(-x) / gamma(a)``, elementwise; `a` may be negative."""
    return elementwise_float(gamma_density_number, (a, x), n)


def dgammainc_number(a: float, x: float, n: int) -> float:
    if not (a >= 0.0 and x >= 0.0) or math.isinf(a):
        return math.nan
    if x == 0.0:
        return 0.0 if a > 0.0 else math.nan
    if math.isinf(x):
        return 0.0
    weight = gamma_weight(a, x)
    if weight == 0.0:
        return 0.0
    slope = math.log(x) - polygamma_positive(0, a + 1.0)
    bend = polygamma_positive(1, a + 1.0) if n == 2 else 0.0
    if x <= 1.0:
        return weight * _series(a, x, slope, bend, n)
    if x <= a:
        return weight * _below(a, x, slope, bend, n)
    return -weight * _above(a, x, slope, bend, n)


def _series(a: float, x: float, slope: float, bend: float, n: int) -> float:
    """The derivative of ``weight * sum of x**k / ((a + 1) ... (a + k))``, over the weight."""
    term, first, second = 1.0, 0.0, 0.0  # the logarithmic derivatives of the term
    total, by_a, by_aa = 1.0, 0.0, 0.0
    k = 0
    while term > 1e-18 * total:
        k += 1
        step = 1.0 / (a + k)
        term *= x * step
        first -= step
        second += step * step
        total += term
        by_a += term * first
        by_aa += term * (first * first + second)
    if n == 1:
        return slope * total + by_a
    return (slope * slope - bend) * total + 2.0 * slope * by_a + by_aa


def _below(a: float, x: float, slope: float, bend: float, n: int) -> float:
    """The integral of the derivative of the density over ``t = x exp(-s)`` for s from 0 on, over the weight."""
    scale = 1.0 / (a - x + math.sqrt(x))
    total, v = 0.0, START
    while True:
        near = math.exp(-v)
        s = scale * math.exp(v - near)
        power = -a * s - x * math.expm1(-s)
        if power < NEGLIGIBLE:
            return STEP * total
        total += _factor(a, slope - s, bend, n) * math.exp(power) * s * (1.0 + near)
        v += STEP


def _above(a: float, x: float, slope: float, bend: float, n: int) -> float:
    """That over ``t = x (1 + r)`` for r from 0 on."""
    scale = 1.0 / (x - a + math.sqrt(x))
    total, v = 0.0, START
    while True:
        near = math.exp(-v)
        r = scale * math.exp(v - near)
        log = math.log1p(r)
        power = a * log - x * r
        if power < NEGLIGIBLE:
            return STEP * total
        total += _factor(a, slope + log, bend, n) * math.exp(power) * r / (1.0 + r) * (1.0 + near)
        v += STEP


def _factor(a: float, c: float, bend: float, n: int) -> float:
    """The derivative of ``a t**a exp(-t) / gamma(a + 1)`` over ``t**a exp(-t) / gamma(a + 1)``: without the pole of
    gamma at 0."""
    return a * c + 1.0 if n == 1 else a * (c * c - bend) + 2.0 * c


def gamma_density_itself(a: float, x: float) -> float:
    """The density, not differentiated."""
    if not (x >= 0.0 and a >= LOWEST) or math.isinf(a):
        return math.nan
    if math.isinf(x):
        return 0.0
    if x == 0.0 and a >= 1.0:
        return 0.0 if a > 1.0 else 1.0
    top, near = raised(a), max(x, NEAR_0)
    value = gamma_weight(top, near) * (top / near)
    for step in range(round(top - a)):
        value *= (a + step) / near
    return at_the_end(value) if x == 0.0 else value


def gamma_density_number(a: float, x: float, n: int) -> float:
    if n == 0 or not (x >= 0.0 and a >= LOWEST) or math.isinf(x) or math.isinf(a):
        return gamma_density_itself(a, x)
    if x == 0.0 and a > 1.0:
        return 0.0
    top, near = raised(a), max(x, NEAR_0)
    value = gamma_weight(top, near) * (top / near)
    if value > 0.0:
        value *= shape_factors(a, top, math.log(near) - polygamma_positive(0, top), near, n)[n]
    return at_the_end(value) if x == 0.0 else value


LOWEST = -1000.0
"""Shapes below it have densities that no number holds."""
NEAR_0 = 1e-60
"""Takes the place of 0 where what has a pole or a logarithm there is computed."""


def at_the_end(near: float) -> float:
    """The limit at 0 of what has no finite one, or is 0, from its value close by."""
    return near if near == 0.0 else near * math.inf


def raised(a: float) -> float:
    """`a`, or the first number above 1 that is whole steps above it: there 1 / gamma has no zeros."""
    while a < 1.0:
        a += 1.0
    return a


def shape_factors(a: float, top: float, slope: float, x: float, n: int) -> np.ndarray:
    """The derivatives of ``x**(a-1) / gamma(a)`` up to order `n`, over its value at `top`, whole steps above `a`; there
    `slope` is that of the logarithm. Each step down is ``1 / gamma(a) = a / gamma(a + 1)``."""
    slopes = np.empty(n)
    for k in range(n):
        slopes[k] = slope if k == 0 else -polygamma_positive(k, top)
    found = log_derivatives(slopes)
    for step in range(round(top - a) - 1, -1, -1):
        low = a + step
        for k in range(n, 0, -1):
            found[k] = (low * found[k] + k * found[k - 1]) / x
        found[0] *= low / x
    return found
