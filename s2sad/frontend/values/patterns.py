"""What the items of a list have in common that has as many of them as the run brings.

    [(v * total, k), ...]            Group("tuple", (Part(float), Part(int)))      two columns
    [{"x": x, "w": w}, ...]          Group("dict", (Part(float[3]), Part(float)))  two columns
    [[0.0] * n, ...]                 Row(Part(float))                              a column of arrays, one a row
    [[(j, w), ...], ...]             Row(Group("tuple", (Part(int), Part(float)))) two columns of arrays
    [None, 2.0, ...]                 Optional(Part(float))                         a column that says which are there
    ["up", "down", ...]              Chosen({0: "up", 1: "down"})                  a column that says which it is

Each number or array of an item stands in a column of its own, which is a list of the IR.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from s2sad.frontend.values.values import Static, Value
from s2sad.ir.types import BOOL, INT, Array, Scalar, Type


@dataclass(frozen=True, slots=True)
class Part:
    """A number or an array."""

    type: Type


@dataclass(frozen=True, slots=True)
class Row:
    """A list of numbers or of tuples of them, or of arrays of one shape, kept as an array for each part. `item` is None
    while it has had none."""

    item: Pattern | None


@dataclass(frozen=True, slots=True)
class Known:
    """The same known object in every item; `number` tells it from others (`choices.number_of`)."""

    value: Static
    number: int | None = None


@dataclass(frozen=True, slots=True)
class Chosen:
    """One of several known objects, by their numbers."""

    options: tuple[tuple[int, Static], ...]


@dataclass(frozen=True, slots=True)
class Group:
    """A tuple, a list of known length, a dict with known keys or an object: `kind` is "tuple", "list", "dict" or
    "object"."""

    kind: str
    cls: type
    items: tuple[Pattern, ...]
    keys: tuple[Any, ...] = ()
    factory: Value | None = None


@dataclass(frozen=True, slots=True)
class Optional:
    """None, or an item."""

    item: Pattern


Pattern = Part | Row | Known | Chosen | Group | Optional
Meet = Callable[[Type, Type], Type | None]
FLAG, TAG = Scalar(BOOL, True), Scalar(INT, True)
MOST_CHOSEN = 64
NOTHING_YET = Array(BOOL, (None,))
"""The type of a row that has had no items: whatever comes is wider."""


def columns_of(pattern: Pattern) -> list[Type]:
    """The types of the items of the columns; there is at least one, which tells how many items there are."""
    return parts_of(pattern) or [FLAG]


def parts_of(pattern: Pattern) -> list[Type]:
    """The types of the numbers and arrays of an item."""
    match pattern:
        case Part(type_):
            return [type_]
        case Row(None):
            return [NOTHING_YET]
        case Row(item) if item is not None:
            return [_many(t) for t in columns_of(item)]
        case Known():
            return []
        case Chosen():
            return [TAG]
        case Group(items=items):
            return [t for item in items for t in parts_of(item)]
        case Optional(item):
            return [FLAG, *parts_of(item)]
    raise AssertionError(pattern)


def _many(item: Type) -> Array:
    """The type of an array of items."""
    return Array(item.dtype, (None, *(item.dims if isinstance(item, Array) else ())))


def unify(a: Pattern, b: Pattern, meet: Meet) -> Pattern | None:
    """The pattern of what may be either."""
    match a, b:
        case Known(x), Known(y) if x == y:
            return a
        case Optional(x), Optional(y):
            return _optional(unify(x, y, meet))
        case (Known(Static(None)), Optional() as both) | (Optional() as both, Known(Static(None))):
            return both
        case (Optional(x), y) | (y, Optional(x)):
            return _optional(unify(x, y, meet))
        case (Known(Static(None)), other) | (other, Known(Static(None))):
            return Optional(other)
        case Part(x), Part(y):
            type_ = meet(x, y)
            return None if type_ is None else Part(type_)
        case (Row(None), Row()):
            return b
        case (Row(), Row(None)):
            return a
        case Row(x), Row(y):
            assert x is not None and y is not None
            item = unify(x, y, meet)
            return Row(item) if item is not None and skeleton(x) == skeleton(item) == skeleton(y) else None
        case (Known() | Chosen()), (Known() | Chosen()):
            ours, theirs = _options(a), _options(b)
            options = [] if ours is None or theirs is None else sorted((ours | theirs).items(), key=lambda o: o[0])
            return Chosen(tuple(options)) if 0 < len(options) <= MOST_CHOSEN else None
        case Group(), Group() if _head(a) == _head(b):
            items = [unify(x, y, meet) for x, y in zip(a.items, b.items, strict=True)]
            found = tuple(item for item in items if item is not None)
            return Group(a.kind, a.cls, found, a.keys, a.factory) if len(found) == len(items) else None
        case _:
            return None


def _options(pattern: Known | Chosen) -> dict[int, Static] | None:
    """The known objects that an item may be, by their numbers; None where one has none."""
    if isinstance(pattern, Chosen):
        return dict(pattern.options)
    return None if pattern.number is None else {pattern.number: pattern.value}


def _head(group: Group) -> Any:
    return group.kind, group.cls, group.keys, len(group.items), group.factory


def _optional(item: Pattern | None) -> Pattern | None:
    return None if item is None else Optional(item)


def unified(patterns: Iterable[Pattern | None], meet: Meet) -> Pattern | None:
    """The pattern of what may be any of them; None when there is none."""
    found: Pattern | None = None
    for pattern in patterns:
        found = pattern if found is None else None if pattern is None else unify(found, pattern, meet)
        if found is None:
            return None
    return found


def is_plain(pattern: Pattern) -> bool:
    """Whether an item is a number or an array: then one list of the IR is all."""
    return isinstance(pattern, Part)


def can_change(pattern: Pattern) -> bool:
    """Whether an item, or a part of one, is an object that can change."""
    match pattern:
        case Row():
            return True
        case Group(kind, items=items):
            return kind != "tuple" or any(map(can_change, items))
        case Optional(item):
            return can_change(item)
        case _:
            return False


def is_flat(pattern: Pattern) -> bool:
    """Whether an item is made of numbers only, none of which can change by itself."""
    return not can_change(pattern) and all(isinstance(t, Scalar) for t in parts_of(pattern))


def skeleton(pattern: Pattern) -> Any:
    """A pattern without the types of its numbers."""
    match pattern:
        case Part():
            return Part
        case Row(item):
            return (Row, None if item is None else skeleton(item))
        case Known(value):
            return (Known, value)
        case Chosen(options):
            return (Chosen, *(number for number, _ in options))
        case Group(items=items):
            return (*_head(pattern), *map(skeleton, items))
        case Optional(item):
            return (Optional, skeleton(item))
    raise AssertionError(pattern)


def inside(pattern: Pattern, steps: tuple[int, ...]) -> tuple[Pattern, int]:
    """The pattern of a part of an item, and the number of its first column."""
    first = 0
    for step in steps:
        match pattern:
            case Group(items=items):
                first += sum(len(parts_of(item)) for item in items[:step])
                pattern = items[step]
            case Optional(item):
                first += 1
                pattern = item
            case _:
                raise AssertionError(pattern)
    return pattern, first


def replaced(pattern: Pattern, steps: tuple[int, ...], new: Pattern) -> Pattern:
    """The pattern with another one for a part of an item."""
    if not steps:
        return new
    step, *rest = steps
    match pattern:
        case Group(kind, cls, items, keys, factory):
            inner = replaced(items[step], tuple(rest), new)
            return Group(kind, cls, (*items[:step], inner, *items[step + 1 :]), keys, factory)
        case Optional(item):
            return Optional(replaced(item, tuple(rest), new))
    raise AssertionError(pattern)
