"""ode: y'_0 = x_0, y'_i = x_i y_{i-1}, y(0) = 0, by classic RK4 in place to t = 2; the gradient of y[-1] in x."""

import numpy as np

ARGNUMS = 0
SIZES = {"n30 s100": {"n": 30, "steps": 100}, "n300 s1000": {"n": 300, "steps": 1000}}
TINY = {"n": 4, "steps": 5}


def make(n, steps, seed=4):
    """x (n), steps."""
    return np.random.default_rng(seed).uniform(0.5, 1.5, n), steps


def slope(x, y, out):
    """The right-hand side, written into `out`."""
    out[0] = x[0]
    for i in range(1, len(x)):
        out[i] = x[i] * y[i - 1]


def objective(x, steps):
    """y[-1] at t = 2."""
    n = len(x)
    h = 2.0 / steps
    y = np.zeros(n)
    w = np.zeros(n)
    k1 = np.zeros(n)
    k2 = np.zeros(n)
    k3 = np.zeros(n)
    k4 = np.zeros(n)
    for _ in range(steps):
        slope(x, y, k1)
        for i in range(n):
            w[i] = y[i] + 0.5 * h * k1[i]
        slope(x, w, k2)
        for i in range(n):
            w[i] = y[i] + 0.5 * h * k2[i]
        slope(x, w, k3)
        for i in range(n):
            w[i] = y[i] + h * k3[i]
        slope(x, w, k4)
        for i in range(n):
            y[i] += h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])
    return y[n - 1]


def derivative(s2sad):
    """The gradient in x."""
    return s2sad.grad(objective)


def jax_objective():
    """The same with `lax.fori_loop`."""
    import jax
    import jax.numpy as jnp

    def f(x, steps):
        h = 2.0 / steps

        def g(y):
            return x * jnp.concatenate((jnp.ones(1), y[:-1]))

        def step(y, _):
            k1 = g(y)
            k2 = g(y + 0.5 * h * k1)
            k3 = g(y + 0.5 * h * k2)
            k4 = g(y + h * k3)
            return y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4), None

        return jax.lax.scan(step, jnp.zeros_like(x), None, length=steps)[0][-1]

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective()), static_argnums=1)


def vector_objective(concatenate, ones, zeros):
    """The same in vector operations, for the tools that trace Python loops."""

    def f(x, steps):
        h = 2.0 / steps

        def g(y):
            return x * concatenate((ones, y[:-1]))

        y = zeros(len(x))
        for _ in range(steps):
            k1 = g(y)
            k2 = g(y + 0.5 * h * k1)
            k3 = g(y + 0.5 * h * k2)
            k4 = g(y + h * k3)
            y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        return y[-1]

    return f


def torch_twin():
    """The same gradient by PyTorch."""
    import torch

    f = vector_objective(torch.cat, torch.ones(1, dtype=torch.float64), lambda n: torch.zeros(n, dtype=torch.float64))

    def gradient(x, steps):
        leaf = torch.tensor(x, requires_grad=True)
        return torch.autograd.grad(f(leaf, steps), leaf)[0].numpy()

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp

    return autograd.grad(vector_objective(anp.concatenate, np.ones(1), np.zeros))
