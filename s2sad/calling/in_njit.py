"""Transforms called from the user's own ``@njit`` code.

Numba asks for the type of a global; a `Transformed` answers with a function type that is compiled, for the argument
types of each call, by the ordinary pipeline (`numba_types`). What a caller with ``cache=True`` needs in order to be
right in the next process is in `kept`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from numba.core import types
from numba.core.typing.templates import make_overload_template
from numba.extending import typeof_impl

from s2sad.calling import kept
from s2sad.calling.numba_types import dispatcher
from s2sad.calling.transformed import Transformed

_types: dict[int, tuple[Transformed, types.Function]] = {}


@typeof_impl.register(Transformed)
def typeof_transformed(transformed: Transformed, context: Any) -> types.Function:
    """The Numba type of a transform: a function that compiles itself for the types it is called with."""
    if id(transformed) not in _types:

        def resolve(*args: types.Type) -> Callable[..., Any]:
            return entry(transformed, args)

        def stub(*args: Any) -> Any:
            raise NotImplementedError

        template = make_overload_template(stub, resolve, {}, False, "never")
        _types[id(transformed)] = (transformed, types.Function(template))
    return _types[id(transformed)][1]


def entry(transformed: Transformed, args: tuple[types.Type, ...]) -> Callable[..., Any]:
    """What a call compiles to.

    Its name tells it from the entries of other derivatives in any process: Numba links kept code with new code by name.
    """
    compiled = dispatcher(transformed, args)
    module = kept.module_of(compiled)
    note = kept.noting(kept.Dependency(transformed, args, module))

    def call(*args: Any) -> Any:
        note()
        return compiled(*args)

    call.__qualname__ = f"call_{module}"
    return call
