"""Options of a process, each with an environment variable that sets its start value."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields

LOWERING = frozenset({"elements", "fuse", "lanes", "scalars"})
"""The passes of the lowering that can be left out one by one."""

_targets: dict[tuple[object, ...], tuple[object, ...]] = {}


@dataclass(slots=True)
class Config:
    """backend: 'numba' compiles, 'python' runs the same source under CPython (S2SAD_BACKEND).
    llvm: write machine code from the IR, not by way of Numba's front end, where that can be done (S2SAD_LLVM=0: never).
    reorder_sums: add up in any order what a loop only adds to, and fuse products into sums in the arithmetic of
        derivatives (S2SAD_REORDER_SUMS=0: every operation in the order of the program, rounded by itself).
    polynomials: functions such as exp by our own formulas, of which LLVM makes vectors (S2SAD_POLYNOMIALS=0: never).
    verify: check the IR after every pass (S2SAD_VERIFY=1).
    nogil: compiled code lets other threads of Python run (S2SAD_NOGIL=1).
    lower: compile loops over elements in the place of array expressions; S2SAD_LOWER=0 compiles what `.source` shows.
    passes_off: names of passes of the lowering that are left out (S2SAD_PASSES_OFF=fuse).
    """

    target: tuple[object, ...] = field(default=(), init=False)
    """The values of all options, which programs are made for: one object for each, so that calls compare identities."""
    backend: str = field(default_factory=lambda: os.environ.get("S2SAD_BACKEND", "numba"))
    llvm: bool = field(default_factory=lambda: os.environ.get("S2SAD_LLVM", "1") != "0")
    reorder_sums: bool = field(default_factory=lambda: os.environ.get("S2SAD_REORDER_SUMS", "1") != "0")
    polynomials: bool = field(default_factory=lambda: os.environ.get("S2SAD_POLYNOMIALS", "1") != "0")
    verify: bool = field(default_factory=lambda: os.environ.get("S2SAD_VERIFY", "") not in ("", "0"))
    nogil: bool = field(default_factory=lambda: os.environ.get("S2SAD_NOGIL", "") not in ("", "0"))
    lower: bool = field(default_factory=lambda: os.environ.get("S2SAD_LOWER", "1") not in ("", "0"))
    passes_off: frozenset[str] = field(
        default_factory=lambda: frozenset(filter(None, os.environ.get("S2SAD_PASSES_OFF", "").split(",")))
    )

    def __setattr__(self, name: str, value: object) -> None:
        if name == "backend" and value not in ("numba", "python"):
            raise ValueError(f"backend is 'numba' or 'python', not {value!r}")
        if name == "passes_off":
            value = frozenset((value,) if isinstance(value, str) or not isinstance(value, Iterable) else value)
            if unknown := value - LOWERING:
                raise ValueError(f"no pass is called {', '.join(sorted(unknown))}: {', '.join(sorted(LOWERING))}")
        object.__setattr__(self, name, value)
        if name != "target":
            found = tuple([getattr(self, f.name, None) for f in fields(self) if f.name != "target"])
            object.__setattr__(self, "target", _targets.setdefault(found, found))


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
