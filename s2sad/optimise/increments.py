"""An increment of what was just stored is one store.

    def f(a, x, i):
        a[i] = x
        a[i] += x * x
        return a

becomes

    def f(a, x, i):
        mul = x * x
        add = x + mul
        a_2 = rt.copy(a)
        a_2[i] = add
        return a_2

The reverse of an update in place sets the cotangent of a place to zero and adds to it. The zero is added as well: what
is stored is the very number that was there.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Function, Let, Var, array_type, replace
from s2sad.ir.paths import SLOT, Index, Path
from s2sad.ir.primitives import inc, store
from s2sad.ir.types import Scalar
from s2sad.optimise.facts import Facts
from s2sad.rules.elementwise import add


def settled(function: Function) -> Function:
    """The function with one store for each store and the increment that follows it at its place."""
    found = dict(_followed(function))
    if not found:
        return function
    b, gone = Builder(walk.names_of(function)), {s.targets[0] for s in found.values()}

    def block(stmts: Block) -> Block:
        with b.block() as out:
            for stmt in stmts:
                first = None
                if isinstance(stmt, Let):
                    if stmt.targets[0] in gone:
                        continue
                    first = found.get(stmt.targets[0])
                b.append(stmt if first is None or not isinstance(stmt, Let) else _both(b, first, stmt))
        return tuple(out)

    return replace(function, body=walk.map_blocks(function.body, block))


def _both(b: Builder, first: Let, second: Let) -> Let:
    b.pos = second.pos
    total = b.emit(add, (first.args[1], second.args[1]))
    return replace(first, targets=second.targets, args=(first.args[0], total, *first.args[2:]), pos=second.pos)


def _followed(function: Function) -> Iterator[tuple[Var, Let]]:
    """The increments that alone use what a store before them in their block made, each with that store."""
    facts = Facts(function)
    for block in (function.body, *(b for s in walk.statements(function.body) for b in walk.blocks_of(s))):
        made: dict[Atom, Let] = {}
        for stmt in block:
            if isinstance(stmt, Let) and stmt.prim is store and _is_number(stmt):
                made[stmt.targets[0]] = stmt
            if isinstance(stmt, Let) and stmt.prim is inc and _is_number(stmt):
                first = made.get(stmt.args[0])
                if first is not None and facts.only_user(first.targets[0]) is stmt and _place(first) == _place(stmt):
                    yield stmt.targets[0], first


def _place(update: Let) -> tuple[Path, Sequence[Atom]]:
    return dict(update.params)["path"], update.args[2:]


def _is_number(update: Let) -> bool:
    """Whether an update is of one element, by a number that is of the array's dtype or becomes it without rounding."""
    type_, value = array_type(update.args[0]), update.args[1].type
    path, _ = _place(update)
    if len(path) != 1 or not isinstance(path[0], Index) or len(path[0].entries) != type_.rank:
        return False
    whole = all(e is SLOT or type(e) is int for e in path[0].entries)
    numbers = all(isinstance(o.type, Scalar) for o in update.args[1:])
    return whole and numbers and value.dtype == type_.dtype


__all__ = ["settled"]
