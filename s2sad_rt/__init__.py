"""What generated code may import: NumPy, Numba where there is one, and never s2sad.

    @rt.jit             compiled by Numba where it is installed and not switched off, else the plain function
    rt.add_at(a, k, v)  a[k] += v, repeated indices accumulating
    rt.<name>           any function of the modules in `MODULES`, which are imported when first needed

The functions are plain NumPy. Modules in `COMPILED` give Numba its versions of them; the first `rt.jit` imports those.
"""

from __future__ import annotations

from typing import Any

from s2sad_rt.compiling import jit, plain_python
from s2sad_rt.updates import add_at, copy, copy_list, list_zeros, put_at, take_at

__all__ = ["add_at", "copy", "copy_list", "jit", "list_zeros", "plain_python", "put_at", "take_at"]

MODULES = (
    "arrays", "linear_algebra", "eigenspaces", "matrix_functions", "fourier", "scipy_special", "special",
    "incomplete_gamma", "incomplete_beta", "student", "checkpointing", "exporting", "debugging",
    "telling", "machine_code",
)  # fmt: skip
"""Where further names are looked for, in this order."""


def __getattr__(name: str) -> Any:
    import importlib

    if not name.startswith("_"):
        for module in MODULES:
            found = importlib.import_module(f"s2sad_rt.{module}")
            if name in vars(found):
                value = vars(found)[name]
                globals()[name] = value
                return value
    raise AttributeError(f"module 's2sad_rt' has no attribute {name!r}")
