"""Where everything of a function is defined: the tree of its blocks, as recording looks at it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, For, Function, If, Let, Stmt, Var, While
from s2sad.ir.primitives import UPDATES, dim
from s2sad.ir.types import Scalar


@dataclass(eq=False, slots=True)
class Scope:
    """A block: the body of a loop or of a branch, or the function's own.

    `number` counts blocks in the order of the text, so that it names the block also after its statements were
    rewritten. The condition block and the body of a `While` are one scope.
    """

    number: int
    owner: For | While | If | None = None
    parent: Scope | None = None
    out: list[Stmt] = field(default_factory=list)
    memo: dict[Var, Atom] = field(default_factory=dict)

    @property
    def is_loop(self) -> bool:
        return isinstance(self.owner, (For, While))

    @property
    def loop(self) -> For | While:
        """The loop whose body it is."""
        assert isinstance(self.owner, (For, While))
        return self.owner

    def chain(self) -> Iterator[Scope]:
        """This scope and those around it, innermost first."""
        scope: Scope | None = self
        while scope is not None:
            yield scope
            scope = scope.parent

    def under(self, outer: Scope) -> list[Scope]:
        """The scopes from below `outer` down to this one, outermost first."""
        found: list[Scope] = []
        for scope in self.chain():
            if scope is outer:
                return found[::-1]
            found.append(scope)
        raise ValueError("not inside that scope")


class Index:
    """The definitions of a function: scope, statement and order of each variable."""

    def __init__(self, function: Function) -> None:
        self.scope: dict[Var, Scope] = {}
        self.stmt: dict[Var, Stmt] = {}
        self.order: dict[Var, int] = {}
        self.entry: dict[int, int] = {}
        self.consumed: set[Var] = set()
        self.params = set(function.params)
        self.scopes: list[Scope] = []
        self.uses: list[tuple[Atom, Scope]] = []
        self.root = self._open(None, None)
        for p in function.params:
            self.define(p, self.root)
        self._block(function.body, self.root)

    def define(self, var: Var, scope: Scope, stmt: Stmt | None = None) -> None:
        """Note a definition."""
        self.scope[var] = scope
        self.order[var] = len(self.order)
        if stmt is not None:
            self.stmt[var] = stmt

    def _open(self, owner: For | While | If | None, parent: Scope | None) -> Scope:
        scope = Scope(len(self.scopes), owner, parent)
        self.scopes.append(scope)
        self.entry[scope.number] = len(self.order)
        return scope

    def _block(self, block: Block, scope: Scope) -> None:
        for stmt in block:
            self._consume(stmt)
            if not (isinstance(stmt, Let) and stmt.prim is dim):  # sizes are had from any array of that size
                self.uses.extend((a, scope) for a in walk.operands(stmt))
            match stmt:
                case For() | While():
                    inner = self._open(stmt, scope)
                    for v in walk.binds(stmt):
                        self.define(v, inner, stmt)
                    for nested in walk.blocks_of(stmt):
                        self._block(nested, inner)
                    self.uses.extend((a, inner) for a in walk.leaving(stmt))
                case If():
                    for side, nested in enumerate((stmt.then, stmt.orelse)):
                        inner = self._open(stmt, scope)
                        self._block(nested, inner)
                        self.uses.extend((j.orelse if side else j.then, inner) for j in stmt.joined)
                case _:
                    pass
            for v in walk.defines(stmt):
                self.define(v, scope, stmt)

    def _consume(self, stmt: Stmt) -> None:
        match stmt:
            case Let(_, prim, args) if prim in UPDATES:
                taken: tuple[Atom, ...] = args[:1]
            case For() | While():
                taken = tuple(c.init for c in stmt.carried)
            case If():
                taken = walk.leaving(stmt)
            case _:
                taken = ()
        self.consumed.update(a for a in taken if isinstance(a, Var) and not isinstance(a.type, Scalar))

    def mentioned(self) -> set[Var]:
        """The variables that are used where their definition does not reach."""
        return {a for a, scope in self.uses if isinstance(a, Var) and not self.visible(a, scope)}

    def visible(self, var: Var, scope: Scope) -> bool:
        """Whether a definition reaches a scope. What is not defined here is a hidden parameter, which reaches all."""
        home = self.scope.get(var, self.root)
        return any(s is home for s in scope.chain())

    def before(self, var: Var, loop: Scope) -> bool:
        """Whether a variable is defined when a loop (the owner of a scope) is entered."""
        assert loop.parent is not None
        return self.order[var] < self.entry[loop.number] and self.visible(var, loop.parent)

    def common(self, a: Scope, b: Scope) -> Scope:
        """The innermost scope around both."""
        around = set(map(id, a.chain()))
        return next(s for s in b.chain() if id(s) in around)

    def loops_of(self, var: Var) -> int:
        """How many loops stand around a definition."""
        return sum(s.is_loop for s in self.scope[var].chain())
