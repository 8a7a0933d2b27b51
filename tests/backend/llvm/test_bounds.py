"""Indexes: the checks that are left out are those that cannot fail, and every other one raises as NumPy does, with the
user's line."""

from __future__ import annotations

import re

import numpy as np
import pytest

import s2sad
from s2sad.backend.llvm import module as llvm

pytestmark = pytest.mark.compiled


def checks(function, *args, transform=s2sad.jit) -> int:
    """How many indexes are checked in the code of a function."""
    return llvm.write(transform(function).lowered(args, {}).loops).llvm.count("i32 1000, ptr")


def total(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i]
    return s


def differences(x):
    s = 0.0
    for i in range(1, len(x) - 1):
        s += x[i + 1] - x[i - 1]
    return s


def backwards(x):
    s = 0.0
    for i in range(len(x) - 1, -1, -1):
        s = s * 0.5 + x[i]
    return s


def table(x):
    n, m = x.shape
    s = 0.0
    for i in range(n):
        for j in range(i, m):
            s += x[i, j] * x[0, j]
    return s


def work(x):
    n = len(x)
    y = np.empty(n)
    for i in range(n):
        y[i] = x[i] * 2.0
    s = 0.0
    for i in range(n - 1):
        s += y[i] * y[i + 1]
    return s


@pytest.mark.parametrize("function", [total, differences, backwards, work], ids=lambda f: f.__name__)
def test_what_is_in_range_by_construction_is_not_checked(function):
    assert checks(function, np.arange(5.0)) == 0


def test_a_table_is_not_checked():
    assert checks(table, np.ones((3, 4))) == 0


def checkered(x, sweeps):
    """Every second place of each row in turn, in place."""
    n, m = x.shape
    u = x * 1.0
    for k in range(sweeps):
        for i in range(1, n - 1):
            for j in range(1 + (i + k) % 2, m - 1, 2):
                u[i, j] = np.sin(u[i, j]) * u[i, j - 1] + u[i - 1, j] * u[i + 1, j + 1]
    return np.sum(u)


def test_a_range_run_through_backwards_is_not_checked():
    assert checks(checkered, np.ones((5, 6)), 3) == 0
    assert checks(checkered, np.ones((5, 6)), 3, transform=s2sad.grad) == 0


@pytest.mark.parametrize("shape", [(5, 6), (4, 5), (3, 3), (3, 2), (2, 7), (0, 3)])
def test_every_second_place(shape):
    x = np.linspace(0.5, 1.5, shape[0] * shape[1]).reshape(shape)
    derived = s2sad.grad(checkered)
    found = derived(x, 3)
    with s2sad.using(backend="python"):
        np.testing.assert_allclose(found, derived(x, 3), rtol=1e-13)


def pairs(x, y):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * y[i]
    return s


def up_to(x, n):
    s = 0.0
    for i in range(n):
        s += x[i]
    return s


def periodic(x):
    s = 0.0
    for i in range(len(x)):
        s += x[i] * x[i - 1]
    return s


def guarded(x, y):
    s = 0.0
    for i in range(len(x)):
        if i < len(y):
            s += x[i] * y[i]
    return s


def stops(x, n):
    s = 0.0
    for i in range(n):
        if x[i] > 3.0:
            break
        s += x[i]
    return s


def leaping(x, first, k):
    u = x * 1.0
    for i in range(first, len(x), 3):
        u[i] = u[i] * u[i - k] + 1.0
    return np.sum(u)


def wrapped(x, k):
    u = x * 1.0
    for i in range(-7, 9):
        u[i % 5] = u[i % 5] * x[(i * k) % 3]
    return np.sum(u)


def shifted(x, k):
    s = 0.0
    for i in range(len(x)):
        s += x[i - k]
    return s


def gathered(x, at):
    s = 0.0
    for i in range(len(at)):
        s += x[at[i]]
    return s


def strided(x, first, last, step):
    s = 0.0
    for i in range(first, last, step):
        s += x[i]
    return s


