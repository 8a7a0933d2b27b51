"""SciPy's functions by name and keyword: values, both modes, second order, and compiled."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.fft
import scipy.integrate
import scipy.linalg as sl
import scipy.signal
import scipy.special as sp
from scipy import stats

import s2sad
from s2sad.config import using
from tests.frontend.library import names

CASES: list[names.Case] = []
case = names.collector(CASES)
rng = np.random.default_rng(1)
R = rng.normal
X = R(size=(2, 3))
V = R(size=5)
P = rng.uniform(0.3, 3.0, size=(2, 3))
Q = rng.uniform(0.1, 0.9, size=(2, 3))
S = R(size=(3, 3))
SPD = S @ S.T + 3 * np.eye(3)
C = R(size=(3, 3)) + 1j * R(size=(3, 3))

# -- scipy.special

for _f in (sp.expit, sp.erf, sp.erfc, sp.i0, sp.i1, sp.i0e, sp.i1e, sp.j0, sp.j1, sp.ndtr, sp.log_ndtr, sp.expm1,
           sp.exprel, sp.sinc, sp.erfcx, sp.dawsn, sp.cbrt, sp.exp2, sp.exp10, sp.log_expit):  # fmt: skip
    case(f"special.{_f.__name__}", _f, X)
    case(f"special.{_f.__name__} of a number", _f, 0.4)
for _f in (sp.gamma, sp.gammaln, sp.digamma, sp.psi, sp.y0, sp.y1, sp.log1p, sp.entr, sp.rgamma, sp.k0, sp.k1, sp.k0e,
           sp.k1e, sp.expi, sp.exp1):  # fmt: skip
    case(f"special.{_f.__name__}", _f, P)
for _f in (sp.erfinv, sp.logit, sp.erfcinv, sp.ndtri, sp.erfi, sp.ellipk, sp.ellipe):
    case(f"special.{_f.__name__}", _f, Q)
for _f in (sp.erf, sp.erfc, sp.ndtr):
    case(f"special.{_f.__name__} of complex", _f, 2 * C)
    case(f"special.{_f.__name__} of complex", _f, 0.3 - 1.5j)
case("special.spence", sp.spence, P + 1.2)
case("special.gammasgn", lambda x: sp.gammasgn(x) * x, X)
case("special.polygamma", lambda x: sp.polygamma(1, x), P)
case("special.rgamma at poles", sp.rgamma, np.array([0.0, -1.0, -2.0, -1.5]))
case("special.polygamma", lambda x: sp.polygamma(2, x), P)
for _f in (sp.beta, sp.betaln, sp.poch, sp.binom):
    case(f"special.{_f.__name__}", _f, P + 1, P[::-1])
for _f in (sp.xlogy, sp.xlog1py, sp.rel_entr, sp.kl_div):
    case(f"special.{_f.__name__}", _f, P, P[::-1] + 0.1)
for _order in (0, 1, 2, -1):
    for _f in (sp.jn, sp.jv, sp.iv, sp.ive, sp.yn, sp.kv):
        case(f"special.{_f.__name__}", lambda x, f=_f, n=_order: f(n, x), P)
for _f in (sp.jv, sp.iv, sp.ive, sp.yv, sp.kv, sp.kve):
    case(f"special.{_f.__name__} of order a half", lambda x, f=_f: f(0.5, x), P)
for _f in (sp.gammainc, sp.gammaincc):
    case(f"special.{_f.__name__}", lambda x, f=_f: f(1.7, x), P)
case("special.betainc", lambda x: sp.betainc(1.7, 2.3, x), Q)
for _at in (-0.7, 0.0, 1e-8):
    case("special.stdtr", lambda t: sp.stdtr(2.5, t), _at)
case("special.stdtr", lambda t: sp.stdtr(3, t), X)
case("special.zeta", lambda q: sp.zeta(2.5, q), P)
case("special.zeta of one", lambda x: x * sp.zeta(3.0), X)
case("special.loggamma", sp.loggamma, P)
case("special.loggamma below 0", sp.loggamma, -P, order=0)
case("special.polygamma of several orders", lambda x: sp.polygamma(np.array([0, 1, 2]), x), P)
case("special.gammaincinv", lambda y: sp.gammaincinv(1.7, y), Q)
case("special.betaincinv", lambda y: sp.betaincinv(1.7, 2.3, y), Q)
case("special.multigammaln", lambda a: sp.multigammaln(a, 3), P + 2)
case("special.boxcox", lambda x: sp.boxcox(x, 0.3), P)
case("special.inv_boxcox", lambda x: sp.inv_boxcox(x, 0.3), P)
case("special.huber", lambda x: sp.huber(1.0, x), X)
case("special.pseudo_huber", lambda x: sp.pseudo_huber(1.0, x), X)
case("special.logsumexp", sp.logsumexp, X)
case("special.logsumexp", lambda x: sp.logsumexp(x, axis=1), X)
case("special.logsumexp", lambda x: sp.logsumexp(x, axis=-1, keepdims=True), X)
case("special.logsumexp", lambda x: sp.logsumexp(x, axis=(0, 1)), X)
case("special.logsumexp", lambda x, b: sp.logsumexp(x, axis=0, b=b), X, P)
case("special.logsumexp", lambda x, b: sp.logsumexp(x, b=b, return_sign=True), X, P)
case("special.softmax", lambda x: sp.softmax(x, axis=1), X)
case("special.softmax", sp.softmax, X)
case("special.log_softmax", lambda x: sp.log_softmax(x, axis=-1), X)

# -- scipy.linalg

case("linalg.inv", sl.inv, S)
case("linalg.det", sl.det, S)
case("linalg.solve", sl.solve, S, R(size=(3, 2)))
case("linalg.solve", lambda a, b: sl.solve((a + a.T) / 2, b, assume_a="pos"), SPD, R(size=3))
case("linalg.cholesky", lambda a: sl.cholesky((a + a.T) / 2, lower=True), SPD)
case("linalg.cholesky", lambda a: sl.cholesky((a + a.T) / 2), SPD)
for _lower in (True, False):
    case(
        "linalg.cho_solve",
        lambda a, b, lo=_lower: sl.cho_solve(sl.cho_factor((a + a.T) / 2, lower=lo), b),
        SPD,
        R(size=(3, 2)),
    )
    case(
        "linalg.cho_solve",
        lambda a, b, lo=_lower: sl.cho_solve((sl.cholesky((a + a.T) / 2, lower=lo), lo), b),
        SPD,
        R(size=3),
    )
    for _trans in (0, 1, "T"):
        case(
            "linalg.solve_triangular",
            lambda a, b, lo=_lower, t=_trans: sl.solve_triangular(a, b, trans=t, lower=lo),
            SPD,
            R(size=(3, 2)),
        )
case("linalg.solve_triangular", lambda a, b: sl.solve_triangular(a, b, lower=True, unit_diagonal=True), S, R(size=3))
case("linalg.expm", sl.expm, S)
case("linalg.sqrtm", lambda a: sl.sqrtm(a @ a.T + 3 * np.eye(3)), S)
case("linalg.sqrtm of any", sl.sqrtm, S * 0.3 + 2 * np.eye(3))
case("linalg.sqrtm of a defective matrix", sl.sqrtm, np.array([[1.0, 1.0], [0.0, 1.0]]))
case("linalg.sqrtm of the identity", sl.sqrtm, np.eye(2))
case("linalg.sqrtm of complex", sl.sqrtm, C)
case("linalg.sqrtm of a rotation", sl.sqrtm, np.array([[0.0, -1.0], [1.0, 0.0]]))
case("linalg.sqrtm of stacks", sl.sqrtm, R(size=(2, 3, 3)) * 0.3 + 2 * np.eye(3))
case("linalg.logm", sl.logm, S * 0.3 + 2 * np.eye(3))
case("linalg.logm of complex", sl.logm, C + 2 * np.eye(3))
case("linalg.logm of a defective matrix", sl.logm, np.array([[1.0, 1.0], [0.0, 1.0]]))
for _a in (S, X, X.T, C):
    case("linalg.lu", sl.lu, _a)
    case("linalg.lu", lambda a: sl.lu(a, permute_l=True), _a)
case("linalg.block_diag", sl.block_diag, S, X)
case("linalg.toeplitz", sl.toeplitz, V)
case("linalg.toeplitz", lambda c, r: sl.toeplitz(c, r), V, R(size=3))
case("linalg.circulant", sl.circulant, V)
case("linalg.hankel", lambda c, r: sl.hankel(c, r), V, R(size=3))
case("linalg.solve_sylvester", sl.solve_sylvester, S + 3 * np.eye(3), R(size=(2, 2)) + 3 * np.eye(2), R(size=(3, 2)))
case(
    "linalg.solve_banded",
    lambda ab, b: sl.solve_banded((1, 1), ab, b),
    np.array([[0.0, 0.3, 0.2], [2.0, 3.0, 2.5], [0.4, 0.1, 0.0]]),
    R(size=3),
)
case("linalg.eigh", lambda a: sl.eigh(a + a.T)[0], S)
case("linalg.eigh", lambda a, b: sl.eigh((a + a.T) / 2, (b + b.T) / 2, eigvals_only=True), S, SPD)
case("linalg.svdvals", sl.svdvals, X)
case("linalg.norm", lambda a: sl.norm(a, 2), X)
case("linalg.pinv", sl.pinv, X)

# -- scipy.stats

LOC, SCALE = R(size=3), P[0]
for _f in (stats.norm.pdf, stats.norm.logpdf, stats.norm.cdf, stats.norm.sf, stats.norm.logcdf, stats.norm.logsf):
    case(f"norm.{_f.__name__}", _f, X)
    case(f"norm.{_f.__name__}", _f, X, LOC, SCALE)
    case(f"norm.{_f.__name__} by keyword", lambda x, m, s, f=_f: f(x, loc=m, scale=s), 0.3, 0.1, 1.5)
case("norm.ppf", stats.norm.ppf, Q)
for _f in (stats.t.pdf, stats.t.logpdf):
    case(f"t.{_f.__name__}", _f, X, P, LOC, SCALE)
for _f in (stats.t.cdf, stats.t.logcdf, stats.t.sf, stats.t.logsf):
    case(f"t.{_f.__name__}", _f, X, P, LOC, SCALE)
for _f in (stats.t.ppf, stats.t.isf):
    case(f"t.{_f.__name__}", lambda q, m, s, f=_f: f(q, 3.5, m, s), Q, LOC, SCALE)
for _f in (stats.f.pdf, stats.f.logpdf, stats.f.cdf, stats.f.sf, stats.f.logcdf, stats.f.logsf):
    case(f"f.{_f.__name__}", _f, P, P[::-1] + 0.5, P + 0.2, -0.1, SCALE)
case("f.ppf", lambda q, n, m: stats.f.ppf(q, n, m, -0.1, 1.3), Q, P[::-1] + 0.5, P + 0.2)
for _d, _params in ((stats.beta, (P, P[::-1])), (stats.gamma, (P,)), (stats.chi2, (P,))):
    for _f in (_d.cdf, _d.sf, _d.logcdf, _d.logsf, _d.ppf):
        case(f"{_d.name}.{_f.__name__} in its shapes", lambda x, *p, f=_f: f(x, *p, loc=-0.05, scale=1.3), Q, *_params)
for _d, _params in ((stats.beta, (1.5, 2.5)), (stats.gamma, (1.5,)), (stats.chi2, (3.0,)), (stats.f, (3.0, 2.0))):
    for _f in (_d.cdf, _d.sf):
        case(f"{_d.name}.{_f.__name__} outside", lambda x, f=_f, p=_params: f(x, *p), np.array([-0.5, 0.4, 1.7]))
for _f in (stats.beta.pdf, stats.beta.logpdf):
    case(f"beta.{_f.__name__}", _f, Q, P, P[::-1])
case("beta.cdf", lambda x: stats.beta.cdf(x, 1.5, 2.5), Q)
for _f in (stats.gamma.pdf, stats.gamma.logpdf):
    case(f"gamma.{_f.__name__}", _f, P, P[::-1])
case("gamma.cdf", lambda x: stats.gamma.cdf(x, 1.5), P)
for _f in (stats.chi2.pdf, stats.chi2.logpdf):
    case(f"chi2.{_f.__name__}", lambda x, f=_f: f(x, 3.0), P)
    case(f"chi2.{_f.__name__}", _f, P, P[::-1])
case("chi2.cdf", lambda x: stats.chi2.cdf(x, 3.0), P)
for _f in (stats.norm.ppf, stats.norm.isf, stats.expon.ppf):
    case(f"{_f.__self__.name}.{_f.__name__}", _f, Q, LOC, SCALE)
for _d, _params in ((stats.beta, (1.5, 2.5)), (stats.gamma, (1.5,)), (stats.chi2, (3.0,)), (stats.expon, ())):
    for _f in (_d.cdf, _d.sf, _d.logcdf, _d.logsf, _d.ppf):
        case(f"{_d.name}.{_f.__name__}", lambda x, m, s, f=_f, p=_params: f(x, *p, loc=m, scale=s), Q, 0.05, 1.3)
for _d in (stats.uniform, stats.laplace, stats.cauchy, stats.logistic):
    for _f in (_d.pdf, _d.logpdf, _d.cdf):
        case(f"{_d.name}.{_f.__name__}", _f, *((X, LOC - 0.1, SCALE) if _d is not stats.uniform else (Q, 0.05, 1.3)))
case("uniform.cdf", stats.uniform.cdf, X, LOC - 0.1, SCALE)
for _f in (stats.lognorm.pdf, stats.lognorm.logpdf, stats.lognorm.cdf):
    case(f"lognorm.{_f.__name__}", _f, P + 0.5, SCALE, 0.1 * LOC, P)
case("lognorm.cdf", stats.lognorm.cdf, X, SCALE, 0.1 * LOC, P)
COUNTS = np.array([0, 1, 4])
for _f in (stats.poisson.pmf, stats.poisson.logpmf, stats.poisson.cdf, stats.poisson.sf, stats.poisson.logcdf):
    case(f"poisson.{_f.__name__}", lambda mu, f=_f: f(COUNTS, mu), P)
TRIES = np.array([-1.0, 0.0, 2.5, 7.0])[:, None]
for _f in (stats.binom.pmf, stats.binom.cdf, stats.binom.sf):
    case(f"binom.{_f.__name__}", lambda p, f=_f: f(np.maximum(TRIES, 0.0) // 1, 7, p), Q[0])
for _f in (stats.poisson.cdf, stats.poisson.sf):
    case(f"poisson.{_f.__name__} outside", lambda p, f=_f: f(TRIES, p), Q[0])
for _f in (stats.binom.cdf, stats.binom.sf):
    case(f"binom.{_f.__name__} outside", lambda p, f=_f: f(TRIES, 7, p), Q[0])
case("nbinom.logpmf", lambda n, p: stats.nbinom.logpmf(np.array([0, 1, 4]), n, p), P[0], Q[0])
for _f in (stats.nbinom.pmf, stats.nbinom.cdf, stats.nbinom.sf):
    case(f"nbinom.{_f.__name__}", lambda n, p, f=_f: f(np.array([0, 1, 4]), n, p), P[0], Q[0])
case("expon.logpdf", stats.expon.logpdf, P)
case("laplace.logpdf", stats.laplace.logpdf, X, LOC, SCALE)
case("cauchy.logpdf", stats.cauchy.logpdf, X, LOC, SCALE)
case("logistic.logpdf", stats.logistic.logpdf, X, LOC, SCALE)
MVN = stats.multivariate_normal
SPREAD = R(size=(3, 3))
for _f in (MVN.pdf, MVN.logpdf):
    case(
        f"multivariate_normal.{_f.__name__}",
        lambda x, m, a, f=_f: f(x, m, a @ a.T + np.eye(3)),
        R(size=(4, 3)),
        R(size=3),
        SPREAD,
    )
    case(
        f"multivariate_normal.{_f.__name__}",
        lambda x, m, a, f=_f: f(x, mean=m, cov=a @ a.T + np.eye(3)),
        R(size=3),
        R(size=3),
        SPREAD,
    )
    case(
        f"multivariate_normal.{_f.__name__}",
        lambda x, c, f=_f: f(x, np.zeros(3), c),
        R(size=3),
        np.array([0.5, 1.0, 2.0]),
    )
case("multivariate_normal.logpdf of stacks", lambda x, a: MVN.logpdf(x, np.zeros(2), a @ a.T + np.eye(2)),
     R(size=(2, 3, 2)), R(size=(2, 2)))  # fmt: skip
case("multivariate_normal.logpdf plain", lambda x: MVN.logpdf(x, np.zeros(3)), R(size=3))
case("multivariate_normal.entropy", lambda a: MVN.entropy(np.zeros(3), a @ a.T + np.eye(3)), SPREAD)
for _f in (stats.dirichlet.pdf, stats.dirichlet.logpdf):
    case(f"dirichlet.{_f.__name__}", lambda a, f=_f: f(np.array([0.2, 0.3, 0.5]), a), P[0])
case("dirichlet.logpdf", lambda x, a: stats.dirichlet.logpdf(x, a), np.array([0.2, 0.3]), P[0])

# -- the others

for _mode in ("full", "valid", "same"):
    case(
        f"signal.convolve {_mode}",
        lambda x, y, m=_mode: scipy.signal.convolve(x, y, mode=m),
        R(size=(4, 5)),
        R(size=(2, 3)),
    )
case("signal.convolve", scipy.signal.convolve, V, R(size=3))
case("signal.correlate", scipy.signal.correlate, V, R(size=3))
for _mode in ("full", "valid", "same"):
    case("signal.convolve2d", lambda x, y, m=_mode: scipy.signal.convolve2d(x, y, m), R(size=(4, 5)), R(size=(2, 3)))
case("signal.lfilter", scipy.signal.lfilter, R(size=3), R(size=2), R(size=7))
case("signal.lfilter", scipy.signal.lfilter, R(size=2), R(size=4), R(size=7))
case("signal.lfilter", lambda x: scipy.signal.lfilter([0.5, 0.2], [1.0], x), R(size=7))
TIMES = np.array([0.0, 0.3, 1.0, 1.4, 2.5, 2.7, 3.1])
for _n in (2, 3, 6, 7):
    case("integrate.simpson", lambda y: scipy.integrate.simpson(y, dx=0.2), R(size=_n))
    case("integrate.simpson", lambda y, x: scipy.integrate.simpson(y, x=x, axis=0), R(size=(_n, 2)), TIMES[:_n])
case("integrate.trapezoid", lambda y: scipy.integrate.trapezoid(y, dx=0.2), V)
case("integrate.cumulative_trapezoid", lambda y: scipy.integrate.cumulative_trapezoid(y, dx=0.2, initial=0), V)
case("fft.fft", scipy.fft.fft, V)
case("fft.irfft", lambda x: scipy.fft.irfft(scipy.fft.rfft(x), n=5), V)


@pytest.mark.parametrize("c", CASES, ids=str)
def test_name(c: names.Case) -> None:
    names.check(c)


COMPILED = (
    "linalg.sqrtm", "beta.pdf", "linalg.cho_solve", "multivariate_normal.pdf#2", "fft.irfft", "special.sinc",
    "special.ellipk", "linalg.det", "linalg.toeplitz", "integrate.cumulative_trapezoid", "special.expit",
    "special.erf", "special.erfc", "special.i0", "special.i0e", "special.j0", "special.log_ndtr", "special.exprel",
    "special.erfcx", "special.dawsn", "special.gamma", "special.psi", "special.y0", "special.rgamma", "special.k0",
    "special.k0e", "special.expi", "special.exp1", "special.erfinv", "special.erfcinv", "special.ndtri",
    "special.erfi", "special.spence", "special.gammasgn", "special.gammainc", "special.gammaincc", "special.betainc",
    "special.zeta", "linalg.expm", "linalg.eigh", "linalg.svdvals", "linalg.pinv", "fft.fft", "t.logpdf",
    "dirichlet.pdf", "signal.convolve full", "special.logsumexp#4", "linalg.solve_triangular#1", "poisson.cdf",
    "linalg.block_diag", "linalg.sqrtm of complex", "linalg.logm", "linalg.solve_sylvester", "special.erf of complex",
    "special.erfc of complex", "linalg.lu", "signal.lfilter", "integrate.simpson#4", "special.gammaincinv",
    "special.betaincinv", "special.polygamma of several orders", "lognorm.cdf",
    "gamma.ppf in its shapes", "beta.sf in its shapes", "f.cdf",
    "t.ppf", "nbinom.sf", "binom.cdf outside",
)  # fmt: skip
"""Cases that between them use every function that the generated code of all cases calls."""


@pytest.mark.compiled
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("group", names.in_groups(CASES, COMPILED), ids=lambda g: g[0].name)
def test_compiled(group: list[names.Case]) -> None:
    names.compiled(group)


@pytest.mark.parametrize("a", [-np.eye(2), [[0.0, 1.0], [0.0, 0.0]], [[1.0, 2.0], [2.0, 1.0]]])
def test_a_real_matrix_without_a_real_root_has_none(a):
    """SciPy turns complex there, or fails; a dtype here cannot depend on values."""
    for f in (sl.sqrtm, sl.logm):
        with using(backend="python"):
            assert np.all(np.isnan(s2sad.jit(f)(np.array(a))))


@pytest.mark.parametrize("f", [sp.gamma, sp.gammaln, sp.psi, sp.logit, sp.expit, sp.entr, sp.erfinv, sp.log_ndtr])
@pytest.mark.parametrize("z", [np.complex128(0.4 + 0.3j), 0.4 + 0.3j, C])
def test_complex_arguments_are_refused(f, z):
    with pytest.raises(s2sad.errors.TypeMismatchError, match="test_scipy_names") as error:
        s2sad.grad(lambda z: np.sum(np.real(f(z))))(z)
    assert "^" in str(error.value)


BESSEL = {"jv": sp.jv, "iv": sp.iv, "yv": sp.yv, "kv": sp.kv}
DERIVED = {"jv": sp.jvp, "iv": sp.ivp, "yv": sp.yvp, "kv": sp.kvp}


@pytest.mark.parametrize("name", BESSEL)
@pytest.mark.parametrize("order", [0, 1, 2, 5])
def test_bessel_functions_to_the_fourth_derivative(name, order):
    """In the argument, at 0 and below it too where they have values there."""
    def f(x):
        return BESSEL[name](order, x)

    with using(backend="python"):
        for k in range(1, 5):
            f = s2sad.grad(f)
            for x in (0.0, -1.3, 1.7, 20.0) if name in ("jv", "iv") else (1.7, 20.0):
                np.testing.assert_allclose(f(x), DERIVED[name](order, x, k), rtol=1e-10, atol=1e-15)


def test_polygamma_and_zeta_to_the_fourth_derivative():
    f, g = sp.digamma, lambda q: sp.zeta(2.5, q)
    with using(backend="python"):
        for k in range(1, 5):
            f, g = s2sad.grad(f), s2sad.grad(g)
            for x in (0.0, -1.3, 0.4, 30.0):
                np.testing.assert_allclose(f(x), sp.polygamma(k, x), rtol=1e-12)
            np.testing.assert_allclose(g(0.4), (-1) ** k * sp.poch(2.5, k) * sp.zeta(2.5 + k, 0.4), rtol=1e-12)
