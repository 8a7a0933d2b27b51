"""lstm: the loss of a stack of LSTM cells with diagonal weights over a sequence; its gradient in all weights.

    f = s(x wf + bf), i = s(h wi + bi), o = s(x wo + bo), c = tanh(h wc + bc), cell = cell f + i c, h = o tanh(cell)
    loss = -mean(seq[t+1] (y - log(2 + sum exp y)))

`main` is (layers, 2, 4 b): weights and biases [forget, ingate, outgate, change]; `extra` is (3, b): input scaling,
output scaling, output bias; `state` is (layers, 2, b): hidden and cell.
"""

import math

import numpy as np

from bench.retarget import njit

ARGNUMS = (0, 1)
SIZES = {
    "16 steps": {"layers": 2, "steps": 16, "b": 14},
    "1024 steps": {"layers": 2, "steps": 1024, "b": 14},
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


def adjoint(main, extra, state, sequence):
    """The gradient by hand: the gates of every step are kept, then backpropagation through time."""
    layers = main.shape[0]
    steps, b = sequence.shape
    last = steps - 1
    inputs = np.empty((last, layers + 1, b))
    hiddens = np.empty((steps, layers, b))
    cells = np.empty((steps, layers, b))
    gates = np.empty((last, layers, 4, b))
    squashed = np.empty((last, layers, b))
    softmax = np.empty((last, b))
    hiddens[0] = state[:, 0]
    cells[0] = state[:, 1]
    for t in range(last):
        for j in range(b):
            inputs[t, 0, j] = sequence[t, j] * extra[0, j]
        for k in range(layers):
            for j in range(b):
                x = inputs[t, k, j]
                h = hiddens[t, k, j]
                forget = sigmoid(x * main[k, 0, j] + main[k, 1, j])
                ingate = sigmoid(h * main[k, 0, b + j] + main[k, 1, b + j])
                outgate = sigmoid(x * main[k, 0, 2 * b + j] + main[k, 1, 2 * b + j])
                change = math.tanh(h * main[k, 0, 3 * b + j] + main[k, 1, 3 * b + j])
                gates[t, k, 0, j] = forget
                gates[t, k, 1, j] = ingate
                gates[t, k, 2, j] = outgate
                gates[t, k, 3, j] = change
                cells[t + 1, k, j] = cells[t, k, j] * forget + ingate * change
                squashed[t, k, j] = math.tanh(cells[t + 1, k, j])
                hiddens[t + 1, k, j] = outgate * squashed[t, k, j]
                inputs[t, k + 1, j] = hiddens[t + 1, k, j]
        s = 2.0
        for j in range(b):
            softmax[t, j] = math.exp(inputs[t, layers, j] * extra[1, j] + extra[2, j])
            s += softmax[t, j]
        for j in range(b):
            softmax[t, j] /= s

    main_bar = np.zeros_like(main)
    extra_bar = np.zeros_like(extra)
    hidden_bar = np.zeros((layers, b))
    cell_bar = np.zeros((layers, b))
    x_bar = np.empty(b)
    scale = -1.0 / (last * b)
    for t in range(last - 1, -1, -1):
        total = 0.0
        for j in range(b):
            total += sequence[t + 1, j]
        for j in range(b):
            y_bar = scale * (sequence[t + 1, j] - total * softmax[t, j])
            extra_bar[1, j] += y_bar * inputs[t, layers, j]
            extra_bar[2, j] += y_bar
            x_bar[j] = y_bar * extra[1, j]
        for k in range(layers - 1, -1, -1):
            for j in range(b):
                forget, ingate = gates[t, k, 0, j], gates[t, k, 1, j]
                outgate, change = gates[t, k, 2, j], gates[t, k, 3, j]
                x, h, squash = inputs[t, k, j], hiddens[t, k, j], squashed[t, k, j]
                h_bar = hidden_bar[k, j] + x_bar[j]
                c_bar = cell_bar[k, j] + h_bar * outgate * (1.0 - squash * squash)
                forget_bar = c_bar * cells[t, k, j] * forget * (1.0 - forget)
                ingate_bar = c_bar * change * ingate * (1.0 - ingate)
                outgate_bar = h_bar * squash * outgate * (1.0 - outgate)
                change_bar = c_bar * ingate * (1.0 - change * change)
                cell_bar[k, j] = c_bar * forget
                main_bar[k, 0, j] += forget_bar * x
                main_bar[k, 1, j] += forget_bar
                main_bar[k, 0, b + j] += ingate_bar * h
                main_bar[k, 1, b + j] += ingate_bar
                main_bar[k, 0, 2 * b + j] += outgate_bar * x
                main_bar[k, 1, 2 * b + j] += outgate_bar
                main_bar[k, 0, 3 * b + j] += change_bar * h
                main_bar[k, 1, 3 * b + j] += change_bar
                x_bar[j] = forget_bar * main[k, 0, j] + outgate_bar * main[k, 0, 2 * b + j]
                hidden_bar[k, j] = ingate_bar * main[k, 0, b + j] + change_bar * main[k, 0, 3 * b + j]
        for j in range(b):
            extra_bar[0, j] += x_bar[j] * sequence[t, j]
    return main_bar, extra_bar


def hand():
    """The gradient by hand for Numba."""
    return njit(adjoint, error_model="numpy")


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
