"""Loops that run in lanes: as many trips as there are lanes, fewer, and a few more; the same numbers as CPython's."""

from __future__ import annotations

import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import s2sad
from s2sad.backend.llvm import module as llvm
from s2sad.backend.llvm.lanes.loop import ROOM
from s2sad.backend.llvm.lanes.state import lanes_of_machine

pytestmark = pytest.mark.compiled
WIDTH = lanes_of_machine()
COUNTS = [0, 1, WIDTH - 1, WIDTH, WIDTH + 1, 3 * WIDTH + 5]


def laned(derived, *args) -> bool:
    """Whether there are loops in lanes in the code of a function."""
    return any(d.how == "run in lanes" for d in llvm.write(derived.lowered(args, {}).loops).decisions)


def agree(derived, *args) -> None:
    with s2sad.using(backend="python", lower=False), np.errstate(all="ignore"):
        expected = s2sad.tree.leaves(derived(*args))
    for free in (False, True):
        with s2sad.using(reorder_sums=free, polynomials=free):
            found = s2sad.tree.leaves(derived(*args))
        for a, b in zip(found, expected, strict=True):
            single = np.asarray(b).dtype in (np.float32, np.complex64)
            np.testing.assert_allclose(a, b, rtol=2e-4 if single else 1e-9, atol=1e-5 if single else 1e-11)


def nearest(x, c):
    """A choice among inner trips, and what was chosen added to."""
    total = 0.0
    for i in range(x.shape[0]):
        best = 1e300
        for j in range(c.shape[0]):
            s = 0.0
            for a in range(x.shape[1]):
                diff = x[i, a] - c[j, a]
                s += diff * diff
            if s < best:
                best = s
        total += best
    return total


def mixture(x, c):
    """Arrays that each trip has to itself, an exponential, a sum of sums."""
    total = 0.0
    k = c.shape[0]
    terms = np.empty(k)
    for i in range(x.shape[0]):
        for j in range(k):
            s = 0.0
            for a in range(x.shape[1]):
                diff = x[i, a] - c[j, a]
                s += diff * diff
            terms[j] = -0.5 * s
        top = terms[0]
        for j in range(1, k):
            if terms[j] > top:
                top = terms[j]
        s = 0.0
        for j in range(k):
            s += math.exp(terms[j] - top)
        total += top + math.log(s)
    return total


def powers(x, c):
    """Horner's rule, at a place for each trip."""
    out = np.zeros(x.shape[0])
    for i in range(x.shape[0]):
        s = 0.0
        for j in range(c.shape[0]):
            s = s * x[i, 0] + c[j, 0]
        out[i] = s
    total = 0.0
    for i in range(x.shape[0]):
        total += out[i] * out[i]
    return total


def newton(x, c):
    """A loop whose number of trips differs: lane by lane."""
    total = 0.0
    for i in range(x.shape[0]):
        s = 0.0
        for a in range(x.shape[1]):
            s += x[i, a] * x[i, a]
        for j in range(c.shape[0]):
            s += c[j, 0] * x[i, 0]
        r = 1.0
        while abs(r * r - (1.0 + s * s)) > 1e-13 * (1.0 + s * s):
            r = 0.5 * (r + (1.0 + s * s) / r)
        total += r
    return total


def branches(x, c):
    """Branches inside branches, that write and that read."""
    total = 0.0
    for i in range(x.shape[0]):
        w = np.empty(c.shape[0])
        for j in range(c.shape[0]):
            w[j] = x[i, 0] * c[j, 0]
            if w[j] > 0.0:
                w[j] = math.sqrt(w[j])
                if x[i, 0] > 0.5:
                    w[j] = w[j] * 3.0
                    total -= c[j, 0]
            else:
                w[j] = -w[j]
        for j in range(c.shape[0]):
            total += w[j] * c[j, 0]
    return total


def counted(x, c):
    """Integers that grow from lane to lane, in the arithmetic."""
    total = 0.0
    for i in range(x.shape[0]):
        t = -1.0 + i * 2.0 / (x.shape[0] + 1)
        s = 0.0
        for j in range(c.shape[0]):
            s = s * t + c[j, 0] * (i % 3) + (2 * i - 1) * x[i, 0]
        total += s * s
    return total


def backwards(x, c):
    """The trips from the last to the first, every other one."""
    total = 0.0
    for i in range(x.shape[0] - 1, -1, -2):
        s = 1.0
        for j in range(c.shape[0]):
            s = s * c[j, 0] + x[i, 1] * s
        total += s
    return total


