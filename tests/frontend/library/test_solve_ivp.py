"""`scipy.integrate.solve_ivp`: the steps are SciPy's, derivatives those of the steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import s2sad
from s2sad.test_util import check_grads


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s2sad.config, "backend", "python")


def prey(t, y, a, b):
    return [a * y[0] - b * y[0] * y[1], -y[1] + 0.5 * y[0] * y[1] + 0.01 * np.sin(t)]


START = np.array([1.0, 2.0])
TIMES = np.linspace(0.0, 5.0, 7)


def sampled(method):
    def f(a, y0):
        return solve_ivp(prey, (0, 5), y0, method=method, t_eval=TIMES, args=(a, 1.1), rtol=1e-6, atol=1e-8).y

    return f


def at_the_end(a, b):
    return solve_ivp(prey, (0, 5), [1.0, 2.0], args=(a, b), rtol=1e-8, atol=1e-9).y[:, -1]


def backwards(tf, y0):
    return solve_ivp(prey, [2.0, tf], y0, args=(0.9, 1.1), rtol=1e-8, max_step=0.5).y[:, -1]


def by_times(y0, t):
    atol = np.array([1e-9, 1e-8])
    return solve_ivp(prey, (5, 0), y0, t_eval=t, first_step=0.1, args=(0.9, 1.1), rtol=1e-7, atol=atol).y


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "RK45": (sampled("RK45"), (0.9, START)),
    "RK23": (sampled("RK23"), (0.9, START)),
    "DOP853": (sampled("DOP853"), (0.9, START)),
    "at the end": (at_the_end, (0.9, 1.1)),
    "backwards": (backwards, (0.2, START)),
    "by times": (by_times, (START, TIMES[::-1][1:-1])),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_and_derivatives(plain: None, name: str) -> None:
    f, args = PROGRAMS[name]
    np.testing.assert_allclose(s2sad.jit(f)(*args), f(*args), rtol=1e-12)
    # Finite differences also see the steps change, by the tolerance.
    check_grads(f, args, order=1, rtol=1e-3, atol=1e-4)
    for b, fwd in zip(s2sad.jacrev(f, (0, 1))(*args), s2sad.jacfwd(f, (0, 1))(*args), strict=True):
        np.testing.assert_allclose(b, fwd, rtol=1e-8, atol=1e-10)


def test_the_derivative_is_that_of_the_equation(plain: None) -> None:
    def f(a):
        return solve_ivp(lambda t, y: -a * y, (0.0, 1.0), [1.0], rtol=1e-10, atol=1e-12).y[0, -1]

    for k, g in enumerate((s2sad.jit(f), s2sad.grad(f), s2sad.grad(s2sad.grad(f)), s2sad.hessian(s2sad.grad(f)))):
        np.testing.assert_allclose(g(1.3), (-1) ** k * np.exp(-1.3), rtol=1e-8)
    batch = np.array([1.3, 0.4])
    np.testing.assert_allclose(s2sad.vmap(s2sad.grad(f))(batch), -np.exp(-batch), rtol=1e-8)


@pytest.mark.parametrize("method", ["RK45", "RK23", "DOP853"])
@pytest.mark.parametrize("t_eval", [None, TIMES])
def test_what_is_said_of_the_steps(plain: None, method: str, t_eval: Any) -> None:
    def f(a):
        found = solve_ivp(prey, (0, 5), START, method, t_eval, args=(a, 1.1))
        return np.array([found.nfev, found.success, len(found.t), found["status"]]), found.t, found.y

    for ours, right in zip(s2sad.jit(f)(0.9), f(0.9), strict=True):
        np.testing.assert_allclose(ours, right, rtol=1e-10)


def test_a_solution_that_ends_early(plain: None) -> None:
    def f(a):
        found = solve_ivp(lambda t, y: a * y * y, (0.0, 2.0), [1.0])
        return found.success, found.t[-1]

    ours, right = s2sad.jit(f)(1.0), f(1.0)
    assert not ours[0]
    assert not right[0]
    np.testing.assert_allclose(ours[1], right[1], rtol=1e-6)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"method": "Radau"}, "method="),
        ({"events": lambda t, y: y[0]}, "events="),
        ({"dense_output": True}, "dense_output="),
    ],
)
def test_refusals(options: dict[str, Any], text: str) -> None:
    with pytest.raises(NotImplementedError, match=text):
        s2sad.grad(lambda a: solve_ivp(lambda t, y: -a * y, (0.0, 1.0), [1.0], **options).y[0, -1])(1.0)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["RK45", "at the end"])
def test_compiled(name: str) -> None:
    f, args = PROGRAMS[name]
    with s2sad.using(backend="python"):
        expected = f(*args), *s2sad.jacrev(f, (0, 1))(*args)
    for found, right in zip((s2sad.jit(f)(*args), *s2sad.jacrev(f, (0, 1))(*args)), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-8, atol=1e-10)
