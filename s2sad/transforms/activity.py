"""Activity: what varies with the inputs and reaches the results. Only that gets tangents and cotangents.

    def f(x, n):
        a = sin(x)          varies, reaches the result: active
        b = a * 2.0         varies, but reaches nothing
        c = cos(1.0)        reaches the result, but does not vary
        d = a + c           active
        return d
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from s2sad.ir import walk
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Custom,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
)
from s2sad.ir.types import is_inexact
from s2sad.rules.registry import rule_of

Edge = tuple[Var, Atom]


def active_vars(function: Function, wrt: tuple[int, ...], functions: Mapping[str, Function]) -> set[Var]:
    """The variables that vary with the parameters in `wrt` and reach an inexact result."""
    forward: dict[Var, list[Var]] = {}
    for target, source in _edges(function.body):
        if isinstance(source, Var):
            forward.setdefault(source, []).append(target)
    varied = _reach((function.params[k] for k in wrt), forward)
    return varied & useful_vars(function)


def useful_vars(function: Function) -> set[Var]:
    """The variables from which a derivative may flow to an inexact result."""
    backward: dict[Var, list[Var]] = {}
    for target, source in _edges(function.body):
        if isinstance(source, Var):
            backward.setdefault(target, []).append(source)
    return _reach((r for r in function.results if isinstance(r, Var)), backward)


def _reach(start: Iterable[Var], graph: Mapping[Var, list[Var]]) -> set[Var]:
    """Everything inexact that can be reached from `start`."""
    found: set[Var] = set()
    todo = [v for v in start if is_inexact(v.type)]
    while todo:
        v = todo.pop()
        if v not in found:
            found.add(v)
            todo.extend(w for w in graph.get(v, ()) if is_inexact(w.type))
    return found


def _edges(block: Block) -> Iterable[Edge]:
    """Pairs (target, source) where a derivative may flow from source to target.

    A carried value is one whole: `phi` and `out` take part in each other, so that they are active together.
    """
    for stmt in walk.statements(block):
        yield from _edges_of(stmt)


def _edges_of(stmt: Stmt) -> Iterable[Edge]:
    match stmt:
        case Let(targets, prim, args) if not rule_of(prim).zero or rule_of(prim).vjp:
            yield from ((t, a) for t in targets for a in args)
        case Call(targets, _, args) | Custom(targets, _, _, args) | Apply(targets, _, _, args):
            yield from ((t, a) for t in targets for a in args)
        case For() | While():
            for c in stmt.carried:
                yield from ((c.phi, c.init), (c.phi, c.next), (c.out, c.phi), (c.phi, c.out))
        case If():
            for j in stmt.joined:
                yield from ((j.out, j.then), (j.out, j.orelse))
        case _:
            pass
