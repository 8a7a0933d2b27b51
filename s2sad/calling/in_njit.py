"""Transforms called from the user's own ``@njit`` code.

Numba asks for the type of a global; a `Transformed` answers with a function type that is compiled, for the argument
types of each call, by the ordinary pipeline (`numba_types`). What a caller with ``cache=True`` needs in order to be
right in the next process is in `kept`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from numba.core import types
from numba.core.typing.templates import make_overload_template
from numba.extending import typeof_impl

from s2sad.calling import kept
from s2sad.calling.numba_types import callable_for
from s2sad.calling.transformed import Transformed

_types: dict[int, tuple[Transformed, types.Function]] = {}


@typeof_impl.register(Transformed)
def typeof_transformed(transformed: Transformed, context: Any) -> types.Function:
    """The Numba type of a transform that compiled code names."""
    return type_of(transformed)


def type_of(transformed: Transformed) -> types.Function:
    """The Numba type of a transform: a function that compiles itself for the types it is called with."""
    if id(transformed) not in _types:

        def resolve(*args: types.Type, **kwargs: types.Type) -> Callable[..., Any]:
            return entry(transformed, args, kwargs)

        def stub(*args: Any, **kwargs: Any) -> Any:
            raise NotImplementedError

        template = make_overload_template(stub, resolve, {}, False, "never")
        _types[id(transformed)] = (transformed, types.Function(template))
    return _types[id(transformed)][1]


def transform_of(type_: types.Type) -> Transformed | None:
    """The transform that a Numba type stands for."""
    return next((found for found, known in _types.values() if known == type_), None)


def entry(
    transformed: Transformed, args: tuple[types.Type, ...], kwargs: Mapping[str, types.Type]
) -> Callable[..., Any]:
    """What a call compiles to.

    Its name tells it from the entries of other derivatives in any process: Numba links kept code with new code by name.
    """
    compiled = callable_for(transformed, args, kwargs)
    given = args, tuple(kwargs.items())
    return compiled.function(kept.noting(kept.Dependency(transformed, given, compiled.name)))
