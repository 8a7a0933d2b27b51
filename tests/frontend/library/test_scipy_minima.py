"""Minima and roots of vectors by `scipy.optimize`: values to the tolerance, derivatives those of the solution."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import fsolve, minimize, root

import s2sad
from s2sad.test_util import check_grads


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s2sad.config, "backend", "python")


def valley(x, a, b):
    return (a - x[0]) ** 2 + b * (x[1] - x[0] ** 2) ** 2 + 0.1 * x[0] * a


def with_slope(x, a):
    return np.sum((x - a) ** 4 + x**2), 4 * (x - a) ** 3 + 2 * x


def two(x, p):
    return [x[0] * np.cos(x[1]) - 4 * p[0], x[1] * x[0] - x[1] - 5 * p[1]]


def captured(p):
    """The minimum of a function that reads what is around it, in a loop."""
    weights = np.array([1.0, 2.0])
    total = 0.0
    for i in range(2):
        found = minimize(lambda x: np.sum(weights * (x - p[i]) ** 2) + np.sum(x**4), np.ones(2))  # noqa: B023
        total = total + found.x @ p[:2] + found.fun
    return total


PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "minimize": (lambda a, b: minimize(valley, [0.0, 0.0], args=(a, b)).x, (1.1, 10.0)),
    "minimize, the value": (lambda a, b: minimize(valley, [0, 0], (a, b), "Nelder-Mead", tol=1e-9).fun, (1.1, 9.0)),
    "minimize by a number": (lambda a: minimize(lambda x: np.cosh(x[0] - a) + x[0] ** 2, 0.3)["x"], (1.1,)),
    "minimize with its slope": (lambda a: minimize(with_slope, np.zeros(2), a, jac=True).x, (1.1,)),
    "minimize, captured": (captured, (np.array([0.9, 0.4]),)),
    "fsolve": (lambda p: fsolve(two, [1.0, 1.0], args=(p,)), (np.array([1.0, 1.0]),)),
    "fsolve of one": (lambda a: fsolve(lambda x: x**3 - a, 2.0), (1.3,)),
    "root": (lambda p: root(two, [3.0, 2.0], args=(p,)).x, (np.array([1.0, 0.9]),)),
    "root without a slope at the start": (
        lambda a: root(lambda x: [x[0] ** 2 + x[1] - a, x[1] - x[0] * 0.5], [0.0, 0.0]).x, (1.0,)
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_values_and_derivatives(plain: None, name: str) -> None:
    f, args = PROGRAMS[name]
    np.testing.assert_allclose(s2sad.jit(f)(*args), f(*args), rtol=1e-5, atol=2e-5)
    compiled = s2sad.jit(f)
    steps = [1e-5 * np.ones_like(a) for a in args]
    more = compiled(*(a + h for a, h in zip(args, steps, strict=True)))
    less = compiled(*(a - h for a, h in zip(args, steps, strict=True)))
    dots = tuple(np.ones_like(a) for a in args)
    np.testing.assert_allclose(s2sad.jvp(f, args, dots)[1], (more - less) / 2e-5, rtol=1e-5, atol=1e-7)
    argnums = tuple(range(len(args)))
    for b, fwd in zip(s2sad.jacrev(f, argnums)(*args), s2sad.jacfwd(f, argnums)(*args), strict=True):
        np.testing.assert_allclose(b, fwd, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", ["minimize", "fsolve", "root"])
def test_second_order_and_batches(plain: None, name: str) -> None:
    f, args = PROGRAMS[name]
    check_grads(s2sad.jacfwd(f), args, order=1, rtol=1e-4)
    rows = np.stack([args[0], 1.05 * args[0]])
    expected = [s2sad.jacrev(f)(row, *args[1:]) for row in rows]
    batched = s2sad.vmap(s2sad.jacrev(f), (0, *(None for _ in args[1:])))(rows, *args[1:])
    np.testing.assert_allclose(batched, expected, rtol=1e-7, atol=1e-10)


def test_success(plain: None) -> None:
    def f(a):
        good = minimize(valley, [0.0, 0.0], args=(a, 10.0))
        short = minimize(valley, [0.0, 0.0], args=(a, 10.0), options={"maxiter": 1})
        return good.success, short.success, root(two, [0.2, 4.0], args=(np.array([1.0, 0.9]) * a,)).success

    assert [bool(x) for x in s2sad.jit(f)(1.0)] == [bool(x) for x in f(1.0)] == [True, False, False]
    with pytest.raises(RuntimeError, match="good progress"):
        s2sad.grad(lambda a: fsolve(lambda x: x**2 + a, 1.0)[0])(1.0)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: minimize(lambda x: np.sum((x - a) ** 2), np.zeros(2), bounds=[(0, 1), (0, 1)]).fun,
        lambda a: minimize(lambda x: np.sum((x - a) ** 2), np.zeros(2), method="SLSQP").fun,
        lambda a: root(lambda x: x - a, np.zeros(2), method="krylov").x[0],
        lambda a: fsolve(lambda x: x - a, np.zeros(2), full_output=True)[0][0],
    ],
)
def test_refusals(f: Callable[..., Any]) -> None:
    with pytest.raises(NotImplementedError, match="is supported with"):
        s2sad.grad(f)(0.5)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["minimize", "root"])
def test_compiled(name: str) -> None:
    f, args = PROGRAMS[name]
    with s2sad.using(backend="python"):
        expected = f(*args), s2sad.jacrev(f)(*args)
    for found, right in zip((s2sad.jit(f)(*args), s2sad.jacrev(f)(*args)), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=2e-5, atol=2e-5)
