"""Ratios of gamma functions without the loss that their logarithms or digammas would have as differences: what the
distributions of the gamma and beta family are made of. Functions of numbers, compiled as they stand.
"""

from __future__ import annotations

import math

import numpy as np

from s2sad_rt.special import BERNOULLI

HALF_LOG_2PI = 0.5 * math.log(2.0 * math.pi)
LARGE = 12.0
"""From here on the asymptotic series in 1 / z hold to all digits."""


def deviance(ratio: float, off: float) -> float:
    """``ratio - 1 - log(ratio)`` of a positive number, given how far `off` 1 it is."""
    return log1p_gap(off) if abs(off) < 0.5 else off - math.log(ratio)


def log1p_gap(x: float) -> float:
    """``x - log1p(x)``; near 0 by ``log1p(x) = 2 artanh(r)`` with ``r = x / (2 + x)``."""
    if abs(x) > 0.5:
        return x - math.log1p(x)
    r = x / (2.0 + x)
    square, power, total = r * r, 1.0, 0.0
    for k in range(3, 37, 2):
        total += power / k
        power *= square
    return r * (x - 2.0 * square * total)


def stirling_gap(z: float) -> float:
    """What Stirling's formula lacks: ``lgamma(z) - (z - 1/2) log(z) + z - log(2 pi) / 2`` (NIST's handbook, 5.11.1)."""
    if z < LARGE:
        return math.lgamma(z) - ((z - 0.5) * math.log(z) - z + HALF_LOG_2PI)
    total, power = 0.0, z
    for k in range(7):
        total += BERNOULLI[k] / ((2 * k + 2) * (2 * k + 1) * power)
        power *= z * z
    return total


def digamma_gap(z: float, d: float) -> float:
    """``digamma(z + d) - digamma(z)`` for `z` and `d` above 0: the recurrence, then the series (5.5.2, 5.11.2)."""
    total = 0.0
    while z < LARGE:
        total += d / (z * (z + d))
        z += 1.0
    total += math.log1p(d / z) + d / (2.0 * z * (z + d))
    here, there = z * z, (z + d) * (z + d)
    power, power_there = here, there
    for k in range(8):
        total += BERNOULLI[k] / (2 * k + 2) * (1.0 / power - 1.0 / power_there)
        power *= here
        power_there *= there
    return total


def trigamma_gap(z: float, d: float) -> float:
    """``trigamma(z) - trigamma(z + d)`` for `z` and `d` above 0 (5.15.5, 5.15.8)."""
    total = 0.0
    while z < LARGE:
        total += d * (2.0 * z + d) / (z * z * (z + d) * (z + d))
        z += 1.0
    end = z + d
    total += d / (z * end) + d * (z + end) / (2.0 * z * z * end * end)
    power, power_there = z**3, end**3
    for k in range(8):
        total += BERNOULLI[k] * (1.0 / power - 1.0 / power_there)
        power *= z * z
        power_there *= end * end
    return total


def gamma_weight(a: float, x: float) -> float:
    """``x**a * exp(-x) / gamma(a + 1)``, for `a` and `x` above 0 (Loader, "Fast and accurate computation of binomial
    probabilities", 2000)."""
    if a < 1.0:
        return math.exp(a * math.log(x) - x - math.lgamma(a + 1.0))
    return math.exp(-a * deviance(x / a, (x - a) / a) - stirling_gap(a)) / math.sqrt(2.0 * math.pi * a)


def beta_weight(a: float, b: float, x: float, y: float) -> float:
    """``x**a * y**b / beta(a, b)`` for ``y = 1 - x``, and all above 0 (ibid.)."""
    size = a + b
    off = b * x - a * y
    power = -a * deviance(x * size / a, off / a) - b * deviance(y * size / b, -off / b)
    power += stirling_gap(size) - stirling_gap(a) - stirling_gap(b)
    return math.exp(power) * math.sqrt(a / size * b / (2.0 * math.pi))


def log_derivatives(slopes: np.ndarray) -> np.ndarray:
    """1, ``f'/f``, ``f''/f``, ... from the derivatives of ``log(f)`` (Faa di Bruno)."""
    found = np.empty(slopes.size + 1)
    found[0] = 1.0
    for n in range(slopes.size):
        total, ways = 0.0, 1.0
        for k in range(n + 1):
            total += ways * found[n - k] * slopes[k]
            ways *= (n - k) / (k + 1.0)
        found[n + 1] = total
    return found
