"""Values that do not fit where they stand, and values that are known too late."""

from __future__ import annotations

import math

import numpy as np
import pytest

import s2sad
from tests.refusals.checks import refused

X = np.array([1.5, 2.5, -1.0])


def kinds_differ(x):
    y = x if x[0] > 0 else (x, x)  # here
    return y.sum()


def ranks_differ(x):
    a = x
    for _ in range(int(x[0])):
        a = a[None]  # here
    return a.sum()


def text_of_a_value(x):
    return len(str(x[0])) * x[0]  # here


def formats_a_value(x):
    label = f"{x[0]:.3f}"
    return float(label)  # here


def key_of_a_dict(x):
    table = {x[0]: 1.0}  # here
    return table[x[0]]


def item_of_a_set(x):
    return sum({x[0], 1.0})  # here


def rank_from_a_value(x):
    n = int(x[0])
    return np.zeros((n,) * n).sum() * x[0]  # here


def mixed_array(x):
    return np.array([x[0], "a"])[0]  # here


def indexes_by_float(x):
    return x[x[0]]  # here


def indexes_a_list_by_float(x):
    return [1.0, 2.0][x[0]]  # here


def too_many_indices(x):
    return x[0, 0]  # here


def out_of_bounds(x):
    return np.zeros(3)[5] * x[0]  # here


def bits_of_floats(x):
    return x[0] & 1  # here


def inverts_floats(x):
    return ~x[0]  # here


def calls_a_number(x):
    return x[0](2.0)  # here


def loops_over_a_number(x):
    for y in x[0]:  # here
        x = x + y
    return x.sum()


def no_such_attribute(x):
    return x.colour  # here


def truth_of_an_array(x):
    return 1.0 if x > 0 else x[0]  # here


def math_of_an_array(x):
    return math.sin(x)  # here


def shapes_do_not_fit(x):
    return np.sum(np.ones(3) + np.ones(4)) * x[0]  # here


def matrices_do_not_fit(x):
    return (np.ones((2, 3)) @ np.ones((2, 3))).sum() * x[0]  # here


def reshapes_to_another_size(x):
    return np.zeros(4).reshape(3, 3).sum() * x[0]  # here


def stores_complex_in_real(x):
    y = np.zeros(3)
    y[0] = 1j * x[0]  # here
    return y[0]


def adds_floats_to_ints(x):
    k = np.arange(3)
    k += x[0]  # here
    return k.sum()


@pytest.mark.parametrize(("function", "kind", "why"), [
    (kinds_differ, TypeError, "an array of float64 of rank 1 on one path and a tuple"),
    (ranks_differ, TypeError, "'a' is an array of float64 of rank 1 on one path"),
    (text_of_a_value, TypeError, "A text of values known at run time"),
    (formats_a_value, TypeError, "A text of values known at run time"),
    (key_of_a_dict, NotImplementedError, "known at run time only"),
    (item_of_a_set, NotImplementedError, "known at run time only"),
    (rank_from_a_value, NotImplementedError, "known at run time only"),
    (mixed_array, TypeError, "'a' is neither a number nor an array"),
    (indexes_by_float, TypeError, "cannot be indexed by float"),
    (indexes_a_list_by_float, TypeError, "must be an int"),
    (too_many_indices, ValueError, "Too many indices"),
    (out_of_bounds, ValueError, "out of bounds"),
    (bits_of_floats, TypeError, "not supported for the input types"),
    (inverts_floats, TypeError, "not supported for the input types"),
    (calls_a_number, TypeError, "cannot be called"),
    (loops_over_a_number, TypeError, "cannot go over float"),
    (no_such_attribute, TypeError, "colour"),
    (truth_of_an_array, TypeError, "ambiguous"),
    (math_of_an_array, TypeError, "one number"),
    (shapes_do_not_fit, ValueError, "sizes 3 and 4"),
    (matrices_do_not_fit, ValueError, "sizes 3 and 2"),
    (reshapes_to_another_size, ValueError, "reshape"),
    (stores_complex_in_real, TypeError, "complex"),
    (adds_floats_to_ints, TypeError, "int64"),
], ids=lambda f: getattr(f, "__name__", None))  # fmt: skip
def test_values(function, kind, why):
    refused(lambda: s2sad.grad(function)(X), kind, why, filename=__file__)
