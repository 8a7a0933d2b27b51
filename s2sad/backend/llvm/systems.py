"""Linear systems, inverses, determinants and Cholesky factors, of matrices and of stacks of them.

A triangular matrix is found to be one, as MATLAB's backslash does, and takes substitution; all others go to LAPACK, as
NumPy's do. Errors are NumPy's, but for what is infinite or nan: that is refused, as by Numba.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import indexing, movement, scalars, triangles
from s2sad.backend.llvm.code import FALSE, I1, I8, I64, Value, i64
from s2sad.backend.llvm.lapack import (
    LETTERS,
    Lapack,
    converted,
    integer,
    letter,
    part,
    square,
    stack_shape,
    turned,
)
from s2sad.backend.llvm.values import Complex, Number, View, constant, memory_type, part_dtype
from s2sad.ir.nodes import Let, array_type
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import FLOAT, Array
from s2sad.rules import decompositions, elementwise, linalg

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

SUBSTITUTED = 2**24
"""Up to how many multiplications a triangular system with a matrix on the right takes substitution, which goes row by
row; beyond, LAPACK's blocks are faster though they do more."""


def let(writer: Writer, stmt: Let) -> bool:
    """Write one of them; False where it is none, or has no routines for these types."""
    write = TABLE.get(stmt.prim)
    if write is None or not all(isinstance(a.type, Array) and a.type.dtype.kind in "biufc" for a in stmt.args):
        return False
    if stmt.targets[0].type.dtype.char not in LETTERS:
        return False
    return write(writer, stmt)


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


def _empty(writer: Writer, dtype: np.dtype, shape: Sequence[Value]) -> View:
    return writer.memory.allocate(dtype, shape, [True] * len(shape))


def _each(writer: Writer, stack: Sequence[Value], do: Callable[..., None], *views: View) -> None:
    """Do something with the matrices of stacks, one at a time."""
    movement.each(writer.code, stack, lambda at: do(*(part(writer, view, at) for view in views)))


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
    out = _empty(writer, dtype, (*stack, *own))
    system = _System(writer, dtype, n, own)
    left, right = indexing.stretched(writer, a, [*stack, n, n]), indexing.stretched(writer, b, [*stack, *own])
    _each(writer, stack, system.solve, left, right, out)
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
    out = _empty(writer, dtype, (n, *b.shape[1:]))
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
    out, factors, pivots = _empty(writer, dtype, a.shape), lapack.matrix(n, n), lapack.pivots(n)

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

    _each(writer, a.shape[:-2], one, a, out)
    writer.env[stmt.targets[0]] = out
    return True


def _identity(writer: Writer, out: View) -> None:
    """Make a contiguous matrix the identity."""
    code, memory = writer.code, writer.memory
    size = code.mul(code.product(out.shape), i64(out.dtype.itemsize))
    code.call("void", "llvm.memset.p0.i64", out.data, Value("0", I8), size, FALSE)
    with movement.counting(code, out.shape[0]) as i:
        place = memory.address(out, memory.offset(out, (i, i)))
        movement.write(code, out.dtype, constant(1, out.dtype), place)


# -- Cholesky factor


def _cholesky(writer: Writer, stmt: Let) -> bool:
    code, memory, dtype = writer.code, writer.memory, array_type(stmt.targets[0]).dtype
    a, n = square(writer, writer.view(stmt.args[0]))
    lapack, out = Lapack(writer, dtype), _empty(writer, dtype, a.shape)
    step = lapack.step(n)

    def one(a: View, out: View) -> None:
        movement.copy(writer, out, a)
        # by columns it is the transpose, of whose upper triangle the factor is the transpose of ours
        lapack.call("numba_xxpotrf", letter("U"), n, out.data, step, failing="not definite")
        with movement.counting(code, n) as i:
            first = code.add(i, i64(1))
            size = code.mul(code.sub(n, first), i64(dtype.itemsize))
            place = memory.address(out, code.add(code.mul(i, n), first))
            code.call("void", "llvm.memset.p0.i64", place, Value("0", I8), size, FALSE)

    _each(writer, a.shape[:-2], one, a, out)
    writer.env[stmt.targets[0]] = out
    return True


# -- determinants


def _determinant(writer: Writer, stmt: Let) -> bool:
    """The determinant, or its sign (a number of absolute value 1) and the logarithm of its absolute value."""
    code, memory = writer.code, writer.memory
    result = stmt.targets[0].type
    a, n = square(writer, writer.view(stmt.args[0]))
    a = converted(writer, a, result.dtype)
    walk = _Diagonal(writer, result.dtype, n)
    stack, whole = a.shape[:-2], stmt.prim is linalg.det
    outs = [_empty(writer, t.type.dtype, stack) for t in stmt.targets] if stack else []
    found: list[Number] = []

    def one(at: list[Value]) -> None:
        numbers = walk.found(part(writer, a, at), whole)
        for out, number in zip(outs, numbers, strict=False):
            movement.write(code, out.dtype, number, memory.address(out, memory.offset(out, at)))
        found.extend(numbers)

    movement.each(code, stack, one)
    writer.env.update(zip(stmt.targets, outs or found, strict=True))
    return True


