"""Student's distribution and density, differentiated in the degrees of freedom (NIST's handbook, 8.17, 5.11).

By the chain rule on ``betainc(df / 2, 1 / 2, df / (df + t*t))`` terms would cancel that are `df` times larger than what
is left of them.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from s2sad_rt.gamma_ratios import beta_weight, digamma_gap, log1p_gap, log_derivatives, stirling_gap, trigamma_gap
from s2sad_rt.incomplete_beta import beta_series, both_logs, step_below
from s2sad_rt.incomplete_gamma import NEGLIGIBLE, START, STEP
from s2sad_rt.special import elementwise_float, polygamma_positive


def dstdtr(df: Any, t: Any, n: int) -> Any:
    """The derivative of order `n`, 1 or 2, of ``stdtr(df, t)`` in `df`, elementwise."""
    return elementwise_float(dstdtr_number, (df, t), n)


def student_density(df: Any, t: Any, n: int = 0) -> Any:
    """The derivative of order `n` in `df` of Student's density, elementwise."""
    return elementwise_float(student_density_number, (df, t), n)


def dstdtr_number(df: float, t: float, n: int) -> float:
    if not df > 0.0 or t != t:
        return math.nan
    if t == 0.0 or math.isinf(t) or math.isinf(df):
        return 0.0
    below = df / (df + t * t)
    above = t * t / (df + t * t)
    if above == 0.0 or below == 0.0:
        return 0.0
    return -math.copysign(0.5, t) * _tails(0.5 * df, below, above, df, n)


def _tails(a: float, x: float, y: float, df: float, n: int) -> float:
    """The derivative in `df` of the mass of Student's distribution outside of -t and t, which is ``betainc(a, 1/2, x)``
    for ``a = df / 2`` and ``x = df / (df + t*t)``. Only where both are small is it found by the chain rule, whose terms
    would cancel elsewhere."""
    weight = beta_weight(a, 0.5, x, y)
    if a < 1.0 and x <= 0.5:
        first = 0.5 * beta_series(a, 0.5, x, y, 1, 0) + 1.0 / df
        if n == 1:
            return weight * first
        slope = math.log(x) + digamma_gap(a, 0.5)
        by_x = (slope + (a * y - 0.5 * x - 1.0) / df) / df
        return weight * (0.25 * beta_series(a, 0.5, x, y, 2, 0) + by_x)
    if y * df <= 2.0 * x:  # t*t <= 2
        return -weight * _student(0.5, a, y, x, df, False, n)
    return weight * _student(a, 0.5, x, y, df, True, n)


def _student(a: float, b: float, x: float, y: float, df: float, outwards: bool, n: int) -> float:
    """The integral of the derivative in `df` of Student's density, over the weight, from t outwards or inwards to 0.
    `step_below` gives points at fixed distances from t, not from a number that moves with `df`."""
    slope = digamma_gap(0.5 * df, 0.5) - 1.0 / df
    bend = 1.0 / (df * df) - 0.5 * trigamma_gap(0.5 * df, 0.5)
    log_below = both_logs(x, y)[0 if outwards else 1]
    scale = 1.0 / (abs(a * y - b * x) + math.sqrt((a + b) * x * y))
    total, v = 0.0, START
    while True:
        near = math.exp(-v)
        power, log_t, log_rest, size = step_below(a, b, x, y, scale * math.exp(v - near))
        if power < NEGLIGIBLE:
            return STEP * total
        part = y * math.exp(log_rest) if outwards else x * math.exp(log_t)  # tau**2 / (df + tau**2)
        log = log_below + (log_t if outwards else log_rest)  # of the rest of it
        gap = log1p_gap(-part) if part < 0.5 else -part - log
        factor = 0.5 * (slope - gap + part / df)
        if n == 2:
            factor = factor * factor + 0.5 * (bend + part * (part + (part - 2.0) / df) / df)
        total += factor * math.exp(power) * size * (1.0 + near)
        v += STEP


def student_density_itself(df: float, t: float) -> float:
    """The density, not differentiated."""
    if not df > 0.0 or t != t or math.isinf(df):
        return math.nan
    if math.isinf(t):
        return 0.0
    half = 0.5 * df
    power = stirling_gap(half + 0.5) - stirling_gap(half) - half * log1p_gap(0.5 / half)
    return math.exp(power - (half + 0.5) * math.log1p(t * t / df)) / math.sqrt(2.0 * math.pi)


def student_density_number(df: float, t: float, n: int) -> float:
    value = student_density_itself(df, t)
    if n == 0 or not value > 0.0:
        return value
    half, far = 0.5 * df, df + t * t
    part = t * t / far
    gap = log1p_gap(-part) if part < 0.5 else -part - math.log(df / far)
    slopes = np.empty(n)
    slopes[0] = 0.5 * (digamma_gap(half, 0.5) - 1.0 / df - gap + part / df)
    if n > 1:
        bend = 1.0 / (df * df) - 0.5 * trigamma_gap(half, 0.5)
        slopes[1] = 0.5 * (bend + part * (part + (part - 2.0) / df) / df)
    sign, factorial = -1.0, 1.0
    for k in range(3, n + 1):  # of df / 2 log(df) - (df + 1) / 2 log(df + t*t), and of the gamma functions
        more = factorial * (df ** (1 - k) - far ** (1 - k) + (1.0 - t * t) * (k - 1) * far**-k)
        gammas = (polygamma_positive(k - 1, half + 0.5) - polygamma_positive(k - 1, half)) / 2.0**k
        slopes[k - 1] = 0.5 * sign * more + gammas
        sign, factorial = -sign, factorial * (k - 1)
    return value * log_derivatives(slopes)[n]
