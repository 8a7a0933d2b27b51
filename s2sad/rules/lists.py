"""Lists that grow at run time, made arrays and back."""

from __future__ import annotations

from typing import Any

import s2sad_rt as rt
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import Array, List, Scalar
from s2sad.rules.registry import multilinear, vjp


def _array_of_list_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    item = args[0].type.item
    return (Array(item.dtype, (None, *(item.dims if isinstance(item, Array) else ()))),)


def _list_of_array_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    return (List(Array(x.dtype, x.dims[1:]) if x.rank > 1 else Scalar(x.dtype)),)


array_of_list = Primitive("array_of_list", rt.array_of_list, type_rule=_array_of_list_type)
"""``array_of_list(items)``: the items of a list stacked along a first axis."""
list_of_array = Primitive("list_of_array", rt.list_of_array, type_rule=_list_of_array_type)
"""``list_of_array(x)``: the rows of an array as a list."""
multilinear(array_of_list)
multilinear(list_of_array)


@vjp(array_of_list)
def array_of_list_vjp(out_bar):
    return (list_of_array(out_bar),)


@vjp(list_of_array)
def list_of_array_vjp(out_bar):
    return (array_of_list(out_bar),)
