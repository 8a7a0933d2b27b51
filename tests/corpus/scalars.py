"""Straight-line programs on numbers."""

import math

import numpy as np

from tests.corpus import pos, program, unit, vec


@program((0.7,), compiled=True)
def square(x):
    return x * x


@program((0.7, 1.3))
def product_and_sine(x, y):
    return x * y + math.sin(x * y)


@program((0.7,))
def polynomial(x):
    return 3.0 * x**4 - 2 * x**3 + x**2 / 5 - 7 * x + 1


@program((1.3, 2.7))
def power_both(x, y):
    return x**y


@program((1.3,))
def negative_power(x):
    return x**-3 + x**0.5 + 2.0**x


@program((0.4,), compiled=True)
def trigonometry(x):
    return math.sin(x) * math.cos(x) / math.tan(x + 1.0) + math.atan(x) + math.asin(x) - math.acos(x)


@program((0.4,))
def hyperbolic(x):
    return math.sinh(x) + math.cosh(x) * math.tanh(x) + math.asinh(x) + math.acosh(x + 2.0) + math.atanh(x)


@program((1.7,))
def logarithms(x):
    return math.log(x) + math.log2(x) * math.log10(x) + math.log1p(x)


@program((0.3,))
def exponentials(x):
    return math.exp(x) + math.expm1(x * 2) + math.exp(-x * x / 2)


@program((0.3, 1.9))
def arctan2_hypot(x, y):
    return math.atan2(y, x) * math.hypot(x, y)


@program((0.6,))
def error_function(x):
    return math.erf(x) + x * math.erfc(x / 2)


@program((2.6,))
def gamma_functions(x):
    return math.lgamma(x) + math.gamma(x)


@program((-0.6,))
def absolute(x):
    return abs(x) * x + math.fabs(x - 3)


@program((-0.6, 2.0))
def maximum_minimum(x, y):
    return max(x, y) * min(x, y) + max(x, 0.5, y - 4)


@program((2.3,))
def reassigned(x):
    y = x
    x = x * y
    y = x + y
    x = x * y
    return x


@program((0.3, 0.9))
def swapped(x, y):
    x, y = y, x
    x, y = x * y, x - y
    return x / y


@program((1.1,))
def augmented(x):
    y = x
    y += 1.0
    y *= x
    y -= x / 3
    y /= x + 2
    y **= 2
    return y


@program((1.1, 2.2))
def chained_assignment(x, y):
    a = b = x * y
    a = a + 1.0
    return a * b


@program((1.1, 2.2, 3.3))
def starred(x, y, z):
    first, *rest = (x, y, z)
    (p, q), r = (rest[0], rest[1]), first
    return first * p + q * r * r


@program((0.8,))
def walrus(x):
    return (y := math.sin(x)) * y + y


@program((7.3, 2.1), step=False)
def modulo_and_floor(x, y):
    return (x % y) * y + (x // y) * x


@program((7.3,))
def divmod_pieces(x):
    q, r = divmod(x, 2.0)
    return q * x + r * r


@program((2.5, 3))
def integer_argument(x, n):
    return x**n + n * x


@program((2.5, True))
def boolean_argument(x, flag):
    return x * x if flag else x


@program((0.9,))
def constant_result(x):
    return 3.0 + 0.0 * x


@program((0.9, 1.5))
def ignored_argument(x, y):
    return x * x


@program((2.4,))
def rounding(x):
    return math.floor(x) * x + math.ceil(x) * x * x + int(x) * x + round(x) * x


@program((0.5, 1.5))
def several_results(x, y):
    return x * y, math.sin(x), y


@program((0.5, 0.2, 0.1))
def keyword_default(x, y=2.0, z=3.0):
    return x * y**2 + z * x


@program((1.2, 0.7, 1.9))
def common_subexpressions(x, y, z):
    a = (x * y + z) * (x * y + z)
    b = (x * y + z) / (x + y)
    return a - b * (x * y)


@program((pos(), unit(), vec()))
def black_scholes_pieces(s, v, k):
    d = (math.log(s) + 0.5 * v * v) / v + k
    return 0.5 * math.erfc(-d / math.sqrt(2.0)) * s


@program((3.0, 4.0))
def assert_and_sqrt(x, y):
    assert x > 0.0
    return math.sqrt(x * x + y * y)


@program((0.4,))
def numpy_scalars(x):
    return np.sin(x) + np.exp(np.cos(x)) * np.sqrt(x) + np.tanh(x) + np.log1p(x) + np.arctan2(x, 2.0)


@program((0.4, -1.2))
def numpy_maximum(x, y):
    return np.maximum(x, y) + np.minimum(x, y) * 2.0 + np.abs(y) + np.sign(y) * x + np.hypot(x, y)


@program((1.4, 2.2))
def copysign_program(x, y):
    return math.copysign(x, -y) * y


@program((0.3,))
def deep_composition(x):
    return math.sin(math.exp(math.cos(math.log(math.sqrt(x * x + 1.0) + x))))


@program((0.3,))
def numerically_stable_softplus(x):
    return max(x, 0.0) + math.log1p(math.exp(-abs(x)))


@program((30.0, 60.0))
def degrees_and_radians(x, y):
    return math.sin(math.radians(x)) * math.degrees(0.01 * y)
