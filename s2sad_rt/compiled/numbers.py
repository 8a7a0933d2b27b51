"""Functions of numbers, applied to each element of arrays."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numba.extending import register_jitable

from s2sad_rt import special
from s2sad_rt.compiled.template import (
    at,
    dtype,
    indices,
    is_array,
    literal_known,
    loops,
    named,
    number_type,
    overload_source,
    rank,
    tuple_of,
    value,
)


def _elementwise(function: Any, number: Any, result: Any = None) -> None:
    """Overload `function` with a function of numbers; `result` gives the result's dtype from those of the arguments."""
    if number.__name__ in ("<lambda>", "one"):  # names that several have
        named(number, f"{function.__name__}_number")
    one = register_jitable(number)
    names = list(number.__code__.co_varnames[: number.__code__.co_argcount])

    def write(*ts: Any) -> Any:
        wanted = (result or _float)(*(dtype(t) for t in ts))
        found = {"one": one, "number": number_type(wanted)}
        return map_lines("one({})", names, ts), found

    overload_source(function)(write)


def map_lines(call: str, names: list[str], ts: Any) -> list[str]:
    """``call(x, y)`` on numbers, or on each element of broadcast arrays."""
    arrays = [n for n, t in zip(names, ts, strict=True) if is_array(t)]
    if not arrays:
        return [f"return number({call.format(', '.join(names))})"]
    count = max(rank(t) for t in ts)
    i, sizes = indices(count), indices(count, "size")
    lines = [f"{size} = 1" for size in sizes]
    wide, checks, parts = [], [], []
    for name, t in zip(names, ts, strict=True):
        own = sizes[count - rank(t) :]
        for k, size in enumerate(own):
            wide.append(f"if {name}.shape[{k}] != 1:\n        {size} = {name}.shape[{k}]")
            checks.append(
                f"if {name}.shape[{k}] != 1 and {name}.shape[{k}] != {size}:\n        raise ValueError('cannot "
                "broadcast')"
            )
            checks.append(f"{name}_step{k} = 0 if {name}.shape[{k}] == 1 else 1")
        index = [f"{j} * {name}_step{k}" for k, j in enumerate(i[count - rank(t) :])]
        parts.append(at(name, index) if is_array(t) else name)
    body = loops(list(zip(i, sizes, strict=True)), [f"{at('out', i)} = {call.format(', '.join(parts))}"])
    return [*lines, *wide, *checks, f"out = np.empty({tuple_of(sizes)}, number)", *body, "return out"]


def _float(*ds: np.dtype) -> np.dtype:
    inexact = [d for d in ds if d.kind in "fc"]
    return np.result_type(*inexact) if inexact else np.dtype(float)


def _first(d: np.dtype, *_: np.dtype) -> np.dtype:
    return _float(d)


def _last(*ds: np.dtype) -> np.dtype:
    return _float(ds[-1])


def _heaviside(x, at_zero):
    if x != x:
        return x
    if x < 0:
        return 0.0
    return 1.0 if x > 0 else at_zero


def _real_or_complex(function: Any, real: Any, complex_: Any) -> None:
    """Overload `function` with one of two functions of a number."""
    named(real, f"{function.__name__}_real")
    ones = {kind: register_jitable(one) for kind, one in (("f", real), ("c", complex_))}

    def write(x: Any) -> Any:
        wanted = _float(dtype(x))
        return map_lines("one({})", ["x"], [x]), {"one": ones[wanted.kind], "number": number_type(wanted)}

    overload_source(function)(write)


for _part in (special.faddeeva, special.erfc_complex_right):
    register_jitable(_part)
_real_or_complex(special.erf, lambda x: math.erf(x), special.erf_complex)
_real_or_complex(special.erfc, lambda x: math.erfc(x), special.erfc_complex)
_elementwise(special.gamma, lambda x: math.gamma(x))
_elementwise(special.lgamma, lambda x: math.lgamma(x))
_elementwise(special.heaviside, _heaviside)
_elementwise(special.ldexp, lambda x, n: math.ldexp(x, int(n)), _first)
_elementwise(special.make_complex, lambda re, im: complex(re, im), lambda re, im: np.result_type(re, im, np.complex64))

def _where_type(condition, x, y):
    return np.result_type(x, y)


_elementwise(special.where, lambda condition, x, y: x if condition else y, _where_type)

register_jitable(special.polygamma_positive)
_polygamma = register_jitable(special.polygamma_number)
_elementwise(special.digamma, lambda x: _polygamma(0, x))
_elementwise(special.polygamma, lambda n, x: _polygamma(int(n), x), _last)
_elementwise(special.round_, lambda x, decimals=0: np.round(x, decimals), _first)
_elementwise(
    special.angle,
    lambda z: math.atan2(z.imag, z.real),
    lambda z: z if z.kind == "f" else np.dtype(f"f{z.itemsize // 2}"),
)
_elementwise(special.sinc, lambda x: 1.0 if x == 0 else math.sin(math.pi * x) / (math.pi * x))
_elementwise(special.expit, special.expit_number)
_elementwise(special.erfinv, special.erfinv_number)
_elementwise(special.xlogy, special.xlogy_number)
_elementwise(special.xlog1py, special.xlog1py_number)
_dsinc = register_jitable(special.dsinc_number)
_elementwise(special.dsinc, lambda x, n: _dsinc(x, n), _first)


@overload_source(special.nan_to_num, literals=True)
def _nan_to_num(x: Any, nan: Any = 0.0, posinf: Any = None, neginf: Any = None) -> Any:
    limits = np.finfo(dtype(x)) if dtype(x).kind == "f" else np.finfo(float)
    high = "high" if literal_known(posinf) and value(posinf) is None else "posinf"
    low = "low" if literal_known(neginf) and value(neginf) is None else "neginf"
    test = f"nan if v != v else {high} if v == np.inf else {low} if v == -np.inf else v"
    names = {"number": dtype(x).type, "high": float(limits.max), "low": float(limits.min)}
    if not is_array(x):
        return ["v = x", f"return number({test})"], names
    return [
        "out = np.empty(x.shape, number)",
        "for i in np.ndindex(x.shape):",
        "    v = x[i]",
        f"    out[i] = {test}",
        "return out",
    ], names


