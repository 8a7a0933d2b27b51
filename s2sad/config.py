"""Options of a process, each with an environment variable that sets its start value."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field


@dataclass(slots=True)
class Config:
    """backend: 'numba' compiles, 'python' runs the same source under CPython (S2SAD_BACKEND).
    llvm: write machine code from the IR, not by way of Numba's front end, where that can be done (S2SAD_LLVM=0: never).
    polynomials: functions such as exp by our own formulas, of which LLVM makes vectors (S2SAD_POLYNOMIALS=0: never).
    verify: check the IR after every pass (S2SAD_VERIFY=1).
    """

    backend: str = field(default_factory=lambda: os.environ.get("S2SAD_BACKEND", "numba"))
    llvm: bool = field(default_factory=lambda: os.environ.get("S2SAD_LLVM", "1") != "0")
    polynomials: bool = field(default_factory=lambda: os.environ.get("S2SAD_POLYNOMIALS", "1") != "0")
    verify: bool = field(default_factory=lambda: os.environ.get("S2SAD_VERIFY", "") not in ("", "0"))

    def __setattr__(self, name: str, value: object) -> None:
        if name == "backend" and value not in ("numba", "python"):
            raise ValueError(f"backend is 'numba' or 'python', not {value!r}")
        object.__setattr__(self, name, value)


config = Config()


@contextmanager
def using(**options: object) -> Iterator[Config]:
    """Set options for the length of a `with` block."""
    before = {name: getattr(config, name) for name in options}
    try:
        for name, value in options.items():
            setattr(config, name, value)
        yield config
    finally:
        for name, value in before.items():
            setattr(config, name, value)
