"""softdtw: soft dynamic time warping of two series (Cuturi and Blondel 2017); the gradient in the first.

r[i, j] = |x_i - y_j|^2 + softmin(r[i-1, j], r[i, j-1], r[i-1, j-1]),  softmin(a) = -g log sum exp(-a / g)
"""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = 0
SIZES = {"128x128x2": {"n": 128, "m": 128, "d": 2}}
TINY = {"n": 4, "m": 3, "d": 2}
FAR = 1e10
"""The cost outside of the table."""


def make(n, m, d, seed=9):
    """x (n, d), y (m, d), gamma."""
    rng = np.random.default_rng(seed)
    return np.cumsum(rng.normal(size=(n, d)), 0) * 0.1, np.cumsum(rng.normal(size=(m, d)), 0) * 0.1, 0.5


def softmin(a, b, c, gamma):
    """The smoothed minimum of three numbers."""
    low = min(a, b, c)
    s = math.exp((low - a) / gamma) + math.exp((low - b) / gamma) + math.exp((low - c) / gamma)
    return low - gamma * math.log(s)


def objective(x, y, gamma):
    """The distance."""
    n, d = x.shape
    m = len(y)
    r = np.full((n + 1, m + 1), FAR)
    r[0, 0] = 0.0
    for i in range(n):
        for j in range(m):
            cost = 0.0
            for a in range(d):
                diff = x[i, a] - y[j, a]
                cost += diff * diff
            r[i + 1, j + 1] = cost + softmin(r[i, j + 1], r[i + 1, j], r[i, j], gamma)
    return r[n, m]


def derivative(s2sad):
    """The gradient in x."""
    return s2sad.grad(objective)


def adjoint(x, y, gamma):
    """The gradient by hand: the weights of each minimum are kept, so that the reverse sweep has no exponentials."""
    n, d = x.shape
    m = len(y)
    r = np.full((2, m + 1), FAR)
    r[0, 0] = 0.0
    weights = np.empty((n, m, 3))
    for i in range(n):
        above = r[i % 2]
        row = r[(i + 1) % 2]
        row[0] = FAR
        for j in range(m):
            cost = 0.0
            for a in range(d):
                diff = x[i, a] - y[j, a]
                cost += diff * diff
            low = min(above[j + 1], row[j], above[j])
            e0 = math.exp((low - above[j + 1]) / gamma)
            e1 = math.exp((low - row[j]) / gamma)
            e2 = math.exp((low - above[j]) / gamma)
            s = e0 + e1 + e2
            weights[i, j, 0] = e0 / s
            weights[i, j, 1] = e1 / s
            weights[i, j, 2] = e2 / s
            row[j + 1] = cost + low - gamma * math.log(s)

    row_bar = np.zeros(m + 1)
    above_bar = np.zeros(m + 1)
    row_bar[m] = 1.0
    x_bar = np.zeros((n, d))
    for i in range(n - 1, -1, -1):
        for j in range(m + 1):
            above_bar[j] = 0.0
        for j in range(m - 1, -1, -1):
            bar = row_bar[j + 1]
            for a in range(d):
                x_bar[i, a] += 2.0 * bar * (x[i, a] - y[j, a])
            above_bar[j + 1] += bar * weights[i, j, 0]
            row_bar[j] += bar * weights[i, j, 1]
            above_bar[j] += bar * weights[i, j, 2]
        row_bar, above_bar = above_bar, row_bar
    return x_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same by a scan over anti-diagonals, the way to give vectors to JAX."""
    import jax
    import jax.numpy as jnp

    def f(x, y, gamma):
        n, m = x.shape[0], y.shape[0]
        cost = jnp.sum((x[:, None, :] - y[None, :, :]) ** 2, axis=2)
        rows = np.arange(n)
        columns = np.arange(n + m - 1)[:, None] - rows
        inside = (columns >= 0) & (columns < m)
        skewed = jnp.where(inside, cost[rows, np.clip(columns, 0, m - 1)], FAR)
        far = jnp.full(1, FAR)

        def step(carry, now):
            before, last = carry
            diagonal = jnp.concatenate((before[0], before[1][:-1]))
            above = jnp.concatenate((far, last[:-1]))
            cost, inside = now
            soft = -gamma * jax.nn.logsumexp(-jnp.stack((above, last, diagonal)) / gamma, axis=0)
            new = jnp.where(inside, cost + soft, FAR)
            return ((far, last), new), None

        start = ((jnp.zeros(1), jnp.full(n, FAR)), jnp.full(n, FAR))
        (_, out), _ = jax.lax.scan(step, start, (skewed, inside))
        return out[-1]

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective()))
