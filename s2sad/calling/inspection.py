"""Looking at what was compiled: source, stages, decisions; and saving it."""

from __future__ import annotations

import os
import secrets
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

from s2sad.backend import numba as numba_backend
from s2sad.calling.explaining import explained
from s2sad.calling.variant import Lowered, emitted
from s2sad.errors import UnsupportedError
from s2sad.ir.nodes import Module
from s2sad.ir.printer import to_source
from s2sad.ir.python_calls import positions_of
from s2sad.lower import lower as lowering


class Inspection:
    """One signature of a function, taken apart."""

    def __init__(self, lowered: Lowered) -> None:
        self._lowered = lowered

    def __repr__(self) -> str:
        return f"<s2sad program {self._lowered.name}: source, stages, show(after), explain(), save(path)>"

    @property
    def source(self) -> str:
        """The generated Python module."""
        return self._lowered.source

    @property
    def stages(self) -> list[str]:
        """The names that `show` takes, in the order of the pipeline."""
        return [*self._stages(), "emit"]

    def _stages(self) -> dict[str, Module]:
        return {**self._lowered.trace.stages, "lower": self._lowered.loops}

    def show(self, after: str | None = None) -> str:
        """The program after a stage, as Python; the emitted source by default.

        Raises KeyError naming the stages when there is no such stage.
        """
        if after in (None, "emit"):
            return self.source
        stages = self._stages()
        if after not in stages:
            raise KeyError(f"no stage {after!r}: the stages are {', '.join(self.stages)}")
        return to_source(stages[after])

    def explain(self) -> str:
        """What became of each loop and array: the form of reverse loops, what is recorded (bytes a trip), replayed and
        recomputed; what is fused, stored and left whole; what Numba compiles; and what stood in the way."""
        return explained(self._lowered)

    def save(self, path: str | Path, force: bool = False, readable: bool = False) -> Path:
        """Write a module of what is compiled, or of the `readable` derivative (`source`); FileExistsError unless
        `force`. The file appears whole or not at all."""
        refuse_python_calls(self._lowered)
        text = self.source if readable else emitted(self._lowered.kept(readable), self._lowered.nogil)
        return write_whole(Path(path), text, force)


def refuse_python_calls(lowered: Lowered) -> None:
    """Refuse to take a function out of this process that needs objects of it."""
    places = positions_of(lowered.module)
    if places:
        raise UnsupportedError(
            f"{lowered.name} makes a call that only CPython can make, with an object of this process.",
            "Leave it out.",
            places[0],
        )


def write_whole(path: Path, text: str, force: bool = False) -> Path:
    """Write a text file, all of it or nothing; FileExistsError where there is one, unless `force`."""
    if path.exists() and (not force or path.is_dir()):
        raise FileExistsError(
            f"{path} is a directory" if path.is_dir() else f"{path} exists; pass force=True (--force) to overwrite it"
        )
    temporary = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    try:
        with open(temporary, "x", encoding="utf-8") as file:
            file.write(text)
        if path.exists():
            temporary.chmod(stat.S_IMODE(path.stat().st_mode))
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise type(error)(error.errno, error.strerror, str(path)) from None
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    return path


def dispatcher(lowered: Lowered) -> Callable[..., Any]:
    """The loaded function of flat values, for callers that do not see to it that equal sizes are equal."""
    refuse_python_calls(lowered)
    module = lowering.lowered(lowered.module)
    return numba_backend.load_module(module, lambda: emitted(module, lowered.nogil), lowered.nogil).function
