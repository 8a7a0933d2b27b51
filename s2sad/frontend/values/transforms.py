"""What the public transforms mean, written once, on abstract values.

A transformed function is any callable with an attribute `__s2sad__`, a `Spec`; the handler of its kind is called with
the arguments. Functions such as `s2sad.jvp` have a handler of their own, registered with `register`.

Every handler flattens containers, elaborates the function as a closed one (`closed.close`), writes an `Apply`, and puts
the derivatives back into containers. The refusals are JAX's.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s2sad.frontend.values.values import Static, Value

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


@dataclass(frozen=True, slots=True)
class Spec:
    """What a transformed function is: the kind of transform, the function it was made from, and its options.

    The function is an abstract value when the transform was applied inside elaborated code.
    """

    kind: str
    function: Any
    options: dict[str, Any] = field(default_factory=dict)


Handler = Callable[["Elaborator", list[Value], dict[str, Value]], Value]
KindHandler = Callable[["Elaborator", Spec, list[Value], dict[str, Value]], Value]

HANDLERS: dict[Any, Handler] = {}
"""Functions that are transforms when they are called."""
KINDS: dict[str, KindHandler] = {}
"""What each kind of transformed function does."""


def register(function: Callable[..., Any], handler: Handler) -> None:
    """Make calls of `function` in elaborated code calls of ``handler(elab, args, kwargs)``."""
    HANDLERS[function] = handler


def maker(function: Callable[..., Any]) -> Handler:
    """A handler for a function such as `grad` itself: its first argument is a function, the others are options.

    The kind of transform is the name of `function`.
    """
    signature = inspect.signature(function)

    def make(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        try:
            bound = signature.bind(*args, **kwargs)
        except TypeError as error:
            elab.mismatch(f"{function.__name__}(): {error}.", "Give a function first.")
        if next(iter(signature.parameters)) not in bound.arguments:  # a decorator that has its options
            options = Spec(function.__name__, None)
            return Static(Inner(lambda inner, given, named: make(inner, given, kwargs | named), options))
        first, *rest = bound.arguments.items()
        spec = Spec(function.__name__, first[1], {name: elab.static(value) for name, value in rest})
        return Static(Inner(lambda inner, given, named: KINDS[spec.kind](inner, spec, given, named), spec))

    return make


def kind(name: str) -> Callable[[KindHandler], KindHandler]:
    """Declare what calling a transformed function of this kind means."""

    def declare(handler: KindHandler) -> KindHandler:
        KINDS[name] = handler
        return handler

    return declare


def handler_of(obj: Any) -> Handler | None:
    """How to call an object that is a transform or was made by one; None for all others."""
    if isinstance(obj, Inner):
        return obj.call
    spec = None if isinstance(obj, type) else getattr(obj, "__s2sad__", None)
    if isinstance(spec, Spec):
        found = KINDS.get(spec.kind)
        if found is None:
            raise NotImplementedError(f"no handler for the transform {spec.kind!r}")
        handler = found
        return lambda elab, args, kwargs: handler(elab, spec, args, kwargs)
    try:
        return HANDLERS.get(obj)
    except TypeError:
        return None


class Inner:
    """A callable that a transform makes inside elaborated code: a transformed function, or a pullback."""

    def __init__(self, call: Handler, spec: Spec | None = None) -> None:
        self.call = call
        self.__name__ = "pullback" if spec is None else spec.kind
