"""Solutions of equations, for functions written in the language of users: `frontend.meanings.implicit` says what these
mean to transforms. Called in Python, they only compute.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def solution(residual: Callable[[Any], Any], solve: Callable[[], Any], elementwise: bool = False) -> Any:
    """``solve()``, a tuple whose first item x, a number or a vector, has ``residual(x) == 0``.

    The derivative of x is that of the solution of this equation, by all that `residual` captures: how `solve` found x
    has no part in it. The other items have derivative zero. With `elementwise`, an element of the residual depends
    on that element of x only.
    """
    return solve()


def gradient(f: Callable[[Any], Any], x: Any) -> Any:
    """The gradient of a function at `x`, a number or an array."""
    raise NotImplementedError("the gradient is known to the compiler only")


def integrated(
    integrate: Callable[..., Any], f: Callable[[Any], Any], a: Any, b: Any, scale: Any = 1.0, zero: Any = 0.0
) -> Any:
    """``integrate(f, a, b, scale, zero)``, a tuple whose first item is the integral of `f`, a function whose values are
    numbers or vectors, as `zero` is.

    The derivative is found by integrating that of `f`, in all that it captures, and by its values at the bounds. Those
    integrals are found by `integrate`, too; `scale` is the size of what they are linear in, for absolute tolerances.
    The other items have derivative zero.
    """
    return integrate(f, a, b, scale, zero)


def jacobian(f: Callable[[Any], Any], x: Any) -> Any:
    """The Jacobian of a function from vectors to vectors, at `x`."""
    raise NotImplementedError("the Jacobian is known to the compiler only")
