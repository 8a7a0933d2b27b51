"""Containers of the user's: registered node types, dataclasses, ordered dicts, None, as nodes everywhere."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad import custom_jvp, custom_vjp, grad, hessian, jacrev, jit, jvp, tree, value_and_grad, vjp, vmap
from s2sad.config import using


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    with using(backend="python", verify=True):
        yield


class Pair:
    """A registered type: two children, in the order (second, first), and a label."""

    def __init__(self, first: Any, second: Any, label: str = "") -> None:
        self.first, self.second, self.label = first, second, label

    def product(self) -> Any:
        return self.first * self.second


tree.register_pytree_node(
    Pair,
    lambda p: ((p.second, p.first), p.label),
    lambda label, children: Pair(children[1], children[0], label),
)


@dataclasses.dataclass
class Model:
    """A registered dataclass with a field that is no child."""

    w: Any
    b: Any
    name: str = "m"


tree.register_dataclass(Model, ["w", "b"], ["name"])


@dataclasses.dataclass(frozen=True)
class Plain:
    """A dataclass that nobody registered."""

    a: Any
    b: Any


def total(p: Any) -> Any:
    return np.sum(np.sin(p.first) * p.second**2)


X, Y = np.array([0.3, 0.5]), np.array([1.0, 2.0])


def check_pair(found: Any, first: Any, second: Any) -> None:
    assert type(found) is Pair and found.label == "here"
    np.testing.assert_allclose(found.first, first)
    np.testing.assert_allclose(found.second, second)


def test_gradient_of_a_registered_node() -> None:
    check_pair(grad(total)(Pair(X, Y, "here")), np.cos(X) * Y**2, 2 * np.sin(X) * Y)


def test_inside_an_elaborated_function() -> None:
    def f(x: Any, y: Any) -> Any:
        found = grad(total)(Pair(x, y, "here"))
        return found.first + found.second

    expected = np.cos(X) * Y**2 + 2 * np.sin(X) * Y
    np.testing.assert_allclose(jit(f)(X, Y), expected)
    np.testing.assert_allclose(jacrev(f)(X, Y), np.diag(-np.sin(X) * Y**2 + 2 * np.cos(X) * Y))


def test_made_and_returned_inside() -> None:
    found = jit(lambda x, y: Pair(x + 1, [y, None], "here"))(1.0, 2.0)
    assert (found.first, found.second, found.label) == (2.0, [2.0, None], "here")


def test_jvp_and_vjp_of_nodes() -> None:
    def f(p):
        return Pair(p.first * p.second, p.second, "out")

    out, dot = jvp(f, (Pair(2.0, 3.0, "here"),), (Pair(1.0, 0.5, "here"),))
    assert (out.first, out.second, dot.first, dot.second, dot.label) == (6.0, 3.0, 4.0, 0.5, "out")
    out, pull = vjp(f, Pair(2.0, 3.0, "here"))
    (bar,) = pull(Pair(1.0, 10.0, "out"))
    check_pair(bar, 3.0, 12.0)


def test_a_node_with_another_label_is_another_structure() -> None:
    with pytest.raises(TypeError, match="tree structure"):
        jvp(total, (Pair(2.0, 3.0, "a"),), (Pair(1.0, 0.5, "b"),))


def test_vmap_over_nodes() -> None:
    batch = Pair(np.arange(6.0).reshape(3, 2), np.ones((3, 2)), "here")
    found = vmap(grad(total))(batch)
    check_pair(found, np.cos(batch.first), 2 * np.sin(batch.first))
    found = vmap(lambda p: p.product(), in_axes=(Pair(0, None, "here"),))(Pair(np.arange(3.0), 2.0, "here"))
    np.testing.assert_allclose(found, [0.0, 2.0, 4.0])


def test_hessian_of_a_node() -> None:
    found = hessian(lambda p: p.first**2 * p.second)(Pair(2.0, 3.0, "here"))
    check_pair(found.first, 6.0, 4.0)
    check_pair(found.second, 4.0, 0.0)


def test_nodes_in_custom_rules() -> None:
    @custom_jvp
    def f(p: Any) -> Any:
        return Pair(p.first * 2, p.second, "out")

    @f.defjvp
    def f_jvp(primals: Any, tangents: Any) -> Any:
        (p,), (dot,) = primals, tangents
        return f(p), Pair(dot.first * 20, dot.second, "out")

    check_pair(grad(lambda p: f(p).product())(Pair(2.0, 3.0, "here")), 60.0, 4.0)

    @custom_vjp
    def g(p: Any) -> Any:
        return p.first * p.second

    g.defvjp(lambda p: (g(p), p), lambda p, bar: (Pair(p.second * bar, 7.0 * bar, p.label),))
    check_pair(grad(lambda p: g(p) ** 2)(Pair(2.0, 3.0, "here")), 36.0, 84.0)


def test_a_captured_node() -> None:
    captured = Pair(2.0, 3.0, "here")
    check_pair(jit(lambda: grad(lambda p: p.first * p.second)(captured))(), 3.0, 2.0)


def test_a_registered_dataclass() -> None:
    value, found = value_and_grad(lambda m, x: np.sum((m.w @ x + m.b) ** 2))(Model(np.eye(2), Y, "net"), X)
    assert value > 0 and isinstance(found, Model) and found.name == "net"
    np.testing.assert_allclose(found.b, 2 * (X + Y))
    np.testing.assert_allclose(found.w, np.outer(2 * (X + Y), X))


def test_dataclasses_nobody_registered() -> None:
    found = grad(lambda p: p.a**2 * p.b)(Plain(2.0, 3.0))
    assert found == Plain(12.0, 4.0)
    assert jit(lambda x: Plain(x, [x + 1]))(1.0) == Plain(1.0, [2.0])

    @dataclasses.dataclass
    class Result:
        y: Any

    assert jit(lambda x: Result(2 * x))(1.0) == Result(2.0)


def test_none_is_a_node_without_leaves() -> None:
    found = grad(lambda p: p["x"] ** 2 + (0.0 if p["none"] is None else 1.0))({"x": 3.0, "none": None})
    assert found == {"x": 6.0, "none": None}


def test_an_ordered_dict_keeps_its_order() -> None:
    p = OrderedDict([("z", 2.0), ("a", 3.0)])
    found = grad(lambda p: p["z"] ** 2 * p["a"])(p)
    assert isinstance(found, OrderedDict) and list(found.items()) == [("z", 12.0), ("a", 4.0)]
    assert grad(lambda p: s2sad.jvp(lambda q: q["z"] * q["a"], (p,), (p,))[1])(p)["z"] == 6.0
