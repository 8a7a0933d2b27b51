"""Error, gamma and integer functions (Abramowitz & Stegun chapters 6 and 7)."""

from __future__ import annotations

import math

import s2sad_rt as rt
from s2sad.rules.elementwise import exp
from s2sad.rules.registry import scalar_rule, zero_derivative


@scalar_rule(rt.erf, math.erf)
def erf(x):
    return 2 / math.sqrt(math.pi) * exp(-x * x)


@scalar_rule(rt.erfc, math.erfc)
def erfc(x):
    return -2 / math.sqrt(math.pi) * exp(-x * x)


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
    return None, polygamma(n + 1, x)


gcd = zero_derivative(math.gcd)
lcm = zero_derivative(math.lcm)
isqrt = zero_derivative(math.isqrt)
factorial = zero_derivative(math.factorial)
comb = zero_derivative(math.comb)
perm = zero_derivative(math.perm)
