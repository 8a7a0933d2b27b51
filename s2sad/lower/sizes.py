"""Sizes as atoms: what a loop runs to. Sizes that the call checks to be equal are one."""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Call, For, Function, If, Let, Var, While
from s2sad.ir.primitives import inc, store
from s2sad.ir.types import Array, Dim, Size, Symbol, add_dims, replace_in_dim, scale_dim


class Equalities:
    """The pairs of sizes that are known to be equal, solved for symbols."""

    def __init__(self, pairs: Iterable[tuple[Dim, Dim]] = ()) -> None:
        self.solved: dict[Symbol, Dim] = {}
        for a, b in pairs:
            self._learn(self.canonical(a), self.canonical(b))

    def _learn(self, a: Dim, b: Dim) -> None:
        """Solve ``a = b`` for a symbol that stands in it once, of `a` if there is one."""
        difference = add_dims(a, b, -1)
        if isinstance(difference, int):
            return
        own = {s for s, _ in a.terms} if isinstance(a, Size) else set()
        for symbol, coefficient in (
            *(t for t in reversed(difference.terms) if t[0] in own),
            *(t for t in reversed(difference.terms) if t[0] not in own),
        ):
            if coefficient in (1, -1):
                rest = add_dims(difference, Size(((symbol, coefficient),)), -1)
                value = scale_dim(rest, -coefficient)
                self.solved = {s: replace_in_dim(d, {symbol: value}) for s, d in self.solved.items()}
                self.solved[symbol] = value
                return

    def canonical(self, dim: Dim) -> Dim:
        """The one form of all sizes that are known to equal this one."""
        return replace_in_dim(dim, self.solved) if self.solved else dim

    def dims(self, dims: Iterable[Dim | None]) -> tuple[Dim, ...]:
        """The dims of a variable, each in its one form."""
        return tuple(self.canonical(d) for d in dims if d is not None)


def kept(function: Function) -> list[tuple[Dim, Dim]]:
    """The sizes that are equal since updates keep them: those of the versions of one array that a loop carries or a
    branch joins, whatever they are called."""
    pairs: list[tuple[Dim, Dim]] = []
    first: dict[Atom, Atom] = {}

    def same(version: Atom, other: Atom) -> None:
        if isinstance(version.type, Array) and isinstance(other.type, Array):
            dims = zip(version.type.dims, other.type.dims, strict=True)
            pairs.extend((a, b) for a, b in dims if a != b and a is not None and b is not None)

    def root(version: Atom) -> Atom:
        return first.get(version, version)

    def block(stmts: Block) -> None:
        for stmt in stmts:
            for inner in walk.blocks_of(stmt):
                block(inner)
            match stmt:
                case Let(prim=prim, targets=(target,), args=(array, *_)) if prim in (store, inc):
                    first[target] = root(array)
                    same(target, array)
                case For() | While():
                    for c in stmt.carried:
                        if root(c.next) == c.phi:
                            first[c.out] = root(c.init)
                            for version in (c.phi, c.next, c.out):
                                same(version, c.init)
                case If():
                    for j in stmt.joined:
                        if root(j.then) == root(j.orelse):
                            first[j.out] = root(j.then)
                            same(j.out, j.then)
                            same(j.out, j.orelse)
                case _:
                    pass

    block(function.body)
    return pairs


def unsure(function: Function, equalities: Equalities) -> set[Var]:
    """The arrays whose sizes may not be what their types say: those that loops or branches give arrays of other sizes,
    as a stack of items does that is empty until the first one is known, and what is made of them."""
    found: set[Var] = set()
    statements = [*walk.statements(function.body)]
    before = -1
    while before < len(found):
        before = len(found)
        for stmt in statements:
            match stmt:
                case Let() | Call() if not found.isdisjoint(stmt.args):
                    found.update(t for t in stmt.targets if isinstance(t.type, Array))
                case For() | While():
                    for c in stmt.carried:
                        if _differs(c.phi, (c.init, c.next), found, equalities):
                            found.update((c.phi, c.out))
                case If():
                    found.update(j.out for j in stmt.joined if _differs(j.out, (j.then, j.orelse), found, equalities))
                case _:
                    pass
    return found


def _differs(var: Var, values: tuple[Atom, ...], found: set[Var], equalities: Equalities) -> bool:
    """Whether a variable is given arrays of other sizes than its own."""
    if not isinstance(var.type, Array):
        return False
    dims = equalities.dims(var.type.dims)
    return any(
        v in found or (isinstance(v.type, Array) and equalities.dims(v.type.dims) != dims) for v in (var, *values)
    )
