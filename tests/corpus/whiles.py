"""Loops of unknown length."""

import math

import numpy as np

from tests.corpus import pos, program, vec


@program((2.7,), compiled=True)
def halve_until_small(x):
    while x > 0.5:
        x = x * 0.5
    return x * x


@program((2.0,))
def newton_square_root(a):
    x = a
    while abs(x * x - a) > 1e-12:
        x = 0.5 * (x + a / x)
    return x


@program((0.4,))
def kepler(e):
    m = 1.1
    big = m
    while True:
        step = (big - e * math.sin(big) - m) / (1.0 - e * math.cos(big))
        big -= step
        if abs(step) < 1e-13:
            break
    return big


@program((1.3,))
def series_until_small(x):
    term = 1.0
    s = 1.0
    n = 0
    while abs(term) > 1e-17:
        n += 1
        term *= x / n
        s += term
    return s


@program((vec(6),))
def while_with_index(x):
    i = 0
    s = 0.0
    while i < len(x):
        s += x[i] * x[i]
        i += 1
    return s


@program((vec(8),))
def while_with_two_conditions(x):
    i = 0
    s = 0.0
    while i < len(x) and s < 2.0:
        s += x[i] ** 2
        i += 1
    return s * i


@program((0.3, 7))
def while_counting_down(x, n):
    y = x
    while n > 0:
        y = y * math.cos(y) + x
        n -= 1
    return y


@program((pos(4),))
def while_inside_for(x):
    s = 0.0
    for v in x:
        n = 0
        while v < 6.0:
            v = v * 1.5 + 0.1
            n += 1
        s += v * n
    return s


@program((pos(), 3.0))
def for_inside_while(x, limit):
    s = x
    while s < limit:
        for i in range(3):
            s += x * 0.1 * i
    return s


@program((1.7,))
def nested_whiles(x):
    total = 0.0
    y = x
    while y > 0.2:
        z = y
        while z > 0.4:
            z = z * z / (z + 0.5)
            total += z
        y = y * 0.6
    return total + y


@program((0.3,))
def while_with_continue(x):
    i = 0
    s = 0.0
    while i < 8:
        i += 1
        if i % 3 == 0:
            continue
        s = s * x + i
    return s


@program((0.3,))
def while_else(x):
    i = 0
    while i < 3:
        x = x + x * x
        i += 1
    else:
        x = x * 2.0
    return x


@program((0.3,))
def while_with_walrus(x):
    s = 0.0
    while (y := math.exp(-x)) > 0.2:
        s += y
        x = x + 0.4
    return s + x


@program((9.7,))
def while_return_inside(x):
    n = 0
    while True:
        if x < 1.0:
            return x * n
        x = x / 2.0
        n += 1


@program((0.7, 0.2))
def fixed_point(a, b):
    x = 0.5
    old = 10.0
    while abs(x - old) > 1e-15:
        old = x
        x = a * math.cos(x) + b
    return x


@program((1.2, 2.0))
def bisection_then_newton(a, b):
    lo, hi = 0.0, 4.0
    for _ in range(8):
        mid = 0.5 * (lo + hi)
        if mid**3 - a * mid - b < 0.0:
            lo = mid
        else:
            hi = mid
    x = 0.5 * (lo + hi)
    for _ in range(6):
        x = x - (x**3 - a * x - b) / (3.0 * x * x - a)
    return x


@program((3.0, 2.0))
def arithmetic_geometric_mean(a, b):
    while abs(a - b) > 1e-14:
        a, b = 0.5 * (a + b), math.sqrt(a * b)
    return a


@program((vec(5),))
def while_over_array_values(x):
    y = x.copy()
    n = 0
    while np.sum(y * y) > 0.1:
        y = y * 0.7
        n += 1
    return np.sum(y) * n


@program((pos(), pos()))
def euler_until_hit(v, h):
    y = h + 1.0
    t = 0.0
    while y > 0.0 and t < 5.0:
        y += 0.05 * v
        v -= 0.05 * 9.8
        t += 0.05
    return t + y / v


@program((0.5,))
def collatz_flavour(x):
    n = 7
    y = x
    while n != 1:
        if n % 2 == 0:
            n = n // 2
            y = y * 1.1
        else:
            n = 3 * n + 1
            y = y * x + 1.0
    return y


@program((1.3,))
def while_never_entered(x):
    while x > 100.0:
        x = x * x
    return x * 3.0
