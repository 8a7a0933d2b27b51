"""Conversions and the functions of `math` and `cmath`: Python's numbers in, Python's numbers out."""

from __future__ import annotations

import builtins
import cmath
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import operators
from s2sad.frontend.library.support import (
    FALSE,
    NONE,
    ONE,
    ZERO,
    Elaborator,
    composite,
    describe,
    emit,
    emit_atom,
    fit,
    known,
    operand,
    refuse,
    set_weak,
    static,
    type_of,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import ArrayRef, ListRef, Number, Static, Tuple, Value
from s2sad.ir import Array, Atom, Const, Scalar
from s2sad.ir.primitives import cast
from s2sad.ir.types import COMPLEX, FLOAT, INT
from s2sad.rules import elementwise, logical, reductions
from s2sad.rules.registry import CALLABLES

# -- conversions


def scalar_atom(elab: Elaborator, value: Value, what: str) -> Atom:
    """The one number of a value, as Python's conversions take it."""
    atom = operand(elab, value)
    if not isinstance(atom.type, Array):
        return atom
    if any(d != 1 for d in atom.type.dims):
        refuse(
            elab,
            f"{what} takes one number, not {describe(elab, value)}.",
            "Use NumPy's function, or an element.",
            TypeMismatchError,
        )
    from s2sad.frontend.library.indexing import load_at

    return load_at(elab, atom, *[Const(0)] * atom.type.rank)


def to_python(elab: Elaborator, value: Value, dtype: np.dtype, what: str) -> Value:
    """A number as a Python number of this dtype."""
    atom = scalar_atom(elab, value, what)
    if atom.type.dtype.kind == "c" and dtype.kind != "c":
        refuse(elab, f"{what} does not take a complex number.", "Take its real part first.", TypeMismatchError)
    if atom.type == Scalar(dtype, True):
        return elab.lift(atom)
    return elab.lift(emit_atom(elab, cast, (atom,), dtype=dtype, weak=True))


@meaning(builtins.float, np.ndarray.__float__)
def float_(elab: Elaborator, x: Value) -> Value:
    return to_python(elab, x, FLOAT, "float")


@meaning(builtins.int, np.ndarray.__int__)
def int_(elab: Elaborator, x: Value) -> Value:
    return to_python(elab, x, INT, "int")


@meaning(operator.index)
def index(elab: Elaborator, x: Value) -> Value:
    type_ = type_of(elab, x)
    if type_ is None or type_.dtype.kind not in "biu":
        refuse(elab, f"{describe(elab, x)} is not an int.".capitalize(), kind=TypeMismatchError)
    return to_python(elab, x, INT, "index")


@meaning(builtins.bool, operator.truth, fold=False)
def bool_(elab: Elaborator, x: Value = FALSE) -> Value:
    truth = elab.truth(x)
    return Static(truth) if isinstance(truth, bool) else elab.lift(truth)


@meaning(builtins.complex)
def complex_(elab: Elaborator, real: Value = ZERO, imag: Value = ZERO) -> Value:
    if imag == ZERO:
        return to_python(elab, real, COMPLEX, "complex")
    parts = [scalar_atom(elab, v, "complex") for v in (real, imag)]
    if any(p.type.dtype.kind == "c" for p in parts):
        scaled = operators.binary(elab, "mul", Static(1j), elab.lift(parts[1]))
        return operators.binary(elab, "add", elab.lift(parts[0]), scaled)
    return elab.lift(set_weak(elab, emit_atom(elab, elementwise.complex_, [fit(elab, p, FLOAT) for p in parts]), True))


# -- arithmetic


@meaning(builtins.abs, operator.abs)
def abs_(elab: Elaborator, x: Value) -> Value:
    from s2sad.frontend.values.values import ObjectRef

    if isinstance(x, ObjectRef):
        cls: Any = x.cls
        return elab.call(Static(cls.__abs__), [x], {})
    return emit(elab, elementwise.abs_, x)


@meaning(builtins.pow)
def pow_(elab: Elaborator, base: Value, exp: Value, mod: Value = NONE) -> Value:
    if mod != NONE:
        refuse(elab, "pow with a modulus is not supported.", "Write base ** exp % mod.")
    return operators.binary(elab, "pow", base, exp)


@meaning(builtins.divmod)
def divmod_(elab: Elaborator, x: Value, y: Value) -> Value:
    return Tuple((operators.binary(elab, "floordiv", x, y), operators.binary(elab, "mod", x, y)))


@meaning(builtins.round)
def round_(elab: Elaborator, number: Value, ndigits: Value = NONE) -> Value:
    type_ = type_of(elab, number)
    digits = static(elab, ndigits)
    if isinstance(type_, Scalar) and digits is None:
        if type_.dtype.kind in "biu":
            return int_(elab, number)
        return elab.lift(set_weak(elab, emit_atom(elab, elementwise.round_to_int, (elab.atom(number),)), True))
    weak = isinstance(type_, Scalar) and type_.weak
    out = emit_atom(elab, elementwise.round_, (operand(elab, number),), decimals=digits or 0)
    return elab.lift(set_weak(elab, out, True) if weak else out)


@meaning(float.is_integer)
def is_integer(elab: Elaborator, x: Value) -> Value:
    whole = emit_atom(elab, logical.eq, (elab.atom(emit(elab, elementwise.floor, x)), elab.atom(x)))
    return elab.lift(set_weak(elab, whole, True))


@meaning(complex.conjugate, float.conjugate, int.conjugate, np.ndarray.conjugate, np.ndarray.conj, np.conjugate)
def conjugate(elab: Elaborator, x: Value) -> Value:
    atom = operand(elab, x)
    if atom.type.dtype.kind != "c":
        return elab.lift(atom) if isinstance(atom.type, Array) else x
    weak = isinstance(atom.type, Scalar) and atom.type.weak
    return elab.lift(set_weak(elab, emit_atom(elab, elementwise.conj, (atom,)), weak))


@meaning(np.ndarray.item, fold=False)
def item(elab: Elaborator, a: Value, *index: Value) -> Value:
    from s2sad.frontend.library.indexing import subscript
    from s2sad.frontend.library.views import reshape_view

    if index:
        key = index[0] if len(index) == 1 else Tuple(index)
        if isinstance(a, ArrayRef) and len(index) == 1 and a.type.rank > 1 and not isinstance(key, Tuple):
            a = reshape_view(elab, a, [Const(-1)])
        a = subscript(elab, a, key)
    atom = scalar_atom(elab, a, "item")
    kinds = {"b": np.dtype(bool), "i": INT, "u": INT, "f": FLOAT, "c": COMPLEX}
    return to_python(elab, elab.lift(atom), kinds[atom.type.dtype.kind], "item")


# -- math

KEEP_INTS = {
    math.floor,
    math.ceil,
    math.trunc,
    math.gcd,
    math.lcm,
    math.comb,
    math.perm,
    math.factorial,
    math.isqrt,
    math.isnan,
    math.isinf,
    math.isfinite,
    math.ldexp,
}


def call_math(elab: Elaborator, function: Callable[..., Any], args: list[Value]) -> Value:
    """A function of `math` that is one primitive: floats in, a Python number out."""
    atoms = [scalar_atom(elab, a, f"math.{function.__name__}") for a in args]
    if any(a.type.dtype.kind == "c" for a in atoms):
        refuse(
            elab, f"math.{function.__name__} does not take complex numbers.", "Use cmath or NumPy.", TypeMismatchError
        )
    if function in KEEP_INTS:
        if function in (math.floor, math.ceil, math.trunc) and atoms[0].type.dtype.kind in "biu":
            return to_python(elab, args[0], INT, "int")
    else:
        atoms = [fit(elab, a, FLOAT) for a in atoms]
    if function is math.pow:
        return elab.lift(set_weak(elab, elab.atom(operators.power(elab, *map(elab.lift, atoms))), True))
    return elab.lift(set_weak(elab, emit_atom(elab, CALLABLES[function], atoms), True))


@meaning(math.log)
def math_log(elab: Elaborator, x: Value, base: Value | None = None) -> Value:
    top = call_math(elab, math.log, [x])
    if base is None:
        return top
    bottom = Static(math.log(known(elab, base))) if isinstance(base, Static) else call_math(elab, math.log, [base])
    return operators.binary(elab, "truediv", top, bottom)


@meaning(math.hypot)
def math_hypot(elab: Elaborator, *xs: Value) -> Value:
    if len(xs) == 2:
        return call_math(elab, math.hypot, list(xs))
    total: Value = Static(0.0)
    for x in xs:
        total = operators.binary(elab, "add", total, operators.binary(elab, "mul", x, x))
    return call_math(elab, math.sqrt, [total])


@meaning(math.dist)
def math_dist(elab: Elaborator, p: Value, q: Value) -> Value:
    from s2sad.frontend.library.iteration import unroll

    pairs = zip(unroll(elab, p), unroll(elab, q), strict=True)
    return math_hypot(elab, *(operators.binary(elab, "sub", a, b) for a, b in pairs))


@meaning(math.fsum)
def math_fsum(elab: Elaborator, xs: Value) -> Value:
    from s2sad.frontend.library.builtins import sum_

    return sum_(elab, xs, Static(0.0))


@meaning(math.prod, fold=True)
def math_prod(elab: Elaborator, xs: Value, *, start: Value = ONE) -> Value:
    if isinstance(xs, ArrayRef) or (isinstance(xs, ListRef) and _grows(elab, xs)):
        total = emit(elab, reductions.prod, _vector(elab, xs), axis=None, keepdims=False)
        return operators.binary(elab, "mul", start, total)
    from s2sad.frontend.library.iteration import unroll

    for x in unroll(elab, xs):
        start = x if start == ONE and isinstance(x, Number) else operators.binary(elab, "mul", start, x)
    return start


def _grows(elab: Elaborator, value: Value) -> bool:
    from s2sad.frontend.library.support import runtime_list

    return runtime_list(elab, value) is not None


def _vector(elab: Elaborator, value: Value) -> Value:
    from s2sad.frontend.library.creation import asarray

    return asarray(elab, value)


@meaning(math.isclose)
def math_isclose(elab: Elaborator, a: Value, b: Value, *, rel_tol: Value = NONE, abs_tol: Value = ZERO) -> Value:
    def close(a: Any, b: Any) -> Any:
        size = elementwise.maximum(elementwise.abs_(a), elementwise.abs_(b))
        bound = elementwise.maximum(size * (static(elab, rel_tol) or 1e-9), static(elab, abs_tol))
        return logical.le(elementwise.abs_(a - b), bound)

    return elab.lift(set_weak(elab, elab.atom(composite(elab, close, a, b)), True))


@meaning(math.modf)
def math_modf(elab: Elaborator, x: Value) -> Value:
    whole = call_math(elab, math.trunc, [x])
    whole_float = to_python(elab, whole, FLOAT, "float")
    return Tuple((operators.binary(elab, "sub", x, whole_float), whole_float))


# -- cmath

CMATH_NAMES = {
    "exp": np.exp,
    "log": np.log,
    "log10": np.log10,
    "sqrt": np.sqrt,
    "sin": np.sin,
    "cos": np.cos,
    "tan": np.tan,
    "asin": np.arcsin,
    "acos": np.arccos,
    "atan": np.arctan,
    "sinh": np.sinh,
    "cosh": np.cosh,
    "tanh": np.tanh,
    "asinh": np.arcsinh,
    "acosh": np.arccosh,
    "atanh": np.arctanh,
}


def _cmath(name: str, function: Any) -> None:
    @meaning(getattr(cmath, name))
    def call(elab: Elaborator, x: Value) -> Value:
        z = fit(elab, scalar_atom(elab, x, f"cmath.{name}"), COMPLEX)
        return elab.lift(set_weak(elab, emit_atom(elab, CALLABLES[function], (z,)), True))


for _name, _function in CMATH_NAMES.items():
    _cmath(_name, _function)


def _cmath_test(name: str, function: Any) -> None:
    @meaning(getattr(cmath, name))
    def call(elab: Elaborator, x: Value) -> Value:
        atom = scalar_atom(elab, x, f"cmath.{name}")
        return elab.lift(set_weak(elab, emit_atom(elab, CALLABLES[function], (atom,)), True))


_CMATH_TESTS = {"phase": np.angle, "isnan": np.isnan, "isinf": np.isinf, "isfinite": np.isfinite}
for _name, _test in _CMATH_TESTS.items():
    _cmath_test(_name, _test)


@meaning(cmath.polar)
def cmath_polar(elab: Elaborator, z: Value) -> Value:
    weak = [
        set_weak(elab, emit_atom(elab, prim, (elab.atom(z),)), True) for prim in (elementwise.abs_, elementwise.angle)
    ]
    return Tuple(tuple(map(elab.lift, weak)))


@meaning(cmath.rect)
def cmath_rect(elab: Elaborator, r: Value, phi: Value) -> Value:
    cosine, sine = (call_math(elab, f, [phi]) for f in (math.cos, math.sin))
    return complex_(elab, operators.binary(elab, "mul", r, cosine), operators.binary(elab, "mul", r, sine))
