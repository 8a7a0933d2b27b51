"""Functions of NumPy and SciPy that are others put together, as Python functions in the language that users write.

The elaborator runs them as it runs a user's own; what they write stands at the user's line. They call only what the
other modules of the library give a meaning. Modules for parts of SciPy are imported by `table.find` when they are used.
"""

from s2sad.frontend.library.written import (
    fft,
    linear_algebra,
    mapping,
    ordered,
    polynomials,
    quantiles,
    queues,
    reductions,
    shape,
    special,
)

__all__ = [
    "fft",
    "linear_algebra",
    "mapping",
    "ordered",
    "polynomials",
    "quantiles",
    "queues",
    "reductions",
    "shape",
    "special",
]
