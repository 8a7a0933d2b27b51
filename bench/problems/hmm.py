"""hmm: the log-likelihood of a hidden Markov model by the scaled forward algorithm; its gradient in all tables."""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = (0, 1, 2)
SIZES = {"8 states, 1000 steps": {"states": 8, "symbols": 12, "steps": 1000}}
TINY = {"states": 3, "symbols": 2, "steps": 4}


def make(states, symbols, steps, seed=13):
    """start (k), transition (k, k), emission (k, symbols), observations (steps)."""
    rng = np.random.default_rng(seed)
    tables = [rng.uniform(0.1, 1.0, size) for size in ((states,), (states, states), (states, symbols))]
    return (*(t / t.sum(-1, keepdims=True) for t in tables), rng.integers(0, symbols, steps))


def objective(start, transition, emission, observed):
    """The log-likelihood."""
    k = len(start)
    alpha = np.empty(k)
    new = np.empty(k)
    for i in range(k):
        alpha[i] = start[i] * emission[i, observed[0]]
    total = 0.0
    for t in range(1, len(observed)):
        scale = 0.0
        for i in range(k):
            scale += alpha[i]
        total += math.log(scale)
        for j in range(k):
            s = 0.0
            for i in range(k):
                s += alpha[i] * transition[i, j]
            new[j] = s / scale * emission[j, observed[t]]
        for j in range(k):
            alpha[j] = new[j]
    scale = 0.0
    for i in range(k):
        scale += alpha[i]
    return total + math.log(scale)


def derivative(s2sad):
    """The gradient in start, transition and emission."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def adjoint(start, transition, emission, observed):
    """The gradient by hand: alpha of every step is kept (scaled), and the sums over states."""
    k = len(start)
    steps = len(observed)
    alpha = np.empty((steps, k))
    sums = np.empty((steps, k))
    scales = np.empty(steps)
    for i in range(k):
        alpha[0, i] = start[i] * emission[i, observed[0]]
    for t in range(steps):
        scale = 0.0
        for i in range(k):
            scale += alpha[t, i]
        scales[t] = scale
        if t + 1 < steps:
            for j in range(k):
                sums[t + 1, j] = 0.0
            for i in range(k):
                scaled = alpha[t, i] / scale
                for j in range(k):
                    sums[t + 1, j] += scaled * transition[i, j]
            for j in range(k):
                alpha[t + 1, j] = sums[t + 1, j] * emission[j, observed[t + 1]]

    start_bar = np.empty(k)
    transition_bar = np.zeros((k, k))
    emission_bar = np.zeros(emission.shape)
    alpha_bar = np.empty(k)
    sum_bar = np.empty(k)
    for i in range(k):
        alpha_bar[i] = 1.0 / scales[steps - 1]
    for t in range(steps - 1, 0, -1):
        scale = scales[t - 1]
        scale_bar = 1.0 / scale
        for j in range(k):
            emission_bar[j, observed[t]] += alpha_bar[j] * sums[t, j]
            scaled = alpha_bar[j] * emission[j, observed[t]] / scale
            scale_bar -= scaled * sums[t, j]
            sum_bar[j] = scaled
        for i in range(k):
            s = scale_bar
            for j in range(k):
                s += sum_bar[j] * transition[i, j]
                transition_bar[i, j] += sum_bar[j] * alpha[t - 1, i]
            alpha_bar[i] = s
    for i in range(k):
        start_bar[i] = alpha_bar[i] * emission[i, observed[0]]
        emission_bar[i, observed[0]] += alpha_bar[i] * start[i]
    return start_bar, transition_bar, emission_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same with `lax.scan` and products of vector and matrix."""
    import jax
    import jax.numpy as jnp

    def f(start, transition, emission, observed):
        likelihood = jnp.take(emission, observed, axis=1).T

        def step(alpha, seen):
            scale = jnp.sum(alpha)
            return alpha / scale @ transition * seen, jnp.log(scale)

        alpha, logs = jax.lax.scan(step, start * likelihood[0], likelihood[1:])
        return jnp.sum(logs) + jnp.log(jnp.sum(alpha))

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS))
