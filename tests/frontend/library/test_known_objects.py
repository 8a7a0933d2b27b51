"""Objects whose value is known when a function is compiled: what was read of them is never served stale."""

from __future__ import annotations

import collections
import datetime as dt
import decimal
import pathlib
import types
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.errors import TypeMismatchError, UnsupportedError
from tests.refusals.checks import refused

HIDDEN = {"a": 1}
HELD = {"day": [dt.date(2024, 1, 1)]}
FIRST = dt.date(2024, 1, 1)
STEP = decimal.Decimal("0.1")
PLACE = pathlib.Path("run.csv")
DAYS = np.array(["2024-01-01", "2024-02-01", "2024-05-01"], "M8[D]")


def change(key: Any) -> Callable[[Any], None]:
    return lambda obj: obj.__setitem__(key, 4)


CHANGES: list[tuple[Any, Callable[[Any, float], float], Callable[[Any], None]]] = [
    (types.SimpleNamespace(n=3), lambda o, x: o.n * x, lambda o: setattr(o, "n", 4)),
    (types.SimpleNamespace(a=1.5), lambda o, x: o.a * x, lambda o: setattr(o, "a", 4.5)),
    (collections.UserDict(a=1), lambda o, x: o["a"] * x, change("a")),
    (collections.ChainMap({"a": 1}), lambda o, x: o["a"] * x, change("a")),
    (collections.UserList([1]), lambda o, x: o[0] * x, change(0)),
    (types.MappingProxyType(HIDDEN), lambda o, x: o["a"] * x, lambda o: HIDDEN.update(a=4)),
    (np.poly1d([1, 2, 3]), lambda o, x: o.coeffs[2] * x, change(0)),
    (memoryview(bytearray(b"ab")), lambda o, x: o[0] * x, change(0)),
    (np.array(["a", "b"]), lambda o, x: x if o[0] == "a" else 2 * x, change(0)),
    (HELD, lambda o, x: o["day"][0].day * x, lambda o: o["day"].__setitem__(0, dt.date(2024, 1, 9))),
    ({1, 2}, lambda o, x: len(o) * x, lambda o: o.add(3)),
    (DAYS.copy(), lambda o, x: (o[1] - o[0]) / np.timedelta64(1, "D") * x, lambda o: o.__setitem__(0, DAYS[2])),
]


@pytest.mark.parametrize(("obj", "f", "change"), CHANGES, ids=[type(o).__name__ for o, *_ in CHANGES])
def test_what_changes_is_read_anew(obj: Any, f: Callable[..., float], change: Callable[[Any], None]) -> None:
    def slope(x):
        return f(obj, x)

    with using(backend="python", verify=True):
        derivative = s2sad.grad(slope)
        for _ in range(2):
            assert derivative(2.0) == slope(1.0)
            change(obj)
        assert derivative(2.0) == slope(1.0)


def test_a_global_date_may_be_another_one_at_the_next_call(monkeypatch: pytest.MonkeyPatch) -> None:
    with using(backend="python", verify=True):
        derivative = s2sad.grad(lambda x: x * FIRST.month)
        assert derivative(1.0) == 1.0
        monkeypatch.setitem(globals(), "FIRST", dt.date(2024, 7, 1))
        assert derivative(1.0) == 7.0


def test_decimals_follow_the_precision_that_is_set() -> None:
    with using(backend="python", verify=True):
        derivative = s2sad.grad(lambda x: x * float(STEP / 7))
        assert derivative(1.0) == float(STEP / 7)
        with decimal.localcontext() as context:
            context.prec = 3
            assert derivative(1.0) == 0.0143
        assert derivative(1.0) == float(STEP / 7)


def years(x):
    days = (DAYS - DAYS[0]) / np.timedelta64(365, "D")
    return np.sum(np.exp(-x * days)) * np.sum(np.diff(DAYS).astype(float))


def test_days_of_numpy() -> None:
    with using(backend="python", verify=True):
        np.testing.assert_allclose(s2sad.jit(years)(0.3), years(0.3))
        np.testing.assert_allclose(s2sad.grad(years)(0.3), (years(0.3 + 1e-6) - years(0.3 - 1e-6)) / 2e-6, rtol=1e-6)


def scaled_time(x):
    return (x * dt.timedelta(days=3)).days  # here


def asks_the_clock(x):
    return x * dt.datetime.now().year  # here


def asks_the_file_system(x):
    return x * PLACE.exists()  # here


def decimal_times_float(x):
    return x * STEP  # here


def date_of_a_float(x):
    return x * dt.timedelta(days=x).days  # here


@pytest.mark.parametrize(
    ("f", "kind", "why", "instead"),
    [
        (scaled_time, TypeMismatchError, "does not take float and timedelta", "total_seconds"),
        (asks_the_clock, UnsupportedError, "depends on more than its arguments", "outside"),
        (asks_the_file_system, UnsupportedError, "depends on more than its arguments", "outside"),
        (decimal_times_float, TypeMismatchError, "does not take float and Decimal", "float(...)"),
        (date_of_a_float, TypeMismatchError, "a float known at run time only", "numbers"),
    ],
)
def test_refusals(f: Callable[..., Any], kind: type[Exception], why: str, instead: str) -> None:
    refused(lambda: s2sad.jit(f)(0.5), kind, why, instead, filename=__file__)


@pytest.mark.parametrize("cls", [np.float16, np.longdouble, np.clongdouble])
def test_numbers_that_compiled_code_cannot_hold_are_named(cls: Any) -> None:
    with using(backend="python", verify=True):
        for call in (
            lambda: s2sad.grad(np.sin)(cls(0.7)),
            lambda: s2sad.grad(lambda x: x * cls(0.7))(0.5),
            lambda: s2sad.jit(lambda x: cls(x) * 2)(0.5),
            lambda: s2sad.jit(lambda x: np.sum(x.astype(cls)))(np.ones(3)),
            lambda: s2sad.jit(np.sum)(np.ones(3, cls)),
        ):
            with pytest.raises(TypeError, match=f"dtype {np.dtype(cls)} are not supported"):
                call()
