"""nbody: bodies that attract each other, leapfrog steps in place; the gradient of a spread at the end.

The result is the mean of |x|^2 at the end; the gradient is in positions, velocities and masses at the start.
"""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = (0, 1, 2)
SIZES = {"16 bodies, 50 steps": {"n": 16, "steps": 50}}
TINY = {"n": 3, "steps": 3}
SOFT = 0.05
"""The square of the distance below which the force is softened."""


def make(n, steps, seed=15):
    """x (n, 3), v (n, 3), mass (n), steps."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, 3)), 0.3 * rng.normal(size=(n, 3)), rng.uniform(0.5, 1.5, n) / n, steps


def accelerate(x, mass, out):
    """The acceleration of every body, written into `out`."""
    n = len(mass)
    for i in range(n):
        for a in range(3):
            out[i, a] = 0.0
    for i in range(n):
        for j in range(i):
            dx = x[j, 0] - x[i, 0]
            dy = x[j, 1] - x[i, 1]
            dz = x[j, 2] - x[i, 2]
            square = dx * dx + dy * dy + dz * dz + SOFT
            w = 1.0 / (square * math.sqrt(square))
            out[i, 0] += mass[j] * w * dx
            out[i, 1] += mass[j] * w * dy
            out[i, 2] += mass[j] * w * dz
            out[j, 0] -= mass[i] * w * dx
            out[j, 1] -= mass[i] * w * dy
            out[j, 2] -= mass[i] * w * dz


def objective(start, velocity, mass, steps):
    """The mean squared distance from the origin at the end."""
    n = len(mass)
    h = 0.01
    x = start.copy()
    v = velocity.copy()
    force = np.empty((n, 3))
    accelerate(x, mass, force)
    for _ in range(steps):
        for i in range(n):
            for a in range(3):
                v[i, a] += 0.5 * h * force[i, a]
                x[i, a] += h * v[i, a]
        accelerate(x, mass, force)
        for i in range(n):
            for a in range(3):
                v[i, a] += 0.5 * h * force[i, a]
    total = 0.0
    for i in range(n):
        for a in range(3):
            total += x[i, a] * x[i, a]
    return total / n


def derivative(s2sad):
    """The gradient in positions, velocities and masses."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def pull_accelerate(x, mass, out_bar, x_bar, mass_bar):
    """The adjoint of `accelerate`: adds to `x_bar` and `mass_bar`."""
    for i in range(len(mass)):
        for j in range(i):
            dx = x[j, 0] - x[i, 0]
            dy = x[j, 1] - x[i, 1]
            dz = x[j, 2] - x[i, 2]
            square = dx * dx + dy * dy + dz * dz + SOFT
            w = 1.0 / (square * math.sqrt(square))
            on_i = out_bar[i, 0] * dx + out_bar[i, 1] * dy + out_bar[i, 2] * dz
            on_j = out_bar[j, 0] * dx + out_bar[j, 1] * dy + out_bar[j, 2] * dz
            mass_bar[j] += w * on_i
            mass_bar[i] -= w * on_j
            w_bar = mass[j] * on_i - mass[i] * on_j
            twice = -3.0 * w_bar * w / square
            x_step = w * (mass[j] * out_bar[i, 0] - mass[i] * out_bar[j, 0]) + twice * dx
            y_step = w * (mass[j] * out_bar[i, 1] - mass[i] * out_bar[j, 1]) + twice * dy
            z_step = w * (mass[j] * out_bar[i, 2] - mass[i] * out_bar[j, 2]) + twice * dz
            x_bar[j, 0] += x_step
            x_bar[j, 1] += y_step
            x_bar[j, 2] += z_step
            x_bar[i, 0] -= x_step
            x_bar[i, 1] -= y_step
            x_bar[i, 2] -= z_step


def adjoint(start, velocity, mass, steps):
    """The gradient by hand: positions of every step are kept, forces are computed again where their adjoint is."""
    n = len(mass)
    h = 0.01
    x = np.empty((steps + 1, n, 3))
    x[0] = start
    v = velocity.copy()
    force = np.empty((n, 3))
    accelerate(x[0], mass, force)
    for t in range(steps):
        for i in range(n):
            for a in range(3):
                v[i, a] += 0.5 * h * force[i, a]
                x[t + 1, i, a] = x[t, i, a] + h * v[i, a]
        accelerate(x[t + 1], mass, force)
        for i in range(n):
            for a in range(3):
                v[i, a] += 0.5 * h * force[i, a]

    x_bar = np.empty((n, 3))
    v_bar = np.zeros((n, 3))
    force_bar = np.zeros((n, 3))
    mass_bar = np.zeros(n)
    for i in range(n):
        for a in range(3):
            x_bar[i, a] = 2.0 * x[steps, i, a] / n
    for t in range(steps - 1, -1, -1):
        for i in range(n):
            for a in range(3):
                force_bar[i, a] += 0.5 * h * v_bar[i, a]
        pull_accelerate(x[t + 1], mass, force_bar, x_bar, mass_bar)
        for i in range(n):
            for a in range(3):
                v_bar[i, a] += h * x_bar[i, a]
                force_bar[i, a] = 0.5 * h * v_bar[i, a]
    pull_accelerate(x[0], mass, force_bar, x_bar, mass_bar)
    return x_bar, v_bar, mass_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same with `lax.scan` and all pairs by broadcasting."""
    import jax
    import jax.numpy as jnp

    def f(start, velocity, mass, steps):
        h = 0.01

        def accelerate(x):
            d = x[None, :, :] - x[:, None, :]
            square = jnp.sum(d * d, axis=2) + SOFT
            return jnp.sum((mass / (square * jnp.sqrt(square)))[:, :, None] * d, axis=1)

        def step(carry, _):
            x, v, force = carry
            v = v + 0.5 * h * force
            x = x + h * v
            force = accelerate(x)
            return (x, v + 0.5 * h * force, force), None

        (x, _, _), _ = jax.lax.scan(step, (start, velocity, accelerate(start)), None, length=steps)
        return jnp.sum(x * x) / x.shape[0]

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS), static_argnums=3)
