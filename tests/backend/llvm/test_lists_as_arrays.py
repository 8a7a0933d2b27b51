"""Lists made arrays, and arrays lists, by loops of our own."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

import s2sad
from tests.backend.llvm.test_systems import close, native

pytestmark = pytest.mark.compiled
X = np.random.default_rng(0).normal(size=(3, 4))


def numbers(x, n):
    found = []
    for i in range(n):
        found.append(x[i % 3, 1] * i)
    return np.array(found)


def flags(x, n):
    found = []
    for i in range(n):
        found.append(x[i % 3, 1] > 0.0)
    return np.array(found)


def rows(x, n):
    found = []
    for i in range(n):
        found.append(x[i % 3] * x[0] * i)
    return np.stack(found)


def swapped(x, n):
    """A stack in each trip, of lists of another length each."""
    total = np.zeros(x.shape[1])
    for i in range(n):
        found = []
        for j in range(i + 1):
            found.append(x[j % 3] * total[0] + x[i % 3])
        total = np.array(found)[-1] + np.sum(np.stack(found), axis=0) * 0.1
    return total


@pytest.mark.parametrize("f", [numbers, flags, rows, swapped], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128], ids=lambda d: d.__name__)
def test_the_same_as_numpys(f, dtype):
    if f is flags and dtype is np.complex128:
        pytest.skip("complex numbers have no order")
    x = X.astype(dtype)
    derived = s2sad.jit(f)
    for n in (5, 1, 40):
        close(native(derived, x, n), [f(x, n)])


@pytest.mark.parametrize("f", [numbers, rows, swapped], ids=lambda f: f.__name__)
def test_gradients(f):
    def total(x, n):
        return np.sum(f(x, n) ** 2)

    gradient, h = s2sad.grad(total), 1e-6
    steps = h * np.eye(12).reshape(12, 3, 4)
    for n in (5, 1):
        expected = [(total(X + s, n) - total(X - s, n)) / (2 * h) for s in steps]
        np.testing.assert_allclose(native(gradient, X, n)[0].ravel(), expected, rtol=1e-5, atol=1e-7)


def test_rows_of_other_sizes_do_not_stack():
    def ragged(x, n):
        found = []
        for i in range(n):
            found.append(x[0, : 1 + i % 2])
        return np.stack(found)

    with pytest.raises(ValueError, match="an array of size 2 along axis 0 does not fit where the size is 1"):
        s2sad.jit(ragged)(X, 4)


def test_memory_is_given_back():
    def total(x, n):
        return np.sum(swapped(x, n) ** 2) + np.sum(rows(x, n)) + np.sum(numbers(x, n))

    gradient = s2sad.grad(total)
    _nrt_python.memsys_enable_stats()
    try:
        gradient(X, 6)
        before = rtsys.get_allocation_stats()
        for _ in range(10):
            gradient(X, 6)
        after = rtsys.get_allocation_stats()
    finally:
        _nrt_python.memsys_disable_stats()
    assert after.alloc - after.free == before.alloc - before.free
