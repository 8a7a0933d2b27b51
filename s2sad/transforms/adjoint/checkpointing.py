"""The reverse of a loop of a checkpoint with `snapshots`: memory for so many copies of what the loop carries.

    for i in range(n):                kept, at = [s_0] * k, [0] * k
        s_1 = f(s)                    used = 1
        s = s_1                       for t in range(n - 1, -1, -1):
                                          first, state = at[used - 1], kept[used - 1]
                                          place = first + revolve_advance(t + 1 - first, k + 1 - used)
                                          for i in range(first, t):
                                              if i == place:
                                                  kept[used], at[used] = state, i
                                                  used = used + 1
                                                  place = i + revolve_advance(t + 1 - i, k + 1 - used)
                                              state = f(state)
                                          s_bar = s_bar * f'(state)           the trip t, run and reversed
                                          if at[used - 1] == t:
                                              used = used - 1

The state before trip t is run up to from the last one that was kept, and some on the way are kept for the trips before
t, where `revolve_advance` puts them. The number of trips run is least (Griewank and Walther, Algorithm 799). A loop of
unknown length has been run, and its trips counted, by then.
"""

from __future__ import annotations

from dataclasses import dataclass

from s2sad.errors import UnsupportedError
from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Call, Carry, Const, For, If, Join, Stmt, Var, While, int_var
from s2sad.ir.paths import SLOT, Index
from s2sad.ir.primitives import cast, load, store, undef, zeros
from s2sad.ir.types import INT, Array, List, Scalar, symbols_of
from s2sad.rules.counting import revolve_advance
from s2sad.rules.elementwise import add, mul, sub
from s2sad.rules.logical import eq
from s2sad.transforms.adjoint import custom
from s2sad.transforms.adjoint.cotangents import Value, bar_name
from s2sad.transforms.adjoint.loops import Slot, emit_loop, free_active, used_slots
from s2sad.transforms.adjoint.ranges import Loop, count_trips, fold, trips_of
from s2sad.transforms.adjoint.sweep import Sweep


@dataclass(frozen=True, slots=True)
class Checkpoints:
    """The loops at the top level of a function to reverse with `snapshots` copies of what they carry."""

    snapshots: int
    loops: dict[Var, Loop]
    """By their index, as they are before custom calls are opened in them."""
    customs: dict[Var, Atom]
    """The values of custom calls that have been opened."""


def checkpoints_of(block: Block, snapshots: int | None, customs: dict[Var, Atom]) -> Checkpoints | None:
    """The loops of a block, where their snapshots are counted; UnsupportedError for one that cannot be kept so."""
    if snapshots is None:
        return None
    loops = {s.index: s for s in block if isinstance(s, (For, While))}
    for loop in loops.values():
        _check(loop)
    return Checkpoints(snapshots, loops, customs)


def _check(loop: Loop) -> None:
    """Refuse a loop whose state has no place of a size known before."""
    for c in loop.carried:
        if isinstance(c.phi.type, List):
            why = f"carries a list that grows, {c.phi.name}"
        elif symbols_of(c.phi.type) - symbols_of(c.init.type):
            why = f"carries an array whose size changes, {c.phi.name}"
        else:
            continue
        raise UnsupportedError(
            f"A loop of a checkpoint with snapshots {why}.", "Use an array of the largest size.", loop.pos
        )
    if any(isinstance(s, Call) for s in walk.statements((loop,))):
        raise UnsupportedError(
            "A loop of a checkpoint with snapshots calls a recursive function.", "Leave out `snapshots`.", loop.pos
        )


@dataclass(slots=True)
class State:
    """What the schedule knows at a place of the program: the snapshots, where each was taken, how many there are."""

    kept: list[Var]
    at: Var
    used: Atom

    @property
    def values(self) -> tuple[Atom, ...]:
        return (*self.kept, self.at, self.used)

    @property
    def names(self) -> tuple[Var, ...]:
        """The values of a state that a loop or a branch defines."""
        return tuple(v for v in self.values if isinstance(v, Var))


