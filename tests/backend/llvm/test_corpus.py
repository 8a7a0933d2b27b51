"""The corpus through LLVM of our own against CPython running the readable source, to rounding.

Gradients of all programs, second derivatives of every sixth. Formulas of our own and sums in another order are off, so
that the two compute the same; they have tests of their own. No program of the corpus goes through Numba's front end.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.backend.llvm import module as llvm
from s2sad.backend.llvm.values import Uncovered
from tests import corpus

pytestmark = pytest.mark.compiled
PROGRAMS = [p for p in corpus.load() if p.backend == "any" and p.wrt]


@pytest.fixture(autouse=True)
def covered(monkeypatch):
    """What has no LLVM of our own fails."""
    write = llvm.write

    def written(module):
        try:
            return write(module)
        except Uncovered as reason:
            pytest.fail(f"through Numba's front end: {reason}")

    monkeypatch.setattr(llvm, "write", written)


def gradient(p: corpus.Program) -> Callable[..., Any]:
    return s2sad.grad(p.function, p.wrt)


def second(p: corpus.Program) -> Callable[..., Any]:
    """The derivative of the gradient along the arguments."""

    def along(*args):
        wrt = [args[k] for k in p.wrt]

        def of(*some):
            full = list(args)
            for k, value in zip(p.wrt, some, strict=True):
                full[k] = value
            return s2sad.grad(p.function, p.wrt)(*full)

        return s2sad.jvp(of, tuple(wrt), tuple(wrt))

    return s2sad.jit(along)


def check(derived: Callable[..., Any], p: corpus.Program) -> None:
    try:
        with s2sad.using(backend="python", lower=False), np.errstate(all="ignore"):
            expected = corpus.leaves(derived(*p.args()))
    except s2sad.S2sadError as error:
        pytest.skip(f"refused: {error}")
    with s2sad.using(polynomials=False, reorder_sums=False):
        found = corpus.leaves(derived(*p.args()))
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        single = np.asarray(b).dtype in (np.float32, np.complex64)
        np.testing.assert_allclose(a, b, rtol=1e-4 if single else 1e-9, atol=1e-5 if single else 1e-12)


@pytest.mark.parametrize("p", PROGRAMS, ids=lambda p: p.name)
def test_gradient(p):
    check(gradient(p), p)


def test_primals_are_covered():
    for p in PROGRAMS:
        module = s2sad.jit(p.function).lowered(p.args(), {}).loops
        assert llvm.write(module).llvm, p.name


@pytest.mark.parametrize("p", PROGRAMS[::6], ids=lambda p: p.name)
def test_second_derivative(p):
    check(second(p), p)
