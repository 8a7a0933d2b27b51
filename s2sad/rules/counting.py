"""How often a loop runs, and how far its reverse runs ahead between two checkpoints."""

from __future__ import annotations

import ast
from typing import Any

import s2sad_rt as rt
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

revolve_advance = Primitive(
    "revolve_advance", rt.revolve_advance, "rt.revolve_advance(_0, _1)",
    type_rule=lambda args, params, size_of: (Scalar(INT, weak=True),),
)
"""``revolve_advance(steps, snapshots)``: how many steps to run before the next state is kept."""
RULES[revolve_advance] = Rule(zero=True)
