"""Arrays that each item of a batch fills in place: stored into one array for the whole batch, row by row.

    for lane in range(B):                        out_1 = np.empty((B, n))
        out = np.empty(n)                        for lane in range(B):
        for i in range(n):              ->           for i in range(n):
            out[i] = x[lane, i] * 2.0                    out_1[lane, i] = x[lane, i] * 2.0
        out_1[lane] = out

A *chain* is an array and all versions of it: what is stored into it, carried, joined. It may stand in the batch when
it has one beginning (an allocation, or something from outside) and one end that is needed, and is used in no other way
than by loads, stores and increments.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, For, If, Let, Stmt, Var, While
from s2sad.ir.primitives import dim, inc, load, store, undef, zeros
from s2sad.ir.types import Array


@dataclass(frozen=True, slots=True)
class Chain:
    """The versions of one array; `made` allocates it, when that stands in the group."""

    root: Var
    members: frozenset[Var]
    made: Let | None


def chains(group: Block, needed: Collection[Var], same: Collection[Var]) -> dict[Var, Chain]:
    """The chain of each needed array that can stand in the batch. `same` are known before the group, for all items."""
    classes = _classes(group)
    found = {}
    for v in needed:
        members = classes.get(v, frozenset())
        if len(members & set(needed)) != 1 or _strays(group, members):
            continue
        chain = _chain(group, members, same)
        if chain is not None:
            found[v] = chain
    return found


def versions(group: Block) -> set[Var]:
    """The arrays of which a group makes other versions."""
    return {v for v, members in _classes(group).items() if len(members) > 1}


def _chain(group: Block, members: frozenset[Var], same: Collection[Var]) -> Chain | None:
    """The chain with these members, if it has one beginning that can stand before the group."""
    defined = set(walk.all_defined(group))
    free = [v for v in members if v not in defined]
    lets = [s for s in walk.statements(group) if isinstance(s, Let) and s.targets[0] in members]
    made = [s for s in lets if s.prim not in (store, inc)]
    match free, made:
        case [root], []:
            return Chain(root, members, None)
        case [], [Let(prim=prim, args=args) as let]:
            known = all(a in same or not isinstance(a, Var) for a in args)
            top = any(let is s for s in group)
            if prim in (zeros, undef) and known and top:
                return Chain(let.targets[0], members, let)
    return None


def _strays(group: Block, members: frozenset[Var]) -> bool:
    """Whether a member is used otherwise than as the array of a load, a store or an increment."""
    for stmt in walk.statements(group):
        match stmt:
            case Let(prim=prim, args=(_, *rest)) if prim in (load, store, inc, dim):
                uses: Iterable[Atom] = rest
            case For():
                uses = (stmt.start, stmt.stop, stmt.step)
            case While() | If():
                uses = ()
            case _:
                uses = walk.operands(stmt)
        if any(a in members for a in uses if isinstance(a, Var)):
            return True
    return False


def _classes(group: Block) -> dict[Var, frozenset[Var]]:
    """The arrays of a group, by what they are versions of."""
    members: dict[Var, set[Var]] = {}

    def join(*atoms: Atom) -> None:
        arrays = [a for a in atoms if isinstance(a, Var) and isinstance(a.type, Array) and a.type.rank > 0]
        union = set(arrays).union(*(members.get(a, ()) for a in arrays))
        members.update(dict.fromkeys(union, union))

    for stmt in walk.statements(group):
        for atoms in _same(stmt):
            join(*atoms)
    return {v: frozenset(union) for v, union in members.items()}


def _same(stmt: Stmt) -> Iterable[tuple[Atom, ...]]:
    """Groups of values that are versions of one array."""
    match stmt:
        case Let(targets=targets, prim=prim, args=args) if prim in (store, inc):
            return ((args[0], targets[0]),)
        case For() | While():
            return ((c.phi, c.init, c.next, c.out) for c in stmt.carried)
        case If():
            return ((j.out, j.then, j.orelse) for j in stmt.joined)
        case _:
            return ()
