"""kmeans: sum_i min_j |p_i - c_j|^2; the gradient and the diagonal of the Hessian in the centres (a Newton step)."""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = 1
GRADIENT = False
SIZES = {"100x1000x8": {"k": 100, "n": 1000, "d": 8}}
TINY = {"k": 2, "n": 6, "d": 2}


def make(k, n, d, seed=5):
    """points (n, d), centres (k, d)."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(n, d)), rng.normal(size=(k, d))


def objective(points, centres):
    """The sum of squared distances to the nearest centre."""
    n, d = points.shape
    k = len(centres)
    total = 0.0
    for i in range(n):
        best = 1e300
        for j in range(k):
            s = 0.0
            for a in range(d):
                diff = points[i, a] - centres[j, a]
                s += diff * diff
            if s < best:
                best = s
        total += best
    return total


def derivative(s2sad):
    """Gradient and Hessian diagonal: the Hessian is diagonal, so its product with ones is its diagonal."""
    gradient = s2sad.grad(objective, argnums=ARGNUMS)

    def both(points, centres):
        return s2sad.jvp(lambda c: gradient(points, c), (centres,), (np.ones_like(centres),))

    return s2sad.jit(both)


def adjoint(points, centres):
    """Gradient and Hessian diagonal by hand: the nearest centre of each point gets both."""
    n, d = points.shape
    k = len(centres)
    gradient = np.zeros((k, d))
    diagonal = np.zeros((k, d))
    for i in range(n):
        best = math.inf
        nearest = 0
        for j in range(k):
            s = 0.0
            for a in range(d):
                diff = points[i, a] - centres[j, a]
                s += diff * diff
            if s < best:
                best = s
                nearest = j
        for a in range(d):
            gradient[nearest, a] += 2.0 * (centres[nearest, a] - points[i, a])
            diagonal[nearest, a] += 2.0
    return gradient, diagonal


def hand():
    """The pair by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The vectorised JAX program."""
    import jax.numpy as jnp

    def f(points, centres):
        cross = points @ centres.T
        squares = jnp.sum(points * points, axis=1)[:, None] + jnp.sum(centres * centres, axis=1) - 2.0 * cross
        return jnp.sum(jnp.min(squares, axis=1))

    return f


def jax_twin():
    """The same pair by JAX."""
    import jax
    import jax.numpy as jnp

    gradient = jax.grad(jax_objective(), argnums=1)

    @jax.jit
    def both(points, centres):
        return jax.jvp(lambda c: gradient(points, c), (centres,), (jnp.ones_like(centres),))

    return both


def torch_twin():
    """The same pair by PyTorch."""
    import torch

    def both(points, centres):
        p = torch.as_tensor(points)
        c = torch.tensor(centres, requires_grad=True)
        value = ((p[:, None, :] - c) ** 2).sum(2).min(1).values.sum()
        (g,) = torch.autograd.grad(value, c, create_graph=True)
        (h,) = torch.autograd.grad(g.sum(), c)
        return g.detach().numpy(), h.numpy()

    return both


def autograd_twin():
    """The same pair by autograd."""
    import autograd
    import autograd.numpy as anp

    def f(points, centres):
        return anp.sum(anp.min(anp.sum((points[:, None, :] - centres) ** 2, axis=2), axis=1))

    gradient = autograd.grad(f, 1)
    diagonal = autograd.grad(lambda points, c: anp.sum(gradient(points, c)), 1)
    return lambda points, centres: (gradient(points, centres), diagonal(points, centres))
