"""`copy.copy` and `copy.deepcopy`: what is shared in the original is shared in the copy."""

from __future__ import annotations

import copy

from s2sad.frontend.library import containers, creation, dicts, listed
from s2sad.frontend.library.support import NONE, Elaborator, refuse
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import (
    ArrayRef,
    DictRef,
    Entries,
    ListRef,
    Location,
    Numbers,
    ObjectRef,
    StaticItems,
    Tuple,
    Value,
)


@meaning(copy.copy, fold=False)
def shallow(elab: Elaborator, x: Value) -> Value:
    match x:
        case Numbers(classes=(first, *_)) if first is list:
            return listed.as_list(elab, x)
        case ListRef():
            return containers.list_copy(elab, x)
        case DictRef():
            return dicts.copy_dict(elab, x)
        case ArrayRef():
            return creation.copy(elab, x)
        case ObjectRef(location, cls):
            own = Location(location.hint)
            elab.set(own, elab.get(location))
            return ObjectRef(own, cls)
        case _:
            return x


@meaning(copy.deepcopy, fold=False)
def deep(elab: Elaborator, x: Value, memo: Value = NONE) -> Value:
    if memo != NONE:
        refuse(elab, "copy.deepcopy is not supported with memo.", "Leave it out.")
    return _deep(elab, x, {})


def _deep(elab: Elaborator, x: Value, made: dict[Location, Location]) -> Value:
    """A copy; `made` holds the copies of the places that have one."""
    match x:
        case Tuple(items, cls):
            return Tuple(tuple(_deep(elab, v, made) for v in items), cls)
        case ArrayRef(path=()) if x.location in made:
            return ArrayRef(made[x.location], x.type)
        case ArrayRef():
            out = creation.copy(elab, x)
            if not x.path and isinstance(out, ArrayRef):
                made[x.location] = out.location
            return out
        case Numbers(classes=classes) if list in classes:
            return listed.as_list(elab, x)
        case ListRef(location):
            return ListRef(_place(elab, location, made))
        case DictRef(location, cls, factory):
            return DictRef(_place(elab, location, made), cls, factory)
        case ObjectRef(location, cls):
            return ObjectRef(_place(elab, location, made), cls)
        case _:
            return x


def _place(elab: Elaborator, location: Location, made: dict[Location, Location]) -> Location:
    """A place with a deep copy of what stands at another one."""
    if location in made:
        return made[location]
    own = made[location] = Location(location.hint)
    content = elab.get(location)
    elab.set(own, content)  # a container may hold itself
    if isinstance(content, StaticItems):
        elab.set(own, StaticItems(tuple(_deep(elab, v, made) for v in content.items)))
    elif isinstance(content, Entries):
        elab.set(own, Entries(tuple((k, _deep(elab, v, made)) for k, v in content.items)))
    return own
