"""What elaboration read of the outside world, and whether it still stands.

A compiled function is right for as long as every global, closure cell, attribute and piece of code that was baked into
it is what it was. `ReadLog.holds()` reads them all again.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

Read = Callable[[], Any]


class Missing:
    """What reading a name that is not there gives."""

    def __repr__(self) -> str:
        return "MISSING"


MISSING = Missing()
CHANGEABLE = (set, dict, list, deque, bytearray)
PLAIN = (
    bool, int, float, complex, str, bytes, type(None), type(...), slice, range, np.generic, np.dtype, tuple, frozenset
)


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that was read: how to read it again, and how to tell whether it is the same."""

    read: Read
    same: Callable[[Any], bool]
    name: str

    def holds(self) -> bool:
        try:
            return self.same(self.read())
        except Exception:
            return False


@dataclass(slots=True)
class ReadLog:
    """The reads of one elaboration, each place once, in order."""

    entries: dict[Any, Entry] = field(default_factory=dict)

    def note(self, key: Any, read: Read, same: Callable[[Any], bool], name: str = "") -> None:
        self.entries.setdefault(key, Entry(read, same, name))

    def holds(self) -> bool:
        """Whether everything that was read still stands."""
        try:
            for entry in self.entries.values():
                if not entry.same(entry.read()):
                    return False
        except Exception:
            return False
        return True

    def changed(self) -> list[str]:
        """The names of what no longer stands."""
        return [entry.name for entry in self.entries.values() if not entry.holds()]


def same_object(old: Any) -> Callable[[Any], bool]:
    """Identity (with the contents, of what can change), or for plain data equality of type and value."""
    if isinstance(old, PLAIN):
        return (
            lambda new: new is old
            or (type(new) is type(old) and repr(new) == repr(old) and bool(new == old or old != old))
        )
    if isinstance(old, CHANGEABLE):
        contents = snapshot(old)
        return lambda new: new is old and snapshot(new) == contents
    return lambda new: new is old


def same_one(old: Any) -> Callable[[Any], bool]:
    """Identity, whatever it holds."""
    return lambda new: new is old


def snapshot(value: Any) -> Any:
    """What a container that may change in place holds now."""
    match value:
        case np.ndarray():
            return (value.dtype, value.shape, value.tobytes())
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
        return (type(value), value.dtype, tuple(d if d < 2 else -1 for d in value.shape))
    return type(value)


def same_type(old: Any) -> Callable[[Any], bool]:
    """Whether a number or an array may take the old one's place as a run-time value."""
    key = type_key(old)
    return lambda new: type_key(new) == key


def same_shape(old: Any) -> Callable[[Any], bool]:
    """Whether a container has the same type, and keys or length."""
    keys = tuple(old) if isinstance(old, dict) else len(old)
    return lambda new: type(new) is type(old) and (tuple(new) if isinstance(new, dict) else len(new)) == keys
