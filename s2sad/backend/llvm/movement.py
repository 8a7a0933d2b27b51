"""Loops that move elements: copies, fills, and sums into what is there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import indexing, scalars
from s2sad.backend.llvm.code import FALSE, I1, I8, I64, Code, Value, i64
from s2sad.backend.llvm.conversions import convert
from s2sad.backend.llvm.values import Complex, Number, View, memory_type
from s2sad.rules import elementwise

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer


@contextmanager
def counting(code: Code, count: Value) -> Iterator[Value]:
    """A loop from 0 to `count`; what is written inside is its body."""
    head, body, end = code.fresh("head"), code.fresh("body"), code.fresh("end")
    before = code.label
    code.jump(head)
    code.start(head)
    line, index = code.reserve(), Value("%" + code.fresh("i"), I64)
    code.branch(code.compare("icmp slt", index, count), body, end)
    code.start(body)
    yield index
    following, last = code.add(index, i64(1)), code.label
    code.jump(head)
    code.phi(line, index, [(i64(0), before), (following, last)])
    code.start(end)


@contextmanager
def otherwise(code: Code, condition: Value, first: Callable[[], None]) -> Iterator[None]:
    """What `first` writes, where a condition holds; what is written inside, where it does not."""
    then, orelse, done = code.fresh("then"), code.fresh("orelse"), code.fresh("done")
    code.branch(condition, then, orelse)
    code.start(then)
    first()
    code.jump(done)
    code.start(orelse)
    yield
    code.jump(done)
    code.start(done)


def each(code: Code, shape: Sequence[Value], do: Callable[[list[Value]], None]) -> None:
    """Nested loops over all indexes of a shape."""

    def level(indexes: list[Value]) -> None:
        if len(indexes) == len(shape):
            do(indexes)
            return
        with counting(code, shape[len(indexes)]) as index:
            level([*indexes, index])

    level([])


def read(code: Code, dtype: np.dtype, address: Value) -> Number:
    """The number at an address."""
    type_ = memory_type(dtype)
    if dtype.kind == "c":
        return Complex(code.load(type_, address), code.load(type_, code.element(type_, address, i64(1))))
    found = code.load(type_, address)
    return code.compare("icmp ne", found, Value("0", I8)) if dtype.kind == "b" else found


def element(writer: Writer, view: View, at: Sequence[Value]) -> Number:
    """One element of a view."""
    return read(writer.code, view.dtype, writer.memory.address(view, writer.memory.offset(view, at)))


def write(code: Code, dtype: np.dtype, number: Number, address: Value) -> None:
    """Write a number of that dtype at an address."""
    type_ = memory_type(dtype)
    if isinstance(number, Complex):
        code.store(number.re, address)
        code.store(number.im, code.element(type_, address, i64(1)))
        return
    if dtype.kind == "b":
        known = {"true": "1", "false": "0"}.get(number.text)
        number = Value(known, I8) if known else code.value(I8, f"zext {I1} {number.text} to {I8}")
    code.store(number, address)


def add(code: Code, dtype: np.dtype, number: Number, address: Value, flags: str = "") -> None:
    """Add a number of that dtype to what is at an address."""
    args = [read(code, dtype, address), number]
    total = scalars.write(code, elementwise.add, args, [dtype] * 2, dtype, {}, dtype, flags)
    assert total is not None
    write(code, dtype, total, address)


def fill(writer: Writer, target: View, number: Number, dtype: np.dtype, adding: bool = False) -> None:
    """Write one number, of dtype `dtype`, to every place of a view, or add it there."""
    code = writer.code
    value = convert(code, number, dtype, target.dtype)
    put = add if adding else write
    each(code, target.shape, lambda at: put(code, target.dtype, value, _address(writer, target, at)))


def copy(writer: Writer, target: View, source: View, adding: bool = False) -> None:
    """Write the elements of a view to the places of another, broadcast to its shape, or add them there.

    What is read must not lie where something is written.
    """
    code = writer.code
    source = indexing.stretched(writer, source, target.shape)
    if not adding and source.dtype == target.dtype and source.strides is None and target.strides is None:
        size = code.mul(code.product(target.shape), i64(target.dtype.itemsize))
        code.call("void", "llvm.memcpy.p0.p0.i64", target.data, source.data, size, FALSE)
        return

    def move(at: list[Value]) -> None:
        number = read(code, source.dtype, _address(writer, source, at))
        value = convert(code, number, source.dtype, target.dtype)
        (add if adding else write)(code, target.dtype, value, _address(writer, target, at))

    each(code, target.shape, move)


def _address(writer: Writer, view: View, at: list[Value]) -> Value:
    return writer.memory.address(view, writer.memory.offset(view, at))


__all__ = ["add", "copy", "counting", "each", "fill", "otherwise", "read", "write"]
