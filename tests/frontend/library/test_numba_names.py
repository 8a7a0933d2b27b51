"""Functions as users of Numba write them: `prange`, `vectorize`, `guvectorize`, `objmode`, typed containers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.errors import TypeMismatchError, UnsupportedError
from s2sad.test_util import check_grads
from tests.refusals.checks import refused

CASES: list[tuple[Callable[..., Any], tuple[Any, ...]]] = []


def values(*shape: int) -> np.ndarray:
    return np.random.default_rng(7).standard_normal(shape)


def case(*args: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare a program and its arguments."""

    def declare(function: Callable[..., Any]) -> Callable[..., Any]:
        CASES.append((function, args))
        return function

    return declare


PRICES = numba.typed.List([1.5, 2.5])


@numba.vectorize
def kinked(x, y):
    return x * y if x > 0 else y * y * x


@numba.vectorize(["float32(float32, float32)", "float64(float64, float64)"])
def typed(x, y):
    s = 0.0
    for k in range(3):
        s += x**k * y
    return s


@numba.guvectorize(["void(float64[:], float64[:])"], "(n)->()")
def squares(x, out):
    s = 0.0
    for i in range(x.shape[0]):
        s += x[i] * x[i]
    out[0] = s


@numba.guvectorize(["void(float64[:,:], float64[:,:], float64[:,:])"], "(m,n),(n,p)->(m,p)")
def product(a, b, out):
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            out[i, j] = 0.0
            for k in range(a.shape[1]):
                out[i, j] += a[i, k] * b[k, j]


@numba.guvectorize(["void(float64[:], float64, float64[:], float64[:])"], "(n),()->(n),()")
def scaled(x, y, out, total):
    total[0] = 0.0
    for i in range(x.shape[0]):
        out[i] = x[i] * y * y
        total[0] += out[i] * x[i]


@numba.guvectorize("(n),()->(n)")
def lazy(x, y, out):
    for i in range(x.shape[0]):
        out[i] = x[i] * y * y


@numba.cfunc("float64(float64)")
def callback(x):
    return x**3


@case(values(5))
@numba.njit(parallel=True)
def prange_sum(x):
    s = 0.0
    out = np.empty_like(x)
    for i in numba.prange(len(x)):
        out[i] = np.sin(x[i])
        s += out[i] ** 2
    return s


@case(values(5))
def prange_outside_njit(x):
    return sum(x[i] for i in numba.prange(len(x))) * sum([x[i] ** 2 for i in numba.prange(1, len(x), 2)])


@case(values(3))
@numba.njit(fastmath=True, cache=False, nogil=True, error_model="numpy", inline="always")
def options(x):
    return np.sum(x**2) / x[0]


@case(values(2, 3))
def vectorized(x):
    row = np.array([1.0, -2.0, 3.0])
    return np.sum(kinked(x, 2.0) ** 2) + np.sum(kinked(row, x) * kinked(x[:, :1], row)) + kinked(2, x[0, 0])


@case(values(2, 3), 1.5)
def vectorized_for_types(x, y):
    out = np.zeros((2, 3))
    typed(x, y, out)
    return np.sum(out * typed(np.arange(3), x) + typed(np.array([1, 2, 3]), y))


@case(values(2, 4))
def generalized(x):
    out = np.empty_like(x)
    lazy(x, 2.0, out)
    scaled_rows, totals = scaled(x, x[:, 0])
    return np.sum(squares(x) * totals) + squares(x[0]) + np.sum(out * scaled_rows)


@case(values(2, 3))
def generalized_matrices(x):
    stacked = np.stack([x.T, x.T * x.T])
    return np.sum(product(x, stacked) ** 2)


@case(values(3))
def several_results(x):
    total, difference = np.vectorize(lambda a, b: (a * b * a, a - b))(x, np.array([[1.0], [2.0]]))
    return np.sum(total * difference)


@case(1.5)
@numba.njit
def typed_containers(x):
    items = numba.typed.List()
    for i in range(4):
        items.append(x * i)
    table = numba.typed.Dict.empty(numba.types.unicode_type, numba.types.float64)
    table["a"] = items[2]
    return table["a"] * sum(items)


