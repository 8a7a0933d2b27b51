"""Writes a loop that runs several trips at once, one in each lane of vectors (`varying` says which loops may).

    for b in range(trips // 8):         i stands for the first lane's; what is the same in all lanes is one number
        s = splat 0.0                   a vector of 8
        for a in range(d):
            d = load 8 of x_block[a] - splat c[a]
            store 8 d in w[a]           w has 8 lanes an element
            s += d * d
        total += s                      summed over its lanes after the loop
    the trips that are left, one by one

Statements that differ from lane to lane come here; all others are written as ever, once for all lanes.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from s2sad.backend.llvm import control, indexing, movement, scalars
from s2sad.backend.llvm.code import I1, I8, I64, Value, element_of, i64, vector, width_of
from s2sad.backend.llvm.conversions import convert
from s2sad.backend.llvm.mathematics.library import widths
from s2sad.backend.llvm.values import (
    Anything,
    Complex,
    Number,
    Refused,
    View,
    constant,
    memory_type,
    number_type,
    part_dtype,
)
from s2sad.backend.llvm.varying import DIFFERENT, Plan
from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Carry, Const, For, If, Let, Stmt, Var, While, array_type
from s2sad.ir.nodes import replace as with_parts
from s2sad.ir.primitives import UPDATES, inc, load, store, undef, zeros
from s2sad.ir.types import INT, Array, Scalar
from s2sad.rules import elementwise

if TYPE_CHECKING:
    from s2sad.backend.llvm.function import Writer

REGISTERS = 2
"""How many vector registers the lanes of a value take, in an outermost loop."""
ALIGNMENT = 64
ROOM = 2**16
"""Arrays of more elements than that are not made once for each lane."""


def lanes_of_machine(*, nested: bool = False) -> int:
    """How many trips run at once; fewer in a loop inside another one, which more often has few."""
    return max(widths("double")) * (1 if nested else REGISTERS)


class Lanes:
    """The state of a loop in lanes, while its body is written."""

    def __init__(self, writer: Writer, plan: Plan) -> None:
        self.writer, self.plan = writer, plan
        self.code, self.width = writer.code, plan.width
        self.mask: Value | None = None
        self.blocks: dict[tuple[Var, int], View] = {}

    # -- numbers

    def number(self, atom: Var, found: Number) -> Number:
        """What a variable is in all lanes: one that grows from lane to lane is held as that of the first."""
        step = self.plan.step(atom)
        if not step or not isinstance(found, Value) or width_of(found.type):
            return found
        grown = ", ".join(f"i64 {k * step}" for k in range(self.width))
        return self.code.binary("add", self.code.splat(found, self.width), Value(f"<{grown}>", vector(I64, self.width)))

    def first(self, atom: Atom) -> Value:
        """An integer of the first lane; a vector where lanes have no step."""
        found = self.writer.env[atom] if isinstance(atom, Var) else constant(atom.value, INT)
        assert isinstance(found, Value)
        if isinstance(atom, Var) and atom.type.dtype != INT:
            converted = convert(self.code, found, atom.type.dtype, INT)
            assert isinstance(converted, Value)
            return converted
        return found

    def wide(self, number: Number) -> Number:
        """A number as one of every lane."""
        if isinstance(number, Complex):
            return Complex(*(self.code.splat(part, self.width) for part in number))
        return self.code.splat(number, self.width)

    def leaving(self, out: Var, atom: Atom) -> Number:
        """A number on its way into a phi for `out`, as what the phi is of."""
        if self.plan.step(out) is DIFFERENT:
            return self.wide(self.writer.number(atom, out.type.dtype))
        with self.of_first():
            return self.writer.number(atom, out.type.dtype)

    def chosen(self, mask: Value, a: Number, b: Number) -> Number:
        """`a` in the lanes of a mask, else `b`."""
        code = self.code
        if isinstance(a, Complex) and isinstance(b, Complex):
            return Complex(code.select(mask, a.re, b.re), code.select(mask, a.im, b.im))
        assert isinstance(a, Value) and isinstance(b, Value)
        return code.select(mask, a, b)

    # -- statements

    def statement(self, stmt: Stmt) -> bool:
        """Write a statement that differs from lane to lane; False for one that does not."""
        if id(stmt) in self.plan.serial:
            self._serially(stmt)
            return True
        match stmt:
            case Let():
                return self._let(stmt)
            case If() if self.plan.varies(stmt.cond):
                self._branch(stmt)
                return True
            case For() if self.mask is not None:
                start, stop = self.writer.int64(stmt.start), self.writer.int64(stmt.stop)
                control.plain_for(self.writer, stmt, self.code.select(self.code.reduced("or", self.mask), start, stop))
                return True
            case While() if self.mask is not None:
                raise Refused("a while inside a branch")
        return False

    def _let(self, stmt: Let) -> bool:
        target = stmt.targets[0]
        if stmt.prim in (undef, zeros):
            self.writer.env[target] = self.allocated(target, stmt.args, zero=stmt.prim is zeros)
        elif stmt.prim in (store, inc):
            self._update(stmt)
        elif stmt.prim in UPDATES:
            raise Refused(f"{stmt.prim.name} of {stmt.args[0]}")
        elif stmt.prim is load and isinstance(target.type, Scalar):
            return self._load(stmt)
        elif self.plan.step(target) is not DIFFERENT and any(self.plan.varies(a) for a in stmt.args):
            with self.of_first():
                self.writer.plain(stmt)
        else:
            if stmt.prim not in (elementwise.mod, elementwise.floordiv) or not self.plan.varies(stmt.args[1]):
                return False
            self._serially(stmt)
        return True

    @contextmanager
    def of_first(self) -> Iterator[None]:
        """What is written inside is of the first lane."""
        self.writer.lanes = None
        yield
        self.writer.lanes = self

    def _branch(self, stmt: If) -> None:
        """Both sides, each under its mask; lane by lane, where something in it may fail."""
        state, around = self.writer.state(), self.mask
        try:
            self._both(stmt)
        except Refused:
            self.writer.restore(state)
            self.mask, self.writer.lanes, self.writer.faults.masked = around, self, around is not None
            self._serially(stmt)

    def _both(self, stmt: If) -> None:
        writer, code = self.writer, self.code
        holds = code.splat(writer.truth(stmt.cond), self.width)
        around = self.mask
        sides: list[list[Number | None]] = []
        for block, left in ((stmt.then, True), (stmt.orelse, False)):
            inside = holds if left else code.binary("xor", holds, Value("true", I1))
            self.mask = inside if around is None else code.binary("and", around, inside)
            writer.faults.masked = True
            with writer.scope():
                writer.block(block)
            atoms = [j.then if left else j.orelse for j in stmt.joined]
            sides.append([
                writer.number(a, j.out.type.dtype) if isinstance(j.out.type, Scalar) else None
                for a, j in zip(atoms, stmt.joined, strict=True)
            ])  # fmt: skip
        self.mask = around
        writer.faults.masked = around is not None
        for j, then, orelse in zip(stmt.joined, *sides, strict=True):
            if then is not None and orelse is not None:
                writer.env[j.out] = self.chosen(holds, then, orelse)
            elif not control.is_steady(writer, j):
                raise Refused(f"{j.out.name} is one array or another")

    # -- memory

    def allocated(self, array: Var, sizes: Sequence[Atom], *, zero: bool = False) -> View:
        """An array with an element for each lane."""
        writer = self.writer
        known = [writer.facts.at_least_zero(a) for a in sizes]
        return self.room(array.type.dtype, [writer.int64(a) for a in sizes], known, zero=zero)

    def room(self, dtype: np.dtype, shape: Sequence[Value], known: Sequence[bool], *, zero: bool = False) -> View:
        """Memory for an array in lanes."""
        found = self.writer.memory.allocate(dtype, [*shape, i64(self.width)], [*known, True], zero=zero)
        return replace(found, shape=tuple(shape), lanes=self.width)

    def _may_fail(self, base: Atom, operands: Sequence[Atom], stmt: Let) -> bool:
        """Whether an index that differs from lane to lane may be out of range."""
        type_, path = array_type(base), dict(stmt.params)["path"]
        if not indexing.is_element(path, type_):
            return False
        supply = iter(operands)
        atoms = [next(supply) if entry is indexing.SLOT else Const(entry) for entry in path[0].entries]
        return any(
            self.plan.varies(a) and not indexing.is_inside(self.writer, a, d)
            for a, d in zip(atoms, type_.dims, strict=True)
        )

    def _indexes(self, base: Atom, operands: Sequence[Atom], stmt: Let) -> tuple[View, list[Value], Value | None]:
        """An array, where the first lane's element is, and how far on the next lane's: nowhere, if the indexes are
        vectors."""
        writer, code = self.writer, self.code
        view, type_ = writer.view(base), array_type(base)
        path = dict(stmt.params)["path"]
        if not indexing.is_element(path, type_):
            raise Refused(f"a part of {base} is written")
        supply = iter(operands)
        found, apart = [], i64(0)
        strides = writer.memory.strides(view)
        for axis, entry in enumerate(path[0].entries):
            atom = next(supply) if entry is indexing.SLOT else Const(entry)
            if not self.plan.varies(atom):
                found.append(indexing.index(writer, atom, view.shape[axis], type_.dims[axis], axis))
                continue
            found.append(self.first(atom))
            step = self.plan.step(atom)
            if step is not DIFFERENT:
                apart = code.add(apart, code.mul(i64(step), strides[axis]))
        return view, found, None if any(width_of(v.type) for v in found) else apart

    def _load(self, stmt: Let) -> bool:
        (target,), (base, *operands) = stmt.targets, stmt.args
        if (key := self.plan.packed.get(id(stmt))) is not None and key in self.blocks:
            across = operands[1 - key[1]]
            self.writer.env[target] = self.read(self.blocks[key], [self.first(across)], i64(0))
            return True
        view = self.writer.view(base)
        if not view.lanes and not any(self.plan.varies(o) for o in operands):
            return False
        if self._may_fail(base, operands, stmt):
            self._serially(stmt)
        else:
            self.writer.env[target] = self.read(*self._indexes(base, operands, stmt))
        return True

    def _update(self, stmt: Let) -> None:
        (target,), (base, value, *operands) = stmt.targets, stmt.args
        writer, dtype = self.writer, array_type(base).dtype
        number = writer.number(value, dtype) if isinstance(value.type, Scalar) else None
        if number is None:
            raise Refused(f"an array is written into {base}")
        if self._may_fail(base, operands, stmt):
            self._serially(stmt)
            return
        whole = writer.view(base)
        writer.env[target] = whole
        if whole.lanes and dict(stmt.params)["path"] == indexing.EVERYTHING:
            self._fill(whole, self.wide(number), adding=stmt.prim is inc)
            return
        view, at, apart = self._indexes(base, operands, stmt)
        flags = writer.flags(stmt)
        if stmt.prim is store:
            self.write(view, at, apart, self.wide(number))
        elif writer.buffers.root(base) in self.plan.shared:
            self._add(view, at, apart, self.masked(number, dtype))
        else:
            self.write(view, at, apart, self.sum(self.read(view, at, apart), self.wide(number), dtype, flags))

    def masked(self, number: Number, dtype: np.dtype) -> Number:
        """The number in the lanes that take part, in the others what adds nothing."""
        number = self.wide(number)
        if self.mask is None:
            return number
        zero = constant(0 if dtype.kind in "iub" else -0.0, dtype)
        if isinstance(zero, Complex):
            zero = Complex(zero.re, zero.re)
        return self.chosen(self.mask, number, zero)

    def sum(self, a: Number, b: Number, dtype: np.dtype, flags: str = "") -> Number:
        """``a + b`` of an array's dtype."""
        found = scalars.write(self.code, elementwise.add, [a, b], [dtype, dtype], dtype, {}, dtype, flags)
        assert found is not None
        return found

    def _fill(self, view: View, number: Number, *, adding: bool) -> None:
        if self.mask is not None or adding:
            raise Refused("an array is filled inside a branch")
        with movement.counting(self.code, self.code.product(view.shape)) as k:
            self.write(replace(view, shape=(self.code.product(view.shape),)), [k], i64(0), number)

    def _places(self, view: View, at: Sequence[Value], apart: Value | None) -> Iterator[Value]:
        """The addresses of the elements of all lanes, one by one."""
        code, memory = self.code, self.writer.memory
        offset = memory.offset(view, at)
        for k in range(self.width):
            one = code.lane(offset, k) if apart is None else code.add(offset, code.mul(i64(k), apart))
            if not view.lanes:
                yield memory.address(view, one)
                continue
            step = 2 * view.lanes if view.dtype.kind == "c" else view.lanes
            yield code.element(memory_type(view.dtype), view.data, code.add(code.mul(one, i64(step)), i64(k)))

    def _vectors(self, view: View, at: Sequence[Value], apart: Value | None) -> list[Value] | None:
        """The addresses of the vectors that all lanes lie in (two of complex numbers), or None."""
        code, memory, type_ = self.code, self.writer.memory, memory_type(view.dtype)
        if apart is None:
            return None
        if view.lanes and apart.text == "0":
            offset = code.mul(memory.offset(view, at), i64(view.lanes * (2 if view.dtype.kind == "c" else 1)))
            first = code.element(type_, view.data, offset)
            return [first, code.element(type_, first, i64(view.lanes))] if view.dtype.kind == "c" else [first]
        if not view.lanes and apart.text == "1" and view.dtype.kind != "c":
            return [memory.address(view, memory.offset(view, at))]
        return None

    def _alignment(self, view: View) -> int:
        size = memory_size(view.dtype)
        return min(ALIGNMENT, size * self.width) if view.lanes else size

    def read(self, view: View, at: Sequence[Value], apart: Value | None) -> Number:
        """The elements of all lanes."""
        code, dtype = self.code, view.dtype
        places = self._vectors(view, at, apart)
        if places is None:
            if not view.lanes and apart is not None and apart.text == "0":
                memory = self.writer.memory
                return self.wide(movement.read(code, dtype, memory.address(view, memory.offset(view, at))))
            numbers = [_parts_of(self._one(view, place)) for place in self._places(view, at, apart)]
            return _whole([code.gathered(parts) for parts in zip(*numbers, strict=True)])
        type_ = vector(memory_type(dtype), self.width)
        found = [code.value(type_, f"load {type_}, {p}, align {self._alignment(view)}") for p in places]
        if dtype.kind == "b":
            return code.compare("icmp ne", found[0], Value("0", I8))
        return Complex(*found) if dtype.kind == "c" else found[0]

    def _one(self, view: View, place: Value) -> Number:
        if view.lanes and view.dtype.kind == "c":
            type_ = memory_type(view.dtype)
            return Complex(
                self.code.load(type_, place), self.code.load(type_, self.code.element(type_, place, i64(self.width)))
            )
        return movement.read(self.code, view.dtype, place)

    def write(self, view: View, at: Sequence[Value], apart: Value | None, number: Number) -> None:
        """Write the elements of the lanes that take part, each at its own place."""
        code, dtype = self.code, view.dtype
        if self.mask is not None:
            number = self.chosen(self.mask, number, self.read(view, at, apart))
        parts = _parts_of(number)
        places = self._vectors(view, at, apart)
        if places is not None:
            for part, place in zip(parts, places, strict=True):
                kept = code.cast("zext", part, I8) if dtype.kind == "b" else part
                code.do(f"store {kept}, {place}, align {self._alignment(view)}")
            return
        for k, place in enumerate(self._places(view, at, apart)):
            ones = [code.lane(part, k) for part in parts]
            if view.lanes and dtype.kind == "c":
                for one, put in zip(ones, (place, code.element(ones[0].type, place, i64(self.width))), strict=True):
                    code.store(one, put)
            else:
                movement.write(code, dtype, _whole(ones), place)

    def _add(self, view: View, at: Sequence[Value], apart: Value | None, number: Number) -> None:
        """Add the numbers of all lanes to places that may be the same."""
        code, dtype = self.code, view.dtype
        if apart is not None and apart.text == "0":
            place = self.writer.memory.address(view, self.writer.memory.offset(view, at))
            movement.add(code, dtype, self.total(number, dtype), place, "reassoc")
            return
        for k, place in enumerate(self._places(view, at, apart)):
            one = Complex(*(code.lane(p, k) for p in number)) if isinstance(number, Complex) else code.lane(number, k)
            movement.add(code, dtype, one, place, "reassoc")

    def total(self, number: Number, dtype: np.dtype) -> Number:
        """The sum of all lanes."""
        if isinstance(number, Complex):
            part = part_dtype(dtype)
            return Complex(self._total(number.re, part), self._total(number.im, part))
        return self._total(number, dtype)

    def _total(self, number: Value, dtype: np.dtype) -> Value:
        if dtype.kind == "f":
            start = constant(-0.0, dtype)
            assert isinstance(start, Value)
            return self.code.reduced("fadd", number, start)
        return self.code.reduced("or" if dtype.kind == "b" else "add", number)

    # -- lane by lane

    def _serially(self, stmt: Stmt) -> None:
        """A statement for each lane after the other, with its numbers from places on the stack."""
        writer, code, plan = self.writer, self.code, self.plan
        free = list(walk.free_vars((stmt,)))
        spilled = {
            v: self._spilled(writer.env[v]) for v in free
            if isinstance(v.type, Scalar) and plan.step(v) is DIFFERENT
        }  # fmt: skip
        outs = [v for v in walk.defines(stmt) if isinstance(v.type, Scalar)]
        rooms = {v: [code.alloca(vector(_spill_type(t), self.width)) for t in _parts(v)] for v in outs}
        mask = None if self.mask is None else self._spilled(self.mask)
        env = writer.env
        with self.of_first(), movement.counting(code, i64(self.width)) as lane, writer.scope(loop=True):
            writer.env = dict(env)
            for v in free:
                writer.env[v] = self._in_lane(v, env[v], spilled.get(v), lane)
            masked, writer.faults.masked = writer.faults.masked, False
            end = code.fresh("lane")
            if mask is not None:
                taken = code.fresh("taken")
                code.branch(self._picked(mask[0], I1, lane), taken, end)
                code.start(taken)
            with writer.scope():
                writer.statement(stmt)
                for v, places in rooms.items():
                    number = writer.env[v]
                    for part, place in zip(number if isinstance(number, Complex) else [number], places, strict=True):
                        assert isinstance(part, Value)
                        kept = code.cast("zext", part, I8) if part.type == I1 else part
                        code.store(kept, code.element(kept.type, place, lane))
            if mask is not None:
                code.jump(end)
                code.start(end)
            writer.faults.masked = masked
        writer.env = env
        for v, places in rooms.items():
            read = [self._read_back(place, t) for place, t in zip(places, _parts(v), strict=True)]
            env[v] = _whole(read)
        for v in walk.defines(stmt):
            if v not in rooms:
                env[v] = env[self._root(v)]

    def _root(self, array: Var) -> Var:
        root = self.writer.buffers.root(array)
        if not isinstance(root, Var) or root not in self.writer.env:
            raise Refused(f"{array.name} is another array in each trip")
        return root

    def _spilled(self, number: Anything) -> list[Value]:
        """The places on the stack of the parts of a number."""
        code, places = self.code, []
        assert isinstance(number, Value | Complex)
        for part in _parts_of(number):
            assert isinstance(part, Value)
            kept = code.splat(part, self.width)
            kept = code.cast("zext", kept, I8) if element_of(kept.type) == I1 else kept
            place = code.alloca(kept.type)
            code.store(kept, place)
            places.append(place)
        return places

    def _picked(self, place: Value, type_: str, lane: Value) -> Value:
        kept = _spill_type(type_)
        found = self.code.load(kept, self.code.element(kept, place, lane))
        return self.code.compare("icmp ne", found, Value("0", I8)) if type_ == I1 else found

    def _read_back(self, place: Value, type_: str) -> Value:
        found = self.code.load(vector(_spill_type(type_), self.width), place)
        return self.code.compare("icmp ne", found, Value("0", I8)) if type_ == I1 else found

    def _in_lane(self, var: Var, found: Anything, places: list[Value] | None, lane: Value) -> Anything:
        """What a variable is in one lane."""
        code = self.code
        if places is not None:
            parts = [self._picked(p, t, lane) for p, t in zip(places, _parts(var), strict=True)]
            return _whole(parts)
        if isinstance(found, View) and found.lanes:
            if found.dtype.kind == "c":
                raise Refused("complex numbers lane by lane")
            strides = tuple(code.mul(s, i64(found.lanes)) for s in self.writer.memory.strides(found))
            data = code.element(memory_type(found.dtype), found.data, lane)
            return replace(found, data=data, strides=strides, lanes=0)
        if isinstance(found, Value) and (step := self.plan.step(var)):
            return code.binary("add", found, code.binary("mul", lane, i64(step)))
        return found


