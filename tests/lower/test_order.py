"""Loops that were joined, and need more of each other than there is by then."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.lower.order import in_order

X = np.random.default_rng(0).normal(size=(2, 4))


def correlations(x):
    return np.sum(np.corrcoef(x) ** 2)


def scaled_by_diagonal(x):
    gram = x @ x.T
    scale = np.sqrt(np.diagonal(gram))
    return np.sum(gram / scale[:, None] / scale[None, :] * np.arange(4.0).reshape(2, 2))


@pytest.mark.parametrize("function", [correlations, scaled_by_diagonal], ids=lambda f: f.__name__)
def test_elements_of_other_trips(function):
    """The first time that an element is read computes it in a loop; what lies on the diagonal is read in all trips."""
    derived = s2sad.grad(function)
    loops = derived.lowered((X,), {}).loops
    assert in_order(loops.main)
    with s2sad.using(backend="python", lower=False):
        expected = derived(X)
    with s2sad.using(backend="python"):
        np.testing.assert_allclose(derived(X), expected, rtol=1e-12)
    step = 1e-6 * np.eye(8).reshape(8, 2, 4)
    numbers = np.array([(function(X + h) - function(X - h)) / 2e-6 for h in step]).reshape(2, 4)
    np.testing.assert_allclose(expected, numbers, rtol=1e-6, atol=1e-8)


def test_one_element_read_in_a_loop_without_trips():
    def one(x):
        y = np.sin(x)
        rest = np.concatenate((np.ones(1), y[1:] - y[:-1]))
        return y * np.sum(rest)

    x = np.array([0.3])
    with s2sad.using(backend="python"):
        np.testing.assert_allclose(s2sad.jit(one)(x), one(x))
        np.testing.assert_array_equal(s2sad.jit(np.unique)(x), x)


def halves(u, v):
    u, v = u.copy(), v.copy()
    for _ in range(3):
        u[1:] = v[:-1]
    v[::-1] = u.copy()
    return np.sum(u * np.cos(v))


def rebuilt(a, b, w):
    for _ in range(a.shape[0]):
        a = np.tanh(np.outer(a @ w, np.cumsum(w)))
        w = np.tanh(b[a.shape[0] // 2]) * 0.5
    return np.sum(np.tanh(a) * 0.7) + np.sum(np.cos(a) * b) + np.sum(np.sin(0.3 * w) * 0.3)


def chained(a, b):
    for _ in range(2):
        a = b @ a.T @ a
    return np.sum(a * b)


RNG = np.random.default_rng(0)
SQUARE = RNG.normal(size=(4, 3))


@pytest.mark.compiled
@pytest.mark.parametrize(("f", "args"), [
    (halves, (np.ones(4), 2 * np.ones(4))),
    (rebuilt, (RNG.normal(size=(4, 3)), RNG.normal(size=(4, 3)), RNG.normal(size=3))),
    (chained, (SQUARE, SQUARE * 0.5)),
], ids=lambda a: getattr(a, "__name__", ""))  # fmt: skip
def test_what_cannot_be_joined_compiles(f, args):
    derived = s2sad.grad(f, tuple(range(len(args))))
    with s2sad.using(backend="python", lower=False):
        expected = derived(*args)
    for found, wanted in zip(derived(*args), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-10, atol=1e-12)
    s2sad.test_util.check_grads(f, args, order=1)
