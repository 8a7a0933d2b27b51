"""Lists of arrays: an item is copied where it must be, the list never is."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.backend import planning
from s2sad.ir import walk
from s2sad.ir.nodes import Let
from s2sad.ir.types import List
from s2sad.memory.copying import copy

X = np.array([1.0, 2.0, -0.5])
A = np.array([[1.0, 0.2], [0.3, 0.4], [0.5, 0.6]])


def columns(a):
    out = []
    for j in range(a.shape[1]):
        out.append(a[:, j])
    s = 0.0
    for c in out:
        s += np.sum(c**2) * c[0]
    return s


def over_reversed_view(x):
    while np.sum(x * x) > 1e-2:
        x = x * 0.7 + 0.01 * x[::-1] ** 2
    return np.sum(x * np.arange(1.0, 4.0))


def trajectory(x):
    path = [x]
    for _ in range(4):
        x = x + 0.1 * np.sin(x)
        path.append(x)
    s = 0.0
    for p in path:
        s += p[0] * p[1]
    return s


def even(x):
    out = []
    n = 0.0
    while n < 3.0:
        out.append(x[::2])
        n += x[0]
    return np.sum(out[0] * out[-1])


@pytest.mark.parametrize(("f", "x"), [(columns, A), (over_reversed_view, X), (trajectory, X), (even, X)])
@pytest.mark.parametrize("transform", [s2sad.jit, s2sad.grad], ids=lambda t: t.__name__)
def test_no_list_is_copied(transform, f, x):
    derived = transform(f)
    functions, main = planning.planned(derived.lowered((x,), {}).loops)
    for function in (*functions.values(), main):
        lets = (s for s in walk.statements(function.body) if isinstance(s, Let))
        assert not [s for s in lets if s.prim is copy and isinstance(s.targets[0].type, List)]


@pytest.mark.compiled
@pytest.mark.parametrize(("f", "x"), [(columns, A), (over_reversed_view, X), (trajectory, X), (even, X)])
def test_values_and_gradients(f, x):
    assert s2sad.jit(f)(x) == pytest.approx(f(x), rel=1e-12)
    step = 1e-6 * np.eye(x.size).reshape(x.size, *x.shape)
    expected = np.array([(f(x + h) - f(x - h)) / 2e-6 for h in step]).reshape(x.shape)
    np.testing.assert_allclose(s2sad.grad(f)(x), expected, rtol=1e-6, atol=1e-8)
