"""What is right: values from CPython, derivatives from complex steps and finite differences, which have to agree.

Where they do not, the program is at a kink, or badly conditioned, and says nothing: `Unsuitable`.
"""

from __future__ import annotations

import warnings
from functools import cached_property
from typing import Any

import numpy as np

from tests import oracles
from tests.corpus import Program, is_inexact, leaves
from tests.helpers import is_scalar
from tools.fuzzing.case import Loaded, TooLong, within_lines

LARGEST = 1e3
"""Values and derivatives beyond this are not compared: rounding would show."""


class Unsuitable(Exception):
    """A program that is no test: at a kink, with values too large, without an end, or that raises."""


def agree(a: Any, b: Any, tolerance: float) -> bool:
    """Whether two arrays of numbers are close, relative to the largest of them."""
    a, b = np.asarray(a), np.asarray(b)
    if a.shape != b.shape:
        return False
    scale = max(1.0, float(np.max(np.abs(b), initial=0.0)))
    return bool(np.all(np.abs(a - b) <= tolerance * scale))


class Reference:
    """The truth about a program, each part found when it is asked for."""

    def __init__(self, loaded: Loaded, seed: int = 0) -> None:
        self.loaded, self.case = loaded, loaded.case
        self.rng = np.random.default_rng(seed)
        self.f, self.loss = loaded.program(), loaded.loss()
        self.primals = self.case.args[: self.case.inexact]
        self.tangents = self._like(self.primals)
        self.direction = oracles.parts(self.tangents)

    def _like(self, tree: Any) -> Any:
        """Random numbers of two digits, in the shape of a tree."""
        return oracles.unparts(tree, np.round(self.rng.uniform(-1, 1, oracles.parts(tree).size), 2))

    # ------------------------------------------------------------ values

    @cached_property
    def value(self) -> Any:
        """What `f` returns."""
        return checked_value(self.f)

    @cached_property
    def seed(self) -> Any:
        """A cotangent of the value."""
        return self._like(self.value)

    # ------------------------------------------------------------ first order

    @cached_property
    def jacobian(self) -> np.ndarray:
        """Of `f`, a row a result."""
        return checked_jacobian(self.f, oracles.parts(self.value).size)

    @cached_property
    def gradient(self) -> np.ndarray:
        """Of `loss`."""
        if not is_scalar(checked_value(self.loss)):
            raise Unsuitable("its loss is no number")
        return self.jacobian[0] if self.loss.function is self.f.function else checked_jacobian(self.loss, 1)[0]

    @cached_property
    def exact(self) -> bool:
        """Whether complex steps are to be had."""
        return stepped(self.loss) is not None

    # ------------------------------------------------------------ second order

    def _gradient_at(self, x: np.ndarray) -> np.ndarray:
        with np.errstate(all="ignore"):
            return oracles.step_jacobian(self.loss, x)[0]

    def _slope(self, direction: np.ndarray) -> np.ndarray:
        """The derivative of the gradient along a direction, by differences of complex steps, at two steps."""
        if not self.exact:
            raise Unsuitable("complex steps do not take it")
        x = oracles.parts(self.primals)

        def along(t: np.ndarray) -> np.ndarray:
            return self._gradient_at(x + t[0] * direction)

        coarse = oracles.differences(along, np.zeros(1), 1e-3, 3)[:, 0]
        fine = oracles.differences(along, np.zeros(1), 1e-4, 2)[:, 0]
        return checked(coarse, fine, 1e-6)

    @cached_property
    def hessian_product(self) -> np.ndarray:
        """The Hessian of `loss`, times the tangents."""
        return self._slope(self.direction)

    @cached_property
    def hessian(self) -> np.ndarray:
        """Of `loss`."""
        n = self.direction.size
        return np.stack([self._slope(e) for e in np.eye(n)], axis=1) if n else np.zeros((0, 0))


def checked_value(p: Program) -> Any:
    """The value under CPython. Raises `Unsuitable`."""
    args = p.args()
    try:
        with np.errstate(all="ignore"):
            value = within_lines(p.function, *args)
    except TooLong:
        raise Unsuitable("it does not end") from None
    except Exception as error:
        raise Unsuitable(f"it raises {type(error).__name__}") from error
    if not leaves(value) or not all(isinstance(v, int | float | np.ndarray | np.generic) for v in leaves(value)):
        raise Unsuitable("it returns no numbers")
    if not all(map(is_inexact, leaves(value))):
        raise Unsuitable("it returns an int")
    flat = oracles.parts(value)
    if not np.all(np.abs(flat) < LARGEST):
        raise Unsuitable("values are too large")
    return value


def stepped(p: Program) -> np.ndarray | None:
    """The Jacobian by complex steps; None where the program does not run on them."""
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            return oracles.step_jacobian(p)
    except Exception:  # whatever a program does with numbers that it was not written for
        return None


def checked_jacobian(p: Program, rows: int) -> np.ndarray:
    """The Jacobian, if two ways to it agree. Raises `Unsuitable`."""
    x = oracles.parts(p.args()[: len(p.wrt)])
    if not x.size or not rows:
        return np.zeros((rows, x.size))
    flat = oracles.flat_function(p, p.args())

    def quiet(v: np.ndarray) -> np.ndarray:
        out = flat(v)
        if out.size != rows:
            raise Unsuitable("the number of results depends on values")
        return out

    with np.errstate(all="ignore"):
        numerical = oracles.differences(quiet, x, 1e-3, 3)
        exact = stepped(p)
        if exact is None:
            exact = oracles.differences(quiet, x, 2e-4, 3)
    return checked(exact, numerical, 1e-7)


def checked(exact: np.ndarray, other: np.ndarray, tolerance: float) -> np.ndarray:
    """The first of two derivatives, if both agree and are of a size to compare. Raises `Unsuitable`."""
    if not np.all(np.abs(exact) < LARGEST):
        raise Unsuitable("derivatives are too large")
    if not agree(exact, other, tolerance):
        raise Unsuitable("it is at a kink")
    return exact
