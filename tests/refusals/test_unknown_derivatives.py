"""Derivatives that nobody has worked out: refused where they are needed, in every mode, and nowhere else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.special as sp

import s2sad
from s2sad.config import using
from s2sad.errors import UnsupportedError
from s2sad.rules.registry import RULES, partials_of, unknown
from tests.refusals.checks import refused
from tests.rules.samples import SAMPLES

A, X = 3.0, 2.0
H = 1e-5
BY_X = -A * sp.zeta(A + 1, X)
"""The derivative of Hurwitz' zeta function that is known."""


def polygamma(n):
    return sp.polygamma(n, X)  # here


def zeta(x):
    return sp.zeta(x)  # here


def hurwitz(x):
    return sp.zeta(x, 2.0)  # here


def jv(v):
    return sp.jv(v, X)  # here


def yv(v):
    return sp.yv(v, X)  # here


def iv(v):
    return sp.iv(v, X)  # here


def ive(v):
    return sp.ive(v, X)  # here


def kv(v):
    return sp.kv(v, X)  # here


def kve(v):
    return sp.kve(v, X)  # here


def third_of_gammainc(a):
    return s2sad.hessian(lambda b: sp.gammainc(b, X))(a)  # here


def third_of_betainc(a):
    return s2sad.grad(s2sad.grad(lambda b: sp.betainc(b, 2.0, 0.3)))(a)  # here


def third_of_stdtr(df):
    return s2sad.jacfwd(s2sad.jacfwd(lambda v: sp.stdtr(v, 0.3)))(df)  # here


def in_a_loop(a):
    total = 0.0
    for i in range(3):
        total += sp.zeta(a, X + i)  # here
    return total


def called(a, n):
    return sp.zeta(a, X) if n == 0 else 0.5 * called(a, n - 1)  # here


def recursive(a):
    return called(a, 2)


def checkpointed(a):
    return s2sad.checkpoint(in_a_loop)(a)


FUNCTIONS = [
    polygamma, zeta, hurwitz, jv, yv, iv, ive, kv, kve, third_of_gammainc, third_of_betainc, third_of_stdtr, in_a_loop,
    recursive, checkpointed,
]  # fmt: skip
MODES: dict[str, Any] = {
    "grad": lambda f: s2sad.grad(f)(A),
    "jvp": lambda f: s2sad.jvp(f, (A,), (1.0,)),
    "vjp": lambda f: s2sad.vjp(f, A),
    "linearize": lambda f: s2sad.linearize(f, A),
    "jacfwd": lambda f: s2sad.jacfwd(f)(A),
    "hessian": lambda f: s2sad.hessian(f)(A),
    "forward over forward": lambda f: s2sad.jacfwd(s2sad.jacfwd(f))(A),
    "reverse over reverse": lambda f: s2sad.grad(s2sad.grad(f))(A),
    "hvp": lambda f: s2sad.hvp(f, (A,), (1.0,)),
    "vmap": lambda f: s2sad.vmap(s2sad.grad(f))(np.array([A, A])),
    "inside": lambda f: s2sad.jit(lambda a: s2sad.grad(f)(a))(A),
}


@pytest.mark.parametrize("f", FUNCTIONS, ids=lambda f: f.__name__)
def test_an_unknown_derivative_is_refused(f: Any) -> None:
    for mode in ("grad", "jvp"):
        refused(
            lambda mode=mode: MODES[mode](f), UnsupportedError, "is not known to s2sad", "custom_jvp", filename=__file__
        )


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("f", [jv, third_of_stdtr, recursive], ids=lambda f: f.__name__)
def test_in_every_mode(f: Any, mode: str) -> None:
    refused(lambda: MODES[mode](f), UnsupportedError, "is not known to s2sad", filename=__file__)


def test_every_function_with_an_unknown_derivative_is_above() -> None:
    named = {p.name for p, r in RULES.items() if r.partials is not None and unknown in _partials(p, r)}
    assert named == {"polygamma", "zeta", "jv", "yv", "iv", "ive", "kv", "kve"}


