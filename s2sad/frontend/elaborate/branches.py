"""Branches on runtime values: both arms are elaborated, and their states joined.

A branch that always raises is not joined: the code after it goes on in the other one's state.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from s2sad.frontend.elaborate import convert
from s2sad.frontend.elaborate.joins import Joiner, Pair
from s2sad.frontend.values.unreachable import Unreachable
from s2sad.frontend.values.values import NOTHING, Broken, Buffer, Maybe, State, Static, Value
from s2sad.ir.nodes import Atom, Const, If, Join, Stmt

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

Run = Callable[[], Value | None]


@dataclass(slots=True)
class Arm:
    """One side of a branch after it ran: its code, the state it leaves, what it returned."""

    block: list[Stmt]
    state: State
    value: Value | None
    dead: bool


def run_arm(elab: Elaborator, run: Run, state: State) -> Arm:
    """Run one side of a branch from a state."""
    elab.state = dict(state)
    value, dead = None, False
    frame = elab.frame if elab.stack else None
    live = None if frame is None else frame.live
    elab.conditions += 1
    try:
        with elab.builder.block() as block:
            try:
                value = run()
            except Unreachable:
                dead = True
    finally:
        elab.conditions -= 1
    if frame is not None:
        frame.live = live
    return Arm(block, elab.state, value, dead)


def choose(elab: Elaborator, cond: Atom | bool, then: Callable[[], Value], orelse: Callable[[], Value]) -> Value:
    """``then() if cond else orelse()``."""
    value = branch(elab, cond, then, orelse)
    assert value is not None
    return value


def branch(
    elab: Elaborator, cond: Atom | bool, then: Run, orelse: Run, after: frozenset[str] | None = None
) -> Value | None:
    """Run both sides, join what they leave. `after` names what is live in the current frame after the branch.

    Returns the joined value when a side returns one (the other then counts as returning None).
    """
    if isinstance(cond, Const):
        cond = bool(cond.value)
    if isinstance(cond, bool):
        return then() if cond else orelse()
    entry, pos = elab.state, elab.pos
    arms = [run_arm(elab, run, entry) for run in (then, orelse)]
    elab.builder.pos = pos
    elab.latest = None
    if after is not None:
        elab.frame.live = after
    if any(arm.dead for arm in arms):
        return _one_side(elab, cond, arms[0], arms[1])
    joiner = Joiner(elab, arms[0].state, arms[1].state)
    value = None
    if any(arm.value is not None and arm.value is not NOTHING for arm in arms):
        left, right = (_result(elab, arm) for arm in arms)
        joiner.join()
        value = joined(joiner, left, right)
        if isinstance(value, Broken):
            elab.mismatch(value.why.replace("'out'", "This result"), "Give the same kind of value on every path.")
    else:
        joiner.join()
    _note_choices(elab, cond, joiner.pairs)
    _emit(elab, cond, arms, joiner.pairs)
    elab.state = joiner.commit()
    return value


def _note_choices(elab: Elaborator, cond: Atom, pairs: list[Pair]) -> None:
    """Whether something was raised is this very condition, where one side surely raised and the other did not."""
    for pair in pairs:
        match pair.left, pair.right:
            case (Const(left), Const(right)) if pair.key[0] in elab.followed and not (left and right):
                elab.choices[pair.var] = cond, bool(left)


def joined(joiner: Joiner, left: Value, right: Value) -> Value:
    """The result of a branch; there is none on a side that an exception leaves."""
    if NOTHING not in (left, right):
        return joiner.value(("#result", "out"), left, right)
    if any(isinstance(v, Maybe) and v.absent == "None" for v in (left, right)):
        left, right = (Static(None) if v is NOTHING else v for v in (left, right))
    return joiner.value(("#result", "out@"), left, right)


def _result(elab: Elaborator, arm: Arm) -> Value:
    """What one side returns: None where it says nothing, and nothing at all where it raises."""
    if arm.value is not None:
        return arm.value
    content = arm.state.get(elab.followed[-1]) if elab.followed else None
    raises = isinstance(content, Buffer) and isinstance(content.atom, Const) and content.atom.value
    return NOTHING if raises else Static(None)


def _emit(elab: Elaborator, cond: Atom, arms: list[Arm], pairs: list[Pair]) -> None:
    """Write the `If`, with what each arm must convert for the join."""
    sides = []
    for arm, values in zip(arms, ([p.left for p in pairs], [p.right for p in pairs]), strict=True):
        elab.state = arm.state
        with elab.builder.block() as extra:
            sides.append([convert.convert(elab, v, p.var.type, p.var.name) for v, p in zip(values, pairs, strict=True)])
        arm.block.extend(extra)
    joined = tuple(Join(p.var, a, b) for p, a, b in zip(pairs, *sides, strict=True))
    if joined or arms[0].block or arms[1].block:
        elab.builder.append(If(cond, tuple(arms[0].block), tuple(arms[1].block), joined, elab.pos))


def _one_side(elab: Elaborator, cond: Atom, then: Arm, orelse: Arm) -> Value | None:
    """A branch of which one side never ends: the other side's code simply follows."""
    if then.dead and orelse.dead:
        elab.builder.append(If(cond, tuple(then.block), tuple(orelse.block), (), elab.pos))
        raise Unreachable
    dead, alive = (then, orelse) if then.dead else (orelse, then)
    if dead.block:
        left, right = (tuple(arm.block) if arm.dead else () for arm in (then, orelse))
        elab.builder.append(If(cond, left, right, (), elab.pos))
    elab.builder.extend(alive.block)
    elab.state = alive.state
    return alive.value
