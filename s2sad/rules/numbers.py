"""What an elementwise primitive is for one element: the same primitive of numbers, where NumPy's numbers and those of
compiled code have the meaning that elements of arrays have."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.ir.builder import Builder, atom_of
from s2sad.ir.nodes import Atom, Const, Let
from s2sad.ir.primitives import Primitive, cast
from s2sad.ir.types import Array
from s2sad.rules import logical as logic
from s2sad.rules.control import stop_gradient
from s2sad.rules.elementwise import (
    abs_,
    add,
    conj,
    fmax,
    fmin,
    imag,
    maximum,
    minimum,
    mod,
    mul,
    neg,
    pos,
    real,
    sqrt,
    square,
    sub,
    truediv,
    where,
)

READ = frozenset("?bhilqBHILQfdFD")
"""Dtypes whose elements are read and written one by one."""
WIDE = frozenset(np.dtype(t) for t in (np.bool_, np.int64, np.float32, np.float64, np.complex64, np.complex128))
"""Dtypes in which compiled code computes with numbers as NumPy does with arrays; integers that are narrower, or have no
sign, it widens."""
BITS = {
    logic.bitwise_and: logic.logical_and,
    logic.bitwise_or: logic.logical_or,
    logic.bitwise_xor: logic.logical_xor,
    logic.invert: logic.logical_not,
}
TESTS = frozenset({
    logic.lt, logic.le, logic.gt, logic.ge, logic.eq, logic.ne, logic.logical_and, logic.logical_or, logic.logical_xor,
    logic.logical_not, logic.isnan, logic.isinf, logic.isfinite, logic.signbit, where, stop_gradient, *BITS,
})  # fmt: skip
"""What gives bools of bools."""
PROMOTED = frozenset({add, sub, mul, truediv, maximum, minimum, fmax, fmin})
"""What computes in the dtype of its result."""
SIMPLE = {add, sub, mul, neg, pos, abs_, cast, real, imag, conj, square, where, stop_gradient, *TESTS}


def costs(prim: Primitive) -> int:
    """About how many additions an element takes."""
    if prim in SIMPLE:
        return 0 if prim in (stop_gradient, pos, real, imag) else 1
    return 6 if prim in (truediv, sqrt, maximum, minimum, fmax, fmin) else 4 if prim.name == "integer_pow" else 20


def is_exact(dtype: np.dtype) -> bool:
    """Whether the elements of such arrays are read and written one by one."""
    return dtype.char in READ and dtype.isnative


def scalar_form(let: Let) -> bool:
    """Whether an element of the result is the same primitive of elements of the arguments."""
    types = [a.type for a in let.args]
    dtype = let.targets[0].type.dtype
    if any(t.dtype not in WIDE for t in (*types, let.targets[0].type)):
        return False
    if let.prim is cast:
        return not (dtype.kind == "i" and types[0].dtype.kind in "fc")
    if dtype.kind == "b":
        return let.prim in TESTS
    if dtype.kind == "i":
        return let.prim in (add, sub, mul, neg, pos, abs_, square, maximum, minimum, mod, where, stop_gradient) or (
            let.prim.name in ("floordiv", "integer_pow", "bitwise_and", "bitwise_or", "bitwise_xor", "sign")
        )
    return True


def of_numbers(builder: Builder, let: Let, atoms: tuple[Atom, ...], dtype: np.dtype) -> Atom:
    """The element of the result for these elements."""
    prim, hint = let.prim, let.targets[0].name
    if prim is stop_gradient:
        return atoms[0]
    if prim is cast:
        if atoms[0].type.dtype.kind == "c" and dtype.kind != "c":
            atoms = (builder.emit(real, atoms),)
        return _as(builder, atoms[0], dtype, hint)
    if all(a.type.dtype.kind == "b" for a in let.args) and prim in BITS:
        prim = BITS[prim]
    if prim is where:
        atoms = (atoms[0], *(_as(builder, a, dtype, hint) for a in atoms[1:]))
    elif prim in PROMOTED:
        atoms = tuple(_as(builder, a, dtype, hint) if a.type.dtype.kind in "bi" and _strong(a) else a for a in atoms)
    found = atom_of(builder.emit(prim, atoms, dict(let.params), hint))
    return found if found.type.dtype == dtype else _as(builder, found, dtype, hint)


def _strong(atom: Atom) -> bool:
    return not isinstance(atom, Const) or isinstance(atom.value, np.generic)


def _as(builder: Builder, atom: Atom, dtype: np.dtype, hint: str) -> Atom:
    """A number with another dtype."""
    if atom.type.dtype == dtype and not atom.type.weak:
        return atom
    if isinstance(atom, Const):
        return Const(dtype.type(atom.value))
    return atom_of(builder.emit(cast, (atom,), {"dtype": dtype}, hint))


def is_array(value: Any) -> bool:
    """Whether an atom is an array."""
    return isinstance(value.type, Array)
