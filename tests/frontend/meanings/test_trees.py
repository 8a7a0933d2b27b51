"""`s2sad.tree` and the containers of Python's library inside functions that are transformed, against JAX and Python."""

from __future__ import annotations

import dataclasses
from collections import OrderedDict, defaultdict, namedtuple
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from s2sad import grad, jit, tree, vmap
from s2sad.config import using
from s2sad.errors import ShapeError, TypeMismatchError

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    with using(backend="python", verify=True):
        yield


def same(found: Any, expected: Any) -> None:
    """Equal trees, numbers up to rounding."""
    assert tree.structure(found) == tree.structure(expected)
    for a, b in zip(tree.leaves(found), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-9)


@dataclasses.dataclass
class Layer:
    w: Any
    b: Any


class Registered:
    def __init__(self, a: Any, label: str) -> None:
        self.a, self.label = a, label


tree.register_pytree_node(Registered, lambda r: ((r.a,), r.label), lambda label, c: Registered(c[0], label))
Pair = namedtuple("Pair", "u v")
PARAMS = {"w": np.ones(2), "b": [0.5, None]}
X, Y = np.arange(6.0).reshape(3, 2), np.ones(3)
MIXED = {
    "z": (1.0, Layer(np.ones(2), Pair(2.0, None))),
    "o": OrderedDict([("k", 1.0), ("c", 2.0)]),
    "d": defaultdict(list, {"q": 1.0}),
    "r": [Registered(3.0, "here")],
}


# -- tree.map


def loss(p, x, y):
    return ((x @ p["w"] + p["b"][0] - y) ** 2).sum()


def step(p, x, y, rate):
    return tree.map(lambda p, g: p - rate * g, p, grad(loss)(p, x, y))


def trained(p, x, y, rate):
    for _ in range(3):
        p = step(p, x, y, rate)
    return loss(p, x, y)


def trained_by_jax(p, x, y, rate):
    for _ in range(3):
        p = jax.tree.map(lambda p, g: p - rate * g, p, jax.grad(loss)(p, x, y))
    return loss(p, x, y)


def test_a_step_of_descent() -> None:
    same(jit(step)(PARAMS, X, Y, 0.01), step(PARAMS, X, Y, 0.01))
    assert step(PARAMS, X, Y, 0.01)["b"][1] is None


def test_the_gradient_through_steps_of_descent() -> None:
    same(grad(trained)(PARAMS, X, Y, 0.01), jax.grad(trained_by_jax)(PARAMS, X, Y, 0.01))
    rates = np.array([0.01, 0.02])
    same(
        vmap(grad(trained), (None, None, None, 0))(PARAMS, X, Y, rates),
        jax.vmap(jax.grad(trained_by_jax), (None, None, None, 0))(PARAMS, X, Y, rates),
    )


def test_in_a_loop_of_a_length_known_at_run_time() -> None:
    def descended(p, x, y, limit):
        while loss(p, x, y) > limit:
            p = step(p, x, y, 0.01)
        return loss(p, x, y)

    def three(p):
        for _ in range(count):
            p = step(p, X, Y, 0.01)
        return loss(p, X, Y)

    count, p = 0, PARAMS
    while loss(p, X, Y) > 1.5:
        p, count = step(p, X, Y, 0.01), count + 1
    same(grad(descended)(PARAMS, X, Y, 1.5), grad(three)(PARAMS))


def test_every_kind_of_node() -> None:
    def doubled(q):
        return tree.map(lambda v: 2 * v, q)

    found = jit(doubled)(MIXED)
    same(found, doubled(MIXED))
    assert type(found["d"]) is defaultdict and found["d"].default_factory is list and found["r"][0].label == "here"
    same(grad(lambda q: tree.reduce(lambda a, b: a + np.sum(b**2), q, 0.0))(MIXED), doubled(MIXED))


def test_leaves_in_the_order_of_sorted_keys() -> None:
    p = {"b": 1.0, "a": [2.0, {"z": 3.0, "c": 4.0}]}
    assert jit(tree.leaves)(p) == jax.tree.leaves(p) == tree.leaves(p)
    assert jit(lambda p: tree.map(lambda x, y: x - y, p, p))(p)["a"][1]["z"] == 0.0


