"""What a program says while it runs: text with numbers in it, printed or given as a warning.

    rt.print('y = {:.3f}', y)          print(f"y = {y:.3f}")

Python itself formats the text. Compiled code comes back to Python for it, see `compiled.telling`.
"""

from __future__ import annotations

import builtins
import string
import sys
import warnings
from typing import Any

import numpy as np

__all__ = ["print", "print_error", "text", "warn"]


class _Formatter(string.Formatter):
    """`str.format`, and fields with a specification of the ``%`` operator: ``{:%5.2f}``."""

    def format_field(self, value: Any, spec: str) -> str:
        return spec % (value,) if spec.startswith("%") else format(value, spec)


def text(template: str, *values: Any) -> str:
    """The template with the values in its fields."""
    return _Formatter().vformat(template, [_plain(v) for v in values], {})


def _plain(value: Any) -> Any:
    """A NumPy number that Python has too, as that: what it looks like besides stands in the template."""
    return value.item() if isinstance(value, np.float64 | np.complex128 | np.int64 | np.bool_) else value


def print(template: str, *values: Any) -> None:
    """Write a text to the standard output, as it is when that is done."""
    builtins.print(text(template, *values), end="", flush=True)


def print_error(template: str, *values: Any) -> None:
    """Write a text to the standard error stream."""
    builtins.print(text(template, *values), end="", file=sys.stderr, flush=True)


def warn(category: str, template: str, *values: Any) -> None:
    """Give a warning of one of Python's categories."""
    warnings.warn(text(template, *values), getattr(builtins, category), stacklevel=2)
