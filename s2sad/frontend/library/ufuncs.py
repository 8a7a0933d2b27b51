"""NumPy's elementwise functions, and the numbers of NumPy as conversions."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import operators
from s2sad.frontend.library.creation import dtype_argument
from s2sad.frontend.library.indexing import add_at
from s2sad.frontend.library.layouts import note_copy, note_sum
from s2sad.frontend.library.support import (
    FALSE,
    NONE,
    TRUE,
    ZERO,
    Elaborator,
    composite,
    emit_atom,
    fit,
    function_name,
    keywords,
    known,
    operand,
    refuse,
    set_weak,
    spread,
    static,
    wrap,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import ArrayRef, Static, Tuple, Value
from s2sad.ir import Array, Atom
from s2sad.ir.primitives import Primitive, cast
from s2sad.rules import control, elementwise
from s2sad.rules.registry import CALLABLES, COMPOSED

POWERS = (np.power,)
RTOL, ATOL = Static(1e-5), Static(1e-8)


def call_numpy(elab: Elaborator, function: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A NumPy function that is one primitive: elementwise, with ``out=`` and ``dtype=`` where asked."""
    kwargs = dict(kwargs)
    out, dtype = kwargs.pop("out", NONE), kwargs.pop("dtype", NONE)
    nin = getattr(function, "nin", None)
    if isinstance(nin, int) and len(args) == nin + 1:
        *args, out = args
    if kwargs:
        refuse(
            elab,
            f"{function_name(function)} is not supported with {keywords(kwargs)}.",
            "Leave it out, or use np.where.",
        )
    if isinstance(nin, int) and len(args) != nin:
        refuse(elab, f"{function_name(function)} takes {nin} arguments, not {len(args)}.", kind=TypeMismatchError)
    atoms = [operand(elab, a) for a in args]
    if dtype != NONE:
        target = dtype_argument(elab, dtype, atoms[0].type.dtype)
        atoms = [fit(elab, a, target) for a in atoms]
    result = spread(elab, args, strong(elab, apply(elab, function, args, atoms)))
    return deliver(elab, note_sum(elab, args, result), out)


def apply(elab: Elaborator, function: Any, args: list[Value], atoms: list[Atom]) -> Value:
    if function in POWERS:
        exponent = args[1] if isinstance(known(elab, args[1]), int | float) else elab.lift(atoms[1])
        return operators.power(elab, elab.lift(atoms[0]), exponent)
    prim = CALLABLES.get(function)
    if isinstance(prim, Primitive):
        out = emit_atom(elab, prim, atoms)
        return Tuple(tuple(map(elab.lift, out))) if isinstance(out, tuple) else elab.lift(out)
    return composite(elab, COMPOSED[function], *map(elab.lift, atoms))


def strong(elab: Elaborator, value: Value) -> Value:
    """What a NumPy function gives is a NumPy number, even of Python numbers."""
    atom = getattr(value, "atom", None)
    return value if atom is None else elab.lift(set_weak(elab, atom, False))


def deliver(elab: Elaborator, result: Value, out: Value) -> Value:
    """The result, written into ``out=`` where there is one."""
    if isinstance(out, Tuple) and len(out.items) == 1:
        out = out.items[0]
    if out == NONE:
        return result
    if not isinstance(out, ArrayRef):
        refuse(elab, "out= takes an array.", kind=TypeMismatchError)
    operators.write_whole(elab, out, operand(elab, result))
    return out


# -- conversions


def convert(elab: Elaborator, cls: type, args: list[Value]) -> Value:
    """``np.float32(x)`` and its kin."""
    dtype = np.dtype(cls)
    if not args:
        return Static(cls())
    if dtype.kind not in "biufc":
        refuse(elab, f"Numbers of {dtype.name} are not supported.")
    atom = operand(elab, args[0])
    if atom.type.dtype.kind == "c" and dtype.kind != "c":
        refuse(elab, f"np.{dtype.name} does not take a complex number.", "Take its real part first.", TypeMismatchError)
    if isinstance(atom.type, Array) and atom.type.rank == 0:
        from s2sad.frontend.library.indexing import load_at

        atom = load_at(elab, atom)
    if atom.type.dtype == dtype and not getattr(atom.type, "weak", False):
        return elab.lift(atom)
    return elab.lift(emit_atom(elab, cast, (atom,), dtype=dtype))


@meaning(np.ndarray.astype, fold=False)
def astype(elab: Elaborator, a: Value, dtype: Value, *, copy: Value = TRUE, casting: Value = NONE) -> Value:
    atom = operand(elab, a)
    target = dtype_argument(elab, dtype, atom.type.dtype)
    if atom.type.dtype.kind == "c" and target.kind != "c":
        refuse(
            elab,
            "Casting complex numbers to real ones loses their imaginary parts.",
            "Take .real first.",
            TypeMismatchError,
        )
    if target == atom.type.dtype and not static(elab, copy):
        return a
    return note_copy(elab, a, elab.lift(fit(elab, atom, target)))


