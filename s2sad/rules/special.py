"""Special functions of real numbers (Abramowitz & Stegun chapters 6, 7 and 9).

Nothing here needs SciPy: what it calls them is in `scipy_names`.
"""

from __future__ import annotations

import math

import s2sad_rt as rt
from s2sad.rules.elementwise import exp, log, log1p
from s2sad.rules.registry import scalar_rule, unknown, zero_derivative

# -- error functions


@scalar_rule(rt.erf, math.erf)
def erf(x):
    return 2 / math.sqrt(math.pi) * exp(-x * x)


@scalar_rule(rt.erfc, math.erfc)
def erfc(x):
    return -2 / math.sqrt(math.pi) * exp(-x * x)


@scalar_rule(rt.erfinv)
def erfinv(x, *, out):
    return math.sqrt(math.pi) / 2 * exp(out * out)


# -- gamma functions


@scalar_rule(rt.lgamma, math.lgamma)
def lgamma(x):
    return digamma(x)


@scalar_rule(rt.gamma, math.gamma)
def gamma(x, *, out):
    return out * digamma(x)


@scalar_rule(rt.digamma)
def digamma(x):
    return polygamma(1, x)


@scalar_rule(rt.polygamma)
def polygamma(n, x):
    return unknown, polygamma(n + 1, x)


# -- the logistic function and parts of entropies


@scalar_rule(rt.expit)
def expit(x, *, out):
    return out * (1 - out)


@scalar_rule(rt.xlogy)
def xlogy(x, y):
    return log(y), x / y


@scalar_rule(rt.xlog1py)
def xlog1py(x, y):
    return log1p(y), x / (1 + y)


# -- integers

gcd = zero_derivative(math.gcd)
lcm = zero_derivative(math.lcm)
isqrt = zero_derivative(math.isqrt)
factorial = zero_derivative(math.factorial)
comb = zero_derivative(math.comb)
perm = zero_derivative(math.perm)
