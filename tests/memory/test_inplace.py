"""What overwrites and what is copied."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import Array, Const, If, Join, Var, verify
from s2sad.ir import primitives as P
from s2sad.ir.paths import SLOT, Index, Slice
from s2sad.ir.types import FLOAT
from s2sad.memory import inplace
from s2sad.rules.elementwise import add
from s2sad.rules.logical import lt
from tests.backend.programs import Program, arguments, callees
from tests.backend.running import NUMBER, VECTOR, Writer, check, copies

MATRIX = Array(FLOAT, (3, 4))
X, Y, M, S = Var("x", VECTOR), Var("y", VECTOR), Var("m", MATRIX), Var("s", NUMBER)
ROW = (Index((SLOT,)),)


@pytest.mark.parametrize("block", range(10))
def test_random_programs(block):
    with np.errstate(all="ignore"):
        for seed in range(40 * block, 40 * block + 40):
            function = Program(seed, lists=seed % 2 == 0).build()
            verify(function)
            check(function, arguments(seed))


@pytest.mark.parametrize("block", range(5))
def test_random_programs_with_calls(block):
    with np.errstate(all="ignore"):
        for seed in range(40 * block, 40 * block + 40):
            module = Program(seed, lists=seed % 2 == 0).module()
            verify(module)
            check(module, arguments(seed))


def test_a_recursion_over_a_work_array_copies_nothing_on_its_way_down():
    functions = callees()
    assert inplace.owners_of(functions) == {"update": frozenset({0}), "give_back": frozenset({1})}
    planned = inplace.plan(functions["update"], [functions["update"].params[0]])
    assert all(s.prim is not inplace.copy for s in planned.body)


def test_the_property_catches_a_plan_that_never_copies(monkeypatch):
    monkeypatch.setattr(inplace._Planner, "_in_the_way", lambda *args: False)
    wrong = 0
    with np.errstate(all="ignore"):
        for seed in range(40):
            try:
                check(Program(seed).build(), arguments(seed))
            except AssertionError:
                wrong += 1
    assert wrong > 20


def test_a_parameter_is_copied_once():
    w = Writer(X)
    a = w.store(X, 0, 1.0)
    a = w.store(a, 1, 2.0)
    function = w.function(a)
    check(function, (np.arange(4.0),))
    assert copies(function) == 1


def test_a_fresh_array_is_overwritten():
    w = Writer(S)
    a = w.emit(P.zeros, (Const(4),), {"dtype": FLOAT}, "a")
    a = w.store(a, 0, S)
    a = w.inc(a, 0, S)
    function = w.function(a)
    check(function, (3.0,))
    assert copies(function) == 0


def test_an_old_version_that_is_read_later_is_kept():
    w = Writer(S)
    a = w.emit(P.zeros, (Const(4),), {"dtype": FLOAT}, "a")
    b = w.store(a, 0, S)
    function = w.function(w.load(a, 0), b)
    check(function, (3.0,))
    assert copies(function) == 1


def test_a_parameter_that_a_loop_updates_is_copied_before_it():
    w = Writer(X)
    (out,) = w.loop(4, [X], [VECTOR], ["x"], lambda i, x: [w.store(x, i, 1.0)])
    function = w.function(out)
    check(function, (np.arange(4.0),))
    assert copies(function) == 1
    planned = inplace.plan(function)
    assert planned.body[0].prim is inplace.copy


def test_nested_loops_copy_before_the_outer_one():
    w = Writer(X)

    def outer(i, x):
        return w.loop(4, [x], [VECTOR], ["x"], lambda j, x: [w.inc(x, j, 1.0)])

    (out,) = w.loop(3, [X], [VECTOR], ["x"], outer)
    function = w.function(out)
    check(function, (np.arange(4.0),))
    assert copies(function) == 1
    assert inplace.plan(function).body[0].prim is inplace.copy


def test_swapping_two_buffers_copies_nothing():
    w = Writer(S)
    a = w.emit(P.zeros, (Const(4),), {"dtype": FLOAT}, "a")
    b = w.emit(P.zeros, (Const(4),), {"dtype": FLOAT}, "b")

    def body(i, a, b):
        return [b, w.store(a, i, w.emit(add, (w.load(b, 0), S)))]

    outs = w.loop(3, [a, b], [VECTOR, VECTOR], ["a", "b"], body)
    function = w.function(*outs)
    check(function, (1.5,))
    assert copies(function) == 0


def test_keeping_the_previous_version_copies_once_an_iteration():
    w = Writer(X)

    def body(i, x, previous):
        new = w.store(x, i, w.load(previous, 0))
        return [w.inc(new, 0, 1.0), x]

    outs = w.loop(3, [X, X], [VECTOR, VECTOR], ["x", "previous"], body)
    check(w.function(*outs), (np.arange(4.0),))


def test_a_view_in_the_way_is_copied_rather_than_its_base():
    w = Writer(S)
    a = w.emit(P.zeros, (Const(3), Const(4)), {"dtype": FLOAT}, "a")
    row = w.emit(P.load, (a, Const(0)), {"path": ROW}, "row")
    b = w.emit(P.store, (a, S, Const(0)), {"path": ROW}, "a")
    function = w.function(w.load(row, 0), b)
    check(function, (2.0,))
    assert copies(function) == 1
    planned = inplace.plan(function)
    copied = next(s for s in planned.body if s.prim is inplace.copy)
    assert copied.targets[0].type == VECTOR


def test_a_row_carried_to_the_next_iteration():
    w = Writer(M)

    def body(i, m, row):
        m = w.emit(P.store, (m, w.emit(add, (row, 1.0)), i), {"path": ROW}, "m")
        return [m, w.emit(P.load, (m, i), {"path": ROW}, "row")]

    first = w.emit(P.load, (M, Const(0)), {"path": ROW}, "row")
    outs = w.loop(3, [M, first], [MATRIX, VECTOR], ["m", "row"], body)
    function = w.function(outs[0])
    check(function, (np.arange(12.0).reshape(3, 4),))
    copied = [s.targets[0].type for s in inplace.plan(function).body if getattr(s, "prim", None) is inplace.copy]
    assert copied == [MATRIX]


@pytest.mark.parametrize("value", [-1.0, 1.0])
def test_branches_that_update_one_buffer(value):
    w = Writer(X, S)
    cond = w.emit(lt, (S, 0.0))
    with w.block() as then:
        a = w.store(X, 0, 1.0)
    joined = w.var("x", VECTOR)
    w.append(If(cond, tuple(then), (), (Join(joined, a, X),)))
    function = w.function(w.store(joined, 1, 5.0))
    check(function, (np.arange(4.0), value))


def test_results_never_share():
    w = Writer(X)
    part = w.emit(P.load, (X,), {"path": (Index((Slice(0, 2),)),)}, "part")
    check(w.function(X, X, part), (np.arange(4.0),))


def test_an_overlapping_update_reads_before_it_writes():
    w = Writer(S)
    a = w.emit(P.zeros, (Const(4),), {"dtype": FLOAT}, "a")
    a = w.store(a, 0, S)
    part = w.emit(P.load, (a,), {"path": (Index((Slice(0, 3),)),)}, "part")
    check(w.function(w.emit(P.inc, (a, part), {"path": (Index((Slice(1, 4),)),)}, "a")), (1.0,))


def test_owned_parameters_are_overwritten():
    w = Writer(X)
    function = w.function(w.store(X, 0, 1.0))
    assert copies(function) == 1
    planned = inplace.plan(function, owned=[X])
    assert all(s.prim is not inplace.copy for s in planned.body)
