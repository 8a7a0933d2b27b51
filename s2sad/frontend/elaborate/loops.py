"""Loops on runtime values: elaborated again and again until the types of what they carry stand still.

The state at a loop's head is the join of the state on entry and that at the end of the body. The first pass assumes
that nothing changes; what the end of the body then has different from the entry is carried from the next pass on, with
the type in which both meet. Two passes are nearly always enough.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s2sad.frontend.elaborate import catching, convert
from s2sad.frontend.elaborate.joins import Key, Pair
from s2sad.frontend.elaborate.loop_heads import Head, settled
from s2sad.frontend.values.frames import waiting
from s2sad.frontend.values.meeting import first_change
from s2sad.frontend.values.rename import rename_state
from s2sad.frontend.values.unbound import Pending
from s2sad.frontend.values.unreachable import Unreachable
from s2sad.frontend.values.values import Entries, Location, Number, State, Static, Value
from s2sad.ir.nodes import Atom, Carry, Const, For, Stmt, Var, While, int_var
from s2sad.ir.types import BOOL, Scalar, Size, Type
from s2sad.rules.logical import not_

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

MOST_PASSES = 12


class EffectfulTest(Exception):
    """The test of a while loop changes something."""


@dataclass(slots=True)
class Pass:
    """One elaboration of a loop's body."""

    pre: list[Stmt]
    body: list[Stmt]
    index: Var
    test: Atom | None
    exit: Atom | None
    head: list[Pair]
    trace: list[tuple[Key, Any]]
    head_state: State
    end_state: State
    dead: bool
    fills: dict[Key, tuple[Location, bool]]
    related: set[tuple[int, int]]
    left: Var | None = None


