"""Every kind of transform: the modules that declare what calling a transformed function of a kind means.

`elaborate`, from here, knows them all.
"""

from s2sad.frontend.elaborate.elaborate import elaborate
from s2sad.frontend.meanings import (
    batching,
    custom,
    differentiation,
    implicit,
    integrals,
    jacobians,
    linear,
    pytrees,
    records,
)

__all__ = [
    "batching", "custom", "differentiation", "elaborate", "implicit", "integrals", "jacobians", "linear",
    "pytrees", "records",
]  # fmt: skip
