"""Arrays that each item of a batch fills in place: stored into one array for the whole batch, row by row.

    for lane in range(B):                        out_1 = np.empty((B, n))
        out = np.empty(n)                        for lane in range(B):
        for i in range(n):              ->           for i in range(n):
            out[i] = x[lane, i] * 2.0                    out_1[lane, i] = x[lane, i] * 2.0
        out_1[lane] = out

A *chain* is an array and all versions of it: what is stored into it, carried, joined. It may stand in the batch when
it has one beginning, which stands before the loop, and one end that is needed, no loop or branch makes two
versions of it, and it is used in no other way than by loads, stores and increments.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, For, If, Let, Stmt, Var, While
from s2sad.ir.primitives import dim, inc, load, store
from s2sad.ir.types import Array


@dataclass(frozen=True, slots=True)
class Chain:
    """The versions of one array, which is known before the group as `root`."""

    root: Var
    members: frozenset[Var]


def chains(group: Block, needed: Collection[Var]) -> dict[Var, Chain]:
    """The chain of each needed array that can stand in the batch."""
    classes = _classes(group)
    found = {}
    for v in needed:
        members = classes.get(v, frozenset())
        root = _root(group, members)
        spoilt = len(members & set(needed)) != 1 or _strays(group, members) or _forks(group, members)
        if root is not None and not spoilt:
            found[v] = Chain(root, members)
    return found


def versions(group: Block) -> set[Var]:
    """The arrays of which a group makes other versions."""
    return {v for v, members in _classes(group).items() if len(members) > 1}


def _root(group: Block, members: frozenset[Var]) -> Var | None:
    """What the members begin with, if it stands before the group and nothing else makes one."""
    defined = set(walk.all_defined(group))
    free = [v for v in members if v not in defined]
    lets = (s for s in walk.statements(group) if isinstance(s, Let) and s.targets[0] in members)
    changed_only = all(s.prim in (store, inc) for s in lets)
    return free[0] if len(free) == 1 and changed_only else None


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


def _forks(group: Block, members: frozenset[Var]) -> bool:
    """Whether a loop or a branch makes two versions of what began as one array: neither may overwrite the other."""
    made = (walk.defines(s) for s in walk.statements(group))
    return any(len(members.intersection(targets)) > 1 for targets in made)


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
