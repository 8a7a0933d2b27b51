"""How often a loop runs."""

from __future__ import annotations

from s2sad.ir.primitives import Primitive
from s2sad.ir.types import INT, Scalar
from s2sad.rules.registry import RULES, Rule

trip_count = Primitive(
    "trip_count",
    lambda start, stop, step: len(range(start, stop, step)),
    "len(range(_0, _1, _2))",
    type_rule=lambda args, params, size_of: (Scalar(INT, weak=True),),
)
"""``trip_count(start, stop, step)``: the number of trips of a loop over that range."""
RULES[trip_count] = Rule(zero=True)