# -- in place, and methods of ufuncs


@meaning(np.add.at, fold=False)
def np_add_at(elab: Elaborator, a: Value, indices: Value, b: Value) -> Value:
    add_at(elab, a, indices, b)
    return NONE


@meaning(np.subtract.at, fold=False)
def np_subtract_at(elab: Elaborator, a: Value, indices: Value, b: Value) -> Value:
    add_at(elab, a, indices, b, "sub")
    return NONE


def _outer_method(function: Any) -> None:
    @meaning(function.outer)
    def outer(elab: Elaborator, a: Value, b: Value) -> Value:
        from s2sad.frontend.library.creation import as_array
        from s2sad.frontend.library.views import inserted

        left, right = as_array(elab, a), as_array(elab, b)
        rank = left.type.rank
        spread = inserted(elab, left, tuple(range(rank, rank + right.type.rank))) if right.type.rank else left
        return apply(elab, function, [spread, right], [operand(elab, spread), operand(elab, right)])


for _ufunc in (
    np.add,
    np.subtract,
    np.multiply,
    np.divide,
    np.maximum,
    np.minimum,
    np.power,
    np.equal,
    np.less,
    np.greater,
):
    _outer_method(_ufunc)


# -- those with arguments of their own


@meaning(np.where, fold=False)
def where(elab: Elaborator, condition: Value, x: Value | None = None, y: Value | None = None) -> Value:
    if x is None or y is None:
        from s2sad.frontend.library.selection import nonzero

        return nonzero(elab, condition)
    atoms = [operand(elab, v) for v in (condition, x, y)]
    if not any(isinstance(a.type, Array) for a in atoms):
        return _where_numbers(elab, atoms)
    return note_sum(elab, [condition, x, y], elab.lift(emit_atom(elab, elementwise.where, atoms)))


def _where_numbers(elab: Elaborator, atoms: list[Atom]) -> Value:
    """``np.where`` of numbers gives an array of rank 0; here it gives a NumPy number, which acts alike."""
    condition, x, y = atoms
    samples = [a.type.dtype.type(0).item() if a.type.weak else a.type.dtype for a in (x, y)]
    dtype = np.result_type(*samples)
    chosen = [fit(elab, a, dtype) for a in (x, y)]
    return elab.lift(set_weak(elab, emit_atom(elab, elementwise.where, (condition, *chosen)), False))


@meaning(np.clip, np.ndarray.clip)
def clip(elab: Elaborator, a: Value, a_min: Value = NONE, a_max: Value = NONE, out: Value = NONE, *,
         min: Value = NONE, max: Value = NONE) -> Value:  # fmt: skip
    low, high = (a_min if min == NONE else min), (a_max if max == NONE else max)
    if low != NONE and high != NONE:
        return deliver(elab, strong(elab, composite(elab, COMPOSED[np.clip], a, low, high)), out)
    atoms = [operand(elab, a)]
    if low != NONE:
        atoms = [emit_atom(elab, elementwise.maximum, (atoms[0], operand(elab, low)))]
    if high != NONE:
        atoms = [emit_atom(elab, elementwise.minimum, (atoms[0], operand(elab, high)))]
    return deliver(elab, strong(elab, elab.lift(atoms[0])), out)


@meaning(np.round, np.around, np.ndarray.round)
def round_(elab: Elaborator, a: Value, decimals: Value = ZERO, out: Value = NONE) -> Value:
    result = emit_atom(elab, elementwise.round_, (operand(elab, a),), decimals=static(elab, decimals))
    return deliver(elab, strong(elab, elab.lift(result)), out)


@meaning(np.nan_to_num)
def nan_to_num(
    elab: Elaborator, x: Value, copy: Value = TRUE, nan: Value = ZERO, posinf: Value = NONE, neginf: Value = NONE
) -> Value:
    params = {"nan": float(static(elab, nan)), "posinf": static(elab, posinf), "neginf": static(elab, neginf)}
    if not static(elab, copy):
        refuse(elab, "np.nan_to_num with copy=False is not supported.", "Write x[:] = np.nan_to_num(x).")
    return strong(elab, elab.lift(emit_atom(elab, elementwise.nan_to_num, (operand(elab, x),), **params)))


@meaning(np.real)
def real(elab: Elaborator, val: Value) -> Value:
    return _part(elab, val, "real")


@meaning(np.imag)
def imag(elab: Elaborator, val: Value) -> Value:
    return _part(elab, val, "imag")


