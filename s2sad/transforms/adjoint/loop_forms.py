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

from collections.abc import Iterable
from typing import Any, TypeGuard

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Carry, Const, Effect, For, Function, If, Let, Stmt, Var, While, replace
from s2sad.ir.paths import SLOT
from s2sad.ir.paths import Index as IndexStep
from s2sad.ir.primitives import inc, load, store
from s2sad.rules.elementwise import add, sub

Loop = For | While


# -- FREE


def order_free(index: Var, body: Iterable[Stmt], ends: Iterable[tuple[Var, Atom]]) -> bool:
    """Whether the trips of a reverse loop may run in any order. `ends` pairs what it carries with its next value;
    `index` is that of the loop it mirrors."""
    body = tuple(body)

    def free(phi: Var, end: Atom) -> bool:
        return end == phi or _Accumulation({phi}).ends(body, end) or _OwnPlace({phi}, index).ends(body, end)

    return all(free(phi, end) for phi, end in ends)


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


# -- FUSED


def fuse(function: Function) -> tuple[Function, list[Loop]]:
    """The open adjoint with every loop that may be fused into its reverse fused into it, and the loops this gave."""
    merged: list[Loop] = []
    return replace(function, body=_fuse_block(function.body, merged)), merged


def _fuse_block(block: Block, merged: list[Loop]) -> Block:
    block, place = tuple(block), 0
    while place < len(block):
        stmt = block[place]
        if isinstance(stmt, For) and stmt.mirrors is not None:
            fused = _fuse_at(block, place)
            if fused is not None:
                block, place = fused
                loop = block[place]
                assert _is_loop(loop)
                merged.append(loop)
        place += 1
    return tuple(walk.rewrite(s, _same, _same, lambda b: _fuse_block(b, merged)) for s in block)


def _same(atom: Any) -> Any:
    return atom


def _fuse_at(block: Block, place: int) -> tuple[Block, int] | None:
    """The block with the reverse loop at `place` and the loop it mirrors made one, and the place of that; None if this
    cannot be."""
    reverse = block[place]
    assert isinstance(reverse, For)
    start = next((k for k, s in enumerate(block[:place]) if _is_loop(s) and s.index == reverse.mirrors), None)
    if start is None:
        return None
    loop, between = block[start], block[start + 1 : place]
    if not _is_loop(loop) or not same_way(loop, reverse):
        return None
    needs = {c.init for c in reverse.carried} | _reads(reverse.body) | set(walk.leaving(reverse))
    late = _depending(between, set(walk.all_defined((loop,))))
    if needs & {*walk.defines(loop), *walk.all_defined(tuple(late))}:
        return None
    early = tuple(s for s in between if not any(s is other for other in late))
    if _acts((loop, *late)) and _acts(early):
        return None
    merged = _merge(loop, reverse)
    head = (*block[:start], *early)
    return (*head, merged, *late, *block[place + 1 :]), len(head)


def _acts(block: Block) -> bool:
    """Whether something is done, which keeps its order."""
    return any(isinstance(s, Effect) for s in walk.statements(block))


def _is_loop(stmt: Stmt) -> TypeGuard[Loop]:
    return isinstance(stmt, (For, While))


def same_way(loop: Loop, reverse: For) -> bool:
    """Whether a reverse loop runs in the direction of its loop."""
    if isinstance(loop, While):
        return reverse.step == Const(1)
    return reverse.step == loop.step and reverse.start == loop.start


def _depending(block: Block, known: set[Var]) -> list[Stmt]:
    """The statements of a block that depend on these variables."""
    found = []
    for stmt in block:
        if _reads((stmt,)) & known:
            found.append(stmt)
            known.update(walk.all_defined((stmt,)))
    return found


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


__all__ = ["fuse", "order_free", "same_way"]
