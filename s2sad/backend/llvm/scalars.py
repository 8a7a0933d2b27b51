"""Primitives on numbers as instructions: a table, one entry a primitive.

    @scalar(add)                        arguments converted to the dtype of the result
    @scalar(lt, takes=COMMON)           arguments converted to the dtype that they have in common
    @scalar(isnan, takes=OWN)           arguments as they are

An entry takes the code, the arguments and a `Case` (dtypes and params); it gives the result, of the dtype that the IR
says, or None where it has no instructions for that dtype. No fast-math flag stands on any of them. Integers wrap, as
NumPy's do; comparisons with nan are false, but for ``!=``.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from s2sad.backend.llvm.code import I1, Code, Value, element_of
from s2sad.backend.llvm.conversions import convert, truth
from s2sad.backend.llvm.mathematics import library
from s2sad.backend.llvm.values import Complex, Number, constant, number_type, part_dtype
from s2sad.config import config
from s2sad.ir.primitives import Primitive
from s2sad.rules import control, elementwise, logical, special

RESULT, COMMON, OWN = "result", "common", "own"
MATH = "nounwind willreturn memory(none)"


@dataclass(frozen=True, slots=True)
class Case:
    """The dtype of the converted arguments (of the first one, where they are taken as they are), that of the result,
    and the params."""

    dtype: np.dtype
    result: np.dtype
    params: dict[str, Any]
    sources: tuple[np.dtype, ...]
    any_order: bool = False

    @property
    def kind(self) -> str:
        """``f``, ``i``, ``u``, ``b`` or ``c``."""
        return self.dtype.kind

    @property
    def suffix(self) -> str:
        """What LLVM's intrinsics on numbers of this dtype end in."""
        return f"f{8 * self.dtype.itemsize}" if self.kind == "f" else f"i{8 * self.dtype.itemsize}"

    def of(self, value: float) -> Value:
        """A literal of the arguments' dtype."""
        found = constant(value, self.dtype)
        assert isinstance(found, Value)
        return found


Entry = Callable[..., "Number | None"]
TABLE: dict[Primitive, tuple[str, Entry]] = {}


def scalar(*prims: Primitive, takes: str = RESULT) -> Callable[[Entry], Entry]:
    """Declare the instructions of primitives on numbers."""

    def declare(entry: Entry) -> Entry:
        TABLE.update(dict.fromkeys(prims, (takes, entry)))
        return entry

    return declare


def write(
    code: Code, prim: Primitive, args: Sequence[Number], sources: Sequence[np.dtype], result: np.dtype,
    params: dict[str, Any], common: np.dtype, any_order: bool = False,
) -> Number | None:  # fmt: skip
    """The instructions of one primitive; None where the table has none for these dtypes. `any_order` says that it is
    a term of a sum whose order is ours."""
    found = TABLE.get(prim)
    if found is None:
        return None
    takes, entry = found
    dtype = {RESULT: result, COMMON: common, OWN: sources[0]}[takes]
    if takes != OWN:
        args = [convert(code, a, s, dtype) for a, s in zip(args, sources, strict=True)]
    return entry(code, *args, case=Case(dtype, result, params, tuple(sources), any_order))


# -- arithmetic


def _arithmetic(prim: Primitive, real: str, integer: str, boolean: str) -> None:
    @scalar(prim)
    def entry(code: Code, x: Number, y: Number, case: Case) -> Number:
        adding = f"{real} reassoc" if case.any_order else real
        if isinstance(x, Complex) and isinstance(y, Complex):
            return Complex(code.binary(adding, x.re, y.re), code.binary(adding, x.im, y.im))
        assert isinstance(x, Value) and isinstance(y, Value)
        return code.binary({"f": adding, "b": boolean}.get(case.kind, integer), x, y)


_arithmetic(elementwise.add, "fadd", "add", "or")
_arithmetic(elementwise.sub, "fsub", "sub", "xor")


def _product(code: Code, x: Number, y: Number, case: Case) -> Number:
    if isinstance(x, Complex) and isinstance(y, Complex):
        re = code.binary("fsub", code.binary("fmul", x.re, y.re), code.binary("fmul", x.im, y.im))
        return Complex(re, code.binary("fadd", code.binary("fmul", x.re, y.im), code.binary("fmul", x.im, y.re)))
    assert isinstance(x, Value) and isinstance(y, Value)
    return code.binary({"f": "fmul", "b": "and"}.get(case.kind, "mul"), x, y)


