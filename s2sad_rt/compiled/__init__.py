"""What Numba compiles for the functions of `s2sad_rt`. Importing this registers it all; `s2sad_rt.jit` does so.

Most functions depend on the rank of an array or on literal axes: their source is written for each case by `template`.
"""

from s2sad_rt.compiled import (
    checkpointing,
    eigenspaces,
    fourier,
    incomplete,
    linear_algebra,
    matrix_functions,
    numbers,
    products,
    reductions,
    scipy_special,
    shapes,
    telling,
)

__all__ = [
    "checkpointing", "eigenspaces", "fourier", "incomplete", "linear_algebra", "matrix_functions", "numbers",
    "products", "reductions", "scipy_special", "shapes", "telling",
]
