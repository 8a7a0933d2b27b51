"""The error function and its complement.

Up to 1/2, ``erf(x) / x`` is a polynomial in x^2. From there on ``exp(x^2) erfc(x) (1 + 2 x)``, which lies between 1 and
1.4, is one in ``t = (x - 4) / (x + 4)`` (as in M. M. Shepherd and J. G. Laframboise, "Chebyshev approximation of
(1 + 2x) exp(x^2) erfc x", Math. Comp. 36, 1981). x^2 has twice as many digits as a number: it is the square of the
first digits of x, which is exact, and a rest (fdlibm's s_erf.c). The polynomials are minimax ones, found by
tools/minimax.py.
"""

from __future__ import annotations

from s2sad.backend.llvm.mathematics.exponential import LN2_HIGH, LN2_LOW, LOG2_E, RATIO, powers
from s2sad.backend.llvm.mathematics.lanes import Lanes, Real

NEAR = 0.5
ERROR = (
    0.1283791670955126, -0.3761263890318375, 0.11283791670954871, -0.02686617064500034, 0.005223977622029518,
    -0.0008548326512159034, 0.00012055286298053064, -1.4923007116986727e-05, 1.6371313331984664e-06,
    -1.46216054075606e-07,
)  # fmt: skip
"""``erf(x) / x - 1`` as a polynomial in x^2, with an error of 2^-65."""
SCALED = (
    1.2329951186255526, -0.1396211168405625, 0.015379652102620012, 0.06809705425469154, -0.10103906603632266,
    0.09373283499839714, -0.06633036581172462, 0.03716751553661161, -0.01619773406466828, 0.005031969986376225,
    -0.000757773232433606, -0.00019925674046382253, 0.0001506213899743344, -2.4399069645773206e-05,
    -1.1221101959348106e-05, 5.709483714809679e-06, 2.918914766771592e-07, -8.252710214111698e-07,
    7.708472210934022e-08, 1.1024241261666497e-07, -1.96893213615933e-08, -1.4486158167000591e-08,
    2.393680712513974e-09, 1.456320191957338e-09,
)  # fmt: skip
"""``exp(x^2) erfc(x) (1 + 2 x)`` as a polynomial in t, with an error of 2^-63."""


def _near(lanes: Lanes, x: Real) -> Real:
    """``erf(x) - x`` up to 0.5."""
    return x * lanes.polynomial(x * x, ERROR)


def _far(lanes: Lanes, x: Real) -> Real:
    """``erfc(x)`` from 0.5 on, corrected by what the roundings of its factors lost; 0 from 28 on."""
    x = x.at_most(28.0)
    first = x.leading()
    k, bits = lanes.rounded(first * first, -LOG2_E)
    high = lanes.fma(k, -LN2_HIGH, -(first * first))
    low = lanes.fma(k, LN2_LOW, (x - first) * (x + first))
    r = high - low
    rest = lanes.fma(r * r, lanes.polynomial(r, RATIO), (high - r) - low)
    e = r + rest + 1.0
    e_lost = (1.0 - e) + r + rest

    t = (x - 4.0) / (x + 4.0)
    tail = t * lanes.polynomial(t, SCALED[1:])
    numerator, denominator = tail + SCALED[0], lanes.fma(x, 2.0, 1.0)
    numerator_lost, denominator_lost = (SCALED[0] - numerator) + tail, 1.0 - (denominator - (x + x))
    q = numerator / denominator
    y = e * q
    q_lost = numerator_lost + lanes.fma(-q, denominator, numerator) - q * denominator_lost
    more = lanes.fma(e_lost, q, lanes.fma(e, q, -y)) + q_lost * (0.85 * y)
    one, other = powers(lanes, k, bits)
    return lanes.fma(one, y, one * more) * other


def erf(lanes: Lanes, x: Real) -> Real:
    """The error function."""
    size = abs(x)
    far = (1.0 - _far(lanes, size)).signed_as(x)
    return (size >= NEAR).select(far, x + _near(lanes, x))


def erfc(lanes: Lanes, x: Real) -> Real:
    """``1 - erf(x)``, without cancellation."""
    size = abs(x)
    tail = _far(lanes, size)
    near = _near(lanes, x)
    middle = (x < 0.25).select(1.0 - (x + near), 0.5 - ((x - 0.5) + near))
    return (size >= NEAR).select((x < 0.0).select(2.0 - tail, tail), middle)


__all__ = ["erf", "erfc"]
