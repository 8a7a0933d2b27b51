"""Roots and logarithms of matrices, and Sylvester's equation (Higham, "Functions of matrices", chapters 3 and 6)."""

from __future__ import annotations

from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.infer import assume_equal
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import Array
from s2sad.rules.cotangent import accumulate
from s2sad.rules.decompositions import directional
from s2sad.rules.products import matmul
from s2sad.rules.registry import jvp, vjp
from s2sad.rules.shape import swap_last


def _inexact(dtype: np.dtype) -> np.dtype:
    return dtype if dtype.kind in "fc" else np.dtype(float)


def _same_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    return (Array(_inexact(x.dtype), x.dims),)


def _sylvester_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    a, b, q = (x.type for x in args)
    for size, other in ((a.dims[0], q.dims[0]), (a.dims[1], q.dims[0]), (b.dims[0], q.dims[1]), (b.dims[1], q.dims[1])):
        assume_equal(size, other)
    return (Array(_inexact(np.result_type(a.dtype, b.dtype, q.dtype)), q.dims),)


sylvester = Primitive("sylvester", rt.sylvester, "rt.sylvester(_0, _1, _2)", type_rule=_sylvester_type)
"""``sylvester(a, b, q)``: x with ``a @ x + x @ b = q``."""


@jvp(sylvester)
def sylvester_jvp(a_dot, b_dot, q_dot, a, b, q, *, out):
    right = q_dot
    if a_dot is not None:
        right = accumulate(right, -matmul(a_dot, out))
    if b_dot is not None:
        right = accumulate(right, -matmul(out, b_dot))
    return sylvester(a, b, right)


@vjp(sylvester)
def sylvester_vjp(out_bar, a, b, q, *, out):
    q_bar = sylvester(swap_last(a), swap_last(b), out_bar)
    return -matmul(q_bar, swap_last(out)), -matmul(swap_last(out), q_bar), q_bar


sqrtm = Primitive("sqrtm", rt.sqrtm, "rt.sqrtm(_0)", type_rule=_same_type)
"""``sqrtm(x)``: the principal square root; nan for a real matrix that has no real one."""


@jvp(sqrtm)
def sqrtm_jvp(x_dot, x, *, out):
    return sylvester(out, out, x_dot)


@vjp(sqrtm)
def sqrtm_vjp(out_bar, x, *, out):
    root = swap_last(out)
    return (sylvester(root, root, out_bar),)


logm = Primitive("logm", rt.logm, "rt.logm(_0)", type_rule=_same_type)
"""``logm(x)``: the principal logarithm; nan for a real matrix that has no real one."""


@jvp(logm)
def logm_jvp(x_dot, x):
    return directional(logm, x, x_dot)


@vjp(logm)
def logm_vjp(out_bar, x):
    return (directional(logm, swap_last(x), out_bar),)
