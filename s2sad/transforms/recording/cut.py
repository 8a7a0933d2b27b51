"""Which values to record: a minimum cut between what would have to be recorded and what the reverse sweep mentions.

    source --> v      v cannot be made again: infinite;  it can: what that costs
    v --> v'          v is recorded: its bytes, over all trips
    u' --> v          v is made of u
    v' --> sink       v is mentioned

Of each value that is mentioned, and of what it is made of, either a copy is recorded (the cut goes through v --> v'),
or it is made again in the reverse sweep, which needs the same of its arguments (v stands on the side of the sink, and
its own edge from the source is cut). What is available for nothing (parameters, indexes, elements of arrays that stay)
has no node. The cut of least cost says what to record.

An element of an array that is overwritten later is made of that version of the array, which may be recorded whole:

    for t in range(n):                      a_tape[t] = a
        for k in range(m):                  for k in range(m):
            for j in range(m):                  for j in range(m):
                s += a[j] * w[j, k]                 s += a[j] * w[j, k]       not n m m numbers
        a = ...                             a = ...

Sizes and trips that are not known count as `MANY`, an axis that is read at numbers alone as `FEW`, one that is read at
the counter of a loop of perhaps another length as `SOME`, any other that no loop goes over as `MORE`.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from math import inf

from s2sad.ir.nodes import Atom, Const, For, Let, Var, While, asked_size
from s2sad.ir.paths import SLOT
from s2sad.ir.paths import Index as IndexStep
from s2sad.ir.primitives import cast, dim, list_get, load
from s2sad.ir.types import Array, Dim, Scalar, Size, add_dims, is_inexact, symbol
from s2sad.rules.elementwise import add, mul, neg, sqrt, sub, truediv, where
from s2sad.transforms.recording.scopes import Index, Scope

FEW, MANY, SOME, MORE = 4.0, 64.0, 256.0, 4096.0
EFFORT = {
    neg: 0.5, cast: 0.5, add: 1.0, sub: 1.0, mul: 1.0, where: 1.0, load: 1.5, list_get: 2.0, truediv: 9.0, sqrt: 9.0,
}  # fmt: skip
"""What making a number again costs, in bytes of a tape, which are written and read: of what is correctly rounded only,
so that it is the same number again. Integers cost nothing."""
LISTED = 3.0
"""How much more a byte of a list costs than one of an array."""
COPIED = 1.2
"""How much more a byte of a whole array costs, which is copied, than one of a number that is at hand."""



def remade(let: Let) -> bool:
    """Whether a number may be made again by the same statement."""
    return let.prim in EFFORT or not is_inexact(let.targets[0].type)


MadeOf = Callable[[Var], tuple[Var, ...] | None]
"""What a value can be made of again, without what is available; None where it cannot."""


@dataclass(slots=True)
class Cut:
    """The values mentioned across one block, `common`, that holds both their definitions and their readers."""

    index: Index
    common: Scope
    mentioned: list[Var] = field(default_factory=list)
    made_of: dict[Var, tuple[Var, ...] | None] = field(default_factory=dict)

    def mention(self, var: Var, made_of: MadeOf) -> None:
        """Take in a value that is mentioned, and what it may be made of."""
        self.mentioned.append(var)
        todo = [var]
        while todo:
            v = todo.pop()
            if v not in self.made_of:
                args = self.made_of[v] = made_of(v)
                todo += args or ()

    def recorded(self) -> set[Var]:
        """The values to record."""
        network, readers = Network(), self._readers()
        nodes = {v: (network.node(), network.node()) for v in self.made_of}
        for v, args in self.made_of.items():
            first, second = nodes[v]
            trips, listed = self._trips(v)
            network.edge(first, second, trips * self._bytes(v, readers.get(v, [])) * (LISTED if listed else 1.0))
            network.edge(0, first, inf if args is None else trips * self._effort(v))
            for a in args or ():
                network.edge(nodes[a][1], first, inf)
        for v in self.mentioned:
            network.edge(nodes[v][1], 1, inf)
        kept = network.cut()
        return {v for v, (first, second) in nodes.items() if first in kept and second not in kept}

    # -- costs

    def _effort(self, var: Var) -> float:
        stmt = self.index.stmt[var]
        assert isinstance(stmt, Let)
        return EFFORT.get(stmt.prim, 0.0) if is_inexact(var.type) else 0.0

    def _bytes(self, var: Var, readers: list[Let]) -> float:
        """The size of a value of which these read elements."""
        match var.type:
            case Scalar(dtype=dtype):
                return float(dtype.itemsize)
            case Array(dtype, dims):
                count = COPIED * dtype.itemsize
                for axis, size in enumerate(dims):
                    count *= size if isinstance(size, int) else self._size(var, axis, size, readers)
                return count
            case _:
                return MORE

    def _size(self, array: Var, axis: int, size: Size | None, readers: list[Let]) -> float:
        """About how long an axis is, going by how its elements are read: by numbers, or in loops over the axis."""
        if readers and all(isinstance(_entry(r, axis), int) for r in readers):
            return FEW
        depth = len(self._loops(array))
        around = {s.index: s for r in readers for s in self._loops(r.targets[0])[depth:] if isinstance(s, For)}
        lengths = (self._length(s) for s in around.values())
        if any(isinstance(n, Size) and size is not None and n.terms == size.terms for n in lengths):
            return MANY
        return SOME if any(_entry(r, axis) in around for r in readers) else MORE

    def _loops(self, var: Var) -> list[For | While]:
        return [s.loop for s in self.index.scope[var].under(self.common) if s.is_loop]

    def _trips(self, var: Var) -> tuple[float, bool]:
        """How often a value is made, and whether its tape is a list."""
        count, listed, loops = 1.0, False, self._loops(var)
        for loop in loops:
            length = self._length(loop) if isinstance(loop, For) else None
            count *= max(length, 1) if isinstance(length, int) else MANY
            listed = listed or isinstance(loop, While) or not self._is_known(loop, loops[0])
        return count, listed

    def _is_known(self, loop: For, outermost: For | While) -> bool:
        """Whether the number of trips of a loop is known before one around it."""
        return loop.exit is None and all(self._known(a, outermost) for a in (loop.start, loop.stop))

    def _known(self, atom: Atom, outermost: For | While) -> bool:
        """Whether an integer is known, or can be computed, before a loop."""
        if not isinstance(atom, Var) or atom not in self.index.scope:
            return True
        if all(s.owner is not outermost for s in self.index.scope[atom].chain()):
            return True
        stmt = self.index.stmt.get(atom)
        return isinstance(stmt, Let) and (stmt.prim is dim or all(self._known(a, outermost) for a in stmt.args))

    # -- sizes

    def _readers(self) -> dict[Var, list[Let]]:
        """For each array of which elements are read, what reads them."""
        found: dict[Var, list[Let]] = {}
        for v, args in self.made_of.items():
            stmt = self.index.stmt.get(v)
            if args and isinstance(stmt, Let) and stmt.prim is load and stmt.args[0] in args:
                array = stmt.args[0]
                assert isinstance(array, Var)
                found.setdefault(array, []).append(stmt)
        return found

    def _length(self, loop: For) -> Dim | None:
        """The number of trips of a loop that counts by one, as a linear form."""
        start, stop = self._form(loop.start), self._form(loop.stop)
        if start is None or stop is None or loop.step not in (Const(1), Const(-1)):
            return None
        return add_dims(stop, start, -1) if loop.step == Const(1) else add_dims(start, stop, -1)

    def _form(self, atom: Atom) -> Dim | None:
        if isinstance(atom, Const):
            return int(atom.value)
        match self.index.stmt.get(atom):
            case Let(prim=prim) as let if prim is dim:
                return asked_size(let)
            case Let(prim=prim, args=(left, right)) if prim in (add, sub):
                one, other = self._form(left), self._form(right)
                if one is not None and other is not None:
                    return add_dims(one, other, 1 if prim is add else -1)
        return symbol(atom.name)


def _entry(reader: Let, axis: int) -> object:
    """What a load reads an axis at: a number, or an integer of the program."""
    path, operands = dict(reader.params)["path"], iter(reader.args[1:])
    entries = path[0].entries if isinstance(path[0], IndexStep) and len(path) == 1 else ()
    found = [next(operands, None) if e is SLOT else e for e in entries[: axis + 1]]
    return found[axis] if axis < len(found) and all(isinstance(e, (int, Var, Const)) for e in found) else None


@dataclass(slots=True)
class Network:
    """Nodes 0 (the source), 1 (the sink), 2, ...; edges k and k ^ 1 are each other's residuals."""

    heads: list[int] = field(default_factory=list)
    room: list[float] = field(default_factory=list)
    edges: list[list[int]] = field(default_factory=lambda: [[], []])

    def node(self) -> int:
        self.edges.append([])
        return len(self.edges) - 1

    def edge(self, tail: int, head: int, capacity: float) -> None:
        for one, other, size in ((tail, head, capacity), (head, tail, 0.0)):
            self.edges[one].append(len(self.heads))
            self.heads.append(other)
            self.room.append(size)

    def cut(self) -> set[int]:
        """The nodes on the side of the source in a minimum cut, by Dinic's algorithm: that nearest to the source."""
        while True:
            level = self._levels()
            if 1 not in level:
                return set(level)
            at = [0] * len(self.edges)
            while (path := self._path(level, at)) is not None:
                flow = min(self.room[k] for k in path)
                for k in path:
                    self.room[k] -= flow
                    self.room[k ^ 1] += flow

    def _open(self, node: int) -> Iterator[int]:
        return (k for k in self.edges[node] if self.room[k] > 0)

    def _levels(self) -> dict[int, int]:
        """How far from the source each node is, by edges with room."""
        level, todo = {0: 0}, deque([0])
        while todo:
            node = todo.popleft()
            for k in self._open(node):
                if self.heads[k] not in level:
                    level[self.heads[k]] = level[node] + 1
                    todo.append(self.heads[k])
        return level

    def _path(self, level: dict[int, int], at: list[int]) -> list[int] | None:
        """The edges of a shortest path with room to the sink; `at` says how far the edges of each node are used up."""
        path: list[int] = []
        node = 0
        while node != 1:
            if at[node] == len(self.edges[node]):
                if not path:
                    return None
                node = self.heads[path.pop() ^ 1]
                at[node] += 1
                continue
            k = self.edges[node][at[node]]
            if self.room[k] > 0 and level.get(self.heads[k]) == level[node] + 1:
                path.append(k)
                node = self.heads[k]
            else:
                at[node] += 1
        return path
