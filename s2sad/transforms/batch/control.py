"""Loops and branches that are the same for all items, around statements that take the batch as an axis.

    for t in range(T):                for t in range(T):
        h = np.tanh(W @ h)     ->         h = np.tanh(h @ W.T)          # h: [B, n]
"""

from __future__ import annotations

from collections.abc import Sequence

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Carry, For, If, Join, Stmt, Var, While, replace
from s2sad.transforms.batch.standing import Standing


def statement(batch: Standing, stmt: Stmt) -> None:
    """Batch a loop or a branch whose control is the same for all items."""
    match stmt:
        case For():
            _for(batch, stmt)
        case While():
            _while(batch, stmt)
        case If():
            _if(batch, stmt)
        case _:
            raise TypeError(f"no batch of a {type(stmt).__name__}")


def _for(batch: Standing, stmt: For) -> None:
    start, stop, step = map(batch.plain, (stmt.start, stmt.stop, stmt.step))
    inits = _inits(batch, stmt.carried)
    mark = batch.sizes.mark()
    index = batch.named(stmt.index, stmt.index.type)
    batch.define((stmt.index,), (index,), batched=False)
    phis = _phis(batch, stmt.carried)
    body, nexts = _body(batch, stmt, stmt.body)
    batch.sizes.back(mark)
    carried = _carried(batch, stmt, phis, inits, nexts)
    exit_ = None if stmt.exit is None else batch.plain(stmt.exit)
    mirrors = batch.env.get(stmt.mirrors) if stmt.mirrors else None
    batch.b.append(
        replace(
            stmt, index=index, start=start, stop=stop, step=step, carried=carried, body=body, exit=exit_,
            trips=_trips(batch, stmt), mirrors=mirrors if isinstance(mirrors, Var) else None,
        )
    )


def _while(batch: Standing, stmt: While) -> None:
    inits = _inits(batch, stmt.carried)
    mark = batch.sizes.mark()
    index = batch.named(stmt.index, stmt.index.type)
    batch.define((stmt.index,), (index,), batched=False)
    phis = _phis(batch, stmt.carried)
    later = [*walk.free_vars(stmt.body), stmt.test, *(c.next for c in stmt.carried)]
    with batch.b.block() as pre:
        batch.block(stmt.pre, later)
    body, nexts = _body(batch, stmt, stmt.body)
    batch.sizes.back(mark)
    carried = _carried(batch, stmt, phis, inits, nexts)
    test = batch.plain(stmt.test)
    batch.b.append(
        While(index, carried, tuple(pre), test, body, _trips(batch, stmt), stmt.pos)
    )


def _if(batch: Standing, stmt: If) -> None:
    cond = batch.plain(stmt.cond)
    sides = []
    for block, leaving in ((stmt.then, [j.then for j in stmt.joined]), (stmt.orelse, [j.orelse for j in stmt.joined])):
        mark = batch.sizes.mark()
        with batch.b.block() as written:
            batch.block(block, leaving)
            values = [_like(batch, j.out, a) for j, a in zip(stmt.joined, leaving, strict=True)]
        batch.sizes.back(mark)
        sides.append((tuple(written), values))
    (then, left), (orelse, right) = sides
    outs = [_variable(batch, j.out) for j in stmt.joined]
    for j, out in zip(stmt.joined, outs, strict=True):
        batch.define((j.out,), (out,), j.out in batch.varying)
    joined = tuple(Join(*j) for j in zip(outs, left, right, strict=True))
    batch.b.append(If(cond, then, orelse, joined, stmt.pos))


# -- what is carried


def _like(batch: Standing, target: Var, atom: Atom) -> Atom:
    """A value given to a carried or joined variable: the batch of it, where that one varies."""
    return batch.whole(atom) if target in batch.varying else batch.plain(atom)


def _variable(batch: Standing, v: Var) -> Var:
    return batch.batched_var(v) if v in batch.varying else batch.named(v, v.type)


def _inits(batch: Standing, carried: Sequence[Carry]) -> list[Atom]:
    return [_like(batch, c.phi, c.init) for c in carried]


def _phis(batch: Standing, carried: Sequence[Carry]) -> list[Var]:
    phis = [_variable(batch, c.phi) for c in carried]
    for c, phi in zip(carried, phis, strict=True):
        batch.define((c.phi,), (phi,), c.phi in batch.varying)
    return phis


def _body(batch: Standing, stmt: For | While, block: Block) -> tuple[Block, list[Atom]]:
    with batch.b.block() as body:
        batch.block(block, walk.leaving(stmt))
        nexts = [_like(batch, c.phi, c.next) for c in stmt.carried]
    return tuple(body), nexts


def _carried(
    batch: Standing, stmt: For | While, phis: Sequence[Var], inits: Sequence[Atom], nexts: Sequence[Atom]
) -> tuple[Carry, ...]:
    outs = [_variable(batch, c.out) for c in stmt.carried]
    for c, out in zip(stmt.carried, outs, strict=True):
        batch.define((c.out,), (out,), c.out in batch.varying)
    return tuple(Carry(*c) for c in zip(phis, inits, nexts, outs, strict=True))


def _trips(batch: Standing, stmt: For | While) -> Var | None:
    if stmt.trips is None:
        return None
    trips = batch.named(stmt.trips, stmt.trips.type)
    batch.define((stmt.trips,), (trips,), batched=False)
    return trips
