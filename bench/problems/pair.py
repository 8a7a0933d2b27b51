"""pair: the Lennard-Jones energy of particles, all pairs by broadcasting; its gradient in the positions."""

import numpy as np

from bench.retarget import over

ARGNUMS = 0
SIZES = {"64 particles": {"n": 64}}
TINY = {"n": 4}


def make(n, seed=23):
    """x (n, 3): a cubic lattice, disturbed."""
    side = int(np.ceil(n ** (1 / 3)))
    lattice = np.stack(np.meshgrid(*[np.arange(side)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)[:n]
    return (1.2 * lattice + 0.1 * np.random.default_rng(seed).normal(size=(n, 3)),)


def objective(x):
    """The energy."""
    difference = x[:, None, :] - x[None, :, :]
    square = np.sum(difference**2, axis=-1) + np.eye(len(x))
    sixth = 1.0 / square**3
    energy = 4.0 * (sixth**2 - sixth)
    return np.sum(np.triu(energy, 1))


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
        square = ((leaf[:, None, :] - leaf[None, :, :]) ** 2).sum(-1) + torch.eye(len(x), dtype=torch.float64)
        sixth = 1.0 / square**3
        return torch.autograd.grad(torch.triu(4.0 * (sixth**2 - sixth), 1).sum(), leaf)[0].numpy()

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp

    return autograd.grad(over(objective, anp))
