"""Indexes that are arrays, by loops of our own: NumPy's numbers and errors."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from tests.backend.llvm.test_systems import close, native

pytestmark = pytest.mark.compiled
X = np.random.default_rng(0).normal(size=(4, 5))
ROWS, COLUMNS = np.array([0, -1, 2, 2, 1]), np.array([4, 0, -5, 3, 3])
PAIRS = np.array([[0, 1], [-1, 1], [3, 0]])


def taken(x, i, j, pairs, k):
    return (
        x[i], x[:, j], x[i, j], x[2, j], x[i, -1], x[i, k], x[pairs], x[:, pairs], x[pairs, 1], x.T[j], x[::-1, ::2][i],
        x[:, 1:4][:, pairs[:, 1]], x[..., j], x[0][j], x.copy()[i[::-2]],
    )  # fmt: skip


def changed(x, i, j, pairs, k):
    a, b, c, d, e, f, g, h = x * 1.0, x * 1.0, x * 1.0, x * 1.0, x * 1.0, x * 1.0, x * 1.0, x * 1.0
    a[i] = x[:, 0:5][j % 4] * 2.0
    b[:, j] = k
    c[i, j] = x[0]
    d[pairs, 2] = d[pairs, 0] * x[pairs, 1]
    e[i] = e[i[::-1]]
    f[2, j] = f[j % 4, 1]
    g[1:][pairs % 3] = x[0, 0]
    np.add.at(h, (i, j), x[1] * x[2])
    return a, b, c, d, e, f, g, h


def test_what_is_taken():
    args = (X, ROWS, COLUMNS, PAIRS, 2)
    close(native(s2sad.jit(taken), *args), taken(*args))
    for dtype in (np.int32, np.int8):
        args = (X + 1j, ROWS.astype(dtype), COLUMNS.astype(dtype), PAIRS.astype(dtype), -3)
        close(native(s2sad.jit(taken), *args), taken(*args))
    unsigned = (np.float32(X), abs(ROWS).astype(np.uint64), abs(COLUMNS % 5).astype(np.uint8), abs(PAIRS), 0)
    close(native(s2sad.jit(taken), *unsigned), taken(*unsigned))


def test_what_is_put():
    args = (X, ROWS, COLUMNS, PAIRS, 2)
    close(native(s2sad.jit(changed), *args), changed(*args))


@pytest.mark.parametrize("f", [taken, changed], ids=lambda f: f.__name__)
def test_gradients(f):
    weights = np.linspace(0.5, 2.0, 40)

    def total(x, i, j, pairs, k):
        return sum(np.sum(y**2 * weights[: y.shape[-1]]) for y in f(x, i, j, pairs, k))

    args, h = (ROWS, COLUMNS, PAIRS, 2), 1e-6
    steps = h * np.eye(20).reshape(20, 4, 5)
    expected = [(total(X + s, *args) - total(X - s, *args)) / (2 * h) for s in steps]
    np.testing.assert_allclose(native(s2sad.grad(total), X, *args)[0].ravel(), expected, rtol=1e-6, atol=1e-6)


def test_no_indexes():
    none = np.array([], int)
    close(native(s2sad.jit(lambda x, i: (x[i], x[:, i], x[i, i])), X, none), [X[none], X[:, none], X[none, none]])


@pytest.mark.parametrize("bad", [5, -6, 2**40])
def test_indexes_out_of_range(bad):
    def put(x, i):
        y = x * 1.0
        y[:, i] = 0.0
        return y

    for f in (lambda x, i: x[:, i], lambda x, i: x[0, i], put):
        with pytest.raises(IndexError, match=rf"index {bad} is out of bounds for axis 1 with size 5 \(test_gathers.py"):
            s2sad.jit(f)(X, np.array([0, 1, bad]))


def test_an_array_indexed_by_itself():
    def permuted(x):
        y = x.copy()
        y[y[1:3]] = y[:2]
        y[y] += 1
        return y, x[x]

    x = np.array([2, 0, 3, 1])
    close(s2sad.tree.leaves(s2sad.jit(permuted)(x)), permuted(x))
