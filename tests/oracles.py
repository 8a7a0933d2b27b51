"""Derivatives by means that share nothing with s2sad: complex steps, finite differences, JAX.

Every oracle gives the Jacobian of a program as one matrix from the flat inexact inputs to the flat inexact outputs.
A complex leaf is two real ones, its real and its imaginary part.

Complex steps are exact to rounding. To run a program on them, its module is executed a second time with a `numpy` and a
`math` in which new arrays are complex, and in which `abs`, `max`, comparisons and the like look at the real part.
"""

from __future__ import annotations

import builtins
import functools
import inspect
import math
import sys
import types
import warnings
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from tests.corpus import Program, is_inexact, leaves

STEP = 1e-25


# ---------------------------------------------------------------- trees and flat vectors


def rebuild(x: Any, values: Any) -> Any:
    """The tree `x` with its inexact leaves taken from the iterator `values`."""
    if isinstance(x, tuple) and hasattr(x, "_fields"):
        return type(x)(*(rebuild(v, values) for v in x))
    if isinstance(x, (tuple, list)):
        return type(x)(rebuild(v, values) for v in x)
    if isinstance(x, dict):
        new = {k: rebuild(x[k], values) for k in sorted(x)}
        return {k: new[k] for k in x}
    if x is None or not is_inexact(x):
        return x
    return next(values)


def inexact_leaves(x: Any) -> list[Any]:
    """The leaves of `x` that carry derivatives."""
    return [leaf for leaf in leaves(x) if is_inexact(leaf)]


def parts(x: Any) -> np.ndarray:
    """A tree's inexact leaves as one flat real vector (real parts, then imaginary parts, of each complex leaf)."""
    flat: list[np.ndarray] = []
    for leaf in inexact_leaves(x):
        a = np.asarray(leaf)
        wide = a.astype(np.complex128 if np.iscomplexobj(a) else np.float64).ravel()
        flat += [wide.real, wide.imag] if np.iscomplexobj(a) else [wide]
    return np.concatenate(flat) if flat else np.zeros(0)


def unparts(x: Any, vector: np.ndarray, *, keep_dtype: bool = True) -> Any:
    """The tree `x` with the leaves of a flat real vector; the inverse of `parts`.

    With `keep_dtype` false, float leaves keep whatever type the vector has (complex steps, wider floats).
    """
    position = 0

    def take() -> Any:
        nonlocal position
        for leaf in inexact_leaves(x):
            a = np.asarray(leaf)
            n = a.size
            if np.iscomplexobj(a):
                value = vector[position : position + n] + 1j * vector[position + n : position + 2 * n]
                position += 2 * n
            else:
                value = vector[position : position + n]
                position += n
            value = value.reshape(a.shape)
            if keep_dtype:
                value = value.astype(a.dtype)
            if isinstance(leaf, (float, complex)) and not isinstance(leaf, np.generic) and keep_dtype:
                yield value.item()
            else:
                yield value[()] if a.ndim == 0 else value

    return rebuild(x, take())


def with_wrt(args: tuple[Any, ...], wrt: tuple[int, ...], chosen: Any) -> tuple[Any, ...]:
    """The arguments with those of `wrt` replaced."""
    new = list(args)
    for i, value in zip(wrt, chosen, strict=True):
        new[i] = value
    return tuple(new)


def chosen(args: tuple[Any, ...], wrt: tuple[int, ...]) -> tuple[Any, ...]:
    """The arguments that are differentiated."""
    return tuple(args[i] for i in wrt)


def random_like(x: Any, seed: int) -> Any:
    """A random tree of the structure and dtypes of `x`."""
    return unparts(x, np.random.default_rng(seed).standard_normal(parts(x).size))


# ---------------------------------------------------------------- finite differences


def flat_function(p: Program, args: tuple[Any, ...], function: Callable[..., Any] | None = None) -> Callable[..., Any]:
    """The program as a function from the flat vector of its inputs to the flat vector of its outputs."""
    f = function or p.plain
    inputs = chosen(args, p.wrt)

    def flat(vector: np.ndarray) -> np.ndarray:
        fresh = p.args()
        return parts(f(*with_wrt(fresh, p.wrt, unparts(inputs, vector))))

    return flat


