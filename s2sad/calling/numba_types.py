"""Transforms compiled for Numba's types: numbers, arrays, and tuples and namedtuples of them.

    def call(x_0, x_1):                      what `callable_for` makes of g(p, y=y), where p is a pair
        out = compiled(x_0[0], x_0[1], x_1)  flat values in and out
        return out[0], (out[1], out[2])

What a function reads from outside is frozen at its value now, as Numba freezes globals.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numba.core import types
from numba.core.errors import TypingError
from numba.np.numpy_support import as_dtype

from s2sad.calling import compiler
from s2sad.calling.transformed import Transformed
from s2sad.errors import S2sadError
from s2sad.ir.types import Array, Scalar, Type, symbol


@dataclass(frozen=True, slots=True)
class Compiled:
    """A transform compiled for the types of a call."""

    flat: Callable[..., Any]
    """The dispatcher of flat values: leaves of arguments, then `frozen`."""
    frozen: tuple[Any, ...]
    arguments: tuple[str, ...]
    """The flat values as expressions of the parameters."""
    parameters: tuple[str, ...]
    result: Any

    @property
    def name(self) -> str:
        """The name of the generated module, with a hash of what is frozen: where both are the same, so is the code."""
        module: str = self.flat.py_func.__module__.rpartition(".")[2]  # type: ignore[attr-defined]
        if not self.frozen:
            return module
        data = hashlib.sha256()
        for value in self.frozen:
            array = np.asarray(value)
            data.update(f"{array.dtype.str}{array.shape}".encode() + array.tobytes())
        return f"{module}_{data.hexdigest()[:16]}"

    def function(self, before: Callable[[], None]) -> Callable[..., Any]:
        """The function that Numba compiles for the call; it calls `before` first."""
        frozen = {f"frozen_{k}": _still(value) for k, value in enumerate(self.frozen)}
        flat = ", ".join((*self.arguments, *frozen))
        types_ = _Types()
        result = types_.expression(self.result, _leaves(self.result))
        lines = [
            f"def call({', '.join(self.parameters)}):",
            "    before()",
            f"    out = compiled({flat})",
            f"    return {result}",
        ]
        scope: dict[str, Any] = {"__name__": __name__, "before": before, "compiled": self.flat}
        scope |= frozen | types_.found
        exec("\n".join(lines), scope)
        call: Callable[..., Any] = scope["call"]
        call.__qualname__ = f"call_{self.name}"
        return call


def callable_for(
    transformed: Transformed, args: tuple[types.Type, ...], kwargs: Mapping[str, types.Type]
) -> Compiled:
    """A transform compiled for Numba's types of a call; a `TypingError` that says why when that cannot be."""
    parameters = (*(f"x_{k}" for k in range(len(args))), *kwargs)
    given = _Arguments()
    try:
        positional = tuple(given.value(t, name) for t, name in zip(args, parameters, strict=False))
        named = {name: given.value(t, name) for name, t in kwargs.items()}
        lowered = transformed.lowered(positional, named)
    except S2sadError as error:
        raise TypingError(str(error)) from error
    elaboration = lowered.elaboration
    frozen = tuple(place() for place in elaboration.captured)
    return Compiled(
        compiler.inspection.dispatcher(lowered), frozen, tuple(given.expressions), parameters, elaboration.result
    )


@dataclass(slots=True)
class _Arguments:
    """Takes arguments apart."""

    expressions: list[str] = field(default_factory=list)

    def value(self, type_: types.Type, expression: str) -> Any:
        """What stands for an argument of this type, which the caller has in `expression`."""
        match type_:
            case types.NamedTuple() | types.NamedUniTuple():
                return type_.instance_class(*self.items(type_.types, expression))
            case types.Tuple() | types.UniTuple():
                return tuple(self.items(type_.types, expression))
            case types.NoneType():
                return None
        k = len(self.expressions)
        self.expressions.append(expression)
        return compiler.elaborate.Abstract(k, ir_type(type_, f"x_{k}"), f"x_{k}")

    def items(self, inner: Sequence[types.Type], expression: str) -> list[Any]:
        return [self.value(t, f"{expression}[{k}]") for k, t in enumerate(inner)]


@dataclass(slots=True)
class _Types:
    """Puts results together: tuples and namedtuples as they are, lists and the values of dicts as tuples."""

    found: dict[str, type] = field(default_factory=dict)

    def expression(self, result: Any, count: int) -> str:
        """A result as an expression of the flat results in ``out``."""
        match result:
            case compiler.elaborate.Leaf(k):
                return "out" if count == 1 else f"out[{k}]"
            case None:
                return "None"
            case tuple() | list():
                items = [self.expression(item, count) for item in result]
                if hasattr(type(result), "_fields"):
                    self.found[type(result).__name__] = type(result)
                    return f"{type(result).__name__}({', '.join(items)})"
                return f"({', '.join(items)}{',' if len(items) == 1 else ''})"
            case dict():
                return self.expression(tuple(result.values()), count)
            case bool() | int() | float() | complex() | str():
                return repr(result)
        raise TypingError(f"s2sad gives numbers, arrays and tuples to @njit code, not {type(result).__name__}")


def _leaves(result: Any) -> int:
    """How many flat results a result has."""
    match result:
        case compiler.elaborate.Leaf():
            return 1
        case tuple() | list():
            return sum(map(_leaves, result))
        case dict():
            return sum(map(_leaves, result.values()))
        case _:
            return 0


def _still(value: Any) -> Any:
    """A value from outside that nobody changes any more."""
    if not isinstance(value, np.ndarray):
        return value
    copy = np.ascontiguousarray(value).copy()
    copy.flags.writeable = False
    return copy


def ir_type(numba_type: types.Type, name: str) -> Type:
    """The IR type of a Numba type. Sizes may be anything here, as no call is checked for sizes 0 and 1."""
    match numba_type:
        case types.Array():
            dims = tuple(symbol(f"{name}.{k}") for k in range(numba_type.ndim))
            return Array(as_dtype(numba_type.dtype), dims)
        case types.Number() | types.Boolean():
            dtype = as_dtype(numba_type)
            return Scalar(dtype, weak=dtype in (np.float64, np.int64, np.complex128, np.bool_))
        case types.Omitted():
            return ir_type(types.unliteral(numba_type), name)
        case types.Literal():
            return ir_type(types.unliteral(numba_type), name)
    raise TypingError(f"s2sad takes numbers, arrays and tuples in @njit code, not {numba_type}")
