"""Special functions, by the names of `math` and `scipy.special` (Abramowitz & Stegun chapters 6, 7 and 9)."""

from __future__ import annotations

import math

import scipy.special as sp

import s2sad_rt as rt
from s2sad.rules.cotangent import is_complex
from s2sad.rules.elementwise import exp, log, log1p
from s2sad.rules.registry import composed, scalar_rule, unknown, zero_derivative

# -- error functions


@scalar_rule(rt.erf, math.erf, sp.erf)
def erf(x):
    return 2 / math.sqrt(math.pi) * exp(-x * x)


@scalar_rule(rt.erfc, math.erfc, sp.erfc)
def erfc(x):
    return -2 / math.sqrt(math.pi) * exp(-x * x)


@scalar_rule(rt.erfinv, sp.erfinv)
def erfinv(x, *, out):
    return math.sqrt(math.pi) / 2 * exp(out * out)


@composed(sp.ndtr)
def ndtr(x):
    return 0.5 * erfc(-x / math.sqrt(2))


# -- gamma functions


@scalar_rule(rt.lgamma, math.lgamma, sp.gammaln)
def lgamma(x):
    return digamma(x)


@scalar_rule(rt.gamma, math.gamma, sp.gamma)
def gamma(x, *, out):
    return out * digamma(x)


@scalar_rule(rt.digamma, sp.digamma, sp.psi)
def digamma(x):
    return polygamma(1, x)


@scalar_rule(rt.polygamma, sp.polygamma)
def polygamma(n, x):
    return unknown, polygamma(n + 1, x)


@composed(sp.betaln)
def betaln(a, b):
    return lgamma(a) + lgamma(b) - lgamma(a + b)


@composed(sp.beta)
def beta(a, b):
    return exp(betaln(a, b))


# -- logistic functions and entropies


@scalar_rule(rt.expit, sp.expit)
def expit(x, *, out):
    return out * (1 - out)


@composed(sp.logit)
def logit(x):
    if is_complex(x):
        raise TypeError("this function is for real numbers, not for complex ones")
    return log(x) - log1p(-x)


@scalar_rule(rt.xlogy, sp.xlogy)
def xlogy(x, y):
    return log(y), x / y


@scalar_rule(rt.xlog1py, sp.xlog1py)
def xlog1py(x, y):
    return log1p(y), x / (1 + y)


@composed(sp.entr)
def entr(x):
    return -xlogy(x, x)


@composed(sp.rel_entr)
def rel_entr(x, y):
    return xlogy(x, x) - xlogy(x, y)


# -- integers

gcd = zero_derivative(math.gcd)
lcm = zero_derivative(math.lcm)
isqrt = zero_derivative(math.isqrt)
factorial = zero_derivative(math.factorial)
comb = zero_derivative(math.comb)
perm = zero_derivative(math.perm)
