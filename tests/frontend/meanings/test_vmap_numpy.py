"""`vmap` of NumPy functions, with and under `grad`, against JAX."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad import grad, vmap

jax = pytest.importorskip("jax")
jnp = jax.numpy
jax.config.update("jax_enable_x64", True)

RNG = np.random.default_rng(1)
M = RNG.normal(size=(5, 3, 4))
S = RNG.normal(size=(5, 3, 3)) + 3 * np.eye(3)
P = S @ S.swapaxes(1, 2)
V, U = RNG.normal(size=(5, 4)), RNG.normal(size=4)

CASES = {
    "sum": (lambda x, np: np.sum(x, axis=0), M),
    "mean": (lambda x, np: np.mean(x, axis=(0, 1), keepdims=True), M),
    "max": (lambda x, np: np.max(x, axis=1), M),
    "prod": (lambda x, np: np.prod(x, axis=-1), M),
    "var": (lambda x, np: np.var(x, axis=0), M),
    "cumsum": (lambda x, np: np.cumsum(x, axis=1), M),
    "sort": (lambda x, np: np.sort(x, axis=0), M),
    "argmax": (lambda x, np: x[np.argmax(x[:, 0])], M),
    "concatenate": (lambda x, np: np.concatenate([x, x * 2], axis=0), M),
    "stack": (lambda x, np: np.stack([x[0], x[1]], axis=1), M),
    "where": (lambda x, np: np.where(x > 0, x, -2 * x), M),
    "clip": (lambda x, np: np.clip(x, -0.5, 0.5), M),
    "gram": (lambda x, np: x.T @ x, M),
    "dot": (lambda x, np: np.dot(x, U), M),
    "einsum": (lambda x, np: np.einsum("ij,kj->ik", x, x), M),
    "tensordot": (lambda x, np: np.tensordot(x, x, axes=([0], [0])), M),
    "outer": (lambda x, np: np.outer(x, x), V),
    "kron": (lambda x, np: np.kron(x, x), V),
    "vdot": (lambda x, np: np.vdot(x, x), M),
    "inv": (lambda x, np: np.linalg.inv(x), S),
    "det": (lambda x, np: np.linalg.det(x), S),
    "slogdet": (lambda x, np: np.linalg.slogdet(x)[1], S),
    "cholesky": (lambda x, np: np.linalg.cholesky(x), P),
    "solve": (lambda x, np: np.linalg.solve(x, U[:3]), S),
    "norm": (lambda x, np: np.linalg.norm(x), M),
    "roll": (lambda x, np: np.roll(x, 1, axis=0), M),
    "flip": (lambda x, np: np.flip(x, axis=1), M),
    "reshape": (lambda x, np: x.reshape(2, 6)[1], M),
    "ravel": (lambda x, np: np.ravel(x) * 2, M),
    "diag": (lambda x, np: np.diag(x), S),
    "tril": (lambda x, np: np.tril(x), S),
    "trace": (lambda x, np: np.trace(x), S),
    "slice": (lambda x, np: x[1:, ::2], M),
    "fancy": (lambda x, np: x[np.array([2, 0])], M),
    "broadcast": (lambda x, np: x + x[0] + x[:, 0][:, None], M),
    "diff": (lambda x, np: np.diff(x, axis=0), M),
    "powers": (lambda x, np: np.abs(x) ** 2.5, M),
    "full": (lambda x, np: np.full((2, 3), x[0]), V),
    "zeros_like": (lambda x, np: np.zeros_like(x) + x[0], V),
}


@pytest.mark.parametrize("name", CASES)
def test_batches_and_their_gradients(name):
    f, x = CASES[name]
    with s2sad.using(backend="python", verify=True):
        values = vmap(lambda x: f(x, np))(x)
        of_each = vmap(grad(lambda x: np.sum(np.sin(f(x, np)))))(x)
        of_all = grad(lambda xs: np.sum(np.sin(vmap(lambda x: f(x, np))(xs))))(x)
    np.testing.assert_allclose(values, jax.vmap(lambda x: f(x, jnp))(x), rtol=1e-9, atol=1e-12)
    expected = jax.vmap(jax.grad(lambda x: jnp.sum(jnp.sin(f(x, jnp)))))(x)
    np.testing.assert_allclose(of_each, expected, rtol=1e-8, atol=1e-10)
    np.testing.assert_allclose(of_all, expected, rtol=1e-8, atol=1e-10)


@pytest.mark.compiled
@pytest.mark.parametrize("name", ["gram", "solve", "argmax"])
def test_compiled(name):
    f, x = CASES[name]
    found = grad(lambda xs: np.sum(np.sin(vmap(lambda x: f(x, np))(xs))))(x)
    expected = jax.vmap(jax.grad(lambda x: jnp.sum(jnp.sin(f(x, jnp)))))(x)
    np.testing.assert_allclose(found, expected, rtol=1e-8, atol=1e-10)
