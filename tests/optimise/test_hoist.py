"""Loop invariants leave loops, where they cannot fail."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import For, While, walk
from s2sad.optimise import hoist as module
from s2sad.optimise.hoist import hoist

from .checks import check_example, same
from .reader import read


def in_loops(function) -> list[str]:
    """The primitives applied inside loops."""
    loops = [s for s in function.body if isinstance(s, (For, While))]
    inside = (s for loop in loops for block in walk.blocks_of(loop) for s in walk.statements(block))
    return [s.prim.name for s in inside if hasattr(s, "prim")]


def test_example():
    check_example(module, hoist, x="f8[m]", n="i")


@pytest.mark.parametrize("text", ["1.0 / y", "a[2]", "a[k]", "k // 2", "a[0] / y"])
def test_what_may_fail_stays_in_a_loop_that_may_not_run(text):
    f = read(f"""
    def f(y, a, k, n):
        s = 0.0
        for i in range(n):
            s += {text}
        return s
    """, a="f8[m]", n="i", k="i")
    out = hoist(f)
    if text != "a[0] / y":
        assert out == f
    assert "truediv" in in_loops(out) or "/ y" not in text
    same(f, out, 0.0, np.ones(2), 7, 0)


def test_everything_pure_leaves_a_loop_that_runs():
    f = read("""
    def f(y, a, k):
        s = 0.0
        for i in range(a.shape[0]):
            b = a * 2.0
            s += 1.0 / y + a[k] * b[i]
        return s
    """, a="f8[m]", k="i")
    out = hoist(f)
    assert in_loops(out) == ["load", "mul", "add", "add"]
    same(f, out, 2.0, np.arange(3.0), 1)


def test_nothing_passes_an_effect_that_might_raise():
    f = read("""
    def f(y):
        s = 0.0
        for i in range(3):
            print(y)
            s += 1.0 / y
        return s
    """)
    assert hoist(f) == f


def test_nothing_leaves_a_branch():
    f = read("""
    def f(y):
        s = 0.0
        for i in range(3):
            if y > 0.0:
                s += np.sin(y)
            else:
                s += 1.0 / y
        return s
    """)
    out = hoist(f)
    assert in_loops(out) == ["sin", "add", "truediv", "add"]
    same(f, out, 0.0 + 1e-3)


def test_the_test_of_a_while_always_runs():
    f = read("""
    def f(y, a):
        while y * a[1] < 1.0 / a[0]:
            y = y + a[0] / a[1]
        return y
    """, a="f8[m]")
    out = hoist(f)
    assert in_loops(out) == ["mul", "lt", "truediv", "add"]
    same(f, out, 0.1, np.array([0.3, 0.7]))


def test_a_row_of_the_enclosing_index():
    f = read("""
    def f(a, n):
        s = 0.0
        for i in range(a.shape[0]):
            for j in range(n):
                s += a[i, 0]
        return s
    """, a="f8[m,2]", n="i")
    out = hoist(f)
    same(f, out, np.ones((2, 2)), 3)
    (outer,) = (s for s in out.body if isinstance(s, For))
    assert [type(s).__name__ for s in outer.body] == ["Let", "For"]


def test_a_buffer_is_made_where_it_is_filled():
    f = read("""
    def f(a, y):
        s = 0.0
        for i in range(3):
            b = a * y
            b[0] = 1.0
            c = np.zeros(2)
            c[0] = y
            s += b[1] + c[1]
        return s
    """, a="f8[m]")
    assert in_loops(hoist(f)) == in_loops(f)
    same(f, hoist(f), np.ones(2), 3.0)
