"""Roots between two numbers, step by step as SciPy finds them: Brent's method in two forms, bisection, and Ridders'.

Each takes a function of a number, the bracket and the tolerances, and gives the root, how often the function was
called, how many iterations there were, and whether they converged. Sources: R. P. Brent, "Algorithms for Minimization
Without Derivatives" (1973), chapter 4; C. Ridders, IEEE Trans. Circuits Syst. 26 (1979); Bus and Dekker, ACM TOMS 1
(1975), for the hyperbolic step of `brenth`.
"""

import numpy as np


def brent(f, a, b, xtol, rtol, maxiter, hyperbolic):
    """`x` is the best point so far, `before` the one that it replaced, and the root lies between `x` and `other`."""
    before, x = a, b
    f_before, f_x = f(before), f(x)
    opposite(f_before, f_x)
    if f_before == 0.0:
        return before, 2, 0, True
    if f_x == 0.0:
        return x, 2, 0, True
    other, f_other, step_before, step = 0.0, 0.0, 0.0, 0.0
    for count in range(maxiter):
        if f_before != 0.0 and f_x != 0.0 and (f_before < 0.0) != (f_x < 0.0):
            other, f_other = before, f_before
            step = x - before
            step_before = step
        if abs(f_other) < abs(f_x):
            before, x, other = x, other, x
            f_before, f_x, f_other = f_x, f_other, f_x
        delta = (xtol + rtol * abs(x)) / 2
        half = (other - x) / 2
        if f_x == 0.0 or abs(half) < delta:
            return x, count + 2, count + 1, True
        proposed = half
        good = False
        if abs(step_before) > delta and abs(f_x) < abs(f_before):
            proposed = interpolated(before, x, other, f_before, f_x, f_other, hyperbolic)
            good = 2 * abs(proposed) < min(abs(step_before), 3 * abs(half) - delta)
        step_before = step if good else half
        step = proposed if good else half
        before, f_before = x, f_x
        x = x + (step if abs(step) > delta else delta if half > 0.0 else -delta)
        f_x = f(x)
    return x, maxiter + 2, maxiter, False


def interpolated(before, x, other, f_before, f_x, f_other, hyperbolic):
    """The step to the root of the secant, or of a curve through three points."""
    if before == other:
        return -f_x * (x - before) / (f_x - f_before)
    slope = (f_before - f_x) / (before - x)
    other_slope = (f_other - f_x) / (other - x)
    if hyperbolic:
        return -f_x * (f_other - f_before) / (f_other * slope - f_before * other_slope)
    return -f_x * (f_other * other_slope - f_before * slope) / (other_slope * slope * (f_other - f_before))


def bisect(f, a, b, xtol, rtol, maxiter):
    f_a, f_b = f(a), f(b)
    opposite(f_a, f_b)
    if f_a == 0.0:
        return a, 2, 0, True
    if f_b == 0.0:
        return b, 2, 0, True
    width = b - a
    for count in range(maxiter):
        width = width * 0.5
        middle = a + width
        f_middle = f(middle)
        if (f_middle < 0.0) == (f_a < 0.0):
            a = middle
        if f_middle == 0.0 or abs(width) < xtol + rtol * abs(middle):
            return middle, count + 3, count + 1, True
    return a, maxiter + 2, maxiter, False


def ridder(f, a, b, xtol, rtol, maxiter):
    f_a, f_b = f(a), f(b)
    opposite(f_a, f_b)
    if f_a == 0.0:
        return a, 2, 0, True
    if f_b == 0.0:
        return b, 2, 0, True
    x = 0.0 * a
    for count in range(maxiter):
        half = 0.5 * (b - a)
        middle = a + half
        f_middle = f(middle)
        step = half * f_middle / np.sqrt(f_middle * f_middle - f_a * f_b) * (1.0 if f_b - f_a > 0.0 else -1.0)
        most = abs(half) - 0.5 * (xtol + rtol * abs(middle))
        x = middle - (1.0 if step > 0.0 else -1.0) * min(abs(step), most)
        f_x = f(x)
        if (f_x < 0.0) != (f_middle < 0.0):
            a, f_a, b, f_b = x, f_x, middle, f_middle
        elif (f_x < 0.0) != (f_a < 0.0):
            b, f_b = x, f_x
        else:
            a, f_a = x, f_x
        if f_x == 0.0 or abs(b - a) < xtol + rtol * abs(x):
            return x, 2 * count + 4, count + 1, True
    return x, 2 * maxiter + 2, maxiter, False


def opposite(f_a, f_b):
    """Refuse a bracket that need not hold a root."""
    if f_a != 0.0 and f_b != 0.0 and (f_a < 0.0) == (f_b < 0.0):
        raise ValueError("f(a) and f(b) must have different signs")
