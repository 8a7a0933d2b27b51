"""The errors that generated machine code can end in, by number, and the exceptions that are made of them.

Each exception is one of Python's or NumPy's, with NumPy's text, and knows the number of the place in the user's file
(`site`) where it happened; who has the table of places adds the line.
"""

from __future__ import annotations

from numpy.linalg import LinAlgError

FIRST = 1000
"""The number of the first of `KNOWN`; smaller ones are Numba's. Those that a program raises itself come after them."""

KNOWN = ("index", "negative size", "too large", "no memory", "step", "slice step", "division", "shape", "reshape",
         "list index", "empty list", "product", "blas", "system", "not square", "singular", "not definite",
         "not finite", "empty matrix", "eigenvalues", "singular values")  # fmt: skip
DETAILS = 3
"""How many integers a message shows at most."""

TEXTS = {
    "index": "index {1} is out of bounds for axis {0} with size {2}",
    "negative size": "negative dimensions are not allowed",
    "too large": "array is too big; `arr.size * arr.dtype.itemsize` is larger than the maximum possible size.",
    "no memory": "Unable to allocate the memory of an array",
    "step": "range() arg 3 must not be zero",
    "slice step": "slice step cannot be zero",
    "division": "integer division or modulo by zero",
    "shape": "an array of size {1} along axis {0} does not fit where the size is {2}",
    "product": "matmul: the inner dimensions of the factors do not match: {0} and {1}",
    "blas": "a function of BLAS or LAPACK could not be called",
    "system": "a system of {0} equations has a right-hand side of {1}",
    "not square": "Last 2 dimensions of the array must be square",
    "singular": "Singular matrix",
    "not definite": "Matrix is not positive definite",
    "not finite": "Array must not contain infs or NaNs",
    "empty matrix": "Arrays cannot be empty",
    "eigenvalues": "Eigenvalues did not converge",
    "singular values": "SVD did not converge",
    "list index": "list index out of range",
    "empty list": "pop from empty list",
    "reshape": "cannot reshape an array of size {0} into one of size {1}",
}
"""The text for each, with the details in order."""


class NativeError(Exception):
    """What the exceptions here have in common."""

    def __init__(self, number: int, site: int, *details: int) -> None:
        super().__init__(TEXTS[KNOWN[number - FIRST]].format(*details))
        self.number, self.site, self.details = number, site, details

    def __reduce__(self) -> tuple[type[NativeError], tuple[int, ...]]:
        return type(self), (self.number, self.site, *self.details)


class OutOfRange(NativeError, IndexError):
    """An index outside of its axis, or of a list."""


class BadSize(NativeError, ValueError):
    """A size, a step or a shape that cannot be."""


class NoMemory(NativeError, MemoryError):
    """Memory that could not be had."""


class DivisionByZero(NativeError, ZeroDivisionError):
    """A quotient or remainder of Python's integers by zero."""


class BadMatrix(NativeError, LinAlgError):
    """A matrix that cannot be solved with, or taken apart."""


OTHERS: dict[str, type[NativeError]] = {
    "index": OutOfRange,
    "list index": OutOfRange,
    "empty list": OutOfRange,
    "no memory": NoMemory,
    "division": DivisionByZero,
    **dict.fromkeys(
        ("not square", "singular", "not definite", "not finite", "empty matrix", "eigenvalues", "singular values"),
        BadMatrix,
    ),
}
EXCEPTIONS = {kind: OTHERS.get(kind, BadSize) for kind in KNOWN}
"""The exception for each."""
