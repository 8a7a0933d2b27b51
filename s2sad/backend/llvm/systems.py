"""Linear systems, inverses and Cholesky factors, of matrices and of stacks of them.

A triangular matrix is found to be one, as MATLAB's backslash does, and takes substitution; all others go to LAPACK, as
NumPy's do. Errors are NumPy's, but for what is infinite or nan: that is refused, as by Numba.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import indexing, movement, triangles
from s2sad.backend.llvm.code import FALSE, I1, Value, i64
from s2sad.backend.llvm.lapack import (
    Lapack,
    converted,
    each_matrix,
    empty,
    letter,
    square,
    stack_shape,
    turned,
)
from s2sad.backend.llvm.values import View, constant
from s2sad.ir.nodes import Let, array_type
from s2sad.ir.primitives import Primitive
from s2sad.rules import decompositions, linalg

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

SUBSTITUTED = 2**24
"""Up to how many multiplications a triangular system with a matrix on the right takes substitution, which goes row by
row; beyond, LAPACK's blocks are faster though they do more."""


def _triangular(writer: Writer, matrix: View, columns: Value) -> tuple[Value, Value]:
    """Whether a system takes substitution, and whether its matrix is a lower triangle."""
    code = writer.code
    kind = triangles.triangle(writer, matrix)
    found = code.compare("icmp ne", kind, i64(triangles.NEITHER))
    if columns.text != "1":
        work = code.product((matrix.shape[0], matrix.shape[0], columns))
        small = code.compare("icmp sle", work, i64(SUBSTITUTED))
        found = code.binary("and", found, code.binary("or", small, code.compare("icmp eq", work, i64(0))))
    return found, code.compare("icmp eq", kind, i64(triangles.LOWER))


# -- systems


def _solve(writer: Writer, stmt: Let) -> bool:
    code, dtype = writer.code, array_type(stmt.targets[0]).dtype
    a, n = square(writer, writer.view(stmt.args[0]))
    b = writer.view(stmt.args[1])
    rank = 1 if len(b.shape) == 1 else 2
    rows, own = b.shape[-rank], b.shape[len(b.shape) - rank :]
    if rows != n:
        writer.faults.unless(code.compare("icmp eq", rows, n), "system", n, rows)
    stack = stack_shape(writer, a.shape[:-2], b.shape[:-rank])
    own = (n, *own[1:])
    b = View(b.dtype, b.data, (*b.shape[:-rank], *own), b.strides, b.owner)
    a, b = (converted(writer, view, dtype) for view in (a, b))
    out = empty(writer, dtype, (*stack, *own))
    system = _System(writer, dtype, n, own)
    left, right = indexing.stretched(writer, a, [*stack, n, n]), indexing.stretched(writer, b, [*stack, *own])
    each_matrix(writer, stack, system.solve, left, right, out)
    writer.env[stmt.targets[0]] = out
    return True


class _System:
    """``a @ x = b`` with matrices of one size, and the memory that it takes to solve one."""

    def __init__(self, writer: Writer, dtype: np.dtype, n: Value, own: Sequence[Value]) -> None:
        self.writer, self.n = writer, n
        self.lapack = Lapack(writer, dtype)
        self.factors, self.pivots = self.lapack.matrix(n, n), self.lapack.pivots(n)
        self.columns = own[1] if len(own) == 2 else i64(1)
        self.turned = self.lapack.matrix(self.columns, n) if len(own) == 2 else None

    def solve(self, a: View, b: View, out: View) -> None:
        """Write the solution into `out`."""
        writer = self.writer
        triangles.check_finite(writer, a)
        triangles.check_finite(writer, b)
        triangular, lower = _triangular(writer, a, self.columns)

        def by_substitution() -> None:
            triangles.check_regular(writer, a)
            movement.copy(writer, out, b)
            triangles.substitute(writer, a, out, lower, FALSE)

        with movement.otherwise(writer.code, triangular, by_substitution):
            self._factorised(a, b, out)

    def _factorised(self, a: View, b: View, out: View) -> None:
        writer, n = self.writer, self.n
        movement.copy(writer, self.factors, turned(writer, a))
        right = out if self.turned is None else self.turned
        movement.copy(writer, right, b if self.turned is None else turned(writer, b))
        step = self.lapack.step(n)
        args = (self.columns, self.factors.data, step, self.pivots.data, right.data, step)
        self.lapack.call("numba_xgesv", n, *args, failing="singular")
        if self.turned is not None:
            movement.copy(writer, out, turned(writer, right))


