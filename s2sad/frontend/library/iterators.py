"""Values that are used up as they are gone over: `zip`, `map`, generators and their like.

How far one was gone over is the content of a location of its own (`USED`): a count, `ALL`, or -1 where that is known at
run time only. Between two calls of `next` a generator is run anew, up to where it came to: that is right where it
writes nothing and where what it reads stays.
"""

from __future__ import annotations

import sys
from collections.abc import Generator
from dataclasses import replace
from typing import Any

import numpy as np

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import iteration
from s2sad.frontend.library.iteration import Indexed, Items, Iteration, Range, Stream, fixed, indexed, iterate
from s2sad.frontend.library.support import (
    FALSE,
    LAST,
    NONE,
    ONE,
    UNKNOWN,
    ZERO,
    Elaborator,
    describe,
    known,
    refuse,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.written import consuming, streams
from s2sad.frontend.values.frames import Consumer
from s2sad.frontend.values.values import ArrayRef, Closure, ListRef, Location, Partial, Static, StaticItems, Value

USED, ALL, SOME = "used@", sys.maxsize, -1
ONCE = "Make it a list, list(...), to go over it again."


def lazy(elab: Elaborator, function: Any, *args: Value) -> Partial:
    """A value that is used up as it is gone over."""
    return Partial(Static(function), args, ((USED, _untouched(elab)),))


def generator(elab: Elaborator, closure: Closure, bound: dict[str, Value]) -> Partial:
    """What a call of a generator function gives: nothing of it runs before it is gone over."""
    return Partial(Static(Generator), (closure,), (*bound.items(), (USED, _untouched(elab))))


def _untouched(elab: Elaborator) -> ListRef:
    location = Location(USED)
    elab.set(location, StaticItems((ZERO,)))
    return ListRef(location)


def is_iterator(value: Value) -> bool:
    """Whether a value is used up as it is gone over."""
    return isinstance(value, Partial) and any(name == USED for name, _ in value.kwargs)


# -- lists of what is given


def listed(elab: Elaborator, source: Iteration) -> ListRef:
    """The list of what an iteration gives."""
    ref = elab.call(Static(consuming.listed), [iteration.as_value(source)], {})
    assert isinstance(ref, ListRef)
    return ref


def run_out(elab: Elaborator, value: Value) -> Value:
    """What a function that takes all of its argument sees in place of a generator: the list of what it gives."""
    if isinstance(value, Partial) and value.function in (Static(Generator), Static(filter)):
        return listed(elab, iterate(elab, value))
    return value


@meaning(np.fromiter, fold=False)
def fromiter(elab: Elaborator, iterable: Value, dtype: Value, count: Value = LAST) -> Value:
    if known(elab, count) != -1:
        refuse(elab, "np.fromiter takes all that is given here, without count.", "Slice the array it makes.")
    items = iterable if isinstance(iterable, ListRef | ArrayRef) else listed(elab, iterate(elab, iterable))
    return elab.call(Static(np.array), [items], {"dtype": dtype})


# -- how far


def place_of(elab: Elaborator, used: ListRef) -> int:
    """How many values were taken."""
    content = elab.get(used.location)
    assert isinstance(content, StaticItems)
    found = known(elab, content.items[0])
    if found is UNKNOWN or found == SOME:
        refuse(elab, "This iterator may be used up in part.", ONCE)
    return int(found)


def is_run_out(elab: Elaborator, used: ListRef) -> bool:
    """Whether nothing is left."""
    content = elab.get(used.location)
    return isinstance(content, StaticItems) and content.items[0] == Static(ALL)


def move(elab: Elaborator, used: ListRef, place: int) -> None:
    content = elab.get(used.location)
    assert isinstance(content, StaticItems)
    elab.set(used.location, StaticItems((Static(place), *content.items[1:])))


def using_up(elab: Elaborator, value: Partial, source: Iteration, used: ListRef) -> Iteration:
    """An iteration from where the last one came to."""
    if isinstance(source, Items):
        return _items_from(elab, source, used)
    if isinstance(source, Stream):
        return _stream_from(elab, value, source, used)
    place = place_of(elab, used)
    move(elab, used, SOME)
    return source if place == 0 else _rest(elab, source, place)


def _items_from(elab: Elaborator, source: Items, used: ListRef) -> Items:
    def after(k: int) -> Value | None:
        place = place_of(elab, used)
        value = source.after(place)
        if value is not None:
            move(elab, used, place + 1)
        return value

    return Items(after, source.over)


def _rest(elab: Elaborator, source: Range | Indexed, place: int) -> Indexed:
    """What follows the first so many values."""
    from s2sad.frontend.library.operators import binary

    whole = indexed(elab, source)
    length = elab.atom(binary(elab, "sub", elab.lift(whole.length), Static(place)))
    return Indexed(length, lambda index: whole.item(binary(elab, "add", index, Static(place))), whole.over)


def _stream_from(elab: Elaborator, value: Partial, source: Stream, used: ListRef) -> Iteration:
    """What a generator gives. Where values were taken from it, it is run anew and these are left out."""
    if place := place_of(elab, used):
        check_unchanged(elab, used)
        found = elab.run_through(value)
        if found is not None:
            return _items_from(elab, fixed(found[0]), used)
        move(elab, used, SOME)
        return _after(elab, source, place)

    def run(consumer: Consumer) -> None:
        left = False

        def give(item: Value) -> Value:
            nonlocal left
            flag = consumer.give(item)
            left = left or flag != FALSE
            return flag

        if place_of(elab, used):
            refuse(elab, "This generator is gone over in two places at once.", "Make a list of it first, list(...).")
        move(elab, used, SOME)
        source.run(replace(consumer, give=give))
        if not left:
            move(elab, used, ALL)

    def item(index: Value) -> Value:
        assert source.item is not None
        move(elab, used, SOME)
        return source.item(index)

    return Stream(run, None if source.item is None else item)


def _after(elab: Elaborator, source: Stream, place: int) -> Iteration:
    """What a generator gives after so many values."""
    return iteration.written(elab, streams.sliced, source, Static(place), NONE, ONE)


def check_unchanged(elab: Elaborator, used: ListRef) -> None:
    """Refuse to run a generator anew that would give other values than it gave before."""
    content = elab.get(used.location)
    assert isinstance(content, StaticItems)
    match content.items:
        case (_, Static(kept)) if kept.holds():
            return
    why = "What this generator reads changed since a value was taken from it."
    refuse(elab, why, "Make a list of it first, list(...).")


# -- next


@meaning(iter, fold=False)
def iter_(elab: Elaborator, iterable: Value) -> Value:
    return iterable if is_iterator(iterable) else lazy(elab, iter, iterable)


@meaning(next, fold=False)
def next_(elab: Elaborator, iterator: Value, default: Value | None = None) -> Value:
    if not is_iterator(iterator):
        refuse(elab, f"{describe(elab, iterator)} is no iterator.", "Make one with iter().", TypeMismatchError)
    assert isinstance(iterator, Partial)
    used = dict(iterator.kwargs)[USED]
    assert isinstance(used, ListRef)
    place = place_of(elab, used)
    source = fixed(()) if place == ALL else iteration.unused(elab, iterator)
    match source:
        case Items():
            return _next_item(elab, _items_from(elab, source, used), default)
        case Stream():
            return _next_given(elab, iterator, source, used, default)
    return _next_indexed(elab, indexed(elab, source), used, default)


def _next_item(elab: Elaborator, items: Items, default: Value | None) -> Value:
    value = items.after(0)
    value = default if value is None else value
    if value is None:
        elab.fail(StopIteration, "The iterator is used up.")
    return value


def _next_indexed(elab: Elaborator, source: Indexed, used: ListRef, default: Value | None) -> Value:
    """The next of values at indexes: it is known at run time only whether there is one."""
    from s2sad.frontend.library.operators import compare

    place = place_of(elab, used)
    there = elab.truth(compare(elab, "lt", Static(place), elab.lift(source.length)))
    if there is False and default is None:
        elab.fail(StopIteration, "The iterator is used up.")
    if there is False and default is not None:
        return default
    move(elab, used, place + 1)
    if isinstance(there, bool):
        return source.item(Static(place))
    if default is not None:
        return elab.branch(there, lambda: source.item(Static(place)), lambda: default)
    elab.check(there, "StopIteration", "the iterator is used up")
    return source.item(Static(place))


def _next_given(
    elab: Elaborator, iterator: Partial, source: Stream, used: ListRef, default: Value | None
) -> Value:
    """The next value of a generator: it is left after that where it is not known how many there are."""
    place = place_of(elab, used)
    if place:
        check_unchanged(elab, used)
    found = elab.run_through(iterator)
    if found is not None:
        values, kept = found
        value = _next_item(elab, _items_from(elab, fixed(values), used), default)
        elab.set(used.location, StaticItems((Static(min(place + 1, len(values)) or ALL), Static(kept))))
        return value
    rest = iteration.as_value(_after(elab, source, place) if place else source)
    function = consuming.first if default is None else consuming.first_or
    arguments = [rest] if default is None else [rest, default]
    value, kept = elab.watched(lambda: elab.call(Static(function), arguments, {}))
    elab.set(used.location, StaticItems((Static(SOME if kept is None else place + 1), Static(kept))))
    return value
