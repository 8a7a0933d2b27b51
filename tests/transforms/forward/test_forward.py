"""Forward mode against finite differences and complex step, at first and second order."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.errors import UnsupportedError
from s2sad.ir import (
    Array,
    Builder,
    Call,
    Carry,
    For,
    Function,
    If,
    Join,
    Let,
    List,
    Module,
    Names,
    Primitive,
    Scalar,
    Var,
    python_function,
    to_source,
    verify,
    walk,
)
from s2sad.ir import primitives as p
from s2sad.ir.nodes import Const, int_var, replace
from s2sad.transforms.forward import forward as module
from s2sad.transforms.forward.forward import jvp
from tests.optimise.checks import examples
from tests.optimise.reader import COMPARE, read

FLOAT = Scalar(np.dtype(float), weak=True)


def check(function, *args, wrt=(0,), functions=None, order=2, rtol=1e-6):
    """The tangents in a fixed direction against central differences of the function, and again of the tangents."""
    derived, more = jvp(function, wrt, functions)
    functions = {**(functions or {}), **more}
    verify(Module(derived, functions), "jvp")
    primal = python_function(Module(function, functions))
    tangent = python_function(Module(derived, functions))
    seeds = [np.cos(np.arange(np.size(args[k])) + k).reshape(np.shape(args[k])) + 0.3 for k in wrt]
    seeds = [s[()] for s in seeds]
    steps = 1e-6
    ends = []
    for sign in (1, -1):
        moved = list(args)
        for k, s in zip(wrt, seeds, strict=True):
            moved[k] = args[k] + sign * steps * s
        ends.append(primal(*moved))
    inexact = [k for k, r in enumerate(function.results) if r.type.dtype.kind in "fc"]
    out = tangent(*args, *seeds)
    values, dots = out[: len(function.results)], out[len(function.results) :]
    for v, w in zip(values, primal(*args), strict=True):
        np.testing.assert_array_equal(v, w)
    for dot, k in zip(dots, inexact, strict=True):
        np.testing.assert_allclose(dot, (ends[0][k] - ends[1][k]) / (2 * steps), rtol=rtol, atol=rtol)
        assert np.shape(dot) == np.shape(values[k]) and np.asarray(dot).dtype == np.asarray(values[k]).dtype
    if order > 1:
        both = (*wrt, *range(len(args), len(args) + len(wrt)))
        check(derived, *args, *seeds, wrt=both, functions=functions, order=order - 1, rtol=1e-5)
    return derived


def test_example():
    before, after = examples(module.__doc__)[0]
    function = read(before, n="i")
    derived, more = jvp(function, (0,))
    assert to_source(derived) == after and more == {}


def test_straight_line():
    f = read("""
    def f(x, y):
        a = np.sin(x * y) + x / y
        b = -np.exp(a) - 2.0 * x
        return b, a * b, y
    """)
    check(f, 0.7, 1.3, wrt=(0, 1))
    check(f, 0.7, 1.3, wrt=(1,))


def test_partials_that_nobody_needs_are_not_written():
    f = read("""
    def f(x, y):
        return x / y
    """)
    derived, _ = jvp(f, (0,))
    assert len(derived.body) == 3


def test_branches_join_tangents():
    f = read("""
    def f(x, y):
        a = 1.0
        b = x
        if y > 0.0:
            a = x * y
        else:
            b = 3.0
        return a, b
    """)
    check(f, 0.7, 1.3, wrt=(0, 1))
    check(f, 0.7, -1.3)


def test_loops_and_arrays():
    f = read("""
    def f(x, y):
        n = x.shape[0]
        a = np.empty(n)
        s = 0.0
        for i in range(n):
            a[i] = np.sin(x[i]) * y
            a[i] += s * x[i]
            for j in range(i):
                s += a[j] * x[i]
        z = a * y
        z[0] = 2.0
        return s, a, z
    """, x="f8[n]")
    check(f, np.array([0.3, -0.4, 1.1]), 1.3, wrt=(0, 1), rtol=1e-5)
    check(f, np.array([0.3, -0.4, 1.1]), 1.3, wrt=(1,))


def test_a_carry_active_only_later():
    f = read("""
    def f(x, n):
        a = 1.0
        b = 2.0
        for i in range(n):
            b = a * b
            a = x * a
        return a, b
    """, n="i")
    check(f, 1.2, 3)
    check(f, 1.2, 0)


def test_while_loops():
    f = read("""
    def f(x):
        s = x
        t = 0.0
        while s * s < 30.0:
            t += s * s
            s = s * 1.5 + np.sin(x)
        return s, t
    """)
    derived = check(f, 1.2)
    (loop,) = (s for s in derived.body if type(s).__name__ == "While")
    assert len(loop.pre) == 2


def test_a_scalar_tangent_fills_an_array():
    f = read("""
    def f(x, a):
        b = a + x
        return b, a * 2.0
    """, a="f8[n]")
    check(f, 0.3, np.arange(3.0))


def test_float32_stays():
    f = read("""
    def f(x, a):
        return a * x
    """, x="f", a="f4[n]")
    derived, _ = jvp(f, (0,))
    out = python_function(derived)(0.5, np.ones(3, np.float32), 1.0)
    assert out[1].dtype == np.float32


def test_complex():
    f = read("""
    def f(z):
        return np.exp(z) * z
    """, z="c")
    derived, _ = jvp(f, (0,))
    z = 0.3 + 0.5j
    np.testing.assert_allclose(python_function(derived)(z, 1j)[1], 1j * np.exp(z) * (1 + z))


def test_lists():
    x = Var("x", FLOAT)
    b = Builder(Names(["x"]))
    with b.block() as body:
        items = b.emit(p.list_new, (), {"item": FLOAT}, "items")
        phi = b.var("items", List(FLOAT))
        i = int_var("i")
        with b.block() as inner:
            v = b.ref(x) * b.ref(x)
            grown = b.emit(p.list_append, (phi, v), {}, "items")
        out = b.var("items", List(FLOAT))
        b.append(For(i, Const(0), Const(3), Const(1), (Carry(phi, items, grown, out),), tuple(inner)))
        changed = b.emit(p.list_set, (out, Const(1), x), {}, "items")
        parts = [b.ref(b.emit(p.list_get, (changed, Const(k)))) for k in (0, 1)]
        total = parts[0] * parts[1]
    check(Function("f", (x,), tuple(body), (total.atom,)), 1.3)


def test_recursion():
    x, n = Var("x", FLOAT), int_var("n")
    b = Builder(Names(["x", "n"]))
    with b.block() as body:
        small = b.emit(COMPARE[__import__("ast").Lt], (n, Const(1)))
        with b.block() as orelse:
            less = (b.ref(n) - 1).atom
            inner = b.var("y", FLOAT)
            b.append(Call((inner,), "power", (x, less)))
            out = (b.ref(x) * b.ref(inner)).atom
        result = b.var("r", FLOAT)
        b.append(If(small, (), tuple(orelse), (Join(result, Const(1.0), out),)))
    power = Function("power", (x, n), tuple(body), (result,))
    y = Var("y", FLOAT)
    main = Function("f", (x,), (Call((y,), "power", (x, Const(3))),), (y,))
    check(main, 1.3, functions={"power": power})


def test_no_rule_is_refused_where_it_matters():
    odd = Primitive("odd", lambda v: v * 2.0, "_0 * 2.0")
    x, y, k = Var("x", FLOAT), Var("y", FLOAT), Var("k", FLOAT)
    f = Function("f", (x, k), (Let((y,), odd, (x,)),), (y,))
    with pytest.raises(UnsupportedError, match="odd"):
        jvp(f, (0,))
    assert to_source(jvp(f, (1,))[0]).endswith("return y, 0.0\n")


def test_effects_happen_once():
    f = read("""
    def f(x):
        print(x)
        return x * x
    """)
    derived, _ = jvp(jvp(f, (0,))[0], (0, 1))
    assert sum(type(s).__name__ == "Effect" for s in walk.statements(derived.body)) == 1


def test_rank_one_arrays_of_unknown_size_broadcast():
    types = [Array(np.dtype(float), (1,)), Array(np.dtype(float), ("n",))]
    f = read("""
    def f(x, y):
        return x * y, x + y
    """, x="f8[1]", y="f8[n]")
    assert len(types) == 2
    check(f, np.array([0.5]), np.arange(3.0), wrt=(0,))
    check(f, np.array([0.5]), np.arange(3.0), wrt=(0, 1))
    assert replace(f, name="g").name == "g"
