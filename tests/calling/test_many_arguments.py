"""More numbers as arguments than a list may have before it is read as one array."""

import numpy as np

import s2sad

NUMBERS = tuple(0.5 + 0.1 * k for k in range(18))


def of_many(a, b, c, d, e, f, g, h, i, j, k, u, m, n, o, p, q, r):
    return a * b + c * d * e - f * g + h * i * j + k * u - m * n + o * p * q * r


def test_each_is_an_argument_of_its_own() -> None:
    grads = s2sad.grad(of_many, (0, 17))(*NUMBERS)
    o, p, q = NUMBERS[14:17]
    np.testing.assert_allclose(grads, (NUMBERS[1], o * p * q))
    assert len(s2sad.grad(of_many, tuple(range(18)))(*NUMBERS)) == 18
    value, dot = s2sad.jvp(of_many, NUMBERS, (1.0, *[0.0] * 17))
    np.testing.assert_allclose((value, dot), (of_many(*NUMBERS), NUMBERS[1]))
    _, pullback = s2sad.vjp(of_many, *NUMBERS)
    np.testing.assert_allclose(pullback(1.0)[17], o * p * q)
    assert "return b" in s2sad.grad(of_many).lower(*NUMBERS).source
    np.testing.assert_allclose(s2sad.hvp(of_many, NUMBERS, (0.0, 1.0, *[0.0] * 16))[0], 1.0)
