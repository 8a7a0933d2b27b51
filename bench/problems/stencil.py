"""stencil: red-black Gauss-Seidel sweeps in place on -laplace(u) + u^3 = f, a 2-D grid; the gradient in f.

The result is the mean square of u minus a target, after a fixed number of sweeps from u = start.
"""

import numpy as np

from bench.retarget import njit

ARGNUMS = (0, 1)
SIZES = {"64x64, 30 sweeps": {"n": 64, "sweeps": 30}}
TINY = {"n": 6, "sweeps": 2}


def make(n, sweeps, seed=8):
    """start (n, n), f (n, n), target (n, n), sweeps."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, n)), rng.normal(size=(n, n)), rng.normal(size=(n, n)), sweeps


def objective(start, f, target, sweeps):
    """The mean squared misfit."""
    n, m = start.shape
    u = start.copy()
    h2 = 1.0 / (n * m)
    for _ in range(sweeps):
        for colour in range(2):
            for i in range(1, n - 1):
                for j in range(1 + (i + colour) % 2, m - 1, 2):
                    around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                    u[i, j] = 0.25 * (around + h2 * (f[i, j] - u[i, j] ** 3))
    total = 0.0
    for i in range(n):
        for j in range(m):
            diff = u[i, j] - target[i, j]
            total += diff * diff
    return total / (n * m)


def derivative(s2sad):
    """The gradient in start and f."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def adjoint(start, f, target, sweeps):
    """The gradient by hand: what each update overwrites is kept."""
    n, m = start.shape
    u = start.copy()
    h2 = 1.0 / (n * m)
    kept = np.empty(sweeps * (n - 2) * (m - 2))
    top = 0
    for _ in range(sweeps):
        for colour in range(2):
            for i in range(1, n - 1):
                for j in range(1 + (i + colour) % 2, m - 1, 2):
                    old = u[i, j]
                    kept[top] = old
                    top += 1
                    around = u[i - 1, j] + u[i + 1, j] + u[i, j - 1] + u[i, j + 1]
                    u[i, j] = 0.25 * (around + h2 * (f[i, j] - old * old * old))

    u_bar = np.empty((n, m))
    f_bar = np.zeros((n, m))
    for i in range(n):
        for j in range(m):
            u_bar[i, j] = 2.0 * (u[i, j] - target[i, j]) / (n * m)
    for _ in range(sweeps):
        for colour in range(1, -1, -1):
            for i in range(n - 2, 0, -1):
                first = 1 + (i + colour) % 2
                for j in range(first + 2 * ((m - 2 - first) // 2), first - 1, -2):
                    top -= 1
                    old = kept[top]
                    quarter = 0.25 * u_bar[i, j]
                    f_bar[i, j] += h2 * quarter
                    u_bar[i, j] = -3.0 * h2 * old * old * quarter
                    u_bar[i - 1, j] += quarter
                    u_bar[i + 1, j] += quarter
                    u_bar[i, j - 1] += quarter
                    u_bar[i, j + 1] += quarter
    return u_bar, f_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same with slices and a mask for each colour."""
    import jax
    import jax.numpy as jnp

    def g(start, f, target, sweeps):
        n, m = start.shape
        h2 = 1.0 / (n * m)
        rows, columns = np.indices((n - 2, m - 2))
        masks = [(rows + columns + colour) % 2 == 1 for colour in range(2)]

        def sweep(u, _):
            for mask in masks:
                around = u[:-2, 1:-1] + u[2:, 1:-1] + u[1:-1, :-2] + u[1:-1, 2:]
                middle = u[1:-1, 1:-1]
                new = 0.25 * (around + h2 * (f[1:-1, 1:-1] - middle**3))
                u = u.at[1:-1, 1:-1].set(jnp.where(mask, new, middle))
            return u, None

        u, _ = jax.lax.scan(sweep, start, None, length=sweeps)
        return jnp.mean((u - target) ** 2)

    return g


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS), static_argnums=3)
