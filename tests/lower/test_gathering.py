"""Increments of one place in every trip of a loop become a sum."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad

pytestmark = pytest.mark.compiled


def pairs(x):
    g = np.zeros(len(x))
    for i in range(len(x)):
        for j in range(i):
            d = x[i] - x[j]
            g[i] += d * d * d
            g[j] -= d * d
    return np.sum(g * np.sin(x))


def column(x, k):
    g = np.zeros((2, 3))
    for i in range(len(x)):
        if x[i] > 0.0:
            g[0, 0] += x[i]
        g[1, k] += x[i] * x[i]
        g[1, k] += x[i]
    return np.sum(g * g)


def looked_at(x):
    g = np.zeros(2)
    for i in range(len(x)):
        g[1] += x[i]
        if g[1] > 1.0:
            g[0] += 1.0
    return g[0] * x[0] + g[1]


def left_early(x):
    g = np.zeros(1)
    for i in range(len(x)):
        g[0] += x[i] * x[i]
        if x[i] > 1.0:
            break
    return g[0] * g[0]


def agree(derived, *args):
    single = any(getattr(a, "dtype", None) == np.float32 for a in args)
    with s2sad.using(backend="python", lower=False):
        expected = s2sad.tree.leaves(derived(*args))
    for a, b in zip(s2sad.tree.leaves(derived(*args)), expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=2e-4 if single else 1e-11, atol=1e-12)


@pytest.mark.parametrize("n", [0, 1, 2, 7])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_pairs(n, dtype):
    x = np.random.default_rng(0).normal(size=n).astype(dtype)
    for derived in (s2sad.jit(pairs), s2sad.grad(pairs), s2sad.jit(lambda x: s2sad.jvp(pairs, (x,), (x,)))):
        agree(derived, x)
    if n:
        agree(s2sad.hessian(pairs), x)


@pytest.mark.parametrize("n", [0, 1, 9])
def test_places_of_two_axes_and_in_branches(n):
    x = np.random.default_rng(1).normal(size=n)
    agree(s2sad.jit(column), x, 2)
    agree(s2sad.grad(column), x, 2)
    agree(s2sad.grad(left_early), x)


def compiled(function, *args) -> str:
    """The code that is compiled, without the lines of the user's."""
    source = s2sad.jit(function).lowered(args, {}).compiled_source
    return "\n".join(line for line in source.split("\n") if not line.lstrip().startswith("#"))


def test_the_sum_is_a_number():
    source = compiled(column, np.ones(3), 1)
    inside = source[source.index("for i ") : source.index("if 0 <")]
    assert "g[1, k] +=" not in inside and "g[1, k] += " in source
    source = compiled(pairs, np.ones(3))
    assert "g[j] +=" in source and source.index("g[i] +=") > source.index("g[j] +=")


def test_a_place_that_is_out_of_range_is_found_where_the_loop_has_a_trip():
    assert s2sad.jit(column)(np.ones(0), 7) == 0.0
    with pytest.raises(IndexError):
        s2sad.jit(column)(np.ones(2), 7)


def test_what_the_loop_looks_at_keeps_its_order():
    x = np.array([0.25, 0.5, 0.125, 0.5, 0.75])
    agree(s2sad.jit(looked_at), x)
    agree(s2sad.grad(looked_at), x)
    assert "total" not in compiled(looked_at, x)
    with s2sad.using(reorder_sums=False):
        assert "if 0 <" not in compiled(column, x, 1)
