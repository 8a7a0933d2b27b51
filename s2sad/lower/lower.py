"""The walk over a function: each array statement is delayed, or becomes loops, or stays as it is.

    lowered(module, guards) -> the module, in which arrays are computed element by element

One walk forwards. A statement whose result has an element rule is delayed (`arrays`); a reduction and an update become
loops where they stand (`reductions`, `updates`); what has no rule, or sizes that are not known to be equal, keeps its
statement, for which its arguments are made. A statement with blocks lets nothing pass it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, assert_never

from s2sad.config import config
from s2sad.ir import walk
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Carry,
    Comment,
    Const,
    Custom,
    Effect,
    For,
    Function,
    If,
    Join,
    Let,
    Module,
    Stmt,
    Var,
    While,
    replace,
)
from s2sad.ir.primitives import UPDATES, cast, dim, inc, load, store, undef, zeros
from s2sad.ir.types import Array, Dim, Scalar, Size
from s2sad.lower.arrays import Arrays, Delayed, Elements
from s2sad.lower.chains import shortened
from s2sad.lower.checked import Pairs, checked
from s2sad.lower.contractions import contract
from s2sad.lower.decisions import left_whole, of_arrays
from s2sad.lower.gathering import gathered
from s2sad.lower.indexing import path_map, read_axes
from s2sad.lower.order import in_order
from s2sad.lower.reductions import SCANS, reduce, scan, unbroadcast_
from s2sad.lower.regions import START, Entangled
from s2sad.lower.scalars import held, scalars
from s2sad.lower.sizes import Equalities, kept, unsure
from s2sad.lower.unroll import unroll
from s2sad.lower.updates import place_whole, update
from s2sad.lower.writer import Writer
from s2sad.optimise import cse, dce, increments, prune, simplify
from s2sad.rules.broadcasting import broadcast_to, unbroadcast
from s2sad.rules.creation import arange, eye, full
from s2sad.rules.elementwise import imag, real
from s2sad.rules.numbers import costs, is_exact, of_numbers, scalar_form
from s2sad.rules.products import PRODUCTS
from s2sad.rules.registry import ELEMENT, PLACES, REDUCTIONS, call_rule
from s2sad.rules.shape import flip, reshape, transpose
from s2sad.transforms.recording.decisions import Decision

VIEWS = frozenset({transpose, reshape})
CONSTANTS = frozenset({zeros, full, eye, arange})
CARRIED = "carried by a loop of the program"


def lowered(
    module: Module, guards: Iterable[tuple[Dim, Dim]] = (), fuse: bool = True, said: list[Decision] | None = None
) -> Module:
    """The module with loops over elements where it has array expressions. `guards` are sizes of parameters of the main
    function that its caller knows to be equal. Without `fuse` every array is made where it stands. What became of each
    array is `said`."""
    if not config.lower or {"elements", "scalars"} <= config.passes_off:
        return module
    fuse = fuse and "fuse" not in config.passes_off
    said = [] if said is None else said
    functions = {name: with_passes(f, (), fuse, said) for name, f in module.functions.items()}
    return Module(with_passes(module.main, tuple(guards), fuse, said), functions)


def with_passes(function: Function, guards: Pairs, fuse: bool, said: list[Decision]) -> Function:
    """One function, by the passes that are not switched off."""
    known: Pairs = ()
    if "scalars" not in config.passes_off:
        function, known = checked(function, Equalities((*guards, *kept(function))))
    if "elements" not in config.passes_off:
        function = lower_function(function, (*guards, *known), fuse, said)
    if "scalars" not in config.passes_off:
        function = in_numbers(function, said)
    return dce.dce(shortened(gathered(function)))


def in_numbers(function: Function, said: list[Decision]) -> Function:
    """The function with small arrays held in numbers."""
    before = unroll(function)
    after = scalars(before)
    if after is function:
        return function
    said.extend(held(before, after))
    return dce.dce(prune.prune(cse.cse(simplify.simplify(after))))


def lower_function(
    function: Function, guards: Iterable[tuple[Dim, Dim]] = (), fuse: bool = True, said: list[Any] | None = None
) -> Function:
    """One function. Where loops that were joined need more of each other than there is by then, every array is made
    where it stands; where that is not possible either, the function stays as it is."""
    equalities = Equalities((*guards, *kept(function)))
    for joined in dict.fromkeys((fuse, False)):
        lowering = _Lowering(function, equalities, joined)
        try:
            done = lowering.run()
        except Entangled:
            continue
        if in_order(done):
            if said is not None:
                said.extend(lowering.decisions())
            return increments.settled(dce.dce(simplify.simplify(done)))
    if said is not None:
        why = "its loops would need more of each other than there is by then"
        said.append(Decision(function.name, "left whole", why, pos=function.pos))
    return function


class _Lowering:
    def __init__(self, function: Function, equalities: Equalities, fuse: bool) -> None:
        self.function = function
        self.writer = Writer(walk.names_of(function), equalities, unsure(function, equalities))
        self.uses: Counter[Var] = Counter(r for r in function.results if isinstance(r, Var))
        self.updated: set[Atom] = set()
        users: dict[Var, Stmt] = {}
        for stmt in walk.statements(function.body):
            atoms = [a for a in (*walk.operands(stmt), *walk.leaving(stmt)) if isinstance(a, Var)]
            self.uses.update(atoms)
            users.update(dict.fromkeys(atoms, stmt))
            self.updated.update(_updated(stmt))
        self.added = {
            v for v, s in users.items() if self.uses[v] == 1 and isinstance(s, Let) and s.prim is inc and s.args[1] == v
        }
        self.arrays = Arrays(self.writer, self.uses, self.updated, fuse)
        self.aliases = self.arrays.aliases
        self.left: list[Decision] = []
        """The statements about whole arrays that stay."""

    def decisions(self) -> Iterator[Decision]:
        """What became of each array."""
        yield from of_arrays(self.arrays)
        yield from self.left

    def run(self) -> Function:
        for p in self.function.params:
            self.writer.define(p, self.writer.top, START)
        self.block(self.function.body)
        with_results = self.wholes(self.function.results, "returned")
        return replace(self.function, body=self.writer.finished(self.writer.top), results=with_results)

    # -- atoms

    def use(self, atom: Atom) -> Atom:
        """An atom of the program as it is now; one use less of it is to come."""
        if not isinstance(atom, Var):
            return atom
        self.uses[atom] -= 1
        found = self.aliases.get(atom, atom)
        if isinstance(found, Var) and found != atom:
            self.uses[found] -= 1
        return found

    def whole(self, atom: Atom, why: str) -> Atom:
        """An atom for use as a whole, and why."""
        return self.arrays.concrete(self.use(atom), why)

    def wholes(self, atoms: Iterable[Atom], why: str) -> tuple[Atom, ...]:
        """Several of them."""
        return tuple(self.whole(a, why) for a in atoms)

    # -- statements

    def block(self, block: Block) -> None:
        for stmt in block:
            self.writer.pos = getattr(stmt, "pos", None)
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self.let(stmt)
            case Comment():
                self.writer.add(stmt)
            case Effect():
                self.writer.add(replace(stmt, args=self.wholes(stmt.args, _taken(stmt))))
                self.writer.top.close()
            case Call():
                args = self.wholes(stmt.args, f"handed to {stmt.function}")
                self.arrays.flush(a for a in args)
                self.writer.add(replace(stmt, args=args), stmt.targets)
                self.writer.top.close()
            case For() | While() | If():
                self.control(stmt)
            case Apply() | Custom():
                raise AssertionError("a transform is left where everything is lowered")
            case _:
                assert_never(stmt)

    def control(self, stmt: For | While | If) -> None:
        """A statement with blocks: what these read as a whole is made before it."""
        inner = list(walk.statements((stmt,)))
        named = dict.fromkeys(a for s in inner for a in (*walk.operands(s), *walk.leaving(s)) if isinstance(a, Var))
        updated = {a for s in inner for a in _updated(s)}
        for atom in named:
            made = self.arrays.pending(self.aliases.get(atom, atom))
            if made is not None and (not made.view or made.reads & updated):
                self.arrays.make(made, f"read in {_named(stmt)}")
        self.arrays.flush(updated)
        match stmt:
            case For():
                start, stop, step = self.wholes((stmt.start, stmt.stop, stmt.step), CARRIED)
                inits = [self.whole(c.init, CARRIED) for c in stmt.carried]
                self.writer.top.close()
                with self.writer.block_of_program() as region:
                    self.bind(stmt.index, *(c.phi for c in stmt.carried))
                    self.block(stmt.body)
                    carried = self.carried(stmt, inits)
                    leave = None if stmt.exit is None else self.whole(stmt.exit, CARRIED)
                    body = self.writer.finished(region)
                done: Stmt = replace(
                    stmt, start=start, stop=stop, step=step, carried=carried, body=body, exit=leave, mirrors=None
                )
            case While():
                inits = [self.whole(c.init, CARRIED) for c in stmt.carried]
                self.writer.top.close()
                with self.writer.block_of_program() as region:
                    self.bind(stmt.index, *(c.phi for c in stmt.carried))
                    self.block(stmt.pre)
                    test = self.whole(stmt.test, CARRIED)
                    self.writer.top.close()
                    with self.writer.block_of_program() as second:
                        self.block(stmt.body)
                        carried = self.carried(stmt, inits)
                        body = self.writer.finished(second)
                    pre = self.writer.finished(region)
                done = replace(stmt, carried=carried, pre=pre, test=test, body=body)
            case If():
                cond = self.whole(stmt.cond, CARRIED)
                self.writer.top.close()
                blocks, ends = [], []
                for side, block in (("then", stmt.then), ("orelse", stmt.orelse)):
                    with self.writer.block_of_program() as region:
                        self.block(block)
                        ends.append([self.whole(getattr(j, side), "made by a branch") for j in stmt.joined])
                        blocks.append(self.writer.finished(region))
                joined = tuple(Join(j.out, a, b) for j, a, b in zip(stmt.joined, *ends, strict=True))
                done = replace(stmt, cond=cond, then=blocks[0], orelse=blocks[1], joined=joined)
        self.writer.add(done, walk.defines(stmt))
        self.writer.top.close()

    def bind(self, *variables: Var) -> None:
        for v in variables:
            self.writer.define(v, self.writer.top, START)

    def carried(self, stmt: For | While, inits: list[Atom]) -> tuple[Carry, ...]:
        ends = [self.whole(c.next, CARRIED) for c in stmt.carried]
        return tuple(replace(c, init=init, next=end) for c, init, end in zip(stmt.carried, inits, ends, strict=True))

    # -- applications

    def let(self, let: Let) -> None:
        before = let
        let = replace(let, args=tuple(map(self.use, let.args)))
        if let.prim in UPDATES:
            self.arrays.flush(before.args[:1])
        if not self.lowers(let):
            self.keep(let)

    def keep(self, let: Let) -> None:
        """The statement as it is, its arrays made."""
        decision = left_whole(self.arrays, let)
        if decision is not None:
            self.left.append(decision)
        let = replace(let, args=tuple(self.arrays.concrete(a, _taken(let)) for a in let.args))
        floats = let.prim.elementwise or let.prim in (dim, load, cast)
        if let.prim in (zeros, undef) or (floats and all(isinstance(t.type, Scalar) for t in let.targets)):
            self.writer.append(let)
        else:
            self.writer.add(let, let.targets)
        if not let.prim.pure:
            self.writer.top.close()

    def lowers(self, let: Let) -> bool:
        """Delay a statement, or write it as loops; False where neither is possible."""
        prim, target = let.prim, let.targets[0]
        if not self.writer.unsure.isdisjoint((*let.args, *let.targets)):
            return False
        if prim is dim:
            return self.size(let)
        if prim in (store, inc):
            return update(self.arrays, let)
        if len(let.targets) > 1 or not isinstance(target.type, Array):
            if prim in REDUCTIONS and isinstance(let.args[0].type, Array):
                return reduce(self.arrays, let)
            if prim is unbroadcast and isinstance(let.args[0].type, Array):
                return unbroadcast_(self.arrays, let, False)
            if prim in PRODUCTS:
                return contract(self.arrays, let)
            if prim.elementwise or prim is cast:
                return self.of_elements(let)
            return prim is load and isinstance(let.args[0].type, Array) and self.element_read(let)
        if any(not is_exact(v.type.dtype) for v in (target, *let.args)):
            return False
        if any(self.writer.extent(d) is None for d in self.arrays.dims(target)):
            return False
        if prim in REDUCTIONS:
            return reduce(self.arrays, let)
        if prim is unbroadcast:
            return unbroadcast_(self.arrays, let, target in self.added and self.arrays.fuse)
        if prim in SCANS:
            return scan(self.arrays, let)
        if prim in PRODUCTS:
            return contract(self.arrays, let)
        if prim in PLACES:
            return place_whole(self.arrays, let)
        if prim is load:
            return self.loaded(let)
        if prim.elementwise or prim is cast:
            return self.elementwise(let)
        if prim is zeros:
            return target not in self.updated and self.delay(let, lambda index: Const(target.type.dtype.type(0)), 0)
        if prim in ELEMENT:
            return self.by_rule(let)
        return False

    def size(self, let: Let) -> bool:
        """The size of an array that is not made."""
        array = let.args[0]
        if self.arrays.pending(array) is None or not isinstance(array.type, Array):
            return False
        found = self.writer.extent(array.type.dims[dict(let.params)["axis"]])
        if found is None:
            return False
        self.arrays.alias(let.targets[0], found)
        return True

    def delay(self, let: Let, element: Any, cost: int, axes: Any = None, view: bool = False) -> bool:
        """Delay a statement whose elements `element` gives."""
        target = let.targets[0]
        dims = self.arrays.dims(target)
        args = tuple(a for a in let.args if isinstance(a, Var))
        if axes is None:
            axes = [self.trailing(a, dims) for a in args]
        sources = [self.arrays.delayed.get(a) for a in args]
        reads = frozenset[Var]()
        depth = 0
        for arg, source in zip(args, sources, strict=True):
            reads |= self.arrays.reads(arg)
            if source is not None and source.thread is None:
                depth = max(depth, source.depth + 1)
        made = Delayed(target, dims, element, args, tuple(axes), cost, depth, let, view, reads, region=self.writer.top)
        self.arrays.add(made)
        return True

    def trailing(self, atom: Atom, dims: tuple[Dim, ...]) -> tuple[int | None, ...]:
        """The axes of an argument that is broadcast."""
        own = self.arrays.dims(atom) if isinstance(atom.type, Array) else ()
        first = len(dims) - len(own)
        return tuple(None if d == 1 else first + k for k, d in enumerate(own))

    def elementwise(self, let: Let) -> bool:
        """A function of elements."""
        dims = self.arrays.dims(let.targets[0])
        shapes = [self.arrays.dims(a) for a in let.args if isinstance(a.type, Array)]
        if not shapes or not all(_broadcasts(s, dims) for s in shapes) or not scalar_form(let):
            return False
        dtype = let.targets[0].type.dtype

        def element(index: Any) -> Atom:
            atoms = []
            for a in let.args:
                if isinstance(a.type, Array):
                    own = self.arrays.dims(a)
                    last = index[len(index) - len(own) :]
                    a = self.arrays.element(a, tuple(Const(0) if d == 1 else i for i, d in zip(last, own, strict=True)))
                atoms.append(a)
            return of_numbers(self.writer, let, tuple(atoms), dtype)

        return self.delay(let, element, costs(let.prim))

    def of_elements(self, let: Let) -> bool:
        """A number made of arrays without axes."""
        arrays = [a for a in let.args if isinstance(a.type, Array)]
        if not arrays or any(self.arrays.dims(a) for a in arrays) or len(let.targets) > 1 or not scalar_form(let):
            return False
        atoms = tuple(self.arrays.element(a, ()) if isinstance(a.type, Array) else a for a in let.args)
        target = let.targets[0]
        self.arrays.alias(target, of_numbers(self.writer, let, atoms, target.type.dtype))
        return True

    def by_rule(self, let: Let) -> bool:
        """A primitive with an element rule."""
        dims = self.arrays.dims(let.targets[0])
        rule = ELEMENT[let.prim]
        args = [Elements(self.arrays, a) if isinstance(a.type, Array) else self.writer.ref(a) for a in let.args]
        params = {**dict(let.params), "dims": dims}
        axes = None
        if let.prim in VIEWS or let.prim in (broadcast_to, flip):
            axes = read_axes(self.arrays, rule, let, params)
            if axes is None:
                return False
        elif let.prim not in CONSTANTS:
            axes = [(None,) * len(self.arrays.dims(a)) if isinstance(a.type, Array) else () for a in _variables(let)]
        if let.prim.name in ("roll", "arange") and not self.possible(let):
            return False

        def element(index: Any) -> Atom:
            found = call_rule(rule, [self.arrays.refs(index), *args], None, params)
            atom = self.writer.ref(found).atom
            assert atom is not None
            return atom

        view = let.prim in VIEWS or (let.prim in CONSTANTS and let.targets[0] not in self.updated)
        if let.prim in CONSTANTS and not view:
            return False
        return self.delay(let, element, 0 if axes is not None and let.args else 1, axes, view)

    def possible(self, let: Let) -> bool:
        """Whether a rule that is for some params and types only applies."""
        if let.prim is arange:  # of a number below 0 it is empty
            (size,) = self.arrays.dims(let.targets[0])
            numbers = isinstance(size, Size) and any(s.name in self.writer.integers for s, _ in size.terms)
            return not numbers and all(let.args[k].type.dtype.kind in "iu" for k in (0, 2))
        rank = len(self.arrays.dims(let.args[0]))
        return dict(let.params).get("axis") is not None or rank == 1

    def loaded(self, let: Let) -> bool:
        """A view, or what an index array picks."""
        base, *operands = let.args
        path = dict(let.params)["path"]
        if any(isinstance(o.type, Array) for o in operands):
            base = self.arrays.concrete(base, "picked from by an array of indexes")
        found = path_map(self.arrays, base, operands, path)
        if found is None or found.dims != self.arrays.dims(let.targets[0]):
            return False
        let = replace(let, args=(base, *operands))

        def element(index: Any) -> Atom:
            value = self.arrays.element(base, found.at(index))
            if found.part:
                value = self.writer.emit(real if found.part == "real" else imag, (value,))
            return value

        rest = [(None,) * len(self.arrays.dims(o)) if isinstance(o.type, Array) else () for o in _variables(let)[1:]]
        return self.delay(let, element, 0 if found.view else 2, [found.axes, *rest], found.view)

    def element_read(self, let: Let) -> bool:
        """One element of an array that is not made."""
        base, *operands = let.args
        if self.arrays.pending(base) is None or not is_exact(base.type.dtype):
            return False
        found = path_map(self.arrays, base, operands, dict(let.params)["path"])
        if found is None or found.dims or found.part:
            return False
        self.arrays.alias(let.targets[0], self.arrays.element(base, found.at(())))
        return True


def _taken(stmt: Let | Effect) -> str:
    """Why what a statement takes must be there as a whole."""
    return f"taken whole by {stmt.prim.name.rstrip('_')}"


def _named(stmt: For | While | If) -> str:
    """A statement with blocks, in words."""
    kind = "a branch" if isinstance(stmt, If) else "a loop of the program"
    return kind if stmt.pos is None else f"{kind} (line {stmt.pos.line})"


def _variables(let: Let) -> list[Var]:
    return [a for a in let.args if isinstance(a, Var)]


def _broadcasts(own: tuple[Dim, ...], dims: tuple[Dim, ...]) -> bool:
    """Whether an array of dims `own` is known to be broadcast to `dims` where its sizes are 1, and only there."""
    last = dims[len(dims) - len(own) :]
    return len(own) <= len(dims) and all(a in (1, b) for a, b in zip(own, last, strict=True))


def _updated(stmt: Stmt) -> tuple[Atom, ...]:
    """The arrays that a statement may overwrite."""
    match stmt:
        case Let() if stmt.prim in UPDATES:
            return stmt.args[:1]
        case Call():
            return stmt.args
        case For() | While():
            return tuple(c.init for c in stmt.carried)
        case _:
            return ()


__all__ = ["lower_function", "lowered"]
