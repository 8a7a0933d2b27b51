"""The way into compiled code: written once for a signature, and never taken by a call that it is not for."""

from __future__ import annotations

import cProfile
import functools
from collections import OrderedDict, defaultdict, namedtuple
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad import tree
from s2sad.calling import direct, program
from s2sad.calling.program import Program
from s2sad.config import using
from s2sad.errors import S2sadError

pytestmark = pytest.mark.compiled

RATE, NUMBER, TABLE = 2.0, 3, {"w": np.arange(3.0)}
Pair = namedtuple("Pair", "w b")


@dataclass
class Layer:
    w: Any
    b: Any


class Registered:
    def __init__(self, w: Any, kind: str) -> None:
        self.w, self.kind = w, kind


tree.register_pytree_node(Registered, lambda r: ((r.w,), r.kind), lambda kind, ws: Registered(*ws, kind))


@pytest.fixture(autouse=True)
def numba_backend():
    with using(backend="numba"):
        yield


@pytest.fixture
def long_way(monkeypatch):
    """The calls that took the long way."""
    calls: list[str] = []
    plain = Program.variant

    def counted(self: Program, args: Any, kwargs: Any) -> Any:
        calls.append(self.name)
        return plain(self, args, kwargs)

    monkeypatch.setattr(Program, "variant", counted)
    return calls


def total(x, y):
    return np.sum(x * y) * 2.0


def same(a: Any, b: Any) -> None:
    a_leaves, a_structure = tree.flatten(a)
    b_leaves, b_structure = tree.flatten(b)
    assert a_structure == b_structure
    for x, y in zip(a_leaves, b_leaves, strict=True):
        assert type(x) is type(y)
        np.testing.assert_array_equal(x, y)


X, Y = np.arange(1.0, 4.0), np.array([3.0, 5.0, 7.0])
CALLS = [
    (lambda x: x * x, (2.0,), {}),
    (lambda n, x: x**n, (3, 2.0), {"argnums": 1}),
    (total, (X, Y), {"argnums": (0, 1)}),
    (lambda p: np.sum(p.w) * p.b, (Pair(X, 2.0),), {}),
    (lambda p: np.sum(p.w) * p.b, (Layer(X, 2.0),), {}),
    (lambda p: np.sum(p.w * p.w), (Registered(X, "a"),), {}),
    (lambda p: np.sum(p["b"]) * p["a"][0] + p["a"][1][0], ({"b": X, "a": (2.0, [3.0])},), {}),
    (lambda p: p["b"] * p["a"], (OrderedDict(b=1.0, a=2.0),), {}),
    (lambda p: p["b"] * p["a"], (defaultdict(float, b=1.0, a=2.0),), {}),
    (lambda x, how: x * 2 if how == "twice" else x, (2.0, "twice"), {}),
    (lambda x, none: x, (2.0, None), {}),
    (lambda x: np.float32(2) * x, (np.float32(3),), {}),
    (lambda z: abs(z) ** 2, (1 + 2j,), {}),
    (lambda x: (x * 2, {"aux": [x, "text", None]}), (2.0,), {"has_aux": True}),
    (lambda x: np.sum(x * TABLE["w"]) * RATE * NUMBER, (X,), {}),
    (lambda x: x[()] * 2.0, (np.array(3.0),), {}),
]


@pytest.mark.parametrize("k", range(len(CALLS)))
def test_a_second_call_takes_the_entry(k, long_way):
    function, args, options = CALLS[k]
    for made in (s2sad.grad(function, **options), s2sad.value_and_grad(function, **options)):
        first = made(*args)
        assert len(long_way) == 1
        same(made(*args), first)
        same(made(*args), first)
        assert len(long_way) == 1
        long_way.clear()


def test_keywords_and_methods(long_way):
    class Model:
        def __init__(self) -> None:
            self.w = np.ones(3)

        def loss(self, x, scale=1.0):
            return np.sum(self.w * x) * scale

    model = Model()
    made = s2sad.grad(model.loss)
    for _ in range(3):
        same(made(X, scale=3.0), np.full(3, 3.0))
    assert len(long_way) == 1
    model.w = np.full(3, 2.0)
    same(made(X, scale=3.0), np.full(3, 6.0))
    assert len(long_way) == 1
    for _ in range(3):
        same(made(X), np.full(3, 2.0))
    assert len(long_way) == 2


def test_the_order_of_keywords_is_seen_by_functions_that_take_any():
    def first(x, **rest):
        return x * next(iter(rest.values()))

    made = s2sad.grad(first)
    for _ in range(3):
        assert made(1.0, a=2.0, b=3.0) == 2.0
        assert made(1.0, b=3.0, a=2.0) == 3.0


