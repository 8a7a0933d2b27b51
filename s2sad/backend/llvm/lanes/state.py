"""What is kept of a loop in lanes while its body is written, and its numbers.

A number that differs from lane to lane is a vector; one that is the same in all, a number; an integer that grows by a
constant from lane to lane, that of the first lane.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import scalars
from s2sad.backend.llvm.code import I64, Value, vector, width_of
from s2sad.backend.llvm.conversions import convert
from s2sad.backend.llvm.lanes.varying import DIFFERENT, Plan
from s2sad.backend.llvm.mathematics.library import widths
from s2sad.backend.llvm.values import Complex, Number, View, constant, part_dtype
from s2sad.ir.nodes import Atom, Var
from s2sad.ir.types import INT
from s2sad.rules import elementwise

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

REGISTERS = 2
"""How many vector registers the lanes of a value take, in an outermost loop."""


def lanes_of_machine(*, nested: bool = False) -> int:
    """How many trips run at once; fewer in a loop inside another one, which more often has few."""
    return max(widths("double")) * (1 if nested else REGISTERS)


class Lanes:
    """A loop in lanes."""

    def __init__(self, writer: Writer, plan: Plan) -> None:
        self.writer, self.plan = writer, plan
        self.code, self.width = writer.code, plan.width
        self.mask: Value | None = None
        """The lanes that take part, inside a branch."""
        self.blocks: dict[tuple[Var, int], View] = {}
        """The rows of arrays that a block of trips keeps, lanes last."""

    @contextmanager
    def of_first(self) -> Iterator[None]:
        """What is written inside is of the first lane."""
        self.writer.lanes = None
        yield
        self.writer.lanes = self

    def number(self, atom: Var, found: Number) -> Number:
        """What a variable is in all lanes: one that grows from lane to lane is held as that of the first."""
        step = self.plan.step(atom)
        if not step or not isinstance(found, Value) or width_of(found.type):
            return found
        grown = ", ".join(f"i64 {k * step}" for k in range(self.width))
        return self.code.binary("add", self.code.splat(found, self.width), Value(f"<{grown}>", vector(I64, self.width)))

    def first(self, atom: Atom) -> Value:
        """An integer of the first lane; a vector where lanes have no step."""
        found = self.writer.env[atom] if isinstance(atom, Var) else constant(atom.value, INT)
        assert isinstance(found, Value)
        if isinstance(atom, Var) and atom.type.dtype != INT:
            converted = convert(self.code, found, atom.type.dtype, INT)
            assert isinstance(converted, Value)
            return converted
        return found

    def wide(self, number: Number) -> Number:
        """A number as one of every lane."""
        if isinstance(number, Complex):
            return Complex(*(self.code.splat(part, self.width) for part in number))
        return self.code.splat(number, self.width)

    def leaving(self, out: Var, atom: Atom) -> Number:
        """A number on its way into a phi for `out`, as what the phi is of."""
        if self.plan.step(out) is DIFFERENT:
            return self.wide(self.writer.number(atom, out.type.dtype))
        with self.of_first():
            return self.writer.number(atom, out.type.dtype)

    def chosen(self, mask: Value, a: Number, b: Number) -> Number:
        """`a` in the lanes of a mask, else `b`."""
        code = self.code
        if isinstance(a, Complex) and isinstance(b, Complex):
            return Complex(code.select(mask, a.re, b.re), code.select(mask, a.im, b.im))
        assert isinstance(a, Value) and isinstance(b, Value)
        return code.select(mask, a, b)

    def masked(self, number: Number, dtype: np.dtype) -> Number:
        """The number in the lanes that take part, in the others what adds nothing."""
        number = self.wide(number)
        if self.mask is None:
            return number
        zero = constant(0 if dtype.kind in "iub" else -0.0, dtype)
        if isinstance(zero, Complex):
            zero = Complex(zero.re, zero.re)
        return self.chosen(self.mask, number, zero)

    def sum(self, a: Number, b: Number, dtype: np.dtype, flags: str = "") -> Number:
        """``a + b`` of an array's dtype."""
        found = scalars.write(self.code, elementwise.add, [a, b], [dtype, dtype], dtype, {}, dtype, flags)
        assert found is not None
        return found

    def total(self, number: Number, dtype: np.dtype) -> Number:
        """The sum of all lanes."""
        if isinstance(number, Complex):
            part = part_dtype(dtype)
            return Complex(self._total(number.re, part), self._total(number.im, part))
        return self._total(number, dtype)

    def _total(self, number: Value, dtype: np.dtype) -> Value:
        if dtype.kind == "f":
            start = constant(-0.0, dtype)
            assert isinstance(start, Value)
            return self.code.reduced("fadd", number, start)
        return self.code.reduced("or" if dtype.kind == "b" else "add", number)


__all__ = ["Lanes", "lanes_of_machine"]
