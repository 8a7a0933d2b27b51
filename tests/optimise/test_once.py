"""Buffers that need no zeros; each rewrite is made where it is proved and nowhere else.

The interpreter fills `undef` with nan, so a read of a place that was not written shows in the results.
"""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import to_source, walk
from s2sad.ir.primitives import store
from s2sad.optimise import once as module
from s2sad.optimise.dce import dce
from s2sad.optimise.once import once

from .checks import check_example, same
from .reader import read


def marks(function) -> list[bool]:
    """For each store, whether it is marked."""
    stores = (s for s in walk.statements(function.body) if getattr(s, "prim", None) is store)
    return [bool(dict(s.params).get("once")) for s in stores]


def test_example():
    check_example(module, once, m="i", x="f8[n]")


def check(body: str, result: str, *, marked, filled=None, start="w = np.zeros(n)", sizes=(0, 1, 4)):
    """The stores of this body that are marked, and whether the allocation becomes `undef`."""
    text = f"def f(x, y, n):\n    {start}\n" + "".join(f"    {line}\n" for line in body.splitlines())
    f = read(text + f"    return {result}\n", x="f8[m]", n="i")
    out = once(f)
    assert marks(out) == marked, to_source(out)
    if filled is not None:
        assert ("np.empty" in to_source(out)) == filled, to_source(out)
    for n in sizes:
        same(f, out, np.arange(6.0), 1.5, n)


def test_a_full_range_is_filled():
    check("for i in range(n):\n    w[i] = x[i]", "w", marked=[True], filled=True)


def test_a_full_range_downwards_is_filled():
    check("for i in range(n - 1, -1, -1):\n    w[i] = x[i]", "w", marked=[True], filled=True)


def test_a_part_is_not():
    check("for i in range(1, n):\n    w[i] = x[i]", "w", marked=[True], filled=False)


def test_a_read_before_the_write_keeps_the_zeros():
    check("for i in range(n):\n    t = w[i]\n    w[i] = x[i] + t", "w", marked=[True], filled=False)
    check("for i in range(n):\n    w[i] = x[i] + w[i - 1]", "w", marked=[True], filled=False)


def test_a_read_after_the_write_does_not():
    check("s = 0.0\nfor i in range(n):\n    w[i] = x[i]\n    s += w[i]", "w, s", marked=[True], filled=True)


def test_a_read_of_another_place_keeps_the_zeros():
    check("s = 0.0\nfor i in range(n):\n    w[i] = x[i]\n    s += w[0] + w[n - 1]", "w, s", marked=[True], filled=False)


def test_a_store_under_a_condition_fills_nothing():
    check("for i in range(n):\n    if x[i] > 1.0:\n        w[i] = x[i]", "w", marked=[True], filled=False)


def test_a_second_write_is_not_the_first():
    check("for i in range(n):\n    w[i] = x[i]\n    w[i] = y", "w", marked=[True, False], filled=True)
    check("for i in range(n):\n    w[i] = x[i]\nw[0] = y", "w", marked=[True, False], filled=True, sizes=(1, 3))
    check("w[0] = y\nfor i in range(n):\n    w[i] = x[i]", "w", marked=[True, False], filled=False, sizes=(1, 3))


def test_a_first_element_apart():
    check("w[0] = y\nfor i in range(1, n):\n    w[i] = w[i - 1] * x[i]", "w", marked=[True, True], sizes=(1, 4))
    check("w[0] = y\nfor i in range(n - 1):\n    w[i + 1] = w[i] * y", "w", marked=[True, True], sizes=(1, 4))
    check("w[1] = y\nfor i in range(1, n):\n    w[i] = x[i]", "w", marked=[True, False], sizes=(2, 4))


def test_places_of_other_trips():
    check("for i in range(n - 1):\n    w[i] = x[i]\n    w[i + 1] = y", "w", marked=[False, False])
    check("for i in range(n):\n    w[0] = x[i]", "w", marked=[False], sizes=(1, 4))
    check("for i in range(0 - n, n):\n    w[i] = y", "w", marked=[False])
    check("for i in range(n):\n    for j in range(n):\n        w[j] = x[i]", "w", marked=[True], filled=True)


