"""Increments of one place, made in every trip of a loop, become a sum that is added to it once behind the loop.

    for j in range(i):                          s = 0.0
        g[i] += w * (x[j] - x[i])               for j in range(i):
        g[j] -= w * (x[j] - x[i])                   s += w * (x[j] - x[i])
                                                    g[j] -= w * (x[j] - x[i])
                                                if i > 0:
                                                    g[i] += s

A number in a register waits for no memory, and a loop that writes to fewer places becomes one of vectors sooner.
This changes the order of a sum (`config.reorder_sums`): it is done where the loop does nothing with the array but add
to it, and where no comparison, choice or integer comes of it (`optimise.accumulators`).
"""

from __future__ import annotations

from collections.abc import Iterator

from s2sad.config import config
from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Carry, Const, For, Function, If, Join, Let, Stmt, Var, array_type, replace
from s2sad.ir.paths import is_element
from s2sad.ir.primitives import inc
from s2sad.ir.types import Array, Scalar
from s2sad.optimise.accumulators import Uses, exact_values
from s2sad.rules.elementwise import add
from s2sad.rules.logical import gt, lt

Place = tuple[tuple[Atom, ...], tuple]
"""The indexes of an element, and its path."""


def gathered(function: Function) -> Function:
    """The function with a sum for each place that a loop only adds to."""
    if not config.reorder_sums:
        return function
    statements = list(walk.statements(function.body))
    if not any(isinstance(s, Let) and s.prim is inc for s in statements):
        return function
    work = _Gathering(function, statements)
    return walk.with_aliases(function, work.block(function.body), work.aliases)


class _Gathering:
    def __init__(self, function: Function, statements: list[Stmt]) -> None:
        self.exact = exact_values(statements)
        self.uses = Uses(function, statements)
        self.b = Builder(walk.names_of(function))
        self.aliases: dict[Var, Atom] = {}

    def block(self, block: Block) -> Block:
        return tuple(out for stmt in block for out in self.statement(stmt))

    def statement(self, stmt: Stmt) -> Block:
        done = walk.rewrite(stmt, lambda a: a, lambda v: v, self.block)
        if not isinstance(done, For) or not isinstance(stmt, For):
            return (done,)
        behind: list[Stmt] = []
        inside = {*walk.binds(done), *walk.all_defined(done.body)}
        for c in stmt.carried:
            if isinstance(c.phi.type, Array) and c.next != c.phi:
                done, more = self.carried(done, c, self.uses.sum_of(c, stmt), inside)
                behind += more
        return (done, *behind)

    def carried(self, loop: For, carry: Carry, versions: set[Var], inside: set[Var]) -> tuple[For, list[Stmt]]:
        """The loop with sums for the places of one array, and the increments behind it."""
        places: dict[Place, list[Let]] = {}
        for let in self.increments(loop.body, versions):
            if inside.isdisjoint(let.args[2:]):
                places.setdefault((let.args[2:], let.params), []).append(let)
        if not places:
            return loop, []
        dtype, b = array_type(carry.phi).dtype, self.b
        number = Scalar(dtype)
        terms = {id(let): place for place, lets in places.items() for let in lets}
        sums = {place: Var(b.names.fresh("total"), number) for place in places}
        carries = []
        now: dict[Place, Atom] = dict(sums)
        with b.block() as body:
            for stmt in loop.body:
                if (place := terms.get(id(stmt))) is None:
                    b.append(stmt)
                    continue
                assert isinstance(stmt, Let)
                b.pos = stmt.pos
                now[place] = b.emit(add, (now[place], stmt.args[1]), hint="total")
                self.aliases[stmt.targets[0]] = stmt.args[0]
        ends = {place: Var(b.names.fresh("total"), number) for place in places}
        carries = [Carry(sums[p], Const(dtype.type(0)), now[p], ends[p]) for p in places]
        after = Var(b.names.fresh(carry.out.name), carry.out.type)
        carried = tuple(replace(c, out=after) if c.phi == carry.phi else c for c in loop.carried)
        with b.block() as behind:
            b.pos = loop.pos
            self.behind(loop, after, carry.out, [(p, ends[p]) for p in places])
        return replace(loop, body=tuple(body), carried=(*carried, *carries)), behind

    def behind(self, loop: For, before: Var, out: Var, sums: list[tuple[Place, Var]]) -> None:
        """The increments behind a loop, made if it has a trip: an index may be in range then only."""
        b = self.b
        assert isinstance(loop.step, Const)
        some = b.emit(lt if loop.step.value > 0 else gt, (loop.start, loop.stop), hint="some")
        version: Var = before
        with b.block() as then:
            for (indexes, params), total in sums:
                following = Var(b.names.fresh(out.name), out.type)
                b.append(Let((following,), inc, (version, total, *indexes), params, loop.pos))
                version = following
        b.append(If(some, tuple(then), (), (Join(out, version, before),), loop.pos))

    def increments(self, block: Block, versions: set[Var]) -> Iterator[Let]:
        """What adds a number to an element of an array, in each trip."""
        for stmt in block:
            match stmt:
                case Let(targets=(target,), prim=prim, args=(base, value, *_)) if prim is inc and base in versions:
                    same = isinstance(value.type, Scalar) and value.type.dtype == target.type.dtype
                    if same and target.type.dtype.kind in "fciu" and target not in self.exact and _is_element(stmt):
                        yield stmt
                case _:
                    pass


def _is_element(let: Let) -> bool:
    path, rank = dict(let.params)["path"], array_type(let.args[0]).rank
    return is_element(path, rank) and all(isinstance(a.type, Scalar) for a in let.args[2:])


__all__ = ["gathered"]
