"""option: an Asian call under the CEV model by simulated paths with given normals; all its first-order greeks.

s += r s dt + sigma s^beta sqrt(dt) z;  the result is exp(-r) mean(max(average of s - strike, 0))
"""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = (0, 1, 2, 3, 4)
SIZES = {"1000 paths x 50": {"paths": 1000, "steps": 50}}
TINY = {"paths": 5, "steps": 3}


def make(paths, steps, seed=11):
    """start, strike, rate, sigma, beta, normals (paths, steps)."""
    return 100.0, 99.0, 0.03, 0.6, 0.8, np.random.default_rng(seed).normal(size=(paths, steps))


def objective(start, strike, rate, sigma, beta, z):
    """The price."""
    paths, steps = z.shape
    dt = 1.0 / steps
    root = math.sqrt(dt)
    total = 0.0
    for p in range(paths):
        s = start
        average = 0.0
        for t in range(steps):
            s += rate * s * dt + sigma * s**beta * root * z[p, t]
            average += s
        total += max(average / steps - strike, 0.0)
    return math.exp(-rate) * total / paths


def derivative(s2sad):
    """The gradient in the five parameters."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def adjoint(start, strike, rate, sigma, beta, z):
    """The gradient by hand: a path, its logarithms and powers are kept; a path without payoff has no reverse sweep."""
    paths, steps = z.shape
    dt = 1.0 / steps
    root = math.sqrt(dt)
    path = np.empty(steps)
    logarithm = np.empty(steps)
    power = np.empty(steps)
    total = 0.0
    start_bar = strike_bar = rate_bar = sigma_bar = beta_bar = 0.0
    scale = math.exp(-rate) / paths
    for p in range(paths):
        s = start
        average = 0.0
        for t in range(steps):
            path[t] = s
            logarithm[t] = math.log(s)
            power[t] = math.exp(beta * logarithm[t])
            s += rate * s * dt + sigma * power[t] * root * z[p, t]
            average += s
        payoff = average / steps - strike
        if payoff > 0.0:
            total += payoff
            strike_bar -= scale
            s_bar = 0.0
            for t in range(steps - 1, -1, -1):
                s_bar += scale / steps
                s = path[t]
                rate_bar += s_bar * s * dt
                noise = s_bar * power[t] * root * z[p, t]
                sigma_bar += noise
                beta_bar += noise * sigma * logarithm[t]
                s_bar += s_bar * rate * dt + noise * sigma * beta / s
            start_bar += s_bar
    return start_bar, strike_bar, rate_bar - scale * total, sigma_bar, beta_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same with `lax.scan` over time, all paths at once."""
    import jax
    import jax.numpy as jnp

    def f(start, strike, rate, sigma, beta, z):
        paths, steps = z.shape
        dt = 1.0 / steps

        def step(carry, normal):
            s, average = carry
            s = s + rate * s * dt + sigma * s**beta * math.sqrt(dt) * normal
            return (s, average + s), None

        (_, average), _ = jax.lax.scan(step, (jnp.full(paths, start), jnp.zeros(paths)), z.T)
        return jnp.exp(-rate) * jnp.mean(jnp.maximum(average / steps - strike, 0.0))

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS))


def torch_twin():
    """The same gradient by PyTorch."""
    import torch

    def gradient(*args):
        start, strike, rate, sigma, beta = leaves = [
            torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in args[:5]
        ]
        z = torch.as_tensor(args[5])
        steps = z.shape[1]
        dt = 1.0 / steps
        s = start.expand(z.shape[0])
        average = torch.zeros(z.shape[0], dtype=torch.float64)
        for t in range(steps):
            s = s + rate * s * dt + sigma * s**beta * math.sqrt(dt) * z[:, t]
            average = average + s
        value = torch.exp(-rate) * torch.clamp(average / steps - strike, min=0.0).mean()
        return tuple(g.numpy() for g in torch.autograd.grad(value, leaves))

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp

    def f(start, strike, rate, sigma, beta, z):
        paths, steps = z.shape
        dt = 1.0 / steps
        s = start * np.ones(paths)
        average = np.zeros(paths)
        for t in range(steps):
            s = s + rate * s * dt + sigma * s**beta * math.sqrt(dt) * z[:, t]
            average = average + s
        return anp.exp(-rate) * anp.mean(anp.maximum(average / steps - strike, 0.0))

    return autograd.grad(f, ARGNUMS)
