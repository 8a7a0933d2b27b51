"""`scipy.integrate.quad` and its kin: values are SciPy's to the tolerance, derivatives integrals of derivatives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.integrate import dblquad, fixed_quad, quad, romb
from scipy.optimize import brentq

import s2sad
from s2sad.test_util import check_grads


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s2sad.config, "backend", "python")


def smooth(p):
    return quad(lambda x: np.exp(-p[0] * x * x) * np.cos(p[1] * x), 0.0, 2.0)[0]


def bounds(p):
    return quad(lambda x, a: np.sin(a * x) / (1 + x), p[0], p[1] + 2, args=(p[2],))[0] * p[0]


def unbounded(p):
    return quad(lambda x: np.exp(-p[0] * x) * x ** p[1], 0, np.inf)[0]


def whole_line(p):
    return quad(lambda x: np.exp(-p[0] * (x - p[1]) ** 2), -np.inf, np.inf)[0]


def unbounded_below(p):
    return quad(lambda x: np.exp(p[0] * x), -np.inf, p[1])[0]


def singular(p):
    return quad(lambda x: p[0] / np.sqrt(x) + np.log(x) * p[1], 0.0, 1.0)[0]


def peak(p):
    return quad(lambda x: p[1] / (1e-2 * p[0] + (x - 0.3) ** 2), -1.0, 1.0, limit=100)[0]


def kink(p):
    return quad(lambda x: abs(x - 0.3) * p[0] + p[1] * x * x, 0.0, 1.0, points=[0.3])[0]


def backwards(p):
    return quad(lambda x: np.exp(p[0] * x), p[1], 0)[0] + quad(lambda x: np.exp(-p[0] * x), np.inf, p[1])[0]


def arrays(p):
    return quad(lambda x: np.sum(p * np.sin(x * p)), 0, 1.0)[0]


def in_a_loop(p):
    total = 0.0
    for i in range(3):
        total = total + quad(lambda x: x**i * np.exp(total * 0.1 + p[i] * x), 0, 1 + total * 0.1)[0]  # noqa: B023
    return total


def constant(p):
    return quad(lambda x: x * x, 0.0, p[0])[0] + quad(lambda x: x, 0.0, 1.0)[0] * p[1]


def gauss(p):
    return fixed_quad(lambda x: np.exp(p[0] * x), p[1], 2.0, n=4)[0]


def romberg(p):
    return romb(np.exp(p[0] * np.linspace(0, 1, 9)) * p[1], dx=1 / 8)


PROGRAMS = (
    smooth, bounds, unbounded, whole_line, unbounded_below, singular, peak, kink, backwards, arrays, in_a_loop,
    constant, gauss, romberg,
)  # fmt: skip
P = np.array([0.9, 0.5, 0.3])


@pytest.mark.parametrize("f", PROGRAMS)
def test_values_and_derivatives(plain: None, f: Callable[..., Any]) -> None:
    np.testing.assert_allclose(s2sad.jit(f)(P), f(P), rtol=1e-8)
    check_grads(f, (P,), order=1, rtol=1e-5)
    gradient = s2sad.grad(f)
    steps = 1e-4 * np.eye(3)
    hessian = np.stack([(gradient(P + h) - gradient(P - h)) / 2e-4 for h in steps])
    np.testing.assert_allclose(s2sad.hessian(f)(P), hessian, rtol=2e-5, atol=2e-6)


def test_batches(plain: None) -> None:
    rows = np.stack([P, 1.1 * P])
    gradients = [s2sad.grad(smooth)(p) for p in rows]
    np.testing.assert_allclose(s2sad.vmap(s2sad.grad(smooth))(rows), gradients, rtol=1e-12)
    np.testing.assert_allclose(s2sad.grad(lambda b: np.sum(s2sad.vmap(smooth)(b)))(rows), gradients, rtol=1e-12)


def test_a_root_of_an_integral(plain: None) -> None:
    def f(a, b):
        return brentq(lambda t: quad(lambda x: np.exp(-x * x * a), 0, t)[0] - b, 0.0, 3.0)

    np.testing.assert_allclose(s2sad.jit(f)(0.9, 0.25), f(0.9, 0.25), rtol=1e-12)
    check_grads(f, (0.9, 0.25), order=1)


def test_two_dimensions(plain: None) -> None:
    def f(a, b):
        return dblquad(lambda y, x: np.exp(-a * x * y), 0, 1, lambda x: 0.0, lambda x: x * b)[0]

    np.testing.assert_allclose(s2sad.jit(f)(0.9, 0.7), f(0.9, 0.7), rtol=1e-10)
    np.testing.assert_allclose(
        s2sad.grad(f, (0, 1))(0.9, 0.7),
        ((f(0.9001, 0.7) - f(0.8999, 0.7)) / 2e-4, (f(0.9, 0.7001) - f(0.9, 0.6999)) / 2e-4),
        rtol=1e-6,
    )


def test_a_jump_that_stays(plain: None) -> None:
    """A bound moves over a function with a jump: the derivative is the value there, wherever the points are."""

    def f(b):
        return quad(lambda x: 1.0 if x > 0.25 else 0.0, 0.0, b)[0]

    assert s2sad.grad(f)(1.0) == 1.0
    assert s2sad.grad(f)(0.1) == 0.0


def test_small_cotangents_keep_their_digits(plain: None) -> None:
    def f(a, weight):
        return weight * quad(lambda x: np.exp(-a * x) / np.sqrt(x), 0.0, 1.0)[0]

    np.testing.assert_allclose(s2sad.grad(f)(0.9, 1e-9) * 1e9, s2sad.grad(f)(0.9, 1.0), rtol=1e-10)
    small = s2sad.jvp(lambda a: f(a, 1.0), (0.9,), (1e-9,))[1]
    np.testing.assert_allclose(small * 1e9, s2sad.grad(f)(0.9, 1.0), rtol=1e-7)


@pytest.mark.compiled
@pytest.mark.parametrize("f", [bounds, in_a_loop])
def test_compiled(f: Callable[..., Any]) -> None:
    with s2sad.using(backend="python"):
        expected = f(P), s2sad.grad(f)(P), s2sad.hessian(f)(P)
    for found, right in zip((s2sad.jit(f)(P), s2sad.grad(f)(P), s2sad.hessian(f)(P)), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-8, atol=1e-10)
