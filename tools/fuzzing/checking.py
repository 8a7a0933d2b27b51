"""A case checked in some modes: what came of each."""

from __future__ import annotations

import ast
import re
import signal
import traceback
import types
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

import s2sad
from s2sad.config import using
from s2sad.errors import S2sadError
from tests.corpus import leaves
from tests.helpers import snapshot
from tools.fuzzing.case import Case, Loaded, forget, loaded, module_of
from tools.fuzzing.modes import Mode, flat
from tools.fuzzing.passes import forget_programs, without
from tools.fuzzing.reference import Reference, Unsuitable, agree

SECONDS = {"python": 20, "numba": 120}
"""How much processor time a check may take before it counts as one without an end."""


@dataclass(frozen=True)
class Outcome:
    """What came of a check. `kind` is 'ok', 'skipped', 'refused', 'wrong', 'crash' or 'hang'.

    `detail` tells failures of different causes apart; `message` is for people.
    """

    mode: str
    kind: str
    detail: str = ""
    message: str = ""

    @property
    def failed(self) -> bool:
        """Whether it is a bug."""
        return self.kind in ("wrong", "crash", "hang")

    def like(self, other: Outcome) -> bool:
        """Whether it fails in the same way."""
        return (self.mode, self.kind, self.detail) == (other.mode, other.kind, other.detail)


@dataclass
class Settings:
    """How programs are checked."""

    backend: str = "python"
    verify: bool = True
    modes: Sequence[Mode] = field(default_factory=tuple)


def check(case: Case, settings: Settings) -> list[Outcome]:
    """The outcome of each mode. A program that is no test is skipped in all of them."""
    with loaded(case) as one, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reference = Reference(one)
        try:
            _ = reference.value, reference.gradient
        except Unsuitable as why:
            return [Outcome("all", "skipped", str(why))]
        return [check_mode(one, reference, mode, settings) for mode in settings.modes]


def check_mode(one: Loaded, reference: Reference, mode: Mode, settings: Settings) -> Outcome:
    """The outcome of one mode."""
    try:
        expected = mode.expected(reference)
    except Unsuitable as why:
        return Outcome(mode.name, "skipped", str(why))
    except (ValueError, IndexError) as error:  # a lane that returns another shape, or raises
        return Outcome(mode.name, "skipped", f"it raises {type(error).__name__} in a batch")
    given = mode.arguments(reference)
    before = snapshot(tuple(x for x in given if x is not None))
    try:
        with using(backend=settings.backend, verify=settings.verify), limited(SECONDS[settings.backend]):
            actual = run(one, mode, given)
    except S2sadError as error:
        return Outcome(mode.name, "refused", anonymous(f"{error.why} {error.instead}", one.case), str(error))
    except TooSlow:
        return Outcome(mode.name, "hang", "", f"no result after {SECONDS[settings.backend]} s")
    except Exception as error:
        return Outcome(mode.name, "crash", place(error), "".join(traceback.format_exception(error)[-12:]))
    if snapshot(tuple(x for x in given if x is not None)) != before:
        return Outcome(mode.name, "wrong", "argument", "an argument was changed")
    return compared(mode, actual, expected, reference)


def compared(mode: Mode, actual: Any, expected: np.ndarray, reference: Reference) -> Outcome:
    """Whether a result is what was expected."""
    got = flat(actual)
    if mode.name == "value":
        kinds = tuple([kind_of(x) for x in leaves(tree)] for tree in (actual, reference.value))
        if kinds[0] != kinds[1]:
            return Outcome(mode.name, "wrong", "kind", f"got {kinds[0]}, not {kinds[1]}")
    if agree(got, expected, tolerance_of(mode, reference)):
        return Outcome(mode.name, "ok")
    shown = [np.array2string(x, precision=9, threshold=20) for x in (got, expected)]
    return Outcome(mode.name, "wrong", "", f"got {shown[0]}, not {shown[1]}")


def tolerance_of(mode: Mode, reference: Reference) -> float:
    """How far a result may be from the reference, relative to the largest number in it."""
    if mode.order == 2:
        return 1e-5
    return mode.tolerance if mode.order == 0 or reference.exact else 1e-6


def kind_of(leaf: Any) -> tuple[tuple[int, ...], str]:
    """The shape of a leaf of a result, and its dtype if it is an array."""
    return np.shape(leaf), str(leaf.dtype) if isinstance(leaf, np.ndarray) else "number"


def run(one: Loaded, mode: Mode, given: Sequence[Any]) -> Any:
    """The result of a mode's `check` function."""
    names = {"s2sad": s2sad, "np": np, "without": without}
    names |= {k: v for k, v in vars(one.module).items() if isinstance(v, types.FunctionType)}
    module = module_of(f"{one.module.__name__}_{mode.name}", mode.text(one.case), names)
    forget_programs()
    try:
        return vars(module)["check"](*given)
    finally:
        forget(module)


# ---------------------------------------------------------------- telling failures apart


def place(error: BaseException) -> str:
    """The class of an error and the function of ours that it came out of."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/s2sad/" in f.filename]
    where = f"{Path(frames[-1].filename).stem}.{frames[-1].name}" if frames else "generated"
    return f"{type(error).__name__} in {where}"


def anonymous(text: str, case: Case) -> str:
    """A message without the names and numbers of its program."""
    names = {n.id for n in ast.walk(ast.parse(case.source)) if isinstance(n, ast.Name)} - {"np", "math"}
    names |= {n.name for n in ast.walk(ast.parse(case.source)) if isinstance(n, ast.FunctionDef)}
    names |= set(case.params)
    text = re.sub(r"\b[A-Za-z_]\w*\b", lambda m: "_" if m[0] in names and len(m[0]) < 12 else m[0], text)
    return re.sub(r"\d+", "0", text)


class TooSlow(Exception):
    """A check took too long."""


@contextmanager
def limited(seconds: int) -> Iterator[None]:
    """Raise `TooSlow` in what takes longer."""

    def ring(number: int, frame: object) -> None:
        raise TooSlow

    before = signal.signal(signal.SIGPROF, ring)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)
