"""NumPy's functions and the methods of arrays."""

from __future__ import annotations

import numpy as np
import pytest

from tests.frontend.harness import check

rng = np.random.default_rng(5)
X, Y = rng.standard_normal(5), rng.standard_normal(5)
A, B = rng.standard_normal((4, 5)), rng.standard_normal((5, 3))
T = rng.standard_normal((2, 3, 4))
M = rng.standard_normal((4, 4))
S = M @ M.T + 4 * np.eye(4)


def elementwise(x):
    return (
        np.sin(x),
        np.exp(x) + 1,
        np.maximum(x, 0.0),
        np.where(x > 0, x, 0.0),
        np.sqrt(np.abs(x)),
        np.square(x),
        np.power(x, 2),
        np.clip(x, -0.5, 0.5), np.clip(x, None, 0.5), np.round(x, 1), np.isnan(x), np.logical_and(x > 0, x < 1), ~(
            x > 0
        ),
        np.nan_to_num(x), np.heaviside(x, 0.5), np.sign(x), np.hypot(x, 1.0), np.add(
            x, 1, dtype=np.float64
        ), np.isclose(x, x),
        np.allclose(x, x), np.array_equal(x, x), np.modf(x), np.divmod(x, 2.0), np.float_power(np.abs(x), 1.5), x.clip(
            0, 1
        ), x.round(1),
    )  # fmt: skip


def with_out(x):
    o = np.zeros(5)
    np.add(x, 1.0, out=o)
    np.multiply(o, 2.0, o)
    np.sin(o, o)
    s = np.zeros(())
    np.sum(x, out=s)
    return o, s


def attributes(a):
    return a.shape, a.size, a.ndim, a.dtype, a.T, a.real, a.imag, len(a), a.itemsize, a.shape[0] * 2


def reduced(a):
    return (
        a.sum(),
        a.sum(0),
        a.sum(axis=1, keepdims=True),
        a.mean(),
        a.mean(axis=0),
        a.std(),
        a.var(1, ddof=1),
        a.max(),
        a.min(axis=0),
        a.prod(), a.argmax(), a.argmin(axis=1), a.cumsum(), a.cumsum(0), a.any(), (a > 0).all(
            axis=0
        ), a.trace(), np.sum(a, axis=(0, 1)),
        np.max(a, axis=-1), np.count_nonzero(a > 0), np.ptp(a), np.average(a, axis=0), np.median(a), np.median(
            a, axis=0
        ),
        np.quantile(a, 0.3), np.percentile(a, 35.0, axis=1), np.sum(a, where=a > 0), np.sum(a, initial=1.0), np.cumprod(
            a, axis=1
        ),
        np.nansum(a), np.add.reduce(a), np.mean(a > 0), np.sum(a > 0), np.logaddexp.reduce(a), np.nanmean(a), np.var(
            a, axis=(0, 1)
        ),
    )  # fmt: skip


def norms(a, x):
    return (
        np.linalg.norm(x),
        np.linalg.norm(a),
        np.linalg.norm(a, axis=1),
        np.linalg.norm(x, 1),
        np.linalg.norm(x, np.inf),
        np.linalg.norm(x, 3), np.linalg.norm(a, "fro"), np.linalg.norm(a, 1), np.linalg.norm(a, axis=0, keepdims=True),
    )  # fmt: skip


def products(a, b, x):
    return (
        a @ x,
        a @ b,
        x @ x,
        np.dot(a, x),
        np.dot(x, 2.0),
        np.inner(x, x),
        np.outer(x, x),
        np.vdot(x, x),
        np.tensordot(a, b, 1),
        np.einsum("ij,jk->ik", a, b), np.kron(x, x), a.dot(x), np.matmul(a, x), np.add.outer(x, x), np.cov(a),
    )  # fmt: skip


def linear_algebra(s, x):
    return (
        np.linalg.det(s),
        np.linalg.slogdet(s),
        np.linalg.slogdet(s).logabsdet,
        np.linalg.inv(s),
        np.linalg.solve(s, x[:4]),
        np.linalg.cholesky(s), np.linalg.matrix_power(s, 3), np.trace(s), np.linalg.solve(s, s),
    )  # fmt: skip


def made(x, a, n):
    return (
        np.zeros(n),
        np.zeros((n, 2)),
        np.ones(3),
        np.full(n, 2.5),
        np.full((2, 2), 1),
        np.eye(n),
        np.eye(2, 3),
        np.identity(2),
        np.arange(n), np.arange(1, n), np.arange(0.0, 1.0, 0.25), np.arange(3), np.linspace(0, 1, n), np.linspace(
            0, 1, 5, endpoint=False
        ),
        np.zeros_like(x), np.ones_like(a), np.full_like(x, 3), np.array([1.0, 2.0]), np.array(
            [[1, 2], [3, 4]]
        ), np.array([x[0], 1, 2]),
        np.array([x, x]), np.array(x), np.asarray(x), np.array([[x[0], 0], [0, 1]]), np.zeros(3, dtype=int), np.ones(
            2, np.float32
        ),
        np.array([1, 2, 3], dtype=float), np.zeros((0, 3)), np.array(2.0) + 1, np.array([1.0] * 3), np.meshgrid(
            x, np.arange(3)
        ),
        np.array([True, False]), np.arange(5)[::2], np.array([]), np.logspace(0, 1, 4), np.vander(x, 3), np.array(
            x, ndmin=2
        ),
        np.array(range(4)), np.diag_indices(3), np.empty((2, 0)).shape,
    )  # fmt: skip


