"""A statement lane by lane: ordinary code in a loop over the lanes, with their numbers from places on the stack."""

from __future__ import annotations

from dataclasses import replace

from s2sad.backend.llvm import movement
from s2sad.backend.llvm.code import I1, I8, Value, element_of, i64, vector
from s2sad.backend.llvm.lanes.state import Lanes
from s2sad.backend.llvm.lanes.varying import DIFFERENT
from s2sad.backend.llvm.values import Anything, Complex, Refused, View, fields, memory_type, number_of, parts_of
from s2sad.ir import walk
from s2sad.ir.nodes import Stmt, Var
from s2sad.ir.types import Scalar


def serially(lanes: Lanes, stmt: Stmt) -> None:
    """A statement for each lane after the other, with its numbers from places on the stack."""
    writer, code, plan = lanes.writer, lanes.code, lanes.plan
    free = list(walk.free_vars((stmt,)))
    spilled = {
        v: _spilled(lanes, writer.env[v]) for v in free
        if isinstance(v.type, Scalar) and plan.step(v) is DIFFERENT
    }  # fmt: skip
    outs = [v for v in walk.defines(stmt) if isinstance(v.type, Scalar)]
    rooms = {v: [code.alloca(vector(_spill_type(t), lanes.width)) for t in fields(v.type)] for v in outs}
    mask = None if lanes.mask is None else _spilled(lanes, lanes.mask)
    env = writer.env
    with lanes.of_first(), movement.counting(code, i64(lanes.width)) as lane, writer.scope(loop=True):
        writer.env = dict(env)
        for v in free:
            writer.env[v] = _in_lane(lanes, v, env[v], spilled.get(v), lane)
        masked, writer.faults.masked = writer.faults.masked, False
        end = code.fresh("lane")
        if mask is not None:
            taken = code.fresh("taken")
            code.branch(_picked(lanes, mask[0], I1, lane), taken, end)
            code.start(taken)
        with writer.scope():
            writer.statement(stmt)
            for v, places in rooms.items():
                number = writer.anything_number(v)
                for part, place in zip(parts_of(number), places, strict=True):
                    assert isinstance(part, Value)
                    kept = code.cast("zext", part, I8) if part.type == I1 else part
                    code.store(kept, code.element(kept.type, place, lane))
        if mask is not None:
            code.jump(end)
            code.start(end)
        writer.faults.masked = masked
    writer.env = env
    for v, places in rooms.items():
        read = [_read_back(lanes, place, t) for place, t in zip(places, fields(v.type), strict=True)]
        env[v] = number_of(read)
    for v in walk.defines(stmt):
        if v not in rooms:
            env[v] = env[_root(lanes, v)]


def _root(lanes: Lanes, array: Var) -> Var:
    root = lanes.writer.buffers.root(array)
    if not isinstance(root, Var) or root not in lanes.writer.env:
        raise Refused(f"{array.name} is another array in each trip")
    return root


def _spilled(lanes: Lanes, number: Anything) -> list[Value]:
    """The places on the stack of the parts of a number."""
    code, places = lanes.code, []
    assert isinstance(number, Value | Complex)
    for part in parts_of(number):
        assert isinstance(part, Value)
        kept = code.splat(part, lanes.width)
        kept = code.cast("zext", kept, I8) if element_of(kept.type) == I1 else kept
        place = code.alloca(kept.type)
        code.store(kept, place)
        places.append(place)
    return places


def _picked(lanes: Lanes, place: Value, type_: str, lane: Value) -> Value:
    kept = _spill_type(type_)
    found = lanes.code.load(kept, lanes.code.element(kept, place, lane))
    return lanes.code.compare("icmp ne", found, Value("0", I8)) if type_ == I1 else found


def _read_back(lanes: Lanes, place: Value, type_: str) -> Value:
    found = lanes.code.load(vector(_spill_type(type_), lanes.width), place)
    return lanes.code.compare("icmp ne", found, Value("0", I8)) if type_ == I1 else found


def _in_lane(lanes: Lanes, var: Var, found: Anything, places: list[Value] | None, lane: Value) -> Anything:
    """What a variable is in one lane."""
    code = lanes.code
    if places is not None:
        parts = [_picked(lanes, p, t, lane) for p, t in zip(places, fields(var.type), strict=True)]
        return number_of(parts)
    if isinstance(found, View) and found.lanes:
        if found.dtype.kind == "c":
            raise Refused("complex numbers lane by lane")
        strides = tuple(code.mul(s, i64(found.lanes)) for s in lanes.writer.memory.strides(found))
        data = code.element(memory_type(found.dtype), found.data, lane)
        return replace(found, data=data, strides=strides, lanes=0)
    if isinstance(found, Value) and (step := lanes.plan.step(var)):
        return code.binary("add", found, code.binary("mul", lane, i64(step)))
    return found


def _spill_type(type_: str) -> str:
    return I8 if type_ == I1 else type_


__all__ = ["serially"]