def _solve_triangular(writer: Writer, stmt: Let) -> bool:
    code, dtype, params = writer.code, array_type(stmt.targets[0]).dtype, dict(stmt.params)
    a, n = square(writer, writer.view(stmt.args[0]))
    b = writer.view(stmt.args[1])
    if len(a.shape) != 2 or len(b.shape) > 2:
        return False
    if b.shape[0] != n:
        writer.faults.unless(code.compare("icmp eq", b.shape[0], n), "system", n, b.shape[0])
    out = empty(writer, dtype, (n, *b.shape[1:]))
    movement.copy(writer, out, b)
    lower, unit = (Value("true" if params.get(name) else "false", I1) for name in ("lower", "unit"))
    triangles.substitute(writer, converted(writer, a, dtype), out, lower, unit)
    writer.env[stmt.targets[0]] = out
    return True


def _inv(writer: Writer, stmt: Let) -> bool:
    dtype = array_type(stmt.targets[0]).dtype
    a, n = square(writer, writer.view(stmt.args[0]))
    a = converted(writer, a, dtype)
    lapack = Lapack(writer, dtype)
    out, factors, pivots = empty(writer, dtype, a.shape), lapack.matrix(n, n), lapack.pivots(n)

    def one(a: View, out: View) -> None:
        triangles.check_finite(writer, a)
        triangular, lower = _triangular(writer, a, n)

        def by_substitution() -> None:
            triangles.check_regular(writer, a)
            _identity(writer, out)
            triangles.substitute(writer, a, out, lower, FALSE, trimmed=True)

        with movement.otherwise(writer.code, triangular, by_substitution):  # as every empty matrix is
            movement.copy(writer, factors, turned(writer, a))
            lapack.call("numba_xxgetrf", n, n, factors.data, n, pivots.data, failing="singular")
            lapack.call("numba_ez_xxgetri", n, factors.data, n, pivots.data, failing="singular")
            movement.copy(writer, out, turned(writer, factors))

    each_matrix(writer, a.shape[:-2], one, a, out)
    writer.env[stmt.targets[0]] = out
    return True


def _identity(writer: Writer, out: View) -> None:
    """Make a contiguous matrix the identity."""
    code, memory = writer.code, writer.memory
    size = code.mul(code.product(out.shape), i64(out.dtype.itemsize))
    code.clear(out.data, size)
    with movement.counting(code, out.shape[0]) as i:
        place = memory.address(out, memory.offset(out, (i, i)))
        movement.write(code, out.dtype, constant(1, out.dtype), place)


# -- Cholesky factor


def _cholesky(writer: Writer, stmt: Let) -> bool:
    code, memory, dtype = writer.code, writer.memory, array_type(stmt.targets[0]).dtype
    a, n = square(writer, writer.view(stmt.args[0]))
    lapack, out = Lapack(writer, dtype), empty(writer, dtype, a.shape)
    step = lapack.step(n)

    def one(a: View, out: View) -> None:
        movement.copy(writer, out, a)
        # by columns it is the transpose, of whose upper triangle the factor is the transpose of ours
        lapack.call("numba_xxpotrf", letter("U"), n, out.data, step, failing="not definite")
        with movement.counting(code, n) as i:
            first = code.add(i, i64(1))
            size = code.mul(code.sub(n, first), i64(dtype.itemsize))
            place = memory.address(out, code.add(code.mul(i, n), first))
            code.clear(place, size)

    each_matrix(writer, a.shape[:-2], one, a, out)
    writer.env[stmt.targets[0]] = out
    return True


TABLE: dict[Primitive, Callable[[Writer, Let], bool]] = {
    linalg.solve: _solve,
    linalg.inv: _inv,
    linalg.cholesky: _cholesky,
    decompositions.solve_triangular: _solve_triangular,
}


__all__ = ["TABLE"]
