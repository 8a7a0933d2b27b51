"""Functions of `scipy.special` that are others put together."""

import math

import numpy as np
import scipy.special as sp

import s2sad_rt as rt
from s2sad.frontend.library.table import written
from s2sad.frontend.library.written.axes import steps


@written(sp.logsumexp)
def logsumexp(a, axis=None, b=None, keepdims=False, return_sign=False):
    a = np.asarray(a)
    top = np.max(np.real(a), axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0.0)
    terms = np.exp(a - top) if b is None else b * np.exp(a - top)
    total = np.sum(terms, axis=axis, keepdims=keepdims)
    top = np.sum(top, axis=axis, keepdims=keepdims)
    if return_sign:
        return np.log(np.abs(total)) + top, np.sign(total)
    return np.log(total) + top


@written(sp.softmax)
def softmax(x, axis=None):
    e = np.exp(x - np.max(x, axis=axis, keepdims=True))
    return e / np.sum(e, axis=axis, keepdims=True)


@written(sp.log_softmax)
def log_softmax(x, axis=None):
    gap = x - np.max(x, axis=axis, keepdims=True)
    return gap - np.log(np.sum(np.exp(gap), axis=axis, keepdims=True))


@written(sp.multigammaln)
def multigammaln(a, d):
    total = d * (d - 1) * 0.25 * math.log(math.pi)
    for j in steps(d):
        total = total + sp.gammaln(a - j / 2.0)
    return total


@written(sp.loggamma)
def loggamma(z):
    if np.iscomplexobj(z):
        raise NotImplementedError("scipy.special.loggamma is supported for real numbers only")
    return np.where(z < 0, np.nan, sp.gammaln(z))


@written(sp.zeta)
def zeta(x, q=None, out=None):
    return hurwitz_zeta(x, 1.0 if q is None else q)


hurwitz_zeta = rt.zeta


@written(sp.poch)
def poch(z, m):
    return sp.gamma(z + m) / sp.gamma(z)


@written(sp.kl_div)
def kl_div(x, y):
    return sp.xlogy(x, x) - sp.xlogy(x, y) - x + y


@written(sp.expm1)
def expm1(x):
    return np.expm1(x)


@written(sp.log1p)
def log1p(x):
    return np.log1p(x)


@written(sp.exp2)
def exp2(x):
    return np.exp2(x)


@written(sp.exp10)
def exp10(x):
    return 10.0**x


@written(sp.cbrt)
def cbrt(x):
    return np.cbrt(x)


@written(sp.log_expit)
def log_expit(x):
    return -np.logaddexp(0.0, -x)


@written(sp.huber)
def huber(delta, r):
    size = np.abs(r)
    return np.where(size <= delta, 0.5 * r * r, delta * (size - 0.5 * delta))


@written(sp.pseudo_huber)
def pseudo_huber(delta, r):
    return delta * delta * (np.sqrt(1.0 + (r / delta) ** 2) - 1.0)


@written(sp.boxcox)
def boxcox(x, lmbda):
    return np.where(lmbda == 0, np.log(x), np.expm1(lmbda * np.log(x)) / np.where(lmbda == 0, 1.0, lmbda))


@written(sp.binom)
def binom(n, k):
    return np.exp(sp.gammaln(n + 1) - sp.gammaln(k + 1) - sp.gammaln(n - k + 1))


@written(sp.inv_boxcox)
def inv_boxcox(y, lmbda):
    return np.where(lmbda == 0, np.exp(y), np.exp(np.log1p(lmbda * y) / np.where(lmbda == 0, 1.0, lmbda)))
