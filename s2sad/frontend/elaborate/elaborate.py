"""From a Python function and the types of its arguments to IR.

    elaborate(f, (Abstract(0, Array(float64, (n,)), "x"), 3), {}) -> Elaboration

The main function of the resulting module has the runtime leaves as its parameters, in order, then one for each captured
value that is read at run time.
"""

from __future__ import annotations

import enum
import sys
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from s2sad import tree
from s2sad.data import DTYPES, SEQUENCES, Kind, Listed, Packing
from s2sad.errors import UnsupportedError
from s2sad.frontend import library
from s2sad.frontend.elaborate.elaborator import Elaborator
from s2sad.frontend.elaborate.leaves import refuse_returned
from s2sad.frontend.values.places import Place
from s2sad.frontend.values.readlog import ReadLog
from s2sad.frontend.values.unreachable import Unreachable
from s2sad.frontend.values.values import (
    ArrayRef,
    Broken,
    Buffer,
    Choice,
    Columns,
    DictRef,
    Entries,
    ListRef,
    Location,
    Maybe,
    Number,
    Numbers,
    ObjectRef,
    RuntimeItems,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir.nodes import Atom, Function, Module, Var
from s2sad.ir.types import Array, Dim, Size, Type, symbols_of
from s2sad.labelled import Labelled

RECURSION_LIMIT = 20_000


@tree.leaf
@dataclass(frozen=True, slots=True)
class Abstract:
    """A runtime leaf of the arguments: its number among them, its type, and the name of its parameter; of what is read
    as an array, what it is."""

    index: int
    type: Type
    name: str
    kind: Kind | None = None


@tree.leaf
@dataclass(frozen=True, slots=True)
class Leaf:
    """Stands for one of the flat results in the structure of what the function returns; of an array that becomes a
    list, what list that is."""

    number: int
    kind: Listed | None = None


@dataclass(frozen=True, slots=True)
class Elaboration:
    """What elaborating a function gives. See docs/architecture.md.

    Rules of custom functions are elaborated when a transform asks for them: what they capture and call out of line is
    added then, and `completed` gives a module with it.
    """

    module: Module
    result: Any
    log: ReadLog
    mutated: tuple[int, ...]
    elab: Elaborator

    @property
    def captured(self) -> tuple[Place, ...]:
        """How to read each hidden parameter."""
        return tuple(read for _, read in self.elab.outside.captured)

    @property
    def params(self) -> tuple[Var, ...]:
        """The parameters: argument leaves, then captured values."""
        return self.module.main.params

    @property
    def guards(self) -> tuple[tuple[Dim, Dim], ...]:
        """Pairs of sizes of parameters that the program takes to be equal."""
        known = {x for p in self.module.main.params for x in symbols_of(p.type)}
        mentioned = (
            (pair, {x for d in pair if isinstance(d, Size) for x, _ in d.terms})
            for pair in self.elab.builder.equalities
        )
        return tuple(pair for pair, symbols in mentioned if symbols and symbols <= known)

    def completed(self, main: Function, functions: Mapping[str, Function]) -> Module:
        """A later stage of the module, with the hidden parameters and functions that have come since."""
        hidden = [var for var, _ in self.elab.outside.captured if var not in main.params]
        return Module(replace(main, params=(*main.params, *hidden)), {**self.elab.functions, **functions})


def elaborate(
    function: Callable[..., Any],
    args: Sequence[Any],
    kwargs: dict[str, Any],
    name: str | None = None,
    packing: Packing | None = None,
) -> Elaboration:
    """Run a function on abstract values.

    `args` and `kwargs` are the arguments with `Abstract` in place of each number and array that is a runtime value;
    containers keep their structure, all else is known now. `packing` says whether long lists that are captured are
    arrays. Raises `NeedStatic` when the value of a leaf is needed, and
    the errors of `s2sad.errors` for what is outside the language.
    """
    elab = Elaborator()
    elab.outside.packing = packing or Packing()
    elab.outside.root(function)
    arguments = _Arguments(elab)
    arguments.declare((tuple(args), kwargs))
    positional = [arguments.value(a, f"arg{k}") for k, a in enumerate(args)]
    named = {k: arguments.value(v, k) for k, v in kwargs.items()}
    label: str = name if name else getattr(function, "__name__", "function")
    name = elab.builder.names.fresh(_identifier(label))
    structure: Any = None
    results: list[Atom] = []
    with elab.builder.block() as body, _deep_recursion():
        try:
            value = elab.call(Static(function), positional, named)
            refuse_returned(elab, value)
            structure = in_tree_order(flatten_result(elab, value, results), results)
        except Unreachable:
            structure = None
    params = (*arguments.params, *(var for var, _ in elab.outside.captured))
    main = Function(name, params, tuple(body), tuple(results), pos=None)
    return Elaboration(Module(main, dict(elab.functions)), structure, elab.log, tuple(sorted(elab.mutated)), elab)


@contextmanager
def _deep_recursion() -> Iterator[None]:
    """Room for programs whose calls and loops nest deeply: each level takes several frames of ours."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(max(limit, RECURSION_LIMIT))
    try:
        yield
    finally:
        sys.setrecursionlimit(limit)


def _identifier(name: str) -> str:
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in name).strip("_")
    return text if text and not text[0].isdigit() else "function"


class _Arguments:
    """The arguments as abstract values, and the parameters of main."""

    def __init__(self, elab: Elaborator) -> None:
        self.elab = elab
        self.vars: dict[int, Var] = {}

    @property
    def params(self) -> list[Var]:
        return [self.vars[k] for k in sorted(self.vars)]

    def declare(self, tree: Any) -> None:
        """Make the parameters, in order of index."""
        found: dict[int, Abstract] = {}
        _abstracts(tree, found)
        for index in sorted(found):
            leaf = found[index]
            var = Var(self.elab.builder.names.wanted(leaf.name), leaf.type)
            self.vars[index] = var
            self.elab.leaves[var] = index

    def value(self, obj: Any, name: str) -> Value:
        """An argument as an abstract value."""
        match obj:
            case Abstract(index, kind=None):
                return self.leaf(self.vars[index], index)
            case Abstract(index, kind=Listed() | Labelled() as kind):
                return self.elab.outside.read_as(self.vars[index], kind)
            case tuple() if tree.is_container(type(obj)):
                return Tuple(tuple(self.value(x, f"{name}_{k}") for k, x in enumerate(obj)), type(obj))
            case list() if type(obj) is list:
                items = tuple(self.value(x, f"{name}_{k}") for k, x in enumerate(obj))
                location = Location(name, captured=True)
                self.elab.outer[location] = StaticItems(items)
                return ListRef(location)
            case dict() if tree.is_container(type(obj)):
                location = Location(name, captured=True)
                self.elab.outer[location] = Entries(tuple((k, self.value(v, f"{name}_{k}")) for k, v in obj.items()))
                return DictRef.like(obj, location)
        if tree.is_node(type(obj)) and _holds_abstract(obj):
            return self.object(obj, name)
        if isinstance(obj, deque) and _holds_abstract(obj):
            self.elab.error("A deque cannot be an argument.", "Pass a list.")
        if isinstance(obj, bool | int | float | complex | str | type(None)):
            return Static(obj)
        return self.elab.outside.argument(obj, name)

    def leaf(self, var: Var, index: int) -> Value:
        if not isinstance(var.type, Array):
            return Number(var)
        location = Location(var.name)
        self.elab.state[location] = Buffer(var)
        self.elab.origins[location] = frozenset([index])
        return ArrayRef(location, var.type)

    def object(self, obj: Any, name: str) -> Value:
        """An object with leaves among its attributes."""
        location = Location(name, captured=True)
        items = tuple((k, self.value(v, f"{name}_{k}")) for k, v in _attributes(obj).items())
        self.elab.outer[location] = Entries(items)
        return ObjectRef(location, type(obj))


def _children(obj: Any) -> list[Any]:
    match obj:
        case tuple() | list() | deque():
            return list(obj)
        case dict():
            return list(obj.values())
    if tree.is_node(type(obj)):
        return list(_attributes(obj).values())
    return []


def _attributes(obj: Any) -> dict[str, Any]:
    """The attributes of an object, in slots and in its dict."""
    slots = [n for cls in reversed(type(obj).__mro__) for n in _names(vars(cls).get("__slots__", ()))]
    found = {n: getattr(obj, n) for n in slots if hasattr(obj, n) and n != "__dict__"}
    return {**found, **getattr(obj, "__dict__", {})}


def _names(slots: Any) -> tuple[str, ...]:
    return (slots,) if isinstance(slots, str) else tuple(slots)


def _abstracts(obj: Any, found: dict[int, Abstract]) -> None:
    if isinstance(obj, Abstract):
        found[obj.index] = obj
    for child in _children(obj):
        _abstracts(child, found)


def _holds_abstract(obj: Any) -> bool:
    found: dict[int, Abstract] = {}
    _abstracts(obj, found)
    return bool(found)


# -- results


def in_tree_order(structure: Any, results: list[Atom]) -> Any:
    """The structure of a result with its leaves numbered as `tree.flatten` finds them; reorders `results`."""
    found, spec = tree.flatten(structure, is_leaf=lambda x: isinstance(x, Leaf))
    order = [leaf.number for leaf in found if isinstance(leaf, Leaf)]
    results[:] = [results[n] for n in order]
    numbers = iter(range(len(order)))
    numbered = [replace(x, number=next(numbers)) if isinstance(x, Leaf) else x for x in found]
    return tree.unflatten(spec, numbered)


def flatten_result(elab: Elaborator, value: Value, results: list[Atom]) -> Any:
    """The structure of a result with `Leaf`s for its numbers and arrays, which are added to `results`."""

    def leaf(atom: Atom) -> Leaf:
        results.append(atom)
        return Leaf(len(results) - 1)

    match value:
        case Number(atom):
            return leaf(atom)
        case ArrayRef():
            return leaf(elab.atom(value))
        case Static(enum.Enum() as member):
            return member
        case Static(bool() | int() | float() | complex()):
            return leaf(elab.atom(value))
        case Static(np.ndarray(dtype=dtype)) if dtype.names is not None:
            elab.error("A structured array cannot be returned.", "Return its fields.")
        case Static(obj):
            return leaf(elab.atom(value)) if hasattr(obj, "dtype") and getattr(obj, "shape", None) == () else obj
        case Tuple(items, cls):
            if not tree.is_container(cls):
                elab.error(f"An object of {cls.__name__}, a subclass of tuple, cannot be returned.", "Return a tuple.")
            return tree.make_tuple(cls, [flatten_result(elab, v, results) for v in items])
        case Numbers(ref, classes, weak):
            if classes[0] not in SEQUENCES:
                elab.error(f"A {classes[0].__name__} cannot be returned.", "Return np.array of it.")
            dtype = ref.type.dtype
            number = next(c for c, d in DTYPES.items() if d == dtype) if weak else dtype.type
            return Leaf(leaf(elab.atom(ref)).number, Listed(classes, number))
        case ListRef(location):
            content = elab.get(location)
            if isinstance(content, RuntimeItems):
                return leaf(content.atom)
            if isinstance(content, Columns):
                elab.error(
                    "A list that has as many tuples, dicts or lists as the run brings cannot be returned.",
                    "Return an array of each part, np.array([item[0] for item in items]).",
                )
            assert isinstance(content, StaticItems)
            return [flatten_result(elab, v, results) for v in content.items]
        case DictRef(location):
            content = elab.get(location)
            assert isinstance(content, Entries)
            return library.python_dict(elab, value, [(k, flatten_result(elab, v, results)) for k, v in content.items])
        case ObjectRef(location, cls) if tree.is_node(cls):
            content = elab.get(location)
            assert isinstance(content, Entries)
            if tree.registration(cls) is None:
                tree.register_dataclass(cls)
            out: Any = object.__new__(cls)
            for name, item in content.items:
                object.__setattr__(out, name, flatten_result(elab, item, results))
            return out
        case Choice():
            elab.mismatch(
                f"The result is {elab.describe(value)} on different paths.",
                "Give the same kind of value on every path.",
            )
        case Maybe() | Broken():
            return flatten_result(elab, elab.resolve(value), results)
        case _:
            raise UnsupportedError(
                f"{elab.describe(value).capitalize()} cannot be returned.", "Return numbers, arrays and containers."
            )
