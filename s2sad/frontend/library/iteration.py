"""Iteration: what a `for` loop goes over.

    Iteration = Items(values)               known one by one: the loop is unrolled
              | Range(start, stop, step)    a loop over ints, as atoms
              | Indexed(length, item)       a loop over ``item(0), ..., item(length - 1)``

`range`, `enumerate`, `zip`, `reversed` and `map` of things known at run time only are the lazy values
``Partial(Static(range), args)`` and so on, which `iterate` takes apart.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import containers, dicts
from s2sad.frontend.library.support import (
    FALSE,
    NONE,
    ONE,
    UNKNOWN,
    ZERO,
    Elaborator,
    describe,
    emit_atom,
    is_int_scalar,
    items_of,
    known,
    new_list,
    read_only,
    refuse,
    runtime_list,
    wrap,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values import ArrayRef, DictRef, Number, ObjectRef, Partial, Static, Tuple, Value
from s2sad.ir import Array, Atom, Const
from s2sad.ir.primitives import list_get
from s2sad.rules import elementwise
from s2sad.rules.counting import trip_count


@dataclass(frozen=True, slots=True)
class Items:
    """Values known one by one."""

    values: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """``range(start, stop, step)``."""

    start: Atom
    stop: Atom
    step: Atom


@dataclass(frozen=True, slots=True)
class Indexed:
    """``item(0), ..., item(length - 1)``; `item` may emit code where the loop body begins."""

    length: Atom
    item: Callable[[Value], Value]


Iteration = Items | Range | Indexed
LAZY = (range, enumerate, zip, reversed, map, filter)
UNROLL_LIMIT = 10_000


def iterate(elab: Elaborator, value: Value) -> Iteration:
    """What a loop over `value` goes over."""
    match value:
        case Static(range() as r):
            return Range(Const(r.start), Const(r.stop), Const(r.step))
        case Partial(Static(function), args, kwargs) if function in LAZY:
            return _lazy(elab, function, args, dict(kwargs))
        case ArrayRef():
            return rows(elab, value)
        case DictRef():
            return Items(tuple(wrap(elab, k) for k, _ in dicts.entries(elab, value)))
        case ObjectRef() if (function := getattr(value.cls, "__iter__", None)) is not None:
            return iterate(elab, elab.call(Static(function), [value], {}))
    items = items_of(elab, value)
    if items is not None:
        return Items(items)
    atom = runtime_list(elab, value)
    if atom is not None:
        return _list_items(elab, atom)
    obj = known(elab, value)
    if obj is not UNKNOWN and hasattr(type(obj), "__iter__") and hasattr(type(obj), "__len__"):
        return Items(tuple(wrap(elab, o) for o in obj))
    refuse(
        elab,
        f"A loop cannot go over {describe(elab, value)}.",
        "Loop over a range, an array, or a list.",
        TypeMismatchError,
    )


def rows(elab: Elaborator, ref: ArrayRef) -> Iteration:
    """The rows of an array (views), or the elements of a vector."""
    from s2sad.frontend.library.attributes import size_atom
    from s2sad.frontend.library.indexing import subscript_array

    if ref.type.rank == 0:
        refuse(elab, "A loop cannot go over an array of rank 0.", kind=TypeMismatchError)
    return Indexed(size_atom(elab, ref, 0), lambda index: subscript_array(elab, ref, index))


def _list_items(elab: Elaborator, atom: Atom) -> Iteration:
    def item(index: Value) -> Value:
        return read_only(elab, elab.lift(emit_atom(elab, list_get, (atom, elab.atom(index)))))

    return Indexed(containers.length_atom(elab, atom), item)


# -- lazy values


def _lazy(elab: Elaborator, function: Any, args: tuple[Value, ...], kwargs: dict[str, Value]) -> Iteration:
    if function is range:
        return _range(elab, args)
    if function is enumerate:
        start = args[1] if len(args) > 1 else kwargs.get("start", ZERO)
        return _enumerate(elab, iterate(elab, args[0]), start)
    if function is reversed:
        return _reversed(elab, iterate(elab, args[0]))
    if function is zip:
        return _zip(elab, [iterate(elab, a) for a in args])
    if function is map:
        return _map(elab, args[0], _zip(elab, [iterate(elab, a) for a in args[1:]]))
    refuse(elab, "filter goes over values known when the function is compiled only.", "Write a loop with if.")


def _range(elab: Elaborator, args: tuple[Value, ...]) -> Range:
    atoms = [elab.atom(a) for a in args]
    if not all(is_int_scalar(a) for a in atoms):
        refuse(elab, "range takes ints.", "Convert with int().", TypeMismatchError)
    match atoms:
        case [stop]:
            return Range(Const(0), stop, Const(1))
        case [start, stop]:
            return Range(start, stop, Const(1))
        case [start, stop, step]:
            return Range(start, stop, step)
    refuse(elab, "range takes one to three arguments.", kind=TypeMismatchError)


def indexed(elab: Elaborator, iteration: Iteration) -> Indexed:
    """Any iteration as one over indexes; known items become an array."""
    match iteration:
        case Indexed():
            return iteration
        case Range():
            return Indexed(range_length(elab, iteration), lambda index: _range_at(elab, iteration, index))
        case Items(values):
            whole = new_list(elab, values)
            return Indexed(Const(len(values)), lambda index: containers.subscript_list(elab, whole, index))


def range_length(elab: Elaborator, r: Range) -> Atom:
    """How many ints a range has; not below 0 where the loop that uses it could tell."""
    known = [a.value for a in (r.start, r.stop, r.step) if isinstance(a, Const)]
    if len(known) == 3:
        return Const(len(range(*known)))
    if r.step == Const(1):
        return r.stop if r.start == Const(0) else emit_atom(elab, elementwise.sub, (r.stop, r.start))
    return emit_atom(elab, trip_count, (r.start, r.stop, r.step))


def _range_at(elab: Elaborator, r: Range, index: Value) -> Value:
    """``start + index * step``."""
    from s2sad.frontend.library.operators import binary

    scaled = index if r.step == Const(1) else binary(elab, "mul", index, elab.lift(r.step))
    return scaled if r.start == Const(0) else binary(elab, "add", elab.lift(r.start), scaled)


def range_item(elab: Elaborator, value: Partial, key: Value) -> Value:
    """``range(...)[key]`` for a key that is not negative."""
    index = known(elab, key)
    if index is not UNKNOWN and (isinstance(index, slice) or index < 0):
        refuse(elab, "A range is indexed from its start by an int.", "Compute the int itself.")
    return _range_at(elab, _range(elab, value.args), key)


def _enumerate(elab: Elaborator, iteration: Iteration, start: Value) -> Iteration:
    from s2sad.frontend.library.operators import binary

    if isinstance(iteration, Items):
        return Items(tuple(Tuple((binary(elab, "add", start, Static(k)), v)) for k, v in enumerate(iteration.values)))
    inner = indexed(elab, iteration)

    def item(index: Value) -> Value:
        number = index if start == ZERO else binary(elab, "add", start, index)
        return Tuple((number, inner.item(index)))

    return Indexed(inner.length, item)


def _reversed(elab: Elaborator, iteration: Iteration) -> Iteration:
    from s2sad.frontend.library.operators import binary

    match iteration:
        case Items(values):
            return Items(values[::-1])
        case Range(start, stop, Const(1)):
            return Range(_less_one(elab, stop), _less_one(elab, start), Const(-1))
    inner = indexed(elab, iteration)
    length = elab.lift(inner.length)

    def item(index: Value) -> Value:
        return inner.item(binary(elab, "sub", binary(elab, "sub", length, ONE), index))

    return Indexed(inner.length, item)


def _less_one(elab: Elaborator, atom: Atom) -> Atom:
    return Const(atom.value - 1) if isinstance(atom, Const) else emit_atom(elab, elementwise.sub, (atom, Const(1)))


def _zip(elab: Elaborator, iterations: list[Iteration]) -> Iteration:
    if not iterations:
        return Items(())
    lengths = [_known_length(i) for i in iterations]
    if any(isinstance(i, Items) for i in iterations) and all(n is not None for n in lengths):
        count = min(n for n in lengths if n is not None)
        columns = [_first(elab, i, count) for i in iterations]
        return Items(tuple(Tuple(row) for row in zip(*columns, strict=True)))
    parts = [indexed(elab, i) for i in iterations]
    return Indexed(shortest(elab, [p.length for p in parts]), lambda index: Tuple(tuple(p.item(index) for p in parts)))


def _known_length(iteration: Iteration) -> int | None:
    match iteration:
        case Items(values):
            return len(values)
        case Range(Const(start), Const(stop), Const(step)):
            return len(range(start, stop, step))
        case Indexed(length=Const(length)):
            return length
        case _:
            return None


def _first(elab: Elaborator, iteration: Iteration, count: int) -> tuple[Value, ...]:
    """The first values of an iteration, one by one."""
    match iteration:
        case Items(values):
            return values[:count]
        case Range(Const(start), Const(stop), Const(step)):
            return tuple(Static(i) for i in range(start, stop, step)[:count])
        case _:
            part = indexed(elab, iteration)
            return tuple(part.item(Static(k)) for k in range(count))


def shortest(elab: Elaborator, lengths: list[Atom]) -> Atom:
    """The least of some lengths; equal ones (by their dims) are compared no further."""
    best = lengths[0]
    for other in lengths[1:]:
        ours, theirs = elab.builder.size_of(best), elab.builder.size_of(other)
        if best == other or (ours is not None and ours == theirs):
            continue
        if isinstance(best, Const) and isinstance(other, Const):
            best = min(best, other, key=lambda c: c.value)
        else:
            best = emit_atom(elab, elementwise.minimum, (best, other))
    return best


def _map(elab: Elaborator, function: Value, iteration: Iteration) -> Iteration:
    def apply(row: Value) -> Value:
        assert isinstance(row, Tuple)
        return elab.call(function, list(row.items), {})

    if isinstance(iteration, Items):
        return Items(tuple(apply(row) for row in iteration.values))
    inner = indexed(elab, iteration)
    return Indexed(inner.length, lambda index: apply(inner.item(index)))


def unroll(elab: Elaborator, value: Value) -> tuple[Value, ...]:
    """The values that an iteration gives, where their number is known now."""
    iteration = iterate(elab, value)
    count = _known_length(iteration)
    if count is None:
        refuse(elab, f"The length of {describe(elab, value)} is known at run time only.", "Use a loop, or an array.")
    if count > UNROLL_LIMIT:
        refuse(elab, f"{describe(elab, value)} has {count} items, too many to write out.", "Use a loop, or an array.")
    return _first(elab, iteration, count)


# -- the builtins that make lazy values


@meaning(range)
def range_(elab: Elaborator, *args: Value) -> Value:
    for a in args:
        if isinstance(a, Number) and isinstance(a.atom.type, Array):
            refuse(elab, "range takes ints.", kind=TypeMismatchError)
    return Partial(Static(range), args)


@meaning(enumerate, fold=False)
def enumerate_(elab: Elaborator, iterable: Value, start: Value = ZERO) -> Value:
    return Partial(Static(enumerate), (iterable, start))


@meaning(zip, fold=False)
def zip_(elab: Elaborator, *iterables: Value, strict: Value = FALSE) -> Value:
    return Partial(Static(zip), iterables)


@meaning(reversed, fold=False)
def reversed_(elab: Elaborator, sequence: Value) -> Value:
    return Partial(Static(reversed), (sequence,))


@meaning(map, fold=False)
def map_(elab: Elaborator, function: Value, *iterables: Value) -> Value:
    return Partial(Static(map), (function, *iterables))


@meaning(filter, fold=False)
def filter_(elab: Elaborator, function: Value, iterable: Value) -> Value:
    kept = []
    for value in unroll(elab, iterable):
        keep = elab.truth(value if function == NONE else elab.call(function, [value], {}))
        if not isinstance(keep, bool):
            refuse(elab, "filter chooses by a value known at run time only.", "Write a loop with if.")
        if keep:
            kept.append(value)
    return Tuple(tuple(kept))
