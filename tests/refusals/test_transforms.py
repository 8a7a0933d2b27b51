"""What cannot be differentiated: arguments and results of the wrong kinds. The words are JAX's."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from tests.refusals.checks import refused


def double(x):  # here
    return 2 * x


def pair(x):  # here
    return x, x


def nothing(x):  # here
    pass


def truncated(x):  # here
    return int(x)


def positive(x):  # here
    return x > 0


def rotated(x):  # here
    return x * 1j


def without_aux(x):  # here
    return x


def scaled(x):
    return 2.5 * x


V = np.ones(3)


@pytest.mark.parametrize(("call", "why"), [
    (lambda: s2sad.grad(double)(1), "but got int64"),
    (lambda: s2sad.value_and_grad(double)(True), "but got bool"),
    (lambda: s2sad.grad(double)(np.arange(3)), "but got int64"),
    (lambda: s2sad.jacfwd(double)(1), "but got int64"),
    (lambda: s2sad.jacrev(double)(1), "but got int64"),
    (lambda: s2sad.hessian(double)(1), "but got int64"),
    (lambda: s2sad.grad(double)("a"), "requires numbers and arrays"),
    (lambda: s2sad.grad(double)(V), "scalar-output functions. Output had shape: (3,)"),
    (lambda: s2sad.grad(pair)(1.0), "scalar-output functions. Output was a container"),
    (lambda: s2sad.grad(nothing)(1.0), "scalar-output functions. Output was None"),
    (lambda: s2sad.grad(truncated)(1.0), "requires real-valued outputs"),
    (lambda: s2sad.grad(positive)(1.0), "requires real-valued outputs"),
    (lambda: s2sad.grad(rotated)(1.0), "but got complex128"),
    (lambda: s2sad.grad(double)(1j), "requires real-valued"),
    (lambda: s2sad.grad(double, holomorphic=True)(1.0), "complex"),
    (lambda: s2sad.grad(without_aux, has_aux=True)(1.0), "must return a pair"),
    (lambda: s2sad.grad(double)(), "requires at least 1 positional"),
    (lambda: s2sad.grad(double, 1)(1.0), "requires at least 2 positional"),
    (lambda: s2sad.grad(double)(1.0, 2.0), "takes 1 positional"),
    (lambda: s2sad.grad(double)(1.0, z=2.0), "z"),
    (lambda: s2sad.grad(double, "x")(1.0), "argnums"),
    (lambda: s2sad.jvp(double, (1.0,), (1,)), "dtypes must be equal"),
    (lambda: s2sad.jvp(double, (1.0,), (1.0, 2.0)), ""),
    (lambda: s2sad.hvp(double, (V,), (V,)), "scalar-output"),
])  # fmt: skip
def test_transforms(call, why):
    refused(call, TypeError, why, filename=__file__)


@pytest.mark.parametrize("out_bar", ["a", (1.0, 2.0), 1, V])
def test_cotangents_of_the_wrong_kind(out_bar):
    _, pull = s2sad.vjp(double, 1.0)
    refused(lambda: pull(out_bar), TypeError, "", filename=None)


def test_shapes_of_tangents_and_cotangents():
    short = np.ones(2)
    refused(lambda: s2sad.jvp(double, (V,), (short,)), TypeError, "(3,) and tangent shape (2,)", filename=None)
    refused(lambda: s2sad.hvp(lambda x: np.sum(x * x), (V,), (short,)), TypeError, "tangent shape (2,)", filename=None)
    refused(lambda: s2sad.linearize(double, V)[1](short), TypeError, "tangent shape (2,)", filename=None)
    refused(lambda: s2sad.vjp(double, V)[1](short), TypeError, "(2,)", filename=None)
    refused(lambda: s2sad.vjp(lambda x: (2 * x, x), V, has_aux=True)[1](short), TypeError, "(2,)", filename=None)


def test_allowed_after_all():
    assert s2sad.grad(scaled, allow_int=True)(1) is not None
    assert s2sad.grad(rotated, holomorphic=True)(1j) == 1j


def lonely(x):  # here
    return 2 * x if x > 0 else lonely_inner(x)


def lonely_inner(x):
    return s2sad.grad(double)(int(x))  # here


def test_inside_a_function_it_stands_at_the_inner_call():
    refused(lambda: s2sad.grad(lonely)(1.0), TypeError, "but got int64", filename=__file__)


@pytest.mark.parametrize("value", [np.array(["a"]), np.array([None]), np.zeros(2, np.float16), 2**70])
def test_leaves_that_are_no_numbers_of_ours(value):
    refused(lambda: s2sad.jit(double)(value), TypeError, "", filename=None)


@pytest.mark.parametrize(("call", "why"), [
    (lambda: s2sad.vjp(double, 1.0)[1](1.0, 2.0), "The pullback of double takes one argument"),
    (lambda: s2sad.vjp(double, 1.0)[1](), "but was called with 0"),
    (lambda: s2sad.linear_transpose(scaled, 1.0)(1.0, 2.0), "The transpose of scaled takes one argument"),
    (lambda: s2sad.jvp(double, 1.0, 1.0), "must be tuples or lists; found float and float"),
    (lambda: s2sad.jvp(double, {"a": 1.0}, (1.0,)), "found dict and tuple"),
    (lambda: s2sad.hvp(double, 1.0, (1.0,)), "arguments to hvp must be tuples or lists"),
])  # fmt: skip
def test_calls_with_the_wrong_number_of_arguments(call, why):
    refused(call, TypeError, why, filename=None)


def test_sizes_that_are_known_when_called_only():
    """In `vmap` and `jit`, shapes of tangents and cotangents are compared in each call."""

    def pulled(x, bar):
        return s2sad.vjp(lambda z: z * z, x)[1](bar)[0]

    batched = s2sad.vmap(pulled, in_axes=(0, None))
    for n in (2, 3):
        np.testing.assert_array_equal(batched(np.ones((4, n)), np.ones(n)), np.full((4, n), 2.0))
    with pytest.raises(ValueError, match=r"must be like the value, float64\(3,\), but is float64\(2,\)"):
        batched(np.ones((4, 3)), np.ones(2))
    pushed = s2sad.jit(lambda x, t: s2sad.jvp(lambda z: z * z, (x,), (t,))[1])
    np.testing.assert_array_equal(pushed(np.ones(3), np.ones(3)), np.full(3, 2.0))
    with pytest.raises(ValueError, match="different primal and tangent shapes"):
        pushed(np.ones(3), np.ones(4))
