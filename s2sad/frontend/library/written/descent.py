"""Minima and roots of functions of vectors, by derivatives of the compiler's: to the tolerance, not by SciPy's steps.

Sources: Nocedal and Wright, "Numerical Optimization" (2006), algorithm 6.1 (BFGS, scaled by 6.20); Powell, "A hybrid
method for nonlinear equations" (1970).
"""

import numpy as np

GOAL = 1e-10
"""The slope at which a minimum is as good as it gets."""


def bfgs(f, slope, start, tolerance, most):
    """A point where the slope is small, how many steps led there, and whether it is within the tolerance."""
    x, value, g = start, f(start), slope(start)
    inverse = np.eye(len(start))
    count = 0
    stuck = False
    while not stuck and count < most and np.max(np.abs(g)) > GOAL:
        direction = -(inverse @ g)
        rate = g @ direction
        if not rate < 0.0:
            inverse = np.eye(len(start))
            direction = -g
            rate = -(g @ g)
        size = min(1.0, 1.0 / np.sqrt(g @ g)) if count == 0 else 1.0
        after = x + size * direction
        value_after = f(after)
        tries = 0
        while not value_after <= value + 1e-4 * size * rate and tries < 40:
            size = 0.5 * size
            after = x + size * direction
            value_after = f(after)
            tries = tries + 1
        stuck = tries == 40
        if not stuck:
            g_after = slope(after)
            moved, turned = after - x, g_after - g
            curved = moved @ turned
            if curved > 1e-14 * (turned @ turned):
                if count == 0:
                    inverse = inverse * (curved / (turned @ turned))
                left = np.eye(len(start)) - np.outer(moved, turned) / curved
                inverse = left @ inverse @ left.T + np.outer(moved, moved) / curved
            x, value, g = after, value_after, g_after
            count = count + 1
    return x, count, np.max(np.abs(g)) <= tolerance


def dogleg(f, slopes, start, xtol, most):
    """A point where a function is zero, how many steps led there, and whether they converged.

    Powell's method with MINPACK's rules for scales and radius (`hybrj`), with a Jacobian for each step.
    """
    x, value = start, f(start)
    scale, radius = np.zeros(len(start)), 0.0
    count, good = 0, 0
    converged = not np.any(value)
    stuck = False
    while not converged and not stuck and count < most:
        matrix = slopes(x)
        columns = np.sqrt(np.sum(matrix**2, axis=0))
        scale = np.where(columns > 0.0, columns, 1.0) if count == 0 else np.maximum(scale, columns)
        if count == 0:
            size = length(scale * x)
            radius = 100.0 * size if size > 0.0 else 100.0
        step = within(matrix, value, scale, radius)
        reach = length(scale * step)
        radius = min(radius, reach) if count == 0 else radius
        after = f(x + step)
        norm, norm_after, norm_linear = length(value), length(after), length(value + matrix @ step)
        actual = 1.0 - (norm_after / norm) ** 2 if norm_after < norm else -1.0
        expected = 1.0 - (norm_linear / norm) ** 2 if norm_linear < norm else 0.0
        ratio = actual / expected if expected > 0.0 else 0.0
        good = 0 if ratio < 0.1 else good + 1
        if ratio < 0.1:
            radius = 0.5 * radius
        elif ratio >= 0.5 or good > 1:
            radius = max(radius, 2.0 * reach)
        if abs(ratio - 1.0) <= 0.1:
            radius = 2.0 * reach
        if ratio >= 1e-4:
            x, value = x + step, after
        # Where the function is smallest and not zero the radius is small as well, and no step leads to zero.
        size = length(scale * x)
        newton = newton_step(matrix, value)
        leads = length(value + matrix @ newton) <= 1e-6 * length(value)
        converged = (leads and length(scale * newton) <= xtol * size) or not np.any(value)
        stuck = radius <= xtol * size
        count = count + 1
    return x, count, converged


def within(matrix, value, scale, radius):
    """The step of Newton's where it is inside the radius, else one on the way there from the steepest descent."""
    newton = newton_step(matrix, value)
    reach = length(scale * newton)
    if reach <= radius:
        return newton
    descent = -(matrix.T @ value) / scale
    norm = length(descent)
    if norm == 0.0:
        return newton * (radius / reach)
    way = descent / norm / scale
    far = norm / length(matrix @ way) ** 2
    if far >= radius:
        return way * radius
    cauchy = way * far
    onward = newton - cauchy
    a, b, c = length(scale * onward) ** 2, (scale * cauchy) @ (scale * onward), far**2 - radius**2
    return cauchy + onward * ((-b + np.sqrt(b * b - a * c)) / a)


def newton_step(matrix, value):
    return -(np.linalg.pinv(matrix) @ value)


def length(x):
    return np.sqrt(x @ x)
