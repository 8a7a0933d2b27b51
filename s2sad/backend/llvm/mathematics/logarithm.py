"""Logarithms.

``x = 2^k m`` with m between sqrt(1/2) and sqrt(2); with ``f = m - 1`` and ``s = f / (2 + f)``,

    log(1 + f) = f - (f^2 / 2 - s (f^2 / 2 + R(s^2))),    R(z) = (log((1 + s) / (1 - s)) - 2 s) / s

as in fdlibm's e_log.c and s_log1p.c (Sun Microsystems, 1993; see J.-M. Muller, Elementary Functions, 3rd ed., 2016,
section 11.4). ``k ln 2`` is added in two parts, of which the first is exact. The polynomial is a minimax one, found by
tools/minimax.py.
"""

from __future__ import annotations

import math

from s2sad.backend.llvm.mathematics.exponential import LN2_HIGH, LN2_LOW
from s2sad.backend.llvm.mathematics.lanes import Lanes, Real

SERIES = (
    0.6666666666666734, 0.39999999999414015, 0.28571428742559035, 0.2222219855349288, 0.18183565447565747,
    0.15314019577570007, 0.14796280634014886,
)  # fmt: skip
"""``R(z) / z``, with an error of 2^-58 of the logarithm."""
SQRT_HALF = 0x3FE6A09E667F3BCD
ONE = 1023 << 52
INVERSE_LN2 = (float.fromhex("0x1.7154765200000p0"), float.fromhex("0x1.705FC2EEFA200p-33"))
INVERSE_LN10 = (float.fromhex("0x1.BCB7B15200000p-2"), float.fromhex("0x1.B9438CA9AADD5p-36"))
LOG10_2 = (float.fromhex("0x1.34413509F7800p-2"), float.fromhex("0x1.FEF311F12B358p-46"))
"""1 / ln 2, 1 / ln 10 and log10(2), each in two parts."""


def parts(lanes: Lanes, x: Real) -> tuple[Real, Real]:
    """k and m of a positive number."""
    small = x < 2.0**-1022
    scaled = small.select(x * 2.0**54, x).bits() + (ONE - SQRT_HALF)
    exponent = scaled.shifted(-52)
    m = scaled - exponent.shifted(52) + SQRT_HALF
    k = (exponent | (0x433 << 52)).real() - small.select(2.0**52 + 1023.0 + 54.0, 2.0**52 + 1023.0)
    return k, m.real()


def _tail(lanes: Lanes, f: Real) -> tuple[Real, Real]:
    """``f^2 / 2``, and ``s (f^2 / 2 + R)``."""
    s, half = f / (f + 2.0), f * f * 0.5
    z = s * s
    return half, s * lanes.fma(z, lanes.polynomial(z, SERIES), half)


def _edges(lanes: Lanes, x: Real, y: Real) -> Real:
    """-inf at 0, nan below, inf at inf; nan stays."""
    y = (x < math.inf).select(y, x)
    return (x > 0.0).select(y, x.equals(0.0).select(-math.inf, x.isnan().select(x, math.nan)))


def log(lanes: Lanes, x: Real) -> Real:
    """The natural logarithm."""
    k, m = parts(lanes, x)
    f = m - 1.0
    half, tail = _tail(lanes, f)
    y = lanes.fma(k, LN2_HIGH, f - (half - lanes.fma(k, LN2_LOW, tail)))
    return _edges(lanes, x, y)


def _split(lanes: Lanes, f: Real) -> tuple[Real, Real]:
    """``log(1 + f)`` as a number of 21 bits and the rest of it."""
    half, tail = _tail(lanes, f)
    high = (f - half).leading()
    return high, (f - high) - half + tail


def log2(lanes: Lanes, x: Real) -> Real:
    """The logarithm of base 2, exact for powers of 2."""
    k, m = parts(lanes, x)
    high, low = _split(lanes, m - 1.0)
    large, small = INVERSE_LN2
    first = high * large
    total = k + first
    rest = lanes.fma(low + high, small, low * large) + ((k - total) + first)
    return _edges(lanes, x, total + rest)


def log10(lanes: Lanes, x: Real) -> Real:
    """The logarithm of base 10."""
    k, m = parts(lanes, x)
    high, low = _split(lanes, m - 1.0)
    large, small = INVERSE_LN10
    first, base = high * large, k * LOG10_2[0]
    total = base + first
    rest = lanes.fma(k, LOG10_2[1], lanes.fma(low + high, small, low * large)) + ((base - total) + first)
    return _edges(lanes, x, total + rest)


def log1p(lanes: Lanes, x: Real) -> Real:
    """``log(1 + x)``: where 1 + x is rounded, what was lost of it, over it, is added."""
    u = x + 1.0
    k, m = parts(lanes, u)
    near = k.equals(0.0)
    lost = (x > 1.0).select(1.0 - (u - x), x - (u - 1.0)) / u
    lost = (near | (u > 2.0**53)).select(0.0, lost)
    f = near.select(x, m - 1.0)
    half, tail = _tail(lanes, f)
    y = lanes.fma(k, LN2_HIGH, f - (half - (tail + lanes.fma(k, LN2_LOW, lost))))
    return x.equals(0.0).select(x, _edges(lanes, u, y))


__all__ = ["log", "log1p", "log2", "log10"]