def test_flatten_and_unflatten() -> None:
    def there_and_back(q):
        leaves, structure = tree.flatten(q)
        out = tree.unflatten(structure, [x * k for k, x in enumerate(leaves)])
        assert structure == tree.structure(out) and structure.num_leaves == len(leaves)
        return out

    same(jit(there_and_back)(MIXED), there_and_back(MIXED))
    structure = tree.structure(MIXED)
    same(jit(lambda q: tree.unflatten(structure, tree.leaves(q)))(MIXED), MIXED)
    assert jit(lambda q: (q["b"][0], tree.structure(q)))(PARAMS)[1] == tree.structure(PARAMS)


def test_reduce_and_all() -> None:
    p = {"a": 1.0, "b": [2.0, None]}
    for library in (tree, jax.tree):
        assert library.reduce(lambda a, b: a - b, p) == -1.0
        assert library.reduce(lambda a, b: a - b, p, 5.0) == 2.0
        assert library.all(p) and not library.all({"a": 1.0, "b": 0.0}) and library.all([])
    assert jit(lambda p: tree.reduce(lambda a, b: a - b, p))(p) == -1.0
    assert jit(lambda p: tree.reduce(lambda a, b: a - b, p, 5.0))(p) == 2.0
    everywhere = jit(lambda p: tree.all(tree.map(lambda x: x > 0, p)))
    assert everywhere(p) and not everywhere({"a": -1.0, "b": [2.0, None]})


def test_is_leaf() -> None:
    def lengths(p):
        return tree.map(len, p, is_leaf=lambda x: isinstance(x, list))

    assert jit(lengths)({"a": [1.0, 2.0], "b": [3.0]}) == {"a": 2, "b": 1}


def test_a_tree_may_go_on_where_the_first_has_leaves() -> None:
    def paired(a, b):
        return tree.map(lambda x, y: (x, y), a, b)

    args = {"a": 1.0}, {"a": [2.0, 3.0]}
    assert jit(paired)(*args) == paired(*args) == jax.tree.map(lambda x, y: (x, y), *args) == {"a": (1.0, [2.0, 3.0])}


@pytest.mark.parametrize(("a", "b", "what"), [
    ({"a": 1.0}, {"b": 2.0}, "a dict with keys 'b' where the first has a dict with keys 'a'"),
    ({"a": 1.0}, [2.0], "a list of length 1 where the first has a dict"),
    ([1.0], [2.0, 3.0], "a list of length 2 where the first has a list of length 1"),
    ([None], [2.0], "float where the first has None"),
    ((1.0,), 2.0, "float where the first has a tuple of length 1"),
])  # fmt: skip
def test_trees_of_other_structures(a: Any, b: Any, what: str) -> None:
    def mapped(a, b):
        return tree.map(lambda x, y: x + y, a, b)

    with pytest.raises(ShapeError, match=what) as caught:
        jit(mapped)(a, b)
    assert caught.value.pos is not None and "tree.map(lambda" in caught.value.pos.text
    for function in (mapped, lambda a, b: jax.tree.map(lambda x, y: x + y, a, b)):
        with pytest.raises(ValueError):
            function(a, b)


def test_wrong_arguments() -> None:
    with pytest.raises(ShapeError, match="A tree of 2 leaves cannot be made of 1"):
        jit(lambda p: tree.unflatten(tree.structure(p), [1.0]))([1.0, 2.0])
    with pytest.raises(TypeMismatchError, match="without leaves has no value"):
        jit(lambda p: tree.reduce(lambda a, b: a, p))([])
    with pytest.raises(TypeMismatchError, match=r"tree.map\(\): missing"):
        jit(lambda p: tree.map(p))([1.0])
    with pytest.raises(TypeMismatchError, match="no structure of a tree"):
        jit(lambda p: tree.unflatten(3, p))([1.0])


def test_results_may_be_written_into() -> None:
    def f(p):
        q = tree.map(lambda x: x * 1.0, p)
        q["a"][0] = 3.0
        q["b"] = q["a"] * p["a"]
        return np.sum(q["b"])

    same(grad(f)({"a": np.array([2.0, 4.0])}), {"a": np.array([3.0, 8.0])})


