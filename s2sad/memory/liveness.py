"""Where each variable is born and where it is used last, over the tree of blocks.

    live = Liveness(function)
    live.after(v, Point(scope, 3))     whether v is read after statement 3 of that scope, on some path

Every block is a `Scope`; positions count its statements, -1 is its head and `end` its tail, where the values that
leave it are read. The `pre` and the `body` of a while are one scope with its test in between. A variable from outside
that is used in a loop is live all through the loop, because the next iteration reads it again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, For, Function, If, Let, Stmt, Var, While
from s2sad.ir.primitives import dim


@dataclass(slots=True, eq=False)
class Scope:
    """One block: its statements by position (None stands for the test of a while), and what it defines and uses."""

    owner: Stmt | None
    parent: Point | None
    stmts: list[Stmt | None] = field(default_factory=list)
    last: dict[Var, int] = field(default_factory=dict)

    @property
    def is_loop(self) -> bool:
        return isinstance(self.owner, (For, While))

    @property
    def end(self) -> int:
        return len(self.stmts)


class Point(NamedTuple):
    """A place between statements: after the one at `position` of `scope`."""

    scope: Scope
    position: int

    def outwards(self) -> Iterator[Point]:
        """This place, and those of the statements it is in."""
        place: Point | None = self
        while place is not None:
            yield place
            place = place.scope.parent


class Liveness:
    """Births and last uses of the variables of one function.

    `nested` holds the Lets that will be written inside the expression that uses them: they read their arguments there.
    With `contents`, asking for a size does not count as a read: no update changes it.
    """

    def __init__(self, function: Function, nested: Mapping[Var, Let] | None = None, *, contents: bool = False) -> None:
        self.nested = nested or {}
        self.contents = contents
        self.born: dict[Var, Point] = {}
        self.root = Scope(None, None)
        self._scopes: dict[tuple[int, int], Scope] = {}
        for param in function.params:
            self.born[param] = Point(self.root, -1)
        self._block(function.body, self.root)
        for atom in function.results:
            self._use(atom, self.root, self.root.end)

    def scope(self, stmt: Stmt, number: int = 0) -> Scope:
        """The scope of a nested block: the body of a loop, or a branch (0: then, 1: else)."""
        return self._scopes[id(stmt), number]

    def scopes_at(self, scope: Scope, position: int) -> list[Scope]:
        """The scopes of the blocks nested in the statement at a position."""
        stmt = scope.stmts[position] if 0 <= position < scope.end else None
        return [] if stmt is None else [s for k in (0, 1) if (s := self._scopes.get((id(stmt), k))) is not None]

    def after(self, var: Var, point: Point) -> bool:
        """Whether `var`, born before, is read after `point`."""
        place: Point | None = point
        latest = point.position
        while place is not None:
            scope, position = place
            born = self.born.get(var)
            here = born is not None and born.scope is scope
            if scope.last.get(var, -2) > position:
                return not (here and born is not None and born.position > latest)
            if here:
                return False
            if scope.is_loop and var in scope.last:
                return True
            place = scope.parent
            latest = place.position - 1 if place else 0  # what the statement around defines is not born inside it
        return False

    def dying(self, chosen: Callable[[Var], bool]) -> dict[Point, list[Var]]:
        """The variables among those chosen that nothing reads after a point, but something at it, or nothing at all."""
        found: dict[Point, list[Var]] = {}
        for var, (scope, position) in self.born.items():
            if chosen(var):
                last = max(position, scope.last.get(var, position))
                found.setdefault(Point(scope, last), []).append(var)
        return found

    # -- building

    def _block(self, block: Block, scope: Scope) -> None:
        for stmt in block:
            position = scope.end
            scope.stmts.append(stmt)
            self._statement(stmt, scope, position)

    def _statement(self, stmt: Stmt, scope: Scope, position: int) -> None:
        if isinstance(stmt, Let) and stmt.targets[0] in self.nested:
            return
        if not (self.contents and isinstance(stmt, Let) and stmt.prim is dim):
            for atom in walk.operands(stmt):
                self._use(atom, scope, position)
        for number, inner in enumerate(self._nested_scopes(stmt, Point(scope, position))):
            self._fill(stmt, inner, number)
        for target in walk.defines(stmt):
            self.born[target] = Point(scope, position)

    def _nested_scopes(self, stmt: Stmt, parent: Point) -> list[Scope]:
        count = 2 if isinstance(stmt, If) else 1 if isinstance(stmt, (For, While)) else 0
        scopes = [Scope(stmt, parent) for _ in range(count)]
        for number, scope in enumerate(scopes):
            self._scopes[id(stmt), number] = scope
        return scopes

    def _fill(self, stmt: Stmt, scope: Scope, number: int) -> None:
        for v in walk.binds(stmt):
            self.born[v] = Point(scope, -1)
        match stmt:
            case For():
                for atom in (stmt.start, stmt.stop, stmt.step):  # read after the carried names have their entry values
                    self._use(atom, scope, -1)
                self._block(stmt.body, scope)
                leaving = walk.leaving(stmt)
            case While():
                self._block(stmt.pre, scope)
                for atom in (stmt.test, *(c.phi for c in stmt.carried)):  # what leaves the loop when the test fails
                    self._use(atom, scope, scope.end)
                scope.stmts.append(None)
                self._block(stmt.body, scope)
                leaving = tuple(c.next for c in stmt.carried)
            case If():
                self._block((stmt.then, stmt.orelse)[number], scope)
                leaving = tuple((j.then, j.orelse)[number] for j in stmt.joined)
            case _:
                return
        for atom in leaving:
            self._use(atom, scope, scope.end)

    def _use(self, atom: Atom, scope: Scope, position: int) -> None:
        if not isinstance(atom, Var):
            return
        if atom in self.nested:
            for arg in self.nested[atom].args:
                self._use(arg, scope, position)
            return
        place: Point | None = Point(scope, position)
        birth = self.born.get(atom)
        while place is not None:
            inner, at = place
            inner.last[atom] = max(at, inner.last.get(atom, -2))
            if birth is not None and birth.scope is inner:
                return
            place = inner.parent
