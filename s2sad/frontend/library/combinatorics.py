"""`itertools`: over values known one by one, Python's own; over others, generators of ours (`written/streams.py`)."""

from __future__ import annotations

import itertools
import operator
from collections.abc import Callable, Iterable
from typing import Any

from s2sad.frontend.library import operators
from s2sad.frontend.library.iteration import Indexed, as_value, indexed, is_known, iterate, unroll, unrolled
from s2sad.frontend.library.iterators import lazy, listed
from s2sad.frontend.library.support import (
    NONE,
    ONE,
    UNKNOWN,
    ZERO,
    Elaborator,
    known,
    refuse,
    runtime_list,
    static,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.written import streams
from s2sad.frontend.values.values import ArrayRef, Buffer, ListRef, Location, Partial, Static, Tuple, Value


def rows(values: Iterable[Any]) -> Value:
    """Tuples of values as a tuple of tuples."""
    return Tuple(tuple(Tuple(tuple(row)) for row in values))


def given(elab: Elaborator, function: Callable[..., Any], *args: Value) -> Value:
    """What a generator function of ours gives."""
    return elab.call(Static(function), list(args), {})


def pool(elab: Elaborator, iterable: Value) -> Value:
    """All values of an iterable, as they are now, to be read at indexes."""
    match iterable:
        case Partial(Static(function)) if function is range:
            return iterable
        case ArrayRef() if not iterable.path:
            location = Location(iterable.location.hint)
            content = elab.get(iterable.location)
            assert isinstance(content, Buffer)
            elab.set(location, content)
            return ArrayRef(location, iterable.type)
        case ListRef() if (items := runtime_list(elab, iterable)) is not None:
            return elab.lift(items)
    iteration = iterate(elab, iterable)
    return Tuple(unrolled(elab, iterable, iteration)) if is_known(iteration) else listed(elab, iteration)


def _choices(function: Callable[..., Any], written: Callable[..., Any], start: Value) -> None:
    @meaning(function, fold=False)
    def combine(elab: Elaborator, iterable: Value, r: Value = NONE) -> Value:
        items = pool(elab, iterable)
        iteration = iterate(elab, items)
        if is_known(iteration):
            size = [] if r == NONE else [static(elab, r)]
            return rows(function(unrolled(elab, items, iteration), *size))
        if r == NONE:
            refuse(elab, "The permutations of an unknown number of items are of unknown length.", "Give r.")
        return given(elab, written, items, Static(static(elab, r)), start)


_choices(itertools.combinations, streams.combined, ZERO)
_choices(itertools.combinations_with_replacement, streams.combined_again, ZERO)
_choices(itertools.permutations, streams.permuted, Tuple(()))


@meaning(itertools.pairwise, fold=False)
def pairwise(elab: Elaborator, iterable: Value) -> Value:
    iteration = iterate(elab, iterable)
    if is_known(iteration):
        return rows(itertools.pairwise(unrolled(elab, iterable, iteration)))
    return given(elab, streams.in_pairs, as_value(iteration))


@meaning(itertools.product, fold=False)
def product(elab: Elaborator, *iterables: Value, repeat: Value = ONE) -> Value:
    pools = [pool(elab, i) for i in iterables]
    iterations = [iterate(elab, p) for p in pools]
    times = static(elab, repeat)
    if all(map(is_known, iterations)):
        known_pools = (unrolled(elab, p, i) for p, i in zip(pools, iterations, strict=True))
        return rows(itertools.product(*known_pools, repeat=times))
    return given(elab, streams.products, Tuple(tuple(pools) * times))


@meaning(itertools.chain, fold=False)
def chain(elab: Elaborator, *iterables: Value) -> Value:
    iterations = [iterate(elab, i) for i in iterables]
    if all(map(is_known, iterations)):
        return Tuple(tuple(v for i, it in zip(iterables, iterations, strict=True) for v in unrolled(elab, i, it)))
    return given(elab, streams.chained, Tuple(tuple(as_value(i) for i in iterations)))


@meaning(itertools.chain.from_iterable, fold=False)
def chain_from_iterable(elab: Elaborator, iterables: Value) -> Value:
    iteration = iterate(elab, iterables)
    if is_known(iteration):
        return chain(elab, *unrolled(elab, iterables, iteration))
    return given(elab, streams.chained, as_value(iteration))


@meaning(itertools.islice, fold=False)
def islice(elab: Elaborator, iterable: Value, *bounds: Value) -> Value:
    start, stop, step = (ZERO, *bounds, ONE) if len(bounds) == 1 else (*bounds, ONE)[:3]
    start, step = (ZERO if start == NONE else start), (ONE if step == NONE else step)
    iteration = iterate(elab, iterable)
    if is_known(iteration) and all(known(elab, b) is not UNKNOWN for b in (start, stop, step)):
        taken = (static(elab, b) for b in (start, stop, step))
        return Tuple(tuple(itertools.islice(unrolled(elab, iterable, iteration), *taken)))
    return given(elab, streams.sliced, as_value(iteration), start, stop, step)


@meaning(itertools.count, fold=False)
def count(elab: Elaborator, start: Value = ZERO, step: Value = ONE) -> Value:
    return given(elab, streams.counted, start, step)


@meaning(itertools.cycle, fold=False)
def cycle(elab: Elaborator, iterable: Value) -> Value:
    return given(elab, streams.cycled, pool(elab, iterable))


@meaning(itertools.repeat, fold=False)
def repeat(elab: Elaborator, value: Value, times: Value | None = None) -> Value:
    if times is None:
        return given(elab, streams.repeated, value)
    number = known(elab, times)
    return given(elab, streams.repeated_times, value, times) if number is UNKNOWN else Tuple((value,) * number)


@meaning(itertools.takewhile, fold=False)
def takewhile(elab: Elaborator, predicate: Value, iterable: Value) -> Value:
    return given(elab, streams.taken_while, predicate, iterable)


@meaning(itertools.dropwhile, fold=False)
def dropwhile(elab: Elaborator, predicate: Value, iterable: Value) -> Value:
    return given(elab, streams.dropped_while, predicate, iterable)


@meaning(itertools.filterfalse, fold=False)
def filterfalse(elab: Elaborator, predicate: Value, iterable: Value) -> Value:
    return given(elab, streams.left_out, predicate, iterable)


@meaning(itertools.compress, fold=False)
def compress(elab: Elaborator, data: Value, selectors: Value) -> Value:
    return given(elab, streams.compressed, data, selectors)


@meaning(itertools.groupby, fold=False)
def groupby(elab: Elaborator, iterable: Value, key: Value = NONE) -> Value:
    return given(elab, streams.grouped, iterable, key)


@meaning(itertools.zip_longest, fold=False)
def zip_longest(elab: Elaborator, *iterables: Value, fillvalue: Value = NONE) -> Value:
    iterations = [iterate(elab, i) for i in iterables]
    if all(map(is_known, iterations)):
        columns = (unrolled(elab, i, it) for i, it in zip(iterables, iterations, strict=True))
        return rows(itertools.zip_longest(*columns, fillvalue=fillvalue))
    parts = [indexed(elab, i) for i in iterations]
    lengths = [elab.lift(p.length) for p in parts]
    longest = elab.call(Static(max), lengths, {}) if len(lengths) > 1 else lengths[0]

    def item(part: Indexed, length: Value, index: Value) -> Value:
        inside = elab.truth(operators.compare(elab, "lt", index, length))
        if isinstance(inside, bool):
            return part.item(index) if inside else fillvalue
        return elab.branch(inside, lambda: part.item(index), lambda: fillvalue)

    def row(index: Value) -> Value:
        return Tuple(tuple(item(p, n, index) for p, n in zip(parts, lengths, strict=True)))

    return lazy(elab, iter, as_value(Indexed(elab.atom(longest), row)))


@meaning(itertools.starmap, fold=False)
def starmap(elab: Elaborator, function: Value, iterable: Value) -> Value:
    iteration = iterate(elab, iterable)
    if not is_known(iteration):
        return given(elab, streams.mapped, function, as_value(iteration))
    found = unrolled(elab, iterable, iteration)
    return Tuple(tuple(elab.call(function, list(unroll(elab, row)), {}) for row in found))


@meaning(itertools.accumulate, fold=False)
def accumulate(elab: Elaborator, iterable: Value, func: Value = NONE, *, initial: Value = NONE) -> Value:
    iteration = iterate(elab, iterable)
    function = Static(operator.add) if func == NONE else func
    if not is_known(iteration):
        if initial == NONE:
            return given(elab, streams.accumulated, as_value(iteration), function)
        return given(elab, streams.accumulated_from, as_value(iteration), function, initial)
    items = list(unrolled(elab, iterable, iteration))
    if initial != NONE:
        items.insert(0, initial)
    totals = items[:1]
    for item in items[1:]:
        last = totals[-1]
        totals.append(operators.binary(elab, "add", last, item) if func == NONE else elab.call(func, [last, item], {}))
    return Tuple(tuple(totals))
