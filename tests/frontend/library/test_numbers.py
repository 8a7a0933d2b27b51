"""Python's and NumPy's numbers: operators, builtins, `math`, `cmath`, conversions."""

from __future__ import annotations

import cmath
import functools
import itertools
import math
import operator

import numpy as np
import pytest

from tests.frontend.harness import check


def int_operators(a, b):
    return a + b, a - 1, a * b, a / b, a // b, a % b, a**2, a**-1, 2**a, -a, +a, abs(
        a
    ), a & 1, a | 8, a << 1, a >> 1, ~a, a ^ b


def int_signs(a, b):
    return (-a) // b, (-a) % b, a // -b, a % -b, divmod(-a, b), a**2.0, a > b, a == b


def float_operators(a, b):
    return a + b, a - b, a * b, a / b, a // b, a % b, a**2, a**b, -a, abs(a), a < b, a >= 3.5, divmod(a, b)


def bool_operators(a, b):
    p, q = a > 1.0, b > 1.0
    return p & q, p | q, p ^ q, not p, p + q, p and q, p or q, p == q, -p


def math_functions(a, n):
    return (
        math.sin(a),
        math.sqrt(a),
        math.exp(a),
        math.pow(a, 2),
        math.fabs(-a),
        math.atan2(a, 1),
        math.log(a, 2),
        math.log(a),
        math.hypot(a, a, a), math.hypot(a, 1.0), math.floor(a), math.ceil(-a), math.trunc(-a), math.isnan(
            a
        ), math.degrees(a),
        math.copysign(a, -1.0), math.erf(a), math.lgamma(a), math.gcd(n, 6), math.comb(n, 2), math.factorial(n),
        math.prod([a, 2.0, a]), math.isclose(a, a), math.modf(a), math.dist([a, 1.0], [0.0, a]), math.pi * a, math.sin(
            n
        ),
        math.fsum([a, 1.0]), math.fmod(a, 0.7),
    )


def numpy_numbers(a, n):
    return (
        np.sin(a),
        np.sqrt(n),
        np.float32(a),
        np.float64(n),
        np.int64(n),
        np.float64(a).item(),
        np.abs(n),
        np.maximum(a, n),
        np.where(a > 1, a, 0.0) + 0.0, np.clip(a, 0.0, 1.0), np.power(a, 2), np.pi * a, np.array(a).item(), np.sign(
            a
        ), np.real(a),
    )


def numpy_number_attributes(s):
    return s.real, s.imag, s.shape, s.ndim, s.size, s.dtype, s.sum(), s.conjugate(), s.item(), s.astype(np.float32), s.T


def float32_stays(s):
    return s * 2.0, s + 1, s**2, s / 3, 1 / s, np.sqrt(s), np.maximum(s, 0.0), math.sqrt(s), np.float32(
        2
    ) * s, s * np.float64(2)


def builtin_functions(a, b, n):
    return (
        max(a, b),
        min(a, b, 0.0),
        round(a),
        round(a, 1),
        int(a),
        float(n),
        bool(a),
        complex(a, b),
        divmod(n, 2),
        sum([a, b]),
        max([a, b, 1.0]), isinstance(a, float), isinstance(n, int), len([a, b]), pow(a, 2), list(range(3)), sorted(
            [3, 1, 2]
        ),
        sorted([a, b]), all([a > 0, b > 0]), any([a > 0, b > 0]), tuple({"u": a, "v": b}.values()), max(
            [a, b], key=lambda v: v * v
        ), sum([n, n]),
        [v * 2 for v in (a, b)], list(zip([a, b], [1, 2], strict=True)), list(enumerate([a, b])), list(
            reversed([a, b])
        ),
        max([a]), round(n), str(3), min((a, b), default=0.0), max(n, 2), len(range(n)), len(range(1, n, 2)), sum(
            range(n)
        ),
        list(map(abs, [a, b])), callable(math.sin), hasattr(a, "real"),
    )  # fmt: skip


def complex_numbers(c, a):
    return (
        c * 2,
        c.real,
        c.imag,
        c.conjugate(),
        abs(c),
        c**2,
        c == 1,
        complex(1, 2) * c,
        cmath.exp(c),
        cmath.exp(a),
        cmath.phase(c),
        cmath.polar(c), cmath.rect(a, 1.0), np.exp(c), np.angle(c), c + a, -c, 1 / c,
    )


def itertools_and_operator(a):
    return (
        list(itertools.product([a, 1.0], [2.0, 3.0])), list(itertools.accumulate([a, 1.0, 2.0])),
        list(itertools.combinations([a, 1.0, 2.0], 2)), functools.reduce(operator.mul, [a, 2.0, a]), operator.add(a, 1),
        operator.itemgetter(0)([a, 2.0]), list(itertools.chain([a], [1.0])), list(itertools.pairwise([a, 1.0, 2.0])),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("function", "args"),
    [
        (int_operators, (5, 3)), (int_signs, (7, 3)), (float_operators, (3.5, 2.25)), (float_operators, (3.5, -2.0)),
        (bool_operators, (0.5, 2.0)), (math_functions, (1.5, 3)), (numpy_numbers, (1.5, 3)),
        (numpy_number_attributes, (np.float64(1.5),)), (float32_stays, (np.float32(2.5),)), (
            builtin_functions, (1.5, -2.25, 7)
        ),
        (complex_numbers, (1.5 + 2j, 0.5)), (itertools_and_operator, (1.5,)),
    ],
)  # fmt: skip
def test_numbers(function, args):
    check(function, *args)


def weak_stays_weak(x, a):
    return x * a, x * math.sin(a), x + max(a, 1.0), x * sum([a, a]), x / len(x), x * abs(a), x - round(a, 1), x * float(
        a
    )


def strong_widens(x, a):
    return x * np.sin(a), x + np.float64(a), x * np.max(np.array([a, 1.0]))


@pytest.mark.parametrize("function", [weak_stays_weak, strong_widens])
def test_promotion_of_float32(function):
    check(function, np.ones(3, np.float32), 0.7)
