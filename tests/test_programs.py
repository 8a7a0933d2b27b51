"""Every program of the corpus in every mode, against oracles that share nothing with s2sad.

The generated source runs under CPython; the tests marked `compiled` run it under Numba.
"""

from __future__ import annotations

import warnings

import numpy as np
import pytest

from tests import helpers, oracles
from tests.corpus import Program, is_inexact, leaves, load

PROGRAMS = load()
every = pytest.mark.parametrize("p", PROGRAMS, ids=[p.name for p in PROGRAMS])
SCALAR = [p for p in PROGRAMS if helpers.is_scalar(p.plain(*p.args()))]
scalar = pytest.mark.parametrize("p", SCALAR, ids=[p.name for p in SCALAR])
FORWARD = [p for p in PROGRAMS if "fwd" in p.modes]
REVERSE = [p for p in PROGRAMS if "rev" in p.modes]
SMOOTH = [p for p in REVERSE if p.order >= 2 and not oracles.is_single(p.args(), p.wrt)]
COMPILED = [p for p in PROGRAMS if p.compiled]


def conjugated(x: object) -> np.ndarray:
    return oracles.conjugate_parts(x)


@every
def test_value(p: Program) -> None:
    """`jit` gives the program's own value, dtype and shape, and leaves its arguments alone."""
    expected = p.plain(*p.args())
    args = p.args()
    before = helpers.snapshot(args)
    with helpers.backend():
        actual = helpers.transform("jit", p.function)(*args)
    got = [x for x in leaves(actual) if is_inexact(x)]
    want = [x for x in leaves(expected) if is_inexact(x)]
    assert len(got) == len(want)
    for a, b in zip(got, want, strict=True):
        assert np.shape(a) == np.shape(b)
        assert np.asarray(a).dtype == np.asarray(b).dtype
    tol = {"rtol": 1e-4, "atol": 1e-5} if oracles.is_single(p.args(), p.wrt) else {"rtol": 1e-12, "atol": 1e-12}
    if p.reference is not None:
        tol = {"rtol": 1e-9, "atol": 1e-10}
    oracles.assert_close(oracles.parts(actual), oracles.parts(expected), p.name, **tol)
    if not p.mutates:
        assert helpers.snapshot(args) == before


@scalar
def test_gradient(p: Program) -> None:
    """`value_and_grad` gives the value and the oracle's gradient, in the shapes and dtypes of the arguments."""
    args = p.args()
    before = helpers.snapshot(args)
    with helpers.backend():
        value, gradient = helpers.transform("value_and_grad", p.function, argnums=helpers.argnums(p))(*args)
    assert helpers.snapshot(args) == before
    oracles.same_types(helpers.as_tuple(p, gradient), oracles.chosen(args, p.wrt))
    expected = oracles.jacobian(p)[0]
    oracles.assert_close(conjugated(helpers.as_tuple(p, gradient)), expected, p.name, **oracles.tolerance(p, p.step))
    tol = 1e-4 if oracles.is_single(args, p.wrt) else 1e-9
    oracles.assert_close(oracles.parts(value), oracles.parts(p.plain(*p.args())), p.name, rtol=tol, atol=tol)


@pytest.mark.parametrize("p", FORWARD, ids=[p.name for p in FORWARD])
def test_jvp(p: Program) -> None:
    """`jvp` along a random direction."""
    direction = oracles.random_like(oracles.chosen(p.args(), p.wrt), 1)
    with helpers.backend():
        value, tangent = helpers.jvp(p, direction)
    expected = oracles.jacobian(p) @ oracles.parts(direction)
    oracles.assert_close(oracles.parts(tangent), expected, p.name, **oracles.tolerance(p, p.step))
    assert oracles.parts(value).shape == expected.shape


@pytest.mark.parametrize("p", REVERSE, ids=[p.name for p in REVERSE])
def test_vjp(p: Program) -> None:
    """`vjp` of a random cotangent, twice from one forward sweep."""
    with helpers.backend():
        value, pull = helpers.vjp(p)
        matrix = oracles.jacobian(p)
        for seed in (2, 3):
            weights = oracles.random_like(value, seed)
            got = conjugated(pull(weights))
            oracles.assert_close(got, conjugated(weights) @ matrix, p.name, **oracles.tolerance(p, p.step))


@pytest.mark.parametrize("p", REVERSE, ids=[p.name for p in REVERSE])
def test_jvp_against_vjp(p: Program) -> None:
    """The inner products of tangent and cotangent agree to rounding, whatever the oracles say."""
    direction = oracles.random_like(oracles.chosen(p.args(), p.wrt), 4)
    with helpers.backend():
        value, tangent = helpers.jvp(p, direction)
        weights = oracles.random_like(value, 5)
        _, pull = helpers.vjp(p)
        cotangents = pull(weights)
    left = conjugated(weights) @ oracles.parts(tangent)
    right = conjugated(cotangents) @ oracles.parts(direction)
    tol = 1e-4 if oracles.is_single(p.args(), p.wrt) else 1e-11
    oracles.assert_close([left], [right], p.name, rtol=tol, atol=tol)


@pytest.mark.parametrize("p", SMOOTH, ids=[p.name for p in SMOOTH])
def test_second_order(p: Program) -> None:
    """Forward over reverse against differences of the first-order oracle."""
    value = p.plain(*p.args())
    direction = oracles.random_like(oracles.chosen(p.args(), p.wrt), 6)
    weights = oracles.random_like(value, 7)
    with helpers.backend():
        got = helpers.jvp_of_vjp(p, weights, direction)
    expected = oracles.second_derivative(p, conjugated(weights), oracles.parts(direction))
    tol = {"rtol": 1e-6, "atol": 1e-7} if p.step else {"rtol": 1e-4, "atol": 1e-5}
    oracles.assert_close(conjugated(got), expected, p.name, **tol)


@scalar
def test_source_is_deterministic(p: Program) -> None:
    """Two makings of the gradient give the same bytes, and the source names no object's address."""
    with helpers.backend():
        first, second = (
            helpers.transform("grad", p.function, argnums=helpers.argnums(p)).lower(*p.args()).source for _ in range(2)
        )
    assert first == second
    assert " at 0x" not in first


@pytest.mark.compiled
@pytest.mark.parametrize("p", COMPILED, ids=[p.name for p in COMPILED])
def test_compiled(p: Program) -> None:
    """Numba and CPython run the same source to the same numbers."""
    with helpers.backend("numba"), warnings.catch_warnings():
        warnings.simplefilter("error", category=RuntimeWarning)
        if helpers.is_scalar(p.plain(*p.args())):
            gradient = helpers.transform("grad", p.function, argnums=helpers.argnums(p))(*p.args())
            got, expected = conjugated(helpers.as_tuple(p, gradient)), oracles.jacobian(p)[0]
        else:
            value, pull = helpers.vjp(p)
            weights = oracles.random_like(value, 8)
            got, expected = conjugated(pull(weights)), conjugated(weights) @ oracles.jacobian(p)
    oracles.assert_close(got, expected, p.name, **oracles.tolerance(p, p.step))