def test_two_columns():
    start = "w = np.zeros((n, 2))"
    check("for i in range(n):\n    w[i, 0] = x[i]\n    w[i, 1] = y", "w", marked=[True, True], start=start)
    check("for i in range(n):\n    w[i, 0] = x[i]\n    w[i, 0] = y", "w", marked=[True, False], start=start)


def test_a_matrix_is_filled_by_rows():
    body = "for i in range(n):\n    for j in range(3):\n        w[i, j] = x[i] * j\n    y += w[i, 0]"
    check(body, "w, y", marked=[True], filled=True, start="w = np.zeros((n, 3))")
    body = "for i in range(n):\n    for j in range(2):\n        w[i, j] = x[i] * j"
    check(body, "w", marked=[True], filled=False, start="w = np.zeros((n, 3))")
    body = "for j in range(3):\n    for i in range(n):\n        w[i, j] = x[i] * j"
    check(body, "w", marked=[True], filled=False, start="w = np.zeros((n, 3))")


def test_whole_stores():
    check("w[:] = y\nw[0] = 1.0", "w", marked=[True, False], filled=True, sizes=(1, 3))
    check("w[:] = y\nfor i in range(n):\n    w[:] = x[i]", "w", marked=[True, True], filled=True, sizes=(1, 3))


def test_the_first_increment_is_a_store():
    check("for i in range(n):\n    w[i] += x[i]\n    w[i] += y", "w", marked=[True], filled=True)
    check("for i in range(n):\n    w[0] += x[i]", "w", marked=[], filled=False, sizes=(1, 4))
    check("for i in range(n):\n    if x[i] > 1.0:\n        w[i] += y", "w", marked=[], filled=False)


def test_branches_write_either_side():
    branch = "if x[i] > 1.0:\n        w[i] = x[i]\n    else:\n        w[i] = y"
    body = f"for i in range(n):\n    {branch}\n    w[i] = w[i] * 2.0"
    check(body, "w", marked=[True, True, False])


def test_a_parameter_that_is_overwritten():
    check("for i in range(x.shape[0]):\n    x[i] = y", "x", marked=[True], start="z = 0.0")
    check("for i in range(n):\n    x[i] = y", "x", marked=[False], start="z = 0.0")


@pytest.mark.parametrize("after, dropped", [("", True), ("s += w[0]", False)])
def test_zeros_that_nobody_reads(after, dropped):
    f = read(f"""
    def f(w, n):
        s = 0.0
        for i in range(n - 1, -1, -1):
            s += w[i]
            w[i] += 2.0
            s += w[i]
            w[i] = 0.0
        {after or "s += 1.0"}
        return s
    """, w="f8[m]", n="i")
    out = once(f)
    assert ("= 0.0\n" in to_source(out).split("range")[1]) != dropped
    same(f, out, np.arange(1.0, 5.0), 4)


def test_zeros_that_another_trip_reads():
    f = read("""
    def f(w, n):
        s = 0.0
        for i in range(n - 1, -1, -1):
            s += w[i] + w[0]
            w[i] = 0.0
        return s
    """, w="f8[m]", n="i")
    assert marks(once(f)) == [False]
    g = read("""
    def f(w, n):
        s = 0.0
        for k in range(n):
            for i in range(n - 1, -1, -1):
                s += w[i]
                w[i] = 0.0
        return s
    """, w="f8[m]", n="i")
    assert marks(once(g)) == [False]
    for h in (f, g):
        same(h, once(h), np.arange(1.0, 5.0), 4)


def test_zeros_of_a_nest():
    f = read("""
    def f(w, n):
        s = 0.0
        for k in range(n):
            for i in range(n):
                s += w[k, i] * s + 1.0
                w[k, i] = 0.0
        return s
    """, w="f8[m,m]", n="i")
    out = once(f)
    assert marks(out) == []
    same(f, out, np.arange(9.0).reshape(3, 3), 3)


