"""Which arrays and numbers are plain: those whose operators are what their dtype says.

A subclass may mean something else by them: a masked array leaves elements out, ``*`` of matrices is their product, a
quantity has a unit. Compiled code knows of dtypes only, so what is not plain is refused, by name.
"""

from __future__ import annotations

import enum
from typing import Any

import numpy as np

from s2sad.errors import Pos, TypeMismatchError

ARRAYS = (np.ndarray, np.memmap)
"""The classes of plain arrays. A memmap differs in where its elements stand, and in nothing else."""
NUMBERS = (bool, int, float, complex)
OPERATORS = frozenset(
    f"__{side}{name}__"
    for name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "divmod", "pow", "matmul", "and", "or", "xor",
                 "lshift", "rshift")
    for side in ("", "r", "i")
) | {
    "__neg__", "__pos__", "__abs__", "__invert__", "__eq__", "__ne__", "__lt__", "__le__", "__gt__", "__ge__",
    "__bool__", "__int__", "__index__", "__float__", "__complex__", "__round__", "__trunc__", "__floor__", "__ceil__",
    "__array__", "__array_ufunc__", "__array_function__",
}  # fmt: skip


def is_array(obj: object) -> bool:
    """Whether an object is a plain array."""
    return type(obj) in ARRAYS


def is_number(obj: object) -> bool:
    """Whether an object counts as a number to compute with; a member of an enumeration is one of its names besides."""
    return isinstance(obj, (*NUMBERS, np.number, np.bool_)) and not isinstance(obj, enum.Enum | np.timedelta64)


def check_dtype(dtype: np.dtype, what: str = "Numbers", pos: Pos | None = None) -> None:
    """Refuse numbers that compiled code cannot hold: half a word, or more than a double."""
    wide = np.complex128 if dtype.kind == "c" else np.float64
    if dtype == np.float16 or (dtype.kind in "fc" and dtype.itemsize > np.dtype(wide).itemsize):
        raise TypeMismatchError(f"{what} of dtype {dtype} are not supported.", f"Convert it to {wide.__name__}.", pos)


def number(obj: Any) -> Any:
    """A number without what a subclass adds to it."""
    if type(obj) in NUMBERS or isinstance(obj, np.generic):
        return obj
    return next(base for base in NUMBERS if isinstance(obj, base))(obj)


def is_foreign(obj: object) -> bool:
    """Whether an object is an array or a number by inheritance only, with a meaning of its own."""
    cls = type(obj)
    if cls in ARRAYS or cls in NUMBERS:
        return False
    return isinstance(obj, np.ndarray) or (is_number(obj) and has_operators(cls))


def check(obj: object, name: str, pos: Pos | None = None) -> None:
    """Refuse an array or a number that is not plain."""
    if is_foreign(obj):
        raise TypeMismatchError(*words(obj, name), pos)


def words(obj: object, name: str) -> tuple[str, str]:
    """Why an array or a number that is not plain is refused, and what to write instead."""
    cls = type(obj)
    if isinstance(obj, np.ndarray):
        why, instead = _array_words(obj)
    else:
        why, instead = "a number with operators of its own", f"Pass {_base(cls).__name__} of it."
    module = {"numpy": "np", "numpy.ma.core": "np.ma"}.get(cls.__module__, cls.__module__).replace("numpy.", "np.")
    return f"{name} is of class {module}.{cls.__qualname__}, {why}.", instead


def _array_words(array: np.ndarray) -> tuple[str, str]:
    """What an array that is not plain would lose, and what to write instead."""
    match array:
        case np.ma.MaskedArray():
            return "and its mask would be lost", "Pass np.ma.filled of it, or its data and its mask apart."
        case np.matrix():
            return "for which * and ** are products of matrices", "Pass np.asarray of it, and write @ for the product."
        case np.recarray():
            return "whose fields are arrays each", "Pass the fields that you need, one by one."
        case _:
            return "a subclass of np.ndarray that may compute otherwise", "Pass np.asarray of it."


def _base(cls: type) -> type:
    """The number that a class inherits from: Python's, or NumPy's."""
    return next(c for c in cls.__mro__ if c in NUMBERS or c.__module__ == "numpy")


def has_operators(cls: type) -> bool:
    """Whether a class of numbers has changed an operator of the number that it inherits from."""
    own = cls.__mro__[: cls.__mro__.index(_base(cls))]
    found = (vars(c)[name] for c in own for name in OPERATORS.intersection(vars(c)))
    return any(getattr(operator, "__module__", None) != "enum" for operator in found)
