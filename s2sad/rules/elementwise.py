"""Elementwise arithmetic and functions: each is declared by its partial derivatives.

A partial is the holomorphic derivative, used without conjugation in both modes. A function from complex to real numbers
has the partial `p` for which ``out_dot = Re(p * z_dot)`` and ``z_bar = p * out_bar``; the transforms take the real part
wherever the value that they reach is real. At kinks the partial is JAX's.
"""

from __future__ import annotations

import ast
import cmath
import math
import operator

import numpy as np

import s2sad_rt as rt
from s2sad.ir.builder import operators
from s2sad.ir.primitives import literal
from s2sad.ir.types import Array
from s2sad.rules.cotangent import is_complex, is_integer, number
from s2sad.rules.logical import eq, ge, gt, isfinite, isnan, logical_or, lt
from s2sad.rules.registry import composed, elementwise, jvp, scalar_rule, vjp, zero_derivative

# -- arithmetic


@scalar_rule(np.add, operator.add, impl=operator.add, spelling="_0 + _1")
def add(x, y):
    return 1, 1


@scalar_rule(np.subtract, operator.sub, impl=operator.sub, spelling="_0 - _1")
def sub(x, y):
    return 1, -1


@scalar_rule(np.multiply, operator.mul, impl=operator.mul, spelling="_0 * _1")
def mul(x, y):
    return y, x


@scalar_rule(np.divide, operator.truediv, impl=operator.truediv, spelling="_0 / _1")
def truediv(x, y, *, out):
    return 1 / y, -out / y


@scalar_rule(np.negative, operator.neg, impl=operator.neg, spelling="-_0")
def neg(x):
    return -1


@scalar_rule(np.positive, operator.pos, impl=operator.pos, spelling="+_0")
def pos(x):
    return 1


