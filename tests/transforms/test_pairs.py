"""Transforms two deep, over programs with loops: each against differences of the plain function.

A pair is an outer transform of an inner one. The inner one gives a function of the vector of parameters, whose
derivatives of any order are contractions of those of the program; and so are the outer one's results.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from itertools import product
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from tests.transforms.pair_programs import PROGRAMS

Array = Any
SCALES = np.array([1.0, 0.9, 1.1])


# -- the reference: finite differences of the plain function


@cache
def tensor(name: str, point: tuple[float, ...], order: int) -> Array:
    """The derivative of a program of an order: its own axes, then `order` axes of the parameters."""
    return differences(PROGRAMS[name][0], np.array(point), order)


def differences(function: Callable[..., Any], x: Array, order: int, steps: float = 4e-3) -> Array:
    """Central differences of the sixth order, taken `order` times."""
    known: dict[tuple[int, ...], Array] = {}

    def at(shift: tuple[int, ...]) -> Array:
        if shift not in known:
            known[shift] = np.asarray(function(x + steps * np.array(shift)))
        return known[shift]

    def derivative(shift: tuple[int, ...], axes: tuple[int, ...]) -> Array:
        if not axes:
            return at(shift)
        out = 0.0
        for k, weight in ((1, 45.0), (2, -9.0), (3, 1.0)):
            for sign in (1, -1):
                moved = tuple(s + sign * k * (i == axes[0]) for i, s in enumerate(shift))
                out = out + sign * weight * derivative(moved, axes[1:])
        return out / (60.0 * steps)

    n, origin = len(x), (0,) * len(x)
    found = {axes: derivative(origin, axes) for axes in product(range(n), repeat=order) if list(axes) == sorted(axes)}
    shape = np.shape(at(origin))
    out = np.empty((*shape, *(n,) * order))
    for axes in product(range(n), repeat=order):
        out[(..., *axes)] = found[tuple(sorted(axes))]
    return out


class Case:
    """A program at a point, a direction there, and how results are made one number."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.function, point = PROGRAMS[name]
        self.x = np.array(point)
        self.v = np.cos(np.arange(len(point)) + 1.0)
        self.batch = np.array([self.x * s for s in SCALES])
        self.number = np.ndim(self.function(self.x)) == 0

    @property
    def scalar(self) -> Callable[..., Any]:
        """The program as a function to one number."""
        f = self.function
        if self.number:
            return f
        weights = weights_of(np.shape(f(self.x)))
        return lambda x: np.sum(f(x) * weights)

    def d(self, x: Array, order: int) -> Array:
        return tensor(self.name, tuple(x.tolist()), order)

    def s(self, x: Array, order: int) -> Array:
        """The derivatives of `scalar`."""
        return weighted(self.d(x, order), order)


def weights_of(shape: tuple[int, ...]) -> Array:
    return np.sin(np.arange(int(np.prod(shape))) + 1.0).reshape(shape)


def weighted(tensor: Array, order: int) -> Array:
    """The weighted sum over the axes that are not of the parameters."""
    shape = tensor.shape[: tensor.ndim - order]
    return np.tensordot(weights_of(shape), tensor, len(shape)) if shape else tensor


def along(tensor: Array, v: Array) -> Array:
    return tensor @ v


# -- inner transforms: the function of x that they give, and its derivatives


def custom(f: Callable[..., Any]) -> Callable[..., Any]:
    g = s2sad.custom_jvp(f)

    @g.defjvp
    def rule(primals, tangents):
        return s2sad.jvp(f, primals, tangents)

    return g


