"""Calls of Python callables that are not the user's own: by their meaning, by a primitive, or refused."""

from __future__ import annotations

import functools
import itertools
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from s2sad.frontend.library import known_objects, mapped, numba_names, operators, table, text
from s2sad.frontend.library.iterators import run_out
from s2sad.frontend.library.numbers import call_math
from s2sad.frontend.library.support import (
    TEXT_AND_TIME,
    UNKNOWN,
    Elaborator,
    folded,
    function_name,
    keywords,
    known,
    refuse,
    reraise,
    whole,
)
from s2sad.frontend.library.ufuncs import call_numpy, convert
from s2sad.frontend.values.immutable import is_steady
from s2sad.frontend.values.values import Static, Value
from s2sad.rules.registry import CALLABLES, COMPOSED

PURE_MODULES = frozenset({"math", "cmath", "operator", "_operator", "itertools", "numpy", "builtins"})
PURE_OWNERS = (
    str,
    bytes,
    int,
    float,
    complex,
    np.generic,
    tuple,
    np.dtype,
    slice,
    range,
    frozenset,
    np.finfo,
    np.iinfo,
)
PURE_METHODS = frozenset({
    "astype", "item", "tolist", "argsort", "argmin", "argmax", "min", "max", "searchsorted", "copy", "reshape", "ravel",
    "flatten", "transpose", "all", "any", "nonzero", "take", "repeat", "squeeze", "view",
})  # fmt: skip
"""Methods of arrays that write nothing."""
IMPURE = frozenset({
    "load", "save", "savez", "savez_compressed", "loadtxt", "savetxt", "genfromtxt", "fromfile", "fromregex", "memmap",
    "open_memmap", "seterr", "seterrcall", "set_printoptions", "setbufsize", "input", "open", "breakpoint", "exit",
    "quit", "__import__",
})  # fmt: skip
UNARY_OPERATORS = {operator.neg: "neg", operator.pos: "pos", operator.invert: "invert", operator.not_: "not_"}
BINARY_OPERATORS = {
    getattr(operator, name): name
    for name in (
        "add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "lshift", "rshift", "and_", "or_", "xor",
        "eq", "ne", "lt", "le", "gt", "ge", "is_", "is_not",
    )
}  # fmt: skip
ITERTOOLS = tuple(getattr(itertools, name) for name in dir(itertools) if not name.startswith("_"))
ITERATORS = (
    zip, enumerate, map, filter, reversed, iter, next, len, sum, max, min, any, all, list, sorted, functools.reduce,
    *ITERTOOLS,
)  # fmt: skip
"""What takes from an iterator as it is taken from, or goes over it without a list of it."""
COMPARISONS = frozenset({"eq", "ne", "lt", "le", "gt", "ge", "is_", "is_not"})


