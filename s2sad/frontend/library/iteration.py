"""Iteration: what a `for` loop goes over.

    Iteration = Items(after)                known one by one: the loop is unrolled
              | Range(start, stop, step)    a loop over ints, as atoms
              | Indexed(length, item)       a loop over ``item(0), ..., item(length - 1)``
              | Stream(run)                 what a generator gives, as it runs

Items are read as the loop comes to them: it may change the list that it goes over. `range`, `enumerate`, `zip`,
`reversed`, `map`, generators and the views of dicts are the lazy values ``Partial(Static(range), args)`` and so on,
which `iterate` takes apart. All but ranges and views are used up as they are gone over (`iterators`). What is made of a
generator is one itself (`written/streams.py`).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Generator, ItemsView, KeysView, ValuesView
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import columns, containers, dicts, structured
from s2sad.frontend.library.support import (
    FALSE,
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
from s2sad.frontend.library.written import streams
from s2sad.frontend.values.frames import Consumer
from s2sad.frontend.values.transforms import Inner
from s2sad.frontend.values.values import (
    ArrayRef,
    Closure,
    DictRef,
    ListRef,
    Location,
    Number,
    Numbers,
    ObjectRef,
    Partial,
    Static,
    StaticItems,
    Tuple,
    Value,
    Within,
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


@dataclass(frozen=True, slots=True)
class Stream:
    """What a generator gives: `run(consumer)` runs it, and hands each value to the consumer."""

    run: Callable[[Consumer], None]
    item: Callable[[Value], Value] | None = None
    """The value at an index, of one that never ends."""


Iteration = Items | Range | Indexed | Stream
VIEWS = (KeysView, ValuesView, ItemsView)
LAZY = (range, enumerate, zip, reversed, map, filter, iter, Generator, Stream, *VIEWS)
UNROLL_LIMIT = 10_000


def iterate(elab: Elaborator, value: Value) -> Iteration:
    """What a loop over `value` goes over."""
    from s2sad.frontend.library import iterators

    if structured.is_structured(value):
        return _records(elab, value)
    match value:
        case Static(range() as r):
            return Range(Const(r.start), Const(r.stop), Const(r.step))
        case Partial(Static(function), _, kwargs) if function in LAZY:
            used = dict(kwargs).get(iterators.USED)
            if not isinstance(used, ListRef):
                return unused(elab, value)
            if iterators.is_run_out(elab, used):
                return fixed(())
            return iterators.using_up(elab, value, unused(elab, value), used)
        case ArrayRef():
            whole(elab, value)
            return rows(elab, value)
        case Numbers():
            from s2sad.frontend.library import listed

            return listed.iterate(elab, value)
        case DictRef():
            return _view(elab, value, lambda key, item: key)
        case ListRef() if columns.columns_at(elab, value) is not None:
            return _column_items(elab, value)
        case ListRef() if (row := columns.row(elab, value)) is not None:
            return _row_items(elab, row, value)
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


def _column_items(elab: Elaborator, ref: ListRef) -> Indexed:
    """The items of a list of tuples, dicts, lists and the like."""
    now = columns.columns_at(elab, ref)
    assert now is not None
    return Indexed(
        columns.length(elab, now), lambda index: columns.item(elab, ref, elab.atom(index)), frozenset({ref.location})
    )


def _row_items(elab: Elaborator, row: Any, ref: ListRef) -> Indexed:
    """The items of a list in a list, as they are when the loop comes to them."""
    from s2sad.frontend.library.attributes import size_atom

    _, _, array = row
    place = elab.state[ref.location]
    assert isinstance(place, Within)
    return Indexed(
        size_atom(elab, array, 0),
        lambda index: containers.subscript_list(elab, ref, index),
        frozenset({ref.location, place.parent}),
    )


# -- lazy values


def unused(elab: Elaborator, value: Partial) -> Iteration:
    """What a lazy value goes over from its start on."""
    assert isinstance(value.function, Static)
    function, args, named = value.function.obj, value.args, dict(value.kwargs)
    if function is range:
        return _range(elab, args)
    if function is enumerate:
        start = args[1] if len(args) > 1 else named.get("start", ZERO)
        return _enumerate(elab, iterate(elab, args[0]), start)
    if function is reversed:
        return _reversed(elab, iterate(elab, args[0]))
    if function is zip:
        return _zip(elab, [iterate(elab, a) for a in args])
    if function is map:
        return _map(elab, args[0], _zip(elab, [iterate(elab, a) for a in args[1:]]))
    if function is filter:
        return written(elab, streams.kept, args[0], iterate(elab, args[1]))
    if function is Generator:
        return Stream(partial(elab.generate, value), _endless(elab, value))
    if function is Stream:
        assert isinstance(args[0], Static)
        return cast(Iteration, args[0].obj)
    if function is KeysView:
        return _view(elab, args[0], lambda key, item: key)
    if function is ValuesView:
        return _view(elab, args[0], lambda key, item: item)
    if function is ItemsView:
        return _view(elab, args[0], lambda key, item: Tuple((key, item)))
    return iterate(elab, args[0])


def _endless(elab: Elaborator, value: Partial) -> Callable[[Value], Value] | None:
    """What `itertools.count` and `itertools.repeat` give at an index."""
    from s2sad.frontend.library.operators import binary

    closure, named = value.args[0], dict(value.kwargs)
    match closure.function if isinstance(closure, Closure) else None:
        case streams.counted:
            start, step = named["start"], named["step"]
            return lambda index: binary(elab, "add", start, binary(elab, "mul", index, step))
        case streams.repeated:
            return lambda index: named["value"]
    return None


def as_value(iteration: Iteration) -> Value:
    """An iteration as a value."""
    return Partial(Static(Stream), (Static(iteration),))


def written(elab: Elaborator, function: Callable[..., Any], *args: Value | Iteration) -> Iteration:
    """What a generator function of ours gives for these arguments."""
    values = [as_value(a) if isinstance(a, Iteration) else a for a in args]
    return iterate(elab, elab.call(Static(function), values, {}))


def is_lazy(value: Value) -> bool:
    """Whether a value is gone over by `iterate` only."""
    return isinstance(value, Partial) and any(value.function == Static(f) for f in LAZY)


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
        case Stream():
            from s2sad.frontend.library.iterators import listed

            return indexed(elab, iterate(elab, listed(elab, iteration)))


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
    if isinstance(iteration, Stream):
        return written(elab, streams.enumerated, iteration, start)
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
        case Stream():
            refuse(elab, "A generator cannot be reversed.", "Make a list of it first.", TypeMismatchError)
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
    if any(map(is_endless, iterations)) and not all(map(is_endless, iterations)):
        return _zip_endless(elab, iterations)
    if any(isinstance(i, Stream) for i in iterations):
        return _zip_streams(elab, iterations)
    over = frozenset().union(*(i.over for i in iterations if isinstance(i, Items | Indexed)))
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


def is_endless(iteration: Iteration) -> bool:
    return isinstance(iteration, Stream) and iteration.item is not None


def _zip_endless(elab: Elaborator, iterations: list[Iteration]) -> Iteration:
    """What never ends beside others: it is read at their indexes."""
    numbered = _enumerate(elab, _zip(elab, [i for i in iterations if not is_endless(i)]), ZERO)

    def merged(inner: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
        index, row = args
        assert isinstance(row, Tuple)
        supply = iter(row.items)
        endless = [i.item if isinstance(i, Stream) else None for i in iterations]
        return Tuple(tuple(next(supply) if item is None else item(index) for item in endless))

    return _map(elab, Static(Inner(merged)), numbered)


def _zip_streams(elab: Elaborator, iterations: list[Iteration]) -> Iteration:
    """Generators beside others: the first one runs, all else is read at indexes. A second generator is run before, into
    a list; that is refused where it shows."""
    place = next(k for k, i in enumerate(iterations) if isinstance(i, Stream))
    rest = iterations[:place] + iterations[place + 1 :]
    if any(isinstance(i, Stream) for i in rest):
        rest = [elab.run_before(i) if isinstance(i, Stream) else i for i in rest]
    parts = [indexed(elab, i) for i in rest]
    if not parts:
        return written(elab, streams.alone, iterations[place])
    length = shortest(elab, [p.length for p in parts])

    def row(before: Value, item: Value) -> Value:
        others = [p.item(before) for p in parts]
        return Tuple((*others[:place], item, *others[place:]))

    function = Static(Inner(lambda inner, args, kwargs: row(args[0], args[1])))
    if place:
        return written(elab, streams.beside_first, iterations[place], elab.lift(length), function)
    return written(elab, streams.beside, iterations[place], elab.lift(length), function)


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
    if isinstance(iteration, Stream):
        return written(elab, streams.mapped, function, iteration)
    inner = indexed(elab, iteration)
    return Indexed(inner.length, lambda index: apply(inner.item(index)), inner.over)


def unroll(elab: Elaborator, value: Value) -> tuple[Value, ...]:
    """The values that an iteration gives, where their number is known now."""
    return unrolled(elab, value, iterate(elab, value))


def unrolled(elab: Elaborator, value: Value, iteration: Iteration) -> tuple[Value, ...]:
    """The values of an iteration of `value`."""
    if isinstance(iteration, Stream):
        from s2sad.frontend.library.iterators import listed

        iteration = iterate(elab, listed(elab, iteration))
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


def lazy(elab: Elaborator, function: Any, *args: Value) -> Partial:
    from s2sad.frontend.library import iterators

    return iterators.lazy(elab, function, *args)


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


@meaning(filter, fold=False)
def filter_(elab: Elaborator, function: Value, iterable: Value) -> Value:
    return lazy(elab, filter, function, iterable)
