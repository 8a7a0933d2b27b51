"""Loops, branches and arrays that are known to kill adjoints, against finite differences, to second order."""

from __future__ import annotations

import numpy as np
import pytest

from tests.optimise.reader import read
from tests.transforms.adjoint.checks import check

X = np.array([0.7, 1.3, 0.4, 0.9, 1.1])
A = np.linspace(0.3, 1.4, 12).reshape(3, 4)

PROGRAMS = {
    "straight": ("def f(x, y):\n a = np.sin(x) * y\n b = a / x - y\n return a * b, b", {}, (0.7, 1.2)),
    "power": ("def f(x, n):\n s = 1.0\n for i in range(n):\n  s *= x\n return s", {"n": "i"}, (1.1, 4)),
    "no trip": ("def f(x, n):\n s = x\n for i in range(n):\n  s *= x\n return s", {"n": "i"}, (1.1, 0)),
    "negative range": ("def f(x, n):\n s = x\n for i in range(n):\n  s *= x\n return s", {"n": "i"}, (1.1, -3)),
    "branch in a loop": (
        """
def f(x, n):
    s = x
    for i in range(n):
        t = np.sin(s)
        if t > 0.41:
            s = t * x
        else:
            s = s * s
    return s
""", {"n": "i"}, (0.7, 4)),
    "sum": ("def f(x):\n s = 0.0\n for i in range(x.shape[0]):\n  s += x[i] * x[i]\n return s", {"x": "f8[n]"}, (X,)),
    "empty": (
        "def f(x):\n s = 0.0\n for i in range(x.shape[0]):\n  s += x[i] * x[i]\n return s", {"x": "f8[n]"}, (X[:0],)),
    "steps": (
        """
def f(x, a, b, c):
    s = 0.5
    for i in range(a, b, c):
        s = np.sin(s * x[i]) + s
    return s
""", {"x": "f8[n]", "a": "i", "b": "i", "c": "i"}, (X, 4, -1, -2)),
    "backwards": (
        "def f(x):\n s = 0.5\n for i in range(4, -1, -1):\n  s = np.sin(s * x[i])\n return s", {"x": "f8[n]"}, (X,)),
    "two at a time": (
        "def f(x, n):\n s = 0.5\n for i in range(1, n, 2):\n  s = np.sin(s * x[i]) + s\n return s",
        {"x": "f8[n]", "n": "i"}, (X, 5)),
    "recurrence in place": (
        """
def f(x, n):
    a = np.zeros(n)
    a[0] = x
    for i in range(1, n):
        a[i] = a[i - 1] * x
    return a[n - 1] + a[1]
""", {"n": "i"}, (1.1, 5)),
    "recurrence in place of an argument": (
        """
def f(x, y):
    for i in range(1, x.shape[0]):
        x[i] = x[i - 1] * x[i] * y
    return x[4] * x[2]
""", {"x": "f8[n]"}, (X, 0.8)),
    "increment in place": (
        """
def f(x, y):
    for i in range(x.shape[0]):
        x[i] = x[i] * x[i] + y
        x[i] += x[0] * y
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i]
    return s
""", {"x": "f8[n]"}, (X, 0.8)),
    "read then increment": (
        """
def f(x, n):
    a = np.zeros(3)
    s = 0.0
    for i in range(n):
        a[i % 3] += x[i]
        s += a[i % 3] * a[0]
    return s
""".replace("i % 3", "i - i // 3 * 3"), {"x": "f8[n]", "n": "i"}, (X, 5)),
    "value read after the loop that changes it": (
        """
def f(x, n):
    s = x
    y = np.sin(x)
    for i in range(n):
        s = s * y
        y = y + s
    return s * y * x
""", {"n": "i"}, (0.7, 3)),
    "nested dynamic loops": (
        """
def f(x, n, m):
    s = x
    for i in range(n):
        t = s
        for j in range(m):
            t = np.sin(t * s)
        s = t + s * x
    return s
""", {"n": "i", "m": "i"}, (0.7, 3, 2)),
    "triangle": (
        """
def f(x, n):
    s = x
    for i in range(n):
        t = s
        for j in range(i):
            t = np.sin(t * s) + t
        s = t + s * x
    return s
""", {"n": "i"}, (0.7, 4)),
    "triangle of triangles": (
        """
def f(x, n):
    s = x
    for i in range(n):
        for j in range(i, n):
            t = np.sin(s)
            for k in range(j):
                t = np.sin(t * s) + t
                if t > 0.5:
                    s = np.sin(t * x) + s
            s = t + s * x
    return s
""", {"n": "i"}, (0.37, 3)),
    "swap of buffers": (
        """
def f(x, n):
    a = np.zeros(4)
    b = np.zeros(4)
    for i in range(4):
        a[i] = x * x
    for k in range(n):
        for i in range(4):
            b[i] = a[i] * a[0] + x
        c = a
        a = b
        b = c
    return a[3] + b[2]
""", {"n": "i"}, (0.7, 3)),
    "leave early": (
        """
def f(x, n):
    s = x
    for i in range(n):
        s = s * x + np.sin(s)
        __exit__(s > 3.0)
    return s
""", {"n": "i"}, (1.1, 10)),
    "leave an inner loop": (
        """
def f(x, n):
    s = x
    for i in range(1, n):
        t = s
        for j in range(2, 9, 2):
            t = t * x + np.sin(t)
            __exit__(t > 3.0)
        s = np.sin(t) * s
    return s
""", {"n": "i"}, (1.1, 4)),
    "while": (
        """
def f(x):
    s = x
    while s < 5.0:
        s = s * s + x
    return s
""", {}, (1.1,)),
    "while in a loop": (
        """
def f(x, n):
    s = x
    for i in range(n):
        t = s
        while t < 3.0:
            t = t * t + x
        s = np.sin(t) * x
    return s
""", {"n": "i"}, (1.1, 3)),
    "while in a while": (
        """
def f(x):
    s = x
    while s < 20.0:
        t = x
        while t < s:
            t = t + np.sin(t) * x * 0.1 + 1.5
            if t > 2.0:
                s = s * 1.001
        s = s + t
    return s
""", {}, (1.1,)),
    "branch that makes arrays": (
        """
def f(x, n):
    s = 0.0
    for k in range(n):
        if x > 0.5:
            a = np.zeros(3)
            a[0] = x
            a[1] = a[0] * x
        else:
            a = np.zeros(3)
            a[2] = np.sin(x)
        s += a[1] * a[0] + a[2]
    return s
""", {"n": "i"}, (0.7, 3)),
    "store then overwrite": (
        """
def f(x, y):
    a = np.zeros(3)
    a[0] = x * x
    b = a[0] * y
    a[0] = y * b
    a[1] = x
    a[1] = y
    return a[0] * a[1] + b
""", {}, (0.7, 1.3)),
    "arrays and scalars": (
        """
def f(x, n):
    u = np.zeros((3, 2))
    s = 1.0
    for i in range(3):
        u[i, 0] = x[i]
        u[i, 1] = x[i] * s
        s = s * u[i, 0]
    for t in range(n):
        for i in range(1, 3):
            u[i, 0] = u[i - 1, 1] * s + u[i, 0]
            u[i, 1] = np.sin(u[i, 0])
        s = s + u[2, 1]
    return s * u[1, 0]
""", {"x": "f8[n]", "n": "i"}, (X, 2)),
    "rows": (
        """
def f(a, n):
    for i in range(1, a.shape[0]):
        a[i] = np.sin(a[i - 1]) * a[i]
    s = 0.0
    for i in range(a.shape[0]):
        r = a[i]
        s += r[1] * r[2]
    return s
""", {"a": "f8[m, k]", "n": "i"}, (A, 2)),
    "whole arrays in a loop": (
        """
def f(x, n):
    for i in range(n):
        x = np.sin(x) * x + 0.1
    return x
""", {"x": "f8[n]", "n": "i"}, (X, 3)),
    "whole arrays in a while": (
        """
def f(x):
    s = 0.0
    while s < 3.0:
        x = np.sin(x) * x + 0.1
        s = s + x[0] + 1.0
    return x
""", {"x": "f8[n]"}, (X,)),
    "broadcasting": (
        """
def f(x, y, a):
    b = a * x + y
    c = b * b / x
    return c
""", {"x": "f8[k]", "a": "f8[m, k]"}, (X[:4], 0.7, A)),
    "slices": (
        """
def f(x, n):
    x[1:n] = x[0:n - 1] * x[1:n]
    y = np.sin(x[1:4])
    x[0:3] = y
    x[2:5] += y * x[0]
    return x[1:]
""", {"x": "f8[n]", "n": "i"}, (X, 5)),
    "scalar into a slice": (
        "def f(x, y):\n x[1:3] = y * y\n x[3:] += y\n return np.sin(x)", {"x": "f8[n]"}, (X, 0.8)),
    "cheap inner loops": (
        """
def f(x, n, steps):
    y = np.zeros(n)
    for t in range(steps):
        u = np.empty(n)
        w = np.empty(n)
        for i in range(n):
            u[i] = y[i] * x[i] + x[0]
        for i in range(n):
            w[i] = u[i] * u[i]
        for i in range(n):
            y[i] = y[i] * w[i] + u[i]
    return y
""", {"x": "f8[m]", "n": "i", "steps": "i"}, (X[:4] * 0.5, 4, 3)),
    "a sum that is left early": (
        "def f(x):\n s = 0.0\n for i in range(x.shape[0]):\n  s += x[i] * x[i]\n  __exit__(x[i] > 1.2)\n return s",
        {"x": "f8[n]"}, (X,)),
    "a while that sums": (
        """
def f(x, n):
    s = 0.0
    k = 0
    while k < n:
        s += np.sin(x[k]) * x[0]
        k = k + 2
    return s
""", {"x": "f8[n]", "n": "i"}, (X, 5)),
    "the least": (
        """
def f(x, y, n):
    best = y
    where = 0
    for i in range(n):
        d = np.sin(x[i] * 3.0) * y
        if d < best:
            best = d
            where = i
    return best * x[where]
""", {"x": "f8[n]", "n": "i"}, (X, 0.8, 5)),
    "the least of none": (
        """
def f(x, y, n):
    best = y * y
    for i in range(1, n):
        if x[i] < best:
            best = x[i]
    return best * y
""", {"x": "f8[n]", "n": "i"}, (X, 0.1, 5)),
    "two that are selected together": (
        """
def f(x, n):
    top = x[0]
    second = x[1]
    k = 0
    for i in range(n):
        k = k + 2
        d = np.sin(x[i]) * x[i]
        if top < d:
            top = d
            second = d * d * x[k - i - i - 2]
    return top * second
""", {"x": "f8[n]", "n": "i"}, (X, 5)),
    "a selection in a loop": (
        """
def f(x, c):
    total = 0.0
    for i in range(x.shape[0]):
        best = 100.0
        for j in range(c.shape[0]):
            s = 0.0
            for a in range(x.shape[1]):
                d = x[i, a] - c[j, a]
                s += d * d
            if s < best:
                best = s
        total += best
    return total
""", {"x": "f8[n, d]", "c": "f8[k, d]"}, (A, A[:2] * 1.3 + 0.1)),
    "not quite a selection": (
        """
def f(x, n):
    best = 1.0
    for i in range(n):
        d = x[i] * x[i]
        if d < best:
            best = d * 0.5 + best * 0.5
    return best
""", {"x": "f8[n]", "n": "i"}, (X, 5)),
}  # fmt: skip


@pytest.mark.parametrize("name", PROGRAMS)
def test_second_order(name):
    text, types, args = PROGRAMS[name]
    check(read(text, **types), args, order=2)


@pytest.mark.parametrize("name", ["power", "triangle", "recurrence in place", "leave an inner loop", "while in a loop"])
def test_third_order(name):
    text, types, args = PROGRAMS[name]
    check(read(text, **types), args, order=3)
