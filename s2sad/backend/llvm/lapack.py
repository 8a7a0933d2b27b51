"""LAPACK, by the functions that Numba's runtime exports and calls itself.

Those go by columns: a matrix that lies in rows is given to them as its transpose, or is turned over where that is not
the same problem. They hold no lock of Python's while they work, and return 0, or how they failed: below 0 where they
could not be called.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import indexing, movement
from s2sad.backend.llvm.code import I8, I32, Value, i64
from s2sad.backend.llvm.values import View
from s2sad.ir.types import INT

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

LETTERS = {"f": "s", "d": "d", "F": "c", "D": "z"}
"""What LAPACK calls the dtypes that it works on."""


def letter(text: str) -> Value:
    """An argument of one letter."""
    return Value(str(ord(text)), I8)


class Lapack:
    """The routines for numbers of one dtype."""

    def __init__(self, writer: Writer, dtype: np.dtype) -> None:
        self.writer, self.code, self.dtype = writer, writer.code, dtype

    def call(self, routine: str, *args: Value, failing: str) -> None:
        """Call a routine, and fail with the error `failing` where it fails."""
        status = self.status(routine, *args)
        self.writer.faults.unless(self.code.compare("icmp eq", status, Value("0", I32)), failing)

    def status(self, routine: str, *args: Value) -> Value:
        """Call a routine, for what it returns if it could be called."""
        status = self.code.call(I32, routine, letter(LETTERS[self.dtype.char]), *args)
        self.writer.faults.unless(self.code.compare("icmp sge", status, Value("0", I32)), "blas")
        return status

    def step(self, size: Value) -> Value:
        """How far columns of that many elements lie apart: it may not be 0."""
        return i64(max(int(size.text), 1)) if size.text.isdigit() else self.code.larger(size, i64(1))

    def matrix(self, rows: Value, columns: Value) -> View:
        """Memory for a matrix, by rows."""
        return self.writer.memory.allocate(self.dtype, (rows, columns), (True, True))

    def pivots(self, count: Value) -> View:
        """Memory for so many of LAPACK's integers, of whatever size they are."""
        return self.writer.memory.allocate(INT, (count,), (True,))


def integer() -> str:
    """The type of LAPACK's integers."""
    from numba.np.linalg import F_INT_nptype

    return f"i{8 * np.dtype(F_INT_nptype).itemsize}"


# -- matrices


def square(writer: Writer, view: View) -> tuple[View, Value]:
    """A matrix, or a stack of matrices, and its size. Fails where there are not as many rows as columns."""
    *stack, rows, columns = view.shape
    if rows != columns:
        writer.faults.unless(writer.code.compare("icmp eq", rows, columns), "not square")
    size = columns if columns.text.isdigit() else rows
    return replace(view, shape=(*stack, size, size)), size


def converted(writer: Writer, view: View, dtype: np.dtype) -> View:
    """A view with numbers of that dtype; a copy where they are others."""
    if view.dtype == dtype:
        return view
    out = writer.memory.allocate(dtype, view.shape, [True] * len(view.shape))
    movement.copy(writer, out, view)
    return out


def turned(writer: Writer, view: View) -> View:
    """A matrix transposed, in place."""
    found = indexing.reordered(writer, view, (1, 0))
    assert found.strides is not None
    lies_in_rows = found.strides[1].text == "1" and found.strides[0] == found.shape[1]
    return replace(found, strides=None) if lies_in_rows else found


def part(writer: Writer, view: View, at: Sequence[Value]) -> View:
    """One of a stack: what lies at the first indexes."""
    if not at:
        return view
    strides = writer.memory.strides(view)
    offset = i64(0)
    for index, stride in zip(at, strides, strict=False):
        offset = writer.code.add(offset, writer.code.mul(index, stride))
    kept = None if view.strides is None else strides[len(at) :]
    data = writer.memory.address(view, offset)
    return replace(view, data=data, shape=view.shape[len(at) :], strides=kept)


def stack_shape(writer: Writer, left: Sequence[Value], right: Sequence[Value]) -> list[Value]:
    """The sizes of two stacks that are broadcast together."""
    rank = max(len(left), len(right))
    padded = [[i64(1)] * (rank - len(sizes)) + list(sizes) for sizes in (left, right)]
    code = writer.code
    return [
        a if a == b or b.text == "1" else b if a.text == "1" else
        code.select(code.compare("icmp eq", a, i64(1)), b, a)
        for a, b in zip(*padded, strict=True)
    ]  # fmt: skip


def empty(writer: Writer, dtype: np.dtype, shape: Sequence[Value]) -> View:
    """Memory for an array."""
    return writer.memory.allocate(dtype, shape, [True] * len(shape))


def each_matrix(writer: Writer, stack: Sequence[Value], do: Callable[..., None], *views: View) -> None:
    """Do something with the matrices of stacks, one at a time."""
    movement.each(writer.code, stack, lambda at: do(*(part(writer, view, at) for view in views)))


__all__ = [
    "LETTERS", "Lapack", "converted", "each_matrix", "empty", "integer", "letter", "part", "square", "stack_shape",
    "turned",
]  # fmt: skip
