"""A statement in two parts: what is the same for all items, and what differs.

    for t in range(n):                    for t in range(n):            # once
        h = a + b * h                         h = a + b * h
        h_dot = a_dot + h * b_dot   ->    for lane in range(B):
                                              for t in range(n):
                                                  h_dot = a_dot[lane] + h_1 * b_dot[lane]
                                                  h_1 = a + b * h_1

A loop whose control is the same for all items may carry both kinds of values. When it becomes a loop over the batch,
the values that are the same are still computed outside of it, so that only what varies leaves a loop over the batch.
Inside it they are computed again where the iterations need them.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeGuard

from s2sad.ir import walk
from s2sad.ir.builder import Names
from s2sad.ir.nodes import Atom, Block, Call, Effect, For, Function, If, Let, Stmt, Var, While, replace
from s2sad.ir.primitives import dim, list_new, raise_


@dataclass(frozen=True, slots=True)
class Common:
    """The part of a statement that is the same for all items; None where it is made of sizes alone.

    `sizes` are those that it reads of arrays that differ: they are not in it. `acting` values come of what does
    something besides computing, and may not be made a second time.
    """

    stmt: Stmt | None
    sizes: tuple[Let, ...]
    acting: tuple[Var, ...]


def common(stmt: Stmt, wanted: Collection[Var], varying: Collection[Var], acting: Collection[str]) -> Common:
    """What gives the `wanted` values, which do not vary; what is raised on the way is raised here."""

    def differs(stmt: Stmt) -> bool:
        return any(a in varying for a in control(stmt)) or (_is_size(stmt) and stmt.args[0] in varying)

    def raises(stmt: Stmt) -> bool:
        return isinstance(stmt, Effect) and stmt.prim is raise_ and not any(a in varying for a in stmt.args)

    sliced = _Slice(wanted, differs, raises)
    kept = sliced.of(stmt)
    sizes = (s for s in walk.statements((stmt,)) if _is_size(s) and differs(s) and s.targets[0] in sliced.live)
    inner = () if kept is None else walk.statements((kept,))
    return Common(kept, tuple(sizes), tuple(v for s in inner if _acts(s, acting) for v in walk.defines(s)))


def differing(stmt: Stmt, varying: Collection[Var], acting: Collection[str], names: Names) -> Stmt | None:
    """What gives the values that vary, with all effects; what else it gives goes to names that nothing uses."""
    wanted = {v for v in walk.defines(stmt) if v in varying}
    kept = _Slice(wanted, lambda s: False, lambda s: _acts(s, acting)).of(stmt)

    def unused(v: Var) -> Var:
        return v if v in varying else Var(names.fresh(v.name), v.type)

    match kept:
        case For() | While():
            carried = tuple(replace(c, out=unused(c.out)) for c in kept.carried)
            return replace(kept, carried=carried, trips=kept.trips if kept.trips in varying else None)
        case _:
            return kept


def control(stmt: Stmt) -> tuple[Atom | None, ...]:
    """What decides which statements nested in this one run, and how often."""
    match stmt:
        case If():
            return (stmt.cond,)
        case While():
            return (stmt.test,)
        case For():
            return (stmt.start, stmt.stop, stmt.step, stmt.exit)
        case _:
            return ()


def acting(functions: Mapping[str, Function]) -> set[str]:
    """The functions that do something besides computing, or call one that does."""
    found: set[str] = set()
    before = -1
    while before != len(found):
        before = len(found)
        found |= {name for name, f in functions.items() if any(_acts(s, found) for s in walk.statements(f.body))}
    return found


def _acts(stmt: Stmt, acting: Collection[str]) -> bool:
    match stmt:
        case Let(prim=prim):
            return not prim.pure and prim is not list_new
        case Call(function=name):
            return name in acting
        case _:
            return isinstance(stmt, Effect)


def _is_size(stmt: Stmt) -> TypeGuard[Let]:
    return isinstance(stmt, Let) and stmt.prim is dim


class _Slice:
    """The statements that some values, and what `kept` says, are made of: `live` grows until it is closed."""

    def __init__(
        self, wanted: Iterable[Var], left_out: Callable[[Stmt], bool], kept: Callable[[Stmt], bool]
    ) -> None:
        self.live: set[Atom | None] = set(wanted)
        self.left_out, self.kept = left_out, kept

    def of(self, stmt: Stmt) -> Stmt | None:
        """The part of a statement; None where nothing of it is kept."""
        before = -1
        kept: Block = ()
        while before != len(self.live):
            before = len(self.live)
            kept = self.block((stmt,))
        return kept[0] if kept else None

    def need(self, *atoms: Atom | None) -> None:
        self.live.update(a for a in atoms if isinstance(a, Var))

    def block(self, block: Block) -> Block:
        kept = (self.statement(s) for s in reversed(block))
        return tuple(s for s in kept if s is not None)[::-1]

    def statement(self, stmt: Stmt) -> Stmt | None:
        if self.left_out(stmt):
            return None
        match stmt:
            case If():
                return self.branch(stmt)
            case For() | While():
                return self.loop(stmt)
            case _ if not self.live.isdisjoint(walk.defines(stmt)) or self.kept(stmt):
                self.need(*walk.operands(stmt))
                return stmt
        return None

    def branch(self, stmt: If) -> If | None:
        joined = tuple(j for j in stmt.joined if j.out in self.live)
        self.need(*(a for j in joined for a in (j.then, j.orelse)))
        then, orelse = self.block(stmt.then), self.block(stmt.orelse)
        if not (joined or then or orelse):
            return None
        self.need(stmt.cond)
        return replace(stmt, then=then, orelse=orelse, joined=joined)

    def loop(self, stmt: For | While) -> For | While | None:
        carried = tuple(c for c in stmt.carried if c.out in self.live or c.phi in self.live)
        self.need(*(a for c in carried for a in (c.init, c.next)))
        counts = stmt.trips in self.live
        if isinstance(stmt, For):
            body = self.block(stmt.body)
            if not (carried or body or counts):
                return None
            self.need(*control(stmt))
            return replace(stmt, carried=carried, body=body)
        body, pre = self.block(stmt.body), self.block(stmt.pre)
        if not (carried or body or pre or counts):
            return None
        self.need(stmt.test)
        return replace(stmt, carried=carried, pre=pre, body=body)


__all__ = ["Common", "acting", "common", "control", "differing"]
