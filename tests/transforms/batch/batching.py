"""What the tests of batching share: a batched function against a Python loop over the batch."""

from __future__ import annotations

import numpy as np

from s2sad.ir import Array, Function, python_function, verify
from s2sad.ir.types import symbol
from s2sad.transforms.batch import batch


def batched(function: Function, axes, size="B", out_axes=None):
    """The batching of a function; verified."""
    dim = symbol(size, 2) if isinstance(size, str) else size
    out = batch.batch(function, axes, out_axes or (0,) * len(function.results), dim)
    verify(function)
    verify(out.function, "batch")
    return out


def check(function: Function, axes, args, out_axes=None):
    """The batched function gives what a loop over the batch gives. Returns the batching, for a look at its form."""
    size = next(np.shape(x)[a] for x, a in zip(args, axes, strict=True) if a is not None)
    one, params = python_function(function), function.params
    rows = [
        one(*(x if a is None else item(np.take(x, k, a), p) for x, a, p in zip(args, axes, params, strict=True)))
        for k in range(size)
    ]
    for given in ("B", size):
        out = batched(function, axes, given, out_axes)
        found = python_function(out.function)(*args)
        for k, value in enumerate(found):
            axis = (out_axes or (0,) * len(found))[k]
            expected = rows[0][k] if axis is None else np.stack([np.asarray(r[k]) for r in rows], axis)
            assert np.asarray(value).dtype == np.asarray(expected).dtype or np.asarray(expected).dtype == np.int64
            np.testing.assert_allclose(value, expected, rtol=1e-12)
    return out


def item(value, param):
    return value if isinstance(param.type, Array) else value.item() if param.type.weak else value[()]


def loops_over_batch(out) -> bool:
    from s2sad.ir.nodes import For
    from s2sad.ir.walk import statements

    return any(isinstance(s, For) and s.index.name.startswith("lane") for s in statements(out.function.body))
