"""The form of a reversed loop, in order of preference.

    FREE     its trips may run in any order, for what it carries is only accumulated: it runs forward
    FUSED    free, and the loop it mirrors is not needed before: one loop computes, and at once reverses, each trip
    RECORD   the other way round, reading tapes

A FUSED loop replaces both loops, and has no tape longer than one trip:

    for i in range(n):                      for i in range(n):
        y = sin(x[i])                           y = sin(x[i])
        s_1 = s + y * y                         s_1 = s + y * y
        s = s_1                                 y_bar = 2 * s_bar * y
    ...                                         x_bar[i] += y_bar * cos(x[i])
    for i_1 in range(n):     (mirrors i)        s = s_1
        y_bar = 2 * s_bar * y
        x_bar[i] += y_bar * cos(x[i])
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeGuard

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Carry, Comment, Const, Effect, For, Function, If, Let, Stmt, Var, While, replace
from s2sad.ir.paths import SLOT
from s2sad.ir.paths import Index as IndexStep
from s2sad.ir.primitives import inc, load, store
from s2sad.rules.elementwise import add, sub

Loop = For | While

AGAIN = Comment("the trip is run again")
"""Stands before a trip that is run again in a reverse loop."""


# -- FREE


def order_free(index: Var, body: Iterable[Stmt], ends: Iterable[tuple[Var, Atom]]) -> bool:
    """Whether the trips of a reverse loop may run in any order. `ends` pairs what it carries with its next value;
    `index` is that of the loop it mirrors."""
    return not any(ordered(index, tuple(body), ends))


def ordered(index: Var, body: Block, ends: Iterable[tuple[Var, Atom]]) -> Iterator[Var]:
    """What keeps the trips of a reverse loop in order: the carried values that are not only added to."""
    for phi, end in ends:
        if end != phi and not _Accumulation({phi}).ends(body, end) and not _OwnPlace({phi}, index).ends(body, end):
            yield phi


class _Accumulation:
    """Follows the versions of a value that is only added to."""

    def __init__(self, versions: set[Atom]) -> None:
        self.versions = versions

    def ends(self, body: Block, end: Atom) -> bool:
        return self.block(body) and end in self.versions

    def block(self, block: Block) -> bool:
        return all(self.statement(stmt) for stmt in block)

    def statement(self, stmt: Stmt) -> bool:
        """Follow a statement; False where it does anything else with a version."""
        match stmt:
            case Let() if self.versions.intersection(stmt.args):
                return self.let(stmt)
            case For() | While():
                return self.loop(stmt)
            case If(cond=cond):
                if cond in self.versions or not (self.block(stmt.then) and self.block(stmt.orelse)):
                    return False
                for j in stmt.joined:
                    if (j.then in self.versions) != (j.orelse in self.versions):
                        return False
                    if j.then in self.versions:
                        self.versions.add(j.out)
                return True
            case _:
                return not self.versions.intersection(walk.operands(stmt))

    def let(self, stmt: Let) -> bool:
        held = [a for a in stmt.args if a in self.versions]
        adds = stmt.prim is add or (stmt.prim in (inc, sub) and held[0] == stmt.args[0])
        self.versions.update(stmt.targets)
        return adds and len(held) == 1

    def loop(self, stmt: Loop) -> bool:
        inits = {c.init for c in stmt.carried}
        if any(a in self.versions and a not in inits for a in walk.operands(stmt)):
            return False
        mine = [c for c in stmt.carried if c.init in self.versions]
        self.versions.update(c.phi for c in mine)
        if not all(self.block(b) for b in walk.blocks_of(stmt)):
            return False
        self.versions.update(c.out for c in mine)
        kept = {c.next for c in mine}
        return all(v in self.versions for v in kept) and not any(
            a in self.versions and a not in kept for a in walk.leaving(stmt)
        )


class _OwnPlace(_Accumulation):
    """Follows the versions of an array that each trip touches at its own index only."""

    def __init__(self, versions: set[Atom], index: Var) -> None:
        super().__init__(versions)
        self.index = index

    def let(self, stmt: Let) -> bool:
        if stmt.prim not in (load, store, inc) or any(a in self.versions for a in stmt.args[1:]):
            return False
        if stmt.prim is not load:
            self.versions.update(stmt.targets)
        path = dict(stmt.params)["path"]
        operands = stmt.args[1 if stmt.prim is load else 2 :]
        first = path[0] if path else None
        return isinstance(first, IndexStep) and first.entries[:1] == (SLOT,) and operands[0] == self.index


def straightened(function: Function) -> Function:
    """The open adjoint with every loop that was reversed for the sake of what has been cleaned away since run forwards.
    A loop of one trip, or that runs trips again, is left as it is."""
    loops = {s.index: s for s in walk.statements(function.body) if _is_loop(s)}

    def change(block: Block) -> Block:
        return tuple(forwards(s) if isinstance(s, For) and s.mirrors is not None else s for s in block)

    def forwards(reverse: For) -> For:
        loop = loops.get(reverse.mirrors) if reverse.mirrors is not None else None
        if not isinstance(loop, For) or loop.exit is not None or same_way(loop, reverse) or AGAIN in reverse.body:
            return reverse
        if not order_free(loop.index, reverse.body, [(c.phi, c.next) for c in reverse.carried]):
            return reverse
        return replace(reverse, start=loop.start, stop=loop.stop, step=loop.step)

    return replace(function, body=walk.map_blocks(function.body, change))


# -- FUSED


@dataclass(slots=True)
class Fused:
    """The loops that fusing gave, and for those that it could not fuse, by the index of the reverse loop, why."""

    loops: list[Loop] = field(default_factory=list)
    kept: dict[Var, str] = field(default_factory=dict)


def fuse(function: Function) -> tuple[Function, Fused]:
    """The open adjoint with every loop that may be fused into its reverse fused into it, and what became of them."""
    fused = Fused()
    return replace(function, body=_fuse_block(function.body, fused)), fused


def _fuse_block(block: Block, fused: Fused) -> Block:
    if any(isinstance(s, For) and s.mirrors is not None for s in block):
        block = _Fusion(block).run(fused)
    return tuple(walk.rewrite(s, _same, _same, lambda b: _fuse_block(b, fused)) for s in block)


def _same(atom: Any) -> Any:
    return atom


@dataclass(slots=True, eq=False)
class _Part:
    """A statement of a block, where it stands, and what it reads, or mentions, of what is made outside of it."""

    stmt: Stmt
    place: int
    reads: set[Atom]

    def acts(self) -> bool:
        """Whether something is done, which keeps its order."""
        return any(isinstance(s, Effect) for s in walk.statements((self.stmt,)))


class _Fusion:
    """A block in which loops are fused: its statements, which of them makes what, and its loops by their counters."""

    def __init__(self, block: Block) -> None:
        self.parts: list[_Part] = []
        self.makers: dict[Var, _Part] = {}
        self.loops: dict[Var, _Part] = {}
        for place, stmt in enumerate(block):
            self.parts.append(self._part(stmt, place))

    def _part(self, stmt: Stmt, place: int) -> _Part:
        part = _Part(stmt, place, _reads((stmt,)))
        self.makers.update(dict.fromkeys(walk.all_defined((stmt,)), part))
        if _is_loop(stmt):
            self.loops[stmt.index] = part
        return part

    def run(self, fused: Fused) -> Block:
        """The block with each reverse loop, where that can be, in the loop that it mirrors."""
        place = 0
        while place < len(self.parts):
            reverse = self.parts[place].stmt
            if isinstance(reverse, For) and reverse.mirrors is not None:
                found = self._fuse_at(place, reverse, self.loops.get(reverse.mirrors))
                if isinstance(found, str):
                    fused.kept[reverse.index] = found
                elif found is not None:
                    fused.loops.append(found)
                    place = self.loops[found.index].place
            place += 1
        return tuple(part.stmt for part in self.parts)

    def _fuse_at(self, place: int, reverse: For, mirrored: _Part | None) -> Loop | str | None:
        """Make the reverse loop at a place and the loop it mirrors one, or say why this cannot be; None where the loop
        stands in another block, or runs the other way."""
        if mirrored is None or not _is_loop(loop := mirrored.stmt) or not same_way(loop, reverse):
            return None
        if self._needs(place, mirrored):
            return "what it makes is needed before it is reversed"
        early, late = self._split(mirrored, place)
        if any(p.acts() for p in (mirrored, *late)) and any(p.acts() for p in early):
            return "what it prints or raises would change its place"
        fused = _merge(loop, reverse)
        del self.loops[reverse.index]
        self.parts[mirrored.place : place + 1] = [*early, self._part(fused, place), *late]
        for k in range(mirrored.place, len(self.parts)):  # one statement less: what follows has moved up, too
            self.parts[k].place = k
        return fused

    def _needs(self, place: int, mirrored: _Part) -> bool:
        """Whether the reverse loop at a place needs what the mirrored one leaves, or what is made of that."""
        reverse = self.parts[place].stmt
        assert isinstance(reverse, For)
        needs = {c.init for c in reverse.carried} | _reads(reverse.body) | set(walk.leaving(reverse))
        if not needs.isdisjoint(walk.defines(mirrored.stmt)):
            return True
        todo = deque(self._makers_between(needs, mirrored.place, place))
        seen = set(todo)
        while todo:
            makers = self._makers_between(todo.popleft().reads, mirrored.place - 1, place)
            if mirrored in makers:
                return True
            todo += makers - seen
            seen |= makers
        return False

    def _makers_between(self, atoms: Iterable[Atom], first: int, last: int) -> set[_Part]:
        """The statements between two places that make any of these."""
        makers = (self.makers.get(a) for a in atoms if isinstance(a, Var))
        return {m for m in makers if m is not None and first < m.place < last}

    def _split(self, mirrored: _Part, place: int) -> tuple[list[_Part], list[_Part]]:
        """The statements between a loop and a place: those that do not depend on the loop, and those that do."""
        early: list[_Part] = []
        late: list[_Part] = []
        dependent = {mirrored}
        for part in self.parts[mirrored.place + 1 : place]:
            if dependent.isdisjoint(self.makers.get(a) for a in part.reads if isinstance(a, Var)):
                early.append(part)
            else:
                late.append(part)
                dependent.add(part)
        return early, late


def _is_loop(stmt: Stmt) -> TypeGuard[Loop]:
    return isinstance(stmt, (For, While))


def same_way(loop: Loop, reverse: For) -> bool:
    """Whether a reverse loop runs in the direction of its loop."""
    if isinstance(loop, While):
        return reverse.step == Const(1)
    return reverse.step == loop.step and reverse.start == loop.start


def _reads(block: Block) -> set[Atom]:
    """What a block uses, or mentions, of what stands outside of it."""
    mirrors = {s.mirrors for s in walk.statements(block) if isinstance(s, For) and s.mirrors is not None}
    return {*walk.free_vars(block), *mirrors}


def _merge(loop: Loop, reverse: For) -> Loop:
    """One loop that computes and reverses each trip."""
    body = walk.substitute(reverse.body, {reverse.index: loop.index})
    nexts = tuple(loop.index if c.next == reverse.index else c.next for c in reverse.carried)
    carried = tuple(Carry(c.phi, c.init, n, c.out) for c, n in zip(reverse.carried, nexts, strict=True))
    return replace(loop, carried=(*loop.carried, *carried), body=(*loop.body, *body))


__all__ = ["AGAIN", "Fused", "fuse", "order_free", "ordered", "same_way", "straightened"]
