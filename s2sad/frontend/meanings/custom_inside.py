"""Custom functions that are made inside elaborated code: objects in the state, whose methods are followed as written.

    q = custom_jvp(lambda x: x * x)
    q.defjvp(rule)                        an attribute of q; a call of q reads it
"""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING

from s2sad.frontend.meanings.custom import NONE, call_by_jvp, call_by_vjp
from s2sad.frontend.syntax.scopes import parameters
from s2sad.frontend.values.frames import bind, names_of
from s2sad.frontend.values.transforms import Spec
from s2sad.frontend.values.values import Closure, ObjectRef, Static, Tuple, Value

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


def make(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``__init__(self, fun, nondiff_argnums=())`` of an object that is made inside: it is its attributes."""
    given = dict(zip(("self", "fun", "nondiff_argnums"), args, strict=False)) | kwargs
    owner = given.pop("self")
    assert isinstance(owner, ObjectRef)
    if "fun" not in given or given.keys() - {"fun", "nondiff_argnums"} or len(args) > 3:
        elab.mismatch(f"{owner.cls.__name__} takes a function and nondiff_argnums.", "Give a function first.")
    numbers = elab.static(given.get("nondiff_argnums", Static(())))
    bind(elab, owner.location, "fun", elab.resolve(given["fun"]))
    numbers = (numbers,) if isinstance(numbers, int) else tuple(numbers)
    bind(elab, owner.location, "nondiff_argnums", Tuple(tuple(map(Static, numbers))))
    return NONE


def call_made(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``__call__(self, *args, **kwargs)`` of an object that was made inside."""
    owner, *rest = args
    assert isinstance(owner, ObjectRef)
    attributes = names_of(elab, owner.location)
    options = {"nondiff_argnums": elab.static(attributes["nondiff_argnums"])}
    spec = Spec(owner.cls.__name__, attributes["fun"], options)
    if spec.kind == "custom_jvp":
        return call_by_jvp(elab, spec, attributes.get("jvp"), rest, kwargs)
    match attributes.get("rules"):
        case Tuple((fwd, bwd)):
            return call_by_vjp(elab, spec, (fwd, bwd), rest, kwargs)
        case _:
            return call_by_vjp(elab, spec, None, rest, kwargs)


def count_parameters(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """How many arguments a function takes."""
    (function,) = (*args, *kwargs.values())
    if isinstance(function, Closure):
        return Static(len(parameters(function.source.node.args)))
    return Static(len(inspect.signature(elab.static(function)).parameters))
