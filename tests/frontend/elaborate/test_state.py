"""What a program of one state map must get right: aliases, views, names bound late, recursion that writes."""

from __future__ import annotations

import numpy as np
import pytest

from tests.frontend.harness import check

X = np.array([1.0, -2.0, 3.0, 0.5])


def view_through_swaps(x):
    a, b = x.copy(), x * 2
    r = a[1:]
    for _ in range(3):
        a, b = b, a
        a[0] += 1
    return r, a, b


def recursion_writes_captured_array(x):
    def inner(k):
        if k <= 0:
            return 0.0
        x[k] = x[k - 1] * 2
        return inner(k - 1) + x[k]

    return inner(len(x) - 1), x


def bound_in_the_first_iteration(x):
    t = 0.0
    for i in range(len(x)):
        if i == 0:
            prev = x[i]
        else:
            t += prev * x[i]
            prev = x[i]
    return t


def copies_and_aliases(x):
    a = np.zeros(3)
    b = a
    c = b[:2]
    c[0] = x[0]
    b = b.copy()
    b[1] = 7
    return a, b, c


def same_array_twice(x):
    def add_to(a, b):
        a[0] += b[1]
        b[0] += a[1]

    y = x.copy()
    add_to(y, y)
    return y


def none_then_value(x):
    best = None
    for v in x:
        best = v if best is None else max(best, v)
    r = None
    if x[0] > 0:
        r = x * 2
    return best if r is None else best + r.sum()


def memo(x):
    cache = {}

    def fib(n):
        if n < 2:
            return x[n]
        if n not in cache:
            cache[n] = fib(n - 1) + fib(n - 2)
        return cache[n]

    return fib(8)


def stack_machine(x):
    stack = [x[0], x[2]]
    while len(stack) > 1:
        a = stack.pop()
        b = stack.pop()
        stack.append(a + b)
        if a + b < 10:
            stack.append(a + b + 3)
    return stack[0]


def counters(x):
    def outer():
        n = 0.0

        def inc(v):
            nonlocal n
            n += v
            return n

        return inc

    a, b = outer(), outer()
    for v in x:
        a(v)
    return a(1.0) + b(2.0)


def edit_distance(x):
    n = len(x)
    dp = np.full((n + 1, n + 1), np.inf)
    dp[0, 0] = 0.0
    for i in range(1, n + 1):
        for j in range(1, n + 1):
            dp[i, j] = abs(x[i - 1] - x[j - 1]) + min(dp[i - 1, j], dp[i, j - 1], dp[i - 1, j - 1])
    return dp[n, n]


def nested_whiles(x):
    t, i = 0.0, 0
    while i < len(x):
        j = i
        while j < len(x) and x[j] > 0:
            t += x[j]
            j += 1
        i = j + 1
    return t, i


def pairs_in_a_list(x):
    pairs = []
    for i in range(4):
        pairs.append((x[i], i))
    s = 1.0
    for a, b in pairs:
        s = s * a + b
    return s


CASES = [
    view_through_swaps,
    recursion_writes_captured_array,
    bound_in_the_first_iteration,
    copies_and_aliases,
    same_array_twice,
    none_then_value, memo, stack_machine, counters, edit_distance, nested_whiles, pairs_in_a_list,
]  # fmt: skip


@pytest.mark.parametrize("function", CASES, ids=lambda f: f.__name__)
def test_state(function):
    check(function, X)
