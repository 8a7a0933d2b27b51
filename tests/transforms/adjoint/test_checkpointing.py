"""Loops reversed from snapshots: the schedule, the derivatives, the memory."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import cache
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from s2sad import checkpoint, custom_jvp, custom_vjp, grad, jit, jvp, value_and_grad, vmap
from s2sad.config import using
from s2sad.errors import UnsupportedError
from s2sad_rt import plain_python, revolve_advance

X = np.array([0.1, 0.5, 0.7])
D = np.array([1.0, -0.5, 0.3])


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    with using(backend="python", verify=True):
        yield


# -- the schedule


@cache
def least(steps: int, snapshots: int) -> int:
    """The least number of steps that are run again, by dynamic programming."""
    if steps <= 1:
        return 0
    if snapshots == 1:
        return steps * (steps - 1) // 2
    return min(m + least(steps - m, snapshots - 1) + least(m, snapshots) for m in range(1, steps))


@cache
def made(steps: int, snapshots: int) -> int:
    """The number of steps that are run again by the schedule."""
    if steps <= 1:
        return 0
    if snapshots == 1:
        assert revolve_advance(steps, 1) == steps - 1
        return steps * (steps - 1) // 2
    m = revolve_advance(steps, snapshots)
    assert 1 <= m < steps
    return m + made(steps - m, snapshots - 1) + made(m, snapshots)


def test_schedule_is_optimal() -> None:
    assert made(10, 3) == 15
    assert made(56, 3) == 5 * 56 - 70  # r n - C(s + r, r - 1)
    for snapshots in range(1, 12):
        for steps in range(120):
            assert made(steps, snapshots) == least(steps, snapshots)


# -- programs


def recurrence(x: Any, n: int) -> Any:
    s = x
    for i in range(n):
        s = s + 0.1 * np.sin(s) * x * i
    return np.sum(s)


def downwards(x: Any, n: int) -> Any:
    s = x * 1.0
    for i in range(2 * n, 0, -2):
        s = s + 0.1 * np.sin(s) * x * i / (i + 1)
    return np.sum(s * s)


def swapping(x: Any, n: int) -> Any:
    a, b = x, x * x
    for _ in range(n):
        a, b = b, 0.3 * a + 0.5 * b * np.cos(a)
    return np.sum(a * b)


def broken(x: Any, n: int) -> Any:
    s = x * 1.0
    last = 0
    for i in range(n):
        last = i
        s = s * (1.1 + 0.1 * np.sin(x))
        if np.sum(s) > 1.9:
            break
        s = s + 0.01 * s * s
    return np.sum(s) * (last + 1)


def returning(x: Any, n: int) -> Any:
    s = x * 1.0
    for _ in range(n):
        s = s + 0.1 * np.sin(s)
        if np.sum(s) > 2.2:
            return np.sum(s) * 3.0
    return np.sum(s) * 2.0


def counting(x: Any, n: int) -> Any:
    s = x * 1.0
    c = 0
    flip = False
    for i in range(n):
        if i % 3 == 1:
            continue
        flip = not flip
        if flip:
            c = c + i
            s = s + 0.1 * np.sin(s * c)
        else:
            s = s * np.cos(x * 0.1)
    return np.sum(s) * c


def until(x: Any, n: int) -> Any:
    t = 0.0
    k = 0
    while t < n:
        x = x + 0.1 * np.cos(x) * k / (k + 1)
        t = t + np.sum(x * x) * 0.1 + 0.3
        k += 1
    return np.sum(x) * t


def heat(x: Any, n: int) -> Any:
    u = np.zeros(5)
    u[1:4] = x
    v = np.zeros(5)
    for _ in range(n):
        for i in range(1, 4):
            v[i] = u[i] + 0.1 * (u[i - 1] - 2 * u[i] + u[i + 1]) * np.cos(u[i])
        for i in range(1, 4):
            u[i] = v[i]
    return np.sum(u**2)


def runge_kutta(x: Any, n: int) -> Any:
    h = 0.05

    def field(y: Any) -> Any:
        return np.sin(y) * x - 0.1 * y

    y = x * x
    for _ in range(n):
        k1 = field(y)
        k2 = field(y + h / 2 * k1)
        k3 = field(y + h / 2 * k2)
        k4 = field(y + h * k3)
        y = y + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return np.sum(y)


def twice(x: Any, n: int) -> Any:
    out = np.zeros(n)
    for i in range(n):
        x = np.sin(x) + 0.1 * x
        out[i] = np.sum(x)
    s = 0.0
    for i in range(n):
        s = np.sin(s) + out[i] * x[0]
    return s


def within(x: Any, n: int) -> Any:
    for i in range(n):
        for j in range(i % 4):
            x = x + 0.1 * np.sin(x) * j
    return np.sum(x)


def largest(x: Any, n: int) -> Any:
    best = -1.0
    for i in range(n):
        v = np.sin(x[i % 3] * i)
        if v > best:
            best = v
    return best * x[0]


def in_complex(x: Any, n: int) -> Any:
    z = x + 1j
    for _ in range(n):
        z = z * np.exp(0.1j * x) + 0.1 * z * z / (1 + abs(z) ** 2)
    return np.sum(np.abs(z))


def rank_zero(x: Any, n: int) -> Any:
    q = np.array(0.5)
    for _ in range(n):
        q = q + 0.1 * np.sum(np.sin(x)) * q
    return np.sum(q) * x[0]


def containers(x: Any, n: int) -> Any:
    p = {"a": x, "b": [x * 2, 1.0]}
    for _ in range(n):
        p["a"] = p["a"] * 0.5 + np.sin(p["b"][0])
        p["b"][1] = p["b"][1] * 1.1 + p["a"][0]
    return np.sum(p["a"]) * p["b"][1]


def checkpoints_within(x: Any, n: int) -> Any:
    step = checkpoint(lambda y: np.sin(np.sin(y) * y) + y)
    for _ in range(n):
        x = 0.9 * step(x)
    return np.sum(x)


PROGRAMS = [
    recurrence, downwards, swapping, broken, returning, counting, until, heat, runge_kutta, twice, within, largest,
    in_complex, rank_zero, containers, checkpoints_within,
]
BRANCHES = {broken, counting}
"""Arrays of branches, of which recording for a second reverse sweep makes dummies of a wrong size (also without
checkpoints)."""
each = pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)


def close(found: Any, expected: Any) -> None:
    np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12)


@each
@pytest.mark.parametrize("snapshots", [1, 2, 3, 10])
def test_gradient(f: Callable[..., Any], snapshots: int) -> None:
    plain, kept = value_and_grad(f), value_and_grad(checkpoint(f, snapshots=snapshots))
    for n in (0, 1, 2, 7, 40):
        for found, expected in zip(kept(X, n), plain(X, n), strict=True):
            close(found, expected)


@pytest.mark.parametrize("snapshots", [1, 2, 3, 10])
def test_long(snapshots: int) -> None:
    close(grad(checkpoint(recurrence, snapshots=snapshots))(0.01, 100), grad(recurrence)(0.01, 100))
    close(grad(checkpoint(until, snapshots=snapshots))(X, 100), grad(until)(X, 100))


@each
@pytest.mark.parametrize("n", [0, 1, 6])
def test_second_order(f: Callable[..., Any], n: int) -> None:
    kept = checkpoint(f, snapshots=2)

    def forward_over_reverse(f: Any) -> Any:
        return jvp(lambda x: grad(f)(x, n), (X,), (D,))[1]

    def reverse_over_forward(f: Any) -> Any:
        return grad(lambda x: jvp(lambda y: f(y, n), (x,), (D,))[1])(X)

    def reverse_over_reverse(f: Any) -> Any:
        return grad(lambda x: np.sum(grad(f)(x, n) * D))(X)

    close(forward_over_reverse(kept), forward_over_reverse(f))
    close(reverse_over_forward(kept), reverse_over_forward(f))
    if f not in BRANCHES:
        close(reverse_over_reverse(kept), reverse_over_reverse(f))


@pytest.mark.parametrize("f", [recurrence, until, heat, counting], ids=lambda f: f.__name__)
def test_batched(f: Callable[..., Any]) -> None:
    kept, rows = checkpoint(f, snapshots=2), np.stack([X, 2 * X])
    close(vmap(lambda x: grad(kept)(x, 6))(rows), vmap(lambda x: grad(f)(x, 6))(rows))

    def total(f: Any) -> Any:
        return grad(lambda rows: np.sum(vmap(lambda x: f(x, 6))(rows) ** 2))(rows)

    close(total(kept), total(f))


def test_as_a_decorator() -> None:
    kept = checkpoint(snapshots=3)(recurrence)
    assert kept(0.3, 4) == recurrence(0.3, 4)
    close(grad(kept)(0.3, 9), grad(recurrence)(0.3, 9))

    def inside(x: Any) -> Any:
        @checkpoint(snapshots=2)
        def block(y: Any) -> Any:
            for _ in range(9):
                y = np.sin(y) + 0.1 * y
            return y

        for _ in range(3):
            x = block(x) * 0.9
        return np.sum(x)

    gradient = grad(inside)
    found = gradient(X)
    assert "revolve_advance" in gradient.source
    step = 1e-6
    expected = [(inside(X + step * e) - inside(X - step * e)) / (2 * step) for e in np.eye(3)]
    np.testing.assert_allclose(found, expected, rtol=1e-6)


@custom_jvp
def by_jvp(x: Any) -> Any:
    return np.sin(x) * x


by_jvp.defjvp(lambda p, t: (np.sin(p[0]) * p[0], t[0] * (np.sin(p[0]) + p[0] * np.cos(p[0]))))


@custom_vjp
def by_vjp(x: Any) -> Any:
    return np.sin(x) * x


by_vjp.defvjp(lambda x: (np.sin(x) * x, (x, np.cos(x))), lambda r, g: (g * (np.sin(r[0]) + r[0] * r[1]),))


@pytest.mark.parametrize("rule", [by_jvp, by_vjp])
def test_rules_within(rule: Any) -> None:
    def f(x: Any, n: int) -> Any:
        for _ in range(n):
            x = 0.9 * x + 0.1 * rule(x) * rule(0.5 * x)
        return x

    def plain(x: Any, n: int) -> Any:
        for _ in range(n):
            x = 0.9 * x + 0.1 * np.sin(x) * x * np.sin(0.5 * x) * (0.5 * x)
        return x

    close(grad(checkpoint(f, snapshots=2))(0.7, 9), grad(plain)(0.7, 9))


# -- how much is run, and kept


def chain(x: Any, n: int) -> Any:
    for _ in range(n):
        x = np.sin(x)
    return x


@pytest.mark.parametrize("snapshots", [1, 2, 3, 10])
@pytest.mark.parametrize("n", [1, 2, 10, 100])
def test_trips_run_again(n: int, snapshots: int) -> None:
    gradient = grad(checkpoint(chain, snapshots=snapshots))
    expected = gradient(0.5, n)
    calls = 0

    def counted(x: Any) -> Any:
        nonlocal calls
        calls += 1
        return np.sin(x)

    found: dict[str, Any] = {}
    with plain_python():
        exec(compile(gradient.source, "<counted>", "exec"), found)
        found["np"] = SimpleNamespace(**{**vars(np), "sin": counted})
        assert found[gradient.__name__](0.5, n) == expected
    assert calls == least(n, snapshots)


def test_memory() -> None:
    gradient = grad(checkpoint(heat, snapshots=4))
    gradient(X, 50)
    sizes = re.findall(r"np\.(?:empty|zeros)\((.*)\)", gradient.source)
    assert sizes
    assert {s.split(", np.")[0] for s in sizes} <= {"5", "(4, 5)", "4"}
    assert "append" not in gradient.source


# -- refusals


def growing(x: Any, n: int) -> Any:
    y = x
    for _ in range(n):
        y = np.concatenate([y, x])
    return np.sum(np.sin(y))


def listing(x: Any, n: int) -> Any:
    items = []
    for i in range(n):
        items.append(x * i)
        x = np.sin(x)
    return np.sum(x) + np.sum(items[0])


def power(x: Any, n: int) -> Any:
    return x if n <= 1 else np.sin(x) * power(x * 0.9, n - 1)


def recursive(x: Any, n: int) -> Any:
    for i in range(n):
        x = x + 0.1 * power(x, n - i)
    return np.sum(x)


REFUSED = [(growing, "size changes"), (listing, "list that grows"), (recursive, "recursive")]


@pytest.mark.parametrize(("f", "why"), REFUSED)
def test_refused(f: Callable[..., Any], why: str) -> None:
    with pytest.raises(UnsupportedError, match=why):
        grad(checkpoint(f, snapshots=2))(X, 3)


@pytest.mark.parametrize("snapshots", [0, -1, 2.0, True, "2"])
def test_bad_snapshots(snapshots: Any) -> None:
    with pytest.raises(ValueError, match="at least 1"):
        checkpoint(recurrence, snapshots=snapshots)


@pytest.mark.compiled
def test_compiled() -> None:
    with using(backend="numba"):
        for f in (until, heat, counting):
            close(jit(grad(checkpoint(f, snapshots=3)))(X, 40), grad(f)(X, 40))
