"""Constants, algebra and branches that are decided.

    def f(x, n):
        k = 2.0 * 3.0
        a = x * 1.0
        b = -a
        c = a - b
        for i in range(0):
            c = 0.0
        if 1 < 2:
            d = c * k
        else:
            d = a
        return d

becomes, with `dce` after it,

    def f(x, n):
        c = x + x
        d = c * 6.0
        return d

Reads closed functions (an adjoint after recording). `algebra` says what an application is worth. A branch on a
constant is replaced by the side taken, a loop of no trips by its entry values, a loop of one trip (constant bounds)
by its body.
"""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.ir import walk
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Const,
    Custom,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    asked_size,
    replace,
)
from s2sad.ir.primitives import cast, dim
from s2sad.ir.types import Array, Scalar, Size
from s2sad.optimise.algebra import interchangeable, simpler


def simplify(function: Function) -> Function:
    """The function with what is known now computed now."""
    simplifier = _Simplifier(function)
    body = simplifier.block(function.body)
    return replace(function, body=body, results=tuple(map(simplifier.use, function.results)))


class _Simplifier:
    """Walks forward. `aliases` says which atom each dropped variable is, `made` what each kept one comes from."""

    def __init__(self, function: Function) -> None:
        self.aliases: dict[Var, Atom] = {}
        self.made: dict[Var, Let] = {}
        self.sizes: dict[Size, tuple[Var, int]] = {}
        for p in function.params:
            for k, d in enumerate(p.type.dims if isinstance(p.type, Array) else ()):
                if isinstance(d, Size):
                    self.sizes.setdefault(d, (p, k))

    def use(self, atom: Atom) -> Atom:
        return self.aliases.get(atom, atom) if isinstance(atom, Var) else atom

    def block(self, block: Block) -> Block:
        return tuple(out for stmt in block for out in self.statement(stmt))

    def statement(self, stmt: Stmt) -> Block:
        match stmt:
            case Let():
                return self.let(replace(stmt, args=tuple(map(self.use, stmt.args))))
            case If() if isinstance(cond := self.use(stmt.cond), Const):
                return self.decided(stmt, bool(cond.value))
            case For() if (trips := self.trips(stmt)) is not None and trips < 2:
                return self.unrolled(stmt, trips)
            case While() if stmt.test == Const(False):
                return self.never(stmt)
            case Apply() | Custom():
                return (replace(stmt, args=tuple(map(self.use, stmt.args)), fun=simplify(stmt.fun)),)
            case _:
                return (walk.rewrite(stmt, self.use, lambda v: v, self.block),)

    def let(self, let: Let) -> Block:
        let = self.canonical_size(let)
        while isinstance(found := simpler(let, self.made), Let):
            let = self.canonical_size(found)
        if found is not None:
            self.aliases[let.targets[0]] = found
            return ()
        self.made.update(dict.fromkeys(let.targets, let))
        return (let,)

    def canonical_size(self, let: Let) -> Let:
        """The size of an array read from the first parameter that has that size."""
        if let.prim is not dim:
            return let
        size = asked_size(let)
        if not isinstance(size, Size) or size not in self.sizes:
            return let
        param, axis = self.sizes[size]
        return replace(let, args=(param,), params=(("axis", axis),))

    def bind(self, var: Var, atom: Atom) -> Block:
        """Let a value stand for a variable; a number of another weakness is cast, so that promotion stays as it was."""
        atom = self.use(atom)
        if isinstance(var.type, Scalar) and not interchangeable(atom.type, var.type):
            params = (("dtype", var.type.dtype), *((("weak", True),) if var.type.weak else ()))
            return self.let(Let((var,), cast, (atom,), params))
        self.aliases[var] = atom
        return ()

    def bind_all(self, pairs: Iterable[tuple[Var, Atom]]) -> Block:
        return tuple(out for var, atom in pairs for out in self.bind(var, atom))

    # -- control flow

    def decided(self, stmt: If, cond: bool) -> Block:
        block = self.block(stmt.then if cond else stmt.orelse)
        return block + self.bind_all((j.out, j.then if cond else j.orelse) for j in stmt.joined)

    def trips(self, stmt: For) -> int | None:
        """How often a loop runs, where its bounds are numbers."""
        start, stop, step = (self.use(a) for a in (stmt.start, stmt.stop, stmt.step))
        if not isinstance(step, Const) or step.value == 0:
            return None
        if start == stop:
            return 0
        if not isinstance(start, Const) or not isinstance(stop, Const):
            return None
        return len(range(int(start.value), int(stop.value), int(step.value)))

    def unrolled(self, stmt: For, trips: int) -> Block:
        if trips == 0:
            return self.skipped(stmt)
        block = self.bind_all([(stmt.index, stmt.start), *((c.phi, c.init) for c in stmt.carried)])
        block += self.block(stmt.body)
        return block + self.bind_all((c.out, c.next) for c in stmt.carried) + self.counted(stmt, 1)

    def never(self, stmt: While) -> Block:
        """A loop whose test is False from the start: only what comes before the test runs, once."""
        block = self.bind_all([(stmt.index, Const(0)), *((c.phi, c.init) for c in stmt.carried)])
        return block + self.block(stmt.pre) + self.skipped(stmt)

    def skipped(self, stmt: For | While) -> Block:
        return self.bind_all((c.out, c.init) for c in stmt.carried) + self.counted(stmt, 0)

    def counted(self, stmt: For | While, trips: int) -> Block:
        return () if stmt.trips is None else self.bind(stmt.trips, Const(trips))
