"""Linear functions made outside: the pullback of `vjp`, the pushforward of `linearize`, a `linear_transpose`.

Each is compiled once for a function and types of arguments, however many of them are made.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad import tree
from s2sad.calling import compiler, direct, signature
from s2sad.calling.program import Program, function_name
from s2sad.calling.travelling import Reduced, reduced
from s2sad.errors import TypeMismatchError
from s2sad.frontend.values import transforms
from s2sad.frontend.values.transforms import Spec
from s2sad.labelled import labelled, refusal

if TYPE_CHECKING:
    from s2sad.calling.splitting import Linearized, SplitProgram

Function = Callable[..., Any]


def vjp(fun: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The value and the pullback: ``fun(*primals)``, and a function from a cotangent of it to a tuple of cotangents.

    With `has_aux`, `fun` returns ``(value, aux)`` and the result is a triple. The forward sweep runs here, once; the
    pullback may be called many times.
    """
    return _linearized(Pullback, fun, primals, has_aux)


def linearize(fun: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The value, and the derivative there as a function: ``fun(*primals)``, and ``f_jvp(*tangents)``.

    With `has_aux`, `fun` returns ``(value, aux)`` and the result is a triple.
    """
    return _linearized(Pushforward, fun, primals, has_aux)


def linear_transpose(fun: Function, *primals: Any) -> Any:
    """The transpose of a linear function: from a cotangent of its value to a tuple of cotangents of its arguments.

    `primals` only say what the arguments are like: numbers, arrays, or anything that has a `shape` and a `dtype`.
    Raises TypeError, when the transpose is called, where `fun` turns out not to be linear.
    """
    return Transpose(fun, tree.map(_example, primals))


def _example(leaf: Any) -> Any:
    """An array for what only says what an array is like."""
    if isinstance(leaf, np.ndarray | np.generic) or not (hasattr(leaf, "shape") and hasattr(leaf, "dtype")):
        return leaf
    return np.zeros(leaf.shape, leaf.dtype)[()]


def _linearized(kind: type[Linear], function: Function, primals: tuple[Any, ...], has_aux: bool) -> Any:
    _check_numpy(function, primals)
    found = direct.program(_split_program, _run, function, has_aux, "vjp_{}").forward((primals,), primals)
    plain = all(type(p) in (float, np.ndarray) for p in primals)
    primals = tuple(map(_frozen, primals)) if plain else tree.map(_frozen, primals)
    if found is not None and not (kind is Pushforward and found.parts.reverse_only):
        made = kind(function, primals, has_aux, found)
        return (found.value, made, found.aux) if has_aux else (found.value, made)
    out = _program(_run, "", function)((primals,), {})
    value, *aux = out if has_aux else (out,)
    return (value, kind(function, primals, has_aux, value=value), *aux)


def _check_numpy(function: Function, primals: tuple[Any, ...]) -> None:
    """Refuse to differentiate by an array that is not NumPy's."""
    leaves, structure = tree.flatten((primals, {}))
    for k, leaf in enumerate(leaves):
        kind = labelled(leaf)
        if kind is not None:
            error = TypeMismatchError(*refusal(compiler.variant.leaf_names(function, structure)[k], kind))
            compiler.variant.locate(error, [function])
            raise error


def _frozen(leaf: Any) -> Any:
    """A leaf as it is now: the caller may change its arrays before it calls."""
    return np.array(leaf) if isinstance(leaf, np.ndarray) else leaf


def _split_program(function: Function, name: str) -> SplitProgram:
    return compiler.splitting.SplitProgram(function, name)


def _program(runner: Function, prefix: str, function: Function, has_aux: bool = False) -> Any:
    return direct.program(Program, runner, function, has_aux, prefix + "{}")


class Linear:
    """A linear function that belongs to a function at a point.

    `linearized` is what the forward sweep left. Where that cannot leave compiled code the function is run again at
    each call, and `value` says what cotangents are like.
    """

    kind = ""

    def __init__(
        self,
        function: Function,
        primals: tuple[Any, ...],
        has_aux: bool = False,
        linearized: Linearized | None = None,
        value: Any = None,
    ) -> None:
        options = {"primals": primals, "has_aux": has_aux, "linearized": linearized}
        self.__s2sad__ = Spec(self.kind, function, options)
        self._arguments = (function, primals)
        self._has_aux = has_aux
        self._linearized = linearized
        self._value = value

    @property
    def __name__(self) -> str:
        return f"{self.kind}_{function_name(self._arguments[0])}"

    def __repr__(self) -> str:
        return f"<s2sad {self.kind} of {function_name(self._arguments[0])}>"

    def __reduce__(self) -> Reduced:
        """A pickle holds the function, the point, and what the forward sweep left."""
        function, primals = self._arguments
        found = self._linearized
        left = None if found is None else (found.given, found.value, found.aux)
        return reduced(self, function, _remade, type(self), function, primals, self._has_aux, left, self._value)

    def _only(self, out_bars: tuple[Any, ...]) -> Any:
        """The one cotangent that the call was made with."""
        if len(out_bars) == 1:
            return out_bars[0]
        raise TypeMismatchError(
            f"The {self.kind} of {function_name(self._arguments[0])} takes one argument, the cotangent of the "
            f"value, but was called with {len(out_bars)}.",
            "Where the value is a tuple or another container, give one that mirrors it.",
        )


class Pullback(Linear):
    """A linear function from a cotangent of the value to a tuple of cotangents of the primals."""

    kind = "pullback"

    def __call__(self, *out_bars: Any) -> Any:
        out_bar = self._only(out_bars)
        if self._linearized is not None:
            return self._linearized.pull(out_bar)
        signature.check_like("The pullback", self._value, out_bar)
        function, primals = self._arguments
        return _program(_pull, "vjp_", function, self._has_aux)((primals, out_bar), {})


class Pushforward(Linear):
    """A linear function from tangents of the primals to the tangent of the value."""

    kind = "pushforward"

    def __call__(self, *tangents: Any) -> Any:
        signature.check_like("The linear function", self._arguments[1], tangents)
        if self._linearized is not None:
            return self._linearized.push(tangents)
        function, primals = self._arguments
        return _program(_push, "jvp_", function, self._has_aux)((primals, tangents), {})


class Transpose(Linear):
    """The transpose of a linear function. TypeError, at the call, when the function turns out not to be linear."""

    kind = "transpose"

    def __call__(self, *out_bars: Any) -> Any:
        out_bar = self._only(out_bars)
        function, primals = self._arguments
        return _program(_transpose, "transpose_", function)((primals, out_bar), {})


def _remade(
    kind: type[Linear], function: Function, primals: tuple[Any, ...], has_aux: bool, left: Any, value: Any
) -> Linear:
    """A linear function that has been pickled: what its forward sweep left, with the program compiled here."""
    if left is None:
        return kind(function, primals, has_aux, value=value)
    program = direct.program(_split_program, _run, function, has_aux, "vjp_{}")
    return kind(function, primals, has_aux, program.restored((primals,), primals, *left))


def _run(function: Function, primals: tuple[Any, ...], has_aux: bool = False) -> Any:
    return function(*primals)


def _pull(function: Function, primals: tuple[Any, ...], out_bar: Any, has_aux: bool = False) -> Any:
    return vjp(function, *primals, has_aux=has_aux)[1](out_bar)


def _push(function: Function, primals: tuple[Any, ...], tangents: tuple[Any, ...], has_aux: bool = False) -> Any:
    return linearize(function, *primals, has_aux=has_aux)[1](*tangents)


def _transpose(function: Function, primals: tuple[Any, ...], out_bar: Any) -> Any:
    return linear_transpose(function, *primals)(out_bar)


transforms.register(vjp, lambda *call: compiler.handlers.differentiation.vjp(*call))
transforms.register(linearize, lambda *call: compiler.handlers.linear.linearize(*call))
transforms.register(linear_transpose, lambda *call: compiler.handlers.linear.linear_transpose(*call))