def test_the_order_of_keys_is_seen():
    made = s2sad.grad(lambda x, d: x * next(iter(d.values())))
    for _ in range(3):
        assert made(1.0, {"a": 2.0, "b": 3.0}) == 2.0
        assert made(1.0, {"b": 3.0, "a": 2.0}) == 3.0


def test_the_order_of_keys_inside_of_objects_is_seen():
    made = s2sad.grad(lambda x, p: x * next(iter(p.w.values())))
    for _ in range(3):
        assert made(1.0, Layer({"a": 2.0, "b": 3.0}, 0.0)) == 2.0
        assert made(1.0, Layer({"b": 3.0, "a": 2.0}, 0.0)) == 3.0


def test_signatures_are_bounded(monkeypatch):
    monkeypatch.setattr(program, "MOST_SIGNATURES", 4)
    monkeypatch.setattr(program, "MOST_ENTRIES", 3)
    with using(backend="python"):
        made = s2sad.grad(lambda x, f: f(x))
        for k in range(10):
            assert made(1.0, lambda x, k=k: x * k) == k
        assert len(made._program._variants) <= 4
    made = s2sad.grad(lambda x: np.sum(x) * 2)
    for _ in range(2):
        for shape in ((3,), (3, 3), (1, 3), (3, 1), (1, 1), (1,)):
            same(made(np.ones(shape)), np.full(shape, 2.0))
    assert len(made._program.entries) == 3


def test_whatever_does_not_match_goes_the_long_way(long_way, tmp_path):
    made = s2sad.grad(total, (0, 1))
    expected = made(X, Y)
    made(X, Y)
    long_way.clear()
    odd = np.zeros(8 * 3 + 1, np.uint8)[1:].view(float)
    odd[:] = X
    frozen = X.copy()
    frozen.setflags(write=False)
    wide = np.zeros(6)[::2]
    wide[:] = X
    mapped = np.memmap(tmp_path / "x", float, "w+", shape=3)
    mapped[:] = X
    for array in (wide, X[::-1].copy()[::-1], frozen, odd, X.astype(">f8"), mapped):
        same(made(array, Y), expected)
        assert long_way.pop()
    for other in (X.astype(complex), np.arange(1, 4), np.ma.array(X), X.view(np.matrix), "x", None, object()):
        with pytest.raises((S2sadError, TypeError)):
            made(other, Y)
        assert long_way.pop()
    single = made(X.astype(np.float32), Y)
    assert long_way.pop()
    assert single[0].dtype == np.float32
    assert made(X[None], Y)[0].shape == (1, 3)
    assert long_way.pop()
    same(made(X, Y), expected)


@pytest.mark.parametrize("n", [0, 1, 2, 5])
def test_small_sizes_are_part_of_the_signature(n):
    made = s2sad.grad(total, (0, 1))
    made(X, Y)
    made(X, Y)
    x = np.arange(n) + 1.0
    for _ in range(2):
        same(made(x, x + 1), (2 * (x + 1), 2 * x))
        same(made(X, Y), (2 * Y, 2 * X))
        same(made(np.array([2.0]), Y), (np.array([2 * Y.sum()]), np.full(3, 4.0)))


def test_sizes_that_differ_are_refused_again():
    made = s2sad.grad(total)
    for _ in range(3):
        made(X, Y)
        with pytest.raises(S2sadError):
            made(X, np.ones(4))


def test_wide_integers_and_bools():
    made = s2sad.grad(lambda x, n: x * n, 0)
    for _ in range(3):
        assert made(2.0, 3) == 3.0
        assert made(2.0, True) == 1.0
        assert made(2.0, np.int32(4)) == 4.0
        with pytest.raises((S2sadError, OverflowError)):
            made(2.0, 2**70)


def test_a_changed_global_is_seen(monkeypatch, long_way):
    made = s2sad.grad(CALLS[14][0])
    module = globals()
    for _ in range(2):
        same(made(X), TABLE["w"] * 6.0)
    monkeypatch.setitem(module, "RATE", 4.0)
    same(made(X), TABLE["w"] * 12.0)
    monkeypatch.setitem(TABLE, "w", np.ones(3))
    same(made(X), np.full(3, 12.0))
    assert len(long_way) == 1
    monkeypatch.setitem(module, "NUMBER", 5)
    for _ in range(2):
        same(made(X), np.full(3, 20.0))
    assert len(long_way) == 2
    monkeypatch.setitem(module, "NUMBER", 5.0)
    same(made(X), np.full(3, 20.0))
    monkeypatch.setitem(TABLE, "w", np.ones((2, 3)))
    same(made(X), np.full(3, 40.0))
    monkeypatch.setitem(TABLE, "w", np.ones(3)[::-1])
    same(made(X), np.full(3, 20.0))
    monkeypatch.setitem(TABLE, "w", np.ones(3, ">f8"))
    same(made(X), np.full(3, 20.0))
    monkeypatch.delitem(module, "RATE")
    with pytest.raises(S2sadError):
        made(X)


