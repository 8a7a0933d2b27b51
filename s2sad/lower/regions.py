"""Where statements stand while loops are being made: regions of code, loops in them, and an order that can grow.

A region is a block that is not finished: the body of a function, of a branch or loop of the program, or of a loop that
lowering makes. Its items have keys, tuples compared as Python compares them, so that something can be put before a
loop, or right behind what it depends on, long after other items were added. `finished` sorts them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from s2sad.ir.nodes import Atom, Block, Carry, Const, For, Pos, Stmt, Var
from s2sad.ir.types import Dim


class Entangled(Exception):
    """What reads an array was joined with the loops that compute it, and needs more of it than there is by then."""


Key = tuple[float, ...]
START: Key = (0,)


@dataclass(eq=False, slots=True, repr=False)
class Region:
    """A block being written. `known` finds what was written here before, `sizes` an atom or an axis for a dim."""

    parent: Region | None = None
    loop: Loop | None = None
    items: list[tuple[Key, Stmt | Loop]] = field(default_factory=list)
    known: dict[Any, Atom] = field(default_factory=dict)
    sizes: dict[Dim, Atom | tuple[Var, int]] = field(default_factory=dict)
    open: dict[Dim, Loop] = field(default_factory=dict)
    floor: Key = START
    depth: int = field(init=False)
    end: int = 0

    def __post_init__(self) -> None:
        self.depth = 0 if self.parent is None else self.parent.depth + 1

    def next_key(self) -> Key:
        """The key of what is added at the end."""
        self.end += 1
        return (self.end,)

    def close(self) -> None:
        """Let nothing be put before what stands here now."""
        self.floor = (self.end,)
        self.open.clear()

    def above(self, ancestor: Region) -> Region | None:
        """The region right below `ancestor` on the way from it to this one; None where that is this one itself."""
        region, below = self, None
        while region is not ancestor:
            assert region.parent is not None
            below, region = region, region.parent
        return below

    def within(self, ancestor: Region) -> bool:
        """Whether this region is `ancestor` or stands in it."""
        region: Region | None = self
        while region is not None and region.depth > ancestor.depth:
            region = region.parent
        return region is ancestor


@dataclass(eq=False, slots=True, repr=False)
class Loop:
    """``for index in range(stop)`` that lowering makes, over an axis of size `extent`."""

    index: Var
    stop: Atom
    extent: Dim
    region: Region
    key: Key
    pos: Pos | None
    body: Region = field(init=False)
    threads: dict[Thread, list[Any]] = field(default_factory=dict)
    reads: set[Var] = field(default_factory=set)
    updates: set[Atom] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.body = Region(self.region, self)

    def finished(self) -> For:
        """The loop as IR."""
        carried = tuple(
            Carry(phi, init, thread.versions[self.body], out) for thread, (phi, init, out) in self.threads.items()
        )
        return For(self.index, Const(0), self.stop, Const(1), carried, finished(self.body), pos=self.pos)


@dataclass(eq=False, slots=True, repr=False)
class Thread:
    """An accumulator or a buffer that loops carry: its version at the end, so far, of each region it goes through."""

    versions: dict[Region, Atom]

    def at(self, region: Region) -> Atom:
        """The version that a place in this region sees."""
        while region not in self.versions:
            assert region.parent is not None
            region = region.parent
        return self.versions[region]


_numbers = count(1)


def behind(key: Key) -> Key:
    """A key behind `key` and all that is behind it already, before the next item of its list.

    Keys of odd length are those of items, longer by one are those of what follows them.
    """
    return (*key, next(_numbers)) if len(key) % 2 else (*key[:-1], next(_numbers))


def before(key: Key) -> Key:
    """A key of an item before the item with `key`, behind all that stands before that now."""
    return (*key[:-1], key[-1] - 0.5, next(_numbers), 0)


def finished(region: Region) -> Block:
    """The region as a block."""
    ordered = sorted(region.items, key=lambda item: item[0])
    return tuple(item.finished() if isinstance(item, Loop) else item for _, item in ordered)
