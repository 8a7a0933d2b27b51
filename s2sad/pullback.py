"""`vjp` from outside: a forward sweep run once, and the pullback that may be called many times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s2sad import api
from s2sad.frontend.transforms import Spec


def vjp(function: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool) -> Any:
    """``(value, pullback)``, or ``(value, pullback, aux)``."""
    out = api.jit(function)(*primals)
    aux: tuple[Any, ...] = ()
    if has_aux:
        out, extra = out
        aux = (extra,)
    return (out, Pullback(function, primals, has_aux), *aux)


class Pullback:
    """A linear function from a cotangent of the result to a tuple of cotangents of the primals."""

    def __init__(self, function: Callable[..., Any], primals: tuple[Any, ...], has_aux: bool) -> None:
        self.__s2sad__ = Spec("pullback", function, {"primals": primals, "has_aux": has_aux})
        self._program = api.Program(_pull, f"vjp_{api.function_name(function)}")
        self._arguments = (function, primals, has_aux)

    def __call__(self, out_bar: Any) -> Any:
        function, primals, has_aux = self._arguments
        return self._program((function, primals, out_bar), {"has_aux": has_aux})


def _pull(function: Callable[..., Any], primals: tuple[Any, ...], out_bar: Any, has_aux: bool = False) -> Any:
    return api.vjp(function, *primals, has_aux=has_aux)[1](out_bar)


