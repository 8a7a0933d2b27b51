"""What Numba keeps of ``@njit(cache=True)`` functions that call transforms, and whether it is still right.

The code of a caller has the derivative inside. With it goes a `Dependency`: the names by which the caller reaches the
transform, the types it was compiled for, and the generated module it became (whose name has a hash of its text).
Whoever loads the code reads the dependency first. That lowers what has those names now for those types, and unless the
same module comes out, Numba compiles the caller again (see `s2sad_rt.stale`).

    use(x) -> helper(x) -> mod.g(x)    edges "0.helper = function 1", "1.mod.g = transform 0"
                                       transform 0, args (float64,), module "grad_f_3f2a9c..."
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from types import CodeType, FunctionType, ModuleType
from typing import Any

from numba.core import types
from numba.core.dispatcher import Dispatcher
from numba.extending import intrinsic

from s2sad.calling.numba_types import callable_for
from s2sad.calling.transformed import Transformed
from s2sad_rt.stale import discard, numba_cache

Given = tuple[tuple[types.Type, ...], tuple[tuple[str, types.Type], ...]]
"""The types of the arguments of a call: those by position, and those by name."""


class Dependency:
    """Kept code is right for as long as a transform, for these types of arguments, is compiled to this module, with the
    same values from outside frozen in it."""

    def __init__(self, transformed: Transformed, given: Given, module: str) -> None:
        self.transformed, self.given, self.module = transformed, given, module

    def __reduce__(self) -> tuple[Any, ...]:
        """What Numba writes beside the code of a caller: how that caller reaches the transform."""
        cache = numba_cache()
        reach = Reach(cache and cache._py_func)
        number = next((k for k, found in enumerate(reach.transforms) if found is self.transformed), -1)
        return verified, (number, tuple(reach.edges), self.given, self.module)


def verified(number: int, edges: tuple[str, ...], given: Given, module: str) -> Dependency | None:
    """The dependency of code that is being loaded; raises `Stale` where it does not hold, or where the caller names no
    transform for it. None outside of Numba's cache, where nothing depends on it."""
    cache = numba_cache()
    if cache is None:
        return None
    reach = Reach(cache._py_func)
    if number < 0 or tuple(reach.edges) != edges or not _compiles_to(module, reach.transforms[number], given):
        raise discard(cache, f"{module} is out of date")
    return Dependency(reach.transforms[number], given, module)


def _compiles_to(module: str, transformed: Transformed, given: Given) -> bool:
    """Whether a transform gives this very module, which is loaded then, as the kept code needs it."""
    try:
        args, kwargs = given
        return callable_for(transformed, args, dict(kwargs)).name == module
    except Exception:  # compiling the caller again says what is wrong
        return False


def noting(dependency: Dependency) -> Any:
    """A function for compiled code: it does nothing, and the code that has it inside is kept with the dependency."""

    def typed(typing_context: Any) -> Any:
        def lower(context: Any, builder: Any, signature: Any, args: Any) -> Any:
            context.environment.consts.append(dependency)
            return context.get_dummy_value()

        return types.void(), lower

    return intrinsic(typed)


# -- names


class Reach:
    """The transforms that a function for Numba names: globals, closure variables, names in modules, and what the
    compiled functions among those name in turn.

    Transforms and functions are numbered as they are met. `edges` says who names what: where it is the same, equal
    numbers are reached by the same names.
    """

    def __init__(self, function: Any) -> None:
        self.transforms: list[Transformed] = []
        self.edges: list[str] = []
        self._functions: list[Any] = [function]
        for number, each in enumerate(self._functions):  # which grows
            if isinstance(each, FunctionType):
                self._names_of(number, each)

    def _names_of(self, number: int, function: FunctionType) -> None:
        names = set(_names(function.__code__))
        for name, value in sorted(_scope(function, names).items(), key=lambda item: item[0]):
            self._name(f"{number}.{name}", value, names, ())

    def _name(self, path: str, value: Any, names: set[str], inside: tuple[Any, ...]) -> None:
        """Follow one name; `names` are all that the function reads, `inside` the modules that it stands in."""
        match value:
            case Transformed():
                self.edges.append(f"{path} = transform {_number(self.transforms, value)}")
            case ModuleType():
                if not any(value is module for module in inside):
                    for name in sorted(names & vars(value).keys()):
                        self._name(f"{path}.{name}", vars(value)[name], names, (*inside, value))
            case Dispatcher(py_func=function):
                self.edges.append(f"{path} = function {_number(self._functions, function)}")


def _number(known: list[Any], value: Any) -> int:
    """The place of an object in the list, where it is put if it is not there."""
    for number, each in enumerate(known):
        if each is value:
            return number
    known.append(value)
    return len(known) - 1


def _scope(function: FunctionType, names: set[str]) -> dict[str, Any]:
    """What names in a function mean that are none of its own."""
    scope = {n: function.__globals__[n] for n in names if n in function.__globals__}
    for name, cell in zip(function.__code__.co_freevars, function.__closure__ or (), strict=True):
        with suppress(ValueError):  # not assigned yet
            scope[name] = cell.cell_contents
    return scope


def _names(code: CodeType) -> Iterator[str]:
    """All names that code reads, that of comprehensions and functions inside as well."""
    yield from code.co_names
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _names(constant)
