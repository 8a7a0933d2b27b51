"""The names of Python's operators in the `operator` module."""

from __future__ import annotations

import gast

BINARY: dict[type, str] = {
    gast.Add: "add", gast.Sub: "sub", gast.Mult: "mul", gast.Div: "truediv", gast.FloorDiv: "floordiv", gast.Mod: "mod",
    gast.Pow: "pow", gast.MatMult: "matmul", gast.LShift: "lshift", gast.RShift: "rshift", gast.BitAnd: "and_",
    gast.BitOr: "or_", gast.BitXor: "xor",
}  # fmt: skip
COMPARE: dict[type, str] = {
    gast.Eq: "eq", gast.NotEq: "ne", gast.Lt: "lt", gast.LtE: "le", gast.Gt: "gt", gast.GtE: "ge", gast.Is: "is_",
    gast.IsNot: "is_not", gast.In: "contains", gast.NotIn: "not_contains",
}  # fmt: skip
UNARY: dict[type, str] = {gast.USub: "neg", gast.UAdd: "pos", gast.Invert: "invert", gast.Not: "not_"}
