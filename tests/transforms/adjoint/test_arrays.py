"""Loads, stores and increments through every kind of path, lists, dtypes: checked by differences, to second order."""

from __future__ import annotations

import numpy as np
import pytest

from s2sad.errors import UnsupportedError
from s2sad.ir import Array, Builder, Const, Function, List, Names, Scalar, Var, python_function
from s2sad.ir import primitives as p
from s2sad.ir.nodes import Carry, For, Pos, int_var
from s2sad.ir.paths import SLOT, Index, Slice, View
from s2sad.ir.types import COMPLEX, FLOAT, INT, symbol
from s2sad.rules import elementwise as e
from s2sad.rules.registry import RULES, Rule
from tests.optimise.reader import read
from tests.transforms.adjoint.checks import check, reverse

X = np.array([0.7, 1.3, 0.4, 0.9, 1.1])
A = np.linspace(0.3, 1.4, 12).reshape(3, 4)
AGAIN = np.array([2, 0, 2, 1, 2])
MASK = np.array([True, False, True, True, False])

READ = {
    "gather": ("def f(x, k):\n return np.sin(x[k])", {"x": "f8[n]", "k": "i8[m]"}, (X, AGAIN)),
    "scatter": (
        "def f(x, y, k):\n x[k] = y * x[0]\n return np.sin(x) * y", {"x": "f8[n]", "y": "f8[n]", "k": "i8[n]"},
        (X, X[::-1] * 1.0, AGAIN)),
    "scatter a number": (
        "def f(x, y, k):\n x[k] = y * x[0]\n return np.sin(x) * y", {"x": "f8[n]", "k": "i8[n]"}, (X, 0.8, AGAIN)),
    "scatter rows": (
        "def f(a, y, k):\n a[k] = y * a[0, 1]\n return np.sin(a)",
        {"a": "f8[m, k]", "y": "f8[5, k]", "k": "i8[5]"}, (A, np.sin(np.arange(20.0)).reshape(5, 4), AGAIN)),
    "add at": (
        "def f(x, y, k):\n x[k] += y * x[0]\n return np.sin(x) * y", {"x": "f8[n]", "y": "f8[n]", "k": "i8[n]"},
        (X, X[::-1] * 1.0, AGAIN)),
    "mask": ("def f(x, m):\n y = x[m]\n x[m] = y * y\n return x * x[0]", {"x": "f8[n]", "m": "bool[n]"}, (X, MASK)),
    "mask a number": (
        "def f(x, y, m):\n x[m] = y\n x[m] += y * y\n return x * x[0]", {"x": "f8[n]", "m": "bool[n]"}, (X, 0.8, MASK)),
    "two indices": (
        "def f(a, i, j):\n b = a[i, j] * a[1, 2]\n a[i, j] = b\n return np.sin(a) * a[0, 0]",
        {"a": "f8[m, k]", "i": "i8[2]", "j": "i8[2]"}, (A, np.array([1, 2]), np.array([0, 3]))),
    "constant places": (
        """
def f(x, y):
    a = np.zeros(3)
    a[0] = x * y
    a[1] = x
    a[2] = y
    a[-1] += x * a[0]
    return a[0] * a[1] * a[2]
""", {}, (0.7, 1.3)),
    "a store that ends in a branch": (
        """
def f(x, y, n):
    a = np.zeros(n)
    for i in range(n):
        if x[i] > 0.8:
            a[i] = x[i] * y
        else:
            y = y * x[i]
    return a, y
""", {"x": "f8[n]", "n": "i"}, (X, 0.8, 5)),
}  # fmt: skip


@pytest.mark.parametrize("name", READ)
def test_paths(name):
    text, types, args = READ[name]
    check(read(text, **types), args, order=2)


def built(params, write):
    """The function of `params` whose body `write` writes on refs."""
    variables = tuple(Var(name, type_) for name, type_ in params)
    b = Builder(Names([v.name for v in variables]))
    with b.block() as body:
        out = write(b, *map(b.ref, variables))
    results = tuple(o.atom for o in (out if isinstance(out, tuple) else (out,)))
    return Function("f", variables, tuple(body), results)


MATRIX = Array(FLOAT, (symbol("m", 2), symbol("k", 2)))
VECTOR = Array(FLOAT, (symbol("n", 2),))
T, ROW = View("T"), Index((SLOT,))


def test_load_and_store_through_a_transpose():
    def write(b, a):
        column = p.load(a, 1, path=(T, ROW))
        a = p.store(a, column * column, 0, path=(T, ROW))
        a = p.inc(a, column, 2, path=(T, Index((SLOT, Slice(None, None, -1)))))
        return e.sin(a)

    check(built([("a", MATRIX)], write), (A,), order=2)


