"""Functions of ours on matrices, written once a module: whether one is triangular, and the systems that those are.

A matrix is given as its address and the steps from row to row and from column to column, in elements.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import movement, scalars
from s2sad.backend.llvm.code import I1, I64, Code, Support, Value, i64
from s2sad.backend.llvm.values import Complex, Number, View, constant, memory_type, number_type, part_dtype, parts_of
from s2sad.ir.primitives import Primitive
from s2sad.rules import elementwise

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

NEITHER, LOWER, UPPER = 0, 1, 2
"""What kind of triangle a matrix is; a diagonal one is a lower one."""
MATRIX = ("ptr a", "i64 down", "i64 across")


def _function(
    name: str, params: Sequence[str], write: Callable[..., Value | None], result: str = "void", flags: str = ""
) -> Support:
    """A function of ours. `write` takes the code and the parameters, and gives what is returned."""
    code = Code()
    values = [Value(f"%{name_}", type_) for type_, name_ in (p.split() for p in params)]
    returned = write(code, *values)
    code.do("ret void" if returned is None else f"ret {returned}")
    head = ", ".join(map(str, values))
    text = f"define internal {result} @{name}({head}) noinline nounwind {flags} {{\n{code.body()}\n}}\n"
    return Support(text, tuple(code.declared.items()))


def _place(code: Code, dtype: np.dtype, data: Value, index: Value) -> Value:
    type_ = memory_type(dtype)
    return code.element(type_, data, code.mul(index, i64(2)) if dtype.kind == "c" else index)


def _at(code: Code, dtype: np.dtype, matrix: Sequence[Value], i: Value, j: Value) -> Number:
    """The element of a matrix at an index."""
    data, down, across = matrix
    index = code.add(code.mul(i, down), code.mul(j, across))
    return movement.read(code, dtype, _place(code, dtype, data, index))


def _computed(code: Code, prim: Primitive, dtype: np.dtype, *args: Number) -> Number:
    found = scalars.write(code, prim, args, [dtype] * len(args), dtype, {}, dtype)
    assert found is not None
    return found


def _without(code: Code, dtype: np.dtype, x: Number, factor: Number, y: Number) -> Number:
    """``x - factor * y``."""
    if isinstance(x, Complex) or isinstance(factor, Complex) or isinstance(y, Complex):
        return _computed(code, elementwise.sub, dtype, x, _computed(code, elementwise.mul, dtype, factor, y))
    return code.binary("fsub contract", x, code.binary("fmul contract", factor, y))


def _is_zero(code: Code, number: Number) -> Value:
    parts = parts_of(number)
    zero = Value("0.0", parts[0].type)
    found = [code.compare("fcmp oeq", p, zero) for p in parts]
    return found[0] if len(found) == 1 else code.binary("and", *found)


# -- what a matrix is like


@lru_cache
def _finite(dtype: np.dtype) -> Support:
    part = part_dtype(dtype) if dtype.kind == "c" else dtype
    kind = number_type(part)

    def write(code: Code, data: Value, step: Value, rows: Value, columns: Value) -> Value:
        bad = code.alloca(I1, Value("false", I1))
        with movement.counting(code, rows) as i:
            row = _place(code, dtype, data, code.mul(i, step))
            with movement.counting(code, code.mul(columns, i64(2)) if dtype.kind == "c" else columns) as j:
                x = code.load(kind, code.element(kind, row, j))
                nothing = code.binary("fsub", x, x)
                code.store(code.binary("or", code.load(I1, bad), code.compare("fcmp uno", nothing, nothing)), bad)
        return code.binary("xor", code.load(I1, bad), Value("true", I1))

    params = ("ptr data", "i64 step", "i64 rows", "i64 columns")
    return _function(f"s2sad.finite.{dtype.char}", params, write, I1, "memory(read)")


def check_finite(writer: Writer, view: View) -> None:
    """Fail where a matrix or a vector has an element that is infinite or nan."""
    code = writer.code
    if len(view.shape) == 1:
        step = i64(1) if view.strides is None else view.strides[0]
        rows, columns = (i64(1), view.shape[0]) if step.text == "1" else (view.shape[0], i64(1))
    else:
        (step, across), (rows, columns) = writer.memory.strides(view), view.shape
        if across.text != "1":
            step, across, rows, columns = across, step, columns, rows
        if across.text != "1":
            view = writer.copied(view)
            (rows, columns), step = view.shape, view.shape[1]
    name = f"s2sad.finite.{view.dtype.char}"
    writer.faults.unless(code.ours(_finite(view.dtype), I1, name, view.data, step, rows, columns), "not finite")


@lru_cache
def _triangle(dtype: np.dtype) -> Support:
    def write(code: Code, *params: Value) -> Value:
        *matrix, n = params
        for kind, swapped in ((LOWER, False), (UPPER, True)):
            other = code.fresh("other")
            with movement.counting(code, n) as j, movement.counting(code, j) as i:
                clear = code.fresh("clear")
                x = _at(code, dtype, matrix, *((j, i) if swapped else (i, j)))
                code.branch(_is_zero(code, x), clear, other)
                code.start(clear)
            code.do(f"ret {i64(kind)}")
            code.start(other)
        return i64(NEITHER)

    return _function(f"s2sad.triangle.{dtype.char}", (*MATRIX, "i64 n"), write, I64, "memory(read)")


def triangle(writer: Writer, view: View) -> Value:
    """Which triangle a square matrix is."""
    args = (view.data, *writer.memory.strides(view), view.shape[0])
    return writer.code.ours(_triangle(view.dtype), I64, f"s2sad.triangle.{view.dtype.char}", *args)


@lru_cache
def _regular(dtype: np.dtype) -> Support:
    def write(code: Code, *params: Value) -> Value:
        *matrix, n = params
        zero = code.alloca(I1, Value("false", I1))
        with movement.counting(code, n) as i:
            none = _is_zero(code, _at(code, dtype, matrix, i, i))
            code.store(code.binary("or", code.load(I1, zero), none), zero)
        return code.binary("xor", code.load(I1, zero), Value("true", I1))

    return _function(f"s2sad.regular.{dtype.char}", (*MATRIX, "i64 n"), write, I1, "memory(read)")


def check_regular(writer: Writer, view: View) -> None:
    """Fail where a triangular matrix has a zero on its diagonal."""
    args = (view.data, *writer.memory.strides(view), view.shape[0])
    regular = writer.code.ours(_regular(view.dtype), I1, f"s2sad.regular.{view.dtype.char}", *args)
    writer.faults.unless(regular, "singular")


# -- substitution


class _Order:
    """The order in which the unknowns are found, of a lower or an upper triangle."""

    def __init__(self, code: Code, lower: Value, n: Value) -> None:
        self.code, self.lower, self.n = code, lower, n

    def row(self, step: Value) -> Value:
        """The unknown that is found in a step."""
        code = self.code
        return code.select(self.lower, step, code.sub(code.sub(self.n, i64(1)), step))

    def before(self, i: Value, step: Value) -> tuple[Value, Value]:
        """The first of those that are known by then, and their count."""
        return self.code.select(self.lower, i64(0), self.code.add(i, i64(1))), step

    def after(self, i: Value, step: Value) -> tuple[Value, Value]:
        """The first of those that are not known yet, and their count."""
        code = self.code
        return code.select(self.lower, code.add(i, i64(1)), i64(0)), code.sub(code.sub(self.n, i64(1)), step)


def _divisor(code: Code, dtype: np.dtype, matrix: Sequence[Value], i: Value, unit: Value) -> Number:
    """The diagonal's element, 1 where all of those are taken to be."""
    found, one = _at(code, dtype, matrix, i, i), constant(1, dtype)
    if isinstance(found, Complex):
        assert isinstance(one, Complex)
        return Complex(*(code.select(unit, a, b) for a, b in zip(one, found, strict=True)))
    assert isinstance(one, Value)
    return code.select(unit, one, found)


