"""Functions that check their arguments: what a generated module exports.

    @rt.export("x: float64[n]", "W: float64[n, 3]", "k: int64")
    @rt.jit
    def f_grad(x, W, k): ...

Called from Python the function checks dtype, rank, sizes (`:` is any; those of one letter are equal; `where` says what
else holds between them) and layout, and raises TypeError; called from
``@njit`` code it is the compiled function itself.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from typing import Any

import numpy as np

_PARAMETER = re.compile(r"(\w+): (\w+)(?:\[(.*)\])?$")


class Exported:
    """A compiled function behind a check of its arguments."""
    __name__: str

    def __init__(self, function: Callable[..., Any], parameters: tuple[str, ...], where: str = "True") -> None:
        self.function = function
        self.where = where
        self.checks = tuple(_parse(p) for p in parameters)
        functools.update_wrapper(self, getattr(function, "py_func", function))

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if kwargs:
            args = self._in_order(args, kwargs)
        if len(args) != len(self.checks):
            raise TypeError(f"{self.__name__}() takes {len(self.checks)} arguments, not {len(args)}")
        sizes: dict[str, int] = {}
        checked = [self._checked(a, *c, sizes) for a, c in zip(args, self.checks, strict=True)]
        if self.where != "True" and not eval(self.where, {"__builtins__": {}}, sizes):
            given = ", ".join(f"{k} = {v}" for k, v in sizes.items())
            raise TypeError(f"{self.__name__}(): the sizes do not fit: {self.where} is needed, but {given}")
        return self.function(*checked)

    def __repr__(self) -> str:
        return f"<function {self.__name__}({', '.join(c[0] for c in self.checks)}), made by s2sad>"

    def _in_order(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, ...]:
        names = [c[0] for c in self.checks]
        unknown = [k for k in kwargs if k not in names[len(args) :]]
        if unknown:
            raise TypeError(f"{self.__name__}() got an unexpected keyword argument {unknown[0]!r}")
        missing = [n for n in names[len(args) :] if n not in kwargs]
        if missing:
            raise TypeError(f"{self.__name__}() is missing the argument {missing[0]!r}")
        return (*args, *(kwargs[n] for n in names[len(args) :]))

    def _checked(
        self, value: Any, name: str, dtype: np.dtype, dims: tuple[int | str, ...] | None, sizes: dict[str, int]
    ) -> Any:
        where = f"{self.__name__}(): {name}"
        if dims is None:
            return self._number(value, where, dtype)
        if type(value) not in (np.ndarray, np.memmap):
            raise TypeError(f"{where} must be an array of {dtype}, not {type(value).__name__}")
        if value.dtype != dtype:
            raise TypeError(f"{where} must have dtype {dtype}, not {value.dtype}")
        if value.ndim != len(dims):
            raise TypeError(f"{where} must have {len(dims)} dimensions, not {value.ndim}")
        for axis, (size, needed) in enumerate(zip(value.shape, dims, strict=True)):
            wanted = sizes.setdefault(needed, size) if isinstance(needed, str) else needed
            if needed != ":" and size != wanted:
                raise TypeError(f"{where} must have size {wanted} along axis {axis}, not {size}")
        if not value.flags.c_contiguous:
            raise TypeError(f"{where} must be C-contiguous; pass np.ascontiguousarray({name})")
        return np.asarray(value)

    @staticmethod
    def _number(value: Any, where: str, dtype: np.dtype) -> Any:
        kinds = {"b": "b", "i": "bi", "u": "bu", "f": "biuf", "c": "biufc"}[dtype.kind]
        if isinstance(value, np.ndarray) or np.asarray(value).dtype.kind not in kinds:
            raise TypeError(f"{where} must be a number of type {dtype}, not {type(value).__name__}")
        return dtype.type(value) if dtype.itemsize < 8 else dtype.type(value).item()


def _parse(parameter: str) -> tuple[str, np.dtype, tuple[int | str, ...] | None]:
    match = _PARAMETER.match(parameter)
    if match is None:
        raise ValueError(f"not a parameter: {parameter!r}")
    name, dtype, dims = match.groups()
    if dims is None:
        return name, np.dtype(dtype), None
    return name, np.dtype(dtype), tuple(int(d) if d.isdigit() else d for d in map(str.strip, dims.split(",")) if d)


def export(*parameters: str, where: str = "True") -> Callable[[Callable[..., Any]], Exported]:
    """Decorate a compiled function with a check of its arguments."""


    def decorate(function: Callable[..., Any]) -> Exported:
        if hasattr(function, "py_func"):
            register_with_numba()
        return Exported(function, parameters, where)

    return decorate


@functools.cache
def register_with_numba() -> None:
    """Make `Exported` functions callable from ``@njit`` code."""
    from numba.extending import typeof_impl

    @typeof_impl.register(Exported)
    def typeof_exported(value: Exported, context: Any) -> Any:
        return typeof_impl(value.function, context)
