"""Transforms called from the user's own ``@njit`` code."""

from __future__ import annotations

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


energy_grad = s2sad.grad(energy)
both = s2sad.value_and_grad(lambda x, y: x * x * y, (0, 1))
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


def test_results_with_several_parts_are_flat():
    @njit
    def caller(x, y):
        value, x_bar, y_bar = both(x, y)
        return value + x_bar + y_bar

    assert caller(2.0, 3.0) == 12.0 + 12.0 + 4.0


def test_in_a_loop():
    @njit
    def descent(x):
        for _ in range(50):
            x = x - 0.1 * energy_grad(x)
        return x

    assert abs(descent(np.ones(3))[1:]).max() < 1e-4


def test_refusals_say_why():
    @njit
    def of_global(x):
        return reads_a_global(x)

    with pytest.raises(TypingError, match=r"reads values from outside that may change \(RATE\)"):
        of_global(1.0)

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
    def of_tuples(x):
        return cube((x, x))

    with pytest.raises(TypingError, match="s2sad takes numbers and arrays in @njit code"):
        of_tuples(1.0)


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
