"""What no speed may change: the arithmetic of the user's program, to the last bit where its order is the program's."""

from __future__ import annotations

import math

import numpy as np
import pytest

import s2sad

pytestmark = pytest.mark.compiled
rng = np.random.default_rng(5)
X = rng.normal(size=1000) * 10.0 ** rng.integers(-8, 9, 1000)


def kahan(x):
    total, lost = 0.0, 0.0
    for i in range(len(x)):
        term = x[i] - lost
        more = total + term
        lost = (more - total) - term
        total = more
    return total


def two_sum(x):
    """The exact error of each addition, added up apart (Knuth)."""
    total, errors = 0.0, 0.0
    for i in range(len(x)):
        s = total + x[i]
        back = s - total
        errors += (total - (s - back)) + (x[i] - back)
        total = s
    return total + errors


def small_logarithm(x):
    """``log(1 + x)`` to full precision by the difference that rounding makes (Kahan's trick)."""
    total = 0.0
    for i in range(len(x)):
        u = 1.0 + abs(x[i]) * 1e-18
        total = total * 0.5 + (x[i] if u == 1.0 else math.log(u) * x[i] / (u - 1.0))
    return total


def running(x):
    """Partial sums are results, so that their order is the program's."""
    out = np.empty(len(x))
    total = 0.0
    for i in range(len(x)):
        total += x[i]
        out[i] = total
    return out


def compared(x):
    """A sum that a comparison looks at."""
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return 1.0 if total > 12345.678 else total


def strict_product(x):
    p = 1.0
    for i in range(len(x)):
        p = p * (1.0 + x[i] * 1e-12)
    return p


@pytest.mark.parametrize("f", [kahan, two_sum, small_logarithm, running, compared, strict_product])
def test_what_depends_on_its_order_keeps_it(f):
    np.testing.assert_array_equal(s2sad.jit(f)(X), f(X))


def test_compensated_sums_are_as_exact_as_they_are_meant_to_be():
    exact = math.fsum(X)
    for f in (kahan, two_sum):
        assert abs(s2sad.jit(f)(X) - exact) <= 1e-15 * np.sum(np.abs(X))
        np.testing.assert_allclose(s2sad.grad(f)(X), np.ones(len(X)), rtol=1e-12)


def plain(x):
    total = 0.0
    for i in range(len(x)):
        total += x[i]
    return total


def test_the_order_of_a_plain_sum_is_an_option():
    assert abs(s2sad.jit(plain)(X) - plain(X)) <= 1e-13 * np.sum(np.abs(X))
    with s2sad.using(reorder_sums=False):
        assert s2sad.jit(plain)(X) == plain(X)


SPECIAL = [0.0, -0.0, 1.0, -1.0, math.inf, -math.inf, math.nan, 5e-324, 1.7e308, -1.7e308]


def infinities(a, b):
    return (a + 1.0) - a + b * 0.0


def zeros(a, b):
    return math.copysign(1.0, a * b) + math.copysign(2.0, a + b) + math.copysign(4.0, a - b) + math.copysign(8.0, -a)


def extremes(a, b):
    return np.maximum(a, b) - np.minimum(b, a), np.fmax(a, b), max(a, b), min(a, b)


def chosen(a, b):
    return np.where(a > b, a, b), a if a <= b else b, (a == b) * 1.0, (a != b) * 2.0


def divided(a, b):
    return np.float64(a) % np.float64(b), np.float64(a) // np.float64(b), np.fmod(a, b), np.float64(a) / np.float64(b)


@pytest.mark.parametrize("f", [infinities, zeros, extremes, chosen, divided])
def test_special_numbers(f):
    compiled = s2sad.jit(f)
    with np.errstate(all="ignore"):
        for a in SPECIAL:
            for b in SPECIAL:
                np.testing.assert_array_equal(np.array(compiled(a, b)), np.array(f(a, b)), err_msg=f"{a}, {b}")


def nearest(points, x):
    """The least of distances, several of them equal."""
    total = 0.0
    for i in range(len(x)):
        best = 1e300
        for j in range(len(points)):
            d = (x[i] - points[j]) ** 2
            if d < best:
                best = d
        total += best
    return total


def test_choices_are_the_same_in_both_sweeps():
    points, x = np.array([1.0, 3.0, 3.0, -1.0, 1.0]), np.array([2.0, 0.0, 3.0, 1.0, 5.0])
    derived = s2sad.grad(nearest, (0, 1))
    with s2sad.using(backend="python", lower=False):
        expected = derived(points, x)
    for found, wanted in zip(derived(points, x), expected, strict=True):
        np.testing.assert_array_equal(found, wanted)


def integers(a, b):
    return a + b, a - b, a * b, -a, a // b, a % b, abs(a)


@pytest.mark.parametrize("dtype", [np.int8, np.int32, np.int64, np.uint8, np.uint64])
def test_integers_wrap_and_zero_divisors_do_not_kill(dtype):
    info = np.iinfo(dtype)
    compiled = s2sad.jit(integers)
    with np.errstate(all="ignore"):
        for a in (info.min, info.max, 0, 1, 7):
            for b in (info.min, info.max, 0, 1, 3, -1 if info.min else 5):
                args = dtype(a), dtype(b)
                np.testing.assert_array_equal(np.array(compiled(*args)), np.array(integers(*args)), err_msg=f"{args}")


def test_python_integers_are_not_divided_by_zero():
    for f in (lambda a, b: a // b, lambda a, b: a % b):
        compiled = s2sad.jit(f)
        for a, b in ((7, 2), (-7, 2), (7, -2), (-7, -2), (0, 3)):
            assert compiled(a, b) == f(a, b)
        with pytest.raises(ZeroDivisionError):
            compiled(1, 0)