@dataclass(slots=True)
class Loop:
    """A loop to elaborate: what it runs, and the names that are live at its head.

    `bind(index)` binds the loop's target (None for a while loop); `test` computes a while loop's condition.
    """

    elab: Elaborator
    run: Callable[[], None]
    live: frozenset[str]
    hint: str
    bind: Callable[[Value], None] | None = None
    test: Callable[[], Atom | bool] | None = None
    bounds: tuple[Atom, Atom, Atom] | None = None
    exits: bool = False

    def elaborate(self) -> None:
        """Write the loop and leave the state after it."""
        elab = self.elab
        entry, pos = elab.state, elab.pos
        carried: dict[Key, Type] = {}
        previous = entry
        mark = elab.mark()
        for number in range(MOST_PASSES):
            unbound = [] if number else self.unbound(entry)
            attempt = self.attempt(entry, previous, carried, unbound)
            if attempt.dead:
                raise_if_read(unbound)
                return self.finish_dead(attempt, entry)
            if attempt.exit is not None and self.test is not None and not self.exits:
                self.exits = True  # something that is caught may be raised in the body
                elab.reset(mark)
                continue
            elab.frame.live = self.live
            check = Head(elab, entry, attempt.end_state, carried)
            check.join()
            found = {p.key: p.type for p in check.pairs}
            if (
                settled(found, carried)
                and check.trace == attempt.trace
                and check.related() <= attempt.related
                and [p.key for p in attempt.head] == list(found)
            ):
                raise_if_read(unbound)
                if attempt.left is not None and attempt.exit is None:  # no exit is ever taken: once more, without
                    self.exits, previous = False, attempt.end_state
                    elab.reset(mark)
                    continue
                elab.builder.pos = pos
                if self.runs() and attempt.exit is None:
                    made = [place for key, (place, _) in attempt.fills.items() if not check.fills[key][1]]
                    elab.filled.difference_update(made)
                return self.finish(attempt, check.pairs, entry)
            carried = found
            previous = attempt.end_state
            elab.reset(mark)
        elab.error(
            "The types of what this loop carries do not settle.",
            "Give its variables their final types before the loop.",
        )

    def runs(self) -> bool:
        """Whether the loop is known to run its body to the end."""
        match self.bounds:
            case Const(start), Const(stop), Const(step):
                return bool(range(start, stop, step))
            case _:
                return False

    def unbound(self, entry: State) -> list[Pending]:
        """The names that are read in the loop but not bound before it, also by loops whose bodies it runs."""
        frame = self.elab.frame
        pending = []
        for location, live in [(frame.location, self.live), *((c.frame.location, c.live) for c in waiting(frame))]:
            content = entry[location]
            assert isinstance(content, Entries)
            pending.append(Pending(location, live - {name for name, _ in content.items}))
        return pending

    def attempt(self, entry: State, previous: State, carried: Mapping[Key, Type], unbound: list[Pending]) -> Pass:
        """Elaborate the body once, from the head state that the last pass suggests."""
        elab = self.elab
        elab.frame.live = self.live
        joiner = Head(elab, entry, previous, carried)
        joiner.join()
        related = joiner.related()
        elab.state = joiner.commit()
        head = dict(elab.state)
        catching.clear(elab)  # else the loop would have been left
        index = int_var(elab.builder.names.fresh(self.hint))
        left = (
            Var(elab.builder.names.fresh("left"), Scalar(BOOL, True)) if self.exits and self.test is not None else None
        )
        found = joiner.pairs, joiner.trace
        out = Pass([], [], index, None, None, *found, head, head, False, joiner.fills, related, left)
        elab.exit_flag = None
        elab.heads.append(head)
        elab.pending += unbound
        try:
            if self.test is not None:
                before = dict(elab.state)
                with elab.builder.block() as out.pre:
                    out.test = self.run_test(left)
                if first_change(elab, before, elab.state) is not None:
                    raise EffectfulTest
            with elab.builder.block() as out.body:
                self.note_range(index)
                if self.bind is not None:
                    self.bind(Number(index))
                self.run()
                out.exit = self.exit_atom()
        except Unreachable:
            out.dead = True
        finally:
            elab.heads.pop()
            del elab.pending[len(elab.pending) - len(unbound) :]
        out.end_state = elab.state
        return out

    def note_range(self, index: Var) -> None:
        """Say where the counter runs, in the body."""
        size_of = self.elab.builder.size_of
        if self.bounds is not None and isinstance(counter := size_of(index), Size):
            start, stop, step = self.bounds
            by = int(step.value) if isinstance(step, Const) else 0
            self.elab.builder.ranges.counter(counter, size_of(start), size_of(stop), by)

    def run_test(self, left: Var | None) -> Atom:
        """The condition of a while loop; once `left` holds it is not computed any more."""
        elab = self.elab
        assert self.test is not None
        test = self.test

        def value() -> Value:
            truth = test()
            return Static(truth) if isinstance(truth, bool) else Number(truth)

        if left is None:
            truth = test()
            return Const(truth) if isinstance(truth, bool) else truth
        return elab.atom(elab.branch(elab.builder.emit(not_, (left,)), value, lambda: Static(False)))

    def exit_atom(self) -> Atom | None:
        flag, self.elab.exit_flag = self.elab.exit_flag, None
        truth = catching.or_raised(self.elab, False if flag is None else self.elab.truth(flag))
        return (Const(True) if truth else None) if isinstance(truth, bool) else truth

    def finish(self, last: Pass, ends: list[Pair], entry: State) -> None:
        """Write the loop of the last pass."""
        elab = self.elab
        by_key = {p.key: p for p in ends}
        elab.state = last.end_state
        with elab.builder.block() as extra:
            nexts = [convert.convert(elab, by_key[p.key].right, p.var.type, p.var.name) for p in last.head]
        last.body.extend(extra)
        elab.state = entry
        inits = [convert.convert(elab, by_key[p.key].left, p.var.type, p.var.name) for p in last.head]
        outs = [elab.builder.var(p.var.name, p.var.type) for p in last.head]
        carried = [Carry(p.var, i, n, o) for p, i, n, o in zip(last.head, inits, nexts, outs, strict=True)]
        if self.bounds is not None:
            elab.builder.append(
                For(last.index, *self.bounds, tuple(carried), tuple(last.body), last.exit, pos=elab.pos)
            )
        else:
            carried += self.left_carry(last)
            assert last.test is not None
            elab.builder.append(
                While(last.index, tuple(carried), tuple(last.pre), last.test, tuple(last.body), pos=elab.pos)
            )
        if last.test == Const(True) and last.exit is None:
            raise Unreachable
        after = {p.var: o for p, o in zip(last.head, outs, strict=True)}
        elab.state = rename_state(last.head_state, after)
        elab.latest = None

    def left_carry(self, last: Pass) -> list[Carry]:
        if last.left is None:
            return []
        out = self.elab.builder.var("left", last.left.type)
        return [Carry(last.left, Const(False), last.exit or Const(False), out)]

    def finish_dead(self, last: Pass, entry: State) -> None:
        """A loop whose body never ends normally: it raises in its first iteration, or does not run."""
        elab = self.elab
        elab.state = dict(entry)
        if self.bounds is not None:
            elab.builder.append(For(last.index, *self.bounds, (), tuple(last.body), pos=elab.pos))
        elif last.test is not None:
            elab.builder.append(While(last.index, (), tuple(last.pre), last.test, tuple(last.body), pos=elab.pos))
        if last.test == Const(True):
            raise Unreachable


def raise_if_read(unbound: list[Pending]) -> None:
    """Refuse the read of a name that the loop did not bind either."""
    for pending in unbound:
        if pending.error is not None:
            raise pending.error
