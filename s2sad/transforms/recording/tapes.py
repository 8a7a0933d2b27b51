"""Tapes: what keeps the values that the reverse sweep reads, and the weaving of it into the forward sweep.

    a value of a branch       leaves through the joins                                    `Export`
    a value of loops whose    an array indexed by the trips, `undef` before the loops,    `ArrayTape`
    trips are known           carried by them, one `store(...; once)` a trip
    a value of other loops    one list, appended to once a trip of the innermost loop     `ListTape`
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import (
    Atom,
    Block,
    Carry,
    Const,
    For,
    Function,
    If,
    Join,
    Let,
    Stmt,
    Var,
    While,
    replace,
)
from s2sad.ir.paths import SLOT, Index, Path
from s2sad.ir.primitives import list_append, list_len, list_new, store, undef
from s2sad.ir.types import Array, List, Scalar
from s2sad.rules.elementwise import floordiv, sub
from s2sad.transforms.adjoint.ranges import fold
from s2sad.transforms.recording.scopes import Scope


@dataclass(eq=False, slots=True)
class Tape:
    """Keeps `value`, which is defined in the last scope of `path`, for what follows the first one.

    `final` names the whole tape where its readers are. `room` is the empty tape, made by the statements in
    `plan.before`.
    """

    value: Var
    path: list[Scope]
    final: Var
    room: Atom | None = None

    @property
    def loops(self) -> list[Scope]:
        return [s for s in self.path if s.is_loop]


@dataclass(eq=False, slots=True)
class Export(Tape):
    """A value of a branch, brought out of it. `dims` are its sizes, where they are known before the branch."""

    dims: list[Atom] | None = None


class ArrayTape(Tape):
    """One place for each trip of the loops."""


class ListTape(Tape):
    """One item for each trip of the innermost loop."""


@dataclass(slots=True)
class Plan:
    """What recording decided to add: by scope number, and by the variable after whose definition it goes."""

    threads: dict[int, list[Tape]] = field(default_factory=dict)
    before: dict[int, list[Stmt]] = field(default_factory=dict)
    lengths: dict[int, list[tuple[Var, Tape]]] = field(default_factory=dict)
    records: dict[Var, list[Tape]] = field(default_factory=dict)
    after: dict[Var, list[Stmt]] = field(default_factory=dict)

    def add(self, tape: Tape) -> None:
        for scope in tape.path:
            self.threads.setdefault(scope.number, []).append(tape)
        self.records.setdefault(tape.value, []).append(tape)


def position(b: Builder, loop: For | While, index: Atom) -> Atom:
    """The number of a trip from 0, given the loop's index in it."""
    if isinstance(loop, While):
        return index
    match loop.step:
        case Const(1):
            return fold(b, sub, index, loop.start)
        case Const(-1):
            return fold(b, sub, loop.start, index)
        case step:
            return fold(b, floordiv, fold(b, sub, index, loop.start), step)


def trip_path(value: Var, count: int) -> Path:
    """The path to the place of one trip."""
    rows = (...,) if isinstance(value.type, Array) and not value.type.dims else ()
    return (Index((SLOT,) * count + rows),)


