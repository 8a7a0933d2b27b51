"""sir_hessian: the Hessian of `sir`, a 3 x 3 matrix."""

import numpy as np

from bench.problems.sir import ARGNUMS, SIZES, TINY, jax_objective, make, objective
from bench.retarget import njit

__all__ = ["ARGNUMS", "GRADIENT", "SIZES", "TINY", "derivative", "hand", "jax_objective", "jax_twin", "make",
           "objective"]  # fmt: skip
GRADIENT = False
FIRST = ((0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2))
"""The pairs of parameters with a second derivative of its own."""


def derivative(s2sad):
    """The Hessian in theta."""
    return s2sad.hessian(objective)


def rates(y, beta, gamma, out):
    """The slopes of s and i with their first and second derivatives in theta: rows of value, 3 and 6 derivatives."""
    s, i = y[0, 0], y[1, 0]
    out[1, 0] = beta * s * i
    for a in range(3):
        out[1, 1 + a] = beta * (y[0, 1 + a] * i + s * y[1, 1 + a])
    out[1, 1] += s * i
    for c in range(6):
        a, b = FIRST[c]
        both = y[0, 4 + c] * i + y[0, 1 + a] * y[1, 1 + b] + y[0, 1 + b] * y[1, 1 + a] + s * y[1, 4 + c]
        out[1, 4 + c] = beta * both
        if a == 0:
            out[1, 4 + c] += y[0, 1 + b] * i + s * y[1, 1 + b]
        if b == 0:
            out[1, 4 + c] += y[0, 1 + a] * i + s * y[1, 1 + a]
    for c in range(10):
        out[0, c] = -out[1, c]
        out[1, c] -= gamma * y[1, c]
    out[1, 2] -= i
    for c in range(6):
        a, b = FIRST[c]
        if a == 1:
            out[1, 4 + c] -= y[1, 1 + b]
        if b == 1:
            out[1, 4 + c] -= y[1, 1 + a]


def second_order(theta, data):
    """The Hessian by hand: three parameters call for the sensitivity equations of second order, forwards."""
    beta, gamma, start = theta[0], theta[1], theta[2]
    h = 0.5
    y = np.zeros((2, 10))
    y[0, 0], y[1, 0] = 1.0 - start, start
    y[0, 3], y[1, 3] = -1.0, 1.0
    w = np.empty((2, 10))
    k1 = np.empty((2, 10))
    k2 = np.empty((2, 10))
    k3 = np.empty((2, 10))
    k4 = np.empty((2, 10))
    hessian = np.zeros((3, 3))
    for t in range(len(data)):
        rates(y, beta, gamma, k1)
        for a in range(2):
            for c in range(10):
                w[a, c] = y[a, c] + 0.5 * h * k1[a, c]
        rates(w, beta, gamma, k2)
        for a in range(2):
            for c in range(10):
                w[a, c] = y[a, c] + 0.5 * h * k2[a, c]
        rates(w, beta, gamma, k3)
        for a in range(2):
            for c in range(10):
                w[a, c] = y[a, c] + h * k3[a, c]
        rates(w, beta, gamma, k4)
        for a in range(2):
            for c in range(10):
                y[a, c] += h / 6.0 * (k1[a, c] + 2.0 * k2[a, c] + 2.0 * k3[a, c] + k4[a, c])
        residual = y[1, 0] - data[t]
        for c in range(6):
            a, b = FIRST[c]
            hessian[a, b] += 2.0 * (y[1, 1 + a] * y[1, 1 + b] + residual * y[1, 4 + c])
    for c in range(6):
        a, b = FIRST[c]
        hessian[b, a] = hessian[a, b]
    return hessian


def hand():
    """The Hessian by hand for Numba."""
    return njit(second_order, error_model="numpy")


def jax_twin():
    """The same Hessian by JAX."""
    import jax

    return jax.jit(jax.hessian(jax_objective()))
