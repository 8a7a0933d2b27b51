"""What is recorded is a minimum cut: the networks, and what it chooses for programs."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from s2sad.ir import Module, walk
from s2sad.ir.primitives import undef
from s2sad.ir.types import is_inexact
from s2sad.optimise.cse import cse
from s2sad.optimise.dce import dce
from s2sad.optimise.hoist import hoist
from s2sad.optimise.once import once
from s2sad.optimise.simplify import simplify
from s2sad.transforms.recording.cut import Network
from tests.optimise.reader import read
from tests.transforms.adjoint.checks import check, reverse_module
from tests.transforms.recording.test_recording import made


@pytest.mark.parametrize("seed", range(40))
def test_no_cut_of_a_network_is_less(seed):
    rng = np.random.default_rng(seed)
    inner = int(rng.integers(1, 7))
    edges = [(t, h, float(rng.integers(0, 9))) for t in range(inner + 2) for h in range(inner + 2)
             if t != h and h != 0 and t != 1 and rng.random() < 0.5]  # fmt: skip
    network = Network()
    for _ in range(inner):
        network.node()
    for edge in edges:
        network.edge(*edge)

    def capacity(kept):
        return sum(c for t, h, c in edges if t in kept and h not in kept)

    kept = network.cut()
    assert 0 in kept
    assert 1 not in kept
    others = range(2, inner + 2)
    least = min(capacity({0, *some}) for k in range(inner + 1) for some in combinations(others, k))
    assert capacity(kept) == least


def recorded(text, **types):
    """The closed adjoint of a program, cleaned up, and what is recorded."""
    f = read(text, **types)
    for change in (simplify, cse, dce, once, hoist, simplify, cse, dce):
        f = change(f)
    wrt = tuple(k for k, p in enumerate(f.params) if is_inexact(p.type))
    module, decisions = reverse_module(Module(f), wrt)
    return module.main, sorted(d.variable for d in decisions if d.how == "recorded")


def tapes(function):
    """The rank of each tape."""
    return sorted(v.type.rank for v in made(function, undef) if "tape" in v.name)


def test_an_array_is_recorded_for_its_elements_that_are_read_again_and_again():
    f, how = recorded(
        """
def f(a, w, n, m):
    s = 0.0
    for t in range(n):
        b = np.zeros(a.shape[0])
        for k in range(a.shape[0]):
            for j in range(a.shape[0]):
                b[k] += a[j] * w[j, k]
        a = b
    for k in range(a.shape[0]):
        s += a[k] * w[k, k]
    return s
""", a="f8[m]", w="f8[m,m]", n="i", m="i")  # fmt: skip
    assert tapes(f) == [2], how


STENCIL = """
def f(u, c, n):
    s = 0.0
    for t in range(n):
        v = np.zeros(u.shape[0])
        for i in range(1, u.shape[0] - 1):
            v[i] = u[i] - c * u[i] * (u[i] - u[i - 1]) + (u[i + 1] - u[i] * u[i - 1]) * u[i + 1]
        u = v
    for i in range(u.shape[0]):
        s += u[i]
    return s
"""


def test_one_array_is_recorded_in_place_of_several_numbers_made_of_it():
    f, how = recorded(STENCIL, u="f8[m]", n="i")
    assert tapes(f) == [2], how
    check(read(STENCIL, u="f8[m]", n="i"), (np.array([0.4, 0.9, 1.3, 0.2, 0.7]), 0.3, 3), order=2, tolerance=1e-5)


def test_an_array_of_which_little_is_read_is_not_recorded():
    _, how = recorded(
        """
def f(a, n, m):
    s = 1.0
    for t in range(n):
        for j in range(m):
            s = s * a[j]
        a[0] = a[0] * s
    return s
""", a="f8[k]", n="i", m="i")  # fmt: skip
    assert not any(v.startswith("a") for v in how), how


def test_what_several_values_are_made_of_is_recorded_in_their_place():
    f, how = recorded(
        """
def f(x, y, n):
    for i in range(n):
        a = x * y - 1.0
        b = y - x * 0.5
        c = a * b + x
        d = (c - a) * (b + y)
        x = np.sin(c * d)
        y = np.cos(a * c - d)
    return x * y
""", n="i")  # fmt: skip
    assert len(tapes(f)) == 2, how


def test_what_is_not_correctly_rounded_is_made_once():
    f, _ = recorded(
        "def f(x, n):\n s = x\n for i in range(n):\n  t = np.exp(s)\n  s = np.sin(t) * t - s\n return s", n="i"
    )
    names = [getattr(s, "prim", None) and s.prim.name for s in walk.statements(f.body)]
    assert names.count("exp") == 1


def test_a_long_chain_of_sums_is_made_again_without_recursion():
    lines = "".join(f"  v{k} = v{k - 1} * y + v{k - 1}\n" for k in range(1, 1500))
    head = "def f(x, y, n):\n s = x\n for i in range(n):\n  v0 = s * y\n"
    _, how = recorded(f"{head}{lines}  s = v1499\n return s", n="i")
    assert 1 <= len(how) < 400
