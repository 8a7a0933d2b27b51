"""Values from outside the elaborated code: closure cells, globals, attributes of objects, static arguments.

Floats, complex numbers and arrays become hidden parameters, read at each call; containers of them are taken apart;
everything else is baked in as a static value. All of it is noted in the read log.
"""

from __future__ import annotations

import builtins
import functools
import types
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad import plain, tree
from s2sad.errors import TypeMismatchError, UnsupportedError
from s2sad.frontend.values.readlog import MISSING, same_object, same_shape, same_type
from s2sad.frontend.values.values import (
    ArrayRef,
    Broken,
    Buffer,
    DictRef,
    Entries,
    ListRef,
    Location,
    Number,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir.nodes import Var
from s2sad.ir.types import Array, symbol, type_of_value

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

MOST_LEAVES = 2000
"""The longest container from outside that is taken apart."""


@dataclass(frozen=True, slots=True)
class Place:
    """Somewhere outside: how to read it, what identifies it, and a name for what stands there."""

    read: Callable[[], Any]
    key: Hashable
    name: str
    in_container: bool = False

    def item(self, key: Any) -> Place:
        """The place of an item of the container here."""
        read = self.read
        return Place(lambda: read()[key], (self.key, "item", repr(key)), f"{self.name}_{key}", in_container=True)

    def attribute(self, name: str) -> Place:
        """The place of an attribute of the object here."""
        read = self.read
        return Place(lambda: getattr(read(), name, MISSING), (self.key, "attribute", name), name)


class Outside:
    """The outside as one elaboration has seen it. `captured` lists the hidden parameters and how to read them."""

    def __init__(self, elab: Elaborator) -> None:
        self.elab = elab
        self.captured: list[tuple[Var, Callable[[], Any]]] = []
        self._values: dict[Hashable, Value] = {}
        self._places: dict[int, tuple[Any, Place]] = {}
        self._read: dict[int, Any] = {}
        self._changed: dict[int, Any] = {}

    # -- where things stand

    def cell(self, function: Callable[..., Any], name: str) -> Value:
        """A free variable of a function, through its closure cell."""
        cell = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))[name]

        def read() -> Any:
            try:
                return cell.cell_contents
            except ValueError:
                return MISSING

        return self.value(Place(read, ("cell", id(cell)), name))

    def glob(self, namespace: dict[str, Any], name: str) -> Value | None:
        """A global or a builtin; None when there is no such name."""
        place = Place(lambda: namespace.get(name, MISSING), ("global", id(namespace), name), name)
        if name in namespace:
            return self.value(place)
        self.elab.log.note(place.key, place.read, same_object(MISSING), name)
        obj = getattr(builtins, name, MISSING)
        return None if obj is MISSING else Static(obj)

    def attribute(self, obj: Any, name: str) -> Value:
        """A plain attribute of an object or a module from outside."""
        return self.value(self.place_of(obj).attribute(name))

    def argument(self, obj: Any, name: str) -> Value:
        """A static argument, or what a partial or a default holds. It is kept alive, and its identity is in the key."""
        return self.value(Place(lambda: obj, ("object", id(obj), name), name), obj)

    def place_of(self, obj: Any) -> Place:
        """Where an object was found (else: itself)."""
        found = self._places.get(id(obj))
        if found is None:
            found = (obj, Place(lambda: obj, ("object", id(obj)), type(obj).__name__.lower()))
            self._places[id(obj)] = found
        return found[1]

    # -- what stands there

    def value(self, place: Place, obj: Any = MISSING) -> Value:
        """The abstract value of what stands at a place."""
        if place.key in self._values:
            return self._values[place.key]
        obj = place.read() if obj is MISSING else obj
        if obj is MISSING:
            self.elab.fail_name(place.name)
        value = self._convert(place, obj)
        self._values[place.key] = value
        return value

    def _convert(self, place: Place, obj: Any) -> Value:
        note = self.elab.log.note
        if plain.is_foreign(obj):
            return self._foreign(place, obj)
        if is_runtime(obj):
            note(place.key, place.read, same_type(obj), place.name)
            return self._capture(place, obj)
        if (obj and not _is_plain(obj)) if isinstance(obj, tuple) else tree.is_container(type(obj)):
            if len(obj) > MOST_LEAVES:
                raise UnsupportedError(
                    f"{place.name} has {len(obj)} items, too many to take apart.",
                    "Make it a NumPy array.",
                    self.elab.pos,
                )
            note(place.key, place.read, same_shape(obj), place.name)
            return self._container(place, obj)
        note(place.key, place.read, same_object(obj), place.name)
        self._places.setdefault(id(obj), (obj, place))
        return Static(obj)

    def _foreign(self, place: Place, obj: Any) -> Value:
        """An array or a number that is not plain is refused; among the items of a container, once it is used."""
        why, instead = plain.words(obj, place.name)
        if not place.in_container:
            raise TypeMismatchError(why, instead, self.elab.pos)
        self.elab.log.note(place.key, place.read, same_object(obj), place.name)
        return Broken(why, instead)

    def change(self, obj: Any, name: str) -> None:
        """Note that a container is changed while the function runs. It is refused where its contents are read, too."""
        self._changed[id(obj)] = obj
        if id(obj) in self._read:
            self._refuse_both(name)

    def _refuse_both(self, name: str) -> None:
        raise UnsupportedError(
            f"{name} comes from outside the function, and is both read and changed in it.",
            "Keep what is read in another container.",
            self.elab.pos,
        )

    def _container(self, place: Place, obj: Any) -> Value:
        self._read[id(obj)] = obj
        if id(obj) in self._changed:
            self._refuse_both(place.name)
        if isinstance(obj, tuple):
            return Tuple(tuple(self.value(place.item(k)) for k in range(len(obj))), type(obj))
        location = Location(place.name, captured=True)
        if isinstance(obj, list):
            self.elab.outer[location] = StaticItems(tuple(self.value(place.item(k)) for k in range(len(obj))))
            return ListRef(location)
        self.elab.outer[location] = Entries(tuple((k, self.value(place.item(k))) for k in obj))
        return DictRef.like(obj, location)

    def _capture(self, place: Place, obj: Any) -> Value:
        name = self.elab.builder.names.fresh("".join(c if c.isalnum() else "_" for c in place.name))
        if not isinstance(obj, np.ndarray):
            var = Var(name, type_of_value(obj))
            self.captured.append((var, place.read))
            return Number(var)
        dims = tuple(d if d < 2 else symbol(f"{name}.{k}", 2) for k, d in enumerate(obj.shape))
        type_ = Array(obj.dtype.newbyteorder("="), dims)
        var = Var(name, type_)
        self.captured.append((var, place.read))
        location = Location(name, captured=True)
        self.elab.outer[location] = Buffer(var)
        return ArrayRef(location, type_)

    def baked(self, var: Var) -> Any:
        """The value of a hidden parameter, to which what is compiled is bound from now on; else `MISSING`."""
        for captured, read in self.captured:
            if captured == var:
                obj = read()
                self.elab.log.note(("baked", var.name), read, same_object(obj), var.name)
                return obj
        return MISSING

    def names(self) -> list[str]:
        """The names of the hidden parameters."""
        return [var.name for var, _ in self.captured]


def is_runtime(obj: Any) -> bool:
    """Whether an outside value is read at run time: inexact numbers, and arrays of numbers."""
    if isinstance(obj, np.ndarray):
        return obj.dtype.kind in "biufc" and plain.is_array(obj)
    return isinstance(obj, (float, complex, np.inexact)) and plain.is_number(obj)


def _is_plain(obj: Any) -> bool:
    """Whether a tuple holds only what is baked in whole (ints, strings, and so on)."""
    return all(type(x) in (int, bool, str, type(None)) or (type(x) is tuple and _is_plain(x)) for x in obj)


def is_user_class(cls: type) -> bool:
    """Whether a class is written in Python by the user (not part of Python, NumPy or Numba)."""
    module = (getattr(cls, "__module__", None) or "builtins").split(".")[0]
    return module not in LIBRARY_MODULES and not issubclass(cls, (types.ModuleType, functools.partial))


LIBRARY_MODULES = frozenset(
    {
        "builtins",
        "numpy",
        "math",
        "cmath",
        "operator",
        "functools",
        "itertools",
        "collections",
        "scipy",
        "numba",
        "types",
        "enum",
    }
)
