"""Names for the emitted code: the versions of one carried, joined or updated variable share a name where they can.

    s_1 = s_0 + x   with s_0 the phi and s_1 the next of one carried value   becomes   s = s + x

Two variables may share a name when neither is read after the other is born (`liveness`). Only versions of one thing are
tried: what a loop carries, what a branch joins, what an update overwrites. All else keeps a name of its own, which
reads well and compiles fastest.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.builder import Names
from s2sad.ir.nodes import Atom, For, Function, If, Let, Stmt, Var, While
from s2sad.ir.primitives import UPDATES
from s2sad.ir.types import Array
from s2sad.memory.copying import copy
from s2sad.memory.liveness import Liveness, Scope


def names(function: Function, nested: Mapping[Var, Let], taken: Iterable[str] = ()) -> dict[Var, str]:
    """A name for each variable of a function that is written on its own. `taken` are names of the module."""
    classes = _Classes(function, nested)
    for one, other in _versions(function):
        classes.merge(one, other)
    supply = Names([*taken, *(p.name for p in function.params)])
    chosen: dict[int, str] = {}
    out: dict[Var, str] = {}
    for var in (*function.params, *walk.all_defined(function.body)):
        if var in nested:
            continue
        group = id(classes.spans(var))
        if group not in chosen:
            members = classes.members(var)
            param = next((m for m in members if m in classes.params), None)
            chosen[group] = param.name if param is not None else supply.fresh(_readable(_plainest(members)))
        out[var] = chosen[group]
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


@dataclass(slots=True)
class _Span:
    """The members of a class that are born in one scope, from the first birth to the last use."""

    members: list[Var]
    first: int
    last_birth: int
    last_use: int

    def before(self, other: _Span) -> bool:
        """Whether everything here is over when the other span begins."""
        return self.last_use <= other.first and self.last_birth < other.first

    def extend(self, other: _Span) -> None:
        self.members += other.members
        self.first, self.last_birth = min(self.first, other.first), max(self.last_birth, other.last_birth)
        self.last_use = max(self.last_use, other.last_use)


class _Classes:
    """Classes of variables that share a name; `merge` keeps those apart that interfere."""

    def __init__(self, function: Function, nested: Mapping[Var, Let]) -> None:
        self.live = Liveness(function, nested)
        self.nested = nested
        self.params = frozenset(function.params)
        self.apart = set(_read_late(function))
        self._spans: dict[Var, dict[Scope, _Span]] = {}

    def spans(self, var: Var) -> dict[Scope, _Span]:
        """The class of a variable, by scope of birth."""
        if var not in self._spans:
            born = self.live.born[var]
            use = max(born.scope.last.get(var, born.position), born.position)
            self._spans[var] = {born.scope: _Span([var], born.position, born.position, use)}
        return self._spans[var]

    def members(self, var: Var) -> list[Var]:
        """The variables of a class."""
        return [v for span in self.spans(var).values() for v in span.members]

    def merge(self, var: Var, other: Atom) -> None:
        """Put two variables into one class, if no two members interfere."""
        if not isinstance(other, Var) or var in self.nested or other in self.nested:
            return
        left, right = self.spans(var), self.spans(other)
        if left is right or self._interfere(left, right):
            return
        if sum(len(s.members) for s in left.values()) < sum(len(s.members) for s in right.values()):
            left, right = right, left
        for scope, span in right.items():
            for v in span.members:
                self._spans[v] = left
            if scope in left:
                left[scope].extend(span)
            else:
                left[scope] = span

    def _interfere(self, left: dict[Scope, _Span], right: dict[Scope, _Span]) -> bool:
        for one, a in left.items():
            for two, b in right.items():
                if one is two and not self.apart and (a.before(b) or b.before(a)):
                    continue
                if any(self.clash(u, v) for u in a.members for v in b.members):
                    return True
        return False

    def clash(self, a: Var, b: Var) -> bool:
        """Whether one of two variables is read after the other is born, or both are born at once."""
        born_a, born_b = self.live.born[a], self.live.born[b]
        at_once = born_a == born_b
        kept_apart = (a, b) in self.apart or (b, a) in self.apart
        return at_once or kept_apart or self.live.after(a, born_b) or self.live.after(b, born_a)


def _read_late(function: Function) -> Iterator[tuple[Var, Var]]:
    """Pairs of an exit, which is read after the carried names are assigned, and a phi that it is not the next of."""
    for stmt in walk.statements(function.body):
        if isinstance(stmt, For) and isinstance(stmt.exit, Var):
            yield from ((stmt.exit, c.phi) for c in stmt.carried if c.next != stmt.exit)
