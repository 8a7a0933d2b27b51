"""Calls to try each name with: types of arguments, written as `s2sad emit --signature` takes them.

`GENERAL` is tried for every name that has no calls of its own in `OWN`: the first that gives a derivative counts, else
the first that is taken.
"""

from __future__ import annotations

import bisect
import collections
import copy
import functools
import heapq
import itertools
import math
import operator
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.optimize

GENERAL = (
    "f8[:]", "f8[:], f8[:]", "f8[:], f8[:], f8[:]", "f8", "f8, f8", "f8, f8, f8", "f8, f8, f8, f8", "f8[3,3]",
    "f8[3,3], f8[3]", "f8[2,3,4]", "f8[3,3], f8[3,3]", "f8[:], 2", "f8[3,4], 1", "f8[3,4], 0, 1", "(f8[:], f8[:])",
    "[f8, f8]", "c16", "c16[:]", "f8[:], i8[:]", "i8", "i8, i8", "i8[:]", "i8[:], i8[:]", "b1[:]", "3", "(2, 3)",
    "3, 3", "f8[1]",
)  # fmt: skip


def after(function: Callable[..., Any]) -> Callable[..., Any]:
    """The first argument, once a function has written into it."""

    def run(x: Any, *args: Any) -> Any:
        y = copy.copy(x)
        function(y, *args)
        return y

    return run


def with_first(function: Callable[..., Any], first: Any) -> Callable[..., Any]:
    """A function, its first argument given."""

    def run(*args: Any) -> Any:
        return function(first, *args)

    return run


def with_second(function: Callable[..., Any], second: Any) -> Callable[..., Any]:
    """A function, its second argument given."""

    def run(x: Any, *args: Any) -> Any:
        return function(x, second, *args)

    return run


def summed(items: Iterable[Any]) -> Any:
    """A sum over what a function makes."""
    total = 0.0
    for item in items:
        total = total + item
    return total


def decay(y: Any, t: Any, rate: Any) -> Any:
    """The right hand side of a differential equation."""
    return -rate * y


def moved_to_end(x: Any, y: Any) -> Any:
    """The last value of an ordered dict whose keys have moved."""
    items = OrderedDict(a=x, b=y)
    items.move_to_end("a")
    return items.popitem()[1]


def cubic(x: Any, a: Any) -> Any:
    """A function with a root."""
    return x * x * x + a * x - 1.0


class Point:
    """An object with an attribute."""

    def __init__(self, x: Any) -> None:
        self.x = x


