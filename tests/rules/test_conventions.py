"""Derivatives by complex numbers, and the cotangents of linear algebra, are JAX's own; `docs/kinks.md` has the rest."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from s2sad.rules import decompositions, linalg, products
from s2sad.rules import elementwise as e
from tests.rules.check import run, trace

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

CONVENTIONS: list[tuple[str, Any, Any, tuple[Any, ...]]] = [
    # name, ours, JAX's, arguments (each is differentiated on its own)
    ("abs at complex 0", e.abs_, jnp.abs, (0j,)),
    ("angle at complex 0", e.angle, jnp.angle, (0j,)),
    ("angle", e.angle, jnp.angle, (3 + 4j,)),
    ("real", e.real, jnp.real, (3 + 4j,)),
    ("imag", e.imag, jnp.imag, (3 + 4j,)),
    ("conj", e.conj, jnp.conj, (3 + 4j,)),
    ("complex abs", e.abs_, jnp.abs, (3 + 4j,)),
    ("complex power", e.pow, jnp.power, (1 + 2j, 0.5 - 1j)),
    ("a real base and a complex exponent", e.pow, jnp.power, (2.0, 0.5 - 1j)),
    ("vdot", products.vdot, jnp.vdot, (np.array([1 + 2j, 3.0]), np.array([2 - 1j, 1j]))),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("ours", "theirs", "args"), [c[1:] for c in CONVENTIONS], ids=[c[0] for c in CONVENTIONS])
def test_tangent(ours, theirs, args):
    args = tuple(np.asarray(a)[()] for a in args)
    rng = np.random.default_rng(5)
    for k, arg in enumerate(args):
        dots: list[Any] = [None] * len(args)
        dots[k] = (
            rng.standard_normal(arg.shape) + (1j * rng.standard_normal(arg.shape) if arg.dtype.kind == "c" else 0)
        )[()]
        _, (got,) = run(trace(ours, args), args, dots)
        value, expected = jax.jvp(lambda a, k=k: theirs(*args[:k], a, *args[k + 1 :]), (arg,), (dots[k],))
        np.testing.assert_allclose(np.zeros(value.shape) if got is None else got, expected, rtol=1e-12, atol=1e-12)


def test_gradient_of_a_complex_number():
    """JAX's example: the cotangent of z in ``real(z)**2 + imag(z)**2`` is 6 - 8j at 3 + 4j."""
    from tests.rules.check import cotangents

    z = np.complex128(3 + 4j)
    total = 0
    for part in (e.real, e.imag):
        p = part(z)
        total += cotangents(part, [z], 2 * p, p, {})[0]
    assert total == 6 - 8j
    assert total == jax.grad(lambda z: jnp.real(z) ** 2 + jnp.imag(z) ** 2)(3 + 4j)


SEVERAL = [
    ("det", linalg.det, jnp.linalg.det),
    ("inv", linalg.inv, jnp.linalg.inv),
    ("cholesky", linalg.cholesky, jnp.linalg.cholesky),
    ("slogdet", linalg.slogdet, lambda x: tuple(jnp.linalg.slogdet(x))),
    ("eigh", decompositions.eigh, lambda x: tuple(jnp.linalg.eigh(x))),
    ("svd", decompositions.svd, lambda x: tuple(jnp.linalg.svd(x, full_matrices=False))),
    ("qr", decompositions.qr, lambda x: tuple(jnp.linalg.qr(x))),
    ("pinv", decompositions.pinv, jnp.linalg.pinv),
    ("expm", decompositions.expm, jax.scipy.linalg.expm),
]


HERMITIAN = (linalg.cholesky, decompositions.eigh)


@pytest.mark.parametrize("complex_", [False, True], ids=["real", "complex"])
@pytest.mark.parametrize(("ours", "theirs"), [s[1:] for s in SEVERAL], ids=[s[0] for s in SEVERAL])
def test_vjp_of_linear_algebra(ours, theirs, complex_):
    """The cotangents are JAX's own, conjugates and symmetry included; that of eigh is on the triangle which is read."""
    from tests.rules.check import cotangents

    rng = np.random.default_rng(8)
    x = rng.standard_normal((3, 3)) + (1j * rng.standard_normal((3, 3)) if complex_ else 0)
    x = (x @ np.conj(x.T) + 3 * np.eye(3)) / 4
    x = x + (0.1j * rng.standard_normal((3, 3)) if complex_ and ours not in HERMITIAN else 0)
    out, pull = jax.vjp(theirs, x)
    outs = out if isinstance(out, tuple) else (out,)
    bars = tuple(
        (rng.standard_normal(o.shape) + (1j * rng.standard_normal(o.shape) if o.dtype.kind == "c" else 0)).astype(
            o.dtype
        )[()]
        for o in outs
    )
    (expected,) = pull(bars if isinstance(out, tuple) else bars[0])
    ours_out = ours(x)
    (got,) = cotangents(ours, [x], bars if isinstance(out, tuple) else bars[0], ours_out, {})
    if ours is decompositions.eigh:
        np.testing.assert_array_equal(got, np.tril(got))
        got = (got + np.conj(got.T)) / 2
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-10)
