"""What a function raises reaches whoever called the transformed one: the user's class, and what it was made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from s2sad import grad, jacrev, jit, jvp, vjp, vmap
from s2sad.config import using


@pytest.fixture(autouse=True, params=["python", "numba"])
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    with using(backend=request.param, verify=True):
        yield


class Outside(ArithmeticError):
    """A class without anything of its own."""


class Coded(Exception):
    def __init__(self, code: int, *, why: str = "") -> None:
        super().__init__(f"{code}: {why}")
        self.code, self.why = code, why


STOP = Coded(7, why="stop")


def checked(x, n):
    if x > 0:
        raise Outside(f"n is {n}")
    return x * n


@pytest.mark.parametrize("call", [
    lambda: grad(checked)(1.0, 3),
    lambda: jit(checked)(1.0, 3),
    lambda: vjp(checked, 1.0, 3),
    lambda: jvp(lambda x: checked(x, 3), (1.0,), (1.0,)),
    lambda: grad(grad(checked))(1.0, 3),
    lambda: vmap(checked, (0, None))(np.ones(2), 3),
])  # fmt: skip
def test_the_users_class_through_transforms(call: Any) -> None:
    with pytest.raises(Outside, match=r"^n is 3$") as caught:
        call()
    assert type(caught.value) is Outside and caught.value.__cause__ is None and caught.value.__suppress_context__


def test_values_are_those_of_the_call() -> None:
    gradient = grad(checked)
    for n in (3, 4):
        with pytest.raises(Outside, match=f"n is {n}"):
            gradient(1.0, n)
    assert gradient(-1.0, 4) == 4.0


def many(x, n, d):
    y = x * 2
    if x > 9:
        raise KeyError(d["s"])
    if x > 8:
        raise KeyError(n)
    if x > 7:
        raise Outside
    if x > 6:
        raise Coded(n, why="because {}".format(d["k"]))
    if x > 5:
        raise ValueError("a", 3)
    if x > 4:
        raise Outside("n is " + str(n) + f", x is {x:.2f} or {d['k']!r:>6}")
    if x > 3:
        raise ValueError
    if x > 2:
        raise STOP
    if x > 1:
        raise Outside("%s: %d" % (d["s"], n + 1))  # noqa: UP031
    return y


@pytest.mark.parametrize("x", [9.5, 8.5, 7.5, 6.5, 5.5, 4.5, 3.5, 2.5, 1.5])
def test_arguments_are_pythons(x: float) -> None:
    args = x, 5, {"s": "name", "k": 2.5}
    with pytest.raises(Exception) as expected:
        many(*args)
    with pytest.raises(Exception) as caught:
        grad(many)(*args)
    assert type(caught.value) is type(expected.value)
    assert caught.value.args == expected.value.args
    assert vars(caught.value) == vars(expected.value)


def test_assertions() -> None:
    def f(x):
        assert x < 0, f"{x} is not negative"
        return x

    with pytest.raises(AssertionError, match=r"^0.5 is not negative$"):
        grad(f)(0.5)


def test_what_is_known_at_run_time_only_stays_as_its_source() -> None:
    def f(x, n):
        for i in range(n):
            y = x * i
            if y > 2:
                raise Outside(f"{n}: step {i} it's \"{y:.2f}\"" + ", a text that is long enough to need" + str(y) * 2)
        return x

    with pytest.raises(Outside) as caught:
        grad(f)(1.0, 5)
    assert caught.value.args == ("5: step {i} it's \"{y}\", a text that is long enough to need{str(y) * 2}",)


@pytest.mark.filterwarnings("ignore::s2sad.MutationWarning")
def test_captured_and_changed_values() -> None:
    limit = 3.0

    def f(x, a):
        a[0] = x
        if x > limit:
            raise Outside(f"{x} is above {limit}: {a}")
        return a[0] * x

    with pytest.raises(Outside, match=r"^4.0 is above 3.0: \{a\}$"):
        jit(f)(4.0, np.zeros(2))
    limit = 5.0
    with pytest.raises(Outside, match=r"^6.0 is above 5.0"):
        jit(f)(6.0, np.zeros(2))


def test_one_text_for_two_things() -> None:
    def inner(x, n):
        if x > n:
            raise Outside(f"above {n}")
        return x

    def f(x, a, b):
        return inner(x, a) + inner(x, b)

    with pytest.raises(Outside, match=r"^above \{n\}$"):
        jit(f)(2.0, 1, 3)


def test_caught_inside() -> None:
    def f(x):
        try:
            y = checked(x, 2)
        except Outside:
            y = 5 * x
        return y

    def g(x):
        try:
            if x > 0:
                raise Outside(f"{x}")
            y = 3 * x
        except ZeroDivisionError:
            y = 2 * x
        return y

    assert grad(g)(-1.0) == 3.0
    with pytest.raises(Outside, match=r"1.0"):
        grad(g)(1.0)


def test_on_the_way_back() -> None:
    def f(x):
        if x[0] > 0:
            raise Outside(f"of {len(x)}")
        return x * x

    with pytest.raises(Outside, match="of 2"):
        jacrev(f)(np.ones(2))
    np.testing.assert_allclose(jacrev(f)(-np.ones(2)), -2 * np.eye(2))
