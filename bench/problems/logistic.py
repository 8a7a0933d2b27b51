"""logistic: the penalised loss of a logistic regression; its gradient in weights and bias."""

import numpy as np

from bench.retarget import over

ARGNUMS = (0, 1)
SIZES = {"1000x20": {"n": 1000, "d": 20}}
TINY = {"n": 6, "d": 3}


def make(n, d, seed=21):
    """weights (d), bias, inputs (n, d), labels -1 or 1 (n)."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=d), 0.1, rng.normal(size=(n, d)), np.where(rng.uniform(size=n) < 0.5, -1.0, 1.0)


def objective(w, b, inputs, labels):
    """The mean loss and a ridge."""
    margins = labels * (inputs @ w + b)
    return np.mean(np.logaddexp(0.0, -margins)) + 0.01 * np.sum(w**2)


def derivative(s2sad):
    """The gradient in weights and bias."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def jax_objective():
    """The same arrays in JAX."""
    import jax.numpy as jnp

    return over(objective, jnp)


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS))


def torch_twin():
    """The same gradient by PyTorch."""
    import torch

    def gradient(w, b, inputs, labels):
        leaves = [torch.tensor(v, dtype=torch.float64, requires_grad=True) for v in (w, b)]
        margins = torch.as_tensor(labels) * (torch.as_tensor(inputs) @ leaves[0] + leaves[1])
        value = torch.nn.functional.softplus(-margins).mean() + 0.01 * (leaves[0] ** 2).sum()
        return tuple(g.numpy() for g in torch.autograd.grad(value, leaves))

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp

    return autograd.grad(over(objective, anp), ARGNUMS)
