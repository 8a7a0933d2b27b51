"""Whether a loop is faster in lanes: a count of instructions, trip by trip and for all lanes at once.

LLVM makes vectors of innermost loops itself. Lanes pay where it cannot (short inner loops, recurrences, branches) or
where its vectors would be less full, and do not where they would have to pick elements from far apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s2sad.backend.llvm.mathematics.library import FORMULAS, widths
from s2sad.ir import walk
from s2sad.ir.nodes import Block, Const, For, If, Let, Stmt, While
from s2sad.ir.primitives import load, store
from s2sad.ir.types import Array, Size, Symbol

if TYPE_CHECKING:
    from s2sad.backend.llvm.lanes.varying import Access, Plan

TRIPS = 10
"""How many trips an inner loop is taken to have, where that is not known."""
APART = 2.0
"""What picking the elements of all lanes one by one takes, for each."""
TOGETHER = 8.0
"""What adding up the lanes takes."""
FUNCTION = 15.0
"""What an exponential takes, and its like."""
LEAST = 0.7
"""Lanes must take less than this part of the time."""


class Costs:
    """The cost of a trip of a loop by itself, and of one in lanes."""

    def __init__(self, plan: Plan, accesses: Sequence[Access]) -> None:
        self.plan, self.width = plan, plan.width
        self.accesses = {id(a.let): a for a in accesses}
        self.native = max(widths("double"))
        self.alone = self.laned = 0.0
        self._block(plan.loop.body, 1.0, 1.0)

    @property
    def pays(self) -> bool:
        """Whether lanes are faster."""
        return self.laned < LEAST * self.alone

    def _block(self, block: Block, times: float, vectors: float) -> None:
        for stmt in block:
            if id(stmt) in self.plan.serial:
                before = self.laned
                self._nested(stmt, times, vectors)
                self.laned = before + 2 * self._cost_alone(stmt, times)
            else:
                self._nested(stmt, times, vectors)

    def _cost_alone(self, stmt: Stmt, times: float) -> float:
        saved = self.alone, self.laned
        self.alone = 0.0
        self._nested(stmt, times, 1.0)
        found, (self.alone, self.laned) = self.alone, saved
        return found

    def _nested(self, stmt: Stmt, times: float, vectors: float) -> None:
        match stmt:
            case Let():
                self._let(stmt, times, vectors)
            case For():
                trips = _trips(stmt)
                inner = 1.0
                if not any(isinstance(s, For | While) for s in walk.statements(stmt.body)) and self._vectors(stmt):
                    inner = max(1 / self.native, 1 / trips)
                self._block(stmt.body, times * trips, inner)
            case If() | While():
                for block in walk.blocks_of(stmt):
                    self._block(block, times, vectors)
            case _:
                pass

    def _let(self, let: Let, times: float, vectors: float) -> None:
        plan, target = self.plan, let.targets[0]
        own = FUNCTION if let.prim.name in FORMULAS else 1.0
        self.alone += times * vectors * own
        access = self.accesses.get(id(let))
        if access is not None and id(let) not in plan.packed:
            self.laned += times * self._reached(access)
        elif any(plan.varies(a) for a in let.args) or (not isinstance(target.type, Array) and plan.varies(target)):
            self.laned += times * own / self.native
        else:
            self.laned += times * own / self.width

    def _reached(self, access: Access) -> float:
        """What a read or a write takes for a lane."""
        plan, let = self.plan, access.let
        steps = [plan.step(o) for o in (let.args[1:] if let.prim is load else let.args[2:])]
        if not any(s != 0 for s in steps):
            shared = let.prim is not load and let.prim is not store and access.root in plan.shared
            return (TOGETHER + self.width / self.native) / self.width if shared else 1 / self.native
        if access.root not in plan.private and steps[-1] in (1, -1) and not any(s != 0 for s in steps[:-1]):
            return 1 / self.native
        return APART * (1 if let.prim is load else 2)

    def _vectors(self, loop: For) -> bool:
        """Whether LLVM makes vectors of an innermost loop."""
        for c in loop.carried:
            if not isinstance(c.phi.type, Array) and c.next != c.phi and c.phi not in self.plan.sums:
                return False
        symbol = Symbol(f"loop {loop.index.name}")
        for stmt in walk.statements(loop.body):
            access = self.accesses.get(id(stmt))
            if access is None:
                continue
            slopes = [dict(f.terms).get(symbol, 0) if isinstance(f, Size) else 0 for f in access.forms]
            if any(slopes[:-1]) or (slopes and slopes[-1] not in (0, 1)):
                return False
        return True


def _trips(loop: For) -> int:
    match loop.start, loop.stop, loop.step:
        case Const(start), Const(stop), Const(step) if step:
            return len(range(start, stop, step))
    return TRIPS


__all__ = ["Costs"]
