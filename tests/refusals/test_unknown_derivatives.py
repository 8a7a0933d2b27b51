"""Derivatives that nobody has worked out: refused where they are needed, in every mode, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special as sp
from scipy import stats

import s2sad
from s2sad.config import using
from s2sad.errors import UnsupportedError
from s2sad.rules.registry import RULES, partials_of, unknown
from tests.refusals.checks import refused
from tests.rules.samples import SAMPLES

A, X = 3.0, 2.0
H = 1e-5
CDF_BY_X = 0.5 * X**2 * np.exp(-X)
"""The density of the gamma distribution of shape 3."""


def gammainc(a):
    return sp.gammainc(a, X)  # here


def gammaincc(a):
    return sp.gammaincc(a, X)  # here


def gammaincinv(a):
    return sp.gammaincinv(a, 0.3)  # here


def betainc(a):
    return sp.betainc(a, 2.0, 0.3)  # here


def betainc_in_b(b):
    return sp.betainc(2.0, b, 0.3)  # here


def betaincinv(a):
    return sp.betaincinv(a, 2.0, 0.3)  # here


def betaincinv_in_b(b):
    return sp.betaincinv(2.0, b, 0.3)  # here


def stdtr(df):
    return sp.stdtr(df, 0.3)  # here


def polygamma(n):
    return sp.polygamma(n, X)  # here


def zeta(x):
    return sp.zeta(x)  # here


def hurwitz(x):
    return sp.zeta(x, 2.0)  # here


def jv(v):
    return sp.jv(v, X)  # here


def yv(v):
    return sp.yv(v, X)  # here


def iv(v):
    return sp.iv(v, X)  # here


def ive(v):
    return sp.ive(v, X)  # here


def kv(v):
    return sp.kv(v, X)  # here


def kve(v):
    return sp.kve(v, X)  # here


def gamma_cdf(a):
    return stats.gamma.cdf(X, a)  # here


def gamma_sf(a):
    return stats.gamma.sf(X, a)  # here


def gamma_ppf(a):
    return stats.gamma.ppf(0.3, a)  # here


def chi2_cdf(df):
    return stats.chi2.logcdf(X, df)  # here


def beta_sf(a):
    return stats.beta.sf(0.3, a, 2.0)  # here


def beta_ppf(b):
    return stats.beta.ppf(0.3, 2.0, b)  # here


def t_cdf(df):
    return stats.t.cdf(1.2, df)  # here


def in_a_loop(a):
    total = 0.0
    for i in range(3):
        total += sp.gammainc(a, X + i)  # here
    return total


def called(a, n):
    return sp.gammainc(a, X) if n == 0 else 0.5 * called(a, n - 1)  # here


def recursive(a):
    return called(a, 2)


def checkpointed(a):
    return s2sad.checkpoint(in_a_loop)(a)


FUNCTIONS = [
    gammainc, gammaincc, gammaincinv, betainc, betainc_in_b, betaincinv, betaincinv_in_b, stdtr, polygamma, zeta,
    hurwitz, jv, yv, iv, ive, kv, kve, gamma_cdf, gamma_sf, gamma_ppf, chi2_cdf, beta_sf, beta_ppf, t_cdf,
    in_a_loop, recursive, checkpointed,
]  # fmt: skip
MODES: dict[str, Any] = {
    "grad": lambda f: s2sad.grad(f)(A),
    "jvp": lambda f: s2sad.jvp(f, (A,), (1.0,)),
    "vjp": lambda f: s2sad.vjp(f, A),
    "linearize": lambda f: s2sad.linearize(f, A),
    "jacfwd": lambda f: s2sad.jacfwd(f)(A),
    "hessian": lambda f: s2sad.hessian(f)(A),
    "forward over forward": lambda f: s2sad.jacfwd(s2sad.jacfwd(f))(A),
    "reverse over reverse": lambda f: s2sad.grad(s2sad.grad(f))(A),
    "hvp": lambda f: s2sad.hvp(f, (A,), (1.0,)),
    "vmap": lambda f: s2sad.vmap(s2sad.grad(f))(np.array([A, A])),
    "inside": lambda f: s2sad.jit(lambda a: s2sad.grad(f)(a))(A),
}


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_an_unknown_derivative_is_refused(f: Any) -> None:
    for mode in ("grad", "jvp"):
        refused(
            lambda mode=mode: MODES[mode](f), UnsupportedError, "is not known to s2sad", "custom_jvp", filename=__file__
        )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("f", [gammainc, t_cdf, recursive], ids=lambda f: f.__name__)
def test_in_every_mode(f: Any, mode: str) -> None:
    refused(lambda: MODES[mode](f), UnsupportedError, "is not known to s2sad", filename=__file__)


def test_every_function_with_an_unknown_derivative_is_above() -> None:
    named = {p.name for p, r in RULES.items() if r.partials is not None and unknown in _partials(p, r)}
    assert named == {
        "gammainc", "gammaincc", "gammaincinv", "betainc", "betaincinv", "polygamma", "zeta", "jv", "yv", "iv", "ive",
        "kv", "kve", "stdtr",
    }  # fmt: skip


def _partials(prim: Any, rule: Any) -> list[Any]:
    sample = SAMPLES[prim.name][0]
    with np.errstate(all="ignore"):
        return list(map(_mark, partials_of(rule, sample.args, prim.impl(*sample.args, **sample.params), sample.params)))


def _mark(partial: Any) -> Any:
    return unknown if partial is unknown else None


def compares(a, x):
    while sp.gammainc(a, x) < 0.9:
        x = x * 1.5
    return a * x if sp.gammainc(a, x) > 0.5 else a * a


def stopped(a, x):
    return a * s2sad.stop_gradient(2.0 * sp.gammainc(a, x))


def prints(a, x):
    print(sp.gammainc(a, x))
    return a * x


def with_aux(a, x):
    return a * a * x, sp.gammainc(a, x)


def fixed(p):
    return sp.gammainc(s2sad.stop_gradient(p[0]), p[1])


def by_x(a, x):
    return s2sad.grad(lambda y: sp.gammainc(a, y))(x)


def test_nothing_else_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with using(backend="python", verify=True):
        density = s2sad.grad(sp.gammainc, 1)
        close = np.testing.assert_allclose
        close(density(A, X), CDF_BY_X)
        close(s2sad.grad(lambda x: sp.gammainc(3, x))(X), CDF_BY_X)
        close(s2sad.jvp(lambda x: sp.gammainc(A, x), (X,), (1.0,))[1], CDF_BY_X)
        close(s2sad.grad(fixed)(np.array([A, X])), [0.0, CDF_BY_X])
        close(s2sad.hessian(lambda x: sp.gammainc(A, x))(1.0), 0.5 * np.exp(-1.0))
        close(s2sad.hessian(stats.t.cdf)(1.2, A), _slope(lambda x: stats.t.pdf(x, A), 1.2), rtol=1e-8)
        mixed = _slope(lambda a: stats.gamma.pdf(X, a), A)
        for second in (s2sad.jacfwd(density), s2sad.grad(density), s2sad.grad(by_x), s2sad.jacfwd(by_x)):
            close(second(A, X), mixed, rtol=1e-8)
        for f in (compares, stopped, prints):
            close(s2sad.jvp(f, (A, X), (1.0, 0.0))[1], s2sad.grad(f)(A, X))
            close(s2sad.jvp(f, (A, X), (1.0, 0.0))[1], _slope(lambda a, f=f: _plain(f, a), A), rtol=1e-8)


def _plain(f: Any, a: float) -> float:
    return a * 2.0 * sp.gammainc(A, X) if f is stopped else f(a, X)


def _slope(f: Any, x: float) -> float:
    return (f(x + H) - f(x - H)) / (2 * H)


def test_what_else_a_function_returns_needs_no_derivative() -> None:
    aux = sp.gammainc(A, X)
    with using(backend="python", verify=True):
        assert s2sad.grad(with_aux, has_aux=True)(A, X) == (12.0, aux)
        assert s2sad.jvp(with_aux, (A, X), (1.0, 0.0), has_aux=True) == (18.0, 12.0, aux)
        assert s2sad.jacfwd(with_aux, has_aux=True)(A, X) == (12.0, aux)
        assert s2sad.jacrev(with_aux, has_aux=True)(A, X) == (12.0, aux)
        assert s2sad.hessian(with_aux, has_aux=True)(A, X) == (4.0, aux)
        assert s2sad.hvp(lambda a: with_aux(a, X), (A,), (1.0,), has_aux=True) == (4.0, aux)
        value, push, also = s2sad.linearize(with_aux, A, X, has_aux=True)
        assert (value, push(1.0, 0.0), also) == (18.0, 12.0, aux)
        assert s2sad.jit(push)(1.0, 0.0) == 12.0
        _, pull, _ = s2sad.vjp(with_aux, A, X, has_aux=True)
        assert pull(1.0) == s2sad.jit(pull)(1.0) == (12.0, 9.0)


@s2sad.custom_jvp
def known(a, x):
    return sp.gammainc(a, x)


@known.defjvp
def known_jvp(primals, tangents):
    a, x = primals
    by_a = (known(a + H, x) - known(a - H, x)) / (2 * H)
    return known(a, x), by_a * tangents[0] + stats.gamma.pdf(x, a) * tangents[1]


def test_a_rule_of_ones_own_makes_it_known() -> None:
    with using(backend="python", verify=True):
        found = s2sad.grad(known, (0, 1))(A, X)
        np.testing.assert_allclose(found, [_slope(lambda a: sp.gammainc(a, X), A), CDF_BY_X], rtol=1e-8)
