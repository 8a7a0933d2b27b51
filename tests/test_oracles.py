"""The corpus and its oracles check each other, without s2sad."""

from __future__ import annotations

import math

import numpy as np
import pytest

from tests import oracles
from tests.corpus import MODULES, Program, load, source_lines

PROGRAMS = load()
ids = [p.name for p in PROGRAMS]


@pytest.mark.parametrize("p", PROGRAMS, ids=ids)
def test_oracles_agree(p: Program) -> None:
    """Differences are finite, and equal to complex steps where these apply."""
    numerical = oracles.difference_jacobian(p)
    assert p.wrt and np.all(np.isfinite(numerical))
    if p.step:
        oracles.assert_close(oracles.step_jacobian(p), numerical, p.name, **oracles.tolerance(p, exact=False))


@pytest.mark.parametrize("p", PROGRAMS, ids=ids)
def test_arguments_are_reproducible(p: Program) -> None:
    """Two makings of the arguments share values and no memory; a program writes into them only if it says so."""
    first, second = p.args(), p.args()
    p.plain(*first)
    same = np.array_equal(oracles.parts(first), oracles.parts(second))
    assert same is not p.mutates


WITHOUT_JAX = ("inplace.", "views.", "science.", "longer.", "exceptions.", "known.")
"""Modules whose programs write into arrays, which JAX cannot, take long when every operation is dispatched, or catch
exceptions where JAX raises none."""
TAKEN_BY_JAX = [p for p in PROGRAMS if not p.name.startswith(WITHOUT_JAX)]


@pytest.mark.parametrize("p", TAKEN_BY_JAX, ids=[p.name for p in TAKEN_BY_JAX])
def test_jax_agrees(p: Program) -> None:
    """JAX, on the unchanged program, gives the oracle's cotangents (at kinks and for complex numbers too)."""
    pytest.importorskip("jax")
    weights = oracles.random_like(p.plain(*p.args()), 3)
    try:
        got = oracles.jax_vjp(p, weights)
    except (TypeError, NotImplementedError) as error:
        pytest.skip(f"JAX does not take it: {type(error).__name__}")
    expected = oracles.conjugate_parts(weights) @ oracles.jacobian(p)
    oracles.assert_close(got, expected, p.name, **oracles.tolerance(p, p.step))


def test_the_corpus_is_large() -> None:
    """Two hundred small programs and thirty longer ones."""
    assert len(PROGRAMS) > 400
    assert len([p for p in PROGRAMS if source_lines(p) >= 15]) >= 30
    assert {p.name.partition(".")[0] for p in PROGRAMS} == set(MODULES)


def test_differences_and_steps_of_known_functions() -> None:
    """The oracles know the derivative of a sine."""
    x = np.array([0.3, 1.2])
    got = oracles.differences(lambda v: np.sin(v), x)
    np.testing.assert_allclose(got, np.diag(np.cos(x)), atol=1e-11)


def test_a_wrong_derivative_is_caught() -> None:
    """The comparer refuses a derivative that is wrong in the sixth digit."""
    with pytest.raises(AssertionError):
        oracles.assert_close([math.cos(0.3) * (1 + 1e-6)], [math.cos(0.3)], rtol=1e-7, atol=1e-9)


def test_parts_round_trip() -> None:
    """Flattening to a real vector loses nothing."""
    tree = ({"b": 1.5, "a": np.array([1.0 + 2j, 3.0])}, [np.float32(2.0), 7], (np.zeros((2, 0)),))
    back = oracles.unparts(tree, oracles.parts(tree))
    oracles.same_types(back, tree)
    np.testing.assert_array_equal(oracles.parts(back), oracles.parts(tree))
