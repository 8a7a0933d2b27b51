"""What functions that are defined inside elaborated code capture."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from s2sad.frontend.syntax.scopes import mentioned
from s2sad.frontend.values.frames import names_of, owner_of
from s2sad.frontend.values.reach import locations_in, values_in
from s2sad.frontend.values.values import (
    ArrayRef,
    Buffer,
    Choice,
    Closure,
    Columns,
    Maybe,
    Number,
    Numbers,
    Partial,
    RuntimeItems,
    Tuple,
    Value,
    Within,
)
from s2sad.ir.nodes import Atom, Var

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


def variables_of(elab: Elaborator, values: Iterable[Value]) -> list[Var]:
    """The runtime values that these hold now: numbers, arrays, and what functions among them capture."""
    found: dict[Var, None] = {}
    seen: set[int] = set()
    kept: list[Value] = []
    todo = list(values)
    while todo:
        value = todo.pop()
        if id(value) not in seen:
            seen.add(id(value))
            kept.append(value)  # an id is that of one value only while it lives
            found.update((a, None) for a in _own(elab, value) if isinstance(a, Var))
            todo += _parts(elab, value)
    return list(found)


def _own(elab: Elaborator, value: Value) -> Iterator[Atom]:
    """The atoms that a value itself holds."""
    match value:
        case Number(atom) | Maybe(there=atom) | Choice(tag=atom):
            yield atom
        case ArrayRef(operands=operands):
            yield from operands
        case _:
            pass
    if not isinstance(value, Tuple | Partial | Closure | Maybe | Choice):
        for location in locations_in(value):
            content = elab.state.get(location, elab.outer.get(location))
            if isinstance(content, Buffer | RuntimeItems):
                yield content.atom
            elif isinstance(content, Columns):
                yield from content.atoms
            elif isinstance(content, Within):
                yield content.index


def _parts(elab: Elaborator, value: Value) -> list[Value]:
    """The values that a value holds."""
    match value:
        case Tuple(items):
            return list(items)
        case Numbers(ref):
            return [ref]
        case Partial(function, args, kwargs):
            return [function, *args, *(v for _, v in kwargs)]
        case Maybe(inner):
            return [inner]
        case Choice(_, options):
            return [option for _, option in options]
        case Closure():
            return [*value.defaults, *value.kw_defaults.values(), *_captured(elab, value)]
        case _:
            contents = (elab.state.get(x, elab.outer.get(x)) for x in locations_in(value))
            return [part for content in contents if content is not None for part in values_in(content)]


def _captured(elab: Elaborator, closure: Closure) -> list[Value]:
    """What the names that a function does not bind itself stand for in the elaborated frames around it."""
    if closure.frame is None:
        return []
    frame = elab.frames[closure.frame]
    found = []
    for name in sorted(mentioned(closure.source.node) - closure.source.scope.locals):
        owner = owner_of(elab, frame, name)
        value = None if owner is None else names_of(elab, owner.location).get(name)
        if value is not None:
            found.append(value)
    return found
