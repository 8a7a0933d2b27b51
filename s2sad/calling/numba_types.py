"""Transforms compiled for Numba's types: numbers and arrays; results with containers come as flat tuples."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numba.core import types
from numba.core.errors import TypingError
from numba.np.numpy_support import as_dtype

from s2sad.calling import compiler
from s2sad.calling.transformed import Transformed
from s2sad.errors import S2sadError
from s2sad.ir.types import Array, Scalar, Type, symbol


def dispatcher(transformed: Transformed, args: tuple[types.Type, ...]) -> Callable[..., Any]:
    """The compiled function for Numba argument types; a `TypingError` that says why when there is none."""
    try:
        abstract = [compiler.elaborate.Abstract(k, ir_type(t, f"x_{k}"), f"x_{k}") for k, t in enumerate(args)]
        lowered = transformed.lowered(tuple(abstract), {})
    except S2sadError as error:
        raise TypingError(str(error)) from error
    captured = lowered.elaboration.elab.outside.names()
    if captured:
        raise TypingError(
            f"{transformed.__name__} reads values from outside that may change ({', '.join(captured)}); "
            "in @njit code, pass them as arguments."
        )
    return compiler.inspection.dispatcher(lowered)


def ir_type(numba_type: types.Type, name: str) -> Type:
    """The IR type of a Numba type. Sizes may be anything here, as no call is checked for sizes 0 and 1."""
    match numba_type:
        case types.Array():
            dims = tuple(symbol(f"{name}.{k}") for k in range(numba_type.ndim))
            return Array(as_dtype(numba_type.dtype), dims)
        case types.Number() | types.Boolean():
            dtype = as_dtype(numba_type)
            return Scalar(dtype, weak=dtype in (np.float64, np.int64, np.complex128, np.bool_))
        case types.Omitted():
            return ir_type(types.unliteral(numba_type), name)
    raise TypingError(f"s2sad takes numbers and arrays in @njit code, not {numba_type}")
