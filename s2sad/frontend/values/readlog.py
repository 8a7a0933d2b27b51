"""What elaboration read of the outside world, and whether it still stands.

A compiled function is right for as long as every global, closure cell, attribute and piece of code that was baked into
it is what it was. `ReadLog.holds()` reads them all again. What must be the same of each is said by an object (`Same`,
`SameType`, ...), so that calls can check it by code written for that (`calling.entry`), and so that another function
with the same code can be held against it (`calling.binding`).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from s2sad.frontend.values.immutable import is_value
from s2sad.frontend.values.places import MISSING, Missing, Place

__all__ = ["MISSING", "Entry", "Missing", "ReadLog", "Same", "SameContents", "SameData", "SameShape", "SameType",
           "same_object", "type_key"]  # fmt: skip

CHANGEABLE = (set, dict, list, deque, bytearray, memoryview, np.poly1d)
PLAIN = (
    bool,
    int,
    float,
    complex,
    str,
    bytes,
    type(None),
    type(...),
    slice,
    range,
    np.generic,
    np.dtype,
    tuple,
    frozenset,
)


@dataclass(frozen=True, slots=True, eq=False)
class Same:
    """Identity, whatever the object holds."""

    old: Any

    def __call__(self, new: Any) -> bool:
        return new is self.old


@dataclass(frozen=True, slots=True, eq=False)
class SameData:
    """Equality of type and value, for plain data."""

    old: Any

    def __call__(self, new: Any) -> bool:
        old = self.old
        return new is old or (type(new) is type(old) and repr(new) == repr(old) and bool(new == old or old != old))


class SameContents:
    """Identity, and the contents of what can change."""

    def __init__(self, old: Any) -> None:
        self.old, self.contents = old, snapshot(old)

    def __call__(self, new: Any) -> bool:
        same = new is self.old or isinstance(new, np.ndarray)  # one of text or dates is what it holds
        return same and snapshot(new) == self.contents


class SameType:
    """Whether a number or an array may take the old one's place as a run-time value."""

    def __init__(self, old: Any) -> None:
        self.key = type_key(old)

    def __call__(self, new: Any) -> bool:
        return bool(type_key(new) == self.key)


class SameShape:
    """Whether a container has the same type, and keys or length."""

    def __init__(self, old: Any) -> None:
        self.type, self.keys = type(old), shape_of(old)

    def __call__(self, new: Any) -> bool:
        return type(new) is self.type and bool(shape_of(new) == self.keys)


Condition = Same | SameData | SameContents | SameType | SameShape


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was read: where, and what must be the same of it. What is `fixed` cannot change while what stands
    at the places before it is the same."""

    place: Place
    same: Condition
    fixed: bool = False

    def holds(self) -> bool:
        try:
            return self.same(self.place())
        except Exception:
            return False


@dataclass(slots=True)
class ReadLog:
    """The reads of one elaboration, each place once, in order."""

    entries: dict[Any, Entry] = field(default_factory=dict)

    def note(self, place: Place, same: Condition, key: Any = None, fixed: bool = False) -> None:
        """Note what must be the same at a place, once for each `key`, which is the place's own by default."""
        self.entries.setdefault(place.key if key is None else key, Entry(place, same, fixed))

    def holds(self) -> bool:
        """Whether everything that was read still stands."""
        return all(entry.holds() for entry in self.entries.values())


def same_object(old: Any) -> Condition:
    """Identity (with the contents, of what can change), or for plain data equality of type and value."""
    if isinstance(old, PLAIN) or is_value(old):
        return SameData(old)
    changes = isinstance(old, CHANGEABLE) or type(old) is np.ndarray
    return SameContents(old) if changes else Same(old)


def snapshot(value: Any) -> Any:
    """What a container that may change in place holds now."""
    match value:
        case np.ndarray():
            return (value.dtype, value.shape, value.tobytes())
        case np.poly1d():
            return (value.coeffs.tobytes(), value.coeffs.dtype, value.variable)
        case memoryview():
            return (value.format, value.shape, value.tobytes())
        case dict():
            return (type(value), tuple((k, snapshot(v)) for k, v in value.items()))
        case set():
            return (type(value), frozenset(value))
        case tuple() | list() | deque() | bytearray():
            return (type(value), tuple(map(snapshot, value)))
        case _:
            return (type(value), value)


def type_key(value: Any) -> Any:
    """What compiled code depends on of a number or array that is read at run time."""
    if isinstance(value, np.ndarray):
        return (type(value), value.dtype, tuple([d if d < 2 else -1 for d in value.shape]))
    return type(value)


def shape_of(container: Any) -> Any:
    """The keys of a dict, in order; the length of all else."""
    return tuple(container) if isinstance(container, Mapping) else len(container)
