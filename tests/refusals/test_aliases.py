"""Writes whose effect on another name cannot be known."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.test_util import check_grads
from tests.refusals.checks import refused

X = np.array([1.0, 2.0, 3.0, 4.0])


def one_of_two_arrays(x):
    a, b = x.copy(), np.zeros(4)
    p = a if x[0] > 0 else b
    p[0] = 5.0  # here
    return a[0] + b[0]


def one_of_two_views(x):
    a, b = np.zeros((2, 3)), np.zeros((2, 3))
    p = a[0] if x[0] > 0 else b.T[:, 1]
    a[0, 0] = 5.0  # here
    return p[0]


def swapped_in_a_loop(x):
    a, b = x.copy(), np.zeros(4)
    c = a
    for _ in range(int(x[0])):
        a, b = b, a
    a[0] = 5.0  # here
    return c[0] + b[0]


def of_a_growing_list(x):
    y, out = x.copy(), []
    for i in range(len(x)):
        out.append(y)  # here
        y[0] += i  # here
    return np.stack(out).sum()


def item_of_a_growing_list(x):
    out = []
    for i in range(len(x)):
        out.append(x * i)
    out[0][1] = 5.0  # here
    return out[0].sum()


def one_of_two_in_a_loop(x):
    a, p = x.copy(), x * 2.0
    for i in range(3):
        p = a if x[i] > 1 else x * i
    a[0] = 5.0  # here
    return p[0]


def best_so_far(x):
    now, best = x.copy(), x * 0.0
    for i in range(3):
        now[i] = now[i] * 2.0  # here
        if now.sum() > best.sum():
            best = now
    return best.sum()


def two_trips_ago(x):
    now, last, before = x.copy(), x * 2.0, x * 3.0
    for i in range(3):
        before = last
        last = now if x[i] > 1 else now * 2.0
    now[0] = 5.0  # here
    return before[0]


def one_of_two_in_a_growing_list(x):
    a, out = x.copy(), []
    for i in range(len(x)):
        out.append(a if x[i] > 1 else x * i)
    a[0] = 5.0  # here
    return np.stack(out).sum()


def written_and_one_of_two_in_a_growing_list(x):
    a, out = x.copy(), []
    for i in range(len(x)):
        a[i] = a[0] * x[i]
        out.append(a if x[i] > 1 else a.copy())  # here
    return np.stack(out).sum()


def item_stored_in_a_growing_list(x):
    a, out = x.copy(), [x * 2.0, x * 3.0]
    for i in range(2):
        out[i] = a if x[i] > 1 else x * i
    a[0] = 5.0  # here
    return out[1][0]


@pytest.mark.parametrize("function", [
    one_of_two_arrays, one_of_two_views, swapped_in_a_loop, of_a_growing_list, item_of_a_growing_list,
    one_of_two_in_a_loop, best_so_far, two_trips_ago, one_of_two_in_a_growing_list,
    written_and_one_of_two_in_a_growing_list, item_stored_in_a_growing_list,
], ids=lambda f: f.__name__)  # fmt: skip
def test_aliases(function):
    refused(lambda: s2sad.grad(function)(X), Exception, "", filename=__file__)


def best_made_anew(x):
    now, best = x.copy(), x * 0.0
    for i in range(3):
        now = now * x[i]
        if now.sum() > best.sum():
            best = now
    return (best * now).sum()


def best_copied(x):
    now, best = x.copy(), x * 0.0
    for i in range(3):
        now[i] = now[i] * 2.0
        if now.sum() > best.sum():
            best = now.copy()
    return (best * now).sum()


def swapped_or_not(x):
    a, b = x.copy(), x * 2.0
    for i in range(3):
        b[i] = np.sin(a[i] * a[0])
        if b[i] > 0.0:
            a, b = b, a
    return (a * a * b).sum()


@pytest.mark.parametrize("function", [best_made_anew, best_copied, swapped_or_not], ids=lambda f: f.__name__)
def test_what_stays_apart_is_written_into(function):
    with s2sad.using(backend="python", verify=True):
        check_grads(function, (X,), order=1)


def test_the_users_names_are_said():
    call = lambda: s2sad.grad(one_of_two_arrays)(X)  # noqa: E731
    refused(call, ValueError, "a, b and p may or may not", "copy", filename=__file__)


def written(x, y):  # here
    x[0] = y[1]
    return (x * y).sum()


def test_arguments_that_share_memory():
    call = lambda: s2sad.grad(written)(X, X[:])  # noqa: E731
    refused(call, ValueError, "shares memory with another one", "Pass a copy", filename=__file__)
