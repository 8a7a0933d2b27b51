"""Options of a process, each with an environment variable that sets its start value."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, fields

_targets: dict[tuple[object, ...], tuple[object, ...]] = {}


@dataclass(slots=True)
class Config:
    """backend: 'numba' compiles, 'python' runs the same source under CPython (S2SAD_BACKEND).
    verify: check the IR after every pass (S2SAD_VERIFY=1).
    nogil: compiled code lets other threads of Python run (S2SAD_NOGIL=1).
    """

    target: tuple[object, ...] = field(default=(), init=False)
    """The values of all options, which programs are made for: one object for each, so that calls compare identities."""
    backend: str = field(default_factory=lambda: os.environ.get("S2SAD_BACKEND", "numba"))
    verify: bool = field(default_factory=lambda: os.environ.get("S2SAD_VERIFY", "") not in ("", "0"))
    nogil: bool = field(default_factory=lambda: os.environ.get("S2SAD_NOGIL", "") not in ("", "0"))

    def __setattr__(self, name: str, value: object) -> None:
        if name == "backend" and value not in ("numba", "python"):
            raise ValueError(f"backend is 'numba' or 'python', not {value!r}")
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