def test_a_buffer_refilled_is_carried_no_more():
    f = read("""
    def f(x, m):
        n = x.shape[0]
        w = np.zeros((n, 2))
        s = 0.0
        for k in range(m):
            for i in range(n):
                for j in range(2):
                    w[i, j] = x[i] * s + j
            for i in range(n):
                s += w[i, 0] * w[i, 1]
        return s
    """, x="f8[n]", m="i")
    out = dce(once(f))
    assert marks(out) == [True]
    assert [len(c.carried) for c in out.body if hasattr(c, "carried")] == [1]
    for m in (0, 3):
        same(f, out, np.array([0.1, 0.2]), m)


def test_a_buffer_read_before_it_is_refilled_stays():
    f = read("""
    def f(x, m):
        n = x.shape[0]
        w = np.zeros(n)
        s = 0.0
        for k in range(m):
            s += w[0]
            for i in range(n):
                w[i] = x[i] * s + 1.0
        return s
    """, x="f8[n]", m="i")
    out = once(f)
    assert marks(out) == [False] and "np.zeros" in to_source(out)
    same(f, out, np.array([0.1, 0.2]), 3)


def test_buffers_that_are_swapped():
    f = read("""
    def f(a, n):
        b = np.zeros(3)
        s = 0.0
        for i in range(n):
            b[i] = a[i] * 2.0
            s += b[0] + a[2]
            a[i] = 0.0
            t = a
            a = b
            b = t
        return s
    """, a="f8[3]", n="i")
    out = once(f)
    assert marks(out) == [False, False]
    same(f, out, np.arange(1.0, 4.0), 3)


@pytest.mark.parametrize("body", [
    "w[0] = y\nfor i in range(1, n):\n    w[i] = x[i]",
    "w[0] = y\nw[n - 1] = y\nfor i in range(1, n - 1):\n    w[i] = x[i]",
    "w[-1] = y\nfor i in range(n - 2, -1, -1):\n    w[i] = x[i]",
    "w[1] = y\nw[0] = x[1]\nfor i in range(2, n):\n    w[i] += x[i]",
])  # fmt: skip
def test_rows_stored_before_the_loop_at_its_ends(body):
    f = written(body)
    assert "np.empty" in to_source(once(f))
    for n in (2, 4):
        same(f, once(f), np.arange(6.0), 1.5, n)


def written(body: str):
    """A function that returns an array of zeros after this."""
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    return read(f"def f(x, y, n):\n    w = np.zeros(n)\n{lines}    return w\n", x="f8[m]", n="i")


@pytest.mark.parametrize("body", [
    "w[1] = y\nfor i in range(1, n):\n    w[i] = x[i]",
    "w[0] = y\nfor i in range(2, n):\n    w[i] = x[i]",
    "w[0] = y\nw[0] = x[1]\nfor i in range(2, n):\n    w[i] = x[i]",
    "w[0] = y\nt = w[1]\nfor i in range(1, n):\n    w[i] = x[i] + t",
    "w[0] = y\nfor i in range(1, n):\n    w[i] = x[i] + w[i - 1]",
])  # fmt: skip
def test_gaps_and_reads_keep_the_zeros(body):
    f = written(body)
    assert "np.empty" not in to_source(once(f))
    same(f, once(f), np.arange(6.0), 1.5, 4)


def test_a_work_array_of_an_outer_loop_with_a_row_stored_before_an_inner_one():
    f = read("""
def f(x, y, n):
    w = np.zeros(n)
    s = 0.0
    for k in range(3):
        w[0] = y
        for i in range(1, n):
            w[i] = x[i] * k
        for i in range(n):
            s += w[i] * x[i]
    return s
""", x="f8[m]", n="i")  # fmt: skip
    out = dce(once(f))
    (loop,) = [s for s in out.body if type(s).__name__ == "For"]
    assert len(loop.carried) == 1
    same(f, out, np.arange(6.0), 1.5, 4)