INNER: dict[str, tuple[int, Callable[[Case], Callable[..., Any]], Callable[[Case, Array, int], Array]]] = {
    "plain": (0, lambda c: c.function, Case.d),
    "grad": (1, lambda c: s2sad.grad(c.scalar), lambda c, x, k: c.s(x, k + 1)),
    "value_and_grad": (
        1,
        lambda c: (lambda g: lambda x: g(x)[0] * g(x)[1])(s2sad.value_and_grad(c.scalar)),
        lambda c, x, k: leibniz(c, x, k),
    ),
    "jvp": (
        1,
        lambda c: (lambda f, v: lambda x: s2sad.jvp(f, (x,), (v,))[1])(c.function, c.v),
        lambda c, x, k: along(c.d(x, k + 1), c.v),
    ),
    "vjp": (
        1,
        lambda c: (lambda f: lambda x: s2sad.vjp(f, x)[1](1.0)[0])(c.scalar),
        lambda c, x, k: c.s(x, k + 1),
    ),
    "jacfwd": (1, lambda c: s2sad.jacfwd(c.function), lambda c, x, k: c.d(x, k + 1)),
    "jacrev": (1, lambda c: s2sad.jacrev(c.function), lambda c, x, k: c.d(x, k + 1)),
    "hvp": (
        2,
        lambda c: (lambda f, v: lambda x: s2sad.hvp(f, (x,), (v,)))(c.scalar, c.v),
        lambda c, x, k: along(c.s(x, k + 2), c.v),
    ),
    "hessian": (2, lambda c: s2sad.hessian(c.function), lambda c, x, k: c.d(x, k + 2)),
    "linearize": (
        1,
        lambda c: (lambda f, v: lambda x: s2sad.linearize(f, x)[1](v))(c.function, c.v),
        lambda c, x, k: along(c.d(x, k + 1), c.v),
    ),
    "jit": (0, lambda c: s2sad.jit(c.function), Case.d),
    "checkpoint": (0, lambda c: s2sad.checkpoint(c.function), Case.d),
    "custom_jvp": (0, lambda c: custom(c.function), Case.d),
    "vmap": (
        0,
        lambda c: (lambda f: lambda x: s2sad.vmap(lambda s: f(x * s))(SCALES))(c.function),
        lambda c, x, k: np.array([s**k * c.d(x * s, k) for s in SCALES]),
    ),
}


def leibniz(c: Case, x: Array, k: int) -> Array:
    """The derivatives of the value times the gradient."""
    f, g, h = c.s(x, 0), c.s(x, 1), c.s(x, 2)
    if k == 0:
        return f * g
    if k == 1:
        return np.outer(g, g) + f * h
    t = c.s(x, 3)
    return f * t + sum(np.einsum(s, h, g) for s in ("ij,k->ijk", "ik,j->ijk", "jk,i->ijk"))


# -- outer transforms: of a function F of x, from its derivatives


def total(F: Callable[..., Any], shape: tuple[int, ...]) -> Callable[..., Any]:
    if not shape:
        return F
    weights = weights_of(shape)
    return lambda x: np.sum(F(x) * weights)


