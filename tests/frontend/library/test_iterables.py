"""Iterables of a length known at run time only: order, ties, what is left of an iterator, and what is raised."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.errors import UnsupportedError
from tests.frontend.harness import check, elaborated, run

TIES = np.array([2.0, -2.0, 1.0, -1.0, 2.0])


def ties_of_a_key(x):
    return max(x, key=abs) * 10 + min(x, key=abs) * x[3]


def ties_keep_their_order(x):
    up, down = sorted(x, key=abs), sorted(x, key=abs, reverse=True)
    places = sorted(range(5), key=lambda i: abs(x[i]), reverse=True)
    s = 0.0
    for k in range(5):
        s += (k + 1) * up[k] + 10.0 * (k + 1) ** 2 * down[k] + x[places[k]] * k**3
    return s


def ties_of_tuples(x):
    a = sorted(range(5), key=lambda i: (abs(x[i]), -i))
    b = sorted(range(5), key=lambda i: (abs(x[i]), i % 2), reverse=True)
    return a[0] + 10 * a[1] + 100 * a[2] + 1000 * a[4], b[0] + 10 * b[1] + 100 * b[2] + 1000 * b[3]


def rest_of_an_iterator(x):
    it = iter(x)
    first = next(it)
    return first * 2.0 + sum(v * v for v in it)


@pytest.mark.parametrize("function", [ties_of_a_key, ties_keep_their_order, ties_of_tuples, rest_of_an_iterator])
def test_values(function):
    check(function, TIES)


def pops_too_much(x):
    items = [v for v in x if v > 0]
    s = 0.0
    for _ in range(5):
        s += items.pop()
    return s


def pops_what_is_not_there(x):
    items = [x[0]]
    if x[1] > 0:
        items.pop()
        items.pop()
    return items[0]


def least_of_none(x):
    return min(v * v for v in x if v > 100)


def least_of_an_empty_map(x):
    return min(map(abs, [v for v in x if v > 100]))


def next_of_none(x):
    return next(v for v in x if v > 100)


def position_of_none(x):
    return list(x).index(7.0)


RAISES = [
    (pops_too_much, IndexError),
    (pops_what_is_not_there, IndexError),
    (least_of_none, ValueError),
    (least_of_an_empty_map, ValueError),
    (next_of_none, StopIteration),
    (position_of_none, ValueError),
]


@pytest.mark.parametrize(("function", "kind"), RAISES, ids=[f.__name__ for f, _ in RAISES])
def test_what_is_raised_when_it_runs(function, kind):
    with pytest.raises(kind):
        run(function, np.array([1.0, 2.0, 3.0]))


def pops_from_nothing(x):
    return [].pop() * x


def test_a_pop_that_surely_fails_is_refused():
    with pytest.raises(UnsupportedError, match="Pop from empty list"):
        elaborated(pops_from_nothing, 1.0)
