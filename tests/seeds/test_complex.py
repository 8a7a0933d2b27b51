"""Complex numbers: jvp and vjp of functions that are not holomorphic, and the promise that they are."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from s2sad import grad, jvp, vjp
from tests.seeds.model import close


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_jvp_of_two_real_functions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, c, d = rng.uniform(size=4)

    def fun(z: Any) -> Any:
        x, y = np.real(z), np.imag(z)
        return u(x, y) + v(x, y) * 1j

    def u(x: Any, y: Any) -> Any:
        return a * x + b * y

    def v(x: Any, y: Any) -> Any:
        return c * x + d * y

    x, y, p, q = rng.uniform(size=4)
    z, z_dot = x + y * 1j, p + q * 1j
    _, ans = jvp(fun, (z,), (z_dot,))
    expected = grad(u, 0)(x, y) * p + grad(u, 1)(x, y) * q + grad(v, 0)(x, y) * p * 1j + grad(v, 1)(x, y) * q * 1j
    close(ans, expected)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_the_vjp_of_two_real_functions(seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b, c, d = rng.uniform(size=4)

    def fun(z: Any) -> Any:
        x, y = np.real(z), np.imag(z)
        return u(x, y) + v(x, y) * 1j

    def u(x: Any, y: Any) -> Any:
        return a * x + b * y

    def v(x: Any, y: Any) -> Any:
        return c * x + d * y

    x, y, p, q = rng.uniform(size=4)
    z, z_bar = x + y * 1j, np.array(p + q * 1j)
    _, fun_vjp = vjp(fun, z)
    (ans,) = fun_vjp(z_bar)
    expected = (
        grad(u, 0)(x, y) * p
        + grad(v, 0)(x, y) * (-q)
        + grad(u, 1)(x, y) * p * (-1j)
        + grad(v, 1)(x, y) * (-q) * (-1j)
    )
    close(ans, expected)


def test_a_real_function_of_a_complex_number() -> None:
    def f(z: Any) -> Any:
        x, y = np.real(z), np.imag(z)
        return x**2 + y**2

    assert grad(f)(3.0 + 4j) == 6.0 - 8.0j


def test_a_promise_to_be_holomorphic() -> None:
    def f(z: Any) -> Any:
        return np.sin(z)

    close(grad(f, holomorphic=True)(3.0 + 4j), -27.034946 - 3.8511534j)
    with pytest.raises(TypeError, match="real-valued outputs"):
        grad(f)(3.0 + 4j)


def test_a_promise_that_is_broken() -> None:
    def f(z: Any) -> Any:
        return np.conjugate(z)

    found = grad(f, holomorphic=True)(3.0 + 4j)
    assert found == 1.0 - 0.0j


def test_the_cholesky_factor_of_a_complex_matrix() -> None:
    A = np.array([[5.0, 2.0 + 3j, 5j], [2.0 - 3j, 7.0, 1.0 + 7j], [-5j, 1.0 - 7j, 12.0]])

    def f(X: Any) -> Any:
        L = np.linalg.cholesky(X)
        return np.sum((L - np.sin(L)) ** 2)

    documented = [
        [-0.7534186, -3.0509028 - 10.940544j, 5.9896846 + 3.5423026j],
        [-3.0509028 + 10.940544j, -8.904491, -5.1351523 - 6.559373j],
        [5.9896846 - 3.5423026j, -5.1351523 + 6.559373j, 0.01320427],
    ]
    close(grad(f, holomorphic=True)(A), documented, 1e-5, 2e-5)
