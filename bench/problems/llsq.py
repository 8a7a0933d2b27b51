"""llsq: 0.5 sum_i (sign(t_i) - sum_j x_j t_i^j)^2 on a grid t in [-1, 1], a polynomial's fit; its gradient in x."""

import numpy as np

from bench.retarget import njit

ARGNUMS = 0
SIZES = {"128x4096": {"m": 128, "n": 4096}}
TINY = {"m": 4, "n": 8}


def make(m, n, seed=6):
    """x (m), n."""
    return np.random.default_rng(seed).normal(size=m), n


def objective(x, n):
    """Half the sum of squared residuals."""
    total = 0.0
    for i in range(n):
        t = -1.0 + i * 2.0 / (n - 1)
        fit = 0.0
        power = 1.0
        for j in range(len(x)):
            fit += x[j] * power
            power *= t
        residual = np.sign(t) - fit
        total += residual * residual
    return 0.5 * total


def derivative(s2sad):
    """The gradient in x."""
    return s2sad.grad(objective)


def adjoint(x, n):
    """The gradient by hand: the powers are computed again."""
    m = len(x)
    x_bar = np.zeros(m)
    for i in range(n):
        t = -1.0 + i * 2.0 / (n - 1)
        fit = 0.0
        power = 1.0
        for j in range(m):
            fit += x[j] * power
            power *= t
        fit_bar = fit - np.sign(t)
        power = 1.0
        for j in range(m):
            x_bar[j] += fit_bar * power
            power *= t
    return x_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same with `polyval`: Horner's scheme, many times faster in JAX than a matrix of powers."""
    import jax.numpy as jnp

    def f(x, n):
        t = jnp.linspace(-1.0, 1.0, n)
        return 0.5 * jnp.sum((jnp.sign(t) - jnp.polyval(x[::-1], t)) ** 2)

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective()), static_argnums=1)


def torch_twin():
    """The same gradient by PyTorch."""
    import torch

    def gradient(x, n):
        leaf = torch.tensor(x, requires_grad=True)
        t = torch.linspace(-1.0, 1.0, n, dtype=torch.float64)
        value = 0.5 * ((torch.sign(t) - torch.vander(t, len(x), increasing=True) @ leaf) ** 2).sum()
        return torch.autograd.grad(value, leaf)[0].numpy()

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp

    def f(x, n):
        t = np.linspace(-1.0, 1.0, n)
        return 0.5 * anp.sum((np.sign(t) - anp.dot(np.vander(t, len(x), increasing=True), x)) ** 2)

    return autograd.grad(f)