def shaped(x, a, t):
    return (
        a.reshape(5, 4),
        a.reshape(-1),
        a.reshape((2, 10)),
        np.reshape(a, (4, -1)),
        t.transpose(1, 0, 2),
        np.transpose(t, (2, 0, 1)),
        t.swapaxes(0, 2), np.moveaxis(t, 0, -1), np.expand_dims(x, 0), np.squeeze(x[None]), np.ravel(a), a.T.reshape(
            -1
        ), a.flatten(),
        a[:, 0].reshape(2, 2), np.broadcast_to(x, (3, 5)), np.atleast_2d(x), np.rollaxis(a, 1), a.reshape(2, 2, 5).sum(
            axis=1
        ),
        a.ravel(), t.reshape(6, -1), np.rot90(a), np.shape(a), np.ndim(a), np.size(a), a.reshape(4, 5, order="F"),
    )  # fmt: skip


def joined(x, a):
    return (
        np.concatenate([x, x]),
        np.concatenate((a, a), axis=1),
        np.stack([x, x]),
        np.stack([x, x], axis=1),
        np.vstack([x, x]),
        np.hstack([x, x]), np.column_stack([x, x]), np.dstack([a, a]), np.hstack((x[0], x)), np.append(x, 1.0), np.pad(
            x, 1
        ),
        np.tile(x, 2), np.tile(a, (2, 1)), np.repeat(x, 2), np.repeat(a, 2, axis=0), np.split(
            np.arange(6), 3
        ), np.concatenate([x, np.zeros(0)]),
    )  # fmt: skip


def reordered(x, a):
    return (
        np.roll(x, 1),
        np.roll(a, 1, axis=0),
        np.flip(x),
        np.flip(a, 1),
        np.sort(x),
        np.argsort(x),
        np.sort(a, axis=0),
        np.diff(x),
        np.diff(a, axis=0), np.diag(x), np.diag(a[:, :4]), np.tril(a), np.triu(a, 1), a.diagonal(), np.fliplr(
            a
        ), np.convolve(x, np.array([1.0, 2.0])),
        np.trapezoid(x), np.gradient(x), np.polyval([1.0, 2.0, 3.0], x), np.cross(x[:3], x[2:]) if False else x,
    )  # fmt: skip


def searched(x, a):
    return (
        np.nonzero(x > 0), np.where(x > 0)[0], np.take(x, [0, 1]), np.searchsorted(np.sort(x), 0.1), np.argwhere(x > 0),
        np.interp(0.3, np.array([0.0, 1.0]), np.array([1.0, 3.0])), np.interp(
            x, np.array([-1.0, 0.0, 1.0]), np.array([1.0, 3.0, 2.0])
        ),
        np.select([x > 0, x < -1], [x, 2 * x]), np.choose(np.array([0, 1, 0]), [x[:3], x[2:5]]), np.bincount(
            np.array([0, 1, 1]), minlength=3
        ),
        np.take_along_axis(a, np.argsort(a, axis=1), axis=1), np.unravel_index(3, (2, 2)), np.flatnonzero(
            x > 0
        ), np.nonzero(a > 0),
        np.delete(x, 1), a[np.ix_([0, 1], [1, 2])],
    )  # fmt: skip


def converted(x):
    k = x.astype(int)
    f = x.astype(np.float32)
    return k, f, k * 2, k / 2, k.sum(), k.mean(), k + 0.5, k % 3, k // 2, k**2, f * 2.0, f.mean(), f**2, f + k, np.var(
        k
    ), f.sum(), -k, abs(k)


def complex_arrays(x, y):
    z = x + 1j * y
    return z.real, z.imag, z.conj(), np.abs(z), np.angle(z), z * 2j, np.exp(z), np.sum(z), z[0].real, np.vdot(
        z, z
    ), np.linalg.norm(z), np.var(z)


CASES = [
    (elementwise, (X,)), (with_out, (X,)), (attributes, (A,)), (reduced, (A,)), (norms, (A, X)), (products, (A, B, X)),
    (linear_algebra, (S, X)), (made, (X, A, 4)), (shaped, (X, A, T)), (joined, (X, A)), (reordered, (X, A)), (
        searched, (X, A)
    ),
    (converted, (X * 3,)), (complex_arrays, (X, Y)),
]  # fmt: skip


@pytest.mark.parametrize(("function", "args"), CASES, ids=[f.__name__ for f, _ in CASES])
def test_arrays(function, args):
    check(function, *args)
