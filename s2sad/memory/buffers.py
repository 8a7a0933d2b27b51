"""Work arrays of loops, allocated once: an `undef` or `zeros` in a loop's body, of a size known before the loop.

    def f(x, k):
        s = 0.0
        n = x.shape[0]
        for i in range(k):
            w = np.empty(n)
            for j in range(n):
                w[j] = x[j] * i
            for j in range(n):
                s += w[j] * w[j]
        return s

becomes

    def f(x, k):
        n = x.shape[0]
        w_4 = np.empty(n)
        s = 0.0
        w_5 = w_4
        for i in range(k):
            w_1 = w_5
            for j in range(n):
                v = x[j]
                mul = v * i
                w_2 = rt.copy(w_1)
                w_2[j] = mul
                w_1 = w_2
            w_3 = w_1
            s_1 = s
            for j_1 in range(n):
                v_1 = w_3[j_1]
                v_2 = w_3[j_1]
                mul_1 = v_1 * v_2
                s_2 = s_1 + mul_1
                s_1 = s_2
            s_3 = s_1
            s = s_3
            w_5 = w_3
        s_4 = s
        w_6 = w_5
        return s_4

What an `undef` holds is never needed, so the array that the trip before has left serves as well: the loop carries it,
from an allocation before the loop to the last version of a trip. Zeros are stored into it again. Nothing is decided
here of what overwrites what: were the version of an earlier trip still read, `inplace` would copy it. So that this
does not happen, an array that outlives its trip, or a view of which does, is left where it is.

The allocation must not fail where the program would not have come to it: of a size that may be negative, or of more
than one axis, it is empty if the loop has no trip.
"""

from __future__ import annotations

from collections.abc import Iterator

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Call, Carry, Const, Effect, For, Function, If, Let, Stmt, Var, While, replace
from s2sad.ir.paths import Index
from s2sad.ir.primitives import UPDATES, store, undef, zeros
from s2sad.ir.types import List
from s2sad.memory.sharing import is_buffer, shared_args
from s2sad.optimise.facts import Facts
from s2sad.rules.counting import trip_count
from s2sad.rules.elementwise import where
from s2sad.rules.logical import gt
from s2sad.transforms.recording.decisions import Decision, plain

Loop = For | While


def buffers(function: Function) -> Function:
    """The function with work arrays allocated outside of the loops that use them, as far out as can be."""
    while True:
        moving = _Moving(function)
        moved = replace(function, body=moving.block(function.body, None))
        if not moving.count:
            return function
        function = moved


def kept(before: Function, after: Function) -> Iterator[Decision]:
    """What is to be said of the arrays that were moved out of loops."""
    known = set(walk.all_defined(before.body))
    carried = {c.init: s for s in walk.statements(after.body) if isinstance(s, (For, While)) for c in s.carried}
    for stmt in walk.statements(after.body):
        if isinstance(stmt, Let) and stmt.prim is undef and stmt.targets[0] not in known:
            (room,) = stmt.targets
            loop = carried.get(room)
            if loop is not None:
                why = f"every trip of the loop{'' if loop.pos is None else f' of line {loop.pos.line}'} fills it anew"
                yield Decision(plain(room.name), "allocated once", why, pos=stmt.pos)


