"""The reverse of a loop.

    for i in range(n):                    for i_1 in range(n - 1, -1, -1):        (mirrors i)
        s_1 = s * x                           s_bar_1 = s_bar * x                 mentions this trip's x and s
        s = s_1                               x_bar_1 = x_bar + s_bar * s
                                              s_bar = s_bar_1;  x_bar = x_bar_1

The reverse loop carries a cotangent for each active carried value, and for each active value of outside that the body
adds to. Of these it keeps what the body changed and what is read.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from s2sad.errors import UnsupportedError
from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Call, Carry, Const, For, Stmt, Var, int_var
from s2sad.rules.elementwise import add
from s2sad.transforms.adjoint.choosing import Choice, chosen_range, chosen_trip
from s2sad.transforms.adjoint.cotangents import Value, bar_name, zero_of
from s2sad.transforms.adjoint.loop_forms import AGAIN, order_free
from s2sad.transforms.adjoint.ranges import Loop, forward_range, reversed_range
from s2sad.transforms.adjoint.replay import replayed, replays
from s2sad.transforms.adjoint.selection import Selection, selected_trip
from s2sad.transforms.adjoint.steady import changes_shape
from s2sad.transforms.adjoint.sweep import Sweep

Seeds = dict[Var, Atom | None]


@dataclass(frozen=True, slots=True)
class Slot:
    """A cotangent that a reverse loop carries, of the primal value `var`; `next` is its value at the end of a trip."""

    var: Var
    phi: Var
    next: Atom
    out: Var


def reverse_loop(sweep: Sweep, loop: Loop, selection: Selection | Choice | None) -> None:
    """Reverse a loop: where a `selection` says so, only the trip that it selected, or chose."""
    b, active = sweep.builder, sweep.bars.active
    seeds = {c.phi: sweep.seed(c.out) for c in loop.carried if c.phi in active}
    if not any(bar is not None for bar in seeds.values()):
        return
    for c in loop.carried:
        if c.phi in active and changes_shape(c, loop):
            if any(isinstance(s, Call) and c.phi in s.args for s in walk.statements(loop.body)):
                raise UnsupportedError(
                    "The stack of a recursive function that a loop calls may grow from trip to trip, and reverse mode "
                    "of reverse mode cannot follow it.",
                    "Take the second derivative forward, as hessian and jacfwd(grad(f)) do.",
                    loop.pos,
                )
            raise UnsupportedError(
                "An array that a loop carries changes its shape from trip to trip, which reverse mode cannot follow.",
                "Write the steps out, or loop over a tuple, which is unrolled; forward mode (jvp, jacfwd) works.",
                loop.pos,
            )
    trip, ends = (*getattr(loop, "pre", ()), *loop.body), {c.phi: c.next for c in loop.carried}
    again = selection is not None or (not sweep.replaying and replays(loop, active))
    if isinstance(selection, Selection):
        assert isinstance(loop, For)
        trip, ends = selected_trip(loop, selection)
    elif isinstance(selection, Choice):
        assert isinstance(loop, For)
        trip, ends = chosen_trip(b, loop, selection, active)
    slots, body = reverse_body(sweep, loop, trip, {phi: ends[phi] for phi in seeds}, again)
    kept = used_slots(slots, body)
    b.pos = loop.pos
    if isinstance(selection, Selection):
        bounds: tuple[Atom, Atom, Atom] = selection.last, b.emit(add, (selection.last, selection.hit)), Const(1)
    elif isinstance(selection, Choice):
        assert isinstance(loop, For)
        bounds = chosen_range(b, loop, selection)
    elif order_free(loop.index, body, [(s.phi, s.next) for s in kept]):
        bounds = forward_range(b, loop)
    else:
        bounds = reversed_range(b, loop)
    emit_loop(sweep, loop, bounds, kept, body, seeds)


def free_active(sweep: Sweep, loop: Loop) -> list[Var]:
    """The active values of outside that a loop's body uses."""
    inside = {*walk.binds(loop)}
    blocks = tuple(s for block in walk.blocks_of(loop) for s in block)
    return [v for v in walk.free_vars(blocks, walk.leaving(loop)) if v in sweep.bars.active and v not in inside]


def reverse_body(
    sweep: Sweep, loop: Loop, trip: Block, ends: dict[Var, Atom], again: bool
) -> tuple[list[Slot], list[Stmt]]:
    """The body of the reverse loop, and the cotangents that it carries: of the carried values, then of those outside.

    `trip` is what it reverses, run `again` in it or mentioned; `ends` are the carried values at its end.
    """
    b, outer = sweep.builder, sweep.bars
    held = {v: b.var(bar_name(v), v.type) for v in free_active(sweep, loop)}
    carried = {phi: b.var(bar_name(phi), phi.type) for phi in ends}
    bars = sweep.bars = type(outer)(b, outer.active, {v: Value(held[v]) for v in held})
    with b.block() as body:
        was, sweep.replaying = sweep.replaying, sweep.replaying or again
        if again:
            trip, copies = replayed(trip, b.names, outer.active)
            b.extend((AGAIN, *trip))
            ends = {phi: copies.get(end, end) if isinstance(end, Var) else end for phi, end in ends.items()}
        for phi, end in ends.items():
            bars.add(end, carried[phi])
        sweep.block(trip)
        sweep.replaying = was
        both = (*carried.items(), *held.items())
        slots = [Slot(v, phi, bars.whole(v), b.var(bar_name(v), v.type)) for v, phi in both]
    sweep.bars = outer
    return slots, body


def emit_loop(
    sweep: Sweep, loop: Loop, bounds: tuple[Atom, Atom, Atom], kept: list[Slot], body: list[Stmt], seeds: Seeds,
    index: Var | None = None, more: Iterable[Carry] = (),
) -> None:
    """Write the reverse loop around its body, and take over what it leaves. With an `index` of its own it mirrors
    nothing; it carries `more` besides the cotangents."""
    b, bars = sweep.builder, sweep.bars
    mirrors = loop.index if index is None else None
    carries = [Carry(s.phi, _entry(sweep, loop, s, seeds), s.next, s.out) for s in kept]
    start, stop, step = bounds
    index = index or int_var(b.names.fresh(loop.index.name))
    b.append(For(index, start, stop, step, (*carries, *more), tuple(body), mirrors=mirrors, pos=loop.pos))
    outs = {s.var: s.out for s in kept}
    for slot in kept:
        if slot.var not in seeds:
            bars[slot.var] = Value(slot.out)
    for c in loop.carried:
        if c.phi in seeds:
            bars.add(c.init, outs.get(c.phi, seeds[c.phi]))


def _entry(sweep: Sweep, loop: Loop, slot: Slot, seeds: Seeds) -> Atom:
    """What the cotangent is when the reverse sweep enters the loop."""
    if slot.var not in seeds:
        return sweep.bars.whole(slot.var)
    seed = seeds[slot.var]
    return zero_of(sweep.builder, _out(loop, slot.var)) if seed is None else seed


def _out(loop: Loop, phi: Var) -> Var:
    return next(c.out for c in loop.carried if c.phi == phi)


def used_slots(slots: list[Slot], body: list[Stmt]) -> list[Slot]:
    """The cotangents that the loop must carry: not those that it leaves alone."""
    used = {a for s in walk.statements(tuple(body)) for a in (*walk.operands(s), *walk.leaving(s))}
    kept = []
    for slot in slots:
        elsewhere = slot.phi in used or any(other.next == slot.phi for other in slots if other is not slot)
        if slot.next == slot.phi and not elsewhere:
            continue
        kept.append(slot)
    return kept