def test_changed_cells_code_and_defaults_are_seen():
    def outer():
        a, n = 2.0, 2

        def change(to):
            nonlocal n
            n = to

        return lambda x, k=1.0: a * x**n * k, change

    function, change = outer()
    made = s2sad.grad(function)
    for _ in range(3):
        assert made(3.0) == 12.0
    change(3)
    assert made(3.0) == made(3.0) == 54.0
    function.__defaults__ = (2.0,)
    assert made(3.0) == made(3.0) == 108.0
    function.__defaults__ = (np.full(2, 2.0),)
    with pytest.raises(TypeError):
        made(3.0)
    function.__defaults__ = (2,)
    assert made(3.0) == made(3.0) == 108.0
    function.__code__ = outer()[0].__code__.replace(co_name="other")
    with pytest.raises(S2sadError):
        made(3.0)


def test_contents_of_static_containers_are_seen():
    names = {"a"}
    made = s2sad.grad(lambda x: x * 2 if "a" in names else x)
    assert made(1.0) == made(1.0) == 2.0
    names.clear()
    assert made(1.0) == made(1.0) == 1.0


def test_static_text_is_compared_by_value():
    made = s2sad.grad(lambda x, how: x * 2 if how == "twice" else x)
    for _ in range(3):
        assert made(1.0, "".join(["tw", "ice"])) == 2.0
        assert made(1.0, "once") == 1.0


def test_the_backend_is_looked_up_at_each_call(long_way):
    made = s2sad.grad(lambda x: x * x)
    assert made(2.0) == made(2.0) == 4.0
    long_way.clear()
    with using(backend="python"):
        assert made(2.0) == 4.0
    assert len(long_way) == 1
    assert made(2.0) == 4.0
    assert len(long_way) == 1


def test_users_exceptions_come_through():
    class Mine(ValueError):
        pass

    def f(x):
        if x > 2:
            raise Mine("too much")
        return x * x

    made = s2sad.grad(f)
    assert made(1.0) == made(1.0) == 2.0
    for _ in range(2):
        with pytest.raises(Mine, match="too much"):
            made(3.0)


def test_a_profiler_may_look_on():
    made = s2sad.grad(total)
    made(X, Y)
    with cProfile.Profile():
        same(made(X, Y), 2 * Y)


@pytest.mark.parametrize("call", [s2sad.jvp, s2sad.hvp])
def test_directional_derivatives_take_an_entry(call, long_way):
    def f(x):
        return np.sum(x**3)

    expected = call(f, (X,), (Y,))
    for _ in range(3):
        same(call(f, (X,), (Y,)), expected)
        same(call(f, [X], [Y]), expected)
    assert len(long_way) == 1 + 3  # lists
    with pytest.raises(TypeError):
        call(f, (X,), (np.ones(4),))
    with pytest.raises(TypeError):
        call(f, X, Y)
    with pytest.raises(TypeError):
        call(f, (X,), (Y.astype(np.float32),))
    value = call(lambda x: (np.sum(x), x * 2), (X,), (Y,), has_aux=True)
    same(value[-1], X * 2)


def test_pullbacks_take_an_entry(long_way):
    def f(x, a):
        return np.sum(x**3) * a

    for _ in range(4):
        value, pull = s2sad.vjp(f, X, 2.0)
        assert value == 72.0
        same(pull(1.0), (6 * X**2, np.float64(36.0)))
        same(pull(np.float64(2.0)), (12 * X**2, np.float64(72.0)))
    assert len(long_way) == 1
    with pytest.raises(TypeError):
        pull(np.float32(1.0))
    with pytest.raises(TypeError):
        pull(np.ones(2))


def test_pullbacks_keep_what_they_were_made_at():
    x = X.copy()
    s2sad.vjp(lambda x: x * x, x)
    _, pull = s2sad.vjp(lambda x: x * x, x)
    x[:] = 0
    same(pull(np.ones(3)), (2 * X,))


def test_partials(long_way):
    made = s2sad.grad(functools.partial(total, Y))
    for _ in range(3):
        same(made(X), 2 * Y)
    assert len(long_way) == 1


def test_programs_called_directly_are_bounded():
    for k in range(direct.MOST_PROGRAMS + 10):
        assert s2sad.jvp(lambda x, k=float(k): x * k, (1.0,), (1.0,)) == (k, k)
    assert len(direct._programs) <= direct.MOST_PROGRAMS
