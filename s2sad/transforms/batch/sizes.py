"""Sizes as values: finding, among what is in scope, an expression for a symbolic dim."""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Const, Let, Var, array_type
from s2sad.ir.primitives import undef, zeros
from s2sad.ir.types import Array, Dim, Scalar, Size, symbol
from s2sad.rules.elementwise import add, mul


class Sizes:
    """What is in scope, and the sizes it knows. `mark` and `back` follow the nesting of blocks."""

    def __init__(self, builder: Builder) -> None:
        self.builder = builder
        self._scope: list[Var] = []
        self._given: list[tuple[Dim | None, Atom]] = []

    def note(self, *values: Atom) -> None:
        """These values are in scope from here on."""
        self._scope.extend(v for v in values if isinstance(v, Var))

    def mark(self) -> tuple[int, int]:
        return len(self._scope), len(self._given)

    def back(self, mark: tuple[int, int]) -> None:
        del self._scope[mark[0] :]
        del self._given[mark[1] :]

    def learn(self, block: Block, here: Iterable[tuple[Var, Atom]]) -> None:
        """Allocations in a block that is about to be nested tell which value in scope is which size."""
        known = dict[Atom, Atom](here)
        for stmt in walk.statements(block):
            if isinstance(stmt, Let) and stmt.prim in (zeros, undef):
                dims = array_type(stmt.targets[0]).dims
                self._given.extend((d, known[a]) for d, a in zip(dims, stmt.args, strict=True) if a in known)

    def atom(self, size: Dim | None) -> Atom | None:
        """A value for a dim, written where the builder stands; None when nothing in scope tells."""
        if isinstance(size, int):
            return Const(size)
        if size is None:
            return None
        found = self._whole(size)
        return found if found is not None else self._sum(size)

    def _whole(self, size: Size) -> Atom | None:
        for known, atom in self._given:
            if known == size:
                return atom
        for v in self._scope:
            match v.type:
                case Scalar(dtype=dtype) if dtype.kind in "iu" and symbol(v.name) == size:
                    return v
                case Array(dims=dims) if size in dims:
                    return self.builder.dim_atom(v, dims.index(size))
        return None

    def _sum(self, size: Size) -> Atom | None:
        """The linear form, symbol by symbol."""
        if len(size.terms) == 1 and size.terms[0][1] == 1 and size.constant == 0:
            return None
        total: Atom = Const(size.constant)
        for s, coefficient in size.terms:
            part = self._whole(Size(((s, 1),)))
            if part is None:
                return None
            if coefficient != 1:
                part = self.builder.emit(mul, (part, Const(coefficient)))
            total = part if total == Const(0) else self.builder.emit(add, (part, total))
        return total
