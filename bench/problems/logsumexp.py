"""logsumexp: log sum exp of a long vector; its gradient."""

import numpy as np

from bench.retarget import over

ARGNUMS = 0
SIZES = {"1e5": {"n": 100_000}}
TINY = {"n": 5}


def make(n, seed=20):
    """x (n)."""
    return (np.random.default_rng(seed).normal(size=n),)


def objective(x):
    """log sum exp x."""
    top = np.max(x)
    return top + np.log(np.sum(np.exp(x - top)))


def derivative(s2sad):
    """The gradient."""
    return s2sad.grad(objective)


def jax_objective():
    """The same arrays in JAX."""
    import jax.numpy as jnp

    return over(objective, jnp)


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective()))


def torch_twin():
    """The same gradient by PyTorch."""
    import torch

    def gradient(x):
        leaf = torch.tensor(x, requires_grad=True)
        return torch.autograd.grad(torch.logsumexp(leaf, 0), leaf)[0].numpy()

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp

    return autograd.grad(over(objective, anp))
