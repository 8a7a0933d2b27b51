"""Dead code goes, and only dead code."""

from __future__ import annotations

import numpy as np

from s2sad.ir import For, If, Let, While, to_source, walk
from s2sad.ir.nodes import replace
from s2sad.optimise import dce as module
from s2sad.optimise.dce import dce

from .checks import check_example, same
from .reader import read


def kinds(function):
    return [type(s) for s in walk.statements(function.body)]


def test_example():
    check_example(module, dce, n="i")


def test_empty_loops_and_branches_go():
    f = read("""
    def f(x, n):
        s = 0.0
        t = 1.0
        for i in range(n):
            if x > 0.0:
                s += x
            else:
                s = s - 1.0
        while t < 10.0:
            t = t + 1.0
        return x
    """, n="i")
    assert dce(f).body == ()


def test_effects_stay_with_what_holds_them():
    f = read("""
    def f(x, n):
        t = x * 2.0
        for i in range(n):
            if x > 0.0:
                u = t + 1.0
                print(u)
        return x
    """, n="i")
    out = dce(f)
    assert [k.__name__ for k in kinds(out)] == ["Let", "For", "Let", "If", "Let", "Effect"]
    same(f, out, 2.0, 0)


def test_a_value_mentioned_from_elsewhere_keeps_its_loop():
    f = read("""
    def f(x, n):
        for i in range(n):
            y = x * 2.0
            z = y * 3.0
        return x
    """, n="i")
    (loop,) = f.body
    y = loop.body[0].targets[0]
    out = dce(replace(f, results=(y,)))
    assert kinds(out) == [For, Let]
    assert kinds(dce(f, mentioned=[y])) == [For, Let]


def test_the_index_of_a_mirrored_loop_stays():
    f = read("""
    def f(x, n):
        a = 0.0
        b = 0.0
        for i in range(n):
            a += x
        for j in range(n):
            b += x
        return b
    """, n="i")
    first, second = f.body
    out = dce(replace(f, body=(first, replace(second, mirrors=first.index))))
    assert kinds(out) == [For, For, Let]
    assert kinds(dce(f)) == [For, Let]


def test_carries_live_through_each_other():
    f = read("""
    def f(x, n):
        a = x
        b = 1.0
        c = 2.0
        d = 0.0
        while d < 3.0:
            t = a
            a = b
            b = t
            c = c * 2.0
            d = d + 1.0
        return a
    """)
    out = dce(f)
    (loop,) = (s for s in out.body if isinstance(s, While))
    assert [c.phi.name for c in loop.carried] == ["a", "b", "d"]
    same(f, out, 5.0, 0)


def test_unused_joins_go():
    f = read("""
    def f(x):
        a = 0.0
        b = 0.0
        if x > 0.0:
            a = x * 2.0
            b = x * 3.0
        else:
            a = x
        return b
    """)
    out = dce(f)
    (branch,) = (s for s in out.body if isinstance(s, If))
    assert len(branch.joined) == 1 and branch.orelse == ()
    same(f, out, 5.0)
    same(f, out, -5.0)


def test_a_tape_nobody_reads_goes():
    f = read("""
    def f(x):
        n = x.shape[0]
        t = np.empty(n)
        s = 0.0
        for i in range(n):
            t[i] = s
            s += x[i]
        return s
    """, x="f8[n]")
    out = dce(f)
    assert "empty" not in to_source(out)
    same(f, out, np.arange(3.0))
