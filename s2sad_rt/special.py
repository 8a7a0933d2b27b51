"""Functions of numbers that NumPy spells differently or lacks, elementwise on arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np


def make_complex(re: Any, im: Any) -> Any:
    """``re + 1j * im``."""
    dtype = np.result_type(_float_dtype(re), _float_dtype(im), np.complex64)
    out = np.empty(np.broadcast_shapes(np.shape(re), np.shape(im)), dtype)
    out.real, out.imag = re, im
    return out if isinstance(re, np.ndarray) or isinstance(im, np.ndarray) else out[()]


def where(condition: Any, x: Any, y: Any) -> Any:
    """NumPy's `where` of three values."""
    return np.where(condition, x, y)[()]


def heaviside(x: Any, at_zero: Any) -> Any:
    return np.heaviside(x, at_zero)


def nan_to_num(x: Any, nan: float = 0.0, posinf: float | None = None, neginf: float | None = None) -> Any:
    return np.nan_to_num(x, nan=nan, posinf=posinf, neginf=neginf)[()]


def round_(x: Any, decimals: int = 0) -> Any:
    return np.round(x, decimals)


def ldexp(x: Any, n: Any) -> Any:
    return np.ldexp(x, np.asarray(n).astype(np.int64))


def angle(z: Any) -> Any:
    """The argument of a complex number."""
    return np.angle(z)


def sinc(x: Any) -> Any:
    """``sin(pi x) / (pi x)``, 1 at 0."""
    _float_dtype(x)
    return np.sinc(x)[()]


def dsinc_number(x: float, n: int) -> float:
    """The n-th derivative of ``sin(pi x) / (pi x)`` at a number.

    With u = pi x and f = sin(u) / u, Leibniz's rule on ``u f = sin(u)`` gives ``u f_n + n f_{n-1} = sin_n(u)``;
    near 0, where that cancels, the power series.
    """
    u = math.pi * x
    if abs(u) < n + 1.0:
        total, k = 0.0, (n + 1) // 2
        term = 1.0 if (k % 2 == 0) else -1.0  # (-1)^k u^(2k-n) / ((2k-n)! (2k+1))
        if 2 * k > n:
            term *= u
        for j in range(k, k + 30):
            total += term / (2 * j + 1)
            term *= -u * u / ((2 * j - n + 1) * (2 * j - n + 2))
        return total * math.pi**n
    f = math.sin(u) / u
    for k in range(1, n + 1):
        f = (math.sin(u + k * math.pi / 2) - k * f) / u
    return f * math.pi**n


def dsinc(x: Any, n: int) -> Any:
    """The n-th derivative of ``np.sinc``, elementwise."""
    out = np.vectorize(dsinc_number, otypes=[_float_dtype(x)])(x, n)
    return out if isinstance(x, np.ndarray) else out[()]


# -- error and gamma functions


def erf(x: Any) -> Any:
    return _complex_elementwise(erf_complex, x) if _is_complex(x) else _elementwise(math.erf, x)


def erfc(x: Any) -> Any:
    return _complex_elementwise(erfc_complex, x) if _is_complex(x) else _elementwise(math.erfc, x)


STEP = math.sqrt(math.pi / 12)


def faddeeva(z: complex) -> complex:
    """``exp(-z^2) erfc(-iz)`` in the first quadrant, by rules of 11 points with the poles between them accounted for
    (Al Azah and Chandler-Wilde, "Computation of the complex error function using modified trapezoidal rules", 2021)."""
    x, y = z.real, z.imag
    part = x / STEP - math.floor(x / STEP)
    on_steps = y < x and 0.25 <= part <= 0.75
    total = 0j
    for k in range(12):
        t = (k + (0.0 if on_steps else 0.5)) * STEP
        total += math.exp(-t * t) / (z * z - t * t) * (0.5 if k == 0 and on_steps else 1.0)
    w = 2j * STEP / math.pi * z * total
    if y < max(x, math.pi / STEP):
        turn = np.exp(2j * math.pi / STEP * z)
        w += 2.0 * np.exp(-z * z) * turn / (turn - 1.0 if on_steps else turn + 1.0)
    return w