OWN: dict[Any, tuple[Callable[..., Any], str]] = {
    # builtins and the standard library
    range: (lambda x, n: summed([x * k for k in range(n)]), "f8, 3"),
    enumerate: (lambda x: summed([k * v for k, v in enumerate(x)]), "f8[3]"),
    zip: (lambda x, y: summed([a * b for a, b in zip(x, y, strict=True)]), "f8[3], f8[3]"),
    reversed: (lambda x: summed([a * a for a in reversed(x)]), "f8[3]"),
    map: (lambda x: summed([*map(math.sin, x)]), "f8[3]"),
    filter: (lambda x: summed([x * k for k in filter(None, (0, 1, 2))]), "f8"),
    iter: (lambda x, y: next(iter((x, y))), "f8, f8"),
    next: (lambda x, y: next(iter((x, y))), "f8, f8"),
    getattr: (lambda z, name: getattr(z, name), "c16[:], 'imag'"),
    hasattr: (lambda x: hasattr(x, "shape"), "f8[:]"),
    isinstance: (lambda x: isinstance(x, np.ndarray), "f8[:]"),
    vars: (lambda x: vars(Point(x))["x"], "f8"),
    print: (print, "f8"),
    sorted: (sorted, "[f8, f8]"),
    round: (lambda x: round(x, 2), "f8"),
    functools.reduce: (with_first(functools.reduce, operator.mul), "[f8, f8]"),
    functools.partial: (lambda x: functools.partial(math.pow, x)(2.0), "f8"),
    itertools.starmap: (lambda x, y: summed([*itertools.starmap(math.pow, ((x, y),))]), "f8, f8"),
    itertools.chain.from_iterable: (lambda x, y: summed([*itertools.chain.from_iterable(((x,), (y,)))]), "f8, f8"),
    itertools.accumulate: (lambda x: summed([*itertools.accumulate(x)]), "[f8, f8]"),
    itertools.count: (lambda x: summed([a * k for a, k in zip(x, itertools.count(1), strict=False)]), "f8[:]"),
    itertools.cycle: (lambda x: summed(itertools.islice(itertools.cycle(x), 5)), "f8[:]"),
    itertools.groupby: (lambda x: summed([summed(group) for _, group in itertools.groupby(x)]), "f8[:]"),
    itertools.compress: (lambda x: summed(itertools.compress(x, x)), "f8[:]"),
    itertools.takewhile: (lambda x: summed(itertools.takewhile(math.isfinite, x)), "f8[:]"),
    itertools.dropwhile: (lambda x: summed(itertools.dropwhile(math.isnan, x)), "f8[:]"),
    itertools.filterfalse: (lambda x: summed(itertools.filterfalse(math.isnan, x)), "f8[:]"),
    collections.deque: (lambda x: collections.deque(x, maxlen=2)[0], "f8[:]"),
    heapq.heappush: (after(heapq.heappush), "[f8, f8], f8"),
    heapq.heappop: (lambda x, y: heapq.heappop([x, y]), "f8, f8"),
    heapq.heapify: (after(heapq.heapify), "[f8, f8]"),
    heapq.heapreplace: (lambda x, y: heapq.heapreplace([x], y), "f8, f8"),
    heapq.heappushpop: (lambda x, y: heapq.heappushpop([x], y), "f8, f8"),
    heapq.nsmallest: (lambda x: heapq.nsmallest(2, x)[0], "f8[3]"),
    heapq.nlargest: (lambda x: heapq.nlargest(2, x)[0], "f8[3]"),
    bisect.bisect_left: (bisect.bisect_left, "f8[:], f8"),
    bisect.bisect_right: (bisect.bisect_right, "f8[:], f8"),
    bisect.insort_left: (after(bisect.insort_left), "[f8, f8], f8"),
    bisect.insort_right: (after(bisect.insort_right), "[f8, f8], f8"),
    operator.getitem: (lambda x: operator.getitem(x, 0), "f8[3]"),
    operator.contains: (lambda x: operator.contains((1, 2), x), "i8"),
    operator.itemgetter: (lambda x: operator.itemgetter(1)(x), "f8[3]"),
    operator.attrgetter: (lambda z: operator.attrgetter("real")(z), "c16[:]"),
    math.dist: (math.dist, "(f8, f8), (f8, f8)"),
    # containers
    dict: (lambda x: dict(zip(("a",), (x,), strict=True))["a"], "f8"),
    OrderedDict: (lambda x: OrderedDict(a=x)["a"], "f8"),
    defaultdict: (lambda x: defaultdict(float, {"a": x})["a"], "f8"),
    OrderedDict.move_to_end: (moved_to_end, "f8, f8"),
    dict.items: (lambda x: summed([v for _, v in {"a": x}.items()]), "f8"),
    dict.keys: (lambda x: "a" in [*{"a": x}.keys()], "f8"),
    dict.values: (lambda x: summed([*{"a": x}.values()]), "f8"),
    dict.get: (lambda x: {"a": x}.get("a"), "f8"),
    dict.copy: (lambda x: {"a": x}.copy()["a"], "f8"),
    dict.update: (lambda x: after(dict.update)({"a": 1.0}, {"a": x})["a"], "f8"),
    dict.setdefault: (lambda x: {"b": 1.0}.setdefault("a", x), "f8"),
    dict.pop: (lambda x: {"a": x}.pop("a"), "f8"),
    dict.popitem: (lambda x: {"a": x}.popitem()[1], "f8"),
    dict.clear: (lambda x: len(after(dict.clear)({"a": x})), "f8"),
    dict.fromkeys: (lambda x: dict.fromkeys(("a", "b"), x)["b"], "f8"),
    list.append: (lambda x, y: after(list.append)([x], y)[1], "f8, f8"),
    list.extend: (lambda x, y: after(list.extend)([x], [y])[1], "f8, f8"),
    list.copy: (lambda x: [x].copy()[0], "f8"),
    list.pop: (lambda x, y: [x, y].pop(), "f8, f8"),
    list.insert: (lambda x, y: after(list.insert)([x], 0, y)[0], "f8, f8"),
    list.clear: (lambda x: len(after(list.clear)([x])), "f8"),
    list.reverse: (lambda x, y: after(list.reverse)([x, y])[0], "f8, f8"),
    list.sort: (lambda x, y: after(list.sort)([x, y])[0], "f8, f8"),
    list.remove: (lambda x: after(list.remove)([1, 2, 3], 2)[1] * x, "f8"),
    list.index: (lambda x: [1, 2, 3].index(2) * x, "f8"),
    list.count: (lambda x: [1, 2, 2].count(2) * x, "f8"),
    tuple.index: (lambda x: (1, 2, 3).index(2) * x, "f8"),
    tuple.count: (lambda x: (1, 2, 2).count(2) * x, "f8"),
    # NumPy: functions that write, that take functions, or that take what no other does
    np.copyto: (after(np.copyto), "f8[:], f8[:]"),
    np.put: (after(np.put), "f8[:], i8[:], f8[:]"),
    np.place: (after(np.place), "f8[:], b1[:], f8[:]"),
    np.putmask: (after(np.putmask), "f8[:], b1[:], f8[:]"),
    np.put_along_axis: (after(np.put_along_axis), "f8[3,4], i8[3,4], f8[3,4], 1"),
    np.fill_diagonal: (after(np.fill_diagonal), "f8[3,3], f8"),
    np.add.at: (after(np.add.at), "f8[:], i8[:], f8[:]"),
    np.subtract.at: (after(np.subtract.at), "f8[:], i8[:], f8[:]"),
    np.ndarray.fill: (after(np.ndarray.fill), "f8[:], f8"),
    np.ndarray.sort: (after(np.ndarray.sort), "f8[:]"),
    np.apply_along_axis: (with_first(np.apply_along_axis, np.sum), "1, f8[3,4]"),
    np.apply_over_axes: (with_first(np.apply_over_axes, np.sum), "f8[3,4], 1"),
    np.fromfunction: (with_first(np.fromfunction, np.add), "(2, 3)"),
    np.fromiter: (functools.partial(np.fromiter, dtype=float), "f8[:]"),
    np.piecewise: (lambda x: np.piecewise(x, [x > 0, x <= 0], [np.sin, np.cos]), "f8[:]"),
    np.vectorize: (lambda x: np.vectorize(math.sin)(x), "f8[:]"),
    np.where: (np.where, "b1[:], f8[:], f8[:]"),
    np.select: (np.select, "[b1[:], b1[:]], [f8[:], f8[:]]"),
    np.choose: (np.choose, "i8[:], [f8[:], f8[:]]"),
    np.take: (np.take, "f8[:], i8[:]"),
    np.ndarray.take: (np.ndarray.take, "f8[:], i8[:]"),
    np.take_along_axis: (np.take_along_axis, "f8[3,4], i8[3,4], 1"),
    np.compress: (np.compress, "b1[:], f8[:]"),
    np.ndarray.compress: (np.ndarray.compress, "f8[:], b1[:]"),
    np.extract: (np.extract, "b1[:], f8[:]"),
    np.bincount: (np.bincount, "i8[:], f8[:], 5"),
    np.histogram: (lambda x, w: np.histogram(x, 5, (0.0, 1.0), weights=w)[0], "f8[:], f8[:]"),
    np.einsum: (np.einsum, "'ij,jk->ik', f8[:,:], f8[:,:]"),
    np.full: (np.full, "3, f8"),
    np.astype: (with_second(np.astype, np.float32), "f8[:]"),
    np.ndarray.astype: (with_second(np.ndarray.astype, np.float32), "f8[:]"),
    np.dsplit: (np.dsplit, "f8[2,3,4], 2"),
    np.polyfit: (np.polyfit, "f8[:], f8[:], 2"),
    np.linalg.tensorinv: (np.linalg.tensorinv, "f8[2,3,6]"),
    np.linalg.matrix_power: (np.linalg.matrix_power, "f8[3,3], 2"),
    np.diag_indices: (np.diag_indices, "3"),
    np.ix_: (np.ix_, "i8[:], i8[:]"),
    np.ldexp: (np.ldexp, "f8[:], i8[:]"),
    math.ldexp: (math.ldexp, "f8, i8"),
    # SciPy
    scipy.linalg.cho_solve: (lambda c, b: scipy.linalg.cho_solve((c, True), b), "f8[3,3], f8[3]"),
    scipy.linalg.solve_sylvester: (scipy.linalg.solve_sylvester, "f8[3,3], f8[3,3], f8[3,3]"),
    scipy.linalg.solve_banded: (scipy.linalg.solve_banded, "(1, 1), f8[3,4], f8[4]"),
    scipy.integrate.odeint: (lambda y, t, rate: scipy.integrate.odeint(decay, y, t, (rate,)), "f8[2], f8[5], f8"),
    scipy.integrate.quad: (lambda rate, low: scipy.integrate.quad(cubic, low, 2.0, (rate,))[0], "f8, f8"),
    scipy.integrate.dblquad: (
        lambda rate, low: scipy.integrate.dblquad(lambda y, x: x * y * rate, low, 1.0, 0.0, 1.0)[0], "f8, f8"
    ),
    scipy.integrate.fixed_quad: (lambda rate, low: scipy.integrate.fixed_quad(cubic, low, 2.0, (rate,))[0], "f8, f8"),
    scipy.integrate.romb: (scipy.integrate.romb, "f8[5]"),
    scipy.integrate.solve_ivp: (
        lambda y, rate: scipy.integrate.solve_ivp(lambda t, y: -rate * y, (0.0, 1.0), y).y, "f8[2], f8"
    ),
    scipy.interpolate.CubicSpline: (lambda x, y, at: scipy.interpolate.CubicSpline(x, y)(at), "f8[5], f8[5], f8"),
    scipy.interpolate.CubicHermiteSpline: (
        lambda x, y, d, at: scipy.interpolate.CubicHermiteSpline(x, y, d)(at), "f8[5], f8[5], f8[5], f8"
    ),
    scipy.interpolate.PchipInterpolator: (
        lambda x, y, at: scipy.interpolate.PchipInterpolator(x, y)(at), "f8[5], f8[5], f8"
    ),
    scipy.interpolate.interp1d: (lambda x, y, at: scipy.interpolate.interp1d(x, y)(at), "f8[5], f8[5], f8"),
    scipy.optimize.minimize: (
        lambda a, start: scipy.optimize.minimize(lambda x, a: ((x - a) ** 2).sum(), start, (a,)).x, "f8[2], f8[2]"
    ),
    scipy.optimize.fsolve: (lambda a, start: scipy.optimize.fsolve(cubic, start, (a,)), "f8[2], f8[2]"),
    scipy.optimize.root: (lambda a, start: scipy.optimize.root(cubic, start, (a,)).x, "f8[2], f8[2]"),
    scipy.optimize.brentq: (lambda a, low: scipy.optimize.brentq(cubic, low, 2.0, (a,)), "f8, f8"),
    scipy.optimize.brenth: (lambda a, low: scipy.optimize.brenth(cubic, low, 2.0, (a,)), "f8, f8"),
    scipy.optimize.bisect: (lambda a, low: scipy.optimize.bisect(cubic, low, 2.0, (a,)), "f8, f8"),
    scipy.optimize.ridder: (lambda a, low: scipy.optimize.ridder(cubic, low, 2.0, (a,)), "f8, f8"),
    scipy.optimize.newton: (lambda a, start: scipy.optimize.newton(cubic, start, args=(a,)), "f8, f8"),
    scipy.optimize.root_scalar: (
        lambda a, start: scipy.optimize.root_scalar(cubic, (a,), x0=start, x1=2.0).root, "f8, f8"
    ),
}
"""The calls of names that the general ones do not fit: a function, and the types of its arguments."""
