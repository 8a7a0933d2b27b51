"""Subscripts and views: what is read, what is written, and who sees it."""

from __future__ import annotations

import numpy as np
import pytest

from tests.frontend.harness import check

rng = np.random.default_rng(6)
X, A = rng.standard_normal(5), rng.standard_normal((4, 5))
J = np.array([0, 2, 2, 1])


def basic(a, x, i):
    return (
        a[0],
        a[1, 2],
        a[i],
        a[i, i],
        a[i][1],
        a[:, i],
        a[1:, :2],
        a[..., 0],
        a[i:, 1:i],
        a[:, ::2],
        a[i : i + 2].T,
        x[-1],
        x[::-1],
        x[None], x[...], x[:, None], x[1:-1] * x[:-2], x[-i:], x[i:0:-1], x[i::2], x[:0], a[-1, -i], a[1:3][0][1],
    )  # fmt: skip


def fancy(a, x, j):
    return a[j], a[:, j], a[j, j], a[j][:, 1:3], a[j, 1], a[:, None, j], x[[0, 2]], x[x > 0], a[a > 0], a[
        [0, 1], 2:
    ], a[j[:2]][1]


def element_stores(x, i, j):
    y = np.zeros(5)
    y[i] = 2
    y[0] += x[1]
    y[1:3] = x[:2]
    y[3:] += 1.0
    y[i] += x[0]
    y[0:2] *= 3.0
    y[i] *= 2
    y[j] += 1.0
    y[y > 1] -= 1.0
    y[-1] -= x[i] ** 2
    y[j] = x[:4]
    np.add.at(y, j, x[0])
    np.subtract.at(y, j, 1.0)
    return y


def views_write_through(a, x, i):
    c = a.copy()
    v = c.T
    v[0] = 1.0
    r = c[1]
    s = r[1:]
    s[0] = 5.0
    s += 2
    r *= 2
    c.swapaxes(0, 1)[i][0] = 3.0
    w = c.reshape(2, 10)[1]
    w[3] = 9
    q = c[:, 1]
    q -= x[:4]
    e = np.expand_dims(c, 0)
    e[0, 0, 0] = 11
    g = c.ravel()
    g[1] = 50.0
    fl = np.flip(c)
    fl[0, 0] = 77
    k = c[::2, ::-1]
    k[0] = x
    c.flat[2] = 1.5
    c[1:, 2:][0, 0] = 4
    return c, v, r, s, w, q, e, g, fl, k


def copies_do_not(a):
    f, g, h, k = a.flatten(), a.T.reshape(-1), a[[0, 1]], a + 0.0
    f[0] = g[0] = h[0, 0] = k[0, 0] = 100.0
    b = a.copy()
    b[:] = 0.0
    return a, f, g, h, k, b


def rank_two_stores(a, x, j):
    c = a.copy()
    c[j[:2], j[:2]] = -1.0
    c[:, 1] = x[:4]
    c[c < 0] = 0
    c[[0, 2]] = x
    c[1, np.array([True, False, True, False, True])] = -1.0
    c[(j, 3)] += 10.0
    c[2] = [1, 2, 3, 4, 5]
    c[3, 1:4] -= c[3, 0:3]
    np.add.at(c, (j, 2), 1.0)
    np.fill_diagonal(c[:, :4].copy(), 0)
    return c


def row_loop(a):
    c = a.copy()
    total = 0.0
    for r in c:
        r[0] = 2.0
        total += r.sum()
    for i, r in enumerate(c):
        r += i
    for r, s in zip(c, a, strict=True):
        total = total + r @ s
    return c, total


def filled(n):
    d = np.empty((2, 3))
    d[:] = 1
    d.fill(2.0)
    d[0] = [1, 2, n]
    d -= d.mean()
    k = np.arange(4)
    k[1] = 7.9
    k += 1
    k[2] *= 3
    return d, k


def float32_stores(x):
    f = np.zeros(5, np.float32)
    f[0] = x[0]
    f += x
    f[1:] *= 2.0
    f[2] += x[1]
    return f


def complex_stores(x):
    z = x + 0j
    z.real[0] = 5.0
    z.imag[1] = 2.0
    z[2] = 1
    z *= 2
    z += 1j
    z[3] -= 2j
    return z


def order_in_memory(a):
    b = a.T + 1.0
    c = b.reshape(-1)
    c[0] = 100.0
    d = np.array(a.T)
    e = d.ravel()
    e[1] = 50.0
    f = a.T.copy()
    f.reshape(-1)[2] = 7.0
    g = np.sin(a.T)
    k = g.T.reshape(-1)[3]
    h = np.zeros_like(a.T)
    h.ravel()[1] = 1.0
    return b, c, d, e, f, g, h, k


CASES = [
    (order_in_memory, (A,)),
    (basic, (A, X, 2)),
    (fancy, (A, X, J)),
    (element_stores, (X, 2, J)),
    (views_write_through, (A, X, 2)),
    (copies_do_not, (A,)),
    (rank_two_stores, (A, X, J)), (row_loop, (A,)), (filled, (3,)), (float32_stores, (X,)), (complex_stores, (X,)),
]  # fmt: skip


@pytest.mark.parametrize(("function", "args"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_indexing(function, args):
    check(function, *args)
