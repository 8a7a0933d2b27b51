"""garch: the negative log-likelihood of GARCH(1, 1); its gradient in (mu, omega, alpha, beta).

e_t = r_t - mu,  h_t = omega + alpha e_{t-1}^2 + beta h_{t-1},  0.5 sum_t log h_t + e_t^2 / h_t
"""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = 0
SIZES = {"2000 returns": {"n": 2000}}
TINY = {"n": 5}


def make(n, seed=12):
    """theta (4), returns (n)."""
    return np.array([0.02, 0.1, 0.1, 0.8]), np.random.default_rng(seed).normal(size=n)


def objective(theta, returns):
    """The negative log-likelihood."""
    mu, omega, alpha, beta = theta
    h = omega / (1.0 - alpha - beta)
    total = 0.0
    for t in range(len(returns)):
        e = returns[t] - mu
        total += math.log(h) + e * e / h
        h = omega + alpha * e * e + beta * h
    return 0.5 * total


def derivative(s2sad):
    """The gradient in theta."""
    return s2sad.grad(objective)


def adjoint(theta, returns):
    """The gradient by hand: the variances are kept."""
    mu, omega, alpha, beta = theta[0], theta[1], theta[2], theta[3]
    n = len(returns)
    kept = np.empty(n)
    start = omega / (1.0 - alpha - beta)
    h = start
    for t in range(n):
        kept[t] = h
        e = returns[t] - mu
        h = omega + alpha * e * e + beta * h
    mu_bar = omega_bar = alpha_bar = beta_bar = h_bar = 0.0
    for t in range(n - 1, -1, -1):
        h = kept[t]
        e = returns[t] - mu
        omega_bar += h_bar
        alpha_bar += h_bar * e * e
        beta_bar += h_bar * h
        mu_bar -= 2.0 * e * (h_bar * alpha + 0.5 / h)
        h_bar = h_bar * beta + 0.5 * (1.0 - e * e / h) / h
    scale = 1.0 / (1.0 - alpha - beta)
    omega_bar += h_bar * scale
    alpha_bar += h_bar * start * scale
    beta_bar += h_bar * start * scale
    return np.array([mu_bar, omega_bar, alpha_bar, beta_bar])


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same with `lax.scan`."""
    import jax
    import jax.numpy as jnp

    def f(theta, returns):
        mu, omega, alpha, beta = theta
        squares = (returns - mu) ** 2

        def step(h, square):
            return omega + alpha * square + beta * h, h

        _, h = jax.lax.scan(step, omega / (1.0 - alpha - beta), squares)
        return 0.5 * jnp.sum(jnp.log(h) + squares / h)

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective()))
