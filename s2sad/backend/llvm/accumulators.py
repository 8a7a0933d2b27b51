"""Sums whose order is ours to choose: what a loop does nothing with but add to.

    for i in range(n):          total is read by its own sum alone, so that the terms may be added in any order, in
        total += x[i] * y[i]    lanes for one

Such an addition is written ``fadd reassoc``; nothing else is. A sum that the loop looks at (Kahan's, a running maximum)
keeps its order, and so does one that a comparison, an integer or a choice comes from: both sweeps of a derivative must
find the same there, to the last bit.
"""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Call, For, Function, If, Let, Stmt, Var, While
from s2sad.ir.primitives import dim, inc, list_len
from s2sad.rules import elementwise, ordering, reductions

CHOOSING = frozenset(
    {
        elementwise.maximum, elementwise.minimum, elementwise.fmax, elementwise.fmin, elementwise.sign,
        elementwise.floor, elementwise.ceil, elementwise.trunc, elementwise.rint, elementwise.round_,
        reductions.max_, reductions.min_, ordering.sort,
    }
)  # fmt: skip
"""Primitives whose result jumps with their arguments, besides those that give a bool or an integer."""


def accumulators(function: Function) -> frozenset[Var]:
    """The targets of the additions, and of the increments, that may be done in any order."""
    statements = list(walk.statements(function.body))
    exact = _exact(function, statements)
    uses = _Uses(function, statements)
    found: set[Var] = set()
    for stmt in statements:
        if isinstance(stmt, For | While):
            for c in stmt.carried:
                chain: list[Var] = []
                if c.phi not in exact and uses.reaches(c.phi, c.next, chain):
                    found.update(chain)
        elif isinstance(stmt, Let) and stmt.prim is inc and stmt.targets[0] not in exact:
            found.add(stmt.targets[0])
    return frozenset(found)


class _Uses:
    """Which statements read each variable."""

    def __init__(self, function: Function, statements: Iterable[Stmt]) -> None:
        self.readers: dict[Atom, list[Stmt | None]] = {}
        for result in function.results:
            self.readers.setdefault(result, []).append(None)
        for stmt in statements:
            for atom in (*walk.operands(stmt), *walk.leaving(stmt)):
                self.readers.setdefault(atom, []).append(stmt)

    def reaches(self, at: Atom, end: Atom, chain: list[Var], reader: Stmt | None = None) -> bool:
        """Whether all that is done with a value is adding to it, until it is `end`, which nothing else reads; notes the
        sums on the way. `reader` is the statement to begin with, where that is known."""
        began = False
        while not began or at != end:
            found = self._step(reader, at, chain) if reader is not None and not began else self._next(at, chain)
            if found is None:
                return False
            at, began = found, True
        return len(self.readers.get(end, ())) == 1

    def _next(self, at: Atom, chain: list[Var]) -> Atom | None:
        match self.readers.get(at, ()):
            case [stmt] if stmt is not None:
                return self._step(stmt, at, chain)
            case [one, other] if one is not other and isinstance(one, If) != isinstance(other, If):
                branch, adding = (one, other) if isinstance(one, If) else (other, one)
                assert isinstance(branch, If)
                join = next((j for j in branch.joined if at in (j.then, j.orelse)), None)
                if join is None:
                    return None
                goal = join.orelse if join.then == at else join.then
                return join.out if self.reaches(at, goal, chain, adding) else None
        return None

    def _step(self, stmt: Stmt, at: Atom, chain: list[Var]) -> Atom | None:
        """What a value is called behind a statement that adds to it, or hands it on."""
        match stmt:
            case Let(targets=(target,), prim=elementwise.add, args=(left, right)) if left != right:
                chain.append(target)
                return target
            case Let(targets=(target,), prim=elementwise.sub, args=(left, right)) if left == at and left != right:
                chain.append(target)
                return target
            case For() | While():
                carry = next((c for c in stmt.carried if c.init == at), None)
                return carry.out if carry is not None and self.reaches(carry.phi, carry.next, chain) else None
            case If():
                join = next((j for j in stmt.joined if at in (j.then, j.orelse)), None)
                return None if join is None else join.out
        return None


def _exact(function: Function, statements: Iterable[Stmt]) -> set[Atom]:
    """The values that a comparison, an integer, a choice or a function of the module's comes from."""
    sources: dict[Atom, list[Atom]] = {}
    todo: list[Atom] = []
    for stmt in statements:
        match stmt:
            case Let(prim=prim) if prim is dim or prim is list_len:
                pass
            case Let():
                for target in stmt.targets:
                    sources.setdefault(target, []).extend(stmt.args)
                whole = any(t.type.dtype.kind in "iub" for t in stmt.targets)
                if whole or stmt.prim in CHOOSING:
                    todo += stmt.args
                elif stmt.prim is elementwise.where:
                    todo.append(stmt.args[0])
            case Call():
                todo += stmt.args
            case For() | While():
                for c in stmt.carried:
                    sources.setdefault(c.phi, []).extend((c.init, c.next))
                    sources.setdefault(c.out, []).extend((c.init, c.next))
            case If():
                for j in stmt.joined:
                    sources.setdefault(j.out, []).extend((j.then, j.orelse))
            case _:
                pass
    found: set[Atom] = set()
    while todo:
        atom = todo.pop()
        if isinstance(atom, Var) and atom not in found:
            found.add(atom)
            todo += sources.get(atom, ())
    return found


__all__ = ["accumulators"]