X, Y = np.arange(5.0), np.arange(3.0)
BIG = 2**62
CASES = [
    (pairs, (X, X)), (pairs, (Y, X)), (pairs, (X, Y)), (pairs, (X[:0], Y)),
    (up_to, (X, 3)), (up_to, (X, 5)), (up_to, (X, 6)), (up_to, (X, -3)), (up_to, (X[:0], 0)), (up_to, (X, BIG)),
    (periodic, (X,)), (periodic, (X[:1],)), (periodic, (X[:0],)),
    (guarded, (X, Y)), (guarded, (Y, X)),
    (stops, (X, 5)), (stops, (X, 50)), (stops, (Y, 50)),
    (shifted, (X, 0)), (shifted, (X, 5)), (shifted, (X, 6)), (shifted, (X, -1)), (shifted, (X, -BIG)),
    (gathered, (X, np.array([0, 4, -1, -5]))), (gathered, (X, np.array([5]))), (gathered, (X, np.array([-6]))),
    (gathered, (X, np.array([255, 0], np.uint8))), (gathered, (X, np.array([2**63 + 1], np.uint64))),
    (gathered, (X, np.array([-1], np.int8))),
    (leaping, (X, 0, 1)), (leaping, (X, 2, 2)), (leaping, (X, -4, 1)), (leaping, (X, -6, 0)), (leaping, (X, 4, 9)),
    (leaping, (X, 7, 1)), (wrapped, (X, 1)), (wrapped, (X, -2)), (wrapped, (Y, 1)),
    (strided, (X, 0, 5, 2)), (strided, (X, 4, -1, -2)), (strided, (X, 4, -9, -2)), (strided, (X, -2, 3, 1)),
    (strided, (X, 0, 7, 3)), (strided, (X, 0, 5, 0)), (strided, (X, 0, BIG, BIG)), (strided, (X, -BIG, BIG, BIG)),
]  # fmt: skip


@pytest.mark.parametrize(("function", "args"), CASES, ids=lambda a: getattr(a, "__name__", ""))
@pytest.mark.parametrize("transform", [s2sad.jit, s2sad.grad], ids=lambda t: t.__name__)
def test_wild_indexes_do_what_they_do_in_python(transform, function, args):
    with np.errstate(all="ignore"):
        try:
            expected = function(*args)
        except OverflowError as error:  # an index that no integer of 64 bits holds
            expected = IndexError(str(error))
        except (IndexError, ValueError) as error:
            expected = error
    derived = transform(function)
    if isinstance(expected, Exception):
        kind = IndexError if isinstance(expected, IndexError) else ValueError
        with pytest.raises(kind) as raised:
            derived(*args)
        wanted = re.match(r"index -?\d+ is out of bounds for axis 0 with size \d+", str(expected))
        if wanted is not None and transform is s2sad.jit:
            assert str(raised.value).startswith(wanted[0])
            assert re.search(r"\(test_bounds.py:\d+: (s \+= |if x|u\[i)", str(raised.value))
    elif transform is s2sad.jit:
        assert derived(*args) == pytest.approx(expected, rel=1e-14)
    else:
        found = derived(*args)
        with s2sad.using(backend="python"):
            np.testing.assert_allclose(found, derived(*args), rtol=1e-14)


def matrix(a, i, j):
    return a[i, j] * 2.0


@pytest.mark.parametrize("make", [
    lambda a: a, lambda a: a.T, lambda a: a[::2], lambda a: a[:, ::-1], lambda a: np.asfortranarray(a),
    lambda a: np.broadcast_to(a[0], a.shape), lambda a: a[:0], lambda a: a[:, :0], lambda a: a[1:3, 1:3],
], ids=range(9))  # fmt: skip
def test_odd_strides_and_empty_arrays(make):
    a = make(np.arange(20.0).reshape(4, 5))
    for i in (0, 1, -1, 3, -4, 4, -5):
        for j in (0, -1, 2, 7):
            try:
                expected = matrix(a, i, j)
            except IndexError:
                with pytest.raises(IndexError):
                    s2sad.jit(matrix)(a, i, j)
                continue
            assert s2sad.jit(matrix)(a, i, j) == expected


def test_the_same_array_twice():
    """Arrays that are handed in may be one, or overlap."""

    def into(x, y):
        out = x * 1.0
        for i in range(len(x)):
            out[i] = out[i] * y[i] + x[len(x) - 1 - i]
        return np.sum(out * y)

    x = np.linspace(1.0, 2.0, 6)
    for args in ((x, x), (x[:-1], x[1:]), (x[::-1], x)):
        for transform in (s2sad.jit, lambda f: s2sad.grad(f, (0, 1))):
            derived = transform(into)
            found = derived(*args)
            with s2sad.using(backend="python"):
                np.testing.assert_allclose(found, derived(*args), rtol=1e-14)


def test_overlapping_slices():
    """A slice of an array written into another slice of it."""

    def shift(x):
        y = x * 1.0
        y[1:] = y[:-1]
        y[:-2] += y[2:] * x[0]
        y[::2] = y[::2][::-1]
        return np.sum(y * x)

    x = np.linspace(1.0, 2.0, 7)
    assert s2sad.jit(shift)(x) == pytest.approx(shift(x), rel=1e-14)
    derived = s2sad.grad(shift)
    found = derived(x)
    with s2sad.using(backend="python"):
        np.testing.assert_allclose(found, derived(x), rtol=1e-14)
