"""Values from outside the elaborated code: closure cells, globals, attributes of objects, static arguments.

Floats, complex numbers and arrays become hidden parameters, read at each call; containers of them are taken apart;
everything else is baked in as a static value. All of it is noted in the read log.
"""

from __future__ import annotations

import builtins
import functools
import types
from collections import ChainMap, UserDict, UserList
from collections.abc import Callable, Hashable, Sequence
from typing import TYPE_CHECKING, Any

import numba
import numpy as np

from s2sad import data, plain, tree
from s2sad.errors import TypeMismatchError, UnsupportedError
from s2sad.frontend.values.immutable import is_value_class
from s2sad.frontend.values.places import MISSING, Contents, Place, Root, given, glob
from s2sad.frontend.values.readlog import PLAIN, Same, SameShape, SameType, same_object
from s2sad.frontend.values.values import (
    ArrayRef,
    Broken,
    Buffer,
    DictRef,
    Entries,
    ListRef,
    Location,
    Number,
    Numbers,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir.nodes import Var
from s2sad.ir.types import Array, symbol, type_of_value
from s2sad.labelled import Labelled, labelled

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

MOST_LEAVES = 2000
"""The longest container from outside that is taken apart."""


SHARED = frozenset({"grad", "value_and_grad", "jacfwd", "jacrev", "hessian", "jit", "vmap", "checkpoint"})
"""Kinds of transforms that are told by their options and by the function they were made of, and by nothing else."""


class Outside:
    """The outside as one elaboration has seen it. `captured` lists the hidden parameters and how to read them."""

    def __init__(self, elab: Elaborator) -> None:
        self.elab = elab
        self.captured: list[tuple[Var, Place]] = []
        self.packing = data.Packing()
        self.labelled: dict[Location, Labelled] = {}
        """The arrays that are those of another library."""
        self.shared = True
        """Whether a function with the same code and other captures may be compiled to the same: the log says all that
        was read of this one."""
        self.random: Location | None = None
        """The place of the generator of np.random, once the function has seeded it."""
        self._values: dict[Hashable, Value] = {}
        self._places: dict[int, tuple[Any, Place]] = {}
        self._read: dict[int, Any] = {}
        self._changed: dict[int, Any] = {}

    # -- where things stand

    def root(self, function: Any) -> None:
        """Say which function is compiled: the ways to what is read of it begin there."""
        self._found(function, Place(Root(function), "root", "function"))

    def _found(self, obj: Any, place: Place) -> None:
        """Note where an object stands, and of which other function a transformed one was made."""
        if id(obj) in self._places:
            return
        self._places[id(obj)] = (obj, place)
        spec: Any = None if isinstance(obj, type) else getattr(obj, "__s2sad__", None)
        if getattr(spec, "kind", None) in SHARED and not isinstance(spec.function, Value):
            inner = place.attribute("__s2sad__").attribute("function")
            self.elab.log.note(inner, Same(spec.function), fixed=True)
            self._found(spec.function, inner)

    def looked_at(self, obj: Any) -> None:
        """Note that something else of a function than its code is made use of: its name, say, or its identity."""
        if isinstance(obj, types.FunctionType | functools.partial | types.CellType) or hasattr(obj, "__s2sad__"):
            self.shared = False

    def cell(self, function: Callable[..., Any], name: str) -> Value:
        """A free variable of a function, through its closure cell."""
        number = function.__code__.co_freevars.index(name)
        cell = (function.__closure__ or ())[number]
        holder = self.place_of(function).cell(number)
        self.elab.log.note(holder, Same(cell), fixed=True)
        return self.value(Place(Contents(), ("cell", id(cell)), name, holder))

    def glob(self, namespace: dict[str, Any], name: str) -> Value | None:
        """A global or a builtin; None when there is no such name."""
        place = glob(namespace, name)
        if name in namespace:
            return self.value(place)
        self.elab.log.note(place, Same(MISSING))
        obj = getattr(builtins, name, MISSING)
        return None if obj is MISSING else Static(obj)

    def attribute(self, obj: Any, name: str) -> Value:
        """A plain attribute of an object or a module from outside."""
        return self.value(self.place_of(obj).attribute(name))

    def argument(self, obj: Any, name: str) -> Value:
        """A static argument, or what a partial or a default holds. It is kept alive, and its identity is in the key."""
        if not isinstance(obj, PLAIN):
            self.shared = False
        return self.value(given(obj, name), obj)

    def place_of(self, obj: Any) -> Place:
        """Where an object was found (else: itself)."""
        found = self._places.get(id(obj))
        if found is None:
            found = (obj, given(obj, type(obj).__name__.lower()))
            self._places[id(obj)] = found
        return found[1]

    # -- what stands there

    def value(self, place: Place, obj: Any = MISSING) -> Value:
        """The abstract value of what stands at a place."""
        if place.key in self._values:
            return self._values[place.key]
        obj = place() if obj is MISSING else obj
        if obj is MISSING:
            self.elab.fail_name(place.name)
        value = self._convert(place, obj)
        self._values[place.key] = value
        return value

    def _convert(self, place: Place, obj: Any) -> Value:
        note = self.elab.log.note
        if plain.is_foreign(obj) and not is_structured(obj):
            return self._foreign(place, obj)
        if is_runtime(obj):
            note(place, SameType(obj))
            return self._capture(place, obj)
        kind = data.kind_of(obj) if self.packing.on else labelled(obj)
        if kind is not None:
            return self._packed(place, obj, kind)
        if (obj and not _is_plain(obj)) if isinstance(obj, tuple) else is_container(type(obj)):
            if len(obj) > MOST_LEAVES:
                raise UnsupportedError(
                    f"{place.name} has {len(obj)} items, too many to take apart.",
                    "Make it a NumPy array.",
                    self.elab.pos,
                )
            note(place, SameShape(obj))
            return self._container(place, obj)
        note(place, SameType(obj) if is_structured(obj) else same_object(obj))
        self._found(obj, place)
        return Static(obj)

    def _packed(self, place: Place, obj: Any, kind: data.Kind) -> Value:
        """A long list of numbers or an array of another library, which is read as an array at each call."""
        if isinstance(kind, Labelled) and kind.by_labels and not kind.counted:
            why = f"{place.name} is {kind.text} whose labels are not 0, 1, 2, ..."
            raise TypeMismatchError(why, f"Make it {kind.to_numpy(place.name)}.", self.elab.pos)
        self._note_read(place, obj)
        where = place.read_by(kind)
        array = kind.read(obj)
        self.packing.count += array.size if isinstance(kind, data.Listed) else 0
        self.elab.log.note(where, SameType(array))
        read = self._capture(where, array, (None, *kind.rows) if isinstance(kind, data.Listed) else ())
        assert isinstance(read, ArrayRef)
        return self._as_kind(read, kind)

    def read_as(self, var: Var, kind: data.Kind) -> Value:
        """What is read as an array, a parameter of main."""
        return self._as_kind(self._buffer(var), kind)

    def _as_kind(self, ref: ArrayRef, kind: data.Kind) -> Value:
        """A long list of numbers, or an array of another library."""
        if isinstance(kind, data.Listed):
            return Numbers(ref, kind.classes, kind.weak)
        self.labelled[ref.location] = kind
        return ref

    def _foreign(self, place: Place, obj: Any) -> Value:
        """An array or a number that is not plain is refused; among the items of a container, once it is used."""
        why, instead = plain.words(obj, place.name)
        if not place.in_container:
            raise TypeMismatchError(why, instead, self.elab.pos)
        self.elab.log.note(place, same_object(obj))
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

    def _note_read(self, place: Place, obj: Any) -> None:
        self._read[id(obj)] = obj
        if id(obj) in self._changed:
            self._refuse_both(place.name)

    def _container(self, place: Place, obj: Any) -> Value:
        self._note_read(place, obj)
        if isinstance(obj, tuple):
            return Tuple(tuple(self.value(place.item(k)) for k in range(len(obj))), type(obj))
        location = Location(place.name, captured=True)
        if isinstance(obj, Sequence):
            self.elab.outer[location] = StaticItems(tuple(self.value(place.item(k)) for k in range(len(obj))))
            return ListRef(location)
        self.elab.outer[location] = Entries(tuple((k, self.value(place.item(k))) for k in obj))
        return DictRef.like(obj, location)

    def _capture(self, place: Place, obj: Any, known: Sequence[int | None] = ()) -> Value:
        name = self.elab.builder.names.fresh("".join(c if c.isalnum() else "_" for c in place.name))
        if not isinstance(obj, np.ndarray):
            var = Var(name, type_of_value(obj))
            self.captured.append((var, place))
            return Number(var)
        given = {k for k, n in enumerate(known) if n is not None}
        dims = tuple(d if d < 2 or k in given else symbol(f"{name}.{k}", 2) for k, d in enumerate(obj.shape))
        type_ = Array(obj.dtype.newbyteorder("="), dims)
        var = Var(name, type_)
        self.captured.append((var, place))
        return self._buffer(var)

    def _buffer(self, var: Var) -> ArrayRef:
        """An array that may only be read."""
        assert isinstance(var.type, Array)
        location = Location(var.name, captured=True)
        self.elab.outer[location] = Buffer(var)
        return ArrayRef(location, var.type)

    def baked(self, var: Var) -> Any:
        """The value of a hidden parameter, to which what is compiled is bound from now on; else `MISSING`."""
        for captured, place in self.captured:
            if captured == var:
                obj = place()
                self.elab.log.note(place, same_object(obj), ("baked", var.name))
                return obj
        return MISSING

    def names(self) -> list[str]:
        """The names of the hidden parameters."""
        return [var.name for var, _ in self.captured]


def is_structured(obj: Any) -> bool:
    """Whether an outside value is an array with fields, which are arrays each."""
    return type(obj) in (np.ndarray, np.recarray, np.memmap) and obj.dtype.names is not None


def is_runtime(obj: Any) -> bool:
    """Whether an outside value is read at run time: inexact numbers, and arrays of numbers."""
    if isinstance(obj, np.ndarray):
        return obj.dtype.kind in "biufc" and plain.is_array(obj)
    return isinstance(obj, (float, complex, np.inexact)) and plain.is_number(obj)


CONTAINERS = (UserList, UserDict, ChainMap, types.MappingProxyType, numba.typed.List, numba.typed.Dict)
"""What holds objects as a list or a dict does, and is taken for one."""


def is_container(cls: type) -> bool:
    """Whether a container from outside is taken apart. What it holds is read at each call."""
    return tree.is_container(cls) or cls in CONTAINERS


def _is_plain(obj: Any) -> bool:
    """Whether a tuple holds only what is baked in whole (ints, strings, and so on)."""
    return all(type(x) in (int, bool, str, type(None)) or (type(x) is tuple and _is_plain(x)) for x in obj)


def is_user_class(cls: type) -> bool:
    """Whether a class is written in Python by the user (not part of Python, NumPy or Numba)."""
    module = (getattr(cls, "__module__", None) or "builtins").split(".")[0]
    if cls is types.SimpleNamespace:  # whose attributes may change, as those of the user's objects
        return True
    if is_value_class(cls):
        return False
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
