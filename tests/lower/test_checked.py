"""Sizes that a program checks: what is known after the check, and never before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.ir import Array, Const, For, Let, to_source, walk
from s2sad.lower.lower import lowered
from s2sad.lower.sizes import kept

X = np.array([0.9, 0.3, 0.2])


def unpacked(x):
    a, b, c = x
    w = np.exp(x) * a
    s = 0.0
    for i in range(len(x)):
        s += w[i] * i + b * c
    return s


def asserted(x):
    if len(x) != 3:
        raise ValueError("three of them")
    w = np.zeros(len(x))
    for i in range(len(x)):
        w[i] = x[i] * x[len(x) - 1 - i]
    return w[0] * w[1] + w[2]


def used_before(x):
    s = np.sum(np.sin(x))
    a, b, c = x
    return s * a * b + c


def used_before_by_another(x, y):
    s = np.sum(x * y) + np.sum(np.sin(y))
    a, b, c = x
    return s * a * b + c


def checked_in_a_branch(x, flag):
    if flag:
        a, _, c = x
        return a * c + np.sum(x)
    return np.sum(x * x)


def fails(x):
    a, b, c = x
    return a * b * c


@pytest.mark.parametrize("program", [unpacked, asserted], ids=lambda f: f.__name__)
@pytest.mark.parametrize("kind", [s2sad.grad, s2sad.hessian])
def test_a_checked_size_is_a_number(program: Any, kind: Any) -> None:
    """No loop is left, and no array but the result."""
    module = kind(program).lower(X)._lowered.loops
    assert not [s for s in walk.statements(module.main.body) if isinstance(s, For)], to_source(module)
    made = {v.type for v in walk.all_defined(module.main.body) if isinstance(v.type, Array)}
    assert all(isinstance(d, int) for t in made for d in t.dims)
    with s2sad.using(backend="python", verify=True):
        found = kind(program)(X)
        with s2sad.using(passes_off="scalars"):
            np.testing.assert_allclose(found, kind(program)(X), rtol=1e-13)


@pytest.mark.parametrize("program", [unpacked, asserted], ids=lambda f: f.__name__)
@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
@pytest.mark.parametrize("n", [2, 4, 7])
def test_another_size_is_refused_as_before(program: Any, backend: str, n: int) -> None:
    with s2sad.using(backend=backend):
        gradient = s2sad.grad(program)
        gradient(X)
        with pytest.raises(ValueError, match="three of them" if program is asserted else "unpack|3 names"):
            gradient(np.ones(n))


@pytest.mark.parametrize("n", [2, 4])
@pytest.mark.parametrize("program", [used_before, checked_in_a_branch, used_before_by_another])
def test_nothing_is_known_before_the_check(program: Any, n: int) -> None:
    """What comes before it is computed for the size that is there: then the check fails, or is not come to."""
    other: tuple[Any, ...] = () if program is used_before else (False,) if program is checked_in_a_branch else (X,)
    with s2sad.using(backend="python", verify=True):
        module = s2sad.jit(program).lower(X, *other)._lowered.loops
        loops = [s for s in walk.statements(module.main.body) if isinstance(s, For)]
        assert any(not isinstance(loop.stop, Const) for loop in loops), to_source(module)
        value = s2sad.jit(program)
        np.testing.assert_allclose(value(X, *other), program(X, *other), rtol=1e-14)
        y = np.ones(n)
        if program is checked_in_a_branch:
            assert value(y, False) == n
        else:
            with pytest.raises(ValueError, match="3"):
                value(y, *(y for _ in other))


def steps(theta, data):
    y = np.array([theta[0], 1.0])
    s = 0.0
    for t in range(len(data)):
        y = np.array([y[1] * theta[1], y[0] + data[t]])
        s += np.sin(y[0]) * y[1]
    return s


def test_tapes_of_tangents_have_known_sizes() -> None:
    """The Hessian's arrays of tangents are stored by loops: what a loop carries has the size that it began with."""
    data = np.linspace(0.0, 1.0, 5)
    module = s2sad.hessian(steps).lower(X[:2], data)._lowered.module
    assert kept(module.main)
    module = lowered(module)
    lets = [s for s in walk.statements(module.main.body) if isinstance(s, Let)]
    on_arrays = {s.prim.name for s in lets if any(isinstance(a.type, Array) for a in s.args)}
    assert on_arrays <= {"load", "store", "inc", "dim", "transpose", "transposed"}, on_arrays
    with s2sad.using(backend="python", verify=True):
        found = s2sad.hessian(steps)(X[:2], data)
        step = 1e-5
        rows = [
            (s2sad.grad(steps)(X[:2] + step * e, data) - s2sad.grad(steps)(X[:2] - step * e, data)) / (2 * step)
            for e in np.eye(2)
        ]
    np.testing.assert_allclose(found, rows, rtol=1e-6, atol=1e-8)
