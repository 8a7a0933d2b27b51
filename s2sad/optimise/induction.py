"""Closed forms of integers that a loop counts up, and loops that count written as `for`.

    def f(x, n):
        s = 0.0
        p = 3
        k = 0
        while k < n:
            s += x[p]
            p = p + 2
            k = k + 1
        return s * p

becomes, with `simplify` and `dce` after it,

    def f(x, n):
        s = 0.0
        for k in range(n):
            mul_1 = k * 2
            p_3 = mul_1 + 3
            v = x[p_3]
            s_1 = s + v
            s = s_1
        s_2 = s
        trip_count = len(range(n))
        mul_2 = trip_count * 2
        p_4 = mul_2 + 3
        mul = s_2 * p_4
        return mul

A recurrence ``p = p + c`` with `c` known before the loop is ``p0 + c * trip``: it needs no tape in reverse and tells
where the loop writes. Where `c` is linear in the counter (the trips of a triangular loop) the closed form is
quadratic. A `while` whose test compares such a `p` (of constant step) with a value known before the loop is a `for`,
whose trip count is known at entry. Inner loops come first, so that a counter that runs through a nest is found too.
Reads closed functions.
"""

from __future__ import annotations

from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Carry,
    Const,
    Custom,
    For,
    Function,
    Let,
    Stmt,
    Var,
    While,
    asked_size,
    int_var,
    replace,
)
from s2sad.ir.primitives import Primitive, dim
from s2sad.ir.types import INT, Dim, Scalar, Size, add_dims, symbol
from s2sad.rules.counting import trip_count
from s2sad.rules.elementwise import add, floordiv, mul, neg, sub
from s2sad.rules.logical import ge, gt, le, lt

COUNTS = frozenset({add, sub, mul, neg, trip_count})
"""Integer arithmetic that may be moved before a loop: it cannot fail (a constant step is not 0)."""


def induction(function: Function) -> Function:
    """The function with integer recurrences in closed form."""
    return _Induction(function).run(function)


@dataclass(frozen=True, slots=True)
class Growth:
    """What is added in each trip: `first` in the first one, `slope` more in each one after it."""

    first: Atom
    slope: int


