"""hvp: a product of Hessian and vector as the gradient of a gradient, for the likelihood of a logistic regression."""

import numpy as np

from bench.retarget import over

ARGNUMS = 0
GRADIENT = False
SIZES = {"256x64": {"n": 256, "d": 64}}
TINY = {"n": 4, "d": 3}


def make(n, d, seed=25):
    """w (d), v (d), inputs (n, d), targets (n) of 0 and 1."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=d) * 0.2, rng.normal(size=d), rng.normal(size=(n, d)), np.round(rng.uniform(size=n))


def sigmoid(x):
    """The logistic function."""
    return 0.5 * (np.tanh(x / 2) + 1)


def loss(w, inputs, targets):
    """The negative log-likelihood."""
    predictions = sigmoid(np.dot(inputs, w))
    return -np.sum(np.log(predictions * targets + (1 - predictions) * (1 - targets)))


def objective(w, v, inputs, targets):
    """The loss, with the arguments of the product."""
    return loss(w, inputs, targets)


def derivative(s2sad):
    """The product of the Hessian at w with v."""

    def product(w, v, inputs, targets):
        return s2sad.grad(lambda w: np.vdot(s2sad.grad(loss)(w, inputs, targets), v))(w)

    return s2sad.jit(product)


def jax_objective():
    """The same loss in JAX."""
    import jax.numpy as jnp

    return over(objective, jnp)


def jax_twin():
    """The same product by JAX."""
    import jax
    import jax.numpy as jnp

    f = over(loss, jnp)
    return jax.jit(lambda w, v, x, y: jax.grad(lambda w: jnp.vdot(jax.grad(f)(w, x, y), v))(w))


def torch_twin():
    """The same product by PyTorch."""
    import torch

    def product(w, v, inputs, targets):
        leaf = torch.tensor(w, requires_grad=True)
        x, y = torch.as_tensor(inputs), torch.as_tensor(targets)
        predictions = torch.sigmoid(x @ leaf)
        value = -torch.log(predictions * y + (1 - predictions) * (1 - y)).sum()
        (g,) = torch.autograd.grad(value, leaf, create_graph=True)
        return torch.autograd.grad(g @ torch.as_tensor(v), leaf)[0].numpy()

    return product


def autograd_twin():
    """The same product by autograd."""
    import autograd
    import autograd.numpy as anp

    gradient = autograd.grad(over(loss, anp))
    return autograd.grad(lambda w, v, x, y: anp.sum(gradient(w, x, y) * v))
