"""What a call costs beside the work: derivatives of tiny functions, called in the ways that people call them.

Numba's column is the floor: its dispatcher on a derivative written by hand, with the same numbers and arrays as flat
arguments. JAX's is `jit` of the same transform, on arrays that it already holds. The last two kinds make the
derivative again for each call.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np

from bench.results import Call, Cell
from bench.row import summary, warm
from bench.timing import side_by_side
from bench.tools import distance

N = 8


def square(x):
    """A scalar function."""
    return x * x


def square_bar(x):
    """Its derivative."""
    return 2.0 * x


def product(a, b, c):
    """A function of three arrays."""
    total = 0.0
    for i in range(len(a)):
        total += a[i] * b[i] * c[i]
    return total


def product_bar(a, b, c):
    """Its gradient."""
    return b * c, a * c, a * b


def seven(x, y, a, b, c, n, flag):
    """A function of seven arguments of several kinds."""
    total = 0.0
    for i in range(n):
        total += a * x[i] * y[i] + b * x[i]
    return total + c if flag else total


def seven_bar(x, y, a, b, c, n, flag):
    """Its gradient in x."""
    return a * y + b


def weighted(x, data):
    """A function with data."""
    total = 0.0
    for i in range(len(data)):
        total += data[i] * x[i] * x[i]
    return total


def weighted_bar(x, data):
    """Its gradient in x."""
    return 2.0 * data * x


def weighted_value_and_bar(x, data):
    """The function and its gradient."""
    return np.sum(data * x * x), 2.0 * data * x


def curvature(x, data):
    """Its Hessian."""
    return np.diag(2.0 * data)


def along(x, data, v):
    """Its value and its derivative along v."""
    return np.sum(data * x * x), np.sum(2.0 * data * x * v)


def times(x, data, v):
    """Its Hessian times v."""
    return 2.0 * data * v


def squares(params):
    """A function of a dict."""
    total = 0.0
    for value in params.values():
        for i in range(len(value)):
            total += value[i] * value[i]
    return total


class Model:
    """An object with data, and a function as a method."""

    def __init__(self, data):
        self.data = data

    def loss(self, x):
        """The weighted sum of squares."""
        total = 0.0
        for i in range(len(self.data)):
            total += self.data[i] * x[i] * x[i]
        return total


def capturing(data):
    """A function that captures its data."""

    def f(x):
        total = 0.0
        for i in range(len(data)):
            total += data[i] * x[i] * x[i]
        return total

    return f


def pull(vjp, f, x):
    """A gradient by `vjp`."""
    return vjp(f, x)[1](1.0)


def twenty_bars(names):
    """The gradient of `squares` with flat arguments, as somebody writes twenty lines."""
    arguments = ", ".join(names)
    namespace: dict[str, Any] = {}
    exec(f"def g({arguments}):\n    return {', '.join(f'2.0 * {n}' for n in names)}\n", namespace)
    return namespace["g"]


def jax_function(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same functions in JAX's arrays."""
    import jax
    import jax.numpy as jnp

    twins: dict[Callable[..., Any], Callable[..., Any]] = {
        square: lambda x: x * x,
        product: lambda a, b, c: jnp.sum(a * b * c),
        seven: lambda x, y, a, b, c, n, flag: jnp.sum(a * x * y + b * x) + c * flag,
        weighted: lambda x, data: jnp.sum(data * x * x),
        squares: lambda params: sum(jnp.sum(v * v) for v in jax.tree.leaves(params)),
    }
    return twins[function]


Maker = Callable[[], Callable[[], Any]]


