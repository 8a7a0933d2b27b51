"""Names of Numba: its loops and containers are Python's here, and its functions are the Python functions they compile.

    for i in numba.prange(n): ...      for i in range(n): ...
    numba.typed.List()                 []
    vectorized(x, y)                   mapped over the elements (`mapped`)
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
from numba.core.ccallback import CFunc
from numba.np.ufunc.dufunc import DUFunc
from numba.np.ufunc.gufunc import GUFunc
from numba.stencils.stencil import StencilFunc

from s2sad.frontend.library import builtins, dicts
from s2sad.frontend.library.support import Elaborator, new_list, refuse
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import Static, Value

PREFETCHED = "Write the array expression that it stands for: np.roll and slices, or a loop."


@meaning(numba.prange, fold=False)
def prange(elab: Elaborator, *args: Value) -> Value:
    """The loop of `range`: what its trips share is what they would share one after another."""
    return elab.call(Static(range), list(args), {})


@meaning(numba.typed.List, fold=False)
def typed_list(elab: Elaborator, iterable: Value | None = None) -> Value:
    return new_list(elab, ()) if iterable is None else builtins.list_(elab, iterable)


@meaning(numba.typed.List.empty_list, fold=False)
def empty_list(elab: Elaborator, item_type: Value, allocated: Value | None = None) -> Value:
    return new_list(elab, ())


@meaning(numba.typed.Dict, fold=False)
def typed_dict(elab: Elaborator, dcttype: Value | None = None) -> Value:
    return dicts.new_dict(elab, ())


@meaning(numba.typed.Dict.empty, fold=False)
def empty_dict(elab: Elaborator, key_type: Value, value_type: Value, n_keys: Value | None = None) -> Value:
    return dicts.new_dict(elab, ())


def python_function(obj: Any) -> Callable[..., Any] | None:
    """The Python function that a dispatcher or a C callback of Numba's compiles; None for all else."""
    return obj.__wrapped__ if isinstance(obj, CFunc) else getattr(obj, "py_func", None)


def refuse_opaque(elab: Elaborator, function: Any) -> None:
    """Refuse what is made of a Python function, and does not tell which, or means something else than a call of it."""
    match function:
        case StencilFunc():
            refuse(elab, "A stencil of Numba is kept as compiled code, whose source is not known.", PREFETCHED)
        case np.ufunc() if function.signature is None and not hasattr(np, function.__name__):
            refuse(
                elab,
                f"{function.__name__} is a ufunc that does not tell which Python function it was made of.",
                "Use np.vectorize, or numba.vectorize for the target 'cpu'.",
            )


__all__ = ["DUFunc", "GUFunc", "python_function", "refuse_opaque"]