def _rows(dtype: np.dtype) -> Callable[..., None]:
    """Multiples of the rows of what is known taken from the next row. Where the right-hand side is the identity
    (`trimmed`), a row is 0 beyond its triangle."""

    def write(code: Code, *params: Value) -> None:
        *matrix, x, n, count, lower, unit, trimmed = params
        order = _Order(code, lower, n)
        low = code.binary("and", trimmed, lower)
        high = code.binary("and", trimmed, code.binary("xor", lower, Value("true", I1)))
        with movement.counting(code, n) as step:
            i = order.row(step)
            own = _place(code, dtype, x, code.mul(i, count))
            first, terms = order.before(i, step)
            with movement.counting(code, terms) as t:
                j = code.add(first, t)
                factor = _at(code, dtype, matrix, i, j)
                begin = code.select(high, j, i64(0))
                end = code.select(low, code.add(j, i64(1)), count)
                other = _place(code, dtype, x, code.add(code.mul(j, count), begin))
                target = _place(code, dtype, own, begin)
                with movement.counting(code, code.sub(end, begin)) as q:
                    place = _place(code, dtype, target, q)
                    known = movement.read(code, dtype, _place(code, dtype, other, q))
                    new = _without(code, dtype, movement.read(code, dtype, place), factor, known)
                    movement.write(code, dtype, new, place)
            divisor = _divisor(code, dtype, matrix, i, unit)
            with movement.counting(code, count) as q:
                place = _place(code, dtype, own, q)
                old = movement.read(code, dtype, place)
                movement.write(code, dtype, _computed(code, elementwise.truediv, dtype, old, divisor), place)

    return write