def kinds() -> dict[str, dict[str, Maker]]:
    """For each kind of call, by tool, what makes the call; a tool that cannot do it is not there."""
    rng = np.random.default_rng(0)
    x, data, v = rng.normal(size=(3, N))
    params = {f"p{i:02}": rng.normal(size=4) for i in range(20)}

    def flat(function: Any, *args: Any) -> Maker:
        def make() -> Callable[[], Any]:
            import numba

            f = numba.njit(function)
            return lambda: f(*args)

        return make

    def ours(make_call: Callable[[Any], Callable[[], Any]]) -> Maker:
        def make() -> Callable[[], Any]:
            import s2sad

            return make_call(s2sad)

        return make

    def theirs(function: Any, transform: Callable[[Any, Any], Any], *args: Any) -> Maker:
        def make() -> Callable[[], Any]:
            import jax

            f = transform(jax, jax_function(function))
            held = jax.tree.map(lambda a: jax.numpy.asarray(a) if isinstance(a, np.ndarray) else a, args)
            return lambda: jax.block_until_ready(f(*held))

        return make

    def plain(jax: Any, f: Any) -> Any:
        return jax.jit(jax.grad(f))

    def bound(make: Callable[[Any], Any], *args: Any, **keywords: Any) -> Maker:
        def call(s2sad: Any) -> Callable[[], Any]:
            f = make(s2sad)
            return lambda: f(*args, **keywords)

        return ours(call)

    seven_args = (x, data, 1.5, 2.5, 3.5, N, True)
    three = {"numba": flat(product_bar, x, data, v),
             "jax": theirs(product, lambda jax, f: jax.jit(jax.grad(f, (0, 1, 2))), x, data, v)}  # fmt: skip
    with_data = {"numba": flat(weighted_bar, x, data), "jax": theirs(weighted, plain, x, data)}
    scalar = {"numba": flat(square_bar, 1.5), "jax": theirs(square, plain, 1.5)}
    return {
        "scalar": {"s2sad": bound(lambda s: s.grad(square), 1.5), **scalar},
        "3 arrays": {"s2sad": bound(lambda s: s.grad(product, argnums=(0, 1, 2)), x, data, v), **three},
        "7 arguments": {"s2sad": bound(lambda s: s.grad(seven), *seven_args), "numba": flat(seven_bar, *seven_args),
                        "jax": theirs(seven, plain, *seven_args)},
        "keywords": {"s2sad": bound(lambda s: s.grad(weighted), x, data=data), **with_data},
        "captured data": {"s2sad": bound(lambda s: s.grad(capturing(data)), x), **with_data},
        "method": {"s2sad": bound(lambda s: s.grad(Model(data).loss), x), **with_data},
        "dict of 20": {"s2sad": bound(lambda s: s.grad(squares), params),
                       "numba": flat(twenty_bars(list(params)), *params.values()),
                       "jax": theirs(squares, plain, params)},
        "value_and_grad": {"s2sad": bound(lambda s: s.value_and_grad(weighted), x, data),
                           "numba": flat(weighted_value_and_bar, x, data),
                           "jax": theirs(weighted, lambda jax, f: jax.jit(jax.value_and_grad(f)), x, data)},
        "jvp": {"s2sad": ours(lambda s: partial(s.jvp, capturing(data), (x,), (v,))),
                "numba": flat(along, x, data, v),
                "jax": theirs(weighted, lambda jax, f: jax.jit(lambda x, d, v: jax.jvp(lambda y: f(y, d), (x,), (v,))),
                              x, data, v)},
        "vjp": {"s2sad": ours(lambda s: partial(pull, s.vjp, capturing(data), x)), **with_data},
        "hvp": {"s2sad": ours(lambda s: partial(s.hvp, capturing(data), (x,), (v,))),
                "numba": flat(times, x, data, v),
                "jax": theirs(weighted, lambda jax, f: jax.jit(
                    lambda x, d, v: jax.jvp(jax.grad(lambda y: f(y, d)), (x,), (v,))[1]), x, data, v)},
        "hessian": {"s2sad": bound(lambda s: s.hessian(weighted), x, data), "numba": flat(curvature, x, data),
                    "jax": theirs(weighted, lambda jax, f: jax.jit(jax.hessian(f)), x, data)},
        "grad made anew": {"s2sad": ours(lambda s: lambda: s.grad(square)(1.5)), "numba": scalar["numba"],
                           "jax": theirs(square, lambda jax, f: lambda x: jax.jit(jax.grad(f))(x), 1.5)},
        "a fresh lambda": {"s2sad": ours(lambda s: lambda: s.grad(lambda x: x * x)(1.5)), "numba": scalar["numba"],
                           "jax": theirs(square, lambda jax, f: lambda x: jax.jit(jax.grad(lambda y: y * y))(x), 1.5)},
    }  # fmt: skip


def measure_call(kind: str, budget: float) -> Call:
    """Time one kind of call by every tool that is installed."""
    from bench.tools import CLOSE

    out = Call(kind)
    makers = {tool: make for tool, make in kinds()[kind].items() if importlib.util.find_spec(tool)}
    warm(["hand", "s2sad", *(["jax"] if "jax" in makers else [])])
    calls: dict[str, Callable[[], Any]] = {}
    results: dict[str, Any] = {}
    for tool, first in first_calls(makers):
        if isinstance(first, Exception):
            out.notes.append(f"{tool}: {summary(first)}")
            continue
        calls[tool], results[tool], seconds = first
        out.cells[tool] = Cell(seconds, seconds, seconds, seconds)
    for tool, result in results.items():
        e = distance(result, results["numba"])
        if not e < CLOSE:
            out.notes.append(f"{tool}: WRONG: differs from the derivative by hand by {e:.1e}")
    for tool, (low, median, high) in side_by_side(calls, budget).items():
        cell = out.cells[tool]
        cell.low, cell.median, cell.high = low, median, high
    return out


def first_calls(makers: dict[str, Maker]) -> Iterator[tuple[str, Any]]:
    """Each tool's call, its first result and its CPU seconds, or the error."""
    import time

    for tool, make in makers.items():
        before = time.process_time()
        try:
            call = make()
            result = call()
        except Exception as error:
            yield tool, error
            continue
        yield tool, (call, result, time.process_time() - before)


KINDS = ("scalar", "3 arrays", "7 arguments", "keywords", "captured data", "method", "dict of 20", "value_and_grad",
         "jvp", "vjp", "hvp", "hessian", "grad made anew", "a fresh lambda")  # fmt: skip
