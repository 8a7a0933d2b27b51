"""Eigenvalues, singular values, QR and cofactors by LAPACK: what they are made for holds, for all dtypes and shapes."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from tests.backend.llvm.test_systems import DTYPES, close, data, native

HERE = r"\(test_decompositions.py:\d+: .*np.linalg"
pytestmark = pytest.mark.compiled


def adjoint(x):
    return np.conj(np.swapaxes(x, -1, -2))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_eigenvalues(dtype):
    def found(a):
        return np.linalg.eigh(a), np.linalg.eigh(np.swapaxes(a, -1, -2), "U"), np.linalg.eigvalsh(a)

    derived, of_stacks = s2sad.jit(found), s2sad.jit(found)
    for n, stack in ((5, ()), (1, ()), (0, ()), (3, (2, 2)), (3, (0, 1))):
        a = data(n, dtype, stack=stack)[0]
        w, u, other, v, alone = native(of_stacks if stack else derived, a)
        lower = np.tril(a, -1) + adjoint(np.tril(a, -1)) + np.eye(n) * np.real(a)
        upper = np.conj(lower)  # what is above the diagonal of the transpose is not conjugated
        expected = np.linalg.eigvalsh(a)
        close([w, other, alone], [expected] * 3)
        assert u.dtype == v.dtype == dtype
        for values, vectors, matrix in ((w, u, lower), (other, v, upper)):
            close([(vectors * values[..., None, :]) @ adjoint(vectors)], [matrix.astype(dtype)])


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_singular_values_and_orthogonal_factors(dtype):
    def found(x):
        return np.linalg.svd(x, full_matrices=False), np.linalg.qr(x)

    derived, of_stacks = s2sad.jit(found), s2sad.jit(found)
    rng = np.random.default_rng(1)
    for shape in ((4, 4), (5, 3), (3, 5), (1, 4), (4, 1), (1, 1), (2, 3, 4, 3), (2, 0, 3, 4)):
        x = rng.normal(size=shape)
        x = (x + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)
        u, s, vh, q, r = native(derived if x.ndim == 2 else of_stacks, x)
        k = min(shape[-2:])
        units = np.broadcast_to(np.eye(k, dtype=dtype), (*shape[:-2], k, k))
        close([s], [np.linalg.svd(x, compute_uv=False)])
        close([(u * s[..., None, :]) @ vh, q @ r], [x, x])
        close([adjoint(u) @ u, vh @ adjoint(vh), adjoint(q) @ q], [units] * 3)
        close([np.abs(r)], [np.abs(np.linalg.qr(x)[1])])
        np.testing.assert_array_equal(r, np.triu(r))


@pytest.mark.parametrize("n", [1, 2, 3, 6])
def test_the_derivative_of_a_determinant(n):
    a = data(n, np.float64)[0]
    gradient = s2sad.grad(lambda a: np.linalg.det(a))
    close(native(gradient, a), [np.linalg.det(a) * np.linalg.inv(a).T])
    a[0] = a[-1] if n > 1 else 0.0
    h = 1e-6
    steps = h * np.eye(n * n).reshape(n * n, n, n)
    expected = [(np.linalg.det(a + s) - np.linalg.det(a - s)) / (2 * h) for s in steps]
    np.testing.assert_allclose(native(gradient, a)[0].ravel(), expected, rtol=1e-7, atol=1e-7)


def test_gradients_of_decompositions():
    def f(x):
        w, u = np.linalg.eigh(x @ x.T)
        s = np.linalg.svd(x, compute_uv=False)
        q, r = np.linalg.qr(x.T)
        return np.sum(w * u[0] ** 2) + np.sum(s**3) + np.sum(q**2 * np.cos(q)) + np.sum(np.abs(r))

    x = np.random.default_rng(2).normal(size=(3, 5))
    h = 1e-6
    steps = h * np.eye(15).reshape(15, 3, 5)
    expected = [(f(x + s) - f(x - s)) / (2 * h) for s in steps]
    np.testing.assert_allclose(s2sad.grad(f)(x).ravel(), expected, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("f", [
    lambda x: np.linalg.eigvalsh(x), lambda x: np.linalg.svd(x), lambda x: np.linalg.qr(x),
], ids=range(3))  # fmt: skip
def test_what_is_wrong_is_said(f):
    derived = s2sad.jit(f)
    with pytest.raises(np.linalg.LinAlgError, match="Array must not contain infs or NaNs " + HERE):
        derived(np.array([[1.0, np.inf], [0.0, 1.0]]))


def test_no_elements():
    for f in (lambda x: np.linalg.svd(x, full_matrices=False), lambda x: np.linalg.qr(x)):
        with pytest.raises(np.linalg.LinAlgError, match="Arrays cannot be empty"):
            s2sad.jit(f)(np.zeros((0, 3)))
