"""Carries and joins that say nothing go; the others stay."""

from __future__ import annotations

from s2sad.ir import For, If, walk
from s2sad.ir.nodes import Carry, Var, replace
from s2sad.optimise import prune as module
from s2sad.optimise.dce import dce
from s2sad.optimise.prune import prune

from .checks import check_example, same
from .reader import read


def test_example():
    check_example(module, lambda f: dce(prune(f)), n="i")


def test_twins_merge():
    f = read("""
    def f(x, n):
        s = 0.0
        for i in range(n):
            s = s * x + 1.0
        return s
    """, n="i")
    (loop,) = f.body
    (c,) = loop.carried
    twin = Carry(Var("t", c.phi.type), c.init, c.next, Var("t_1", c.phi.type))
    doubled = replace(f, body=(replace(loop, carried=(c, twin)),), results=(c.out, twin.out))
    out = prune(doubled)
    assert len(out.body[0].carried) == 1
    same(doubled, out, 1.5, 3)


def test_swaps_are_left_alone():
    f = read("""
    def f(x, n):
        a = x
        b = 1.0
        for i in range(n):
            t = a
            a = b
            b = t
        return a, b
    """, n="i")
    out = prune(f)
    for n in range(3):
        same(f, out, 5.0, n)


def test_a_number_of_another_weakness_stays_carried():
    f = read("""
    def f(x, n):
        a = x
        for i in range(n):
            a = a
        return a
    """, x="f8", n="i")
    (loop,) = f.body
    weak = read("def f(x): return x").params[0].type
    (c,) = loop.carried
    phi, out = replace(c.phi, type=weak), replace(c.out, type=weak)
    changed = replace(f, body=(replace(loop, carried=(Carry(phi, c.init, phi, out),)),), results=(out,))
    assert prune(changed) == changed


def test_chains_of_nested_loops_and_branches():
    f = read("""
    def f(x, n):
        a = x
        b = x
        for i in range(n):
            for j in range(i):
                if x > 0.0:
                    a = a
                else:
                    a = a
            b += a
        return a, b
    """, n="i")
    out = dce(prune(f))
    assert [c.phi.name for s in walk.statements(out.body) if isinstance(s, For) for c in s.carried] == ["b"]
    assert not any(isinstance(s, If) for s in walk.statements(out.body))
    same(f, out, 2.0, 3)


def test_what_is_mentioned_is_replaced_too():
    f = read("""
    def f(x, n):
        a = x
        for i in range(n):
            a = a
            b = a * 2.0
        return x
    """, n="i")
    b = f.body[0].body[0].targets[0]
    phi = f.body[0].carried[0].phi
    out = prune(replace(f, results=(phi, b)))
    assert out.results == (f.params[0], b)