scalar(elementwise.mul)(_product)


@scalar(elementwise.truediv)
def _truediv(code: Code, x: Number, y: Number, case: Case) -> Number | None:
    if isinstance(x, Complex) and isinstance(y, Complex):
        return _complex_quotient(code, x, y, case)
    assert isinstance(x, Value) and isinstance(y, Value)
    return code.binary("fdiv", x, y) if case.kind == "f" else None


def _complex_quotient(code: Code, x: Complex, y: Complex, case: Case) -> Complex:
    """Smith's algorithm, the larger part of the divisor first (R. L. Smith, Comm. ACM 5, 1962)."""
    zero, wide = _part(case, 0.0), code.compare("fcmp oge", _abs(code, y.re), _abs(code, y.im))
    large, small = code.select(wide, y.re, y.im), code.select(wide, y.im, y.re)
    none = code.binary("and", code.compare("fcmp oeq", y.re, zero), code.compare("fcmp oeq", y.im, zero))
    ratio = code.binary("fdiv", small, large)
    scale = code.binary("fdiv", _part(case, 1.0), code.binary("fadd", large, code.binary("fmul", small, ratio)))
    a, b = code.select(wide, x.re, x.im), code.select(wide, x.im, x.re)
    re = code.binary("fmul", code.binary("fadd", a, code.binary("fmul", b, ratio)), scale)
    wide_im = code.binary("fsub", x.im, code.binary("fmul", x.re, ratio))
    high_im = code.binary("fsub", code.binary("fmul", x.im, ratio), x.re)
    im = code.binary("fmul", code.select(wide, wide_im, high_im), scale)
    by_zero = [code.binary("fdiv", part, _abs(code, y.re)) for part in x]
    return Complex(code.select(none, by_zero[0], re), code.select(none, by_zero[1], im))


def _part(case: Case, value: float) -> Value:
    found = constant(value, part_dtype(case.dtype))
    assert isinstance(found, Value)
    return found


@scalar(elementwise.neg)
def _neg(code: Code, x: Number, case: Case) -> Number:
    if isinstance(x, Complex):
        return Complex(_negated(code, x.re), _negated(code, x.im))
    return _negated(code, x) if case.kind == "f" else code.binary("sub", case.of(0), x)


def _negated(code: Code, x: Value) -> Value:
    return code.value(x.type, f"fneg {x}")


@scalar(elementwise.pos, elementwise.real, control.stop_gradient)
def _same(code: Code, x: Number, case: Case) -> Number:
    return x


@scalar(elementwise.conj, takes=OWN)
def _conj(code: Code, z: Number, case: Case) -> Number:
    return Complex(z.re, _negated(code, z.im)) if isinstance(z, Complex) else z


@scalar(elementwise.imag, takes=OWN)
def _imag(code: Code, z: Number, case: Case) -> Number:
    return z.im if isinstance(z, Complex) else case.of(0)


@scalar(elementwise.complex_, takes=OWN)
def _complex(code: Code, re: Number, im: Number, case: Case) -> Number | None:
    if isinstance(re, Complex) or isinstance(im, Complex):
        return None
    part = part_dtype(case.result)
    left, right = (convert(code, x, s, part) for x, s in zip((re, im), case.sources, strict=True))
    assert isinstance(left, Value) and isinstance(right, Value)
    return Complex(left, right)


@scalar(elementwise.angle, takes=OWN)
def _angle(code: Code, z: Number, case: Case) -> Number | None:
    if not isinstance(z, Complex) or case.result.itemsize != case.dtype.itemsize // 2:
        return None
    return _library(code, "atan2", [z.im, z.re], case.result)


# -- division and remainders


@scalar(elementwise.mod)
def _mod(code: Code, x: Value, y: Value, case: Case) -> Value | None:
    """The remainder with the sign of the divisor; of an integer by 0, 0."""
    if case.kind == "f":
        zero, rest = case.of(0.0), code.binary("frem", x, y)
        signed = code.compare("fcmp olt", rest, zero), code.compare("fcmp olt", y, zero)
        none = code.compare("fcmp oeq", rest, zero)
        turned = code.select(code.binary("xor", *signed), code.binary("fadd", rest, y), rest)
        return code.select(none, _copysign(code, zero, y), turned)
    return _integer_division(code, x, y, case)[1]


