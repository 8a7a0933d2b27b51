"""Abstract values as trees of leaves, in the order that `s2sad.tree` gives the values themselves.

Tuples, lists, dicts (by sorted keys), namedtuples, dataclasses, registered types and None are nodes; everything else is
a leaf.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad import tree
from s2sad.errors import NeedStatic, UnsupportedError, UnsupportedSyntaxError
from s2sad.frontend import library
from s2sad.frontend.library.support import is_number, new_runtime_list
from s2sad.frontend.values.patterns import skeleton
from s2sad.frontend.values.values import (
    ArrayRef,
    Closure,
    Columns,
    DictRef,
    Entries,
    ListRef,
    Location,
    Number,
    Numbers,
    ObjectRef,
    Partial,
    RuntimeItems,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir.nodes import Const
from s2sad.ir.types import Array, List, Scalar, Type, is_inexact

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


Stop = Callable[[Value], bool]
"""Whether a part counts as a leaf, whatever it is."""


def nowhere(_: Value) -> bool:
    """Only what cannot be taken apart is a leaf."""
    return False


def leaves(elab: Elaborator, value: Value, stop: Stop = nowhere) -> list[Value]:
    """The leaves of a value."""
    found: list[Value] = []

    def note(leaf: Value) -> Value:
        found.append(leaf)
        return leaf

    transform(elab, value, note, stop)
    return found


def transform(elab: Elaborator, value: Value, change: Callable[[Value], Value], stop: Stop = nowhere) -> Value:
    """The same tree with every leaf changed; lists, dicts and objects are new ones."""

    def walk(part: Value) -> Value:
        return transform(elab, part, change, stop)

    value = elab.resolve(value)
    match value:
        case _ if stop(value):
            return change(value)
        case Static(None):
            return value
        case Static(tuple() as items) if tree.is_container(type(items)):
            return Tuple(tuple(walk(Static(x)) for x in items), type(items))
        case Tuple(items, cls) if tree.is_container(cls):
            return Tuple(tuple(map(walk, items)), cls)
        case Numbers():
            return numbers_of(elab, value, walk(value.ref))
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return ListRef(_new(elab, location, StaticItems(tuple(map(walk, content.items)))))
        case ListRef(location) if isinstance(listed := elab.get(location), Columns):
            atoms = tuple(elab.atom(walk(new_runtime_list(elab, a))) for a in listed.atoms)
            return ListRef(_new(elab, location, Columns(listed.item, atoms)))
        case DictRef(location, cls):
            entries = _entries(elab, location)
            changed = {k: walk(entries[k]) for k in _ordered(entries, cls)}
            new = _new(elab, location, Entries(tuple((k, changed[k]) for k in entries)))
            return replace(value, location=new)
        case ObjectRef() | Static() if (node := node_of(elab, value)) is not None:
            return node.rebuild([walk(child) for child in node.children])
        case _:
            return change(value)


def numbers_of(elab: Elaborator, like: Numbers, changed: Value) -> Value:
    """A list like another one, of what stands along the first axes of an array.

    What has been made of a list, for the array inside, may be such a list in turn (a Hessian is a list of lists): its
    own axes come first there.
    """
    match changed:
        case ArrayRef():
            return Numbers(changed, like.classes, like.weak)
        case Numbers(ref, classes, weak):
            outer = len(like.classes)
            places = tuple(range(len(classes), len(classes) + outer))
            moved = library.call(elab, np.moveaxis, [ref, Static(places), Static(tuple(range(outer)))], {})
            assert isinstance(moved, ArrayRef)
            return Numbers(moved, (*like.classes, *classes), weak)
    elab.error(
        f"A list of {elab.describe(changed)} for each of its numbers cannot stand in one array.",
        "Make the list an array.",
    )


@dataclass(frozen=True, slots=True)
class Node:
    """An object of a dataclass or of a registered type, taken apart."""

    cls: type
    children: tuple[Value, ...]
    rest: Value
    """What it has besides children."""
    rebuild: Callable[[Sequence[Value]], Value]


def node_of(elab: Elaborator, value: Value) -> Node | None:
    """An object taken apart; None for what is a leaf."""
    cls = value.cls if isinstance(value, ObjectRef) else type(value.obj) if isinstance(value, Static) else None
    if cls is None or not tree.is_node(cls) or (isinstance(value, Static) and isinstance(value.obj, type)):
        return None
    names = tree.fields(cls)
    return _registered(elab, value, cls) if names is None else _dataclass(elab, value, cls, *names)


def _registered(elab: Elaborator, value: Value, cls: type) -> Node:
    """A node of a registered type: the user's functions are run on abstract values."""
    found = tree.registration(cls)
    assert found is not None
    flatten, unflatten = found
    match elab.call(Static(flatten), [value], {}):
        case Tuple((children, rest)):
            items = library.unroll(elab, children)
        case _:
            elab.mismatch(
                f"The flatten function of {cls.__name__} must return a pair (children, static).", "Return both."
            )

    def rebuild(parts: Sequence[Value]) -> Value:
        return elab.call(Static(unflatten), [rest, Tuple(tuple(parts))], {})

    return Node(cls, tuple(items), rest, rebuild)