class _Moving:
    """One walk, which takes arrays out of the innermost loop around them."""

    def __init__(self, function: Function) -> None:
        self.facts = Facts(function)
        self.b = Builder(walk.names_of(function))
        self.count = 0

    def block(self, block: Block, loop: Loop | None) -> Block:
        with self.b.block() as out:
            for stmt in block:
                self.b.pos = getattr(stmt, "pos", None)
                if isinstance(stmt, (For, While)):
                    stmt = self.loop(stmt)
                elif isinstance(stmt, If):
                    stmt = replace(stmt, then=self.block(stmt.then, None), orelse=self.block(stmt.orelse, None))
                self.b.append(stmt)
        return tuple(out)

    def loop(self, loop: Loop) -> Loop:
        """The loop without the allocations that can be made before it, which are written there."""
        found = list(self.movable(loop))
        body, carried = self.block(loop.body, loop), list(loop.carried)
        for let, last in found:
            carry, body = self.moved(loop, let, last, body)
            carried.append(carry)
        self.count += len(found)
        return replace(loop, body=body, carried=tuple(carried))

    def moved(self, loop: Loop, let: Let, last: Var, body: Block) -> tuple[Carry, Block]:
        """An allocation made before the loop: what the loop carries for it, and its body."""
        b, (target,) = self.b, let.targets
        b.pos = let.pos
        room = Var(b.names.fresh(target.name), target.type)
        phi, out = (Var(b.names.fresh(target.name), target.type) for _ in range(2))
        b.append(replace(let, targets=(room,), prim=undef, args=self.sizes(loop, let)))
        if let.prim is zeros:
            dtype = target.type.dtype
            zero = Const(dtype.type(0).item() if dtype.char in "dD" else dtype.type(0))
            clear = Let((target,), store, (phi, zero), (("path", (Index((...,)),)),), let.pos)
            body = tuple(clear if target in walk.defines(s) else s for s in body)
            return Carry(phi, room, last, out, anew=True), body
        body = tuple(s for s in body if target not in walk.defines(s))
        return Carry(phi, room, phi if last == target else last, out, anew=True), walk.substitute(body, {target: phi})

    # -- which

    def movable(self, loop: Loop) -> Iterator[tuple[Let, Var]]:
        """The allocations of a loop's body that can be made before it, and the last version of each in a trip."""
        for place, let in enumerate(loop.body):
            if not isinstance(let, Let) or let.prim not in (undef, zeros) or not let.args:
                continue
            if not all(self.facts.is_outside(a, loop) for a in let.args):
                continue
            quiet = not any(isinstance(s, (Effect, Call)) for s in walk.statements(loop.body[:place]))
            counted = isinstance(loop, For) and (self.facts.runs(loop) or isinstance(loop.step, Const))
            if not self.is_safe(let) and not (quiet and counted):
                continue
            last = self.last_version(loop, let.targets[0])
            if last is not None:
                yield let, last

    def is_safe(self, let: Let) -> bool:
        """Whether the allocation cannot fail for its size: that of an axis of an array that is there."""
        return len(let.args) == 1 and self.is_size(let.args[0])

    def is_size(self, atom: Atom) -> bool:
        least = self.facts.least(atom)
        return least is not None and least >= 0

    def sizes(self, loop: Loop, let: Let) -> tuple[Atom, ...]:
        """The sizes of an allocation before a loop: none, where the loop may have no trip and they might be wrong."""
        if self.is_safe(let) or not isinstance(loop, For) or self.facts.runs(loop):
            return let.args
        b = self.b
        some = b.emit(gt, (b.emit(trip_count, (loop.start, loop.stop, loop.step)), Const(0)), hint="some")
        return tuple(
            b.emit(where, (some, a, Const(0)), hint="n") if k == 0 or not self.is_size(a) else a
            for k, a in enumerate(let.args)
        )

    def last_version(self, loop: Loop, array: Var) -> Var | None:
        """The last version of an array in a trip; None if something of it outlives the trip."""
        shared = {array}
        if not all(self._share(stmt, shared) for b in walk.blocks_of(loop) for stmt in b):
            return None
        if not shared.isdisjoint(walk.leaving(loop)):
            return None
        last = array
        for stmt in loop.body:
            made = [v for v in walk.defines(stmt) if v in shared]
            versions = [v for v in made if self._origin(v) == array]
            if not isinstance(stmt, Let) and len(versions) < len(made):
                return None
            last = versions[-1] if versions else last
        return last if last.type == array.type else None

    def _share(self, stmt: Stmt, shared: set[Var]) -> bool:
        """Take in what may share memory with an array after a statement; False where that cannot be followed."""
        match stmt:
            case Let() if stmt.prim in UPDATES:
                if not shared.isdisjoint(stmt.args[1:]) and isinstance(stmt.targets[0].type, List):
                    return False
                if stmt.args[0] in shared:
                    shared.update(stmt.targets)
            case Let():
                if not shared.isdisjoint(shared_args(stmt)):
                    shared.update(t for t in stmt.targets if is_buffer(t))
            case For() | While():
                while True:
                    before = len(shared)
                    for c in stmt.carried:
                        if not shared.isdisjoint((c.phi, c.init, c.next)):
                            shared.update((c.phi, c.out))
                    if not all(self._share(s, shared) for b in walk.blocks_of(stmt) for s in b):
                        return False
                    if len(shared) == before:
                        break
            case If():
                if not all(self._share(s, shared) for b in walk.blocks_of(stmt) for s in b):
                    return False
                shared.update(j.out for j in stmt.joined if not shared.isdisjoint((j.then, j.orelse)))
            case _:
                return shared.isdisjoint(walk.operands(stmt)) or isinstance(stmt, Effect)
        return True

    def _origin(self, version: Atom) -> Atom:
        """The array that a value is a version of, by updates alone."""
        while True:
            match self.facts.stmt(version):
                case Let(prim=prim, args=(base, *_)) if prim in UPDATES:
                    version = base
                case For() | While() as loop:
                    c = next((c for c in loop.carried if c.out == version), None)
                    if c is None or (c.next != c.phi and self._origin(c.next) != c.phi):
                        return version
                    version = c.init
                case If() as branch:
                    j = next(j for j in branch.joined if j.out == version)
                    then, orelse = self._origin(j.then), self._origin(j.orelse)
                    return then if then == orelse else version
                case _:
                    return version


__all__ = ["buffers", "kept"]
