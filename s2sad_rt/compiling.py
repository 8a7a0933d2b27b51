"""The decorator of generated functions: compiled where Numba is at hand, plain Python otherwise."""

from __future__ import annotations

import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache, partial
from typing import Any, TypeVar, overload

from s2sad_rt.memory import keep_freed_memory
from s2sad_rt.stale import Written, written

Function = TypeVar("Function", bound=Callable[..., Any])

COMPILED = ("updates_numba", "compiled")
"""Modules that tell Numba how to compile the functions of this package."""

_plain: ContextVar[bool] = ContextVar("s2sad_rt_plain", default=False)


@contextmanager
def plain_python() -> Iterator[None]:
    """Modules imported inside keep their functions as plain Python, to step through them or where Numba cannot go."""
    token = _plain.set(True)
    try:
        yield
    finally:
        _plain.reset(token)


def compiles() -> bool:
    """Whether `jit` compiles here and now."""
    plain = _plain.get() or os.environ.get("S2SAD_PLAIN_PYTHON")
    return not plain and importlib.util.find_spec("numba") is not None


@overload
def jit(function: Function) -> Function: ...
@overload
def jit(*, nogil: bool) -> Callable[[Function], Function]: ...
def jit(function: Any = None, *, nogil: bool = False) -> Any:
    """Compile a generated function with Numba, on its first call for each type of arguments, and cache it on disk
    beside its module where that can be written. The plain function where there is no Numba, under `plain_python`, or
    when the environment has S2SAD_PLAIN_PYTHON. An index out of bounds raises IndexError, as in Python;
    S2SAD_BOUNDSCHECK=0 compiles without that check. With `nogil` other threads of Python run while it does."""
    if function is None:
        return partial(jit, nogil=nogil)
    if not compiles():
        return function
    numba = _numba()
    from s2sad_rt.pipeline_numba import GeneratedCode

    options = {
        "error_model": "numpy",
        "boundscheck": os.environ.get("S2SAD_BOUNDSCHECK") != "0",
        "pipeline_class": GeneratedCode,
        "nogil": nogil,
    }
    known = function.__module__ in sys.modules  # where Numba's cache looks for it
    calls_itself = function.__name__ in function.__code__.co_names
    try:
        compiled = numba.njit(function, cache=known and not calls_itself, **options)
    except RuntimeError:  # no file to cache beside: the source was executed from a string
        compiled = numba.njit(function, **options)
    return _guarded(compiled, written(function.__module__) if known else None)


def _guarded(dispatcher: Any, module: Written | None) -> Any:
    """Keep out of the cache what would crash when it is loaded: code that calls another version of a function that is
    being compiled, as recursion does, by a symbol that only this process resolves (numba issue 6061). What is kept,
    be it inside of a caller's code, knows the text of its `module`."""
    cached = dispatcher._cache
    save = cached.save_overload

    def save_if_whole(signature: Any, compiled: Any) -> None:
        if module is not None:
            compiled.environment.consts.append(module)
        variables = compiled.library._final_module.global_variables
        if any(v.name.startswith(".numba.unresolved$") for v in variables):
            _keep_out_callers(compiled.library)
        else:
            save(signature, compiled)

    cached.save_overload = save_if_whole
    return dispatcher


def _keep_out_callers(library: Any) -> None:
    """Keep the callers of this code out of the cache as well, as they have it inside: Numba keeps nothing, and warns,
    where it meets a name like this one."""
    import llvmlite.binding as llvm

    shared = library._get_module_for_linking().clone()
    shared.link_in(llvm.parse_assembly('@"numba.dynamic.globals.s2sad_recursion" = weak global i8 0'))
    library._shared_module = shared


@cache
def _numba() -> Any:
    """Numba, knowing the functions of this package."""
    keep_freed_memory()
    for module in COMPILED:
        if importlib.util.find_spec(f"s2sad_rt.{module}") is not None:
            importlib.import_module(f"s2sad_rt.{module}")
    return importlib.import_module("numba")
