"""Small arrays held in numbers.

    def f(x, n):
        w = np.zeros(2)
        for i in range(n):
            w[0] += x[i]
            w[1] = w[0] * w[1]
        return w[0] + w[1]

becomes, with `dce` after it,

    def f(x, n):
        w_5 = np.float64(0.0)
        w_6 = np.float64(0.0)
        for i in range(n):
            v = x[i]
            w_7 = w_5 + v
            mul = w_7 * w_6
            w_5 = w_7
            w_6 = mul
        w_8 = w_5
        w_9 = w_6
        add = w_8 + w_9
        return add

Every version of such an array (`families`) becomes a tuple of numbers: a store names one of them anew, an increment
adds to it, a load is that number; a loop carries as many of them, and a branch joins as many, as there are elements. An
array that comes from elsewhere is loaded once where it is defined, and one that is needed as a whole is written once
there. Loops must be written out before (`unroll`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import numpy as np

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
from s2sad.ir.paths import element_path
from s2sad.ir.primitives import cast, inc, load, store, undef, zeros
from s2sad.ir.types import Scalar
from s2sad.lower.families import Family, families, is_small, literal, place, position, size
from s2sad.optimise.algebra import interchangeable
from s2sad.rules.elementwise import add
from s2sad.transforms.recording.decisions import Decision, plain

Numbers = tuple[Atom, ...]


def scalars(function: Function) -> Function:
    """The function with small arrays held in numbers, where every index is known and it pays."""
    found = families(function, literal, {})
    return _Writer(function, found).run() if found else function


def held(before: Function, after: Function) -> Iterator[Decision]:
    """What is to be said of the arrays that are held in numbers: once for each name and line."""
    left = set(walk.all_defined(after.body))
    said: dict[str, Decision] = {}
    for stmt in walk.statements(before.body):
        if isinstance(stmt, Let) and stmt.prim in (undef, zeros) and is_small(stmt.targets[0]):
            (array,) = stmt.targets
            if array not in left:
                why = f"every index of its {size(array)} elements is known"
                decision = Decision(plain(array.name), "held in numbers", why, pos=stmt.pos)
                said.setdefault(str(decision), decision)
    yield from said.values()


class _Writer:
    """One walk forwards; `parts` are the elements of each version, `aliases` what each load was."""

    def __init__(self, function: Function, found: Iterable[Family]) -> None:
        self.function = function
        self.b = Builder(walk.names_of(function))
        self.parts: dict[Var, Numbers] = {}
        self.aliases: dict[Var, Atom] = {}
        self.held: set[Var] = set()
        self.entering: set[Var] = set()
        self.escaping: set[Var] = set()
        for family in found:
            self.held.update(family.versions)
            self.entering.update(family.entering)
            self.escaping.update(family.escaping)
        self.escaping -= self.entering

    def run(self) -> Function:
        with self.b.block() as out:
            self.enter(self.function.params)
            self.statements(self.function.body)
        return replace(self.function, body=tuple(out), results=tuple(map(self.use, self.function.results)))

    def use(self, atom: Atom) -> Atom:
        return self.aliases.get(atom, atom) if isinstance(atom, Var) else atom

    def block(self, block: Block, phis: Iterable[Var] = ()) -> Block:
        """A nested block; small arrays that it begins with are written where they are needed as a whole."""
        with self.b.block() as out:
            for v in phis:
                self.whole(v)
            self.statements(block)
        return tuple(out)

    def statements(self, block: Block) -> None:
        for stmt in block:
            self.b.pos = getattr(stmt, "pos", None)
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let(targets=(target,)) if target in self.held and target not in self.entering:
                self.parts[target] = self.version(stmt, target)
                self.whole(target)
            case Let(args=(Var() as array, *_)) if stmt.prim is load and array in self.held and place(stmt) is not None:
                self.aliases[stmt.targets[0]] = self.parts[array][self.at(stmt, array)]
            case For() | While():
                self.loop(stmt)
            case If():
                self.branch(stmt)
            case _:
                self.b.append(walk.rewrite(stmt, self.use, lambda v: v, self.block))
                self.enter(walk.defines(stmt))

    # -- versions

    def version(self, let: Let, target: Var) -> Numbers:
        """The elements of a version that an allocation or an update gives."""
        dtype = array_type(target).dtype
        if let.prim in (undef, zeros):
            return (Const(dtype.type(0)),) * size(target)
        array, value = let.args[0], self.use(let.args[1])
        assert isinstance(array, Var)
        parts, k = list(self.parts[array]), self.at(let, array)
        if let.prim is inc:
            first = self.fitted(value, dtype, target) if value.type.dtype.kind == "b" else value
            value = self.b.emit(add, (parts[k], first), hint=target.name)
        parts[k] = self.fitted(value, dtype, target)
        return tuple(parts)

    def at(self, let: Let, array: Var) -> int:
        """Where the element stands that a load or an update reaches."""
        index = place(let)
        found = None if index is None else position(array, index)
        assert found is not None
        return found

    def fitted(self, value: Atom, dtype: np.dtype, target: Var) -> Atom:
        """A number as an element of an array has it."""
        if interchangeable(value.type, Scalar(dtype)):
            return value
        if isinstance(value, Const):
            with np.errstate(all="ignore"):
                return Const(dtype.type(value.value))
        found = self.b.emit(cast, (value,), {"dtype": dtype}, target.name)
        assert isinstance(found, Var)
        return found

    def enter(self, variables: Iterable[Var]) -> None:
        """Read the elements of arrays that come from elsewhere."""
        for v in variables:
            if v in self.entering:
                where = (("path", element_path(array_type(v).rank)),)
                parts = self.fresh(v)
                for index, part in zip(_indexes(v), parts, strict=True):
                    self.b.append(Let((part,), load, (v, *index), where, self.b.pos))
                self.parts[v] = parts

    def whole(self, var: Var) -> None:
        """Write an array that is needed as one."""
        if var not in self.escaping:
            return
        type_ = array_type(var)
        array = Var(self.b.names.fresh(var.name), type_)
        dims = tuple(Const(d) for d in type_.dims)
        self.b.append(Let((array,), undef, dims, (("dtype", type_.dtype),), self.b.pos))
        where = (("once", True), ("path", element_path(type_.rank)))
        for k, (index, part) in enumerate(zip(_indexes(var), self.parts[var], strict=True)):
            after = var if k == size(var) - 1 else Var(self.b.names.fresh(var.name), type_)
            self.b.append(Let((after,), store, (array, part, *index), where, self.b.pos))
            array = after

    def fresh(self, var: Var) -> tuple[Var, ...]:
        """A new name for each element."""
        type_ = Scalar(array_type(var).dtype)
        return tuple(Var(self.b.names.fresh(var.name), type_) for _ in range(size(var)))

    # -- control flow

    def loop(self, stmt: For | While) -> None:
        inits = [self.values(c.phi, c.init) for c in stmt.carried]
        phis = [self.named(c.phi) for c in stmt.carried]
        heads = [c.phi for c in stmt.carried]
        done: Stmt
        if isinstance(stmt, For):
            bounds = (self.use(a) for a in (stmt.start, stmt.stop, stmt.step))
            body = self.block(stmt.body, heads)
            start, stop, step = bounds
            leave = None if stmt.exit is None else self.use(stmt.exit)
            done = replace(stmt, start=start, stop=stop, step=step, body=body, exit=leave)
        else:
            pre = self.block(stmt.pre, heads)
            body = self.block(stmt.body)
            done = replace(stmt, pre=pre, body=body, test=self.use(stmt.test))
        nexts = [self.values(c.phi, c.next) for c in stmt.carried]
        outs = [self.named(c.out) for c in stmt.carried]
        carried = tuple(
            Carry(*names) for four in zip(phis, inits, nexts, outs, strict=True) for names in zip(*four, strict=True)
        )
        self.b.append(replace(done, carried=carried))
        self.written(c.out for c in stmt.carried)

    def branch(self, stmt: If) -> None:
        cond = self.use(stmt.cond)
        then = self.block(stmt.then)
        orelse = self.block(stmt.orelse)
        joined = []
        for j in stmt.joined:
            sides = (self.named(j.out), self.values(j.out, j.then), self.values(j.out, j.orelse))
            joined += [Join(*names) for names in zip(*sides, strict=True)]
        self.b.append(replace(stmt, cond=cond, then=then, orelse=orelse, joined=tuple(joined)))
        self.written(j.out for j in stmt.joined)

    def named(self, var: Var) -> tuple[Var, ...]:
        """What a variable of a loop or a branch becomes: its elements, if it is held in numbers."""
        if var not in self.held:
            return (var,)
        parts = self.fresh(var)
        self.parts[var] = parts
        return parts

    def values(self, var: Var, value: Atom) -> Numbers:
        """What is given to such a variable."""
        return self.parts[value] if var in self.held and isinstance(value, Var) else (self.use(value),)

    def written(self, variables: Iterable[Var]) -> None:
        for v in variables:
            self.whole(v)


def _indexes(var: Var) -> Iterator[tuple[Atom, ...]]:
    """The indexes of all elements, in row-major order."""
    dims = [d for d in array_type(var).dims if isinstance(d, int)]
    return (tuple(map(Const, index)) for index in np.ndindex(*dims))


__all__ = ["held", "scalars"]
