"""Reductions as loops: an accumulator where the reduced axes come last, increments of a buffer where they do not.

A sum of float32 or complex64 numbers is accumulated in the next wider dtype and rounded once, which is never less exact
than NumPy's pairwise sum. A sum of float64 numbers is accumulated in their order: where NumPy's error is bounded by
``eps * log2(n)`` times the sum of absolute values, this one's is by ``eps * n``.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from s2sad.ir.nodes import Atom, Const, Let, Var, array_type
from s2sad.ir.paths import element_path
from s2sad.ir.primitives import cast, inc, load, store, zeros
from s2sad.ir.types import Array, Dim, above_one, lower_bound
from s2sad.lower.arrays import Arrays, Delayed, Index
from s2sad.lower.regions import Thread
from s2sad.rules.creation import full
from s2sad.rules.numbers import WIDE, is_exact
from s2sad.rules.reductions import axes_of, cumprod, cumsum, prod, sum_
from s2sad.rules.registry import REDUCTIONS, Reduction

FEW = 16
"""How many trips a loop over reduced axes may have inside one over later axes, which are further apart in memory."""
SCANS = {cumsum: REDUCTIONS[sum_], cumprod: REDUCTIONS[prod]}
WIDER = {np.dtype(np.float32): np.dtype(np.float64), np.dtype(np.complex64): np.dtype(np.complex128)}


def reduce(arrays: Arrays, let: Let) -> bool:
    """A reduction over axes, as loops where it stands."""
    x, params = let.args[0], dict(let.params)
    rule = REDUCTIONS[let.prim]
    axes = axes_of(arrays.writer.ref(x), params.get("axis"))
    kept = tuple(k for k in range(array_type(x).rank) if k not in axes)
    out = kept if not params.get("keepdims") else None
    return _Reducing(arrays, let, rule, kept, out).write()


def scan(arrays: Arrays, let: Let) -> bool:
    """A running sum or product: the accumulator after each trip is an element."""
    x, target = let.args[0], let.targets[0]
    dims, rule, writer = arrays.dims(x), SCANS[let.prim], arrays.writer
    dtype = target.type.dtype
    if x.type.dtype not in WIDE or dtype not in WIDE or dtype.kind == "b" or len(dims) != len(arrays.dims(target)):
        return False
    axis = dict(let.params)["axis"] % len(dims)
    order = (*(k for k in range(len(dims)) if k != axis), axis)
    need = (x, tuple(order.index(k) for k in range(len(dims))))
    outer, at = arrays.nest([dims[k] for k in order[:-1]], (need,))
    region = outer[-1].body if outer else writer.top
    inner, of = arrays.nest([dims[axis]], (need,), inner=region, first=len(order) - 1)
    index = tuple((*at, *of)[order.index(k)] for k in range(len(dims)))
    thread = Thread({region: Const(rule.start(dtype))})
    with writer.inside(inner[-1].body if inner else region):
        part = arrays.element(x, index)
        if part.type.dtype != dtype:
            part = writer.emit(cast, (part,), {"dtype": dtype})
        before = writer.through(thread, inner)
        after = writer.ref(rule.combine(writer.ref(before), writer.ref(part))).atom
        thread.versions[writer.here] = after
    arrays.known(target, after, (*outer, *inner), index)
    return True


def unbroadcast_(arrays: Arrays, let: Let, added: bool) -> bool:
    """A sum over the axes along which an array was broadcast; the array itself where there are none. Where it is to be
    `added` to another, it waits for that."""
    g, target = let.args[0], let.targets[0]
    dims = arrays.dims(g)
    own = arrays.dims(target) if isinstance(target.type, Array) else ()
    first = len(dims) - len(own)
    if first < 0 or any(a != b and a != 1 for a, b in zip(own, dims[first:], strict=True)):
        return False
    kept = tuple(k for k in range(first, len(dims)) if dims[k] == own[k - first])
    if len(kept) == len(dims):
        arrays.alias(target, g)
        return True
    return _Reducing(arrays, let, REDUCTIONS[sum_], kept, None, first).write(added)


def sum_of(arrays: Arrays, let: Let, kept: tuple[int, ...]) -> bool:
    """The sum of an array over all axes but these."""
    return _Reducing(arrays, let, REDUCTIONS[sum_], kept, kept).write()


class _Reducing:
    """One reduction. `kept` are the axes of the argument that are left; the result has those in `out` (None: also
    reduced ones, of size 1, from axis `first` on)."""

    def __init__(
        self,
        arrays: Arrays,
        let: Let,
        rule: Reduction,
        kept: tuple[int, ...],
        out: tuple[int, ...] | None,
        first: int = 0,
    ) -> None:
        self.arrays, self.writer, self.let, self.rule = arrays, arrays.writer, let, rule
        self.x, self.target = let.args[0], let.targets[0]
        self.dims = arrays.dims(self.x)
        self.kept, self.first = kept, first
        self.reduced = tuple(k for k in range(len(self.dims)) if k not in kept)
        self.axes = tuple(range(first, len(self.dims))) if out is None else out

    def write(self, added: bool = False) -> bool:
        dtype, own = self.target.type.dtype, self.x.type.dtype
        if not is_exact(dtype) or not is_exact(own) or any(self.writer.extent(d) is None for d in self.dims):
            return False
        if not self.rule.empty and (own.kind not in "fi" or (own.kind == "i" and own != np.int64)):
            return False
        if not self.rule.empty and any(not _nonempty(self.dims[k]) for k in self.reduced):
            return False
        if self.rule.additive and (dtype.kind == "b" or (dtype.kind in "iu" and dtype != np.int64)):
            return False
        if self.pulls():
            self.pull()
        elif added:
            made = Delayed(self.target, self.arrays.dims(self.target), None, (self.x,), (self.spread_axes(),))
            made.spread, made.region = self, self.writer.top
            made.reads = self.arrays.reads(self.x)
            self.arrays.add(made)
        else:
            self.push()
        return True

    def pulls(self) -> bool:
        """Whether the reduced axes are looped over inside those that are kept."""
        wide = [k for k in self.kept if self.dims[k] != 1]
        if not wide or all(k > max(wide) for k in self.reduced if self.dims[k] != 1):
            return True
        sizes = [self.dims[k] for k in self.reduced]
        return all(isinstance(d, int) for d in sizes) and int(np.prod(np.array(sizes, dtype=int))) <= FEW

    def part(self, value: Atom, dtype: np.dtype) -> Atom:
        """What an element adds to the total."""
        if self.rule.of is not None:
            value = self.writer.ref(self.rule.of(self.writer.ref(value))).atom
        if value.type.dtype != dtype:
            return self.writer.emit(cast, (value,), {"dtype": dtype})
        return value

    def pull(self) -> None:
        """An accumulator inside loops over the kept axes."""
        writer = self.writer
        dtype = self.target.type.dtype
        total = WIDER.get(dtype, dtype) if self.rule.empty else dtype
        places = {k: n for n, k in enumerate((*self.kept, *self.reduced))}
        need = (self.x, tuple(places[k] for k in range(len(self.dims))))
        outer, at = self.arrays.nest([self.dims[k] for k in self.kept], (need,))
        region = outer[-1].body if outer else writer.top
        inner, of = self.arrays.nest([self.dims[k] for k in self.reduced], (need,), inner=region, first=len(self.kept))
        index = tuple((*at, *of)[places[k]] for k in range(len(self.dims)))
        thread = Thread({region: Const(self.rule.start(total))})
        with writer.inside(inner[-1].body if inner else region):
            part = self.part(self.arrays.element(self.x, index), total)
            before = writer.through(thread, inner)
            after = writer.ref(self.rule.combine(writer.ref(before), writer.ref(part))).atom
            thread.versions[writer.here] = after
        with writer.inside(region):
            value = thread.versions[region]
            if total != dtype:
                value = writer.emit(cast, (value,), {"dtype": dtype})
        self.finish(value, outer, dict(zip(self.kept, at, strict=True)))

    def finish(self, value: Atom, outer: Sequence[Any], at: dict[int, Atom]) -> None:
        """Let the result be known where it was computed."""
        if not isinstance(self.target.type, Array):
            self.arrays.alias(self.target, value)
            return
        self.arrays.known(self.target, value, outer, tuple(at.get(k, Const(0)) for k in self.axes))

    def spread_axes(self) -> tuple[int | None, ...]:
        return (None,) * len(self.dims)

    def push(self) -> None:
        """Increments of a buffer in loops over all axes."""
        self.arrays.delayed.pop(self.target, None)
        writer, rule = self.writer, self.rule
        dtype = self.target.type.dtype
        need = (self.x, tuple(range(len(self.dims))))
        loops, at = self.arrays.nest(self.dims, (need,))
        start = rule.start(dtype)
        prim, values = (zeros, ()) if start == 0 else (full, (Const(start),))
        buffer = self.arrays.buffer(self.target, self.arrays.dims(self.target), loops[0], prim, *values)
        thread = Thread({writer.top: buffer})
        index = self.index(at)
        with writer.inside(loops[-1].body):
            part = self.part(self.arrays.element(self.x, at), dtype)
            accumulate(writer, thread, loops, self.target, part, index, rule)
        loops[0].updates.update({buffer, self.target})

    def index(self, at: Index) -> Index:
        """Where in the result an element of the argument is added."""
        return tuple(at[k] if k in self.kept else Const(0) for k in self.axes)


def accumulate(
    writer: Any, thread: Thread, loops: Sequence[Any], out: Var, part: Atom, index: Index, rule: Reduction
) -> None:
    """Add a number to an element of a buffer, inside the loops."""
    version = writer.through(thread, loops, out)
    after = Var(writer.names.fresh(out.name), out.type)
    path = element_path(len(index))
    if rule.additive:
        writer.append(Let((after,), inc, (version, part, *index), (("path", path),), writer.pos))
    else:
        old = Var(writer.names.fresh(out.name), out.type)
        number = writer.var(old.name, part.type)
        writer.append(Let((number,), load, (version, *index), (("path", path),), writer.pos))
        new = writer.ref(rule.combine(writer.ref(number), writer.ref(part))).atom
        writer.append(Let((after,), store, (version, new, *index), (("path", path),), writer.pos))
    thread.versions[loops[-1].body] = after


def _nonempty(size: Dim) -> bool:
    return above_one(size) or (lower_bound(size) or 0) >= 1
