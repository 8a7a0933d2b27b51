"""Sums whose order is ours to choose: what a loop does nothing with but add to.

    for i in range(n):          total is read by its own sum alone, so that the terms may be added in any order, in
        total += x[i] * y[i]    lanes for one

Such an addition is written ``fadd reassoc``; nothing else is. A sum that the loop looks at (Kahan's, a running maximum)
keeps its order, and so does one that a comparison, an integer or a choice comes from: both sweeps of a derivative must
find the same there, to the last bit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Call, Carry, For, Function, If, Let, Stmt, Var, While
from s2sad.ir.primitives import dim, inc, list_len
from s2sad.ir.types import Scalar
from s2sad.rules import elementwise, ordering, reductions

CHOOSING = frozenset(
    {
        elementwise.maximum, elementwise.minimum, elementwise.fmax, elementwise.fmin, elementwise.sign,
        elementwise.floor, elementwise.ceil, elementwise.trunc, elementwise.rint, elementwise.round_,
        reductions.max_, reductions.min_, ordering.sort,
    }
)  # fmt: skip
"""Primitives whose result jumps with their arguments, besides those that give a bool or an integer."""


def accumulators(function: Function, statements: Sequence[Stmt], exact: Collection[Atom]) -> frozenset[Var]:
    """The targets of the additions, and of the increments, that may be done in any order, and the carried sums; none of
    what must be `exact`."""
    uses = Uses(function, statements)
    found: set[Var] = set()
    for stmt in statements:
        if isinstance(stmt, For | While):
            for c in stmt.carried:
                if isinstance(c.phi.type, Scalar) and c.phi not in exact:
                    found |= uses.sum_of(c, stmt)
        elif isinstance(stmt, Let) and stmt.prim is inc and stmt.targets[0] not in exact:
            found.add(stmt.targets[0])
    return frozenset(found)


class Uses:
    """Which statements read each variable."""

    def __init__(self, function: Function, statements: Iterable[Stmt]) -> None:
        self.readers: dict[Atom, list[Stmt | None]] = {}
        for result in function.results:
            self.readers.setdefault(result, []).append(None)
        for stmt in statements:
            for atom in (*walk.operands(stmt), *walk.leaving(stmt)):
                self.readers.setdefault(atom, []).append(stmt)

    def sum_of(self, carry: Carry, loop: For | While) -> set[Var]:
        """What a carried number, or array, is called between its phi and the end of a trip, if all that is done with
        it is adding to it, or to its elements, on every way; else nothing."""
        found, todo = {carry.phi}, [carry.phi]
        joined: list[tuple[Atom, ...]] = []
        alone = sum(c.next == carry.next for c in loop.carried) == 1
        while todo:
            at = todo.pop()
            for stmt in self.readers.get(at, ()):
                if stmt is loop and at == carry.next and alone:
                    continue
                step = _added(stmt, at)
                if step is None:
                    return set()
                outs, sides = step
                joined += sides
                todo += [v for v in outs if v not in found]
                found.update(outs)
        added = (s for v in found for s in self.readers.get(v, ()) if isinstance(s, Let))
        twice = any(sum(a in found for a in s.args) > 1 for s in added)
        together = all(a in found for sides in joined for a in sides)
        return found if carry.next in found and together and not twice else set()


def _added(stmt: Stmt | None, at: Atom) -> tuple[list[Var], list[tuple[Atom, ...]]] | None:
    """What a sum is called behind a statement that adds to it, or hands it on, and what has to be the same sum for
    that; None if the statement does anything else with it."""
    match stmt:
        case Let(targets=(Var(type=Scalar()) as target,), prim=elementwise.add):
            return [target], []
        case Let(targets=(Var(type=Scalar()) as target,), prim=elementwise.sub, args=(left, right)) if (
            left == at != right
        ):
            return [target], []
        case Let(targets=(target,), prim=prim, args=(base, *_)) if prim is inc and base == at:
            return [target], []
        case For() | While() if at not in _control(stmt):
            carried = [c for c in stmt.carried if at in (c.init, c.next)]
            return [v for c in carried for v in (c.phi, c.out)], [(c.init, c.next) for c in carried]
        case If() if at != stmt.cond:
            joins = [j for j in stmt.joined if at in (j.then, j.orelse)]
            return [j.out for j in joins], [(j.then, j.orelse) for j in joins]
    return None


def _control(loop: For | While) -> tuple[Atom | None, ...]:
    return (loop.test,) if isinstance(loop, While) else (loop.start, loop.stop, loop.step, loop.exit)


def exact_values(statements: Iterable[Stmt]) -> set[Atom]:
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


__all__ = ["Uses", "accumulators", "exact_values"]
