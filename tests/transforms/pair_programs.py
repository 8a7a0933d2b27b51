"""Programs for `test_pairs`: numbers and arrays of parameters in every place where a loop may keep them.

Each takes one vector of parameters and gives a number or an array; plain Python is its own reference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

Y = np.array([0.3, -0.2, 0.5, 0.1, -0.4])
COUNTS = np.array([3, 0, 2])
FLAGS = np.array([True, False, True, True])
C = np.array([[1.0, 0.2, 0.1], [0.3, 0.8, 0.2], [0.1, 0.1, 0.9]])

PROGRAMS: dict[str, tuple[Callable[..., Any], tuple[float, ...]]] = {}


def program(*point: float) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a program, with the point to differentiate it at."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        PROGRAMS[function.__name__] = function, point
        return function

    return add


# -- parameters in an array, then a recurrence


@program(0.1, 0.2)
def packed(u):
    a, b = np.array([np.exp(u[0]), u[1]])
    h = 1.0
    for _ in range(len(Y)):
        h = a + b * h
    return h


@program(0.1, 0.2)
def unpacked(u):
    a, b = np.exp(u)
    h = 1.0
    for t in range(len(Y)):
        h = a * Y[t] + b * np.sin(h)
    return h


@program(0.1, 0.2)
def indexed(u):
    p = np.exp(u)
    h = 1.0
    for t in range(len(Y)):
        h = p[0] * np.sin(h) + p[1] * Y[t]
    return h


@program(0.4, 0.2, 0.7)
def filled(u):
    p = np.empty(3)
    for i in range(3):
        p[i] = np.tanh(u[i]) * (i + 1)
    s = 0.0
    for i in range(3):
        s = s * p[2 - i] + p[i] * p[i]
    return s


@program(0.4, 0.2, 0.7)
def accumulated(u):
    p = np.zeros(4)
    for i in range(3):
        p[i] += u[i] * u[i]
        p[i + 1] += np.sin(u[i])
    return p[1] * p[2] + p[0] * p[3]


@program(0.4, 0.2)
def constants_then_stores(u):
    p = np.ones(3)
    h = 0.5
    for t in range(4):
        p[t % 3] = p[(t + 1) % 3] * h
        h = h * u[0] + u[1]
    return p[0] * p[1] + p[2] + h


# -- rows and elements, under branches, in nested loops


@program(0.4, -0.2, 0.7)
def rows_and_elements(u):
    A = np.zeros((3, 3))
    for i in range(3):
        if u[i] > 0.0:
            A[i] = u * u[i]
        else:
            for j in range(3):
                A[i, j] = np.sin(u[j]) + u[i]
        A[i, i] += 1.0
    return np.sum(A @ A)


@program(0.4, -0.2, 0.7)
def branches_of_indexes(u):
    A = np.empty((3, 3))
    for i in range(3):
        for j in range(3):
            if i < j:
                A[i, j] = u[i] * u[j]
            elif i == j:
                A[i, j] = np.exp(u[i])
            else:
                A[i, j] = A[j, i] * 0.5
    s = 0.0
    for i in range(3):
        s += A[i, 2 - i] * np.sum(A[i])
    return s


@program(0.4, 0.3)
def row_from_row(u):
    A = np.zeros((4, 2))
    A[0] = u
    for i in range(1, 4):
        if i % 2:
            A[i] = A[i - 1] * u[0] + u
        else:
            A[i, 0] = A[i - 1, 1] * u[1]
            A[i, 1] = A[i - 1, 0]
    return A


@program(0.4, -0.3)
def rows_of_a_choice(u):
    A = np.zeros((3, 2))
    for i in range(3):
        for j in range(2):
            if u[j] * (i - 1) > 0.0:
                A[i, j] = u[j] ** 2
            elif i == 1:
                A[i] = np.cos(u) * (j + 1)
    return np.sum(A * A, axis=0)


# -- state carried, whiles, breaks, helpers


def step(state, p):
    s, i, r = state
    new = p[0] * s * i
    gone = p[1] * i
    return s - new, i + new - gone, r + gone


@program(0.5, 0.1)
def tuple_state(p):
    state = 0.9, 0.1, 0.0
    for _ in range(4):
        state = step(state, p)
    return state[1] + 2.0 * state[2]


@program(0.5, 0.1)
def sir_by_rk4(p):
    def slope(z):
        new, gone = p[0] * z[0] * z[1], p[1] * z[1]
        return np.array([-new, new - gone, gone])

    z = np.array([0.9, 0.1, 0.0])
    h = 0.5
    for _ in range(3):
        k1 = slope(z)
        k2 = slope(z + 0.5 * h * k1)
        k3 = slope(z + 0.5 * h * k2)
        k4 = slope(z + h * k3)
        z = z + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
    return z[1] + 2.0 * z[2]


@program(1.7, 0.3)
def heron(u):
    x = u[0]
    while abs(x * x - u[0]) > 1e-14:
        x = 0.5 * (x + u[0] / x)
    return x * u[1]


@program(0.7, 0.3)
def left_early(u):
    s, p = 1.0, np.array([u[0], u[1], u[0] * u[1]])
    for t in range(20):
        s = s + p[t % 3] * s
        if s > 3.1:
            break
    return s


@program(0.7, 0.3)
def left_by_counter(u):
    s, k = 1.0, 0
    p = np.exp(u)
    while True:
        s = s * p[1] + p[0]
        k += 1
        if k == 3:
            break
    return s / k


@program(0.7, 0.3)
def skipped(u):
    p, s = np.tanh(u), 0.2
    for t in range(5):
        if t == 2:
            continue
        s = s * p[0] + p[1] * Y[t]
    return s


@program(0.2, 0.3, 0.5)
def garch(u):
    omega, alpha, beta = np.exp(u[0]), np.exp(-u[1] ** 2), 1.0 / (1.0 + np.exp(u[2]))
    p = np.array([omega, alpha, beta])
    h, nll = 0.5, 0.0
    for t in range(1, len(Y)):
        h = p[0] + p[1] * Y[t - 1] ** 2 + p[2] * h
        nll += 0.5 * (np.log(h) + Y[t] ** 2 / h)
    return nll


@program(0.3, -0.2, 0.4)
def ar(u):
    phi = np.tanh(u[:2])
    s = 0.0
    for t in range(2, len(Y)):
        mean = 0.0
        for k in range(2):
            mean += phi[k] * Y[t - 1 - k]
        s += (Y[t] - mean) ** 2 * np.exp(u[2])
    return s


@program(0.3, 0.8)
def kalman(u):
    F = np.array([[1.0, u[0]], [0.0, u[1]]])
    m, P = np.zeros(2), np.eye(2)
    nll = 0.0
    for t in range(len(Y)):
        m = F @ m
        P = F @ P @ F.T + 0.1 * np.eye(2)
        s = P[0, 0] + 0.5
        gain = P[:, 0] / s
        r = Y[t] - m[0]
        nll += np.log(s) + r * r / s
        m = m + gain * r
        P = P - np.outer(gain, P[0])
    return nll


@program(0.6, 1.3, 0.9)
def shortest_path(u):
    best = np.zeros(4)
    for i in range(1, 4):
        low = best[i - 1] + u[i - 1] * 1.1
        for j in range(i):
            low = min(low, best[j] + u[j] ** 2 + C[j, i - 1])
        best[i] = low
    return best[3]


@program(0.6, 1.3, 0.9)
def highest_of(u):
    m, k = u[0], 0
    for i in range(3):
        if u[i] * u[i] > m:
            m, k = u[i] * u[i], i
    return m * u[k] * np.maximum(u[0], 0.2)


@program(0.6, 1.3, 0.9)
def horner(c):
    s, x = 0.0, 0.7
    for i in range(2, -1, -1):
        s = s * x + c[i] * c[0]
    return s


@program(0.6, 1.3, 0.9)
def products(u):
    out = np.empty(3)
    s = 1.0
    for i in range(3):
        s *= u[i]
        out[i] = s
    return out + np.cumprod(u)


@program(0.3, 0.2)
def matrix_recurrence(u):
    A = np.array([[u[0], 0.1], [0.2, u[1]]])
    M = np.eye(2)
    for t in range(3):
        M = A @ M + Y[t]
    return M


@program(0.3, 0.2)
def matrix_of_lists(u):
    A = np.array([[u[0], 1.0], [u[1] * u[0], 0.5]])
    v = np.array([1.0, u[1]])
    for _ in range(3):
        w = np.zeros(2)
        for i in range(2):
            for j in range(2):
                w[i] += A[i, j] * v[j]
        v = np.tanh(w)
    return v


@program(0.3, 0.2)
def grown(u):
    h, seen = 1.0, []
    for t in range(len(Y)):
        h = u[0] * h + u[1] * Y[t]
        seen.append(h * h)
    s = 0.0
    for x in seen:
        s += x * h
    return s


@program(0.3, 0.2)
def grown_of_arrays(u):
    p, seen = np.exp(u), [u]
    for _ in range(3):
        seen.append(seen[-1] * p)
    return np.array(seen).sum(axis=0) * seen[1]


@program(0.3, 0.2)
def copied(u):
    a = u.copy()
    b = a
    for i in range(2):
        c = b.copy()
        b[i] = c[1 - i] * u[i] + 1.0
    return a * c


@program(0.3, 0.2, 0.7, 0.4)
def viewed(u):
    A = np.array([u, u * u]).T
    top, column = A[:2], A[:, 1]
    for i in range(2):
        top[i] = top[i] * 2.0
        column[3 - i] = column[i] * u[i]
    B = A.reshape(2, 4)
    return B[0] * B[1]


@program(0.3, 0.2)
def not_a_number(u):
    p = np.array([u[0], np.nan])
    h = 1.0
    for t in range(3):
        h = h * p[0] + (0.0 if np.isnan(p[1]) else p[1]) + Y[t] * u[1]
    return h


@program(0.3, 0.2)
def no_trips(u):
    p = np.exp(u)
    h = p[0] * p[1]
    for _ in range(0):
        h = h * p[0]
    for t in range(len(Y) - 4):
        h = h * p[1] + Y[t]
    return h


@program(0.3)
def one_parameter(u):
    p = np.sin(u)
    h = 1.0
    for _ in range(3):
        h = p[0] * h + u[0]
    return h


@program(0.3, 0.2)
def counted(u):
    p = np.exp(u)
    h, n, odd = 1.0, 0, False
    for _ in range(len(Y)):
        if odd:
            n += 1
            h = h * p[0]
        odd = not odd
        h = h + p[1] * COUNTS[n % 3] + (1.0 if FLAGS[n] else u[0])
    return h / (n + 1)


@program(0.4, 0.2)
def data_dependent_count(u):
    p, n = np.exp(u), 0
    s = 1.0
    for i in range(2):
        if p[i] > 1.33:
            n += 1
    for _ in range(n + 1):
        s = s * p[0] + p[1]
    return s / (1 + n)


@program(0.3, 0.2)
def complex_state(u):
    z, c = 0.1 + 0.0j, u[0] + 1j * u[1]
    for _ in range(4):
        z = z * z + c
    return z.real * z.real + z.imag


@program(0.3, 0.2)
def complex_array(u):
    z = np.zeros(3, dtype=complex)
    z[0] = u[0] + 1j * u[1]
    for i in range(2):
        z[i + 1] = z[i] * z[0] + 0.5j
    return np.abs(z[2]) ** 2 + z[1].imag


def power(x, n):
    if n == 0:
        return 1.0
    return x * power(x, n - 1)


@program(0.7, 1.2)
def recursive(u):
    p = np.array([u[0] * u[1], u[1]])
    s = 0.5
    for n in range(3):
        s = s * p[1] + power(p[0], n)
    return s


def fold(A, i):
    if i == len(A):
        return 1.0
    return A[i] * fold(A, i + 1) + np.sin(A[i])


def chosen(x, depth):
    return x if depth == 0 else np.sin(x) * chosen(x, depth - 1)


@program(0.7, 1.2)
def recursive_outside_loops(u):
    p = np.array([u[0], u[0] * u[1]])
    s = chosen(p[0] * p[1], 2)
    for t in range(3):
        s = s * p[0] + Y[t]
    return s


@program(0.7, 1.2, 0.4)
def recursive_array(u):
    return fold(u * u, 0) * fold(Y, 2)


@program(0.7, 1.2)
def closed_over(u):
    p = np.array([u[0], u[1] * u[0]])

    def advance(h, t):
        return p[0] * h + p[1] * Y[t]

    h = 1.0
    for t in range(len(Y)):
        h = advance(h, t)
    return h


@program(0.7, 1.2)
def records(u):
    model = {"ar": [np.exp(u), u * u], "level": u[0]}
    h = model["level"]
    for t in range(4):
        for w in model["ar"]:
            h = np.tanh(h * w[0] + w[1] * Y[t])
    return h


@program(0.7, 1.2)
def half_uniform(u):
    p, w = np.array([u[0], 2.0]), np.zeros(4)
    q, r = 1.0, np.ones(2)
    for t in range(4):
        q = q * 0.5 + t
        w[t] = q
        r[t % 2] = r[t % 2] * q + u[1]
    s = 0.0
    for t in range(4):
        s = s * p[0] + w[t] * p[1] * r[t % 2]
    return s + w[3]


@program(0.7, 1.2)
def swapped(u):
    a, b = u[0], u[1]
    A, B = np.zeros(2), np.ones(2)
    for t in range(3):
        A[t % 2] = a * B[1 - t % 2]
        A, B = B, A
        a, b = b, a * b
    return A * B + a


@program(0.7, 0.4)
def slices_of_loops(u):
    p = np.concatenate((u, np.exp(u), u * u))
    s = 0.0
    for i in range(3):
        part = p[2 * i : 2 * i + 2]
        s = s * part[0] + np.dot(part, u)
    return s


@program(0.7, 0.4, 0.9)
def prefix_sums(u):
    s = 0.0
    for i in range(1, 3):
        head = u[:i] * u[0]
        s = s + np.sum(head) / len(head) * s + u[i]
    return s


@program(0.7, 0.4, -0.9)
def selected(u):
    chosen = u[u > 0.0]
    s = 0.0
    for i in range(len(chosen)):
        s = s * u[0] + chosen[i] * u[2]
    return s / len(chosen)


@program(0.7, 0.4)
def single(u):
    p = np.exp(u.astype(np.float32))
    h = np.float32(1.0)
    for _ in range(3):
        h = h * p[0] + p[1]
    return h * u[0]


@program(0.7, 0.4)
def guarded(u):
    p = np.array([u[0], u[1]])
    s = 1.0
    for t in range(4):
        if t > 10:
            raise ValueError("never")
        s = s * p[0] + p[1]
        if s != s:
            raise ValueError("no number")
    return s


@program(0.7, 0.4)
def reread(u):
    A = np.zeros((2, 3))
    for t in range(1, 3):
        A[:, t] = A[:, t - 1] * u + u[::-1]
        A[0, t] += A[1, t - 1]
    last = A[:, -1]
    return last[0] * last[1] * A[0, 1]
