"""convolution_anew: `convolution` with an array made anew by each step, `out = out + ...`, instead of stores."""

import numpy as np

from bench.problems.convolution import ARGNUMS, SIZES, TINY, autograd_twin, jax_objective, jax_twin, make, torch_twin

__all__ = ["ARGNUMS", "SIZES", "TINY", "autograd_twin", "derivative", "jax_objective", "jax_twin", "make", "objective",
           "torch_twin"]  # fmt: skip


def objective(kernel, picture, target):
    """The mean squared difference to the target."""
    rows = picture.shape[0] - kernel.shape[0] + 1
    columns = picture.shape[1] - kernel.shape[1] + 1
    out = np.zeros((rows, columns))
    for a in range(kernel.shape[0]):
        for b in range(kernel.shape[1]):
            out = out + kernel[a, b] * picture[a : a + rows, b : b + columns]
    return np.mean((np.tanh(out) - target) ** 2)


def derivative(s2sad):
    """The gradient in kernel and picture."""
    return s2sad.grad(objective, argnums=ARGNUMS)
