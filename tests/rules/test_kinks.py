"""The derivative where there is none, or where a formula would divide by zero: what JAX says, in one table."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from s2sad.rules import decompositions, linalg, products, reductions, shape
from s2sad.rules import elementwise as e
from tests.rules.check import run, trace

jax = pytest.importorskip("jax")
jax.config.update("jax_enable_x64", True)
jnp = jax.numpy

inf, nan = math.inf, math.nan
V = np.array

KINKS: list[tuple[str, Any, Any, tuple[Any, ...]]] = [
    # name, ours, JAX's, arguments (each is differentiated on its own)
    ("abs at 0", e.abs_, jnp.abs, (0.0,)),
    ("abs at complex 0", e.abs_, jnp.abs, (0j,)),
    ("abs of nan", e.abs_, jnp.abs, (nan,)),
    ("sqrt at 0", e.sqrt, jnp.sqrt, (0.0,)),
    ("sqrt of a negative number", e.sqrt, jnp.sqrt, (-1.0,)),
    ("cbrt of a negative number", e.cbrt, jnp.cbrt, (-8.0,)),
    ("log at 0", e.log, jnp.log, (0.0,)),
    ("log1p at -1", e.log1p, jnp.log1p, (-1.0,)),
    ("reciprocal at 0", e.reciprocal, jnp.reciprocal, (0.0,)),
    ("arcsin at 1", e.arcsin, jnp.arcsin, (1.0,)),
    ("arccos at -1", e.arccos, jnp.arccos, (-1.0,)),
    ("arccosh at 1", e.arccosh, jnp.arccosh, (1.0,)),
    ("arctanh at 1", e.arctanh, jnp.arctanh, (1.0,)),
    ("arctan2 at the origin", e.arctan2, jnp.arctan2, (0.0, 0.0)),
    ("arctan2 on the cut", e.arctan2, jnp.arctan2, (0.0, -1.0)),
    ("hypot on an axis", e.hypot, jnp.hypot, (3.0, 0.0)),
    ("maximum at a tie", e.maximum, jnp.maximum, (2.0, 2.0)),
    ("minimum at a tie", e.minimum, jnp.minimum, (2.0, 2.0)),
    ("maximum with nan", e.maximum, jnp.maximum, (nan, 2.0)),
    ("fmax at a tie", e.fmax, jnp.fmax, (2.0, 2.0)),
    ("fmin at a tie", e.fmin, jnp.fmin, (2.0, 2.0)),
    ("fmax with nan", e.fmax, jnp.fmax, (nan, 2.0)),
    ("fmin with nan", e.fmin, jnp.fmin, (2.0, nan)),
    ("clip at its lower bound", lambda x: e.clip(x, 0.0, 1.0), lambda x: jnp.clip(x, 0.0, 1.0), (0.0,)),
    ("clip at its upper bound", lambda x: e.clip(x, 0.0, 1.0), lambda x: jnp.clip(x, 0.0, 1.0), (1.0,)),
    ("clip by the bounds", e.clip, jnp.clip, (1.5, 0.0, 1.0)),
    ("0 ** 0", e.pow, jnp.power, (0.0, 0.0)),
    ("0 ** 1", e.pow, jnp.power, (0.0, 1.0)),
    ("0 ** 2", e.pow, jnp.power, (0.0, 2.0)),
    ("0 ** 0.5", e.pow, jnp.power, (0.0, 0.5)),
    ("negative ** 2", e.pow, jnp.power, (-3.0, 2.0)),
    ("0 ** int 0", lambda x: e.integer_pow(x, n=0), lambda x: x**0, (0.0,)),
    ("0 ** int 1", lambda x: e.integer_pow(x, n=1), lambda x: x**1, (0.0,)),
    ("0 ** int 2", lambda x: e.integer_pow(x, n=2), lambda x: x**2, (0.0,)),
    (
        "0 ** array of ints",
        lambda x: e.pow(x, V([0, 1, 2])),
        lambda x: jnp.power(x, V([0, 1, 2])),
        (V([0.0, 0.0, 0.0]),),
    ),
    ("sign at 0", e.sign, jnp.sign, (0.0,)),
    ("copysign", e.copysign, jnp.copysign, (3.0, -1.0)),
    ("heaviside off 0", e.heaviside, jnp.heaviside, (1.0, 0.5)),
    ("sinc at 0", e.sinc, jnp.sinc, (0.0,)),
    ("logaddexp of two infinities", e.logaddexp, jnp.logaddexp, (-inf, -inf)),
    ("logaddexp at a tie", e.logaddexp, jnp.logaddexp, (1.0, 1.0)),
    ("logaddexp with one infinity", e.logaddexp, jnp.logaddexp, (-inf, 1.0)),
    ("tanh far out", e.tanh, jnp.tanh, (40.0,)),
    ("mod at a multiple", e.mod, jnp.mod, (6.0, 3.0)),
    ("mod of a negative number", e.mod, jnp.mod, (-5.0, 3.0)),
    ("fmod of a negative number", e.fmod, jnp.fmod, (-5.0, 3.0)),
    (
        "where guards a nan",
        lambda x: e.where(x > 0, e.log(e.where(x > 0, x, 1.0)), 0.0),
        lambda x: jnp.where(x > 0, jnp.log(jnp.where(x > 0, x, 1.0)), 0.0),
        (-1.0,),
    ),
    (
        "where lets a nan through",
        lambda x: e.where(x > 0, e.sqrt(x), 0.0),
        lambda x: jnp.where(x > 0, jnp.sqrt(x), 0.0),
        (0.0,),
    ),
    ("nan_to_num at nan", lambda x: e.nan_to_num(x), jnp.nan_to_num, (nan,)),
    ("max with ties", lambda x: reductions.max_(x), jnp.max, (V([1.0, 3.0, 3.0, 3.0]),)),
    ("min with ties", lambda x: reductions.min_(x, axis=1), lambda x: jnp.min(x, 1), (V([[1.0, 1.0], [2.0, 3.0]]),)),
    ("prod with a zero", lambda x: reductions.prod(x), jnp.prod, (V([2.0, 0.0, 3.0]),)),
    ("prod with two zeros", lambda x: reductions.prod(x), jnp.prod, (V([2.0, 0.0, 0.0]),)),
    ("cumprod with a zero", lambda x: reductions.cumprod(x, axis=0), jnp.cumprod, (V([2.0, 0.0, 3.0]),)),
    ("sort with ties", lambda x: shape.sort(x), jnp.sort, (V([2.0, 1.0, 2.0, 1.0]),)),
    ("det of a singular matrix", linalg.det, jnp.linalg.det, (V([[1.0, 2.0], [2.0, 4.0]]),)),
    ("det of a matrix of zeros", linalg.det, jnp.linalg.det, (np.zeros((3, 3)),)),
    ("angle at complex 0", e.angle, jnp.angle, (0j,)),
    ("angle", e.angle, jnp.angle, (3 + 4j,)),
    ("real", e.real, jnp.real, (3 + 4j,)),
    ("imag", e.imag, jnp.imag, (3 + 4j,)),
    ("conj", e.conj, jnp.conj, (3 + 4j,)),
    ("complex abs", e.abs_, jnp.abs, (3 + 4j,)),
    ("complex power", e.pow, jnp.power, (1 + 2j, 0.5 - 1j)),
    ("a real base and a complex exponent", e.pow, jnp.power, (2.0, 0.5 - 1j)),
    ("vdot", products.vdot, jnp.vdot, (V([1 + 2j, 3.0]), V([2 - 1j, 1j]))),
]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize(("ours", "theirs", "args"), [k[1:] for k in KINKS], ids=[k[0] for k in KINKS])
def test_kink(ours, theirs, args):
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
    """The cotangents are JAX's own, conjugates and symmetry included."""
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
    np.testing.assert_allclose(got, expected, rtol=1e-9, atol=1e-10)
