"""Arrays from numbers, without bridges, against NumPy."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.backend.llvm import module as llvm

pytestmark = pytest.mark.compiled
A = np.arange(6.0).reshape(2, 3)


def bridges(function, *args) -> list[str]:
    unit = llvm.write(s2sad.jit(function).lowered(args, {}).module)
    return [s.prim.name for b in unit.bridges.values() for s in b.function.body]


def check(function, *args):
    """Of the module that is not lowered to loops, so that the primitive itself is written."""
    assert not bridges(function, *args)
    with s2sad.using(lower=False):
        found = s2sad.jit(function)(*args)
    expected = function(*args)
    np.testing.assert_array_equal(found, expected)
    assert found.dtype == expected.dtype and found.shape == expected.shape


@pytest.mark.parametrize("n", [0, 1, 4])
@pytest.mark.parametrize("value", [0.0, -2.5, 3, True, 1 - 2j])
def test_full(value, n):
    check(lambda n, value: np.full((n, 2), value), n, value)
    check(lambda n, value: np.full(n, value, np.complex128), n, value)


@pytest.mark.parametrize("k", [-5, -1, 0, 2, 7])
@pytest.mark.parametrize(("n", "m"), [(0, 3), (3, 3), (2, 5), (5, 2)])
def test_eye(n, m, k):
    def of(n, m, k=k):
        return np.eye(n, m, k=k)

    check(of, n, m)


@pytest.mark.parametrize("step", [1, 3, -1, -2])
@pytest.mark.parametrize(("start", "stop"), [(0, 5), (-3, 4), (6, -2), (2, 2)])
def test_arange(start, stop, step):
    def of(start, stop, step=step):
        return np.arange(start, stop, step)

    check(of, start, stop)


@pytest.mark.parametrize("x", [A, A[:1], A[0], A[:, :1], A.T[::-1].T, A * 1j])
def test_broadcast_to(x):
    check(lambda x, n: np.broadcast_to(x, (n, 2, 3)) * 1, x, 4)


def spread(x, n):
    """Its reverse sums over what was repeated, whatever the sizes are."""
    y = np.zeros((n, x.shape[0], x.shape[1]))
    y += x
    z = np.ones((2, x.shape[1])) * x
    return np.sum(y * y) + np.sum(z * z * z)


@pytest.mark.parametrize("x", [A, A[:1], A[:, :1]], ids=str)
def test_sums_over_what_was_repeated(x):
    with s2sad.using(lower=False):
        found = s2sad.grad(spread)(x, 3)
    with s2sad.using(backend="python", lower=False):
        np.testing.assert_allclose(found, s2sad.grad(spread)(x, 3), rtol=1e-13)


def test_negative_sizes():
    for of in (lambda n: np.full(n, 1.0), lambda n: np.eye(n, 2)):
        with s2sad.using(lower=False), pytest.raises(ValueError, match="negative dimensions"):
            s2sad.jit(of)(-1)