def rows(x, c):
    """A nest in which inner loops run over the lanes of another one."""
    y = np.zeros(x.shape[0])
    for _ in range(3):
        for i in range(x.shape[0]):
            s = y[i]
            for j in range(c.shape[0]):
                s = math.sin(s) * c[j, 0] + x[i, 0]
            y[i] = s
    return np.sum(y * y)


def triangle(x, c):
    """Inner loops that begin where the trip of the middle one is."""
    total = 0.0
    k = c.shape[0]
    for i in range(x.shape[0]):
        p = 0
        for j in range(k):
            for m in range(j + 1, k):
                total += c[j, 0] * x[i, 0] * c[m, 0] * (1.0 + p)
                p += 1
    return total


def scattered(x, c):
    """Adding to places that several lanes may choose at once."""
    out = np.zeros(c.shape[0])
    for i in range(x.shape[0]):
        nearest = 0
        best = 1e300
        for j in range(c.shape[0]):
            d = abs(x[i, 0] - c[j, 0])
            if d < best:
                best = d
                nearest = j
        out[nearest] += x[i, 0] * x[i, 1]
    return np.sum(out * out * c[:, 0])


PROGRAMS = [nearest, mixture, powers, newton, branches, counted, backwards, rows, triangle, scattered]


def data(n, dtype=np.float64, seed=0):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 2)).astype(dtype), rng.normal(size=(3, 2)).astype(dtype)


@pytest.mark.parametrize("n", COUNTS)
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_a_value_and_a_gradient(program, n):
    x, c = data(n)
    agree(s2sad.jit(program), x, c)
    agree(s2sad.grad(program, argnums=(0, 1)), x, c)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_it_runs_in_lanes(program):
    assert laned(s2sad.jit(program), *data(40))


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_a_second_derivative(program):
    x, c = data(WIDTH + 3)
    gradient = s2sad.grad(program, argnums=1)
    agree(s2sad.jit(lambda x, c: s2sad.jvp(lambda c: gradient(x, c), (c,), (np.ones_like(c),))), x, c)


@pytest.mark.parametrize("program", [nearest, mixture, branches, powers], ids=lambda f: f.__name__)
def test_numbers_of_four_bytes(program):
    agree(s2sad.grad(program, argnums=(0, 1)), *data(WIDTH + 3, np.float32))


def turned(z, w):
    total = 0.0
    for i in range(z.shape[0]):
        s = 0j
        for j in range(w.shape[0]):
            s = s * w[j] + z[i]
        total += (s * s.conjugate()).real
    return total


@pytest.mark.parametrize("n", COUNTS)
def test_complex_numbers(n):
    rng = np.random.default_rng(1)
    z, w = (rng.normal(size=m) + 1j * rng.normal(size=m) for m in (n, 3))
    agree(s2sad.jit(turned), z, w)
    agree(s2sad.grad(turned, argnums=(0, 1)), z, w)


def classes(x, kinds):
    """Bytes, bools and narrow integers in lanes."""
    n, k = x.shape[0], kinds.shape[0]
    flags = np.zeros(k, dtype=np.bool_)
    counts = np.zeros(k, dtype=np.int16)
    total = 0.0
    for i in range(n):
        for j in range(k):
            flags[j] = x[i] > kinds[j] * 0.1
            counts[j] = kinds[j]
        for j in range(k):
            if flags[j]:
                counts[j] += 1
        for j in range(k):
            total += counts[j] * x[i] * x[i]
    return total


@pytest.mark.parametrize("n", COUNTS)
def test_bools_and_narrow_integers(n):
    x = np.random.default_rng(2).normal(size=n)
    kinds = np.arange(-3, 4, dtype=np.int8)
    agree(s2sad.jit(classes), x, kinds)
    agree(s2sad.grad(classes), x, kinds)


def in_place(u):
    """Neighbours that no other trip of the innermost loops writes into."""
    for sweep in range(4):
        for i in range(1, u.shape[0] - 1):
            for j in range(1 + (i + sweep) % 2, u.shape[1] - 1, 2):
                s = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                for _ in range(3):
                    s = 0.25 * s + 0.1 * u[i, j] * s
                u[i, j] = s
    return np.sum(u * u)


@pytest.mark.parametrize("n", [3, 2 * WIDTH + 2, 2 * WIDTH + 3, 5 * WIDTH])
def test_neighbours(n):
    u = np.random.default_rng(3).normal(size=(6, n)) * 0.3
    agree(s2sad.jit(lambda u: in_place(u.copy())), u)
    agree(s2sad.grad(lambda u: in_place(u.copy())), u)