def differences(f: Callable[[np.ndarray], np.ndarray], x: np.ndarray, h: float = 1e-3, levels: int = 3) -> np.ndarray:
    """The Jacobian of `f` at `x` by central differences with Richardson extrapolation (error about h**(2 levels))."""
    columns = []
    for i in range(x.size):
        table = []
        for k in range(levels):
            d = np.zeros_like(x)
            d[i] = h * max(1.0, abs(x[i])) / 2**k
            table.append((f(x + d) - f(x - d)) / (2 * d[i]))
        for order in range(1, levels):
            table = [(4**order * b - a) / (4**order - 1) for a, b in pairwise(table)]
        columns.append(table[0])
    return np.stack(columns, axis=1) if columns else np.zeros((f(x).size, 0))


def difference_jacobian(p: Program, at: np.ndarray | None = None, h: float | None = None) -> np.ndarray:
    """The Jacobian of a program by finite differences (a coarse one for single precision)."""
    args = p.args()
    x = parts(chosen(args, p.wrt)) if at is None else at
    single = is_single(args, p.wrt)
    return differences(flat_function(p, args), x, h or (2e-2 if single else 1e-3), 2 if single else 3)


def is_single(args: tuple[Any, ...], wrt: tuple[int, ...]) -> bool:
    """Whether a differentiated leaf has single precision."""
    return any(np.asarray(x).dtype in (np.float32, np.complex64) for x in inexact_leaves(chosen(args, wrt)))


# ---------------------------------------------------------------- complex steps


def _real(x: Any) -> Any:
    return np.real(x) if np.iscomplexobj(x) else x


def _wide(dtype: Any) -> Any:
    if dtype is None or dtype is float or (not isinstance(dtype, type) and np.issubdtype(dtype, np.floating)):
        return np.complex128
    if isinstance(dtype, type) and issubclass(dtype, np.floating):
        return np.complex128
    return dtype


