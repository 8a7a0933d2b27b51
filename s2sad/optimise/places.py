"""Which stores write a place that nothing has written since the array was allocated.

    a = np.zeros(n)
    a[0] = x                      # once: the first
    for i in range(1, n):
        a[i] = a[i - 1] * y       # once: i differs from trip to trip, and from 0
        a[i] = a[i] + 1.0         # not: the place has just been written

From a store the versions of its array are traced back to their allocation (of zeros or `undef`: no derivative goes
there). Every update met on the way, and those of earlier trips of the loops around the store, must keep away from its
place. Reads do not matter: in reverse they only add to a cotangent that the allocation drops.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Carry, Const, For, Function, If, Let, Stmt, Var, While
from s2sad.ir.paths import SLOT, Index
from s2sad.ir.primitives import inc, store, undef, zeros
from s2sad.ir.types import Scalar
from s2sad.optimise.facts import Facts

Entry = tuple[Atom | None, int]
"""One index of a path: a base and an offset (base None: the constant itself)."""


def written_once(function: Function) -> set[Var]:
    """The targets of the stores that write places for the first time."""
    facts = Facts(function)
    stores = (s for s in walk.statements(function.body) if isinstance(s, Let) and s.prim is store)
    return {s.targets[0] for s in stores if _is_first(facts, s)}


def _is_first(facts: Facts, stmt: Let) -> bool:
    history = _History(facts)
    if not history.trace(stmt.args[0], None):
        return False
    place = place_of(facts, stmt)
    if not all(_differs_by_trip(facts, place, loop) for loop in history.loops):
        return False
    return all(_apart_now(facts, place_of(facts, u), place) for u in history.now) and all(
        u is stmt or place_of(facts, u) == place or _apart(facts, place_of(facts, u), place) for u in history.earlier
    )


@dataclass(slots=True)
class _History:
    """The updates before a store, in the same trip of all loops around it and in earlier trips, and these loops."""

    facts: Facts
    now: list[Let] = field(default_factory=list)
    earlier: list[Let] = field(default_factory=list)
    loops: list[For | While] = field(default_factory=list)
    within: tuple[For | While, ...] = ()
    """The loops whose bodies are being traced: a version that another carry brings in (a swap) ends the proof."""

    def trace(self, version: Atom, end: Stmt | Atom | None) -> bool:
        """Follow versions back to `end`: a version, a branch (any version from before it), or the allocation (None)."""
        while not self.is_end(version, end):
            match self.facts.stmt(version):
                case Let(prim=prim, args=(base, *_)) as let if prim in (store, inc):
                    self.now.append(let)
                    version = base
                case Let(prim=prim) if prim in (zeros, undef):
                    return end is None
                case For() | While() as loop:
                    c = next(c for c in loop.carried if version in (c.phi, c.out))
                    if not self.cross(loop, c, version == c.phi):
                        return False
                    version = c.init
                case If() as branch:
                    before = self.branch(branch, version)
                    if before is None:
                        return False
                    version = before
                case _:
                    return False
        return True

    def is_end(self, version: Atom, end: Stmt | Atom | None) -> bool:
        if isinstance(end, (Var, Const)):
            return version == end
        return end is not None and self.facts.is_outside(version, end)

    def cross(self, loop: For | While, c: Carry, inside: bool) -> bool:
        """Take in the updates of a loop: earlier trips of one around the store, all trips of one before it."""
        body = _History(self.facts, within=(*self.within, loop))
        if any(loop is other for other in self.within) or not body.trace(c.next, c.phi):
            return False
        (self.earlier if inside else self.now).extend([*body.now, *body.earlier])
        if inside:
            self.loops.append(loop)
        return not body.loops

    def branch(self, branch: If, version: Atom) -> Atom | None:
        """The version from before a branch that both its sides come from."""
        join = next(j for j in branch.joined if j.out == version)
        ends = [self.before(branch, side) for side in (join.then, join.orelse)]
        return ends[0] if ends[0] == ends[1] else None

    def before(self, branch: If, version: Atom) -> Atom | None:
        while not self.facts.is_outside(version, branch):
            side = _History(self.facts, within=self.within)
            match self.facts.stmt(version):
                case Let(prim=prim, args=(base, *_)) as let if prim in (store, inc):
                    side.now.append(let)
                    version = base
                case For() | While() as loop:
                    c = next(c for c in loop.carried if version in (c.phi, c.out))
                    if not side.cross(loop, c, False):
                        return None
                    version = c.init
                case If() as inner:
                    before = side.branch(inner, version)
                    if before is None:
                        return None
                    version = before
                case _:
                    return None
            self.now.extend(side.now)
        return version


# -- places


def place_of(facts: Facts, update: Let) -> tuple[Entry, ...]:
    """The leading integer indexes of an update."""
    (step, *_), operands = dict(update.params)["path"], iter(update.args[2:])
    entries: list[Entry] = []
    for entry in step.entries if isinstance(step, Index) else ():
        if type(entry) is int:
            entries.append((None, entry))
            continue
        operand = next(operands, None) if entry is SLOT else None
        if operand is None or not isinstance(operand.type, Scalar):
            break
        base, offset = facts.affine(operand)
        entries.append((None, int(base.value) + offset) if isinstance(base, Const) else (base, offset))
    return tuple(entries)


def _differs_by_trip(facts: Facts, place: tuple[Entry, ...], loop: For | While) -> bool:
    """Whether a place of one trip is not that of another: one of its indexes is the counter, never below 0."""
    for base, offset in place:
        least = facts.least(base) if base == loop.index else None
        if least is not None and least + offset >= 0:
            return not isinstance(loop, For) or isinstance(loop.step, Const)
    return False


def _apart(facts: Facts, a: tuple[Entry, ...], b: tuple[Entry, ...]) -> bool:
    """Whether two places differ whatever the counters of loops are."""
    return any(_below(facts, x, y) or _below(facts, y, x) for x, y in zip(a, b, strict=False))


def _below(facts: Facts, x: Entry, y: Entry) -> bool:
    """Whether a constant index (not negative) is below every value of another."""
    if x[0] is not None or x[1] < 0:
        return False
    if y[0] is None:
        return x[1] < y[1]
    least = facts.least(y[0])
    return least is not None and x[1] < least + y[1]


def _apart_now(facts: Facts, a: tuple[Entry, ...], b: tuple[Entry, ...]) -> bool:
    """Whether two places differ in the same trip of the loops around both."""
    if _apart(facts, a, b):
        return True
    for (base, offset), (other, shift) in zip(a, b, strict=False):
        least = facts.least(base) if base is not None and base == other and offset != shift else None
        if least is not None and least + min(offset, shift) >= 0:
            return True
    return False
