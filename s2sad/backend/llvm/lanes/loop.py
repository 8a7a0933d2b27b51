"""A loop that runs several trips at once, one in each lane of vectors (`varying` says which loops may).

for b in range(trips // 8):         i stands for the first lane's; what is the same in all lanes is one number
    s = splat 0.0                   a vector of 8
    for a in range(d):
        d = load 8 of x_block[a] - splat c[a]
        store 8 d in w[a]           w has 8 lanes an element
        s += d * d
    total += s                      summed over its lanes after the loop
the trips that are left, one by one
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from s2sad.backend.llvm import control, movement
from s2sad.backend.llvm.code import I64, Value, i64
from s2sad.backend.llvm.lanes import memory
from s2sad.backend.llvm.lanes.state import Lanes
from s2sad.backend.llvm.lanes.varying import Plan
from s2sad.backend.llvm.values import Complex, Refused, constant, number_of, parts_of
from s2sad.ir.nodes import Carry, Const, Var, replace
from s2sad.ir.types import Array, Scalar

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

ROOM = 2**16
"""Arrays of more elements than that are not made once for each lane."""


def write(writer: Writer, plan: Plan) -> None:
    """A loop in lanes, and the trips that are left. Raises `Refused`."""
    code, stmt, lanes = writer.code, plan.loop, Lanes(writer, plan)
    start, stop, step = (writer.int64(a) for a in (stmt.start, stmt.stop, stmt.step))
    count = control.trip_count(writer, start, stop, step)
    blocks = code.binary("udiv", count, i64(lanes.width))
    for size in _rooms(writer, plan):
        blocks = code.select(code.compare("icmp ule", size, i64(ROOM)), blocks, i64(0))
    sums = [c for c in stmt.carried if isinstance(c.phi.type, Scalar) and c.next != c.phi]
    env = writer.env
    inits = [parts_of(writer.number(c.init, c.phi.type.dtype)) for c in sums]
    wide, rest = code.fresh("lanes"), code.fresh("rest")
    before = code.label
    code.branch(code.compare("icmp ne", blocks, i64(0)), wide, rest)
    code.start(wide)
    writer.env = dict(env)
    with writer.scope():
        totals = _blocks(writer, lanes, sums, start, blocks)
    last = code.label
    code.jump(rest)
    code.start(rest)
    writer.env = env
    found: list[list[Value]] = []
    for parts, total in zip(inits, totals, strict=True):
        found.append([])
        for a, b in zip(parts, total, strict=True):
            line, value = code.reserve(), Value("%" + code.fresh("sum"), a.type)
            code.phi(line, value, [(a, before), (b, last)])
            found[-1].append(value)
    done = code.binary("mul", blocks, i64(lanes.width))
    carried = list(stmt.carried)
    for c, parts in zip(sums, found, strict=True):
        entry = Var(f"{c.phi.name} so far", c.phi.type)
        env[entry] = number_of(parts)
        carried[carried.index(c)] = replace(c, init=entry)
    control.plain_for(writer, replace(stmt, carried=tuple(carried)), code.add(start, code.mul(done, step)))


def _rooms(writer: Writer, plan: Plan) -> Iterator[Value]:
    """How many elements each array has that is there before the loop, and made for each lane."""
    for root in plan.private:
        if isinstance(root, Var) and root in writer.env:
            yield writer.code.product(writer.view(root).shape)
    for base, axis in dict.fromkeys(plan.packed.values()):
        yield writer.view(base).shape[1 - axis]


def _blocks(writer: Writer, lanes: Lanes, sums: Sequence[Carry], start: Value, blocks: Value) -> list[list[Value]]:
    """The loop over blocks of trips; gives what each sum is after it."""
    code, plan, stmt = writer.code, lanes.plan, lanes.plan.loop
    for c in stmt.carried:
        if c not in sums:
            writer.env[c.phi] = writer.anything(c.init)
    for root in plan.private:
        if isinstance(root, Var) and root in writer.env:
            view = writer.view(root)
            if view.strides is not None:
                raise Refused(f"{root.name} is a part of another array")
            wide = memory.room(lanes, view.dtype, view.shape, [True] * len(view.shape))
            for v in [v for v in writer.env if isinstance(v.type, Array) and writer.buffers.root(v) == root]:
                writer.env[v] = wide
    for base, axis in dict.fromkeys(plan.packed.values()):
        view = writer.view(base)
        lanes.blocks[base, axis] = memory.room(lanes, view.dtype, [view.shape[1 - axis]], [True])
    initial = [_neutral(c, lanes) for c in sums]
    head, body, end = (code.fresh(stem) for stem in ("head", "body", "end"))
    before = code.label
    code.jump(head)
    code.start(head)
    line, block = code.reserve(), Value("%" + code.fresh("b"), I64)
    lines, phis = [], []
    for c, parts in zip(sums, initial, strict=True):
        lines.append([code.reserve() for _ in parts])
        phis.append([Value("%" + code.fresh("c"), p.type) for p in parts])
        writer.env[c.phi] = number_of(phis[-1])
    code.branch(code.compare("icmp ult", block, blocks), body, end)
    code.start(body)
    assert isinstance(stmt.step, Const)
    step = int(stmt.step.value)
    writer.env[stmt.index] = code.add(start, code.mul(block, i64(lanes.width * step)))
    writer.facts.counter(stmt)
    writer.lanes = lanes
    with writer.scope(loop=True):
        for base, axis in lanes.blocks:
            _pack(writer, lanes, base, axis)
        writer.block(stmt.body)
        following = [parts_of(lanes.wide(writer.number(c.next, c.phi.type.dtype))) for c in sums]
    writer.lanes = None
    writer.facts.ended(stmt)
    advanced, last = code.add(block, i64(1)), code.label
    code.jump(head)
    code.phi(line, block, [(i64(0), before), (advanced, last)])
    for places, values, first, after in zip(lines, phis, initial, following, strict=True):
        for place, value, a, b in zip(places, values, first, after, strict=True):
            code.phi(place, value, [(a, before), (b, last)])
    code.start(end)
    totals = []
    for c, values in zip(sums, phis, strict=True):
        dtype = c.phi.type.dtype
        number = lanes.total(number_of(values), dtype)
        totals.append(parts_of(lanes.sum(writer.number(c.init, dtype), number, dtype)))
    return totals


def _neutral(carry: Carry, lanes: Lanes) -> list[Value]:
    dtype = carry.phi.type.dtype
    zero = constant(0 if dtype.kind in "iub" else -0.0, dtype)
    parts = [zero.re, zero.re] if isinstance(zero, Complex) else [zero]
    return [lanes.code.splat(p, lanes.width) for p in parts]


def _pack(writer: Writer, lanes: Lanes, base: Var, axis: int) -> None:
    """Copy a block of rows, lanes last."""
    code, view, block = writer.code, writer.view(base), lanes.blocks[base, axis]
    strides = writer.memory.strides(view)
    first = writer.env[lanes.plan.loop.index]
    assert isinstance(first, Value)
    step = lanes.plan.step(lanes.plan.loop.index)
    assert step is not None
    with movement.counting(code, block.shape[0]) as k:
        at = [k, k]
        at[axis] = first
        memory.write(lanes, block, [k], i64(0), memory.read(lanes, view, at, code.mul(i64(step), strides[axis])))


__all__ = ["ROOM", "write"]
