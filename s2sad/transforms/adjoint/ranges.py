"""The ranges of loops, gone over once more: their trips counted, in the other direction or in the same.

    for i in range(a, b):               range(b - 1, a - 1, -1)         reversed
    for i in range(a, b, 3): ... break  range(a, a + trips * 3, 3)      forward, where it was left early
    while c:                            range(trips - 1, -1, -1)        reversed: a while counts its trips
"""

from __future__ import annotations

from typing import TypeGuard

from s2sad.ir import walk
from s2sad.ir.builder import Builder, Names
from s2sad.ir.nodes import Atom, Block, Const, For, Stmt, While, int_var, replace
from s2sad.ir.primitives import Primitive
from s2sad.rules.counting import trip_count
from s2sad.rules.elementwise import add, mul, neg, sub

Loop = For | While


def count_trips(block: Block, names: Names) -> Block:
    """The block with a count of trips after each loop whose length is not known before it ends."""

    def change(stmts: Block) -> Block:
        return tuple(
            replace(s, trips=int_var(names.fresh(f"{s.index.name}_trips"))) if _uncounted(s) else s for s in stmts
        )

    return walk.map_blocks(block, change)


def _uncounted(stmt: Stmt) -> TypeGuard[Loop]:
    match stmt:
        case For():
            return stmt.exit is not None and stmt.trips is None
        case While():
            return stmt.trips is None
        case _:
            return False


def fold(b: Builder, prim: Primitive, *args: Atom) -> Atom:
    """Integer arithmetic, done now where it can be."""
    known = [a.value for a in args if isinstance(a, Const)]
    if len(known) == len(args):
        return Const(prim.impl(*known))
    match prim.name, args:
        case ("add" | "sub"), (left, Const(0)):
            return left
        case "sub", (left, Const(value)) if value < 0:
            return b.emit(add, (left, Const(-value)))
        case "mul", (left, Const(1)) | (Const(1), left):
            return left
        case "add", (Const(0), right):
            return right
        case _:
            return b.emit(prim, args)


def trips_of(b: Builder, loop: Loop) -> Atom:
    """The number of trips that a loop made."""
    if loop.trips is not None:
        return loop.trips
    assert isinstance(loop, For)
    if loop.start == Const(0) and loop.step == Const(1) and isinstance(loop.stop, Const):
        return Const(max(loop.stop.value, 0))
    return fold(b, trip_count, loop.start, loop.stop, loop.step)


def reversed_range(b: Builder, loop: Loop) -> tuple[Atom, Atom, Atom]:
    """Start, stop and step of a range over the values of a loop's index in opposite order."""
    if isinstance(loop, While):
        return fold(b, sub, trips_of(b, loop), Const(1)), Const(-1), Const(-1)
    start, stop, step = loop.start, loop.stop, loop.step
    if step == Const(1) and loop.exit is None:
        return fold(b, sub, stop, Const(1)), fold(b, sub, start, Const(1)), Const(-1)
    if step == Const(-1) and loop.exit is None:
        return fold(b, add, stop, Const(1)), fold(b, add, start, Const(1)), Const(1)
    before = fold(b, sub, start, step)
    last = fold(b, add, before, fold(b, mul, trips_of(b, loop), step))
    return last, before, fold(b, neg, step)


def forward_range(b: Builder, loop: Loop) -> tuple[Atom, Atom, Atom]:
    """Start, stop and step of a range over the values that a loop's index had, in its own order."""
    if isinstance(loop, While):
        return Const(0), trips_of(b, loop), Const(1)
    if loop.exit is None:
        return loop.start, loop.stop, loop.step
    return loop.start, fold(b, add, loop.start, fold(b, mul, trips_of(b, loop), loop.step)), loop.step