def carried(x, c):
    """What one trip leaves for the next is no matter of lanes."""
    y = np.zeros(x.shape[0] + 1)
    for i in range(x.shape[0]):
        s = y[i]
        for j in range(c.shape[0]):
            s = 0.5 * s + c[j, 0] * x[i, 0]
        y[i + 1] = s
    return np.sum(y)


def shifted(x, c):
    y = x[:, 0].copy()
    for i in range(x.shape[0] - 1):
        s = y[i + 1]
        for j in range(c.shape[0]):
            s = 0.5 * s + c[j, 0]
        y[i] = s
    return np.sum(y * y)


def kept(x, c):
    """A work array in which a trip finds what the trips before have left."""
    w = np.zeros(c.shape[0])
    total = 0.0
    for i in range(x.shape[0]):
        for j in range(c.shape[0]):
            if x[i, 0] > c[j, 0]:
                w[j] = x[i, 0] * c[j, 0]
        for j in range(c.shape[0]):
            total += w[j] * x[i, 1]
    return total


@pytest.mark.parametrize("n", COUNTS)
@pytest.mark.parametrize("program", [carried, shifted, kept], ids=lambda f: f.__name__)
def test_what_goes_from_trip_to_trip(program, n):
    x, c = data(n)
    agree(s2sad.jit(program), x, c)
    agree(s2sad.grad(program, argnums=(0, 1)), x, c)


def picked(x, at):
    total = 0.0
    for i in range(at.shape[0]):
        s = 0.0
        for j in range(3):
            s = s * x[at[i]] + j
        total += s
    return total


def test_an_index_out_of_range_is_found():
    at = np.zeros(40, dtype=np.int64)
    at[21] = 7
    with pytest.raises(IndexError, match=r"7.*size 5|size 5.*7"):
        s2sad.jit(picked)(np.ones(5), at)
    at[21] = -5
    agree(s2sad.grad(picked), np.arange(5.0) * 0.1, at)


