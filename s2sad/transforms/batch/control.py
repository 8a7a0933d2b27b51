"""Loops and branches that are the same for all items, around statements that take the batch as an axis.

    for t in range(T):                for t in range(T):
        h = np.tanh(W @ h)     ->         h = np.tanh(h @ W.T)          # h: [B, n]
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Carry, For, If, Join, Stmt, Var, While, replace

if TYPE_CHECKING:
    from s2sad.transforms.batch.batch import Batcher


def statement(batcher: Batcher, stmt: Stmt) -> None:
    """Batch a loop or a branch whose control is the same for all items."""
    match stmt:
        case For():
            _for(batcher, stmt)
        case While():
            _while(batcher, stmt)
        case If():
            _if(batcher, stmt)
        case _:
            raise TypeError(f"no batch of a {type(stmt).__name__}")


def _for(batcher: Batcher, stmt: For) -> None:
    start, stop, step = map(batcher.plain, (stmt.start, stmt.stop, stmt.step))
    inits = _inits(batcher, stmt.carried)
    mark = batcher.sizes.mark()
    index = batcher.named(stmt.index, stmt.index.type)
    batcher.define((stmt.index,), (index,), batched=False)
    phis = _phis(batcher, stmt.carried)
    body, nexts = _body(batcher, stmt, stmt.body)
    batcher.sizes.back(mark)
    carried = _carried(batcher, stmt, phis, inits, nexts)
    exit_ = None if stmt.exit is None else batcher.plain(stmt.exit)
    mirrors = batcher.env.get(stmt.mirrors) if stmt.mirrors else None
    batcher.b.append(
        replace(
            stmt, index=index, start=start, stop=stop, step=step, carried=carried, body=body, exit=exit_,
            trips=_trips(batcher, stmt), mirrors=mirrors if isinstance(mirrors, Var) else None,
        )
    )


def _while(batcher: Batcher, stmt: While) -> None:
    inits = _inits(batcher, stmt.carried)
    mark = batcher.sizes.mark()
    index = batcher.named(stmt.index, stmt.index.type)
    batcher.define((stmt.index,), (index,), batched=False)
    phis = _phis(batcher, stmt.carried)
    later = [*walk.free_vars(stmt.body), stmt.test, *(c.next for c in stmt.carried)]
    with batcher.b.block() as pre:
        batcher.block(stmt.pre, later)
    body, nexts = _body(batcher, stmt, stmt.body)
    batcher.sizes.back(mark)
    carried = _carried(batcher, stmt, phis, inits, nexts)
    test = batcher.plain(stmt.test)
    batcher.b.append(
        While(index, carried, tuple(pre), test, body, _trips(batcher, stmt), stmt.pos)
    )


def _if(batcher: Batcher, stmt: If) -> None:
    cond = batcher.plain(stmt.cond)
    sides = []
    for block, leaving in ((stmt.then, [j.then for j in stmt.joined]), (stmt.orelse, [j.orelse for j in stmt.joined])):
        mark = batcher.sizes.mark()
        with batcher.b.block() as written:
            batcher.block(block, leaving)
            values = [_like(batcher, j.out, a) for j, a in zip(stmt.joined, leaving, strict=True)]
        batcher.sizes.back(mark)
        sides.append((tuple(written), values))
    (then, left), (orelse, right) = sides
    outs = [_variable(batcher, j.out) for j in stmt.joined]
    for j, out in zip(stmt.joined, outs, strict=True):
        batcher.define((j.out,), (out,), j.out in batcher.varying)
    joined = tuple(Join(*j) for j in zip(outs, left, right, strict=True))
    batcher.b.append(If(cond, then, orelse, joined, stmt.pos))


# -- what is carried


def _like(batcher: Batcher, target: Var, atom: Atom) -> Atom:
    """A value given to a carried or joined variable: the batch of it, where that one varies."""
    return batcher.whole(atom) if target in batcher.varying else batcher.plain(atom)


def _variable(batcher: Batcher, v: Var) -> Var:
    return batcher.batched_var(v) if v in batcher.varying else batcher.named(v, v.type)


def _inits(batcher: Batcher, carried: Sequence[Carry]) -> list[Atom]:
    return [_like(batcher, c.phi, c.init) for c in carried]


def _phis(batcher: Batcher, carried: Sequence[Carry]) -> list[Var]:
    phis = [_variable(batcher, c.phi) for c in carried]
    for c, phi in zip(carried, phis, strict=True):
        batcher.define((c.phi,), (phi,), c.phi in batcher.varying)
    return phis


def _body(batcher: Batcher, stmt: For | While, block: Block) -> tuple[Block, list[Atom]]:
    with batcher.b.block() as body:
        batcher.block(block, walk.leaving(stmt))
        nexts = [_like(batcher, c.phi, c.next) for c in stmt.carried]
    return tuple(body), nexts


def _carried(
    batcher: Batcher, stmt: For | While, phis: Sequence[Var], inits: Sequence[Atom], nexts: Sequence[Atom]
) -> tuple[Carry, ...]:
    outs = [_variable(batcher, c.out) for c in stmt.carried]
    for c, out in zip(stmt.carried, outs, strict=True):
        batcher.define((c.out,), (out,), c.out in batcher.varying)
    return tuple(Carry(*c) for c in zip(phis, inits, nexts, outs, strict=True))


def _trips(batcher: Batcher, stmt: For | While) -> Var | None:
    if stmt.trips is None:
        return None
    trips = batcher.named(stmt.trips, stmt.trips.type)
    batcher.define((stmt.trips,), (trips,), batched=False)
    return trips
