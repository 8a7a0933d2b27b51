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
from typing import TYPE_CHECKING

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
    value = _Steps(elab, run).block(stmts[:-1] if ends else stmts)
    if ends:
        _enter(elab, stmts[-1])
        run(elab, stmts[-1])
    return value


def _enter(elab: Elaborator, stmt: gast.stmt) -> None:
    scope = elab.frame.scope
    elab.frame.live = scope.before[stmt] | scope.after[stmt]
    elab.latest = None


@dataclass(frozen=True, slots=True)
class _Steps:
    """Runs statements in steps."""

    elab: Elaborator
    run: Run

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
                return None
            if met is not False:
                return self.go_on(met, bind, stmts[k + 1 :], self.elab.frame.scope.after[stmts[-1]])
        self.elab.latest = None
        return None

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
        if fault.bad is None:
            catching.throw(self.elab, fault.raised)
            return None

        def fail() -> None:
            catching.throw(self.elab, fault.raised)

        after = self.elab.frame.scope.after[stmts[-1]]
        return branches.branch(self.elab, fault.bad, fail, lambda: self.block(stmts, passed), after)

    def go_on(
        self, met: Atom, bind: Bind | None, stmts: Sequence[gast.stmt], after: frozenset[str]
    ) -> Value | None:
        """What follows a step in which something may have been raised."""

        def rest() -> Value | None:
            catching.clear(self.elab)
            if bind is not None:
                bind()
            return self.block(stmts)

        return branches.branch(self.elab, met, lambda: NOTHING, rest, after)
