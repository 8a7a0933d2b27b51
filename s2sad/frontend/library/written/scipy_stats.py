"""Distributions of `scipy.stats` by their densities (Johnson, Kotz and Balakrishnan, "Continuous univariate
distributions"), with SciPy's parameters.
"""

import math

import numpy as np
import scipy.special as sp
from scipy import stats

from s2sad.frontend.library.table import written

HALF_LOG_2PI = 0.5 * math.log(2 * math.pi)


def inside(there, value):
    """A log-density, minus infinity outside the support."""
    return np.where(there, value, -np.inf)


def above_0(z):
    """The number, or 0 where it is below: where what is above 0 begins, a distribution function is 0."""
    return np.where(z < 0, 0.0, z)


def between_0_and_1(z):
    return np.where(z > 1, 1.0, above_0(z))


# -- normal


@written(stats.norm.logpdf)
def norm_logpdf(x, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    return -0.5 * z * z - HALF_LOG_2PI - np.log(scale)


@written(stats.norm.pdf)
def norm_pdf(x, loc=0.0, scale=1.0):
    return np.exp(norm_logpdf(x, loc, scale))


@written(stats.norm.cdf)
def norm_cdf(x, loc=0.0, scale=1.0):
    return sp.ndtr((x - loc) / scale)


@written(stats.norm.sf)
def norm_sf(x, loc=0.0, scale=1.0):
    return sp.ndtr((loc - x) / scale)


@written(stats.norm.logcdf)
def norm_logcdf(x, loc=0.0, scale=1.0):
    return sp.log_ndtr((x - loc) / scale)


@written(stats.norm.logsf)
def norm_logsf(x, loc=0.0, scale=1.0):
    return sp.log_ndtr((loc - x) / scale)


@written(stats.norm.ppf)
def norm_ppf(q, loc=0.0, scale=1.0):
    return loc + scale * sp.ndtri(q)


@written(stats.norm.isf)
def norm_isf(q, loc=0.0, scale=1.0):
    return loc - scale * sp.ndtri(q)


@written(stats.norm.entropy)
def norm_entropy(loc=0.0, scale=1.0):
    return 0.5 + HALF_LOG_2PI + np.log(scale)


# -- beta


@written(stats.beta.logpdf)
def beta_logpdf(x, a, b, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    return inside((z >= 0) & (z <= 1), sp.xlog1py(b - 1.0, -z) + sp.xlogy(a - 1.0, z) - sp.betaln(a, b) - np.log(scale))


@written(stats.beta.pdf)
def beta_pdf(x, a, b, loc=0.0, scale=1.0):
    return np.exp(beta_logpdf(x, a, b, loc, scale))


@written(stats.beta.cdf)
def beta_cdf(x, a, b, loc=0.0, scale=1.0):
    return sp.betainc(a, b, between_0_and_1((x - loc) / scale))


@written(stats.beta.sf)
def beta_sf(x, a, b, loc=0.0, scale=1.0):
    return sp.betaincc(a, b, between_0_and_1((x - loc) / scale))


@written(stats.beta.logcdf)
def beta_logcdf(x, a, b, loc=0.0, scale=1.0):
    return np.log(beta_cdf(x, a, b, loc, scale))


@written(stats.beta.logsf)
def beta_logsf(x, a, b, loc=0.0, scale=1.0):
    return np.log(beta_sf(x, a, b, loc, scale))


@written(stats.beta.ppf)
def beta_ppf(q, a, b, loc=0.0, scale=1.0):
    return loc + scale * sp.betaincinv(a, b, q)


# -- gamma


@written(stats.gamma.logpdf)
def gamma_logpdf(x, a, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    return inside(z >= 0, sp.xlogy(a - 1.0, z) - z - sp.gammaln(a) - np.log(scale))


@written(stats.gamma.pdf)
def gamma_pdf(x, a, loc=0.0, scale=1.0):
    return np.exp(gamma_logpdf(x, a, loc, scale))


@written(stats.gamma.cdf)
def gamma_cdf(x, a, loc=0.0, scale=1.0):
    return sp.gammainc(a, above_0((x - loc) / scale))


@written(stats.gamma.sf)
def gamma_sf(x, a, loc=0.0, scale=1.0):
    return sp.gammaincc(a, above_0((x - loc) / scale))


@written(stats.gamma.logcdf)
def gamma_logcdf(x, a, loc=0.0, scale=1.0):
    return np.log(gamma_cdf(x, a, loc, scale))


@written(stats.gamma.logsf)
def gamma_logsf(x, a, loc=0.0, scale=1.0):
    return np.log(gamma_sf(x, a, loc, scale))


@written(stats.gamma.ppf)
def gamma_ppf(q, a, loc=0.0, scale=1.0):
    return loc + scale * sp.gammaincinv(a, q)


# -- chi squared: a gamma distribution of half the degrees of freedom


@written(stats.chi2.logpdf)
def chi2_logpdf(x, df, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    half = 0.5 * df
    return inside(z >= 0, sp.xlogy(half - 1.0, z) - 0.5 * z - sp.gammaln(half) - math.log(2.0) * half - np.log(scale))


@written(stats.chi2.pdf)
def chi2_pdf(x, df, loc=0.0, scale=1.0):
    return np.exp(chi2_logpdf(x, df, loc, scale))


@written(stats.chi2.cdf)
def chi2_cdf(x, df, loc=0.0, scale=1.0):
    return gamma_cdf(x, 0.5 * df, loc, 2.0 * scale)


@written(stats.chi2.sf)
def chi2_sf(x, df, loc=0.0, scale=1.0):
    return gamma_sf(x, 0.5 * df, loc, 2.0 * scale)


@written(stats.chi2.logcdf)
def chi2_logcdf(x, df, loc=0.0, scale=1.0):
    return gamma_logcdf(x, 0.5 * df, loc, 2.0 * scale)


@written(stats.chi2.logsf)
def chi2_logsf(x, df, loc=0.0, scale=1.0):
    return gamma_logsf(x, 0.5 * df, loc, 2.0 * scale)


@written(stats.chi2.ppf)
def chi2_ppf(q, df, loc=0.0, scale=1.0):
    return gamma_ppf(q, 0.5 * df, loc, 2.0 * scale)


# -- Student's t


@written(stats.t.logpdf)
def t_logpdf(x, df, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    half = 0.5 * (df + 1.0)
    norm = sp.gammaln(half) - sp.gammaln(0.5 * df) - 0.5 * np.log(df * math.pi) - np.log(scale)
    return norm - half * np.log1p(z * z / df)


@written(stats.t.pdf)
def t_pdf(x, df, loc=0.0, scale=1.0):
    return np.exp(t_logpdf(x, df, loc, scale))


@written(stats.t.cdf)
def t_cdf(x, df, loc=0.0, scale=1.0):
    return sp.stdtr(df, (x - loc) / scale)


@written(stats.t.logcdf)
def t_logcdf(x, df, loc=0.0, scale=1.0):
    return np.log(t_cdf(x, df, loc, scale))


@written(stats.t.sf)
def t_sf(x, df, loc=0.0, scale=1.0):
    return t_cdf(-x, df, -loc, scale)


@written(stats.t.logsf)
def t_logsf(x, df, loc=0.0, scale=1.0):
    return np.log(t_sf(x, df, loc, scale))


@written(stats.t.ppf)
def t_ppf(q, df, loc=0.0, scale=1.0):
    return loc + scale * sp.stdtrit(df, q)


@written(stats.t.isf)
def t_isf(q, df, loc=0.0, scale=1.0):
    return loc - scale * sp.stdtrit(df, q)


# -- F: of a ratio x, the beta distribution of dfn * x / (dfd + dfn * x)


@written(stats.f.logpdf)
def f_logpdf(x, dfn, dfd, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    n, m = 0.5 * dfn, 0.5 * dfd
    powers = m * np.log(dfd) + n * np.log(dfn) + sp.xlogy(n - 1.0, z) - (n + m) * np.log(dfd + dfn * above_0(z))
    return inside(z >= 0, powers - sp.betaln(n, m) - np.log(scale))


@written(stats.f.pdf)
def f_pdf(x, dfn, dfd, loc=0.0, scale=1.0):
    return np.exp(f_logpdf(x, dfn, dfd, loc, scale))


@written(stats.f.cdf)
def f_cdf(x, dfn, dfd, loc=0.0, scale=1.0):
    z = dfn * above_0((x - loc) / scale)
    return sp.betainc(0.5 * dfn, 0.5 * dfd, z / (dfd + z))


@written(stats.f.sf)
def f_sf(x, dfn, dfd, loc=0.0, scale=1.0):
    z = dfn * above_0((x - loc) / scale)
    return sp.betainc(0.5 * dfd, 0.5 * dfn, dfd / (dfd + z))


@written(stats.f.logcdf)
def f_logcdf(x, dfn, dfd, loc=0.0, scale=1.0):
    return np.log(f_cdf(x, dfn, dfd, loc, scale))


@written(stats.f.logsf)
def f_logsf(x, dfn, dfd, loc=0.0, scale=1.0):
    return np.log(f_sf(x, dfn, dfd, loc, scale))


@written(stats.f.ppf)
def f_ppf(q, dfn, dfd, loc=0.0, scale=1.0):
    part = sp.betaincinv(0.5 * dfn, 0.5 * dfd, q)
    return loc + scale * dfd / dfn * part / (1.0 - part)


# -- others of one variable


@written(stats.expon.logpdf)
def expon_logpdf(x, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    return inside(z >= 0, -z - np.log(scale))


@written(stats.expon.pdf)
def expon_pdf(x, loc=0.0, scale=1.0):
    return np.exp(expon_logpdf(x, loc, scale))


@written(stats.expon.cdf)
def expon_cdf(x, loc=0.0, scale=1.0):
    return -np.expm1(-np.maximum((x - loc) / scale, 0.0))


@written(stats.expon.sf)
def expon_sf(x, loc=0.0, scale=1.0):
    return np.exp(expon_logsf(x, loc, scale))


@written(stats.expon.logsf)
def expon_logsf(x, loc=0.0, scale=1.0):
    return -np.maximum((x - loc) / scale, 0.0)


@written(stats.expon.logcdf)
def expon_logcdf(x, loc=0.0, scale=1.0):
    return np.log(expon_cdf(x, loc, scale))


@written(stats.expon.ppf)
def expon_ppf(q, loc=0.0, scale=1.0):
    return loc - scale * np.log1p(-q)


@written(stats.laplace.logpdf)
def laplace_logpdf(x, loc=0.0, scale=1.0):
    return -np.abs((x - loc) / scale) - np.log(2.0 * scale)


@written(stats.laplace.pdf)
def laplace_pdf(x, loc=0.0, scale=1.0):
    return np.exp(laplace_logpdf(x, loc, scale))


@written(stats.laplace.cdf)
def laplace_cdf(x, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    half = 0.5 * np.exp(-np.abs(z))
    return np.where(z < 0, half, 1.0 - half)


@written(stats.cauchy.logpdf)
def cauchy_logpdf(x, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    return -np.log1p(z * z) - np.log(math.pi * scale)


@written(stats.cauchy.pdf)
def cauchy_pdf(x, loc=0.0, scale=1.0):
    return np.exp(cauchy_logpdf(x, loc, scale))


@written(stats.cauchy.cdf)
def cauchy_cdf(x, loc=0.0, scale=1.0):
    return 0.5 + np.arctan((x - loc) / scale) / math.pi


@written(stats.lognorm.logpdf)
def lognorm_logpdf(x, s, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    log = np.log(np.where(z > 0, z, 1.0))
    return inside(z > 0, -0.5 * (log / s) ** 2 - log - np.log(s * scale) - HALF_LOG_2PI)


@written(stats.lognorm.pdf)
def lognorm_pdf(x, s, loc=0.0, scale=1.0):
    return np.exp(lognorm_logpdf(x, s, loc, scale))


@written(stats.lognorm.cdf)
def lognorm_cdf(x, s, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    return np.where(z > 0, sp.ndtr(np.log(np.where(z > 0, z, 1.0)) / s), 0.0)


@written(stats.logistic.pdf)
def logistic_pdf(x, loc=0.0, scale=1.0):
    return np.exp(logistic_logpdf(x, loc, scale))


@written(stats.logistic.logpdf)
def logistic_logpdf(x, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    return -z - 2.0 * np.logaddexp(0.0, -z) - np.log(scale)


@written(stats.logistic.cdf)
def logistic_cdf(x, loc=0.0, scale=1.0):
    return sp.expit((x - loc) / scale)


@written(stats.uniform.logpdf)
def uniform_logpdf(x, loc=0.0, scale=1.0):
    z = (x - loc) / scale
    return inside((z >= 0) & (z <= 1), -np.log(scale) + 0.0 * z)


@written(stats.uniform.pdf)
def uniform_pdf(x, loc=0.0, scale=1.0):
    return np.exp(uniform_logpdf(x, loc, scale))


@written(stats.uniform.cdf)
def uniform_cdf(x, loc=0.0, scale=1.0):
    return np.clip((x - loc) / scale, 0.0, 1.0)


# -- counts


@written(stats.poisson.logpmf)
def poisson_logpmf(k, mu, loc=0):
    n = k - loc
    return inside((n >= 0) & (np.floor(n) == n), sp.xlogy(n, mu) - sp.gammaln(n + 1.0) - mu)


@written(stats.poisson.pmf)
def poisson_pmf(k, mu, loc=0):
    return np.exp(poisson_logpmf(k, mu, loc))


@written(stats.poisson.cdf)
def poisson_cdf(k, mu, loc=0):
    below = np.floor(k - loc)
    return np.where(below < 0, 0.0, sp.gammaincc(above_0(below) + 1.0, mu))


@written(stats.poisson.sf)
def poisson_sf(k, mu, loc=0):
    below = np.floor(k - loc)
    return np.where(below < 0, 1.0, sp.gammainc(above_0(below) + 1.0, mu))


@written(stats.poisson.logcdf)
def poisson_logcdf(k, mu, loc=0):
    return np.log(poisson_cdf(k, mu, loc))


@written(stats.poisson.logsf)
def poisson_logsf(k, mu, loc=0):
    return np.log(poisson_sf(k, mu, loc))


@written(stats.bernoulli.logpmf)
def bernoulli_logpmf(k, p, loc=0):
    return sp.xlogy(k - loc, p) + sp.xlog1py(1.0 - (k - loc), -p)


@written(stats.binom.logpmf)
def binom_logpmf(k, n, p, loc=0):
    x = k - loc
    ways = sp.gammaln(n + 1.0) - sp.gammaln(x + 1.0) - sp.gammaln(n - x + 1.0)
    return ways + sp.xlogy(x, p) + sp.xlog1py(n - x, -p)


@written(stats.binom.pmf)
def binom_pmf(k, n, p, loc=0):
    x = k - loc
    there = (x >= 0) & (x <= n) & (np.floor(x) == x)
    return np.where(there, np.exp(binom_logpmf(np.where(there, x, 0.0), n, p)), 0.0)


@written(stats.binom.cdf)
def binom_cdf(k, n, p, loc=0):
    below = np.floor(k - loc)
    inner = np.where((below >= 0) & (below < n), below, 0.0)
    some = sp.betaincc(inner + 1.0, n - inner, p)
    return np.where(below < 0, 0.0, np.where(below >= n, 1.0, some))


@written(stats.binom.sf)
def binom_sf(k, n, p, loc=0):
    below = np.floor(k - loc)
    inner = np.where((below >= 0) & (below < n), below, 0.0)
    some = sp.betainc(inner + 1.0, n - inner, p)
    return np.where(below < 0, 1.0, np.where(below >= n, 0.0, some))


@written(stats.nbinom.logpmf)
def nbinom_logpmf(k, n, p, loc=0):
    x = k - loc
    ways = sp.gammaln(n + x) - sp.gammaln(x + 1.0) - sp.gammaln(n)
    return inside((x >= 0) & (np.floor(x) == x), ways + n * np.log(p) + sp.xlog1py(x, -p))


@written(stats.nbinom.pmf)
def nbinom_pmf(k, n, p, loc=0):
    return np.exp(nbinom_logpmf(k, n, p, loc))


@written(stats.nbinom.cdf)
def nbinom_cdf(k, n, p, loc=0):
    below = np.floor(k - loc)
    return np.where(below < 0, 0.0, sp.betainc(n, above_0(below) + 1.0, p))


@written(stats.nbinom.sf)
def nbinom_sf(k, n, p, loc=0):
    below = np.floor(k - loc)
    return np.where(below < 0, 1.0, sp.betaincc(n, above_0(below) + 1.0, p))


# -- of several variables


def covariance(cov, size):
    """A covariance given as a number, a vector for its diagonal, or a matrix."""
    if np.ndim(cov) == 0:
        return cov * np.eye(size)
    return np.diag(cov) if np.ndim(cov) == 1 else cov


@written(stats.multivariate_normal.logpdf)
def multivariate_normal_logpdf(x, mean=None, cov=1, allow_singular=False):
    mean = 0.0 if mean is None else mean
    gap = np.atleast_1d(x - mean)
    if np.ndim(cov) == 0 and np.ndim(mean) == 0:
        gap = np.asarray(x - mean)[..., None]
    size = gap.shape[-1] if np.ndim(cov) == 0 else np.shape(cov)[0]
    full = covariance(cov, size)
    if allow_singular:
        w, v = np.linalg.eigh(full)
        kept = w > np.max(np.abs(w)) * 1e6 * np.finfo(float).eps
        inverse = np.where(kept, 1 / np.where(kept, w, 1.0), 0.0)
        squares = np.sum((gap @ v) ** 2 * inverse, axis=-1)
        logarithm = np.sum(np.where(kept, np.log(np.where(kept, w, 1.0)), 0.0))
        return -0.5 * (squares + logarithm + np.sum(kept) * 2 * HALF_LOG_2PI)
    flat = np.reshape(gap, (-1, size)) if gap.ndim > 2 else gap
    squares = np.sum(flat * np.linalg.solve(full, flat.T).T, axis=-1)
    squares = np.reshape(squares, gap.shape[:-1]) if gap.ndim > 2 else squares
    return -0.5 * (squares + np.linalg.slogdet(full)[1] + size * 2 * HALF_LOG_2PI)


@written(stats.multivariate_normal.pdf)
def multivariate_normal_pdf(x, mean=None, cov=1, allow_singular=False):
    return np.exp(multivariate_normal_logpdf(x, mean, cov, allow_singular))


@written(stats.multivariate_normal.entropy)
def multivariate_normal_entropy(mean=None, cov=1):
    full = covariance(cov, 1 if np.ndim(cov) == 0 else np.shape(cov)[0])
    return 0.5 * (np.linalg.slogdet(full)[1] + full.shape[0] * (1.0 + 2 * HALF_LOG_2PI))


@written(stats.dirichlet.logpdf)
def dirichlet_logpdf(x, alpha):
    alpha = np.asarray(alpha)
    x = np.asarray(x)
    last = np.atleast_1d(1.0 - np.sum(x, axis=0))
    if x.shape[0] == alpha.shape[0] - 1:
        x = np.concatenate([x, last]) if x.ndim == 1 else np.concatenate([x, last[None, :]], axis=0)
    norm = np.sum(sp.gammaln(alpha)) - sp.gammaln(np.sum(alpha))
    return np.sum(sp.xlogy(alpha - 1.0, x.T), axis=-1) - norm


@written(stats.dirichlet.pdf)
def dirichlet_pdf(x, alpha):
    return np.exp(dirichlet_logpdf(x, alpha))
