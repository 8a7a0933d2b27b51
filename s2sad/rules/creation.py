"""Arrays made of numbers and sizes."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.primitives import Primitive, literal
from s2sad.ir.types import FLOAT, Array
from s2sad.rules.broadcasting import nones, to_dims, unbroadcast
from s2sad.rules.cotangent import as_dtype, call_like, dtype_of, real_dtype_of, shape_of
from s2sad.rules.registry import element, jvp, multilinear, rule_of, vjp


def _spell_full(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    value, *dims = args
    shape = dims[0] if len(dims) == 1 else ast.Tuple(dims, ast.Load())
    return ast.Call(ast.Attribute(ast.Name("np"), "full"), [shape, value, literal(params["dtype"])], [])


full = Primitive("full", lambda value, *dims, dtype: np.full(dims, value, dtype), _spell_full, type_rule=to_dims)
"""``full(value, *dims; dtype)``: every element is the number `value`."""
multilinear(full)


@element(full)
def full_element(index, value, *shape, dtype):
    return as_dtype(value, dtype)


@vjp(full)
def full_vjp(out_bar, value, *dims):
    return unbroadcast(out_bar), *nones(len(dims))


def _arange_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    start, stop, step = args
    counts = str(start) == "0" and str(step) == "1"
    return (Array(params["dtype"], (size_of(stop) if counts else None,)),)


def _arange(start, stop, step, dtype):
    return np.arange(start, stop, step).astype(dtype)


arange = Primitive("arange", _arange, "np.arange(_0, _1, _2).astype(_dtype)", type_rule=_arange_type)
"""``arange(start, stop, step; dtype)``."""


@element(arange)
def arange_element(index, start, stop, step, *, dtype):
    if any(dtype_of(x).kind not in "iu" for x in (start, step)):
        return None  # NumPy rounds in a way of its own
    return as_dtype(start + index[0] * step, dtype)


@jvp(arange)
def arange_jvp(start_dot, stop_dot, step_dot, *, out):
    start_dot, step_dot = (0.0 if d is None else d for d in (start_dot, step_dot))
    return start_dot + step_dot * count_like(out)


@vjp(arange)
def arange_vjp(out_bar, start, stop, step):
    return unbroadcast(out_bar), None, unbroadcast(out_bar * count_like(out_bar))


def count_like(x: Any) -> Any:
    """0, 1, 2, ... as numbers of the (real) dtype of the vector `x`."""
    return call_like(x, arange, 0, shape_of(x)[0], 1, dtype=real_dtype_of(x))


def _linspace_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    return (Array(params["dtype"], (size_of(args[2]),)),)


def _spell_linspace(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    out = ast.Call(ast.Attribute(ast.Name("rt"), "linspace"), [*args, literal(params.get("endpoint", True))], [])
    if params["dtype"] == np.float64 and all(t.dtype.kind != "c" for t in types):
        return out
    return ast.Call(ast.Attribute(out, "astype"), [literal(params["dtype"])], [])


linspace = Primitive(
    "linspace",
    lambda start, stop, num, endpoint=True, dtype=FLOAT: rt.linspace(start, stop, num, endpoint).astype(dtype),
    _spell_linspace,
    type_rule=_linspace_type,
)
"""``linspace(start, stop, num; endpoint, dtype)``."""


@jvp(linspace)
def linspace_jvp(start_dot, stop_dot, num_dot, start, stop, num, *, endpoint=True, dtype):
    start_dot, stop_dot = (0.0 if d is None else d for d in (start_dot, stop_dot))
    return linspace(start_dot, stop_dot, num, endpoint=endpoint, dtype=dtype)


@vjp(linspace)
def linspace_vjp(out_bar, start, stop, num, *, endpoint=True):
    t = call_like(out_bar, linspace, 0.0, 1.0, num, endpoint=endpoint, dtype=real_dtype_of(out_bar))
    return unbroadcast(out_bar * (1 - t)), unbroadcast(out_bar * t), None


def _eye_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    return (Array(params["dtype"], (size_of(args[0]), size_of(args[1]))),)


eye = Primitive(
    "eye", lambda n, m, k=0, dtype=FLOAT: np.eye(n, m, k, dtype), "np.eye(_0, _1, k=_k, dtype=_dtype)",
    type_rule=_eye_type,
)
"""``eye(n, m; k, dtype)``."""
rule_of(eye).zero = True


@element(eye)
def eye_element(index, n, m, *, k=0, dtype=FLOAT):
    from s2sad.rules.elementwise import where
    from s2sad.rules.logical import eq

    return where(eq(index[1], index[0] + k), dtype.type(1), dtype.type(0))
