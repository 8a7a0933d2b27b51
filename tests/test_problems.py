"""The programs of `bench/problems`: every tool's derivative, and adjoints by hand, against JAX at a tiny size."""

from __future__ import annotations

import importlib
from functools import cache
from typing import Any

import numpy as np
import pytest

from bench.problems import LOOPS, NAMES
from bench.tools import directional_error, distance, leaves
from tests import oracles

jax = pytest.importorskip("jax")
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=NAMES)
def problem(request: pytest.FixtureRequest) -> Any:
    """A problem's module, with JAX in double precision."""
    return module_of(request.param)


def module_of(name: str) -> Any:
    """A problem's module, with JAX in double precision."""
    jax.config.update("jax_enable_x64", True)
    return importlib.import_module(f"bench.problems.{name}")


@cache
def expected(problem: Any) -> Any:
    """JAX's derivative at the tiny size."""
    return jax.tree.map(np.asarray, problem.jax_twin()(*problem.make(**problem.TINY)))


def test_value_of_the_twin(problem: Any) -> None:
    """The program and the JAX program are the same function."""
    args = problem.make(**problem.TINY)
    np.testing.assert_allclose(problem.objective(*args), problem.jax_objective()(*args), rtol=1e-12)


def test_gradient_of_the_twin(problem: Any) -> None:
    """JAX's gradient agrees with finite differences of the plain program."""
    if not getattr(problem, "GRADIENT", True):
        pytest.skip("not a gradient")
    assert directional_error(problem, problem.make(**problem.TINY), expected(problem)) < 1e-6


def test_autograd_twin(problem: Any) -> None:
    """Where autograd can write the derivative too, it agrees with JAX."""
    if not hasattr(problem, "autograd_twin"):
        pytest.skip("no autograd program")
    pytest.importorskip("autograd")
    assert distance(problem.autograd_twin()(*problem.make(**problem.TINY)), expected(problem)) < 1e-9


@pytest.mark.parametrize("name", LOOPS)
def test_adjoint_by_hand(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The adjoint by hand, under CPython, agrees with JAX."""
    problem = module_of(name)
    monkeypatch.setattr(problem, "njit", lambda function, **options: function)
    assert distance(problem.hand()(*problem.make(**problem.TINY)), expected(problem)) < 1e-10


def test_arguments_are_deterministic(problem: Any) -> None:
    """Two makings are equal."""
    one, two = (leaves(problem.make(**problem.TINY)) for _ in range(2))
    assert len(one) == len(two) and all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))


def test_ba_residuals() -> None:
    """The residuals and the objective of ba agree, with a camera that does not rotate among them."""
    from bench.problems import ba

    cams, x, w, where, features = ba.make(**ba.TINY)
    cams[0, :3] = 0.0
    reprojection, weight = ba.residuals(cams, x, w, where, features)
    half = 0.5 * (np.sum(reprojection**2) + np.sum(weight**2))
    np.testing.assert_allclose(half, ba.objective(cams, x, w, where, features), rtol=1e-13)


@pytest.mark.parametrize("name", NAMES)
def test_derivative(name: str) -> None:
    """What `bench/run.py` times is JAX's derivative."""
    check_derivative(module_of(name), "python")


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["kmeans", "garch", "logistic"])
def test_compiled_derivative(name: str) -> None:
    """Some of them, compiled."""
    check_derivative(module_of(name), "numba")


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["gmm", "sir"])
def test_compiled_adjoint_by_hand(name: str) -> None:
    """Numba takes the adjoints, and compiles the helpers that they call."""
    problem = module_of(name)
    assert distance(problem.hand()(*problem.make(**problem.TINY)), expected(problem)) < 1e-10


def check_derivative(problem: Any, backend: str) -> None:
    """s2sad's derivative against JAX's."""
    import s2sad
    from tests import helpers

    with helpers.backend(backend):
        got = problem.derivative(s2sad)(*problem.make(**problem.TINY))
    assert distance(got, expected(problem)) < 1e-10


@pytest.mark.parametrize("name", ["ba", "kmeans"])
def test_gradient_of_the_objective(name: str) -> None:
    """The plain gradient where something else is timed, as emitted, under CPython."""
    from tests import helpers

    problem = module_of(name)
    args = problem.make(**problem.TINY)
    with helpers.backend():
        got = helpers.transform("grad", problem.objective, argnums=problem.ARGNUMS)(*args)
    wanted = jax.grad(problem.jax_objective(), argnums=problem.ARGNUMS)(*args)
    for ours, theirs in zip(leaves(got), leaves(jax.tree.map(np.asarray, wanted)), strict=True):
        oracles.assert_close(ours, theirs, rtol=1e-9, atol=1e-10)
