"""Recursion (placeholder: inline only)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from s2sad.frontend.values import Closure, Value

if TYPE_CHECKING:
    from s2sad.frontend.elaborator import Elaborator


def run(elab: Elaborator, closure: Closure, bound: dict[str, Value], inline: Callable[[dict[str, Value]], Value]) -> Value:
    return inline(bound)