def _part(elab: Elaborator, value: Value, name: str) -> Value:
    if isinstance(value, ArrayRef):
        from s2sad.frontend.library.views import part

        return part(elab, value, name)
    prim = elementwise.real if name == "real" else elementwise.imag
    return strong(elab, elab.lift(emit_atom(elab, prim, (operand(elab, value),))))


@meaning(np.angle)
def angle(elab: Elaborator, z: Value, deg: Value = FALSE) -> Value:
    out = strong(elab, elab.lift(emit_atom(elab, elementwise.angle, (operand(elab, z),))))
    return operators.binary(elab, "mul", out, Static(180.0 / np.pi)) if static(elab, deg) else out


@meaning(np.isclose)
def isclose(
    elab: Elaborator, a: Value, b: Value, rtol: Value = RTOL, atol: Value = ATOL, equal_nan: Value = FALSE
) -> Value:
    if static(elab, equal_nan):
        refuse(elab, "np.isclose with equal_nan=True is not supported.")
    gap = operators.arithmetic(elab, "sub", a, b)
    size = emit_atom(elab, elementwise.abs_, (operand(elab, b),))
    bound = operators.binary(elab, "add", atol, operators.binary(elab, "mul", rtol, elab.lift(size)))
    return operators.ordering(elab, "le", elab.lift(emit_atom(elab, elementwise.abs_, (operand(elab, gap),))), bound)


@meaning(np.allclose)
def allclose(elab: Elaborator, a: Value, b: Value, rtol: Value = RTOL, atol: Value = ATOL) -> Value:
    from s2sad.frontend.library.reductions import all_

    return as_bool(elab, all_(elab, isclose(elab, a, b, rtol, atol)))


@meaning(np.array_equal)
def array_equal(elab: Elaborator, a1: Value, a2: Value) -> Value:
    from s2sad.frontend.library.reductions import all_

    left, right = operand(elab, a1), operand(elab, a2)
    dims = [a.type.dims if isinstance(a.type, Array) else () for a in (left, right)]
    if dims[0] != dims[1]:
        fixed = len(dims[0]) != len(dims[1]) or any(
            isinstance(m, int) and isinstance(n, int) and m != n for m, n in zip(*dims, strict=True)
        )
        if fixed:
            return FALSE
        refuse(elab, "np.array_equal needs arrays whose shapes are known to be equal.", "Compare the shapes first.")
    return as_bool(elab, all_(elab, operators.ordering(elab, "eq", elab.lift(left), elab.lift(right))))


@meaning(np.array_equiv)
def array_equiv(elab: Elaborator, a1: Value, a2: Value) -> Value:
    from s2sad.frontend.library.reductions import all_

    left, right = operand(elab, a1), operand(elab, a2)
    dims = [a.type.dims[::-1] if isinstance(a.type, Array) else () for a in (left, right)]
    for m, n in zip(*dims, strict=False):
        if isinstance(m, int) and isinstance(n, int) and m != n and 1 not in (m, n):
            return FALSE
        if m != n and 1 not in (m, n):
            refuse(elab, "np.array_equiv needs arrays whose shapes are known to match.", "Compare the shapes first.")
    return as_bool(elab, all_(elab, operators.ordering(elab, "eq", elab.lift(left), elab.lift(right))))


def as_bool(elab: Elaborator, value: Value) -> Value:
    """The last result as a Python bool."""
    atom = getattr(value, "atom", None)
    return value if atom is None else elab.lift(set_weak(elab, atom, True))


@meaning(np.iscomplexobj, fold=False)
def iscomplexobj(elab: Elaborator, x: Value) -> Value:
    return Static(operand(elab, x).type.dtype.kind == "c")


@meaning(np.isrealobj, fold=False)
def isrealobj(elab: Elaborator, x: Value) -> Value:
    return Static(operand(elab, x).type.dtype.kind != "c")


@meaning(np.isscalar, fold=False)
def isscalar(elab: Elaborator, x: Value) -> Value:
    from s2sad.frontend.values.values import Number

    return Static(isinstance(x, Number) or (isinstance(x, Static) and np.isscalar(x.obj)))


@meaning(np.result_type, fold=False)
def result_type(elab: Elaborator, *xs: Value) -> Value:
    def sample(x: Value) -> Any:
        from s2sad.frontend.library.support import type_of

        type_ = type_of(elab, x)
        if type_ is None or isinstance(x, Static):
            return static(elab, x)
        return type_.dtype.type(0).item() if getattr(type_, "weak", False) else type_.dtype

    return wrap(elab, np.result_type(*map(sample, xs)))


@meaning(control.stop_gradient)
def stop_gradient(elab: Elaborator, x: Value) -> Value:
    return composite(elab, control.stop_gradient, x)
