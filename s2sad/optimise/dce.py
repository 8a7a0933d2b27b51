"""Dead code: what feeds neither a result nor an effect goes.

    def f(x, n):
        s = 0.0
        p = 1.0
        for i in range(n):
            y = x * p
            s_1 = s + x
            p_1 = p * y
            s = s_1
            p = p_1
        s_2 = s
        p_2 = p
        return s_2

becomes

    def f(x, n):
        s = 0.0
        for i in range(n):
            s_1 = s + x
            s = s_1
        s_2 = s
        return s_2

Liveness is marked from the results and the effects backwards, by variable and without regard to scope, so that values
of a loop's body that an adjoint mentions from elsewhere keep their loop, its counter and its bounds. A carried value
lives when its result or its `phi` is used by something live, a loop or a branch when it holds something live. Loops
are assumed to end.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import assert_never

from s2sad.ir import walk
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Comment,
    Custom,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    replace,
)
from s2sad.ir.primitives import list_new


def dce(
    function: Function, functions: Mapping[str, Function] | None = None, mentioned: Iterable[Atom] = ()
) -> Function:
    """The function without dead code.

    `functions` are those that it may call out of line: a call of one of them that nobody needs goes when it has no
    effect, a call of any other stays. `mentioned` values are kept as if they were results.
    """
    live = _Liveness(functions or {})
    live.scan(function.body, ())
    live.need(*function.results, *mentioned)
    return replace(function, body=_sweep(function.body, live))


def has_effects(block: Block, functions: Mapping[str, Function], seen: frozenset[str] = frozenset()) -> bool:
    """Whether running the block does something besides computing. An unknown callee is taken to."""
    return any(_is_effect(stmt, functions, seen) for stmt in walk.statements(block))


def _is_effect(stmt: Stmt, functions: Mapping[str, Function], seen: frozenset[str] = frozenset()) -> bool:
    match stmt:
        case Effect():
            return True
        case Let(prim=prim):
            return not prim.pure and prim is not list_new
        case Call(function=name):
            if name in seen:
                return False
            return name not in functions or has_effects(functions[name].body, functions, seen | {name})
        case Apply(fun=fun) | Custom(fun=fun):
            return has_effects(fun.body, functions, seen)
        case _:
            return False


class _Liveness:
    """What lives: variables, and statements (by identity)."""

    def __init__(self, functions: Mapping[str, Function]) -> None:
        self.functions = functions
        self.vars: set[Var] = set()
        self.stmts: set[int] = set()
        self._sites: dict[Var, tuple[Stmt, ...]] = {}
        self._feeds: dict[Var, tuple[Atom, ...]] = {}
        self._pending: list[tuple[Stmt, ...]] = []

    def scan(self, block: Block, outer: tuple[Stmt, ...]) -> None:
        """Note where everything is defined, and what it is made of; effects are set aside as roots."""
        for stmt in block:
            path = (*outer, stmt)
            self._sites.update(dict.fromkeys((*walk.binds(stmt), *walk.defines(stmt)), path))
            self._feeds.update(_feeds(stmt))
            if _is_effect(stmt, self.functions):
                self._pending.append(path)
            for inner in walk.blocks_of(stmt):
                self.scan(inner, path)

    def need(self, *roots: Atom) -> None:
        """Mark what the roots and the effects need."""
        todo = [a for a in roots if isinstance(a, Var)]
        for path in self._pending:
            todo += self._keep(path)
        while todo:
            var = todo.pop()
            if var not in self.vars:
                self.vars.add(var)
                todo += [a for a in self._feeds.get(var, ()) if isinstance(a, Var)]
                todo += self._keep(self._sites.get(var, ()))

    def _keep(self, path: tuple[Stmt, ...]) -> Iterator[Var]:
        """Mark a statement and those it stands in; what they need to run at all."""
        fresh = [stmt for stmt in path if id(stmt) not in self.stmts]
        self.stmts.update(map(id, fresh))
        return (a for stmt in fresh for a in _control(stmt) if isinstance(a, Var))


def _feeds(stmt: Stmt) -> dict[Var, tuple[Atom, ...]]:
    """What each carried or joined value of a statement is made of."""
    match stmt:
        case For() | While():
            return {v: (c.phi, c.init, c.next) for c in stmt.carried for v in (c.phi, c.out)}
        case If():
            return {j.out: (j.then, j.orelse) for j in stmt.joined}
        case _:
            return {}


def _control(stmt: Stmt) -> tuple[Atom | None, ...]:
    """What a statement needs to run, whatever of its results is used."""
    match stmt:
        case Let() | Call() | Apply() | Custom() | Effect():
            return stmt.args
        case For():
            return (stmt.start, stmt.stop, stmt.step, stmt.exit, stmt.mirrors)
        case While():
            return (stmt.test,)
        case If():
            return (stmt.cond,)
        case Comment():
            return ()
        case _:
            assert_never(stmt)


def _sweep(block: Block, live: _Liveness) -> Block:
    """The live part of a block."""
    return tuple(_trim(s, live) for s in block if isinstance(s, Comment) or id(s) in live.stmts)


def _trim(stmt: Stmt, live: _Liveness) -> Stmt:
    match stmt:
        case For():
            return replace(stmt, carried=_carried(stmt, live), body=_sweep(stmt.body, live), trips=_trips(stmt, live))
        case While():
            pre, body = _sweep(stmt.pre, live), _sweep(stmt.body, live)
            return replace(stmt, carried=_carried(stmt, live), pre=pre, body=body, trips=_trips(stmt, live))
        case If():
            joined = tuple(j for j in stmt.joined if j.out in live.vars)
            return replace(stmt, joined=joined, then=_sweep(stmt.then, live), orelse=_sweep(stmt.orelse, live))
        case Apply() | Custom():
            return replace(stmt, fun=dce(stmt.fun, live.functions))
        case _:
            return stmt


def _carried(stmt: For | While, live: _Liveness) -> tuple:
    return tuple(c for c in stmt.carried if c.phi in live.vars)


def _trips(stmt: For | While, live: _Liveness) -> Var | None:
    return stmt.trips if stmt.trips in live.vars else None
