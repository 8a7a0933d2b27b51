"""The incomplete gamma and beta functions, Student's distribution, and their inverses (NIST's handbook, 8.2, 8.17).

Their derivatives in the shapes are functions that `s2sad_rt` computes, up to the second order: the third is `unknown`.
Those that go through `x`, too, are derivatives of a density, of every order. Those of inverses follow by the theorem of
implicit functions.
"""

from __future__ import annotations

import math

import s2sad_rt as rt
from s2sad.rules.elementwise import where
from s2sad.rules.logical import eq
from s2sad.rules.registry import scalar_rule, unknown


def _orders(**orders):
    """Orders of derivatives as params: one that is 0 is left out, so that the same is written the same."""
    return {name: order for name, order in orders.items() if order}


def implicit(change, density):
    """The derivative of a quantile, where the probability below it has the derivative `change`."""
    still = eq(change, 0)
    return where(still, 0, -change / where(still, 1, density))


# -- gamma


@scalar_rule(rt.gammainc)
def gammainc(a, x):
    return dgammainc(a, x, n=1), gamma_density(a, x)


@scalar_rule(rt.gammaincc)
def gammaincc(a, x):
    return -dgammainc(a, x, n=1), -gamma_density(a, x)


@scalar_rule(rt.dgammainc, spelling="rt.dgammainc(_0, _1, n=_n)")
def dgammainc(a, x, *, n):
    """The derivative of order `n` in `a`."""
    return dgammainc(a, x, n=n + 1) if n < 2 else unknown, gamma_density(a, x, n=n)


@scalar_rule(rt.gamma_density, spelling="rt.gamma_density(_0, _1, n=_n)")
def gamma_density(a, x, *, n=0):
    """``x**(a-1) * exp(-x) / gamma(a)``, differentiated `n` times in `a`."""
    return gamma_density(a, x, n=n + 1), gamma_density(a - 1, x, **_orders(n=n)) - gamma_density(a, x, **_orders(n=n))


@scalar_rule(rt.gammaincinv)
def gammaincinv(a, y, *, out):
    density = gamma_density(a, out)
    return implicit(dgammainc(a, out, n=1), density), 1 / density


@scalar_rule(rt.gammainccinv)
def gammainccinv(a, y, *, out):
    density = gamma_density(a, out)
    return implicit(dgammainc(a, out, n=1), density), -1 / density


# -- beta


@scalar_rule(rt.betainc)
def betainc(a, b, x):
    return dbetainc(a, b, x, i=1), dbetainc(a, b, x, j=1), beta_density(a, b, x)


@scalar_rule(rt.betaincc)
def betaincc(a, b, x):
    return -dbetainc(a, b, x, i=1), -dbetainc(a, b, x, j=1), -beta_density(a, b, x)


@scalar_rule(rt.dbetainc, spelling="rt.dbetainc(_0, _1, _2, i=_i, j=_j)")
def dbetainc(a, b, x, *, i=0, j=0):
    """The derivative of order `i` in `a` and `j` in `b`."""
    by_x = beta_density(a, b, x, **_orders(i=i, j=j))
    if i + j == 2:
        return unknown, unknown, by_x
    return dbetainc(a, b, x, **_orders(i=i + 1, j=j)), dbetainc(a, b, x, **_orders(i=i, j=j + 1)), by_x


@scalar_rule(rt.beta_density, spelling="rt.beta_density(_0, _1, _2, i=_i, j=_j, k=_k, m=_m)")
def beta_density(a, b, x, *, i=0, j=0, k=0, m=0):
    """``gamma(a+b) / (gamma(a-k) gamma(b-m)) * x**(a-k-1) * (1-x)**(b-m-1)``, differentiated `i` times in `a` and `j`
    times in `b`."""
    by_a, by_b = _orders(i=i + 1, j=j, k=k, m=m), _orders(i=i, j=j + 1, k=k, m=m)
    lower_a, lower_b = _orders(i=i, j=j, k=k + 1, m=m), _orders(i=i, j=j, k=k, m=m + 1)
    by_x = beta_density(a, b, x, **lower_a) - beta_density(a, b, x, **lower_b)
    return beta_density(a, b, x, **by_a), beta_density(a, b, x, **by_b), by_x


@scalar_rule(rt.betaincinv)
def betaincinv(a, b, y, *, out):
    density = beta_density(a, b, out)
    return (
        implicit(dbetainc(a, b, out, i=1), density),
        implicit(dbetainc(a, b, out, j=1), density),
        1 / density,
    )


@scalar_rule(rt.betainccinv)
def betainccinv(a, b, y, *, out):
    density = beta_density(a, b, out)
    return (
        implicit(dbetainc(a, b, out, i=1), density),
        implicit(dbetainc(a, b, out, j=1), density),
        -1 / density,
    )


# -- Student's


@scalar_rule(rt.stdtr)
def stdtr(df, t):
    """As a betainc of df / (df + t * t) its derivatives would be lost where t is near 0."""
    return dstdtr(df, t, n=1), student_density(df, t)


@scalar_rule(rt.dstdtr, spelling="rt.dstdtr(_0, _1, n=_n)")
def dstdtr(df, t, *, n):
    """The derivative of order `n` in `df`."""
    return dstdtr(df, t, n=n + 1) if n < 2 else unknown, student_density(df, t, n=n)


@scalar_rule(rt.student_density, spelling="rt.student_density(_0, _1, n=_n)")
def student_density(df, t, *, n=0):
    """Student's density, differentiated `n` times in `df`; in `t` by Leibniz' rule on its product with
    ``-(df + 1) * t / (df + t*t)``, which is ``-t - t * (1 - t*t) / (df + t*t)``."""
    far = df + t * t
    by_t = -(df + 1) * t / far * student_density(df, t, **_orders(n=n))
    term = -t * (1 - t * t) / far
    for k in range(1, n + 1):
        term = -k * term / far
        by_t = by_t + math.comb(n, k) * term * student_density(df, t, **_orders(n=n - k))
    return student_density(df, t, n=n + 1), by_t


@scalar_rule(rt.stdtrit)
def stdtrit(df, p, *, out):
    density = student_density(df, out)
    return implicit(dstdtr(df, out, n=1), density), 1 / density
