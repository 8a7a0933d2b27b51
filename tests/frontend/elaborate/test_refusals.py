"""What is outside the language is refused, at the user's line."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.errors import AliasError, S2sadError, SourceNotFoundError, UnsupportedSyntaxError
from tests.frontend.harness import elaborated, run

X = np.array([1.0, 2.0, 3.0])
TOTALS = [0.0]
GRID = np.zeros(3)
COUNTER = 0


def writes_global_array(x):
    GRID[0] = x[0]  # here
    return GRID[0]


def writes_global_list(x):
    TOTALS[0] = x[0]  # here
    return x[0]


def writes_global_name(x):
    global COUNTER
    COUNTER = x[0]  # here
    return x[0]


def maybe_aliased(x):
    a, b = x.copy(), np.zeros(3)
    p = a if x[0] > 0 else b
    p[0] = 5.0  # here
    return a[0] + b[0]


def write_under_a_view(x):
    a, b = np.zeros((2, 3)), np.zeros((2, 3))
    if x[0] > 0:
        p = a[0]
    else:
        columns = b.T
        p = columns[:, 1]
    a[0, 0] = 5.0  # here
    return p[0]


def generator(x):
    sent = (yield x) + 1.0
    yield sent


def uses_generator(x):
    return sum(generator(x))  # here


def different_kinds(x):
    y = (x, x) if x[0] > 0 else x[0]  # here
    return y


def catches_text(x):
    try:
        if x[0] > 0:
            raise ValueError(x[1])
        y = 0.0
    except ValueError as e:
        y = float(str(e))  # here
    return y


def opens_a_file(x):
    with open("x") as f:  # here
        f.write("1")
    return x[0]


def unknown_function(x):
    return np.random.normal(x[0])  # here


def changes_object(x):
    class_holder.value = x[0]  # here
    return x[0]


class Holder:
    value = 1.0


class_holder = Holder()


@pytest.mark.parametrize("function", [
    writes_global_array, writes_global_list, writes_global_name, maybe_aliased, write_under_a_view, different_kinds,
    catches_text, opens_a_file, unknown_function, changes_object,
], ids=lambda f: f.__name__)  # fmt: skip
def test_refused_at_the_line(function):
    with pytest.raises(S2sadError) as caught:
        elaborated(function, X)
    assert caught.value.pos is not None
    with open(__file__) as source:
        assert "# here" in source.read().splitlines()[caught.value.pos.line - 1]


def test_kinds_of_errors():
    with pytest.raises(AliasError):
        elaborated(maybe_aliased, X)
    with pytest.raises(UnsupportedSyntaxError):
        elaborated(uses_generator, X)
    namespace: dict = {}
    exec("def f(x): return x", namespace)
    with pytest.raises(SourceNotFoundError):
        elaborated(namespace["f"], 1.0)


def test_dead_aliases_do_no_harm():
    def f(x):
        a, b = x.copy(), np.zeros(3)
        p = a if x[0] > 0 else b
        p[0] = 5.0
        return p

    assert run(f, X)[0] == 5.0


def test_mutated_arguments_are_reported():
    def f(x, y):
        r = x[1:]
        r[0] = y[0]
        return x[1]

    out, _ = elaborated(f, X, X)
    assert out.mutated == (0,)
