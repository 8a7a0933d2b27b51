"""Cotangents: the map from the values of a program to what has been added up for them so far.

    cotangent = Zero                  nothing yet; a value that is missing from the map
              | Value(atom)           a number or an array
              | Indexed(places)       contributions to places of an array that has not been made, and often never is

No array of zeros is made to hold one element: an `Indexed` becomes an array only where a whole one is needed.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeGuard

import s2sad_rt as rt
from s2sad.ir import paths
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Const, Var
from s2sad.ir.primitives import Primitive, cast, inc, list_zeros, load, store, undef, zeros
from s2sad.ir.types import Array, List, Scalar, Type, is_complex
from s2sad.rules.elementwise import add, real
from s2sad.rules.registry import jvp
from s2sad.rules.shape import unbroadcast


@dataclass(frozen=True, slots=True)
class Zero:
    """No contribution."""


@dataclass(frozen=True, slots=True)
class Value:
    """A cotangent that has been computed."""

    atom: Atom


@dataclass(frozen=True, slots=True)
class Place:
    """`value`, to be added at a path of an array."""

    path: paths.Path
    operands: tuple[Atom, ...]
    value: Atom

    @property
    def key(self) -> tuple[Any, ...] | None:
        """The entries of a plain index of integers, or None for any other path."""
        if len(self.path) != 1 or not isinstance(self.path[0], paths.Index):
            return None
        supply = iter(self.operands)
        entries = []
        for entry in self.path[0].entries:
            atom = next(supply) if entry is paths.SLOT else Const(entry)
            if not isinstance(entry, (int, paths.Slot)) or not isinstance(atom.type, Scalar):
                return None
            entries.append(atom)
        return tuple(entries)


@dataclass(frozen=True, slots=True)
class Indexed:
    """Contributions to places of an array of zeros."""

    places: tuple[Place, ...]


Cotangent = Zero | Value | Indexed
ZERO = Zero()


def same_place(a: Place, b: Place) -> bool:
    """Whether two places are surely one element or row."""
    return a.key is not None and a.key == b.key


def apart(a: Place, b: Place) -> bool:
    """Whether two places surely do not meet: some index is a different constant of the same sign."""
    if a.key is None or b.key is None:
        return False
    pairs = zip(a.key, b.key, strict=False)
    known = [(x.value, y.value) for x, y in pairs if isinstance(x, Const) and isinstance(y, Const)]
    return any(x != y and (x < 0) == (y < 0) for x, y in known)


list_add = Primitive(
    "list_add", rt.list_add, "rt.list_add(_0, _1)",
    type_rule=lambda args, params, size_of: (args[0].type,),
)
"""``list_add(l, m)``: the sums of the items of two lists of cotangents."""


@jvp(list_add)
def list_add_jvp(left_dot: Any, right_dot: Any) -> Any:
    if left_dot is None or right_dot is None:
        return right_dot if left_dot is None else left_dot
    return list_add(left_dot, right_dot)


class Cotangents:
    """The cotangents known in a block. Contributions are written through `builder`, for values in `active` only."""

    def __init__(self, builder: Builder, active: set[Var], known: dict[Var, Cotangent] | None = None) -> None:
        self.builder = builder
        self.active = active
        self.known: dict[Var, Cotangent] = dict(known or {})

    def copy(self) -> Cotangents:
        """The same map, to go on with in a branch."""
        return Cotangents(self.builder, self.active, self.known)

    def __iter__(self) -> Iterator[Var]:
        return iter(self.known)

    def __getitem__(self, var: Var) -> Cotangent:
        return self.known.get(var, ZERO)

    def __setitem__(self, var: Var, cotangent: Cotangent) -> None:
        self.known[var] = cotangent

    def takes(self, atom: Atom) -> TypeGuard[Var]:
        """Whether contributions to an atom count."""
        return isinstance(atom, Var) and atom in self.active

    def take(self, var: Var) -> Cotangent:
        """The cotangent of a variable that is about to go out of sight."""
        return self.known.pop(var, ZERO)

    def add(self, atom: Atom, contribution: Atom | None) -> None:
        """Add a contribution, fitted to the type of the primal."""
        if contribution is None or not self.takes(atom):
            return
        assert isinstance(atom, Var)
        fitted = fit(self.builder, contribution, atom)
        if self[atom] == ZERO:
            self[atom] = Value(fitted)
        else:
            total = self.builder.emit(plus_of(atom), (self.whole(atom), fitted), hint=bar_name(atom))
            self[atom] = Value(fit(self.builder, total, atom))  # two arrays of rank 0 add up to a number

    def add_at(self, array: Atom, path: paths.Path, operands: tuple[Atom, ...], contribution: Atom) -> None:
        """Add a contribution at a path of an array."""
        if not self.takes(array):
            return
        assert isinstance(array, Var)
        match self[array]:
            case Zero():
                self[array] = Indexed((Place(path, operands, contribution),))
            case Indexed(places):
                self[array] = Indexed((*places, Place(path, operands, contribution)))
            case Value(bar):
                self[array] = Value(self.increment(array, bar, Place(path, operands, contribution)))

    def increment(self, array: Var, bar: Atom, place: Place) -> Atom:
        """`bar` with a contribution added at a place."""
        args, params = (bar, place.value, *place.operands), {"path": place.path}
        return self.builder.emit(inc, args, params, hint=bar_name(array))

    def whole(self, var: Var) -> Atom:
        """The cotangent of a variable as a number or an array; zeros where there is none."""
        match self[var]:
            case Value(bar):
                return bar
            case Zero():
                return zero_of(self.builder, var)
            case Indexed(places):
                bar = zero_of(self.builder, var)
                for place in places:
                    bar = self.increment(var, bar, place)
                self[var] = Value(bar)
                return bar


def bar_name(atom: Atom) -> str:
    """The name for a cotangent of an atom."""
    return f"{atom.name.rstrip('_')}_bar" if isinstance(atom, Var) else "bar"


def plus_of(atom: Atom) -> Primitive:
    """The addition of cotangents of values like an atom."""
    return list_add if isinstance(atom.type, List) else add


def number_of(type: Type, value: float) -> Const:
    """A number of the dtype of a type, as a Python number where that is the same."""
    item = type.dtype.type(value)
    return Const(item.item() if (isinstance(type, Scalar) and type.weak) or type.dtype.char in "dD" else item)


def zero_of(builder: Builder, var: Atom) -> Atom:
    """Zero, or an array or list of zeros, of the type of `var`."""
    match var.type:
        case Scalar():
            return number_of(var.type, 0)
        case Array(dtype=dtype):
            return builder.emit(zeros, builder.dim_atoms(var), {"dtype": dtype}, hint=bar_name(var))
        case List():
            return builder.emit(list_zeros, (var,), hint=bar_name(var))


def fit(builder: Builder, contribution: Atom, primal: Atom) -> Atom:
    """A contribution with the shape and dtype of the primal: summed over broadcast axes, real where the primal is."""
    if isinstance(primal.type, List):
        return contribution
    fitted = _fit_shape(builder, contribution, primal)
    wanted = primal.type.dtype
    if is_complex(fitted.type) and not is_complex(primal.type):
        fitted = builder.emit(real, (fitted,), hint=bar_name(primal))
    if fitted.type.dtype != wanted:
        fitted = builder.emit(cast, (fitted,), {"dtype": wanted}, hint=bar_name(primal))
    return fitted


def _fit_shape(builder: Builder, g: Atom, primal: Atom) -> Atom:
    hint = bar_name(primal)
    match g.type, primal.type:
        case Array(dims=()), Scalar():
            return builder.emit(load, (g,), {"path": (paths.Index(()),)}, hint=hint)
        case Array(), Scalar():
            return builder.emit(unbroadcast, (g,), hint=hint)
        case Array(dims=have), Array(dims=want) if have != want:
            return builder.emit(unbroadcast, (g, *builder.dim_atoms(primal)), hint=hint)
        case Scalar(), Array(dtype=dtype):
            room = builder.emit(undef, builder.dim_atoms(primal), {"dtype": dtype}, hint=hint)
            everywhere = {"path": (paths.Index((...,)),), "once": True}
            return builder.emit(store, (room, g), everywhere, hint=hint)
        case _:
            return g