def test_views_that_copy_when_read():
    def write(b, a, x):
        wide = p.load(x, 3, *b.dim_atoms(x.atom), path=(View("broadcast_to", (SLOT, SLOT)),))
        part = p.load(x, 3, *b.dim_atoms(x.atom), 1, path=(View("broadcast_to", (SLOT, SLOT)), ROW))
        flat = p.load(a, path=(T, View("reshape", (-1,))))
        item = p.load(a, 5, path=(T, View("reshape", (-1,)), ROW))
        return e.sin(wide) * part, flat * item

    check(built([("a", MATRIX), ("x", VECTOR)], write), (A, X), order=2)


def test_real_and_imaginary_parts():
    vector = Array(COMPLEX, (symbol("n", 2),))

    def write(b, z):
        real, imag = p.load(z, path=(View("real"),)), p.load(z, path=(View("imag"),))
        z = p.store(z, real * imag, path=(View("imag"),))
        return p.load(z * z, path=(View("real"),)) * imag

    f = built([("z", vector)], write)
    z = X + 1j * X[::-1] ** 2
    g = np.linspace(0.2, 1.0, 5)
    _, z_bar = python_function(reverse(f, (0,)))(z, g)
    run, step = python_function(f), 1e-6
    for k in range(5):
        for unit in (1, 1j):
            d = np.zeros(5, complex)
            d[k] = unit
            slope = np.sum(g * (run(z + step * d)[0] - run(z - step * d)[0])) / (2 * step)
            assert abs(slope - np.real(z_bar[k] * unit)) < 1e-7


def test_float32_stays():
    single = Array(np.dtype(np.float32), (symbol("n", 2),))
    f = built([("x", single), ("y", Scalar(FLOAT, True))], lambda b, x, y: e.sin(x) * y)
    x = X.astype(np.float32)
    out, x_bar, y_bar = python_function(reverse(f, (0, 1)))(x, 2.0, np.ones(5, np.float32))
    assert out.dtype == x_bar.dtype == np.float32
    np.testing.assert_allclose(x_bar, 2 * np.cos(x), rtol=1e-6)
    np.testing.assert_allclose(y_bar, np.sum(np.sin(x)), rtol=1e-6)


def test_integers_cast_to_floats_get_nothing():
    params = [("n", Scalar(INT, True)), ("x", Scalar(FLOAT, True))]
    f = built(params, lambda b, n, x: p.cast(n, dtype=FLOAT, weak=True) * x)
    assert python_function(reverse(f, (1,)))(3, 2.0, 1.0) == (6.0, 3.0)


def growing(b, x, n):
    """A list that grows in a loop, is written into and dropped from."""
    items = b.emit(p.list_new, (), {"item": Scalar(FLOAT, True)}, "items")
    start = b.emit(p.list_append, (items, x))
    phi, out, i = b.var("items", start.type), b.var("items", start.type), int_var("i")
    with b.block() as body:
        last = b.ref(b.emit(p.list_get, (phi, i)))
        more = b.emit(p.list_append, (phi, e.sin(last) * x))
        following = b.emit(p.list_set, (more, 0, last * 1.5))
    b.append(For(i, Const(0), n.atom, Const(1), (Carry(phi, start, following, out),), tuple(body)))
    dropped = b.emit(p.list_drop, (out,))
    read = [(out, n), (dropped, Const(-1)), (out, 0)]
    return tuple(b.ref(b.emit(p.list_get, args)) for args in read)


def test_lists():
    check(built([("x", Scalar(FLOAT, True)), ("n", Scalar(INT, True))], growing), (0.7, 4), order=2)


def test_lists_of_arrays():
    def write(b, x, n):
        items = b.emit(p.list_new, (), {"item": VECTOR}, "items")
        items = b.emit(p.list_append, (items, x))
        phi, out, i = b.var("items", List(VECTOR)), b.var("items", List(VECTOR)), int_var("i")
        with b.block() as body:
            last = b.ref(b.emit(p.list_get, (phi, i)))
            following = b.emit(p.list_append, (phi, e.sin(last) * x))
        b.append(For(i, Const(0), n.atom, Const(1), (Carry(phi, items, following, out),), tuple(body)))
        return b.ref(b.emit(p.list_get, (out, n))) * b.ref(b.emit(p.list_get, (out, 1)))

    check(built([("x", VECTOR), ("n", Scalar(INT, True))], write), (X, 3), order=2)


def test_a_primitive_without_a_rule_is_refused_where_it_stands():
    mystery = p.Primitive("mystery", lambda x: x, "abs(_0)", elementwise=True)
    RULES[mystery] = Rule()

    def write(b, x):
        b.pos = Pos("model.py", 7)
        return mystery(x)

    f = built([("x", Scalar(FLOAT, True))], write)
    with pytest.raises(UnsupportedError, match="mystery has no derivative rule") as caught:
        reverse(f, (0,))
    assert caught.value.pos == Pos("model.py", 7)


def test_nothing_reaches_a_parameter():
    f = built([("x", VECTOR), ("y", Scalar(FLOAT, True))], lambda b, x, y: y * y)
    out, x_bar, y_bar = python_function(reverse(f, (0, 1)))(X, 2.0, 1.0)
    np.testing.assert_array_equal(x_bar, np.zeros(5))
    assert (out, y_bar) == (4.0, 4.0)
