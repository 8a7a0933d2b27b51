"""Every primitive with a rule has a sample, and its rule is right there."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
import scipy.special as sp

from s2sad.rules import decompositions, linalg, special
from s2sad.rules.elementwise import cos
from s2sad.rules.registry import RULES, scalar_rule
from tests.rules.check import check_rule, cotangents, tangent
from tests.rules.samples import SAMPLES, definite, hermitian

PRIMITIVES = {p.name: p for p, r in RULES.items() if r.partials or r.jvp or r.vjp or r.zero}
STRUCTURAL = {"cholesky", "eigh", "level", "turned"}
"""Checked below and in `test_eigenspaces`, not at samples."""
CASES = [(name, sample) for name, samples in SAMPLES.items() for sample in samples]


def test_every_primitive_has_a_sample():
    own = {name for name, p in PRIMITIVES.items() if name not in ("list_add",)}
    assert sorted(own - set(SAMPLES) - STRUCTURAL) == []


def test_names_are_unique():
    assert len(PRIMITIVES) == len([1 for r in RULES.values() if r.partials or r.jvp or r.vjp or r.zero])


@pytest.mark.parametrize(("name", "sample"), CASES, ids=[f"{n}{s}" for n, s in CASES])
def test_rule(name, sample):
    if any(isinstance(a, list) for a in sample.args) or name == "list_of_array":
        pytest.skip("lists are checked with the transforms")
    check_rule(PRIMITIVES[name], *sample.args, **sample.params)


PLANE = (np.linspace(-6, 6, 41) + 1j * np.linspace(-6, 6, 38)[:, None]).ravel()
SCIPY = [
    (special.erf, sp.erf, (PLANE[np.abs(PLANE.imag) < 1 + np.abs(PLANE.real)],)),
    (special.erfc, sp.erfc, (PLANE[np.abs(PLANE.imag) < 1 + np.abs(PLANE.real)],)),
    (special.digamma, sp.digamma, (np.array([0.3, 2.5, 20.0, -1.3, 0.0, -0.0, -1.0, np.inf, -np.inf, np.nan]),)),
    *((special.polygamma, sp.polygamma, (n, np.array([0.3, 2.5, 20.0, -1.3, 0.0, -0.0, -3.0]))) for n in (0, 1, 2, 3)),
    (special.gamma, sp.gamma, (np.array([0.0, -0.0, -2.0, 2.5, -1.5, 300.0, np.inf, -np.inf, np.nan]),)),
    (special.gamma, sp.gamma, (np.arange(-2, 4),)),
    (special.lgamma, sp.gammaln, (np.array([0.0, -2.0, 2.5, -1.5, np.inf, np.nan]),)),
    (special.lgamma, sp.gammaln, (np.arange(-2, 4),)),
    (special.erfinv, sp.erfinv, (np.array([-0.999999, -0.6, 1e-12, 0.3, 0.9, 1 - 1e-14]),)),
    (special.expit, sp.expit, (np.array([-800.0, -1.0, 0.0, 2.0, 800.0]),)),
    (special.xlogy, sp.xlogy, (np.array([0.0, 0.0, 2.0]), np.array([0.0, 2.0, 3.0]))),
    (decompositions.expm, scipy.linalg.expm, (4 * np.array([[2.0, 0.3, -0.5], [0.4, 1.5, 0.2], [-0.1, 0.6, 2.5]]),)),
]


@pytest.mark.parametrize(("ours", "theirs", "args"), SCIPY, ids=[s[0].name for s in SCIPY])
def test_values_are_those_of_scipy(ours, theirs, args):
    expected = theirs(*args)
    # A matrix function is accurate to its norm, not to each of its elements.
    scale = np.linalg.norm(expected) if expected.ndim == 2 else 0.0
    np.testing.assert_allclose(ours(*args), expected, rtol=2e-13, atol=1e-15 + 2e-14 * scale)


@pytest.mark.parametrize("x", [definite(3), hermitian(3), definite(2, 4)], ids=["real", "complex", "stack"])
def test_cholesky(x):
    """On Hermitian matrices: against differences, and jvp against vjp."""
    rng = np.random.default_rng(3)
    v = rng.standard_normal(x.shape) + (1j * rng.standard_normal(x.shape) if x.dtype.kind == "c" else 0)
    v = v + np.conj(np.swapaxes(v, -1, -2))
    out = np.linalg.cholesky(x)
    h = 1e-5
    expected = (np.linalg.cholesky(x + h * v) - np.linalg.cholesky(x - h * v)) / (2 * h)
    got = tangent(linalg.cholesky, [x], [v], out, {})
    np.testing.assert_allclose(got, expected, rtol=1e-6, atol=1e-8)
    bar = rng.standard_normal(x.shape) + (1j * rng.standard_normal(x.shape) if x.dtype.kind == "c" else 0)
    (x_bar,) = cotangents(linalg.cholesky, [x], bar, out, {})
    np.testing.assert_allclose(np.sum(x_bar * v).real, np.sum(bar * got).real)


@pytest.mark.parametrize("x", [definite(3), hermitian(3), definite(2, 4)], ids=["real", "complex", "stack"])
@pytest.mark.parametrize("upper", [False, True])
def test_eigh(x, upper):
    """The eigenvectors are compared by what does not depend on their phases; one triangle has a tangent."""
    params = {"upper": upper}
    side = "U" if upper else "L"
    x = x + 0.3 * (np.tril(np.ones(x.shape[-2:]), -1) if upper else np.triu(np.ones(x.shape[-2:]), 1))
    rng = np.random.default_rng(3)
    v = rng.standard_normal(x.shape) + (1j * rng.standard_normal(x.shape) if x.dtype.kind == "c" else 0)
    w, u = out = tuple(np.linalg.eigh(x, side))
    h = 1e-5

    def projectors(u):
        return np.einsum("...ik,...jk->...kij", u, np.conj(u))

    w_dot, u_dot = tangent(decompositions.eigh, [x], [v], out, params)
    (w_more, u_more), (w_less, u_less) = (np.linalg.eigh(x + s * h * v, side) for s in (1, -1))
    np.testing.assert_allclose(w_dot, (w_more - w_less) / (2 * h), rtol=1e-6, atol=1e-8)
    half = np.einsum("...ik,...jk->...kij", u_dot, np.conj(u))
    expected = (projectors(u_more) - projectors(u_less)) / (2 * h)
    np.testing.assert_allclose(half + np.conj(np.swapaxes(half, -1, -2)), expected, rtol=1e-5, atol=1e-7)
    bars = (rng.standard_normal(w.shape), rng.standard_normal(u.shape) * (1 + 0.5j if x.dtype.kind == "c" else 1))
    (x_bar,) = cotangents(decompositions.eigh, [x], bars, out, params)
    np.testing.assert_array_equal(x_bar, np.triu(x_bar) if upper else np.tril(x_bar))
    np.testing.assert_allclose(np.sum(x_bar * v).real, np.sum(bars[0] * w_dot) + np.sum(bars[1] * u_dot).real)


def test_a_wrong_rule_is_caught():
    @scalar_rule(impl=np.sin)
    def wrong(x):
        return cos(x) * 1.001

    try:
        with pytest.raises(AssertionError):
            check_rule(wrong, 0.7)
    finally:
        del RULES[wrong]
