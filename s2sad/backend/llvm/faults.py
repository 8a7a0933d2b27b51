"""Errors: what a function returns instead of 0, and how it gets there.

A function that fails writes what is wrong into a record that its first caller gave it, jumps to its one block for
errors, gives back its memory and returns the number of the error. `s2sad_rt.machine_code` makes the exception of it.
Where in the user's file that was is a number, the site: the line itself stays out of what is compiled, so that a
function that moves need not be compiled again.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from s2sad.backend.llvm.code import I32, I64, PTR, Code, Value, i64
from s2sad.backend.llvm.values import Refused
from s2sad.ir.nodes import Pos
from s2sad_rt.native_errors import FIRST, KNOWN

LIKELY = '!1 = !{!"branch_weights", i32 1048576, i32 1}'
"""How seldom things fail, for the layout of the code."""


@dataclass(slots=True)
class Sites:
    """The places in the user's files that errors come from, and the exceptions that the program itself raises."""

    places: list[Pos | None] = field(default_factory=list)
    raised: list[tuple[str, str]] = field(default_factory=list)
    _numbers: dict[tuple[str, int] | None, int] = field(default_factory=dict)

    def number(self, pos: Pos | None) -> int:
        """The number of a place."""
        number = self._numbers.setdefault(None if pos is None else (pos.filename, pos.line), len(self.places))
        if number == len(self.places):
            self.places.append(pos)
        return number

    def error(self, kind: str, message: str) -> int:
        """The number of an error that the program raises."""
        if (kind, message) not in self.raised:
            self.raised.append((kind, message))
        return FIRST + len(KNOWN) + self.raised.index((kind, message))


class Faults:
    """The ways out of one function."""

    def __init__(self, code: Code, sites: Sites) -> None:
        self.code, self.sites = code, sites
        self.pos: Pos | None = None
        self.used = self.masked = False
        self.status = code.alloca(I32, Value("0", I32))

    def unless(self, fine: Value, kind: str, *details: Value) -> None:
        """Fail unless a condition holds; `details` are integers that the message shows. Where only some lanes take part
        (`masked`), nobody knows yet whether it is looked at: raises `Refused`."""
        if self.masked:
            raise Refused("something may fail inside a branch")
        bad, go_on = self.code.fresh("bad"), self.code.fresh("fine")
        self.code.do(f"br {fine}, label %{go_on}, label %{bad}, !prof !1")
        self.code.start(bad)
        self._leave(FIRST + KNOWN.index(kind), details)
        self.code.start(go_on)

    def raise_(self, kind: str, message: str) -> None:
        """Raise what the program raises."""
        self._leave(self.sites.error(kind, message), ())
        self.code.start(self.code.fresh("dead"))

    def propagate(self, status: Value) -> None:
        """Fail where a callee did, with what it failed with."""
        bad, go_on = self.code.fresh("bad"), self.code.fresh("fine")
        fine = self.code.compare("icmp eq", status, Value("0", I32))
        self.code.do(f"br {fine}, label %{go_on}, label %{bad}, !prof !1")
        self.code.start(bad)
        self.code.store(status, self.status)
        self._out()
        self.code.start(go_on)

    def _leave(self, number: int, details: tuple[Value, ...]) -> None:
        record = Value("%fault", PTR)
        for k, value in enumerate((i64(self.sites.number(self.pos)), *details)):
            self.code.store(value, self.code.element(I64, record, i64(k)))
        self.code.store(Value(str(number), I32), self.status)
        self._out()

    def _out(self) -> None:
        self.used = True
        self.code.jump("fail")


__all__ = ["Faults", "Sites"]
