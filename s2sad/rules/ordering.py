"""Sorting, and picking elements along an axis."""

from __future__ import annotations

from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import Array
from s2sad.rules.cotangent import shape_of
from s2sad.rules.registry import element, jvp, multilinear, vjp, zero_derivative

argsort = zero_derivative(
    rt.argsort, elementwise=False, spelling="rt.argsort(_0, axis=_axis)"
)
"""``argsort(x; axis)``, stable."""

sort = Primitive("sort", lambda x, axis=-1: np.sort(x, axis, kind="stable"), "rt.sort(_0, axis=_axis)")
"""``sort(x; axis)``."""

take_along_axis = Primitive(
    "take_along_axis", lambda x, places, axis: np.take_along_axis(x, places, axis), "rt.take_along_axis(_0, _1, _axis)"
)
"""``take_along_axis(x, places; axis)``."""
multilinear(take_along_axis)


@element(take_along_axis)
def take_element(index, x, places, *, axis):
    axis %= len(index)
    return x[(*index[:axis], places[index], *index[axis + 1 :])]


def _put_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    values = args[0].type
    dims = list(values.dims)
    dims[params["axis"]] = size_of(args[2])
    return (Array(values.dtype, tuple(dims)),)


put_along_axis = Primitive(
    "put_along_axis",
    lambda values, places, size, axis: rt.put_along_axis(values, places, size, axis),
    "rt.put_along_axis(_0, _1, _2, _axis)",
    type_rule=_put_type,
)
"""``put_along_axis(values, places, size; axis)``: zeros, with `size` along the axis, to which the values are added."""
multilinear(put_along_axis)


@vjp(take_along_axis)
def take_along_axis_vjp(out_bar, x, places, *, axis):
    return put_along_axis(out_bar, places, shape_of(x)[axis], axis=axis), None


@vjp(put_along_axis)
def put_along_axis_vjp(out_bar, values, places, size, *, axis):
    return take_along_axis(out_bar, places, axis=axis), None, None


@jvp(sort)
def sort_jvp(x_dot, x, *, axis=-1):
    return take_along_axis(x_dot, argsort(x, axis=axis), axis=axis)


@vjp(sort)
def sort_vjp(out_bar, x, *, axis=-1):
    return (put_along_axis(out_bar, argsort(x, axis=axis), shape_of(x)[axis], axis=axis),)
