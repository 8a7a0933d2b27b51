"""Derivatives in the shapes of the incomplete gamma and beta functions and in Student's degrees of freedom: against
numbers of many digits, at the edges, by every transform, and through the distributions of `scipy.stats`."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special as sp
from scipy import stats

import s2sad
import s2sad_rt as rt
from s2sad.config import using
from tests.frontend.library.shape_derivatives import BETA, GAMMA, STUDENT

EXACT = 1e-10
"""The relative error that is allowed; that found is below 1e-11, but where a second derivative changes its sign."""
H = 1e-4


@pytest.mark.parametrize(("a", "x", "first", "second"), GAMMA)
def test_gammainc(a: float, x: float, first: float, second: float) -> None:
    np.testing.assert_allclose(rt.dgammainc(a, x, n=1), first, rtol=EXACT)
    np.testing.assert_allclose(rt.dgammainc(a, x, n=2), second, rtol=EXACT)


@pytest.mark.parametrize(("a", "b", "x", "expected"), BETA)
def test_betainc(a: float, b: float, x: float, expected: tuple[float, ...]) -> None:
    found = [rt.dbetainc(a, b, x, i=i, j=j) for i, j in ((1, 0), (0, 1), (2, 0), (1, 1), (0, 2))]
    np.testing.assert_allclose(found, expected, rtol=EXACT)


@pytest.mark.parametrize(("df", "t", "first", "second"), STUDENT)
def test_stdtr(df: float, t: float, first: float, second: float) -> None:
    np.testing.assert_allclose(rt.dstdtr(df, t, n=1), first, rtol=EXACT)
    np.testing.assert_allclose(rt.dstdtr(df, t, n=2), second, rtol=EXACT)


def test_densities_are_those_of_scipy() -> None:
    shapes = np.array([1e-3, 0.4, 1.0, 2.0, 7.3, 400.0])
    x = np.array([0.0, 1e-3, 0.3, 2.0, 30.0, 410.0])[:, None]
    close = np.testing.assert_allclose
    close(rt.gamma_density(shapes, x), stats.gamma.pdf(x, shapes), rtol=1e-11)
    close(rt.student_density(shapes, x), stats.t.pdf(x, shapes), rtol=1e-11)
    part = np.array([0.0, 1e-3, 0.3, 0.9, 1.0])[:, None, None]
    close(rt.beta_density(shapes, shapes[:, None], part), stats.beta.pdf(part, shapes, shapes[:, None]), rtol=1e-10)


# -- edges


def test_edges() -> None:
    with using(backend="python"):
        gamma = s2sad.hessian(lambda a, x: sp.gammainc(a, x), (0, 1))
        for x in (0.0, np.inf):
            np.testing.assert_array_equal(np.array(gamma(3.0, x)), 0.0)
        np.testing.assert_array_equal(np.array(gamma(2.0, 0.0)), [[0.0, 0.0], [0.0, 1.0]])
        assert s2sad.grad(sp.gammainc)(1.5, np.nan) != s2sad.grad(sp.gammainc)(1.5, np.nan)
        beta = s2sad.hessian(lambda a, b, x: sp.betainc(a, b, x), (0, 1, 2))
        for x in (0.0, 1.0):
            np.testing.assert_array_equal(np.array(beta(3.0, 3.5, x)), 0.0)
        assert s2sad.grad(sp.betainc, 2)(1.0, 2.5, 0.0) == 2.5
        student = s2sad.grad(sp.stdtr, (0, 1))
        for t in (np.inf, -np.inf):
            assert student(2.5, t) == (0.0, 0.0)
        assert student(2.5, 0.0)[0] == 0.0
        assert s2sad.grad(sp.gammaincinv)(2.0, 0.0) == s2sad.grad(sp.betaincinv)(2.0, 3.0, 0.0) == 0.0


# -- transforms


def first(f: Any, p: np.ndarray) -> np.ndarray:
    """Central differences, refined by one extrapolation."""

    def slope(h: float) -> np.ndarray:
        return np.array([(f(p + h * e) - f(p - h * e)) / (2 * h) for e in np.eye(p.size)])

    return (4 * slope(H / 2) - slope(H)) / 3


def as_one(f: Any, count: int) -> Any:
    """A function of one array."""
    if count == 2:
        return lambda p: f(p[0], p[1])
    return lambda p: f(p[0], p[1], p[2])


FUNCTIONS = {
    "gammainc": (sp.gammainc, (2.3, 1.7)),
    "gammaincc": (sp.gammaincc, (2.3, 4.7)),
    "gammaincinv": (sp.gammaincinv, (2.3, 0.3)),
    "gammainccinv": (sp.gammainccinv, (2.3, 0.3)),
    "betainc": (sp.betainc, (2.3, 0.7, 0.4)),
    "betaincc": (sp.betaincc, (2.3, 1.7, 0.4)),
    "betaincinv": (sp.betaincinv, (2.3, 1.7, 0.4)),
    "betainccinv": (sp.betainccinv, (2.3, 1.7, 0.4)),
    "stdtr": (sp.stdtr, (3.0, 1.2)),
    "stdtrit": (sp.stdtrit, (3.0, 0.8)),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_first_and_second_order(name: str) -> None:
    f, at = FUNCTIONS[name]
    p = np.array(at)
    g = as_one(f, p.size)
    rtol = 1e-6 if name == "stdtrit" else 1e-7  # SciPy's own is found by steps that end at about 1e-12
    with using(backend="python", verify=True):
        gradient = s2sad.grad(g)
        np.testing.assert_allclose(gradient(p), first(g, p), rtol=rtol, atol=1e-10)
        expected = first(gradient, p)
        for hessian in (s2sad.hessian(g), s2sad.jacfwd(s2sad.jacfwd(g)), s2sad.jacrev(s2sad.jacrev(g))):
            np.testing.assert_allclose(hessian(p), expected, rtol=rtol, atol=1e-10)
        change = np.arange(1.0, p.size + 1)
        np.testing.assert_allclose(s2sad.jvp(g, (p,), (change,))[1], gradient(p) @ change, rtol=1e-12)
        many = np.array([p, 1.1 * p])
        np.testing.assert_allclose(s2sad.vmap(gradient)(many), [gradient(q) for q in many], rtol=1e-12)


def total(a, x):
    return np.sum(np.log(sp.gammainc(a, x)) + sp.betainc(a, 1.5, x / 9.0) * sp.stdtr(a, x))


@pytest.mark.compiled
def test_compiled() -> None:
    a, x = np.array([[0.7], [2.0], [9.0]]), np.array([0.3, 2.0, 8.0])
    with using(backend="python"):
        expected = s2sad.grad(total, (0, 1))(a, x), s2sad.hvp(total, (a, x), (a, x))
    compiled = s2sad.grad(total, (0, 1))(a, x), s2sad.hvp(total, (a, x), (a, x))
    for found, wanted in zip(compiled, expected, strict=True):
        for f, w in zip(found, wanted, strict=True):
            np.testing.assert_allclose(f, w, rtol=1e-12)
    single = s2sad.grad(total, (0, 1))(a.astype(np.float32), x.astype(np.float32))
    for f, w in zip(single, expected[0], strict=True):
        assert f.dtype == np.float32
        np.testing.assert_allclose(f, w, rtol=1e-5)
    assert s2sad.grad(sp.gammainc, 1)(2, 3.0) == pytest.approx(3.0 * np.exp(-3.0), rel=1e-13)