def call(elab: Elaborator, function: Callable[..., Any], args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call a callable that is not a function or class of the user's, nor a transform."""
    if function not in ITERATORS:
        args = [run_out(elab, a) for a in args]
    entry = table.find(function)
    if (entry is not None and entry.fold) or (entry is None and is_pure(function)):
        folded = fold(elab, function, args, kwargs)
        if folded is not None:
            return folded
    if entry is not None:
        for value in (*args, *kwargs.values()):
            whole(elab, value)
        return table.run(elab, function, entry, args, kwargs)
    if isinstance(function, type) and issubclass(function, np.generic) and not kwargs:
        return convert(elab, function, args)
    found = mapped.call(elab, function, args, kwargs)
    if found is not None:
        return found
    if (stand_in := table.find_called(function)) is not None:
        return elab.call(Static(stand_in), [Static(function), *args], kwargs)
    owner = getattr(function, "__self__", None)
    if isinstance(owner, str) and function.__name__ == "format":
        return text.bound_format(elab, owner, args, kwargs)
    by_operator = call_operator(elab, function, args, kwargs)
    if by_operator is not None:
        return by_operator
    if _hashable(function) and (function in CALLABLES or function in COMPOSED):
        if getattr(function, "__module__", "") == "math" and not kwargs:
            return call_math(elab, function, args)
        return call_numpy(elab, function, args, kwargs)
    unsupported(elab, function, kwargs)
    raise AssertionError


def call_operator(elab: Elaborator, function: Any, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Functions of the operator module."""
    if kwargs or not _hashable(function):
        return None
    match len(args):
        case 1 if function in UNARY_OPERATORS:
            return operators.unary(elab, UNARY_OPERATORS[function], args[0])
        case 2 if function in BINARY_OPERATORS:
            op = BINARY_OPERATORS[function]
            return (operators.compare if op in COMPARISONS else operators.binary)(elab, op, *args)
        case 2 if function is operator.getitem:
            from s2sad.frontend.library.indexing import subscript

            return subscript(elab, *args)
        case 2 if function is operator.contains:
            return operators.compare(elab, "contains", args[1], args[0])
    if isinstance(function, operator.itemgetter | operator.attrgetter) and len(args) == 1:
        return _getter(elab, function, args[0])
    return None


def _getter(elab: Elaborator, function: Any, value: Value) -> Value:
    from s2sad.frontend.library.attributes import read
    from s2sad.frontend.library.indexing import subscript
    from s2sad.frontend.values.values import Tuple

    keys = function.__reduce__()[1]
    one = (
        (lambda k: subscript(elab, value, Static(k)))
        if isinstance(function, operator.itemgetter)
        else (lambda k: read(elab, value, k))
    )
    found = tuple(one(k) for k in keys)
    return found[0] if len(found) == 1 else Tuple(found)


def _hashable(function: Any) -> bool:
    try:
        hash(function)
    except TypeError:
        return False
    return True


def is_library(function: Any) -> bool:
    """Whether a Python function is the library's to understand, not to be run on abstract values itself."""
    if table.find(function) is not None or (_hashable(function) and (function in CALLABLES or function in COMPOSED)):
        return True
    return (getattr(function, "__module__", None) or "").split(".")[0] in ("numpy", "scipy")


def has_meaning(obj: Any) -> bool:
    """Whether the table says what a call of this very object means."""
    return table.find(obj) is not None


def is_pure(function: Any) -> bool:
    """Whether calling a callable with known arguments gives what it would give at run time, and does nothing else."""
    owner = getattr(function, "__self__", None)
    if isinstance(owner, set):
        return hasattr(frozenset, function.__name__)
    if isinstance(owner, np.ndarray):  # of text or dates
        return owner.dtype.kind in TEXT_AND_TIME and function.__name__ in PURE_METHODS
    if isinstance(owner, PURE_OWNERS) or is_steady(function):
        return True
    if isinstance(function, np.ufunc) or (isinstance(function, type) and issubclass(function, np.generic)):
        return True
    if getattr(function, "__name__", "") in IMPURE:
        return False
    module = (getattr(function, "__module__", None) or "").split(".")
    return (
        module[0] in PURE_MODULES
        and "random" not in module
        and (owner is None or isinstance(owner, type | type(operator)))
    )


def fold(elab: Elaborator, function: Any, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """Python's own result, where every argument is known now and the result is no array."""
    objects = [known(elab, a) for a in args]
    named = {k: known(elab, v) for k, v in kwargs.items()}
    if any(o is UNKNOWN for o in (*objects, *named.values())):
        return None
    try:
        with np.errstate(all="ignore"):
            result = function(*objects, **named)
    except Exception as error:
        reraise(elab, error)
    return folded(elab, result, (*objects, *named.values()))


ADVICE = {
    "random": "Draw random numbers outside, and pass them in.",
}


def unsupported(elab: Elaborator, function: Any, kwargs: dict[str, Value]) -> None:
    """Refuse a function that the library has no meaning for."""
    numba_names.refuse_opaque(elab, function)
    known_objects.refuse_unsteady(elab, function)
    name = function_name(function)
    advice = next(
        (text for part, text in ADVICE.items() if part in name.split(".")),
        "Write it with NumPy functions that are, or in a loop.",
    )
    given = f" (called with {keywords(kwargs)})" if kwargs else ""
    refuse(elab, f"{name}{given} is not supported.", advice)
