"""Exceptions that are caught: what is tested, what is not, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad import grad, jit
from s2sad.config import using
from s2sad.errors import UnsupportedError

X = np.array([1.5, 0.5, 2.0])


def body(function) -> str:
    """The code of a gradient, without the comments and the name."""
    lines = grad(function).lower(X).source.splitlines()
    return "\n".join(line for line in lines if "#" not in line and "def " not in line)


def plain(x):
    s = 0.0
    for i in range(len(x)):
        s += np.sin(x[i]) * x[i]
    return s


def tried(x):
    s = 0.0
    for i in range(len(x)):
        try:
            s += np.sin(x[i]) * x[i]
        except IndexError:
            s = 0.0
    return s


def test_nothing_is_tested_where_nothing_fails() -> None:
    assert body(tried) == body(plain)


def test_the_handler_stands_where_the_body_is_left() -> None:
    def f(A):
        try:
            y = np.linalg.inv(A)
        except np.linalg.LinAlgError:
            y = 2.0 * A
        return np.sum(y)

    assert "raised" not in jit(f).lower(np.eye(2)).source


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_what_is_not_caught_travels_on(backend: str) -> None:
    def f(x, k):
        try:
            y = x[k]
        except KeyError:
            y = 0.0
        return y

    def g(x):
        try:
            if x[0] > 1:
                raise RuntimeError("large")
        finally:
            x = x * 2
        return x[0]

    with using(backend=backend):
        with pytest.raises(IndexError):
            grad(f)(X, 7)
        with pytest.raises(RuntimeError, match="large"):
            grad(g)(X)


def catches_floats(x):
    with np.errstate(divide="raise"):
        try:
            y = 1 / x[0]
        except FloatingPointError:
            y = x[1]
    return y


def test_floating_point_errors_are_refused() -> None:
    with pytest.raises(UnsupportedError, match="FloatingPointError"):
        grad(catches_floats)(X)
