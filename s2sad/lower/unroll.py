"""Short loops over the elements of small arrays, written out.

    def f(x):
        w = np.empty(2)
        for i in range(2):
            w[i] = x[i] * 3.0
        return w[0] * w[1]

becomes

    def f(x):
        w = np.empty(2)
        v_3 = x[0]
        mul_2 = v_3 * 3.0
        w_5 = rt.copy(w)
        w_5[0] = mul_2
        v_4 = x[1]
        mul_3 = v_4 * 3.0
        w_8 = rt.copy(w_5)
        w_8[1] = mul_3
        v_1 = w_8[0]
        v_2 = w_8[1]
        mul_1 = v_1 * v_2
        return mul_1

Only where the trips are a few, known now, and the array can be held in numbers then (`families`). Each trip is written
as a loop of that one trip, which `simplify` dissolves. A nest of loops grows to at most `NEST` statements, and a
function by at most `GROWTH` of them and its own size.
"""

from __future__ import annotations

from collections.abc import Iterator

from s2sad.ir import walk
from s2sad.ir.builder import Names
from s2sad.ir.nodes import Atom, Block, Carry, Const, For, Function, Let, Stmt, Var, replace
from s2sad.ir.types import List, symbols_of
from s2sad.lower.families import Loops, families
from s2sad.optimise.simplify import simplify
from s2sad.rules.elementwise import add, floordiv, mod, mul, neg, sub

TRIPS = 8
"""How many trips a short loop has at most."""
NEST = 1000
"""How many statements a nest of loops may become."""
GROWTH = 4000
"""By how many statements a function may grow, besides its own size."""
INDEXES = frozenset({add, sub, mul, neg, floordiv, mod})
"""What makes a known index of known indexes."""


def unroll(function: Function) -> Function:
    """The function with the loops written out that keep small arrays from being held in numbers."""
    trips = _short(function)
    if not trips:
        return function
    known = _Known(function, trips)
    chosen = {v for f in families(function, known.loops, trips) for v in f.loops}
    if not chosen:
        return function
    names = walk.names_of(function)

    def change(block: Block) -> Block:
        return tuple(out for stmt in block for out in _written_out(stmt, chosen, names))

    return simplify(replace(function, body=walk.map_blocks(function.body, change)))


def _short(function: Function) -> dict[Var, int]:
    """The loops that may be written out, by their index, each with its trips."""
    found: dict[Var, int] = {}
    room = [GROWTH]

    def block(stmts: Block, outermost: bool) -> int:
        return sum(statement(s, outermost) for s in stmts)

    def statement(stmt: Stmt, outermost: bool) -> int:
        count = _trips(stmt)
        before = len(found)
        size = 1 + sum(block(b, outermost and count is None) for b in walk.blocks_of(stmt))
        room[0] += 1
        if isinstance(stmt, For) and count is not None and size * count <= NEST:
            found[stmt.index] = count
            size *= count
        if outermost and count is not None and len(found) > before:
            room[0] -= size
            if room[0] < 0:
                for index in list(found)[before:]:
                    del found[index]
        return size

    block(function.body, True)
    return found


def _trips(stmt: Stmt) -> int | None:
    """The trips of a short loop."""
    if not isinstance(stmt, For) or stmt.exit is not None or stmt.trips is not None:
        return None
    bounds = [int(a.value) for a in (stmt.start, stmt.stop, stmt.step) if isinstance(a, Const)]
    if len(bounds) < 3 or bounds[2] == 0:
        return None
    count = len(range(*bounds))
    return count if 2 <= count <= TRIPS and not _has_items_of_any_size(stmt) else None


def _has_items_of_any_size(loop: For) -> bool:
    """Whether a loop knows a list of arrays whose sizes are not known: the list's type has one symbol for all of them,
    which would make those of two trips one."""
    known = (*walk.free_vars((loop,)), *walk.all_defined((loop,)))
    return any(isinstance(v.type, List) and symbols_of(v.type) for v in known)


class _Known:
    """Which numbers are known once the short loops are written out."""

    def __init__(self, function: Function, trips: dict[Var, int]) -> None:
        self.found: dict[Var, Loops] = {v: frozenset((v,)) for v in trips}
        for stmt in walk.statements(function.body):
            if isinstance(stmt, Let) and stmt.prim in INDEXES:
                parts = [self.loops(a) for a in stmt.args]
                if None not in parts:
                    self.found[stmt.targets[0]] = frozenset[Var]().union(*(p for p in parts if p is not None))

    def loops(self, atom: Atom) -> Loops | None:
        """The loops that an index depends on, all of them short; None where it depends on anything else."""
        return frozenset() if isinstance(atom, Const) else self.found.get(atom)


def _written_out(stmt: Stmt, chosen: set[Var], names: Names) -> Iterator[Stmt]:
    """A loop as loops of one trip each, if it is one of those chosen; the last one gives its results."""
    if not isinstance(stmt, For) or stmt.index not in chosen:
        yield stmt
        return
    bounds = [int(a.value) for a in (stmt.start, stmt.stop, stmt.step) if isinstance(a, Const)]
    places = range(*bounds)
    inits = [c.init for c in stmt.carried]
    for k, place in enumerate(places):
        index, *phis = (Var(names.fresh(v.name), v.type) for v in walk.binds(stmt))
        renamed: dict[Var, Atom] = dict(zip(walk.binds(stmt), (index, *phis), strict=True))
        body, ends = walk.clone(stmt.body, names, renamed)
        last = k == len(places) - 1
        outs = [c.out if last else Var(names.fresh(c.out.name), c.out.type) for c in stmt.carried]
        carried = tuple(
            Carry(phi, init, ends.get(c.next, c.next) if isinstance(c.next, Var) else c.next, out)
            for phi, init, out, c in zip(phis, inits, outs, stmt.carried, strict=True)
        )
        start, stop, step = (Const(n) for n in (place, place + bounds[2], bounds[2]))
        yield replace(stmt, index=index, start=start, stop=stop, step=step, carried=carried, body=body, mirrors=None)
        inits = list(outs)


__all__ = ["unroll"]
