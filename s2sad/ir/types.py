"""Types of the IR: what is known of a value before it exists.

    type  = Scalar(dtype, weak) | Array(dtype, dims) | List(item)
    dim   = int | Size

A `Size` is a linear form over symbols, such as ``n`` or ``n + m - 1``. Two arrays whose dims are equal
forms have equal shapes, whatever the run brings; two different forms may still be equal at run time.
Sizes 0 and 1 of an argument are always literal ints (they are part of the signature that a function is
compiled for), so the symbol of an argument's dimension stands for at least 2.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import ClassVar, overload

import numpy as np

from s2sad import plain


@dataclass(frozen=True, slots=True, order=True)
class Symbol:
    """A size that is unknown until run time, known to be `at_least` so large."""

    name: str
    at_least: int = 0


@dataclass(frozen=True, slots=True)
class Size:
    """The linear form ``sum(coefficient * symbol) + constant``, with sorted, non-empty `terms`."""

    terms: tuple[tuple[Symbol, int], ...]
    constant: int = 0

    def __str__(self) -> str:
        parts = [s.name if c == 1 else f"{c}*{s.name}" for s, c in self.terms]
        if self.constant:
            parts.append(str(self.constant))
        return " + ".join(parts).replace("+ -", "- ")


Dim = int | Size


def symbol(name: str, at_least: int = 0) -> Size:
    """The size named `name`, on its own."""
    return Size(((Symbol(name, at_least), 1),))


def add_dims(a: Dim, b: Dim, sign: int = 1) -> Dim:
    """``a + sign * b`` as a linear form; an int when no symbol is left."""
    coefficients: dict[Symbol, int] = dict(a.terms) if isinstance(a, Size) else {}
    constant = a.constant if isinstance(a, Size) else a
    if isinstance(b, Size):
        for s, c in b.terms:
            coefficients[s] = coefficients.get(s, 0) + sign * c
        constant += sign * b.constant
    else:
        constant += sign * b
    terms = tuple(sorted((s, c) for s, c in coefficients.items() if c))
    return Size(terms, constant) if terms else constant


def scale_dim(a: Dim, factor: int) -> Dim:
    """``factor * a`` as a linear form."""
    if isinstance(a, int):
        return a * factor
    if factor == 0:
        return 0
    return Size(tuple((s, c * factor) for s, c in a.terms), a.constant * factor)


def lower_bound(a: Dim) -> int | None:
    """The least value `a` can take, or None when nothing is known."""
    if isinstance(a, int):
        return a
    if any(c < 0 for _, c in a.terms):
        return None
    return a.constant + sum(c * s.at_least for s, c in a.terms)


def is_number(symbol: Symbol) -> bool:
    """Whether a symbol stands for an integer of the program, which it is named after: it may be negative."""
    return symbol.at_least == 0 and symbol.name.isidentifier()


def above_one(a: Dim) -> bool:
    """Whether `a` is known to differ from 0 and 1, so that it never broadcasts."""
    least = lower_bound(a)
    return least is not None and least >= 2


@dataclass(frozen=True, slots=True)
class Scalar:
    """A number. `weak` marks a Python number, which never widens an array (NumPy 2 promotion)."""

    dtype: np.dtype
    weak: bool = False

    def __str__(self) -> str:
        return f"{self.dtype.name}{'*' if self.weak else ''}"


@dataclass(frozen=True, slots=True)
class Array:
    """An n-dimensional array; rank 0 is a 0-d array, which is not a `Scalar`.

    A dim is None where it is not known: in what inference gives and in items of a list, never in a variable's own type.
    """

    dtype: np.dtype
    dims: tuple[Dim | None, ...]
    weak: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"{self.dtype.name}[{', '.join(map(str, self.dims))}]"

    @property
    def rank(self) -> int:
        return len(self.dims)


@dataclass(frozen=True, slots=True)
class List:
    """A list that grows at run time, of items of one type. A dim None of its items may differ from item to item."""

    item: Type
    weak: ClassVar[bool] = False

    def __str__(self) -> str:
        return f"list[{self.item}]"

    @property
    def dtype(self) -> np.dtype:
        """The dtype of one element of an item."""
        return self.item.dtype


Type = Scalar | Array | List

BOOL, INT, FLOAT, COMPLEX = (np.dtype(t) for t in (np.bool_, np.int64, np.float64, np.complex128))


def is_inexact(type: Type) -> bool:
    """Whether derivatives can flow through values of this type."""
    return np.issubdtype(type.dtype, np.inexact)


def is_complex(type: Type) -> bool:
    return np.issubdtype(type.dtype, np.complexfloating)


def element(type: Type) -> np.dtype:
    """The dtype of one element."""
    return element(type.item) if isinstance(type, List) else type.dtype


def with_dtype(type: Type, dtype: np.dtype) -> Type:
    """The same shape with elements of another dtype."""
    match type:
        case Scalar(weak=weak):
            return Scalar(dtype, weak)
        case Array(dims=dims):
            return Array(dtype, dims)
        case List(item=item):
            return List(with_dtype(item, dtype))


def symbols_of(type: Type) -> set[Symbol]:
    """Every size symbol that the type mentions."""
    match type:
        case Array(dims=dims):
            return {s for d in dims if isinstance(d, Size) for s, _ in d.terms}
        case List(item=item):
            return symbols_of(item)
        case _:
            return set()


def replace_symbols(type: Type, sizes: dict[Symbol, Dim]) -> Type:
    """The type with every symbol in `sizes` replaced."""
    match type:
        case Array(dtype, dims):
            return Array(dtype, tuple(replace_in_dim(d, sizes) for d in dims))
        case List(item):
            return List(replace_symbols(item, sizes))
        case _:
            return type


def known_dims(dims: Iterable[Dim | None], known: Collection[Symbol]) -> tuple[Dim | None, ...]:
    """The dims, with None for those that mention a symbol which is not in `known`."""

    def is_known(d: Dim | None) -> bool:
        return isinstance(d, int) or (isinstance(d, Size) and all(s in known for s, _ in d.terms))

    return tuple(d if is_known(d) else None for d in dims)


@overload
def replace_in_dim(dim: Dim, sizes: dict[Symbol, Dim]) -> Dim: ...
@overload
def replace_in_dim(dim: Dim | None, sizes: dict[Symbol, Dim]) -> Dim | None: ...
def replace_in_dim(dim: Dim | None, sizes: dict[Symbol, Dim]) -> Dim | None:
    """The dim with every symbol in `sizes` replaced."""
    if dim is None or isinstance(dim, int) or not any(s in sizes for s, _ in dim.terms):
        return dim
    total: Dim = dim.constant
    for s, c in dim.terms:
        total = add_dims(total, scale_dim(sizes.get(s, Size(((s, 1),))), c))
    return total


def type_of_value(value: object) -> Type:
    """The type of a NumPy array, a NumPy scalar or a Python number, with literal dims."""
    if isinstance(value, np.ndarray):
        return Array(value.dtype, value.shape)
    if isinstance(value, np.generic):
        plain.check_dtype(value.dtype)
        return Scalar(value.dtype)
    for python, dtype in ((bool, BOOL), (int, INT), (float, FLOAT), (complex, COMPLEX)):
        if isinstance(value, python):
            return Scalar(dtype, weak=True)
    raise TypeError(f"not a number or an array: {value!r}")
