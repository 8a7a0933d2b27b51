"""Iteration: what a `for` loop goes over.

    Iteration = Items(after)                known one by one: the loop is unrolled
              | Range(start, stop, step)    a loop over ints, as atoms
              | Indexed(length, item)       a loop over ``item(0), ..., item(length - 1)``

Items are read as the loop comes to them: it may change the list that it goes over. `range`, `enumerate`, `zip`,
`reversed`, `map`, generators kept in a variable and the views of dicts are the lazy values
``Partial(Static(range), args)`` and so on, which `iterate` takes apart. All but ranges and views are used up as they
are gone over: how far is the content of a location of their own.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Generator, ItemsView, KeysView, ValuesView
from dataclasses import dataclass
from functools import partial
from typing import Any

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import containers, dicts, structured
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
    whole,
    wrap,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import (
    ArrayRef,
    DictRef,
    ListRef,
    Location,
    Number,
    ObjectRef,
    Partial,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir import Array, Atom, Const
from s2sad.ir.primitives import list_get
from s2sad.rules import elementwise
from s2sad.rules.counting import trip_count


@dataclass(frozen=True, slots=True)
class Items:
    """Values known one by one: ``after(k)`` is what follows the first k, None at the end."""

    after: Callable[[int], Value | None]
    over: frozenset[Location] = frozenset()
    """The lists that are gone over."""

    @property
    def values(self) -> tuple[Value, ...]:
        """All of them, now."""
        return tuple(iter(partial(next, map(self.after, itertools.count())), None))


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
    over: frozenset[Location] = frozenset()
    """The lists that are gone over, whose length must stay."""


Iteration = Items | Range | Indexed
USED, ALL = "used@", sys.maxsize
VIEWS = (KeysView, ValuesView, ItemsView)
LAZY = (range, enumerate, zip, reversed, map, iter, Generator, *VIEWS)
UNROLL_LIMIT = 10_000


def iterate(elab: Elaborator, value: Value) -> Iteration:
    """What a loop over `value` goes over."""
    if structured.is_structured(value):
        return _records(elab, value)
    match value:
        case Static(range() as r):
            return Range(Const(r.start), Const(r.stop), Const(r.step))
        case Partial(Static(function), args, kwargs) if function in LAZY:
            named = dict(kwargs)
            used = named.pop(USED, None)
            if used is not None and known(elab, used) == [ALL]:
                return fixed(())
            iteration = _lazy(elab, function, args, named)
            return iteration if used is None else _using_up(elab, iteration, used)
        case ArrayRef():
            whole(elab, value)
            return rows(elab, value)
        case DictRef():
            return _view(elab, value, lambda key, item: key)
        case ListRef() if runtime_list(elab, value) is None:
            return _live(elab, value)
        case ListRef():
            return _list_items(elab, value)
        case ObjectRef() if (function := getattr(value.cls, "__iter__", None)) is not None:
            return iterate(elab, elab.call(Static(function), [value], {}))
    items = items_of(elab, value)
    if items is not None:
        return fixed(items)
    obj = known(elab, value)
    if obj is not UNKNOWN and hasattr(type(obj), "__iter__") and hasattr(type(obj), "__len__"):
        return fixed(tuple(wrap(elab, o) for o in obj))
    refuse(
        elab,
        f"A loop cannot go over {describe(elab, value)}.",
        "Loop over a range, an array, or a list.",
        TypeMismatchError,
    )


def _records(elab: Elaborator, value: Value) -> Iteration:
    """The rows of a structured array."""
    along = iterate(elab, structured.column(elab, value))
    assert isinstance(along, Indexed)
    return Indexed(along.length, lambda index: structured.subscript(elab, value, index))


def rows(elab: Elaborator, ref: ArrayRef) -> Iteration:
    """The rows of an array (views), or the elements of a vector."""
    from s2sad.frontend.library.attributes import size_atom
    from s2sad.frontend.library.indexing import subscript_array

    if ref.type.rank == 0:
        refuse(elab, "A loop cannot go over an array of rank 0.", kind=TypeMismatchError)
    return Indexed(size_atom(elab, ref, 0), lambda index: subscript_array(elab, ref, index))


def fixed(values: tuple[Value, ...]) -> Items:
    """Values that stay."""
    return Items(lambda k: values[k] if k < len(values) else None)


def _live(elab: Elaborator, ref: ListRef) -> Items:
    """The items of a list of known length, as they are when the loop comes to them."""

    def after(k: int) -> Value | None:
        content = elab.get(ref.location)
        if not isinstance(content, StaticItems):
            refuse(elab, "The list that is gone over changes on some paths only.", "Loop with while i < len(items).")
        return content.items[k] if k < len(content.items) else None

    return Items(after, frozenset({ref.location}))


def _view(elab: Elaborator, ref: Value, item: Callable[[Value, Value], Value]) -> Items:
    """What ``item(key, value)`` gives of a dict, the values as they are when the loop comes to them."""
    keys = [k for k, _ in dicts.entries(elab, ref)]

    def after(k: int) -> Value | None:
        now = dict(dicts.entries(elab, ref))
        if len(now) != len(keys) or any(key not in now for key in keys):
            refuse(elab, "A dict changes its keys while a loop goes over it.", "Loop over list(...) of it.")
        return item(wrap(elab, keys[k]), now[keys[k]]) if k < len(keys) else None

    return Items(after)


def _list_items(elab: Elaborator, ref: ListRef) -> Indexed:
    """The items of a list that grows at run time, as they are when the loop comes to them."""

    def now() -> Atom:
        atom = runtime_list(elab, ref)
        assert atom is not None
        return atom

    def item(index: Value) -> Value:
        return read_only(elab, elab.lift(emit_atom(elab, list_get, (now(), elab.atom(index)))))

    return Indexed(containers.length_atom(elab, now()), item, frozenset({ref.location}))


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
    if function is Generator:
        return iterate(elab, elab.call(args[0], list(args[1:]), {}))
    if function is KeysView:
        return _view(elab, args[0], lambda key, item: key)
    if function is ValuesView:
        return _view(elab, args[0], lambda key, item: item)
    if function is ItemsView:
        return _view(elab, args[0], lambda key, item: Tuple((key, item)))
    return iterate(elab, args[0])


def lazy(elab: Elaborator, function: Any, *args: Value) -> Partial:
    """A value that is used up as it is gone over."""
    return Partial(Static(function), args, ((USED, new_list(elab, [ZERO])),))


def is_iterator(value: Value) -> bool:
    """Whether a value is used up as it is gone over."""
    return isinstance(value, Partial) and any(name == USED for name, _ in value.kwargs)


def is_lazy(value: Value) -> bool:
    """Whether a value is gone over by `iterate` only."""
    return isinstance(value, Partial) and any(value.function == Static(f) for f in LAZY)


def run_out(elab: Elaborator, value: Value) -> Value:
    """What a function that takes all of its argument sees in place of a generator: the list of what it gives."""
    if not (isinstance(value, Partial) and value.function == Static(Generator)):
        return value
    used = dict(value.kwargs)[USED]
    assert isinstance(used, ListRef)
    if known(elab, used) != [0]:
        return new_list(elab, unroll(elab, value))
    elab.set(used.location, StaticItems((Static(ALL),)))
    return elab.call(value.args[0], list(value.args[1:]), {})


def _using_up(elab: Elaborator, iteration: Iteration, used: Value) -> Iteration:
    """An iteration from where the last one came to."""
    assert isinstance(used, ListRef)

    def position() -> int:
        found = known(elab, used)
        if found is UNKNOWN or found[0] < 0:
            refuse(elab, "This iterator may be used up in part.", "Make it a list, list(...), to go over it again.")
        return int(found[0])

    def move(place: int) -> None:
        elab.set(used.location, StaticItems((Static(place),)))

    if isinstance(iteration, Items):
        items = iteration

        def after(k: int) -> Value | None:
            place = position()
            value = items.after(place)
            if value is not None:
                move(place + 1)
            return value

        return Items(after, items.over)
    if position() != 0:
        refuse(elab, "This iterator is used up in part.", "Make it a list, list(...).")
    move(-1)
    return iteration


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
        case Items():
            values = iteration.values
            whole = new_list(elab, values)
            return Indexed(
                Const(len(values)), lambda index: containers.subscript_list(elab, whole, index), iteration.over
            )


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

        def after(k: int) -> Value | None:
            value = iteration.after(k)
            return None if value is None else Tuple((binary(elab, "add", start, Static(k)), value))

        return Items(after, iteration.over)
    inner = indexed(elab, iteration)

    def item(index: Value) -> Value:
        number = index if start == ZERO else binary(elab, "add", start, index)
        return Tuple((number, inner.item(index)))

    return Indexed(inner.length, item, inner.over)


def _reversed(elab: Elaborator, iteration: Iteration) -> Iteration:
    from s2sad.frontend.library.operators import binary

    match iteration:
        case Items():
            last = len(iteration.values) - 1
            return Items(lambda k: iteration.after(last - k) if k <= last else None, iteration.over)
        case Range(start, stop, Const(1)):
            return Range(_less_one(elab, stop), _less_one(elab, start), Const(-1))
    inner = indexed(elab, iteration)
    length = elab.lift(inner.length)

    def item(index: Value) -> Value:
        return inner.item(binary(elab, "sub", binary(elab, "sub", length, ONE), index))

    return Indexed(inner.length, item, inner.over)


def _less_one(elab: Elaborator, atom: Atom) -> Atom:
    return Const(atom.value - 1) if isinstance(atom, Const) else emit_atom(elab, elementwise.sub, (atom, Const(1)))


def _zip(elab: Elaborator, iterations: list[Iteration]) -> Iteration:
    if not iterations:
        return fixed(())
    over = frozenset().union(*(i.over for i in iterations if not isinstance(i, Range)))
    if any(isinstance(i, Items) for i in iterations) and all(is_known(i) for i in iterations):
        columns = [_one_by_one(elab, i) for i in iterations]

        def after(k: int) -> Value | None:
            row = []
            for column in columns:
                value = column.after(k)
                if value is None:
                    return None
                row.append(value)
            return Tuple(tuple(row))

        return Items(after, over)
    parts = [indexed(elab, i) for i in iterations]
    length = shortest(elab, [p.length for p in parts])
    return Indexed(length, lambda index: Tuple(tuple(p.item(index) for p in parts)), over)


def is_known(iteration: Iteration) -> bool:
    """Whether the number of trips is known now."""
    match iteration:
        case Items() | Range(Const(), Const(), Const()) | Indexed(length=Const()):
            return True
        case _:
            return False


def _one_by_one(elab: Elaborator, iteration: Iteration) -> Items:
    """An iteration of a known number of trips as items."""
    match iteration:
        case Items():
            return iteration
        case Range(Const(start), Const(stop), Const(step)):
            return fixed(tuple(Static(i) for i in range(start, stop, step)))
        case _:
            part = indexed(elab, iteration)
            assert isinstance(part.length, Const)
            count = part.length.value
            return Items(lambda k: part.item(Static(k)) if k < count else None, part.over)


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

        def after(k: int) -> Value | None:
            row = iteration.after(k)
            return None if row is None else apply(row)

        return Items(after, iteration.over)
    inner = indexed(elab, iteration)
    return Indexed(inner.length, lambda index: apply(inner.item(index)), inner.over)


def unroll(elab: Elaborator, value: Value) -> tuple[Value, ...]:
    """The values that an iteration gives, where their number is known now."""
    return unrolled(elab, value, iterate(elab, value))


def unrolled(elab: Elaborator, value: Value, iteration: Iteration) -> tuple[Value, ...]:
    """The values of an iteration of `value`."""
    if not is_known(iteration):
        refuse(elab, f"The length of {describe(elab, value)} is known at run time only.", "Use a loop, or an array.")
    match iteration:
        case Range(Const(start), Const(stop), Const(step)):
            count = len(range(start, stop, step))
        case Indexed(length=Const(count)):
            pass
        case _:
            return _one_by_one(elab, iteration).values
    if count > UNROLL_LIMIT:
        refuse(elab, f"{describe(elab, value)} has {count} items, too many to write out.", "Use a loop, or an array.")
    return _one_by_one(elab, iteration).values


# -- the builtins that make lazy values


@meaning(range)
def range_(elab: Elaborator, *args: Value) -> Value:
    for a in args:
        if isinstance(a, Number) and isinstance(a.atom.type, Array):
            refuse(elab, "range takes ints.", kind=TypeMismatchError)
    return Partial(Static(range), args)


@meaning(enumerate, fold=False)
def enumerate_(elab: Elaborator, iterable: Value, start: Value = ZERO) -> Value:
    return lazy(elab, enumerate, iterable, start)


@meaning(zip, fold=False)
def zip_(elab: Elaborator, *iterables: Value, strict: Value = FALSE) -> Value:
    return lazy(elab, zip, *iterables)


@meaning(reversed, fold=False)
def reversed_(elab: Elaborator, sequence: Value) -> Value:
    return lazy(elab, reversed, sequence)


@meaning(map, fold=False)
def map_(elab: Elaborator, function: Value, *iterables: Value) -> Value:
    return lazy(elab, map, function, *iterables)


@meaning(iter, fold=False)
def iter_(elab: Elaborator, iterable: Value) -> Value:
    return iterable if is_iterator(iterable) else lazy(elab, iter, iterable)


@meaning(next, fold=False)
def next_(elab: Elaborator, iterator: Value, default: Value | None = None) -> Value:
    if not is_iterator(iterator):
        refuse(elab, f"{describe(elab, iterator)} is no iterator.", "Make one with iter().", TypeMismatchError)
    iteration = iterate(elab, iterator)
    if not isinstance(iteration, Items):
        refuse(elab, "next() takes from an iterator whose values are known one by one only.", "Use an index.")
    value = iteration.after(0)
    value = default if value is None else value
    if value is None:
        refuse(elab, "The iterator is used up.", "Give next() a default.")
    return value


@meaning(filter, fold=False)
def filter_(elab: Elaborator, function: Value, iterable: Value) -> Value:
    kept = []
    for value in unroll(elab, iterable):
        keep = elab.truth(value if function == NONE else elab.call(function, [value], {}))
        if not isinstance(keep, bool):
            refuse(elab, "filter chooses by a value known at run time only.", "Write a loop with if.")
        if keep:
            kept.append(value)
    return lazy(elab, iter, Tuple(tuple(kept)))
