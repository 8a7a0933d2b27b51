"""What a compiled program reads of the outside at each call, for one function object.

    make = lambda a: s2sad.grad(lambda x: np.sum(x * a))
    make(1.0), make(2.0)        one compiled program, bound twice: to each lambda's own cell

A program is right for every function from which the ways in its read log lead to the same: the same code, equal data,
arrays and floats of the same kinds. Functions on these ways may be other objects, each in the place of one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import CellType, FunctionType, MethodType
from typing import Any

import numpy as np

from s2sad import tree
from s2sad.calling import signature
from s2sad.frontend.elaborate.elaborate import Elaboration, Leaf
from s2sad.frontend.elaborate.raising import Known
from s2sad.frontend.values.outside import SHARED
from s2sad.frontend.values.places import Place, Root
from s2sad.frontend.values.readlog import PLAIN, Entry, Same, SameData


class Binding:
    """The outside of a program as seen from a function. `pins` are the objects that must stay, where they are others
    than the program was made from."""

    __slots__ = ("captured", "entries", "pins", "root")

    def __init__(self, root: Any, entries: tuple[Entry, ...], captured: tuple[Place, ...]) -> None:
        self.root, self.entries, self.captured = root, entries, captured
        self.pins: dict[int, Any] = {}

    def read(self, place: Place) -> Any:
        """What stands at a place now."""
        return self.reader()(place)

    def reader(self) -> Callable[[Place], Any]:
        """Reads places, each once."""
        known: dict[int, Any] = {}
        root = self.root

        def read(place: Place) -> Any:
            number = id(place)
            if number in known:
                return known[number]
            base = place.base
            if base is None:
                found = root if type(place.step) is Root else place.step.read(None)
            else:
                found = place.step.read(read(base))
            known[number] = found
            return found

        return read

    def holds(self) -> bool:
        """Whether all that elaboration read of the outside is as it was."""
        try:
            read = self.reader()
            for number, entry in enumerate(self.entries):
                new = read(entry.place)
                if (new is not self.pins[number]) if number in self.pins else not entry.same(new):
                    return False
        except Exception:  # a place is gone, or a comparison fails
            return False
        return True

    def values(self) -> list[Any]:
        """The captured values as they are now, arrays in the form that compiled code expects."""
        return [signature.normal(v) if isinstance(v, np.ndarray) else v for v in self.given()]

    def given(self) -> list[Any]:
        """The captured values as they are now."""
        return list(map(self.reader(), self.captured))

    def moved(self, root: Any) -> Binding | None:
        """The same program seen from another function; None where it is not the program of that."""
        pairs, new = _Pairs(), Binding(root, self.entries, self.captured)
        read = new.reader()
        try:
            if not pairs.match(self.root, root):
                return None
            for number, entry in enumerate(self.entries):
                found, same = read(entry.place), entry.same
                if type(same) is not Same:
                    if not same(found):
                        return None
                elif not pairs.match(same.old, found):
                    return None
                elif found is not same.old:
                    new.pins[number] = found
        except Exception:
            return None
        return new


class _Pairs:
    """Which object stands in the place of which: one for each, so that what was one object is one again."""

    def __init__(self) -> None:
        self.new: dict[int, Any] = {}
        self.old: dict[int, Any] = {}

    def match(self, old: Any, new: Any) -> bool:
        """Whether an object may stand in the place of another, here and wherever that one stands."""
        if id(old) in self.new:
            return self.new[id(old)] is new
        if id(new) in self.old or not (new is old or alike(old, new)):
            return False
        self.new[id(old)], self.old[id(new)] = new, old
        return True


def alike(old: Any, new: Any) -> bool:
    """Whether two callables differ in nothing but in what the read log holds of them."""
    if type(new) is not type(old):
        return False
    if isinstance(old, CellType):
        return True
    if isinstance(old, FunctionType):
        return (
            new.__code__ is old.__code__
            and new.__globals__ is old.__globals__
            and new.__name__ == old.__name__
            and new.__qualname__ == old.__qualname__
            and new.__module__ == old.__module__
            and not (new.__dict__ or old.__dict__)
        )
    if isinstance(old, MethodType):
        return new.__self__ is old.__self__ and new.__func__ is old.__func__
    if isinstance(old, functools.partial):
        return len(new.args) == len(old.args) and [*new.keywords] == [*old.keywords]
    spec, other = getattr(old, "__s2sad__", None), getattr(new, "__s2sad__", None)
    if spec is None or other is None or spec.kind not in SHARED or other.kind != spec.kind:
        return False
    options = zip(spec.options.items(), other.options.items(), strict=True)
    return all(a == b and isinstance(x, PLAIN) and SameData(x)(y) for (a, x), (b, y) in options)


def binding(root: Any, elaboration: Elaboration) -> Binding:
    """The outside of a program as seen from the function that it was made from."""
    return Binding(root, tuple(elaboration.log.entries.values()), elaboration.captured)


def may_be_shared(elaboration: Elaboration) -> bool:
    """Whether the log holds all that a program has of the function it was made from."""
    elab = elaboration.elab
    if not elab.outside.shared or elab.named_objects:
        return False
    results = tree.leaves(elaboration.result, is_leaf=lambda x: isinstance(x, Leaf))
    raised = [part for r in elab.raised.values() for part in (*r.args, *(p for _, p in r.kwargs))]
    known = [x.obj for x in (*results, *raised) if isinstance(x, Known)]
    statics = [x for x in results if not isinstance(x, Leaf | Known)]
    return all(isinstance(p, Known) for p in raised) and all(isinstance(x, PLAIN) for x in (*known, *statics))


def shape(function: Callable[..., Any]) -> Any:
    """A key that functions have in common which may be compiled to the same; whoever keeps it keeps the function."""
    if isinstance(function, FunctionType):
        return id(function.__code__)
    if isinstance(function, functools.partial):
        return shape(function.func), *map(shape, function.args), *function.keywords
    if isinstance(function, MethodType):
        return id(function.__self__), id(function.__func__)
    spec = getattr(function, "__s2sad__", None)
    if spec is not None and spec.kind in SHARED:
        return spec.kind, shape(spec.function)
    return id(function)
