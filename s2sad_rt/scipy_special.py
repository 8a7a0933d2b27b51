"""Special functions that are SciPy's own, elementwise on arrays: what needs them needs SciPy.

Compiled code calls the same routines, through `scipy.special.cython_special`.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

NAMES = (
    "jv", "yv", "iv", "ive", "kv", "kve", "gammainc", "gammaincc", "betainc", "erfcinv", "erfcx", "erfi", "dawsn",
    "ndtri", "log_ndtr", "zeta", "rgamma", "gammasgn", "exprel", "expi", "exp1", "ellipk", "ellipe", "spence",
)  # fmt: skip


def _of(name: str) -> Callable[..., Any]:
    def function(*args: Any) -> Any:
        return getattr(importlib.import_module("scipy.special"), name)(*args)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = f"``scipy.special.{name}``."
    return function


globals().update({name: _of(name) for name in NAMES})
