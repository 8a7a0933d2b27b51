"""Loops and branches: blocks, phis, and the memory that leaves them.

A value that is a number becomes a phi. An array whose buffer stays the same needs none (`buffers`); another one is
carried contiguous, its address in a phi and the reference to it in a slot of its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from s2sad.backend.llvm import growing, lists
from s2sad.backend.llvm.bounds import Assumptions
from s2sad.backend.llvm.code import FALSE, I1, I64, PTR, TRUE, Value, i64
from s2sad.backend.llvm.values import Anything, Complex, Growing, View, parts_of
from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Carry, For, If, Join, Var, While
from s2sad.ir.types import INT, Array, List, Scalar, Size, Symbol

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer


# -- branches


def branch(writer: Writer, stmt: If) -> None:
    """``if cond: then else: orelse``."""
    code, memory = writer.code, writer.memory
    then, orelse, end = code.fresh("then"), code.fresh("else"), code.fresh("join")
    moving = [j for j in stmt.joined if not is_steady(writer, j)]
    slots = {j.out: memory.slot() for j in moving if not isinstance(j.out.type, Scalar)}
    code.branch(writer.truth(stmt.cond), then, orelse)
    sides: list[tuple[list[list[Value]], str]] = []
    for label, block, left in ((then, stmt.then, True), (orelse, stmt.orelse, False)):
        code.start(label)
        with writer.scope():
            writer.block(block)
            leaving = [_Leaving(writer, j.out, j.then if left else j.orelse) for j in moving]
            for j, value in zip(moving, leaving, strict=True):
                if value.view is not None:
                    code.store(memory.taken(value.view), slots[j.out])
        sides.append(([value.parts for value in leaving], code.label))
        code.jump(end)
    code.start(end)
    _join(writer, [j.out for j in moving], sides, slots)


def _join(
    writer: Writer, outs: Sequence[Var], sides: Sequence[tuple[list[list[Value]], str]], slots: Mapping[Var, Value]
) -> None:
    """Name what two ways give, where they meet."""
    code = writer.code
    lines = [[(code.reserve(), value.type) for value in parts] for parts in sides[0][0]]
    for k, out in enumerate(outs):
        values = []
        for n, (line, type_) in enumerate(lines[k]):
            values.append(Value("%" + code.fresh("j"), type_))
            code.phi(line, values[-1], [(parts[k][n], label) for parts, label in sides])
        writer.env[out] = _whole(writer, out, values, slots.get(out))


def is_steady(writer: Writer, join: Join) -> bool:
    """Whether a join is the same buffer on both sides, named before the branch; then it is that one."""
    root = writer.buffers.root(join.then)
    if isinstance(join.out.type, Scalar) or not writer.buffers.steady(join.then, join.orelse):
        return False
    if not isinstance(root, Var) or root not in writer.env:
        return False
    writer.env[join.out] = writer.env[root]
    return True


# -- what is carried and joined, in parts


class _Leaving:
    """A value in the parts that a phi each stands for: of an array its address and its shape, contiguous; of a list
    what `growing.parts` says."""

    def __init__(self, writer: Writer, out: Var, atom: Atom) -> None:
        self.view: View | Growing | None = None
        match out.type:
            case Scalar(dtype):
                number = writer.number(atom, dtype) if writer.lanes is None else writer.lanes.leaving(out, atom)
                self.parts = parts_of(number)
            case Array():
                self.view = writer.contiguous(writer.view(atom))
                self.parts = [self.view.data, *self.view.shape]
            case List():
                items = writer.anything(atom)
                assert isinstance(items, Growing)
                self.view, self.parts = items, growing.parts(writer, items)


def _whole(writer: Writer, out: Var, values: Sequence[Value], slot: Value | None) -> Anything:
    """The value that the phis are the parts of."""
    match out.type:
        case Scalar(dtype) if dtype.kind == "c":
            return Complex(values[0], values[1])
        case Scalar():
            return values[0]
        case Array(dtype):
            assert slot is not None
            data, *shape = values
            return View(dtype, data, tuple(shape), None, writer.code.load(PTR, slot), slot)
        case List(item):
            assert slot is not None
            items = growing.whole(writer, item, slot)
            growing.store_parts(writer, items, list(values))
            return items


# -- loops


class _Carried:
    """What a loop carries: the phis at its head, and the slots of the references to arrays."""

    def __init__(self, writer: Writer, carried: Sequence[Carry]) -> None:
        self.writer = writer
        code, memory = writer.code, writer.memory
        self.moving = [c for c in carried if not _carries_steady(writer, c)]
        for c in carried:
            if c not in self.moving:
                writer.env[c.phi] = writer.env[c.out] = writer.anything(c.init)
        entering = [_Leaving(writer, c.phi, c.init) for c in self.moving]
        self.initial = [value.parts for value in entering]
        self.slots: list[Value | None] = []
        for value in entering:
            self.slots.append(None if value.view is None else memory.slot())
            if value.view is not None and (slot := self.slots[-1]) is not None:
                code.store(memory.shared(value.view), slot)
        self.lines: list[list[int]] = []
        self.phis: list[list[Value]] = []

    def head(self) -> None:
        """Name the carried values at the head of a trip."""
        code = self.writer.code
        for parts in self.initial:
            self.lines.append([code.reserve() for _ in parts])
            self.phis.append([Value("%" + code.fresh("c"), value.type) for value in parts])
        for c, values, slot in zip(self.moving, self.phis, self.slots, strict=True):
            self.writer.env[c.phi] = self.writer.env[c.out] = _whole(self.writer, c.phi, values, slot)

    def following(self) -> list[list[Value]]:
        """The values for the next trip, at the end of the body; the references to arrays are handed on."""
        code, memory = self.writer.code, self.writer.memory
        leaving = [_Leaving(self.writer, c.phi, c.next) for c in self.moving]
        owners = [(slot, memory.taken(v.view)) for v, slot in zip(leaving, self.slots, strict=True) if v.view and slot]
        for slot, _ in owners:
            memory.release(slot)
        for slot, owner in owners:
            code.store(owner, slot)
        return [value.parts for value in leaving]

    def close(self, before: str, following: list[list[Value]], last: str) -> None:
        """Write the phis."""
        for lines, phis, first, after in zip(self.lines, self.phis, self.initial, following, strict=True):
            for line, phi, a, b in zip(lines, phis, first, after, strict=True):
                self.writer.code.phi(line, phi, [(a, before), (b, last)])


def trip_count(writer: Writer, start: Value, stop: Value, step: Value) -> Value:
    """``len(range(start, stop, step))``; a step of 0 raises."""
    code = writer.code
    if step.text == "1":
        return code.larger(code.sub(stop, start), i64(0))
    if step.text == "-1":
        return code.larger(code.sub(start, stop), i64(0))
    if not step.text.lstrip("-").isdigit():
        writer.faults.unless(code.compare("icmp ne", step, i64(0)), "step")
    up = code.compare("icmp sgt", step, i64(0))
    low, high = code.select(up, start, stop), code.select(up, stop, start)
    size = code.select(up, step, code.binary("sub", i64(0), step))
    span = code.binary("sub", code.binary("sub", high, low), i64(1))  # without a sign, which holds it
    count = code.binary("add", code.binary("udiv", span, size), i64(1))
    return code.select(code.compare("icmp slt", low, high), count, i64(0))


def for_loop(writer: Writer, stmt: For) -> None:
    """A loop; an outermost one without checks of what can be tested before it, and with them for where that fails."""
    if writer.versioning:
        writer.loop(stmt)
        return
    code, memory = writer.code, writer.memory
    fast, slow, end = code.fresh("fast"), code.fresh("slow"), code.fresh("both")
    line = code.reserve()
    assumptions = Assumptions(_known_values(writer, stmt))
    outs = [c.out for c in stmt.carried if not _carries_steady(writer, c)]
    outs += [] if stmt.trips is None else [stmt.trips]
    slots: dict[Var, Value] = {}
    sides: list[tuple[list[list[Value]], str]] = []
    writer.versioning = True
    for label, assumed in ((fast, assumptions), (slow, None)):
        code.start(label)
        memory.enter(loop=False)
        writer.assumptions, writer.seldom = assumed, assumed is None
        writer.loop(stmt)
        writer.assumptions, writer.seldom = None, False
        if assumed is not None and not assumed.made:
            memory.merge()
            code.lines[line] = f"  br label %{fast}"
            writer.versioning = False
            return
        leaving = [_Leaving(writer, v, v) for v in outs]
        for v, value in zip(outs, leaving, strict=True):
            if value.view is not None:
                if v not in slots:
                    slots[v] = memory.slot(outside=True)
                code.store(memory.taken(value.view), slots[v])
        memory.leave(loop=False)
        sides.append(([value.parts for value in leaving], code.label))
        code.jump(end)
    writer.versioning = False
    code.lines[line] = _test(writer, assumptions, fast, slow)
    code.start(end)
    _join(writer, outs, sides, slots)


def _carries_steady(writer: Writer, carry: Carry) -> bool:
    return not isinstance(carry.phi.type, Scalar) and carry.phi not in writer.buffers.rebound


def _known_values(writer: Writer, stmt: For) -> dict[Symbol, Value]:
    """The symbols whose values are known before a loop: integers that it reads, and the sizes of arrays."""
    found: dict[Symbol, Value] = {}
    for var in walk.free_vars((stmt,)):
        value = writer.env[var]
        match var.type:
            case Array(dims=dims) if isinstance(value, View):
                for d, size in zip(dims, value.shape, strict=True):
                    if isinstance(d, Size) and d == Size(((d.terms[0][0], 1),)):
                        found[d.terms[0][0]] = size
            case Scalar(dtype) if dtype == INT and isinstance(value, Value):
                form = writer.facts.form(var)
                if isinstance(form, Size) and form == Size(((form.terms[0][0], 1),)):
                    found[form.terms[0][0]] = value
            case _:
                pass
    return found


def _test(writer: Writer, assumptions: Assumptions, fast: str, slow: str) -> str:
    """The lines that test what was assumed, and branch. Values so large that a form might wrap around fail."""
    code, kept = writer.code, writer.code.lines
    code.lines = []
    holds = TRUE
    used = {s for form in assumptions.made if isinstance(form, Size) for s, _ in form.terms}
    values = {s: v for s, v in assumptions.values.items() if s in used}
    for value in values.values():
        shifted = code.binary("add", value, i64(2**40))
        holds = code.binary("and", holds, code.compare("icmp ult", shifted, i64(2**41)))
    for form in assumptions.made:
        assert isinstance(form, Size)
        total = i64(form.constant)
        for symbol, c in form.terms:
            total = code.binary("add", total, code.binary("mul", values[symbol], i64(c)))
        holds = code.binary("and", holds, code.compare("icmp sge", total, i64(0)))
    code.branch(holds, fast, slow)
    lines, code.lines = code.lines, kept
    return "\n".join(lines)


def plain_for(writer: Writer, stmt: For, begin: Value | None = None) -> None:
    """``for index in range(start, stop, step)``, left behind a trip at whose end `exit` holds; without the trips up to
    `begin`, if it is given."""
    code = writer.code
    start, stop, step = (writer.int64(a) for a in (stmt.start, stmt.stop, stmt.step))
    start = begin or start
    by_one = step.text in ("1", "-1")
    count = None if by_one else trip_count(writer, start, stop, step)
    lists.reserve(writer, stmt, lambda: count or trip_count(writer, start, stop, step))
    carried = _Carried(writer, stmt.carried)
    head, body, end = (code.fresh(stem) for stem in ("head", "body", "end"))
    before = code.label
    code.jump(head)
    code.start(head)
    counter_line, counter = code.reserve(), Value("%" + code.fresh("i"), I64)
    exit_line, left = code.reserve(), Value("%" + code.fresh("left"), I1)
    carried.head()
    if count is None:
        going = code.compare("icmp slt" if step.text == "1" else "icmp sgt", counter, stop)
    else:
        going = code.compare("icmp ult", counter, count)
    if stmt.exit is not None:
        going = code.select(left, FALSE, going)
    code.branch(going, body, end)
    code.start(body)
    writer.env[stmt.index] = counter if by_one else code.add(start, code.mul(counter, step))
    writer.facts.counter(stmt)
    with writer.scope(loop=True):
        writer.block(stmt.body)
        done = None if stmt.exit is None else writer.truth(stmt.exit)
        following = carried.following()
    writer.facts.ended(stmt)
    advanced, last = code.add(counter, step if by_one else i64(1)), code.label
    code.again(head, seldom=writer.seldom)
    first = start if by_one else i64(0)
    code.phi(counter_line, counter, [(first, before), (advanced, last)])
    if done is not None:
        code.phi(exit_line, left, [(FALSE, before), (done, last)])
    carried.close(before, following, last)
    code.start(end)
    if stmt.trips is not None:
        trips = code.sub(counter, start) if step.text == "1" else code.sub(start, counter)
        writer.env[stmt.trips] = trips if by_one else counter


def while_loop(writer: Writer, stmt: While) -> None:
    """``while test``, where `pre` finds the test before each trip."""
    code, memory = writer.code, writer.memory
    carried = _Carried(writer, stmt.carried)
    head, body, end = (code.fresh(stem) for stem in ("head", "body", "end"))
    before = code.label
    code.jump(head)
    code.start(head)
    counter_line, counter = code.reserve(), Value("%" + code.fresh("i"), I64)
    carried.head()
    writer.env[stmt.index] = counter
    with writer.scope(loop=True):
        writer.block(stmt.pre)
        held = memory.held()
        code.branch(writer.truth(stmt.test), body, end)
        code.start(body)
        writer.block(stmt.body)
        following = carried.following()
    advanced, last = code.add(counter, i64(1)), code.label
    code.jump(head)
    code.phi(counter_line, counter, [(i64(0), before), (advanced, last)])
    carried.close(before, following, last)
    code.start(end)
    memory.give_back(held)
    if stmt.trips is not None:
        writer.env[stmt.trips] = counter


__all__ = ["branch", "for_loop", "trip_count", "while_loop"]
