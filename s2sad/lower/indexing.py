"""Paths as maps of indexes: where in an array the element stands that an index of a view (or a place) means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from s2sad.ir.infer import load_type
from s2sad.ir.nodes import Atom, Const, Let, Var, array_type
from s2sad.ir.paths import SLOT, Index, Path, Slice, Step, View, count_slots
from s2sad.ir.types import Array, Dim, lower_bound
from s2sad.lower.arrays import Arrays, Axes, Delayed
from s2sad.rules.elementwise import add, mul, sub
from s2sad.rules.grouping import regroup
from s2sad.rules.registry import call_rule

Indexes = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class PathMap:
    """`at` gives the index in the array; `axes` the axis of the view that each axis of the array is; `part` is "real"
    or "imag" where that is what the path ends in; `view` says that a load of it copies nothing."""

    at: Callable[[Indexes], Indexes]
    axes: Axes
    dims: tuple[Dim, ...]
    part: str = ""
    view: bool = True


class _Unknown(Exception):
    """No map can be written for a path."""


def path_map(arrays: Arrays, base: Atom, operands: Sequence[Atom], path: Path) -> PathMap | None:
    """The map of a path into `base`; None where it is not known before the run, or its errors would be lost."""
    try:
        return _PathMapper(arrays, base, operands, path).whole()
    except _Unknown:
        return None


class _PathMapper:
    def __init__(self, arrays: Arrays, base: Atom, operands: Sequence[Atom], path: Path) -> None:
        self.arrays, self.writer, self.base, self.path = arrays, arrays.writer, base, path
        self.operands = list(operands)
        self.part = ""
        self.view = True

    def whole(self) -> PathMap:
        steps: list[Callable[[Indexes], Indexes]] = []
        type_ = array_type(self.base)
        dims = self.arrays.dims(self.base)
        axes: Axes = tuple(range(len(dims)))
        taken = 0
        for k, step in enumerate(self.path):
            count = count_slots((step,))
            slots = self.operands[taken : taken + count]
            taken += count
            found = load_type(type_, tuple(self.operands[:taken]), self.path[: k + 1], self.writer.size_of)
            after_dims = found.dims if isinstance(found, Array) else ()
            if any(d is None for d in after_dims):
                raise _Unknown
            after = self.writer.equalities_known.dims(after_dims)
            back, own = self.step(step, slots, dims, after, first=k == 0)
            steps.append(back)
            axes = tuple(None if a is None else own[a] for a in axes)
            dims = after

        def at(index: Indexes) -> Indexes:
            for back in reversed(steps):
                index = back(index)
            return index

        return PathMap(at, axes, dims, self.part, self.view)

    def step(
        self, step: Step, slots: list[Atom], dims: tuple[Dim, ...], after: tuple[Dim, ...], first: bool
    ) -> tuple[Callable[[Indexes], Indexes], Axes]:
        """The map of one step, from an index after it to one before it."""
        if self.part:
            raise _Unknown
        if isinstance(step, Index):
            return self.index(step, slots, dims, first)
        rank = len(dims)
        match step:
            case View("T"):
                order = tuple(range(rank))[::-1]
            case View("transpose", params):
                flat = params[0] if params and isinstance(params[0], tuple) else params
                order = tuple(a % rank for a in flat) if flat else tuple(range(rank))[::-1]
            case View("swapaxes", (int(i), int(j))):
                swapped = list(range(rank))
                swapped[i], swapped[j] = swapped[j], swapped[i]
                order = tuple(swapped)
            case View("real" | "imag" as name):
                if array_type(self.base).dtype.kind != "c":
                    raise _Unknown
                self.part = name
                order = tuple(range(rank))
            case View("reshape" | "ravel" | "expand_dims" | "squeeze"):
                return self.reshaped(dims, after)
            case View("broadcast_to"):
                extra = len(after) - rank
                spread = tuple(None if d == 1 else k + extra for k, d in enumerate(dims))
                return (lambda index: tuple(0 if k is None else index[k] for k in spread)), spread
            case View("diagonal", params) if all(isinstance(p, int) for p in params):
                return self.diagonal(rank, *params)
            case _:
                raise _Unknown
        inverse = tuple(order.index(k) for k in range(rank))
        return (lambda index: tuple(index[k] for k in inverse)), inverse

    def reshaped(self, dims: tuple[Dim, ...], after: tuple[Dim, ...]) -> tuple[Callable[[Indexes], Indexes], Axes]:
        trial = regroup(tuple(Mark(k) for k in range(len(after))), after, dims)
        if trial is None:
            raise _Unknown
        axes = tuple(t.axis if isinstance(t, Mark) else None for t in trial)

        def back(index: Indexes) -> Indexes:
            found = regroup(self.arrays.refs(index), after, dims)
            assert found is not None
            return self.arrays.atoms(found)

        return back, axes

    def diagonal(self, rank: int, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
        axis1, axis2 = axis1 % rank, axis2 % rank
        others = [k for k in range(rank) if k not in (axis1, axis2)]
        low, high = max(-offset, 0), max(offset, 0)

        def back(index: Indexes) -> Indexes:
            last = index[-1]
            at = {axis1: self.plus(last, low), axis2: self.plus(last, high)}
            return tuple(at[k] if k in at else index[others.index(k)] for k in range(rank))

        return back, tuple(others.index(k) if k in others else None for k in range(rank))

    # -- brackets

    def index(self, step: Index, slots: list[Atom], dims: tuple[Dim, ...], first: bool) -> Any:
        supply = iter(slots)
        entries = list(step.entries)
        used = sum(1 for e in entries if e is not None and e is not Ellipsis)
        if any(isinstance(s.type, Array) and s.type.dtype == bool for s in slots):
            raise _Unknown
        if Ellipsis not in entries:
            entries.append(Ellipsis)
        at = entries.index(Ellipsis)
        entries[at : at + 1] = [Slice()] * (len(dims) - used)
        advanced = any(isinstance(s.type, Array) for s in slots)
        parts: list[Any] = []
        axis = 0
        for entry in entries:
            if entry is None:
                parts.append(None)
                continue
            if isinstance(entry, Slice):
                bounds = [next(supply) if p is SLOT else p for p in (entry.start, entry.stop, entry.step)]
                parts.append(self.slice(bounds, dims[axis]))
            else:
                parts.append(self.place(next(supply) if entry is SLOT else entry, dims[axis], axis, first))
            axis += 1
        return self.fancy(parts) if advanced else self.basic(parts)

    def basic(self, parts: list[Any]) -> Any:
        axes, out = [], 0
        for part in parts:
            if callable(part):
                axes.append(out if part is _same else None)
            elif part is not None:
                axes.append(None)
            out += part is None or callable(part)

        def back(index: Indexes) -> Indexes:
            found, out = [], 0
            for part in parts:
                if callable(part):
                    found.append(part(index[out]))
                elif part is not None:
                    found.append(part)
                out += part is None or callable(part)
            return tuple(found)

        return back, tuple(axes)

    def fancy(self, parts: list[Any]) -> Any:
        """Index arrays, which broadcast with each other and with numbers."""
        if self.arrays.pending(self.base) is not None or len(self.path) > 1 or None in parts:
            raise _Unknown
        self.view = False
        places = [k for k, p in enumerate(parts) if not callable(p)]
        together = places == list(range(places[0], places[-1] + 1))
        rank = max(array_type(p).rank for p in parts if not callable(p) and isinstance(p.type, Array))
        where = places[0] if together else 0
        sizes = [self.arrays.dims(p) for p in parts if not callable(p) and isinstance(p.type, Array)]
        for column in zip(*((1,) * (rank - len(s)) + tuple(s) for s in sizes), strict=True):
            if len({d for d in column if d != 1}) > 1:
                raise _Unknown
        kept = [k for k, p in enumerate(parts) if callable(p)]
        front = [k for k in kept if k < where] if together else []

        def out_of(k: int) -> int:
            """The axis of the result that a sliced axis is."""
            return kept.index(k) if k in front else kept.index(k) + rank

        def back(index: Indexes) -> Indexes:
            inner = index[where : where + rank]
            found = []
            for k, part in enumerate(parts):
                if callable(part):
                    found.append(part(index[out_of(k)]))
                elif isinstance(part.type, Array):
                    own = self.arrays.dims(part)
                    last = inner[rank - len(own) :]
                    at = tuple(Const(0) if d == 1 else i for i, d in zip(last, own, strict=True))
                    found.append(self.arrays.element(part, at))
                else:
                    found.append(part)
            return tuple(found)

        return back, tuple(out_of(k) if p is _same else None for k, p in enumerate(parts))

    def slice(self, bounds: list[Any], size: Dim) -> Any:
        """What an index along a slice becomes; the length of the slice is known, so its bounds are inside."""
        start, stop, step = (b.value if isinstance(b, Const) else b for b in bounds)
        if start is None and stop is None and step in (None, 1):
            return _same
        if isinstance(size, int) and all(b is None or isinstance(b, int) for b in (start, stop, step)):
            first, _, stride = slice(start, stop, step).indices(size)
            return lambda i: self.plus(self.times(i, stride), first)
        if start is None and stop is None and step == -1:
            return lambda i: self.writer.emit(sub, (self.plus(self.arrays.extent(size), -1), i))
        if step not in (None, 1):
            raise _Unknown
        if start is None:
            return lambda i: i
        if isinstance(start, int) and start < 0:
            return lambda i: self.plus(i, self.plus(self.arrays.extent(size), start))
        return lambda i: self.plus(i, start)

    def place(self, entry: Any, size: Dim, axis: int, first: bool) -> Atom:
        """An index that is one number, or an array of them."""
        atom = entry if not isinstance(entry, int) else Const(entry)
        if isinstance(atom.type, Array):
            return atom
        if first and whole_axis(self.arrays, self.base, axis):
            return atom
        if not isinstance(atom, Const):
            raise _Unknown
        least = lower_bound(size) or 0
        if not -least <= atom.value < least:
            raise _Unknown
        return atom if atom.value >= 0 else self.plus(self.arrays.extent(size), int(atom.value))

    def plus(self, a: Any, b: Any) -> Any:
        return self.writer.emit(add, (a, b))

    def times(self, a: Any, b: int) -> Any:
        return self.writer.emit(mul, (a, Const(b)))


def _same(index: Any) -> Any:
    return index


@dataclass(frozen=True, slots=True)
class Mark:
    """Stands for an index, to see where it goes; arithmetic with it gives something else."""

    axis: int

    def _other(self, other: Any) -> Any:
        return _Moved()

    __mul__ = __add__ = __sub__ = __rsub__ = __mod__ = __floordiv__ = _other


class _Moved:
    """What arithmetic with marks gives."""

    def _other(self, other: Any) -> Any:
        return self

    __mul__ = __add__ = __sub__ = __rsub__ = __mod__ = __floordiv__ = _other


def whole_axis(arrays: Arrays, array: Atom, axis: int) -> bool:
    """Whether an index out of range of this axis is found to be so where the element is read."""
    made: Delayed | None = arrays.pending(array)
    if made is None:
        return True
    if not made.view or not made.args:
        return False
    source, axes = made.args[0], made.axes[0]
    size = made.dims[axis]
    return any(
        k == axis and arrays.dims(source)[a] == size and whole_axis(arrays, source, a) for a, k in enumerate(axes)
    )


@dataclass(slots=True)
class _Spy:
    """Stands for an array, to see at which index a rule reads it."""

    dims: tuple[Dim, ...]
    seen: list[Indexes]

    def size(self, axis: int) -> Any:
        return _Moved()

    def __getitem__(self, index: Indexes) -> Indexes:
        self.seen.append(index)
        return index


def read_axes(arrays: Arrays, rule: Any, let: Let, params: dict[str, Any]) -> list[Axes] | None:
    """How a rule that only moves indexes reads its first argument, found by running it on marks; None where it gives no
    element."""
    variables = [a for a in let.args if isinstance(a, Var)]
    if not isinstance(let.args[0].type, Array):
        return [() for _ in variables]
    spy = _Spy(arrays.dims(let.args[0]), [])
    marks = tuple(Mark(k) for k in range(len(params["dims"])))
    if call_rule(rule, [marks, spy, *let.args[1:]], None, params) is None:
        return None
    (index,) = spy.seen
    axes = tuple(i.axis if isinstance(i, Mark) else None for i in index)
    return [axes if isinstance(a.type, Array) else () for a in variables]
