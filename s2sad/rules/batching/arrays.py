"""Batch rules of loads, stores and increments: the path is taken on the axes after the batch axis."""

from __future__ import annotations

from typing import Any

from s2sad.ir.paths import SLOT, Index, Path, Slice, Step, View, count_slots
from s2sad.ir.primitives import inc, load, store
from s2sad.ir.types import Array
from s2sad.rules.batching.axes import align
from s2sad.rules.registry import batch


class Refused(Exception):
    """A step that cannot be taken beside a batch axis."""


@batch(load)
def load_batch(axes, array, *operands, path):
    if axes.only(0):
        return _along(load, (array,), axes, operands, path)
    return _gather(array, operands, path) if axes.only(1) and len(operands) == 1 else NotImplemented


def _along(prim, values, axes, operands, path, **params):
    """A load or store at the same path in each item of the batch."""
    array = values[0]
    try:
        path, operands, rank = shifted(path, operands, array.type.dims[1:], axes.size)
    except Refused:
        return NotImplemented
    if len(values) == 2 and axes[1] is not None:
        values = (array, align(values[1], rank))
    return prim(*values, *operands, path=path, **params)


def _gather(array, operands, path):
    """``array[i]`` of one array at a batch of first indexes."""
    match path:
        case (Index((s,)),) if s is SLOT and operands[0].ndim == 1:
            return load(array, operands[0], path=path)
    return NotImplemented


@batch(store)
def store_batch(axes, array, value, *operands, path, once=False):
    if not axes.only(0, 1):
        return NotImplemented
    extra = {"once": True} if once else {}
    return _along(store, (axes.batch(0, array), value), axes, operands, path, **extra)


@batch(inc)
def inc_batch(axes, array, value, *operands, path):
    if not axes.only(0, 1):
        return NotImplemented
    return _along(inc, (axes.batch(0, array), value), axes, operands, path)


# -- paths


def shifted(
    path: Path, operands: tuple[Any, ...], dims: tuple[Any, ...], size: Any
) -> tuple[Path, tuple[Any, ...], int]:
    """The path, moved behind a batch axis; its operands; and the rank (without the batch axis) of what it leads to.

    `dims` are those of the array without the batch axis. Raises `Refused` where NumPy would move the batch axis.
    """
    steps: list[Step] = []
    given: list[Any] = []
    rest = list(operands)
    for step in path:
        count = count_slots((step,))
        slots, rest = rest[:count], rest[count:]
        match step:
            case Index():
                entries, dims = _index(step, slots, dims)
                steps.append(Index(entries))
            case View():
                more, slots, dims = _view(step, slots, dims, size)
                steps.extend(more)
        given.extend(slots)
    return tuple(steps), tuple(given), len(dims)


def _index(step: Index, slots: list[Any], dims: tuple[Any, ...]) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
    """The entries of an index behind a batch axis, and the dims (None: some size) of what it gives."""
    entries = spelled_out(step, slots, len(dims))
    supply = iter(slots)
    out: list[Any] = []
    axis = 0
    advanced: list[int] = []
    fancy_rank: int | None = None
    place = 0
    for k, entry in enumerate(entries):
        match entry:
            case None:
                out.append(1)
            case Slice(start, stop, by):
                for part in (start, stop, by):
                    if part is SLOT:
                        next(supply)
                whole = (start, stop, by) == (None, None, None)
                out.append(dims[axis] if whole else None)
                axis += 1
            case _:
                slot = next(supply) if entry is SLOT else None
                taken = 1
                if slot is not None and isinstance(slot.type, Array):
                    mask = slot.dtype.kind == "b"
                    taken = slot.ndim if mask else 1
                    fancy_rank = max(fancy_rank or 0, 1 if mask else slot.ndim)
                if not advanced:
                    place = len(out)
                advanced.append(k)
                axis += taken
    if fancy_rank is not None:
        if advanced != list(range(advanced[0], advanced[-1] + 1)):
            raise Refused
        out[place:place] = [None] * fancy_rank
    return (Slice(), *entries), tuple(out)


def spelled_out(step: Index, slots: list[Any], rank: int) -> tuple[Any, ...]:
    """The entries, with the axes that they do not name as whole slices."""
    supply = iter(slots)
    used = 0
    for entry in step.entries:
        if isinstance(entry, Slice):
            used += 1
            for part in (entry.start, entry.stop, entry.step):
                if part is SLOT:
                    next(supply)
        elif entry is SLOT:
            slot = next(supply)
            used += slot.ndim if isinstance(slot.type, Array) and slot.dtype.kind == "b" else 1
        elif entry is not None and entry is not Ellipsis:
            used += 1
    left = (Slice(),) * (rank - used)
    if Ellipsis not in step.entries:
        return (*step.entries, *left)
    k = step.entries.index(Ellipsis)
    return (*step.entries[:k], *left, *step.entries[k + 1 :])


def _view(
    step: View, slots: list[Any], dims: tuple[Any, ...], size: Any
) -> tuple[tuple[Step, ...], list[Any], tuple[Any, ...]]:
    """A view behind a batch axis: its steps, their operands, and the dims of what it gives."""
    rank = len(dims)
    params = step.params
    match step.name:
        case "T":
            return _transpose(tuple(range(rank))[::-1], slots, dims)
        case "transpose":
            order = params[0] if len(params) == 1 and isinstance(params[0], tuple) else params
            return _transpose(tuple(a % rank for a in order) or tuple(range(rank))[::-1], slots, dims)
        case "swapaxes":
            i, j = (a % rank for a in params)
            swapped = list(range(rank))
            swapped[i], swapped[j] = j, i
            return _transpose(tuple(swapped), slots, dims)
        case "real" | "imag":
            return (step,), slots, dims
        case "reshape":
            return _reshape(params, slots, size)
        case "ravel":
            return _reshape((-1,), slots, size)
        case "broadcast_to":
            new = (Index((Slice(), *(None,) * (len(params) - rank))),) if len(params) > rank else ()
            lead, more = _lead(size)
            return (*new, View("broadcast_to", (lead, *params))), [*more, *slots], (None,) * len(params)
        case "expand_dims":
            axis = params[0] % (rank + 1)
            return (View("expand_dims", (axis + 1,)),), slots, (*dims[:axis], 1, *dims[axis:])
        case "squeeze":
            gone = {a % rank for a in params} if params else {k for k, d in enumerate(dims) if d == 1}
            entries = tuple(0 if k in gone else Slice() for k in range(rank))
            return (Index((Slice(), *entries)),), slots, tuple(d for k, d in enumerate(dims) if k not in gone)
        case "diagonal":
            given = (*params, *(0, 0, 1)[len(params) :])
            offset, i, j = given
            kept = tuple(d for k, d in enumerate(dims) if k not in (i % rank, j % rank))
            return (View("diagonal", (offset, i % rank + 1, j % rank + 1)),), slots, (*kept, None)
        case _:
            raise Refused


def _transpose(order: tuple[int, ...], slots: list[Any], dims: tuple[Any, ...]) -> Any:
    return (View("transpose", (0, *(a + 1 for a in order))),), slots, tuple(dims[a] for a in order)


def _reshape(params: tuple[Any, ...], slots: list[Any], size: Any) -> Any:
    lead, more = _lead(size)
    return (View("reshape", (lead, *params)),), [*more, *slots], (None,) * len(params)


def _lead(size: Any) -> tuple[Any, list[Any]]:
    """The size of the batch as a param of a view, and the operands that it takes."""
    return (size, []) if isinstance(size, int) else (SLOT, [size])
