"""Batching: a function of one item becomes a function of many, along a new axis.

    def f(A, x):                      def f(A, x):              # x: [B, n]
        return np.tanh(A @ x)    ->       return np.tanh(x @ A.T)

Each primitive has a rule that takes the batch as the first axis of its arguments (`rules.batching`). What is the same
for every item is computed once (`varying`). What cannot take an axis, or gains nothing from it, becomes a loop
over the batch around the code as it stands (`choice` decides, `lanes` writes it). The result is plain IR:
any transform reads it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from s2sad.errors import ShapeError
from s2sad.ir import walk
from s2sad.ir.builder import Names, Ref
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Const,
    Effect,
    Function,
    Let,
    Stmt,
    Var,
    array_type,
    asked_size,
    replace,
)
from s2sad.ir.primitives import cast, dim, list_new, undef, zeros
from s2sad.ir.types import Array, Dim, List, Scalar, Size, symbols_of
from s2sad.rules.batching import Axes, batched_elementwise
from s2sad.rules.registry import call_rule, rule_of
from s2sad.rules.shape import move_axis
from s2sad.transforms.batch import control, parts
from s2sad.transforms.batch.choice import Decision, why_lanes, why_whole
from s2sad.transforms.batch.lanes import Lanes
from s2sad.transforms.batch.parts import acting
from s2sad.transforms.batch.standing import Standing, symbol_names
from s2sad.transforms.batch.varying import touches, varying_of

Functions = Mapping[str, Function]


@dataclass(frozen=True, slots=True)
class Batching:
    """A batched function, the functions it calls, and which parts became loops over the batch, and why."""

    function: Function
    functions: dict[str, Function]
    decisions: tuple[Decision, ...]


def vmap(
    function: Function, axes: Sequence[int | None], size: Dim, functions: Functions | None = None
) -> tuple[Function, dict[str, Function]]:
    """The function of a batch of `size` items: parameters have the batch at `axes` (None: none), results at axis 0."""
    batching = batch(function, axes, (0,) * len(function.results), size, functions)
    return batching.function, batching.functions


def apply(stmt: Apply, function: Function, functions: Functions) -> Batching:
    """What an `Apply` of kind 'batch' asks for, of its function with the transforms in it resolved."""
    count = len(function.params)
    axes = stmt.axes[:count]
    out_axes = stmt.axes[len(stmt.args) :] or (0,) * len(function.results)
    for arg, axis in zip(stmt.args, axes, strict=False):
        if axis is not None:
            size = array_type(arg).dims[axis]
            assert size is not None
            return batch(function, axes, out_axes, size, functions)
    raise ValueError("vmap must have at least one non-None value in in_axes")


def batch(
    function: Function,
    axes: Sequence[int | None],
    out_axes: Sequence[int | None],
    size: Dim,
    functions: Functions | None = None,
) -> Batching:
    """The batched function, with the batch of each result at an axis of its own (None: the same for all items).

    Raises ValueError where a result that differs between items has no axis to go to.
    """
    function = _apart(function, size)
    also: set[Var] = set()
    while True:
        batcher = Batcher(function, axes, size, acting(functions or {}), also)
        try:
            with batcher.b.block() as body:
                results = batcher.run(out_axes)
        except Differs as found:
            also.update(found.vars)
            continue
        batched = replace(function, params=batcher.params, body=tuple(body), results=results)
        return Batching(batched, dict(functions or {}), tuple(batcher.decisions))


class Differs(Exception):
    """Values taken to be the same for all items that only a loop over the batch can give: they count as varying."""

    def __init__(self, vars: Iterable[Var]) -> None:
        super().__init__(*vars)
        self.vars = tuple(vars)


def _apart(function: Function, size: Dim) -> Function:
    """The function, none of whose own size symbols is one that the batch is counted by."""
    given = {s for p in function.params for s in symbols_of(p.type)}
    taken = {s.name for s, _ in size.terms} - {s.name for s in given} if isinstance(size, Size) else set()
    if not taken & (symbol_names(function) | {v.name for v in walk.all_defined(function.body)}):
        return function
    names = Names([*taken, *(s.name for s in given), *(p.name for p in function.params)])
    body, new = walk.clone(function.body, names)
    return replace(
        function, body=body, results=tuple(new.get(r, r) if isinstance(r, Var) else r for r in function.results)
    )


class Batcher(Standing):
    """Batches one function: writes what stands for each of its values."""

    def __init__(
        self,
        function: Function,
        axes: Sequence[int | None],
        size: Dim,
        acting: Collection[str] = (),
        also: Collection[Var] = (),
    ) -> None:
        mapped = [p for p, a in zip(function.params, axes, strict=True) if a is not None]
        super().__init__(function, size, varying_of(function, mapped, also))
        self.function, self.axes, self.acting = function, tuple(axes), acting
        self.decisions: list[Decision] = []
        self.params = tuple(map(self.parameter, function.params, axes))
        self.b.names.reserve(s.name for p in self.params for s in symbols_of(p.type))

    # -- the function

    def parameter(self, param: Var, axis: int | None) -> Var:
        """The parameter, with the batch at its axis."""
        if axis is None:
            return param
        if isinstance(param.type, List):
            raise NotImplementedError(f"vmap: the list {param.name} is not an array, and cannot be batched")
        dims = list(param.type.dims) if isinstance(param.type, Array) else []
        dims.insert(axis % (len(dims) + 1), self.dim)
        return Var(param.name, Array(param.type.dtype, tuple(dims)))

    def run(self, out_axes: Sequence[int | None]) -> tuple[Atom, ...]:
        """The batched body; returns the results."""
        self.enter()
        whole = why_whole(self.function, self.varying)
        if whole:
            self.decisions.append(Decision(self.function.name, whole, self.function.pos))
        used = [r for r in self.function.results if isinstance(r, Var)]
        self.block(self.function.body, used, whole=bool(whole))
        return tuple(map(self.result, self.function.results, out_axes))

    def enter(self) -> None:
        """Bring the batch of every parameter to the front, and name its size."""
        self.sizes.note(*self.params)
        for old, new, axis in zip(self.function.params, self.params, self.axes, strict=True):
            self.env[old] = new
            if axis is None:
                continue
            if self.size == Const(0) and not isinstance(self.dim, int):
                self.size = self.b.emit(dim, (new,), {"axis": axis % array_type(new).rank}, "batch")
            self.env[old] = move_axis(self.b.ref(new), axis, 0).atom
            self.batched.add(old)

    def result(self, atom: Atom, axis: int | None) -> Atom:
        """A result, with the batch at its axis."""
        if axis is None:
            if atom in self.batched:
                raise ShapeError(
                    "vmap has mapped output but out_axes is None.",
                    "Give an axis to the results that differ between items.",
                    self.function.pos,
                )
            return self.plain(atom)
        whole = self.whole(atom)
        return move_axis(self.b.ref(whole), 0, axis).atom

    # -- blocks

    def block(self, block: Block, needed: Iterable[Atom], whole: bool = False) -> None:
        """Batch a block. `needed` are the values that leave it; `whole` asks for one loop over the batch."""
        group: list[Stmt] = []

        def flush(rest: int) -> None:
            if group:
                used = {*walk.free_vars(block[rest:]), *needed}
                outs = [v for s in group for v in walk.defines(s) if v in used]
                Lanes(self).loop(tuple(group), outs)
                group.clear()

        for k, stmt in enumerate(block):
            self.b.pos = stmt.pos
            if self.joins(stmt, group, whole):
                if not all(v in self.varying for v in walk.defines(stmt)):
                    self.common(stmt, {*walk.free_vars(block[k + 1 :]), *needed})
                group += self.differing(stmt)
                continue
            if uses_any(stmt, group) or (not whole and _acts(stmt)):
                flush(k)
            self.statement(stmt)
        flush(len(block))

    def joins(self, stmt: Stmt, group: list[Stmt], whole: bool) -> bool:
        """Whether a statement becomes part of a loop over the batch."""
        if not touches(stmt, self.varying):
            return False
        if isinstance(stmt, Let) and stmt.prim is dim and stmt.targets[0] not in self.varying:
            return whole and uses_any(stmt, group)
        if whole:
            return True
        reason = why_lanes(stmt, self.varying)
        if reason:
            self.decisions.append(Decision(_what(stmt), reason, stmt.pos))
        return reason is not None or (bool(group) and _is_scalar(stmt))

    def common(self, stmt: Stmt, used: Collection[Atom]) -> None:
        """Write what of a statement, which becomes part of a loop over the batch, is the same for all items."""
        wanted = {v for v in walk.defines(stmt) if v in used and v not in self.varying}
        if not wanted:
            return
        part = parts.common(stmt, wanted, self.varying, self.acting)
        if part.acting:
            raise Differs(part.acting)
        for size in part.sizes:
            atom = self.sizes.atom(asked_size(size))
            if atom is None:
                raise Differs(size.targets)
            self.define(size.targets, (atom,), batched=False)
        if part.stmt is not None:
            self.copy(part.stmt)

    def differing(self, stmt: Stmt) -> Block:
        """What of a statement stands in the loop over the batch."""
        part = parts.differing(stmt, self.varying, self.acting, self.b.names)
        return () if part is None else (part,)

    def statement(self, stmt: Stmt) -> None:
        """Batch a statement, or copy what is the same for all items."""
        if not touches(stmt, self.varying):
            self.copy(stmt)
        elif isinstance(stmt, Let):
            self.size_of_axis(stmt) if stmt.prim is dim else self.let(stmt)
        else:
            control.statement(self, stmt)

    def copy(self, stmt: Stmt) -> None:
        """A statement that is the same for all items."""

        def define(v: Var) -> Var:
            new = self.named(v, v.type)
            self.env[v] = new
            return new

        def copies(block: Block) -> Block:
            return tuple(walk.rewrite(s, self.plain, define, copies) for s in block)

        (new,) = copies((stmt,))
        self.b.append(new)
        self.sizes.note(*walk.defines(new))
        if isinstance(new, Let) and new.prim in (zeros, undef, list_new):
            self._origin[new.targets[0]] = new

    def size_of_axis(self, stmt: Let) -> None:
        """The size of an axis of one item is the same for all."""
        (array,), (target,) = stmt.args, stmt.targets
        axis = dict(stmt.params)["axis"] + (array in self.batched)
        new = self.named(target, target.type)
        self.b.append(Let((new,), dim, (self.now(array),), (("axis", axis),), stmt.pos))
        self.define((target,), (new,), batched=False)

    # -- primitives

    def let(self, stmt: Let) -> None:
        """A primitive by its batch rule, or in a loop over the batch where it refuses."""
        with self.b.block() as written:
            outs = self.by_rule(stmt)
        if outs is None:
            self.decisions.append(Decision(_what(stmt), "its batch rule does not take this form", stmt.pos))
            Lanes(self).loop((stmt,), stmt.targets)
            return
        self.b.extend(written)
        names = [self.rename(v, out.atom) for v, out in zip(stmt.targets, outs, strict=True)]
        self.define(stmt.targets, names)

    def by_rule(self, stmt: Let) -> tuple[Ref, ...] | None:
        """The results of the batch rule; None where it refuses."""
        args = [self.b.ref(self.now(a)) for a in stmt.args]
        axes = Axes(
            (0 if a in self.batched else None for a in stmt.args),
            self.size.value if isinstance(self.size, Const) else self.b.ref(self.size),
            lambda x: self.b.ref(self.spread(x.atom)),
        )
        params, rule = dict(stmt.params), rule_of(stmt.prim).batch
        try:
            if rule is None:
                out = batched_elementwise(stmt.prim, axes, args, params)
            else:
                out = call_rule(rule, (axes, *args), None, params)
            outs = out if isinstance(out, tuple) else (out,)
            return None if NotImplemented in outs else tuple(map(self.fitted, outs, stmt.targets))
        except (TypeError, ValueError, IndexError):  # NumPy has no such operation on arrays
            return None

    def fitted(self, out: Ref, target: Var) -> Ref:
        """A batched result with the dtype of what it stands for. TypeError when it has another rank."""
        rank = target.type.rank if isinstance(target.type, Array) else 0
        if out.ndim != rank + 1:
            raise TypeError(f"{target.name} has rank {rank}, its batch rank {out.ndim}")
        return out if out.dtype == target.type.dtype else cast(out, dtype=target.type.dtype)

    def rename(self, v: Var, out: Atom) -> Atom:
        """Give a result that was just written the name of what it stands for."""
        last = self.b.statements[-1]
        if not isinstance(last, Let) or last.targets != (out,) or v.name in self._named:
            return out
        new = self.named(v, out.type)
        self.b.statements[-1] = replace(last, targets=(new,))
        return new


def uses_any(stmt: Stmt, group: Sequence[Stmt]) -> bool:
    """Whether a statement uses what a group defines."""
    defined = {v for s in group for v in walk.defines(s)}
    return any(v in defined for v in walk.free_vars((stmt,)))


def _acts(stmt: Stmt) -> bool:
    """Whether a statement does something besides computing."""
    return any(isinstance(s, (Effect, Call)) for s in walk.statements((stmt,)))


def _is_scalar(stmt: Stmt) -> bool:
    return isinstance(stmt, Let) and all(isinstance(a.type, Scalar) for a in (*stmt.args, *stmt.targets))


def _what(stmt: Stmt) -> str:
    return stmt.prim.name if isinstance(stmt, Let) else type(stmt).__name__.lower()


__all__ = ["Batching", "Decision", "apply", "batch", "vmap"]
