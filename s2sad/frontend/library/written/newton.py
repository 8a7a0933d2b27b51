"""Roots by Newton's, Halley's and the secant method, step by step as `scipy.optimize.newton` finds them.

Each takes a function of a number and gives the root, how often functions were called, how many iterations there were,
and whether they converged; those for arrays find a root an element.
"""

import numpy as np


def newton(f, slope, curvature, start, tol, rtol, maxiter, disp):
    x = start
    each = 2 if curvature is None else 3
    for count in range(maxiter):
        value = f(x)
        if value == 0.0:
            return x, each * count + 1, count, True
        rate = slope(x)
        if rate == 0.0:
            if disp:
                raise RuntimeError(
                    f"Derivative was zero. Failed to converge after {count + 1} iterations, value is {x}."
                )
            return x, each * count + 2, count + 1, False
        step = value / rate
        if curvature is not None:
            bend = step * curvature(x) / rate / 2
            if abs(bend) < 1:
                step = step / (1.0 - bend)
        after = x - step
        if abs(after - x) <= tol + rtol * abs(x):
            return after, each * (count + 1), count + 1, True
        x = after
    return x, each * maxiter, maxiter, False


def secant(f, start, other, tol, rtol, maxiter, disp):
    before, x = start, other
    f_before, f_x = f(before), f(x)
    if abs(f_x) < abs(f_before):
        before, x = x, before
        f_before, f_x = f_x, f_before
    after = x
    for count in range(maxiter):
        if f_x == f_before:
            if x != before and disp:
                raise RuntimeError(
                    f"Tolerance of {x - before} reached. Failed to converge after {count + 1} iterations, value is {x}."
                )
            return (x + before) / 2.0, count + 2, count + 1, False
        if abs(f_x) > abs(f_before):
            after = (-f_before / f_x * x + before) / (1 - f_before / f_x)
        else:
            after = (-f_x / f_before * before + x) / (1 - f_x / f_before)
        if abs(after - x) <= tol + rtol * abs(x):
            return after, count + 2, count + 1, True
        before, f_before = x, f_x
        x = after
        f_x = f(x)
    return after, maxiter + 2, maxiter, False


def second_start(x):
    """Where the secant method starts besides at `x`."""
    near = x * (1 + 1e-4)
    return near + (1e-4 if near >= 0 else -1e-4)


def newtons(f, slope, curvature, start, tol, maxiter):
    """The roots, which elements converged, and which of the others have no slope. An element without one stays."""
    x = start
    failed, sloped = np.ones_like(x, dtype=bool), np.ones_like(x, dtype=bool)
    for _ in range(maxiter):
        value = f(x)
        if not np.any(value):
            failed = np.zeros_like(failed)
            break
        rate = slope(x)
        sloped = rate != 0
        if not np.any(sloped):
            break
        rate = np.where(sloped, rate, 1.0)
        step = value / rate
        if curvature is not None:
            step = step / (1.0 - 0.5 * step * curvature(x) / rate)
        x = np.where(sloped, x - step, x)
        failed = np.where(sloped, np.abs(step) >= tol, failed)
        if not np.any(failed & sloped):
            break
    return x, ~failed, ~sloped & failed


def secants(f, start, tol, maxiter):
    """The roots, which elements converged, and which of the others have no slope."""
    eps = np.finfo(float).eps ** 0.33
    x = start
    other = x * (1 + eps) + np.where(x >= 0, eps, -eps)
    value, f_other = f(x), f(other)
    failed, sloped = np.ones_like(x, dtype=bool), np.ones_like(x, dtype=bool)
    active = np.ones_like(x, dtype=bool)
    for _ in range(maxiter):
        sloped = f_other != value
        if not np.any(sloped):
            x = (other + x) / 2.0
            break
        step = f_other * (other - x) / np.where(sloped, f_other - value, 1.0)
        x = np.where(sloped, other - step, np.where(active, (other + x) / 2.0, x))
        active = active & sloped
        failed = np.where(sloped, np.abs(step) >= tol, failed)
        if not np.any(failed & sloped):
            break
        x, other = other, x
        value = f_other
        f_other = f(other)
    return x, ~failed, ~sloped & failed
