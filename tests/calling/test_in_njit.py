"""Transforms called from the user's own ``@njit`` code."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import pytest
from numba import njit
from numba.core.errors import TypingError

import s2sad

pytestmark = pytest.mark.compiled

RATE = 2.5


@s2sad.grad
def cube(x):
    return x**3


def energy(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i] ** 2 * i
    return total


class Pair(NamedTuple):
    a: Any
    b: Any


@njit
def product(x, y):
    return x * y * y


@njit
def sum_of_cubes(x):
    return np.sum(x**3)


WEIGHTS = np.array([0.0, 1.0, 2.0])
energy_grad = s2sad.grad(energy)
of_pair = s2sad.grad(lambda p: p.a * np.sum(p.b) ** 2)
weighted = s2sad.grad(lambda x: np.sum(WEIGHTS * x * x))
both = s2sad.value_and_grad(lambda x, y: x * x * y, (0, 1))
by_first = s2sad.grad(lambda x, y: x * x * y)
reads_a_global = s2sad.grad(lambda x: RATE * x)
refused = s2sad.grad(lambda x: np.array([x, x]))


def test_numbers_of_several_types():
    @njit
    def caller(x):
        return cube(x)

    assert caller(2.0) == 12.0
    assert caller(np.float32(2.0)) == 12.0
    assert len(caller.signatures) == 2


def test_arrays_of_any_size():
    @njit
    def caller(x):
        return energy_grad(x) + 1.0

    for n in (5, 1, 0):
        x = np.linspace(1.0, 2.0, n)
        np.testing.assert_allclose(caller(x), 2 * x * np.arange(n) + 1.0)


def test_results_with_several_parts():
    @njit
    def caller(x, y):
        value, (x_bar, y_bar) = both(x, y)
        return value + x_bar + y_bar

    assert caller(2.0, 3.0) == 12.0 + 12.0 + 4.0


def test_in_a_loop():
    @njit
    def descent(x):
        for _ in range(50):
            x = x - 0.1 * energy_grad(x)
        return x

    assert abs(descent(np.ones(3))[1:]).max() < 1e-4


def test_what_is_read_from_outside_is_frozen():
    global RATE

    @njit
    def caller(x, y):
        return reads_a_global(x), weighted(y)

    first, second = caller(1.0, np.ones(3))
    assert first == 2.5
    np.testing.assert_array_equal(second, [0.0, 2.0, 4.0])
    try:
        RATE = 3.0
        assert caller(1.0, np.ones(3))[0] == 2.5  # as with globals of Numba
        assert reads_a_global(1.0) == 3.0
    finally:
        RATE = 2.5


def test_tuples_and_keywords():
    @njit
    def caller(x, v):
        pair = of_pair(Pair(x, v))
        value, (x_bar, y_bar) = both(x, x)
        return pair.a, pair.b, value, x_bar + y_bar + by_first(x, y=x)

    a, b, value, total = caller(2.0, np.array([1.0, 2.0]))
    assert (a, value, total) == (9.0, 8.0, 20.0)
    np.testing.assert_array_equal(b, [12.0, 12.0])


def test_transforms_applied_inside():
    @njit
    def caller(x, v):
        first = s2sad.grad(sum_of_cubes)(x)
        second = s2sad.hvp(sum_of_cubes, (x,), (v,))
        value, dot = s2sad.jvp(sum_of_cubes, (x,), (v,))
        whole = s2sad.hessian(sum_of_cubes)(x)
        return first, second, value, dot, whole

    x, v = np.array([1.0, 2.0]), np.array([0.5, -1.0])
    first, second, value, dot, whole = caller(x, v)
    np.testing.assert_allclose(first, 3 * x**2)
    np.testing.assert_allclose(second, 6 * x * v)
    np.testing.assert_allclose((value, dot), (9.0, 3 * x**2 @ v))
    np.testing.assert_allclose(whole, np.diag(6 * x))

    @njit
    def of_two(x, y, ys):
        both = s2sad.value_and_grad(product, argnums=(0, 1))(x, y)
        return both, s2sad.grad(s2sad.grad(product, 1), 0)(x, y), s2sad.vmap(s2sad.grad(product), (None, 0))(x, ys)

    both_, mixed, rows = of_two(2.0, 3.0, np.array([1.0, 2.0]))
    assert both_ == (18.0, (9.0, 12.0))
    assert mixed == 6.0
    np.testing.assert_array_equal(rows, [1.0, 4.0])


def test_refusals_say_why():
    @njit
    def of_vector(x):
        return refused(x)

    with pytest.raises(TypingError, match="scalar-output"):
        of_vector(1.0)

    @njit
    def of_integers(n):
        return cube(n)

    with pytest.raises(TypingError, match="got int64"):
        of_integers(2)

    @njit
    def of_text(x):
        return cube("x")

    with pytest.raises(TypingError, match="s2sad takes numbers, arrays and tuples in @njit code"):
        of_text(1.0)

    @njit
    def of_late_options(x, k):
        return s2sad.grad(product, k)(x, x)

    with pytest.raises(TypingError, match="argnums is a constant"):
        of_late_options(1.0, 1)


def test_the_dispatcher_itself():
    dispatcher = energy_grad.compiled("f8[:]")
    np.testing.assert_allclose(dispatcher(np.ones(3)), [0.0, 2.0, 4.0])

    @njit
    def caller(x):
        return dispatcher(x)

    np.testing.assert_allclose(caller(np.ones(3)), [0.0, 2.0, 4.0])
    with pytest.raises(TypeError, match="RATE"):
        reads_a_global.compiled("f8")
    with pytest.raises(ValueError, match="not a type"):
        cube.compiled("nonsense")
