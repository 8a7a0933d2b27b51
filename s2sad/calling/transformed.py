"""A function made from another one by a transform: what every transform gives.

    s2sad.grad(f)  ->  Transformed(Spec("grad", f, {...}))

It is called like the function it was made of, and shows what was made of it.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from s2sad.calling import compiler
from s2sad.calling.program import MISS, Program, function_name
from s2sad.calling.travelling import Reduced, reduced
from s2sad.errors import TypeMismatchError
from s2sad.frontend.values.transforms import Spec

if TYPE_CHECKING:
    from s2sad.calling.inspection import Inspection
    from s2sad.calling.variant import Lowered

Function = Callable[..., Any]


class Transformed:
    """A function made from another one by a transform.

    Call it as that function. After a call (or `lower`), `source` is the Python it was compiled from.
    """

    def __init__(self, spec: Spec) -> None:
        self.__s2sad__ = spec
        name = f"{spec.kind}_{function_name(spec.function)}" if spec.kind != "jit" else function_name(spec.function)
        for attribute in ("__module__", "__doc__", "__wrapped__"):
            if hasattr(spec.function, attribute) and attribute != "__wrapped__":
                setattr(self, attribute, getattr(spec.function, attribute))
        self.__name__ = self.__qualname__ = name
        self._program = Program(self, name)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        for entry in self._program.entries:
            out = entry(args, kwargs)
            if out is not MISS:
                return out
        return self._program(args, kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __reduce__(self) -> Reduced:
        """A pickle holds the name, if that is this function's, or what the function was made of; what was compiled is
        found again by the cache."""
        return reduced(self, self.__s2sad__.function, Transformed, self.__s2sad__)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self.__s2sad__.function)

    def __repr__(self) -> str:
        return f"<s2sad {self.__s2sad__.kind} of {function_name(self.__s2sad__.function)}>"

    def lower(self, *args: Any, **kwargs: Any) -> Inspection:
        """What is compiled for arguments like these: `.source`, `.show(after=...)`, `.explain()`, `.save(path)`."""
        return compiler.inspection.Inspection(self.lowered(args, kwargs))

    def lowered(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Lowered:
        """The function taken to source for these arguments (`Abstract`s may stand for values)."""
        self._program.latest = self._program.lower(args, kwargs)
        return self._program.latest

    def compiled(self, *types: Any) -> Function:
        """The Numba dispatcher for argument types such as ``"f8[:]"`` or ``"i8"``; callable from ``@njit`` code.

        It takes and returns flat values: containers are a leaf each.
        """
        abstract = tuple(compiler.typetext.abstract_of(t, k) for k, t in enumerate(types))
        lowered = self.lowered(abstract, {})
        captured = lowered.elaboration.elab.outside.names()
        if captured:
            raise TypeMismatchError(
                f"{self.__name__} reads values from outside that may change: {', '.join(captured)}.",
                "Pass them as arguments.",
            )
        return compiler.inspection.dispatcher(lowered)

    @property
    def source(self) -> str:
        """The generated Python source of the last signature that was called or lowered.

        Raises RuntimeError before the first call.
        """
        return self._latest().source

    def show(self, after: str | None = None) -> str:
        """The program after a stage of the pipeline, as Python (see `inspection.Inspection.show`)."""
        return self._latest().show(after)

    def explain(self) -> str:
        """What became of each loop and array, and what stood in the way (see `inspection.Inspection.explain`)."""
        return self._latest().explain()

    def save(self, path: str | Path, force: bool = False, readable: bool = False) -> Path:
        """Write a module to a file, where it needs `s2sad_rt` and no `s2sad`: what is compiled, loops over elements
        behind a check of sizes, or the `readable` derivative, which is `source`."""
        return self._latest().save(path, force, readable)

    def _latest(self) -> Inspection:
        lowered: Lowered | None = self._program.latest
        if lowered is None:
            raise RuntimeError(f"{self.__name__} has not been compiled yet: call it once, or use .lower(*args).")
        return compiler.inspection.Inspection(lowered)


def transform(kind: str, function: Function, **options: Any) -> Transformed:
    """A `Transformed` of one kind; TypeError when what is transformed is not callable."""
    if not callable(function):
        raise TypeError(f"{kind} takes a function, not {type(function).__name__}: {function!r}")
    return Transformed(Spec(kind, function, options))
