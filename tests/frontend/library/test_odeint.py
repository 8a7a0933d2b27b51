"""`scipy.integrate.odeint`: values are SciPy's to the tolerance, derivatives those of the method."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.integrate import odeint

import s2sad
from s2sad.test_util import check_grads


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s2sad.config, "backend", "python")


def decay(y, t, a, b):
    return -np.sqrt(t) - y + a - np.mean((y + b) ** 2)


def solution(y0, t, a, b):
    return odeint(decay, y0, t, (a, b))


def oscillator(y, t, mu):
    return [y[1], mu * (1.0 - y[0] ** 2) * y[1] - y[0]]


rng = np.random.default_rng(0)
ARGS = rng.normal(size=3), np.linspace(0.1, 0.2, 4), rng.normal(size=3), rng.normal(size=3)


def test_values(plain: None) -> None:
    np.testing.assert_allclose(s2sad.jit(solution)(*ARGS), solution(*ARGS), atol=1e-6)

    def path(mu):
        return odeint(oscillator, [2.0, 0.0], np.linspace(0.0, 10.0, 20), (mu,))

    np.testing.assert_allclose(s2sad.jit(path)(1.5), path(1.5), atol=2e-5)


def test_derivatives_by_start_times_and_parameters(plain: None) -> None:
    backward = s2sad.jacrev(solution, (0, 1, 2, 3))(*ARGS)
    forward = s2sad.jacfwd(solution, (0, 1, 2, 3))(*ARGS)
    for k, (b, f) in enumerate(zip(backward, forward, strict=True)):
        np.testing.assert_allclose(b, f, rtol=1e-9, atol=1e-12)
        v = rng.normal(size=ARGS[k].shape)
        more, less = ([*ARGS[:k], ARGS[k] + s * 1e-4 * v, *ARGS[k + 1 :]] for s in (1, -1))
        np.testing.assert_allclose(b @ v, (solution(*more) - solution(*less)) / 2e-4, atol=2e-5)


def test_second_order(plain: None) -> None:
    check_grads(lambda a: odeint(lambda y, t: a * y * (1.0 - y), 0.1, np.array([0.0, 0.5, 1.0])), (1.2,), order=2)


def test_backwards_in_time_and_time_first(plain: None) -> None:
    def back(y0):
        return np.sum(odeint(lambda t, y: -y, y0, np.array([1.0, 0.0]), tfirst=True))

    value, gradient = s2sad.value_and_grad(back)(1.0)
    np.testing.assert_allclose([value, gradient], 1.0 + np.e, rtol=1e-7)


def test_tolerances(plain: None) -> None:
    def end(y0, rtol):
        return odeint(lambda y, t: np.cos(t) * y, y0, np.array([0.0, 3.0]), rtol=rtol, atol=rtol)[1, 0]

    exact = np.exp(np.sin(3.0))
    assert abs(s2sad.jit(end)(1.0, 1e-11) - exact) < 1e-9 < abs(s2sad.jit(end)(1.0, 1e-4) - exact) < 1e-3


def test_no_solution(plain: None) -> None:
    with pytest.raises(RuntimeError, match="too many steps"):
        s2sad.jit(lambda y0: odeint(lambda y, t: y * y, y0, np.array([0.0, 2.0]), mxstep=2000))(1.0)


@pytest.mark.compiled
def test_compiled() -> None:
    def energy(mu):
        return np.sum(odeint(oscillator, [2.0, 0.0], np.linspace(0.0, 2.0, 5), (mu,)) ** 2)

    value, gradient = s2sad.value_and_grad(energy)(1.0)
    np.testing.assert_allclose(value, energy(1.0), rtol=1e-6)
    np.testing.assert_allclose(gradient, (energy(1.001) - energy(0.999)) / 0.002, rtol=1e-4)
