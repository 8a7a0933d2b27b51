"""Looking at what was compiled: source, stages, decisions; and saving it."""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from s2sad.backend import numba as numba_backend
from s2sad.frontend.elaborate import Abstract
from s2sad.ir.printer import to_source
from s2sad.ir.types import Array, Scalar, Type, symbol
from s2sad.variant import Lowered


class Inspection:
    """One signature of a function, taken apart."""

    def __init__(self, lowered: Lowered) -> None:
        self._lowered = lowered

    @property
    def source(self) -> str:
        """The generated Python module."""
        return self._lowered.source

    @property
    def stages(self) -> list[str]:
        """The names that `show` takes, in the order of the pipeline."""
        return [*self._lowered.trace.stages, "emit"]

    def show(self, after: str | None = None) -> str:
        """The program after a stage, as Python; the emitted source by default.

        Raises KeyError naming the stages when there is no such stage.
        """
        if after in (None, "emit"):
            return self.source
        stages = self._lowered.trace.stages
        if after not in stages:
            raise KeyError(f"no stage {after!r}: the stages are {', '.join(self.stages)}")
        return to_source(stages[after])

    def explain(self) -> str:
        """What the reverse sweep needs of the forward sweep, and where it gets each value from."""
        decisions = self._lowered.trace.decisions
        if not decisions:
            return f"{self._lowered.name}: no value of a forward sweep is needed; nothing is recorded.\n"
        return f"{self._lowered.name}:\n" + "".join(f"  {d}\n" for d in decisions)

    def save(self, path: str | Path, force: bool = False) -> Path:
        """Write the module; FileExistsError unless `force`. The file appears whole or not at all."""
        return write_whole(Path(path), self.source, force)


def write_whole(path: Path, text: str, force: bool = False) -> Path:
    """Write a text file atomically."""
    if path.exists() and not force:
        raise FileExistsError(f"{path} exists; pass force=True (--force) to overwrite it")
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o644)
        os.replace(temporary, path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
    return path


_TYPE = re.compile(r"\s*(?P<dtype>[A-Za-z]+\d*)\s*(?P<dims>\[[:,\s\d]*\])?\s*$")
_NAMES = {"int": "int64", "float": "float64", "complex": "complex128", "bool": "bool", "b1": "bool"}


def parse_type(text: str, name: str) -> Type:
    """A type from text: ``f8``, ``float64[:, :]``, ``i8``, ``float32[:, 3]``; sizes `:` are unknown and above 1.

    Python's ``int``, ``float``, ``complex``, ``bool`` are weak scalars. Raises ValueError when it is none of these.
    """
    match = _TYPE.match(text)
    try:
        dtype = np.dtype(_NAMES.get(match["dtype"], match["dtype"])) if match else None
    except TypeError:
        dtype = None
    if match is None or dtype is None:
        raise ValueError(f"not a type: {text!r} (write f8, i8, f8[:], f8[:, :], f4[:, 3], ...)")
    if match["dims"] is None:
        return Scalar(dtype, weak=match["dtype"] in _NAMES or dtype.itemsize * 8 in (8, 64) or dtype.kind == "c" and dtype.itemsize == 16)
    parts = [p.strip() for p in match["dims"][1:-1].split(",")]
    return Array(dtype, tuple(int(p) if p.isdigit() else symbol(f"{name}.{k}", 2) for k, p in enumerate(parts)))


def abstract_of(text: Any, index: int, name: str | None = None) -> Abstract:
    """An argument known by its type only."""
    name = name or f"x_{index}"
    return Abstract(index, parse_type(str(text), name), name)


def dispatcher(lowered: Lowered) -> Callable[..., Any]:
    """The loaded function of flat values."""
    return numba_backend.load(lowered.source, lowered.module.main.name)
