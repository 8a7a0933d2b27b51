"""Small arrays held in numbers: which, where they are still made, and the same values and derivatives."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.ir import For, Let, Module, While, to_source, verify, walk
from s2sad.lower import scalars as scalars_module
from s2sad.lower import unroll as unroll_module
from s2sad.lower.scalars import scalars
from s2sad.lower.unroll import unroll
from s2sad.optimise.dce import dce
from tests.optimise.checks import check_example, same
from tests.optimise.reader import read

X = np.array([0.9, 0.3, 0.2])


def slope(y, beta, gamma):
    s, i, _ = y
    return np.array([-beta * s * i, beta * s * i - gamma * i, gamma * i])


def epidemic(x, n=4):
    y = np.array([1.0 - x[2], x[2], 0.0])
    total = 0.0
    for _ in range(n):
        k = slope(y, x[0], x[1])
        y = y + 0.25 * k + 0.25 * slope(y + 0.5 * k, x[0], x[1])
        total += y[1] ** 2
    return total


def torques(x, n=3):
    r = np.array([x[0], 1.0, x[1]])
    v = np.array([0.1, x[2], -0.3])
    e = 0.0
    for _ in range(n):
        f = np.cross(r, v)
        v = v + 0.1 * f
        r = r + 0.1 * v
        e += np.dot(r, f) + np.sum(v * v)
    return e


def matrices(x, n=3):
    a = np.array([[x[0], 0.1], [x[1], 0.5]])
    p = np.eye(2)
    for _ in range(n):
        p = a @ p @ a.T + 0.1 * np.eye(2)
    return p[0, 0] * p[1, 1] - p[0, 1] * x[2]


def unpacked(x, n=3):
    s = 0.0
    for k in range(n):
        a, b = np.exp(np.array([x[0] * k, x[1]]))
        s += a * b * x[2]
    return s


def until(x):
    y = np.array([x[0], x[1]])
    while y[0] * y[0] + y[1] * y[1] < 20.0:
        y = np.array([y[0] + 0.5 * y[1], y[1] + x[2] * y[0]])
    return y[0] * y[1]


def branches(x, n=5):
    w = np.zeros(2)
    for k in range(n):
        if k % 2 == 0:
            w = np.array([x[0] * k, w[0]])
        else:
            w[1] += x[1] * w[0]
    return w[0] * w[1] + x[2]


def left_early(x, n=6):
    w = np.array([x[0], 1.0])
    for k in range(n):
        if w[1] > 3.0:
            break
        w = np.array([w[0] * x[1] + k, w[1] + w[0]])
    return w[0] * w[1] * x[2]


def deeper(w, n):
    if n == 0:
        return w
    return deeper(np.array([w[0] * w[1], w[1] + 0.1]), n - 1)


def out_of_line(x, n=3):
    w = deeper(np.array([x[0], x[1]]), n)
    return w[0] * w[1] + x[2]


def triangles(x, n=2):
    a = np.zeros((3, 3))
    for _ in range(n):
        for i in range(3):
            for j in range(i + 1):
                a[i, j] += x[i] * x[j]
    s = 0.0
    for i in range(3):
        for j in range(3):
            s += (i + 1) * a[i, j] * a[j, i] + a[i, i]
    return s


def small_steps(x, n=3):
    w = np.zeros(4)
    for k in range(n):
        for i in range(3):
            w[3 - i] = w[2 - i] + x[i] * k
        w[0] = x[0] * w[-1]
    return np.sum(w * w)


HELD = [epidemic, torques, matrices, unpacked, until, branches, left_early, out_of_line, small_steps]
PROGRAMS = [*HELD, triangles]


def compiled(transformed: Any, *args: Any) -> Module:
    return transformed.lower(*args)._lowered.loops


def made_in_loops(module: Module) -> list[str]:
    """The arrays of known size that loops make."""
    functions = (module.main, *module.functions.values())
    loops = [s for f in functions for s in walk.statements(f.body) if isinstance(s, (For, While))]
    inner = [s for loop in loops for b in walk.blocks_of(loop) for s in walk.statements(b) if isinstance(s, Let)]
    return [
        s.targets[0].name
        for s in inner
        if s.prim.name in ("undef", "zeros", "full") and all(isinstance(d, int) for d in s.targets[0].type.dims)
    ]


@pytest.mark.parametrize("program", HELD, ids=lambda f: f.__name__)
@pytest.mark.parametrize("transform", [s2sad.jit, s2sad.grad], ids=["value", "gradient"])
def test_no_small_array_is_made_in_a_loop(program: Any, transform: Any) -> None:
    assert not made_in_loops(compiled(transform(program), X))


def differences(function: Any, x: np.ndarray, step: float = 1e-6) -> np.ndarray:
    """The derivative by central differences; the last axis is that of `x`."""
    moves = step * np.eye(len(x))
    return np.stack([(function(x + m) - function(x - m)) / (2 * step) for m in moves], axis=-1)


@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_values_and_derivatives(program: Any) -> None:
    """Values against CPython, derivatives of each mode against differences and the pass switched off."""
    xs = np.stack([X, X + 0.05])
    found = {}
    for off in ((), ("scalars",), ("elements",)):
        with s2sad.using(backend="python", verify=True, passes_off=off):
            found[off] = [
                s2sad.jit(program)(X), s2sad.grad(program)(X), s2sad.jacfwd(program)(X), s2sad.hessian(program)(X),
                s2sad.vmap(s2sad.grad(program))(xs),
            ]  # fmt: skip
            gradient = s2sad.grad(program)
            value, first, forward, second, both = found[off]
            np.testing.assert_allclose(value, program(X), rtol=1e-14)
            np.testing.assert_allclose(first, differences(program, X), rtol=1e-6, atol=1e-8)
            np.testing.assert_allclose(forward, first, rtol=1e-12)
            np.testing.assert_allclose(second, differences(gradient, X), rtol=1e-6, atol=1e-7)
            np.testing.assert_allclose(both, [gradient(x) for x in xs], rtol=1e-12, atol=1e-14)
    for off in (("scalars",), ("elements",)):
        for with_pass, without in zip(found[()], found[off], strict=True):
            np.testing.assert_allclose(with_pass, without, rtol=1e-13, atol=1e-14)


@pytest.mark.compiled
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda f: f.__name__)
def test_compiled(program: Any) -> None:
    with s2sad.using(backend="python"):
        want = s2sad.value_and_grad(program)(X)
    for llvm in (True, False):
        with s2sad.using(backend="numba", llvm=llvm):
            for w, g in zip(want, s2sad.value_and_grad(program)(X), strict=True):
                np.testing.assert_allclose(g, w, rtol=1e-12)


def test_it_is_explained() -> None:
    """Once for each name and line, whether or not what is compiled was looked at before."""
    found = s2sad.grad(epidemic).lower(X)
    text = found.explain()
    line = epidemic.__code__.co_firstlineno + 1
    assert text.count(f"line {line}: y is held in numbers: every index of its 3 elements is known") == 1
    assert found.explain() == text
    with s2sad.using(passes_off="scalars"):
        assert "held in numbers" not in s2sad.grad(epidemic).lower(X).explain()


# -- what the pass may not do


def by_place(x, k):
    w = np.array([x[0], x[1], x[2]])
    s = 0.0
    for i in range(5):
        s += w[(i + k) % 3] * w[0]
    return s


def whole(x, n=3):
    s = 0.0
    for _ in range(n):
        a = np.array([[2.0, x[0]], [x[1], 3.0]])
        s += np.linalg.solve(a, np.array([x[2], 1.0]))[0]
    return s


def returned(x, n=3):
    w = np.zeros(3)
    for k in range(n):
        w[0] += x[0] * k
        w[2] += x[1] * w[0]
    return w


def kept(x, n=3):
    states = []
    w = np.array([x[0], x[1]])
    for _ in range(n):
        w = np.array([w[1], w[0] * x[2]])
        states.append(w)
    return states[0][0] * states[1][1] + states[-1][0]


def both_ways(x, n=3):
    w = np.zeros(3)
    for k in range(n):
        w[k] = x[k]
    return np.sum(w * w)


def outside(x):
    w = np.zeros(2)
    for i in range(3):
        w[i] = x[i]
    return w[0]


@pytest.mark.parametrize("program", [whole, kept, both_ways], ids=lambda f: f.__name__)
def test_arrays_that_are_needed(program: Any) -> None:
    for off in ((), ("elements",)):
        with s2sad.using(backend="python", verify=True, passes_off=off):
            np.testing.assert_allclose(s2sad.jit(program)(X), program(X), rtol=1e-13)
            gradient = s2sad.grad(program)(X)
        np.testing.assert_allclose(gradient, differences(program, X), rtol=1e-6, atol=1e-8)


def test_places_known_at_run_time_only() -> None:
    for k in (0, 1, 5):
        with s2sad.using(backend="python", verify=True):
            assert s2sad.jit(by_place)(X, k) == by_place(X, k)
            gradient = s2sad.grad(by_place)(X, k)
        np.testing.assert_allclose(gradient, differences(lambda x, k=k: by_place(x, k), X), rtol=1e-6)
    assert "np.empty(3)" in to_source(compiled(s2sad.jit(by_place), X, 1))


def test_a_result_is_written_once_after_the_loop() -> None:
    module = compiled(s2sad.jit(returned), X)
    (loop,) = [s for s in module.main.body if isinstance(s, For)]
    assert {s.prim.name for s in walk.statements(loop.body) if isinstance(s, Let)} <= {"mul", "add"}
    with s2sad.using(backend="python", verify=True):
        np.testing.assert_array_equal(s2sad.jit(returned)(X), returned(X))


def test_an_index_out_of_range_is_an_error_still() -> None:
    with s2sad.using(backend="python"), pytest.raises(IndexError):
        s2sad.jit(outside)(X)


# -- dtypes


def single(x):
    w = np.zeros(2, np.float32)
    w[0] = x[0]
    w[1] += x[1] * 3.0
    w[1] += w[0] / np.float32(3.0)
    return w[0] * w[1], w[1] * 2.0, w[0] + np.float64(x[1])


def counting(x):
    w = np.zeros(2, np.int64)
    for k in range(4):
        w[k % 2] += k
        w[0] += True
    return w[0] // 2, w[1] / 2, w[0] ** w[1]


def turning(x):
    z = np.zeros(2, np.complex128)
    z[0] = x[0]
    z[1] += 1j * x[1]
    z[0] *= z[1]
    return z[0], np.abs(z[1]), z[0].imag * z[1].real


def flags(x):
    seen = np.zeros(2, np.bool_)
    for k in range(3):
        if x[k] > 0.25:
            seen[k % 2] = True
    return seen[0], seen[1], seen[0] and not seen[1]


def narrow(x):
    w = np.zeros(2, np.int8)
    w[0] = 100
    w[0] += 100
    return w[0], w[1]


def zero_rank(x):
    w = np.array(x[0])
    w[()] += x[1]
    return w * 2.0, w[()]


@pytest.mark.parametrize("program", [single, counting, turning, flags, narrow, zero_rank], ids=lambda f: f.__name__)
@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
def test_dtypes(program: Any, backend: str) -> None:
    for off in ((), ("elements",)):
        with s2sad.using(backend=backend, passes_off=off), np.errstate(all="ignore"):
            got, want = s2sad.jit(program)(X), program(X)
        for g, w in zip(got, want, strict=True):
            assert np.asarray(g).dtype == np.asarray(w).dtype
            np.testing.assert_allclose(g, w, rtol=1e-7 if program is single else 1e-14)


# -- the passes alone


def test_examples() -> None:
    check_example(scalars_module, lambda f: dce(scalars(f)), x="f8[m]", n="i")
    check_example(unroll_module, unroll, x="f8[m]")


def check(text: str, *args: Any, held: bool, **types: str) -> str:
    f = read(text, **types)
    out = dce(scalars(unroll(f)))
    verify(out, "scalars")
    same(f, out, *args)
    source = to_source(out)
    assert ("np.empty" not in source and "np.zeros" not in source) == held, source
    return source


def test_loops_are_written_out_for_small_arrays_alone() -> None:
    text = """
    def f(x):
        w = np.zeros(3)
        s = 0.0
        for i in range(3):
            w[i] = x[i]
        for i in range(3):
            s += w[i]
        for j in range(3):
            s += x[j]
        return s
    """
    assert check(text, np.arange(3.0), held=True, x="f8[m]").count("for ") == 1


def test_a_nest_that_would_grow_too_far_stays() -> None:
    rows = "".join(f"                    s += w[i] * x[{k}] * w[k]\n" for k in range(6))
    text = f"""
    def f(x):
        w = np.zeros(8)
        s = 0.0
        for i in range(8):
            w[i] = x[i]
        for i in range(8):
            for j in range(8):
                for k in range(8):
{rows}
        return s
    """
    source = check(text, np.arange(8.0), held=False, x="f8[m]")
    assert source.count("\n") < 60


def test_versions_of_other_sizes_are_left_alone() -> None:
    text = """
    def f(x, n):
        w = np.zeros(3)
        for i in range(n):
            w[0] = x[0]
            w[1] = w[0] * x[1]
            w = x
        return w[0]
    """
    check(text, np.arange(3.0), 2, held=False, x="f8[m]", n="i")


def test_an_entering_array_is_read_once() -> None:
    text = """
    def f(x, n):
        s = 0.0
        for i in range(n):
            x[0] = x[1] + i
            x[1] = x[0] * 0.5
            s += x[0]
        return s
    """
    source = check(text, np.arange(2.0), 3, held=True, x="f8[2]", n="i")
    assert "[" not in source.split("for ")[1]


def test_a_version_that_every_trip_needs_as_a_whole_stays() -> None:
    text = """
    def f(x, n):
        w = np.zeros(8)
        for i in range(n):
            w[0] = x[0] * i
            x = w * 2.0
        return x[0]
    """
    check(text, np.arange(8.0), 3, held=False, x="f8[8]", n="i")


def prefixes(u):
    """Arrays of another size in each of a few trips, which a tape keeps in a list."""
    s = 0.0
    for i in range(1, 3):
        head = u[:i] * u[0]
        s = s + np.sum(head) / len(head) * s + u[i]
    return s


def test_loops_with_items_of_any_size_are_not_written_out():
    u = np.array([0.7, 0.4, 0.9])
    gradient = s2sad.grad(prefixes)
    pulled = s2sad.grad(lambda u: np.sum(gradient(u)))
    expected = sum((gradient(u + 1e-6 * e) - gradient(u - 1e-6 * e)) @ np.ones(3) * e for e in np.eye(3)) / 2e-6
    np.testing.assert_allclose(pulled(u), expected, rtol=1e-7)
    with s2sad.using(backend="python"):
        np.testing.assert_allclose(pulled(u), expected, rtol=1e-7)
