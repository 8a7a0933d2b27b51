"""Numba's dispatcher in C over one piece of compiled code: it refuses all other arguments, and never compiles.

It tells the type of numbers, rank, layout and whether an array is writable in some tens of nanoseconds. It may take a
subclass of an array for an array, and one that is byte-swapped or not aligned for one that is as it should be (it looks
at a fingerprint of these, and remembers what the first array with that was), so the caller must look before.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn


class Unmatched(Exception):
    """The arguments are not those that the code is for."""


def strict(function: Any, values: Sequence[Any]) -> Callable[..., Any] | None:
    """A dispatcher over the code of `function` for arguments like `values`; None where that is no dispatcher, or has
    not been compiled for these."""
    dispatcher = getattr(function, "function", function)  # an exported function has the compiled one inside
    if not hasattr(dispatcher, "overloads"):
        return None
    found = dispatcher.overloads.get(tuple([dispatcher.typeof_pyval(v) for v in values]))
    return None if found is None or found.objectmode else _strict_class()(dispatcher, found)


def _strict_class() -> Any:
    """The class, made when Numba is imported already."""
    global _class
    if _class is None:
        _class = _make_class()
    return _class


_class: Any = None


def _make_class() -> Any:
    from numba import _dispatcher

    base: Any = _dispatcher.Dispatcher

    class Strict(base):
        """Calls one compiled function, or raises `Unmatched`."""

        def __init__(self, dispatcher: Any, compiled: Any) -> None:
            self.dispatcher = dispatcher  # which keeps the code alive
            self.__code__ = self.func_code = dispatcher.func_code  # for profilers
            self._enable_sysmon = getattr(dispatcher, "_enable_sysmon", False)
            args = compiled.signature.args
            names = tuple([f"x{n}" for n in range(len(args))])
            manager = dispatcher._tm.get_pointer()
            super().__init__(manager, len(args), True, names, (), True, False, True)
            self._insert([a._code for a in args], compiled.entry_point, False)

        def typeof_pyval(self, value: Any) -> Any:
            return self.dispatcher.typeof_pyval(value)

        def _compile_for_args(self, *args: Any, **kwargs: Any) -> NoReturn:
            raise Unmatched

        _search_new_conversions = _compile_for_args

    return Strict
