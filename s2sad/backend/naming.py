"""Names for the emitted code: the versions of one carried, joined or updated variable share a name where they can.

    s_1 = s_0 + x   with s_0 the phi and s_1 the next of one carried value   becomes   s = s + x

Two variables may share a name when neither is read after the other is born (`liveness`). Only versions of one thing are
tried: what a loop carries, what a branch joins, what an update overwrites. All else keeps a name of its own, which
reads well and compiles fastest.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from s2sad.ir import walk
from s2sad.ir.builder import Names
from s2sad.ir.nodes import Atom, For, Function, If, Let, Stmt, Var, While
from s2sad.ir.primitives import UPDATES
from s2sad.ir.types import Array
from s2sad.memory.copying import copy
from s2sad.memory.liveness import Liveness, Point, Scope


def names(function: Function, nested: Mapping[Var, Let], taken: Iterable[str] = ()) -> dict[Var, str]:
    """A name for each variable of a function that is written on its own. `taken` are names of the module."""
    classes = _Classes(function, nested)
    for one, other in _versions(function):
        classes.merge(one, other)
    supply = Names([*taken, *(p.name for p in function.params)])
    chosen: dict[_Class, str] = {}
    out: dict[Var, str] = {}
    for var in (*function.params, *walk.all_defined(function.body)):
        if var in nested:
            continue
        members = classes.of(var)
        if members not in chosen:
            param = next((m for m in members if m in classes.params), None)
            chosen[members] = param.name if param is not None else supply.fresh(_readable(_plainest(members)))
        out[var] = chosen[members]
    return _told_apart(function, nested, out, supply)


def _told_apart(
    function: Function, nested: Mapping[Var, Let], names: dict[Var, str], supply: Names
) -> dict[Var, str]:
    """The names, such that no operand of an array expression is called ``x_1`` beside an `x` that is assigned again.

    Numba calls the versions of a name ``x.1``, ``x.2``, and the operands of an array expression by these with `_` for
    `.` (`_legalize_parameter_names`): it fails where two are then called alike.
    """
    changes: dict[str, str] = {}
    kept = {p.name for p in function.params}
    for stmt in walk.statements(function.body):
        if not (isinstance(stmt, Let) and _is_array_expression(stmt)):
            continue
        together = {names[v] for v in _operands(stmt, nested)}
        for name in together - kept - changes.keys():
            base, _, counter = name.rpartition("_")
            if counter.isdigit() and base in together:
                changes[name] = supply.fresh(base + counter)
    return {v: changes.get(name, name) for v, name in names.items()} if changes else names


def _is_array_expression(let: Let) -> bool:
    return let.prim.elementwise and isinstance(let.targets[0].type, Array)


def _operands(let: Let, nested: Mapping[Var, Let]) -> Iterator[Var]:
    """The variables that an array expression reads, through those that are written inside it."""
    for atom in let.args:
        if isinstance(atom, Var):
            inner = nested.get(atom)
            if inner is None:
                yield atom
            elif _is_array_expression(inner):
                yield from _operands(inner, nested)


def _plainest(members: Iterable[Var]) -> str:
    """The name to build on: the first without a counter, else the first."""
    found = [m.name if m.name.strip("_0123456789") else "i" for m in members]  # `for _ in ...`, now read
    return next((n for n in found if n == _base(n)), found[0])


def _readable(name: str) -> str:
    """The name without the counters of earlier stages: ``x_3_bar`` is the cotangent of some version of `x`."""
    return re.sub(r"_\d+(?=(_bar|_dot|_tape|_\d+)*$)", "", name) or name


def _versions(function: Function) -> Iterator[tuple[Var, Atom]]:
    """The pairs that should share a name: updates first, then what loops carry, then what goes into loops and out of
    branches, unless it is something else to the reader: another variable of the user's with uses of its own."""
    stmts = list(walk.statements(function.body))
    uses = Counter(a for s in stmts for a in (*walk.operands(s), *walk.leaving(s)))
    uses.update(function.results)
    for stmt in stmts:
        if isinstance(stmt, Let) and stmt.prim in UPDATES:
            yield stmt.targets[0], stmt.args[0]
    for stmt in stmts:
        if isinstance(stmt, (For, While)):
            for c in stmt.carried:
                yield c.phi, c.next
                yield c.phi, c.out
    for target, source in (pair for stmt in stmts for pair in _handed_on(stmt)):
        alike = isinstance(source, Var) and _base(target.name) == _base(source.name)
        if alike or (uses[source] == 1 and source not in function.params):
            yield target, source


def _handed_on(stmt: Stmt) -> Iterator[tuple[Var, Atom]]:
    """What a statement gives another name to."""
    match stmt:
        case Let() if stmt.prim is copy:
            yield stmt.targets[0], stmt.args[0]
        case For(carried=carried) | While(carried=carried):
            yield from ((c.phi, c.init) for c in carried)
        case If(joined=joined):
            yield from ((j.out, side) for j in joined for side in (j.then, j.orelse))
        case _:
            pass


