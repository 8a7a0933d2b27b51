"""A program to check: source text and arguments, and the module made of them, whose source others can find."""

from __future__ import annotations

import copy
import functools
import itertools
import linecache
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np

from tests import oracles
from tests.corpus import Program

_numbers = itertools.count()
LINES = 20_000
"""How many lines a program may run."""


class TooLong(Exception):
    """A program ran more than `LINES` lines."""


@dataclass(frozen=True)
class Case:
    """The source of a module that defines `f`, and its parameters and arguments, of which the first `inexact` are
    differentiated."""

    source: str
    params: tuple[str, ...]
    args: tuple[Any, ...]
    inexact: int

    @property
    def has_loss(self) -> bool:
        """Whether `loss` is another function than `f`."""
        return "def loss(" in self.source

    def fresh(self) -> tuple[Any, ...]:
        """Copies of the arguments."""
        return copy.deepcopy(self.args)

    def __repr__(self) -> str:
        args = "\n".join(f"{p} = {literal(a)}" for p, a in zip(self.params, self.args, strict=True))
        return f"{self.source}\n\n{args}"


@dataclass(frozen=True)
class Loaded:
    """A case whose module is there to be read, until `closed`."""

    case: Case
    module: types.ModuleType

    def program(self, name: str = "f") -> Program:
        """One of its functions, as the oracles take it."""
        wrt = tuple(range(self.case.inexact))
        return Program(f"{self.module.__name__}.{name}", getattr(self.module, name), self.case.args, wrt)

    def loss(self) -> Program:
        """Its number-valued function."""
        return self.program("loss" if self.case.has_loss else "f")


@contextmanager
def loaded(case: Case) -> Iterator[Loaded]:
    """The case as a module that tracebacks, `inspect` and s2sad can read the source of."""
    module = module_of(f"s2sad_fuzz_{next(_numbers)}", case.source, {})
    try:
        yield Loaded(case, module)
    finally:
        forget(module)
        oracles.stepped_module.cache_clear()


def module_of(name: str, source: str, names: dict[str, Any]) -> types.ModuleType:
    """A module of this source, with some names given to it, whose source is found where source is looked for."""
    file = f"/fuzz/{name}.py"
    module = types.ModuleType(name)
    module.__file__ = file
    vars(module).update(names)
    # A loader without a file: `checkcache` leaves such an entry alone.
    linecache.cache[file] = (len(source), None, source.splitlines(keepends=True), file)
    sys.modules[name] = module
    exec(compile(source, file, "exec"), vars(module))
    return module


def forget(module: types.ModuleType) -> None:
    """Undo `module_of`."""
    sys.modules.pop(module.__name__, None)
    linecache.cache.pop(str(module.__file__), None)


def within_lines(function: Callable[..., Any], *args: Any) -> Any:
    """A call that raises `TooLong` where it runs more than `LINES` lines of a program."""
    left = LINES

    def trace(frame: types.FrameType, event: str, arg: object) -> Any:
        nonlocal left
        if not frame.f_code.co_filename.startswith("/fuzz/"):
            return None
        left -= event == "line"
        if left < 0:
            raise TooLong
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return function(*args)
    finally:
        sys.settrace(before)


@functools.singledispatch
def literal(value: Any) -> str:
    """A value as Python source."""
    return repr(value)


@literal.register
def _(value: np.ndarray) -> str:
    if value.size == 0:
        return f"np.zeros({value.shape})"
    return f"np.array({value.tolist()})"


@literal.register
def _(value: np.generic) -> str:
    return repr(value.item())


@literal.register
def _(value: tuple) -> str:
    return f"({', '.join(map(literal, value))}{',' if len(value) == 1 else ''})"
