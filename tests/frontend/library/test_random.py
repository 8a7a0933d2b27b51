"""Random numbers of generators that are seeded in the function: NumPy's own, with derivatives in location and scale."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pytest

import s2sad
from s2sad.config import using


@pytest.fixture(params=["python", "numba"], autouse=True)
def backend(request: pytest.FixtureRequest) -> Iterator[None]:
    with using(backend=request.param, verify=True):
        yield


def data(m):
    rng = np.random.default_rng(5)
    return np.mean((m + rng.normal(size=4)) ** 2)


def scaled(m):
    rng = np.random.default_rng(7)
    first = rng.normal(m, m**2, 3)
    second = rng.normal(m, scale=2.0) + rng.uniform(m, 3.0, size=(2, 2)).sum()
    return np.sum(first**2) + second + np.sum(rng.exponential(m, size=3)) + rng.standard_normal() * m


def by_array(m):
    rng = np.random.default_rng(1)
    return np.sum(rng.normal(m * np.arange(3.0), np.ones(3), size=3) ** 2)


def many_kinds(m):
    rng = np.random.default_rng(11)
    order = rng.permutation(4)
    weights = rng.random(4) * rng.integers(1, 9, size=4) + rng.gamma(2.0, size=4)
    chosen = rng.choice([1.0, 2.0, 3.0], size=2)
    point = rng.multivariate_normal([0.0, 1.0], [[1.0, 0.5], [0.5, 2.0]])
    return np.sum(weights[order] * m ** np.arange(4)) + chosen[0] * m + point[1] * m**2


def legacy(m):
    np.random.seed(3)
    x = np.random.normal(m, 2.0, 3) + np.random.rand(3) + np.random.randn(3) * m
    return np.sum(x**2) + np.random.randint(10) * m


def state_object(m):
    rng = np.random.RandomState(4)
    return np.sum(rng.normal(m, 1.0, size=3) * rng.uniform(size=3)) + rng.choice(5) * m


def on_two_paths(m):
    rng = np.random.default_rng(2)
    z = rng.normal() * m if m > 0 else rng.normal() * m**2
    return z + rng.normal() * m


def helped(m):
    def draw(rng):
        return rng.normal(m, 1.0)

    rng = np.random.default_rng(2)
    return draw(rng) * draw(rng)


@pytest.mark.parametrize(
    "f", [data, scaled, by_array, many_kinds, legacy, state_object, on_two_paths, helped], ids=lambda f: f.__name__
)
def test_the_numbers_are_those_of_numpy(f):
    m, h = 0.7, 1e-6
    value, gradient = s2sad.value_and_grad(f)(m)
    np.testing.assert_allclose(value, f(m), rtol=1e-14)
    np.testing.assert_allclose(gradient, (f(m + h) - f(m - h)) / (2 * h), rtol=1e-6)
    np.testing.assert_allclose(s2sad.jvp(f, (m,), (1.0,))[1], gradient, rtol=1e-12)
    np.testing.assert_allclose(s2sad.vmap(f)(np.array([m, 1.0])), [f(m), f(1.0)], rtol=1e-13)
    second = s2sad.grad(s2sad.grad(f))(m)
    np.testing.assert_allclose(second, (s2sad.grad(f)(m + h) - s2sad.grad(f)(m - h)) / (2 * h), rtol=1e-5, atol=1e-6)


def in_a_loop(m, n):
    rng = np.random.default_rng(5)
    s = 0.0
    for _ in range(n):
        s += rng.normal(m)
    return s


def legacy_in_a_loop(m, n):
    np.random.seed(5)
    s = 0.0
    for _ in range(n):
        s += np.random.normal(m)
    return s


def after_a_loop(m, n):
    rng = np.random.default_rng(5)
    s = 0.0
    while s < n:
        s += rng.random() + m
    return s + rng.normal()


def uneven(m, n):
    rng = np.random.default_rng(5)
    if m > n:
        m = m + rng.normal()
    return m + rng.normal()


def seeded_on_one_path(m, n):
    if m > n:
        np.random.seed(5)
    return m + np.random.normal()


def unseeded(m, n):
    return m + np.random.default_rng().normal()


def unseeded_legacy(m, n):
    return m + np.random.normal(size=n)[0]


OUTER = np.random.default_rng(1)


def captured(m, n):
    return m + OUTER.normal()


@pytest.mark.parametrize(
    "f",
    [in_a_loop, legacy_in_a_loop, after_a_loop, uneven, seeded_on_one_path, unseeded, unseeded_legacy, captured],
    ids=lambda f: f.__name__,
)
def test_what_is_not_known_is_to_be_drawn_outside(f):
    with pytest.raises(s2sad.S2sadError, match="Draw random numbers outside, and pass them in"):
        s2sad.grad(f)(0.7, 3)


def test_a_generator_that_is_an_argument_is_not_drawn_from():
    with pytest.raises(s2sad.S2sadError, match="Draw random numbers outside, and pass them in"):
        s2sad.grad(lambda m, rng: m + rng.normal())(0.7, np.random.default_rng(1))
