"""Loops that choose by `where`, `min` or `max`: one trip is reversed, with the derivative that reversing all trips has.

What they are compared with is the adjoint of the same program in which no loop is taken to choose.
"""

from __future__ import annotations

from unittest.mock import patch

import numpy as np
import pytest

from s2sad.ir import Const, For, Module, python_function, walk
from s2sad.transforms.adjoint import adjoint
from tests.optimise.reader import read
from tests.transforms.adjoint.checks import check, reverse_module

LOOP = """
def f(x, y, best):
    for i in range({range}):
        {trip}
        best = {choice}
    return best * y
"""
TRIPS = {
    "element": "d = x[i]",
    "polynomial": "d = (x[i] - y) * (x[i] - y)",
    "quotient": "d = x[i] / y",
    "root": "d = np.sqrt(x[i])",
    "exponential": "d = np.exp(-x[i] * y)",
    "least of two": "d = np.minimum(x[i] * y, y + x[0])",
    "choice of two": "d = np.where(x[i] > y, np.sqrt(x[i]), x[0])",
    "sum": "d = y - y\n        for j in range(2):\n            d += x[i] * x[j] * y",
}
CHOICES = {
    "where less": "np.where(d < best, d, best)",
    "where not less": "np.where(best <= d, best, d)",
    "where greater": "np.where(d > best, d, best)",
    "minimum": "np.minimum(best, d)",
    "minimum turned": "np.minimum(d, best)",
    "maximum": "np.maximum(d, best)",
}
RANGES = {"upwards": "x.shape[0]", "downwards": "4, -1, -1", "in steps": "0, 5, 2"}
SPECIAL = np.array([0.0, -0.0, 1.0, 1.0, 2.0, -1.0, np.inf, -np.inf, np.nan])


def program(trip, choice, range="x.shape[0]"):
    return read(LOOP.format(trip=trip, choice=choice, range=range), x="f8[5]", y="f8", best="f8")


def pulled(function, chosen=True):
    """The adjoint as a Python function, and its module."""
    if chosen:
        module = reverse_module(Module(function), (0, 1, 2))[0]
    else:
        with patch.object(adjoint, "mark_choices", lambda block, active, names: (block, {})):
            module = reverse_module(Module(function), (0, 1, 2))[0]
    return python_function(module), module


def unknown_starts(module):
    """How many loops of a function begin at a number that is not known."""
    return sum(isinstance(s, For) and not isinstance(s.start, Const) for s in walk.statements(module.main.body))


@pytest.mark.parametrize("trip", TRIPS.values(), ids=TRIPS)
@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_has_the_derivative_of_all_trips(trip, choice):
    f = program(trip, choice)
    one, module = pulled(f)
    every, plain = pulled(f, chosen=False)
    assert unknown_starts(module) == unknown_starts(plain) + 1
    rng = np.random.default_rng(1)
    with np.errstate(all="ignore"):
        for k in range(300):
            x = rng.choice(SPECIAL[: 6 if k % 2 else 9], 5)
            y, best = rng.choice(SPECIAL[2:6]), rng.choice(SPECIAL)
            for found, wanted in zip(one(x, y, best, 0.7), every(x, y, best, 0.7), strict=True):
                np.testing.assert_allclose(found, wanted, rtol=1e-13, atol=0, err_msg=f"{x}, {y}, {best}")


@pytest.mark.parametrize("range", RANGES.values(), ids=RANGES)
@pytest.mark.parametrize("choice", CHOICES.values(), ids=CHOICES)
def test_finite_differences_to_second_order(choice, range):
    x = np.array([0.9, 1.7, 0.3, 1.1, 0.6])
    for best in (10.0, -10.0, 0.8):
        check(program("d = (x[i] - y) * (x[i] - y)", choice, range), (x, 0.2, best), order=2, tolerance=1e-5)


def test_one_trip_is_run():
    function, module = pulled(program(TRIPS["polynomial"], CHOICES["minimum"]))
    (reverse,) = [s for s in module.main.body if isinstance(s, For) and not isinstance(s.start, Const)]
    assert isinstance(reverse.step, Const)
    x = np.array([0.9, 1.7, 0.3, 1.1, 0.6])
    _, x_bar, *_ = function(x, 0.25, 10.0, 1.0)
    assert np.flatnonzero(x_bar).tolist() == [2]


HIDING = {
    "branch": "d = x[i]\n        if d > y:\n            d = y",
    "root in a loop": "d = y - y\n        for j in range(2):\n            d += np.sqrt(x[j])",
}


@pytest.mark.parametrize("trip", HIDING.values(), ids=HIDING)
def test_what_may_hide_a_nan_is_reversed_as_it_is(trip):
    with patch.object(adjoint, "mark_choices", wraps=adjoint.mark_choices) as marked:
        found = []
        marked.side_effect = lambda *args: found.append(marked._mock_wraps(*args)) or found[-1]
        pulled(program(trip, CHOICES["minimum"]))
    assert not found[0][1]


def test_a_running_minimum_that_is_read_is_no_choice():
    f = read(
        """
def f(x, y, best):
    s = 0.0
    for i in range(5):
        best = np.minimum(best, x[i])
        s += best
    return s * y
""", x="f8[5]", best="f8")  # fmt: skip
    check(f, (np.array([0.9, 1.7, 0.3, 1.1, 0.6]), 0.4, 1.0), order=2)
