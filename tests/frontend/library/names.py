"""Checking what NumPy's and SciPy's functions mean: value, both modes, second order, by differences."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import s2sad
from s2sad.config import using


@dataclass(frozen=True)
class Case:
    """A use of a function. `order` 0 compares values only, 1 first derivatives too, 2 second ones."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    order: int = 2
    numba: bool = True
    rtol: float = 2e-5
    typed: bool = True

    def __str__(self) -> str:
        return self.name


CASES: list[Case] = []


def collector(cases: list[Case]) -> Callable[..., None]:
    """A function that adds to a list of cases."""

    def case(name: str, function: Callable[..., Any], *args: Any, **options: Any) -> None:
        count = sum(c.name.split("#")[0] == name for c in cases)
        cases.append(Case(f"{name}#{count}" if count else name, function, args, **options))

    return case


def inexact(x: Any) -> bool:
    return np.asarray(x).dtype.kind in "fc"


def several(out: Any) -> tuple[Any, ...]:
    """The results that a function gives, as a plain tuple."""
    return tuple(out) if isinstance(out, (tuple, list)) else (out,)


def like(x: Any, rng: np.random.Generator) -> Any:
    """A direction for a value."""
    dtype = np.asarray(x).dtype
    out = rng.normal(size=np.shape(x))
    if dtype.kind == "c":
        out = out + 1j * rng.normal(size=np.shape(x))
    return out.astype(dtype)[()] if isinstance(x, np.ndarray) else dtype.type(out).item()


def total(f: Callable[..., Any], us: Sequence[Any]) -> Callable[..., Any]:
    """The results of a function, weighed and summed to one real number."""

    def weighed(*xs):
        out = f(*xs)
        outs = out if isinstance(out, (tuple, list)) else (out,)
        sum_ = 0.0
        for o, u in zip(outs, us, strict=True):
            sum_ = sum_ + np.sum(np.real(o * u))
        return sum_

    return weighed


def pairing(xs: Sequence[Any], ys: Sequence[Any]) -> float:
    return sum(float(np.sum(np.real(np.asarray(x) * y))) for x, y in zip(xs, ys, strict=True))


def moved(args: Sequence[Any], dots: Sequence[Any], step: float) -> list[Any]:
    return [a + step * d for a, d in zip(args, dots, strict=True)]


def difference(f: Callable[..., Any], args: Sequence[Any], dots: Sequence[Any], step: float = 1e-4) -> list[Any]:
    """The derivative along a direction: Richardson's extrapolation of two central differences."""

    def central(h: float) -> list[Any]:
        high, low = several(f(*moved(args, dots, h))), several(f(*moved(args, dots, -h)))
        return [(np.asarray(p) - q) / (2 * h) for p, q in zip(high, low, strict=True)]

    return [(4 * fine - coarse) / 3 for fine, coarse in zip(central(step / 2), central(step), strict=True)]


def same(found: Any, expected: Any, rtol: float, what: str) -> None:
    for a, b in zip(several(found), several(expected), strict=True):
        scale = 1 + np.max(np.abs(np.asarray(b)), initial=0.0)
        np.testing.assert_allclose(np.asarray(a), np.asarray(b), rtol=rtol, atol=rtol * scale, err_msg=what)


def check(case: Case) -> None:
    """Every check of one case, under plain Python with every pass verified."""
    rng = np.random.default_rng(7)
    f, args = case.function, case.args
    with np.errstate(all="ignore"), using(backend="python", verify=True):
        expected = f(*args)
        found = s2sad.jit(f)(*args)
        same(found, expected, 1e-9, "value")
        for a, b in zip(several(found), several(expected), strict=True):
            assert np.shape(a) == np.shape(b)
            assert not case.typed or np.asarray(a).dtype == np.asarray(b).dtype
        if case.order == 0:
            return
        dots = [like(a, rng) for a in args]
        us = [like(o, rng) for o in several(expected)]
        _, out_dot = s2sad.jvp(f, args, tuple(dots))
        smooth = [k for k, o in enumerate(several(expected)) if inexact(o)]
        out_dots = several(out_dot)
        differences = difference(f, args, dots)
        same([out_dots[k] for k in smooth], [differences[k] for k in smooth], case.rtol, "jvp against differences")
        argnums = tuple(range(len(args)))
        g = s2sad.grad(total(f, us), argnums)
        bars = g(*args)
        expect = pairing([us[k] for k in smooth], [out_dots[k] for k in smooth])
        np.testing.assert_allclose(pairing(bars, dots), expect, rtol=1e-7, atol=1e-8, err_msg="vjp against jvp")
        if case.order == 1:
            return
        _, bars_dot = s2sad.jvp(g, args, tuple(dots))
        same(bars_dot, difference(g, args, dots), case.rtol, "jvp of grad against differences")
        ws = [like(a, rng) for a in args]
        second = s2sad.grad(total(g, ws), argnums)(*args)
        np.testing.assert_allclose(
            pairing(second, dots), pairing(bars_dot, ws), rtol=1e-6, atol=1e-7, err_msg="grad of grad"
        )


def together(cases: Sequence[Case]) -> Callable[..., Any]:
    """One function that runs all of these, its arguments one after another."""
    functions = tuple(c.function for c in cases)
    counts = tuple(len(c.args) for c in cases)

    def all_of(*xs):
        start = 0
        outs = []
        for f, n in zip(functions, counts, strict=True):
            out = f(*xs[start : start + n])
            outs.extend(out if isinstance(out, (tuple, list)) else [out])
            start += n
        return tuple(outs)

    return all_of


def compiled(cases: Sequence[Case]) -> None:
    """Value and gradient of many cases in one compiled function each, against plain Python."""
    rng = np.random.default_rng(3)
    f, args = together(cases), tuple(a for c in cases for a in c.args)
    with np.errstate(all="ignore"), using(backend="python"):
        expected = s2sad.jit(f)(*args)
    us = tuple(like(o, rng) for o in expected)
    g = s2sad.grad(total(f, us), tuple(range(len(args))))
    with np.errstate(all="ignore"):
        with using(backend="python"):
            bars = g(*args)
        with using(backend="numba"):
            same(s2sad.jit(f)(*args), expected, 1e-9, "value")
            if all(c.order for c in cases):
                same(g(*args), bars, 1e-8, "gradient")


def in_groups(cases: Sequence[Case], chosen: Sequence[str]) -> list[list[Case]]:
    """The cases of these names, six at a time: compiling one function of six takes less than six."""
    named = {c.name: c for c in cases}
    return [[named[n] for n in chosen[k : k + 6]] for k in range(0, len(chosen), 6)]
