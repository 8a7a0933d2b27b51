"""Functions made anew with the same code find the program of the first: nothing is parsed, elaborated or compiled."""

from __future__ import annotations

import functools
import gc
import weakref

import numpy as np
import pytest

import s2sad
from s2sad.calling import compiler, families
from s2sad.config import using
from s2sad.frontend.syntax import source

X, Y = np.arange(1.0, 4.0), np.array([3.0, 5.0, 7.0])


@pytest.fixture(autouse=True)
def python_backend():
    with using(backend="python"):
        families.clear()
        yield


@pytest.fixture
def compiled(monkeypatch):
    """The names of the functions that were lowered, and of those whose source was looked for."""
    names: list[str] = []
    lower = compiler.variant.lower

    def counted(function, leaves, structure, statics, name, *rest):
        names.append(name)
        return lower(function, leaves, structure, statics, name, *rest)

    monkeypatch.setattr(compiler.variant, "lower", counted)
    return names


def scaled(a, k):
    return lambda x: np.sum(x * a) * k


def nested(a, k):
    def inner(t):
        return t * a

    def outer(x):
        return np.sum(inner(x)) * k

    return outer


def with_default(a, k):
    return lambda x, a=a, *, k=k: np.sum(x * a) * k


@pytest.mark.parametrize("make", [scaled, nested, with_default])
@pytest.mark.parametrize("call", [
    lambda f: s2sad.grad(f)(X),
    lambda f: s2sad.jacrev(s2sad.jit(f))(X),
    lambda f: s2sad.jvp(f, (X,), (np.ones(3),))[1] * np.ones(3) / 3 + s2sad.grad(f)(X) * 0,
    lambda f: s2sad.vjp(f, X)[1](1.0)[0],
])  # fmt: skip
def test_fresh_functions_share_a_program(make, call, compiled):
    parsed = source._find.cache_info().misses
    np.testing.assert_allclose(call(make(Y, 2.0)).sum(), 2 * Y.sum())
    first = len(compiled)
    parsed = source._find.cache_info().misses
    for k in range(1, 12):
        a = np.arange(3.0) + k
        np.testing.assert_allclose(call(make(a, float(k))).sum(), k * a.sum())
    assert len(compiled) == first
    assert source._find.cache_info().misses == parsed


@pytest.mark.compiled
@pytest.mark.parametrize("make", [scaled, nested, with_default])
def test_fresh_functions_share_an_entry(make, compiled, monkeypatch):
    with using(backend="numba"):
        for k in range(1, 4):
            np.testing.assert_allclose(s2sad.grad(make(Y, float(k)))(X), Y * k)
        assert len(compiled) == 1
        monkeypatch.setattr(s2sad.calling.program.Program, "variant", None)  # the long way
        for k in range(1, 12):
            a = np.arange(3.0) + k
            np.testing.assert_allclose(s2sad.grad(make(a, float(k)))(X), a * k)
        made = s2sad.grad(make(Y, 2.0))
        for _ in range(4):
            np.testing.assert_allclose(made(X), Y * 2)
        assert "def grad_" in made.source


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_what_is_baked_in_is_compared(backend, compiled):
    def power(n):
        return lambda x: x**n

    with using(backend=backend):
        for _ in range(3):
            for n in (2, 3, True):
                assert s2sad.grad(power(n))(2.0) == n * 2.0 ** (n - 1)
    assert len(compiled) == 3


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_captures_of_other_kinds_are_compiled_anew(backend, compiled):
    with using(backend=backend):
        for _ in range(3):
            for a in (Y, 2.0, np.float32(2), Y[:1], np.ones((2, 3)), Y.astype(np.float32), Y * 1j):
                expected = np.broadcast_to(
                    np.sum(np.broadcast_to(a, np.broadcast_shapes(np.shape(a), (3,))).reshape(-1, 3), 0), 3
                )
                out = s2sad.jacfwd(scaled(a, 1.0))(X)
                np.testing.assert_allclose(out, expected)
    assert len(compiled) == 7


def test_captured_arrays_may_be_laid_out_in_any_way(compiled):
    with using(backend="numba"):
        for a in (Y, Y[::-1], np.ones(6)[::2], Y.astype(">f8"), Y):
            np.testing.assert_allclose(s2sad.grad(scaled(a, 1.0))(X), a)
            np.testing.assert_allclose(s2sad.grad(scaled(a, 1.0))(X), a)
    assert len(compiled) == 2  # the byte order is part of the dtype


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_which_functions_are_one_is_seen(backend):
    def same_or_not(f, g):
        return lambda x: f(x) * (2.0 if f is g else 3.0)

    def maker():
        return lambda x: x

    with using(backend=backend):
        for _ in range(3):
            f, g = maker(), maker()
            assert s2sad.grad(same_or_not(f, f))(1.0) == 2.0
            assert s2sad.grad(same_or_not(f, g))(1.0) == 3.0


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_which_cells_are_one_is_seen(backend):
    def separate(a, b):
        return (lambda x: x * a), (lambda x: x * b)

    def joined(a):
        f = lambda x: x * a  # noqa: E731
        return f, f

    def product(f, g):
        return lambda x: f(x) + 10.0 * g(x)

    with using(backend=backend):
        for k in (1.0, 2.0, 3.0, 4.0):
            assert s2sad.grad(product(*separate(k, k + 1)))(1.0) == k + 10 * (k + 1)
            assert s2sad.grad(product(*joined(k)))(1.0) == 11 * k
            f, g = scaled(Y, k), scaled(Y, k + 1)
            np.testing.assert_allclose(s2sad.grad(product(f, g))(X), Y * (11 * k + 10))


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_numbers_of_python_and_of_numpy_are_told_apart(backend):
    def f(x, flag):
        return x * x * (2.0 if flag is True else 5.0)

    with using(backend=backend):
        for _ in range(2):
            for x in (np.float32(1), 1.0, np.float64(1), 1j, np.complex64(1)):
                for flag in (True, np.True_, False, np.False_):
                    made = s2sad.grad(f, holomorphic=isinstance(x, complex | np.complexfloating))
                    out = made(x, flag)
                    assert out == 2 * x * (2.0 if flag is True else 5.0)
                    assert np.asarray(out).dtype == np.asarray(x).dtype


