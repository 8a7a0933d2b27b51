"""What the names of a function are, and which of them are live where.

Joins at branches and loops keep live names only: else every temporary would be carried, and views that nobody reads
again would block stores. Names that inner functions mention are always live.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TypeAlias

import gast

from s2sad.frontend.syntax import yields

Names = frozenset[str]
FunctionNode: TypeAlias = gast.FunctionDef | gast.Lambda
NESTED = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda, gast.ClassDef)
COMPREHENSIONS = (gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp)

TAKES_ALL = ("sum", "any", "all", "max", "min", "sorted", "list", "tuple", "set", "dict")
"""Builtins that go over all of what they are given at once."""


@dataclass(slots=True)
class Scope:
    """The names of one function. `before` and `after` are the names live there; `head` those live at a loop's head."""

    locals: Names
    globals: Names
    nonlocals: Names
    captured: Names
    """Locals that inner functions mention."""
    before: dict[gast.AST, Names] = field(default_factory=dict)
    after: dict[gast.AST, Names] = field(default_factory=dict)
    head: dict[gast.AST, Names] = field(default_factory=dict)
    is_generator: bool = False


def analyse(node: FunctionNode) -> Scope:
    """The scope of a function in the kernel language."""
    body: list[gast.AST] = node.body if isinstance(node.body, list) else [node.body]
    declared_global: set[str] = set()
    declared_nonlocal: set[str] = set()
    bound = {p.id for p in parameters(node.args)}
    inner: set[str] = set()
    at_once: set[int] = set()
    generator = False
    for part in own_nodes(body):
        match part:
            case gast.Global(names=names):
                declared_global.update(names)
            case gast.Nonlocal(names=names):
                declared_nonlocal.update(names)
            case gast.Yield() | gast.YieldFrom() | gast.Await() | gast.Name(id=yields.GENERATOR):
                generator = True
        at_once |= {id(node) for node in run_at_once(part)}
        if isinstance(part, NESTED) or (isinstance(part, gast.GeneratorExp) and id(part) not in at_once):
            inner |= mentioned(part)
        elif isinstance(part, COMPREHENSIONS):
            inner |= {n for nested in gast.walk(part) if isinstance(nested, NESTED) for n in mentioned(nested)}
    bound |= bound_names(body)
    own = frozenset(bound - declared_global - declared_nonlocal)
    scope = Scope(
        own, frozenset(declared_global), frozenset(declared_nonlocal), frozenset(own & inner), is_generator=generator
    )
    if isinstance(node.body, list):
        _Liveness(scope).block(node.body, frozenset())
    return scope


def run_at_once(node: gast.AST) -> list[gast.expr]:
    """The generator expressions that a node goes over to their end; all others may run later."""
    match node:
        case gast.For(iter=gast.GeneratorExp() as iterable):
            return [iterable]
        case gast.Call(func=gast.Name(id=name), args=args) if name in TAKES_ALL:
            return [a for a in args if isinstance(a, gast.GeneratorExp)]
        case _:
            return []


def parameters(args: gast.arguments) -> list[gast.Name]:
    """All parameters of a function, in the order of its signature."""
    extra = [args.vararg] if args.vararg else []
    last = [args.kwarg] if args.kwarg else []
    return [*args.posonlyargs, *args.args, *extra, *args.kwonlyargs, *last]


