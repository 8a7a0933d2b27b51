"""Decompositions of matrices and of stacks of them: eigenvalues of Hermitian ones, singular values, QR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import movement, triangles
from s2sad.backend.llvm.code import Value, i64
from s2sad.backend.llvm.lapack import Lapack, converted, each_matrix, empty, letter, square, turned
from s2sad.backend.llvm.values import View
from s2sad.ir.nodes import Let
from s2sad.ir.primitives import Primitive
from s2sad.rules import decompositions

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer


def _eigh(writer: Writer, stmt: Let) -> bool:
    dtype = stmt.targets[1].type.dtype
    a, n = square(writer, writer.view(stmt.args[0]))
    a = converted(writer, a, dtype)
    lapack = Lapack(writer, dtype)
    values, vectors = empty(writer, stmt.targets[0].type.dtype, a.shape[:-1]), empty(writer, dtype, a.shape)
    work, step = lapack.matrix(n, n), lapack.step(n)
    triangle = letter("U" if dict(stmt.params).get("upper") else "L")

    def one(a: View, values: View, vectors: View) -> None:
        triangles.check_finite(writer, a)
        movement.copy(writer, work, turned(writer, a))
        args = (letter("V"), triangle, n, work.data, step, values.data)
        lapack.call("numba_ez_xxxevd", *args, failing="eigenvalues")
        movement.copy(writer, vectors, turned(writer, work))

    each_matrix(writer, a.shape[:-2], one, a, values, vectors)
    writer.env.update(zip(stmt.targets, (values, vectors), strict=True))
    return True


def _not_empty(writer: Writer, rows: Value, columns: Value) -> None:
    """LAPACK takes no empty matrices here."""
    for size in (rows, columns):
        writer.faults.unless(writer.code.compare("icmp sgt", size, i64(0)), "empty matrix")


class Singular:
    """Singular values of matrices of one size, and the memory that it takes to find them."""

    def __init__(self, writer: Writer, dtype: np.dtype, rows: Value, columns: Value) -> None:
        self.writer, self.rows, self.columns = writer, rows, columns
        self.lapack = Lapack(writer, dtype)
        self.count = rows if rows == columns else writer.code.smaller(rows, columns)
        self._work = self.lapack.matrix(columns, rows)
        self.left, self.right = self.lapack.matrix(self.count, rows), self.lapack.matrix(columns, self.count)
        """The singular vectors, by columns."""
        _not_empty(writer, rows, columns)

    def find(self, a: View, values: View) -> None:
        """Write the values of a matrix."""
        triangles.check_finite(self.writer, a)
        movement.copy(self.writer, self._work, turned(self.writer, a))
        left, right = (self.left.data, self.rows), (self.right.data, self.count)
        args = (self.rows, self.columns, self._work.data, self.rows, values.data, *left, *right)
        self.lapack.call("numba_ez_gesdd", letter("S"), *args, failing="singular values")


def _svd(writer: Writer, stmt: Let) -> bool:
    dtype = stmt.targets[0].type.dtype
    a = converted(writer, writer.view(stmt.args[0]), dtype)
    *stack, rows, columns = a.shape
    found = Singular(writer, dtype, rows, columns)
    left, right = (empty(writer, dtype, (*stack, *shape)) for shape in ((rows, found.count), (found.count, columns)))
    values = empty(writer, stmt.targets[1].type.dtype, (*stack, found.count))

    def one(a: View, left: View, values: View, right: View) -> None:
        found.find(a, values)
        movement.copy(writer, left, turned(writer, found.left))
        movement.copy(writer, right, turned(writer, found.right))

    each_matrix(writer, stack, one, a, left, values, right)
    writer.env.update(zip(stmt.targets, (left, values, right), strict=True))
    return True


def _qr(writer: Writer, stmt: Let) -> bool:
    code, memory, dtype = writer.code, writer.memory, stmt.targets[0].type.dtype
    a = converted(writer, writer.view(stmt.args[0]), dtype)
    *stack, rows, columns = a.shape
    _not_empty(writer, rows, columns)
    count = rows if rows == columns else code.smaller(rows, columns)
    q, r = (empty(writer, dtype, (*stack, *shape)) for shape in ((rows, count), (count, columns)))
    lapack = Lapack(writer, dtype)
    work, scales = lapack.matrix(columns, rows), empty(writer, dtype, (count,))

    def one(a: View, q: View, r: View) -> None:
        triangles.check_finite(writer, a)
        movement.copy(writer, work, turned(writer, a))
        lapack.call("numba_ez_geqrf", rows, columns, work.data, rows, scales.data, failing="blas")
        movement.copy(writer, r, replace(turned(writer, work), shape=r.shape))
        with movement.counting(code, count) as i:
            place = memory.address(r, code.mul(i, columns))
            size = code.mul(i, i64(dtype.itemsize))
            code.clear(place, size)
        lapack.call("numba_ez_xxgqr", rows, count, count, work.data, rows, scales.data, failing="blas")
        movement.copy(writer, q, turned(writer, replace(work, shape=(count, rows))))

    each_matrix(writer, stack, one, a, q, r)
    writer.env.update(zip(stmt.targets, (q, r), strict=True))
    return True


TABLE: dict[Primitive, Callable[[Writer, Let], bool]] = {
    decompositions.eigh: _eigh,
    decompositions.svd: _svd,
    decompositions.qr: _qr,
}


__all__ = ["TABLE", "Singular"]
