"""What stands outside the function: it is read, never written; what computes nothing stays outside."""

from __future__ import annotations

import os
import random
import shlex

import numpy as np
import pytest

import s2sad
from tests.refusals.checks import refused

GRID = np.zeros(3)
TOTALS = [0.0]
TABLE = {"a": 1.0}


class Holder:
    rate = 2.0
    array = np.zeros(2)


holder = Holder()


def writes_a_global_array(x):
    GRID[0] = x  # here
    return GRID[0]


def adds_to_a_global_array(x):
    GRID[1:] += x  # here
    return GRID.sum()


def writes_a_view_of_a_global_array(x):
    row = GRID[1:]
    row[0] = x  # here
    return row[0]


def writes_in_a_helper(x):
    fill(GRID, x)
    return GRID[0]


def fill(array, x):
    array[0] = x  # here


def writes_a_global_list(x):
    TOTALS[0] = x  # here
    return TOTALS[0]


def writes_a_global_dict(x):
    TABLE["a"] = x  # here
    return TABLE["a"]


def assigns_an_attribute(x):
    holder.rate = x  # here
    return x


def writes_an_array_of_an_object(x):
    holder.array[0] = x  # here
    return x


def draws(x):
    return np.random.normal(x)  # here


def draws_from_python(x):
    return random.random() * x  # here


def asks_the_system(x):
    return os.getpid() * x  # here


def reads_from_the_keyboard(x):
    return float(input()) * x  # here


def evaluates_text(x):
    return eval("x * 2")  # here


def looks_at_its_frame(x):
    return locals()["x"]  # here


def splits_text(x):
    return x if shlex.split("a b") else 2 * x  # here


@pytest.mark.parametrize(("function", "kind", "why", "instead"), [
    (writes_a_global_array, NotImplementedError, "GRID comes from outside", "Make a copy"),
    (adds_to_a_global_array, NotImplementedError, "GRID comes from outside", "Make a copy"),
    (writes_a_view_of_a_global_array, NotImplementedError, "GRID comes from outside", "Make a copy"),
    (writes_in_a_helper, NotImplementedError, "GRID comes from outside", "Make a copy"),
    (writes_a_global_list, NotImplementedError, "TOTALS", ""),
    (writes_a_global_dict, NotImplementedError, "TABLE", ""),
    (assigns_an_attribute, NotImplementedError, "attribute 'rate' of Holder would be assigned", "Return"),
    (writes_an_array_of_an_object, NotImplementedError, "array comes from outside", "Make a copy"),
    (draws, NotImplementedError, "not seeded in the function", "Draw random numbers outside"),
    (draws_from_python, NotImplementedError, "random is not supported", "Draw random numbers outside"),
    (asks_the_system, NotImplementedError, "getpid is not supported", ""),
    (reads_from_the_keyboard, NotImplementedError, "does not read", "Do it outside"),
    (evaluates_text, NotImplementedError, "evaluate", "Do it outside"),
    (looks_at_its_frame, NotImplementedError, "", "Do it outside"),
    (splits_text, NotImplementedError, "split is written in Python's library", "Do without it"),
], ids=lambda f: getattr(f, "__name__", None))  # fmt: skip
def test_outside(function, kind, why, instead):
    refused(lambda: s2sad.grad(function)(2.5), kind, why, instead, filename=__file__)
    assert not GRID.any()
    assert TOTALS == [0.0]
    assert holder.rate == 2.0
