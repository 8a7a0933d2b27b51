"""Roots by `scipy.optimize`: values are SciPy's, derivatives those of the solution of the equation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.optimize import bisect, brenth, brentq, newton, ridder, root_scalar

import s2sad
from s2sad.test_util import check_grads


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s2sad.config, "backend", "python")


def equation(x, a):
    return np.exp(a * x) - x - 2 - a


def slope(x, a):
    return a * np.exp(a * x) - 1


def curvature(x, a):
    return a * a * np.exp(a * x)


def said(found):
    """What a solver says of a root."""
    return np.array([found.root, found.iterations, found.function_calls, found.converged])


def with_slope(x, a):
    return equation(x, a), slope(x, a), curvature(x, a)


EXACT: dict[str, Callable[..., Any]] = {
    "brentq": lambda a: brentq(equation, 0.0, 3.0, args=(a,)),
    "brenth": lambda a: brenth(equation, 0.0, 3.0, args=a),
    "bisect": lambda a: bisect(equation, 0, 3, args=(a,)),
    "ridder": lambda a: ridder(equation, 0.0, 3.0, args=(a,)),
    "brentq, said": lambda a: said(brentq(equation, 0.0, 3.0, (a,), 1e-12, full_output=True)[1]),
    "ridder, said": lambda a: said(ridder(equation, 0.0, 3.0, (a,), full_output=True)[1]),
    "bisect, said": lambda a: said(bisect(equation, 0.0, 3.0, (a,), full_output=True)[1]),
    "root_scalar of a bracket": lambda a: said(root_scalar(equation, (a,), bracket=[0.0, 3.0])),
    "root_scalar by brenth": lambda a: said(root_scalar(equation, (a,), method="brenth", bracket=(0, 3))),
    "root_scalar by bisection": lambda a: said(root_scalar(equation, a, "bisect", (0, 3), xtol=1e-13)),
    "root_scalar by Ridders": lambda a: said(root_scalar(equation, (a,), "ridder", (0.0, 3.0))),
    "root_scalar by a difference": lambda a: said(root_scalar(equation, (a,), x0=2.0)),
    "root_scalar by newton": lambda a: said(root_scalar(equation, (a,), x0=2.0, fprime=slope)),
    "root_scalar by halley": lambda a: said(root_scalar(equation, (a,), x0=2, fprime=slope, fprime2=curvature)),
    "root_scalar by secants": lambda a: said(root_scalar(equation, (a,), x0=2.0, x1=1.5)),
    "root_scalar, one call": lambda a: said(root_scalar(with_slope, (a,), x0=2.0, fprime=True)),
    "root_scalar, two derivatives": lambda a: said(root_scalar(with_slope, (a,), x0=2.0, fprime=True, fprime2=True)),
    "root_scalar by name": lambda a: root_scalar(equation, (a,), bracket=[0.0, 3.0])["root"],
    "newton": lambda a: newton(equation, 2.0, slope, (a,)),
    "newton by secants": lambda a: newton(equation, 2.0, args=(a,)),
    "newton by halley": lambda a: newton(equation, 2, slope, (a,), fprime2=curvature),
    "newton of an array": lambda a: newton(equation, np.array([2.0, 1.5, 3.0]), slope, (a * np.array([1, 1.1, 1.2]),)),
    "newton of an array by secants": lambda a: newton(equation, np.array([2.0, 1.5, 3.0]), args=(a,)),
    "newton of an array by halley": lambda a: newton(equation, np.array([2.0, 1.5]), slope, (a,), fprime2=curvature),
    "newton of an array, said": lambda a: np.stack(newton(equation, np.array([2.0, 1.5]), args=(a,), full_output=True)),
}


@pytest.mark.parametrize("name", EXACT)
def test_values_and_derivatives(plain: None, name: str) -> None:
    f = EXACT[name]
    # A multiplication and an addition may be one in SciPy's compiled code, which shows in the last digit.
    np.testing.assert_allclose(s2sad.jit(f)(1.1), f(1.1), rtol=4e-16)
    np.testing.assert_array_equal(s2sad.vmap(f)(np.array([1.1, 0.9])), [s2sad.jit(f)(1.1), s2sad.jit(f)(0.9)])
    check_grads(f, (1.1,), order=1, rtol=1e-4)
    np.testing.assert_allclose(s2sad.jacrev(f)(1.1), s2sad.jacfwd(f)(1.1), rtol=1e-12)


def in_a_loop(p):
    """Roots of equations that depend on the roots before."""
    weights = np.array([0.3, 0.7])
    total, x = 0.0, 1.0
    for i in range(5):
        root = brentq(lambda x: np.exp(p[0] * x) - x * weights[i % 2] - 2 - p[1] * i, 0.0, 6.0 + x)  # noqa: B023
        if root > 1:
            x = x + root * p[2]
        total = total + root * x
    return total


def nested(p):
    """A root of a function that is a root itself."""

    def inner(x):
        return brentq(lambda y: y**3 + p[0] * y - x - p[1], -5, 5)

    return brentq(lambda x: inner(x) + x - p[2], -3, 3)


def in_a_while(p):
    t, count = 0.0, 0
    while t < 3:
        t = t + brentq(lambda x: x * p[0] - np.exp(-x * p[1]), 0, 4.0)
        count += 1
    return t * p[2] + count


def of_an_array(p):
    return helper(lambda x, q: np.sum(q * x) - np.cos(x), p) * p[0]


def helper(f, *args):
    return brentq(f, 0.0, 4.0, args=args)


def changed_afterwards(p):
    """What the equation captures is what it was when it was solved."""
    c = p[0]

    def cube(x):
        return x**3 - c

    first = brentq(cube, 0, 5)
    c = c * p[1] + 1.0
    return first * brentq(cube, 0, 5) + p[2]


def bracket_of_parameters(p):
    return brentq(lambda x: x * x - 2.0, p[0] - 1, p[1] + 2) * p[2]


def in_a_branch(p):
    return newton(lambda x: x**3 - p[1], 1.0) * p[0] if p[2] > 0 else p[0]


PROGRAMS = (
    in_a_loop, nested, in_a_while, of_an_array, changed_afterwards, bracket_of_parameters, in_a_branch,
)  # fmt: skip
P = np.array([0.9, 0.5, 0.3])


@pytest.mark.parametrize("f", PROGRAMS)
def test_programs(plain: None, f: Callable[..., Any]) -> None:
    assert s2sad.jit(f)(P) == f(P)
    check_grads(f, (P,), order=2, rtol=1e-4)
    batch = np.stack([P, 1.1 * P])
    rows = [s2sad.grad(f)(p) for p in batch]
    np.testing.assert_allclose(s2sad.vmap(s2sad.grad(f))(batch), rows, rtol=1e-12)
    np.testing.assert_allclose(s2sad.grad(lambda b: np.sum(s2sad.vmap(f)(b)))(batch), rows, rtol=1e-12)


def test_third_order(plain: None) -> None:
    def f(a):
        return brentq(lambda x: x**3 + a * x - 1, 0.0, 2.0)

    third = s2sad.jacfwd(s2sad.jacfwd(s2sad.jacfwd(f)))(2.0)
    np.testing.assert_allclose(s2sad.grad(s2sad.grad(s2sad.grad(f)))(2.0), third, rtol=1e-9)
    second = s2sad.jacfwd(s2sad.grad(f))
    np.testing.assert_allclose(third, (second(2.0 + 1e-4) - second(2.0 - 1e-4)) / 2e-4, rtol=1e-6)


def test_the_start_has_no_derivative(plain: None) -> None:
    assert s2sad.grad(lambda start: newton(lambda x: x * x - 2.0, start))(1.0) == 0.0
    assert s2sad.jvp(lambda a: brentq(lambda x: x * x - 2.0, a, 2.0), (0.0,), (1.0,))[1] == 0.0


def test_complex_roots(plain: None) -> None:
    def f(a):
        return newton(lambda z: z**2 + a, 0.3 + 1.0j, lambda z: 2 * z)

    z, z_dot = s2sad.jvp(f, (2.0,), (1.0,))
    np.testing.assert_allclose([z, z_dot], [np.sqrt(2.0) * 1j, 0.5 / np.sqrt(2.0) * 1j], atol=1e-12)
    imaginary = s2sad.grad(lambda a: f(a).imag)(2.0)
    np.testing.assert_allclose(imaginary, 0.5 / np.sqrt(2.0), rtol=1e-12)


@pytest.mark.parametrize(
    "f",
    [
        lambda a: newton(equation, 2.0, args=(a,), maxiter=2),
        lambda a: brentq(equation, 0.0, 3.0, (a,), maxiter=2),
        lambda a: newton(lambda x: x * x + a, 1.0, lambda x: 0.0 * x),
        lambda a: newton(lambda x: x * x + a, np.array([1.0, 2.0]), lambda x: 2.0 * x),
    ],
)
def test_no_convergence(plain: None, f: Callable[..., Any]) -> None:
    for g in (f, s2sad.jit(f), s2sad.grad(lambda a: np.sum(f(a)))):
        with pytest.raises(RuntimeError, match=r"onverge"):
            g(1.1)


def test_not_converged_and_not_raised(plain: None) -> None:
    def f(a):
        found = root_scalar(equation, (a,), bracket=[0.0, 3.0], maxiter=3)
        return said(found)

    np.testing.assert_array_equal(s2sad.jit(f)(1.1), f(1.1))
    assert f(1.1)[3] == 0


@pytest.mark.parametrize(
    ("f", "text"),
    [
        (lambda a: brentq(equation, 2.0, 3.0, (a,)), "different signs"),
        (lambda a: brentq(equation, 0.0, 3.0, (a,), xtol=-1.0), "xtol too small"),
        (lambda a: brentq(equation, 0.0, 3.0, (a,), rtol=1e-20), "rtol too small"),
        (lambda a: brentq(lambda x: np.sqrt(x - a), 0.0, 3.0), "is NaN"),
        (lambda a: root_scalar(equation, (a,)), "Unable to select a solver"),
        (lambda a: newton(equation, 1.0, args=(a,), tol=0.0), "tol too small"),
    ],
)
def test_faults(plain: None, f: Callable[..., Any], text: str) -> None:
    for g in (f, s2sad.grad(f)):
        with np.errstate(invalid="ignore"), pytest.raises(ValueError, match=text):
            g(1.1)


@pytest.mark.compiled
@pytest.mark.parametrize("f", [in_a_loop, nested, in_a_while])
def test_compiled(f: Callable[..., Any]) -> None:
    with s2sad.using(backend="python"):
        expected = f(P), s2sad.grad(f)(P), s2sad.hessian(f)(P)
    for found, right in zip((s2sad.jit(f)(P), s2sad.grad(f)(P), s2sad.hessian(f)(P)), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-9, atol=1e-12)