@scalar(elementwise.floordiv)
def _floordiv(code: Code, x: Value, y: Value, case: Case) -> Value | None:
    """The quotient rounded down, by way of the remainder as NumPy finds it; of an integer by 0, 0."""
    if case.kind != "f":
        return _integer_division(code, x, y, case)[0]
    zero, one, half = case.of(0.0), case.of(1.0), case.of(0.5)
    plain, rest = code.binary("fdiv", x, y), code.binary("frem", x, y)
    quotient = code.binary("fdiv", code.binary("fsub", x, rest), y)
    signs = code.compare("fcmp olt", rest, zero), code.compare("fcmp olt", y, zero)
    turned = code.binary("and", code.compare("fcmp une", rest, zero), code.binary("xor", *signs))
    quotient = code.select(turned, code.binary("fsub", quotient, one), quotient)
    down = _intrinsic(code, "floor", [quotient], case)
    up = code.compare("fcmp ogt", code.binary("fsub", quotient, down), half)
    down = code.select(up, code.binary("fadd", down, one), down)
    down = code.select(code.compare("fcmp oeq", quotient, zero), _copysign(code, zero, plain), down)
    return code.select(code.compare("fcmp oeq", y, zero), plain, down)


def _integer_division(code: Code, x: Value, y: Value, case: Case) -> tuple[Value, Value]:
    """Quotient and remainder, rounded down. The processor divides neither by 0 nor the smallest number by -1."""
    zero, one = case.of(0), case.of(1)
    none = code.compare("icmp eq", y, zero)
    if case.kind == "u":
        divisor = code.select(none, one, y)
        quotient, rest = code.binary("udiv", x, divisor), code.binary("urem", x, divisor)
        return code.select(none, zero, quotient), code.select(none, zero, rest)
    if case.kind == "b":
        quotient, rest = code.binary("and", x, y), code.binary("and", x, Value("false", I1))
        return quotient, rest
    minus = code.compare("icmp eq", y, case.of(-1))
    divisor = code.select(code.binary("or", none, minus), one, y)
    quotient, rest = code.binary("sdiv", x, divisor), code.binary("srem", x, divisor)
    signs = code.compare("icmp slt", rest, zero), code.compare("icmp slt", divisor, zero)
    turned = code.binary("and", code.compare("icmp ne", rest, zero), code.binary("xor", *signs))
    quotient = code.select(turned, code.binary("sub", quotient, one), quotient)
    rest = code.select(turned, code.binary("add", rest, divisor), rest)
    quotient = code.select(minus, code.binary("sub", zero, x), quotient)
    return code.select(none, zero, quotient), code.select(code.binary("or", none, minus), zero, rest)


@scalar(elementwise.fmod)
def _fmod(code: Code, x: Value, y: Value, case: Case) -> Value | None:
    return code.binary("frem", x, y) if case.kind == "f" else None


@scalar(elementwise.reciprocal)
def _reciprocal(code: Code, x: Number, case: Case) -> Number | None:
    return code.binary("fdiv", case.of(1.0), x) if case.kind == "f" and isinstance(x, Value) else None


# -- powers


@scalar(elementwise.square)
def _square(code: Code, x: Number, case: Case) -> Number | None:
    return _product(code, x, x, case=case)


@scalar(elementwise.integer_pow)
def _integer_pow(code: Code, x: Number, case: Case) -> Number | None:
    """By repeated squaring, for exponents that keep it within a few roundings; above, the library's power."""
    n = case.params["n"]
    if n == 0:
        return constant(1, case.dtype)
    if case.kind == "f" and abs(n) > 8 and isinstance(x, Value):
        return _power_of(code, x, case.of(float(n)), case)
    if n < 0:
        if case.kind != "f":
            return None
        power = _power(code, x, -n, case)
        assert isinstance(power, Value)
        return code.binary("fdiv", case.of(1.0), power)
    return None if case.kind == "c" and n > 64 else _power(code, x, n, case)


def _power(code: Code, x: Number, n: int, case: Case) -> Number:
    result: Number | None = None
    while True:
        if n & 1:
            result = x if result is None else _product(code, result, x, case=case)
        n >>= 1
        if not n:
            assert result is not None
            return result
        x = _product(code, x, x, case=case)


@scalar(elementwise.pow)
def _pow(code: Code, x: Number, y: Number, case: Case) -> Number | None:
    if case.kind != "f" or not (isinstance(x, Value) and isinstance(y, Value)):
        return None
    return _power_of(code, x, y, case)


