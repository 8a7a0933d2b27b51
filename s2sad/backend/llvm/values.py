"""What a variable of the IR is in LLVM: a number, two for a complex one, or a view of memory.

float64          Value  double %t3
complex128       Complex(re, im)
float64[n, 3]    View: where its first element is, its shape, its strides, and who owns the memory
list[float64]    Growing: the places on the stack that a list lives in
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from s2sad.backend.llvm.code import I1, I8, PTR, Value
from s2sad.ir.types import Array, List, Scalar, Type


class Uncovered(Exception):
    """What cannot be written as LLVM: the function goes through Numba's front end."""


class Refused(Exception):
    """Why a loop does not run in lanes."""


class Complex(NamedTuple):
    """A complex number."""

    re: Value
    im: Value


Number = Value | Complex


def parts_of(number: Number) -> list[Value]:
    """The values that a number is made of."""
    return list(number) if isinstance(number, Complex) else [number]


def number_of(parts: Sequence[Value]) -> Number:
    """The number that is made of them."""
    return Complex(*parts) if len(parts) == 2 else parts[0]


@dataclass(frozen=True, slots=True)
class View:
    """An array: shape and strides in elements (None: contiguous in C order). `owner` is what Numba's runtime counts
    references to (null where nobody does), and `slot`, where there is one, the place on the stack that holds one. With
    `lanes`, it has so many arrays in it, the elements of all at one index beside each other."""

    dtype: np.dtype
    data: Value
    shape: tuple[Value, ...]
    strides: tuple[Value, ...] | None
    owner: Value
    slot: Value | None = None
    lanes: int = 0


def number_type(dtype: np.dtype) -> str:
    """The LLVM type of a real number in a register."""
    match dtype.kind, dtype.itemsize:
        case "b", _:
            return I1
        case (("i" | "u"), size):
            return f"i{8 * size}"
        case "f", 8:
            return "double"
        case "f", 4:
            return "float"
    raise Uncovered(f"numbers of dtype {dtype}")


def part_dtype(dtype: np.dtype) -> np.dtype:
    """The dtype of the real part of a complex one."""
    return np.dtype(f"f{dtype.itemsize // 2}")


def memory_type(dtype: np.dtype) -> str:
    """The LLVM type of one element in memory; of one half of a complex number."""
    if dtype.kind == "b":
        return I8
    return number_type(part_dtype(dtype) if dtype.kind == "c" else dtype)


def fields(type_: Type) -> list[str]:
    """The LLVM types that a value is handed over in, between functions: a number as itself, an array as its address,
    shape and owner, a list as `growing` says."""
    match type_:
        case Scalar(dtype) if dtype.kind == "c":
            return [number_type(part_dtype(dtype))] * 2
        case Scalar(dtype):
            return [number_type(dtype)]
        case Array(dtype, dims):
            memory_type(dtype)
            return [PTR, *["i64"] * len(dims), PTR]
        case List():
            return [PTR, "i64", "i64", PTR]


def result_struct(types: Sequence[Type]) -> str:
    """The record that a function writes its results into."""
    return "{ " + ", ".join(f for t in types for f in fields(t)) + " }"


def constant(value: Any, dtype: np.dtype) -> Number:
    """A number known now, of a dtype."""
    if dtype.kind == "c":
        number, part = complex(value), part_dtype(dtype)
        return Complex(_real(number.real, part), _real(number.imag, part))
    return _real(value, dtype)


def _real(value: Any, dtype: np.dtype) -> Value:
    type_ = number_type(dtype)
    if dtype.kind == "b":
        return Value("true" if value else "false", type_)
    if dtype.kind == "f":
        rounded = float(np.array(value).astype(dtype))
        return Value(f"0x{struct.unpack('<Q', struct.pack('<d', rounded))[0]:016X}", type_)
    bits = 8 * dtype.itemsize
    wrapped = (int(value) + (1 << (bits - 1))) % (1 << bits) - (1 << (bits - 1))
    return Value(str(wrapped), type_)


@dataclass(frozen=True, slots=True)
class Growing:
    """A list: the places of its block, of the address of its first item, of its length and of its capacity."""

    item: Type
    block: Value
    data: Value
    length: Value
    capacity: Value

    @property
    def struct(self) -> str:
        """The LLVM type of an item."""
        match self.item:
            case Scalar(dtype) if dtype.kind == "c":
                return f"{{ {memory_type(dtype)}, {memory_type(dtype)} }}"
            case Scalar(dtype):
                return memory_type(dtype)
            case Array() | List():
                return "{ " + ", ".join(fields(self.item)) + " }"

    @property
    def size(self) -> int:
        """How many bytes an item takes."""
        return self.item.dtype.itemsize if isinstance(self.item, Scalar) else 8 * len(fields(self.item))

    @property
    def places(self) -> tuple[Value, ...]:
        """Its four places, in the order in which it is handed over."""
        return self.data, self.length, self.capacity, self.block


Anything = Value | Complex | View | Growing


__all__ = [
    "Anything",
    "Complex",
    "Growing",
    "Number",
    "Refused",
    "Uncovered",
    "Value",
    "View",
    "constant",
    "fields",
    "memory_type",
    "number_of",
    "number_type",
    "part_dtype",
    "parts_of",
    "result_struct",
]  # fmt: skip
