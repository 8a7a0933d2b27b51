"""Checking derivatives against finite differences, to any order and in both modes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from s2sad import api, tree
from s2sad.ir.types import type_of_value

TOLERANCE = {np.dtype(np.float32): 5e-3, np.dtype(np.float64): 1e-5}
STEP = {np.dtype(np.float32): 1e-2, np.dtype(np.float64): 1e-5}


def check_grads(
    f: Callable[..., Any],
    args: Sequence[Any],
    order: int,
    modes: Sequence[str] = ("fwd", "rev"),
    atol: float | None = None,
    rtol: float | None = None,
    eps: float | None = None,
) -> None:
    """Check the derivatives of `f` at `args` up to `order`.

    'fwd' compares `jvp` with central differences in a random direction; 'rev' compares `vjp` with `jvp`'s numerical
    counterpart by an inner product. Each also checks the derivative itself to the next order.

    Args:
        atol, rtol: tolerances; by default 1e-5 for float64 and 5e-3 for float32 (the coarsest among the arguments).
        eps: step of the differences; by default 1e-5 for float64 and 1e-2 for float32.

    Raises AssertionError, naming mode and order, when they disagree.
    """
    args = tuple(args)
    dtypes = [np.empty(0, type_of_value(x).dtype).real.dtype for x in tree.leaves(args) if _inexact(x)]
    worst = np.dtype(np.float32) if np.dtype(np.float32) in dtypes else np.dtype(np.float64)
    atol = TOLERANCE[worst] if atol is None else atol
    rtol = TOLERANCE[worst] if rtol is None else rtol
    eps = STEP[worst] if eps is None else eps
    modes = (modes,) if isinstance(modes, str) else tuple(modes)
    _check(f, args, order, modes, atol, rtol, eps, "f")


def _check(
    f: Callable[..., Any], args: Any, order: int, modes: Sequence[str], atol: float, rtol: float, eps: float, name: str
) -> None:
    rng = np.random.default_rng(0)
    tangents = tree.map(lambda x: _random_like(rng, x), args)
    numerical = _numerical_jvp(f, args, tangents, eps)
    if "fwd" in modes:
        _, out_dot = api.jvp(f, args, tangents)
        _assert_close(out_dot, numerical, atol, rtol, f"jvp of {name}")
        if order > 1:

            def f_jvp(*primals: Any) -> Any:
                return api.jvp(f, primals, tangents)

            _check(f_jvp, args, order - 1, modes, atol, rtol, eps, f"jvp({name})")
    if "rev" in modes:
        out, pull = api.vjp(f, *args)
        out_bar = tree.map(lambda x: _random_like(rng, x), out)
        args_bar = pull(out_bar)
        _assert_close(_inner(args_bar, tangents), _inner(out_bar, numerical), atol, rtol, f"vjp of {name}")
        if order > 1:

            def f_vjp(*primals: Any) -> Any:
                value, pullback = api.vjp(f, *primals)
                return value, pullback(out_bar)

            _check(f_vjp, args, order - 1, modes, atol, rtol, eps, f"vjp({name})")


def _inexact(x: Any) -> bool:
    return np.issubdtype(np.asarray(x).dtype, np.inexact)


def _random_like(rng: np.random.Generator, x: Any) -> Any:
    """A random tangent of the kind of `x`; zeros for what is not inexact."""
    array = np.asarray(x)
    if not _inexact(x):
        return np.zeros_like(array)[()] if isinstance(x, (np.ndarray, np.generic)) else type(x)(0)
    noise = rng.standard_normal(array.shape)
    if np.iscomplexobj(array):
        noise = noise + 1j * rng.standard_normal(array.shape)
    if isinstance(x, np.ndarray):
        return np.asarray(noise, array.dtype)
    return array.dtype.type(noise) if isinstance(x, np.generic) else type(x)(noise)


def _numerical_jvp(f: Callable[..., Any], args: Any, tangents: Any, eps: float) -> Any:
    def moved(sign: float) -> Any:
        return f(*tree.map(lambda x, t: _step(x, t, sign * eps), args, tangents))

    return tree.map(lambda high, low: (np.asarray(high) - np.asarray(low)) / (2 * eps), moved(1.0), moved(-1.0))


def _step(x: Any, t: Any, amount: float) -> Any:
    numpy = isinstance(x, np.generic)
    if not numpy and not _inexact(x):
        return x
    return x + (type(x)(amount * t) if numpy else amount * t)


def _inner(a: Any, b: Any) -> Any:
    pairs = zip(tree.leaves(a), tree.leaves(b), strict=True)
    return sum(np.sum(np.asarray(x) * np.asarray(y)).real for x, y in pairs if _inexact(x) and _inexact(y))


def _assert_close(actual: Any, expected: Any, atol: float, rtol: float, what: str) -> None:
    for a, b in zip(tree.leaves(actual), tree.leaves(expected), strict=True):
        np.testing.assert_allclose(a, b, atol=atol, rtol=rtol, err_msg=f"the {what} disagrees with finite differences")
