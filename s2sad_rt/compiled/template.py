"""Writing the source of a function for given ranks and literal arguments, and giving it to Numba as an overload."""

from __future__ import annotations

import hashlib
import inspect
from collections.abc import Callable, Sequence
from types import FunctionType
from typing import Any

import numpy as np
from numba.core import types
from numba.extending import overload
from numba.np.numpy_support import as_dtype, from_dtype

Source = tuple[str, dict[str, Any]]


def overload_source(function: Callable[..., Any], literals: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Overload `function` with the body that the decorated writer gives for the types of the arguments.

    The writer returns the lines of the body (and names for it to use), or None where it has none. `literals` asks for
    the values of literal arguments.
    """
    signature = inspect.signature(function)
    params = ", ".join(str(p).split(":")[0].split("=")[0].strip() for p in signature.parameters.values())
    defaults = {n: p.default for n, p in signature.parameters.items() if p.default is not p.empty}
    header = ", ".join(
        f"{p}=_default_{p}" if p in defaults else p for p in (q.strip() for q in params.split(","))
    )

    def declare(writer: Callable[..., Any]) -> Any:
        def typed(args: Sequence[Any]) -> Any:
            found = writer(*args)
            if found is None:
                return None
            lines, names = found if isinstance(found, tuple) else (found, {})
            text = f"def implementation({header}):\n" + "\n".join("    " + line for line in lines)
            return define(text, {**names, **{f"_default_{n}": v for n, v in defaults.items()}}, function)

        names = {"typed": typed, **{f"_default_{n}": v for n, v in defaults.items()}}
        flat = ", ".join(params.split(", "))
        overload(function, prefer_literal=literals)(
            define(f"def implementation({header}):\n    return typed(({flat},))", names, function)
        )
        return writer

    return declare


def define(text: str, names: dict[str, Any], function: Callable[..., Any]) -> Callable[..., Any]:
    """The function named `implementation` that the text defines, to compile for `function`.

    Its qualified name has a hash of all that it depends on besides the types of its arguments. Numba calls compiled
    code by such names and a count that every process begins anew, and so would take what the cache brings from another
    process for this, or this for that.
    """
    namespace = {"np": np, "__name__": __name__, **names}
    exec(compile(text, "<s2sad_rt overload>", "exec"), namespace)
    parts = [function.__module__, text, *(f"{name} = {_described(value)}" for name, value in sorted(names.items()))]
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]
    return named(namespace["implementation"], f"{function.__name__}_{digest}")


def _described(value: Any) -> str:
    """A value in a text that is the same in every process."""
    found = getattr(value, "py_func", value)
    return f"{found.__module__}.{found.__qualname__}" if isinstance(found, FunctionType) else repr(value)


def named(function: Callable[..., Any], name: str) -> Callable[..., Any]:
    """The function, with this as its qualified name."""
    function.__qualname__ = name
    return function


# -- what types say


def is_array(t: Any) -> bool:
    return isinstance(t, types.Array)


def rank(t: Any) -> int:
    return t.ndim if is_array(t) else 0


def dtype(t: Any) -> np.dtype:
    """The NumPy dtype of an array's elements or of a number."""
    if is_array(t):
        return as_dtype(t.dtype)
    return np.dtype(bool) if isinstance(t, types.Boolean) else as_dtype(types.unliteral(t))


def number_type(d: np.dtype) -> Any:
    """The Numba type of a dtype, which also makes numbers of it in compiled code."""
    return from_dtype(d)


def items_of(t: Any) -> list[Any]:
    """The types of the items of a tuple type."""
    return list(t)


def value(t: Any) -> Any:
    """The value of a literal argument: an int, None, a string, a bool or a tuple of them."""
    if t is None or isinstance(t, (int, str, bool)):
        return t
    if isinstance(t, (types.NoneType, types.Omitted)):
        return getattr(t, "value", None)
    if isinstance(t, types.BaseTuple):
        return tuple(map(value, items_of(t)))
    return t.literal_value


def literal_known(*ts: Any) -> bool:
    """Whether the values of these arguments are known (Numba also asks without literals)."""
    try:
        for t in ts:
            value(t)
    except AttributeError:
        return False
    return True


# -- loops


def indices(count: int, letter: str = "i") -> list[str]:
    return [f"{letter}{k}" for k in range(count)]


def loops(pairs: Sequence[tuple[str, str]], body: Sequence[str]) -> list[str]:
    """``for index in range(size)`` for each pair, around the body."""
    lines: list[str] = []
    for depth, (index, size) in enumerate(pairs):
        lines.append("    " * depth + f"for {index} in range({size}):")
    return [*lines, *("    " * len(pairs) + line for line in body)]


def sizes(count: int, array: str = "x") -> list[str]:
    return [f"{array}.shape[{k}]" for k in range(count)]


def tuple_of(parts: Sequence[str]) -> str:
    return "(" + "".join(f"{p}, " for p in parts) + ")"


def at(array: str, index: Sequence[str]) -> str:
    """``array[i, j]``; ``array[()]`` when there is no index."""
    return f"{array}[{', '.join(index) or '()'}]"