def _pick(better: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    return lambda a, b: np.where(better(_real(a), _real(b)), a, b)[()]


def _absolute(x: Any) -> Any:
    return np.where(_real(x) < 0, -np.asarray(x), x)[()] if np.iscomplexobj(x) else np.abs(x)


def _of_complex(name: str) -> Callable[..., Any]:
    """`name` of NumPy on complex arguments, accurate in a tiny imaginary part."""
    if name == "expm1":
        return lambda x: np.expm1(np.real(x)) + 1j * np.imag(x) * np.exp(np.real(x))
    if name == "log1p":
        return lambda x: np.log1p(np.real(x)) + 1j * np.imag(x) / (1 + np.real(x))
    if name == "cbrt":
        return lambda x: np.cbrt(np.real(x)) + 1j * np.imag(x) / (3 * np.cbrt(np.real(x)) ** 2)
    if name == "erf":
        return lambda x: _vector(math.erf, x) + 1j * np.imag(x) * 2 / math.sqrt(math.pi) * np.exp(-np.real(x) ** 2)
    if name == "erfc":
        return lambda x: _vector(math.erfc, x) - 1j * np.imag(x) * 2 / math.sqrt(math.pi) * np.exp(-np.real(x) ** 2)
    if name == "lgamma":
        from scipy.special import digamma, gammaln

        return lambda x: gammaln(np.real(x)) + 1j * np.imag(x) * digamma(np.real(x))
    if name == "gamma":
        from scipy.special import digamma, gamma

        return lambda x: gamma(np.real(x)) * (1 + 1j * np.imag(x) * digamma(np.real(x)))
    raise KeyError(name)


def _vector(f: Callable[[float], float], x: Any) -> Any:
    return np.vectorize(f)(np.real(x))[()]


def _arctan2(y: Any, x: Any) -> Any:
    yr, xr = _real(y), _real(x)
    return np.arctan2(yr, xr) + 1j * (np.imag(y) * xr - np.imag(x) * yr) / (xr * xr + yr * yr)


def _power(a: Any, b: Any) -> Any:
    if np.iscomplexobj(b) and np.all(np.imag(b) == 0):
        b = np.real(b)
    return np.asarray(a, np.complex128) ** b if np.ndim(a) or np.ndim(b) else np.complex128(a) ** b


def _reduce(select: Callable[..., Any]) -> Callable[..., Any]:
    def reduced(x: Any, axis: Any = None, keepdims: bool = False) -> Any:
        a = np.asarray(x)
        where = np.expand_dims(select(np.real(a), axis=axis), axis) if axis is not None else select(np.real(a))
        if axis is None:
            return a.ravel()[where]
        out = np.take_along_axis(a, where, axis)
        return out if keepdims else np.squeeze(out, axis)

    return reduced


def _norm(x: Any, ord: Any = None, axis: Any = None) -> Any:
    if ord == 1:
        return np.sum(_absolute(x), axis=axis)
    return np.sqrt(np.sum(np.asarray(x) ** 2, axis=axis))


class Shim(types.ModuleType):
    """A module that stands before another one: its own names first, then the other's."""

    def __init__(self, name: str, other: Any, **own: Any) -> None:
        super().__init__(name)
        self.__dict__.update(own)
        self.__dict__["_other"] = other

    def __getattr__(self, name: str) -> Any:
        return getattr(self.__dict__["_other"], name)


def _creator(name: str) -> Callable[..., Any]:
    make = getattr(np, name)

    @functools.wraps(make)
    def create(*args: Any, **kwargs: Any) -> Any:
        out = make(*args, **kwargs)
        return out.astype(np.complex128) if np.issubdtype(out.dtype, np.floating) else out

    return create


def _logaddexp(a: Any, b: Any) -> Any:
    m = np.maximum(_real(a), _real(b))
    return m + np.log(np.exp(a - m) + np.exp(b - m))


_COMMON = {
    name: _of_complex(name) for name in ("expm1", "log1p", "cbrt", "erf", "erfc", "lgamma", "gamma")
} | {"hypot": lambda a, b: np.sqrt(a * a + b * b), "floor": lambda x: np.floor(_real(x)), "fabs": _absolute}

NUMPY = Shim(
    "numpy", np,
    **{name: _creator(name) for name in
       ("zeros", "ones", "empty", "full", "eye", "arange", "linspace",
        "zeros_like", "ones_like", "empty_like", "full_like")},
    **_COMMON,
    array=lambda x, dtype=None: np.array(x) if dtype is None else np.array(x, _wide(dtype)),
    asarray=lambda x, dtype=None: np.asarray(x) if dtype is None else np.asarray(x, _wide(dtype)),
    abs=_absolute, absolute=_absolute, arctan2=_arctan2, float64=lambda x: x, power=_power,
    maximum=_pick(np.greater_equal), minimum=_pick(np.less_equal), sign=lambda x: np.sign(_real(x)),
    clip=lambda x, lo, hi: _pick(np.less_equal)(_pick(np.greater_equal)(x, lo), hi), logaddexp=_logaddexp,
    max=_reduce(np.argmax), min=_reduce(np.argmin), amax=_reduce(np.argmax), amin=_reduce(np.argmin),
    argmax=lambda x, axis=None: np.argmax(_real(x), axis), argmin=lambda x, axis=None: np.argmin(_real(x), axis),
    sort=lambda x: np.asarray(x)[np.argsort(np.real(x), kind="stable")], argsort=lambda x: np.argsort(_real(x)),
    conj=lambda x: x, isfinite=lambda x: np.isfinite(_real(x)),
    ceil=lambda x: np.ceil(_real(x)), rint=lambda x: np.rint(_real(x)), trunc=lambda x: np.trunc(_real(x)),
    square=lambda x: x * x,
    vdot=np.dot, isnan=lambda x: np.isnan(_real(x)),
    linalg=Shim("numpy.linalg", np.linalg, norm=_norm, cholesky=lambda a: _cholesky(a),
                slogdet=lambda a: (np.sign(np.linalg.det(np.real(a))),
                                   np.log(np.linalg.det(a) * np.sign(np.linalg.det(np.real(a)))))),
)  # fmt: skip


def _cholesky(a: Any) -> Any:
    n = a.shape[0]
    lower = np.zeros((n, n), np.complex128)
    for j in range(n):
        lower[j, j] = np.sqrt(a[j, j] - np.sum(lower[j, :j] ** 2))
        for i in range(j + 1, n):
            lower[i, j] = (a[i, j] - np.sum(lower[i, :j] * lower[j, :j])) / lower[j, j]
    return lower


def _math(name: str) -> Callable[..., Any]:
    complex_version = getattr(NUMPY, {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh",
                                      "acosh": "arccosh", "atanh": "arctanh", "atan2": "arctan2", "pow": "power"}
                              .get(name, name))  # fmt: skip
    return lambda *x: complex_version(*(np.complex128(v) for v in x))


def _math_floor(x: Any) -> Any:
    return math.floor(np.real(x))


MATH = Shim(
    "math", math,
    **{name: _math(name) for name in
       ("sin", "cos", "tan", "exp", "log", "sqrt", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh",
        "atanh", "atan2", "expm1", "log1p", "erf", "erfc", "lgamma", "gamma", "hypot", "fabs", "pow", "log2", "log10",
        "exp2", "cbrt")},
    floor=_math_floor, ceil=lambda x: math.ceil(np.real(x)), isnan=lambda x: math.isnan(np.real(x)),
    copysign=lambda a, b: _absolute(a) * math.copysign(1.0, np.real(b)), fsum=lambda x: builtins.sum(x),
    trunc=lambda x: int(np.real(x)), isfinite=lambda x: math.isfinite(np.real(x)),
    degrees=lambda x: x * 180 / math.pi, radians=lambda x: x * math.pi / 180,
    prod=lambda x: functools.reduce(lambda a, b: a * b, x, 1.0),
)  # fmt: skip


def _max(*args: Any, **kwargs: Any) -> Any:
    return builtins.max(*args, key=kwargs.get("key") or np.real)


def _min(*args: Any, **kwargs: Any) -> Any:
    return builtins.min(*args, key=kwargs.get("key") or np.real)


class _FloatMeta(type):
    def __instancecheck__(cls, x: Any) -> bool:
        return isinstance(x, (builtins.float, np.complexfloating))


class _Float(metaclass=_FloatMeta):
    def __new__(cls, x: Any = 0.0) -> Any:
        return np.complex128(x) if np.iscomplexobj(x) else builtins.float(x)


def executed(name: str, shims: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """The names of a corpus module executed once more, with other modules for some imports and other builtins."""
    import numba

    import tests.corpus

    plain = Shim("numba", numba, njit=lambda function: function)
    ignored = Shim("tests.corpus", tests.corpus, program=lambda *_, **__: lambda function: function)

    def imported(target: str, glob: Any = None, loc: Any = None, names: Any = (), level: int = 0) -> Any:
        chosen_module = (shims | {"tests.corpus": ignored, "numba": plain}).get(target)
        return __import__(target, glob, loc, names, level) if chosen_module is None else chosen_module

    names: dict[str, Any] = {"__name__": name, "__builtins__": vars(builtins) | own | {"__import__": imported}}
    exec(compile(inspect.getsource(sys.modules[name]), f"<{name} once more>", "exec"), names)
    return names


@functools.cache
def stepped_module(name: str) -> dict[str, Any]:
    """The names of a corpus module executed on complex steps."""

    def rounded(x: Any, digits: int | None = None) -> Any:
        return builtins.round(float(np.real(x)), digits)

    own = {
        "abs": _absolute, "max": _max, "min": _min, "round": rounded,
        "float": _Float, "int": lambda x=0: builtins.int(np.real(x)), "pow": lambda a, b: _power(a, b),
        "sorted": lambda x: builtins.sorted(x, key=np.real),
        "divmod": lambda a, b: (np.floor(_real(a) / _real(b)), a - b * np.floor(_real(a) / _real(b))),
    }  # fmt: skip
    return executed(name, {"numpy": NUMPY, "math": MATH}, own)


def step_jacobian(p: Program, at: np.ndarray | None = None) -> np.ndarray:
    """The Jacobian of a program by complex steps, at its sample or at a flat vector: exact to rounding."""
    args = p.args()
    f = stepped_module(p.function.__module__)[p.plain.__name__]
    inputs = chosen(args, p.wrt)
    x = parts(inputs) if at is None else at
    columns = []
    for i in range(x.size):
        z = x.astype(np.complex128)
        z[i] += 1j * STEP
        with warnings.catch_warnings():
            warnings.simplefilter("error", np.exceptions.ComplexWarning)
            out = f(*with_wrt(p.args(), p.wrt, unparts(inputs, z, keep_dtype=False)))
        flat = [np.asarray(leaf).astype(np.complex128).ravel() for leaf in leaves(out)]
        columns.append(np.concatenate(flat).imag / STEP)
    return np.stack(columns, axis=1)


# ---------------------------------------------------------------- JAX


@functools.cache
def jax_module(name: str) -> dict[str, Any]:
    """The names of a corpus module executed with `jax.numpy` for `numpy`, and with JAX for s2sad."""
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    special = {"erf": "erf", "erfc": "erfc", "lgamma": "gammaln", "gamma": "gamma"}
    renamed = {"asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
               "atanh": "arctanh", "atan2": "arctan2", "fabs": "abs", "pow": "power"}  # fmt: skip
    same = ("sin", "cos", "tan", "exp", "log", "sqrt", "sinh", "cosh", "tanh", "expm1", "log1p", "hypot", "log2",
            "log10", "copysign", "radians", "degrees")  # fmt: skip

    def number_function(target: Callable[..., Any]) -> Callable[..., Any]:
        return lambda *x: target(*(jnp.asarray(v, float) for v in x))

    functions = {k: getattr(jax.scipy.special, v) for k, v in special.items()}
    functions |= {k: getattr(jnp, renamed.get(k, k)) for k in (*renamed, *same)}
    numbers = Shim("math", math, **{k: number_function(f) for k, f in functions.items()})
    return executed(name, {"numpy": jnp, "s2sad": jax, "math": numbers}, {})


def jax_vjp(p: Program, weights: Any) -> np.ndarray:
    """The cotangents of a program by JAX, flat and conjugated.

    Raises TypeError, NotImplementedError or a JAX error where JAX does not take the program (it has no writes).
    """
    import jax
    import jax.numpy as jnp

    f = jax_module(p.function.__module__)[p.function.__name__]
    args = jax.tree.map(lambda x: jnp.asarray(x) if isinstance(x, np.ndarray) else x, p.args())
    out, pull = jax.vjp(lambda *xs: f(*with_wrt(args, p.wrt, xs)), *chosen(args, p.wrt))
    seeds = jax.tree.map(lambda a, b: jnp.asarray(b, jnp.asarray(a).dtype), out, weights)
    return conjugate_parts(jax.tree.map(np.asarray, pull(seeds)))


# ---------------------------------------------------------------- the best oracle


def jacobian(p: Program, at: np.ndarray | None = None) -> np.ndarray:
    """The best oracle that a program allows."""
    return step_jacobian(p, at) if p.step else difference_jacobian(p, at)


def second_derivative(p: Program, weights: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """The derivative of `weights @ jacobian` along a direction: differences of the best first-order oracle."""
    x = parts(chosen(p.args(), p.wrt))
    h = 1e-3 if p.step else 4e-3
    return differences(lambda t: weights @ jacobian(p, x + t[0] * direction), np.zeros(1), h, 3)[:, 0]


def conjugate_parts(x: Any) -> np.ndarray:
    """`parts` of the conjugate: a cotangent pairs with a tangent by the real part of an unconjugated product."""
    return parts(conjugate(x))


def conjugate(x: Any) -> Any:
    """The tree with every inexact leaf conjugated."""
    return rebuild(x, iter([np.conj(leaf) for leaf in inexact_leaves(x)]))


def tolerance(p: Program, exact: bool) -> dict[str, float]:
    """Tolerances for a comparison with an oracle, by dtype."""
    if is_single(p.args(), p.wrt):
        return {"rtol": 5e-3, "atol": 5e-3}
    return {"rtol": 1e-10, "atol": 1e-11} if exact else {"rtol": max(p.rtol, 1e-7), "atol": 1e-8}


# ---------------------------------------------------------------- comparisons


def assert_close(actual: Any, expected: Any, message: str = "", **tol: float) -> None:
    """Two flat vectors agree up to tolerances relative to each entry and to the largest one."""
    actual, expected = np.asarray(actual), np.asarray(expected)
    assert actual.shape == expected.shape, f"{message}: shapes {actual.shape} and {expected.shape}"
    scale = float(np.max(np.abs(expected), initial=1.0))
    np.testing.assert_allclose(
        actual, expected, rtol=tol.get("rtol", 1e-7), atol=tol.get("atol", 1e-9) * scale, err_msg=message
    )


def same_types(actual: Any, expected: Any) -> None:
    """Two trees have leaves of equal dtypes and shapes."""
    a, b = inexact_leaves(actual), inexact_leaves(expected)
    assert len(a) == len(b)
    for x, y in zip(a, b, strict=True):
        assert np.shape(x) == np.shape(y)
        assert np.asarray(x).dtype == np.asarray(y).dtype
