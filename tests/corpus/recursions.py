"""Recursive functions whose two sweeps share stacks: what they push, pass, overwrite, and in what order."""

import math

import numpy as np

from tests.corpus import program, vec


def expansion(a, remaining, size):
    """The determinant of the last `size` rows and the remaining columns."""
    row = a.shape[0] - size
    if size == 1:
        return a[row, remaining[0]]
    s = 0.0
    for c in range(size):
        column = remaining[c]
        for k in range(c, size - 1):
            remaining[k] = remaining[k + 1]
        t = a[row, column] * expansion(a, remaining, size - 1)
        for k in range(size - 1, c, -1):
            remaining[k] = remaining[k - 1]
        remaining[c] = column
        if c % 2 == 0:
            s += t
        else:
            s -= t
    return s


@program((vec(4, 4),), compiled=True)
def columns_closed_and_opened(a):
    return expansion(a, np.arange(a.shape[0]), a.shape[0])


def minor(a):
    n = a.shape[0]
    if n == 1:
        return a[0, 0]
    s = 0.0
    for c in range(n):
        m = np.zeros((n - 1, n - 1))
        for i in range(1, n):
            k = 0
            for j in range(n):
                if j != c:
                    m[i - 1, k] = a[i, j]
                    k += 1
        s += (-1.0) ** c * a[0, c] * minor(m)
    return s


@program((vec(3, 3),))
def matrix_of_each_minor(a):
    return minor(a)


def halves(x):
    n = x.shape[0]
    if n <= 1:
        return np.sin(x)
    left, right = halves(x[: n // 2]), halves(x[n // 2 :])
    return np.concatenate((left * np.sum(right), right + np.sum(left)))


@program((vec(5),))
def views_and_whole_arrays(x):
    return np.sum(halves(x) ** 2)


def eliminated(w, k):
    n = w.shape[0]
    if k == n:
        return 1.0
    p = w[k, k]
    for i in range(k + 1, n):
        f = w[i, k] / p
        for j in range(k, n):
            w[i, j] -= f * w[k, j]
    return p * eliminated(w, k + 1)


@program((vec(3, 3),))
def matrix_overwritten_on_the_way(a):
    return eliminated(a + 4 * np.eye(a.shape[0]), 0)


def with_work(w, x, d):
    if d == 0:
        return np.sum(w * x)
    w[d] = w[d - 1] * x[d] + w[d]
    y = with_work(w, x, d - 1)
    w[0] = np.sin(w[d]) * np.tanh(y)
    return y * w[0] + with_work(w, x, d - 1)


@program((vec(4), 3))
def work_array_between_calls(x, d):
    w = np.cos(x)
    return with_work(w, x, d) + np.sum(w**2)


def searched(x, i, best):
    for j in range(i, x.shape[0]):
        v = searched(x, j + 1, best * 0.5 + x[i] * x[j])
        if v > best:
            best = v
    return best


@program((vec(2, 3),), step=False, compiled=True)
def best_of_all(a):
    return searched(a.ravel()[:4], 0, 0.0)


def damped(x, d):
    """A condition with a branch in it, and a loop that may be left early."""
    y, i = x, 0
    while (y * math.sin(y) if y > 1 else y**3) > 0.2:
        y = y * (0.7 if y < 0.8 else 0.6) - 0.01 * x * i
        i += 1
        if i > 20:
            break
    if d == 0:
        return y
    return math.cos(y) * damped(x + y, d - 1) + damped(y, d - 1)


@program((1.7, 3), step=False)
def while_in_each_call(x, d):
    return damped(x, d)


def even(x, n):
    if n == 0:
        return x * x
    return math.sin(x) * odd(x + 0.1, n - 1)


def odd(x, n):
    if n == 0:
        return x
    return even(x * 1.2, n - 1) + x


@program((vec(4),), step=False)
def calls_in_loops_and_branches(x):
    s = 0.5
    for i in range(x.shape[0]):
        if x[i] > 0:
            s = math.sin(s) * even(x[i], i) + odd(s, i)
        else:
            s -= s * odd(x[i] + s, 3 - i)
    return s


def same_condition(x, d):
    """Two branches on one condition, and calls in some of their sides."""
    positive = x > 0
    u, v = 1.0, 2.0
    if positive:
        u = math.sin(x) * x
    w = x * 2 if d == 0 else same_condition(x * 0.9 - 0.05, d - 1)
    if positive:
        v = u * w * math.exp(x)
    elif d > 0:
        v = same_condition(x + 0.3, d - 1) * w
    return u * v + w


@program((0.7, -0.5, 3), step=False)
def branches_on_one_condition(x, y, d):
    return same_condition(x, d) + same_condition(y, d)


def swapped(x, y, n):
    if n == 0:
        return np.sum(x * y)
    return np.sum(x) * swapped(y, x, n - 1) + swapped(x, x, n - 1)


@program((vec(3), 3))
def one_array_as_two_arguments(x, n):
    return swapped(x, np.sin(x), n)


def unread(x, n):
    if n == 0:
        return x, 1
    unread(x * 1.1, n - 1)
    y, count = unread(x * 0.9, n - 1)
    return y * count * x, count + 1


@program((0.8, 3))
def results_that_nobody_reads(x, n):
    y, count = unread(x, n)
    return y * count


def permuted(a, p, k):
    n = p.shape[0]
    if k == n:
        r = 1.0
        for i in range(n):
            r *= a[i, p[i]]
        return r
    s = 0.0
    for i in range(k, n):
        p[k], p[i] = p[i], p[k]
        s += permuted(a, p, k + 1)
        p[k], p[i] = p[i], p[k]
    return s


@program((vec(3, 3),))
def permanent(a):
    return permuted(a, np.arange(a.shape[0]), 0)