class _Diagonal:
    """Determinants by the diagonals of triangular factors, and the memory that it takes to find one."""

    def __init__(self, writer: Writer, dtype: np.dtype, n: Value) -> None:
        self.writer, self.code, self.dtype, self.n = writer, writer.code, dtype, n
        self.part = part_dtype(dtype) if dtype.kind == "c" else dtype
        self.wide = np.dtype(complex) if dtype.kind == "c" else FLOAT
        self.lapack = Lapack(writer, dtype)
        self.factors, self.pivots = self.lapack.matrix(n, n), self.lapack.pivots(n)
        self.sign = [self.code.alloca("double") for _ in range(2 if dtype.kind == "c" else 1)]
        self.log = self.code.alloca("double")

    def found(self, a: View, whole: bool) -> list[Number]:
        """What is asked for, of one matrix."""
        writer, code = self.writer, self.code
        triangles.check_finite(writer, a)
        kind = triangles.triangle(writer, a)
        triangular = code.compare("icmp ne", kind, i64(triangles.NEITHER))
        with movement.otherwise(writer.code, triangular, lambda: self._walk(a)):
            movement.copy(writer, self.factors, turned(writer, a))
            self.lapack.status("numba_xxgetrf", self.n, self.n, self.factors.data, self.n, self.pivots.data)
            self._walk(self.factors)
            self._permuted()
        sign, log = self._sign(), code.load("double", self.log)
        none = self._is_zero(sign)
        infinite = constant(-np.inf, FLOAT)
        assert isinstance(infinite, Value)
        log = code.select(none, infinite, log)
        if not whole:
            return [self._narrow(sign), self._rounded(log)]
        size = self._computed(elementwise.exp, [log], FLOAT)
        assert isinstance(size, Value)
        parts = [code.binary("fmul", p, size) for p in (sign if isinstance(sign, Complex) else (sign,))]
        return [self._narrow(parts[0] if len(parts) == 1 else Complex(*parts))]

    def _sign(self) -> Number:
        parts = [self.code.load("double", p) for p in self.sign]
        return parts[0] if len(parts) == 1 else Complex(*parts)

    def _set_sign(self, number: Number) -> None:
        for part_, place in zip(number if isinstance(number, Complex) else (number,), self.sign, strict=True):
            self.code.store(part_, place)

    def _is_zero(self, number: Number) -> Value:
        found = [
            self.code.compare("fcmp oeq", p, Value("0.0", "double"))
            for p in (number if isinstance(number, Complex) else (number,))
        ]
        return found[0] if len(found) == 1 else self.code.binary("and", *found)

    def _computed(self, prim: Primitive, args: Sequence[Number], result: np.dtype) -> Number:
        dtype = self.wide if isinstance(args[0], Complex) else FLOAT
        found = scalars.write(self.code, prim, args, [dtype] * len(args), result, {}, dtype)
        assert found is not None
        return found

    def _rounded(self, number: Value) -> Value:
        return number if self.part == FLOAT else self.code.cast("fptrunc", number, memory_type(self.part))

    def _narrow(self, number: Number) -> Number:
        if isinstance(number, Complex):
            return Complex(*(self._rounded(p) for p in number))
        return self._rounded(number)

    def _walk(self, matrix: View) -> None:
        """Along the diagonal: the sign of the product of its elements, and the logarithm of its size."""
        writer, code = self.writer, self.code
        self._set_sign(constant(1, self.wide))
        code.store(Value("0.0", "double"), self.log)
        with movement.counting(code, self.n) as i:
            x = _wide(writer, movement.element(writer, matrix, (i, i)))
            size = self._computed(elementwise.abs_, [x], FLOAT)
            assert isinstance(size, Value)
            none = code.compare("fcmp oeq", size, Value("0.0", "double"))
            whole = code.select(none, Value("1.0", "double"), size)
            if isinstance(x, Complex):
                unit: Number = Complex(*(code.binary("fdiv", p, whole) for p in x))
            else:
                unit = code.binary("fdiv", x, whole)
            self._set_sign(self._computed(elementwise.mul, [self._sign(), unit], self.wide))
            log = self._computed(elementwise.log, [size], FLOAT)
            assert isinstance(log, Value)
            code.store(code.binary("fadd", code.load("double", self.log), log), self.log)

    def _permuted(self) -> None:
        """Turn the sign for each row that was exchanged with another."""
        code, kind = self.code, integer()
        with movement.counting(code, self.n) as i:
            pivot = code.load(kind, code.element(kind, self.pivots.data, i))
            own = code.add(i, i64(1))
            own = own if kind == I64 else code.cast("trunc", own, kind)
            moved = code.compare("icmp ne", pivot, own)
            for place in self.sign:
                sign = code.load("double", place)
                code.store(code.select(moved, code.value("double", f"fneg {sign}"), sign), place)


def _wide(writer: Writer, number: Number) -> Number:
    """A number in doubles."""
    if isinstance(number, Complex):
        return Complex(*(p if p.type == "double" else writer.code.cast("fpext", p, "double") for p in number))
    return number if number.type == "double" else writer.code.cast("fpext", number, "double")


TABLE: dict[Primitive, Callable[[Writer, Let], bool]] = {
    linalg.solve: _solve,
    linalg.inv: _inv,
    linalg.cholesky: _cholesky,
    linalg.det: _determinant,
    linalg.slogdet: _determinant,
    decompositions.solve_triangular: _solve_triangular,
}


__all__ = ["let"]
