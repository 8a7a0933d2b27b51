"""Loops, branches, jumps, joins."""

from __future__ import annotations

import numpy as np
import pytest

from tests.frontend.harness import check, run

X = np.array([1.0, -2.0, 3.0, 0.5])


def sum_positive(x):
    s = 0
    for v in x:
        if v < 0:
            continue
        s += v
    return s


def first_negative(x):
    for i in range(len(x)):
        if x[i] < 0:
            break
    else:
        i = -1
    return i


def nested_search(A, t):
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            if A[i, j] > t:
                return A[i, j] * i
            if A[i, j] < -t:
                break
        if i > 2:
            return -1.0
    return 0.0


def newton(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


def while_break(x):
    n = 0
    while True:
        x = x * 0.5
        n += 1
        if x < 1:
            break
        if n > 100:
            return -1.0
    return x + n


def collatz(n):
    k = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n
            n += 1
        k += 1
    return k


def walrus_loop(x):
    s = 0.0
    while (y := x - s) > 0.1:
        s += y / 2
    return s + y


def triangular(x):
    s = 0.0
    for i in range(len(x)):
        for j in range(i):
            s += x[i] * x[j]
    return s


def down(x):
    y = x.copy()
    for i in range(len(x) - 2, -1, -1):
        y[i] += y[i + 1]
    return y


def last_value(x):
    for i in range(len(x)):
        last = x[i]
    return last + i


def int_meets_float(x):
    s = 0
    best = None
    for i in range(len(x)):
        s += x[i] * i
        if best is None or x[i] > best:
            best = x[i]
    return s, best


def scalar_meets_array(x):
    s = 0.0
    for i in range(3):
        s = s + x * i
    return s


def two_swaps(x):
    a, b = x.copy(), np.zeros(len(x))
    for k in range(3):
        for i in range(len(x)):
            b[i] = a[i] + k
        a, b = b, a
    a[0] = 100.0
    return a, b


def row_views(A):
    for r in A:
        r[0] = r[1] * 2
        r[1:] += 1.0
    return A


def exceptions(x):
    try:
        if x < 0:
            raise ValueError("negative")
        if x > 10:
            raise KeyError
        y = x * 2
    except ValueError:
        y = -x
    except (KeyError, IndexError):
        return 0.0
    else:
        y += 1
    return y


def match_constants(kind, x):
    match kind:
        case "a" | "b":
            return x
        case 3:
            return 2 * x
        case None:
            return 3 * x
        case other if other == "z":
            return 4 * x
        case _:
            return 5 * x


def chained(x, y):
    return 1.0 if 0 < x < y < 10 else 2.0


def value_or(x, y):
    return (x > 0 and x) or y


def growing(x):
    out = []
    for v in x:
        if v > 0:
            out.append(v * 2)
    return np.array(out)


def comprehension(x):
    a = [v * 2 for v in x if v > 0]
    return sum(v * v for v in x) + sum(a) + max(a) + len(a)


def any_all(x):
    return 1.0 if any(v < 0 for v in x) and not all(v > 0 for v in x) else 0.0


def starred(x):
    a, *b, c = x[0], x[1], x[2], x[3]
    (d, e), f = (a, c), b
    g = h = d * e
    return g + h + f[0] * len(f)


def match_runtime(n, x):
    match n:
        case 1 | 2:
            y = x
        case 3:
            y = 2 * x
        case _:
            y = 3 * x
    return y


def partial_return(x):
    if x > 0:
        if x > 5:
            return 1.0
        x = x * 2
    x = x + 1
    return x


def static_index(x):
    fs = (np.sin, np.cos, lambda t: t * t)
    s = 0.0
    for i in range(3):
        s += fs[i](x[i])
    return s


def stencil(u, n):
    for _ in range(n):
        v = u.copy()
        for i in range(1, len(u) - 1):
            v[i] = (u[i - 1] + u[i + 1]) / 2
        u = v
    return u


def branch_arrays(x):
    y = np.zeros(2)
    if x > 0:
        y[0] = x
        z = y * 2
    else:
        y[1] = -x
        z = y
    return z, y


def unrolled_return(x):
    for w, b in [(1.0, 2.0), (3.0, 4.0)]:
        if x > w:
            return x * b
    return x


def enumerate_zip(x, y):
    s = 0.0
    for i, (a, b) in enumerate(zip(x, y, strict=False)):
        s += i * a * b
    for v in reversed(x):
        s = s * 0.5 + v
    return s


CASES = [
    (sum_positive, (X,)),
    (first_negative, (X,)),
    (first_negative, (np.abs(X),)),
    (newton, (2.0,)),
    (while_break, (37.0,)),
    (nested_search, (np.arange(12.0).reshape(3, 4), 5.0)), (nested_search, (np.arange(12.0).reshape(3, 4), 50.0)),
    (nested_search, (-np.arange(24.0).reshape(6, 4), 5.0)),
    (collatz, (7,)), (walrus_loop, (3.0,)), (triangular, (X,)), (down, (X,)), (last_value, (X,)), (
        int_meets_float, (X,)
    ),
    (scalar_meets_array, (X,)), (two_swaps, (X,)), (row_views, (np.arange(6.0).reshape(2, 3),)), (exceptions, (2.0,)),
    (exceptions, (-2.0,)), (exceptions, (20.0,)), (match_constants, ("b", 2.0)), (match_constants, (None, 2.0)),
    (match_constants, ("z", 2.0)), (match_constants, ("q", 2.0)), (chained, (1.0, 2.0)), (chained, (3.0, 2.0)),
    (value_or, (1.0, 2.0)), (value_or, (-1.0, 2.0)), (growing, (X,)), (comprehension, (X,)), (any_all, (X,)), (
        starred, (X,)
    ),
    (match_runtime, (2, 1.5)), (match_runtime, (3, 1.5)), (match_runtime, (7, 1.5)), (partial_return, (7.0,)),
    (partial_return, (3.0,)), (partial_return, (-3.0,)), (static_index, (X,)), (stencil, (X, 3)), (
        branch_arrays, (1.0,)
    ),
    (branch_arrays, (-1.0,)), (unrolled_return, (2.0,)), (unrolled_return, (0.5,)), (unrolled_return, (5.0,)),
    (enumerate_zip, (X, X + 1)),
]  # fmt: skip


@pytest.mark.parametrize(("function", "args"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_control(function, args):
    check(function, *args)


def test_unset_names_raise():
    with pytest.raises(UnboundLocalError):
        run(last_value, np.zeros(0))

    def f(x):
        if x > 0:
            y = x
        return y

    check(f, 1.0)
    with pytest.raises(UnboundLocalError):
        run(f, -1.0)


def test_raise_and_assert():
    def f(x):
        assert x > 0, "positive"
        if x > 10:
            raise ValueError(f"{x} is large")
        return x

    check(f, 1.0)
    with pytest.raises(AssertionError):
        run(f, -1.0)
    with pytest.raises(ValueError, match="large"):
        run(f, 11.0)


def test_array_unpacked_into_too_few_names():
    def f(x):
        if len(x) == 3:
            a, b, c = x
            return a * b * c
        a, b = x
        return a * b

    check(f, np.array([2.0, 3.0, 4.0]))
    check(f, np.array([2.0, 3.0]))
    with pytest.raises(ValueError, match="unpacked into 2 names"):
        run(f, np.array([2.0, 3.0, 4.0, 5.0]))


def test_real_part_assigned():
    def f(x):
        z = np.zeros(4, dtype=complex)
        z.real = x
        z.imag[1:] = x[:-1]
        z.real += 1.0
        return (z * z).real.sum() + z.imag[2]

    check(f, X)


def test_items_sorted_by_name():
    def f(x):
        named = {"w": x, "b": x[0], "a": x[1:]}
        s = 1.0
        for name, value in sorted(named.items()):
            s = s * np.sum(value) + len(name)
        return s

    check(f, X)
