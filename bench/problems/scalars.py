"""scalars: sixteen scalars through 1000 trips of a loop, Euler steps of Lorenz-96; the gradient in the start.

x_i' = (x_{i+1} - x_{i-2}) x_{i-1} - x_i + force, indexes modulo 16; the result is half the sum of squares
"""

import numpy as np

from bench.retarget import njit

ARGNUMS = 0
SIZES = {"16x1000": {"trips": 1000}}
TINY = {"trips": 3}


def make(trips, seed=7):
    """x (16), force, trips."""
    return np.random.default_rng(seed).normal(size=16), 8.0, trips


def objective(x, force, trips):
    """Half the sum of squares at the end."""
    h = 0.001
    x0, x1, x2, x3, x4, x5, x6, x7 = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
    x8, x9, x10, x11, x12, x13, x14, x15 = x[8], x[9], x[10], x[11], x[12], x[13], x[14], x[15]
    for _ in range(trips):
        d0 = (x1 - x14) * x15 - x0 + force
        d1 = (x2 - x15) * x0 - x1 + force
        d2 = (x3 - x0) * x1 - x2 + force
        d3 = (x4 - x1) * x2 - x3 + force
        d4 = (x5 - x2) * x3 - x4 + force
        d5 = (x6 - x3) * x4 - x5 + force
        d6 = (x7 - x4) * x5 - x6 + force
        d7 = (x8 - x5) * x6 - x7 + force
        d8 = (x9 - x6) * x7 - x8 + force
        d9 = (x10 - x7) * x8 - x9 + force
        d10 = (x11 - x8) * x9 - x10 + force
        d11 = (x12 - x9) * x10 - x11 + force
        d12 = (x13 - x10) * x11 - x12 + force
        d13 = (x14 - x11) * x12 - x13 + force
        d14 = (x15 - x12) * x13 - x14 + force
        d15 = (x0 - x13) * x14 - x15 + force
        x0 += h * d0
        x1 += h * d1
        x2 += h * d2
        x3 += h * d3
        x4 += h * d4
        x5 += h * d5
        x6 += h * d6
        x7 += h * d7
        x8 += h * d8
        x9 += h * d9
        x10 += h * d10
        x11 += h * d11
        x12 += h * d12
        x13 += h * d13
        x14 += h * d14
        x15 += h * d15
    return 0.5 * (
        x0 * x0
        + x1 * x1
        + x2 * x2
        + x3 * x3
        + x4 * x4
        + x5 * x5
        + x6 * x6
        + x7 * x7
        + x8 * x8
        + x9 * x9
        + x10 * x10
        + x11 * x11
        + x12 * x12
        + x13 * x13
        + x14 * x14
        + x15 * x15
    )


def derivative(s2sad):
    """The gradient in x."""
    return s2sad.grad(objective)