def memory_size(dtype: np.dtype) -> int:
    """How many bytes a number, or a part of a complex one, takes."""
    return part_dtype(dtype).itemsize if dtype.kind == "c" else dtype.itemsize


def _parts(var: Var) -> list[str]:
    dtype = var.type.dtype
    return [number_type(part_dtype(dtype))] * 2 if dtype.kind == "c" else [number_type(dtype)]


def _spill_type(type_: str) -> str:
    return I8 if type_ == I1 else type_


# -- the loop


def write(writer: Writer, plan: Plan) -> None:
    """A loop in lanes, and the trips that are left. Raises `Refused`."""
    code, stmt, lanes = writer.code, plan.loop, Lanes(writer, plan)
    start, stop, step = (writer.int64(a) for a in (stmt.start, stmt.stop, stmt.step))
    count = control.trip_count(writer, start, stop, step)
    blocks = code.binary("udiv", count, i64(lanes.width))
    for size in _rooms(writer, plan):
        blocks = code.select(code.compare("icmp ule", size, i64(ROOM)), blocks, i64(0))
    sums = [c for c in stmt.carried if isinstance(c.phi.type, Scalar) and c.next != c.phi]
    env = writer.env
    inits = [_parts_of(writer.number(c.init, c.phi.type.dtype)) for c in sums]
    wide, rest = code.fresh("lanes"), code.fresh("rest")
    before = code.label
    code.branch(code.compare("icmp ne", blocks, i64(0)), wide, rest)
    code.start(wide)
    writer.env = dict(env)
    with writer.scope():
        totals = _blocks(writer, lanes, sums, start, blocks)
    last = code.label
    code.jump(rest)
    code.start(rest)
    writer.env = env
    found: list[list[Value]] = []
    for parts, total in zip(inits, totals, strict=True):
        found.append([])
        for a, b in zip(parts, total, strict=True):
            line, value = code.reserve(), Value("%" + code.fresh("sum"), a.type)
            code.phi(line, value, [(a, before), (b, last)])
            found[-1].append(value)
    done = code.binary("mul", blocks, i64(lanes.width))
    carried = list(stmt.carried)
    for c, parts in zip(sums, found, strict=True):
        entry = Var(f"{c.phi.name} so far", c.phi.type)
        env[entry] = _whole(parts)
        carried[carried.index(c)] = with_parts(c, init=entry)
    control.plain_for(writer, with_parts(stmt, carried=tuple(carried)), code.add(start, code.mul(done, step)))


