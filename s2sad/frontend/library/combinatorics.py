"""`itertools` over values known one by one."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

from s2sad.frontend.library import operators
from s2sad.frontend.library.iteration import unroll
from s2sad.frontend.library.support import NONE, ONE, Elaborator, static
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import Tuple, Value


def rows(values: Iterable[Any]) -> Value:
    """Tuples of values as a tuple of tuples."""
    return Tuple(tuple(Tuple(tuple(row)) for row in values))


def _of_one(function: Callable[..., Any]) -> None:
    @meaning(function, fold=False)
    def combine(elab: Elaborator, iterable: Value, *r: Value) -> Value:
        return rows(function(unroll(elab, iterable), *(static(elab, v) for v in r)))


for _function in (
    itertools.combinations,
    itertools.permutations,
    itertools.combinations_with_replacement,
    itertools.pairwise,
):
    _of_one(_function)


@meaning(itertools.product, fold=False)
def product(elab: Elaborator, *iterables: Value, repeat: Value = ONE) -> Value:
    return rows(itertools.product(*(unroll(elab, i) for i in iterables), repeat=static(elab, repeat)))


@meaning(itertools.chain, fold=False)
def chain(elab: Elaborator, *iterables: Value) -> Value:
    return Tuple(tuple(v for i in iterables for v in unroll(elab, i)))


@meaning(itertools.chain.from_iterable, fold=False)
def chain_from_iterable(elab: Elaborator, iterables: Value) -> Value:
    return chain(elab, *unroll(elab, iterables))


@meaning(itertools.islice, fold=False)
def islice(elab: Elaborator, iterable: Value, *bounds: Value) -> Value:
    return Tuple(tuple(itertools.islice(unroll(elab, iterable), *(static(elab, b) for b in bounds))))


@meaning(itertools.repeat, fold=False)
def repeat(elab: Elaborator, value: Value, times: Value) -> Value:
    return Tuple((value,) * static(elab, times))


@meaning(itertools.zip_longest, fold=False)
def zip_longest(elab: Elaborator, *iterables: Value, fillvalue: Value = NONE) -> Value:
    return rows(itertools.zip_longest(*(unroll(elab, i) for i in iterables), fillvalue=fillvalue))


@meaning(itertools.starmap, fold=False)
def starmap(elab: Elaborator, function: Value, iterable: Value) -> Value:
    return Tuple(tuple(elab.call(function, list(unroll(elab, row)), {}) for row in unroll(elab, iterable)))


@meaning(itertools.accumulate, fold=False)
def accumulate(elab: Elaborator, iterable: Value, func: Value = NONE, *, initial: Value = NONE) -> Value:
    items = list(unroll(elab, iterable))
    if initial != NONE:
        items.insert(0, initial)
    totals = items[:1]
    for item in items[1:]:
        last = totals[-1]
        totals.append(operators.binary(elab, "add", last, item) if func == NONE else elab.call(func, [last, item], {}))
    return Tuple(tuple(totals))
