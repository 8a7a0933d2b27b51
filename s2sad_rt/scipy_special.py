"""Special functions that are SciPy's own, elementwise on arrays: what needs them needs SciPy.

Compiled code calls the same routines, through `scipy.special.cython_special`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

import numpy as np

ONE = (
    "erfcinv", "erfcx", "erfi", "dawsn", "ndtri", "log_ndtr", "rgamma", "gammasgn", "exprel", "expi", "exp1", "ellipk",
    "ellipe", "spence",
)  # fmt: skip
"""Functions of one number."""
TWO = (
    "jv", "yv", "iv", "ive", "kv", "kve", "gammainc", "gammaincc", "gammaincinv", "gammainccinv", "zeta", "stdtr",
    "stdtrit",
)  # fmt: skip
"""Functions of an order or a parameter, and a number."""
THREE = ("betainc", "betaincc", "betaincinv", "betainccinv")
"""Functions of two parameters and a number."""
NAMES = (*ONE, *TWO, *THREE)


def _scipy(name: str, *args: Any) -> Any:
    """SciPy's function, of real numbers only: what is compiled is for those."""
    if any(np.iscomplexobj(a) for a in args):
        raise TypeError("this function is for real numbers, not for complex ones")
    return getattr(importlib.import_module("scipy.special"), name)(*args)


def _of(name: str) -> Callable[..., Any]:
    """A function of the name and of explicit parameters, as overloads for Numba need them."""
    if name in ONE:

        def function(x: Any) -> Any:
            return _scipy(name, x)

    elif name in TWO:

        def function(n: Any, x: Any) -> Any:  # type: ignore[misc]
            return _scipy(name, n, x)

    else:

        def function(a: Any, b: Any, x: Any) -> Any:  # type: ignore[misc]
            return _scipy(name, a, b, x)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``scipy.special.{name}``."
    return function


globals().update({name: _of(name) for name in NAMES})