class _Induction:
    def __init__(self, function: Function) -> None:
        self.b = Builder(walk.names_of(function))
        self.lets: dict[Var, Let] = {}
        self.aliases: dict[Var, Atom] = {}

    def run(self, function: Function) -> Function:
        body = self.block(function.body)
        return replace(function, body=body, results=tuple(map(self.use, function.results)))

    def use(self, atom: Atom) -> Atom:
        return self.aliases.get(atom, atom) if isinstance(atom, Var) else atom

    def block(self, block: Block) -> Block:
        with self.b.block() as out:
            for stmt in block:
                self.statement(stmt)
        return tuple(out)

    def statement(self, stmt: Stmt) -> None:
        stmt = walk.rewrite(stmt, self.use, lambda v: v, self.block)
        self.b.pos = getattr(stmt, "pos", None)
        match stmt:
            case While():
                self.while_loop(stmt)
            case For():
                self.loop(stmt)
            case Apply() | Custom():
                self.b.append(replace(stmt, fun=induction(stmt.fun)))
            case Let():
                self.lets.update(dict.fromkeys(stmt.targets, stmt))
                self.b.append(stmt)
            case _:
                self.b.append(stmt)

    # -- recurrences

    def while_loop(self, stmt: While) -> None:
        found = self.as_for(stmt)
        if found is None:
            self.loop(stmt)
            return
        loop, counter = found
        self.loop(loop)
        self.aliases[counter.out] = self.after(counter.init, self.trips(loop), Growth(loop.step, 0), counter.out.name)

    def loop(self, stmt: For | While) -> None:
        """Append a loop, its recurrences replaced by closed forms."""
        inside = _defined(stmt)
        steps = {c: step for c in stmt.carried if (step := self.step(c, stmt, inside)) is not None}
        if not steps:
            self.b.append(stmt)
            return
        head, mapping = self.closed_phis(stmt, steps)
        rest = tuple(c for c in stmt.carried if c not in steps)
        stmt = replace(stmt, carried=rest)
        if isinstance(stmt, While) or stmt.exit is not None:
            stmt = replace(stmt, trips=stmt.trips or int_var(self.b.names.fresh("trips")))
        stmt = replace(stmt, body=head + stmt.body) if isinstance(stmt, For) else replace(stmt, pre=head + stmt.pre)
        (closed,) = walk.substitute((stmt,), mapping)
        assert isinstance(closed, (For, While))
        self.b.append(closed)
        trips = self.trips(closed)
        for c, step in steps.items():
            self.aliases[c.out] = self.after(c.init, trips, step, c.out.name)

    def step(self, c: Carry, loop: For | While, inside: dict[Var, Stmt]) -> Growth | None:
        """What a carried integer grows by in each trip, known before the loop; None if it is not such a recurrence."""
        terms = _growth(c.next, c.phi, inside) if _is_int(c.phi) and _is_int(c.init) else None
        found = [(prim, self.term(term, loop, inside)) for prim, term in terms or ()]
        known = [(prim, term) for prim, term in found if term is not None]
        if not known or len(known) < len(found):
            return None
        total = Growth(Const(sum(_signed(prim, t.first.value) for prim, t in known if isinstance(t.first, Const))), 0)
        for prim, term in known:
            first = total.first
            if isinstance(term.first, Var):
                first = term.first if (prim, first) == (add, Const(0)) else self.b.emit(prim, (first, term.first))
            total = Growth(first, total.slope + _signed(prim, term.slope))
        return total if c.phi.type.weak == (c.init.type.weak and total.first.type.weak) else None

    def term(self, atom: Atom, loop: For | While, inside: dict[Var, Stmt]) -> Growth | None:
        """One of the things that are added in each trip: the same each time, or linear in the loop's counter."""
        constant = self.invariant(atom, inside, {})
        if constant is not None:
            return Growth(constant, 0)
        start, step = (loop.start, loop.step) if isinstance(loop, For) else (Const(0), Const(1))
        slope = _slope(atom, loop, inside, self.lets) if step == Const(1) else None
        if slope is None:
            return None
        first = self.invariant(atom, inside, {loop.index: start})
        return None if first is None else Growth(first, slope)

    def invariant(self, atom: Atom, inside: dict[Var, Stmt], known: dict[Var, Atom]) -> Atom | None:
        """The value before the loop, by the same arithmetic as in the loop, for `known` values of its variables."""
        if not _is_int(atom):
            return None
        if not isinstance(atom, Var):
            return atom
        if atom in known or atom not in inside:
            return known.get(atom, atom)
        let = inside[atom]
        if not isinstance(let, Let) or let.prim not in COUNTS or (let.prim is trip_count and not _has_step(let)):
            return None
        args = [self.invariant(a, inside, known) for a in let.args]
        return None if None in args else self.b.emit(let.prim, args, dict(let.params), atom.name)

    def closed_phis(self, stmt: For | While, steps: dict[Carry, Growth]) -> tuple[Block, dict[Var, Atom]]:
        """The closed forms at the head of an iteration."""
        with self.b.block() as head:
            trip = self.trip(stmt)
            mapping = {c.phi: self.after(c.init, trip, step, c.phi.name) for c, step in steps.items()}
        return tuple(head), mapping

    def trip(self, stmt: For | While) -> Atom:
        """The number of trips before this one."""
        if isinstance(stmt, While):
            return stmt.index
        trip = stmt.index if stmt.start == Const(0) else self.b.emit(sub, (stmt.index, stmt.start))
        return trip if stmt.step == Const(1) else self.b.emit(floordiv, (trip, stmt.step))

    def trips(self, stmt: For | While) -> Atom:
        """The number of trips of a loop, after it."""
        if stmt.trips is not None:
            return stmt.trips
        assert isinstance(stmt, For)
        return self.b.emit(trip_count, (stmt.start, stmt.stop, stmt.step))

    def after(self, start: Atom, trip: Atom, growth: Growth, hint: str) -> Atom:
        """The value after so many trips: ``start + trip * first + slope * trip * (trip - 1) // 2``."""
        if growth == Growth(Const(-1), 0):
            return self.b.emit(sub, (start, trip), hint=hint)
        grown = trip if growth.first == Const(1) else self.b.emit(mul, (trip, growth.first))
        if growth.slope:
            pairs = self.b.emit(mul, (trip, self.b.emit(sub, (trip, Const(1)))))
            half = self.b.emit(floordiv, (pairs, Const(2)))
            grown = self.b.emit(add, (grown, self.b.emit(mul, (half, Const(growth.slope)))))
        return grown if start == Const(0) else self.b.emit(add, (grown, start), hint=hint)

    # -- loops that count

    def as_for(self, stmt: While) -> tuple[For, Carry] | None:
        """A while loop as the for loop over the counter that its test compares, and that counter."""
        inside = _defined(stmt)
        test = inside.get(stmt.test) if isinstance(stmt.test, Var) else None
        if not isinstance(test, Let) or test not in stmt.pre or not all(_is_pure(s) for s in stmt.pre):
            return None
        for c in stmt.carried:
            growth = self.step(c, stmt, inside) if c.phi.type == stmt.index.type else None
            if growth is None or growth.slope or not isinstance(growth.first, Const):
                continue
            place = _bound(test, c.phi, growth.first.value)
            if place is not None and place[0] not in inside and _is_int(place[0]):
                return self.range_loop(stmt, c, growth.first, *place), c
        return None

    def range_loop(self, stmt: While, counter: Carry, step: Const, bound: Atom, shift: int) -> For:
        stop = bound if shift == 0 else self.b.emit(add if shift > 0 else sub, (bound, Const(1)), hint="stop")
        carried = tuple(c for c in stmt.carried if c is not counter)
        start = counter.init
        loop = For(counter.phi, start, stop, step, carried, stmt.pre + stmt.body, trips=stmt.trips, pos=stmt.pos)
        if stmt.index not in walk.free_vars(loop.body, [c.next for c in carried]):
            return loop
        with self.b.block() as head:
            trip = self.trip(loop)
        (counted,) = walk.substitute((loop,), {stmt.index: trip})
        assert isinstance(counted, For)
        return replace(counted, body=(*head, *counted.body))


