"""Sizes that the program checks itself are numbers after the check.

    def f(x):                                          def f(x):
        n = x.shape[0]                                     n = x.shape[0]
        if n != 3:                                         if n != 3:
            raise ValueError(...)            becomes           raise ValueError(...)
        y = np.empty(n)                                    y = np.empty(3)
        for i in range(n):                                 for i in range(3):
            y[i] = x[i]                                        y[i] = x[i]

Unpacking an array is such a check (``a, b, c = x``). Only checks that every run comes to count, before anything else is
made of arrays of that size: what stands before a check must not take it to hold.
"""

from __future__ import annotations

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Const, Effect, Function, If, Let, Stmt, Var, asked_size, replace
from s2sad.ir.primitives import dim, load, raise_
from s2sad.ir.types import Array, Dim, List, Scalar, Size, Symbol, Type, replace_symbols, symbols_of
from s2sad.lower.sizes import Equalities
from s2sad.optimise.simplify import simplify
from s2sad.rules.logical import eq, ne

Pairs = tuple[tuple[Dim, Dim], ...]


def checked(function: Function, equalities: Equalities) -> tuple[Function, Pairs]:
    """The function with what its checks say of sizes written into it, and those sizes with their numbers. `equalities`
    are those that its loops are to be written by."""
    writer = _Writer(equalities)
    body = tuple(out for stmt in function.body for out in writer.top(stmt))
    if not writer.sizes:
        return function, ()
    done = replace(function, body=body, results=tuple(map(writer.use, function.results)))
    return simplify(done), tuple((Size(((s, 1),)), n) for s, n in writer.sizes.items())


class _Writer:
    def __init__(self, equalities: Equalities) -> None:
        self.equalities = equalities
        self.made: dict[Var, Let] = {}
        self.asked: dict[Symbol, list[Var]] = {}
        self.used: set[Symbol] = set()
        self.sizes: dict[Symbol, int] = {}
        self.named: dict[str, int] = {}
        self.atoms: dict[Var, Atom] = {}

    def top(self, stmt: Stmt) -> Block:
        """A statement of the function's own block."""
        out = self.statement(stmt)
        if isinstance(stmt, Let):
            self.made.update(dict.fromkeys(stmt.targets, stmt))
            if (size := _alone(stmt)) is not None:
                self.asked.setdefault(size, []).append(stmt.targets[0])
        elif isinstance(stmt, If):
            self.learn(stmt)
        for inner in walk.statements((stmt,)):
            if not (isinstance(inner, Let) and inner.prim in (dim, load) and isinstance(inner.targets[0].type, Scalar)):
                for a in (*walk.operands(inner), *walk.leaving(inner), *walk.binds(inner), *walk.defines(inner)):
                    self.used.update(*map(self.alike, symbols_of(a.type)))
        return out

    def alike(self, symbol: Symbol) -> set[Symbol]:
        """The symbols that a size is written with in loops."""
        size = self.equalities.canonical(Size(((symbol, 1),)))
        return {s for s, _ in size.terms} if isinstance(size, Size) else set()

    def learn(self, stmt: If) -> None:
        """What a check says, if the statement is one."""
        let = self.made.get(stmt.cond) if isinstance(stmt.cond, Var) else None
        if let is None or let.prim not in (eq, ne) or not _raises(stmt.then if let.prim is ne else stmt.orelse):
            return
        sides = (let.args, let.args[::-1])
        for size, number in sides:
            source = self.made.get(size) if isinstance(size, Var) else None
            symbol = None if source is None else _alone(source)
            if symbol is None or not isinstance(number, Const) or type(number.value) is not int:
                continue
            if symbol in self.sizes or not self.used.isdisjoint(self.alike(symbol)):
                continue
            if number.value >= symbol.at_least:
                self.sizes[symbol] = number.value
                self.atoms[let.targets[0]] = Const(let.prim is eq)
                for v in self.asked[symbol]:
                    self.is_number(v, number.value)

    def is_number(self, var: Var, number: int) -> None:
        self.atoms[var] = Const(number)
        self.named[var.name] = number

    # -- what comes after

    def use(self, atom: Atom) -> Atom:
        return self.atoms.get(atom, atom) if isinstance(atom, Var) else atom

    def define(self, var: Var) -> Var:
        made = Var(var.name, self.retype(var.type))
        if made != var:
            self.atoms[var] = made
        return made

    def retype(self, type: Type) -> Type:
        for s in symbols_of(type):
            if s.name in self.named:
                self.sizes.setdefault(s, self.named[s.name])
        return replace_symbols(type, dict(self.sizes)) if self.sizes else type

    def block(self, block: Block) -> Block:
        return tuple(out for stmt in block for out in self.statement(stmt))

    def statement(self, stmt: Stmt) -> Block:
        if not self.sizes:
            return (stmt,)
        if isinstance(stmt, Let):
            size = _alone(stmt)
            if size in self.sizes:
                assert size is not None
                self.is_number(stmt.targets[0], self.sizes[size])
                return ()
            params = tuple((k, self.retype(v) if isinstance(v, (Array, List)) else v) for k, v in stmt.params)
            stmt = replace(stmt, params=params)
        return (walk.rewrite(stmt, self.use, self.define, self.block),)


def _alone(let: Let) -> Symbol | None:
    """The symbol that a ``dim(a; axis)`` is the value of."""
    size = asked_size(let) if let.prim is dim else None
    if isinstance(size, Size) and size.constant == 0 and len(size.terms) == 1 and size.terms[0][1] == 1:
        return size.terms[0][0]
    return None


def _raises(block: Block) -> bool:
    """Whether a block always raises."""
    return any(isinstance(s, Effect) and s.prim is raise_ for s in block)


__all__ = ["Pairs", "checked"]
