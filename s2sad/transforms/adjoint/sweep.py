"""A reverse sweep as its constructs see it: where it writes, the cotangents of the block it is in, and how it goes on.

`adjoint` is the sweep; `loops`, `checkpointing` and `calls` reverse one construct each, and are handed it.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable

from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Stmt, Var
from s2sad.transforms.adjoint.cotangents import ZERO, Cotangents


class Sweep(ABC):
    """The reverse sweep, written through `builder`; `bars` are the cotangents of the block it is in.

    `replaying`: the block it is in runs its part of the forward sweep again, so nothing in it need do so once more.
    """

    def __init__(self, builder: Builder, bars: Cotangents) -> None:
        self.builder = builder
        self.bars = bars
        self.replaying = False

    @abstractmethod
    def statement(self, stmt: Stmt) -> None:
        """Reverse a statement."""

    def block(self, block: Iterable[Stmt]) -> None:
        """Reverse a block."""
        for stmt in reversed(tuple(block)):
            self.builder.pos = getattr(stmt, "pos", None)
            self.statement(stmt)

    def seed(self, var: Var) -> Atom | None:
        """The cotangent of a variable whose definition is being reversed, or None where it is zero."""
        bar = self.bars.whole(var) if self.bars[var] != ZERO else None
        self.bars.take(var)
        return bar
