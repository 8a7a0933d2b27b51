"""Lists of loops, made once: one that an inner loop fills in each trip of an outer one, and that is read by its trips.

    for i in range(n):                          tape = []
        tape = []                               for i in range(n):
        count = 0                                   count = 0
        while z < 4.0:                              while z < 4.0:
            tape.append(z)                              if count < len(tape):
            z = z * z + c[i]                                tape[count] = z
            count += 1                                  else:
        for k in range(count - 1, -1, -1):                  tape.append(z)
            ... tape[k] ...                             z = z * z + c[i]
                                                        count += 1
                                                    for k in range(count - 1, -1, -1):
                                                        ... tape[k] ...

Tapes of loops of unknown length are such lists, where the loop around is fused with its reverse. What is left on the
list by an earlier trip is overwritten, or lies behind what this one reads: an item is read at the counter of a loop
over as many trips as were recorded, and by nothing else.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Carry, Const, For, Function, If, Join, Let, Var, While, item_type, replace
from s2sad.ir.primitives import list_append, list_get, list_len, list_new, list_set
from s2sad.ir.types import Scalar, add_dims, symbol
from s2sad.optimise.facts import Facts
from s2sad.rules.logical import lt

Loop = For | While


@dataclass(frozen=True, slots=True)
class Filled:
    """A list made in a loop's body, and the inner loop that appends to it once a trip, carrying it."""

    made: Let
    loop: Loop
    carry: Carry
    append: Let


def lists(function: Function) -> Function:
    """The function with the lists of loops made before them."""
    moving = _Moving(function)
    return replace(function, body=moving.block(function.body))


class _Moving:
    def __init__(self, function: Function) -> None:
        self.facts = Facts(function)
        self.b = Builder(walk.names_of(function))

    def block(self, block: Block) -> Block:
        with self.b.block() as out:
            for stmt in block:
                found = list(self.filled(stmt)) if isinstance(stmt, (For, While)) else []
                stmt = walk.rewrite(stmt, lambda a: a, lambda v: v, self.block)
                for f in found:
                    assert isinstance(stmt, (For, While))
                    stmt = self.moved(stmt, f)
                self.b.append(stmt)
        return tuple(out)

    # -- which

    def filled(self, outer: Loop) -> Iterator[Filled]:
        """The lists of a loop's body that can be made before it."""
        for stmt in outer.body:
            if isinstance(stmt, Let) and stmt.prim is list_new:
                found = self.filling(stmt, outer)
                if found is not None and self.is_read_in_order(found, outer):
                    yield found

    def filling(self, made: Let, outer: Loop) -> Filled | None:
        (items,) = made.targets
        loop = self.facts.only_user(items)
        if not isinstance(loop, (For, While)) or all(s is not loop for s in outer.body) or loop.trips is None:
            return None
        if not isinstance(item_type(items), Scalar) or (isinstance(loop, For) and not _counts(loop)):
            return None
        carry = next((c for c in loop.carried if c.init == items), None)
        append = None if carry is None else self.facts.only_user(carry.phi)
        if carry is None or not isinstance(append, Let) or append.prim is not list_append:
            return None
        whole = append.args[0] == carry.phi and append.targets[0] == carry.next
        if not whole or self.facts.only_user(append.targets[0]) is not loop or all(s is not append for s in loop.body):
            return None
        return Filled(made, loop, carry, append)

    def is_read_in_order(self, filled: Filled, outer: Loop) -> bool:
        """Whether the list is only read, by the counters of loops over the trips that filled it."""
        items, trips = filled.carry.out, filled.loop.trips
        if items in self.facts.returned or items in walk.leaving(outer) or trips is None:
            return False
        return all(
            isinstance(s, Let) and s.prim is list_get and s.args[0] == items and self.is_trip(s.args[1], trips)
            for s in self.facts.users(items)
        )

    def is_trip(self, index: Atom, trips: Var) -> bool:
        loop = self.facts.stmt(index)
        if not isinstance(loop, For) or loop.index != index:
            return False
        start, stop, count = self.facts.form(loop.start), self.facts.form(loop.stop), symbol(trips.name)
        return (loop.step, start, stop) in ((Const(-1), add_dims(count, -1), -1), (Const(1), 0, count))

    # -- the change

    def moved(self, outer: Loop, filled: Filled) -> Loop:
        """The outer loop carrying the list, which is made before it."""
        b, (items,) = self.b, filled.made.targets
        room, phi, out = (Var(b.names.fresh(items.name), items.type) for _ in range(3))
        b.append(replace(filled.made, targets=(room,)))
        carry = Carry(phi, room, filled.carry.out, out)
        body = []
        for stmt in outer.body:
            if filled.made.targets[0] in walk.defines(stmt):
                continue
            if isinstance(stmt, (For, While)) and stmt.index == filled.loop.index:
                stmt = self.refilling(stmt, filled, phi)
            body.append(stmt)
        return replace(outer, carried=(*outer.carried, carry), body=tuple(body))

    def refilling(self, loop: Loop, filled: Filled, items: Var) -> Loop:
        """The inner loop, writing over what is on the list before it appends."""
        body: list = []
        for stmt in loop.body:
            if filled.append.targets[0] in walk.defines(stmt):
                body += self.put(filled.append, loop.index)
            else:
                body.append(stmt)
        carried = tuple(replace(c, init=items) if c.phi == filled.carry.phi else c for c in loop.carried)
        return replace(loop, carried=carried, body=tuple(body))

    def put(self, append: Let, place: Var) -> Block:
        """An item put on a list at a place, which may be its end."""
        b, (target,), (items, value) = self.b, append.targets, append.args
        b.pos = append.pos
        with b.block() as out:
            there = b.emit(lt, (place, b.emit(list_len, (items,), hint="n")), hint="there")
            with b.block() as then:
                over = b.emit(list_set, (items, place, value), hint=target.name)
            with b.block() as orelse:
                more = b.emit(list_append, (items, value), hint=target.name)
            b.append(If(there, tuple(then), tuple(orelse), (Join(target, over, more),), append.pos))
        return tuple(out)


def _counts(loop: For) -> bool:
    return loop.start == Const(0) and loop.step == Const(1)


__all__ = ["lists"]
