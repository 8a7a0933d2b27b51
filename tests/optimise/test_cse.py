"""Common subexpressions, and what must not be shared."""

from __future__ import annotations

import numpy as np

from s2sad.ir import to_source
from s2sad.optimise import cse as module
from s2sad.optimise.cse import cse

from .checks import check_example, same
from .reader import read


def test_example():
    check_example(module, cse)


def test_nothing_leaves_a_branch_or_a_loop():
    f = read("""
    def f(x, n):
        a = x
        if x > 0.0:
            a = np.sin(x)
        else:
            a = x
        for i in range(n):
            a += np.cos(x)
        return a + np.sin(x) * np.cos(x)
    """, n="i")
    out = cse(f)
    assert to_source(out).count("np.sin") == 2 and to_source(out).count("np.cos") == 2
    same(f, out, 0.5, 2)
    same(f, out, -0.5, 0)


def test_the_test_of_a_loop_is_available_in_its_body():
    f = read("""
    def f(x):
        while x * x < 100.0:
            x = x * x + 1.0
        return x
    """)
    out = cse(f)
    assert to_source(out).count(" * ") == 1
    same(f, out, 1.5)


def test_versions_of_an_array_are_told_apart():
    f = read("""
    def f(a, i):
        b = a[i]
        a[i] = 2.0
        c = a[i]
        d = a[i]
        return b + c + d, a[0] * 1, a[0] * 1.0
    """, a="f8[n]", i="i")
    out = cse(f)
    assert to_source(out).count("[i]") == 3
    same(f, out, np.arange(3.0), 1)


def test_buffers_are_not_shared():
    f = read("""
    def f(n):
        a = np.zeros(n)
        b = np.zeros(n)
        a[0] = 1.0
        b[0] = 1.0
        return a, b
    """, n="i")
    assert to_source(cse(f)) == to_source(f)


def test_commuted_arguments_are_the_same():
    f = read("""
    def f(x, y):
        return (x * y) / (y * x) + (x - y) / (y - x)
    """)
    out = cse(f)
    assert to_source(out).count(" * ") == 1 and to_source(out).count(" - ") == 2
    same(f, out, 1.5, 2.5)
