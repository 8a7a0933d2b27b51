"""`ast.parse`, one thread at a time.

CPython before 3.11.8 counts the depth of every tree it builds in one place, so that two threads that parse at once
fail with a SystemError (https://github.com/python/cpython/issues/106905).
"""

from __future__ import annotations

import ast
import threading

_lock = threading.Lock()


def parse(text: str, filename: str = "<unknown>") -> ast.Module:
    """The tree of a program. Raises SyntaxError."""
    with _lock:
        return ast.parse(text, filename)


def parse_expression(text: str) -> ast.expr:
    """The tree of one expression. Raises SyntaxError."""
    with _lock:
        return ast.parse(text, mode="eval").body
