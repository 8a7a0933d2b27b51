"""A clock for nested stages, and how functions are put under it from outside, for the length of a `with` block."""

from __future__ import annotations

import functools
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

Measure = Callable[[Any], int | None]


@dataclass(slots=True)
class Stage:
    """What was spent in a stage itself, not in those inside it. Sizes are those that `measure` gives, summed."""

    group: str
    name: str
    seconds: float = 0.0
    runs: int = 0
    before: int | None = None
    after: int | None = None

    def note(self, before: int | None, after: int | None) -> None:
        """Add the sizes of what went in and of what came out."""
        if before is not None and after is not None:
            self.before, self.after = (self.before or 0) + before, (self.after or 0) + after


class Clock:
    """Charges CPU seconds of the process to the innermost stage that is running."""

    def __init__(self, now: Callable[[], float] = time.process_time) -> None:
        self.now = now
        self.stages: dict[tuple[str, str], Stage] = {}
        self._running: list[Stage] = []
        self._since = now()

    @property
    def total(self) -> float:
        """All seconds that were charged."""
        return sum(stage.seconds for stage in self.stages.values())

    def start(self, group: str, name: str) -> Stage:
        """Enter a stage."""
        self._charge()
        stage = self.stages.setdefault((group, name), Stage(group, name))
        stage.runs += 1
        self._running.append(stage)
        return stage

    def stop(self) -> None:
        """Leave the innermost stage."""
        self._charge()
        self._running.pop()

    @contextmanager
    def stage(self, group: str, name: str) -> Iterator[Stage]:
        """A stage for the length of a block."""
        stage = self.start(group, name)
        try:
            yield stage
        finally:
            self.stop()

    def timed(self, function: Callable[..., Any], group: str, name: str, measure: Measure | None = None) -> Any:
        """The function, each call of it a stage. `measure` gives the size of its first argument and of its result."""

        @functools.wraps(function)
        def call(*args: Any, **kwargs: Any) -> Any:
            with self.stage(group, name) as stage:
                out = function(*args, **kwargs)
            if measure is not None and args:
                stage.note(measure(args[0]), measure(out))
                self._since = self.now()  # measuring is no part of what is measured
            return out

        return call

    def _charge(self) -> None:
        now = self.now()
        if self._running:
            self._running[-1].seconds += now - self._since
        self._since = now


@contextmanager
def replaced(functions: Mapping[Any, Any], package: str) -> Iterator[None]:
    """Other functions in place of some, wherever the modules of a package hold them by a name, or in a list of pairs
    of names and functions."""
    others = {id(function): other for function, other in functions.items()}
    with ExitStack() as stack:
        for module in [m for name, m in list(sys.modules.items()) if name.split(".")[0] == package]:
            for name, value in list(vars(module).items()):
                other = _other(value, others)
                if other is not value:
                    stack.enter_context(attribute(module, name, other))
        yield


def _other(value: Any, others: Mapping[int, Any]) -> Any:
    """What takes the place of a value; itself where nothing does."""
    if not isinstance(value, tuple):
        return others.get(id(value), value)
    if not any(isinstance(v, tuple) and len(v) == 2 and id(v[1]) in others for v in value):
        return value
    return tuple((name, _other(function, others)) for name, function in value)


@contextmanager
def attribute(owner: Any, name: str, value: Any) -> Iterator[None]:
    """Another value of an attribute."""
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        setattr(owner, name, before)
