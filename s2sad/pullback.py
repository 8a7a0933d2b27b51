"""Linear functions made outside: the pullback of `vjp`, the pushforward of `linearize`, a `linear_transpose`.

Each is compiled once for a function and types of arguments, however many of them are made.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import numpy as np

from s2sad import api, signature, splitting, tree
from s2sad.errors import TypeMismatchError
from s2sad.frontend.transforms import Spec

Function = Callable[..., Any]


def vjp(function: Function, primals: tuple[Any, ...], has_aux: bool) -> Any:
    """``(value, pullback)``, or ``(value, pullback, aux)``."""
    if not has_aux:
        found = _split(function)((function, primals), primals)
        if found is not None:
            return found[0], Pullback(function, primals, reverse=found[1])
    out, aux = _value(function, primals, has_aux)
    return (out, Pullback(function, primals, has_aux, value=out), *aux)


def linearize(function: Function, primals: tuple[Any, ...], has_aux: bool) -> Any:
    """``(value, pushforward)``, or ``(value, pushforward, aux)``."""
    out, aux = _value(function, primals, has_aux)
    return (out, Pushforward(function, primals, has_aux), *aux)


@functools.lru_cache(maxsize=1024)
def _split_program(name: str) -> splitting.SplitProgram:
    return splitting.SplitProgram(_run, name)


def _split(function: Function) -> Any:
    return _split_program(f"vjp_{api.function_name(function)}").forward


def _program(runner: Function, prefix: str, function: Function) -> Any:
    return api.program_of(runner, f"{prefix}{api.function_name(function)}")


def _value(function: Function, primals: tuple[Any, ...], has_aux: bool) -> tuple[Any, tuple[Any, ...]]:
    out = _program(_run, "", function)((function, primals), {})
    return (out[0], (out[1],)) if has_aux else (out, ())


class Linear:
    """A linear function that belongs to a function at a point."""

    kind = ""

    def __init__(self, function: Function, primals: tuple[Any, ...], has_aux: bool = False) -> None:
        self.__s2sad__ = Spec(self.kind, function, {"primals": primals, "has_aux": has_aux})
        self.__name__ = f"{self.kind}_{api.function_name(function)}"
        # The caller may change its arrays before it calls.
        self._arguments = (function, tree.map(lambda x: np.array(x) if isinstance(x, np.ndarray) else x, primals))
        self._options = {"has_aux": has_aux}

    def __repr__(self) -> str:
        return f"<s2sad {self.kind} of {api.function_name(self._arguments[0])}>"


class Pullback(Linear):
    """A linear function from a cotangent of the value to a tuple of cotangents of the primals."""

    kind = "pullback"

    def __init__(
        self,
        function: Function,
        primals: tuple[Any, ...],
        has_aux: bool = False,
        reverse: splitting.Reverse | None = None,
        value: Any = None,
    ) -> None:
        super().__init__(function, primals, has_aux)
        self._reverse = reverse
        self._value = value

    def __call__(self, out_bar: Any) -> Any:
        if self._reverse is not None:
            return self._reverse(out_bar)
        signature.check_like("The pullback", self._value, out_bar)
        return _program(_pull, "vjp_", self._arguments[0])((*self._arguments, out_bar), self._options)


class Pushforward(Linear):
    """A linear function from tangents of the primals to the tangent of the value."""

    kind = "pushforward"

    def __call__(self, *tangents: Any) -> Any:
        signature.check_like("The linear function", self._arguments[1], tangents)
        return _program(_push, "jvp_", self._arguments[0])((*self._arguments, tangents), self._options)


class Transpose(Linear):
    """The transpose of a linear function. TypeError, at the call, when the function turns out not to be linear."""

    kind = "transpose"

    def __call__(self, out_bar: Any) -> Any:
        found = _program(_transpose, "transpose_", self._arguments[0])((*self._arguments, out_bar), {})
        if _has_nan(found) and not _has_nan(out_bar):
            name = api.function_name(self._arguments[0])
            raise TypeMismatchError(f"linear_transpose: {name} is not linear in its arguments.", "Use vjp.")
        return found


def _has_nan(values: Any) -> bool:
    return any(bool(np.isnan(x).any()) for x in tree.leaves(values) if np.issubdtype(np.asarray(x).dtype, np.inexact))


def _run(function: Function, primals: tuple[Any, ...]) -> Any:
    return function(*primals)


def _pull(function: Function, primals: tuple[Any, ...], out_bar: Any, has_aux: bool = False) -> Any:
    return api.vjp(function, *primals, has_aux=has_aux)[1](out_bar)


def _push(function: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...], has_aux: bool = False) -> Any:
    return api.linearize(function, *primals, has_aux=has_aux)[1](*tangents)


def _transpose(function: Function, primals: tuple[Any, ...], out_bar: Any) -> Any:
    return api.linear_transpose(function, *primals)(out_bar)