@scalar_rule(np.remainder, operator.mod, impl=operator.mod, spelling="_0 % _1")
def mod(x, y):
    return 1, -(x // y)


remainder = mod
floordiv = zero_derivative(operator.floordiv, np.floor_divide, spelling="_0 // _1")
operators(add=add, sub=sub, mul=mul, truediv=truediv, neg=neg, mod=mod, floordiv=floordiv)


@scalar_rule(np.fmod, math.fmod)
def fmod(x, y):
    return 1, -trunc(x / y)


# -- powers and roots


@scalar_rule(np.power, operator.pow, math.pow, np.float_power, impl=operator.pow, spelling="_0 ** _1")
def pow(x, y, *, out):
    if is_integer(y):
        return where(eq(y, 0), 0, y * x ** where(eq(y, 0), 1, y - 1)), None
    by_y = log(where(eq(x, 0), 1, x)) * out  # no infinity from the logarithm at base 0
    return y * x ** (y - 1), by_y


operators(pow=pow)


@scalar_rule(impl=lambda x, n: x**n, spelling="_0 ** _n")
def integer_pow(x, *, n):
    """``x ** n`` for an int `n` that is known now."""
    match n:
        case 0:
            return 0
        case 1:
            return 1
        case 2:
            return 2 * x
        case _:
            return n * integer_pow(x, n=n - 1)


@scalar_rule(np.square)
def square(x):
    return 2 * x


@scalar_rule(np.sqrt, math.sqrt)
def sqrt(x, *, out):
    return 0.5 / out


@scalar_rule(np.cbrt, math.cbrt)
def cbrt(x, *, out):
    return out / (3 * x)


@scalar_rule(np.reciprocal)
def reciprocal(x, *, out):
    return -out * out


@scalar_rule(np.hypot, math.hypot)
def hypot(x, y, *, out):
    return where(eq(out, 0), 0.5, x / out), where(eq(out, 0), 0.5, y / out)  # at the origin JAX's, a tie of |x| and |y|


# -- exponentials and logarithms


@scalar_rule(np.exp, math.exp)
def exp(x, *, out):
    return out


@scalar_rule(np.exp2, math.exp2)
def exp2(x, *, out):
    return math.log(2) * out


@scalar_rule(np.expm1, math.expm1)
def expm1(x, *, out):
    return out + 1


@scalar_rule(np.log, math.log)
def log(x):
    return 1 / x


@scalar_rule(np.log2, math.log2)
def log2(x):
    return 1 / (math.log(2) * x)


@scalar_rule(np.log10, math.log10)
def log10(x):
    return 1 / (math.log(10) * x)


@scalar_rule(np.log1p, math.log1p)
def log1p(x):
    return 1 / (1 + x)


@scalar_rule(np.logaddexp)
def logaddexp(x, y, *, out):
    return exp(_finite(x) - _finite(out)), exp(_finite(y) - _finite(out))


@scalar_rule(np.logaddexp2)
def logaddexp2(x, y, *, out):
    return exp2(_finite(x) - _finite(out)), exp2(_finite(y) - _finite(out))


def _finite(x):
    """`x` with 0 for infinity, whose difference from itself is then 0."""
    return where(eq(x, math.inf), 0, x)


# -- trigonometry


@scalar_rule(np.sin, math.sin)
def sin(x):
    return cos(x)


@scalar_rule(np.cos, math.cos)
def cos(x):
    return -sin(x)


@scalar_rule(np.tan, math.tan)
def tan(x, *, out):
    return 1 + out * out


@scalar_rule(np.arcsin, math.asin)
def arcsin(x):
    return 1 / sqrt(1 - x * x)


@scalar_rule(np.arccos, math.acos)
def arccos(x):
    return -1 / sqrt(1 - x * x)


@scalar_rule(np.arctan, math.atan)
def arctan(x):
    return 1 / (1 + x * x)


@scalar_rule(np.arctan2, math.atan2)
def arctan2(y, x):
    r2 = x * x + y * y
    return x / r2, -y / r2


@scalar_rule(np.deg2rad, np.radians, math.radians)
def deg2rad(x):
    return math.pi / 180


@scalar_rule(np.rad2deg, np.degrees, math.degrees)
def rad2deg(x):
    return 180 / math.pi


@scalar_rule(rt.sinc, np.sinc)
def sinc(x):
    return dsinc(x, n=1)


@scalar_rule(rt.dsinc, spelling="rt.dsinc(_0, _n)")
def dsinc(x, *, n):
    """The derivative of order `n` of ``sin(pi x) / (pi x)``, smooth at 0."""
    return dsinc(x, n=n + 1)


# -- hyperbolic functions


@scalar_rule(np.sinh, math.sinh)
def sinh(x):
    return cosh(x)


@scalar_rule(np.cosh, math.cosh)
def cosh(x):
    return sinh(x)


@scalar_rule(np.tanh, math.tanh)
def tanh(x, *, out):
    return 1 - out * out


@scalar_rule(np.arcsinh, math.asinh)
def arcsinh(x):
    return 1 / sqrt(1 + x * x)


@scalar_rule(np.arccosh, math.acosh)
def arccosh(x):
    return 1 / (sqrt(x - 1) * sqrt(x + 1))


@scalar_rule(np.arctanh, math.atanh)
def arctanh(x):
    return 1 / (1 - x * x)


# -- absolute values and signs

sign = zero_derivative(np.sign)


def _spell_abs(args, params, types):
    name = ast.Attribute(ast.Name("np"), "abs") if isinstance(types[0], Array) else ast.Name("abs")
    return ast.Call(name, args, [])


@scalar_rule(np.absolute, operator.abs, math.fabs, impl=abs, spelling=_spell_abs)
def abs_(x, *, out):
    if is_complex(x):
        return conj(x) / where(eq(out, 0), 1, out)
    return where(ge(x, 0), number(1, x), number(-1, x))


operators(abs=abs_)


@scalar_rule(np.copysign, math.copysign)
def copysign(x, y):
    return sign(x) * copysign(number(1, x), y), None


# -- choices


def _where(condition, x, y):
    if any(isinstance(v, np.ndarray) for v in (condition, x, y)):
        return np.where(condition, x, y)
    if any(isinstance(v, np.generic) for v in (x, y)):
        return np.where(condition, x, y)[()]
    return type(x + y)(x if condition else y)


def _spell_where(args, params, types):
    if any(isinstance(t, Array) for t in types):
        return ast.Call(ast.Attribute(ast.Name("rt"), "where"), args, [])  # Numba's own takes seconds to compile
    return ast.IfExp(*args)


where = elementwise(_where, spelling=_spell_where, name="where")


@jvp(where)
def where_jvp(_, x_dot, y_dot, condition):
    return where(condition, 0 if x_dot is None else x_dot, 0 if y_dot is None else y_dot)


@vjp(where)
def where_vjp(out_bar, condition):
    return None, where(condition, out_bar, 0), where(condition, 0, out_bar)


def _share(x, y, wins):
    """1 where `x` is chosen of x and y, a half where they tie."""
    return where(wins, number(1, x), where(eq(x, y), number(0.5, x), number(0, x)))


@scalar_rule(np.maximum)
def maximum(x, y):
    return _share(x, y, gt(x, y)), _share(y, x, gt(y, x))


@scalar_rule(np.minimum)
def minimum(x, y):
    return _share(x, y, lt(x, y)), _share(y, x, lt(y, x))


@scalar_rule(np.fmax)
def fmax(x, y):
    first = logical_or(gt(x, y), isnan(y))
    return where(first, number(1, x), number(0, x)), where(first, number(0, x), number(1, x))


@scalar_rule(np.fmin)
def fmin(x, y):
    first = logical_or(lt(x, y), isnan(y))
    return where(first, number(1, x), number(0, x)), where(first, number(0, x), number(1, x))


@composed(np.clip)
def clip(x, low, high):
    return minimum(maximum(x, low), high)


@scalar_rule(rt.heaviside, np.heaviside)
def heaviside(x, at_zero):
    return None, where(eq(x, 0), number(1, x), number(0, x))


@scalar_rule(rt.nan_to_num, spelling="rt.nan_to_num(_0, nan=_nan, posinf=_posinf, neginf=_neginf)")
def nan_to_num(x, *, nan=0.0, posinf=None, neginf=None):
    """`x` with nan and infinities replaced (None: the largest finite numbers)."""
    return where(isfinite(x), number(1, x), number(0, x))


# -- rounding

floor = zero_derivative(np.floor)
ceil = zero_derivative(np.ceil)
trunc = zero_derivative(np.trunc, np.fix)
rint = zero_derivative(np.rint)
round_ = zero_derivative(rt.round_, spelling="rt.round_(_0, decimals=_decimals)", name="round_")
floor_to_int = zero_derivative(math.floor, name="floor_to_int")
ceil_to_int = zero_derivative(math.ceil, name="ceil_to_int")
trunc_to_int = zero_derivative(math.trunc, name="trunc_to_int")
round_to_int = zero_derivative(round, spelling="round(_0)", name="round_to_int")


@scalar_rule(rt.ldexp, np.ldexp, math.ldexp)
def ldexp(x, n):
    return ldexp(number(1, x), n), None


# -- complex numbers


@scalar_rule(rt.make_complex, complex)
def complex_(re, im):
    return 1, 1j


@scalar_rule(np.real)
def real(z):
    return 1


def _spell_imag(args, params, types):
    if isinstance(types[0], Array) and types[0].dtype.kind != "c":  # Numba's fails for arrays that are not contiguous
        zeros = ast.Attribute(ast.Name("np"), "zeros")
        return ast.Call(zeros, [ast.Attribute(args[0], "shape"), literal(types[0].dtype)], [])
    return ast.Call(ast.Attribute(ast.Name("np"), "imag"), args, [])


@scalar_rule(np.imag, spelling=_spell_imag)
def imag(z):
    return -1j if is_complex(z) else 0


@scalar_rule(rt.angle, np.angle, cmath.phase)
def angle(z, *, out):
    return -1j / z if is_complex(z) else 0


conj = elementwise(np.conjugate, spelling="np.conj(_0)", name="conj")


@jvp(conj)
def conj_jvp(z_dot):
    return conj(z_dot)


@vjp(conj)
def conj_vjp(out_bar):
    return (conj(out_bar),)
