"""The public transforms. Names, arguments and behaviour are JAX's; nothing here knows about derivatives.

Every transform of a function gives a `Transformed`: an object that is called like the function, and that shows what was
made of it. What a transform means is written in `frontend.transforms`, for calls from outside and from inside of a
differentiated function alike.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from s2sad import inspection, tree
from s2sad.custom import custom_jvp, custom_vjp
from s2sad.frontend import custom as custom_rules
from s2sad.frontend import transforms
from s2sad.frontend.axes import check_specification
from s2sad.frontend.transforms import Spec
from s2sad.program import Program
from s2sad.variant import Lowered

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
        return self._program(args, kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<s2sad {self.__s2sad__.kind} of {function_name(self.__s2sad__.function)}>"

    def lower(self, *args: Any, **kwargs: Any) -> inspection.Inspection:
        """What is compiled for arguments like these: `.source`, `.show(after=...)`, `.explain()`, `.save(path)`."""
        return inspection.Inspection(self.lowered(args, kwargs))

    def lowered(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Lowered:
        """The function taken to source for these arguments (`Abstract`s may stand for values)."""
        self._program.latest = self._program.lower(args, kwargs)
        return self._program.latest

    def compiled(self, *types: Any) -> Function:
        """The Numba dispatcher for argument types such as ``"f8[:]"`` or ``"i8"``; callable from ``@njit`` code.

        It takes and returns flat values: containers are a leaf each.
        """
        abstract = tuple(inspection.abstract_of(t, k) for k, t in enumerate(types))
        return inspection.dispatcher(self.lowered(abstract, {}))

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
        """What is recorded, reloaded, recomputed and dropped, and why."""
        return self._latest().explain()

    def save(self, path: str | Path, force: bool = False) -> Path:
        """Write the generated module to a file, where it needs `s2sad_rt` and no `s2sad`."""
        return self._latest().save(path, force)

    def _latest(self) -> inspection.Inspection:
        lowered: Lowered | None = self._program.latest
        if lowered is None:
            raise RuntimeError(f"{self.__name__} has not been compiled yet: call it once, or use .lower(*args).")
        return inspection.Inspection(lowered)


def function_name(function: Any) -> str:
    """A readable name: the function's own, through partials and transforms; ``lambda`` for a lambda."""
    while isinstance(function, functools.partial):
        function = function.func
    name = getattr(function, "__name__", type(function).__name__)
    return "lambda" if name == "<lambda>" else name


def transform(kind: str, function: Function, **options: Any) -> Transformed:
    """A `Transformed` of one kind; TypeError when what is transformed is not callable."""
    if not callable(function):
        raise TypeError(f"{kind} takes a function, not {type(function).__name__}: {function!r}")
    return Transformed(Spec(kind, function, options))


def grad(
    fun: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Transformed:
    """The gradient of a scalar-valued function.

    Args:
        fun: returns a real scalar (a pair of it and anything, with `has_aux`).
        argnums: which positional arguments to differentiate with respect to; a tuple gives a tuple.
        has_aux: `fun` returns ``(value, aux)``; the result is ``(gradient, aux)``.
        holomorphic: promise that a complex `fun` is holomorphic.
        allow_int: give zeros for integer arguments instead of refusing them.

    Returns a function of the same arguments, whose result mirrors the structure of those arguments.

    Raises TypeError, at the call, for integer arguments and for results that are not scalars or not real.
    """
    return transform("grad", fun, argnums=argnums, has_aux=has_aux, holomorphic=holomorphic, allow_int=allow_int)


def value_and_grad(
    fun: Function,
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Transformed:
    """Like `grad`, but the function returns ``(value, gradient)``, or ``((value, aux), gradient)``."""
    options = {"argnums": argnums, "has_aux": has_aux, "holomorphic": holomorphic, "allow_int": allow_int}
    return transform("value_and_grad", fun, **options)


def jit(fun: Function) -> Transformed:
    """The function itself, compiled."""
    return transform("jit", fun)


def vmap(
    fun: Function,
    in_axes: Any = 0,
    out_axes: Any = 0,
    axis_name: Any = None,
    axis_size: int | None = None,
    spmd_axis_name: Any = None,
) -> Transformed:
    """The function of a batch: mapped over an axis of its arguments.

    Args:
        fun: a function of one item of the batch.
        in_axes: which axis of each argument is mapped: an int, None (not mapped), or a tuple with one for each
            positional argument, where trees mirror containers. Keyword arguments are mapped over their first axis.
        out_axes: where the batch stands in each result; None for a result that is the same for all items.
        axis_name, spmd_axis_name: taken for the sake of JAX's signature, and without a use here.
        axis_size: the size of the batch, to be checked.

    Raises TypeError for axes that are none; ValueError, at the call, where they do not fit or where sizes disagree.
    """
    in_axes = check_specification(in_axes, out_axes)
    return transform("vmap", fun, in_axes=in_axes, out_axes=out_axes, axis_size=axis_size)


@functools.cache
def _program_of(function: Function) -> Program:
    return Program(function, function.__name__)


def jvp(fun: Function, primals: Sequence[Any], tangents: Sequence[Any], has_aux: bool = False) -> Any:
    """The value and the directional derivative: ``(fun(*primals), d fun(*primals)[tangents])``.

    `tangents` mirrors `primals`. With `has_aux`, `fun` returns ``(value, aux)`` and the result is a triple.
    Raises TypeError when structures, shapes or dtypes do not match.
    """
    return _program_of(jvp)((fun, tuple(primals), tuple(tangents)), {"has_aux": has_aux})


def vjp(fun: Function, *primals: Any, has_aux: bool = False) -> Any:
    """The value and the pullback: ``fun(*primals)``, and a function from a cotangent of it to a tuple of cotangents.

    The forward sweep runs here, once; the pullback may be called many times.
    """
    from s2sad import pullback

    return pullback.vjp(fun, primals, has_aux)


def stop_gradient(x: Any) -> Any:
    """`x`, through which no derivative flows."""
    return tree.map(lambda leaf: np.asarray(leaf)[()] if isinstance(leaf, np.ndarray) else leaf, x)


for _maker in (grad, value_and_grad, jit, vmap):
    transforms.register(_maker, transforms.maker(_maker))
transforms.register(jvp, transforms.elaborate_jvp)
transforms.register(vjp, transforms.elaborate_vjp)
transforms.register(stop_gradient, transforms.elaborate_stop_gradient)