def erfc_complex(z: complex) -> complex:
    """``1 - erf(z)``; ``erfc(-z) = 2 - erfc(z)`` and ``erfc(conj(z)) = conj(erfc(z))``."""
    if z.real < 0.0:
        return 2.0 - erfc_complex_right(-z)
    return erfc_complex_right(z)


def erfc_complex_right(z: complex) -> complex:
    if z.imag > 0.0:
        return (np.exp(-z.conjugate() ** 2) * faddeeva(1j * z.conjugate())).conjugate()
    return np.exp(-z * z) * faddeeva(1j * z)


def erf_complex(z: complex) -> complex:
    """The error function; near 0 its power series (Abramowitz & Stegun 7.1.5)."""
    if abs(z) < 1.0:
        total, term = z, z
        for n in range(1, 30):
            term *= -z * z / n
            total += term / (2 * n + 1)
        return total * (2.0 / math.sqrt(math.pi))
    return 1.0 - erfc_complex_right(z) if z.real >= 0.0 else erfc_complex_right(-z) - 1.0


def gamma(x: Any) -> Any:
    return _elementwise(gamma_number, x)


def gamma_number(x: float) -> float:
    """As in C: inf at 0, with its sign, nan at the other poles, inf beyond what a float holds; Python's raises."""
    if x == 0:
        return math.copysign(math.inf, x)
    try:
        return math.gamma(x)
    except ValueError:
        return math.nan
    except OverflowError:
        return math.inf


def lgamma(x: Any) -> Any:
    return _elementwise(lgamma_number, x)


def lgamma_number(x: float) -> float:
    """As in C: inf at the poles, and beyond what a float holds; Python's raises."""
    try:
        return math.lgamma(x)
    except (ValueError, OverflowError):
        return math.inf


def digamma(x: Any) -> Any:
    """The logarithmic derivative of gamma."""
    return _elementwise(lambda v: polygamma_number(0, v), x)


def polygamma(n: Any, x: Any) -> Any:
    """The derivative of order n of `digamma`."""
    out = np.vectorize(lambda k, v: polygamma_number(int(k), v), otypes=[_float_dtype(x)])(n, x)
    return out if isinstance(n, np.ndarray) or isinstance(x, np.ndarray) else out[()]


def _is_complex(x: Any) -> bool:
    return np.asarray(x).dtype.kind == "c"


def _complex_elementwise(function: Any, z: Any) -> Any:
    dtype = np.asarray(z).dtype
    return np.vectorize(function, otypes=[dtype])(z) if isinstance(z, np.ndarray) else dtype.type(function(z))


def _float_dtype(x: Any) -> np.dtype:
    """The dtype of a function of real numbers."""
    dtype = np.asarray(x).dtype
    if dtype.kind == "c":
        raise TypeError("this function is for real numbers, not for complex ones")
    return dtype if dtype.kind == "f" else np.dtype(float)


def _elementwise(function: Any, x: Any) -> Any:
    dtype = _float_dtype(x)
    return np.vectorize(function, otypes=[dtype])(x) if isinstance(x, np.ndarray) else dtype.type(function(x))


BERNOULLI = (1 / 6, -1 / 30, 1 / 42, -1 / 30, 5 / 66, -691 / 2730, 7 / 6, -3617 / 510, 43867 / 798, -174611 / 330)


def polygamma_positive(n: int, x: float) -> float:
    """psi^(n)(x) for x > 0: recurrence up to n + 12, then the asymptotic series (Abramowitz & Stegun 6.4.6, 6.4.11)."""
    total = 0.0
    sign = 1.0 if n % 2 == 1 else -1.0
    factorial = 1.0
    for k in range(2, n + 1):
        factorial *= k
    while x < n + 12.0:
        total += sign * factorial / x ** (n + 1)
        x += 1.0
    if n == 0:
        tail = math.log(x) - 0.5 / x
        power = x * x
        for j in range(10):
            tail -= BERNOULLI[j] / ((2 * j + 2) * power)
            power *= x * x
        return total + tail
    tail = factorial / n / x**n + factorial / (2 * x ** (n + 1))
    rising = factorial * (n + 1) / 2.0  # (2j + n - 1)! / (2j)! for j = 1
    power = x ** (n + 2)
    for j in range(1, 11):
        tail += BERNOULLI[j - 1] * rising / power
        rising *= (2 * j + n) * (2 * j + n + 1) / ((2 * j + 1) * (2 * j + 2))
        power *= x * x
    return total + sign * tail


