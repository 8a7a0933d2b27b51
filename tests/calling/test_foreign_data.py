"""Arrays of other libraries, and buffers, as data: what NumPy reads of them."""

from __future__ import annotations

import array
import contextlib
import ctypes
import importlib
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.config import using


class Labels:
    """The default labels of a Series, or others."""

    def __init__(self, start: int = 0) -> None:
        self.start, self.step = start, 1

    def equals(self, other: Labels) -> bool:
        return self.start == other.start


class Series:
    """Stands for pandas.Series, which need not be installed."""

    def __init__(self, values: Any, index: Labels | None = None) -> None:
        self.held = np.asarray(values)
        self.index = Labels() if index is None else index

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        return self.held

    def __len__(self) -> int:
        return len(self.held)


class DataFrame(Series):
    """Stands for pandas.DataFrame."""


class Tensor(Series):
    """Stands for a torch.Tensor that NumPy cannot read."""

    def __array__(self, dtype: Any = None, copy: Any = None) -> np.ndarray:
        raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")


Series.__module__ = DataFrame.__module__ = "pandas.core.frame"
Tensor.__module__ = "torch"
Y = [1.0, 2.0, 4.0]


def series() -> list[Any]:
    """A Series that stands in for one of pandas, and one of pandas where that is installed."""
    found = [Series(Y)]
    with contextlib.suppress(ImportError):
        found.append(importlib.import_module("pandas").Series(Y))
    return found


def arrays() -> list[Any]:
    return [*series(), importlib.import_module("jax.numpy").array(Y)]


BUFFERS = [array.array("d", Y), memoryview(np.array(Y)), (ctypes.c_double * 3)(*Y), memoryview(np.arange(6.0))[::2]]


@pytest.fixture(params=["python", "numba"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    with using(backend=request.param, verify=True):
        yield


def squares(m, y):
    return np.sum((y - m) ** 2)


def looped(m, y):
    s = 0.0
    for i in range(len(y)):
        s += (y[i] - m) ** 2
    return s


def over(m, y):
    s = 0.0
    for v in y:
        s += (v - m) ** 2
    return s + np.mean(np.asarray(y)) * m + np.std(y) * m


def methods(m, y):
    return (y.values * m).sum() + y.to_numpy()[-1] * m + y.iloc[-1] + y.iloc[0] * m + y.mean() * m + y.shape[0]


@pytest.mark.parametrize("f", [squares, looped, over])
@pytest.mark.parametrize("y", arrays(), ids=lambda y: type(y).__name__)
def test_an_array_of_another_library_is_read_as_numpy_reads_it(f, y):
    expected = s2sad.value_and_grad(f)(0.5, np.asarray(y))
    for _ in range(3):
        np.testing.assert_allclose(s2sad.value_and_grad(f)(0.5, y), expected)
    np.testing.assert_allclose(s2sad.grad(lambda m: f(m, y))(0.5), expected[1])
    np.testing.assert_allclose(s2sad.jacfwd(f)(0.5, y), expected[1], rtol=1e-6)


@pytest.mark.parametrize("y", series(), ids=lambda y: type(y).__module__)
def test_the_ways_of_a_series_to_its_elements(y):
    expected = 7.0 * 0.5 + 4.0 * 0.5 + 4.0 + 0.5 + 7.0 / 3 * 0.5 + 3
    value, gradient = s2sad.value_and_grad(methods)(0.5, y)
    np.testing.assert_allclose((value, gradient), (expected, 7.0 + 4.0 + 1.0 + 7.0 / 3))


@pytest.mark.parametrize(
    ("f", "why"),
    [
        (lambda m, y: y.std() * m, r"\.std of a pandas Series .* Write y\.to_numpy\(\) first"),
        (lambda m, y: (y - m).std(), r"\.std of a pandas Series"),
        (lambda m, y: np.sum((y[1:] - y[:-1]) * m), "keeps its labels"),
        (lambda m, y: y[-1] * m, "by its label"),
    ],
)
@pytest.mark.parametrize("y", series(), ids=lambda y: type(y).__module__)
def test_what_pandas_means_otherwise_is_refused(f, why, y):
    with pytest.raises(s2sad.UnsupportedError, match=why):
        s2sad.grad(f)(0.5, y)


def test_labels_that_are_not_the_places():
    y, same, other = Series(Y, index := Labels(3)), Series(Y, index), Series(Y, Labels(4))
    np.testing.assert_allclose(s2sad.grad(squares)(0.5, y), s2sad.grad(squares)(0.5, np.array(Y)))
    with pytest.raises(s2sad.UnsupportedError, match="by its label"):
        s2sad.grad(looped)(0.5, y)

    def fit(m, a, b):
        return np.sum((a - m * b) ** 2)

    for _ in range(3):
        np.testing.assert_allclose(s2sad.grad(fit)(0.5, y, same), s2sad.grad(fit)(0.5, np.array(Y), np.array(Y)))
        with pytest.raises(TypeError, match="lines up"):
            s2sad.grad(fit)(0.5, y, other)
    with pytest.raises(TypeError, match="labels are not 0, 1, 2"):
        s2sad.grad(lambda m: squares(m, y))(0.5)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (Series(["a", "b"]), "pandas Series as an array of dtype"),
        (Series([1.0, np.nan]), "holds NaN"),
        (DataFrame(np.eye(3)), r"Pass its columns, or frame\.to_numpy\(\)"),
        (Tensor(Y), "requires grad"),
        (np.array(Y, np.longdouble), "not supported"),
        (memoryview(np.array(Y, np.longdouble)), "memoryview"),
    ],
)
def test_what_is_no_array_of_numbers_is_refused(data, why):
    with pytest.raises(TypeError, match=why):
        s2sad.grad(squares)(0.5, data)


