"""Whether the reverse sweep runs the blocks and calls of the forward sweep in opposite order, and which are mirrors.

    y = f_forward(x)                  opens  f                         ()
    for i in ...: g_forward(i)        opens  i(g)                      (f, i(g))
    if c: ...                         opens  c                         (f, i(g), c)
    --- reverse sweep
    if c: ...                         closes c                         (f, i(g))
    for j in ...: g_reverse(...)      closes i(g), its mirror          (f)
    x_bar = f_reverse(...)            closes f                         ()

A loop or branch that holds no call may stay open: nothing is on the stacks for it. Blocks are numbered in the order of
the text, as in `scopes`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from s2sad.ir.nodes import Atom, Block, Call, For, If, Stmt, Var, While
from s2sad.transforms.adjoint.calls import Pair, pair_called


class Unpaired(Exception):
    """A recursion that no pair of functions can reverse."""


@dataclass(slots=True)
class Open:
    """A call, or a loop or branch with what its blocks left open; `key` is the pair, the index or the condition."""

    key: str | Atom
    numbers: tuple[int, ...] = ()
    inner: tuple[tuple[Open, ...], ...] = ()

    @property
    def must_close(self) -> bool:
        """Whether it holds a call."""
        return isinstance(self.key, str) or any(o.must_close for block in self.inner for o in block)


class Nesting:
    """Reads an adjoint from top to bottom; `mirror` maps the numbers of blocks to those of the blocks that reverse
    them."""

    def __init__(self, pairs: Mapping[str, Pair]) -> None:
        self.pairs = pairs
        self.number = 0
        self.mirror: dict[int, int] = {}

    def read(self, body: Block) -> dict[int, int]:
        """Check a whole function."""
        self.finish(self.block(body, []))
        return self.mirror

    def finish(self, left: list[Open]) -> None:
        if any(o.must_close for o in left):
            raise Unpaired("a call of the forward sweep is not reversed")

    def block(self, block: Block, open_: list[Open]) -> list[Open]:
        """Read a block that begins with these open."""
        for stmt in block:
            self.statement(stmt, open_)
        return open_

    def enter(self) -> int:
        self.number += 1
        return self.number

    def statement(self, stmt: Stmt, open_: list[Open]) -> None:
        match stmt:
            case Call():
                name, half = pair_called(stmt.function, self.pairs) or ("", "")
                if half == "forward":
                    open_.append(Open(name))
                elif half == "reverse" and self.take(name, open_) is None:
                    raise Unpaired("a call is reversed out of order")
            case For(mirrors=None) | While():
                number = self.enter()
                if isinstance(stmt, While) and any(o.must_close for o in self.block(stmt.pre, [])):
                    raise Unpaired("the condition of a loop makes a call, and is run once more than its body")
                open_.append(Open(stmt.index, (number,), (tuple(self.block(stmt.body, [])),)))
            case For():
                number, found = self.enter(), self.take(stmt.mirrors, open_)
                self.finish(self.block(stmt.body, [] if found is None else list(found.inner[0])))
                if found is not None:
                    self.mirror[found.numbers[0]] = number
            case If():
                self.branch(stmt, open_)
            case _:
                pass

    def branch(self, stmt: If, open_: list[Open]) -> None:
        """A branch closes the last one on the same condition, if it reverses what that holds; or else it opens one."""
        start, known = self.number, dict(self.mirror)
        before = list(open_)
        found = self.take(stmt.cond, open_) if isinstance(stmt.cond, Var) else None
        numbers, ends = self.sides(stmt, ((), ()) if found is None else found.inner)
        if found is not None and any(o.must_close for end in ends for o in end):
            self.number, self.mirror, open_[:], found = start, known, before, None
            numbers, ends = self.sides(stmt, ((), ()))
        if found is None:
            open_.append(Open(stmt.cond, numbers, ends))
        else:
            self.mirror.update(zip(found.numbers, numbers, strict=True))

    def sides(
        self, stmt: If, inner: tuple[tuple[Open, ...], ...]
    ) -> tuple[tuple[int, ...], tuple[tuple[Open, ...], ...]]:
        """Read both sides: their numbers, and what they leave open."""
        numbers, ends = [], []
        for block, open_ in zip((stmt.then, stmt.orelse), inner, strict=True):
            numbers.append(self.enter())
            ends.append(tuple(self.block(block, list(open_))))
        return tuple(numbers), tuple(ends)

    def take(self, key: str | Atom | None, open_: list[Open]) -> Open | None:
        """Close the last one of that key, and with it those after it that may stay open; None if there is no such."""
        for place in range(len(open_) - 1, -1, -1):
            if open_[place].key == key:
                found = open_[place]
                del open_[place:]
                return found
            if open_[place].must_close:
                return None
        return None
