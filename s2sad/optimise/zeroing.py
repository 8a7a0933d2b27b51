"""Stores of zero at places that are never read again.

    for i in range(n - 1, -1, -1):
        y_bar += w_bar[i]
        w_bar[i] = 0.0            # nobody reads w_bar[i] after this trip: dropped

The reverse of a store zeroes the cotangent of its place. When every trip of the loop keeps to the row of its own
counter, and the array is not used after the loop, no later trip can see that zero.
"""

from __future__ import annotations

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Carry, Const, For, Function, If, Let, Stmt, Var, While, replace
from s2sad.ir.primitives import dim, inc, load, store
from s2sad.optimise.facts import Facts
from s2sad.optimise.places import Entry, place_of


def drop_zeros(function: Function) -> Function:
    """The function without stores of zero that nobody can see."""
    while aliases := _dead(Facts(function), function):
        results = tuple(aliases.get(r, r) if isinstance(r, Var) else r for r in function.results)
        body = walk.map_blocks(function.body, lambda block: tuple(s for s in block if not _makes(s, aliases)))
        function = replace(function, body=walk.substitute(body, aliases), results=results)
    return function


def _makes(stmt: Stmt, aliases: dict[Var, Atom]) -> bool:
    return isinstance(stmt, Let) and stmt.targets[0] in aliases


def _dead(facts: Facts, function: Function) -> dict[Var, Atom]:
    """Stores of zero whose result is as good as the array before; of a chain of them only one at a time."""
    found: dict[Var, Atom] = {}
    for stmt in walk.statements(function.body):
        match stmt:
            case Let(targets=(target,), prim=prim, args=(base, Const(value), *_)) if prim is store and value == 0:
                if base not in found and is_over(facts, target):
                    found[target] = base
    return found


def is_over(facts: Facts, version: Var) -> bool:
    """Whether nobody looks any more at the places that the statement making this version wrote."""
    if facts.is_unused(version):
        return True
    match facts.only_user(version):
        case For() as loop:
            c = next((c for c in loop.carried if c.next == version), None)
            return c is not None and _by_row(facts, loop, c) and is_over(facts, c.out)
        case If() as branch:
            joins = [j for j in branch.joined if version in (j.then, j.orelse)]
            return len(joins) == 1 and is_over(facts, joins[0].out)
    return False


def _by_row(facts: Facts, loop: For, c: Carry) -> bool:
    """Whether every trip of a loop touches a carried array only in a row of its own: at the counter, at one axis."""
    accesses = _accesses(facts, c, loop)
    if accesses is None or not isinstance(loop.step, Const):
        return False
    rows = [{(k, e[1]) for k, e in enumerate(place) if e[0] == loop.index} for place in accesses]
    least = facts.least(loop.index)
    common = set.intersection(*rows) if rows else set()
    return least is not None and any(least + offset >= 0 for _, offset in common)


def _accesses(facts: Facts, c: Carry, loop: For) -> list[tuple[Entry, ...]] | None:
    """The places that the versions of an array are accessed at in a loop; None where one is used otherwise."""
    places: list[tuple[Entry, ...]] = []
    todo, seen = [c.phi], {c.phi}
    while todo:
        version = todo.pop()
        if version in facts.returned:
            return None
        for stmt in facts.users(version):
            after = _versions(facts, stmt, version, c, places)
            if after is None:
                return None
            todo += [v for v in after if v not in seen]
            seen.update(after)
    return places


def _versions(
    facts: Facts, stmt: Stmt, version: Var, carry: Carry, places: list[tuple[Entry, ...]]
) -> tuple[Var, ...] | None:
    """The versions that a use makes; None when the use may look anywhere. Notes the place it accesses."""
    match stmt:
        case Let(prim=prim, args=(base, *rest)) if base == version and version not in rest:
            if prim is dim:
                return ()
            if prim is load:
                places.append(place_of(facts, replace(stmt, args=(base, base, *rest))))
                return ()
            if prim in (store, inc):
                places.append(place_of(facts, stmt))
                return stmt.targets
        case For() | While():
            if carry in stmt.carried:
                return () if all(c == carry for c in stmt.carried if version == c.next) else None
            return tuple(v for c in stmt.carried if version in (c.init, c.next) for v in (c.phi, c.out))
        case If():
            return tuple(j.out for j in stmt.joined if version in (j.then, j.orelse))
    return None