def _power_of(code: Code, x: Value, y: Value, case: Case) -> Value:
    return library.call(code, "pow", [x, y]) if config.polynomials else _intrinsic(code, "pow", [x, y], case)


# -- functions


def _intrinsic(code: Code, name: str, args: Sequence[Value], case: Case) -> Value:
    """One of LLVM's own functions of numbers."""
    return code.call(number_type(case.dtype), f"llvm.{name}.{case.suffix}", *args)


def _library(code: Code, name: str, args: Sequence[Value], dtype: np.dtype) -> Value:
    """A function of the C library's."""
    return code.call(number_type(dtype), name + ("f" if dtype.itemsize == 4 else ""), *args, attributes=MATH)


def _function(prim: Primitive, name: str, by: Callable[..., Value] = _intrinsic) -> None:
    @scalar(prim)
    def entry(code: Code, *args: Number, case: Case) -> Number | None:
        reals = [a for a in args if isinstance(a, Value)]
        if case.kind != "f" or len(reals) != len(args):
            return None
        if config.polynomials and prim.name in library.FORMULAS:
            return library.call(code, prim.name, reals)
        return by(code, name, reals, case if by is _intrinsic else case.dtype)


for _name in ("sqrt", "exp", "exp2", "log", "log2", "log10", "sin", "cos"):
    _function(getattr(elementwise, _name), _name)
for _prim, _name in (
    (elementwise.tan, "tan"), (elementwise.arcsin, "asin"), (elementwise.arccos, "acos"),
    (elementwise.arctan, "atan"), (elementwise.arctan2, "atan2"), (elementwise.sinh, "sinh"),
    (elementwise.cosh, "cosh"), (elementwise.tanh, "tanh"), (elementwise.arcsinh, "asinh"),
    (elementwise.arccosh, "acosh"), (elementwise.arctanh, "atanh"), (elementwise.expm1, "expm1"),
    (elementwise.log1p, "log1p"), (elementwise.cbrt, "cbrt"), (elementwise.hypot, "hypot"),
    (special.erf, "erf"), (special.erfc, "erfc"),
):  # fmt: skip
    _function(_prim, _name, _library)


@scalar(special.expit)
def _expit(code: Code, x: Number, case: Case) -> Number | None:
    if case.kind != "f" or not config.polynomials or isinstance(x, Complex):
        return None
    return library.call(code, "expit", [x])


@scalar(elementwise.logaddexp)
def _logaddexp(code: Code, x: Number, y: Number, case: Case) -> Number | None:
    """What is larger, and what the smaller one adds to it; as of NumPy, infinities are their own sum."""
    if case.kind != "f" or isinstance(x, Complex) or isinstance(y, Complex):
        return None
    apart = code.binary("fsub", x, y)
    larger = code.select(code.compare("fcmp ogt", apart, case.of(0)), x, y)
    rest = _negated(code, _abs(code, apart))
    for prim in (elementwise.exp, elementwise.log1p):
        found = TABLE[prim][1](code, rest, case=case)
        assert isinstance(found, Value)
        rest = found
    twice = code.binary("fadd", x, case.of(math.log(2.0)))
    return code.select(code.compare("fcmp oeq", x, y), twice, code.binary("fadd", larger, rest))


@scalar(elementwise.deg2rad)
def _deg2rad(code: Code, x: Number, case: Case) -> Number | None:
    return code.binary("fmul", x, case.of(math.pi / 180)) if isinstance(x, Value) and case.kind == "f" else None


@scalar(elementwise.rad2deg)
def _rad2deg(code: Code, x: Number, case: Case) -> Number | None:
    return code.binary("fmul", x, case.of(180 / math.pi)) if isinstance(x, Value) and case.kind == "f" else None


# -- absolute values, signs, choices


@scalar(elementwise.abs_, takes=OWN)
def _absolute(code: Code, x: Number, case: Case) -> Number:
    if isinstance(x, Complex):
        return _library(code, "hypot", [x.re, x.im], case.result)
    if case.kind == "f":
        return _abs(code, x)
    if case.kind in "ub":
        return convert(code, x, case.dtype, case.result)
    positive = code.select(code.compare("icmp slt", x, case.of(0)), code.binary("sub", case.of(0), x), x)
    return convert(code, positive, case.dtype, case.result)


def _float_suffix(x: Value) -> str:
    return "f64" if element_of(x.type) == "double" else "f32"


