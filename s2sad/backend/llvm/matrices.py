"""Functions of matrices that LAPACK computes: which of them there are, and for what types."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s2sad.backend.llvm import decompositions, determinants, systems
from s2sad.backend.llvm.lapack import LETTERS
from s2sad.ir.nodes import Let
from s2sad.ir.types import Array

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

TABLE = systems.TABLE | determinants.TABLE | decompositions.TABLE


def let(writer: Writer, stmt: Let) -> bool:
    """Write a function of matrices; False where it is none, or has no routines for these types."""
    write = TABLE.get(stmt.prim)
    if write is None or not all(isinstance(a.type, Array) and a.type.dtype.kind in "biufc" for a in stmt.args):
        return False
    if stmt.targets[0].type.dtype.char not in LETTERS:
        return False
    return write(writer, stmt)


__all__ = ["let"]
