"""Lists, tuples, dicts and iteration."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest

from tests.frontend.harness import check


class Pair(NamedTuple):
    left: float
    right: float


def lists(a, x):
    items = [a, 1.0]
    items.append(2 * a)
    extra = [3.0]
    longer = items + extra
    twice = items * 2
    items.extend([a])
    last = items.pop()
    items[0] = 9.0
    items.insert(1, a)
    items[-1] += a
    items.reverse()
    longer.sort()
    return items, longer, twice, last, items[1:3], [3, 1].index(1), len(longer), 1.0 in longer, items.copy(), x[0] in x


def runtime_lists(a, n):
    w = [0.0] * n
    w[n - 1] = a
    w[0] = 2.0
    w.append(7.0)
    k = [0] * n
    k[n - 2] = 1
    total = 0.0
    for v in w:
        total += v
    q = w.pop()
    return len(w), w[n - 1], w[0], w[-1], np.array(w), sum(w), max(w), min(w), np.stack(w), np.array(
        k
    ), total, q, sorted(w)[0]


def growing(x):
    out = []
    for v in x:
        out.append(v * 2)
    rows = []
    for i in range(len(x)):
        rows.append(x * i)
    return np.array(out), np.stack(rows), np.array(rows).sum(), out[1], len(out), sum(out), rows[2][1], np.concatenate(
        rows
    )


def chosen_at_run_time(a, x, n):
    weights = [1.0, 2.0, a]
    rows = [x, 2 * x]
    return weights[n - 1], (1.5, 2.5)[n - 1], rows[n - 2], rows[n - 2][1], [1, 2, 3][n]


def dicts(a):
    d = {"a": a, "b": 1}
    d["c"] = a * 2
    d.update(e=3.0)
    d["b"] += a
    e = dict(d, f=1.0)
    first = d.pop("a")
    total = 0.0
    for k, v in d.items():
        total += v * len(k)
    return d, e, d.get("zz", 3), list(d.values()), len(d), "c" in d, first, total, d.setdefault("g", 4.0), {**d}, d | {
        "h": a
    }


def named_tuples(a):
    p = Pair(a, 2.0)
    q = p._replace(left=3.0)
    left, right = p
    return p, q, p.left * q.left, p[1], left + right, p == q, p._asdict(), len(p), (a, 1.0) < (a, 2.0) if False else 0


def loops(a, x, m):
    s = 0.0
    for i, v in enumerate(x, 1):
        s += i * v
    for v, w in zip(x, m[0], strict=True):
        s += v * w
    for v in reversed(x):
        s = s * 0.5 + v
    for i in reversed(range(3)):
        s += x[i] * i
    for r in m:
        for v in r:
            s += v
    y = x[1:]
    for i, (u, v) in enumerate(zip(x, y, strict=False)):
        s += i * u * v
    for i in range(len(x) - 1, -1, -1):
        s += x[i] * a
    for i in range(0, len(x), 2):
        s -= x[i]
    for w in (a, 2.0):
        s *= w
    return s


def comprehensions(x, a):
    return (
        sum(v * v for v in x),
        max(abs(v) for v in x),
        [v * a for v in (1.0, 2.0)],
        all(v < 10 for v in x),
        any(v > 10 for v in x),
        sum([i * a for i in range(4)]), {k: a * k for k in range(3)}, min(x), max(x), list(x)[1],
    )  # fmt: skip


def kinds(a, x):
    return (
        isinstance(x, np.ndarray),
        isinstance(a, (int, float)),
        isinstance([a], list),
        isinstance((a,), tuple),
        isinstance(None, float),
        type(a) is float, callable(np.sin), isinstance(x[0], float), isinstance({}, dict), x is x, a is None, [a] == [
            a
        ], (a, 1) == (a, 1),
    )  # fmt: skip


X, M = np.array([0.5, -1.0, 2.0, 1.5]), np.arange(12.0).reshape(3, 4)
CASES = [
    (lists, (1.5, X)), (runtime_lists, (1.5, 4)), (growing, (X,)), (chosen_at_run_time, (1.5, X, 2)), (dicts, (1.5,)),
    (named_tuples, (1.5,)), (loops, (1.5, X, M)), (comprehensions, (X, 1.5)), (kinds, (1.5, X)),
]  # fmt: skip


@pytest.mark.parametrize(("function", "args"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_containers(function, args):
    check(function, *args)
