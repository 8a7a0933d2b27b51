"""Frames of elaborated functions, and what a name means in one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s2sad.frontend.syntax.scopes import Names, Scope
from s2sad.frontend.syntax.source import FunctionSource
from s2sad.frontend.values.values import Entries, Location, Static, Value, Within

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


@dataclass(frozen=True, slots=True)
class Consumer:
    """A loop that goes over a generator. `live` are the names of its frame that are live at its head; `give(value)`
    runs its body for one value, and says whether the loop is left."""

    frame: Frame
    live: Names
    give: Callable[[Value], Value]


@dataclass(eq=False, slots=True)
class Frame:
    """One activation of a function. Its names live in the state, at `location`.

    `parent` is the frame it was defined in; `function` the Python function, where the chain of frames ends at one (its
    cells and globals come next). `live` names what may still be read, None for all; `consumer` goes over a generator.
    """

    source: FunctionSource
    location: Location
    parent: Location | None
    function: Callable[..., Any] | None
    live: Names | None = None
    consumer: Consumer | None = None

    @property
    def scope(self) -> Scope:
        return self.source.scope


def waiting(frame: Frame) -> Iterator[Consumer]:
    """The consumers of a generator, from the nearest on."""
    while frame.consumer is not None:
        yield frame.consumer
        frame = frame.consumer.frame


def names_of(elab: Elaborator, location: Location) -> dict[Any, Value]:
    """The names bound in a frame."""
    content = elab.get(location)
    assert isinstance(content, Entries)
    return dict(content.items)


def bind(elab: Elaborator, location: Location, name: str, value: Value) -> None:
    """Bind a name in a frame (or set an attribute or a dict's item)."""
    entries = names_of(elab, location)
    entries[name] = value
    if isinstance(elab.state.get(location), Within):
        elab.set(location, Entries(tuple(entries.items())))
    else:
        elab.state[location] = Entries(tuple(entries.items()))


def lookup(elab: Elaborator, frame: Frame, name: str) -> Value:
    """What a name is bound to, as Python would find it."""
    owner = owner_of(elab, frame, name)
    if owner is not None:
        value = names_of(elab, owner.location).get(name)
        return elab.fail_name(name, owner.location) if value is None else value
    function = root_function(elab, frame)
    if function is not None and name not in frame.scope.globals and name in function.__code__.co_freevars:
        return elab.outside.cell(function, name)
    namespace = {} if function is None else function.__globals__
    found = elab.outside.glob(namespace, name)
    if found is None:
        if name in ("__class__",):
            return Static(None)
        elab.fail_name(name)
    return found


def owner_of(elab: Elaborator, frame: Frame, name: str) -> Frame | None:
    """The elaborated frame whose local a name is; None when it is a cell, a global or a builtin."""
    if name in frame.scope.globals:
        return None
    current: Frame | None = frame
    while current is not None:
        if name in current.scope.locals:
            return current
        current = None if current.parent is None else elab.frames[current.parent]
    return None


def root_function(elab: Elaborator, frame: Frame) -> Callable[..., Any] | None:
    """The Python function that a chain of frames ends at."""
    while frame.parent is not None:
        frame = elab.frames[frame.parent]
    return frame.function
