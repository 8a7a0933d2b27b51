"""A small program to start: `python -m bench.first s2sad` prints the CPU seconds from its first line to its end.

What comes behind the tool's name is what to do: `import` it, or import it and take a `gradient`.
"""

import sys
import time


def loss(x):
    """A small loop."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i] * x[i]
    return total


def loss_bar(x):
    """Its gradient by hand."""
    x_bar = x * 0.0
    for i in range(len(x)):
        x_bar[i] = 3.0 * x[i] * x[i]
    return x_bar


def main(tool: str, what: str) -> None:
    """Start one tool."""
    match tool:
        case "numba":
            import numba
        case "s2sad":
            import s2sad
        case "jax":
            import jax
    if what == "gradient":
        import numpy as np

        x = np.arange(3.0)
        match tool:
            case "numba":
                numba.njit(loss_bar)(x)
            case "s2sad":
                s2sad.grad(loss)(x)
            case "jax":
                jax.block_until_ready(jax.jit(jax.grad(lambda v: (v**3).sum()))(x))


if __name__ == "__main__":
    start = time.process_time()
    main(*sys.argv[1:3])
    print(time.process_time() - start)
