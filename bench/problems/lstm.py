"""lstm: the loss of a stack of LSTM cells with diagonal weights over a sequence; its gradient in all weights.

    f = s(x wf + bf), i = s(h wi + bi), o = s(x wo + bo), c = tanh(h wc + bc), cell = cell f + i c, h = o tanh(cell)
    loss = -mean(seq[t+1] (y - log(2 + sum exp y)))

`main` is (layers, 2, 4 b): weights and biases [forget, ingate, outgate, change]; `extra` is (3, b): input scaling,
output scaling, output bias; `state` is (layers, 2, b): hidden and cell.
"""

import math

import numpy as np

ARGNUMS = (0, 1)
SIZES = {
    "2 layers, 16 steps": {"layers": 2, "steps": 16, "b": 14},
    "2 layers, 1024 steps": {"layers": 2, "steps": 1024, "b": 14},
}
TINY = {"layers": 2, "steps": 4, "b": 2}


def make(layers, steps, b, seed=3):
    """main, extra, state, sequence (steps, b) of zeros and ones."""
    rng = np.random.default_rng(seed)
    return (rng.normal(size=(layers, 2, 4 * b)), rng.normal(size=(3, b)), rng.normal(size=(layers, 2, b)),
            rng.integers(0, 2, (steps, b)).astype(float))  # fmt: skip


def sigmoid(x):
    """The logistic function."""
    return 1.0 / (1.0 + math.exp(-x))


def objective(main, extra, state, sequence):
    """The loss."""
    layers = main.shape[0]
    steps, b = sequence.shape
    hidden = state[:, 0].copy()
    cell = state[:, 1].copy()
    x = np.empty(b)
    y = np.empty(b)
    total = 0.0
    for t in range(steps - 1):
        for j in range(b):
            x[j] = sequence[t, j] * extra[0, j]
        for k in range(layers):
            for j in range(b):
                h = hidden[k, j]
                forget = sigmoid(x[j] * main[k, 0, j] + main[k, 1, j])
                ingate = sigmoid(h * main[k, 0, b + j] + main[k, 1, b + j])
                outgate = sigmoid(x[j] * main[k, 0, 2 * b + j] + main[k, 1, 2 * b + j])
                change = math.tanh(h * main[k, 0, 3 * b + j] + main[k, 1, 3 * b + j])
                cell[k, j] = cell[k, j] * forget + ingate * change
                hidden[k, j] = outgate * math.tanh(cell[k, j])
                x[j] = hidden[k, j]
        s = 2.0
        for j in range(b):
            y[j] = x[j] * extra[1, j] + extra[2, j]
            s += math.exp(y[j])
        norm = math.log(s)
        for j in range(b):
            total += sequence[t + 1, j] * (y[j] - norm)
    return -total / ((steps - 1) * b)


def derivative(s2sad):
    """The gradient in main and extra."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def jax_objective():
    """The same loss with `lax.scan` over time."""
    import jax
    import jax.numpy as jnp

    def f(main, extra, state, sequence):
        layers = main.shape[0]
        b = sequence.shape[1]

        def step(carry, pair):
            hidden, cell = carry
            now, following = pair
            x = now * extra[0]
            hs, cs = [], []
            for k in range(layers):
                w, v = main[k, 0].reshape(4, b), main[k, 1].reshape(4, b)
                forget = jax.nn.sigmoid(x * w[0] + v[0])
                ingate = jax.nn.sigmoid(hidden[k] * w[1] + v[1])
                outgate = jax.nn.sigmoid(x * w[2] + v[2])
                change = jnp.tanh(hidden[k] * w[3] + v[3])
                c = cell[k] * forget + ingate * change
                x = outgate * jnp.tanh(c)
                hs.append(x)
                cs.append(c)
            y = x * extra[1] + extra[2]
            return (jnp.stack(hs), jnp.stack(cs)), jnp.sum(following * (y - jnp.log(2.0 + jnp.sum(jnp.exp(y)))))

        _, terms = jax.lax.scan(step, (state[:, 0], state[:, 1]), (sequence[:-1], sequence[1:]))
        return -jnp.sum(terms) / ((sequence.shape[0] - 1) * b)

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS))


def vector_objective(np_like):
    """The same loss in vector operations, for the tools that trace Python loops."""

    def f(main, extra, state, sequence):
        layers = main.shape[0]
        steps, b = sequence.shape
        hidden = [state[k, 0] for k in range(layers)]
        cell = [state[k, 1] for k in range(layers)]
        total = 0.0
        for t in range(steps - 1):
            x = sequence[t] * extra[0]
            for k in range(layers):
                w, v = main[k, 0], main[k, 1]
                h = hidden[k]
                forget = 1.0 / (1.0 + np_like.exp(-(x * w[:b] + v[:b])))
                ingate = 1.0 / (1.0 + np_like.exp(-(h * w[b : 2 * b] + v[b : 2 * b])))
                outgate = 1.0 / (1.0 + np_like.exp(-(x * w[2 * b : 3 * b] + v[2 * b : 3 * b])))
                change = np_like.tanh(h * w[3 * b :] + v[3 * b :])
                cell[k] = cell[k] * forget + ingate * change
                hidden[k] = x = outgate * np_like.tanh(cell[k])
            y = x * extra[1] + extra[2]
            total = total + np_like.sum(sequence[t + 1] * (y - np_like.log(2.0 + np_like.sum(np_like.exp(y)))))
        return -total / ((steps - 1) * b)

    return f


def torch_twin():
    """The same gradient by PyTorch."""
    import torch

    f = vector_objective(torch)

    def gradient(main, extra, state, sequence):
        leaves = [torch.tensor(v, requires_grad=True) for v in (main, extra)]
        value = f(*leaves, torch.as_tensor(state), torch.as_tensor(sequence))
        return tuple(g.numpy() for g in torch.autograd.grad(value, leaves))

    return gradient


def autograd_twin():
    """The same gradient by autograd."""
    import autograd
    import autograd.numpy as anp

    return autograd.grad(vector_objective(anp), ARGNUMS)
