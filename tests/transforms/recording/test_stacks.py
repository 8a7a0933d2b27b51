"""Recursion on stacks that are too small at first, and what cannot be a pair."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.transforms.recording import pushing
from tests.corpus import load

PROGRAMS = [p for p in load() if p.name.startswith(("recursions.", "science.determinant"))]


def second(p):
    """The derivative of the gradient along the arguments themselves."""

    args, gradient = p.args(), s2sad.grad(p.function, argnums=p.wrt)
    count = len(p.wrt)
    assert p.wrt == tuple(range(count))
    return s2sad.jvp(lambda *xs: gradient(*xs, *args[count:]), args[:count], args[:count])


@pytest.mark.parametrize("p", PROGRAMS, ids=[p.name for p in PROGRAMS])
def test_small_stacks(p, monkeypatch):
    """A call that finds no room is made once more, with a larger stack that holds what was on it before."""
    with using(backend="python", verify=True):
        wanted = second(p)
        monkeypatch.setattr(pushing, "SIZE", 2)
        for one, two in zip(wanted, second(p), strict=True):
            for a, b in zip(one, two, strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-12)


def test_what_prints_is_run_again(capsys):
    """A forward function that prints could not be called twice; its adjoint runs it without printing."""

    def f(x, n):
        if n == 0:
            return x
        print("at", n)
        return x * np.sin(f(x * 1.1, n - 1))

    with using(backend="python", verify=True):
        value = s2sad.value_and_grad(f)(0.7, 2)
    assert capsys.readouterr().out == "at 2\nat 1\n"
    np.testing.assert_allclose(value[1], s2sad.jvp(lambda x: f(x, 2), (0.7,), (1.0,))[1])
