"""Sines, cosines, tangents and the arctangent.

``x = q pi/2 + r + c`` with ``|r| <= pi/4``: q pi/2 is subtracted in four parts, each of the first three exact times
q, and what the differences round away is kept in c (W. J. Cody and W. Waite, Software Manual for the Elementary
Functions, 1980, chapter 8; the exactness of each difference as in fdlibm's e_rem_pio2.c). Between 1 and 2^20 no double
is nearer to a multiple of pi/2 than about 2^-60, and the parts together have 150 bits. Beyond 2^20 the C library is
called. Then polynomials for sine and cosine, of which the quadrant picks one. They are minimax ones, found by
tools/minimax.py.
"""

from __future__ import annotations

import math

from s2sad.backend.llvm.mathematics.lanes import Bits, Lanes, Real

FAR = 2.0**20
HALF_PI = tuple(
    map(
        float.fromhex,
        ("0x1.921fb54400000p+0", "0x1.0b4611a600000p-34", "0x1.3198a2e000000p-69", "0x1.b839a252049c1p-104"),
    )
)
SINE = (
    -0.16666666666666632, 0.008333333333322415, -0.00019841269829808152, 2.755731369194355e-06,
    -2.505075810854186e-08, 1.5896794785374614e-10,
)  # fmt: skip
"""``(sin(r) / r - 1) / r^2`` as a polynomial in r^2, with an error of 2^-58 of the sine."""
COSINE = (
    0.0416666666666666, -0.0013888888888874127, 2.4801587289483563e-05, -2.755731435272984e-07,
    2.087572332740102e-09, -1.1359650616359991e-11,
)  # fmt: skip
"""``(cos(r) - 1 + r^2 / 2) / r^4`` likewise, with an error of 2^-64."""


def _reduced(lanes: Lanes, x: Real) -> tuple[Real, Real, Bits]:
    """r, c, and q in the low bits."""
    q, bits = lanes.rounded(x, 2.0 / math.pi)
    t = lanes.fma(q, -HALF_PI[0], x)
    part = q * HALF_PI[1]
    u = t - part
    lost = (t - u) - part
    part = q * HALF_PI[2]
    v = u - part
    lost = lost + ((u - v) - part) - q * HALF_PI[3]
    r = v + lost
    return r, (v - r) + lost, bits


def _sine(lanes: Lanes, r: Real, c: Real) -> tuple[Real, Real]:
    """``sin(r + c)``, and what its last rounding lost."""
    z = r * r
    rest = lanes.fma(z * r, lanes.polynomial(z, SINE), c * lanes.fma(z, -0.5, 1.0))
    y = r + rest
    return y, (r - y) + rest


def _cosine(lanes: Lanes, r: Real, c: Real) -> tuple[Real, Real]:
    """``cos(r + c)``, and what its last rounding lost."""
    z = r * r
    half = z * 0.5
    w = 1.0 - half
    rest = ((1.0 - w) - half) + lanes.fma(z * z, lanes.polynomial(z, COSINE), -(r * c))
    y = w + rest
    return y, (w - y) + rest


def _quadrant(lanes: Lanes, name: str, x: Real, turns: int) -> Real:
    """``sin(x + turns pi / 2)``."""
    r, c, bits = _reduced(lanes, x)
    q = bits + turns if turns else bits
    y = (q & 1).nonzero().select(_cosine(lanes, r, c)[0], _sine(lanes, r, c)[0])
    y = (y.bits() ^ (q & 2).shifted(62)).real()
    return lanes.rarely(abs(x) >= FAR, y, name, x)


def sin(lanes: Lanes, x: Real) -> Real:
    """The sine; of -0.0, -0.0."""
    return x.equals(0.0).select(x, _quadrant(lanes, "sin", x, 0))


def cos(lanes: Lanes, x: Real) -> Real:
    """The cosine."""
    return _quadrant(lanes, "cos", x, 1)


def tan(lanes: Lanes, x: Real) -> Real:
    """The tangent, sine over cosine, or in odd quadrants minus cosine over sine, corrected by what the roundings of
    both lost, over the divisor: about ``1 + 0.55 r^2``, or as much times the quotient."""
    r, c, bits = _reduced(lanes, x)
    odd = (bits & 1).nonzero()
    (sine, sine_lost), (cosine, cosine_lost) = _sine(lanes, r, c), _cosine(lanes, r, c)
    y = odd.select(-cosine, sine) / odd.select(sine, cosine)
    secant = lanes.fma(r * r, 0.55, 1.0)
    lost = odd.select(-cosine_lost, sine_lost) - y * odd.select(sine_lost, cosine_lost)
    y = lanes.fma(lost, odd.select(-y, 1.0) * secant, y)
    return x.equals(0.0).select(x, lanes.rarely(abs(x) >= FAR, y, "tan", x))


ARCTANGENT = (
    -0.33333333333333315, 0.19999999999993442, -0.14285714284977372, 0.11111111069344151, -0.09090907691504004,
    0.07692277466166858, -0.06666223576968523, 0.05877808315826951, -0.05230024386711946, 0.045895113563364426,
    -0.037120758897838724, 0.02365854143381918, -0.008368280757984856,
)  # fmt: skip
"""``(arctan(t) / t - 1) / t^2`` as a polynomial in t^2, with an error of 2^-62."""


def arctan(lanes: Lanes, x: Real) -> Real:
    """The arctangent: up to 1/2 by a polynomial; of what is larger, ``pi / 4 + arctan((t - 1) / (t + 1))``, in which
    t - 1 is exact, and ``pi / 2 - arctan(1 / t)``."""
    t = abs(x)
    middle, large = t > 0.5, t > 2.414213562373095
    numerator = large.select(-1.0, middle.select(t - 1.0, t))
    denominator = large.select(t, middle.select(t + 1.0, 1.0))
    base = large.select(math.pi / 2, middle.select(math.pi / 4, 0.0))
    base_low = large.select(6.123233995736766e-17, middle.select(3.061616997868383e-17, 0.0))
    u = numerator / denominator
    z = u * u
    y = base + (u + lanes.fma(z * u, lanes.polynomial(z, ARCTANGENT), base_low))
    return y.signed_as(x)


__all__ = ["arctan", "cos", "sin", "tan"]