def adjoint(x, force, trips):
    """The gradient by hand: sixteen numbers of each trip are kept."""
    h = 0.001
    kept = np.empty((trips, 16))
    x0, x1, x2, x3, x4, x5, x6, x7 = x[0], x[1], x[2], x[3], x[4], x[5], x[6], x[7]
    x8, x9, x10, x11, x12, x13, x14, x15 = x[8], x[9], x[10], x[11], x[12], x[13], x[14], x[15]
    for t in range(trips):
        row = kept[t]
        row[0] = x0
        row[1] = x1
        row[2] = x2
        row[3] = x3
        row[4] = x4
        row[5] = x5
        row[6] = x6
        row[7] = x7
        row[8] = x8
        row[9] = x9
        row[10] = x10
        row[11] = x11
        row[12] = x12
        row[13] = x13
        row[14] = x14
        row[15] = x15
        d0 = (x1 - x14) * x15 - x0 + force
        d1 = (x2 - x15) * x0 - x1 + force
        d2 = (x3 - x0) * x1 - x2 + force
        d3 = (x4 - x1) * x2 - x3 + force
        d4 = (x5 - x2) * x3 - x4 + force
        d5 = (x6 - x3) * x4 - x5 + force
        d6 = (x7 - x4) * x5 - x6 + force
        d7 = (x8 - x5) * x6 - x7 + force
        d8 = (x9 - x6) * x7 - x8 + force
        d9 = (x10 - x7) * x8 - x9 + force
        d10 = (x11 - x8) * x9 - x10 + force
        d11 = (x12 - x9) * x10 - x11 + force
        d12 = (x13 - x10) * x11 - x12 + force
        d13 = (x14 - x11) * x12 - x13 + force
        d14 = (x15 - x12) * x13 - x14 + force
        d15 = (x0 - x13) * x14 - x15 + force
        x0 += h * d0
        x1 += h * d1
        x2 += h * d2
        x3 += h * d3
        x4 += h * d4
        x5 += h * d5
        x6 += h * d6
        x7 += h * d7
        x8 += h * d8
        x9 += h * d9
        x10 += h * d10
        x11 += h * d11
        x12 += h * d12
        x13 += h * d13
        x14 += h * d14
        x15 += h * d15
    b0, b1, b2, b3, b4, b5, b6, b7 = x0, x1, x2, x3, x4, x5, x6, x7
    b8, b9, b10, b11, b12, b13, b14, b15 = x8, x9, x10, x11, x12, x13, x14, x15
    for t in range(trips - 1, -1, -1):
        row = kept[t]
        x0, x1, x2, x3, x4, x5, x6, x7 = row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7]
        x8, x9, x10, x11, x12, x13, x14, x15 = row[8], row[9], row[10], row[11], row[12], row[13], row[14], row[15]
        c0 = b15 * x14 - b2 * x1 + b1 * (x2 - x15) - b0
        c1 = b0 * x15 - b3 * x2 + b2 * (x3 - x0) - b1
        c2 = b1 * x0 - b4 * x3 + b3 * (x4 - x1) - b2
        c3 = b2 * x1 - b5 * x4 + b4 * (x5 - x2) - b3
        c4 = b3 * x2 - b6 * x5 + b5 * (x6 - x3) - b4
        c5 = b4 * x3 - b7 * x6 + b6 * (x7 - x4) - b5
        c6 = b5 * x4 - b8 * x7 + b7 * (x8 - x5) - b6
        c7 = b6 * x5 - b9 * x8 + b8 * (x9 - x6) - b7
        c8 = b7 * x6 - b10 * x9 + b9 * (x10 - x7) - b8
        c9 = b8 * x7 - b11 * x10 + b10 * (x11 - x8) - b9
        c10 = b9 * x8 - b12 * x11 + b11 * (x12 - x9) - b10
        c11 = b10 * x9 - b13 * x12 + b12 * (x13 - x10) - b11
        c12 = b11 * x10 - b14 * x13 + b13 * (x14 - x11) - b12
        c13 = b12 * x11 - b15 * x14 + b14 * (x15 - x12) - b13
        c14 = b13 * x12 - b0 * x15 + b15 * (x0 - x13) - b14
        c15 = b14 * x13 - b1 * x0 + b0 * (x1 - x14) - b15
        b0 += h * c0
        b1 += h * c1
        b2 += h * c2
        b3 += h * c3
        b4 += h * c4
        b5 += h * c5
        b6 += h * c6
        b7 += h * c7
        b8 += h * c8
        b9 += h * c9
        b10 += h * c10
        b11 += h * c11
        b12 += h * c12
        b13 += h * c13
        b14 += h * c14
        b15 += h * c15
    return np.array([b0, b1, b2, b3, b4, b5, b6, b7, b8, b9, b10, b11, b12, b13, b14, b15])


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same with `lax.scan` over a vector."""
    import jax
    import jax.numpy as jnp

    def f(x, force, trips):
        def step(x, _):
            slope = (jnp.roll(x, -1) - jnp.roll(x, 2)) * jnp.roll(x, 1) - x + force
            return x + 0.001 * slope, None

        x, _ = jax.lax.scan(step, x, None, length=trips)
        return 0.5 * jnp.sum(x * x)

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective()), static_argnums=2)
