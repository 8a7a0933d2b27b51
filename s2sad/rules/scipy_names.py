"""What `scipy.special` calls the primitives, and its functions that are others put together.

Imported once the user has imported `scipy.special`, which is slow to import (`frontend.library.table.LATER`).
"""

from __future__ import annotations

import math

import scipy.special as sp

from s2sad.rules.cotangent import is_complex
from s2sad.rules.elementwise import exp, log, log1p
from s2sad.rules.incomplete import (
    betainc,
    betaincc,
    betainccinv,
    betaincinv,
    gammainc,
    gammaincc,
    gammainccinv,
    gammaincinv,
    stdtr,
    stdtrit,
)
from s2sad.rules.registry import composed, stands_for
from s2sad.rules.scipy_special import (
    dawsn,
    ellipe,
    ellipk,
    erfcinv,
    erfcx,
    erfi,
    exp1,
    expi,
    exprel,
    gammasgn,
    iv,
    ive,
    jv,
    kv,
    kve,
    log_ndtr,
    ndtri,
    of_order,
    rgamma,
    spence,
    yv,
)
from s2sad.rules.special import (
    digamma,
    erf,
    erfc,
    erfinv,
    expit,
    gamma,
    lgamma,
    polygamma,
    xlog1py,
    xlogy,
)

for _prim in (
    erf, erfc, erfinv, erfcinv, erfcx, erfi, dawsn, ndtri, log_ndtr, gamma, digamma, polygamma, rgamma, gammasgn,
    gammainc, gammaincc, gammaincinv, gammainccinv, betainc, betaincc, betaincinv, betainccinv, jv, yv, iv, ive, kv,
    kve, expit, xlogy, xlog1py, exprel, expi, exp1, ellipk, ellipe, spence, stdtr, stdtrit,
):  # fmt: skip
    stands_for(_prim, getattr(sp, _prim.name))
stands_for(lgamma, sp.gammaln)
stands_for(digamma, sp.psi)
stands_for(yv, sp.yn)
stands_for(kv, sp.kn)

for _name, _function, _order in (
    ("j0", jv, 0), ("j1", jv, 1), ("y0", yv, 0), ("y1", yv, 1), ("i0", iv, 0), ("i1", iv, 1), ("i0e", ive, 0),
    ("i1e", ive, 1), ("k0", kv, 0), ("k1", kv, 1), ("k0e", kve, 0), ("k1e", kve, 1),
):  # fmt: skip
    composed(getattr(sp, _name))(of_order(_function, _order))


@composed(sp.ndtr)
def ndtr(x):
    return 0.5 * erfc(-x / math.sqrt(2))


@composed(sp.betaln)
def betaln(a, b):
    return lgamma(a) + lgamma(b) - lgamma(a + b)


@composed(sp.beta)
def beta(a, b):
    return exp(betaln(a, b))


@composed(sp.logit)
def logit(x):
    if is_complex(x):
        raise TypeError("this function is for real numbers, not for complex ones")
    return log(x) - log1p(-x)


@composed(sp.entr)
def entr(x):
    return -xlogy(x, x)


@composed(sp.rel_entr)
def rel_entr(x, y):
    return xlogy(x, x) - xlogy(x, y)