@case(1.5)
def captured_typed_list(x):
    return PRICES[0] * x**2 + PRICES[1] * len(PRICES) + sum([p * x for p in PRICES])


@case(1.5)
@numba.njit
def object_mode(x):
    with numba.objmode(y="float64"):
        y = np.sin(x) * x
    return y * 2.0


@case(1.5)
def c_callback(x):
    return callback(x) * x


every = pytest.mark.parametrize(("f", "args"), CASES, ids=[f.__name__ for f, _ in CASES])


@every
def test_value_and_derivatives(f: Callable[..., Any], args: tuple[Any, ...]) -> None:
    """What Numba itself computes; derivatives of both modes and of second order by differences."""
    with using(backend="python", verify=True):
        np.testing.assert_allclose(s2sad.jit(f)(*args), f(*args), rtol=1e-12)
        check_grads(f, args, order=2, modes=("fwd", "rev"), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("number", [0, 2, 3, 5])
def test_compiled(number: int) -> None:
    f, args = CASES[number]
    with using(backend="python"):
        expected = s2sad.grad(f)(*args)
    with using(backend="numba"):
        np.testing.assert_allclose(s2sad.grad(f)(*args), expected, rtol=1e-12)


def test_mapped_functions_are_batched() -> None:
    x = values(4, 3)
    with using(backend="python", verify=True):
        np.testing.assert_allclose(s2sad.vmap(lambda row: kinked(row, 2.0))(x), kinked(x, 2.0))
        np.testing.assert_allclose(s2sad.vmap(squares)(x), squares(x))
        gradients = s2sad.vmap(s2sad.grad(lambda row: squares(row) ** 2))(x)
        np.testing.assert_allclose(gradients, [s2sad.grad(lambda row: squares(row) ** 2)(row) for row in x])


@pytest.mark.parametrize("dtype", [np.float32, np.float64, np.int64])
def test_dtypes_are_those_of_the_signature_that_is_chosen(dtype: Any) -> None:
    x = np.array([1, -2, 3], dtype)
    with using(backend="python", verify=True):
        out = s2sad.jit(typed)(x, x)
    assert out.dtype == typed(x, x).dtype
    np.testing.assert_allclose(out, typed(x, x))


def test_captured_typed_lists_are_read_at_each_call() -> None:
    prices = numba.typed.List([1.5, 2.5])
    with using(backend="python", verify=True):
        slope = s2sad.grad(lambda x: prices[0] * x + len(prices) * x)
        assert slope(1.0) == 3.5
        prices[0] = 4.0
        assert slope(1.0) == 6.0
        prices.append(1.0)
        assert slope(1.0) == 7.0


def test_core_sizes_are_checked() -> None:
    with using(backend="python", verify=True), pytest.raises(ValueError, match="core dimension n"):
        s2sad.jit(product)(np.ones((2, 3)), np.ones((2, 2)))


def lazily(x):
    return np.sum(lazy(x, 2.0))  # here


def of_complex(x):
    return np.sum(typed(x * 1j, x))  # here


def of_a_stencil(x):
    return np.sum(smoothed(x))  # here


def of_objects(x):
    return np.sum(np.frompyfunc(abs, 1, 1)(x))  # here


def of_few_axes(x):
    return np.sum(product(x, x))  # here


@numba.stencil
def smoothed(a):
    return 0.5 * (a[-1] + a[1])


@pytest.mark.parametrize(
    ("f", "kind", "why", "instead"),
    [
        (lazily, UnsupportedError, "must be given an array to write into", "out made by np.empty"),
        (of_complex, TypeMismatchError, "no signature that takes (complex128, float64)", "convert the arguments"),
        (of_a_stencil, UnsupportedError, "A stencil of Numba", "a loop"),
        (of_objects, UnsupportedError, "arrays of Python objects", "np.vectorize"),
        (of_few_axes, TypeMismatchError, "at least 2 axes", ""),
    ],
)
def test_refusals(f: Callable[..., Any], kind: type[Exception], why: str, instead: str) -> None:
    refused(lambda: s2sad.jit(f)(values(3)), kind, why, instead, filename=__file__)
