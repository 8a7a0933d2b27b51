"""SciPy's special functions of real numbers, by the addresses that `scipy.special.cython_special` offers.

Each is made known to LLVM by a name of its own, so that compiled code which calls it can be kept on disk.
"""

from __future__ import annotations

import importlib.util
import math
import re
from typing import Any

import llvmlite.binding as llvm
from numba.core import types
from numba.extending import get_cython_function_address, register_jitable

from s2sad_rt import scipy_special
from s2sad_rt.compiled.numbers import _elementwise
from s2sad_rt.special import BERNOULLI


def _signatures(capsules: dict[str, Any], name: str) -> dict[str, int]:
    """The variants of a function that take and give doubles: their names and how many numbers they take."""
    found = {}
    for key, capsule in capsules.items():
        if re.fullmatch(rf"(__pyx_fuse_\d+)?{name}", key):
            text = repr(capsule).split('"')[1]
            params = text.split("(", 1)[1].split(",")[:-1]
            if text.startswith("double ") and all(p.strip() == "double" for p in params):
                found[key] = len(params)
    return found


def _declare(capsules: dict[str, Any], name: str) -> None:
    variants = _signatures(capsules, name)
    if not variants:
        return
    key, count = next(iter(variants.items()))
    symbol = f"s2sad_scipy_{name}"
    llvm.add_symbol(symbol, get_cython_function_address("scipy.special.cython_special", key))
    routine = types.ExternalFunction(symbol, types.float64(*[types.float64] * count, types.int32))
    letters = ("x", "nx", "abx")[count - 1]
    names: dict[str, Any] = {"routine": routine, "__name__": __name__}
    params = ", ".join(letters)
    exec(f"def one({params}):\n    return routine({', '.join(f'float({c})' for c in letters)}, 0)", names)
    _elementwise(getattr(scipy_special, name), names["one"])


def _zeta(n, x):
    """The sum of ``(x + k)**-n``: its first terms, then Euler and Maclaurin's formula."""
    if n == 1.0:
        return math.inf
    if n < 1.0 or x <= 0.0:
        return math.nan
    total = 0.0
    for k in range(12):
        total += (x + k) ** -n
    end = x + 12.0
    total += end ** (1.0 - n) / (n - 1.0) + 0.5 * end**-n
    factor = n / 2.0 * end ** (-n - 1.0)  # n (n + 1) ... (n + 2j - 2) / (2j)! end**(1 - 2j - n)
    for j in range(10):
        total += BERNOULLI[j] * factor
        factor *= (n + 2 * j + 1) * (n + 2 * j + 2) / ((2 * j + 3) * (2 * j + 4)) / (end * end)
    return total


if importlib.util.find_spec("scipy") is not None:
    import scipy.special.cython_special as cython_special

    for _name in scipy_special.NAMES:
        _declare(cython_special.__pyx_capi__, _name)
_elementwise(vars(scipy_special)["zeta"], register_jitable(_zeta))
