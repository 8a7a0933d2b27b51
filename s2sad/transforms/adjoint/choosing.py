"""Loops that choose by `where`, `min` or `max`: as `selection`, where the value is a choice and not a branch.

    for j in range(n):                          last, odd = -1, 0
        d = distance(j)                         for j in range(n):
        best = d if d < best else best              d = distance(j)
                                                    better = d < best
                                                    best = d if better else best
                                                    last = j if better else last
                                                    odd = odd if isfinite(d) else 1
                                                ...
                                                for j_1 in (all of them if odd else the one of last):  (mirrors j)
                                                    d = distance(j_1)                     replayed
                                                    d_bar = best_bar if j_1 == last else 0.0
                                                    best_bar = 0.0 if j_1 == last else best_bar
                                                    ...

The trips that were not chosen have the cotangent 0, and JAX's derivative of a choice multiplies it with the partials of
what was discarded: a nan or an infinity there shows. So all trips are reversed where one of them is `odd`. What is made
by sums, differences and products alone is not finite unless all of it is; other partials are looked at one by one.

`np.minimum` and `np.maximum` share the cotangent where their arguments tie, and have none where one is nan: both are
odd, too.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from s2sad.ir import walk
from s2sad.ir.builder import Builder, Names, atom_of
from s2sad.ir.nodes import Atom, Block, Carry, Const, Effect, For, Let, Stmt, Var, While, int_var
from s2sad.ir.primitives import Primitive, cast, load
from s2sad.ir.types import Scalar, is_complex, is_inexact
from s2sad.rules.elementwise import abs_, add, integer_pow, maximum, minimum, mul, neg, square, sub, where
from s2sad.rules.logical import eq, gt, isfinite, isnan, lt, not_
from s2sad.rules.registry import partials_of, rule_of, unknown
from s2sad.transforms.adjoint.cotangents import number_of
from s2sad.transforms.adjoint.ranges import fold, reversed_range

BETTER = {minimum: lt, maximum: gt}
CLEAR = frozenset({add, sub, mul, neg, square, abs_})
"""What is not finite where an argument is not, and has finite partials where it is finite."""


@dataclass(frozen=True, slots=True)
class Pick:
    """A carried value that a loop chooses, where `better` holds, to be `new`."""

    carry: Carry
    let: Let
    new: Var

    @property
    def shares(self) -> bool:
        """Whether its cotangent is shared where the old value and the new one tie."""
        return self.let.prim is not where


@dataclass(frozen=True, slots=True)
class Choice:
    """A loop whose active carried values are `picks`, all chosen in one trip. `last` is the index of the last trip that
    was chosen, `before` where there is none; `odd` says that all trips are to be reversed."""

    picks: tuple[Pick, ...]
    before: Atom
    last: Var
    odd: Var


def mark_choices(block: Block, active: Collection[Var], names: Names) -> tuple[Block, dict[Var, Choice]]:
    """The block with `last` and `odd` carried by each loop that chooses, and those loops by their index."""
    found: dict[Var, Choice] = {}
    b = Builder(names)

    def change(stmts: Block) -> Block:
        with b.block() as out:
            for stmt in stmts:
                b.append(mark(stmt) if isinstance(stmt, For) else stmt)
        return tuple(out)

    def mark(loop: For) -> For:
        picks = picked(loop, active)
        checks = None if not picks else Checks.of(loop, picks, active)
        if checks is None:
            return loop
        loop, found[loop.index] = _marked(b, loop, picks, checks)
        return loop

    return walk.map_blocks(block, change), found


# -- which loops


def picked(loop: For, active: Collection[Var]) -> tuple[Pick, ...]:
    """What a loop chooses, all by one condition; nothing, if it does anything else with active carried values."""
    carried = [c for c in loop.carried if c.phi in active]
    lets = {s.targets[0]: s for s in loop.body if isinstance(s, Let)}
    picks = [_pick(c, lets.get(c.next)) for c in carried if isinstance(c.next, Var)]
    found = tuple(p for p in picks if p is not None)
    if not carried or len(found) != len(carried) or len({_way(p) for p in found}) != 1:
        return ()
    if len(found) > 1 and any(p.shares for p in found):
        return ()
    chosen = {v for p in found for v in (p.carry.phi, p.let.targets[0])}
    own = {id(p.let) for p in found}
    for stmt in walk.statements(loop.body):
        if isinstance(stmt, Effect) or (id(stmt) not in own and _mixes(stmt, chosen, active)):
            return ()
    return found


def _pick(c: Carry, let: Let | None) -> Pick | None:
    if let is None or not isinstance(c.phi.type, Scalar) or is_complex(c.phi.type):
        return None
    sides = let.args[1:] if let.prim is where else let.args if let.prim in BETTER else ()
    if len(sides) != 2 or sides.count(c.phi) != 1 or not isinstance(let.args[0].type, Scalar):
        return None
    new = sides[1 - sides.index(c.phi)]
    if not isinstance(new, Var) or new.type != c.phi.type or let.targets[0].type != c.phi.type:
        return None
    return Pick(c, let, new)


def _way(pick: Pick) -> tuple[Primitive, Atom | None, bool]:
    """By what a pick is made, and on which side the new value stands."""
    let = pick.let
    return (let.prim, let.args[0], let.args[1] == pick.new) if let.prim is where else (let.prim, None, True)


def _mixes(stmt: Stmt, chosen: Collection[Var], active: Collection[Var]) -> bool:
    """Whether a statement makes an active value of a chosen one."""
    uses = {*walk.operands(stmt), *walk.leaving(stmt)}
    return not uses.isdisjoint(chosen) and any(v in active for v in (*walk.binds(stmt), *walk.defines(stmt)))


# -- what may be odd about a trip


@dataclass(slots=True)
class Checks:
    """What has to be finite in a trip for a cotangent of zero to give zeros: the values chosen, and both the arguments
    and the partials of `others`, the applications that may hide what is not."""

    values: list[Var]
    others: list[Let]

    @classmethod
    def of(cls, loop: For, picks: Iterable[Pick], active: Collection[Var]) -> Checks | None:
        """The checks of a trip; None where too much of it may be hidden."""
        checks = cls([p.new for p in picks], [])
        own = {p.let.targets[0] for p in picks}
        body = tuple(s for s in loop.body if own.isdisjoint(walk.defines(s)))
        if not checks.block(body, active, True):
            return None
        used = {a for s in walk.statements(body) for a in _hands_on(s, active)} | {p.new for p in picks}
        made = (v for v in walk.all_defined(body) if v in active)
        return checks if all(v in used for v in made) else None

    def block(self, block: Block, active: Collection[Var], outside: bool) -> bool:
        """Take in a block, which is in no loop of the trip if `outside`; False where it may hide a value."""
        return all(self.statement(stmt, active, outside) for stmt in block)

    def statement(self, stmt: Stmt, active: Collection[Var], outside: bool) -> bool:
        match stmt:
            case Let(targets=targets) if any(t in active for t in targets):
                return self.let(stmt, active, outside)
            case For() | While():
                return all(self.block(b, active, False) for b in walk.blocks_of(stmt))
            case _:
                made = (*walk.defines(stmt), *walk.all_defined(tuple(s for b in walk.blocks_of(stmt) for s in b)))
                return not any(v in active for v in made)

    def let(self, let: Let, active: Collection[Var], outside: bool) -> bool:
        if not all(isinstance(t.type, Scalar) and not is_complex(t.type) for t in let.targets):
            return False
        if let.prim in CLEAR or let.prim in (load, cast) or _is_power(let):
            return True
        self.others.append(let)
        known = let.prim is where or rule_of(let.prim).partials is not None
        return outside and known and all(isinstance(a.type, Scalar) for a in let.args)


def _is_power(let: Let) -> bool:
    return let.prim is integer_pow and dict(let.params)["n"] > 0


def _hands_on(stmt: Stmt, active: Collection[Var]) -> tuple[Atom, ...]:
    """What a statement makes active values of."""
    match stmt:
        case For() | While():
            return tuple(a for c in stmt.carried if c.phi in active for a in (c.init, c.next, c.out))
        case _:
            return walk.operands(stmt) if any(v in active for v in walk.defines(stmt)) else ()


# -- the forward sweep


def _marked(b: Builder, loop: For, picks: tuple[Pick, ...], checks: Checks) -> tuple[For, Choice]:
    before = fold(b, sub, loop.start, loop.step)
    last, odd = (int_var(b.names.fresh(name)) for name in ("last", "odd"))
    with b.block() as more:
        b.pos = picks[0].let.pos
        chosen = _better(b, picks[0])
        new_last = b.emit(where, (chosen, loop.index, last), hint="last")
        new_odd: Atom = odd
        for finite in _finite(b, checks):
            new_odd = b.emit(where, (finite, new_odd, Const(1)), hint="odd")
        if picks[0].shares:
            worse = b.emit(BETTER[picks[0].let.prim], (picks[0].carry.phi, picks[0].new), hint="worse")
            new_odd = b.emit(where, (chosen, new_odd, b.emit(where, (worse, new_odd, Const(1)))), hint="odd")
    carries = [
        Carry(phi, init, new, int_var(b.names.fresh(phi.name)))
        for phi, init, new in ((last, before, new_last), (odd, Const(0), new_odd))
    ]
    loop = replace(loop, carried=(*loop.carried, *carries), body=(*loop.body, *more))
    return loop, Choice(picks, before, carries[0].out, carries[1].out)


def _better(b: Builder, pick: Pick) -> Atom:
    """Whether the new value is chosen."""
    if pick.shares:
        return b.emit(BETTER[pick.let.prim], (pick.new, pick.carry.phi), hint="better")
    cond, first, _ = pick.let.args
    return cond if first == pick.new else b.emit(not_, (cond,), hint="better")


def _finite(b: Builder, checks: Checks) -> Iterator[Atom]:
    """Whether each value of the trip, and each partial, that is to be looked at is finite."""
    looked: dict[Atom, None] = dict.fromkeys(checks.values)
    for let in checks.others:
        looked.update((a, None) for a in let.args if is_inexact(a.type))
        if let.prim is not where and let.prim not in BETTER:  # the partials of a choice are 0, a half and 1
            given = [b.ref(a) for a in let.args]
            partials = partials_of(rule_of(let.prim), given, b.ref(let.targets[0]), dict(let.params))
            looked.update((atom_of(p), None) for p in partials if p is not None and p is not unknown)
    for atom in looked:
        if isinstance(atom, Var) and is_inexact(atom.type):
            yield b.emit(isfinite, (atom,), hint="finite")


# -- the reverse sweep


def chosen_trip(b: Builder, loop: For, choice: Choice, active: set[Var]) -> tuple[Block, dict[Var, Atom]]:
    """What is reversed of a trip, and the carried values at its end: the choice as it is known after the loop."""
    own = {p.let.targets[0] for p in choice.picks}
    body = tuple(s for s in loop.body if own.isdisjoint(walk.defines(s)))
    with b.block() as end:
        here = b.emit(eq, (loop.index, choice.last), hint="here")
        ends = {p.carry.phi: _end(b, p, here) for p in choice.picks}
    active.update(t for s in end for t in walk.defines(s) if is_inexact(t.type))
    return (*body, *end), ends


def _end(b: Builder, pick: Pick, here: Atom) -> Atom:
    """A carried value at the end of a trip, made as its derivative is to be: linear in the old value and the new."""
    phi, new, out = pick.carry.phi, pick.new, pick.carry.out
    kept: Atom = phi
    if pick.shares:
        half = number_of(phi.type, 0.5)
        mean = b.emit(add, (b.emit(mul, (phi, half)), b.emit(mul, (new, half))))
        kept = b.emit(where, (b.emit(eq, (new, out), hint="ties"), mean, phi))
        kept = b.emit(where, (b.emit(isnan, (out,)), number_of(phi.type, 0), kept))
    return b.emit(where, (here, new, kept), hint=phi.name)


def chosen_range(b: Builder, loop: For, choice: Choice) -> tuple[Atom, Atom, Atom]:
    """The range of the reverse loop: the trip that was chosen last, if any, or all trips where they are odd."""
    first, end, step = reversed_range(b, loop)
    none = b.emit(eq, (choice.last, choice.before), hint="none")
    after = b.emit(where, (none, choice.last, fold(b, sub, choice.last, loop.step)), hint="stop")
    alone = b.emit(eq, (choice.odd, Const(0)), hint="alone")
    start = b.emit(where, (alone, choice.last, first), hint="start")
    return start, b.emit(where, (alone, after, end), hint="stop"), step


def is_chosen(start: Atom, loop: For, made: Mapping[Var, Stmt]) -> bool:
    """Whether a reverse loop that starts there is that of a loop that chooses."""
    let = made.get(start) if isinstance(start, Var) else None
    return isinstance(let, Let) and let.prim is where and let.args[1] in [c.out for c in loop.carried]


__all__ = ["Choice", "chosen_range", "chosen_trip", "is_chosen", "mark_choices"]
