"""Which loops run several trips at once, in the lanes of vectors, and what in them differs from lane to lane.

    for i in range(n):                  i grows by 1 from lane to lane, x[i, a] and d differ, a and c[a] do not;
        s = 0.0                         s is one number a lane; w is an array that each trip has to itself, so each
        for a in range(d):              lane has one; total is a sum, of which each lane has a part
            d = x[i, a] - c[a]
            w[a] = d
            s += d * d
        total += s

A loop may if no trip needs what another one leaves: all that it carries are sums whose order is free (`accumulators`),
and arrays that each trip fills anew (`memory.buffers`), only adds to, or touches in places of its own. What depends on
a lane in its control (a loop whose bounds differ, a `while`) is run lane by lane, as `serial`; a branch is taken by all
lanes, under a mask.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from s2sad.backend.llvm import indexing, scalars
from s2sad.backend.llvm.lanes.worth import Costs
from s2sad.backend.llvm.values import Refused
from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Comment, Const, For, If, Let, Stmt, Var, While, array_type
from s2sad.ir.paths import SLOT, Index, Path, is_element
from s2sad.ir.primitives import UPDATES, cast, dim, inc, load, store, undef, zeros
from s2sad.ir.types import INT, Array, Dim, List, Scalar, Size, Symbol, add_dims, scale_dim
from s2sad.rules import elementwise
from s2sad.transforms.recording.decisions import plain

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

DIFFERENT = None
"""The step from lane to lane of what has no step."""
Step = int | None


@dataclass(frozen=True, slots=True)
class Access:
    """A statement that reads or writes one element of a buffer, the forms of its indexes, and the loops around it."""

    let: Let
    root: Atom
    forms: tuple[Dim | None, ...]
    loops: tuple[For | While, ...]

    @property
    def writes(self) -> bool:
        return self.let.prim is not load


@dataclass(slots=True)
class Plan:
    """What a loop in lanes is made of."""

    loop: For
    width: int
    steps: dict[Var, Step] = field(default_factory=dict)
    """By how much each number grows from lane to lane: 0 where it is the same in all, none where it is just another."""
    private: dict[Atom, None] = field(default_factory=dict)
    """The buffers that each lane has one of."""
    shared: set[Atom] = field(default_factory=set)
    """The buffers that lanes add to in the same places."""
    serial: set[int] = field(default_factory=set)
    """The statements that are run lane by lane, by identity."""
    packed: dict[int, tuple[Var, int]] = field(default_factory=dict)
    """The reads from arrays of which a block of trips keeps a part, lanes last: the array, and the axis of the trip."""
    sums: frozenset[Var] = frozenset()
    """The sums whose order is free."""

    def step(self, atom: Atom) -> Step:
        """The step of a number."""
        return self.steps.get(atom, 0) if isinstance(atom, Var) else 0

    def varies(self, atom: Atom) -> bool:
        """Whether a number is not the same in all lanes."""
        return self.step(atom) != 0


def planned(writer: Writer, loop: For, width: int) -> Plan:
    """How a loop runs in so many lanes. Raises `Refused`."""
    analysis = _Analysis(writer, loop, width)
    found = analysis.plan()
    accesses = [a for some in analysis.accesses.values() for a in some]
    if not Costs(found, accesses).pays:
        raise Refused("it would not be faster")
    return found


class _Analysis:
    def __init__(self, writer: Writer, loop: For, width: int) -> None:
        self.writer, self.loop = writer, loop
        self.buffers = writer.buffers
        self.found = Plan(loop, width, sums=writer.sums)
        self.inside = {*walk.all_defined((loop,))}
        self.facts = writer.facts.copied()
        self.accesses: dict[Atom, list[Access]] = {}
        self.symbol = Symbol(f"loop {loop.index.name}")
        self.outside = {s for v in walk.free_vars((loop,)) for s in self._symbols(v)}
        """The symbols that are the same all through the loop."""

    def plan(self) -> Plan:
        loop, found = self.loop, self.found
        if loop.exit is not None or not isinstance(loop.step, Const) or loop.trips is not None:
            raise Refused("it may be left early")
        for stmt in walk.statements(loop.body):
            self._is_plain(stmt)
        self._privates()
        self._steps()
        self.facts.counter(loop)
        self.writer.facts.counter(loop)
        self._collect(loop.body, ())
        for root, accesses in self.accesses.items():
            if root not in found.private and any(a.writes for a in accesses):
                self._is_apart(root, accesses)
        self._pack()
        return found

    # -- what cannot be

    def _is_plain(self, stmt: Stmt) -> None:
        if not isinstance(stmt, Let | If | For | While | Comment):
            raise Refused("it calls a function or has an effect")
        for var in (*walk.defines(stmt), *walk.binds(stmt)):
            if isinstance(var.type, List):
                raise Refused(f"the list {plain(var.name)}")
            if isinstance(var.type, Array) and isinstance(stmt, For | While | If) and self._moves(stmt, var):
                raise Refused(f"{plain(var.name)} is another array in each trip")

    def _moves(self, stmt: For | While | If, var: Var) -> bool:
        if isinstance(stmt, If):
            return not any(self.buffers.steady(j.then, j.orelse) for j in stmt.joined if j.out == var)
        return any(c.phi in self.buffers.rebound for c in stmt.carried if var in (c.phi, c.out))

    def _privates(self) -> None:
        loop, private = self.loop, self.found.private
        for c in loop.carried:
            if isinstance(c.phi.type, Array):
                if c.phi in self.buffers.rebound:
                    raise Refused(f"{plain(c.phi.name)} is another array in each trip")
                if c.anew:
                    private[self.buffers.root(c.phi)] = None
            elif c.next != c.phi and c.phi not in self.writer.sums:
                raise Refused(f"{plain(c.phi.name)} goes from trip to trip")
        made = [s for s in walk.statements(loop.body) if isinstance(s, Let) and s.prim in (undef, zeros)]
        private.update(dict.fromkeys(s.targets[0] for s in made))

    # -- steps from lane to lane

    def _steps(self) -> None:
        steps, loop = self.found.steps, self.loop
        steps[loop.index] = int(loop.step.value) if isinstance(loop.step, Const) else DIFFERENT
        for c in loop.carried:
            if isinstance(c.phi.type, Scalar) and c.next != c.phi:
                steps[c.phi] = DIFFERENT
        while True:
            before = (dict(steps), len(self.found.serial))
            self._block(loop.body)
            if before == (steps, len(self.found.serial)):
                return

    def _block(self, block: Block) -> None:
        for stmt in block:
            match stmt:
                case Let():
                    self._let(stmt)
                case If():
                    self._block(stmt.then)
                    self._block(stmt.orelse)
                    for j in stmt.joined:
                        if isinstance(j.out.type, Scalar):
                            same = self._met(j.then, j.orelse)
                            self._set(j.out, same if not self.found.varies(stmt.cond) else DIFFERENT)
                case For() | While():
                    self._loop(stmt)
                case _:
                    pass

    def _set(self, var: Var, step: Step) -> None:
        """Note a step; one that is not what it was is none."""
        steps = self.found.steps
        if var in steps and steps[var] != step:
            step = DIFFERENT
        steps[var] = step

    def _met(self, a: Atom, b: Atom) -> Step:
        one, other = self.found.step(a), self.found.step(b)
        return one if one == other else DIFFERENT

    def _loop(self, stmt: For | While) -> None:
        found = self.found
        if id(stmt) not in found.serial:
            for c in stmt.carried:
                if isinstance(c.phi.type, Scalar):
                    self._set(c.phi, found.step(c.init))
            for inner in walk.blocks_of(stmt):
                self._block(inner)
            for c in stmt.carried:
                if isinstance(c.phi.type, Scalar):
                    self._set(c.phi, self._met(c.phi, c.next))
                    self._set(c.out, found.step(c.phi))
            control = (stmt.test,) if isinstance(stmt, While) else (stmt.start, stmt.stop, stmt.step, stmt.exit)
            if any(a is not None and found.varies(a) for a in control):
                self._run_serially(stmt)

    def _run_serially(self, stmt: Stmt) -> None:
        self.found.serial.add(id(stmt))
        for var in walk.defines(stmt):
            if isinstance(var.type, Scalar):
                self.found.steps[var] = DIFFERENT

    def _let(self, stmt: Let) -> None:
        found, (target, *more) = self.found, stmt.targets
        if stmt.prim in (undef, zeros):
            if any(found.varies(a) for a in stmt.args):
                raise Refused(f"the size of {plain(target.name)} differs from trip to trip")
        elif stmt.prim in UPDATES:
            pass
        elif stmt.prim is dim:
            found.steps[target] = 0
        elif stmt.prim is load and isinstance(target.type, Scalar):
            base, *operands = stmt.args
            wide = self.buffers.origin(base) in found.private or any(found.varies(a) for a in operands)
            self._set(target, DIFFERENT if wide else 0)
        elif isinstance(target.type, Array) or any(isinstance(a.type, Array) for a in stmt.args):
            arrays = [a for a in stmt.args if isinstance(a.type, Array)]
            differ = any(self.buffers.origin(a) in found.private for a in arrays)
            if differ or any(found.varies(a) for a in stmt.args if isinstance(a.type, Scalar)):
                raise Refused(f"{plain(target.name)} is made of whole arrays that differ from trip to trip")
        else:
            step = self._arithmetic(stmt) if not more else DIFFERENT
            if step is DIFFERENT and not any(found.varies(a) for a in stmt.args):
                step = 0
            if step is DIFFERENT and stmt.prim is not cast and (more or stmt.prim not in scalars.TABLE):
                self._run_serially(stmt)
            else:
                self._set(target, step)

    def _arithmetic(self, stmt: Let) -> Step:
        """The step of a sum, a difference or a multiple of integers that have one."""
        target = stmt.targets[0]
        if target.type.dtype != INT or any(a.type.dtype != INT for a in stmt.args):
            return DIFFERENT
        steps = [self.found.step(a) for a in stmt.args]
        match stmt.prim, steps, stmt.args:
            case elementwise.add, [int() as a, int() as b], _:
                return a + b
            case elementwise.sub, [int() as a, int() as b], _:
                return a - b
            case elementwise.mul, [int() as a, 0], [_, Const(value)]:
                return a * int(value)
            case elementwise.mul, [0, int() as b], [Const(value), _]:
                return b * int(value)
        return DIFFERENT

    # -- memory

    def _collect(self, block: Block, loops: tuple[For | While, ...]) -> None:
        for stmt in block:
            match stmt:
                case Let():
                    self._access(stmt, loops)
                    self.facts.let(stmt)
                case If():
                    self._collect(stmt.then, loops)
                    self._collect(stmt.orelse, loops)
                case For():
                    self.facts.counter(stmt)
                    self._collect(stmt.body, (*loops, stmt))
                case While():
                    self._collect(stmt.pre + stmt.body, (*loops, stmt))
                case _:
                    pass

    def _access(self, let: Let, loops: tuple[For | While, ...]) -> None:
        if let.prim is dim:
            return
        for arg in let.args:
            if not isinstance(arg.type, Array):
                continue
            root = self.buffers.origin(arg)
            found = self.accesses.setdefault(root, [])
            path: Path = dict(let.params).get("path", ())
            element = is_element(path, array_type(arg).rank)
            if let.prim not in (load, store, inc) or arg is not let.args[0] or not element:
                if root in self.found.private:
                    raise Refused(f"{arg} differs from trip to trip, and is read as a whole")
                found.append(Access(let, root, (), loops))
                continue
            if let.prim is not load and self.buffers.root(arg) != root:
                raise Refused(f"{arg} is a view that is written into")
            found.append(Access(let, root, tuple(self._forms(let, array_type(arg), path)), loops))

    def _forms(self, let: Let, base: Array, path: Path) -> Iterator[Dim | None]:
        (step,) = path
        assert isinstance(step, Index)
        supply = iter(let.args[1:] if let.prim is load else let.args[2:])
        for entry in step.entries:
            yield self.facts.form(next(supply) if entry is SLOT else Const(entry))

    def _is_apart(self, root: Atom, accesses: Sequence[Access]) -> None:
        """Whether the trips touch a buffer in different places, or only add to it."""
        name = plain(root.name) if isinstance(root, Var) else str(root)
        if not all(self.buffers.is_whole(r) for r in self.accesses):
            raise Refused(f"{name} may be a part of another array")
        written = [a for a in accesses if a.writes]
        apart = all(a.forms for a in accesses) and all(self._never_meet(a, b) for a in written for b in accesses)
        if apart:
            return
        adding = all(a.let.prim is inc and a.let.targets[0] in self.writer.sums and a.forms for a in accesses)
        if not adding:
            raise Refused(f"a trip may read what another one writes into {name}")
        self.found.shared.add(root)

    def _never_meet(self, one: Access, other: Access) -> bool:
        """Whether two accesses, in different trips, are to different places."""
        if not (isinstance(self.loop.step, Const) and one.forms and other.forms):
            return False
        for a, b in zip(one.forms, other.forms, strict=True):
            if a is None or b is None:
                continue
            slope, rest = self._split(a)
            slope_b, rest_b = self._split(b)
            if slope != slope_b or self._is_inner(rest) or self._is_inner(rest_b):
                continue
            if not self._one_side(a, b):
                continue
            apart = add_dims(rest, rest_b, -1)
            if isinstance(apart, int) and (apart % (slope * self.loop.step.value) or not apart if slope else apart):
                return True
        return False

    def _one_side(self, *forms: Dim) -> bool:
        """Whether indexes all count from the front, or all from the end: then other numbers are other places."""
        return all(self._is_positive(f) for f in forms) or all(
            self.facts.not_negative(add_dims(scale_dim(f, -1), -1)) for f in forms
        )

    def _is_positive(self, form: Dim) -> bool:
        """Whether a form is proved not to be negative, or assumed not to be."""
        assumptions = self.writer.assumptions
        return self.facts.not_negative(form) or (assumptions is not None and assumptions.make([self.facts.least(form)]))

    def _split(self, form: Dim) -> tuple[int, Dim]:
        """How a form grows with the loop's counter, and the rest of it."""
        slope = dict(form.terms).get(self.symbol, 0) if isinstance(form, Size) else 0
        return slope, add_dims(form, Size(((self.symbol, slope),)), -1) if slope else form

    def _is_inner(self, form: Dim) -> bool:
        return isinstance(form, Size) and any(s not in self.outside for s, _ in form.terms)

    def _symbols(self, var: Var) -> Iterator[Symbol]:
        """The symbols in an integer's form, or in an array's sizes."""
        sizes = map(self.facts.size, var.type.dims) if isinstance(var.type, Array) else [self.facts.form(var)]
        for form in sizes:
            if isinstance(form, Size):
                yield from (s for s, _ in form.terms)

    # -- parts of arrays that are kept with lanes last

    def _pack(self) -> None:
        """Choose the reads of rows ``x[i, a]`` that inner loops repeat."""
        for root, accesses in self.accesses.items():
            if root in self.found.private or any(a.writes for a in accesses):
                continue
            for access in accesses:
                if (axis := self._row(access)) is not None:
                    self.found.packed[id(access.let)] = axis

    def _row(self, access: Access) -> tuple[Var, int] | None:
        base, *operands = access.let.args
        if len(access.forms) != 2 or len(operands) != 2 or not isinstance(base, Var) or base in self.inside:
            return None
        axis = next((k for k, o in enumerate(operands) if o == self.loop.index), None)
        if axis is None or axis == 1:
            return None
        across = operands[1 - axis]
        if not indexing.is_inside(self.writer, self.loop.index, array_type(base).dims[axis]):
            return None
        over = [s for s in access.loops if isinstance(s, For) and s.index == across and id(s) not in self.found.serial]
        size = self.facts.size(array_type(base).dims[1 - axis])
        whole = size is not None and any(s.start == Const(0) and self.facts.form(s.stop) == size for s in over)
        again = any(not (isinstance(s, For) and s.index == across) for s in access.loops)
        return (base, axis) if whole and again else None


__all__ = ["DIFFERENT", "Plan", "Step", "planned"]
