"""Transforms inside and outside: what they mean on containers, and what they refuse."""

from __future__ import annotations

import math

import numpy as np
import pytest

from s2sad import api
from s2sad.errors import TypeMismatchError, UnsupportedError
from s2sad.frontend.elaborate.elaborate import Leaf
from s2sad.ir import Apply, verify, walk
from tests.frontend.harness import elaborated

X = np.array([1.0, 2.0, 3.0])


def applies(function, *args):
    """The transforms that are applied in the elaborated function, outermost first."""
    out, _ = elaborated(function, *args)
    verify(out.module)
    found = []

    def collect(block):
        for stmt in walk.statements(block):
            if isinstance(stmt, Apply):
                found.append(stmt)
                collect(stmt.fun.body)

    collect(out.module.main.body)
    return out, found


def square(x):
    return x * x


def norm(x):
    s = 0.0
    for v in x:
        s += v * v
    return s


def test_grad_is_an_apply():
    out, (apply,) = applies(api.grad(square), 2.0)
    assert apply.kind == "vjp" and apply.wrt == (0,) and len(apply.targets) == 2
    assert out.result == Leaf(0)


def test_structure_of_gradients():
    def f(p, q):
        return p["a"] * p["b"][0] * q[0]

    out, _ = applies(api.grad(f, argnums=(0, 1)), {"b": (2.0, 1.0), "a": 3.0}, [4.0])
    gradient_p, gradient_q = out.result
    assert list(gradient_p) == ["b", "a"] and isinstance(gradient_p["b"], tuple) and isinstance(gradient_q, list)


def test_structure_with_ints():
    out, _ = applies(api.grad(lambda p: p[0] * 2.0, allow_int=True), (2.0, 3))
    assert len(out.result) == 2


def test_aux():
    out, _ = applies(api.value_and_grad(lambda x: (norm(x), {"y": x * 2, "n": len(x)}), has_aux=True), X)
    (value, aux), gradient = out.result
    assert isinstance(value, Leaf) and set(aux) == {"y", "n"} and isinstance(gradient, Leaf)


def test_captured_values_become_parameters():
    def f(a, x):
        b = a * 2
        return api.grad(lambda z: b * z * z)(x) * a

    _, (apply,) = applies(f, 2.0, 3.0)
    assert len(apply.fun.params) == 2 and apply.wrt == (0,)


def test_nested():
    _, found = applies(api.grad(api.grad(api.grad(math.sin))), 2.0)
    assert len(found) == 3


def test_grad_made_inside_with_options():
    def f(x, y):
        df = api.grad(lambda a, b: a * b, argnums=1)
        return df(x, y)

    _, (apply,) = applies(f, 2.0, 3.0)
    assert apply.wrt == (0,)


def test_vjp_inside():
    def f(x):
        y, back = api.vjp(norm, x)
        (g,) = back(2.0 * y)
        return g

    _, found = applies(f, X)
    assert len(found) == 1


def test_jvp_inside():
    def f(x, v):
        y, y_dot = api.jvp(norm, (x,), (v,))
        return y + y_dot

    _, (apply,) = applies(f, X, X)
    assert apply.kind == "jvp"


def test_stop_gradient():
    out, _ = applies(lambda x: api.stop_gradient({"a": x})["a"] * x, 2.0)
    assert any(s.prim.name == "stop_gradient" for s in out.module.main.body)


def second(x, y):
    return x


@pytest.mark.parametrize(("call", "args", "message"), [
    (api.grad(square), (2,), "real- or complex-valued inputs"),
    (api.grad(square), (X,), r"scalar-output functions. Output had shape"),
    (api.grad(lambda x: x * 1j), (1.0,), "real-valued outputs"),
    (api.grad(lambda x: (x, x)), (1.0,), "scalar-output"),
    (api.grad(lambda x: len(x)), (X,), "real-valued outputs"),
    (api.grad(square, holomorphic=True), (1.0,), "complex dtype"),
    (api.grad(lambda x: x.real, holomorphic=True), (1.0 + 1j,), "outputs with complex dtype"),
    (api.grad(second, argnums=2), (1.0, 2.0), "requires at least 3 positional"),
    (lambda x: api.jvp(square, (x,), (1,)), (1.0,), "dtypes must be equal"),
    (lambda x: api.jvp(norm, (x,), (1.0,)), (X,), "shapes"),
    (lambda x: api.jvp(second, (x,), (x, x)), (1.0,), "tree structure"),
    (lambda x: api.vjp(square, x)[1]((x, x)), (1.0,), "cotangent"),
    (api.grad(square, has_aux=True), (1.0,), "pair"),
])  # fmt: skip
def test_refusals(call, args, message):
    with pytest.raises(TypeMismatchError, match=message) as caught:
        elaborated(call, *args)
    assert isinstance(caught.value, TypeError)


def test_a_transformed_function_must_not_write_into_what_it_captured():
    def f(x):
        work = np.zeros(3)

        def inner(z):
            work[0] = z
            return work[0] * z

        return api.grad(inner)(x)

    with pytest.raises(UnsupportedError, match="captured"):
        elaborated(f, 2.0)