OUTER: dict[str, tuple[int, Callable[..., Any], Callable[..., Any]]] = {
    "jit": (0, lambda F, c, s: s2sad.jit(F)(c.x), lambda D, c: D(c.x, 0)),
    "vmap": (0, lambda F, c, s: s2sad.vmap(F)(c.batch), lambda D, c: np.array([D(x, 0) for x in c.batch])),
    "vmap2": (
        0,
        lambda F, c, s: s2sad.vmap(s2sad.vmap(F))(c.batch.reshape(3, 1, -1)),
        lambda D, c: np.array([[D(x, 0)] for x in c.batch]),
    ),
    "jvp": (1, lambda F, c, s: s2sad.jvp(F, (c.x,), (c.v,))[1], lambda D, c: along(D(c.x, 1), c.v)),
    "vjp": (
        1,
        lambda F, c, s: s2sad.vjp(F, c.x)[1](weights_of(s) if s else 1.0)[0],
        lambda D, c: weighted(D(c.x, 1), 1),
    ),
    "linearize": (1, lambda F, c, s: s2sad.linearize(F, c.x)[1](c.v), lambda D, c: along(D(c.x, 1), c.v)),
    "jacfwd": (1, lambda F, c, s: s2sad.jacfwd(F)(c.x), lambda D, c: D(c.x, 1)),
    "jacrev": (1, lambda F, c, s: s2sad.jacrev(F)(c.x), lambda D, c: D(c.x, 1)),
    "grad": (1, lambda F, c, s: s2sad.grad(total(F, s))(c.x), lambda D, c: weighted(D(c.x, 1), 1)),
    "value_and_grad": (
        1,
        lambda F, c, s: s2sad.value_and_grad(total(F, s))(c.x)[1],
        lambda D, c: weighted(D(c.x, 1), 1),
    ),
    "checkpoint": (
        1,
        lambda F, c, s: s2sad.grad(s2sad.checkpoint(total(F, s)))(c.x),
        lambda D, c: weighted(D(c.x, 1), 1),
    ),
    "custom_jvp": (
        1,
        lambda F, c, s: s2sad.grad(custom(total(F, s)))(c.x),
        lambda D, c: weighted(D(c.x, 1), 1),
    ),
    "vmap_jacfwd": (
        1,
        lambda F, c, s: s2sad.vmap(s2sad.jacfwd(F))(c.batch),
        lambda D, c: np.array([D(x, 1) for x in c.batch]),
    ),
    "vmap_grad": (
        1,
        lambda F, c, s: s2sad.vmap(s2sad.grad(total(F, s)))(c.batch),
        lambda D, c: np.array([weighted(D(x, 1), 1) for x in c.batch]),
    ),
    "hessian": (2, lambda F, c, s: s2sad.hessian(total(F, s))(c.x), lambda D, c: weighted(D(c.x, 2), 2)),
    "hvp": (
        2,
        lambda F, c, s: s2sad.hvp(total(F, s), (c.x,), (c.v,)),
        lambda D, c: along(weighted(D(c.x, 2), 2), c.v),
    ),
}

PAIRS = [(o, i) for o in OUTER for i in INNER if OUTER[o][0] + INNER[i][0] <= 3]
OFTEN = [("hessian", "plain"), ("vmap", "hvp")]
"""Taken of every program; the others in turn, so that each is taken of some program."""
SINGLE = {"single"}
"""Their differences, of single precision, tell little."""
RECURSIVE = {"recursive", "recursive_array", "recursive_outside_loops"}
"""Some pairs are refused: reverse mode of reverse mode where a stack grows in a loop, the transpose of a jvp rule that
calls a recursive function's derivative. Only `RECURSED` is taken of them, besides `OFTEN`."""
RECURSED = [("jvp", "jit"), ("vmap", "grad"), ("grad", "checkpoint"), ("jvp", "custom_jvp"), ("jacrev", "vmap")]


