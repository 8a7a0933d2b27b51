"""gp: the negative log-likelihood of a Gaussian process with a squared-exponential kernel; its gradient in theta.

theta holds the logarithms of length, height and noise.
"""

import numpy as np

ARGNUMS = 0
SIZES = {"100 points": {"n": 100}}
TINY = {"n": 5}


def make(n, seed=26):
    """theta (3), x (n), y (n)."""
    rng = np.random.default_rng(seed)
    x = np.sort(rng.uniform(-3.0, 3.0, n))
    return np.log(np.array([0.7, 1.2, 0.3])), x, np.sin(x) + 0.3 * rng.normal(size=n)


def objective(theta, x, y):
    """The negative log-likelihood, without its constant."""
    length, height, noise = np.exp(theta)
    square = (x[:, None] - x[None, :]) ** 2
    kernel = height**2 * np.exp(-0.5 * square / length**2) + noise**2 * np.eye(len(x))
    root = np.linalg.cholesky(kernel)
    weights = np.linalg.solve(root.T, np.linalg.solve(root, y))
    return 0.5 * y @ weights + np.sum(np.log(np.diag(root)))


def derivative(s2sad):
    """The gradient in theta."""
    return s2sad.grad(objective)


def jax_objective():
    """The same with JAX's triangular solver, as its users write it."""
    import jax.numpy as jnp
    from jax.scipy.linalg import cho_solve

    def f(theta, x, y):
        length, height, noise = jnp.exp(theta)
        square = (x[:, None] - x[None, :]) ** 2
        kernel = height**2 * jnp.exp(-0.5 * square / length**2) + noise**2 * jnp.eye(len(x))
        root = jnp.linalg.cholesky(kernel)
        return 0.5 * y @ cho_solve((root, True), y) + jnp.sum(jnp.log(jnp.diag(root)))

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective()))


def torch_twin():
    """The same gradient by PyTorch."""
    import torch

    def gradient(theta, x, y):
        leaf = torch.tensor(theta, requires_grad=True)
        length, height, noise = torch.exp(leaf)
        points, values = torch.as_tensor(x), torch.as_tensor(y)
        square = (points[:, None] - points[None, :]) ** 2
        kernel = height**2 * torch.exp(-0.5 * square / length**2) + noise**2 * torch.eye(len(x), dtype=torch.float64)
        root = torch.linalg.cholesky(kernel)
        value = 0.5 * values @ torch.cholesky_solve(values[:, None], root)[:, 0] + torch.log(torch.diag(root)).sum()
        return torch.autograd.grad(value, leaf)[0].numpy()

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp

    def f(theta, x, y):
        length, height, noise = anp.exp(theta)
        square = (x[:, None] - x[None, :]) ** 2
        kernel = height**2 * anp.exp(-0.5 * square / length**2) + noise**2 * np.eye(len(x))
        root = anp.linalg.cholesky(kernel)
        weights = anp.linalg.solve(root.T, anp.linalg.solve(root, y))
        return 0.5 * anp.dot(y, weights) + anp.sum(anp.log(anp.diag(root)))

    return autograd.grad(f)
