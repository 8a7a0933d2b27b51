"""Lists through LLVM of our own: what they mean, and that their memory is given back on every way out."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from numba.core.runtime import _nrt_python, rtsys

import s2sad
from s2sad.backend.llvm import module as llvm

pytestmark = pytest.mark.compiled
X = np.linspace(0.5, 1.5, 6)


def another_each_trip(x, n):
    """Pascal's triangle: a list that is another one in each trip."""
    row = [x[0]]
    for _ in range(n):
        new = [x[1]]
        for j in range(1, len(row)):
            new.append(row[j - 1] * x[2] + row[j])
        new.append(x[3])
        row = new
    total = 0.0
    for v in row:
        total += v * v
    return total


def two_change_places(x, n):
    a, b = [x[0]], [x[1]]
    k = 0
    while len(a) + len(b) < n:
        a, b = b, a
        a.append(x[k % len(x)] * b[-1])
        k += 1
    total = 0.0
    for v in a:
        total = total * 0.5 + v
    for v in b:
        total -= v * v
    return total


def rows_in_turn(x, n):
    """Lists of arrays that change hands."""
    rows = [x]
    for i in range(n):
        new = []
        for row in rows:
            new.append(np.sin(row) * x[i % len(x)])
            if i % 2 == 0:
                new.append(row * row)
        rows = new
    total = 0.0
    for row in rows:
        total += np.sum(row)
    return total


def chosen(x, n):
    """Lists from branches, one of them from before."""
    kept = []
    for i in range(n):
        kept.append(x[i % len(x)])
    for i in range(n):
        if i % 3 == 0:
            more = []
            for k in range(i):
                more.append(x[k % len(x)] * i)
            more.append(1.0)
        elif i % 3 == 1:
            more = kept
        else:
            more = [v * 0.5 for v in kept]
        kept = more
    return np.sum(np.array(kept))


def stacked(x, n):
    """Made arrays, and lists again."""
    rows = []
    s = 1.0
    while s < n:
        rows.append(x * s)
        s = s * 1.5
    table = np.array(rows)
    numbers = []
    for i in range(len(rows)):
        for v in list(table[i] * table[0]):
            if v > 0.7:
                numbers.append(v)
    return np.sum(np.array(numbers)) + np.sum(table**2)


def few_rows(x, n):
    """Rows whose cotangents are taken from the end of a list, in a loop that is unrolled."""
    rows = []
    for i in range(3):
        rows.append(x * (i + 1.0))
    return np.sum(np.stack(rows) ** 2) + n


def popped(x, n):
    """Items that are used after their list has let go of them."""
    rows = []
    for i in range(n):
        rows.append(x * i)
    total = 0.0
    for _ in range(n):
        row = rows.pop()
        total += np.sum(np.sin(row) * x[0])
    rows.append(x * x)
    last = rows.pop()
    return total + np.sum(last * last)


def queue(x, n):
    items = [x[0] * i for i in range(n)]
    total = 0.0
    while len(items) > 2:
        total = total * 0.5 + items.pop(0)
        items.append(total) if len(items) % 4 == 0 else None
        items.pop()
    return total + items[0]


def minors(a):
    n = a.shape[0]
    if n == 1:
        return a[0, 0]
    total = 0.0
    for c in range(n):
        m = np.zeros((n - 1, n - 1))
        for i in range(1, n):
            k = 0
            for j in range(n):
                if j != c:
                    m[i - 1, k] = a[i, j]
                    k += 1
        total += (-1.0) ** c * a[0, c] * minors(m)
    return total


def deep(x, n):
    """A stack of arrays for both sweeps of a recursion."""
    y = np.sin(x) * 1.01
    if n == 0:
        return np.sum(y)
    left = deep(y * x, n - 1)
    return left * y[0] + deep(y + x, n - 1)


def fails_late(x, n):
    """An index out of range with lists in many hands."""
    rows = [x]
    row = [x[0]]
    for i in range(n):
        new, more = [], []
        for r in rows:
            new.append(r * x[i])
            more.append(r[i] * row[-1])
        new.append(x)
        rows, row = new, more
    return np.sum(rows[0]) + row[0]