def _abs(code: Code, x: Value) -> Value:
    return code.call(element_of(x.type), f"llvm.fabs.{_float_suffix(x)}", x)


def _copysign(code: Code, x: Value, y: Value) -> Value:
    return code.call(element_of(x.type), f"llvm.copysign.{_float_suffix(x)}", x, y)


@scalar(elementwise.copysign)
def _copysign_entry(code: Code, x: Value, y: Value, case: Case) -> Value | None:
    return _copysign(code, x, y) if case.kind == "f" else None


@scalar(elementwise.sign)
def _sign(code: Code, x: Number, case: Case) -> Number | None:
    if isinstance(x, Complex) or case.kind == "b":
        return None
    above, below = ("fcmp ogt", "fcmp olt") if case.kind == "f" else ("icmp sgt", "icmp slt")
    if case.kind == "u":
        return code.select(code.compare("icmp ne", x, case.of(0)), case.of(1), case.of(0))
    rest = code.select(code.compare("fcmp oeq", x, case.of(0)), case.of(0), x) if case.kind == "f" else case.of(0)
    negative = code.select(code.compare(below, x, case.of(0)), case.of(-1), rest)
    return code.select(code.compare(above, x, case.of(0)), case.of(1), negative)


def _choice(prim: Primitive, real: str, signed: str, unsigned: str, nan: int) -> None:
    """The first of x and y where the comparison holds or argument number `nan` is nan, else the second."""

    @scalar(prim)
    def entry(code: Code, x: Number, y: Number, case: Case) -> Number | None:
        if isinstance(x, Complex) or isinstance(y, Complex):
            return None
        if case.kind == "f":
            first = code.binary("or", code.compare(real, x, y), code.compare("fcmp uno", *((x, y)[nan],) * 2))
        else:
            first = code.compare(signed if case.kind == "i" else unsigned, x, y)
        return code.select(first, x, y)


_choice(elementwise.maximum, "fcmp oge", "icmp sge", "icmp uge", 0)
_choice(elementwise.minimum, "fcmp ole", "icmp sle", "icmp ule", 0)
_choice(elementwise.fmax, "fcmp oge", "icmp sge", "icmp uge", 1)
_choice(elementwise.fmin, "fcmp ole", "icmp sle", "icmp ule", 1)


@scalar(elementwise.where, takes=OWN)
def _where(code: Code, condition: Number, x: Number, y: Number, case: Case) -> Number:
    holds = truth(code, condition, case.sources[0])
    left, right = (convert(code, v, s, case.result) for v, s in zip((x, y), case.sources[1:], strict=True))
    if isinstance(left, Complex) and isinstance(right, Complex):
        return Complex(code.select(holds, left.re, right.re), code.select(holds, left.im, right.im))
    assert isinstance(left, Value) and isinstance(right, Value)
    return code.select(holds, left, right)


@scalar(elementwise.heaviside)
def _heaviside(code: Code, x: Value, at_zero: Value, case: Case) -> Value | None:
    if case.kind != "f":
        return None
    below, above = code.compare("fcmp olt", x, case.of(0)), code.compare("fcmp ogt", x, case.of(0))
    step = code.select(below, case.of(0), code.select(above, case.of(1), at_zero))
    return code.select(code.compare("fcmp uno", x, x), x, step)


# -- rounding


def _rounding(prim: Primitive, name: str) -> None:
    @scalar(prim)
    def entry(code: Code, x: Number, case: Case) -> Number | None:
        if isinstance(x, Complex):
            return None
        return _intrinsic(code, name, [x], case) if case.kind == "f" else x


for _prim, _name in (
    (elementwise.floor, "floor"), (elementwise.ceil, "ceil"), (elementwise.trunc, "trunc"), (elementwise.rint, "rint"),
):  # fmt: skip
    _rounding(_prim, _name)


# -- comparisons and logic


def _comparison(prim: Primitive, real: str, signed: str, unsigned: str) -> None:
    @scalar(prim, takes=COMMON)
    def entry(code: Code, x: Number, y: Number, case: Case) -> Number | None:
        if isinstance(x, Complex) and isinstance(y, Complex):
            if prim not in (logical.eq, logical.ne):
                return None
            parts = code.compare(real, x.re, y.re), code.compare(real, x.im, y.im)
            return code.binary("and" if prim is logical.eq else "or", *parts)
        assert isinstance(x, Value) and isinstance(y, Value)
        return code.compare({"f": real, "i": signed}.get(case.kind, unsigned), x, y)


