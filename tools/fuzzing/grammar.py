"""What a program being written knows: its names, what each holds, and the text so far.

All sizes are known while a program is written, so that no index is out of range; the text says `len(x)`, `n` or a
number.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar

T = TypeVar("T")

POOLS = {
    "float": ("total", "s", "t", "y", "u", "rate", "scale", "energy", "level", "mass", "drift", "p", "q"),
    "array": ("v", "w", "out", "h", "buffer", "work", "grid", "A", "B", "weights", "state", "field", "z"),
    "int": ("k", "m", "count", "step", "offset"),
    "bool": ("flag", "above", "done", "near"),
    "list": ("items", "path", "stack", "kept", "history"),
    "dict": ("params", "cell", "model"),
    "tuple": ("pair", "both"),
    "rows": ("rows", "layers", "samples"),
    "function": ("helper", "smooth", "update", "mix", "measure", "relax", "gate"),
    "index": ("i", "j", "l", "r", "c"),
    "item": ("value", "entry", "e", "row", "part", "left", "right"),
}
"""The names that a person would choose, by what they hold."""


@dataclass(frozen=True)
class Name:
    """A name in scope. `kind` is a key of `POOLS`; `shape` that of an array; an int lies in low..high where known.

    `shared` marks memory of the caller's, which is not written into; `fixed` what is not assigned again.
    """

    text: str
    kind: str
    shape: tuple[int, ...] = ()
    low: int | None = None
    high: int | None = None
    length: int = 0
    """How many items a list has at least."""
    shared: bool = False
    fixed: bool = False
    keys: tuple[Name, ...] = ()
    """The entries of a dict or tuple: each a name whose text reads it, `params['w']`."""
    takes: tuple[Name, ...] = ()
    """The parameters of a function; one with a `length` has a default."""
    gives: Name | None = None
    """What a call of a function gives; None for one that only writes into its argument."""


@dataclass
class Grammar:
    """The state of writing: random choices, scopes, lines."""

    random: random.Random
    lines: list[str] = field(default_factory=list)
    frames: list[dict[str, Name]] = field(default_factory=lambda: [{}])
    indent: int = 1
    loops: int = 0
    """How many loops stand around."""
    trips: int = 1
    """How often a statement here runs, about."""
    used: set[str] = field(default_factory=set)
    may_continue: bool = True
    left: int = 10
    """How many statements may still be written."""

    # ------------------------------------------------------------ choices

    def chance(self, p: float) -> bool:
        """True with probability p."""
        return self.random.random() < p

    def pick(self, options: Sequence[T]) -> T:
        """One of several, all equally likely."""
        return self.random.choice(options)

    def first_that_applies(self, options: Sequence[tuple[int, Callable[[], T | None]]]) -> T:
        """What one of several productions gives: drawn by weight, those that give None passed over."""
        left = list(options)
        while left:
            k = self.random.choices(range(len(left)), [w for w, _ in left])[0]
            made = left.pop(k)[1]()
            if made is not None:
                return made
        raise AssertionError("a production has to apply")

    # ------------------------------------------------------------ names

    def names(self, kind: str) -> list[Name]:
        """The names of a kind in scope, innermost last."""
        found: dict[str, Name] = {}
        for frame in self.frames:
            found.update(frame)
        return [n for n in found.values() if n.kind == kind]

    def fresh(self, kind: str) -> str:
        """A name that is not used yet."""
        pool = POOLS[kind]
        for _ in range(20):
            text = self.pick(pool)
            if text not in self.used:
                break
        else:
            text = next(t for k in range(2, 99) for t in [f"{self.pick(pool)}{k}"] if t not in self.used)
        self.used.add(text)
        return text

    def declare(self, name: Name) -> Name:
        """Bring a name into the innermost scope."""
        self.frames[-1][name.text] = name
        return name

    def change(self, name: Name, **values: object) -> None:
        """Know something else of a name."""
        for frame in reversed(self.frames):
            if name.text in frame:
                frame[name.text] = replace(frame[name.text], **values)  # type: ignore[arg-type]
                return

    # ------------------------------------------------------------ text

    def put(self, text: str) -> None:
        """Write a line."""
        self.lines.append("    " * self.indent + text)

    @contextmanager
    def block(self, header: str, *names: Name, trips: int | None = None) -> Iterator[None]:
        """Write a header and what stands under it, with names of its own; `trips` where it is a loop."""
        self.put(header)
        before = self.trips, self.may_continue
        self.frames.append({n.text: n for n in names})
        self.indent += 1
        if trips is not None:
            self.loops += 1
            self.trips *= max(trips, 1)
            self.may_continue = True
        start = len(self.lines)
        yield
        if len(self.lines) == start:
            self.put("pass")
        self.indent -= 1
        self.frames.pop()
        if trips is not None:
            self.loops -= 1
        self.trips, self.may_continue = before
