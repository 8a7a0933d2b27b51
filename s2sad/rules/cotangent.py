"""What rules ask of the values they are given, be they numbers, arrays or references (`ir.Ref`)."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.ir.primitives import Primitive, cast, zeros
from s2sad.ir.types import Array


def is_ref(x: Any) -> bool:
    """Whether `x` stands for a value of a program being written."""
    return hasattr(x, "_builder")


def dtype_of(x: Any) -> np.dtype:
    """The dtype of a value."""
    return x.dtype if hasattr(x, "dtype") else np.asarray(x).dtype


def real_dtype_of(x: Any) -> np.dtype:
    """The dtype of the real part of an inexact value."""
    dtype = dtype_of(x)
    return np.dtype(f"f{dtype.itemsize // 2}") if dtype.kind == "c" else dtype


def is_complex(x: Any) -> bool:
    return dtype_of(x).kind == "c"


def is_integer(x: Any) -> bool:
    return dtype_of(x).kind in "iub"


def ndim_of(x: Any) -> int:
    return x.ndim if is_ref(x) else np.ndim(x)


def is_array(x: Any) -> bool:
    """Whether a value is an array, if of rank 0, rather than a number."""
    return isinstance(x.type, Array) if is_ref(x) else isinstance(x, np.ndarray)


def shape_of(x: Any) -> tuple[Any, ...]:
    """The shape: ints, or references to them."""
    if is_ref(x):
        return tuple(x._builder.ref(d) for d in x._builder.dim_atoms(x.atom)) if x.ndim else ()
    return np.shape(x)


def size_along(x: Any, axes: Any) -> Any:
    """The number of elements along the axes."""
    shape = shape_of(x)
    count: Any = 1
    for axis in axes:
        count = shape[axis] if isinstance(count, int) and count == 1 else count * shape[axis]
    return count


def number(value: float, like: Any) -> Any:
    """A constant of the (real) dtype of `like`, so that it widens no array; a Python number where that is float64."""
    dtype = real_dtype_of(like)
    return dtype.type(value) if dtype.kind == "f" and dtype != np.float64 else float(value)


def as_dtype(x: Any, dtype: np.dtype) -> Any:
    """`x` with another dtype, or as it is where that is its own."""
    return x if dtype_of(x) == dtype else cast(x, dtype=dtype)


def call_like(x: Any, prim: Primitive, *args: Any, **params: Any) -> Any:
    """``prim(*args, **params)``, written where `x` is written if that is a reference: for calls with no reference among
    their arguments."""
    return x._builder.apply(prim, args, params) if is_ref(x) else prim(*args, **params)


def zeros_like(x: Any) -> Any:
    """Zeros of the dtype and shape of `x`."""
    if not is_array(x):
        return number(0, x) if not is_complex(x) else dtype_of(x).type(0)
    return call_like(x, zeros, *shape_of(x), dtype=x.dtype)


def accumulate(total: Any, term: Any) -> Any:
    """``total + term``, where None stands for zero."""
    if total is None or term is None:
        return term if total is None else total
    return total + term


__all__ = [
    "accumulate", "as_dtype", "call_like", "dtype_of", "is_array", "is_complex", "is_integer", "is_ref", "ndim_of",
    "number",
    "real_dtype_of", "shape_of", "size_along", "zeros_like",
]
