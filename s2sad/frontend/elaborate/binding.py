"""Binding arguments to parameters, as Python does it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import gast

from s2sad.frontend.values.values import Closure, DictRef, Entries, Location, Tuple, Value

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


def bind_arguments(elab: Elaborator, closure: Closure, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """The value of each parameter."""
    spec: gast.arguments = closure.source.node.args
    only = [p.id for p in spec.posonlyargs]
    names = [*only, *(p.id for p in spec.args)]
    bound = dict(zip(names, args, strict=False))
    rest = dict(kwargs)
    name = closure.source.name
    for parameter in names:
        if parameter in rest and parameter not in only:
            if parameter in bound:
                elab.mismatch(f"{name}() got multiple values for argument {parameter!r}.", "Give it once.")
            bound[parameter] = rest.pop(parameter)
    extra = tuple(args[len(names) :])
    if spec.vararg is not None:
        bound[spec.vararg.id] = Tuple(extra)
    elif extra:
        elab.mismatch(f"{name}() takes {len(names)} positional arguments but {len(args)} were given.", "Give fewer.")
    for parameter, default in zip(names[len(names) - len(closure.defaults) :], closure.defaults, strict=True):
        bound.setdefault(parameter, default)
    for parameter in (p.id for p in spec.kwonlyargs):
        if parameter in rest:
            bound[parameter] = rest.pop(parameter)
        elif parameter in closure.kw_defaults:
            bound[parameter] = closure.kw_defaults[parameter]
    missing = [p for p in (*names, *(p.id for p in spec.kwonlyargs)) if p not in bound]
    if missing:
        elab.mismatch(
            f"{name}() is called without {', '.join(map(repr, missing))}.", "Give every argument without a default."
        )
    if spec.kwarg is not None:
        location = Location(spec.kwarg.id)
        elab.state[location] = Entries(tuple(rest.items()))
        bound[spec.kwarg.id] = DictRef(location)
    elif rest:
        elab.mismatch(f"{name}() got an unexpected keyword argument {next(iter(rest))!r}.", "Leave it out.")
    return bound
