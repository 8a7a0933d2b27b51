"""Arrays that are filled, and sums over what was broadcast, by loops of our own: NumPy's numbers and errors."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad
from s2sad.backend.llvm import module as llvm

pytestmark = pytest.mark.compiled


def native(derived, *args):
    """The results, of a function that takes no bridge."""
    unit = llvm.write(derived.lowered(args, {}).loops)
    assert not unit.bridges, [b.function for b in unit.bridges.values()]
    return s2sad.tree.leaves(derived(*args))


def test_arrays_that_are_made():
    def made(n, m, x, z):
        return (
            np.full((n, m), x), np.full(n, z), np.full((m, 2), -np.inf), np.full(n, 3), np.full((n, m), True),
            np.full(m, x, np.float32), np.eye(n), np.eye(n, m), np.eye(n, m, 1), np.eye(n, m, -2), np.eye(m, k=9),
            np.eye(n, dtype=np.float32), np.eye(n, dtype=complex), np.arange(n), np.arange(2, m), np.arange(m, 0, -2),
            np.arange(n, m, 3), np.broadcast_to(x, (n, m)), np.broadcast_to(np.full(m, x), (n, m)),
        )  # fmt: skip

    derived = s2sad.jit(made)
    for n, m in ((3, 5), (5, 3), (0, 2), (4, 0), (1, 1)):
        args = (n, m, 1.5, 2.0 - 1.0j)
        for a, b in zip(native(derived, *args), made(*args), strict=True):
            assert a.dtype == b.dtype and a.shape == b.shape
            np.testing.assert_array_equal(a, b)
    with pytest.raises(ValueError, match="negative dimensions"):
        derived(-1, 2, 1.0, 1j)


def scaled(x, y, n, m):
    """Sums over rows, columns and leading axes, where the sizes are known at run time only."""
    a, b = x[:n], y[:m, :n]
    return np.sum((a * b) ** 2) + np.sum(b[:, :1] * b * b) + np.sum((b[:1] + a) * a[:1])


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128], ids=lambda d: d.__name__)
@pytest.mark.parametrize(("n", "m"), [(4, 3), (1, 3), (4, 1), (1, 1), (2, 0)])
def test_sums_over_what_was_broadcast(dtype, n, m):
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=4).astype(dtype), rng.normal(size=(3, 4)).astype(dtype)
    gradient = s2sad.grad(scaled, argnums=(0, 1), holomorphic=dtype is np.complex128)
    assert "unbroadcast" in gradient.lowered((x, y, n, m), {}).source
    found = native(gradient, x, y, n, m)
    with s2sad.using(backend="python", lower=False), np.errstate(all="ignore"):
        expected = gradient(x, y, n, m)
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4 if dtype is np.float32 else 1e-12, atol=1e-6)


def test_the_sum_of_exponentials():
    x = np.array([0.0, 1.0, -3.0, 800.0, -np.inf, np.inf, np.nan, 1e-300, -0.0])
    derived = s2sad.jit(lambda x, y: np.logaddexp(x, y))
    for dtype in (np.float64, np.float32):
        a, b = (v.astype(dtype).ravel() for v in np.meshgrid(x, x))
        (found,) = native(derived, a, b)
        assert found.dtype == dtype
        with np.errstate(all="ignore"):
            expected = np.logaddexp(a, b)
        np.testing.assert_allclose(found, expected, rtol=3 * np.finfo(dtype).eps)
