"""Special functions that SciPy computes (NIST's handbook: chapters 6 to 11, 19 and 25).

The derivatives in the order of a Bessel function and the exponent of a zeta function have no closed form: they are
`unknown`. The incomplete gamma and beta functions are in `incomplete`. SciPy itself is imported when one is computed.
"""

from __future__ import annotations

import math

import numpy as np

import s2sad_rt as rt
from s2sad.rules.cotangent import number
from s2sad.rules.elementwise import abs_, exp, log, sign, where
from s2sad.rules.incomplete import gamma_density
from s2sad.rules.logical import lt
from s2sad.rules.registry import composed, scalar_rule, unknown, zero_derivative

# -- Bessel functions (10.6.1, 10.29.1)


@scalar_rule(rt.jv)
def jv(v, x):
    return unknown, 0.5 * (jv(v - 1, x) - jv(v + 1, x))


@scalar_rule(rt.yv)
def yv(v, x):
    return unknown, 0.5 * (yv(v - 1, x) - yv(v + 1, x))


@scalar_rule(rt.iv)
def iv(v, x):
    return unknown, 0.5 * (iv(v - 1, x) + iv(v + 1, x))


@scalar_rule(rt.ive)
def ive(v, x, *, out):
    return unknown, 0.5 * (ive(v - 1, x) + ive(v + 1, x)) - sign(x) * out


@scalar_rule(rt.kv)
def kv(v, x):
    return unknown, -0.5 * (kv(v - 1, x) + kv(v + 1, x))


@scalar_rule(rt.kve)
def kve(v, x, *, out):
    return unknown, out - 0.5 * (kve(v - 1, x) + kve(v + 1, x))


def of_order(function, order):
    """A Bessel function of one order."""
    return lambda x: function(order, x)


composed(np.i0)(of_order(iv, 0))

@scalar_rule(rt.rgamma)
def rgamma(x):
    """As ``-digamma(x) * out`` it would be 0 times infinity where gamma has poles."""
    return math.e * gamma_density(x, 1.0, n=1)


gammasgn = zero_derivative(rt.gammasgn)


@scalar_rule(rt.zeta)
def zeta(x, q):
    return unknown, -x * zeta(x + 1, q)


# -- normal distribution and error functions (7.2, 7.7)


@scalar_rule(rt.erfcinv)
def erfcinv(x, *, out):
    return -math.sqrt(math.pi) / 2 * exp(out * out)


@scalar_rule(rt.ndtri)
def ndtri(x, *, out):
    return math.sqrt(2 * math.pi) * exp(0.5 * out * out)


@scalar_rule(rt.log_ndtr)
def log_ndtr(x, *, out):
    return exp(-0.5 * x * x - out) / math.sqrt(2 * math.pi)


@scalar_rule(rt.erfcx)
def erfcx(x, *, out):
    return 2 * x * out - 2 / math.sqrt(math.pi)


@scalar_rule(rt.erfi)
def erfi(x):
    return 2 / math.sqrt(math.pi) * exp(x * x)


@scalar_rule(rt.dawsn)
def dawsn(x, *, out):
    return 1 - 2 * x * out


# -- exponential integrals and others (6.2, 19.4, 25.12)


@scalar_rule(rt.exprel)
def exprel(x, *, out):
    near = lt(abs_(x), 1e-2)
    series = 0.5 + x * (1 / 3 + x * (0.125 + x * (1 / 30 + x * (1 / 144 + x * (1 / 840 + x / 5760)))))
    return where(near, series, (exp(x) - out) / where(near, number(1, x), x))


@scalar_rule(rt.expi)
def expi(x):
    return exp(x) / x


@scalar_rule(rt.exp1)
def exp1(x):
    return -exp(-x) / x


@scalar_rule(rt.ellipk)
def ellipk(m, *, out):
    return ellipe(m) / (2 * m * (1 - m)) - out / (2 * m)


@scalar_rule(rt.ellipe)
def ellipe(m, *, out):
    return (out - ellipk(m)) / (2 * m)


@scalar_rule(rt.spence)
def spence(z):
    return log(z) / (1 - z)