def polygamma_number(n: int, x: float) -> float:
    """psi^(n)(x); for x < 0 by reflection, (-1)^n psi^(n)(1 - x) - pi d^n/dx^n cot(pi x) (ibid. 6.4.7).

    At the poles SciPy's values: infinite with its sign, but for n = 0 below 0, where that depends on the side: nan."""
    if x > 0.0:
        return polygamma_positive(n, x)
    if x != x or math.isinf(x):
        return math.nan
    if x == math.floor(x):
        if n == 0:
            return -math.copysign(math.inf, x) if x == 0.0 else math.nan
        return math.inf if n % 2 == 1 else -math.inf
    t = 1.0 / math.tan(math.pi * x)
    coefficients = [0.0] * (n + 2)  # d^n cot as a polynomial in cot: cot' = -(1 + cot^2)
    coefficients[1] = 1.0
    for _ in range(n):
        new = [0.0] * (n + 2)
        for k in range(1, n + 2):
            new[k - 1] -= k * coefficients[k]
            if k + 1 < n + 2:
                new[k + 1] -= k * coefficients[k]
        coefficients = new
    cot = 0.0
    for c in coefficients[::-1]:
        cot = cot * t + c
    mirrored = polygamma_positive(n, 1.0 - x)
    return (mirrored if n % 2 == 0 else -mirrored) - math.pi ** (n + 1) * cot


# -- functions of numbers, compiled as they stand; the names without `_number` apply them to each element


def expit_number(x: float) -> float:
    """``1 / (1 + exp(-x))``, without overflow."""
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    e = math.exp(x)
    return e / (1.0 + e)


def xlogy_number(x: float, y: float) -> float:
    """``x * log(y)``, 0 where x is."""
    if x == 0.0 and y == y:
        return 0.0
    if y <= 0.0:
        return -math.inf * x if y == 0.0 else math.nan
    return x * math.log(y)


def xlog1py_number(x: float, y: float) -> float:
    """``x * log1p(y)``, 0 where x is."""
    if x == 0.0 and y == y:
        return 0.0
    if y <= -1.0:
        return -math.inf * x if y == -1.0 else math.nan
    return x * math.log1p(y)


def erfinv_number(x: float) -> float:
    """The inverse of erf: a start by Winitzki's formula, then Halley's steps on erf (on erfc in the tails)."""
    if x <= -1.0 or x >= 1.0 or x != x:
        return math.inf if x == 1.0 else -math.inf if x == -1.0 else math.nan
    if x == 0.0:
        return x
    t = math.log((1.0 - x) * (1.0 + x))
    h = 2.0 / (math.pi * 0.147) + 0.5 * t
    y = math.copysign(math.sqrt(math.sqrt(h * h - t / 0.147) - h), x)
    for _ in range(3):
        error = math.erf(y) - x if abs(x) < 0.5 else math.copysign(1.0, x) * (1.0 - abs(x) - math.erfc(abs(y)))
        step = error * math.sqrt(math.pi) / 2.0 * math.exp(y * y)
        y -= step / (1.0 + y * step)
    return y


def expit(x: Any) -> Any:
    return _elementwise(expit_number, x)


def erfinv(x: Any) -> Any:
    return _elementwise(erfinv_number, x)


def xlogy(x: Any, y: Any) -> Any:
    return _of_two(xlogy_number, x, y)


def xlog1py(x: Any, y: Any) -> Any:
    return _of_two(xlog1py_number, x, y)


def _of_two(function: Any, x: Any, y: Any) -> Any:
    dtype = np.result_type(_float_dtype(x), _float_dtype(y))
    out = np.vectorize(function, otypes=[dtype])(x, y)
    return out if isinstance(x, np.ndarray) or isinstance(y, np.ndarray) else out[()]


def elementwise_float(function: Any, args: tuple[Any, ...], *params: Any) -> Any:
    """A function of real numbers, and of `params` that are the same for all, on each element of broadcast arrays."""
    dtype = np.result_type(*(_float_dtype(x) for x in args))
    out = np.vectorize(lambda *numbers: function(*map(float, numbers), *params), otypes=[dtype])(*args)
    return out if any(isinstance(x, np.ndarray) for x in args) else out[()]