def own_nodes(body: Iterable[gast.AST]) -> Iterator[gast.AST]:
    """The nodes of a body that run in its own frame: inner functions and classes are given, but not entered."""
    todo = list(body)[::-1]
    while todo:
        node = todo.pop()
        yield node
        if isinstance(node, (gast.FunctionDef, gast.AsyncFunctionDef)):
            todo += [*node.decorator_list, *node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        elif isinstance(node, gast.Lambda):
            todo += [*node.args.defaults, *(d for d in node.args.kw_defaults if d)]
        elif isinstance(node, gast.ClassDef):
            todo += [*node.decorator_list, *node.bases]
        else:
            todo += list(gast.iter_child_nodes(node))[::-1]


def bound_names(body: Iterable[gast.AST]) -> set[str]:
    """The names that a body binds in its own frame."""
    names: set[str] = set()
    hidden: set[int] = set()
    for node in own_nodes(body):
        match node:
            case gast.ListComp() | gast.SetComp() | gast.DictComp() | gast.GeneratorExp():
                hidden |= {id(n) for g in node.generators for n in gast.walk(g.target)}
            case gast.Name(id=name, ctx=gast.Store() | gast.Del()) if id(node) not in hidden:
                names.add(name)
            case gast.FunctionDef() | gast.ClassDef() | gast.AsyncFunctionDef():
                names.add(node.name)
            case gast.Import() | gast.ImportFrom():
                names |= {(a.asname or a.name).split(".")[0] for a in node.names}
    return names


def mentioned(node: gast.AST) -> set[str]:
    """Every name that occurs in a subtree."""
    names = {n.id for n in gast.walk(node) if isinstance(n, gast.Name)}
    return names | {x for n in gast.walk(node) if isinstance(n, (gast.Nonlocal, gast.Global)) for x in n.names}


def uses(node: gast.AST | None) -> Names:
    """The names that running an expression or a simple statement may read."""
    if node is None:
        return frozenset()
    names: set[str] = set()
    for part in own_nodes([node]):
        if isinstance(part, gast.Name) and not isinstance(part.ctx, (gast.Store, gast.Param)):
            names.add(part.id)
        elif isinstance(part, NESTED):
            names |= mentioned(part)
        elif isinstance(part, gast.AugAssign):
            names |= mentioned(part.target)
    return frozenset(names)


def _killed(stmt: gast.AST) -> set[str]:
    """The names that a simple statement surely binds."""
    match stmt:
        case gast.Assign(targets=targets):
            return {
                n.id
                for t in targets
                for n in gast.walk(t)
                if isinstance(n, gast.Name) and isinstance(n.ctx, gast.Store)
            }
        case gast.FunctionDef(name=name) | gast.ClassDef(name=name):
            return {name}
        case _:
            return set()


class _Liveness:
    """Backwards over the statements of one function."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.always = scope.captured
        self.caught: Names = frozenset()
        """What is live where an exception raised here is caught."""

    def block(self, stmts: list[gast.stmt], out: Names) -> Names:
        """The names live before the statements, when those in `out` are live after them."""
        for stmt in reversed(stmts):
            out |= self.caught
            self.scope.after[stmt] = out | self.always
            out = self.statement(stmt, out) | self.caught
            self.scope.before[stmt] = out | self.always
        return out

    def statement(self, stmt: gast.stmt, out: Names) -> Names:
        match stmt:
            case gast.If(test=test, body=body, orelse=orelse):
                return uses(test) | self.block(body, out) | self.block(orelse, out)
            case gast.For(target=target, iter=iter_, body=body):
                targets = {
                    n.id for n in gast.walk(target) if isinstance(n, gast.Name) and isinstance(n.ctx, gast.Store)
                }
                head = self.loop(stmt, body, out, frozenset(targets), uses(target))
                return uses(iter_) | head
            case gast.While(test=test, body=body):
                return self.loop(stmt, body, out, frozenset(), uses(test))
            case gast.With(items=items, body=body):
                return frozenset().union(*(uses(i.context_expr) for i in items)) | self.block(body, out)
            case gast.Try():
                return self.attempt(stmt, out)
            case gast.Return(value=value) | gast.Raise(exc=value):
                return uses(value)
            case _:
                return uses(stmt) | (out - _killed(stmt))

    def attempt(self, stmt: gast.Try, out: Names) -> Names:
        """``try``: control may come to the handlers, or to the finally block, from anywhere in the body."""
        out = self.block(stmt.finalbody, out)
        self.scope.head[stmt] = out | self.always
        escaping, self.caught = self.caught, self.caught | (out if stmt.finalbody else frozenset())
        orelse, handled = self.block(stmt.orelse, out), self.caught
        for handler in stmt.handlers:
            own = {handler.name.id} if isinstance(handler.name, gast.Name) else {handler.name}
            handled |= uses(handler.type) | (self.block(handler.body, out) - own)
        self.caught = handled
        before = self.block(stmt.body, orelse)
        self.caught = escaping
        return before

    def loop(self, stmt: gast.stmt, body: list[gast.stmt], out: Names, targets: Names, read: Names) -> Names:
        head = out | read
        while True:
            before = head | (self.block(body, head) - targets)
            if before == head:
                self.scope.head[stmt] = head | self.always
                return head
            head = before
