"""Arrays made from numbers, and arrays repeated to a larger shape or summed to a smaller one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad.backend.llvm import control, indexing, movement
from s2sad.backend.llvm.code import i64
from s2sad.backend.llvm.conversions import convert
from s2sad.backend.llvm.values import View, constant
from s2sad.ir.nodes import Atom, Const, Let
from s2sad.ir.types import FLOAT, INT, Array, Scalar
from s2sad.rules.broadcasting import broadcast_to, unbroadcast
from s2sad.rules.creation import arange, eye, full

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

SUMMED = frozenset(np.dtype(t) for t in (np.float64, np.complex128, np.int64))
"""The dtypes in which sums are taken as they are."""


def let(writer: Writer, stmt: Let) -> bool:
    """Write a primitive that makes an array; False where it is none, or has no instructions here."""
    target, params = stmt.targets[0], dict(stmt.params)
    if not isinstance(target.type, Array):
        return False
    made: View | None = None
    match stmt.prim, stmt.args:
        case prim, (value, *dims) if prim is full:
            made = _full(writer, value, dims, params["dtype"])
        case prim, (x, *dims) if prim is broadcast_to and isinstance(x.type, Scalar):
            made = _full(writer, x, dims, target.type.dtype)
        case prim, (x, *dims) if prim is broadcast_to:
            made = _allocated(writer, dims, target.type.dtype)
            movement.copy(writer, made, writer.view(x))
        case prim, (g, *dims) if prim is unbroadcast and isinstance(g.type, Array) and target.type.dtype in SUMMED:
            made = _allocated(writer, dims, target.type.dtype, zero=True)
            source = writer.view(g)
            movement.copy(writer, indexing.stretched(writer, made, source.shape), source, adding=True)
        case prim, (n, m) if prim is eye:
            made = _eye(writer, n, m, params.get("k", 0), params.get("dtype", FLOAT))
        case prim, (start, stop, step) if prim is arange and _is_range(stmt):
            made = _range(writer, start, stop, step, params["dtype"])
        case _:
            pass
    if made is None:
        return False
    writer.env[target] = made
    return True


def _allocated(writer: Writer, dims: Sequence[Atom], dtype: np.dtype, zero: bool = False) -> View:
    known = [writer.facts.at_least_zero(d) for d in dims]
    return writer.memory.allocate(dtype, [writer.int64(d) for d in dims], known, zero=zero)


def _full(writer: Writer, value: Atom, dims: Sequence[Atom], dtype: np.dtype) -> View:
    made = _allocated(writer, dims, dtype)
    movement.fill(writer, made, writer.number(value, value.type.dtype), value.type.dtype)
    return made


def _eye(writer: Writer, n: Atom, m: Atom, k: Any, dtype: np.dtype) -> View:
    """Ones on a diagonal, the `k`-th above the main one."""
    code, made = writer.code, _allocated(writer, (n, m), dtype, zero=True)
    rows, columns = made.shape
    down, right = i64(max(-k, 0)), i64(max(k, 0))
    count = code.smaller(code.sub(rows, down), code.sub(columns, right))
    with movement.counting(code, count) as index:
        place = [code.add(index, down), code.add(index, right)]
        address = writer.memory.address(made, writer.memory.offset(made, place))
        movement.write(code, dtype, constant(1, dtype), address)
    return made


def _is_range(stmt: Let) -> bool:
    """Whether ``arange`` is of integers of 64 bits, its step known and not 0."""
    step = stmt.args[2]
    return all(a.type.dtype == INT for a in stmt.args) and isinstance(step, Const) and step.value != 0


def _range(writer: Writer, start: Atom, stop: Atom, step: Atom, dtype: np.dtype) -> View:
    code, first, by = writer.code, writer.int64(start), writer.int64(step)
    count = control.trip_count(writer, first, writer.int64(stop), by)
    made = writer.memory.allocate(dtype, [count], [True])
    with movement.counting(code, count) as index:
        number = code.binary("add", first, code.binary("mul", index, by))
        address = writer.memory.address(made, index)
        movement.write(code, dtype, convert(code, number, INT, dtype), address)
    return made


__all__ = ["let"]
