"""Powers.

``x^y = 2^(y log2 |x|)``, for which the logarithm is needed with a dozen more bits than a number has, as a sum of two.
``|x| = 2^k m`` with m between sqrt(1/2) and sqrt(2); with ``s = (m - 1) / (m + 1)``

    log2(m) = (2 / (3 ln 2)) s (3 + s^2 + r),    r = s^4 (3/5 + 3/7 s^2 + ...)

where s, ``3 + s^2 + r`` and the products are split into a first part of 21 bits, of which products are exact, and the
rest (the scheme of fdlibm's e_pow.c, Sun Microsystems, 2004). The polynomial is a minimax one, found by
tools/minimax.py.
"""

from __future__ import annotations

import math

from s2sad.backend.llvm.mathematics.exponential import RATIO, powers
from s2sad.backend.llvm.mathematics.lanes import Bits, Lanes, Real
from s2sad.backend.llvm.mathematics.logarithm import parts

POWERS = (
    0.6000000000000338, 0.4285714285514816, 0.33333333780103247, 0.2727267653069759, 0.23080136966605502,
    0.1988520279002151, 0.1979472603336171,
)  # fmt: skip
"""``r / s^4`` as a polynomial in s^2, with an error of 2^-66 of the logarithm."""
SCALE = (float.fromhex("0x1.ec709p-1"), float.fromhex("0x1.b87407fae93f8p-22"))
"""``2 / (3 ln 2)`` in two parts."""
LN2, LN2_REST = math.log(2.0), 2.3190468138462996e-17


def _logarithm(lanes: Lanes, x: Real) -> tuple[Real, Real]:
    """``log2(x)`` of a positive number, as a first part of 21 bits and the rest."""
    k, m = parts(lanes, x)
    f, inverse = m - 1.0, 1.0 / (m + 1.0)
    s = f * inverse
    first = s.leading()
    divisor = (m + 1.0).leading()
    rest = inverse * ((f - first * divisor) - first * (m - (divisor - 1.0)))

    square = first * first
    z = s * s
    r = lanes.fma(z * z, lanes.polynomial(z, POWERS), rest * (first + s))
    high = (square + 3.0 + r).leading()
    low = r - ((high - 3.0) - square)

    product, product_rest = first * high, lanes.fma(rest, high, low * s)
    p = (product + product_rest).leading()
    q = product_rest - (p - product)
    large, small = p * SCALE[0], lanes.fma(p, SCALE[1], q * (SCALE[0] + SCALE[1]))
    total = ((large + small) + k).leading()
    return total, small - ((total - k) - large)


def _exponential(lanes: Lanes, x: Real, k: Real, bits: Bits) -> Real:
    """``2^x 2^k`` of x between -1/2 and 1/2, rounded once, nearly: 1 + r is kept with what its rounding lost."""
    r = x * LN2
    lost = lanes.fma(x, LN2_REST, lanes.fma(x, LN2, -r))
    rest = lanes.fma(r * r, lanes.polynomial(r, RATIO), lost)
    y = r + 1.0
    one, other = powers(lanes, k, bits)
    return (y + (((1.0 - y) + r) + rest)) * one * other


def pow(lanes: Lanes, x: Real, y: Real) -> Real:
    """``x ** y``. What is not a number, infinite or zero, and exponents beyond 2^30, go to the C library."""
    size = abs(x)
    high, low = _logarithm(lanes, size)
    first = y.leading()
    small = lanes.fma(y - first, high, y * low)
    large = first * high
    exponent = large + small
    e = exponent.at_least(-1080.0).at_most(1030.0)
    k, bits = lanes.rounded(e)
    exact = exponent.equals(e).select((large - k) + small, e - k)
    result = _exponential(lanes, exact, k, bits)

    whole, parity = lanes.rounded(y)
    odd = (result.bits() ^ parity.shifted(63)).real()
    negative = whole.equals(y).select(odd, math.nan)
    result = (x < 0.0).select(negative, result)
    usual = (size > 0.0) & (size < math.inf) & (abs(y) < 2.0**30)
    return lanes.rarely(~usual, result, "pow", x, y)


__all__ = ["pow"]