def fails_in_a_callee(x, n):
    if n == 0:
        return x[len(x) + int(x[0])]
    return fails_in_a_callee(np.sin(x) * x, n - 1) * x[n - 1]


PROGRAMS = [
    (another_each_trip, (X, 6)), (another_each_trip, (X, 0)), (two_change_places, (X, 9)), (rows_in_turn, (X, 4)),
    (chosen, (X, 8)), (stacked, (X, 5)), (queue, (X, 9)), (minors, (np.cos(np.arange(16.0)).reshape(4, 4),)),
    (deep, (X, 4)), (few_rows, (X, 1)), (popped, (X, 5)),
]  # fmt: skip


@pytest.fixture(autouse=True)
def counting():
    _nrt_python.memsys_enable_stats()
    yield
    _nrt_python.memsys_disable_stats()


def in_use() -> int:
    stats = rtsys.get_allocation_stats()
    return stats.alloc - stats.free


@pytest.mark.parametrize(("function", "args"), PROGRAMS, ids=lambda a: getattr(a, "__name__", ""))
@pytest.mark.parametrize("transform", [s2sad.jit, s2sad.grad, s2sad.hessian], ids=lambda t: t.__name__)
def test_lists(transform, function, args):
    derived = transform(function)
    llvm.write(derived.lowered(args, {}).loops)
    with s2sad.using(backend="python"):
        expected = derived(*args)
    np.testing.assert_allclose(derived(*args), expected, rtol=1e-10, atol=1e-12)
    before = in_use()
    for _ in range(20):
        derived(*args)
    assert in_use() == before


def test_nothing_is_used_after_it_is_given_back():
    """In a process whose allocator writes over what is given back."""
    script = """
import numpy as np, s2sad
from tests.backend.llvm.test_lists import PROGRAMS
for function, args in PROGRAMS:
    derived = s2sad.grad(function)
    first = derived(*args)
    for _ in range(200):
        np.testing.assert_array_equal(derived(*args), first)
"""
    environment = dict(os.environ) | {"MALLOC_PERTURB_": "165"}
    done = subprocess.run([sys.executable, "-c", script], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("function", [fails_late, fails_in_a_callee], ids=lambda f: f.__name__)
@pytest.mark.parametrize("transform", [s2sad.jit, s2sad.grad, s2sad.hessian], ids=lambda t: t.__name__)
def test_errors(transform, function):
    derived = transform(function)
    llvm.write(derived.lowered((X, 9), {}).loops)
    with pytest.raises(IndexError, match=r"test_lists.py:\d+"):
        derived(X, 9)
    before = in_use()
    for _ in range(20):
        with pytest.raises(IndexError):
            derived(X, 9)
    assert in_use() == before


@pytest.mark.parametrize("item", [1.5, 2, True, 1 + 2j, X, X > 1, X * 1j], ids=str)
def test_a_list_is_returned(item):
    def several(item, n):
        out, k = [], 0
        while k < n:
            out.append(item)
            k += 1
        return out, n

    derived = s2sad.jit(several)
    for n in (0, 3, 40):
        llvm.write(derived.lowered((item, n), {}).loops)
        found, count = derived(item, n)
        assert isinstance(found, list) and len(found) == n == count
        for v in found:
            np.testing.assert_array_equal(v, item)
            assert np.asarray(v).dtype == np.asarray(item).dtype
    found[0] = None
    before = in_use()
    for _ in range(20):
        derived(item, 40)
    assert in_use() == before


def test_items_of_other_shapes_are_not_stacked():
    def ragged(x, n):
        rows = []
        for i in range(n):
            rows.append(x[i:])
        return np.sum(np.array(rows))

    derived = s2sad.jit(ragged)
    assert derived(X, 1) == pytest.approx(np.sum(X))
    with pytest.raises(ValueError, match=r"test_lists.py:\d+"):
        derived(X, 2)
