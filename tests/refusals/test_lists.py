"""Lists whose length is known at run time only: what can change in their items stands in one place."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.errors import AliasError, TypeMismatchError, UnsupportedError

X = np.array([1.0, 0.4, 0.9])


def changed_after_it_was_appended(x):
    rows = []
    for v in x:
        row = [v]
        rows.append(row)
        row.append(2.0)  # here
    return rows[0][1]


def appended_many_times(x):
    rows, row = [], [0.0] * len(x)
    for i in range(len(x)):
        row[i] = x[i]
        rows.append(row)  # here
    return rows[0][2]


def dict_appended_many_times(x):
    items, first = [], {"w": x * 2}
    for _ in range(len(x)):
        items.append(first)
    first["w"] = x * 3  # here
    return items[0]["w"][0]


def array_in_a_list_that_grew(x):
    a = x.copy()
    items = [a]
    for i in range(len(x)):
        items.append(x * i)
    a[0] = 5.0  # here
    return np.sum(items[0])


def row_in_two_places(x):
    rows = [[v, v] for v in x]
    rows[0] = rows[1]  # here
    rows[0][0] = 7.0
    return rows[1][0] * x[0]


def one_row_repeated(x):
    rows = [[0.0] * len(x)] * len(x)  # here
    rows[0][0] = x[0]
    return rows[1][0]


def item_of_a_list_that_moved(x):
    rows = [[v, v * 2] for v in x]
    row = rows[0]
    rows.insert(0, [1.0, 2.0])  # here
    row[0] = 9.0
    return rows[1][0] * x[0]


def kept_item_is_changed(x):
    rows, keep = [[v, v * v] for v in x], None
    for row in rows:
        if row[0] > 0.8:
            keep = row
    keep[1] = 3.0  # here
    return rows[0][1]


def copied_list_of_rows(x):
    rows = [[v, v] for v in x]
    others = rows.copy()  # here
    others[0][0] = 2.0
    return rows[0][0]


def returned(x):
    return [(v, 2 * v) for v in x]


def of_two_kinds(x):
    items = [(v, 1.0) for v in x]
    items[len(x) - 1] = (x[0], 1.0, 2.0)  # here
    return items[0][0]


@pytest.mark.parametrize(
    ("function", "kind"),
    [
        (changed_after_it_was_appended, AliasError), (appended_many_times, AliasError),
        (dict_appended_many_times, AliasError), (array_in_a_list_that_grew, AliasError),
        (row_in_two_places, AliasError), (one_row_repeated, UnsupportedError),
        (item_of_a_list_that_moved, UnsupportedError), (kept_item_is_changed, AliasError),
        (copied_list_of_rows, UnsupportedError), (returned, UnsupportedError), (of_two_kinds, TypeMismatchError),
    ],
    ids=lambda x: x.__name__,
)  # fmt: skip
def test_refused(function: Callable[..., Any], kind: type[Exception]) -> None:
    with s2sad.using(backend="python"), pytest.raises(kind) as caught:
        s2sad.jit(function)(X)
    assert "test_lists.py" in str(caught.value)
    assert caught.value.why
    assert caught.value.instead
