"""How often a loop runs."""

from __future__ import annotations

import ast
from typing import Any

from s2sad.ir.primitives import Primitive
from s2sad.ir.types import INT, Scalar, Type
from s2sad.rules.registry import RULES, Rule


def _spell(args: list[ast.expr], params: dict[str, Any], types: tuple[Type, ...]) -> ast.expr:
    """``len(range(n))``, with no more bounds than needed."""
    start, stop, step = args
    one = isinstance(step, ast.Constant) and step.value == 1
    bounds = (
        [start, stop, step]
        if not one
        else [stop]
        if isinstance(start, ast.Constant) and start.value == 0
        else [start, stop]
    )
    return ast.Call(ast.Name("len"), [ast.Call(ast.Name("range"), bounds, [])], [])


trip_count = Primitive(
    "trip_count",
    lambda start, stop, step: len(range(start, stop, step)),
    _spell,
    type_rule=lambda args, params, size_of: (Scalar(INT, weak=True),),
)
"""``trip_count(start, stop, step)``: the number of trips of a loop over that range."""
RULES[trip_count] = Rule(zero=True)
