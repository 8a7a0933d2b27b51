"""A store and the increment that follows it are one store; what is read in between, or lies elsewhere, is not."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import walk
from s2sad.ir.nodes import Let
from s2sad.ir.primitives import inc
from s2sad.optimise import increments as module
from s2sad.optimise.increments import settled

from .checks import check_example, same
from .reader import read

ARRAY = np.array([1.0, -2.0, 3.0])


def increments(function):
    return [s for s in walk.statements(function.body) if isinstance(s, Let) and s.prim is inc]


def test_example():
    check_example(module, settled, a="f8[n]", i="i")


def test_a_zero_is_added():
    f = read(
        """
    def f(a, x, i):
        a[i] = 0.0
        a[i] += x
        return a
    """,
        a="f8[n]",
        i="i",
    )
    out = settled(f)
    assert not increments(out)
    same(f, out, ARRAY, -0.0, 1)
    from s2sad.ir import python_function

    (array,) = python_function(out)(ARRAY, -0.0, 1)
    assert not np.signbit(array[1])


@pytest.mark.parametrize(
    "body",
    [
        "a[i] = x\n        a[j] += x",
        "a[i] = x\n        y = a[i]\n        a[i] += y",
        "a[i] = x\n        a[i + 0] += a[j]",
        "a[i] = 2\n        a[i] += x",
    ],
)
def test_what_is_left_alone(body):
    f = read(
        f"""
    def f(a, x, i, j):
        {body}
        return a
    """,
        a="f8[n]",
        i="i",
        j="i",
    )
    assert increments(settled(f))
    same(f, settled(f), ARRAY, 1.5, 1, 2)


def test_in_a_loop():
    f = read(
        """
    def f(a, x, n):
        for i in range(n):
            y = a[i]
            a[i] = 0.0
            a[i] += y * x
        return a
    """,
        a="f8[n]",
        n="i",
    )
    out = settled(f)
    assert not increments(out)
    same(f, out, ARRAY, 0.5, 3)