def reverse_loop(sweep: Sweep, counted: Loop, plan: Checkpoints) -> None:
    """Reverse a loop by the schedule. `counted` is the loop as the forward sweep runs it, with its trips."""
    b, active, loop = sweep.builder, sweep.bars.active, plan.loops[counted.index]
    seeds = {c.phi: sweep.seed(c.out) for c in loop.carried if c.phi in active}
    if not any(bar is not None for bar in seeds.values()):
        return
    trips = trips_of(b, counted)
    entry = _entry(b, loop, plan.snapshots)
    heads = _like(b, entry)
    trip = int_var(b.names.fresh("trip"))
    slots, ends, body = _body(sweep, loop, plan, heads, trip, tuple(seeds))
    both = zip(heads.names, entry.values, ends.values, _like(b, entry).names, strict=True)
    schedule = [Carry(*c) for c in both]
    bounds = (fold(b, sub, trips, Const(1)), Const(-1), Const(-1))
    b.pos = loop.pos
    emit_loop(sweep, loop, bounds, used_slots(slots, body), body, seeds, trip, schedule)


def _entry(b: Builder, loop: Loop, snapshots: int) -> State:
    """Room for the snapshots, the first of them the state on entry."""
    kept = []
    for c in loop.carried:
        dims = b.dim_atoms(c.init) if isinstance(c.init.type, Array) else ()
        hint = f"{c.phi.name}_kept"
        room = b.emit(undef, (Const(snapshots), *dims), {"dtype": c.phi.type.dtype}, hint)
        kept.append(b.emit(store, (room, c.init, Const(0)), {"path": _place(c.phi)}, hint))
    return State(kept, b.emit(zeros, (Const(snapshots),), {"dtype": INT}, "at"), Const(1))


def _like(b: Builder, state: State) -> State:
    """New variables for a state of the schedule."""
    kept = [b.var(v.name, v.type) for v in state.kept]
    return State(kept, b.var("at", state.at.type), b.var("used", Const(1).type))


def _place(var: Var) -> tuple[Index, ...]:
    """The path to one snapshot of a value."""
    rows = (...,) if isinstance(var.type, Array) and not var.type.dims else ()
    return (Index((SLOT, *rows)),)


def _body(
    sweep: Sweep, loop: Loop, plan: Checkpoints, heads: State, trip: Var, carried: tuple[Var, ...]
) -> tuple[list[Slot], State, list[Stmt]]:
    """The body of the reverse loop, the cotangents that it carries, and the schedule at its end."""
    b, outer = sweep.builder, sweep.bars
    held = {v: b.var(bar_name(v), v.type) for v in free_active(sweep, loop)}
    bars_in = {phi: b.var(bar_name(phi), phi.type) for phi in carried}
    bars = sweep.bars = type(outer)(b, outer.active, {v: Value(held[v]) for v in held})
    with b.block() as body:
        state, schedule = _advance(b, loop, plan.snapshots, heads, trip)
        bars.active.update(state[phi] for phi in carried)
        block, copies = _trip(b, loop, trip, state)
        bars.active.update(new for old, new in copies.items() if old in bars.active and isinstance(new, Var))
        block, values = custom.opened(block, b.names)
        plan.customs.update(values)
        block = count_trips(block, b.names)
        b.extend(block)
        for c in loop.carried:
            if c.phi in bars_in:
                bars.add(_copy(copies, c.next), bars_in[c.phi])
        sweep.block(block)
        slots = [Slot(v, bar, bars.whole(v), b.var(bar_name(v), v.type)) for v, bar in held.items()]
        slots += [Slot(v, bar, bars.whole(state[v]), b.var(bar_name(v), v.type)) for v, bar in bars_in.items()]
        last = _load_int(b, schedule.at, b.emit(sub, (schedule.used, Const(1)), hint="last"))
        done = b.emit(cast, (b.emit(eq, (last, trip)),), {"dtype": INT, "weak": True})
        schedule.used = b.emit(sub, (schedule.used, done), hint="used")
    sweep.bars = outer
    return slots, schedule, body


