"""Statements that differ from lane to lane; all others are written as ever, once for all lanes."""

from __future__ import annotations

from dataclasses import replace

from s2sad.backend.llvm import control, indexing, movement
from s2sad.backend.llvm.code import I1, Value, i64
from s2sad.backend.llvm.lanes import memory
from s2sad.backend.llvm.lanes.serial import serially
from s2sad.backend.llvm.lanes.state import Lanes
from s2sad.backend.llvm.lanes.varying import DIFFERENT
from s2sad.backend.llvm.values import Number, Refused, View
from s2sad.ir.nodes import For, If, Let, Stmt, While, array_type
from s2sad.ir.primitives import UPDATES, inc, load, store, undef, zeros
from s2sad.ir.types import Scalar
from s2sad.rules import elementwise


def statement(lanes: Lanes, stmt: Stmt) -> bool:
    """Write a statement that differs from lane to lane; False for one that does not."""
    if id(stmt) in lanes.plan.serial:
        serially(lanes, stmt)
        return True
    match stmt:
        case Let():
            return _let(lanes, stmt)
        case If() if lanes.plan.varies(stmt.cond):
            _branch(lanes, stmt)
            return True
        case For() if lanes.mask is not None:
            start, stop = lanes.writer.int64(stmt.start), lanes.writer.int64(stmt.stop)
            control.plain_for(lanes.writer, stmt, lanes.code.select(lanes.code.reduced("or", lanes.mask), start, stop))
            return True
        case While() if lanes.mask is not None:
            raise Refused("a while inside a branch")
    return False


def _let(lanes: Lanes, stmt: Let) -> bool:
    target = stmt.targets[0]
    if stmt.prim in (undef, zeros):
        lanes.writer.env[target] = memory.allocated(lanes, target, stmt.args, zero=stmt.prim is zeros)
    elif stmt.prim in (store, inc):
        _update(lanes, stmt)
    elif stmt.prim in UPDATES:
        raise Refused(f"{stmt.prim.name} of {stmt.args[0]}")
    elif stmt.prim is load and isinstance(target.type, Scalar):
        return _load(lanes, stmt)
    elif lanes.plan.step(target) is not DIFFERENT and any(lanes.plan.varies(a) for a in stmt.args):
        with lanes.of_first():
            lanes.writer.plain(stmt)
    else:
        if stmt.prim not in (elementwise.mod, elementwise.floordiv) or not lanes.plan.varies(stmt.args[1]):
            return False
        serially(lanes, stmt)
    return True


def _branch(lanes: Lanes, stmt: If) -> None:
    """Both sides, each under its mask; lane by lane, where something in it may fail."""
    state, around = lanes.writer.state(), lanes.mask
    try:
        _both(lanes, stmt)
    except Refused:
        lanes.writer.restore(state)
        lanes.mask, lanes.writer.lanes, lanes.writer.faults.masked = around, lanes, around is not None
        serially(lanes, stmt)


def _both(lanes: Lanes, stmt: If) -> None:
    writer, code = lanes.writer, lanes.code
    holds = code.splat(writer.truth(stmt.cond), lanes.width)
    around = lanes.mask
    sides: list[list[Number | None]] = []
    for block, left in ((stmt.then, True), (stmt.orelse, False)):
        inside = holds if left else code.binary("xor", holds, Value("true", I1))
        lanes.mask = inside if around is None else code.binary("and", around, inside)
        writer.faults.masked = True
        with writer.scope():
            writer.block(block)
        atoms = [j.then if left else j.orelse for j in stmt.joined]
        sides.append([
            writer.number(a, j.out.type.dtype) if isinstance(j.out.type, Scalar) else None
            for a, j in zip(atoms, stmt.joined, strict=True)
        ])  # fmt: skip
    lanes.mask = around
    writer.faults.masked = around is not None
    for j, then, orelse in zip(stmt.joined, *sides, strict=True):
        if then is not None and orelse is not None:
            writer.env[j.out] = lanes.chosen(holds, then, orelse)
        elif not control.is_steady(writer, j):
            raise Refused(f"{j.out.name} is one array or another")


def _load(lanes: Lanes, stmt: Let) -> bool:
    (target,), (base, *operands) = stmt.targets, stmt.args
    if (key := lanes.plan.packed.get(id(stmt))) is not None and key in lanes.blocks:
        across = operands[1 - key[1]]
        lanes.writer.env[target] = memory.read(lanes, lanes.blocks[key], [lanes.first(across)], i64(0))
        return True
    view = lanes.writer.view(base)
    if not view.lanes and not any(lanes.plan.varies(o) for o in operands):
        return False
    if memory.may_fail(lanes, base, operands, stmt):
        serially(lanes, stmt)
    else:
        lanes.writer.env[target] = memory.read(lanes, *memory.indexes(lanes, base, operands, stmt))
    return True


def _update(lanes: Lanes, stmt: Let) -> None:
    (target,), (base, value, *operands) = stmt.targets, stmt.args
    writer, dtype = lanes.writer, array_type(base).dtype
    number = writer.number(value, dtype) if isinstance(value.type, Scalar) else None
    if number is None:
        raise Refused(f"an array is written into {base}")
    if memory.may_fail(lanes, base, operands, stmt):
        serially(lanes, stmt)
        return
    whole = writer.view(base)
    writer.env[target] = whole
    if whole.lanes and dict(stmt.params)["path"] == indexing.EVERYTHING:
        _fill(lanes, whole, lanes.wide(number), adding=stmt.prim is inc)
        return
    view, at, apart = memory.indexes(lanes, base, operands, stmt)
    flags = writer.flags(stmt)
    if stmt.prim is store:
        memory.write(lanes, view, at, apart, lanes.wide(number))
    elif writer.buffers.root(base) in lanes.plan.shared:
        memory.add(lanes, view, at, apart, lanes.masked(number, dtype))
    else:
        total = lanes.sum(memory.read(lanes, view, at, apart), lanes.wide(number), dtype, flags)
        memory.write(lanes, view, at, apart, total)


def _fill(lanes: Lanes, view: View, number: Number, *, adding: bool) -> None:
    if lanes.mask is not None or adding:
        raise Refused("an array is filled inside a branch")
    with movement.counting(lanes.code, lanes.code.product(view.shape)) as k:
        memory.write(lanes, replace(view, shape=(lanes.code.product(view.shape),)), [k], i64(0), number)


__all__ = ["statement"]
