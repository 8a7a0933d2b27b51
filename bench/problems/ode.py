"""ode: y'_0 = x_0, y'_i = x_i y_{i-1}, y(0) = 0, by classic RK4 in place to t = 2; the gradient of y[-1] in x."""

import numpy as np

from bench.retarget import njit

ARGNUMS = 0
SIZES = {"300x1000": {"n": 300, "steps": 1000}}
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


def pull_slope(x, y, out_bar, x_bar, y_bar):
    """The adjoint of `slope`: adds to `x_bar`, writes `y_bar`."""
    n = len(x)
    x_bar[0] += out_bar[0]
    for i in range(1, n):
        x_bar[i] += out_bar[i] * y[i - 1]
        y_bar[i - 1] = out_bar[i] * x[i]
    y_bar[n - 1] = 0.0


def adjoint(x, steps):
    """The gradient by hand: the state of every step is kept, the stages are computed again."""
    n = len(x)
    h = 2.0 / steps
    states = np.zeros((steps + 1, n))
    w1 = np.empty(n)
    w2 = np.empty(n)
    w3 = np.empty(n)
    k1 = np.empty(n)
    k2 = np.empty(n)
    k3 = np.empty(n)
    k4 = np.empty(n)
    for t in range(steps):
        y = states[t]
        following = states[t + 1]
        slope(x, y, k1)
        for i in range(n):
            w1[i] = y[i] + 0.5 * h * k1[i]
        slope(x, w1, k2)
        for i in range(n):
            w2[i] = y[i] + 0.5 * h * k2[i]
        slope(x, w2, k3)
        for i in range(n):
            w3[i] = y[i] + h * k3[i]
        slope(x, w3, k4)
        for i in range(n):
            following[i] = y[i] + h / 6.0 * (k1[i] + 2.0 * k2[i] + 2.0 * k3[i] + k4[i])

    x_bar = np.zeros(n)
    y_bar = np.zeros(n)
    y_bar[n - 1] = 1.0
    k_bar = np.empty(n)
    w_bar = np.empty(n)
    k1_bar = np.empty(n)
    for t in range(steps - 1, -1, -1):
        y = states[t]
        slope(x, y, k1)
        for i in range(n):
            w1[i] = y[i] + 0.5 * h * k1[i]
        slope(x, w1, k2)
        for i in range(n):
            w2[i] = y[i] + 0.5 * h * k2[i]
        slope(x, w2, k3)
        for i in range(n):
            w3[i] = y[i] + h * k3[i]
            k_bar[i] = h / 6.0 * y_bar[i]
            k1_bar[i] = k_bar[i]
        pull_slope(x, w3, k_bar, x_bar, w_bar)
        for i in range(n):
            k_bar[i] = h * w_bar[i] + 2.0 * k1_bar[i]
            y_bar[i] += w_bar[i]
        pull_slope(x, w2, k_bar, x_bar, w_bar)
        for i in range(n):
            k_bar[i] = 0.5 * h * w_bar[i] + 2.0 * k1_bar[i]
            y_bar[i] += w_bar[i]
        pull_slope(x, w1, k_bar, x_bar, w_bar)
        for i in range(n):
            k_bar[i] = 0.5 * h * w_bar[i] + k1_bar[i]
            y_bar[i] += w_bar[i]
        pull_slope(x, y, k_bar, x_bar, w_bar)
        for i in range(n):
            y_bar[i] += w_bar[i]
    return x_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


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
