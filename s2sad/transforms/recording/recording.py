"""Recording: making good what the reverse sweep mentions of the forward sweep.

    for i in range(n):                        t_tape = empty(n)
        t = sin(x[i])                         for i in range(n):
        s = s * t                                 t = sin(x[i])
    ...                                           t_tape[i] = t
    for i_1 in range(n - 1, -1, -1):              s = s * t
        s_bar = s_bar * t          (mention)  ...
                                              for i_1 in range(n - 1, -1, -1):
                                                  t_1 = t_tape[i_1]
                                                  s_bar = s_bar * t_1

A mention of a value of a loop's body, from the loop that mirrors it, means the value of the same trip. Each is, in this
order, **available** (its definition reaches the mention), **reloaded** from an array that stays, **recomputed**, or
**recorded** (`tapes`). Parameters, constants and indexes are free. The least is recorded (`cut`): the values of fewest
bytes of which all others can be had again for little. `choose` decides on what is asked for besides, such as the bounds
of loops.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import (
    Atom,
    Block,
    Carry,
    Const,
    For,
    Function,
    If,
    Join,
    Let,
    Stmt,
    Var,
    While,
    array_type,
    replace,
)
from s2sad.ir.primitives import cast, dim, list_get, list_new, load, undef
from s2sad.ir.types import Array, List, Scalar, Type
from s2sad.ir.verifier import IRError
from s2sad.rules.elementwise import add
from s2sad.transforms.adjoint import loop_forms
from s2sad.transforms.adjoint.ranges import fold
from s2sad.transforms.recording.cut import Cut, remade
from s2sad.transforms.recording.decisions import MOST_STEPS, Cost, Decision, choose, forms_of, over, row_bytes
from s2sad.transforms.recording.room import Room
from s2sad.transforms.recording.scopes import Index, Scope
from s2sad.transforms.recording.tapes import ArrayTape, Export, ListTape, Plan, Tape, Weaver, position, trip_path


def record(function: Function, *, fused: bool = True) -> tuple[Function, list[Decision]]:
    """The closed function, and what was decided. `fused` allows loops without a forward sweep."""
    function = loop_forms.straightened(function)
    function, merged = loop_forms.fuse(function) if fused else (function, loop_forms.Fused())
    forms = list(forms_of(function, merged))
    builder = Builder(walk.names_of(function))
    resolver = Resolver(function, builder)
    resolver.decide()
    resolved = resolver.function(function)
    return Weaver(resolver.plan, builder).function(resolved), [*forms, *resolver.decisions]


@dataclass(frozen=True, slots=True)
class Frame:
    """A mention: the innermost scope around it and the definition, the path from there down to the definition, the
    index of the mirror for each loop on that path, and the scope where its value is best made."""

    common: Scope
    path: list[Scope]
    mirrors: dict[Var, Var]
    place: Scope


class Resolver:
    """Replaces mentions by values that are in reach, and plans the tapes that this needs."""

    def __init__(self, function: Function, builder: Builder) -> None:
        self.index = Index(function)
        self.builder = builder
        self.plan = Plan()
        self.decisions: list[Decision] = []
        self.tapes: dict[tuple[Var, int], Tape] = {}
        self.offsets: dict[tuple[int, int, int], Var] = {}
        self.wanted = self.index.mentioned()
        self.room = Room(function, self.index, builder)
        self.number = 0
        self.chosen: dict[tuple[Var, int], tuple[Var, ...] | None] = {}
        """Of what each value is to be made again, or None where it is recorded; by the block across which it is asked
        for."""

    def decide(self) -> None:
        """Choose what is recorded of all that is mentioned, for each block across which there are mentions."""
        cuts: dict[int, Cut] = {}
        for atom, scope in self.index.uses:
            if isinstance(atom, Var) and self.is_mention(atom, scope):
                frame = self.frame(atom, scope)
                if atom not in frame.mirrors:
                    cut = cuts.setdefault(frame.common.number, Cut(self.index, frame.common))
                    cut.mention(atom, partial(self.made_of, scope=scope, common=frame.common))
        for number, cut in cuts.items():
            recorded = cut.recorded()
            self.chosen.update(((v, number), None if v in recorded else args) for v, args in cut.made_of.items())

    def made_of(self, var: Var, scope: Scope, common: Scope) -> tuple[Var, ...] | None:
        """What a value can be made of again in a scope, besides what is available there; None if it cannot. What is
        mentioned across another block than `common`, by a trip that is run again, has been asked for already."""
        stmt = self.index.stmt.get(var)
        if not isinstance(stmt, Let) or not (self.repeatable(stmt, scope) or self.reads_version(stmt, scope)):
            return None
        mentions = (a for a in stmt.args if isinstance(a, Var) and self.is_mention(a, scope))
        frames = ((a, self.frame(a, scope)) for a in mentions)
        return tuple(a for a, f in frames if a not in f.mirrors and f.common is common)

    def reads_version(self, stmt: Let, scope: Scope) -> bool:
        """Whether a value is an element of a version of an array that may be recorded whole."""
        if stmt.prim is not load or len(stmt.targets) != 1:
            return False
        array, target = stmt.args[0], stmt.targets[0]
        inner = isinstance(target.type, Scalar) and isinstance(array.type, Array)
        return inner and isinstance(array, Var) and self.is_mention(array, scope)

    # -- the walk

    def function(self, function: Function) -> Function:
        root = self.index.root
        body = self.block(function.body, root)
        return replace(function, body=body, results=tuple(self.use(r, root) for r in function.results))

    def block(self, block: Block, scope: Scope) -> Block:
        """A block with its mentions resolved."""
        outer, scope.out = scope.out, []
        for stmt in block:
            self.builder.pos = getattr(stmt, "pos", None)
            scope.out.append(self.statement(stmt, scope))
        made, scope.out = tuple(scope.out), outer
        return made

    def enter(self) -> Scope:
        self.number += 1
        return self.index.scopes[self.number]

    def statement(self, stmt: Stmt, scope: Scope) -> Stmt:
        match stmt:
            case For():
                inits = [self.use(c.init, scope) for c in stmt.carried]
                bounds = [self.use(a, scope) for a in (stmt.start, stmt.stop, stmt.step)]
                inner = self.enter()
                body, ends = self.ended(stmt.body, inner, walk.leaving(stmt))
                carried = tuple(Carry(c.phi, i, e, c.out) for c, i, e in zip(stmt.carried, inits, ends, strict=False))
                start, stop, step = bounds
                leave = None if stmt.exit is None else ends[-1]
                return replace(
                    stmt, start=start, stop=stop, step=step, carried=carried, body=body, exit=leave, mirrors=None
                )
            case While():
                inits = [self.use(c.init, scope) for c in stmt.carried]
                inner = self.enter()
                pre, (test,) = self.ended(stmt.pre, inner, (stmt.test,))
                body, ends = self.ended(stmt.body, inner, tuple(c.next for c in stmt.carried))
                carried = tuple(Carry(c.phi, i, e, c.out) for c, i, e in zip(stmt.carried, inits, ends, strict=True))
                return replace(stmt, carried=carried, pre=pre, test=test, body=body)
            case If():
                cond = self.use(stmt.cond, scope)
                then, ends = self.ended(stmt.then, self.enter(), tuple(j.then for j in stmt.joined))
                orelse, others = self.ended(stmt.orelse, self.enter(), tuple(j.orelse for j in stmt.joined))
                joined = tuple(Join(j.out, a, b) for j, a, b in zip(stmt.joined, ends, others, strict=True))
                return replace(stmt, cond=cond, then=then, orelse=orelse, joined=joined)
            case Let(prim=prim) if prim is dim and self.is_mention(stmt.args[0], scope):
                return self.size(stmt, scope)
            case _:
                return walk.rewrite(stmt, lambda a: self.use(a, scope), lambda v: v, lambda b: b)

    def ended(self, block: Block, scope: Scope, atoms: tuple[Atom, ...]) -> tuple[Block, list[Atom]]:
        """A nested block and the atoms used at its end."""
        outer, scope.out = scope.out, []
        for stmt in block:
            self.builder.pos = getattr(stmt, "pos", None)
            scope.out.append(self.statement(stmt, scope))
        ends = [self.use(a, scope) for a in atoms]
        made, scope.out = tuple(scope.out), outer
        return made, ends

    # -- mentions

    def is_mention(self, atom: Atom, scope: Scope) -> bool:
        return isinstance(atom, Var) and not self.index.visible(atom, scope)

    def use(self, atom: Atom, scope: Scope) -> Atom:
        """What stands for an atom in a scope."""
        if not isinstance(atom, Var) or not self.is_mention(atom, scope):
            return atom
        for around in scope.chain():
            if atom in around.memo:
                return around.memo[atom]
        frame = self.frame(atom, scope)
        if atom in frame.mirrors:
            return frame.mirrors[atom]
        value = self.provide(atom, frame)
        frame.place.memo[atom] = value
        return value

    def frame(self, var: Var, scope: Scope) -> Frame:
        """Where a mention stands to its definition."""
        home = self.index.scope[var]
        common = self.index.common(home, scope)
        path, ways = home.under(common), scope.under(common)
        mirrors: dict[Var, Var] = {}
        waiting = [s.owner.index for s in path if isinstance(s.owner, (For, While))]
        place = scope
        for way in ways:
            if not way.is_loop:
                continue
            if waiting and isinstance(way.owner, For) and way.owner.mirrors == waiting[0]:
                mirrors[waiting.pop(0)] = way.owner.index
            elif not waiting:
                assert way.parent is not None
                place = way.parent
                break
        if waiting:
            raise IRError(f"{var.name} is mentioned outside a loop that mirrors its own")
        return Frame(common, path, mirrors, place)

    def provide(self, var: Var, frame: Frame) -> Atom:
        """A value for a mention, made in `frame.place`."""
        cost = self.cost(var, frame.place, set())
        key = (var, frame.common.number)
        if key in self.chosen:
            how = "recorded" if self.chosen[key] is None else "recomputed"
        else:
            how = choose(var, cost, self.wanted, {v: self.index.loops_of(v) for v in (var, *cost.leaves)})
        if how == "recomputed":
            for part in self.parts(var, frame):
                self.use(part, frame.place)
            value = self.recompute(var, frame.place)
            self.note(var, "recomputed" if cost.steps else "reloaded", ", ".join(v.name for v in cost.leaves))
            return value
        return self.read(self.tape(var, frame), frame)

    def note(self, var: Var, how: str, why: str, bytes: int | None = None) -> None:
        stmt = self.index.stmt.get(var)
        self.decisions.append(Decision(var.name, how, why, bytes, getattr(stmt, "pos", None)))

    # -- making a value again

    def cost(self, var: Atom, scope: Scope, seen: set[Atom]) -> Cost:
        """What making a value again in a scope takes, besides what was `seen` already."""
        if not isinstance(var, Var) or not self.is_mention(var, scope) or var in seen:
            return Cost()
        seen.add(var)
        if any(var in around.memo for around in scope.chain()) or var in self.frame(var, scope).mirrors:
            return Cost()
        stmt = self.index.stmt.get(var)
        if not isinstance(stmt, Let) or not self.repeatable(stmt, scope) or len(seen) > 2 * MOST_STEPS:
            return Cost({var: None})
        total = Cost(steps=0 if stmt.prim in (load, list_get) else 1)
        for arg in stmt.args:
            total += self.cost(arg, scope, seen)
        return total

    def repeatable(self, stmt: Let, scope: Scope) -> bool:
        """Whether running a statement again is cheap, and right where old versions of arrays may be gone."""
        (target, *_), source = stmt.targets, stmt.args[0] if stmt.args else None
        if stmt.prim in (load, list_get):
            return self.stays(source, scope)
        if isinstance(target.type, List) or not stmt.prim.pure or len(stmt.targets) != 1:
            return False
        if isinstance(target.type, Array):
            return stmt.prim is undef
        if not all(isinstance(a.type, Scalar) for a in stmt.args):
            return False
        return remade(stmt)

    def stays(self, array: Atom | None, scope: Scope) -> bool:
        """Whether an array can be read again in a scope at no cost: it is there, from a tape perhaps, or a view of one
        that is, and nothing overwrites it in place."""
        if not isinstance(array, Var) or array in self.index.params:
            return True
        if any(array in around.memo for around in scope.chain()):
            return True
        if not self.is_mention(array, scope):
            return array not in self.index.consumed
        stmt = self.index.stmt.get(array)
        return isinstance(stmt, Let) and stmt.prim in (load, list_get) and self.stays(stmt.args[0], scope)

    def parts(self, var: Var, frame: Frame) -> list[Var]:
        """What is to be made again for a value, in the order in which that is possible."""
        number, scope = frame.common.number, frame.place
        found: set[Var] = set()
        todo = list(self.chosen.get((var, number)) or ())
        while todo:
            v = todo.pop()
            args = self.chosen.get((v, number))
            if args and v not in found and not any(v in around.memo for around in scope.chain()):
                found.add(v)
                todo += args
        return sorted(found, key=self.index.order.__getitem__)

    def recompute(self, var: Var, scope: Scope) -> Atom:
        """Run the definition of a value again, in a scope."""
        stmt = self.index.stmt[var]
        assert isinstance(stmt, Let)
        args = tuple(self.use(a, scope) for a in stmt.args)
        fresh = self.builder.var(var.name, var.type)
        scope.out.append(replace(stmt, targets=(fresh,), args=args))
        return fresh

    # -- sizes

    def size(self, stmt: Let, scope: Scope) -> Stmt:
        """``n = dim(a; axis)`` for an array that is mentioned: from any array in reach, or recorded as a number."""
        (array,), (target,) = stmt.args, stmt.targets
        assert isinstance(array, Var) and isinstance(array.type, Array)
        axis = dict(stmt.params)["axis"]
        wanted = array.type.dims[axis]
        for other in self.index.scope:
            if isinstance(other.type, Array) and wanted in other.type.dims and not self.is_mention(other, scope):
                params = (("axis", other.type.dims.index(wanted)),)
                if self.index.order[other] < self.index.order[target]:
                    return replace(stmt, args=(other,), params=params)
        source = self.builder.var("n", target.type)
        self.index.define(source, self.index.scope[array])
        self.plan.after.setdefault(array, []).append(replace(stmt, targets=(source,)))
        weak = (("dtype", target.type.dtype), ("weak", True))
        return Let((target,), cast, (self.use(source, scope),), weak, stmt.pos)

    # -- tapes

    def tape(self, var: Var, frame: Frame) -> Tape:
        """The tape of a value for readers in `frame.common`."""
        key = (var, frame.common.number)
        if key not in self.tapes:
            tape = self.tapes[key] = self.new_tape(var, frame)
            self.plan.add(tape)
        return self.tapes[key]

    def new_tape(self, var: Var, frame: Frame) -> Tape:
        loops = [s for s in frame.path if s.is_loop]
        if not loops:
            self.note(var, "available", "through the joins of its branch")
            return self.export(var, frame.path)
        with self.builder.block() as made:
            dims = self.room.dims(var, loops)
            if dims is not None:
                room: Var = self.builder.emit(undef, dims, {"dtype": var.type.dtype}, hint=f"{var.name}_tape")
        before = self.plan.before.setdefault(loops[0].number, [])
        if dims is not None:
            before.extend(made)
            self.note(var, "recorded", f"{row_bytes(var)} bytes a trip{over(loops)}", self.bytes(room))
            return ArrayTape(var, frame.path, self.named(room.name, room.type), room)
        return self.new_list(var, frame, loops)

    def export(self, var: Var, path: list[Scope]) -> Export:
        """A value brought out of the branches of a path, with its sizes as they are before the first of them."""
        with self.builder.block() as made:
            dims = self.room.sizes(var, path[0])
        self.plan.before.setdefault(path[0].number, []).extend(made)
        return Export(var, path, self.named(var.name, var.type), dims=dims)

    def new_list(self, var: Var, frame: Frame, loops: list[Scope]) -> Tape:
        """A list tape; a value of a branch is brought out of it first, so that there is one item a trip."""
        inner = loops[-1]
        if frame.path[-1] is not inner:
            lifted = self.export(var, self.index.scope[var].under(inner))
            self.plan.add(lifted)
            self.index.define(lifted.final, inner)
            var = lifted.final
        with self.builder.block() as made:
            room = self.builder.emit(list_new, (), {"item": var.type}, hint=f"{var.name}_tape")
        self.plan.before[loops[0].number].extend(made)
        why = f"{row_bytes(var)} bytes a trip{over(loops)}, on a list, for the trips are not known before"
        self.note(var, "recorded", why)
        path = inner.under(frame.common)
        return ListTape(var, path, self.named(room.name, room.type), room)

    def named(self, hint: str, type: Type) -> Var:
        return Var(self.builder.names.fresh(hint), type)

    @staticmethod
    def bytes(room: Var) -> int | None:
        """The size of a tape, if its dims are known."""
        count = room.type.dtype.itemsize
        for d in array_type(room).dims:
            if not isinstance(d, int):
                return None
            count *= d
        return count

    def read(self, tape: Tape, frame: Frame) -> Atom:
        """Read a tape at the trip of the mention."""
        if isinstance(tape, Export):
            return tape.final
        b, place = self.builder, frame.place
        with b.block() as made:
            trips = [self.trip(s, frame) for s in tape.loops]
            if isinstance(tape, ArrayTape):
                params = {"path": trip_path(tape.value, len(trips))}
                value = b.emit(load, (tape.final, *trips), params, hint=tape.value.name)
            else:
                at = trips[-1]
                if len(trips) > 1:
                    at = fold(b, add, self.use(self.offset(tape, frame), place), at)
                value = b.emit(list_get, (tape.final, at), {"front": True}, hint=tape.value.name)
        place.out.extend(made)
        return value

    def trip(self, scope: Scope, frame: Frame) -> Atom:
        """The number of the trip of a loop that a mention means."""
        loop = scope.owner
        assert isinstance(loop, (For, While))
        index = frame.mirrors[loop.index]
        if isinstance(loop, For):
            loop = replace(loop, start=self.use(loop.start, frame.place), step=self.use(loop.step, frame.place))
        return position(self.builder, loop, index)

    def offset(self, tape: Tape, frame: Frame) -> Var:
        """Where the items of the present trips of the outer loops begin on a list: its length before the inner loop."""
        outer, inner = tape.loops[0], tape.loops[-1]
        key = (frame.common.number, outer.number, inner.number)
        if key not in self.offsets:
            off = self.offsets[key] = Var(self.builder.names.fresh("at"), Scalar(Const(0).type.dtype, True))
            assert inner.parent is not None
            self.index.define(off, inner.parent)
            self.plan.lengths.setdefault(inner.number, []).append((off, tape))
        return self.offsets[key]
