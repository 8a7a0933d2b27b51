"""One function of the IR as one function of LLVM: a walk over its statements, each written once.

    define i32 @f(ptr %results, ptr %excinfo, ptr %fault, double %x, ptr %a, i64 %a.0, ptr %a.owner)

It takes its arguments flat (`values.fields`), writes its results where it is told and returns 0, or the number of an
error. An array that is handed in is contiguous, and is only borrowed; one that is handed out comes with a reference.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, assert_never

import numpy as np

from s2sad.backend.llvm import (
    calls,
    control,
    elements,
    filling,
    gathers,
    growing,
    indexing,
    lists,
    matrices,
    movement,
    products,
)
from s2sad.backend.llvm.bounds import Assumptions, Facts
from s2sad.backend.llvm.buffers import Buffers
from s2sad.backend.llvm.code import I32, I64, PTR, Code, Value, i64
from s2sad.backend.llvm.conversions import convert, truth
from s2sad.backend.llvm.faults import Faults
from s2sad.backend.llvm.lanes import loop as lane_loop
from s2sad.backend.llvm.lanes import statements as lane_statements
from s2sad.backend.llvm.lanes import varying
from s2sad.backend.llvm.lanes.state import Lanes, lanes_of_machine
from s2sad.backend.llvm.memory import Memory
from s2sad.backend.llvm.values import (
    Anything,
    Complex,
    Growing,
    Number,
    Refused,
    Uncovered,
    View,
    constant,
    fields,
    number_of,
    parts_of,
    result_struct,
)
from s2sad.config import config
from s2sad.ir import walk
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Comment,
    Const,
    Custom,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    array_type,
)
from s2sad.ir.paths import View as ViewStep
from s2sad.ir.paths import is_element
from s2sad.ir.primitives import cast, dim, inc, load, raise_, store, undef, zeros
from s2sad.ir.types import INT, Array, List, Scalar, Size, Symbol, Type
from s2sad.memory.copying import copy
from s2sad.optimise.accumulators import accumulators, exact_values
from s2sad.rules.counting import trip_count
from s2sad.transforms.recording.decisions import Decision

if TYPE_CHECKING:
    from s2sad.backend.llvm.module import Unit

ENTRY = ("ptr %results", "ptr %excinfo", "ptr %fault")


class Writer:
    """Writes one function."""

    def __init__(self, unit: Unit, function: Function) -> None:
        self.unit, self.function = unit, function
        self.code = Code()
        self.faults = Faults(self.code, unit.sites)
        self.memory = Memory(self.code, self.faults)
        self.facts = Facts()
        self.buffers = Buffers(function)
        statements = list(walk.statements(function.body))
        self.exact = exact_values(statements)
        self.sums = accumulators(function, statements, self.exact) if config.reorder_sums else frozenset()
        self.env: dict[Var, Anything] = {}
        self.roomy: set[Var] = set()
        """The lists after an append for which a loop has seen to it that there is room (`lists.reserve`)."""
        self.escaping = lists.escaping(function, self.buffers)
        self.assumptions: Assumptions | None = None
        self.versioning = self.seldom = False
        self.lanes: Lanes | None = None
        """Set while what is written is for several trips of a loop at once."""
        self.alone = False
        """Whether loops run trip by trip: inside a loop in lanes, and where that is left."""

    def text(self, symbol: str, *, main: bool) -> str:
        """The definition."""
        head = [*ENTRY, *(p for k, v in enumerate(self.function.params) for p in self._parameter(v, k, main))]
        if main:
            self._check_shapes()
        self.block(self.function.body)
        self._return()
        linkage = "weak_odr" if main else "internal"
        arrays = any(isinstance(p.type, Array) for p in self.function.params)
        attributes = " noinline" if main and arrays else ""
        return f"define {linkage} i32 @{symbol}({', '.join(head)}) nounwind{attributes} {{\n{self.code.body()}\n}}\n"

    # -- parameters and results

    def _parameter(self, var: Var, number: int, main: bool) -> list[str]:
        """The declarations of one parameter, which is bound. Nobody writes into the arrays that the caller sees."""
        stem = f"%p{number}"
        if isinstance(var.type, List):
            return self._lent(var, var.type.item, Value(stem, PTR), main)
        types = fields(var.type)
        if isinstance(var.type, Scalar):
            names = [stem] if len(types) == 1 else [f"{stem}.re", f"{stem}.im"]
            values = [Value(n, t) for n, t in zip(names, types, strict=True)]
            self.env[var] = number_of(values)
            return [str(v) for v in values]
        assert isinstance(var.type, Array)
        data, owner = Value(f"{stem}.data", PTR), Value(f"{stem}.owner", PTR)
        shape = tuple(Value(f"{stem}.{k}", I64) for k in range(len(var.type.dims)))
        known = tuple(i64(d) if isinstance(d, int) else s for d, s in zip(var.type.dims, shape, strict=True))
        self.env[var] = View(var.type.dtype, data, known, None, owner)
        flags = "noalias readonly " if main else ""
        return [f"ptr {flags}{data.text}", *map(str, shape), str(owner)]

    def _lent(self, var: Var, item: Type, header: Value, main: bool) -> list[str]:
        """A list, which a function of ours hands over in memory."""
        if main:
            raise Uncovered("a list from outside")
        items = growing.lent(self, item, header)
        self.env[var] = items
        self.memory.on_the_way_out.append(lambda: growing.hand_back(self, items, header))
        return [str(header)]

    def _check_shapes(self) -> None:
        """The sizes that the types of the parameters say are known, or equal, are checked on the way in: the code
        relies on them."""
        seen: dict[Symbol, Value] = {}
        for number, var in enumerate(self.function.params):
            if not isinstance(var.type, Array):
                continue
            for axis, d in enumerate(var.type.dims):
                have = Value(f"%p{number}.{axis}", I64)
                if isinstance(d, int):
                    self._same_size(axis, have, i64(d))
                elif isinstance(d, Size) and len(d.terms) == 1 and d.terms[0][1] == 1 and d.constant == 0:
                    symbol = d.terms[0][0]
                    if symbol in seen:
                        self._same_size(axis, have, seen[symbol])
                    else:
                        seen[symbol] = have
                        least = i64(symbol.at_least)
                        self.faults.unless(self.code.compare("icmp sge", have, least), "shape", i64(axis), have, least)
                else:
                    raise Uncovered("a parameter whose size is computed from others")

    def _same_size(self, axis: int, have: Value, want: Value) -> None:
        self.faults.unless(self.code.compare("icmp eq", have, want), "shape", i64(axis), have, want)

    def _return(self) -> None:
        """Store the results, give back the rest."""
        code = self.code
        struct = result_struct([r.type for r in self.function.results])
        values: list[Value] = []
        for result in self.function.results:
            if isinstance(result.type, Scalar):
                number = self.number(result, result.type.dtype)
                values += parts_of(number)
            elif isinstance(found := self.anything(result), Growing):
                values += [*growing.parts(self, found), self.memory.shared(found)]
            else:
                view = self.contiguous(self.view(result))
                values += [view.data, *view.shape, self.memory.taken(view)]
        for k, value in enumerate(values):
            place = code.value(PTR, f"getelementptr inbounds {struct}, ptr %results, i32 0, i32 {k}")
            code.store(value, place)
        self.memory.give_back_all()
        code.do("ret i32 0")
        if self.faults.used:
            code.start("fail")
            self.memory.give_back_all()
            code.do(f"ret {code.load(I32, self.faults.status)}")

    # -- blocks and statements

    @contextmanager
    def scope(self, *, loop: bool = False) -> Iterator[None]:
        """A branch, or the body of a loop."""
        mark = self.facts.mark()
        self.memory.enter(loop)
        yield
        self.memory.leave(loop)
        self.facts.forget(mark)

    def block(self, block: Block) -> None:
        """Write the statements of a block."""
        for stmt in block:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        """Write one statement."""
        if not isinstance(stmt, Comment):
            self.faults.pos = stmt.pos or self.faults.pos
        if self.lanes is None or not lane_statements.statement(self.lanes, stmt):
            self.plain(stmt)
        if isinstance(stmt, Let):
            self.facts.let(stmt)

    def plain(self, stmt: Stmt) -> None:
        """Write a statement that is one for all lanes."""
        match stmt:
            case Let():
                self.let(stmt)
            case For():
                control.for_loop(self, stmt)
            case While():
                control.while_loop(self, stmt)
            case If():
                control.branch(self, stmt)
            case Call():
                calls.call(self, stmt)
            case Effect() if stmt.prim is raise_:
                params = dict(stmt.params)
                self.faults.raise_(params["kind"], params.get("message", ""))
            case Effect():
                calls.bridge(self, stmt)
            case Comment():
                pass
            case Apply() | Custom():
                raise AssertionError("transforms are resolved before")
            case _:
                assert_never(stmt)

    def let(self, stmt: Let) -> None:
        """Write what one primitive computes."""
        others = (lists.let, elements.let, products.let, matrices.let, filling.let)
        if not (self._structural(stmt) or any(let(self, stmt) for let in others)):
            calls.bridge(self, stmt)

    def _structural(self, stmt: Let) -> bool:
        """The primitives of `ir.primitives`."""
        target, params = stmt.targets[0], dict(stmt.params)
        match stmt.prim:
            case prim if prim is dim:
                self.env[target] = self.view(stmt.args[0]).shape[params["axis"]]
            case prim if prim is undef or prim is zeros:
                known = [self.facts.at_least_zero(a) for a in stmt.args]
                shape = [self.int64(a) for a in stmt.args]
                self.env[target] = self.memory.allocate(params["dtype"], shape, known, zero=prim is zeros)
            case prim if prim is copy and isinstance(target.type, Array):
                self.env[target] = self.copied(self.view(stmt.args[0]))
            case prim if prim is cast and isinstance(target.type, Scalar) and isinstance(stmt.args[0].type, Scalar):
                self.env[target] = self.number(stmt.args[0], target.type.dtype)
            case prim if prim is trip_count:
                self.env[target] = control.trip_count(self, *(self.int64(a) for a in stmt.args))
            case prim if prim is load and isinstance(stmt.args[0].type, Array):
                return self._load(stmt)
            case prim if prim is store or prim is inc:
                return self._update(stmt)
            case _:
                return False
        return True

    def _load(self, stmt: Let) -> bool:
        base, *operands = stmt.args
        path, target = dict(stmt.params)["path"], stmt.targets[0]
        type_ = array_type(base)
        if any(isinstance(o.type, Array) for o in operands):
            return gathers.load(self, stmt)
        if is_element(path, type_.rank):
            address = indexing.place(self, base, operands, path)
            self.env[target] = movement.read(self.code, type_.dtype, address)
            return True
        try:
            found = indexing.view(self, self.view(base), type_.dims, operands, path)
        except Uncovered:
            return False
        self.env[target] = (
            found if isinstance(target.type, Array) else movement.read(self.code, found.dtype, found.data)
        )
        return True

    def _update(self, stmt: Let) -> bool:
        """A store or an increment, in place; planning saw to it that nobody reads what was there before."""
        (target,), (base, value, *operands) = stmt.targets, stmt.args
        path, adding = dict(stmt.params)["path"], stmt.prim is inc
        type_, view = array_type(base), self.view(base)
        if any(isinstance(o.type, Array) for o in operands):
            return gathers.update(self, stmt)
        if any(isinstance(s, ViewStep) and s.name in ("reshape", "ravel") for s in path) and view.strides is not None:
            return False
        if isinstance(value.type, Scalar) and is_element(path, type_.rank):
            address = indexing.place(self, base, operands, path)
            number = self.number(value, type_.dtype)
            if adding:
                movement.add(self.code, type_.dtype, number, address, self.flags(stmt))
            else:
                movement.write(self.code, type_.dtype, number, address)
        else:
            try:
                place = indexing.view(self, view, type_.dims, operands, path)
            except Uncovered:
                return False
            if isinstance(value.type, Scalar):
                movement.fill(self, place, self.number(value, value.type.dtype), value.type.dtype, adding)
            else:
                source = self.view(value)
                if not self.apart(value, base):
                    source = self.copied(source)
                movement.copy(self, place, source, adding)
        self.env[target] = view
        return True

    def apart(self, value: Atom, base: Atom) -> bool:
        """Whether two arrays are known not to share memory: each lies in an array that this function made, or was
        given and never writes into, and they are not the same one."""
        one, other = self.buffers.origin(value), self.buffers.origin(base)
        return one != other and self.buffers.is_whole(one) and self.buffers.is_whole(other)

    def flags(self, stmt: Let) -> str:
        """What LLVM may do to sums and products of floats: choose the order of a sum that nothing else is done with,
        and fuse the products and sums of a derivative, unless something is decided by them."""
        target = stmt.targets[0]
        fused = stmt.derived and config.reorder_sums and target not in self.exact
        return " ".join(["reassoc"] * (target in self.sums) + ["contract"] * fused)

    def loop(self, stmt: For) -> None:
        """A loop, in lanes where that is possible and pays; LLVM makes vectors of innermost ones."""
        innermost = not any(isinstance(s, For | While) for s in walk.statements(stmt.body))
        if innermost or self.seldom or self.alone or "lanes" in config.passes_off:
            control.plain_for(self, stmt)
            return
        state = self.state()
        self.alone = True
        try:
            width = lanes_of_machine(nested=self.memory.in_loop)
            lane_loop.write(self, varying.planned(self, stmt, width))
            self._say(stmt, "run in lanes", f"{width} trips at once")
        except Refused as why:
            self.restore(state)
            self.alone = False
            self._say(stmt, "run trip by trip", str(why))
            control.plain_for(self, stmt)
        self.alone = False

    def _say(self, loop: For, how: str, why: str) -> None:
        self.unit.decisions.append(Decision(loop.index.name, how, why, pos=loop.pos, loop=True))

    def state(self) -> tuple[Any, ...]:
        """What is written so far."""
        made = None if self.assumptions is None else dict(self.assumptions.made)
        return len(self.code.lines), self.code.label, dict(self.env), self.facts.copied(), self.memory.state(), made

    def restore(self, state: tuple[Any, ...]) -> None:
        """Forget what was written since."""
        lines, self.code.label, self.env, self.facts, memory, made = state
        del self.code.lines[lines:]
        self.memory.restore(memory)
        self.faults.masked, self.lanes = False, None
        if self.assumptions is not None:
            self.assumptions.made = made

    # -- values

    def anything(self, atom: Atom) -> Anything:
        """What a variable is."""
        return self.env[atom] if isinstance(atom, Var) else constant(atom.value, atom.type.dtype)

    def number(self, atom: Atom, dtype: np.dtype) -> Number:
        """A number, as one of that dtype."""
        if isinstance(atom, Const):
            exact = constant(atom.value, atom.type.dtype)
            return convert(self.code, exact, atom.type.dtype, dtype)
        found = self.env[atom]
        assert isinstance(found, Value | Complex), f"{atom} is no number"
        if self.lanes is not None:
            found = self.lanes.number(atom, found)
        return convert(self.code, found, atom.type.dtype, dtype)

    def int64(self, atom: Atom) -> Value:
        """An integer of 64 bits."""
        found = self.number(atom, INT)
        assert isinstance(found, Value)
        return found

    def truth(self, atom: Atom) -> Value:
        """Whether a number is not zero."""
        return truth(self.code, self.anything_number(atom), atom.type.dtype)

    def anything_number(self, atom: Atom) -> Number:
        """A number as it is."""
        return self.number(atom, atom.type.dtype)

    def view(self, atom: Atom) -> View:
        """An array."""
        found = self.anything(atom)
        if not isinstance(found, View):
            raise Uncovered(f"{atom}, which is no array")
        return found

    def copied(self, view: View, *, fresh: bool = False) -> View:
        """The same elements in memory of their own, contiguous."""
        out = self.memory.allocate(view.dtype, view.shape, [True] * len(view.shape), fresh=fresh)
        movement.copy(self, out, view)
        return out

    def contiguous(self, view: View) -> View:
        """The view, or a copy of it, without strides."""
        return view if view.strides is None else self.copied(view)


__all__ = ["Writer"]