def _growth(atom: Atom, phi: Var, inside: dict[Var, Stmt]) -> list[tuple[Primitive, Atom]] | None:
    """What has been added to (or subtracted from) `phi` to make a value; None if it was made otherwise."""
    if atom == phi:
        return []
    let = inside.get(atom) if isinstance(atom, Var) else None
    if not isinstance(let, Let) or let.prim not in (add, sub):
        return None
    left, right = let.args
    terms = _growth(left, phi, inside)
    if terms is not None:
        return [*terms, (let.prim, right)]
    terms = _growth(right, phi, inside) if let.prim is add else None
    return None if terms is None else [*terms, (add, left)]


def _signed(prim: Primitive, value: int) -> int:
    return value if prim is add else -value


def _slope(atom: Atom, loop: For | While, inside: dict[Var, Stmt], lets: dict[Var, Let]) -> int | None:
    """How much a value grows from trip to trip of a loop, if it is linear in the loop's counter.

    The trips of an inner loop are, where its range is shown never to be negative in any trip of the outer one.
    """
    form = _form(atom, inside, lets)
    count = inside.get(atom) if isinstance(atom, Var) else None
    if isinstance(count, Let) and count.prim is trip_count and count.args[2] == Const(1):
        stop, start = (_form(count.args[k], inside, lets) for k in (1, 0))
        form = None if start is None or stop is None else add_dims(stop, start, -1)
    index = symbol(loop.index.name)
    if not isinstance(form, Size):
        return None
    slopes = [c for s, c in form.terms if symbol(s.name) == index]
    if slopes not in ([1], [-1]):
        return None
    if isinstance(count, Let) and count.prim is trip_count and not _is_positive(form, slopes[0], loop, inside, lets):
        return None
    return slopes[0]


def _is_positive(form: Size, slope: int, loop: For | While, inside: dict[Var, Stmt], lets: dict[Var, Let]) -> bool:
    """Whether a form is never below zero, at the first trip of a loop where it grows, at the last where it falls."""
    rest = add_dims(form, symbol(loop.index.name), -slope)
    match loop, slope:
        case For(), 1:
            end = _form(loop.start, inside, lets)
            least = None if end is None else add_dims(rest, end)
        case For(), -1:
            end = _form(loop.stop, inside, lets)
            least = None if end is None else add_dims(add_dims(rest, end, -1), 1)
        case _:
            least = rest if slope == 1 else None
    return isinstance(least, int) and least >= 0


def _form(atom: Atom, inside: dict[Var, Stmt], lets: dict[Var, Let]) -> Dim | None:
    """An integer as a linear form."""
    if isinstance(atom, Const):
        return int(atom.value)
    let = inside.get(atom) or lets.get(atom)
    match let:
        case Let(prim=prim) if prim is dim:
            return asked_size(let)
        case Let(prim=prim, args=(left, right)) if prim in (add, sub) and _is_int(atom):
            a, b = _form(left, inside, lets), _form(right, inside, lets)
            return None if a is None or b is None else add_dims(a, b, 1 if prim is add else -1)
    return symbol(atom.name) if _is_int(atom) else None


def _bound(test: Let, counter: Var, step: int) -> tuple[Atom, int] | None:
    """What a counter is compared with, and what to add to that to get the stop of a range."""
    match test.args:
        case (left, right) if left == counter:
            prim, bound = test.prim, right
        case (left, right) if right == counter:
            prim, bound = {lt: gt, gt: lt, le: ge, ge: le}.get(test.prim, test.prim), left
        case _:
            return None
    if step > 0 and prim in (lt, le):
        return bound, int(prim is le)
    if step < 0 and prim in (gt, ge):
        return bound, -int(prim is ge)
    return None


def _is_pure(stmt: Stmt) -> bool:
    return isinstance(stmt, Let) and stmt.prim.pure


def _defined(stmt: For | While) -> dict[Var, Stmt]:
    """Every variable that a loop defines, with the statement that does."""
    inside: dict[Var, Stmt] = dict.fromkeys(walk.binds(stmt), stmt)
    for block in walk.blocks_of(stmt):
        for s in walk.statements(block):
            inside.update(dict.fromkeys((*walk.binds(s), *walk.defines(s)), s))
    return inside


def _is_int(atom: Atom) -> bool:
    """Whether it is a 64-bit integer, weak or not."""
    return isinstance(atom.type, Scalar) and atom.type.dtype == INT


def _has_step(let: Let) -> bool:
    return isinstance(let.args[2], Const) and let.args[2].value != 0

