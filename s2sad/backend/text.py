"""Expressions as text."""

from __future__ import annotations

import ast


def expression(node: ast.expr) -> str:
    """An expression as one line, with no more brackets than it needs."""
    return ast.unparse(ast.fix_missing_locations(node))