def _base(name: str) -> str:
    return re.sub(r"_\d+$", "", name)


class _Class:
    """Variables that share a name. No two of them interfere, so those born in one scope are read one after another.

    `births` are the positions in a scope at which members are born, in order, with the members; `places` those and the
    positions of the statements inside which others are.
    """

    def __init__(self) -> None:
        self.size = 0
        self.members: dict[Scope, list[Var]] = {}
        self.births: dict[Scope, list[tuple[int, Var]]] = {}
        self.places: dict[Scope, list[int]] = {}

    def __iter__(self) -> Iterator[Var]:
        return (v for members in self.members.values() for v in members)

    def add(self, var: Var, born: Point) -> None:
        """Take in a variable that interferes with no member."""
        self.size += 1
        self.members.setdefault(born.scope, []).append(var)
        insort(self.births.setdefault(born.scope, []), (born.position, var), key=_position)
        for scope, position in born.outwards():
            insort(self.places.setdefault(scope, []), position)

    def is_born(self, point: Point) -> bool:
        """Whether a member is born at a point."""
        births = self.births.get(point.scope, [])
        k = bisect_left(births, point.position, key=_position)
        return k < len(births) and births[k][0] == point.position

    def last_before(self, scope: Scope, position: int) -> Var | None:
        """The member that is born last in a scope before a position."""
        births = self.births.get(scope, [])
        k = bisect_left(births, position, key=_position)
        return births[k - 1][1] if k else None

    def has_place(self, scope: Scope, after: int, before: int) -> bool:
        """Whether a member is born in a scope, or inside a statement of it, between two positions."""
        places = self.places.get(scope, [])
        k = bisect_right(places, after)
        return k < len(places) and places[k] < before


def _position(birth: tuple[int, Var]) -> int:
    return birth[0]


class _Classes:
    """Classes of variables that share a name; `merge` keeps those apart that interfere.

    Two variables do where one is read after the other is born, or where both are born at once. That takes one to be
    born in the scope of the other or around it, so a class is asked at the scopes around a variable of the smaller one.
    """

    def __init__(self, function: Function, nested: Mapping[Var, Let]) -> None:
        self.live = Liveness(function, nested)
        self.nested = nested
        self.params = frozenset(function.params)
        self.apart: dict[Var, list[Var]] = {}
        for a, b in _read_late(function):
            self.apart.setdefault(a, []).append(b)
            self.apart.setdefault(b, []).append(a)
        self._classes: dict[Var, _Class] = {}

    def of(self, var: Var) -> _Class:
        """The class of a variable."""
        if var not in self._classes:
            self._classes[var] = _Class()
            self._classes[var].add(var, self.live.born[var])
        return self._classes[var]

    def merge(self, var: Var, other: Atom) -> None:
        """Put two variables into one class, if no two members interfere."""
        if not isinstance(other, Var) or var in self.nested or other in self.nested:
            return
        left, right = self.of(var), self.of(other)
        if left.size < right.size:
            left, right = right, left
        if left is right or any(self._interferes(v, left) for v in right):
            return
        for v in right:
            self._classes[v] = left
            left.add(v, self.live.born[v])

    def _interferes(self, var: Var, others: _Class) -> bool:
        """Whether a variable interferes with a member of a class."""
        born = self.live.born[var]
        if any(self._classes.get(v) is others for v in self.apart.get(var, ())):
            return True
        if others.is_born(born):
            return True
        return self._is_read_after(others, born) or self._reaches(var, born.scope, born.position, others)

    def _is_read_after(self, others: _Class, born: Point) -> bool:
        """Whether a member, born before a point, is read after it. Of those of one scope only the last can be."""
        members = (others.last_before(scope, position) for scope, position in born.outwards())
        return any(v is not None and self.live.after(v, born) for v in members)

    def _reaches(self, var: Var, scope: Scope, start: int, others: _Class) -> bool:
        """Whether a variable that is live in a scope from a position on is read after a member is born there, or
        in the blocks nested there."""
        last = scope.last.get(var)
        if last is None:
            return False
        if others.has_place(scope, start, last):
            return True
        inner = self.live.scopes_at(scope, last)
        return any(
            others.places.get(s) and var in s.last and (s.is_loop or self._reaches(var, s, -2, others)) for s in inner
        )


def _read_late(function: Function) -> Iterator[tuple[Var, Var]]:
    """Pairs of an exit, which is read after the carried names are assigned, and a phi that it is not the next of."""
    for stmt in walk.statements(function.body):
        if isinstance(stmt, For) and isinstance(stmt.exit, Var):
            yield from ((stmt.exit, c.phi) for c in stmt.carried if c.next != stmt.exit)
