"""Elementwise primitives: on numbers by the table of instructions, on arrays in loops over the result's elements."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import indexing, movement, scalars
from s2sad.backend.llvm.code import Code, Value, i64
from s2sad.backend.llvm.values import Complex, Number, number_type, part_dtype
from s2sad.ir.nodes import Atom, Const, Let, array_type
from s2sad.ir.types import Array, List, Scalar, Type, above_one
from s2sad.rules import elementwise

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer


def let(writer: Writer, stmt: Let) -> bool:
    """Write an elementwise primitive; False where it is none, or has no instructions for these dtypes."""
    (target, *more), types = stmt.targets, [a.type for a in stmt.args]
    if not stmt.prim.elementwise or more or isinstance(target.type, List):
        return False
    common = common_dtype(types)
    if common is None or not all(_fits(a, common) for a in stmt.args):
        return False
    operation = _Operation(stmt, [t.dtype for t in types], common, writer.flags(stmt))
    if not operation.is_covered():
        return False
    if isinstance(target.type, Scalar):
        if not all(isinstance(t, Scalar) for t in types):
            return False
        _check_divisor(writer, stmt)
        writer.env[target] = operation.write(writer.code, [writer.number(a, a.type.dtype) for a in stmt.args])
        return True
    if not all(isinstance(t, Scalar | Array) for t in types):
        return False
    _loops(writer, stmt, operation)
    return True


class _Operation:
    """One primitive on numbers of certain dtypes."""

    def __init__(self, stmt: Let, sources: list[np.dtype], common: np.dtype, flags: str) -> None:
        self.stmt, self.sources, self.common, self.flags = stmt, sources, common, flags

    def _write(self, code: Code, args: Sequence[Number]) -> Number | None:
        result, params = self.stmt.targets[0].type.dtype, dict(self.stmt.params)
        return scalars.write(code, self.stmt.prim, args, self.sources, result, params, self.common, self.flags)

    def write(self, code: Code, args: Sequence[Number]) -> Number:
        """The instructions."""
        found = self._write(code, args)
        assert found is not None
        return found

    def is_covered(self) -> bool:
        """Whether there are any."""
        return self.stmt.prim in scalars.TABLE and self._write(Code(), [some(d) for d in self.sources]) is not None


def some(dtype: np.dtype) -> Number:
    """A number that is nothing in particular."""
    if dtype.kind == "c":
        part = number_type(part_dtype(dtype))
        return Complex(Value("%any", part), Value("%any", part))
    return Value("%any", number_type(dtype))


def _check_divisor(writer: Writer, stmt: Let) -> None:
    """Python's integers are not divided by zero."""
    if stmt.prim not in (elementwise.mod, elementwise.floordiv):
        return
    divisor = stmt.args[1]
    python = all(a.type.dtype.kind in "ib" and a.type.weak for a in stmt.args)
    if python and not (isinstance(divisor, Const) and divisor.value != 0):
        writer.faults.unless(writer.truth(divisor), "division")


def _loops(writer: Writer, stmt: Let, operation: _Operation) -> None:
    """The primitive on arrays, broadcast."""
    code, memory, (target,) = writer.code, writer.memory, stmt.targets
    arrays = [a for a in stmt.args if isinstance(a.type, Array)]
    shape = _broadcast_shape(writer, arrays, len(array_type(target).dims))
    out = memory.allocate(target.type.dtype, shape, [True] * len(shape))
    views = {a: indexing.stretched(writer, writer.view(a), shape) for a in arrays}
    numbers = {a: writer.number(a, a.type.dtype) for a in stmt.args if a not in views}

    def one(at: list[Value]) -> None:
        args = [
            movement.element(writer, views[a], at) if a in views else numbers[a] for a in stmt.args
        ]
        place = memory.address(out, memory.offset(out, at))
        movement.write(code, out.dtype, operation.write(code, args), place)

    movement.each(code, shape, one)
    writer.env[target] = out


def _broadcast_shape(writer: Writer, arrays: Sequence[Atom], rank: int) -> list[Value]:
    """The sizes that arrays have together."""
    code, shape = writer.code, [i64(1)] * rank
    sure = [False] * rank
    for atom in arrays:
        type_, view = array_type(atom), writer.view(atom)
        for k, (size, d) in enumerate(zip(view.shape, type_.dims, strict=True), rank - len(view.shape)):
            if sure[k] or size.text == "1":
                continue
            if (d is not None and above_one(d)) or shape[k].text == "1":
                shape[k], sure[k] = size, d is not None and above_one(d)
            elif size != shape[k]:
                shape[k] = code.select(code.compare("icmp eq", shape[k], i64(1)), size, shape[k])
    return shape


def common_dtype(types: Sequence[Type]) -> np.dtype | None:
    """The dtype in which numbers are compared; None where no dtype holds them all."""
    weak = {"b": False, "i": 0, "f": 0.0, "c": 0j}
    parts = [weak[t.dtype.kind] if t.weak else t.dtype for t in types]
    if all(t.weak for t in types):
        return np.result_type(*(t.dtype for t in types))
    found = np.result_type(*parts)
    whole = all(t.dtype.kind in "iub" for t in types)
    return None if whole and found.kind == "f" else found


def _fits(atom: Atom, dtype: np.dtype) -> bool:
    """Whether a Python integer is one that the dtype has."""
    if not isinstance(atom, Const) or dtype.kind not in "iu" or not isinstance(atom.value, int):
        return True
    info = np.iinfo(dtype)
    return bool(info.min <= atom.value <= info.max)


__all__ = ["common_dtype", "let"]
