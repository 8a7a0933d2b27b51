"""What can only be a loop over the batch: recursion, lists, effects, rules of one's own; and how arrays fill."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.ir import (
    Builder,
    Call,
    Const,
    Custom,
    Effect,
    Function,
    If,
    Join,
    Module,
    Names,
    Var,
    python_function,
    to_source,
    verify,
)
from s2sad.ir import primitives as p
from s2sad.ir.nodes import For, Let
from s2sad.ir.paths import Index
from s2sad.ir.types import FLOAT, Array, List, Scalar, symbol
from s2sad.ir.verifier import IRError
from s2sad.ir.walk import statements
from s2sad.rules.elementwise import mul, sub
from s2sad.rules.logical import gt
from s2sad.rules.shape import array_of_list
from s2sad.transforms.batch import batch
from tests.optimise.reader import parse_type, read
from tests.transforms.batch.batching import batched, check, loops_over_batch

RNG = np.random.default_rng(0)
X, V = RNG.normal(size=(4, 3)), RNG.normal(size=4)
NUMBER = Scalar(FLOAT, weak=True)


def test_recursion_is_called_for_each_item():
    x, n = Var("x", NUMBER), Var("n", parse_type("i"))
    b = Builder(Names(["x", "n"]))
    with b.block() as body:
        more = b.emit(gt, (n, 0))
        with b.block() as then:
            less = b.emit(sub, (n, 1))
            inner = Var("inner", NUMBER)
            b.append(Call((inner,), "power", (x, less)))
            product = b.emit(mul, (inner, x))
        out = Var("out", NUMBER)
        b.append(If(more, tuple(then), (), (Join(out, product, Const(1.0)),)))
    power = Function("power", (x, n), tuple(body), (out,))
    y = Var("y", NUMBER)
    main = Function("main", (x, n), (Call((y,), "power", (x, n)),), (y,))
    counts = np.array([3, 1, 0, 2])
    for axes, args in [((0, 0), (V, counts)), ((0, None), (V, 3)), ((None, 0), (2.0, counts))]:
        function, functions = batch.vmap(main, axes, symbol("B", 2), {"power": power})
        module = Module(function, functions)
        verify(module)
        expected = np.broadcast_to(args[0], 4) ** np.broadcast_to(args[1], 4)
        np.testing.assert_allclose(python_function(module)(*args)[0], expected)


def test_a_list_that_differs():
    x, n = Var("x", NUMBER), Var("n", parse_type("i"))
    b = Builder(Names(["x", "n"]))
    with b.block() as body:
        items = b.emit(p.list_new, (), {"item": NUMBER}, "items")
        items = b.emit(p.list_append, (items, x), hint="items")
        items = b.emit(p.list_append, (items, b.emit(mul, (x, 2.0))), hint="items")
        out = b.emit(array_of_list, (items,), hint="out")
    assert items.type == List(NUMBER)
    out = check(Function("f", (x, n), tuple(body), (out,)), (0, None), (V, 2))
    assert "the list" in str(out.decisions[0])


def test_effects_happen_in_order_for_each_item(capsys):
    f = read("""
        def f(x, y):
            print(y)
            z = x * 2.0
            print(z)
            return z
    """)
    out = batched(f, (0, None))
    python_function(out.function)(np.array([1.0, 2.0]), 7.0)
    assert capsys.readouterr().out.split() == ["7.0", "2.0", "4.0"]


def test_a_rule_of_its_own_is_kept():
    x = Var("x", NUMBER)
    b = Builder(Names(["x"]))
    with b.block() as body:
        y = b.emit(mul, (x, 3.0), hint="y")
    inner = Function("inner", (x,), tuple(body), (y,))
    z = Var("z", NUMBER)
    f = Function("f", (x,), (Custom((z,), inner, "rule", (x,)),), (z,))
    out = check(f, (0,), (V,))
    assert [s.rule for s in statements(out.function.body) if isinstance(s, Custom)] == ["rule"]


def test_raises_for_the_item_that_does():
    x = Var("x", NUMBER)
    b = Builder(Names(["x"]))
    with b.block() as body:
        refusal = Effect(p.raise_, (), (("kind", "ValueError"), ("message", "too large")))
        b.append(If(b.emit(gt, (x, 2.0)), (refusal,), (), ()))
        y = b.emit(mul, (x, 3.0), hint="y")
    run = python_function(batched(Function("f", (x,), tuple(body), (y,)), (0,)).function)
    np.testing.assert_allclose(run(np.array([1.0, 2.0]))[0], [3.0, 6.0])
    with pytest.raises(ValueError, match="too large"):
        run(np.array([1.0, 2.0, 2.5]))


# -- rows


def stores(function):
    return [s for s in statements(function.body) if isinstance(s, Let) and s.prim is p.store]


def test_an_output_is_filled_in_the_batch():
    f = read("""
        def f(x):
            n = x.shape[0]
            out = np.empty(n)
            for i in range(n):
                out[i] = x[i] * 2.0
            return out
    """, x="f8[n]")
    out = check(f, (0,), (X,))
    (place,) = stores(out.function)
    assert len(place.args) == 4  # array, value, lane, i
    assert "[lane, i] = " in to_source(out.function)


def test_an_argument_written_into_is_filled_in_the_batch():
    f = read("""
        def f(x, y):
            for i in range(1, x.shape[0]):
                x[i] = x[i - 1] * x[i] * y
            return x
    """, x="f8[n]")
    for axes, args in [((0, None), (X, 2.0)), ((None, 0), (X[0], V)), ((0, 0), (X, V)), ((1, 0), (X.T, V))]:
        out = check(f, axes, args)
        assert all(len(s.args) == 4 for s in stores(out.function))


def test_a_work_buffer_is_each_items_own():
    f = read("""
        def f(x, m):
            w = np.zeros(m)
            s = 0.0
            for i in range(m):
                w[i] += x
                w[0] += 1.0
                s += w[i] * w[0]
            return s
    """, m="i")
    out = check(f, (0, None), (V, 3))
    (loop,) = [s for s in out.function.body if isinstance(s, For)]
    assert any(isinstance(s, Let) and s.prim is p.zeros for s in loop.body)


def test_old_and_new_versions_of_an_array():
    f = read("""
        def f(x, y):
            z = x
            for i in range(3):
                z[i] = x[i] * y + x[0]
            w = z
            for i in range(3):
                w[i] = w[i] * z[0]
            return x, z, w
    """, x="f8[3]")
    for axes, args in [((0, None), (X, 2.0)), ((0, 0), (X, V)), ((None, 0), (X[0], V))]:
        assert loops_over_batch(check(f, axes, args))


def test_an_array_that_is_one_of_two():
    f = read("""
        def f(x, y, z):
            w = np.zeros(3)
            if y > 0.0:
                w = x
            else:
                w = z
            w[0] = y
            return w
    """, x="f8[3]", z="f8[3]")
    assert loops_over_batch(check(f, (0, 0, None), (X, V, X[0])))


def test_whole_rows_that_are_used_by_more_than_loads():
    f = read("""
        def f(x, y):
            w = x
            if y > 0.0:
                for i in range(3):
                    w[i] = w[i] * y
            v = np.sin(w)
            return v, w
    """, x="f8[3]")
    check(f, (0, 0), (X, V))
    check(f, (0, None), (X, 1.5))


def test_sizes_are_found_where_they_are_known():
    f = read("""
        def f(x, m):
            k = m + 1
            y = np.zeros(k)
            if x > 0.0:
                y[0] = x
            z = np.zeros(m)
            if x > 0.5:
                z[1] = x
            return y, z
    """, m="i")
    out = check(f, (0, None), (V, 3))
    assert "first" not in to_source(out.function)


def test_what_is_the_same_for_all_items_leaves_a_loop_over_the_batch_once():
    f = read(
        """
        def f(x, y):
            h = 1.0
            s = 0.0
            w = np.zeros(2)
            for i in range(4):
                h = h * y + 0.5
                s = s + h * x
                w[1] += h
            t = s * w[1]
            w[0] += h
            return t, w
        """
    )
    out = check(f, (0, None), (V, 0.7), (0, None))
    assert loops_over_batch(out)
    assert out.function.results[1].type == f.results[1].type


def test_a_size_that_only_one_item_can_tell_differs():
    def f(x):
        n, s = 0, 0.0
        for i in range(3):
            part = x[x > 0.5 * i]
            n += len(part)
            s = s + np.sum(part)
        return s / (n + 1), n

    x = np.array([[1.0, 2.0, 3.0], [0.0, 2.0, 1.5]])
    with using(backend="python", verify=True):
        found = s2sad.vmap(f)(x)
    for value, expected in zip(found, zip(*map(f, x), strict=True), strict=True):
        np.testing.assert_allclose(value, expected)


def test_a_batch_cannot_be_stored_where_one_number_stands():
    b = Builder(Names([]))
    a, v = b.ref(Var("a", Array(FLOAT, (3,)))), b.ref(Var("v", Array(FLOAT, (symbol("B", 2),))))
    with pytest.raises(ValueError, match="an array of rank 1 is stored where one of rank 0 stands"):
        p.inc(a, v, path=(Index((1,)),))


def test_the_batcher_refuses_to_define_what_varies_as_one_value():
    f = read("def f(x):\n    y = x * 2.0\n    return y")
    batcher = batch.Batcher(f, (0,), symbol("B", 2))
    y = f.body[0].targets[0]
    with pytest.raises(IRError, match="y is not batched"):
        batcher.define((y,), (Const(1.0),), batched=False)
