"""Linear systems by instructions of our own and by LAPACK: NumPy's numbers and errors, for all layouts and dtypes."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.linalg
from numba.core.runtime import _nrt_python, rtsys

import s2sad
from s2sad.backend.llvm import module as llvm

pytestmark = pytest.mark.compiled
DTYPES = [np.float64, np.float32, np.complex128, np.complex64]
LINE = r"\(test_systems.py:\d+: .*np.linalg"


def native(derived, *args):
    """The results, of a function that takes no bridge."""
    unit = llvm.write(derived.lowered(args, {}).loops)
    assert not unit.bridges, [b.function for b in unit.bridges.values()]
    return s2sad.tree.leaves(derived(*args))


def close(found, expected):
    assert len(found) == len(expected)
    for a, b in zip(found, expected, strict=True):
        a, b = np.asarray(a), np.asarray(b)
        assert a.dtype == b.dtype and a.shape == b.shape
        single = b.dtype in (np.float32, np.complex64)
        np.testing.assert_allclose(a, b, rtol=2e-4 if single else 1e-10, atol=2e-4 if single else 1e-11)


def data(n, dtype, columns=3, seed=0, stack=()):
    """A matrix, right-hand sides, and a positive definite matrix."""
    rng = np.random.default_rng(seed)

    def numbers(*shape):
        x = rng.normal(size=shape)
        return (x + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else x).astype(dtype)

    a = numbers(*stack, n, n) + np.eye(n, dtype=dtype)
    definite = (a @ np.conj(np.swapaxes(a, -1, -2)) + np.eye(n, dtype=dtype)) / np.array(max(n, 1), dtype)
    return a, numbers(n), numbers(*stack, n, columns), definite


def everything(a, v, m, p):
    lower, upper = np.tril(a) + 2.0 * np.eye(a.shape[0]).astype(a.dtype), np.triu(p)
    return (
        np.linalg.solve(a, v), np.linalg.solve(a, m), np.linalg.solve(a.T, v), np.linalg.solve(a[::-1], m[:, ::-1]),
        np.linalg.inv(a), np.linalg.inv(a.T), np.linalg.cholesky(p), np.linalg.cholesky(p[::-1, ::-1]),
        np.linalg.solve(lower, v), np.linalg.solve(lower, m), np.linalg.solve(lower.T, v), np.linalg.solve(lower.T, m),
        np.linalg.solve(upper, v), np.linalg.solve(upper, m), np.linalg.solve(upper.T, v),
        np.linalg.inv(lower), np.linalg.inv(upper), np.linalg.inv(lower.T), np.linalg.solve(a.T, m.T.copy().T),
    )  # fmt: skip


def determinants(a, p):
    lower = np.tril(a) * (0.1 + 0.9 * np.eye(a.shape[0])).astype(a.dtype)
    sign, log = np.linalg.slogdet(a)
    other, same = np.linalg.slogdet(-a[::-1].T)
    last, size = np.linalg.slogdet(-lower)
    return sign, log, other, same, last, size, np.linalg.det(a), np.linalg.det(p.T), np.linalg.det(lower)


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_the_numbers_are_numpys(dtype):
    derived, of_determinants = s2sad.jit(everything), s2sad.jit(determinants)
    for n in (5, 1, 2, 0, 40):
        a, v, m, p = data(n, dtype)
        close(native(derived, a, v, m, p), everything(a, v, m, p))
        with np.errstate(all="ignore"):
            expected = [np.asarray(x).astype(y) for x, y in zip(determinants(a, p), _kinds(dtype), strict=True)]
        close(native(of_determinants, a, p), expected)


def _kinds(dtype):
    real = np.zeros((), dtype).real.dtype
    return [dtype, real, dtype, real, dtype, real, dtype, dtype, dtype]


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_stacks(dtype):
    def stacked(a, v, m, p, one):
        return (
            np.linalg.solve(a, v), np.linalg.solve(a, m), np.linalg.solve(a, one), np.linalg.solve(one, m),
            np.linalg.inv(a), np.linalg.inv(np.swapaxes(a, 0, 1)), np.linalg.cholesky(p), np.linalg.det(a),
            np.linalg.slogdet(p)[1], np.linalg.slogdet(a)[0], np.linalg.inv(np.tril(a)),
        )  # fmt: skip

    derived = s2sad.jit(stacked)
    for stack in ((2, 3), (0, 3), (1, 1)):
        args = (*data(4, dtype, columns=4, stack=stack), data(4, dtype, seed=1)[0])
        close(native(derived, *args), stacked(*args))


def test_whole_numbers_and_mixed_dtypes():
    def mixed(a, b, x):
        return np.linalg.solve(a, x), np.linalg.solve(x, b), np.linalg.inv(a), np.linalg.det(a), np.linalg.cholesky(b)

    a = np.array([[2, 1, 0], [1, 3, 1], [0, 5, 4]])
    b, x = np.diag([4, 9, 16]), np.array([[1.0, 2.0, 0.5], [0.0, 1.0, 3.0], [1.0, 0.0, 0.0]], np.float32)
    close(native(s2sad.jit(mixed), a, b, x), mixed(a, b, x))


def test_no_columns():
    def solved(a, m):
        return np.linalg.solve(a, m), np.linalg.solve(np.tril(a), m)

    a, _, m, _ = data(3, np.float64, columns=0)
    close(native(s2sad.jit(solved), a, m), solved(a, m))


@pytest.mark.parametrize("dtype", DTYPES, ids=lambda d: d.__name__)
def test_triangles_are_read_alone(dtype):
    def solved(a, v, m):
        return (
            scipy.linalg.solve_triangular(a, v, lower=True), scipy.linalg.solve_triangular(a, m),
            scipy.linalg.solve_triangular(a, v, trans=1), scipy.linalg.solve_triangular(a, m, trans=2, lower=True),
            scipy.linalg.solve_triangular(a, v, lower=True, unit_diagonal=True),
            scipy.linalg.solve_triangular(a.T, m, unit_diagonal=True), scipy.linalg.solve_triangular(a.T, v),
        )  # fmt: skip

    derived = s2sad.jit(solved)
    for n in (6, 1):
        a, v, m, _ = data(n, dtype)
        a = a + 4.0 * np.eye(n, dtype=dtype)
        close(native(derived, a, v, m), solved(a, v, m))


def test_systems_too_large_for_substitution(monkeypatch):
    """A triangular matrix that goes to LAPACK."""
    monkeypatch.setattr("s2sad.backend.llvm.systems.SUBSTITUTED", 10)

    def solved(a, m):
        return np.linalg.solve(np.tril(a), m), np.linalg.inv(np.triu(a)), np.linalg.solve(np.tril(a[:0, :0]), m[:0])

    a, _, m, _ = data(7, np.float64)
    close(native(s2sad.jit(solved), a, m), solved(a, m))


SINGULAR = [np.zeros((3, 3)), np.ones((3, 3)), np.diag([1.0, 0.0, 2.0]), np.array([[0.0, 0.0], [1.0, 1.0]])]


@pytest.mark.parametrize("a", SINGULAR, ids=range(len(SINGULAR)))
def test_singular_matrices(a):
    inverse, solved, determinant = (
        s2sad.jit(lambda a: np.linalg.inv(a)), s2sad.jit(lambda a, b: np.linalg.solve(a, b)),
        s2sad.jit(lambda a: (np.linalg.slogdet(a), np.linalg.det(a))),
    )  # fmt: skip
    for call in (lambda: inverse(a), lambda: solved(a, a[0]), lambda: solved(a, a.T)):
        with pytest.raises(np.linalg.LinAlgError, match="Singular matrix " + LINE) as raised:
            call()
        assert type(raised.value) is np.linalg.LinAlgError
    close(native(determinant, a), [0.0, -np.inf, 0.0])


def test_what_is_wrong_is_said():
    factor, inverse = s2sad.jit(lambda a: np.linalg.cholesky(a)), s2sad.jit(lambda a: np.linalg.inv(a))
    solved = s2sad.jit(lambda a, b: np.linalg.solve(a, b))
    logarithm = s2sad.jit(lambda a: np.linalg.slogdet(a)[1])
    with pytest.raises(np.linalg.LinAlgError, match="Matrix is not positive definite " + LINE):
        factor(np.diag([1.0, -1.0]))
    for bad in (np.nan, np.inf, -np.inf):
        for a in (np.array([[1.0, 2.0], [bad, 1.0]]), np.diag([1.0, bad])):
            calls = (lambda a=a: inverse(a), lambda a=a: logarithm(a), lambda a=a: solved(a, np.ones(2)),
                     lambda a=a: solved(np.ones((2, 2)) + np.eye(2), a), lambda a=a: solved(np.eye(2), a[1] + a[0]))
            for call in calls:
                with pytest.raises(np.linalg.LinAlgError, match="Array must not contain infs or NaNs " + LINE):
                    call()


def test_shapes_that_do_not_fit():
    def inverse(a, k):
        return np.linalg.inv(a[:k])

    def solved(a, b, k):
        return np.linalg.solve(a, b[:k])

    with pytest.raises(np.linalg.LinAlgError, match="must be square"):
        s2sad.jit(inverse)(np.eye(3), 2)
    for b in (np.ones(3), np.ones((3, 2))):
        with pytest.raises(ValueError, match="a system of 3 equations has a right-hand side of 2"):
            s2sad.jit(solved)(np.eye(3), b, 2)


def fit(theta, x, y):
    """A Gaussian process, with its explicit inverse beside it."""
    kernel = np.exp(-((x[:, None] - x[None, :]) ** 2) * theta[0]) + theta[1] * np.eye(len(x))
    root = np.linalg.cholesky(kernel)
    weights = np.linalg.solve(root.T, np.linalg.solve(root, y))
    sign, log = np.linalg.slogdet(kernel)
    both = np.linalg.solve(kernel, np.outer(x, y))
    return y @ weights + sign * log + np.sum(np.linalg.inv(kernel) * both) + np.linalg.det(kernel[:2, :2] * theta[2])


def test_a_gradient_and_a_second_derivative():
    rng = np.random.default_rng(3)
    theta, x, y = np.array([0.7, 0.4, 1.3]), rng.normal(size=5), rng.normal(size=5)
    gradient, h = s2sad.grad(fit), 1e-5
    steps = h * np.eye(3)
    expected = [(fit(theta + s, x, y) - fit(theta - s, x, y)) / (2 * h) for s in steps]
    np.testing.assert_allclose(gradient(theta, x, y), expected, rtol=1e-6)
    curvature = [(gradient(theta + s, x, y) - gradient(theta - s, x, y)) / (2 * h) for s in steps]
    np.testing.assert_allclose(s2sad.hessian(fit)(theta, x, y), curvature, rtol=1e-6, atol=1e-8)


def balance() -> int:
    stats = rtsys.get_allocation_stats()
    return stats.alloc - stats.free


@pytest.fixture
def counting():
    _nrt_python.memsys_enable_stats()
    yield
    _nrt_python.memsys_disable_stats()


@pytest.mark.usefixtures("counting")
def test_memory_is_given_back():
    def filtered(p, a, n):
        total = 0.0
        for _ in range(n):
            p = a @ p @ a.T + np.eye(2)
            gain = np.linalg.solve(p, a)
            p = p - gain @ np.linalg.inv(p) * 0.1
            total += np.linalg.cholesky(p @ p.T)[0, 0] + np.linalg.det(p)
        return total

    a = np.array([[0.5, 0.1], [0.0, 0.4]])
    gradient = s2sad.grad(filtered)
    gradient(np.eye(2), a, 5)
    before = balance()
    for _ in range(50):
        gradient(np.eye(2), a, 5)
        with pytest.raises(np.linalg.LinAlgError):
            gradient(np.full((2, 2), np.nan), a, 5)
    assert balance() == before