def _dataclass(elab: Elaborator, value: Value, cls: type, data: tuple[str, ...], meta: tuple[str, ...]) -> Node:
    from s2sad.frontend.elaborate import classes

    if isinstance(value, ObjectRef):
        entries = _entries(elab, value.location)
        location = value.location
    else:
        entries = {name: classes.attribute(elab, value, name) for name in (*data, *meta)}
        location = Location(cls.__name__.lower())

    def rebuild(parts: Sequence[Value]) -> Value:
        given = dict(zip((n for n in data if n in entries), parts, strict=True))
        return ObjectRef(_new(elab, location, Entries(tuple({**entries, **given}.items()))), cls)

    children = tuple(entries[n] for n in data if n in entries)
    return Node(cls, children, Tuple(tuple(entries[n] for n in meta if n in entries)), rebuild)


def _entries(elab: Elaborator, location: Location) -> dict[Any, Value]:
    content = elab.get(location)
    assert isinstance(content, Entries)
    return dict(content.items)


def _new(elab: Elaborator, like: Location, content: Any) -> Location:
    location = Location(like.hint)
    elab.state[location] = content
    return location


def _ordered(entries: dict[Any, Value], cls: type) -> Iterator[Any]:
    """The keys of a dict in the order of its leaves."""
    return iter(entries) if issubclass(cls, OrderedDict) else _sorted(entries)


def _sorted(entries: dict[Any, Value]) -> Iterator[Any]:
    """Keys in the order that optree takes them."""
    try:
        return iter(sorted(entries))
    except TypeError:
        return iter(sorted(entries, key=lambda k: (type(k).__module__, type(k).__qualname__, str(k))))


@dataclass(frozen=True, slots=True)
class Level:
    """One level of a tree: what kind of node it is, and its children in the order of their leaves."""

    kind: Any
    children: tuple[Value, ...]


def level(elab: Elaborator, value: Value) -> Level | None:
    """A value taken apart by one level; None for a leaf."""
    value = elab.resolve(value)
    match value:
        case Static(None):
            return Level(None, ())
        case Static(tuple() as items) if tree.is_container(type(items)):
            return Level((type(items), len(items)), tuple(map(Static, items)))
        case Tuple(items, cls) if tree.is_container(cls):
            return Level((cls, len(items)), items)
        case Numbers(ref, classes, weak):
            return Level((classes, weak), (ref,))
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return Level((list, len(content.items)), content.items)
        case ListRef(location) if isinstance(listed := elab.get(location), Columns):
            columns = tuple(new_runtime_list(elab, a) for a in listed.atoms)
            return Level((list, skeleton(listed.item)), columns)
        case DictRef(location, cls):
            entries = _entries(elab, location)
            keys = tuple(_ordered(entries, cls))
            return Level((cls, keys), tuple(entries[k] for k in keys))
        case ObjectRef() | Static() if (node := node_of(elab, value)) is not None:
            return Level((node.cls, _key(elab, node.rest)), node.children)
        case _:
            return None


def structure(elab: Elaborator, value: Value) -> Any:
    """What two trees of the same shape have in common."""
    found = level(elab, value)
    return "*" if found is None else (found.kind, *(structure(elab, child) for child in found.children))


def _key(elab: Elaborator, rest: Value) -> Any:
    """What is compared of a node besides its children."""
    try:
        return elab.static(rest)
    except (UnsupportedError, NeedStatic):
        return "runtime"


def lists_of_numbers(elab: Elaborator, value: Value) -> list[Numbers]:
    """The long lists of numbers in a value, each of which counts as one leaf."""
    found: list[Numbers] = []

    def note(part: Value) -> bool:
        if isinstance(part, Numbers):
            found.append(part)
        return False

    leaves(elab, value, note)
    return found


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


def refuse_returned(elab: Elaborator, value: Value) -> None:
    """Refuse a generator as a result: it has no value yet."""
    if isinstance(value, Partial) and value.function == Static(Generator):
        closure = value.args[0]
        assert isinstance(closure, Closure)
        raise UnsupportedSyntaxError(
            f"{closure.source.name} is a generator, which cannot be returned.",
            "Return a list or a value instead.",
            elab.pos,
        )
