"""Counters in closed form."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import For, While, to_source, walk
from s2sad.optimise import induction as module
from s2sad.optimise.dce import dce
from s2sad.optimise.induction import induction
from s2sad.optimise.simplify import simplify

from .checks import check_example, same
from .reader import read


def carried(function):
    return [c.phi.name for s in walk.statements(function.body) if isinstance(s, (For, While)) for c in s.carried]


def test_example():
    check_example(module, lambda f: dce(simplify(induction(f))), n="i", x="f8[m]")


@pytest.mark.parametrize("bounds", ["n", "2, n", "n, -1, -1", "n, 0, -2", "1, n, 3"])
def test_for_loops(bounds):
    f = read(f"""
    def f(n, c):
        p = 5
        q = 0
        s = 0
        for i in range({bounds}):
            s = s * 3 + p + q
            p += c
            q = q - 2
        return s, p, q
    """, n="i", c="i")
    out = dce(induction(f))
    assert carried(out) == ["s"]
    for n in range(6):
        same(f, out, n, 7)


def test_a_counter_through_a_nest():
    f = read("""
    def f(n, m):
        p = 0
        s = 0
        for i in range(n):
            for j in range(m):
                s = s * 3 + p
                p += 1
            p += 2
        return s, p
    """, n="i", m="i")
    out = dce(simplify(induction(f)))
    assert len(carried(out)) == 2
    for n, m in ((0, 2), (2, 0), (2, 3)):
        same(f, out, n, m)


def test_what_is_no_recurrence_stays():
    f = read("""
    def f(n):
        p = 0
        q = 1
        for i in range(n):
            p += i * i
            if p > 3:
                q += 1
            else:
                q = q
        return p, q
    """, n="i")
    out = dce(induction(f))
    assert carried(out) == carried(f)
    same(f, out, 4)


def test_an_early_exit_counts_the_trips_that_ran():
    f = read("""
    def f(n):
        p = 0
        for i in range(n):
            p += 2
            __exit__(i > 2)
        return p
    """, n="i")
    out = induction(f)
    for n in range(7):
        same(f, out, n)


@pytest.mark.parametrize("test", ["k < n", "n > k", "k <= n", "n >= k"])
@pytest.mark.parametrize("step", [1, 3])
def test_a_while_that_counts_up_is_a_for(test, step):
    f = read(f"""
    def f(n, k):
        s = 0
        while {test}:
            s = s * 2 + k
            k += {step}
        return s, k
    """, n="i", k="i")
    out = dce(simplify(induction(f)))
    assert not any(isinstance(s, While) for s in walk.statements(out.body))
    for n in range(5):
        for k in (0, 1, 7):
            same(f, out, n, k)


@pytest.mark.parametrize("test", ["k > n", "k >= n"])
def test_a_while_that_counts_down_is_a_for(test):
    f = read(f"""
    def f(n, k):
        s = 0
        while {test}:
            s = s * 2 + k
            k = k - 2
        return s, k
    """, n="i", k="i")
    out = dce(simplify(induction(f)))
    assert "while" not in to_source(out)
    for k in range(6):
        same(f, out, 1, k)


@pytest.mark.parametrize("body", ["k = k - 1", "k += n", "k += 1\n        n = n - 1"])
def test_other_whiles_stay(body):
    f = read(f"""
def f(n, k):
    s = 0
    while k < n:
        s += 1
        {body}
        __exit__(s > 100)
    return s, k
""", n="i", k="i")
    assert any(isinstance(s, While) for s in walk.statements(induction(f).body))


def test_the_counter_of_a_while_without_bound():
    f = read("""
    def f(x):
        k = 3
        while x > 1.0:
            x = x / 2.0
            k += 2
        return k
    """)
    out = induction(f)
    assert carried(out) == ["x_1"]
    same(f, out, 9.0)
    same(f, out, 0.5)


def test_a_float_bound_is_no_range():
    f = read("""
    def f(n):
        k = 0
        while k < n:
            k += 1
        return k
    """, n="f")
    assert "while" in to_source(induction(f))
    same(f, induction(f), 2.5)


def test_a_strong_integer_stays_strong():
    f = read("""
    def f(n, p):
        for i in range(n):
            p += 1
        return p
    """, n="i", p="i8")
    same(f, induction(f), 3, np.int64(2))


@pytest.mark.parametrize("inner", ["i", "i + 1", "i, n", "i + 1, n", "i + 3, n", "i - 1", "2, i"])
@pytest.mark.parametrize("outer", ["n", "1, n"])
def test_a_counter_through_a_triangle(inner, outer):
    f = read(f"""
    def f(n):
        p = 4
        s = 0
        for i in range({outer}):
            for j in range({inner}):
                s = s * 3 + p
                p += 1
            p += i
        return s, p
    """, n="i")
    out = dce(simplify(induction(f)))
    surely = {"i", "i + 1", "i, n", "i + 1, n", *(["i - 1"] if outer == "1, n" else [])}
    assert len(carried(out)) == (2 if inner in surely else 3)
    for n in range(7):
        same(f, out, n)
