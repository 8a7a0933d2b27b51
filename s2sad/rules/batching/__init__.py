"""Batch rules: how each primitive takes a batch axis.

    @batch(prim)
    def rule(axes, x, y, *, axis): ...

`axes` is an `Axes`: 0 for each argument that has the batch as its first axis, None for those that have none. The rule
gives the result with the batch as its first axis, or NotImplemented where the primitive cannot take a batch in this
form; `transforms.batch` then writes a loop over the batch around it. Elementwise primitives need no rule.
"""

from s2sad.rules.batching import arrays, elementwise, linalg, products, reductions, shape
from s2sad.rules.batching.axes import Axes, align, batched_elementwise

__all__ = ["Axes", "align", "arrays", "batched_elementwise", "elementwise", "linalg", "products", "reductions", "shape"]