def _columns(dtype: np.dtype) -> Callable[..., None]:
    """A vector: what is found is taken, times a column, from what is not found yet."""

    def write(code: Code, *params: Value) -> None:
        *matrix, x, n, lower, unit = params
        order = _Order(code, lower, n)
        with movement.counting(code, n) as step:
            i = order.row(step)
            own = _place(code, dtype, x, i)
            divisor = _divisor(code, dtype, matrix, i, unit)
            found = _computed(code, elementwise.truediv, dtype, movement.read(code, dtype, own), divisor)
            movement.write(code, dtype, found, own)
            first, terms = order.after(i, step)
            with movement.counting(code, terms) as t:
                j = code.add(first, t)
                place = _place(code, dtype, x, j)
                old = movement.read(code, dtype, place)
                movement.write(code, dtype, _without(code, dtype, old, _at(code, dtype, matrix, j, i), found), place)

    return write


def _inner(dtype: np.dtype) -> Callable[..., None]:
    """A vector: the inner product of a row with what is known is taken from the next unknown."""

    def write(code: Code, *params: Value) -> None:
        *matrix, x, n, lower, unit = params
        order, kind = _Order(code, lower, n), memory_type(dtype)
        total = code.alloca(kind)
        with movement.counting(code, n) as step:
            i = order.row(step)
            own = _place(code, dtype, x, i)
            code.store(Value("0.0", kind), total)
            first, terms = order.before(i, step)
            with movement.counting(code, terms) as t:
                j = code.add(first, t)
                a, known = _at(code, dtype, matrix, i, j), movement.read(code, dtype, _place(code, dtype, x, j))
                assert isinstance(a, Value) and isinstance(known, Value)
                product = code.binary("fmul contract", a, known)
                code.store(code.binary("fadd reassoc contract", code.load(kind, total), product), total)
            rest = code.binary("fsub", code.load(kind, own), code.load(kind, total))
            divisor = _divisor(code, dtype, matrix, i, unit)
            movement.write(code, dtype, _computed(code, elementwise.truediv, dtype, rest, divisor), own)

    return write


@lru_cache
def _substitution(name: str, dtype: np.dtype) -> Support:
    write = {"rows": _rows, "columns": _columns, "inner": _inner}[name](dtype)
    size = ("i64 n", "i64 count") if name == "rows" else ("i64 n",)
    more = ("i1 trimmed",) if name == "rows" else ()
    params = (*MATRIX, "ptr x", *size, "i1 lower", "i1 unit", *more)
    return _function(f"s2sad.solve.{name}.{dtype.char}", params, write)


def substitute(writer: Writer, matrix: View, x: View, lower: Value, unit: Value, trimmed: bool = False) -> None:
    """Solve a triangular system: `x`, contiguous, holds the right-hand side before and the solution after. `trimmed`:
    the right-hand side is the identity."""
    strides = writer.memory.strides(matrix)
    name = "rows" if len(x.shape) == 2 else "columns" if strides[0].text == "1" or matrix.dtype.kind == "c" else "inner"
    args = [matrix.data, *strides, x.data, *x.shape, lower, unit]
    if name == "rows":
        args.append(Value("true" if trimmed else "false", I1))
    writer.code.ours(_substitution(name, matrix.dtype), "void", f"s2sad.solve.{name}.{matrix.dtype.char}", *args)


__all__ = ["LOWER", "NEITHER", "UPPER", "check_finite", "check_regular", "substitute", "triangle"]
