"""Loops that select: all that matters of them is the trip that was selected last.

    for j in range(n):                          last, hit = 0, 0
        d = distance(j)                         for j in range(n):
        if d < best:                                d = distance(j)
            best = d                                if d < best:
                                                        best, last, hit = d, j, 1
                                                ...
                                                for j_1 in range(last, last + hit):       (mirrors j)
                                                    d = distance(j_1)                     replayed
                                                    d_bar = best_bar
                                                    ...
                                                    best_bar = 0.0

The forward sweep notes the last trip that selected; the reverse runs that trip again, and reverses it alone.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.builder import Names
from s2sad.ir.nodes import Atom, Block, Carry, Const, Effect, For, If, Join, Stmt, Var, int_var, replace


@dataclass(frozen=True, slots=True)
class Selection:
    """A loop that selects: the branch at `place` of its body gives carried values new ones on side `side` (0 or 1)
    and keeps them on the other. `last` and `hit` are the index of the last trip that did, and whether any did."""

    place: int
    side: int
    last: Var
    hit: Var


def mark_selections(block: Block, active: Collection[Var], names: Names) -> tuple[Block, dict[Var, Selection]]:
    """The block with `last` and `hit` carried by each loop that selects, and those loops by their index."""
    found: dict[Var, Selection] = {}

    def change(stmts: Block) -> Block:
        return tuple(mark(s) if isinstance(s, For) else s for s in stmts)

    def mark(loop: For) -> For:
        place = selecting_branch(loop, active)
        if place is None:
            return loop
        loop, found[loop.index] = _marked(loop, *place, names)
        return loop

    return walk.map_blocks(block, change), found


def selecting_branch(loop: For, active: Collection[Var]) -> tuple[int, int] | None:
    """The place and side of the branch that selects, if the loop does nothing else with active carried values."""
    carried = [c for c in loop.carried if c.phi in active]
    places = [k for k, s in enumerate(loop.body) if isinstance(s, If) and any(j.out in active for j in s.joined)]
    if not carried or len(places) != 1:
        return None
    branch = loop.body[places[0]]
    assert isinstance(branch, If)
    phis = {c.phi for c in carried}
    sides = {_side(branch, c) for c in carried}
    joins = {j.out for j in branch.joined if j.out in active}
    side = sides.pop() if len(sides) == 1 else None
    if side is None or joins != {c.next for c in carried}:
        return None
    if any(_mixes(s, phis | joins, active) for s in walk.statements(loop.body) if s is not branch):
        return None
    if any(isinstance(s, Effect) for s in walk.statements(loop.body)):
        return None
    return places[0], side


def _side(branch: If, carry: Carry) -> int | None:
    """The side of a branch on which a carried value gets a new one, if it keeps it on the other."""
    for j in branch.joined:
        if j.out == carry.next:
            kept = [atom == carry.phi for atom in (j.then, j.orelse)]
            return kept.index(False) if kept.count(True) == 1 else None
    return None


def _mixes(stmt: Stmt, selected: Collection[Atom], active: Collection[Var]) -> bool:
    """Whether a statement makes an active value of a selected one."""
    uses = {*walk.operands(stmt), *walk.leaving(stmt)}
    made = (*walk.binds(stmt), *walk.defines(stmt))
    return not uses.isdisjoint(selected) and any(v in active for v in made)


def _marked(loop: For, place: int, side: int, names: Names) -> tuple[For, Selection]:
    branch = loop.body[place]
    assert isinstance(branch, If)
    joins, carries, outs = [], [], []
    for hint, start, new in (("last", loop.start, loop.index), ("hit", Const(0), Const(1))):
        phi, after, out = (int_var(names.fresh(hint)) for _ in range(3))
        joins.append(Join(after, *((new, phi) if side == 0 else (phi, new))))
        carries.append(Carry(phi, start, after, out))
        outs.append(out)
    branch = replace(branch, joined=(*branch.joined, *joins))
    body = (*loop.body[:place], branch, *loop.body[place + 1 :])
    return replace(loop, body=body, carried=(*loop.carried, *carries)), Selection(place, side, *outs)


def selected_trip(loop: For, selection: Selection) -> tuple[Block, dict[Var, Atom]]:
    """What a trip that selects runs, and the value it gives to each carried one."""
    branch = loop.body[selection.place]
    assert isinstance(branch, If)
    chosen = branch.orelse if selection.side else branch.then
    new: dict[Atom, Atom] = {j.out: j.orelse if selection.side else j.then for j in branch.joined}
    ends = {c.phi: new[c.next] for c in loop.carried if c.next in new}
    return (*loop.body[: selection.place], *chosen), ends
