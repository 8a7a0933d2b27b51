"""The same function over other names: its helpers compiled by Numba, or another module in place of NumPy."""

from __future__ import annotations

import types
from collections.abc import Callable
from typing import Any


def retargeted(function: Callable[..., Any], replace: Callable[[Any], Any]) -> Callable[..., Any]:
    """A copy of a function whose global names mean what `replace` makes of their values."""
    own = function.__globals__
    named = {name: replace(own[name]) for name in _names(function.__code__) if name in own}
    copy = types.FunctionType(function.__code__, own | named, function.__name__, function.__defaults__,
                              function.__closure__)  # fmt: skip
    copy.__kwdefaults__ = function.__kwdefaults__
    return copy


def njit(function: Callable[..., Any], **options: Any) -> Any:
    """The function under `numba.njit`, and so each helper of its own module: what a decorator on each would give."""
    import numba

    done: dict[Any, Any] = {}

    def compiled(value: Any) -> Any:
        if not isinstance(value, types.FunctionType) or value.__module__ != function.__module__:
            return value
        if value not in done:
            done[value] = numba.njit(**options)(retargeted(value, compiled))
        return done[value]

    return compiled(function)


def over(function: Callable[..., Any], module: Any) -> Callable[..., Any]:
    """The function, and the helpers of its module, with `module` in place of `numpy`."""
    import numpy

    def replaced(value: Any) -> Any:
        if value is numpy:
            return module
        if isinstance(value, types.FunctionType) and value.__module__ == function.__module__:
            return retargeted(value, replaced)
        return value

    return retargeted(function, replaced)


def _names(code: types.CodeType) -> set[str]:
    """The global names that a code object and those inside it read."""
    found = set(code.co_names)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            found |= _names(constant)
    return found