def _advance(b: Builder, loop: Loop, snapshots: int, heads: State, trip: Var) -> tuple[dict[Var, Var], State]:
    """Run from the last snapshot to the state before `trip`, and keep more on the way."""
    last = b.emit(sub, (heads.used, Const(1)), hint="last")
    first = _load_int(b, heads.at, last, "first")
    inits = [_load(b, c.phi, kept, last) for c, kept in zip(loop.carried, heads.kept, strict=True)]
    place = _ahead(b, trip, first, heads.used, snapshots)
    index = int_var(b.names.fresh("i"))
    inner = _like(b, heads)
    phis = [b.var(c.phi.name, c.phi.type) for c in loop.carried]
    place_phi = b.var("place", place.type)
    with b.block() as body:
        taken = _keep(b, loop, snapshots, inner, phis, place_phi, index, trip)
        block, copies = _trip(b, loop, index, dict(zip((c.phi for c in loop.carried), phis, strict=True)))
        b.extend(block)
    nexts = [_copy(copies, c.next) for c in loop.carried]
    outs, out = [b.var(c.phi.name, c.phi.type) for c in loop.carried], _like(b, heads)
    carries = [
        *map(Carry, phis, inits, nexts, outs),
        *map(Carry, inner.names, heads.values, taken[:-1], out.names),
        Carry(place_phi, place, taken[-1], b.var("place", place.type)),
    ]
    b.append(For(index, first, trip, Const(1), tuple(carries), tuple(body), pos=loop.pos))
    return dict(zip((c.phi for c in loop.carried), outs, strict=True)), out


def _keep(
    b: Builder, loop: Loop, snapshots: int, inner: State, phis: list[Var], place: Var, index: Var, trip: Var
) -> list[Var]:
    """At the place for it, keep the state; gives the schedule after that, and the next place."""
    here = b.emit(eq, (index, place))
    with b.block() as then:
        kept = [
            b.emit(store, (array, phi, inner.used), {"path": _place(c.phi)}, array.name)
            for array, phi, c in zip(inner.kept, phis, loop.carried, strict=True)
        ]
        at = b.emit(store, (inner.at, index, inner.used), {"path": (Index((SLOT,)),)}, "at")
        used = b.emit(add, (inner.used, Const(1)), hint="used")
        after = (*kept, at, used, _ahead(b, trip, index, used, snapshots))
    before = (*inner.values, place)
    outs = [*_like(b, inner).names, b.var("place", place.type)]
    b.append(If(here, tuple(then), (), tuple(map(Join, outs, after, before)), loop.pos))
    return outs


def _ahead(b: Builder, trip: Var, first: Atom, used: Atom, snapshots: int) -> Var:
    """Where the next state is kept, when the last one kept is that before the trip `first`."""
    steps = b.emit(sub, (b.emit(add, (trip, Const(1)), hint="end"), first), hint="steps")
    free = b.emit(sub, (Const(snapshots + 1), used), hint="free")
    return b.emit(add, (first, b.emit(revolve_advance, (steps, free), hint="ahead")), hint="place")


def _trip(b: Builder, loop: Loop, number: Var, state: dict[Var, Var]) -> tuple[Block, dict[Var, Atom]]:
    """A copy of a trip, for its number and the state before it."""
    index: Atom = number
    if isinstance(loop, For):
        index = fold(b, add, loop.start, fold(b, mul, number, loop.step))
    return walk.clone((*getattr(loop, "pre", ()), *loop.body), b.names, {**state, loop.index: index})


def _copy(copies: dict[Var, Atom], atom: Atom) -> Atom:
    return copies.get(atom, atom) if isinstance(atom, Var) else atom


def _load(b: Builder, phi: Var, kept: Var, number: Atom) -> Atom:
    """A snapshot of a carried value."""
    value = b.emit(load, (kept, number), {"path": _place(phi)}, phi.name)
    if isinstance(phi.type, Scalar) and phi.type.weak:
        return b.emit(cast, (value,), {"dtype": phi.type.dtype, "weak": True}, phi.name)
    return value


def _load_int(b: Builder, array: Var, number: Atom, hint: str = "last") -> Var:
    value = b.emit(load, (array, number), {"path": (Index((SLOT,)),)}, hint)
    return b.emit(cast, (value,), {"dtype": INT, "weak": True}, hint)


__all__ = ["Checkpoints", "checkpoints_of", "reverse_loop"]
