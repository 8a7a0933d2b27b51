"""smithwaterman: the smoothed score of the best local alignment of two sequences; the gradient in scores and gap.

h[i, j] = lse(0, h[i-1, j-1] + score[a_i, b_j], h[i-1, j] - gap, h[i, j-1] - gap);  the result is lse of all h
"""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = (0, 1)
SIZES = {"100x120": {"n": 100, "m": 120, "letters": 20}}
TINY = {"n": 4, "m": 5, "letters": 3}


def make(n, m, letters, seed=10):
    """score (letters, letters), gap, two sequences of letters."""
    rng = np.random.default_rng(seed)
    score = rng.normal(size=(letters, letters)) - 1.0 + 3.0 * np.eye(letters)
    return score, 2.0, rng.integers(0, letters, n), rng.integers(0, letters, m)


def objective(score, gap, first, second):
    """The smoothed score."""
    n, m = len(first), len(second)
    h = np.zeros((n + 1, m + 1))
    top = 0.0
    for i in range(n):
        for j in range(m):
            a = h[i, j] + score[first[i], second[j]]
            b = h[i, j + 1] - gap
            c = h[i + 1, j] - gap
            high = max(0.0, a, b, c)
            s = math.exp(-high) + math.exp(a - high) + math.exp(b - high) + math.exp(c - high)
            h[i + 1, j + 1] = high + math.log(s)
            top = max(top, h[i + 1, j + 1])
    total = 0.0
    for i in range(n):
        for j in range(m):
            total += math.exp(h[i + 1, j + 1] - top)
    return top + math.log(total)


def derivative(s2sad):
    """The gradient in score and gap."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def adjoint(score, gap, first, second):
    """The gradient by hand: the weights of each choice are kept, so that the reverse sweep has no exponentials."""
    n, m = len(first), len(second)
    h = np.zeros((n + 1, m + 1))
    weights = np.empty((n, m, 3))
    top = 0.0
    for i in range(n):
        for j in range(m):
            a = h[i, j] + score[first[i], second[j]]
            b = h[i, j + 1] - gap
            c = h[i + 1, j] - gap
            high = max(0.0, a, b, c)
            e0 = math.exp(a - high)
            e1 = math.exp(b - high)
            e2 = math.exp(c - high)
            s = math.exp(-high) + e0 + e1 + e2
            weights[i, j, 0] = e0 / s
            weights[i, j, 1] = e1 / s
            weights[i, j, 2] = e2 / s
            h[i + 1, j + 1] = high + math.log(s)
            top = max(top, h[i + 1, j + 1])
    total = 0.0
    for i in range(n):
        for j in range(m):
            h[i + 1, j + 1] = math.exp(h[i + 1, j + 1] - top)
            total += h[i + 1, j + 1]

    row_bar = np.zeros(m + 1)
    above_bar = np.zeros(m + 1)
    score_bar = np.zeros_like(score)
    gap_bar = 0.0
    for i in range(n - 1, -1, -1):
        for j in range(m + 1):
            above_bar[j] = 0.0
        for j in range(m - 1, -1, -1):
            bar = row_bar[j + 1] + h[i + 1, j + 1] / total
            a_bar = bar * weights[i, j, 0]
            b_bar = bar * weights[i, j, 1]
            c_bar = bar * weights[i, j, 2]
            above_bar[j] += a_bar
            above_bar[j + 1] += b_bar
            row_bar[j] += c_bar
            score_bar[first[i], second[j]] += a_bar
            gap_bar -= b_bar + c_bar
        row_bar, above_bar = above_bar, row_bar
    return score_bar, gap_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same by a scan over anti-diagonals."""
    import jax
    import jax.numpy as jnp

    def f(score, gap, first, second):
        n, m = first.shape[0], second.shape[0]
        rows = np.arange(n)
        columns = np.arange(n + m - 1)[:, None] - rows
        inside = (columns >= 0) & (columns < m)
        skewed = score[first[rows], second[np.clip(columns, 0, m - 1)]]
        zero = jnp.zeros(1)

        def step(carry, now):
            before, last = carry
            match, inside = now
            diagonal = jnp.concatenate((zero, before[:-1])) + match
            above = jnp.concatenate((zero, last[:-1])) - gap
            choices = jnp.stack((jnp.zeros(n), diagonal, above, last - gap))
            new = jnp.where(inside, jax.nn.logsumexp(choices, axis=0), 0.0)
            return (last, new), new

        _, table = jax.lax.scan(step, (jnp.zeros(n), jnp.zeros(n)), (skewed, inside))
        return jax.nn.logsumexp(table, where=inside)

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS))
