"""What the library refuses: each error is of Python's kind, and stands at the user's line."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest

from s2sad.errors import S2sadError
from tests.frontend.harness import run


def complex_store(x):
    k = np.zeros(3)
    k[0] = 1j
    return k


def in_place_cast(x):
    k = np.arange(3)
    k += 0.5
    return k


def write_of_a_maybe_view(x, n):
    y = x.copy()[::n].reshape(2, -1)
    y[0, 0] = 1.0
    return y


def nonbroadcastable(x):
    y = np.zeros(3)
    y += np.zeros((2, 3))
    return y


CASES = [
    (lambda x: np.random.rand(3), NotImplementedError, "Draw random numbers outside"),
    (lambda x: random.random(), NotImplementedError, "random"),
    (lambda x: np.lib.stride_tricks.sliding_window_view(x, 2), NotImplementedError, "sliding_window_view"),
    (lambda x: np.sum(x, bogus=1), NotImplementedError, "bogus"),
    (lambda x: np.sin(x, where=x > 0), NotImplementedError, "where="),
    (lambda x: np.zeros(3)[5], ValueError, "out of bounds"),
    (lambda x: np.zeros(3) + np.zeros(4), ValueError, "broadcast"),
    (lambda x: np.zeros((2, 3)) @ np.zeros((2, 3)), ValueError, "mismatch"),
    (lambda x: np.zeros(3).reshape(2, 2), ValueError, "reshape"),
    (lambda x: x + None, TypeError, "None"),
    (lambda x: x["a"], TypeError, "indexed"),
    (lambda x: x[1.5], TypeError, "indexed"),
    (lambda x: x[0, 0], ValueError, "Too many indices"),
    (lambda x: np.zeros(2.5), TypeError, "must be an int"),
    (lambda x: x.foo, TypeError, "foo"),
    (lambda x: x.byteswap(), NotImplementedError, "byteswap"),
    (lambda x: math.sin(x), TypeError, "one number"),
    (lambda x: float(x), TypeError, "one number"),
    (lambda x: [1.0][3], Exception, "out of range"),
    (lambda x: {"a": 1}["b"], Exception, "no key"),
    (lambda x: x.sum(axis=3), ValueError, "out of bounds"),
    (lambda x: len(str(x[0])), TypeError, "A text of values known at run time"),
    (lambda x: len(x[0]), TypeError, "no length"),
    (lambda x: 1 // 0, S2sadError, "ZeroDivisionError"),
    (lambda x: np.array([x, 1.0]), ValueError, "different shapes"),
    (lambda x: np.concatenate([x, x[None]]), ValueError, "ranks"),
    (lambda x: x @ 2.0, TypeError, "@"),
    (lambda x: (x > 0) and True, TypeError, "ambiguous"),
    (complex_store, TypeError, "complex"),
    (in_place_cast, TypeError, "int64"),
    (nonbroadcastable, ValueError, "broadcast"),
]


@pytest.mark.parametrize(("function", "kind", "text"), CASES)
def test_refused(function, kind, text):
    with pytest.raises(S2sadError) as caught:
        run(function, np.array([0.5, 1.5, 2.5]))
    assert isinstance(caught.value, kind), type(caught.value)
    assert text in str(caught.value), str(caught.value)
    assert caught.value.pos is not None
    assert caught.value.pos.filename == __file__


def test_store_into_a_copy_that_may_be_a_view():
    with pytest.raises(S2sadError):
        run(write_of_a_maybe_view, np.arange(8.0), 2)


def appended_then_written(x):
    y, out = x.copy(), []
    for i in range(len(x)):
        y[0] += i
        out.append(y)
    return np.stack(out)


def written_item_of_a_runtime_list(x):
    out = []
    for i in range(len(x)):
        out.append(x * i)
    out[0][1] = 5.0
    return out[0]


@pytest.mark.parametrize("function", [appended_then_written, written_item_of_a_runtime_list])
def test_a_runtime_list_shares_no_array(function):
    with pytest.raises(S2sadError):
        run(function, np.arange(4.0))