def _partials(prim: Any, rule: Any) -> list[Any]:
    sample = SAMPLES[prim.name][0]
    with np.errstate(all="ignore"):
        return list(map(_mark, partials_of(rule, sample.args, prim.impl(*sample.args, **sample.params), sample.params)))


def _mark(partial: Any) -> Any:
    return unknown if partial is unknown else None


def compares(a, x):
    while sp.zeta(a, x) > 0.05:
        x = x * 1.5
    return a * x if sp.zeta(a, x) < 0.5 else a * a


def stopped(a, x):
    return a * s2sad.stop_gradient(2.0 * sp.zeta(a, x))


def prints(a, x):
    print(sp.zeta(a, x))
    return a * x


def with_aux(a, x):
    return a * a * x, sp.zeta(a, x)


def fixed(p):
    return sp.zeta(s2sad.stop_gradient(p[0]), p[1])


def hurwitz_zeta(a, x):
    return sp.zeta(a, x)


def test_nothing_else_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with using(backend="python", verify=True):
        by_second = s2sad.grad(hurwitz_zeta, 1)
        close = np.testing.assert_allclose
        close(by_second(A, X), BY_X)
        close(s2sad.grad(lambda x: sp.zeta(3, x))(X), BY_X)
        close(s2sad.jvp(lambda x: sp.zeta(A, x), (X,), (1.0,))[1], BY_X)
        close(s2sad.grad(fixed)(np.array([A, X])), [0.0, BY_X])
        close(s2sad.hessian(lambda x: sp.zeta(A, x))(X), A * (A + 1) * sp.zeta(A + 2, X))
        for f in (compares, stopped, prints):
            close(s2sad.jvp(f, (A, X), (1.0, 0.0))[1], s2sad.grad(f)(A, X))
            close(s2sad.jvp(f, (A, X), (1.0, 0.0))[1], _slope(lambda a, f=f: _plain(f, a), A), rtol=1e-8)


def _plain(f: Any, a: float) -> float:
    return a * 2.0 * sp.zeta(A, X) if f is stopped else f(a, X)


def _slope(f: Any, x: float) -> float:
    return (f(x + H) - f(x - H)) / (2 * H)


def test_what_else_a_function_returns_needs_no_derivative() -> None:
    aux = sp.zeta(A, X)
    with using(backend="python", verify=True):
        assert s2sad.grad(with_aux, has_aux=True)(A, X) == (12.0, aux)
        assert s2sad.jvp(with_aux, (A, X), (1.0, 0.0), has_aux=True) == (18.0, 12.0, aux)
        assert s2sad.jacfwd(with_aux, has_aux=True)(A, X) == (12.0, aux)
        assert s2sad.jacrev(with_aux, has_aux=True)(A, X) == (12.0, aux)
        assert s2sad.hessian(with_aux, has_aux=True)(A, X) == (4.0, aux)
        assert s2sad.hvp(lambda a: with_aux(a, X), (A,), (1.0,), has_aux=True) == (4.0, aux)
        value, push, also = s2sad.linearize(with_aux, A, X, has_aux=True)
        assert (value, push(1.0, 0.0), also) == (18.0, 12.0, aux)
        assert s2sad.jit(push)(1.0, 0.0) == 12.0
        _, pull, _ = s2sad.vjp(with_aux, A, X, has_aux=True)
        assert pull(1.0) == s2sad.jit(pull)(1.0) == (12.0, 9.0)


@s2sad.custom_jvp
def known(a, x):
    return sp.zeta(a, x)


@known.defjvp
def known_jvp(primals, tangents):
    a, x = primals
    by_a = (known(a + H, x) - known(a - H, x)) / (2 * H)
    return known(a, x), by_a * tangents[0] - a * sp.zeta(a + 1, x) * tangents[1]


def test_a_rule_of_ones_own_makes_it_known() -> None:
    with using(backend="python", verify=True):
        found = s2sad.grad(known, (0, 1))(A, X)
        np.testing.assert_allclose(found, [_slope(lambda a: sp.zeta(a, X), A), BY_X], rtol=1e-8)
