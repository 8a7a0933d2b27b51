"""Common subexpressions: what has been computed is not computed again.

    def f(x, y):
        a = np.sin(x)
        if y > 0.0:
            b = np.sin(x)
            c = b * y
        else:
            c = np.sin(x)
        d = np.sin(x) * a
        return c, d

becomes

    def f(x, y):
        a = np.sin(x)
        gt = y > 0.0
        if gt:
            c = a * y
            c_2 = c
        else:
            c_2 = a
        d = a * a
        return c_2, d

Value numbering over the tree: an application is available to what follows it in its block and to the blocks nested
there; nothing leaves a branch or a loop. What is impure is left alone, and so are allocations: two arrays that start
equal may each be filled in place. Reads closed functions.
"""

from __future__ import annotations

from typing import Any

from s2sad.ir import walk
from s2sad.ir.nodes import Apply, Atom, Block, Custom, Function, Let, Stmt, Var, While, asked_size, replace
from s2sad.ir.primitives import dim, inc, list_append, list_drop, list_new, list_set, list_zeros, store, undef, zeros
from s2sad.ir.types import Size
from s2sad.rules.elementwise import add, mul

OWN = frozenset({undef, zeros, list_new, list_zeros, store, inc, list_append, list_set, list_drop})
"""Primitives that make a buffer which is likely to be overwritten; sharing one costs a copy later."""


def cse(function: Function) -> Function:
    """The function with equal applications made once."""
    numbering = _Numbering()
    body = numbering.block(function.body, {})
    return replace(function, body=body, results=tuple(map(numbering.use, function.results)))


class _Numbering:
    def __init__(self) -> None:
        self.aliases: dict[Var, Atom] = {}
        self.derived: set[Var] = set()

    def use(self, atom: Atom) -> Atom:
        return self.aliases.get(atom, atom) if isinstance(atom, Var) else atom

    def block(self, block: Block, available: dict[Any, tuple[Var, ...]]) -> Block:
        return self.scope(block, dict(available))

    def scope(self, block: Block, table: dict[Any, tuple[Var, ...]]) -> Block:
        """A block that adds what it computes to this table."""
        return tuple(out for stmt in block for out in self.statement(stmt, table))

    def statement(self, stmt: Stmt, table: dict[Any, tuple[Var, ...]]) -> Block:
        match stmt:
            case Let():
                return self.let(replace(stmt, args=tuple(map(self.use, stmt.args))), table)
            case While():
                inner = dict(table)  # what `pre` computes is available in the body
                return (walk.rewrite(stmt, self.use, lambda v: v, lambda b: self.scope(b, inner)),)
            case Apply() | Custom():
                return (replace(stmt, args=tuple(map(self.use, stmt.args)), fun=cse(stmt.fun)),)
            case _:
                return (walk.rewrite(stmt, self.use, lambda v: v, lambda b: self.block(b, table)),)

    def let(self, let: Let, table: dict[Any, tuple[Var, ...]]) -> Block:
        if not let.prim.pure or let.prim in OWN:
            return (let,)
        key = _key(let)
        known = table.get(key)
        if known is None or (not let.derived and not self.derived.isdisjoint(known)):  # the user's is never rounded so
            table[key] = let.targets
            if let.derived:
                self.derived.update(let.targets)
            return (let,)
        self.aliases.update(zip(let.targets, known, strict=True))
        return ()


def _key(let: Let) -> Any:
    """What makes two applications equal. Sizes are equal when they are the same form, of whatever array."""
    if let.prim is dim:
        size = asked_size(let)
        if isinstance(size, Size):
            return dim, size
    args = tuple(sorted(let.args, key=str)) if let.prim in (add, mul) else let.args
    return let.prim, args, tuple((k, type(v), v) for k, v in let.params)
