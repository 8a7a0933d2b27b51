"""The explicit Runge-Kutta methods of `scipy.integrate.solve_ivp`, with its coefficients and its control of steps
(Hairer, Norsett and Wanner, "Solving Ordinary Differential Equations I", sections II.4 and II.10).

A derivative runs every step that was accepted, whose size is a constant to it, but for the last one, which ends where
the interval does.
"""

from typing import Any, NamedTuple

import numpy as np
from scipy.integrate import DOP853, RK23, RK45

from s2sad.rules.control import stop_gradient

SAFETY, LEAST, MOST = 0.9, 0.2, 10.0
"""How much smaller than estimated a step is chosen, and by how much its size may change at once."""


class Tableau(NamedTuple):
    """A method: how the slopes before are weighted in each stage, the last of which is at the end of the step; when
    each is; the errors' weights; those of the interpolant; and the order of the estimate of the error."""

    weights: Any
    nodes: Any
    errors: Any
    more_errors: Any
    dense: Any
    order: int


def tableau(method):
    stages = method.n_stages
    weights = np.zeros((stages + 1, stages + 1))
    weights[:stages, : method.A.shape[1]] = method.A[:stages]
    weights[stages, :stages] = method.B
    nodes = np.append(method.C[:stages], 1.0)
    if method is DOP853:
        return Tableau(weights, nodes, method.E5, method.E3, method.D, method.error_estimator_order)
    return Tableau(weights, nodes, method.E, method.E, method.P, method.error_estimator_order)


TABLEAUS = {"RK45": tableau(RK45), "RK23": tableau(RK23), "DOP853": tableau(DOP853)}
EXTRA = np.zeros((3, 16))
EXTRA[:, : DOP853.A_EXTRA.shape[1]] = DOP853.A_EXTRA
EXTRA_NODES = np.array(DOP853.C_EXTRA)


def step(slope, t, y, f, h, method):
    """The slopes of all stages, the last of them at the end of the step, and the solution there."""
    table = TABLEAUS[method]
    stages = len(table.nodes)
    slopes = np.zeros((stages, len(y)))
    slopes[0] = f
    after = y
    for j in range(1, stages):
        after = y + h * (table.weights[j] @ slopes)
        slopes[j] = slope(t + table.nodes[j] * h, after)
    return slopes, after


def error_of(slopes, h, scale, method):
    """The norm of the estimated error in units of the tolerance."""
    table = TABLEAUS[method]
    first = (table.errors @ slopes) / scale
    if method != "DOP853":
        return norm(first * h)
    fifth = np.sum(first**2)
    third = np.sum(((table.more_errors @ slopes) / scale) ** 2)
    if fifth == 0.0 and third == 0.0:
        return 0.0
    return abs(h) * fifth / np.sqrt((fifth + 0.01 * third) * len(scale))


def norm(x):
    return np.sqrt(np.mean(x**2))


def first_step(slope, t, y, end, most, f, direction, order, rtol, atol):
    """The size of the first step, by how fast the slope changes."""
    length = abs(end - t)
    scale = atol + np.abs(y) * rtol
    size, rate = norm(y / scale), norm(f / scale)
    h = 1e-6 if size < 1e-5 or rate < 1e-5 else 0.01 * size / rate
    h = min(h, length)
    bend = norm((stop_gradient(slope(t + h * direction, y + h * direction * f)) - f) / scale) / h
    steady = rate <= 1e-15 and bend <= 1e-15
    after = max(1e-6, h * 1e-3) if steady else (0.01 / max(rate, bend)) ** (1 / (order + 1))
    return min(100 * h, after, length, most)


def interpolant(slope, t, y, h, slopes, after, method):
    """The coefficients of the polynomial that follows the solution through a step."""
    if method != "DOP853":
        return h * (TABLEAUS[method].dense.T @ slopes)
    every = np.zeros((16, len(y)))
    every[:13] = slopes
    for j in range(3):
        every[13 + j] = slope(t + EXTRA_NODES[j] * h, y + h * (EXTRA[j] @ every))
    change = after - y
    out = np.zeros((7, len(y)))
    out[0] = change
    out[1] = h * slopes[0] - change
    out[2] = 2 * change - h * (slopes[12] + slopes[0])
    out[3:] = h * (TABLEAUS[method].dense @ every)
    return out


def follow(coefficients, y, x, method):
    """The solution at a share `x` of the step."""
    total = np.zeros(len(y))
    count = len(coefficients)
    if method != "DOP853":
        for k in range(count):
            total = (total + coefficients[count - 1 - k]) * x
    else:
        for k in range(count):
            total = (total + coefficients[count - 1 - k]) * (x if k % 2 == 0 else 1 - x)
    return y + total


def spacing(t):
    """How far the next number is."""
    return 2.0 ** (np.floor(np.log2(max(abs(t), 1e-290))) - 52)


def solve(fun, start, end, y0, method, t_eval, most, rtol, atol, first):
    """The times, the solution at them in rows, how often the function was called, and whether the end was reached."""
    def slope(t, y):
        return np.asarray(fun(t, y)) * np.ones(len(y))

    direction = -1.0 if end < start else 1.0
    bound = stop_gradient(end)
    order = TABLEAUS[method].order
    t, y = start, y0
    f = slope(t, y)
    calls = 1
    if first is None:
        constants = stop_gradient(t), stop_gradient(y), bound, most, stop_gradient(f)
        size = stop_gradient(first_step(slope, *constants, direction, order, rtol, atol))
        calls = 2
    else:
        size = stop_gradient(first * 1.0)
    times, values = [], []
    place = 0
    if t_eval is None:
        times.append(t)
        values.append(y)
    rejected, failed = False, False
    while not failed and direction * (t - bound) < 0.0:
        now = stop_gradient(t)
        least = 10 * spacing(now)
        if not rejected:
            size = most if size > most else least if size < least else size
        if size < least:
            failed = True
        else:
            last = direction * (now + size * direction - bound) > 0.0
            t_new = end if last else t + size * direction
            h = t_new - t
            slopes, after = step(slope, t, y, f, h, method)
            calls = calls + len(TABLEAUS[method].nodes) - 1
            known, width = stop_gradient(slopes), stop_gradient(h)
            scale = atol + np.maximum(np.abs(stop_gradient(y)), np.abs(stop_gradient(after))) * rtol
            error = error_of(known, width, scale, method)
            size = abs(width)
            if error < 1.0:
                factor = MOST if error == 0.0 else min(MOST, SAFETY * error ** (-1 / (order + 1)))
                size = size * (min(1.0, factor) if rejected else factor)
                rejected = False
                if t_eval is None:
                    times.append(t_new)
                    values.append(after)
                elif place < len(t_eval) and direction * (t_eval[place] - t_new) <= 0.0:
                    polynomial = interpolant(slope, t, y, h, slopes, after, method)
                    calls = calls + (3 if method == "DOP853" else 0)
                    while place < len(t_eval) and direction * (t_eval[place] - t_new) <= 0.0:
                        values.append(follow(polynomial, y, (t_eval[place] - t) / h, method))
                        place = place + 1
                t, y, f = t_new, after, slopes[-1]
            else:
                size = size * max(LEAST, SAFETY * error ** (-1 / (order + 1)))
                rejected = True
    found = np.array(times) if t_eval is None else t_eval[:place]
    return found, np.array(values), calls, not failed
