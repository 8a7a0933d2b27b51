"""The exponential function and its family.

``x = k ln 2 + r`` with ``|r| <= ln(2) / 2``, in which ``k ln 2`` is subtracted in two parts, the first one exactly
(W. J. Cody and W. Waite, Software Manual for the Elementary Functions, 1980, chapter 6); a polynomial for ``exp(r)``;
then times 2^k. The polynomials are minimax ones, found by tools/minimax.py.
"""

from __future__ import annotations

import math

from s2sad.backend.llvm.mathematics.lanes import PLAIN, Bits, Lanes, Real

LOG2_E = 1.4426950408889634
LN2_HIGH = float.fromhex("0x1.62E42FEFA38p-1")
"""The first 42 bits of ln 2: times an integer of 11 bits it is exact."""
LN2_LOW = float.fromhex("0x1.EF35793C7673p-45")
RATIO = (
    0.5, 0.16666666666666677, 0.04166666666666651, 0.008333333333321691, 0.0013888888888962602,
    0.00019841269885965433, 2.4801587172077495e-05, 2.7557244374244827e-06, 2.7557403038364963e-07,
    2.5108978934991538e-08, 2.0875207536740435e-09,
)  # fmt: skip
"""``(exp(r) - 1 - r) / r^2``, so that ``expm1(r)`` has a relative error of 2^-61."""


def _reduced(lanes: Lanes, x: Real) -> tuple[Real, Real, Real, Bits]:
    """``expm1(r)`` as r and the rest; k as a number, and in the low bits."""
    k, bits = lanes.rounded(x, LOG2_E)
    high = lanes.fma(k, -LN2_HIGH, x)
    r = lanes.fma(k, -LN2_LOW, high)
    lost = lanes.fma(k, -LN2_LOW, high - r)
    return r, lanes.fma(r * r, lanes.polynomial(r, RATIO), lost), k, bits


def _less_one(lanes: Lanes, power: Real, one: float, r: Real, rest: Real) -> tuple[Real, Real]:
    """``power exp(r) - one``, and what its rounding lost; `power` is `one` times 2^k."""
    high, low = lanes.fma(power, r, power - one), power * rest
    y = high + low
    return y, (high - y) + low


def powers(lanes: Lanes, k: Real, bits: Bits) -> tuple[Real, Real]:
    """Two powers of 2 whose product is 2^k: times one and then the other, a result below the normal numbers is rounded
    once, and one beyond the largest is inf."""
    _, half = lanes.rounded(k, 0.5)
    return lanes.two(half), lanes.two(bits - half)


def _scaled(lanes: Lanes, r: Real, k: Real, bits: Bits) -> Real:
    """``exp(r) * 2^k``."""
    one, other = powers(lanes, k, bits)
    return lanes.fma(one, lanes.fma(r * r, lanes.polynomial(r, RATIO), r), one) * other


def exp(lanes: Lanes, x: Real) -> Real:
    """``exp(x)``."""
    x = x.at_least(-746.0).at_most(710.0)
    k, bits = lanes.rounded(x, LOG2_E)
    r = lanes.fma(k, -LN2_LOW, lanes.fma(k, -LN2_HIGH, x))
    return _scaled(lanes, r, k, bits)


def exp2(lanes: Lanes, x: Real) -> Real:
    """``2 ** x``, exact for integers."""
    x = x.at_least(-1080.0).at_most(1030.0)
    k, bits = lanes.rounded(x)
    r = (x - k) * math.log(2.0)
    return _scaled(lanes, r, k, bits)


def expm1(lanes: Lanes, x: Real) -> Real:
    """``exp(x) - 1``; half of it, doubled, since 2^1024 is no number."""
    r, rest, _, k = _reduced(lanes, x.at_least(-50.0).at_most(709.9))
    y, _ = _less_one(lanes, lanes.two(k - 1), 0.5, r, rest)
    return (abs(x) < 2.0**-54).select(x, y + y)


def sinh(lanes: Lanes, x: Real) -> Real:
    """``u + u / (2 u + 1)`` of ``u = expm1(|x|) / 2``."""
    size = abs(x)
    r, rest, _, k = _reduced(lanes, size.at_most(710.5))
    y, lost = _less_one(lanes, lanes.two(k - 2), 0.25, r, rest)
    u, lost = y + y, lost + lost
    v = u / lanes.fma(u, 2.0, 1.0)
    inverse = lanes.fma(v, -2.0, 1.0)
    y = (u > 2.0**60).select(u, u + (v + lanes.fma(lost, inverse * inverse, lost)))
    return (size < 2.0**-27).select(x, y.signed_as(x))


def cosh(lanes: Lanes, x: Real) -> Real:
    """``a + 1 / (4 a)`` of ``a = exp(|x|) / 2``."""
    r, rest, _, k = _reduced(lanes, abs(x).at_most(710.5))
    a = lanes.two(k - 2) * (r + rest + 1.0) * 2.0
    return a + 0.25 / a


def tanh(lanes: Lanes, x: Real) -> Real:
    """``q = t / (t + 2)`` of ``t = expm1(2 |x|)``, corrected by what the roundings of t and t + 2 lost, over t + 2,
    which is ``(1 - q) / 2``; 1 from 20 on."""
    r, rest, _, k = _reduced(lanes, abs(x + x).at_most(40.0))
    t, lost = _less_one(lanes, lanes.two(k), 1.0, r, rest)
    total = t + 2.0
    q = t / total
    more = (lost - q * (t.at_most(2.0) - (total - t.at_least(2.0)))) * (0.5 - 0.5 * q)
    return (q + (t < 2.0**40).select(more, 0.0)).signed_as(x)


def expit(lanes: Lanes, x: Real) -> Real:
    """``1 / (1 + exp(-x))``, from ``exp(-|x|)``, which does not overflow; corrected as `tanh` is."""
    r, rest, k, bits = _reduced(lanes, (-abs(x)).at_least(-746.0))
    one, other = powers(lanes, k, bits)
    y = r + rest + 1.0
    e, lost = y * one * other, ((1.0 - y) + r + rest) * one * other
    negative, total = x < 0.0, e + 1.0
    q = negative.select(e, 1.0) / total
    more = negative.select(lost, 0.0) - q * (lost + (e - (total - 1.0)))
    return q + more * negative.select(1.0 - q, q)


def plain_expit(lanes: Lanes, x: Real) -> Real:
    """The same of one number, with the C library's exponential."""
    code = lanes.code
    e = Real(lanes, code.call("double", "exp", (-abs(x)).value, attributes=PLAIN))
    return (x < 0.0).select(e, 1.0) / (e + 1.0)


__all__ = ["cosh", "exp", "exp2", "expit", "expm1", "sinh", "tanh"]