class Weaver:
    """Writes the plan into a function."""

    def __init__(self, plan: Plan, builder: Builder) -> None:
        self.plan = plan
        self.builder = builder
        self.current: dict[Tape, Atom] = {}
        self.number = 0
        self.waiting: set[int] = set()

    def function(self, function: Function) -> Function:
        """The function with the tapes of the plan."""
        with self.builder.block() as head:
            for p in function.params:
                self.defined(p)
            self.block(function.body)
        return replace(function, body=tuple(head))

    def block(self, block: Iterable[Stmt]) -> None:
        for stmt in block:
            self.statement(stmt)

    def nested(self, block: Block, heads: Iterable[Var] = (), again: Iterable[Var] = ()) -> tuple[Stmt, ...]:
        """A nested block; `heads` are defined as it is entered, `again` was, but is still to be recorded."""
        with self.builder.block() as written:
            for v in heads:
                self.defined(v)
            for v in again:
                self.record(v)
            self.block(block)
        return tuple(written)

    def statement(self, stmt: Stmt) -> None:
        self.builder.pos = getattr(stmt, "pos", None)
        match stmt:
            case For() | While():
                stmt = self.loop(stmt)
            case If():
                stmt = self.branch(stmt)
            case _:
                pass
        self.builder.append(stmt)
        for v in walk.defines(stmt):
            self.defined(v)

    def defined(self, var: Var) -> None:
        """What follows a definition: sizes that are asked for, and recordings."""
        for stmt in self.plan.after.get(var, ()):
            self.builder.append(stmt)
            for v in walk.defines(stmt):
                self.defined(v)
        self.record(var)

    def record(self, var: Var) -> None:
        """Put a value on its tapes; what the condition of a `While` defines waits for its body."""
        for tape in self.plan.records.get(var, ()):
            if tape.path[-1].number not in self.waiting or isinstance(tape, Export):
                self.current[tape] = self.recorded(tape)

    def recorded(self, tape: Tape) -> Atom:
        """The tape with the value of this trip on it."""
        b, hint = self.builder, tape.final.name
        match tape:
            case ArrayTape():
                places = [position(b, s.loop, s.loop.index) for s in tape.loops]
                params = {"path": trip_path(tape.value, len(places)), "once": True}
                return b.emit(store, (self.current[tape], tape.value, *places), params, hint=hint)
            case ListTape():
                return b.emit(list_append, (self.current[tape], tape.value), hint=hint)
            case _:
                return tape.value

    # -- loops and branches

    def enter(self) -> int:
        """The number of the block that is entered now."""
        self.number += 1
        return self.number

    def loop(self, stmt: For | While) -> For | While:
        number = self.enter()
        for made in self.plan.before.get(number, ()):
            self.builder.append(made)
        tapes = self.plan.threads.get(number, [])
        for tape in tapes:
            if tape.loops[0].number == number:
                assert tape.room is not None
                self.current[tape] = tape.room
        for length, tape in self.plan.lengths.get(number, ()):
            self.builder.append(Let((length,), list_len, (self.current[tape],)))
            self.defined(length)
        inits = [self.current[t] for t in tapes]
        phis = [self.builder.var(t.final.name, t.final.type) for t in tapes]
        self.current.update(zip(tapes, phis, strict=True))
        heads = walk.binds(stmt)
        if isinstance(stmt, While):
            self.waiting.add(number)
            pre = self.nested(stmt.pre, heads)
            self.waiting.remove(number)
            again = (*heads, *(v for s in pre for v in walk.defines(s)))
            stmt = replace(stmt, pre=pre, body=self.nested(stmt.body, again=again))
        else:
            stmt = replace(stmt, body=self.nested(stmt.body, heads))
        nexts = [self.current[t] for t in tapes]
        outs = [self.leaving(t, number) for t in tapes]
        carried = tuple(Carry(*c) for c in zip(phis, inits, nexts, outs, strict=True))
        self.current.update(zip(tapes, outs, strict=True))
        return replace(stmt, carried=(*stmt.carried, *carried))

    def leaving(self, tape: Tape, number: int) -> Var:
        """The name of a tape behind one of the statements around its value."""
        if tape.path[0].number == number:
            return tape.final
        return self.builder.var(tape.final.name, tape.final.type)

    def branch(self, stmt: If) -> If:
        known = dict(self.current)
        numbers, sides, ends = [], [], []
        for block in (stmt.then, stmt.orelse):
            self.current = dict(known)
            numbers.append(self.enter())
            for made in self.plan.before.get(numbers[-1], ()):
                self.builder.append(made)
            sides.append(list(self.nested(block)))
            ends.append(self.current)
        joined = list(stmt.joined)
        self.current = known
        for side, number in enumerate(numbers):
            for tape in self.plan.threads.get(number, ()):
                other = known[tape] if tape in known else self.dummy(tape, sides[1 - side])
                out = self.leaving(tape, number)
                both = (ends[side][tape], other) if side == 0 else (other, ends[side][tape])
                joined.append(Join(out, *both))
                self.current[tape] = out
        return replace(stmt, then=tuple(sides[0]), orelse=tuple(sides[1]), joined=tuple(joined))

    def dummy(self, tape: Tape, block: list[Stmt]) -> Atom:
        """What stands for a tape in the branch where there is none. Nobody reads it, but it may be recorded in turn, by
        a transform of this one: it is given the size of the value wherever that is known."""
        with self.builder.block() as written:
            made = self._dummy(tape)
        block += written
        return made

    def _dummy(self, tape: Tape) -> Atom:
        match tape.final.type:
            case Scalar(dtype, weak):
                return Const(dtype.type(0).item() if weak else dtype.type(0))
            case Array(dtype, dims):
                known = tape.dims if isinstance(tape, Export) else None
                sizes = [Const(0)] * len(dims) if known is None else known
                return self.builder.emit(undef, sizes, {"dtype": dtype}, hint=tape.final.name)
            case List(item):
                return self.builder.emit(list_new, (), {"item": item}, hint=tape.final.name)
