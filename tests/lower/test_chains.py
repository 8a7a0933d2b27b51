"""The partials of a chain are multiplied before the cotangent comes that the trip before leaves."""

from __future__ import annotations

import math

import numpy as np
import pytest

import s2sad

pytestmark = pytest.mark.compiled


def path(x, gamma):
    """A recurrence through an array, with chains of one cotangent that meet again."""
    r = np.zeros(len(x) + 1)
    r[0] = 0.3
    for i in range(len(x)):
        low = r[i] * 0.5
        s = math.exp((low - r[i]) / gamma) + math.exp((low - x[i]) / gamma)
        r[i + 1] = x[i] * x[i] + low - gamma * math.log(s)
    return r[len(x)]


def number(x, gamma):
    """A recurrence through a number."""
    r = 0.3
    for i in range(len(x)):
        r = math.tanh(math.sin(r * x[i]) / gamma) * x[i] + 0.1
    return r


def chosen(x, gamma):
    """A choice that keeps out what is infinite."""
    r = 0.3
    for i in range(len(x)):
        root = math.sqrt(abs(r)) / gamma if x[i] != 0.0 else 0.0
        r = r * x[i] + root if r > 0.0 else r * 2.0 * x[i]
    return r


def differences(f, x, gamma, h=1e-6):
    return np.array([(f(x + h * e, gamma) - f(x - h * e, gamma)) / (2 * h) for e in np.eye(len(x))])


@pytest.mark.parametrize("function", [path, number, chosen], ids=lambda f: f.__name__)
def test_gradients(function):
    x = np.random.default_rng(0).uniform(0.2, 1.2, 7)
    gradient = s2sad.grad(function)
    np.testing.assert_allclose(gradient(x, 0.7), differences(function, x, 0.7), rtol=1e-6, atol=1e-9)
    with s2sad.using(reorder_sums=False):
        np.testing.assert_allclose(s2sad.grad(function)(x, 0.7), gradient(x, 0.7), rtol=1e-11, atol=1e-14)
    single = s2sad.grad(function)(x.astype(np.float32), 0.7)
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, gradient(x, 0.7), rtol=2e-3, atol=2e-4)
    forward = s2sad.jit(lambda x: s2sad.jvp(lambda x: gradient(x, 0.7), (x,), (np.ones_like(x),)))(x)[1]
    along = (gradient(x + 1e-5, 0.7) - gradient(x - 1e-5, 0.7)) / 2e-5
    np.testing.assert_allclose(forward, along, rtol=1e-5, atol=1e-7)


def test_what_a_choice_keeps_out_stays_out():
    x = np.array([0.5, 0.0, 0.7])
    with s2sad.using(backend="python", lower=False):
        expected = s2sad.grad(chosen)(x, 0.7)
    np.testing.assert_array_equal(s2sad.grad(chosen)(x, 0.7), expected)


def test_one_multiplication_waits():
    source = s2sad.grad(path).lowered((np.ones(3), 0.7), {}).compiled_source
    assert "factor" in source
    with s2sad.using(reorder_sums=False):
        assert "factor" not in s2sad.grad(path).lowered((np.ones(3), 0.7), {}).compiled_source
