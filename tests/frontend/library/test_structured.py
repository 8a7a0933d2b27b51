"""Structured arrays from outside: one array a field, read at each call."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.errors import UnsupportedError
from tests.refusals.checks import refused

REC = np.zeros(
    3, [("x", "f8"), ("y", "f8"), ("n", "i4"), ("p", "f8", (2,)), ("s", [("a", "f8"), ("b", "f8")]), ("t", "U3")]
)
REC["x"], REC["y"], REC["n"], REC["t"] = [1.0, 2.0, 3.0], [0.5, 0.6, 0.7], [1, 2, 3], ["a", "b", "c"]
REC["p"] = [[1, 2], [3, 4], [5, 6]]
REC["s"]["a"] = [7, 8, 9]
POINTS = np.array([(1.0, 2.0), (3.0, 4.0)], [("x", "f8"), ("y", "f8")]).view(np.recarray)
TABLE = np.zeros((2, 3), [("x", "f8"), ("y", "f8")])
TABLE["x"] = np.arange(6).reshape(2, 3)


def by_field(k):
    s = 0.0
    for i in range(len(REC)):
        s += REC["x"][i] * k**2
    return s


def by_row(k):
    s = 0.0
    for r in REC:
        s += r["x"] * k + r["y"] * r["n"] * k**2 + r["p"][1] * r["s"]["a"]
    for i in range(REC.shape[0]):
        s += REC[i]["x"] * np.sum(REC[i]["p"] * k) * REC["s"][i]["a"] * REC[i]["n"]
    return s


def of_a_recarray(k):
    return np.sum(POINTS.x * k**2) + POINTS[0].y * k + POINTS.y[1] + len(POINTS) + sum(r.x * k for r in POINTS)


def parts(k):
    chosen = REC[REC["x"] > 1.5]
    some = np.sum(REC[1:]["x"] * k**2) + np.sum(chosen["y"]) * k
    return some + np.sum(TABLE[1]["x"]) * k + TABLE[1, 2]["x"] * k + TABLE["x"].sum() * k * len(REC.dtype.names)


def of_text(k):
    return k * len(REC["t"]) if REC["t"][0] == "a" else k


def best(k):
    i = 0
    while i < len(REC) and REC[i]["x"] < 2.5:
        i += 1
    found = REC[0]
    for j in range(1, len(REC)):
        if REC[j]["y"] * k > found["y"] * k:
            found = REC[j]
    return found["x"] * k**2 * i


@pytest.mark.parametrize("backend", ["python", "numba"])
@pytest.mark.parametrize("f", [by_field, by_row, of_a_recarray, parts, of_text, best])
def test_value_and_derivatives(f: Callable[[float], float], backend: str) -> None:
    k, h = 0.7, 1e-4
    with using(backend=backend, verify=True):
        value, slope = s2sad.value_and_grad(f)(k)
        np.testing.assert_allclose(value, f(k), rtol=1e-12)
        np.testing.assert_allclose(slope, (f(k + h) - f(k - h)) / (2 * h), rtol=1e-8)
        curve = (f(k + h) - 2 * f(k) + f(k - h)) / h**2
        np.testing.assert_allclose(s2sad.hessian(f)(k), curve, rtol=1e-5, atol=1e-5)


def test_fields_are_read_at_each_call(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "REC", REC.copy())
    with using(backend="numba", verify=True):
        slope, text = s2sad.grad(by_field), s2sad.grad(of_text)
        assert slope(0.5) == by_field(1.0)
        assert text(0.5) == 3.0
        REC["x"][0] = 10.0
        REC["t"][0] = "z"
        assert slope(0.5) == by_field(1.0)
        assert text(0.5) == 1.0
        monkeypatch.setitem(globals(), "REC", REC[:2].copy())
        assert slope(0.5) == by_field(1.0)


def keys(k):
    order = np.array([0, 1])
    rows = REC[order]
    order[0] = 2
    return np.sum(rows["x"] * k)


def test_rows_are_those_of_the_indexes_as_they_were() -> None:
    with using(backend="python", verify=True):
        assert s2sad.grad(keys)(1.0) == 3.0


def writes_a_field(k):
    REC["x"][0] = k  # here
    return REC["x"][0]


def writes_a_row(k):
    REC[0]["x"] = k  # here
    return REC["x"][0]


def adds_rows(k):
    return k * np.sum(TABLE)  # here


def multiplies(k):
    return TABLE * k  # here


def multiplies_a_row(k):
    return TABLE[0] * k  # here


@pytest.mark.parametrize(
    ("f", "what"), [(adds_rows, "structured array"), (multiplies, "structured array"), (multiplies_a_row, "record")]
)
def test_it_is_no_array_of_numbers(f: Callable[[float], float], what: str) -> None:
    refused(lambda: s2sad.jit(f)(0.5), TypeError, f" {what}", filename=__file__)


@pytest.mark.parametrize("f", [writes_a_field, writes_a_row])
def test_it_is_not_written_into(f: Callable[[float], float]) -> None:
    refused(lambda: s2sad.jit(f)(0.5), UnsupportedError, "comes from outside the function", filename=__file__)
