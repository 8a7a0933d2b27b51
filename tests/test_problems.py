"""The five programs of `bench/problems`: value and derivative against JAX, autograd and differences."""

from __future__ import annotations

import importlib
from typing import Any

import numpy as np
import pytest

from bench.problems import NAMES
from tests import oracles

jax = pytest.importorskip("jax")


@pytest.fixture(params=NAMES)
def problem(request: pytest.FixtureRequest) -> Any:
    """A problem's module, with JAX in double precision."""
    jax.config.update("jax_enable_x64", True)
    return importlib.import_module(f"bench.problems.{request.param}")


def flat(result: Any) -> np.ndarray:
    """A result of any of the tools as one vector."""
    return np.concatenate([np.asarray(x, np.float64).ravel() for x in jax.tree.leaves(result)])


def flat_gradient(problem: Any, result: Any) -> np.ndarray:
    """A gradient over ARGNUMS as one vector."""
    return flat(result if isinstance(problem.ARGNUMS, tuple) else (result,))


def differences(problem: Any, args: tuple[Any, ...]) -> np.ndarray:
    """The gradient of the objective by finite differences."""
    wrt = problem.ARGNUMS if isinstance(problem.ARGNUMS, tuple) else (problem.ARGNUMS,)
    inputs = oracles.chosen(args, wrt)

    def f(vector: np.ndarray) -> np.ndarray:
        return np.array([problem.objective(*oracles.with_wrt(args, wrt, oracles.unparts(inputs, vector)))])

    return oracles.differences(f, oracles.parts(inputs), 1e-3)[0]


def test_value_and_gradient_of_the_twin(problem: Any) -> None:
    """The loops and the JAX program are the same function."""
    args = problem.make(**problem.TINY)
    twin = problem.jax_objective()
    np.testing.assert_allclose(problem.objective(*args), twin(*args), rtol=1e-12)
    got = flat_gradient(problem, jax.grad(twin, argnums=problem.ARGNUMS)(*args))
    oracles.assert_close(got, differences(problem, args), problem.__name__, rtol=1e-7, atol=1e-8)


def test_the_other_twin(problem: Any) -> None:
    """Where autograd can write the derivative too, it agrees with JAX."""
    if not hasattr(problem, "autograd_twin"):
        pytest.skip("no autograd program")
    pytest.importorskip("autograd")
    args = problem.make(**problem.TINY)
    expected = flat(problem.jax_twin()(*args))
    oracles.assert_close(flat(problem.autograd_twin()(*args)), expected, problem.__name__, rtol=1e-9, atol=1e-10)


def test_arguments_are_deterministic(problem: Any) -> None:
    """Two makings are equal."""
    np.testing.assert_array_equal(flat(problem.make(**problem.TINY)), flat(problem.make(**problem.TINY)))


def test_ba_residuals() -> None:
    """The residuals and the objective of ba agree, with a camera that does not rotate among them."""
    from bench.problems import ba

    cams, x, w, where, features = ba.make(**ba.TINY)
    cams[0, :3] = 0.0
    reprojection, weight = ba.residuals(cams, x, w, where, features)
    half = 0.5 * (np.sum(reprojection**2) + np.sum(weight**2))
    np.testing.assert_allclose(half, ba.objective(cams, x, w, where, features), rtol=1e-13)


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_derivative(problem: Any, backend: str) -> None:
    """What `bench/run.py` times is JAX's derivative."""
    import s2sad
    from tests import helpers

    args = problem.make(**problem.TINY)
    with helpers.backend(backend):
        got = problem.derivative(s2sad)(*args)
    oracles.assert_close(flat(got), flat(problem.jax_twin()(*args)), problem.__name__, rtol=1e-10, atol=1e-11)


def test_gradient_of_the_objective(problem: Any) -> None:
    """The plain gradient, as emitted, under CPython."""
    from tests import helpers

    args = problem.make(**problem.TINY)
    with helpers.backend():
        got = helpers.transform("grad", problem.objective, argnums=problem.ARGNUMS)(*args)
    expected = jax.grad(problem.jax_objective(), argnums=problem.ARGNUMS)(*args)
    oracles.assert_close(flat_gradient(problem, got), flat_gradient(problem, expected), rtol=1e-9, atol=1e-10)
