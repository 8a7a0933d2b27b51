"""mlp: the squared error of a multi-layer perceptron with tanh; its gradient in a list of weights and biases."""

from itertools import pairwise

import numpy as np

from bench.retarget import over

ARGNUMS = 0
SIZES = {"20-64-64-1, 128 rows": {"widths": (20, 64, 64, 1), "n": 128}}
TINY = {"widths": (3, 4, 2, 1), "n": 5}


def make(widths, n, seed=22):
    """A list of (weights, bias), inputs (n, first), targets (n, last)."""
    rng = np.random.default_rng(seed)
    params = [(rng.normal(size=(a, b)) / np.sqrt(a), rng.normal(size=b) * 0.1)
              for a, b in pairwise(widths)]  # fmt: skip
    return params, rng.normal(size=(n, widths[0])), rng.normal(size=(n, widths[-1]))


def predict(params, inputs):
    """The network."""
    hidden = inputs
    for w, b in params[:-1]:
        hidden = np.tanh(hidden @ w + b)
    w, b = params[-1]
    return hidden @ w + b


def objective(params, inputs, targets):
    """The mean squared error."""
    return np.mean((predict(params, inputs) - targets) ** 2)


def derivative(s2sad):
    """The gradient in the parameters."""
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

    def gradient(params, inputs, targets):
        leaves = [torch.tensor(v, requires_grad=True) for pair in params for v in pair]
        hidden = torch.as_tensor(inputs)
        for k in range(0, len(leaves), 2):
            hidden = hidden @ leaves[k] + leaves[k + 1]
            if k + 2 < len(leaves):
                hidden = torch.tanh(hidden)
        value = ((hidden - torch.as_tensor(targets)) ** 2).mean()
        return tuple(g.numpy() for g in torch.autograd.grad(value, leaves))

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp

    return autograd.grad(over(objective, anp))
