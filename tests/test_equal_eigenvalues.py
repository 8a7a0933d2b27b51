"""Equal eigenvalues and singular values: what is smooth there has its derivative, to second order; the rest is nan.

Checked against differences along a direction in which the eigenvalues part. See `docs/decisions/equal-eigenvalues.md`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import s2sad
from tests.helpers import backend

RNG = np.random.default_rng(28)
W = RNG.standard_normal((4, 4))
Z = W + 1j * RNG.standard_normal((4, 4))


def dagger(x: Any) -> Any:
    return np.conj(x.T)


def unitary(n: int, complex_: bool = False) -> Any:
    return np.linalg.qr(RNG.standard_normal((n, n)) + (1j * RNG.standard_normal((n, n)) if complex_ else 0))[0]


# -- functions


def projector(x):
    v = np.linalg.eigh(x)[1]
    return np.sum(np.sin(v[:, 1:3] @ v[:, 1:3].T) * W)


def chosen_by_value(x):
    w, v = np.linalg.eigh(x)
    return np.sum((v * (np.abs(w - 3.0) < 0.5) @ v.T) ** 2 * W)


def of_upper(x):
    v = np.linalg.eigh(x, "U")[1]
    return np.sum(np.sin(v[:, 1:3] @ v[:, 1:3].T) * W)


def complex_projector(x):
    v = np.linalg.eigh(x)[1]
    return np.sum(np.real(np.sin(v[:, 1:3] @ np.conj(v[:, 1:3].T)) * Z))


def spectral_projector(x):
    w, v = np.linalg.eig(x)
    p = np.real(v * (np.abs(w - 3.0) < 0.5) @ np.linalg.inv(v))
    return np.sum(np.sin(p) * W)


def polar(x):
    u, _, vh = np.linalg.svd(x, full_matrices=False)
    p = u @ vh
    return np.sum(np.real(np.sin(p) * Z[:, : p.shape[1]]))


def left_space(x):
    u = np.linalg.svd(x, full_matrices=False)[0]
    return np.sum(np.real(np.sin(u[:, :2] @ np.conj(u[:, :2].T)) * Z))


def nuclear(x):
    return np.linalg.norm(x, "nuc")


def total(x):
    return np.sum(np.linalg.eigvalsh(x))


# -- where


def symmetric(w: list[float], complex_: bool = False) -> Any:
    q = unitary(len(w), complex_)
    x = q * np.array(w) @ dagger(q)
    return (x + dagger(x)) / 2


def rectangular(s: list[float], rows: int, complex_: bool = False) -> Any:
    return unitary(rows, complex_)[:, : len(s)] * np.array(s) @ unitary(len(s), complex_)


def similar(w: list[float]) -> Any:
    v = np.eye(4) + 0.2 * RNG.standard_normal((4, 4))
    return v * np.array(w) @ np.linalg.inv(v)


EQUAL, SINGULAR = [1.0, 3.0, 3.0, 5.0], [3.0, 3.0, 1.0, 0.5]
SMOOTH: dict[str, tuple[Callable[..., Any], Any]] = {
    "projector": (projector, symmetric(EQUAL)),
    "projector, exactly equal": (projector, np.diag(EQUAL)),
    "chosen by value": (chosen_by_value, symmetric(EQUAL)),
    "upper triangle": (of_upper, symmetric(EQUAL)),
    "complex": (complex_projector, symmetric(EQUAL, True)),
    "eig": (spectral_projector, similar(EQUAL)),
    "eig, exactly equal": (spectral_projector, np.diag(EQUAL)),
    "polar": (polar, rectangular(SINGULAR, 4)),
    "polar of the identity": (polar, np.eye(4)),
    "polar, complex": (polar, rectangular(SINGULAR, 4, True)),
    "polar, tall": (polar, rectangular([2.0, 2.0, 1.0], 4)),
    "polar, tall and complex": (polar, rectangular([2.0, 2.0, 1.0], 4, True)),
    "left space": (left_space, rectangular(SINGULAR, 4)),
    "left space, tall": (left_space, rectangular([2.0, 2.0, 1.0], 4)),
    "left space, complex": (left_space, rectangular(SINGULAR, 4, True)),
    "nuclear norm": (nuclear, rectangular(SINGULAR, 4)),
    "total": (total, symmetric(EQUAL)),
}
HERMITIAN = (projector, chosen_by_value, of_upper, complex_projector, total)


def direction(function: Any, x: Any) -> Any:
    d = RNG.standard_normal(x.shape) + (1j * RNG.standard_normal(x.shape) if x.dtype.kind == "c" else 0)
    return d + dagger(d) if function in HERMITIAN else d


CASES = [(f, x, direction(f, x)) for f, x in SMOOTH.values()]


def slope(g: Callable[[float], Any], h: float) -> Any:
    return (8 * (g(h) - g(-h)) - (g(2 * h) - g(-2 * h))) / (12 * h)


def curvature(g: Callable[[float], Any], h: float) -> Any:
    return (16 * (g(h) + g(-h)) - (g(2 * h) + g(-2 * h)) - 30 * g(0.0)) / (12 * h * h)


def along(gradient: Any, d: Any) -> Any:
    return np.sum(gradient * d).real


@pytest.mark.parametrize(("f", "x", "d"), CASES, ids=SMOOTH)
def test_first_order(f, x, d):
    expected = slope(lambda t: f(x + t * d), 1e-4)
    with backend():
        np.testing.assert_allclose(along(s2sad.grad(f)(x), d), expected, rtol=1e-8, atol=1e-8)
        np.testing.assert_allclose(s2sad.jvp(f, (x,), (d,))[1], expected, rtol=1e-8, atol=1e-8)


@pytest.mark.parametrize(("f", "x", "d"), CASES, ids=SMOOTH)
def test_second_order(f, x, d):
    expected = curvature(lambda t: f(x + t * d), 1e-3)
    gradient = s2sad.grad(f)

    def forward(y):
        return s2sad.jvp(f, (y,), (d,))[1]

    def slope_of_gradient(y):
        return np.sum(np.real(gradient(y) * d))

    with backend():
        np.testing.assert_allclose(along(s2sad.jvp(gradient, (x,), (d,))[1], d), expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(along(s2sad.grad(slope_of_gradient)(x), d), expected, rtol=1e-6, atol=1e-6)
        np.testing.assert_allclose(s2sad.jvp(forward, (x,), (d,))[1], expected, rtol=1e-6, atol=1e-6)


def test_compiled():
    x, d = np.diag(EQUAL), direction(projector, np.diag(EQUAL))
    expected = slope(lambda t: projector(x + t * d), 1e-4)
    with backend("numba"):
        np.testing.assert_allclose(along(s2sad.grad(projector)(x), d), expected, rtol=1e-8)
        np.testing.assert_allclose(s2sad.jvp(projector, (x,), (d,))[1], expected, rtol=1e-8)


def test_single_precision():
    x = symmetric(EQUAL).astype(np.float32)
    d = direction(projector, x)
    expected = slope(lambda t: projector(x.astype(float) + t * d), 1e-4)
    with backend():
        np.testing.assert_allclose(along(s2sad.grad(projector)(x), d), expected, rtol=1e-4, atol=1e-5)


def test_stacks_and_batches():
    xs = np.stack([symmetric(EQUAL), np.diag(EQUAL), symmetric([1.0, 2.0, 3.0, 4.0])])

    def of_stack(x):
        v = np.linalg.eigh(x)[1][..., 1:3]
        return np.sum(np.sin(v @ np.swapaxes(v, -1, -2)) * W)

    gradient = s2sad.grad(projector)
    with backend():
        each = np.stack([gradient(x) for x in xs])
        np.testing.assert_allclose(s2sad.grad(of_stack)(xs), each, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(s2sad.vmap(gradient)(xs), each, rtol=1e-12, atol=1e-12)
        d = direction(projector, xs[0])
        push = s2sad.linearize(projector, xs[0])[1]
        np.testing.assert_allclose(push(d), along(each[0], d), rtol=1e-12)


def test_stacks_of_singular_vectors():
    xs = np.stack([rectangular([2.0, 2.0, 1.0], 4), np.eye(4)[:, :3]])

    def of_stack(x):
        u, _, vh = np.linalg.svd(x, full_matrices=False)
        return np.sum(np.sin(u @ vh) * W[:, :3])

    with backend():
        each = np.stack([s2sad.grad(polar)(x) for x in xs])
        np.testing.assert_allclose(s2sad.grad(of_stack)(xs), each, rtol=1e-12, atol=1e-12)
        np.testing.assert_allclose(s2sad.vmap(s2sad.grad(polar))(xs), each, rtol=1e-12, atol=1e-12)


def test_hessian():
    x, d = np.diag(EQUAL), direction(projector, np.diag(EQUAL))
    with backend():
        hessian = s2sad.hessian(projector)(x)
    expected = curvature(lambda t: projector(x + t * d), 1e-3)
    np.testing.assert_allclose(np.sum(d * np.tensordot(hessian, d)), expected, rtol=1e-6)


# -- what one decomposition cannot tell


def exponential(x):
    w, v = np.linalg.eigh(x)
    return np.sum(v * np.exp(w) @ v.T * W)


def exponential_by_svd(x):
    u, s, vh = np.linalg.svd(x)
    return np.sum(u * np.exp(s) @ vh * W)


def exponential_by_eig(x):
    w, v = np.linalg.eig(x)
    return np.sum(np.real(v * np.exp(w) @ np.linalg.inv(v)) * W)


def logarithm_off_diagonal(x):
    w, v = np.linalg.eigh(x)
    return np.sum((v * np.log(w) @ v.T) * (1.0 - 0.5 * np.eye(4)))


UNKNOWN = {
    "exponential": (exponential, symmetric(EQUAL)),
    "exponential, exactly equal": (exponential, np.diag(EQUAL)),
    "svd": (exponential_by_svd, rectangular(SINGULAR, 4)),
    "eig": (exponential_by_eig, similar(EQUAL)),
    "logarithm of the identity": (logarithm_off_diagonal, np.eye(4)),
}


@pytest.mark.parametrize(("f", "x"), UNKNOWN.values(), ids=UNKNOWN)
def test_functions_of_values_and_vectors_are_never_silently_wrong(f, x):
    d = direction(exponential, x)
    with backend():
        assert not np.all(np.isfinite(s2sad.grad(f)(x)))
        assert np.isnan(s2sad.jvp(f, (x,), (d,))[1])


@pytest.mark.parametrize("f", [exponential, exponential_by_svd, exponential_by_eig])
def test_and_right_where_all_are_apart(f):
    x = symmetric([1.0, 2.0, 3.5, 5.0])
    d = direction(exponential, x)
    expected = slope(lambda t: f(x + t * d), 1e-4)
    with backend():
        np.testing.assert_allclose(along(s2sad.grad(f)(x), d), expected, rtol=1e-7)
        np.testing.assert_allclose(s2sad.jvp(f, (x,), (d,))[1], expected, rtol=1e-7)


def test_equal_eigenvalues_elsewhere_do_no_harm():
    def ground(x):
        w, v = np.linalg.eigh(x)
        return w[0] * np.sum(v[:, 0] * W[0]) ** 2

    x = symmetric(EQUAL)
    d = direction(exponential, x)
    expected = slope(lambda t: ground(x + t * d), 1e-4)
    with backend():
        np.testing.assert_allclose(along(s2sad.grad(ground)(x), d), expected, rtol=1e-8)
        np.testing.assert_allclose(s2sad.jvp(ground, (x,), (d,))[1], expected, rtol=1e-8)


def test_symmetric_functions_of_eigenvalues():
    """The first derivative is there; the second is not to be had from one decomposition."""

    def exponentials(x):
        return np.sum(np.exp(np.linalg.eigvalsh(x)))

    x = symmetric(EQUAL)
    d = direction(exponential, x)
    with backend():
        gradient = s2sad.grad(exponentials)
        expected = slope(lambda t: exponentials(x + t * d), 1e-4)
        np.testing.assert_allclose(along(gradient(x), d), expected, rtol=1e-8)
        assert np.isnan(along(s2sad.jvp(gradient, (x,), (d,))[1], d))
