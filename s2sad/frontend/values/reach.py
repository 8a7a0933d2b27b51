"""Which locations live names can still reach."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol

from s2sad.frontend.values.frames import Frame
from s2sad.frontend.values.values import (
    ArrayRef,
    Choice,
    Closure,
    Content,
    DictRef,
    Entries,
    ListRef,
    Location,
    Maybe,
    Numbers,
    ObjectRef,
    Partial,
    State,
    StaticItems,
    Tuple,
    Value,
    Within,
)


class Standing(Protocol):
    """Where names and what they stand for are kept."""

    stack: list[Frame]
    state: State
    outer: State
    roots: list[Value]


def live_locations(elab: Standing) -> set[Location]:
    """Every location that a name which may still be read leads to."""
    found: set[Location] = set()
    for frame in elab.stack:
        content = elab.state.get(frame.location)
        if isinstance(content, Entries):
            live = frame.live
            _follow(elab, (v for k, v in content.items if live is None or k in live), found)
    _follow(elab, elab.roots, found)
    return found


def reachable(elab: Standing, values: Iterable[Value]) -> set[Location]:
    """Every location that these values lead to."""
    found: set[Location] = set()
    _follow(elab, values, found)
    return found


def names_for(elab: Standing, locations: Iterable[Location]) -> str:
    """The user's names for arrays, for messages."""
    wanted = set(locations)
    found = []
    for frame in elab.stack:
        content = elab.state.get(frame.location)
        if isinstance(content, Entries):
            found += [str(k) for k, v in content.items if not str(k).startswith("_") and wanted & set(locations_in(v))]
    names = list(dict.fromkeys(found)) or sorted({x.hint for x in wanted})
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)


def _follow(elab: Standing, values: Iterable[Value], found: set[Location]) -> None:
    todo = list(values)
    while todo:
        for location in locations_in(todo.pop()):
            if location not in found:
                found.add(location)
                content = elab.state.get(location, elab.outer.get(location))
                if content is not None:
                    todo += values_in(content)


def locations_in(value: Value) -> Iterator[Location]:
    """The locations that a value itself holds."""
    match value:
        case ArrayRef(location) | ListRef(location) | DictRef(location) | ObjectRef(location):
            yield location
        case Numbers(ref):
            yield from locations_in(ref)
        case Tuple(items):
            for item in items:
                yield from locations_in(item)
        case Partial(function, args, kwargs):
            for item in (function, *args, *(v for _, v in kwargs)):
                yield from locations_in(item)
        case Closure(_, frame, defaults, kw_defaults):
            if frame is not None:
                yield frame
            for item in (*defaults, *kw_defaults.values()):
                yield from locations_in(item)
        case Maybe(inner):
            yield from locations_in(inner)
        case Choice(_, options):
            for _, option in options:
                yield from locations_in(option)


def values_in(content: Content) -> list[Value]:
    """The values that stand in a content."""
    match content:
        case StaticItems(items):
            return list(items)
        case Entries(items):
            return [v for _, v in items]
        case Within(parent):
            return [ListRef(parent)]
        case _:
            return []
