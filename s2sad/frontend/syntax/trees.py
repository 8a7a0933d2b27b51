"""Building pieces of syntax trees."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

import gast

N = TypeVar("N", bound=gast.AST)


def located(node: N, like: gast.AST) -> N:
    """The node, all parts of it that have no position standing where `like` does."""
    for part in gast.walk(node):
        if getattr(part, "lineno", None) is None and hasattr(part, "_attributes") and "lineno" in part._attributes:
            part.lineno, part.col_offset = like.lineno, like.col_offset
            part.end_lineno, part.end_col_offset = like.end_lineno, like.end_col_offset
    return node


def load(name: str) -> gast.Name:
    return gast.Name(name, gast.Load(), None, None)


def store(name: str) -> gast.Name:
    return gast.Name(name, gast.Store(), None, None)


def constant(value: Any) -> gast.Constant:
    return gast.Constant(value, None)


def assign(like: gast.AST, name: str, value: gast.expr) -> gast.Assign:
    return located(gast.Assign([store(name)], value, None), like)


def call(function: str, args: list[gast.expr]) -> gast.Call:
    return gast.Call(load(function), args, [])


def compare(left: gast.expr, op: gast.cmpop, right: gast.expr) -> gast.Compare:
    return gast.Compare(left, [op], [right])


def not_(value: gast.expr) -> gast.UnaryOp:
    return gast.UnaryOp(gast.Not(), value)


def or_(values: Sequence[gast.expr]) -> gast.expr:
    return values[0] if len(values) == 1 else gast.BoolOp(gast.Or(), list(values))


def and_(values: Sequence[gast.expr]) -> gast.expr:
    return values[0] if len(values) == 1 else gast.BoolOp(gast.And(), list(values))
