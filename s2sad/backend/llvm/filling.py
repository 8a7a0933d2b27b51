"""Arrays filled with a number (`full`, `eye`, `broadcast_to`) or by counting, and sums over what was broadcast."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from s2sad.backend.llvm import control, indexing, movement
from s2sad.backend.llvm.code import Value, i64
from s2sad.backend.llvm.values import View, constant
from s2sad.ir.nodes import Const, Let, array_type
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import INT, Array, Scalar
from s2sad.rules import broadcasting, creation
from s2sad.transforms.adjoint.structure import numbering

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer


def let(writer: Writer, stmt: Let) -> bool:
    """Write one of them; False where it is none, or is left to NumPy's own."""
    write = TABLE.get(stmt.prim)
    return write is not None and isinstance(stmt.targets[0].type, Array) and write(writer, stmt)


def _made(writer: Writer, stmt: Let, dims: int, *, zero: bool = False) -> View:
    """The result, whose shape the arguments from number `dims` on give."""
    sizes = stmt.args[dims:]
    known = [writer.facts.at_least_zero(a) for a in sizes]
    shape = [writer.int64(a) for a in sizes]
    return writer.memory.allocate(stmt.targets[0].type.dtype, shape, known, zero=zero)


def _full(writer: Writer, stmt: Let) -> bool:
    (value, *_), (target,) = stmt.args, stmt.targets
    dtype = value.type.dtype
    if not isinstance(value.type, Scalar) or (dtype.kind == "c" and target.type.dtype.kind != "c"):
        return False
    out = _made(writer, stmt, 1)
    movement.fill(writer, out, writer.number(value, dtype), dtype)
    writer.env[target] = out
    return True


def _broadcast_to(writer: Writer, stmt: Let) -> bool:
    x = stmt.args[0]
    if isinstance(x.type, Scalar):
        return _full(writer, stmt)
    out = _made(writer, stmt, 1)
    movement.copy(writer, out, writer.view(x))
    writer.env[stmt.targets[0]] = out
    return True


def _eye(writer: Writer, stmt: Let) -> bool:
    code, memory, k = writer.code, writer.memory, int(dict(stmt.params).get("k", 0))
    out = _made(writer, stmt, 0, zero=True)
    rows, columns = out.shape
    down, across = i64(max(-k, 0)), i64(max(k, 0))
    count = code.smaller(code.sub(rows, down), code.sub(columns, across))
    with movement.counting(code, count) as i:
        place = memory.address(out, memory.offset(out, (code.add(i, down), code.add(i, across))))
        movement.write(code, out.dtype, constant(1, out.dtype), place)
    writer.env[stmt.targets[0]] = out
    return True


def _arange(writer: Writer, stmt: Let) -> bool:
    """Of integers; NumPy's floats are rounded in a way of their own."""
    code, memory = writer.code, writer.memory
    steady = isinstance(stmt.args[2], Const) and stmt.args[2].value != 0
    if not steady or any(a.type.dtype.kind != "i" for a in stmt.args):
        return False
    start, stop, step = (writer.int64(a) for a in stmt.args)
    count = control.trip_count(writer, start, stop, step)
    out = memory.allocate(stmt.targets[0].type.dtype, (count,), (True,))
    with movement.counting(code, count) as i:
        number = code.add(start, code.mul(i, step))
        place = View(out.dtype, memory.address(out, i), (), None, out.owner)
        movement.fill(writer, place, number, INT)
    writer.env[stmt.targets[0]] = out
    return True


def _numbering(writer: Writer, stmt: Let) -> bool:
    """0, 1, 2, ... in the order of the elements."""
    out = _made(writer, stmt, 0)
    with movement.counting(writer.code, writer.code.product(out.shape)) as i:
        movement.write(writer.code, out.dtype, i, writer.memory.address(out, i))
    writer.env[stmt.targets[0]] = out
    return True


def _unbroadcast(writer: Writer, stmt: Let) -> bool:
    """A copy where the shapes turn out to be one; else each element added where it was broadcast from."""
    code, g = writer.code, stmt.args[0]
    if not isinstance(g.type, Array) or g.type.dtype.kind not in "fc" or len(array_type(g).dims) < len(stmt.args) - 1:
        return False
    source = writer.view(g)
    out = _made(writer, stmt, 1)

    def copied() -> None:
        movement.copy(writer, out, replace(source, shape=out.shape))

    def summed() -> None:
        size = code.mul(code.product(out.shape), i64(out.dtype.itemsize))
        code.clear(out.data, size)
        movement.copy(writer, indexing.stretched(writer, out, source.shape), source, adding=True)

    if len(out.shape) < len(source.shape):
        summed()
    else:
        pairs = [(a, b) for a, b in zip(out.shape, source.shape, strict=True) if a != b]
        same = Value("true", "i1")
        for a, b in pairs:
            same = code.binary("and", same, code.compare("icmp eq", a, b))
        with movement.otherwise(code, same, copied):
            summed()
    writer.env[stmt.targets[0]] = out
    return True


TABLE: dict[Primitive, Callable[[Writer, Let], bool]] = {
    creation.full: _full,
    creation.eye: _eye,
    creation.arange: _arange,
    numbering: _numbering,
    broadcasting.broadcast_to: _broadcast_to,
    broadcasting.unbroadcast: _unbroadcast,
}


__all__ = ["let"]
