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

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Carry, Const, For, Function, If, Let, Var, While
from s2sad.ir.paths import SLOT, Index
from s2sad.ir.primitives import inc, store, undef, zeros
from s2sad.ir.types import Scalar
from s2sad.optimise.facts import Facts

Entry = tuple[Atom | None, int]
"""One index of a path: a base and an offset (base None: the constant itself)."""
Place = tuple[Entry, ...]


def written_once(function: Function) -> set[Var]:
    """The targets of the stores that write places for the first time."""
    facts = Facts(function)
    runs: Runs = {}
    _find_runs(facts, function.body, runs)
    stores = (s for s in walk.statements(function.body) if isinstance(s, Let) and s.prim is store)
    return {s.targets[0] for s in stores if _is_first(facts, runs, s)}


@dataclass(slots=True)
class _Run:
    """Updates that follow one another in a block, at places known by number and of one rank: the version before them,
    and which of them is the first at each place."""

    base: Atom
    rank: int
    count: int = 0
    first: dict[Place, int] = field(default_factory=dict)

    def add(self, place: Place) -> int:
        self.first.setdefault(place, self.count)
        self.count += 1
        return self.count - 1


Runs = dict[Var, tuple[_Run, int]]
"""For the version that an update of a run makes, the run and the number of the update in it."""


def _find_runs(facts: Facts, block: Block, runs: Runs) -> None:
    here: dict[Atom, _Run] = {}
    for stmt in block:
        for inner in walk.blocks_of(stmt):
            _find_runs(facts, inner, runs)
        match stmt:
            case Let(prim=prim, targets=(target,), args=(base, *_)) if prim in (store, inc):
                place = place_of(facts, stmt)
                if _is_known(place):
                    run = here.pop(base, None)
                    if run is None or run.rank != len(place):
                        run = _Run(base, len(place))
                    runs[target] = run, run.add(place)
                    here[target] = run


def _is_known(place: Place) -> bool:
    """Whether all indexes of a place are numbers, from the front."""
    return all(base is None and offset >= 0 for base, offset in place)


def _is_first(facts: Facts, runs: Runs, stmt: Let) -> bool:
    proof = _Proof(facts, runs, stmt, place_of(facts, stmt))
    return proof.trace(stmt.args[0], lambda version: facts.let(version, zeros, undef) is not None) is not None


@dataclass(frozen=True, slots=True)
class _Proof:
    """Goes back over the updates before a store, in the same trip of all loops around it (`earlier`: in earlier trips),
    and ends at the first that may write its place."""

    facts: Facts
    runs: Runs
    stmt: Let
    place: Place
    earlier: bool = False
    within: tuple[For | While, ...] = ()
    """The loops whose bodies are being traced: a version that another carry brings in (a swap) ends the proof."""

    def trace(self, version: Atom, is_end: Callable[[Atom], bool]) -> Atom | None:
        """Follow versions back to one to end at; None where the proof ends before."""
        while not is_end(version):
            match self.facts.stmt(version):
                case Let(prim=prim) as let if prim in (store, inc):
                    before = self.update(let)
                    if before is None:
                        return None
                    version = before
                case For() | While() as loop:
                    c = next(c for c in loop.carried if version in (c.phi, c.out))
                    if not self.cross(loop, c, version == c.phi):
                        return None
                    version = c.init
                case If() as branch:
                    before = self.branch(branch, version)
                    if before is None:
                        return None
                    version = before
                case _:
                    return None
        return version

    def update(self, update: Let) -> Atom | None:
        """The version from before an update that keeps away from the place, or before the whole run that it ends."""
        run, number = self.runs.get(update.targets[0], (None, 0))
        if run is None or run.rank != len(self.place) or not _is_known(self.place):
            return update.args[0] if self.is_apart(update) else None
        return run.base if self.earlier or run.first.get(self.place, run.count) > number else None

    def is_apart(self, update: Let) -> bool:
        """Whether an update keeps away from the place; in an earlier trip it may be at the place of that trip."""
        place = place_of(self.facts, update)
        if self.earlier:
            return update is self.stmt or place == self.place or _apart(self.facts, place, self.place)
        return _apart_now(self.facts, place, self.place)

    def cross(self, loop: For | While, c: Carry, inside: bool) -> bool:
        """Take in the updates of a loop: earlier trips of one around the store, all trips of one before it."""
        if any(loop is other for other in self.within):
            return False
        if inside and (self.within or not _differs_by_trip(self.facts, self.place, loop)):
            return False
        body = replace(self, earlier=self.earlier or inside, within=(*self.within, loop))
        return body.trace(c.next, lambda version: version == c.phi) is not None

    def branch(self, branch: If, version: Atom) -> Atom | None:
        """The version from before a branch that both its sides come from."""
        join = next(j for j in branch.joined if j.out == version)
        then, orelse = (
            self.trace(side, lambda v: self.facts.is_outside(v, branch)) for side in (join.then, join.orelse)
        )
        return then if then == orelse else None


# -- places


def place_of(facts: Facts, update: Let) -> Place:
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


def _differs_by_trip(facts: Facts, place: Place, loop: For | While) -> bool:
    """Whether a place of one trip is not that of another: one of its indexes is the counter, never below 0."""
    for base, offset in place:
        least = facts.least(base) if base == loop.index else None
        if least is not None and least + offset >= 0:
            return not isinstance(loop, For) or isinstance(loop.step, Const)
    return False


def _apart(facts: Facts, a: Place, b: Place) -> bool:
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


def _apart_now(facts: Facts, a: Place, b: Place) -> bool:
    """Whether two places differ in the same trip of the loops around both."""
    if _apart(facts, a, b):
        return True
    for (base, offset), (other, shift) in zip(a, b, strict=False):
        least = facts.least(base) if base is not None and base == other and offset != shift else None
        if least is not None and least + min(offset, shift) >= 0:
            return True
    return False
