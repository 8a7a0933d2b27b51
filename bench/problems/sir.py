"""sir: the misfit of an epidemic model, solved by classic RK4, to counts of the infected; its gradient in theta.

s' = -beta s i,  i' = beta s i - gamma i,  r' = gamma i;  theta = (beta, gamma, i at the start)
"""

import numpy as np

from bench.retarget import njit

ARGNUMS = 0
SIZES = {"40 steps": {"steps": 40}}
TINY = {"steps": 3}


def make(steps, seed=16):
    """theta (3), data (steps)."""
    return np.array([0.9, 0.3, 0.02]), np.random.default_rng(seed).uniform(0.0, 0.3, steps)


def slope(y, beta, gamma):
    """The right-hand side."""
    s, i, _ = y
    return np.array([-beta * s * i, beta * s * i - gamma * i, gamma * i])


def objective(theta, data):
    """The sum of squared differences to the data."""
    beta, gamma, start = theta
    h = 0.5
    y = np.array([1.0 - start, start, 0.0])
    total = 0.0
    for t in range(len(data)):
        k1 = slope(y, beta, gamma)
        k2 = slope(y + 0.5 * h * k1, beta, gamma)
        k3 = slope(y + 0.5 * h * k2, beta, gamma)
        k4 = slope(y + h * k3, beta, gamma)
        y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
        total += (y[1] - data[t]) ** 2
    return total


def derivative(s2sad):
    """The gradient in theta."""
    return s2sad.grad(objective)


def rates(s, i, beta, gamma):
    """The slopes of s and i: r feeds nothing."""
    new = beta * s * i
    return -new, new - gamma * i


def pull_rates(s, i, beta, gamma, s_bar, i_bar):
    """The adjoint of `rates`: the cotangents of s, i, beta and gamma."""
    new_bar = i_bar - s_bar
    return new_bar * beta * i, new_bar * beta * s - gamma * i_bar, new_bar * s * i, -i_bar * i


def adjoint(theta, data):
    """The gradient by hand: the state of every step is kept, its stages are computed again."""
    beta, gamma, start = theta[0], theta[1], theta[2]
    h = 0.5
    steps = len(data)
    kept = np.empty((steps + 1, 2))
    s, i = 1.0 - start, start
    kept[0, 0] = s
    kept[0, 1] = i
    for t in range(steps):
        a1, b1 = rates(s, i, beta, gamma)
        a2, b2 = rates(s + 0.5 * h * a1, i + 0.5 * h * b1, beta, gamma)
        a3, b3 = rates(s + 0.5 * h * a2, i + 0.5 * h * b2, beta, gamma)
        a4, b4 = rates(s + h * a3, i + h * b3, beta, gamma)
        s += h / 6.0 * (a1 + 2.0 * a2 + 2.0 * a3 + a4)
        i += h / 6.0 * (b1 + 2.0 * b2 + 2.0 * b3 + b4)
        kept[t + 1, 0] = s
        kept[t + 1, 1] = i

    beta_bar = gamma_bar = s_bar = i_bar = 0.0
    for t in range(steps - 1, -1, -1):
        i_bar += 2.0 * (kept[t + 1, 1] - data[t])
        s, i = kept[t, 0], kept[t, 1]
        a1, b1 = rates(s, i, beta, gamma)
        s2, i2 = s + 0.5 * h * a1, i + 0.5 * h * b1
        a2, b2 = rates(s2, i2, beta, gamma)
        s3, i3 = s + 0.5 * h * a2, i + 0.5 * h * b2
        a3, b3 = rates(s3, i3, beta, gamma)
        s4, i4 = s + h * a3, i + h * b3
        u, v = h / 6.0 * s_bar, h / 6.0 * i_bar
        x, y, p, g = pull_rates(s4, i4, beta, gamma, u, v)
        s_bar, i_bar, beta_bar, gamma_bar = s_bar + x, i_bar + y, beta_bar + p, gamma_bar + g
        x, y, p, g = pull_rates(s3, i3, beta, gamma, 2.0 * u + h * x, 2.0 * v + h * y)
        s_bar, i_bar, beta_bar, gamma_bar = s_bar + x, i_bar + y, beta_bar + p, gamma_bar + g
        x, y, p, g = pull_rates(s2, i2, beta, gamma, 2.0 * u + 0.5 * h * x, 2.0 * v + 0.5 * h * y)
        s_bar, i_bar, beta_bar, gamma_bar = s_bar + x, i_bar + y, beta_bar + p, gamma_bar + g
        x, y, p, g = pull_rates(s, i, beta, gamma, u + 0.5 * h * x, v + 0.5 * h * y)
        s_bar, i_bar, beta_bar, gamma_bar = s_bar + x, i_bar + y, beta_bar + p, gamma_bar + g
    return np.array([beta_bar, gamma_bar, i_bar - s_bar])


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


def jax_objective():
    """The same with `lax.scan`."""
    import jax
    import jax.numpy as jnp

    def f(theta, data):
        beta, gamma, start = theta
        h = 0.5

        def slope(y):
            s, i, _ = y
            return jnp.array([-beta * s * i, beta * s * i - gamma * i, gamma * i])

        def step(y, count):
            k1 = slope(y)
            k2 = slope(y + 0.5 * h * k1)
            k3 = slope(y + 0.5 * h * k2)
            k4 = slope(y + h * k3)
            y = y + h / 6.0 * (k1 + 2.0 * k2 + 2.0 * k3 + k4)
            return y, (y[1] - count) ** 2

        _, terms = jax.lax.scan(step, jnp.array([1.0 - start, start, 0.0]), data)
        return jnp.sum(terms)

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective()))
