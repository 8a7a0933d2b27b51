"""Room for a tape: the trips of loops and the sizes of values, as atoms where the outermost loop is entered."""

from __future__ import annotations

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Comment, Const, For, Function, Let, Var, While, asked_size
from s2sad.ir.primitives import cast, dim
from s2sad.ir.types import Array, Dim, Scalar, Size, Symbol, is_inexact, lower_bound
from s2sad.rules.counting import trip_count
from s2sad.rules.elementwise import add, maximum, minimum, mul, neg, sub
from s2sad.transforms.adjoint.ranges import fold
from s2sad.transforms.recording.scopes import Index, Scope

SAFE = frozenset({add, sub, mul, neg, cast, dim, minimum, maximum})
"""Integer arithmetic that may run where the program would not have run it."""


class Room:
    """Finds the dims of tapes, and writes what computes them through `builder`."""

    def __init__(self, function: Function, index: Index, builder: Builder) -> None:
        self.index = index
        self.builder = builder
        self.seeds = _seeds(function)

    def dims(self, var: Var, loops: list[Scope]) -> list[Atom] | None:
        """The dims of an array tape as atoms at the entry of the outermost loop; None if they are not known there."""
        rows = self.sizes(var, loops[0])
        found = [self.trips(s.loop, loops[0]) for s in loops]
        trips = [n for n in found if n is not None]
        return None if rows is None or len(trips) < len(found) else trips + rows

    def sizes(self, var: Var, entry: Scope) -> list[Atom] | None:
        """The dims of a value as atoms at the entry of a loop or branch; None if they are not known there."""
        match var.type:
            case Array(_, dims):
                found = [self.size_at(d, entry) for d in dims]
            case Scalar():
                found = []
            case _:
                return None
        sizes = [n for n in found if n is not None]
        return sizes if len(sizes) == len(found) else None

    def trips(self, loop: For | While, entry: Scope) -> Atom | None:
        """The number of trips of a loop, at an entry."""
        if isinstance(loop, While) or loop.exit is not None:
            return None
        start, stop, step = (self.at_entry(a, entry) for a in (loop.start, loop.stop, loop.step))
        if start is None or stop is None or step is None:
            return None
        size = self.builder.size_of(stop)
        if start == Const(0) and step == Const(1) and size is not None and (lower_bound(size) or 0) > 0:
            return stop
        return fold(self.builder, trip_count, start, stop, step)

    def at_entry(self, atom: Atom, entry: Scope) -> Atom | None:
        """An integer of a loop as an atom at the entry of an outer one."""
        if not isinstance(atom, Var) or self.index.before(atom, entry):
            return atom
        stmt = self.index.stmt.get(atom)
        if not isinstance(stmt, Let) or is_inexact(atom.type) or stmt.prim not in SAFE:
            return None
        if stmt.prim is dim:
            return self.size_at(asked_size(stmt), entry)
        args = [self.at_entry(a, entry) for a in stmt.args]
        if any(a is None for a in args):
            return None
        return self.builder.emit(stmt.prim, args, dict(stmt.params))

    def size_at(self, size: Dim | None, entry: Scope) -> Atom | None:
        """A size as an atom at the entry of a loop."""
        if not isinstance(size, Size):
            return None if size is None else Const(size)
        total: Atom = Const(size.constant)
        for symbol, factor in size.terms:
            part = self.symbol_at(symbol, entry)
            if part is None:
                return None
            total = fold(self.builder, add, total, fold(self.builder, mul, part, Const(factor)))
        return total

    def symbol_at(self, symbol: Symbol, entry: Scope) -> Atom | None:
        """A size symbol as an atom at the entry of a loop: the dim of an array, or the integer it is named after."""
        wanted = Size(((symbol, 1),))
        reached = [v for v in self.index.scope if self.index.before(v, entry)]
        arrays = [v for v in reached if isinstance(v.type, Array) and wanted in v.type.dims]
        named = [v for v in reached if v.name == symbol.name and isinstance(v.type, Scalar) and not is_inexact(v.type)]
        for v in (*(a for a in arrays if a not in self.seeds), *named, *arrays):
            if isinstance(v.type, Array):
                return self.builder.emit(dim, (v,), {"axis": v.type.dims.index(wanted)}, hint="n")
            return v
        return None


def _seeds(function: Function) -> set[Var]:
    """The parameters that the forward sweep does not use: the cotangents of results are among them."""
    mark = next((k for k, s in enumerate(function.body) if s == Comment("reverse sweep")), len(function.body))
    return set(function.params) - set(walk.free_vars(function.body[:mark]))
