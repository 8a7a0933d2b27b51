"""Derivatives of batches, batches of derivatives, batches of batches: each against a Python loop over the batch."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.ir import python_function, verify
from s2sad.ir.types import symbol
from s2sad.optimise import dce, prune
from s2sad.transforms.adjoint import adjoint
from s2sad.transforms.batch import batch
from s2sad.transforms.forward import forward
from s2sad.transforms.recording import recording
from tests.optimise.reader import read
from tests.transforms.batch.batching import item

RNG = np.random.default_rng(0)
X, V = RNG.normal(size=(4, 3)), RNG.normal(size=4)

PROGRAMS = {
    "numbers": ("def f(x, y):\n    z = np.sin(x) * y + 2.0\n    return z", {}, V),
    "branch": ("def f(x, y):\n    z = y\n    if x > 0.0:\n        z = x * y\n    return z", {}, V),
    "scalar loop": (
        """
        def f(x, y):
            s = 0.0
            n = x.shape[0]
            out = np.empty(n)
            for i in range(n):
                s += x[i] * y
                out[i] = s * s
            t = s * 2.0
            return t, out
        """,
        {"x": "f8[n]"},
        X,
    ),
    "in place": (
        """
        def f(x, y):
            for i in range(1, x.shape[0]):
                x[i] = x[i - 1] * x[i] * y
            s = x[2] * x[1]
            return s, x
        """,
        {"x": "f8[n]"},
        X,
    ),
    "array loop": (
        """
        def f(x, a):
            s = x
            for i in range(3):
                s = np.sin(s * a) + x
            return s
        """,
        {"x": "f8[n]"},
        X,
    ),
    "while": (
        """
        def f(a, b):
            x = a
            while x * x - a > 0.000001:
                x = 0.5 * (x + a / x)
            y = x * b
            return y
        """,
        {},
        np.array([1.0, 2.0, 3.0, 4.0]),
    ),
    "mixed": (
        """
        def f(x, y):
            z = np.sin(x) * 2.0
            w = y
            if z[0] > 0.0:
                w = y * z[0]
            u = z * w
            return u
        """,
        {"x": "f8[n]"},
        X,
    ),
}


def vjp(function, wrt):
    opened, _ = adjoint.vjp(function, wrt, {})
    return recording.record(dce.dce(prune.prune(opened)))[0]


def jvp(function, wrt):
    return forward.jvp(function, wrt, {})[0]


def many(function, axes, size="B"):
    return batch.vmap(function, axes, symbol(size, 2), {})[0]


def run(function, *args):
    verify(function)
    return python_function(function)(*args)


def looped(function, axes, args):
    """A loop over the batch, in Python."""
    one = python_function(function)
    rows = [
        one(*(x if a is None else item(x[k], p) for x, a, p in zip(args, axes, function.params, strict=True)))
        for k in range(4)
    ]
    return [np.stack([np.asarray(r[j]) for r in rows]) for j in range(len(rows[0]))]


def close(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", PROGRAMS)
def test_forward_mode(name):
    text, types, x = PROGRAMS[name]
    f = read(text, **types)
    args, axes = (x, 0.7, np.cos(x), 0.5), (0, None, 0, None)
    expected = looped(jvp(f, (0, 1)), axes, args)
    close(run(many(jvp(f, (0, 1)), axes), *args), expected)
    close(run(jvp(many(f, (0, None)), (0, 1)), *args), expected)


@pytest.mark.parametrize("name", PROGRAMS)
def test_reverse_mode(name):
    text, types, x = PROGRAMS[name]
    f = read(text, **types)
    axes = (0, None) + (0,) * len(f.results)
    args = (x, 0.7, *(np.cos(v) for v in run(many(f, (0, None)), x, 0.7)))
    expected = looped(vjp(f, (0, 1)), axes, args)
    close(run(many(vjp(f, (0, 1)), axes), *args), expected)
    expected[-1] = expected[-1].sum(0)
    close(run(vjp(many(f, (0, None)), (0, 1)), *args), expected)


@pytest.mark.parametrize("name", PROGRAMS)
def test_batches_of_batches(name):
    text, types, x = PROGRAMS[name]
    f = read(text, **types)
    ys = np.array([0.7, -1.3])
    inner = many(f, (0, None), "C")
    found = run(many(inner, (None, 0)), x, ys)
    expected = [looped(f, (0, None), (x, y)) for y in ys]
    close(found, [np.stack([e[j] for e in expected]) for j in range(len(expected[0]))])


@pytest.mark.parametrize("name", ["numbers", "scalar loop", "in place", "mixed"])
def test_forward_over_a_batch_of_reverse(name):
    text, types, x = PROGRAMS[name]
    f = read(text, **types)
    grad = vjp(f, (0,))
    axes = (0, None) + (0,) * len(f.results)
    args = (x, 0.7, *(np.cos(v) for v in run(many(f, (0, None)), x, 0.7)))
    both = jvp(many(grad, axes), (0,))
    close(run(both, *args, np.sin(x)), looped(jvp(grad, (0,)), (*axes, 0), (*args, np.sin(x))))


def test_the_size_of_a_batch_keeps_its_own_symbol() -> None:
    """A size that the batched function computes must not take the name of the symbol that the batch is counted by."""
    v = np.array([0.3, -0.7, 1.1])
    with using(backend="python", verify=True):
        found = s2sad.jacrev(s2sad.jacfwd(lambda p: np.sum(p["W"] @ p["v"])))({"W": np.ones((2, 3)), "v": v})
    np.testing.assert_allclose(found["W"]["v"], np.stack([np.eye(3), np.eye(3)]))
