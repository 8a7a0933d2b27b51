"""Calls out of line and calls with a derivative of their own."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.ir import (
    Array,
    Builder,
    Call,
    Const,
    Custom,
    Function,
    If,
    Join,
    Module,
    Names,
    Scalar,
    Var,
    python_function,
    walk,
)
from s2sad.ir import primitives as p
from s2sad.ir.nodes import replace
from s2sad.ir.types import FLOAT, INT, symbol
from s2sad.pipeline import inline_customs
from s2sad.rules import elementwise as e
from s2sad.rules import logical
from tests.optimise.reader import read
from tests.transforms.adjoint.checks import check, reverse

NUMBER, COUNT = Scalar(FLOAT, True), Scalar(INT, True)


def recursion(body):
    """The module of ``f(x, n)``: x where n is 0, else what `body` makes of x, n and the call ``f(_, n - 1)``."""
    x, n = Var("x", NUMBER), Var("n", COUNT)
    b = Builder(Names(["x", "n"]))

    def call(arg):
        out = b.var("y", NUMBER)
        b.append(Call((out,), "f", (arg.atom, (b.ref(n) - 1).atom)))
        return b.ref(out)

    cond = b.emit(logical.eq, (n, Const(0)))
    head = list(b.statements)
    with b.block() as orelse:
        result = body(b.ref(x), b.ref(n), call)
    out = b.var("out", NUMBER)
    branch = If(cond, (), tuple(orelse), (Join(out, x, result.atom),))
    f = Function("f", (x, n), (*head, branch), (out,))
    main = Function("main", (x, n), (Call((Var("r", NUMBER),), "f", (x, n)),), (Var("r", NUMBER),))
    return Module(main, {"f": f})


both = pytest.mark.parametrize("stacked", [True, False], ids=["pair", "again"])


@both
def test_linear_recursion(stacked):
    check(recursion(lambda x, n, call: x * e.sin(call(x * 1.1))), (0.7, 3), order=2, stacked=stacked)


@both
def test_tree_recursion(stacked):
    check(recursion(lambda x, n, call: call(e.sin(x)) * x + call(x * 0.5)), (0.7, 3), order=2, stacked=stacked)


@both
def test_call_in_a_loop_on_rows(stacked):
    row = Array(FLOAT, (symbol("k", 2),))
    r = Var("r", row)
    b = Builder(Names(["r"]))
    with b.block() as body:
        out = e.sin(b.ref(r)) * p.load(b.ref(r), 0, path=(p.paths.Index((p.paths.SLOT,)),))
    helper = Function("helper", (r,), tuple(body), (out.atom,))
    main = read(
        """
def f(a, n):
    s = 0.0
    for i in range(n):
        a[i] = a[i] * a[0]
        s += a[i, 1]
    return a, s
""", a="f8[m, k]", n="i")  # fmt: skip
    loop = main.body[-1]
    inner = list(loop.body)
    target = inner[0].targets[0]
    called = Var("called", row)
    inner = [inner[0], Call((called,), "helper", (target,)), *inner[1:]]
    inner = [*inner[:2], *walk.substitute(tuple(inner[2:]), {target: called})]
    main = replace(main, body=(*main.body[:-1], replace(loop, body=tuple(inner))))
    check(Module(main, {"helper": helper}), (np.linspace(0.3, 1.4, 12).reshape(3, 4), 3), order=2, stacked=stacked)


class Doubled:
    """A rule that says twice what is true, to be told from the body's own derivative."""

    @staticmethod
    def vjp(b, stmt, cotangents):
        return [(b.ref(cotangents[0]) * e.cos(b.ref(stmt.args[0])) * 2.0).atom]


class Linear:
    """The same as a jvp."""

    @staticmethod
    def jvp(b, stmt, tangents):
        b.append(stmt)
        return [(b.ref(tangents[0]) * e.cos(b.ref(stmt.args[0])) * 2.0).atom]


class Nothing:
    """A rule that says nothing, as a checkpoint does."""


def custom(rule):
    x, z = Var("x", NUMBER), Var("z", NUMBER)
    b = Builder(Names(["x", "z"]))
    with b.block() as body:
        y = e.sin(b.ref(z))
    fun = Function("sine", (z,), tuple(body), (y.atom,))
    with b.block() as main:
        square = b.ref(x) * x
        out = b.var("out", NUMBER)
        b.append(Custom((out,), fun, rule, (square.atom,)))
        result = b.ref(out) * x
    return Function("f", (x,), tuple(main), (result.atom,))


def gradient(function, x):
    return python_function(inline_customs(reverse(function, (0,))))(x, 1.0)[1]


def test_custom_rules():
    x = 0.7
    true = np.sin(x * x) + 2 * x * x * np.cos(x * x)
    doubled = np.sin(x * x) + 4 * x * x * np.cos(x * x)
    np.testing.assert_allclose(gradient(custom(Doubled), x), doubled)
    np.testing.assert_allclose(gradient(custom(Linear), x), doubled)
    np.testing.assert_allclose(gradient(custom(Nothing()), x), true)
