"""The primitive `copy`, which only `inplace` writes: the same value in memory of its own."""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

from s2sad.ir.primitives import Primitive
from s2sad.ir.types import Array, List, Type


def _copy(value: Any) -> Any:
    if isinstance(value, list):
        return [_copy(v) for v in value]
    return value.copy() if isinstance(value, np.ndarray) else value


def _spell_copy(args: list[ast.expr], params: dict[str, Any], types: tuple[Type, ...]) -> ast.expr:
    plain = isinstance(types[0], List) and not isinstance(types[0].item, (Array, List))
    if isinstance(types[0], Array) or plain:
        return ast.Call(ast.Attribute(args[0], "copy", ast.Load()), [], [])
    return ast.Call(ast.Attribute(ast.Name("rt"), "copy_list"), list(args), [])


copy = Primitive("copy", _copy, _spell_copy, type_rule=lambda a, p, s: (a[0].type,))
"""``copy(a)``: the same value in memory of its own, C-contiguous. Lists are copied with their items."""
