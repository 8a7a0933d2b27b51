"""Subscripts: all of NumPy's basic and fancy indexing, as paths.

Basic indexing of an array gives a view: a reference to the same buffer with a longer path, and no code. An element is a
`load`, fancy indexing a `load` of a new array. Writing goes through the whole path into the buffer.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from s2sad.errors import S2sadError, ShapeError, TypeMismatchError
from s2sad.frontend.library import containers, dicts, operators, structured
from s2sad.frontend.library.support import (
    NONE,
    ONE,
    UNKNOWN,
    ZERO,
    Elaborator,
    describe,
    emit_atom,
    fit,
    items_of,
    known,
    refuse,
    reraise,
    runtime_list,
    type_of,
    whole,
)
from s2sad.frontend.values.values import (
    ArrayRef,
    Buffer,
    DictRef,
    ListRef,
    Number,
    Numbers,
    ObjectRef,
    Partial,
    Static,
    Tuple,
    Value,
)
from s2sad.ir import Array, Atom, Const, Scalar
from s2sad.ir.builder import Builder
from s2sad.ir.infer import load_type
from s2sad.ir.paths import SLOT, Index, Path, Slice, View, count_slots
from s2sad.ir.primitives import load
from s2sad.ir.types import Dim, add_dims, symbol

# -- keys


@dataclass(frozen=True, slots=True)
class Key:
    """A subscript as a step of a path, with its operands. `fancy`: an operand is an array, the result a copy."""

    step: Index
    operands: tuple[Atom, ...]
    fancy: bool


def slice_parts(key: Value) -> tuple[Value, Value, Value] | None:
    """Start, stop and step of a slice; None for anything else."""
    match key:
        case Static(slice() as s):
            return Static(s.start), Static(s.stop), Static(s.step)
        case Partial(Static(cls), args) if cls is slice:
            parts = [*args] if len(args) > 1 else [NONE, *args]
            parts += [NONE] * (3 - len(parts))
            return parts[0], parts[1], parts[2]
        case _:
            return None


def parse_key(elab: Elaborator, base: Array, key: Value) -> Key:
    """A subscript of an array of this type."""
    whole_tuple = isinstance(key, Tuple) or (isinstance(key, Static) and isinstance(key.obj, tuple))
    parts = items_of(elab, key) if whole_tuple else (key,)
    operands: list[Atom] = []
    entries = tuple(_entry(elab, part, operands) for part in parts or ())
    masks = [a.type.rank for a in operands if isinstance(a.type, Array) and a.type.dtype == np.bool_]
    used = sum(1 for e in entries if e is not None and e is not Ellipsis) + sum(masks) - len(masks)
    if used > base.rank:
        refuse(elab, f"Too many indices: the array has rank {base.rank}, but {used} were given.", kind=ShapeError)
    if any(isinstance(a.type, Array) for a in operands):
        return Key(Index(entries), tuple(operands), fancy=True)
    _check_bounds(elab, base, entries)
    return Key(Index(_marked(elab, base, entries, operands)), tuple(operands), fancy=False)


def _entry(elab: Elaborator, part: Value, operands: list[Atom]) -> Any:
    """One entry of a step; adds its operands."""
    slice_ = slice_parts(part)
    if slice_ is not None:
        return Slice(*(_bound(elab, p, operands) for p in slice_))
    obj = known(elab, part)
    if obj is None or obj is Ellipsis:
        return obj
    if isinstance(obj, (int, np.integer)) and not isinstance(obj, bool):
        return int(obj)
    if isinstance(part, ListRef | Numbers | Tuple) or runtime_list(elab, part) is not None:
        from s2sad.frontend.library.creation import asarray

        part = asarray(elab, part)
    type_ = type_of(elab, part)
    good = (isinstance(type_, Array) and type_.dtype.kind in "iub") or (
        isinstance(type_, Scalar) and type_.dtype.kind in "iu"
    )
    if not good:
        why = f"An array cannot be indexed by {describe(elab, part)}."
        refuse(elab, why, "Index by ints, slices, or arrays of int or bool.", TypeMismatchError)
    atom = elab.atom(part)
    if isinstance(atom.type, Array) and atom.type.rank == 0 and atom.type.dtype.kind in "iu":
        atom = emit_atom(elab, load, (atom,), path=(Index(()),))
    operands.append(atom)
    return SLOT


def _bound(elab: Elaborator, part: Value, operands: list[Atom]) -> Any:
    obj = known(elab, part)
    if obj is None:
        return None
    if isinstance(obj, (int, np.integer)):
        return int(obj)
    type_ = type_of(elab, part)
    if obj is not UNKNOWN or type_ is None or type_.dtype.kind not in "iub":
        refuse(elab, f"The bounds of a slice are ints, not {describe(elab, part)}.", kind=TypeMismatchError)
    operands.append(elab.atom(part))
    return SLOT


def _marked(elab: Elaborator, base: Array, entries: tuple[Any, ...], operands: Sequence[Atom]) -> tuple[Any, ...]:
    """The entries, where slices that are proved to be inside their axis say so."""
    supply = iter(operands)
    used = sum(1 for e in entries if e is not None and e is not Ellipsis)
    out: list[Any] = []
    axis = 0
    for entry in entries:
        if isinstance(entry, Slice):
            bounds = [next(supply) if p is SLOT else p for p in (entry.start, entry.stop, entry.step)]
            runtime = SLOT in (entry.start, entry.stop)
            inside = runtime and _is_inside(elab, base.dims[axis], *bounds)
            out.append(replace(entry, inside=True) if inside else entry)
        else:
            out.append(entry)
            if entry is SLOT:
                next(supply)
        axis += base.rank - used if entry is Ellipsis else entry is not None
    return tuple(out)


def _is_inside(elab: Elaborator, size: Dim | None, start: Any, stop: Any, step: Any) -> bool:
    """Whether ``0 <= start <= stop <= size`` is proved, for a slice of all elements between."""
    if step not in (None, 1) or size is None:
        return False
    known, number = elab.builder.ranges, elab.builder.size_of
    low = 0 if start is None else start if isinstance(start, int) else number(start)
    high = size if stop is None else stop if isinstance(stop, int) else number(stop)
    if low is None or high is None:
        return False
    forms = (low, add_dims(high, low, -1), add_dims(size, high, -1))
    return all(map(known.not_negative, forms))


def _check_bounds(elab: Elaborator, base: Array, entries: tuple[Any, ...]) -> None:
    """Refuse known indexes that are out of the range of a known size."""
    used = sum(1 for e in entries if e is not None and e is not Ellipsis)
    axis = 0
    for entry in entries:
        if entry is Ellipsis:
            axis += base.rank - used
        elif entry is not None:
            size = base.dims[axis]
            if isinstance(entry, int) and isinstance(size, int) and not -size <= entry < size:
                elab.out_of_bounds(f"Index {entry} is out of bounds for axis {axis} with size {size}.")
            axis += 1


# -- places in a buffer


def buffer_of(elab: Elaborator, ref: ArrayRef) -> Atom:
    """The current version of the buffer that a reference leads into."""
    content = elab.get(ref.location)
    assert isinstance(content, Buffer)
    return content.atom


def _plain(step: Any) -> bool:
    return isinstance(step, Index) and all(isinstance(e, int) or e is SLOT for e in step.entries)


def extend(ref: ArrayRef, key: Key) -> tuple[Path, tuple[Atom, ...]]:
    """The path of a reference and a further subscript; ``A[i][j]`` becomes ``A[i, j]``."""
    operands = (*ref.operands, *key.operands)
    if ref.path and not key.fancy and _plain(ref.path[-1]) and _scalar_slots(ref):
        last = ref.path[-1]
        assert isinstance(last, Index)
        return (*ref.path[:-1], Index((*last.entries, *key.step.entries))), operands
    return (*ref.path, key.step), operands


def _scalar_slots(ref: ArrayRef) -> bool:
    """Whether the operands of the last step are all scalars."""
    count = count_slots(ref.path[-1:])
    return all(isinstance(a.type, Scalar) for a in ref.operands[len(ref.operands) - count :])


def load_at(elab: Elaborator, array: Atom, *index: Atom) -> Atom:
    """``array[i, j, ...]`` on atoms."""
    entries = tuple(a.value if isinstance(a, Const) else SLOT for a in index)
    slots = [a for a in index if not isinstance(a, Const)]
    return emit_atom(elab, load, (array, *slots), path=(Index(entries),))


_sizes: WeakKeyDictionary[Builder, dict[Any, Any]] = WeakKeyDictionary()


def with_sizes(elab: Elaborator, type_: Array, key: Any) -> Array:
    """Give unknown dims symbols: the same for the same `key`, so that ``c[1::2]`` twice has one size."""
    named = _sizes.setdefault(elab.builder, {})

    def size(k: int) -> Any:
        if (key, k) not in named:
            named[key, k] = symbol(f"size~{len(named)}")
        return named[key, k]

    return Array(type_.dtype, tuple(size(k) if d is None else d for k, d in enumerate(type_.dims)))


def step_type(elab: Elaborator, base: Array, step: Index | View, operands: tuple[Atom, ...]) -> Any:
    """The type of what a step gives; a size that cannot be proved gets a symbol."""
    try:
        type_ = load_type(base, operands, (step,), elab.builder.size_of)
    except S2sadError:
        raise
    except Exception as error:
        reraise(elab, error)
    return with_sizes(elab, type_, (base.dims, step, operands)) if isinstance(type_, Array) else type_


def view(elab: Elaborator, ref: ArrayRef, step: Index | View, operands: tuple[Atom, ...] = ()) -> ArrayRef:
    """The view that a step gives of an array: the same buffer, a longer path."""
    key = Key(step, operands, False) if isinstance(step, Index) else None
    path, all_operands = extend(ref, key) if key else ((*ref.path, step), (*ref.operands, *operands))
    return ArrayRef(ref.location, step_type(elab, ref.type, step, operands), path, all_operands)


# -- reading


def subscript(elab: Elaborator, base: Value, key: Value) -> Value:
    """``base[key]``."""
    if structured.is_structured(base):
        return structured.subscript(elab, base, key)
    match base:
        case ArrayRef():
            whole(elab, base)
            if (kind := elab.outside.labelled.get(base.location)) is not None:
                from s2sad.frontend.library import labelled

                labelled.check_index(elab, base, kind, key)
            return subscript_array(elab, base, key)
        case Numbers():
            from s2sad.frontend.library import listed

            return listed.subscript(elab, base, key)
        case DictRef() | Static(dict()):
            return dicts.subscript_dict(elab, base, key)
        case ListRef() | Tuple() | Static(tuple() | list() | str() | range()):
            return containers.subscript_list(elab, base, key)
        case ObjectRef() if (function := getattr(base.cls, "__getitem__", None)) is not None:
            return elab.call(Static(function), [base, key], {})
        case Number():
            from s2sad.frontend.library.creation import asarray

            return subscript_array(elab, asarray(elab, base), key)
    obj, index = known(elab, base), known(elab, key)
    if obj is not UNKNOWN and index is not UNKNOWN and hasattr(type(obj), "__getitem__"):
        folded = operators.fold(elab, lambda o, k: o[k], base, key)
        assert folded is not None
        return folded
    range_ = _subscript_lazy(elab, base, key)
    if range_ is not None:
        return range_
    if obj is np.r_ or obj is np.c_:
        from s2sad.frontend.library.written import shape as written

        items = items_of(elab, key) if isinstance(key, Tuple | Static) else None
        parts = Tuple(tuple(_joined_part(elab, part) for part in items or (key,)))
        return elab.call(Static(written.joined_rows if obj is np.r_ else written.joined_columns), [parts], {})
    refuse(elab, f"{describe(elab, base)} cannot be indexed.".capitalize(), kind=TypeMismatchError)


def _joined_part(elab: Elaborator, part: Value) -> Value:
    """A part of ``np.r_[...]``: a slice is a range, or with an imaginary step as many numbers from start to stop."""
    if isinstance(known(elab, part), str):
        refuse(
            elab, "np.r_ and np.c_ with a directive in a string are not supported.", "Use np.concatenate or np.stack."
        )
    pieces = slice_parts(part)
    if pieces is None:
        return part
    start, stop, step = pieces
    start, step = ZERO if start == NONE else start, ONE if step == NONE else step
    count = known(elab, step)
    if isinstance(count, complex):
        return elab.call(Static(np.linspace), [start, stop, Static(int(abs(count)))], {})
    return elab.call(Static(np.arange), [start, stop, step], {})


def _subscript_lazy(elab: Elaborator, base: Value, key: Value) -> Value | None:
    """An item of a range known at run time only."""
    if isinstance(base, Partial) and base.function == Static(range):
        from s2sad.frontend.library.iteration import range_item

        return range_item(elab, base, key)
    return None


def subscript_array(elab: Elaborator, base: Value, value: Value) -> Value:
    assert isinstance(base, ArrayRef)
    key = parse_key(elab, base.type, value)
    if not key.fancy:
        type_ = step_type(elab, base.type, key.step, key.operands)
        if isinstance(type_, Array):
            return view(elab, base, key.step, key.operands)
    path, operands = extend(base, key)
    return elab.lift(emit_atom(elab, load, (buffer_of(elab, base), *operands), path=path))


# -- writing


def place_type(elab: Elaborator, base: ArrayRef, key: Key) -> Any:
    """The type of what stands at a subscript."""
    return step_type(elab, base.type, key.step, key.operands)


def write(elab: Elaborator, base: ArrayRef, key: Key, value: Atom, inc: bool = False) -> None:
    """Store (or add) at a subscript, through the path of the reference."""
    path, operands = extend(base, key)
    buffer = buffer_of(elab, base).type
    assert isinstance(buffer, Array)
    elab.write_array(ArrayRef(base.location, buffer), path, operands, value, inc=inc)


def assign_subscript(elab: Elaborator, base: Value, key: Value, value: Value) -> None:
    """``base[key] = value``."""
    if structured.is_structured(base):
        structured.refuse_writing(elab)
    match base:
        case ArrayRef():
            assign_array(elab, base, key, value)
        case DictRef():
            dicts.put(elab, base, known(elab, key) if known(elab, key) is not UNKNOWN else elab.static(key), value)
        case Numbers(classes=(cls, *_)) if cls is list:
            why = "This list comes from outside the function, and would be written into."
            refuse(elab, why, "Make a list of it first: list(y).")
        case ListRef():
            containers.assign_list(elab, base, key, value)
        case ObjectRef() if (function := getattr(base.cls, "__setitem__", None)) is not None:
            elab.call(Static(function), [base, key, value], {})
        case _:
            refuse(elab, f"Items of {describe(elab, base)} cannot be assigned.", kind=TypeMismatchError)


def assign_array(elab: Elaborator, base: ArrayRef, key: Value, value: Value) -> None:
    place = parse_key(elab, base.type, key)
    write(elab, base, place, fitted(elab, place_type(elab, base, place), value))


def fitted(elab: Elaborator, target: Any, value: Value) -> Atom:
    """A value as NumPy assigns it to a place of this type: cast to its dtype, its shape checked."""
    atom = elab.atom(as_number(elab, value))
    if not isinstance(atom.type, Scalar | Array):
        refuse(elab, f"{describe(elab, value)} cannot be stored in an array.".capitalize(), kind=TypeMismatchError)
    if atom.type.dtype.kind == "c" and target.dtype.kind != "c":
        refuse(
            elab,
            f"A complex number cannot be stored in an array of {target.dtype.name}.",
            "Take its real part.",
            TypeMismatchError,
        )
    if isinstance(target, Array):
        operators.check_broadcast(elab, target, atom)
    elif isinstance(atom.type, Array):
        if atom.type.rank and any(d != 1 for d in atom.type.dims):
            refuse(
                elab, "Setting an array element with a sequence.", "Store a number, or index fewer axes.", ShapeError
            )
        atom = emit_atom(elab, load, (atom,), path=(Index((0,) * atom.type.rank),))
    return fit(elab, atom, target.dtype)


def as_number(elab: Elaborator, value: Value) -> Value:
    """A list or tuple of numbers as an array; anything else as it is."""
    if isinstance(value, Tuple | ListRef | Numbers) or (
        isinstance(value, Static) and isinstance(value.obj, (tuple, list, range))
    ):
        from s2sad.frontend.library.creation import asarray

        return asarray(elab, value)
    if type_of(elab, value) is None:
        refuse(elab, f"{describe(elab, value)} cannot be stored in an array.".capitalize(), kind=TypeMismatchError)
    return value


def augment_subscript(elab: Elaborator, base: Value, key: Value, op: str, value: Value) -> None:
    """``base[key] op= value``."""
    if not isinstance(base, ArrayRef):
        current = subscript(elab, base, key)
        assign_subscript(elab, base, key, operators.augment(elab, op, current, value))
        return
    place = parse_key(elab, base.type, key)
    type_ = place_type(elab, base, place)
    if isinstance(type_, Array) and not place.fancy:
        operators.augment_array(elab, op, view(elab, base, place.step, place.operands), value)
        return
    atom = elab.atom(as_number(elab, value))
    scalar = isinstance(type_, Scalar) and isinstance(atom.type, Scalar)
    if scalar and operators.accumulates(op, type_.dtype, atom):
        write(elab, base, place, operators.increment(elab, op, atom, type_.dtype), inc=True)
        return
    path, operands = extend(base, place)
    current = elab.lift(emit_atom(elab, load, (buffer_of(elab, base), *operands), path=path))
    result = operators.binary(elab, op, current, elab.lift(atom) if isinstance(atom.type, Array) else value)
    if isinstance(type_, Array):
        operators.check_cast(elab, elab.atom(result).type.dtype, type_.dtype)
    write(elab, base, place, fitted(elab, type_, result))


def add_at(elab: Elaborator, base: Value, key: Value, value: Value, op: str = "add") -> None:
    """``np.add.at(base, key, value)``: repeated indices accumulate."""
    if not isinstance(base, ArrayRef):
        refuse(elab, "The first argument of np.add.at is an array.", kind=TypeMismatchError)
    place = parse_key(elab, base.type, key)
    type_ = place_type(elab, base, place)
    atom = elab.atom(as_number(elab, value))
    operators.check_cast(elab, atom.type.dtype, base.type.dtype)
    if isinstance(type_, Array):
        operators.check_broadcast(elab, type_, atom)
    write(elab, base, place, operators.increment(elab, op, atom, base.type.dtype), inc=True)