@pytest.mark.parametrize("y", arrays(), ids=lambda y: type(y).__name__)
def test_it_is_not_differentiated(y):
    def f(data):
        return np.sum(data**2)

    for call in (
        s2sad.grad(f), s2sad.value_and_grad(f), s2sad.jacfwd(f), s2sad.jacrev(f), s2sad.hessian(f),
        lambda y: s2sad.vjp(f, y), lambda y: s2sad.linearize(f, y),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"data is a .*, by which there is no derivative.* Pass .*data"):
            call(y)
    with pytest.raises(TypeError, match="no derivative"):
        s2sad.jvp(f, (y,), (np.ones_like(np.asarray(y)),))


def test_a_series_is_read_at_each_call():
    y = Series(Y)
    f = s2sad.grad(lambda m: squares(m, y))
    for values in (Y, [5.0, 6.0], [1.0, 1.0, 1.0, 2.0], Y):
        y = Series(values)
        np.testing.assert_allclose(f(0.5), sum(-2 * (v - 0.5) for v in values))


@pytest.mark.parametrize("y", BUFFERS, ids=lambda y: type(y).__name__)
@pytest.mark.parametrize("f", [looped, over])
def test_a_buffer_is_read_as_its_numbers(f, y):
    expected = s2sad.value_and_grad(f)(0.5, np.asarray(y))
    for _ in range(3):
        np.testing.assert_allclose(s2sad.value_and_grad(f)(0.5, y), expected)
    with pytest.raises(TypeError, match="does not take"):  # as in Python
        s2sad.grad(squares)(0.5, y)
    with pytest.raises(TypeError, match="no derivative"):
        s2sad.grad(lambda data: data[0] * 1.0)(y)


@pytest.mark.parametrize("y", [np.arange(6.0)[::2], np.arange(3.0).astype(">f8"), np.arange(3.0)[::-1]])
def test_arrays_that_are_laid_out_otherwise(y):
    y = y.view()
    y.flags.writeable = False
    np.testing.assert_allclose(s2sad.grad(looped)(0.5, y), sum(-2 * (v - 0.5) for v in y.tolist()))
    np.testing.assert_allclose(s2sad.grad(lambda m: squares(m, y))(0.5), sum(-2 * (v - 0.5) for v in y.tolist()))
