"""Carries and joins that say nothing: values a loop never changes, values carried twice, branches that agree.

    def f(x, n):
        a = x * 2.0
        s = 0.0
        z = 0.0
        for i in range(n):
            a = a
            z = 0.0
            if s > x:
                u = a
            else:
                u = a
            s += u * z
        return s * a

becomes, with `dce` after it,

    def f(x, n):
        a = x * 2.0
        s = 0.0
        for i in range(n):
            mul = a * 0.0
            s_1 = s + mul
            s = s_1
        s_2 = s
        mul_1 = s_2 * a
        return mul_1

Adjoints are full of them: cotangents that a reversed loop only hands on, and zeros. Reads open adjoints too: a value
that is replaced is replaced wherever it is mentioned.
"""

from __future__ import annotations

from collections.abc import Iterator

from s2sad.ir import walk
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Carry,
    Custom,
    For,
    Function,
    If,
    Join,
    Stmt,
    Var,
    While,
    replace,
)
from s2sad.ir.types import Scalar

Aliases = dict[Var, Atom]


def prune(function: Function) -> Function:
    """The function without carries and joins that say nothing."""
    while aliases := walk.settle(dict(_redundant(function.body))):
        function = walk.with_aliases(function, _without(function.body, aliases), aliases)
    return replace(function, body=_inner(function.body))


def _redundant(block: Block) -> Iterator[tuple[Var, Atom]]:
    """Variables that are known to be other values."""
    for stmt in walk.statements(block):
        match stmt:
            case For() | While():
                yield from _of_loop(stmt)
            case If():
                yield from _of_branch(stmt)


def _of_loop(stmt: For | While) -> Iterator[tuple[Var, Atom]]:
    for c in stmt.carried:
        if c.next in (c.phi, c.init) and _replaceable(c.phi, c.init):
            yield c.phi, c.init
            yield c.out, c.init
    for c, other in _twins(stmt.carried):
        yield c.phi, other.phi
        yield c.out, other.out


def _twins(carried: tuple[Carry, ...]) -> Iterator[tuple[Carry, Carry]]:
    """Carries that equal an earlier one: they enter alike, and their next values are made alike of each other."""
    seen: dict[tuple[Atom, Atom], Carry] = {}
    for c in carried:
        other = seen.setdefault((c.init, c.next), c)
        if other is not c and c.next != c.phi and _replaceable(c.phi, other.phi):
            yield c, other


def _of_branch(stmt: If) -> Iterator[tuple[Var, Atom]]:
    inside = {v for b in (stmt.then, stmt.orelse) for v in walk.all_defined(b)}
    seen: dict[tuple[Atom, Atom], Join] = {}
    for j in stmt.joined:
        other = seen.setdefault((j.then, j.orelse), j)
        if j.then == j.orelse and j.then not in inside and _replaceable(j.out, j.then):
            yield j.out, j.then
        elif other is not j and _replaceable(j.out, other.out):
            yield j.out, other.out


def _replaceable(var: Var, atom: Atom) -> bool:
    """Whether the atom may stand for the variable (a number must have its very type, so that promotion stays)."""
    return not isinstance(var.type, Scalar) or var.type == atom.type


def _without(block: Block, aliases: Aliases) -> Block:
    """The block without the carries and joins of variables that have aliases."""

    def change(inner: Block) -> Block:
        return tuple(_trim(stmt, aliases) for stmt in inner)

    return walk.map_blocks(block, change)


def _trim(stmt: Stmt, aliases: Aliases) -> Stmt:
    match stmt:
        case For() | While():
            return replace(stmt, carried=tuple(c for c in stmt.carried if c.phi not in aliases))
        case If():
            return replace(stmt, joined=tuple(j for j in stmt.joined if j.out not in aliases))
        case _:
            return stmt


def _inner(block: Block) -> Block:
    """Prune the functions that transforms and custom calls hold."""

    def change(inner: Block) -> Block:
        return tuple(replace(s, fun=prune(s.fun)) if isinstance(s, (Apply, Custom)) else s for s in inner)

    return walk.map_blocks(block, change)