def only_where(x, c):
    """What is not in range, or divides by zero, where a branch is not taken."""
    total = 0.0
    for i in range(x.shape[0]):
        s = 0.0
        for j in range(c.shape[0]):
            if j + i < x.shape[0]:
                s += x[i + j, 0] * c[j, 0]
            if i != 2:
                s += (7 // (i - 2)) * x[i, 1]
        total += s
    return total


@pytest.mark.parametrize("n", COUNTS)
def test_what_a_branch_keeps_out(n):
    x, c = data(n)
    agree(s2sad.jit(only_where), x, c)
    agree(s2sad.grad(only_where, argnums=(0, 1)), x, c)


def over_rows(x, c, first, n):
    """Rows that inner loops read again and again."""
    total = 0.0
    for i in range(first, n):
        for j in range(c.shape[0]):
            s = 0.0
            for a in range(x.shape[1]):
                diff = x[i, a] - c[j, a]
                s += diff * diff
            total += math.exp(-s) * math.sin(s)
    return total


def test_rows_out_of_range():
    x, c = data(2 * WIDTH - 1)
    program = s2sad.jit(over_rows)
    assert laned(program, x, c, 0, 2 * WIDTH)
    agree(program, x, c, -5, 2 * WIDTH - 5)
    for first, n in ((0, 2 * WIDTH), (-2 * WIDTH, 0)):
        with pytest.raises(IndexError):
            program(x, c, first, n)


def from_the_end(x, c):
    """The place -1 is the last one."""
    n = x.shape[0]
    y, found = np.zeros((n, 3)), np.zeros(n)
    for i in range(1, n):
        s = 0.0
        for j in range(c.shape[0]):
            s = s * c[j, 0] + x[i, 0]
        found[i] = y[i - 1, 2] + s
        y[i, -1] = s
    return np.sum(found * found)


def around(x, c):
    """The first trip writes what the last one reads."""
    n = x.shape[0]
    y, found = np.zeros(n), np.zeros(n)
    for i in range(0, n, 2):
        s = 0.0
        for j in range(c.shape[0]):
            s = s * c[j, 0] + x[i, 0]
        found[i] = y[i] + s
        y[i - 1] = s
    return np.sum(found * found)


def reversed_places(x, c):
    n = x.shape[0]
    y = np.zeros(n)
    for i in range(n):
        s = y[-1 - i]
        for j in range(c.shape[0]):
            s = s * c[j, 0] + x[i, 0]
        y[-1 - i] = s
    return np.sum(y * y)


@pytest.mark.parametrize("n", [*COUNTS, 2 * WIDTH - 1])
@pytest.mark.parametrize("program", [from_the_end, around, reversed_places], ids=lambda f: f.__name__)
def test_indexes_from_the_end(program, n):
    x, c = data(n)
    agree(s2sad.jit(program), x, c)
    agree(s2sad.grad(program, argnums=(0, 1)), x, c)


def counted_columns(x, k):
    """Columns that differ from trip to trip, by the number of trips of a loop."""
    n = x.shape[0]
    y, found = np.zeros((n, 8)), np.zeros(n)
    for i in range(1, n):
        s = 0.0
        t = 0
        for _ in range(k[i]):
            t += 1
            s = 0.5 * s + x[i, 0]
        found[i] = y[i - 1, t + 1]
        y[i, t] = s
    return np.sum(found * found)


def test_columns_that_differ():
    x, _ = data(3 * WIDTH)
    k = np.random.default_rng(4).integers(0, 5, size=3 * WIDTH)
    agree(s2sad.jit(counted_columns), x, k)
    agree(s2sad.grad(counted_columns), x, k)


def beside(x, c):
    """A counter that starts where the lane is, and differences that are the same in all lanes."""
    total = 0.0
    for i in range(x.shape[0]):
        p = i
        s = x[i, 0]
        for j in range(c.shape[0]):
            p = p + 1 if c[j, 0] > 0.0 else p + 2
            if p - i > 1:
                s = s * 0.5 + x[i, 1]
            while s > 2.0 + p % 2:
                s -= 1.0
            s += 0.1 * p
        total += s
    return total


@pytest.mark.parametrize("n", COUNTS)
def test_numbers_that_grow_from_lane_to_lane(n):
    x, c = data(n)
    agree(s2sad.jit(beside), x, c)
    agree(s2sad.grad(beside, argnums=(0, 1)), x, c)


def seldom(x, c, n):
    """A long loop that no trip comes to."""
    total = 0.0
    for i in range(x.shape[0]):
        s = x[i, 0]
        for j in range(c.shape[0]):
            s = s * c[j, 0] + x[i, 1]
        if s > 1e9:
            for _ in range(n):
                s = math.sin(s)
        total += s * s
    return total


def test_a_loop_in_a_branch_that_no_lane_takes():
    x, c = data(3 * WIDTH)
    assert laned(s2sad.jit(seldom), x, c, 10)
    agree(s2sad.jit(lambda x, c: seldom(x, c, 10)), x, c)
    s2sad.jit(seldom)(x, c, 2**50)


def worked(x, n):
    """A work array of any size."""
    total = 0.0
    for i in range(x.shape[0]):
        w = np.empty(n)
        for j in range(n):
            w[j] = x[i, 0] * j
        s = 0.0
        for j in range(n):
            s = s * 0.5 + w[j]
        total += s
    return total


@pytest.mark.parametrize("n", [ROOM, ROOM + 1])
def test_arrays_too_large_for_one_a_lane(n):
    x, _ = data(WIDTH + 1)
    program = s2sad.jit(worked)
    assert laned(program, x, n)
    np.testing.assert_allclose(program(x, n), worked(x, n), rtol=1e-12)


def rooms(x, n):
    """Several work arrays."""
    total = 0.0
    for i in range(x.shape[0]):
        a, b, c, d = np.empty(n), np.empty(n), np.empty(n), np.empty(n)
        for j in range(n):
            a[j] = x[i, 0] * j
        for j in range(n):
            b[j] = a[n - 1 - j] * a[j]
        for j in range(n):
            c[j] = a[n - 1 - j] * b[j]
        for j in range(n):
            d[j] = b[n - 1 - j] * c[n - 1 - j]
        for j in range(n):
            total += a[j] * b[j] + c[j] * d[n - 1 - j]
    return total


def test_the_text_is_always_the_same():
    command = (
        "from tests.backend.llvm import test_lanes as t; import s2sad, sys;"
        "args = (t.data(40)[0], 3); assert t.laned(s2sad.jit(t.rooms), *args);"
        "sys.stdout.write(t.llvm.write(s2sad.jit(t.rooms).lowered(args, {}).loops).llvm)"
    )
    texts = set()
    for seed in ("1", "2", "3"):
        ran = subprocess.run(
            [sys.executable, "-c", command],
            cwd=Path(__file__).parents[3], env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True, text=True,
        )  # fmt: skip
        assert ran.returncode == 0, ran.stderr
        texts.add(ran.stdout)
    assert len(texts) == 1


def test_it_can_be_left_out():
    with s2sad.using(passes_off=frozenset(["lanes"])):
        assert not laned(s2sad.jit(mixture), *data(40))
        agree(s2sad.grad(mixture, argnums=(0, 1)), *data(40))
