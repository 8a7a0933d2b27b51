"""Abstract values as trees of leaves, in the order that `s2sad.tree` gives the values themselves.

Tuples, lists, dicts (by sorted keys), namedtuples, dataclasses and None are nodes; everything else is a leaf.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from s2sad.frontend.library.support import is_number
from s2sad.frontend.values import (
    ArrayRef, DictRef, Entries, ListRef, Location, Number, ObjectRef, RuntimeItems, Static, StaticItems, Tuple, Value,
)
from s2sad.ir.nodes import Const
from s2sad.ir.types import Array, List, Scalar, Type, is_inexact

if TYPE_CHECKING:
    from s2sad.frontend.elaborator import Elaborator


def leaves(elab: Elaborator, value: Value) -> list[Value]:
    """The leaves of a value."""
    found: list[Value] = []
    transform(elab, value, lambda leaf: found.append(leaf) or leaf)
    return found


def transform(elab: Elaborator, value: Value, change: Callable[[Value], Value]) -> Value:
    """The same tree with every leaf changed; lists, dicts and objects are new ones."""

    def walk(part: Value) -> Value:
        return transform(elab, part, change)

    value = elab.resolve(value)
    match value:
        case Static(None):
            return value
        case Static(tuple() as items):
            return Tuple(tuple(walk(Static(x)) for x in items), type(items))
        case Tuple(items, cls):
            return Tuple(tuple(map(walk, items)), cls)
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return ListRef(_new(elab, location, StaticItems(tuple(map(walk, content.items)))))
        case DictRef(location, cls):
            entries = _entries(elab, location)
            changed = {k: walk(entries[k]) for k in _sorted(entries)}
            return DictRef(_new(elab, location, Entries(tuple((k, changed[k]) for k in entries))), cls)
        case ObjectRef(location, cls) if dataclasses.is_dataclass(cls):
            entries = _entries(elab, location)
            return ObjectRef(_new(elab, location, Entries(tuple((k, walk(v)) for k, v in entries.items()))), cls)
        case _:
            return change(value)


def _entries(elab: Elaborator, location: Location) -> dict[Any, Value]:
    content = elab.get(location)
    assert isinstance(content, Entries)
    return dict(content.items)


def _new(elab: Elaborator, like: Location, content: Any) -> Location:
    location = Location(like.hint)
    elab.state[location] = content
    return location


def _sorted(entries: dict[Any, Value]) -> Iterator[Any]:
    """Keys in the order that optree takes them."""
    try:
        return iter(sorted(entries))
    except TypeError:
        return iter(sorted(entries, key=lambda k: (type(k).__module__, type(k).__qualname__, str(k))))


def structure(elab: Elaborator, value: Value) -> Any:
    """What two trees of the same shape have in common."""
    value = elab.resolve(value)
    match value:
        case Static(None):
            return None
        case Tuple(items, cls):
            return (cls, *(structure(elab, v) for v in items))
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return (list, *(structure(elab, v) for v in content.items))
        case DictRef(location):
            entries = _entries(elab, location)
            return (dict, *((k, structure(elab, entries[k])) for k in _sorted(entries)))
        case ObjectRef(location, cls) if dataclasses.is_dataclass(cls):
            return (cls, *((k, structure(elab, v)) for k, v in _entries(elab, location).items()))
        case _:
            return "*"


def type_of(elab: Elaborator, leaf: Value) -> Type | None:
    """The type of a leaf; None when it is neither a number nor an array."""
    match leaf:
        case Number(atom):
            return atom.type
        case ArrayRef(type=type_):
            return type_
        case Static(obj) if is_number(obj):
            return Const(obj).type
        case ListRef(location) if isinstance(content := elab.get(location), RuntimeItems):
            return content.atom.type
        case _:
            return None


def can_vary(elab: Elaborator, leaf: Value) -> bool:
    """Whether derivatives can flow through a leaf."""
    type_ = type_of(elab, leaf)
    return type_ is not None and is_inexact(type_)


def shape_text(type_: Type | None) -> str:
    """A shape, for messages."""
    match type_:
        case Array(dims=dims):
            inner = ", ".join(str(d) for d in dims)
            return f"({inner},)" if len(dims) == 1 else f"({inner})"
        case Scalar():
            return "()"
        case List():
            return "(list)"
        case _:
            return "none"