# -- containers of Python's library


def ordered(x):
    d = OrderedDict([("b", x), ("a", 2 * x)])
    d["c"] = x**2
    d.move_to_end("b")
    return d, list(d), d.popitem(last=False)[1], OrderedDict(u=x).copy()


def defaulted(x):
    d, e, g = defaultdict(float), defaultdict(list), defaultdict(lambda: np.zeros(2))
    for k in ("a", "b", "a"):
        d[k] += x
        e[k].append(k)
        g[k][0] += x
    return d, e, {k: v.tolist() for k, v in g.items()}, "z" in d, d.get("z")


def renamed(x):
    n = Pair(x, 2 * x)._replace(u=x**2)
    return n, n._asdict(), Pair._make([x, n.v])


@dataclasses.dataclass(frozen=True)
class Frozen:
    a: Any
    b: Any = 2.0
    c: Any = dataclasses.field(default=0.0, init=False)


def replaced(x):
    f = dataclasses.replace(Frozen(x), b=x**3)
    whole = Layer(f, [x, {"k": (f.b,)}])
    return f, dataclasses.asdict(whole), dataclasses.astuple(whole), [f.name for f in dataclasses.fields(whole)]


@pytest.mark.parametrize("function", [ordered, defaulted, renamed, replaced], ids=lambda f: f.__name__)
def test_containers_made_inside(function: Any) -> None:
    found, expected = jit(function)(2.0), function(2.0)
    assert found == expected
    assert [type(x) for x in found] == [type(x) for x in expected]


def test_a_copy_by_asdict_shares_nothing() -> None:
    def f(layer):
        d = dataclasses.asdict(layer)
        d["w"][0] = 0.0
        return np.sum(layer.w * d["b"])

    layer = Layer(np.ones(2), np.array([2.0, 3.0]))
    same(grad(f)(layer), Layer(layer.b, layer.w))


def test_what_cannot_be_replaced() -> None:
    with pytest.raises(TypeMismatchError, match="init=False"):
        jit(lambda x: dataclasses.replace(Frozen(x), c=x))(1.0)
    with pytest.raises(TypeMismatchError, match="takes an object of a dataclass"):
        jit(lambda x: dataclasses.replace(x, c=x))(1.0)


def test_a_gradient_keeps_the_class_of_its_argument() -> None:
    found = grad(lambda d: d["a"] ** 2 + d["b"] * 2)(defaultdict(float, {"a": 3.0}))
    assert found == {"a": 6.0} and found["z"] == 0.0 and type(found) is defaultdict


class Subclass(tuple):
    pass


class Sub(dict):
    pass


@pytest.mark.parametrize(("value", "what"), [
    (Subclass((1.0, 2.0)), "numbers and arrays, but got a Subclass"),
    (Sub(a=1.0), "numbers and arrays, but got Sub"),
])  # fmt: skip
def test_subclasses_are_leaves_that_have_no_derivative(value: Any, what: str) -> None:
    with pytest.raises(TypeMismatchError, match=what):
        grad(lambda v: 2.0)(value)


def test_subclasses_are_not_returned() -> None:
    captured = Subclass((2.0, 3.0))
    assert grad(lambda x: captured[0] * x + captured[1])(1.0) == 2.0
    with pytest.raises(NotImplementedError, match="Subclass, a subclass of tuple, cannot be returned"):
        jit(lambda x: (x, captured))(1.0)


def test_what_changes_in_place_outside() -> None:
    names, table = {"a", "b"}, {"a": [1, 2]}

    def f(x, names):
        return x * len(names)

    def g(x):
        return x * len(names)

    compiled, capturing = jit(f), jit(g)
    assert compiled(2.0, names) == capturing(2.0) == 4.0
    names.add("c")
    assert compiled(2.0, names) == capturing(2.0) == 6.0
    captured = jit(lambda x: x * table["a"][1])
    assert captured(1.0) == 2.0
    table["a"][1] = 5
    assert captured(1.0) == 5.0
