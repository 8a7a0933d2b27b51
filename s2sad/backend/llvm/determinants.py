"""Determinants by the diagonals of triangular factors, and matrices of cofactors."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import movement, scalars, triangles
from s2sad.backend.llvm.code import I64, Value, i64
from s2sad.backend.llvm.decompositions import Singular
from s2sad.backend.llvm.lapack import Lapack, converted, each_matrix, empty, integer, letter, part, square, turned
from s2sad.backend.llvm.values import Complex, Number, View, constant, memory_type, number_of, part_dtype, parts_of
from s2sad.ir.nodes import Let, array_type
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import FLOAT
from s2sad.rules import elementwise, linalg

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer


def _determinant(writer: Writer, stmt: Let) -> bool:
    """The determinant, or its sign (a number of absolute value 1) and the logarithm of its absolute value."""
    code, memory = writer.code, writer.memory
    result = stmt.targets[0].type
    a, n = square(writer, writer.view(stmt.args[0]))
    a = converted(writer, a, result.dtype)
    walk = Diagonal(writer, result.dtype, n)
    stack, whole = a.shape[:-2], stmt.prim is linalg.det
    outs = [empty(writer, t.type.dtype, stack) for t in stmt.targets] if stack else []
    found: list[Number] = []

    def one(at: list[Value]) -> None:
        numbers = walk.found(part(writer, a, at), whole)
        for out, number in zip(outs, numbers, strict=False):
            movement.write(code, out.dtype, number, memory.address(out, memory.offset(out, at)))
        found.extend(numbers)

    movement.each(code, stack, one)
    writer.env.update(zip(stmt.targets, outs or found, strict=True))
    return True


class Diagonal:
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
        parts = [code.binary("fmul", p, size) for p in parts_of(sign)]
        return [self._narrow(number_of(parts))]

    def _sign(self) -> Number:
        return number_of([self.code.load("double", p) for p in self.sign])

    def _set_sign(self, number: Number) -> None:
        for part_, place in zip(parts_of(number), self.sign, strict=True):
            self.code.store(part_, place)

    def _is_zero(self, number: Number) -> Value:
        found = [
            self.code.compare("fcmp oeq", p, Value("0.0", "double"))
            for p in parts_of(number)
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


# -- cofactors


def _cofactor(writer: Writer, stmt: Let) -> bool:
    """With ``x = u diag(s) vh``, ``det(u) det(vh) u diag(p) vh`` where p_i is the product of all s_j but s_i."""
    code, dtype = writer.code, array_type(stmt.targets[0]).dtype
    if dtype.kind == "c":
        return False
    a, n = square(writer, writer.view(stmt.args[0]))
    a = converted(writer, a, dtype)
    out, kind = empty(writer, dtype, a.shape), memory_type(dtype)
    singular, walk, lapack = Singular(writer, dtype, n, n), Diagonal(writer, dtype, n), Lapack(writer, dtype)
    values, product = empty(writer, dtype, (n,)), lapack.matrix(n, n)
    factor, none = code.alloca(kind), code.alloca(kind, Value("0.0", kind))

    def one(a: View, out: View) -> None:
        singular.find(a, values)
        whole = Value("1.0", kind)
        for matrix in (singular.left, singular.right):
            (sign,) = walk.found(matrix, whole=True)
            assert isinstance(sign, Value)
            whole = code.binary("fmul", whole, sign)
        with movement.counting(code, n) as i:
            code.store(Value("1.0", kind), factor)
            with movement.counting(code, n) as j:
                value = code.load(kind, code.element(kind, values.data, j))
                other = code.select(code.compare("icmp eq", i, j), Value("1.0", kind), value)
                code.store(code.binary("fmul", code.load(kind, factor), other), factor)
            column = code.element(kind, singular.left.data, code.mul(i, n))
            with movement.counting(code, n) as j:
                place = code.element(kind, column, j)
                code.store(code.binary("fmul", code.load(kind, place), code.load(kind, factor)), place)
        code.store(whole, factor)
        left, right = singular.left.data, singular.right.data
        args = (n, n, n, factor, left, n, right, n, none, product.data, n)
        lapack.call("numba_xxgemm", letter("n"), letter("n"), *args, failing="blas")
        movement.copy(writer, out, turned(writer, product))

    each_matrix(writer, a.shape[:-2], one, a, out)
    writer.env[stmt.targets[0]] = out
    return True


TABLE: dict[Primitive, Callable[[Writer, Let], bool]] = {
    linalg.det: _determinant,
    linalg.slogdet: _determinant,
    linalg.cofactor: _cofactor,
}


__all__ = ["TABLE", "Diagonal"]
