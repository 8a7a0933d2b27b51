"""The mathematics: one declaration a primitive, one module a family.

`registry` says how a rule is written; `elementwise` is the family to read first.
"""

from s2sad.rules import (
    control,
    cotangent,
    counting,
    decompositions,
    eigenspaces,
    elementwise,
    fourier,
    incomplete,
    linalg,
    logical,
    matrix_functions,
    products,
    reductions,
    scipy_special,
    searching,
    shape,
    special,
)

__all__ = [
    "control", "cotangent", "counting", "decompositions", "eigenspaces", "elementwise", "fourier", "incomplete",
    "linalg", "logical", "matrix_functions", "products", "reductions", "scipy_special", "searching", "shape", "special",
]