def test_names_and_attributes_of_functions_are_not_shared():
    def maker(name, power):
        def f(x):
            return x**2

        f.__name__ = name
        f.power = power
        return lambda x: f(x) * f.power * len(f.__name__)

    for name, power in (("a", 2.0), ("ab", 3.0), ("ab", 4.0), ("a", 5.0)):
        assert s2sad.grad(maker(name, power))(1.0) == 2 * power * len(name)


def test_defaults_and_globals_are_compared():
    namespaces = [{"np": np, "SCALE": float(k), "N": k} for k in (1, 2)]
    template = lambda x: x * SCALE * N  # noqa: E731, F821
    for _ in range(2):
        for namespace in namespaces:
            import types

            f = types.FunctionType(template.__code__, namespace)
            assert s2sad.grad(f)(1.0) == namespace["N"] ** 2

    def maker(n):
        def f(x, n=n, *, m=n):
            return x * n * m

        return f

    for n in (1, 2, 1.5, np.full(1, 2.0)[0]):
        assert s2sad.grad(maker(n))(1.0) == n * n


def test_custom_rules_are_told_apart():
    def maker(rule):
        @s2sad.custom_jvp
        def f(x):
            return x

        f.defjvp(lambda primals, tangents: (primals[0], tangents[0] * rule))
        return lambda x: f(x)

    for k in (2.0, 3.0, 4.0):
        assert s2sad.grad(maker(k))(1.0) == k


def test_options_are_compared():
    def f(x, y):
        return x * x * y

    for _ in range(2):
        assert s2sad.grad(f, 0)(2.0, 3.0) == 12.0
        assert s2sad.grad(f, 1)(2.0, 3.0) == 4.0
        assert s2sad.grad(f, (0, 1))(2.0, 3.0) == (12.0, 4.0)
        assert s2sad.grad(f, (1,))(2.0, 3.0) == (4.0,)
        for axes in ((0, None), (None, 0), (0, 0)):
            out = s2sad.vmap(s2sad.grad(f), axes)(*(2.0 * np.ones(2) if a == 0 else 2.0 for a in axes))
            np.testing.assert_allclose(out, [8.0, 8.0])


def test_methods_of_other_objects():
    class Model:
        def __init__(self, w):
            self.w = w

        def loss(self, x):
            return np.sum(self.w * x)

    for k in (1.0, 2.0, 3.0):
        model = Model(k)
        for _ in range(3):
            np.testing.assert_allclose(s2sad.grad(model.loss)(X), np.full(3, k))
            np.testing.assert_allclose(s2sad.grad(functools.partial(Model.loss, model))(X), np.full(3, k))
            np.testing.assert_allclose(s2sad.grad(lambda x: model.loss(x))(X), np.full(3, k))  # noqa: B023
            np.testing.assert_allclose(s2sad.hvp(lambda x: model.loss(x) ** 2, (X,), (X,)), np.full(3, 12 * k * k))  # noqa: B023


def test_exceptions_are_those_of_the_function_that_was_called():
    def maker(limit, message):
        def f(x):
            if x > limit:
                raise ValueError(message)
            return x

        return f

    for message in ("first", "second", "third"):
        made = s2sad.grad(maker(2.0, message))
        assert made(1.0) == 1.0
        with pytest.raises(ValueError, match=message):
            made(3.0)


def test_written_arguments_are_checked_each_time():
    def maker(a):
        def f(x):
            x[0] = a
            return np.sum(x * x)

        return f

    with pytest.warns(s2sad.errors.MutationWarning):
        for k in (1.0, 2.0):
            np.testing.assert_allclose(s2sad.grad(maker(k))(X), 2 * X * (np.arange(3) > 0))


def test_dead_functions_do_not_keep_programs():
    kept = []
    for k in range(families.MOST_FAMILIES + 20):
        f = scaled(Y, float(k))
        f.__name__ = f"f{k}"  # a family each
        made = s2sad.grad(f)
        if k < 3:
            made(X)
        else:
            families.family(made, made.__name__)
        kept.append(weakref.ref(f))
    assert len(families._families) <= families.MOST_FAMILIES
    del f, made
    gc.collect()
    assert sum(r() is not None for r in kept) <= families.MOST_FAMILIES
