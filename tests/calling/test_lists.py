"""Long lists of numbers, which are one array inside and lists for the program."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.calling import program
from s2sad.config import using
from s2sad.data import LONGEST

N = LONGEST + 4
Y = [0.3 * ((7 * i) % 11) - 1.1 for i in range(N)]
WHOLE = [(7 * i) % 11 for i in range(N)]
FLAGS = [i % 3 == 0 for i in range(N)]
PAIRS = [(0.1 * i, 0.2 * i * i) for i in range(N)]
ROWS = [[0.1 * i, 0.2 * i * i, 1.0] for i in range(N)]
TABLE = [[float(i * j % 7) for j in range(N)] for i in range(N + 1)]
CAPTURED = [0.5 * i for i in range(N)]


def ends(m, y):
    return y[-1] * m + y[-N] * m * m + len(y)


def slices(m, y):
    s = 0.0
    for a, b in zip(y[1:], y[:-1], strict=True):
        s += (a - m * b) ** 2
    return s + sum(y[::-2]) * m


def appended(m, y):
    z = y[:]
    z.append(m)
    z[0] = m * m
    return sum(z) + len(z)


def joined(m, y):
    z = y + y
    z.insert(N, m)
    z += y
    return z[N] * sum(z) + len(z)


def picked(m, y):
    return sum([v * m for v in y if v > 0]) + sum(v * m for v in y)


def extremes(m, y):
    return max(y) * m + min(y) * m**2 + sorted(y)[3] * m + sorted(y, reverse=True)[2] * m


def truth(m, y):
    return m * m if y and any(y) and all(y) else m


def held(m, y):
    return m * 2 if y[3] in y and y == y and y is y else m


def indexes(m, y, k):
    s = 0.0
    for i in k:
        s += y[i] * m
    return s + k[3] // 2 + (m if isinstance(k[0], int) and isinstance(y, list) else 5.0)


def chosen(m, y, flags):
    s = 0.0
    for v, flag in zip(y, flags, strict=True):
        if flag:
            s += v * m
    return s + sum(flags)


def as_array(m, y):
    x = np.ones(N)
    return np.sum((x - y) * m) + np.dot(x, y) * m + np.mean(y) + np.sum(np.array(y) ** 2) * m + np.std(y) * m


def pairs(m, rows):
    s = 0.0
    for x, v in rows:
        s += (v - m * x) ** 2
    for i in range(len(rows)):
        a, b = rows[i]
        s += a * b * m + rows[i][0]
    return s + rows[-1][1] + len(rows[0])


def rows(m, table):
    s = 0.0
    for row in table:
        s += (row[1] - m * row[0]) ** 2 + sum(row) * m
    longer = table[2] + [m]
    return s + longer[3] + len(longer) + np.sum(np.array(table) * m)


def table(m, rows):
    s = 0.0
    for i in range(len(rows)):
        for j in range(len(rows[i])):
            s += rows[i][j] * m ** (j % 3)
    for row in rows:
        s += sum(row) + row[-1] * m
    return s + len(rows[0] + rows[1])


def until(m, y):
    i, s = 0, 0.0
    while i < len(y) and y[i] < 1.5:
        s += y[i] * m * m
        i += 1
    return s


def on_two_paths(m, y):
    z = y if m > 0 else y[1:]
    return sum(v * m for v in z)


def in_turn(m, y):
    a, b = y, y
    for _ in range(3):
        a, b = b, a
    return a[0] * m + b[1]


def set_late(m, y):
    z = None
    for k in range(3):
        if k == 1:
            z = y
    return z[2] * m


def deep(m, y):
    def down(z, k):
        return z[k] * m if k <= 0 else z[k] * m + down(z, k - 1)

    return down(y, 5)


def copies(m, y):
    a, b, c, d = copy.copy(y), copy.deepcopy(y), list(y), y.copy()
    a[2] = m
    b[1] = m * m
    c.pop()
    d.insert(0, m)
    return sum(a) + sum(b) * m + len(c) + d[0] * d[1]


def as_tuple(m, y):
    z = tuple(y)
    return z[0] * m + len(z) + (m if isinstance(z, tuple) else 0.0) + sum(z[3:])


def in_a_dict(m, data):
    return sum(data["y"]) * m + sum(v * m for v in data["more"]["k"])


def moduli(m, y):
    return sum(abs(v) * m for v in y)


def of_numpy(m, y):
    return sum(v * m for v in y) + y[3].dtype.itemsize


def captured(m, y):
    return sum(w * m for w in CAPTURED) + len(CAPTURED) + y[0] * CAPTURED[-1]


def inner_gradient(m, y):
    g = s2sad.grad(lambda z: sum(v**2 * m for v in z))(y)
    return sum(g) + len(g) + s2sad.grad(lambda z: z**2 * sum(y))(m)


PACKED: list[tuple[Callable[..., Any], tuple[Any, ...]]] = [
    (ends, (Y,)), (slices, (Y,)), (appended, (Y,)), (joined, (Y,)), (picked, (Y,)), (extremes, (Y,)), (truth, (Y,)),
    (held, (Y,)), (indexes, (Y, WHOLE)), (chosen, (Y, FLAGS)), (as_array, (Y,)), (pairs, (PAIRS,)), (rows, (ROWS,)),
    (table, (TABLE,)), (until, (Y,)), (in_turn, (Y,)), (set_late, (Y,)), (deep, (Y,)), (copies, (Y,)), (as_tuple, (Y,)),
    (as_tuple, (tuple(Y),)), (in_a_dict, ({"y": Y, "more": {"k": WHOLE}},)),
    (moduli, ([complex(a, b) for a, b in zip(Y, WHOLE, strict=True)],)), (of_numpy, ([*map(np.float64, Y)],)),
    (captured, (Y,)), (inner_gradient, (Y,)),
]  # fmt: skip


def unpacked(m, y):
    a, b, *rest = y
    return a * m + b + len(rest)


def passed_on(m, y):
    return math.hypot(*y) * m


def repeated(m, y):
    return sum(y * 2) * m + len(y * 2)


def compared(m, y):
    return m if y == [*y[:-1], 7.0] else 2 * m


def mapped(m, y):
    return sum(s2sad.tree.map(lambda v: v * m, y))


APART = [unpacked, passed_on, repeated, compared, mapped, on_two_paths]
"""What needs the items one by one."""


@pytest.fixture(params=["python", "numba"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[str]:
    with using(backend=request.param, verify=True):
        yield request.param


def check(f: Callable[..., Any], data: tuple[Any, ...]) -> None:
    m, h = 0.7, 1e-6
    value = f(m, *data)
    difference = (f(m + h, *data) - f(m - h, *data)) / (2 * h)
    found, gradient = s2sad.value_and_grad(f)(m, *data)
    np.testing.assert_allclose(found, value, rtol=1e-13)
    np.testing.assert_allclose(s2sad.jit(f)(m, *data), value, rtol=1e-13)
    np.testing.assert_allclose(gradient, difference, rtol=1e-6, atol=1e-8)
    np.testing.assert_allclose(s2sad.jvp(lambda m: f(m, *data), (m,), (1.0,))[1], gradient, rtol=1e-12)


@pytest.mark.parametrize(("f", "data"), PACKED, ids=lambda x: getattr(x, "__name__", ""))
def test_a_list_of_numbers_is_one_array_and_still_a_list(f, data, monkeypatch):
    monkeypatch.setattr(program, "MOST_APART", 0)
    check(f, data)


@pytest.mark.parametrize("f", APART)
def test_a_list_that_is_used_otherwise_is_taken_apart(f):
    check(f, (Y,))


@pytest.mark.parametrize("f", APART)
def test_a_list_that_is_too_long_to_be_taken_apart_is_refused(f, monkeypatch):
    monkeypatch.setattr(program, "MOST_APART", 0)
    with pytest.raises(s2sad.S2sadError):
        s2sad.grad(f)(0.7, Y)


def rosenbrock(p):
    s = 0.0
    for i in range(len(p) - 1):
        s += (p[i + 1] - p[i] ** 2) ** 2 + (1 - p[i]) ** 2
    return s


def scaled(p):
    return np.array(p) * 2 + p[0]


def of_list(p):
    return [p[0] * 2, p[1] * p[2]]


def listed(p):
    return p[1:], {"first": p[0]}


def same(p):
    return p


P = [0.1 * i for i in range(N)]
ARRAY = np.array(P)


@pytest.mark.parametrize("kind", [list, tuple])
def test_derivatives_by_a_list_are_lists(kind):
    p = kind(P)
    expected = s2sad.grad(rosenbrock)(ARRAY)
    gradient = s2sad.grad(rosenbrock)(p)
    assert type(gradient) is kind and {*map(type, gradient)} == {float}
    np.testing.assert_allclose(gradient, expected)
    value, tangent = s2sad.jvp(rosenbrock, (p,), (kind([1.0] * N),))
    np.testing.assert_allclose(tangent, expected.sum())
    again, pullback = s2sad.vjp(rosenbrock, p)
    (bar,) = pullback(1.0)
    assert type(bar) is kind and again == value
    np.testing.assert_allclose(bar, expected)
    _, pushforward = s2sad.linearize(rosenbrock, p)
    np.testing.assert_allclose(pushforward(kind([1.0] * N)), expected.sum())
    hessian = s2sad.hessian(rosenbrock)(p)
    assert type(hessian) is kind and {*map(type, hessian)} == {kind} and type(hessian[0][0]) is float
    np.testing.assert_allclose(hessian, s2sad.hessian(rosenbrock)(ARRAY))
    product = s2sad.hvp(rosenbrock, (p,), (kind([1.0] * N),))
    np.testing.assert_allclose(product, s2sad.hvp(rosenbrock, (ARRAY,), (np.ones(N),)))


@pytest.mark.parametrize("kind", ["jacfwd", "jacrev"])
def test_a_jacobian_by_a_list_is_a_list(kind):
    transform = getattr(s2sad, kind)
    jacobian = transform(scaled)(P)
    assert type(jacobian) is list and jacobian[0].shape == (N,)
    np.testing.assert_allclose(np.array(jacobian).T, transform(scaled)(ARRAY))
    first, second = transform(of_list)(P)
    assert first[:3] == [2.0, 0.0, 0.0] and second[:4] == [0.0, P[2], P[1], 0.0]
    square = transform(same)(P)
    assert type(square) is list and type(square[0]) is list
    np.testing.assert_array_equal(square, np.eye(N))


def test_the_gradient_by_a_table_is_a_table():
    def f(rows):
        return sum(a * b**2 for a, b in rows)

    gradient = s2sad.grad(f)(PAIRS)
    assert type(gradient) is list and {*map(type, gradient)} == {tuple} and type(gradient[0][0]) is float
    np.testing.assert_allclose(gradient, [(b**2, 2 * a * b) for a, b in PAIRS])


def test_a_list_that_is_returned_is_a_list():
    assert s2sad.jit(same)(P) == P and s2sad.jit(same)(tuple(P)) == tuple(P)
    assert s2sad.jit(same)(TABLE) == TABLE
    value, pullback = s2sad.vjp(same, P)
    assert value == P and pullback(P) == (P,)
    rest, first = s2sad.jit(listed)(P)
    assert rest == P[1:] and first == {"first": P[0]}


def test_whole_numbers_are_not_differentiated():
    with pytest.raises(TypeError, match="real- or complex-valued inputs"):
        s2sad.grad(lambda k: sum(k) * 1.0)(WHOLE)


def test_a_batch_is_not_the_items_of_a_list():
    with pytest.raises(s2sad.ShapeError, match="rank"):
        s2sad.vmap(lambda v: v * 2)(P)
    np.testing.assert_allclose(s2sad.vmap(lambda x, p: x * sum(p), in_axes=(0, None))(np.ones(3), P), [sum(P)] * 3)


def test_lists_of_other_numbers_are_other_programs():
    f = s2sad.jit(lambda y: y[0])
    for numbers in ([1.5] * N, [1] * N, [True] * N, [*[1.5] * (N - 1), 2], [1.5] * (N + 5), [2**70] + [1.0] * N, [1.5]):
        try:
            found = f(numbers)
        except TypeError:
            assert numbers[0] == 2**70
        else:
            assert found == numbers[0] and type(found) is type(numbers[0])


def test_one_program_serves_every_length(backend):
    def nll(m, y):
        s = 0.0
        for v in y:
            s += (v - m) ** 2
        return s

    gradient = s2sad.grad(nll)
    for n in (N, 100, 399, 400):
        y = [float(i) for i in range(n)]
        for _ in range(3):
            np.testing.assert_allclose(gradient(0.3, y), sum(-2 * (v - 0.3) for v in y))
    if backend == "numba":
        assert len(gradient._program._variants) == 1
        start = time.perf_counter()
        for _ in range(200):
            gradient(0.3, y)
        assert time.perf_counter() - start < 200 * 1e-3  # 20 microseconds each


def test_a_captured_list_is_read_at_each_call():
    weights = [1.0] * N
    f = s2sad.grad(lambda x: sum(w * x for w in weights))
    assert f(1.0) == N
    weights[0] = 3.0
    weights.append(2.0)
    assert [f(1.0) for _ in range(6)] == [N + 4.0] * 6
    weights[1] = 2  # no longer floats only
    assert f(1.0) == N + 5.0
    weights[:] = [1.0, 2.0]
    assert f(1.0) == 3.0


def test_a_list_of_the_caller_is_not_written():
    def f(m, y):
        y.append(m)
        return sum(y)

    def g(m, y):
        y[0] = m
        return sum(y)

    for function in (f, g):
        with pytest.raises(s2sad.UnsupportedError, match="from outside"):
            s2sad.grad(function)(1.0, [1.0] * 1000)


def test_an_index_out_of_range_is_an_index_error():
    f = s2sad.jit(lambda y, k: y[k])
    with pytest.raises(IndexError):
        f(Y, N)
    assert f(Y, -N) == Y[0]
