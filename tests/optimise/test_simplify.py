"""Constants and algebra: exact, or not done."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import to_source
from s2sad.optimise import simplify as module
from s2sad.optimise.dce import dce
from s2sad.optimise.simplify import simplify

from .checks import check_example, same
from .reader import read


def lines(text: str, **types: str) -> list[str]:
    """The body of the function of one expression, simplified and without dead code."""
    f = read(f"def f(x, y):\n    return {text}\n", **types)
    out = dce(simplify(f))
    args = [np.float64(-0.0) if types.get(k, "f") == "f" else np.linspace(-1, 1, 3) for k in "xy"]
    same(f, out, *args)
    return [line.strip() for line in to_source(out).splitlines()[1:]]


def test_example():
    check_example(module, lambda f: dce(simplify(f)), n="i")


@pytest.mark.parametrize(
    "before, after",
    [
        ("x * 1", ["return x"]),
        ("1.0 * x", ["return x"]),
        ("x / 1", ["return x"]),
        ("-(-x)", ["return x"]),
        ("x - 0.0", ["return x"]),
        ("x + -0.0", ["return x"]),
        ("x * -1", ["neg = -x", "return neg"]),
        ("x - (-y)", ["sub = x + y", "return sub"]),
        ("x + (-y)", ["add = x - y", "return add"]),
        ("(-x) + y", ["add = y - x", "return add"]),
        ("2 * 3 + 4", ["return 10"]),
        ("float(x)", ["return x"]),
    ],
)
def test_algebra(before, after):
    assert [line.replace("mul", "neg") for line in lines(before)] == after


@pytest.mark.parametrize("text", ["x * 0.0", "x + 0.0", "1.0 / 0.0", "1 // 0", "0.0 - x"])
def test_what_is_not_exact_or_raises_stays(text):
    f = read(f"def f(x):\n    return {text}\n")
    assert to_source(simplify(f)) == to_source(f)


def test_a_number_keeps_its_weakness():
    f = read("""
    def f(x, a):
        b = np.zeros(2)
        b[0] = x
        y = b[0]
        z = 2.0
        return y * a, z * a
    """, a="f4[n]")
    out = simplify(f)
    same(f, out, 0.5, np.ones(3, np.float32))
    assert "np.float64(x)" in to_source(out)


def test_loads_see_stores():
    f = read("""
    def f(x, a, i, j):
        a[i] = x
        b = a[i]
        a[0] = 1.0
        a[1] = 2.0
        c = a[0]
        a[j] += 1.0
        d = a[0]
        a[1:] = a[:-1]
        e = a[2]
        return b, c, d, e
    """, a="f8[n]", i="i", j="i")
    out = dce(simplify(f))
    for i, j in ((0, 0), (1, 0), (-1, 2)):
        same(f, out, 0.5, np.arange(4.0), i, j)
    assert to_source(out).splitlines()[-1].startswith("    return b, np.float64(1.0), d")


def test_sizes_are_those_of_parameters():
    f = read("""
    def f(x, y):
        z = x * 2.0
        z[0] = 1.0
        w = np.zeros(z.shape[0])
        return w.shape[0]
    """, x="f8[n]", y="f8[n]")
    out = dce(simplify(f))
    assert to_source(out) == "def f(x, y):\n    n_1 = x.shape[0]\n    return n_1\n"


def test_loops_of_no_and_one_trip():
    f = read("""
    def f(x, n):
        s = 1.0
        for i in range(0, 1):
            for j in range(n, n):
                s = 0.0
            if x > 0.0:
                s = s * x + i
            else:
                s = s - x
        return s
    """, n="i")
    out = simplify(f)
    assert "for" not in to_source(out)
    same(f, out, 2.0, 3)
    same(f, out, -2.0, 3)


def test_a_loop_that_never_runs():
    f = read("""
    def f(x):
        s = x
        while 1 > 2:
            s = s * 2.0
        return s
    """)
    out = simplify(simplify(f))
    assert dce(out).body == ()
