"""convolution: the misfit of a picture convolved with a small kernel, by slices; its gradient in kernel and picture."""

import numpy as np

ARGNUMS = (0, 1)
SIZES = {"128x128, 5x5": {"n": 128, "k": 5}}
TINY = {"n": 6, "k": 2}


def make(n, k, seed=27):
    """kernel (k, k), picture (n, n), target (n - k + 1, n - k + 1)."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=(k, k)), rng.normal(size=(n, n)), rng.normal(size=(n - k + 1, n - k + 1))


def objective(kernel, picture, target):
    """The mean squared difference to the target."""
    rows = picture.shape[0] - kernel.shape[0] + 1
    columns = picture.shape[1] - kernel.shape[1] + 1
    out = np.zeros((rows, columns))
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            out += kernel[a, b] * picture[a : a + rows, b : b + columns]
    return np.mean((np.tanh(out) - target) ** 2)


def derivative(s2sad):
    """The gradient in kernel and picture."""
    return s2sad.grad(objective, argnums=ARGNUMS)


def jax_objective():
    """The same by JAX's own convolution, faster there than slices."""
    import jax
    import jax.numpy as jnp

    def f(kernel, picture, target):
        out = jax.lax.conv(picture[None, None], kernel[None, None], (1, 1), "VALID")[0, 0]
        return jnp.mean((jnp.tanh(out) - target) ** 2)

    return f


def jax_twin():
    """The same gradient by JAX."""
    import jax

    return jax.jit(jax.grad(jax_objective(), argnums=ARGNUMS))


def torch_twin():
    """The same gradient by PyTorch."""
    import torch

    def gradient(kernel, picture, target):
        leaves = [torch.tensor(v, requires_grad=True) for v in (kernel, picture)]
        out = torch.nn.functional.conv2d(leaves[1][None, None], leaves[0][None, None])[0, 0]
        value = ((torch.tanh(out) - torch.as_tensor(target)) ** 2).mean()
        return tuple(g.numpy() for g in torch.autograd.grad(value, leaves))

    return gradient


def autograd_twin():
    """The same gradient by autograd, which takes no stores."""
    import autograd
    import autograd.numpy as anp

    from bench.problems.convolution_anew import objective as without_stores
    from bench.retarget import over

    return autograd.grad(over(without_stores, anp), ARGNUMS)
