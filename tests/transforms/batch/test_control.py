"""Loops and branches that are the same for all items carry the batch; dtypes stay what they are for one item."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import Builder, Function, Names, Var, python_function
from s2sad.ir import primitives as p
from s2sad.ir.nodes import For, If, While, replace
from s2sad.ir.walk import statements
from s2sad.rules import elementwise as e
from s2sad.rules.logical import gt, logical_and, not_
from tests.optimise.reader import parse_type, read
from tests.transforms.batch.batching import batched, check, loops_over_batch

RNG = np.random.default_rng(0)
X, V = RNG.normal(size=(4, 3)), RNG.normal(size=4)


def kinds(out):
    return [type(s) for s in statements(out.function.body) if isinstance(s, (For, If, While))]


def test_a_while_that_is_the_same_for_all():
    f = read("""
        def f(x, n):
            s = x
            k = 0.0
            while k * k < n:
                s = np.sin(s) + x
                k = k + 1.0
            return s, k
    """, x="f8[n]")
    out = check(f, (0, None), (X, 5.0), out_axes=(0, None))
    assert kinds(out) == [While]
    assert kinds(check(f, (0, 0), (X, np.array([5.0, 0.0, 1.0, 9.0])))) == [For, While]


def test_a_branch_that_is_the_same_for_all():
    f = read("""
        def f(x, y):
            z = x
            if y > 0.0:
                z = np.sin(x) * y
            else:
                z = x * 2.0
            return z
    """, x="f8[n]")
    assert kinds(check(f, (0, None), (X, 1.0))) == [If]
    assert kinds(check(f, (0, None), (X, -1.0))) == [If]
    g = read("""
        def g(x, y):
            z = x
            w = x
            if y > 0.0:
                z = np.sin(x) * y
                w = np.cos(z)
            return z, w
    """, x="f8[n]")
    assert kinds(check(g, (None, 0), (X[0], V))) == [For, If]


def test_a_loop_left_early_for_all():
    f = read("""
        def f(x, n):
            s = x
            for i in range(n):
                s = s * x
                late = i > 2.0
                __exit__(late)
            return s
    """, x="f8[n]", n="i")
    out = check(f, (0, None), (X, 7))
    assert not loops_over_batch(out)
    (loop,) = [s for s in f.body if isinstance(s, For)]
    trips = Var("trips", loop.index.type)
    body = tuple(replace(s, trips=trips) if s is loop else s for s in f.body)
    counted = replace(f, body=body, results=(*f.results, trips))
    check(counted, (0, None), (X, 7), out_axes=(0, None))
    check(counted, (0, None), (X, 2))
    check(counted, (0, 0), (X, np.array([0, 2, 9, 3])))


def test_lanes_inside_a_loop_of_array_work():
    f = read("""
        def f(x, y):
            s = x
            t = y
            for i in range(3):
                s = np.sin(s) * t
                if s[0] > 0.1:
                    t = t * 0.5
            return s, t
    """, x="f8[3]")
    out = check(f, (0, None), (X, 0.9))
    assert kinds(out) == [For, For, If]
    check(f, (None, 0), (X[0], V))
    check(f, (0, 0), (X, V))


def test_rows_written_in_a_loop_of_array_work():
    f = read("""
        def f(x, n):
            out = np.zeros((n, 3))
            row = x
            for t in range(n):
                row = np.sin(row) + x
                out[t] = row
            return out
    """, x="f8[3]", n="i")
    out = check(f, (0, None), (X, 4))
    assert kinds(out) == [For]


@pytest.mark.parametrize("dtype", ["f4", "c16", "c8", "i8"])
def test_dtypes(dtype):
    f = read("""
        def f(x, y, a):
            z = x * y + 2
            w = y * 3 + a
            if a > 0.0:
                w = w * y
            v = z + x[0]
            return z, w, v
    """, x=f"{dtype}[n]", y=dtype)
    kind = np.dtype(dtype)
    x, y = (10 * X).astype(kind), (10 * V).astype(kind)
    run = np.float64(0.5)
    for axes, args in [((0, 0, None), (x, y, run)), ((None, 0, 0), (x[0], y, V)), ((0, None, 0), (x, y[0], V))]:
        out = batched(f, axes)
        found = python_function(out.function)(*args)
        one = python_function(f)
        rows = [one(*(a if ax is None else a[k] for a, ax in zip(args, axes, strict=True))) for k in range(4)]
        for j, value in enumerate(found):
            expected = np.stack([r[j] for r in rows])
            assert value.dtype == f.results[j].type.dtype
            np.testing.assert_allclose(value, expected, rtol=1e-5)


def test_truth_values_and_roundings():
    x, y = (Var(n, parse_type("f")) for n in "xy")
    b = Builder(Names(["x", "y"]))
    with b.block() as body:
        big = b.emit(gt, (x, y))
        small = b.emit(not_, (big,))
        both = b.emit(logical_and, (big, small))
        low = b.emit(e.floor_to_int, (x,))
        near = b.emit(e.round_to_int, (x,))
        whole = b.emit(p.cast, (low,), {"dtype": np.dtype(float), "weak": True})
    f = Function("f", (x, y), tuple(body), (big, small, both, low, near, whole))
    out = check(f, (0, None), (5 * V, 0.1))
    assert not loops_over_batch(out)


def test_nothing_to_batch():
    f = read("def f(x, y):\n    z = y * 2.0\n    return z, y, x")
    check(f, (0, None), (V, 2.0))
    check(f, (0, None), (V, 2.0), out_axes=(None, None, 0))
