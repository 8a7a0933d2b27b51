"""What compiled code allocates it gives back, on every way out."""

from __future__ import annotations

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

import s2sad

pytestmark = pytest.mark.compiled
X = np.linspace(0.5, 2.0, 7)


def rebound(x, n):
    """An array that is another one in each trip."""
    y = x
    for _ in range(n):
        y = np.sin(y) * x
    return np.sum(y)


def swapped(x, n):
    """Two arrays that change places."""
    a, b = x * 1.0, x * 2.0
    for i in range(n):
        a, b = b * 0.5, a
        b = b + x[i % 3]
    return np.sum(a - b)


def chosen(x, n):
    """Arrays from branches."""
    y = x
    for i in range(n):
        if i % 2 == 0:
            y = y * x
        elif i % 3 == 0:
            y = y + 1.0
    return np.sum(y)


def growing(x, n):
    """A list of arrays, of run-time length."""
    rows = []
    s = 1.0
    while s < n:
        rows.append(x * s)
        s = s * 1.5
    total = 0.0
    for row in rows:
        total += np.sum(row * row)
    return total


def ragged(x, n):
    """A list in two loops, the inner one of another length each time; its gradient has tapes of that kind."""
    u = x * 1.0
    kept = []
    for i in range(n):
        for j in range(i % 3, len(x), 2):
            kept.append(u[j] * x[i % len(x)])
            kept.append(1.0)
            u[j] = np.sin(u[j]) * u[j]
    total = np.sum(u)
    for k in kept:
        total += k * k
    return total


def views(x, n):
    """Views of what each trip allocates."""
    total = 0.0
    for i in range(n):
        y = np.empty((2, len(x)))
        y[0] = x * i
        y[1] = y[0][::-1]
        total += np.sum(y[1, 1:]) * y[0, 0]
    return total


def recursive(x, n):
    if n == 0:
        return np.sum(x * x)
    return recursive(np.sin(x) * 1.1, n - 1) + x[0]


def fails(x, n):
    """An index out of range, deep inside."""
    total = 0.0
    for i in range(n):
        y = x * i
        for j in range(len(x)):
            z = y + 1.0
            total += z[i + j]
    return total


def fails_while_growing(x, n):
    """An index out of range, with lists half full."""
    total, kept, rows = 0.0, [], []
    for i in range(n):
        for j in range(i, len(x) + 2):
            kept.append(x[i] * j)
            rows.append(x * j)
            total += x[j] * kept[-1] + np.sum(rows[i])
    return total


PROGRAMS = (rebound, swapped, chosen, growing, ragged, views, recursive)


@pytest.fixture(autouse=True)
def counting():
    _nrt_python.memsys_enable_stats()
    yield
    _nrt_python.memsys_disable_stats()


def in_use() -> int:
    stats = rtsys.get_allocation_stats()
    return stats.alloc - stats.free


@pytest.mark.parametrize("function", PROGRAMS, ids=lambda f: f.__name__)
@pytest.mark.parametrize("transform", [s2sad.jit, s2sad.grad, s2sad.hessian], ids=lambda t: t.__name__)
def test_nothing_is_kept_from_call_to_call(transform, function):
    derived = transform(function)
    with s2sad.using(backend="python"):
        expected = derived(X, 5)
    np.testing.assert_allclose(derived(X, 5), expected, rtol=1e-12)
    before = in_use()
    for _ in range(20):
        derived(X, 5)
    assert in_use() == before


@pytest.mark.parametrize("function", [fails, fails_while_growing], ids=lambda f: f.__name__)
@pytest.mark.parametrize("transform", [s2sad.jit, s2sad.grad], ids=lambda t: t.__name__)
def test_nothing_is_kept_on_the_way_out_of_an_error(transform, function):
    derived = transform(function)
    with pytest.raises(IndexError, match=r"test_memory.py:\d+"):
        derived(X, 5)
    before = in_use()
    for _ in range(20):
        with pytest.raises(IndexError):
            derived(X, 5)
    assert in_use() == before


def test_results_are_arrays_of_their_own():
    derived = s2sad.jit(lambda x: (x, x, x[::-1], x.reshape(-1, 1)))
    out = derived(X)
    for a in out:
        assert not np.shares_memory(a, X)
    for k, a in enumerate(out):
        assert all(not np.shares_memory(a, b) for b in out[:k])
    out[0][:] = 0.0
    assert X[0] == 0.5
