"""Shorter chains of operations from one trip of a reverse loop to the next.

    for j in range(m - 1, -1, -1):                  for j in range(m - 1, -1, -1):
        g = r_bar[j + 1]                                g = r_bar[j + 1]
        s_bar = g * gamma                               k = gamma * p[j] * q[j]
        u_bar = s_bar * p[j] * q[j]         becomes     u_bar = g * k
        r_bar[j] += g + u_bar                           r_bar[j] += g * (1 + k)

A cotangent that the trip before leaves is waited for; the partials that it is multiplied by are there long before.
Their product is taken first (*preaccumulation*: A. Griewank, A. Walther, Evaluating Derivatives, 2nd ed., ch. 10), so
that one multiplication is all that has to wait. This takes more multiplications in all, so it is done where a trip
waits for longer than it works. Only arithmetic of derivatives is regrouped, never the user's, and nothing that a
comparison, a choice or an integer comes from. Nothing passes a choice: what it keeps out may be infinite.
"""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.config import config
from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Const, For, Function, Let, Stmt, Var, replace
from s2sad.ir.primitives import UPDATES, Primitive, load
from s2sad.ir.types import Array, Scalar
from s2sad.optimise.accumulators import Uses, exact_values
from s2sad.rules.elementwise import add, mul, neg, sub, truediv

LATENCY = 4
"""How many cycles a sum or a product is waited for."""
AT_ONCE = 2
"""How many operations begin in a cycle."""
Scaled = tuple[Var, Atom | None]
"""A value as another one times a factor; without one, as itself."""


def shortened(function: Function) -> Function:
    """The function with shorter chains in its loops."""
    if not config.reorder_sums:
        return function
    statements = list(walk.statements(function.body))
    if not any(isinstance(s, Let) and s.derived for s in statements):
        return function
    return replace(function, body=walk.map_blocks(function.body, _Chains(function, statements).loops))


class _Chains:
    def __init__(self, function: Function, statements: list[Stmt]) -> None:
        self.exact = exact_values(statements)
        self.uses = Uses(function, statements)
        self.b = Builder(walk.names_of(function), derived=True)

    def loops(self, block: Block) -> Block:
        return tuple(self.loop(s) if isinstance(s, For) else s for s in block)

    def loop(self, loop: For) -> For:
        waiting = self.carried(loop)
        return replace(loop, body=self.body(loop.body, waiting)) if _waits(loop.body, waiting) else loop

    def carried(self, loop: For) -> set[Var]:
        """What a trip finds as the trip before left it: carried numbers that are no sums, and elements of arrays that
        are read at another place than they are written at."""
        found = {
            c.phi for c in loop.carried
            if isinstance(c.phi.type, Scalar) and c.phi.type.dtype.kind == "f" and c.next != c.phi
            and not self.uses.sum_of(c, loop)
        }  # fmt: skip
        roots = {c.phi: c.phi for c in loop.carried if isinstance(c.phi.type, Array) and c.next != c.phi}
        reads: dict[Var, list[Let]] = {}
        written: dict[Var, set[tuple[Atom, ...]]] = {}
        for stmt in walk.statements(loop.body):
            if not isinstance(stmt, Let) or not stmt.args or not isinstance(base := stmt.args[0], Var):
                continue
            if (root := roots.get(base)) is None:
                continue
            if stmt.prim in UPDATES:
                roots[stmt.targets[0]] = root
                written.setdefault(root, set()).add(stmt.args[2:])
            elif stmt.prim is load:
                reads.setdefault(root, []).append(stmt)
        for root, lets in reads.items():
            if any(let.args[1:] not in written.get(root, set()) for let in lets) or len(written.get(root, ())) > 1:
                found.update(let.targets[0] for let in lets)
        return found

    def body(self, block: Block, waiting: set[Var]) -> Block:
        late = set(waiting)
        scaled: dict[Var, Scaled] = {}
        with self.b.block() as out:
            for stmt in block:
                self.b.pos = getattr(stmt, "pos", None)
                if isinstance(stmt, Let) and self.is_ours(stmt) and (form := self.form(stmt, late, scaled)) is not None:
                    root, factor = form
                    assert factor is not None
                    scaled[stmt.targets[0]] = form
                    stmt = replace(stmt, prim=mul, args=(root, factor), params=())
                self.b.append(stmt)
                if not late.isdisjoint(_read(stmt)):
                    late.update(walk.defines(stmt))
        return tuple(out)

    def is_ours(self, let: Let) -> bool:
        """Whether the roundings of a statement are free."""
        target = let.targets[0]
        real = isinstance(target.type, Scalar) and target.type.dtype.kind == "f" and target not in self.exact
        return let.derived and real and all(
            isinstance(a.type, Scalar) and a.type.dtype == target.type.dtype for a in let.args if isinstance(a, Var)
        )

    def form(self, let: Let, late: set[Var], scaled: dict[Var, Scaled]) -> Scaled | None:
        """The target of a statement as a factor that is there early times what is waited for."""

        def of(atom: Atom) -> Scaled | None:
            if not isinstance(atom, Var) or atom not in late:
                return None
            return scaled.get(atom, (atom, None))

        forms = [of(a) for a in let.args]
        match let.prim, let.args, forms:
            case prim, (_, y), [(root, factor), None] if prim in (mul, truediv):
                return root, self.times(prim, factor, y)
            case prim, (x, _), [None, (root, factor)] if prim is mul:
                return root, self.times(mul, factor, x)
            case prim, _, [(root, factor)] if prim is neg:
                return root, self.times(mul, factor, Const(-1.0))
            case prim, _, [(root, one), (other, two)] if prim in (add, sub) and root == other:
                return root, self.number(prim, _or_one(one), _or_one(two))
        return None

    def times(self, prim: Primitive, factor: Atom | None, y: Atom) -> Atom:
        """The product, or the quotient, of a factor and a number."""
        return y if factor is None and prim is mul else self.number(prim, _or_one(factor), y)

    def number(self, prim: Primitive, x: Atom, y: Atom) -> Atom:
        """A number that is there early."""
        if isinstance(x, Const) and isinstance(y, Const):
            return Const(float(prim.impl(x.value, y.value)))
        return self.b.emit(prim, (x, y), hint="factor")


def _waits(block: Block, waiting: set[Var]) -> bool:
    """Whether a trip is longer for the longest chain of operations in it than for their number."""
    depth = dict.fromkeys(waiting, 0)
    longest = count = 0
    for stmt in block:
        if not isinstance(stmt, Let) or not isinstance(stmt.targets[0].type, Scalar):
            continue
        count += 1
        before = [depth[a] for a in stmt.args if isinstance(a, Var) and a in depth]
        if before and stmt.prim is not load:
            depth[stmt.targets[0]] = 1 + max(before)
            longest = max(longest, 1 + max(before))
    return LATENCY * longest > count / AT_ONCE


def _or_one(factor: Atom | None) -> Atom:
    return Const(1.0) if factor is None else factor


def _read(stmt: Stmt) -> Iterable[Atom]:
    yield from walk.operands(stmt)
    for block in walk.blocks_of(stmt):
        for inner in walk.statements(block):
            yield from (*walk.operands(inner), *walk.leaving(inner))
    yield from walk.leaving(stmt)


__all__ = ["shortened"]