def _rooms(writer: Writer, plan: Plan) -> Iterator[Value]:
    """How many elements each array has that is there before the loop, and made for each lane."""
    for root in plan.private:
        if isinstance(root, Var) and root in writer.env:
            yield writer.code.product(writer.view(root).shape)
    for base, axis in dict.fromkeys(plan.packed.values()):
        yield writer.view(base).shape[1 - axis]


def _parts_of(number: Number) -> list[Value]:
    return list(number) if isinstance(number, Complex) else [number]


def _whole(parts: Sequence[Value]) -> Number:
    return Complex(*parts) if len(parts) == 2 else parts[0]


def _blocks(writer: Writer, lanes: Lanes, sums: Sequence[Carry], start: Value, blocks: Value) -> list[list[Value]]:
    """The loop over blocks of trips; gives what each sum is after it."""
    code, plan, stmt = writer.code, lanes.plan, lanes.plan.loop
    for c in stmt.carried:
        if c not in sums:
            writer.env[c.phi] = writer.anything(c.init)
    for root in plan.private:
        if isinstance(root, Var) and root in writer.env:
            view = writer.view(root)
            if view.strides is not None:
                raise Refused(f"{root.name} is a part of another array")
            wide = lanes.room(view.dtype, view.shape, [True] * len(view.shape))
            for v in [v for v in writer.env if isinstance(v.type, Array) and writer.buffers.root(v) == root]:
                writer.env[v] = wide
    for base, axis in dict.fromkeys(plan.packed.values()):
        view = writer.view(base)
        lanes.blocks[base, axis] = lanes.room(view.dtype, [view.shape[1 - axis]], [True])
    initial = [_neutral(c, lanes) for c in sums]
    head, body, end = (code.fresh(stem) for stem in ("head", "body", "end"))
    before = code.label
    code.jump(head)
    code.start(head)
    line, block = code.reserve(), Value("%" + code.fresh("b"), I64)
    lines, phis = [], []
    for c, parts in zip(sums, initial, strict=True):
        lines.append([code.reserve() for _ in parts])
        phis.append([Value("%" + code.fresh("c"), p.type) for p in parts])
        writer.env[c.phi] = _whole(phis[-1])
    code.branch(code.compare("icmp ult", block, blocks), body, end)
    code.start(body)
    assert isinstance(stmt.step, Const)
    step = int(stmt.step.value)
    writer.env[stmt.index] = code.add(start, code.mul(block, i64(lanes.width * step)))
    writer.facts.counter(stmt)
    writer.lanes = lanes
    with writer.scope(loop=True):
        for base, axis in lanes.blocks:
            _pack(writer, lanes, base, axis)
        writer.block(stmt.body)
        following = [_parts_of(lanes.wide(writer.number(c.next, c.phi.type.dtype))) for c in sums]
    writer.lanes = None
    writer.facts.ended(stmt)
    advanced, last = code.add(block, i64(1)), code.label
    code.jump(head)
    code.phi(line, block, [(i64(0), before), (advanced, last)])
    for places, values, first, after in zip(lines, phis, initial, following, strict=True):
        for place, value, a, b in zip(places, values, first, after, strict=True):
            code.phi(place, value, [(a, before), (b, last)])
    code.start(end)
    totals = []
    for c, values in zip(sums, phis, strict=True):
        dtype = c.phi.type.dtype
        number = lanes.total(_whole(values), dtype)
        totals.append(_parts_of(lanes.sum(writer.number(c.init, dtype), number, dtype)))
    return totals


def _neutral(carry: Carry, lanes: Lanes) -> list[Value]:
    dtype = carry.phi.type.dtype
    zero = constant(0 if dtype.kind in "iub" else -0.0, dtype)
    parts = [zero.re, zero.re] if isinstance(zero, Complex) else [zero]
    return [lanes.code.splat(p, lanes.width) for p in parts]


def _pack(writer: Writer, lanes: Lanes, base: Var, axis: int) -> None:
    """Copy a block of rows, lanes last."""
    code, view, block = writer.code, writer.view(base), lanes.blocks[base, axis]
    strides = writer.memory.strides(view)
    first = writer.env[lanes.plan.loop.index]
    assert isinstance(first, Value)
    step = lanes.plan.step(lanes.plan.loop.index)
    assert step is not None
    with movement.counting(code, block.shape[0]) as k:
        at = [k, k]
        at[axis] = first
        lanes.write(block, [k], i64(0), lanes.read(view, at, code.mul(i64(step), strides[axis])))


__all__ = ["ROOM", "Lanes", "lanes_of_machine", "write"]
