"""Arrays joined, split and repeated."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np

from s2sad.errors import ShapeError
from s2sad.frontend.library import operators
from s2sad.frontend.library.attributes import size_atom, size_value
from s2sad.frontend.library.creation import as_array, dims_argument, stack_atoms
from s2sad.frontend.library.indexing import subscript, view
from s2sad.frontend.library.iteration import unroll
from s2sad.frontend.library.reductions import one_axis
from s2sad.frontend.library.shape import moveaxis, raise_rank
from s2sad.frontend.library.support import (
    NONE,
    ZERO,
    Elaborator,
    emit_atom,
    fit,
    items_of,
    known,
    new_list,
    operand,
    rank_of,
    refuse,
    runtime_list,
    static,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.ufuncs import deliver
from s2sad.frontend.library.views import reshape_view
from s2sad.frontend.values.values import ArrayRef, Partial, Static, Tuple, Value
from s2sad.ir import Array, Atom, Const
from s2sad.ir.paths import Index, Slice
from s2sad.rules import shape as shape_rules

# -- joining


def sequence_of_arrays(elab: Elaborator, arrays: Value) -> list[Value]:
    """The items of what is joined, known one by one."""
    return list(unroll(elab, arrays))


@meaning(np.stack)
def stack(elab: Elaborator, arrays: Value, axis: Value = ZERO, out: Value = NONE) -> Value:
    growing = runtime_list(elab, arrays)
    if growing is not None or isinstance(arrays, ArrayRef):
        whole = as_array(elab, arrays)
        copied = whole if growing is not None else as_array(elab, elab.lift(operand(elab, whole)))
        place = one_axis(elab, axis, whole.type.rank)
        return deliver(elab, copied if place == 0 else moveaxis(elab, copied, ZERO, Static(place)), out)
    atoms = [operand(elab, a) for a in sequence_of_arrays(elab, arrays)]
    if not atoms:
        refuse(elab, "np.stack needs at least one array.", kind=ShapeError)
    rank = (atoms[0].type.rank if isinstance(atoms[0].type, Array) else 0) + 1
    return deliver(elab, elab.lift(stack_atoms(elab, atoms, one_axis(elab, axis, rank))), out)


@meaning(np.concatenate)
def concatenate(elab: Elaborator, arrays: Value, axis: Value = ZERO, out: Value = NONE, dtype: Value = NONE) -> Value:
    if dtype != NONE:
        refuse(elab, "np.concatenate with dtype= is not supported.", "Use .astype on the result.")
    growing = runtime_list(elab, arrays)
    if growing is not None:
        return deliver(elab, _concatenate_list(elab, as_array(elab, arrays), axis), out)
    if isinstance(arrays, ArrayRef):
        from s2sad.frontend.library.written import joining as written

        place = NONE if static(elab, axis) is None else Static(one_axis(elab, axis, arrays.type.rank - 1))
        return deliver(elab, elab.call(Static(written.concatenate), [arrays, place], {}), out)
    return deliver(elab, join(elab, [as_array(elab, a) for a in sequence_of_arrays(elab, arrays)], axis), out)


def _concatenate_list(elab: Elaborator, whole: ArrayRef, axis: Value) -> Value:
    """The rows of a list that grows, joined: all have one shape, so it is a reshape."""
    if static(elab, axis) != 0:
        refuse(
            elab, "A list that grows at run time is concatenated along axis 0 only.", "Use np.stack and a transpose."
        )
    rest = [size_atom(elab, whole, k) for k in range(2, whole.type.rank)]
    return elab.lift(emit_atom(elab, shape_rules.reshape, (operand(elab, whole), Const(-1), *rest)))


def join(elab: Elaborator, arrays: list[ArrayRef], axis: Value) -> Value:
    """``np.concatenate`` of known arrays."""
    if not arrays:
        refuse(elab, "np.concatenate needs at least one array.", kind=ShapeError)
    if static(elab, axis) is None:
        arrays = [a if a.type.rank == 1 else reshape_view(elab, a, [Const(-1)]) for a in arrays]
        axis = ZERO
    ranks = {a.type.rank for a in arrays}
    if len(ranks) > 1 or 0 in ranks:
        refuse(
            elab,
            f"Arrays of ranks {', '.join(map(str, sorted(ranks)))} cannot be concatenated.",
            "Stack them, or add axes.",
            ShapeError,
        )
    place = one_axis(elab, axis, arrays[0].type.rank)
    dtype = np.result_type(*(a.type.dtype for a in arrays))
    return elab.lift(
        emit_atom(elab, shape_rules.concatenate, [fit(elab, operand(elab, a), dtype) for a in arrays], axis=place)
    )


def _joiner(functions: list[Any], rank: int, axis: Callable[[ArrayRef], int], columns: bool = False) -> None:
    @meaning(*functions)
    def joined(elab: Elaborator, tup: Value) -> Value:
        if isinstance(tup, ArrayRef):
            from s2sad.frontend.library.written import joining as written

            return elab.call(Static(getattr(written, functions[0].__name__)), [tup], {})
        arrays = [as_array(elab, a) for a in sequence_of_arrays(elab, tup)]
        if columns:
            arrays = [
                view(elab, raise_rank(elab, a, 1), Index((Slice(), None))) if a.type.rank < 2 else a for a in arrays
            ]
        raised = [raise_rank(elab, a, rank) for a in arrays]
        return join(elab, raised, Static(axis(raised[0]) if raised else 0))


VERTICAL = [getattr(np, name) for name in ("vstack", "row_stack") if hasattr(np, name)]
_joiner(VERTICAL, 2, lambda first: 0)
_joiner([np.hstack], 1, lambda first: 0 if first.type.rank == 1 else 1)
_joiner([np.dstack], 3, lambda first: 2)
_joiner([np.column_stack], 2, lambda first: 1, columns=True)


@meaning(np.append)
def append(elab: Elaborator, arr: Value, values: Value, axis: Value = NONE) -> Value:
    return join(elab, [as_array(elab, arr), as_array(elab, values)], axis)


@meaning(np.split)
def split(elab: Elaborator, ary: Value, indices_or_sections: Value, axis: Value = ZERO) -> Value:
    array = as_array(elab, ary)
    place = one_axis(elab, axis, array.type.rank)
    edges = _split_edges(elab, array, place, static(elab, indices_or_sections))
    head = (Static(slice(None)),) * place
    keys = [Tuple((*head, Partial(Static(slice), (a, b, NONE)))) for a, b in pairwise(edges)]
    return new_list(elab, [subscript(elab, array, key) for key in keys])


def _split_edges(elab: Elaborator, array: ArrayRef, place: int, parts: Any) -> list[Value]:
    """Where the parts of a split begin and end."""
    whole = array.type.dims[place]
    if not isinstance(parts, int):
        return [ZERO, *(Static(int(p)) for p in parts), NONE]
    if isinstance(whole, int):
        return [ZERO, *(Static(int(n)) for n in np.cumsum([len(b) for b in np.array_split(np.arange(whole), parts)]))]
    step = operators.binary(elab, "floordiv", size_value(elab, array, place), Static(parts))
    return [ZERO, *(operators.binary(elab, "mul", step, Static(k)) for k in range(1, parts)), NONE]


# -- repeating


@meaning(np.tile)
def tile(elab: Elaborator, A: Value, reps: Value) -> Value:
    array, times = as_array(elab, A), dims_argument(elab, reps)
    rank = max(array.type.rank, len(times))
    times = [*[Const(1)] * (rank - len(times)), *times]
    sizes = [*[Const(1)] * (rank - array.type.rank), *(size_atom(elab, array, k) for k in range(array.type.rank))]
    parts = [(t, n) for t, n in zip(times, sizes, strict=True)]
    spread = emit_atom(elab, shape_rules.reshape, (operand(elab, array), *(d for _, n in parts for d in (Const(1), n))))
    wide = emit_atom(elab, shape_rules.broadcast_to, (spread, *(d for pair in parts for d in pair)))
    return elab.lift(emit_atom(elab, shape_rules.reshape, (wide, *(_product(elab, t, n) for t, n in parts))))


def _product(elab: Elaborator, a: Atom, b: Atom) -> Atom:
    return elab.atom(operators.binary(elab, "mul", elab.lift(a), elab.lift(b)))


@meaning(np.repeat, np.ndarray.repeat)
def repeat(elab: Elaborator, a: Value, repeats: Value, axis: Value = NONE) -> Value:
    array = as_array(elab, a)
    if static(elab, axis) is None:
        array = reshape_view(elab, array, [Const(-1)]) if array.type.rank != 1 else array
    place = 0 if static(elab, axis) is None else one_axis(elab, axis, array.type.rank)
    (times,) = (
        dims_argument(elab, repeats) if rank_of(elab, repeats) == 0 and items_of(elab, repeats) is None else (None,)
    )
    if times is None:
        from s2sad.frontend.library.written import shape as written

        return elab.call(Static(written.repeat), [array, repeats, Static(place)], {})
    sizes = [size_atom(elab, array, k) for k in range(array.type.rank)]
    head, tail = sizes[: place + 1], sizes[place + 1 :]
    spread = emit_atom(elab, shape_rules.reshape, (operand(elab, array), *head, Const(1), *tail))
    wide = emit_atom(elab, shape_rules.broadcast_to, (spread, *head, times, *tail))
    return elab.lift(emit_atom(elab, shape_rules.reshape, (wide, *head[:-1], _product(elab, head[-1], times), *tail)))


@meaning(np.pad)
def pad(elab: Elaborator, array: Value, pad_width: Value, mode: Value = NONE, **kwargs: Value) -> Value:
    constant_values = kwargs.get("constant_values", ZERO)
    if static(elab, mode) not in (None, "constant") or items_of(elab, constant_values) is not None:
        from s2sad.frontend.library.written import shape as written

        rank = as_array(elab, array).type.rank
        if isinstance(given := known(elab, pad_width), dict):
            pad_width = Static(tuple(_widths(given, rank)))
        return elab.call(Static(written.pad), [array, pad_width, Static(static(elab, mode) or "constant")], kwargs)
    from s2sad.frontend.library.creation import filled
    from s2sad.ir.paths import SLOT

    source = as_array(elab, array)
    rank = source.type.rank
    widths = np.broadcast_to(np.asarray(_widths(static(elab, pad_width), rank)), (rank, 2)).tolist()
    sizes = [size_atom(elab, source, k) for k in range(rank)]
    totals = [_plus(elab, n, low + high) for n, (low, high) in zip(sizes, widths, strict=True)]
    value = fit(elab, operand(elab, constant_values), source.type.dtype)
    out = filled(elab, value, totals, source.type.dtype)
    assert isinstance(out, ArrayRef)
    ends = [_plus(elab, n, low) for n, (low, _) in zip(sizes, widths, strict=True)]
    entries = tuple(Slice(low, SLOT) for low, _ in widths)
    elab.write_array(out, (Index(entries),), tuple(ends), operand(elab, source))
    return out


def _widths(widths: Any, rank: int) -> Any:
    """``pad_width=``, with 0 for the axes that a dict does not name."""
    if not isinstance(widths, dict):
        return widths
    named = {k % rank: (w, w) if isinstance(w, int) else tuple(w) for k, w in widths.items()}
    return [named.get(k, (0, 0)) for k in range(rank)]


def _plus(elab: Elaborator, atom: Atom, more: int) -> Atom:
    return elab.atom(operators.binary(elab, "add", elab.lift(atom), Static(more)))