_comparison(logical.lt, "fcmp olt", "icmp slt", "icmp ult")
_comparison(logical.le, "fcmp ole", "icmp sle", "icmp ule")
_comparison(logical.gt, "fcmp ogt", "icmp sgt", "icmp ugt")
_comparison(logical.ge, "fcmp oge", "icmp sge", "icmp uge")
_comparison(logical.eq, "fcmp oeq", "icmp eq", "icmp eq")
_comparison(logical.ne, "fcmp une", "icmp ne", "icmp ne")


def _truth_table(prim: Primitive, operation: str) -> None:
    @scalar(prim, takes=OWN)
    def entry(code: Code, x: Number, y: Number, case: Case) -> Number:
        return code.binary(operation, *(truth(code, v, s) for v, s in zip((x, y), case.sources, strict=True)))


_truth_table(logical.logical_and, "and")
_truth_table(logical.logical_or, "or")
_truth_table(logical.logical_xor, "xor")


@scalar(logical.logical_not, logical.not_, takes=OWN)
def _not(code: Code, x: Number, case: Case) -> Number:
    return code.binary("xor", truth(code, x, case.dtype), Value("true", I1))


def _bits(prim: Primitive, operation: str) -> None:
    @scalar(prim)
    def entry(code: Code, x: Value, y: Value, case: Case) -> Value:
        return code.binary(operation, x, y)


_bits(logical.bitwise_and, "and")
_bits(logical.bitwise_or, "or")
_bits(logical.bitwise_xor, "xor")


@scalar(logical.invert)
def _invert(code: Code, x: Value, case: Case) -> Value:
    return code.binary("xor", x, case.of(1 if case.kind == "b" else -1))


def _shift(prim: Primitive, left: bool) -> None:
    @scalar(prim)
    def entry(code: Code, x: Value, y: Value, case: Case) -> Value | None:
        """By as many bits as there are, or more, or fewer than none: what NumPy gives, all shifted out."""
        if case.kind == "b":
            return None
        fits = code.compare("icmp ult", y, case.of(8 * case.dtype.itemsize))
        count = code.select(fits, y, case.of(0))
        if left:
            return code.select(fits, code.binary("shl", x, count), case.of(0))
        if case.kind == "u":
            return code.select(fits, code.binary("lshr", x, count), case.of(0))
        gone = code.binary("ashr", x, case.of(8 * case.dtype.itemsize - 1))
        return code.select(fits, code.binary("ashr", x, count), gone)


_shift(logical.left_shift, left=True)
_shift(logical.right_shift, left=False)


# -- tests of numbers


@scalar(logical.isnan, takes=OWN)
def _isnan(code: Code, x: Number, case: Case) -> Number:
    if isinstance(x, Complex):
        return code.binary("or", *(code.compare("fcmp uno", v, v) for v in x))
    return code.compare("fcmp uno", x, x) if case.kind == "f" else Value("false", I1)


@scalar(logical.isinf, takes=OWN)
def _isinf(code: Code, x: Number, case: Case) -> Number:
    if isinstance(x, Complex):
        return code.binary("or", *(_infinite(code, v, part_dtype(case.dtype)) for v in x))
    return _infinite(code, x, case.dtype) if case.kind == "f" else Value("false", I1)


def _infinite(code: Code, x: Value, dtype: np.dtype, compare: str = "fcmp oeq") -> Value:
    top = constant(math.inf, dtype)
    assert isinstance(top, Value)
    return code.compare(compare, _abs(code, x), top)


@scalar(logical.isfinite, takes=OWN)
def _isfinite(code: Code, x: Number, case: Case) -> Number:
    if isinstance(x, Complex):
        return code.binary("and", *(_infinite(code, v, part_dtype(case.dtype), "fcmp olt") for v in x))
    return _infinite(code, x, case.dtype, "fcmp olt") if case.kind == "f" else Value("true", I1)


@scalar(logical.signbit, takes=OWN)
def _signbit(code: Code, x: Number, case: Case) -> Number | None:
    if isinstance(x, Complex) or case.kind != "f":
        return None
    bits = f"i{8 * case.dtype.itemsize}"
    return code.compare("icmp slt", code.cast("bitcast", x, bits), Value("0", bits))


__all__ = ["COMMON", "OWN", "RESULT", "TABLE", "Case", "scalar", "write"]
