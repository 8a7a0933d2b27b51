"""Expressions as text, and the text of modules."""

from __future__ import annotations

import ast
import re


def expression(node: ast.expr) -> str:
    """An expression as one line, with no more brackets than it needs."""
    return ast.unparse(ast.fix_missing_locations(node))


_POSITION = re.compile(r"^ *# [^\n]+?:\d+(  [^\n]*)?\n", re.MULTILINE)
_DECORATOR = re.compile(r"^@rt\.jit$", re.MULTILINE)


def without_positions(source: str) -> str:
    """A generated module without the comments that say which of the user's lines its statements come from.

    What is compiled is named by this text, so that a function that moves down its file is not compiled anew.
    """
    return _POSITION.sub("", source)


def releasing_gil(source: str) -> str:
    """A generated module whose functions let other threads run while they do."""
    return _DECORATOR.sub("@rt.jit(nogil=True)", source)
