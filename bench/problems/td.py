"""td: updates of TD(0) learning, example by example: `vmap` of the gradient of a loss with a stopped target."""

import numpy as np

import s2sad as ad

ARGNUMS = 0
GRADIENT = False
SIZES = {"256 steps, 64 features": {"n": 256, "d": 64}}
TINY = {"n": 3, "d": 4}


def make(n, d, seed=24):
    """theta (d), states before (n, d), rewards (n), states after (n, d)."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=d), rng.normal(size=(n, d)), rng.normal(size=n), rng.normal(size=(n, d))


def value(theta, state):
    """The estimated value of a state."""
    return np.tanh(np.dot(theta, state))


def loss(theta, before, reward, after):
    """The pseudo-loss of one step."""
    target = reward + value(theta, after)
    return -0.5 * (ad.stop_gradient(target) - value(theta, before)) ** 2


def objective(theta, before, reward, after):
    """The mean loss of all steps."""
    return np.mean(ad.vmap(loss, in_axes=(None, 0, 0, 0))(theta, before, reward, after))


def derivative(s2sad):
    """The update of each step (n, d)."""
    return s2sad.jit(s2sad.vmap(s2sad.grad(loss), in_axes=(None, 0, 0, 0)))


def jax_loss():
    """The pseudo-loss in JAX."""
    import jax
    import jax.numpy as jnp

    def f(theta, before, reward, after):
        target = reward + jnp.tanh(jnp.dot(theta, after))
        return -0.5 * (jax.lax.stop_gradient(target) - jnp.tanh(jnp.dot(theta, before))) ** 2

    return f


def jax_objective():
    """The mean loss of all steps in JAX."""
    import jax
    import jax.numpy as jnp

    losses = jax.vmap(jax_loss(), in_axes=(None, 0, 0, 0))
    return lambda *args: jnp.mean(losses(*args))


def jax_twin():
    """The same updates by JAX."""
    import jax

    return jax.jit(jax.vmap(jax.grad(jax_loss()), in_axes=(None, 0, 0, 0)))