def chosen() -> list[tuple[str, str, str]]:
    """The pairs of each program."""
    names = [n for n in PROGRAMS if n not in SINGLE | RECURSIVE]
    others = [p for p in PAIRS if p not in OFTEN]
    each = -(-len(others) // len(names))
    turns = {n: [others[(k * each + j) * 29 % len(others)] for j in range(each)] for k, n in enumerate(names)}
    return [(n, *pair) for n in PROGRAMS if n not in SINGLE for pair in (*OFTEN, *turns.get(n, RECURSED))]


def check(name: str, outer: str, inner: str) -> None:
    """One pair of transforms of one program."""
    c = Case(name)
    lower, make, derivative = INNER[inner]
    order, apply, expect = OUTER[outer]

    def of(x: Array, k: int) -> Array:
        return derivative(c, x, k)

    expected = expect(of, c)
    found = apply(make(c), c, of(c.x, 0).shape)
    assert np.shape(found) == np.shape(expected)
    scale = max(1.0, float(np.max(np.abs(expected), initial=0.0)))
    close = (1e-9, 1e-9, 1e-8, 1e-5)[order + lower]
    np.testing.assert_allclose(found, expected, rtol=0.0, atol=scale * close)


def test_every_pair_is_taken() -> None:
    assert {(o, i) for _, o, i in chosen()} == set(PAIRS)


@pytest.mark.parametrize(("name", "outer", "inner"), chosen())
def test_pair(name: str, outer: str, inner: str) -> None:
    with using(backend="python", verify=True):
        check(name, outer, inner)


@pytest.mark.compiled
@pytest.mark.parametrize(
    ("name", "outer", "inner"),
    [("packed", "hessian", "plain"), ("rows_and_elements", "hessian", "plain"), ("half_uniform", "vmap", "hvp")],
)
def test_compiled(name: str, outer: str, inner: str) -> None:
    with using(backend="numba", verify=True):
        check(name, outer, inner)


# -- trees of arguments


def layers(params: dict[str, Any], x: Array) -> Any:
    """Rows and elements stored under branches in nested loops, of arrays in a list in a dict."""
    out = np.zeros((len(params["w"]), 2))
    for k, w in enumerate(params["w"]):
        for i in range(2):
            for j in range(2):
                if x[j] > 0.0:
                    out[k, i] += w[j] * x[i] * params["b"]
                elif i == j:
                    out[k] = np.tanh(w) * x[j] + out[k]
                else:
                    out[k, j] = w[i] * out[k, i]
    return out.sum(axis=0)


@pytest.mark.parametrize("transform", ["jacfwd", "jacrev", "jacfwd_of_vmap", "vmap_of_jacfwd", "hessian"])
def test_trees(transform: str) -> None:
    x, w = np.array([0.5, -0.3]), np.array([[0.1, 0.7], [-0.4, 0.2]])

    def flat(z: Array, x: Array = x) -> Array:
        return layers({"w": [z[:2], z[2:4]], "b": z[4]}, x)

    params, z = {"w": [w[0], w[1]], "b": 1.3}, np.array([*w.ravel(), 1.3])
    batch = np.array([x, -x, 2.0 * x])
    with using(backend="python", verify=True):
        match transform:
            case "jacfwd" | "jacrev":
                found = getattr(s2sad, transform)(layers)(params, x)
                expected = differences(flat, z, 1)
            case "jacfwd_of_vmap":
                found = s2sad.jacfwd(lambda p: s2sad.vmap(layers, in_axes=(None, 0))(p, batch))(params)
                expected = np.array([differences(lambda z, row=row: flat(z, row), z, 1) for row in batch])
            case "vmap_of_jacfwd":
                found = s2sad.vmap(s2sad.jacfwd(layers), in_axes=(None, 0))(params, batch)
                expected = np.array([differences(lambda z, row=row: flat(z, row), z, 1) for row in batch])
            case _:
                found = s2sad.hessian(lambda p: layers(p, x)[1] ** 2)(params)
                found = joined([joined(row) for row in [*found["w"], found["b"]]], -2)
                expected = differences(lambda z: flat(z)[1] ** 2, z, 2)
                np.testing.assert_allclose(found, expected, rtol=0.0, atol=1e-8)
                return
    np.testing.assert_allclose(joined(found), expected, rtol=0.0, atol=1e-9)


def joined(tree: Any, axis: int = -1) -> Array:
    """A derivative by `params` along one axis."""
    if isinstance(tree, dict):
        tree = [*tree["w"], tree["b"]]
    rank = max(np.ndim(leaf) for leaf in tree)
    return np.concatenate([leaf if np.ndim(leaf) == rank else np.expand_dims(leaf, axis) for leaf in tree], axis)


# -- one program, by hand


def test_parameters_in_an_array_then_a_recurrence() -> None:
    """A value that is the same for all items beside one that differs, out of one loop over the batch."""
    c = Case("packed")
    with using(backend="python", verify=True):
        by_reverse = s2sad.jacrev(s2sad.grad(c.function))(c.x)
        np.testing.assert_allclose(s2sad.hessian(c.function)(c.x), by_reverse, rtol=1e-12)
        np.testing.assert_allclose(s2sad.jacfwd(s2sad.grad(c.function))(c.x), by_reverse, rtol=1e-12)


def test_the_size_of_a_captured_argument_is_no_value_of_it() -> None:
    """An array that `copied` carries is as long as the argument outside, which has a tangent."""
    with using(backend="python", verify=True):
        check("copied", "vjp", "custom_jvp")


def test_reverse_of_reverse_of_a_recursion_in_a_loop_is_refused() -> None:
    with (
        using(backend="python", verify=True),
        pytest.raises(s2sad.errors.UnsupportedError, match="Take the second derivative forward"),
    ):
        check("recursive", "jacrev", "grad")
