"""Transforms applied in the user's own ``@njit`` code: ``grad(f)(x)`` and ``jvp(f, (x,), (v,))``.

There `f` is a function compiled by Numba, or a transform itself.

    grad(f)            the type of `f` is that very function, so its gradient is known when the caller is compiled
    jvp(f, p, t)       a function of p and t, compiled for their types
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from numba import njit
from numba.core import types
from numba.core.errors import TypingError
from numba.core.typing.templates import AbstractTemplate, Signature, infer_global, signature
from numba.extending import lower_builtin, overload

from s2sad.calling import in_njit
from s2sad.calling.transformed import Transformed, transform

Function = Callable[..., Any]


def offer(public: Function) -> None:
    """Let a transform that gives a function be applied in ``@njit`` code."""
    parameters = inspect.signature(public)
    made: dict[Any, tuple[Function, Transformed]] = {}
    """What it gave for a function and options: the same is one type."""

    class Application(AbstractTemplate):
        """The type of what the transform gives: nothing is done at run time."""

        key = public
        prefer_literal = True

        def generic(self, args: tuple[types.Type, ...], kws: dict[str, types.Type]) -> Signature:
            bound = parameters.bind(*args, **kws)
            fun, *rest = bound.arguments
            options = {name: _known(name, bound.arguments[name]) for name in rest}
            function = _function_of(bound.arguments[fun])
            key = id(function), tuple(options.items())
            if key not in made:
                made[key] = function, public(function, **options)
            given = inspect.Signature([parameters.parameters[name] for name in bound.arguments])
            return signature(in_njit.type_of(made[key][1]), *bound.arguments.values()).replace(pysig=given)

    def nothing(context: Any, builder: Any, sig: Signature, args: Any) -> Any:
        return context.get_dummy_value()

    infer_global(public, types.Function(Application))
    lower_builtin(public, types.VarArg(types.Any))(nothing)


def offer_direct(public: Function) -> None:
    """Let a transform that is called with the arguments of its function be called in ``@njit`` code."""
    parameters = inspect.signature(public)

    def resolve(*args: types.Type, **kwargs: types.Type) -> Function:
        bound = parameters.bind(*args, **kwargs)
        fun, *given = bound.arguments.values()
        function = _function_of(fun)

        def run(*values: Any) -> Any:
            return public(function, *values)

        entry = in_njit.entry(transform("jit", run), tuple(given), {})
        values = ", ".join(list(bound.arguments)[1:])
        return _with_parameters(bound, f"call({values})", {"call": njit(entry)})

    overload(public, strict=False)(resolve)


def _with_parameters(bound: inspect.BoundArguments, result: str, scope: dict[str, Any]) -> Function:
    """A function with the parameters that were given, that returns an expression of them."""
    scope["__name__"] = __name__
    exec(f"def applied({', '.join(bound.arguments)}):\n    return {result}", scope)
    applied: Function = scope["applied"]
    return applied


def _function_of(type_: types.Type) -> Function:
    """The function that a type of Numba's stands for."""
    if isinstance(type_, types.Dispatcher):
        dispatcher: Function = type_.dispatcher
        return dispatcher
    found: Transformed | None = in_njit.transform_of(type_)
    if found is None:
        raise TypingError("In @njit code a transform takes a function that is compiled by @njit, or a transform.")
    return found


def _known(name: str, type_: Any) -> Any:
    """The value of an option."""
    match type_:
        case types.Literal():
            return type_.literal_value
        case types.Omitted():
            return type_.value
        case types.NoneType():
            return None
        case types.Tuple() | types.UniTuple():
            return tuple(_known(name, t) for t in type_.types)
        case bool() | int() | None:
            return type_
    raise TypingError(f"In @njit code {name} is a constant.")
