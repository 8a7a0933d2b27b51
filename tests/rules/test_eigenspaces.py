"""The division by gaps: what it solves, its transpose, its derivative, and what it says between equal eigenvalues."""

from __future__ import annotations

import numpy as np
import pytest

import s2sad_rt as rt
from s2sad.rules.eigenspaces import turned
from s2sad.rules.registry import rule_of

LEVEL = np.diag([1.0, 3.0, 3.0 + 4e-16, 5.0])
CHANGE = np.random.default_rng(0).standard_normal((4, 4))
OUTSIDE = np.ones((4, 4), bool)
OUTSIDE[1:3, 1:3] = OUTSIDE[0, 0] = OUTSIDE[3, 3] = False


def bracket(y, level, plus):
    return y @ level + level @ y if plus else y @ level - level @ y


@pytest.mark.parametrize("plus", [False, True])
def test_it_solves_its_equation(plus):
    y = rt.turned(CHANGE, LEVEL, plus=plus, alone=True)
    where = np.ones((4, 4), bool) if plus else OUTSIDE
    np.testing.assert_allclose(bracket(y, LEVEL, plus)[where], CHANGE[where])


def test_between_equal_eigenvalues():
    one = np.isin(np.arange(4), (1, 2))
    inside = one[:, None] & one & ~np.eye(4, dtype=bool)
    np.testing.assert_array_equal(rt.turned(CHANGE, LEVEL, alone=True)[inside], 0.0)
    np.testing.assert_array_equal(np.isnan(rt.turned(CHANGE, LEVEL)), inside)
    diagonal = np.diag([1.0, 2.0, 3.0, 4.0])
    np.testing.assert_array_equal(rt.turned(diagonal, LEVEL), diagonal)
    np.testing.assert_array_equal(np.isnan(rt.turned(diagonal, LEVEL, back=True)), inside)
    np.testing.assert_array_equal(rt.turned(np.diag([1.0, 0, 0, 1]), LEVEL, back=True), np.diag([1.0, 0, 0, 1]))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.complex128, np.complex64])
def test_how_near_is_equal(dtype):
    eps = np.finfo(dtype).eps
    for gap, equal in ((10 * eps, True), (100 * eps, False)):
        level = np.diag([1.0, 1.0 - gap]).astype(dtype)
        assert np.isnan(rt.turned(np.ones((2, 2), dtype), level)[0, 1]) == equal
        assert rt.together(np.diag(level))[0, 1] == equal


@pytest.mark.parametrize("back", [False, True])
@pytest.mark.parametrize("plus", [False, True])
def test_derivative(plus, back):
    """Along a `level` that stays block-diagonal: the equation, solved as one linear system, is differentiated."""
    rng = np.random.default_rng(1)
    level_dot = rng.standard_normal((4, 4)) * rt.together(np.diag(LEVEL))
    change_dot = rng.standard_normal((4, 4))
    where = np.ones((4, 4), bool) if plus else OUTSIDE

    def solved(t):
        level, change = LEVEL + t * level_dot, CHANGE + t * change_dot
        level = level.T if back else level
        columns = [bracket(e.reshape(4, 4), level, plus)[where] for e in np.eye(16)[where.ravel()]]
        y = np.zeros((4, 4))
        y[where] = np.linalg.solve(np.array(columns).T, change[where])
        return y

    h = 1e-5
    flags = {"plus": plus, "alone": True, "back": back}
    out = rt.turned(CHANGE, LEVEL, **flags)
    got = rule_of(turned).jvp(change_dot, level_dot, CHANGE, LEVEL, out=out, **flags)
    np.testing.assert_allclose(got[where], ((solved(h) - solved(-h)) / (2 * h))[where], rtol=1e-7, atol=1e-8)

    bar = rng.standard_normal((4, 4))
    change_bar, level_bar = rule_of(turned).vjp(bar, CHANGE, LEVEL, out=out, **flags)
    np.testing.assert_allclose(np.sum(bar * got), np.sum(change_bar * change_dot) + np.sum(level_bar * level_dot))
