"""Small arrays as families: the versions of one array, from its first store to its last, and how they are reached.

    w = np.empty(3)                    a family w, w_1, w_2: three versions, two places that are
    w_1 = store(w, x, 0)               known, one array that is needed as a whole
    w_2 = inc(w_1, y, 1)
    z = solve(a, w_2)

Versions belong together where one is an update of the other, or a loop carries it, or a branch joins it. A family can
be held in numbers where every index is known; that costs as many loads for each version that comes from elsewhere (a
parameter, a call), and as many stores for each that is needed as a whole, as it has elements.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Const, For, Function, If, Let, Stmt, Var, While, array_type
from s2sad.ir.paths import SLOT, Index
from s2sad.ir.primitives import dim, inc, load, store, undef, zeros
from s2sad.ir.types import Array, Scalar
from s2sad.lower.sizes import Equalities, kept, unsure
from s2sad.rules.numbers import WIDE

LARGEST = 16
"""How many elements a small array has at most."""
MOST_NAMES = 512
"""How many numbers the loops and branches around one family may carry and join."""
LONGEST = 2**62
"""How large an integer may be to be a number of any other dtype."""
OFTEN = 8
"""How many trips a loop is taken to have."""

Loops = frozenset[Var]
Known = Callable[[Atom], Loops | None]
"""Of an index that is known, the loops that must be written out for it; None where it is not known."""


@dataclass(slots=True)
class Family:
    """What is known of a family. Counts are weighted by the loops around them."""

    versions: list[Var]
    reached: int = 0
    entering: dict[Var, int] = field(default_factory=dict)
    escaping: dict[Var, int] = field(default_factory=dict)
    names: int = 0
    updates: int = 0
    loops: set[Var] = field(default_factory=set)
    broken: bool = False
    joined: Family | None = None
    """The family that this one is part of."""

    @property
    def pays(self) -> bool:
        """Whether numbers are better than the array."""
        if self.broken or not self.updates or self.names > MOST_NAMES:
            return False
        written = sum(w for v, w in self.escaping.items() if v not in self.entering)
        return (sum(self.entering.values()) + written) * size(self.versions[0]) <= self.reached


def size(var: Var) -> int:
    """The number of elements of an array whose dims are numbers."""
    return math.prod(d for d in array_type(var).dims if isinstance(d, int))


def is_small(atom: Atom) -> bool:
    """Whether an atom is an array with a few elements, of a dtype that numbers in a program keep."""
    if not isinstance(atom, Var) or not isinstance(atom.type, Array) or atom.type.dtype not in WIDE:
        return False
    return all(isinstance(d, int) for d in atom.type.dims) and 1 <= size(atom) <= LARGEST


def place(let: Let) -> tuple[Atom, ...] | None:
    """The index of the one element that a load or an update reaches by numbers; None where it reaches others."""
    path, rank = dict(let.params)["path"], array_type(let.args[0]).rank
    if len(path) != 1 or not isinstance(path[0], Index):
        return None
    entries = [e for e in path[0].entries if e is not Ellipsis]
    if len(entries) != rank or (let.prim is load and not isinstance(let.targets[0].type, Scalar)):
        return None
    operands = iter(let.args[1 if let.prim is load else 2 :])
    index = tuple(next(operands) if e is SLOT else Const(e) if type(e) is int else None for e in entries)
    found = tuple(i for i in index if i is not None and isinstance(i.type, Scalar) and i.type.dtype.kind in "iu")
    return found if len(found) == rank else None


def position(array: Var, index: Iterable[Atom]) -> int | None:
    """Where an element stands in row-major order; None where the index is not known, or out of range."""
    found = 0
    for i, d in zip(index, array_type(array).dims, strict=True):
        assert isinstance(d, int)
        if not isinstance(i, Const) or not -d <= int(i.value) < d:
            return None
        found = found * d + int(i.value) % d
    return found


def fits(value: Atom, dtype: np.dtype, *, added: bool) -> bool:
    """Whether a number is stored into (or added to) an array of this dtype as a cast of it is a number."""
    if not isinstance(value.type, Scalar) or value.type.dtype not in WIDE:
        return False
    order = "bifc"
    if isinstance(value, Const) and value.type.dtype.kind == "i" and abs(int(value.value)) > LONGEST:
        return False
    return order.index(value.type.dtype.kind) <= order.index(dtype.kind) and not (added and dtype.kind == "b")


def families(function: Function, known: Known, trips: Mapping[Var, int]) -> list[Family]:
    """The families of a function that are better held in numbers. `trips` are those of the loops to be written out."""
    search = _Search(known, trips, unsure(function, Equalities(kept(function))))
    for p in function.params:
        search.enters(p, 1)
    search.block(function.body, 1)
    for r in function.results:
        search.escapes(r)
    return [f for f in search.families() if f.pays]


class _Search:
    def __init__(self, known: Known, trips: Mapping[Var, int], unsure: set[Var]) -> None:
        self.known, self.trips, self.unsure = known, trips, unsure
        self.of: dict[Var, Family] = {}
        self.weights: dict[Var, int] = {}

    def families(self) -> list[Family]:
        return list({id(f): f for f in map(self.family, self.of)}.values())

    # -- union

    def family(self, var: Var) -> Family:
        """The family of a small array."""
        found = self.of.get(var)
        if found is None:
            found = self.of[var] = Family([var])
        while found.joined is not None:
            found = found.joined
        self.of[var] = found
        return found

    def link(self, *atoms: Atom) -> None:
        """Versions of one array; where they differ in size, none of them can be held in numbers."""
        arrays = [a for a in atoms if isinstance(a, Var) and isinstance(a.type, Array)]
        small = [a for a in arrays if is_small(a)]
        alike = len(small) == len(arrays) and len({a.type for a in arrays}) < 2
        for other in small[1:]:
            self.join(self.family(small[0]), self.family(other))
        if small and not alike:
            self.family(small[0]).broken = True

    def join(self, a: Family, b: Family) -> None:
        if a is b:
            return
        if len(a.versions) < len(b.versions):
            a, b = b, a
        b.joined = a
        a.versions += b.versions
        a.entering |= b.entering
        a.escaping |= b.escaping
        a.loops |= b.loops
        a.reached, a.updates, a.names = a.reached + b.reached, a.updates + b.updates, a.names + b.names
        a.broken |= b.broken

    def enters(self, var: Var, weight: int) -> None:
        if is_small(var):
            family = self.family(var)
            family.entering[var] = weight
            family.broken |= var in self.unsure

    def escapes(self, atom: Atom) -> None:
        if isinstance(atom, Var) and is_small(atom):
            self.family(atom).escaping[atom] = self.weights.get(atom, 1)

    # -- the walk

    def block(self, block: Block, weight: int) -> None:
        for stmt in block:
            self.statement(stmt, weight)

    def statement(self, stmt: Stmt, weight: int) -> None:
        match stmt:
            case Let(prim=prim) if prim in (load, store, inc) and is_small(stmt.args[0]):
                self.access(stmt, weight)
            case Let(prim=prim) if prim in (undef, zeros):
                self.weights[stmt.targets[0]] = weight
            case Let(prim=prim) if prim is dim:
                pass
            case For() | While():
                inner = weight * (self.trips.get(stmt.index, OFTEN) if isinstance(stmt, For) else OFTEN)
                for c in stmt.carried:
                    self.carry((c.phi, c.init, c.next, c.out))
                    self.weights[c.phi], self.weights[c.out] = inner, weight
                for b in walk.blocks_of(stmt):
                    self.block(b, inner)
            case If():
                for j in stmt.joined:
                    self.carry((j.out, j.then, j.orelse))
                    self.weights[j.out] = weight
                for b in walk.blocks_of(stmt):
                    self.block(b, weight)
            case _:
                for a in walk.operands(stmt):
                    self.escapes(a)
                for v in walk.defines(stmt):
                    self.enters(v, weight)

    def carry(self, versions: tuple[Atom, ...]) -> None:
        self.link(*versions)
        if is_small(versions[0]):
            assert isinstance(versions[0], Var)
            self.family(versions[0]).names += size(versions[0])

    def access(self, let: Let, weight: int) -> None:
        """A load or an update of one element, or of more."""
        array, target = let.args[0], let.targets[0]
        assert isinstance(array, Var)
        index = place(let)
        for a in let.args[1:]:
            self.escapes(a)
        if let.prim is not load:
            self.link(array, target)
            self.weights[target] = weight
        elif index is None and isinstance(target.type, Array):
            self.escapes(array)
            self.enters(target, weight)
            return
        family = self.family(array)
        loops = None if index is None else [self.known(i) for i in index]
        value = let.args[1] if let.prim is not load else None
        if loops is None or (value is not None and not fits(value, array.type.dtype, added=let.prim is inc)):
            family.broken = True
            return
        for found in loops:
            if found is None:
                family.broken = True
            else:
                family.loops |= found
        assert index is not None
        if all(isinstance(i, Const) for i in index) and position(array, index) is None:
            family.broken = True
        family.reached += weight
        family.updates += let.prim is not load


def literal(atom: Atom) -> Loops | None:
    """An index is known where it is a number."""
    return frozenset() if isinstance(atom, Const) else None


__all__ = ["Family", "families", "fits", "is_small", "literal", "place", "position", "size"]
