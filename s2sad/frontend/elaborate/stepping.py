"""Running statements where exceptions are caught: the rest of a block goes on where a step did not raise.

    y = x[i]            if i < 0 or i >= n:         the step raises: what follows, itself included, is in the other side
    s += y     ->           raised = 1
                        else:
                            y = x[i]; s1 = s + y

    y = f(x)            y, raised = ...             what is raised in f: y is bound where nothing was
    s += y     ->       if raised == 0: s1 = s + y
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import gast

from s2sad.frontend.elaborate import assignment, branches, catching
from s2sad.frontend.elaborate.catching import Fault, Step
from s2sad.frontend.syntax.steps import is_exit
from s2sad.frontend.values.values import NOTHING, Value
from s2sad.ir.nodes import Atom, Const

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

Run = Callable[["Elaborator", gast.stmt], Value | None]
Bind = Callable[[], None]


def run_block(elab: Elaborator, stmts: Sequence[gast.stmt], run: Run) -> Value | None:
    """Run a block in which what is raised is caught; the test at the end of a loop's body is always come to."""
    ends = bool(stmts) and is_exit(stmts[-1])
    value = Steps(elab, run).block(stmts[:-1] if ends else stmts)
    if ends:
        _enter(elab, stmts[-1])
        run(elab, stmts[-1])
    return value


def _enter(elab: Elaborator, stmt: gast.stmt) -> None:
    scope = elab.frame.scope
    elab.frame.live = scope.before[stmt] | scope.after[stmt]
    elab.latest = None


class Ends(Protocol):
    """What the ways out of the body of a try lead to, run where each ends. `after`: what is live after all of it."""

    @property
    def after(self) -> frozenset[str]: ...

    def raised(self) -> None:
        """Something was raised."""

    def done(self) -> None:
        """The end of the body was reached."""


@dataclass(frozen=True, slots=True)
class Steps:
    """Runs statements in steps."""

    elab: Elaborator
    run: Run
    ends: Ends | None = None

    def block(self, stmts: Sequence[gast.stmt], passed: int = 0) -> Value | None:
        """Run statements as far as nothing is raised. The first one has passed some of its tests already."""
        for k, stmt in enumerate(stmts):
            _enter(self.elab, stmt)
            try:
                value, bind = self.step(stmt, passed)
            except Fault as fault:
                return self.apart(fault, stmts[k:], passed + 1)
            passed = 0
            if value is not None:
                return value
            met = catching.raised(self.elab)
            if met is True:
                self.leave()
                return None
            if met is not False:
                return self.go_on(met, bind, stmts[k + 1 :], self.after(stmts))
        self.elab.latest = None
        if self.ends is not None:
            self.ends.done()
        return None

    def after(self, stmts: Sequence[gast.stmt]) -> frozenset[str]:
        """What is live where a branch between these statements ends."""
        return self.elab.frame.scope.after[stmts[-1]] if self.ends is None else self.ends.after

    def leave(self) -> None:
        """Something was raised, on the way that leads here."""
        if self.ends is not None:
            self.ends.raised()

    def step(self, stmt: gast.stmt, passed: int) -> tuple[Value | None, Bind | None]:
        """Run one statement; what it binds is bound later where the value may have raised."""
        elab = self.elab
        outer, elab.step = elab.step, Step(elab.builder.statements, passed)
        state = dict(elab.state)
        try:
            with elab.at(stmt):
                match stmt:
                    case gast.Assign(targets=targets, value=value):
                        result = assignment.assigned(elab, targets, value)
                        if catching.number(elab) != Const(0):
                            return None, lambda: assignment.bind_targets(elab, targets, result)
                        assignment.bind_targets(elab, targets, result)
                        return None, None
                    case _:
                        return self.run(elab, stmt), None
        except Fault:
            elab.state = state
            raise
        finally:
            elab.step = outer

    def apart(self, fault: Fault, stmts: Sequence[gast.stmt], passed: int) -> Value | None:
        """A step that raises: what follows it, itself included, is run where it does not."""

        def fail() -> None:
            catching.throw(self.elab, fault.raised)
            self.leave()

        if fault.bad is None:
            fail()
            return None
        return branches.branch(self.elab, fault.bad, fail, lambda: self.block(stmts, passed), self.after(stmts))

    def go_on(self, met: Atom, bind: Bind | None, stmts: Sequence[gast.stmt], after: frozenset[str]) -> Value | None:
        """What follows a step in which something may have been raised."""

        def fail() -> Value | None:
            self.leave()
            return NOTHING if self.ends is None else None

        def rest() -> Value | None:
            catching.clear(self.elab)
            if bind is not None:
                bind()
            return self.block(stmts)

        return branches.branch(self.elab, met, fail, rest, after)
