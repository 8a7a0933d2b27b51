"""Curves of `scipy.interpolate`: values are SciPy's, derivatives by the place, the data and the knots."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from scipy.interpolate import CubicHermiteSpline, CubicSpline, PchipInterpolator, interp1d

import s2sad
from s2sad.test_util import check_grads


@pytest.fixture
def plain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s2sad.config, "backend", "python")


X = np.array([0.0, 0.4, 1.1, 1.5, 2.3, 3.0])
Y = 2.0 * np.sin(X) + 0.1 * X
TWO = np.stack([Y, Y**2], axis=1)
AT = np.array([-0.3, 0.01, 0.23, 1.13, 1.72, 2.98, 3.4])
INSIDE = AT[1:-1]


def cubic(bc_type):
    return lambda t, y, x: CubicSpline(x, y, bc_type=bc_type)(t)


CASES: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "not-a-knot": (cubic("not-a-knot"), (AT, Y, X)),
    "natural": (cubic("natural"), (AT, Y, X)),
    "clamped": (cubic("clamped"), (AT, Y, X)),
    "slope and curvature": (cubic(((1, 0.3), (2, -0.2))), (AT, Y, X)),
    "mixed": (cubic(("natural", "not-a-knot")), (AT, Y, X)),
    "slope that varies": (lambda t, s: CubicSpline(X, Y, bc_type=((1, s), "natural"))(t), (AT, 0.4)),
    "periodic": (lambda t, q: CubicSpline(X, np.append(q, q[0]), bc_type="periodic")(t), (AT, Y[:-1])),
    "periodic, four points": (lambda t, q: CubicSpline(X[:4], np.append(q, q[0]), bc_type="periodic")(t), (AT, Y[:3])),
    "derivatives": (lambda t, y: CubicSpline(X, y)(t, 1) * CubicSpline(X, y)(t, nu=2), (0.7, Y)),
    "of derivative()": (lambda t, y: CubicSpline(X, y).derivative()(t) + CubicSpline(X, y).derivative(2)(t), (0.7, Y)),
    "an integral": (lambda a, b, y: CubicSpline(X, y).integrate(a, b), (0.7, 2.5, Y)),
    "two curves": (lambda t, y: CubicSpline(X, y)(t), (AT, TWO)),
    "three points": (lambda t, y: CubicSpline(X[:3], y)(t), (AT, Y[:3])),
    "two points": (lambda t, y: CubicSpline(X[:2], y)(t), (AT, Y[:2])),
    "not beyond": (lambda t, y: CubicSpline(X, y, extrapolate=False)(t), (INSIDE, Y)),
    "pchip": (lambda t, y, x: PchipInterpolator(x, y)(t), (AT, Y, X)),
    "pchip of two points": (lambda t, y: PchipInterpolator(X[:2], y)(t), (AT, Y[:2])),
    "pchip of what turns": (lambda t, y: PchipInterpolator(X, y)(t), (AT, np.cos(4 * X) + 0.1 * X)),
    "hermite": (lambda t, y, d: CubicHermiteSpline(X, y, d)(t), (AT, Y, np.cos(X))),
    "interp1d": (lambda t, y, x: interp1d(x, y)(t), (INSIDE, Y, X)),
    "interp1d of one number": (lambda t, y: interp1d(X, y)(t), (0.7, Y)),
    "interp1d beyond": (lambda t, y: interp1d(X, y, fill_value="extrapolate")(t), (AT, Y)),
    "interp1d filled": (lambda t, y: interp1d(X, y, bounds_error=False, fill_value=(0.5, 1.5))(t), (AT, Y)),
    "interp1d of curves": (lambda t, y: interp1d(X, y)(t), (INSIDE, TWO.T)),
    "interp1d unsorted": (lambda t, y: interp1d(X[::-1], y)(t), (INSIDE, Y)),
    **{
        f"interp1d, {kind}": (lambda t, y, kind=kind: interp1d(X, y, kind=kind)(t), (INSIDE, Y))
        for kind in ("nearest", "nearest-up", "previous", "next", "cubic")
    },
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_made_inside(plain: None, name: str) -> None:
    f, args = CASES[name]
    np.testing.assert_allclose(s2sad.jit(f)(*args), f(*args), rtol=1e-13, atol=1e-13)
    check_grads(f, args, order=1, rtol=1e-4)


OUTSIDE = {
    "cubic": CubicSpline(X, Y),
    "not beyond": CubicSpline(X, Y, extrapolate=False),
    "periodic": CubicSpline(X, np.append(Y[:-1], Y[0]), bc_type="periodic"),
    "two curves": PchipInterpolator(X, TWO),
    "linear": interp1d(X, Y),
    "linear, beyond": interp1d(X, Y, fill_value="extrapolate"),
    "linear, filled": interp1d(X, Y, bounds_error=False, fill_value=(0.5, 1.5)),
    "linear, nan": interp1d(X, Y, bounds_error=False),
    "nearest": interp1d(X, Y, kind="nearest"),
    "previous, beyond": interp1d(X, Y, kind="previous", fill_value="extrapolate"),
    "next, beyond": interp1d(X, Y, kind="next", fill_value="extrapolate"),
    "spline": interp1d(X, Y, kind="cubic"),
}


@pytest.mark.parametrize("name", OUTSIDE)
def test_made_outside(plain: None, name: str) -> None:
    curve = OUTSIDE[name]

    def f(t):
        return curve(t) * t[0]

    np.testing.assert_allclose(s2sad.jit(f)(INSIDE), f(INSIDE), rtol=1e-13, atol=1e-13)
    check_grads(f, (INSIDE,), order=2, rtol=1e-4)
    if getattr(curve, "bounds_error", False):
        with pytest.raises(ValueError, match="interpolation range"):
            s2sad.jit(f)(AT)
    else:
        np.testing.assert_allclose(s2sad.jit(f)(AT), f(AT), rtol=1e-13, atol=1e-13)


def test_second_order_and_batches(plain: None) -> None:
    f, args = CASES["not-a-knot"]
    check_grads(f, args, order=2, rtol=1e-4)
    rows = np.stack([Y, 1.5 * Y])
    np.testing.assert_allclose(
        s2sad.vmap(lambda y: f(AT, y, X))(rows), [f(AT, y, X) for y in rows], rtol=1e-12, atol=1e-12
    )


def test_faults(plain: None) -> None:
    with pytest.raises(ValueError, match="strictly increasing"):
        s2sad.jit(lambda x: CubicSpline(x, Y)(0.5))(X[::-1])
    with pytest.raises(ValueError, match="below the interpolation range"):
        s2sad.grad(lambda t: interp1d(X, Y)(t))(-1.0)
    with pytest.raises(NotImplementedError, match="kind="):
        s2sad.grad(lambda t: interp1d(X, Y, kind="quadratic")(t))(1.0)


@pytest.mark.compiled
def test_compiled() -> None:
    curve = OUTSIDE["cubic"]

    def path(y, t):
        total = 0.0
        for k in range(4):
            total += CubicSpline(X, y)(t + 0.1 * k) * curve(t) + interp1d(X, y)(t)
        return total

    with s2sad.using(backend="python"):
        expected = s2sad.grad(path, (0, 1))(Y, 1.3)
    for found, right in zip(s2sad.grad(path, (0, 1))(Y, 1.3), expected, strict=True):
        np.testing.assert_allclose(found, right, rtol=1e-10)
