"""Lists of numbers that a loop fills again in each trip of an outer one are made once."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.ir import For, Function, Module, While, verify, walk
from s2sad.ir import primitives as P
from s2sad.ir.nodes import Carry, Const, int_var
from s2sad.ir.types import FLOAT, List, Scalar
from s2sad.memory.lists import lists
from s2sad.rules.elementwise import add, sub
from s2sad.rules.logical import lt
from tests.backend.running import NUMBER, Writer, check


def counted(x, n):
    """Loops of different lengths: the one after a longer one, the one after a shorter one, one of no trip."""
    total = 0.0
    for i in range(n):
        z = x[i]
        while z < 3.0:
            z = z * z + 0.5
        total += np.sin(z) * x[i]
    return total


X = np.array([0.3, 2.9, 0.1, 5.0, 1.2, 0.2])


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_a_tape_is_made_once(backend):
    with s2sad.using(backend=backend, verify=True):
        gradient = s2sad.grad(counted)
        found = gradient(X, len(X))
        source = gradient.source
    assert "\n    z_tape = [" in source, source
    for k in range(len(X)):
        step = 1e-6 * np.eye(len(X))[k]
        slope = (counted(X + step, len(X)) - counted(X - step, len(X))) / 2e-6
        np.testing.assert_allclose(found[k], slope, rtol=1e-5)


def test_second_order():
    with s2sad.using(backend="python", verify=True):
        hessian = s2sad.hessian(counted)(X, len(X))
        gradient = s2sad.grad(counted)
        for k in range(len(X)):
            step = 1e-6 * np.eye(len(X))[k]
            slope = (gradient(X + step, len(X)) - gradient(X - step, len(X))) / 2e-6
            np.testing.assert_allclose(hessian[k], slope, rtol=1e-4, atol=1e-6)


def filled(read: str, trips: bool = True):
    """Two nested loops, the inner one filling a list up to the number of the outer one, then a read of the list."""
    n = int_var("n")
    b = Writer(n)
    kind = List(Scalar(FLOAT))
    names = [b.var(name, kind) for name in ("phi", "out")]
    outer, total, after = int_var("i"), b.var("s", NUMBER), b.var("s", NUMBER)
    with b.block() as body:
        items = b.emit(P.list_new, (), {"item": Scalar(FLOAT)}, hint="items")
        index, count = int_var("k"), int_var("count")
        with b.block() as pre:
            test = b.emit(lt, (index, outer))
        with b.block() as inner:
            value = b.emit(P.cast, (b.emit(add, (index, outer)),), {"dtype": FLOAT})
            more = b.emit(P.list_append, (names[0], value))
        carry = Carry(names[0], items, more, names[1])
        b.append(While(index, (carry,), tuple(pre), test, tuple(inner), count if trips else None))
        place, part, parts = int_var("p"), b.var("t", NUMBER), b.var("t", NUMBER)
        with b.block() as reading:
            at = {"forwards": place, "turned": b.emit(sub, (Const(-1), place))}[read]
            got = b.emit(P.cast, (b.emit(P.list_get, (names[1], at)),), {"dtype": FLOAT, "weak": True})
            more_parts = b.emit(add, (part, got))
        b.append(For(place, Const(0), count if trips else outer, Const(1), (Carry(part, total, more_parts, parts),),
                     tuple(reading)))  # fmt: skip
    with b.block() as whole:
        b.append(For(outer, Const(0), n, Const(1), (Carry(total, Const(0.0), parts, after),), tuple(body)))
    return Function("f", (n,), tuple(whole), (after,))


def made_in_loops(function):
    found = [s for s in function.body if isinstance(s, (For, While))]
    return sum(getattr(s, "prim", None) is P.list_new for loop in found for s in walk.statements(loop.body))


MOVES = [("forwards", True, 0), ("turned", True, 1), ("forwards", False, 1)]


@pytest.mark.parametrize(("read", "trips", "left"), MOVES)
def test_only_what_is_read_by_its_trips_moves(read, trips, left):
    function = filled(read, trips)
    verify(function)
    out = lists(function)
    verify(out)
    assert made_in_loops(out) == left
    for n in (0, 1, 4):
        check(Module(out), (n,))
        check(Module(function), (n,))
