"""What is compiled for whole programs: which loops and buffers are left, how exact sums are, how it is switched off."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.ir import Array, For, Let, Module, walk
from s2sad.lower.lower import lowered


def pair_energy(x):
    d = x[:, None, :] - x[None, :, :]
    r2 = (d * d).sum(-1) + 1.0
    return np.sum(1 / r2**6 - 1 / r2**3)


def log_sum_exp(x):
    m = np.max(x)
    return m + np.log(np.sum(np.exp(x - m)))


def logistic(w, x, y):
    p = 1 / (1 + np.exp(-(x @ w)))
    return np.sum((p - y) ** 2)


def softmax_rows(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return np.sum(p * p)


def centred(x):
    return np.sum((x - x.mean(axis=0)) ** 2 / x.var(axis=0))


def total(x):
    return np.sum(x)


def shifted_in_loop(x, n):
    s = 0.0
    y = np.sin(x)
    for k in range(n):
        row = y[::-1]
        s += np.sum(row * x) + row[k]
        y = y * 0.5
    return s


def stencil(u, n):
    for _ in range(n):
        u = u.copy()
        u[1:-1] = u[1:-1] + 0.1 * (u[2:] - 2 * u[1:-1] + u[:-2])
    return np.sum(u * u)


def halved_while_large(x):
    n = 0
    while np.sum(np.exp(x) * x) > 0.5:
        y = np.exp(x)[::-1]
        x = x * 0.5 + 0.01 * y * y
        n += 1
    return np.sum(x * x) * n


def spread_again(x):
    """What is read in every trip of an inner loop is made before the loops, with what it is made of."""
    s = np.sum(np.exp(x), axis=1)
    t = np.sin(x[0] * s[0]) + np.log(s.sum() + x[1] ** 2)
    u = np.cos(s)[:, None] * np.sin(t)[None, :]
    return np.sum(np.sum(x * u, axis=1) ** 2 + s)


def shifted_twice(x):
    h = x - np.sum(np.sum(x, axis=0) ** 2)
    return np.sum(h * h)


def counted(x, n):
    """An array as long as a count that a reduction gives."""
    k = int(np.sum(np.arange(n)))
    w = np.zeros(k)
    for i in range(k):
        w[i] = x[i % len(x)] * i
    return np.sum(np.sin(w) * w)


def of_a_range(x, n):
    return np.sum(x * np.sum(np.sin(np.arange(n) * 0.5)))


def test_a_range_below_zero_is_empty() -> None:
    with s2sad.using(backend="python"):
        for n in (-2, 0, 3):
            np.testing.assert_allclose(s2sad.jit(of_a_range)(X, n), of_a_range(X, n), rtol=1e-12)


rng = np.random.default_rng(3)
X = rng.normal(size=(4, 3))
PROGRAMS = [
    (pair_energy, (X,)),
    (log_sum_exp, (X[:, 0],)),
    (logistic, (X[0], X, X[:, 1])),
    (softmax_rows, (X,)),
    (centred, (X,)),
    (shifted_in_loop, (X[:, 0], 3)),
    (stencil, (X.ravel(), 3)),
    (halved_while_large, (np.array([0.7, 1.1, 0.2]),)),
    (counted, (X[0], 4)),
    (spread_again, (X * 0.1,)),
    (shifted_twice, (X * 0.3,)),
]


def compiled(transformed: Any, *args: Any) -> Module:
    return transformed.lower(*args)._lowered.loops


def lets(module: Module) -> list[Let]:
    return [s for s in walk.statements(module.main.body) if isinstance(s, Let)]


def buffers(module: Module) -> list[str]:
    return sorted(s.prim.name for s in lets(module) if s.prim.name in ("undef", "zeros", "full"))


def on_arrays(module: Module) -> set[str]:
    """The primitives, but for those that read and write elements, that have an array argument."""
    found = {s.prim.name for s in lets(module) if any(isinstance(a.type, Array) for a in s.args)}
    return found - {"load", "store", "inc", "dim"}


@pytest.mark.parametrize(("program", "args"), PROGRAMS, ids=[p.__name__ for p, _ in PROGRAMS])
@pytest.mark.parametrize("off", [(), ("fuse",), ("elements",)], ids=str)
def test_gradients_and_hessians(program: Any, args: Any, off: Any) -> None:
    """Against finite differences, whichever passes run."""
    x, *rest = args
    with s2sad.using(backend="python", verify=True, passes_off=off):
        gradient = s2sad.grad(program)(x, *rest)
        hessian = s2sad.hessian(program)(x, *rest)
        step = 1e-5
        for index in np.ndindex(x.shape):
            move = np.zeros_like(x)
            move[index] = step
            difference = (program(x + move, *rest) - program(x - move, *rest)) / (2 * step)
            np.testing.assert_allclose(gradient[index], difference, rtol=1e-6, atol=1e-8)
            ends = [s2sad.grad(program)(x + s * move, *rest) for s in (1, -1)]
            np.testing.assert_allclose(hessian[index], (ends[0] - ends[1]) / (2 * step), rtol=1e-5, atol=1e-7)


def test_a_gradient_by_broadcasting_is_one_nest_without_temporaries() -> None:
    module = compiled(s2sad.grad(pair_energy), X)
    assert buffers(module) == ["zeros"]
    assert not on_arrays(module)
    assert len([s for s in module.main.body if isinstance(s, For)]) == 1


def test_a_value_without_arrays_in_it() -> None:
    module = compiled(s2sad.jit(pair_energy), X)
    assert not buffers(module)
    assert not on_arrays(module)


def test_sizes_that_the_call_checks_are_one() -> None:
    """``(p - y)`` of parameters of two names: one loop, as the call is refused, or compiled anew, where they differ."""
    module = compiled(s2sad.grad(logistic), X[0], X, X[:, 1])
    assert on_arrays(module) == {"matmul", "transpose"}
    assert buffers(module) == ["undef"]
    with s2sad.using(backend="python"):
        gradient = s2sad.grad(logistic)
        gradient(X[0], X, X[:, 1])
        with pytest.raises(Exception, match=r"broadcast|differ|shape"):
            gradient(X[0], X, X[:3, 1])


@pytest.mark.parametrize("n", [10, 1000, 100_000])
def test_sums_of_single_precision_are_as_exact_as_pairwise_sums(n: int) -> None:
    x = rng.uniform(0, 1, n).astype(np.float32)
    exact = math.fsum(map(float, x))
    with s2sad.using(backend="python"):
        found = s2sad.jit(total)(x)
    assert found.dtype == np.float32
    assert abs(float(found) - exact) <= np.spacing(np.float32(exact))  # rounded once
    assert abs(float(found) - exact) <= abs(float(np.sum(x)) - exact) + np.spacing(np.float32(exact))


def test_sums_of_double_precision_are_within_the_bound_stated() -> None:
    x = rng.normal(size=20_000)
    with s2sad.using(backend="python"):
        found = s2sad.jit(total)(x)
    assert abs(found - math.fsum(x)) <= len(x) * np.finfo(float).eps * np.sum(np.abs(x))


def largest(x):
    return np.max(x, axis=0)


def test_nan_wins() -> None:
    x = np.array([[1.0, np.nan, -np.inf], [np.nan, 2.0, -np.inf], [3.0, 4.0, -np.inf]])
    with s2sad.using(backend="python"):
        np.testing.assert_array_equal(s2sad.jit(largest)(x), np.max(x, axis=0))


def test_it_can_be_switched_off_and_looked_at() -> None:
    found = s2sad.grad(log_sum_exp).lower(X[:, 0])
    assert "for i in range" in found.show(after="lower")
    assert "lower" in found.stages
    assert "for " not in found.source
    for options in ({"lower": False}, {"passes_off": ("elements", "scalars")}):
        with s2sad.using(**options):
            plain = s2sad.grad(log_sum_exp).lower(X[:, 0])
            assert plain._lowered.loops is plain._lowered.module
            assert plain._lowered.compiled_source == plain.source
    with pytest.raises(ValueError, match="no pass is called nothing"), s2sad.using(passes_off=("nothing",)):
        pass


def test_without_fusion_every_array_is_made() -> None:
    module = s2sad.grad(pair_energy).lower(X)._lowered.module
    with s2sad.using(passes_off="fuse"):
        apart = lowered(module)
    assert len(buffers(apart)) > 10
    assert not on_arrays(apart)
