"""Functions that travel to other processes: by their name, or by value with their source.

    @s2sad.grad                 a function of a module: by name, as other functions are, though the name stands for
    def slope(x): ...           the transform
    g = s2sad.grad(f)           by what it is made of

A pickler that takes functions of ``__main__`` by value (cloudpickle) also gets the source, which the process that
receives them has no file for.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

from s2sad import carried

BY_VALUE = ("cloudpickle", "dill")
"""The picklers that take functions by value."""
Reduced = str | tuple[Any, ...]


def reduced(obj: Any, function: Callable[..., Any], make: Callable[..., Any], *args: Any, state: Any = None) -> Reduced:
    """How to pickle and to copy an object that was made of a function: its name, or ``make(*args)``."""
    by_value = is_by_value()
    name = name_of(obj, function)
    if name is not None and not (by_value and carried.travels_by_value(function)):
        return name
    if by_value:
        make, args = arrived, (carried.sources(obj, function), make, *args)
    return (make, args) if state is None else (make, args, state)


def arrived(sources: dict[str, str], make: Callable[..., Any], *args: Any) -> Any:
    """An object that has come from another process, with the sources of its functions."""
    carried.keep(sources)
    return make(*args)


def name_of(obj: Any, function: Callable[..., Any]) -> str | None:
    """The name in the module of a function by which an object is found, which stands in its place."""
    module = sys.modules.get(getattr(function, "__module__", None) or "")
    name = getattr(function, "__qualname__", None)
    if module is None or not isinstance(name, str) or getattr(obj, "__module__", None) != module.__name__:
        return None
    found: Any = module
    for part in name.split("."):
        found = getattr(found, part, None)
    return name if found is obj else None


def is_by_value() -> bool:
    """Whether the pickler at work takes functions by value."""
    frame: FrameType | None = sys._getframe(1)
    while frame is not None:
        if any(part in BY_VALUE for part in str(frame.f_globals.get("__name__", "")).split(".")):
            return True
        frame = frame.f_back
    return False
