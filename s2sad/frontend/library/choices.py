"""Values that are one of several: a function chosen by a condition, an item of a list of functions.

    h = square if x > 0.5 else cube      Choice(tag, {0: square, 1: cube}), where tag is 0 or 1
    h(x)                                 square(x) if tag == 0 else cube(x)

Two paths that leave values with nothing in common leave a choice of them. Each kind of value has one number throughout
a program, so that the tags of two choices can meet as the ints that they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from s2sad.frontend.library.support import Elaborator
from s2sad.frontend.values.values import (
    Choice,
    Closure,
    Number,
    ObjectRef,
    Partial,
    Static,
    Tuple,
    Value,
)
from s2sad.ir.nodes import Atom, Const

MOST_OPTIONS = 8
"""How many values a name may have on different paths: one that is built in a loop, such as a text, has no end."""


def kind_of(value: Value) -> Any:
    """What tells two options of a choice apart; None for what is no option."""
    match value:
        case Static(str() | bytes() | slice() | np.dtype() as obj):
            return ("plain", type(obj), repr(obj))
        case Static(bool() | int() | float() | complex() | np.number() | np.bool_()):
            return None  # data meets data, or it is refused
        case Static(obj):
            return ("object", id(obj))
        case Tuple(items, cls):
            return ("tuple", cls, len(items))
        case ObjectRef(cls=cls):
            return ("instance", cls)
        case Closure(source, frame):
            return ("closure", source, frame is None)
        case Partial(function, args, kwargs):
            return ("partial", kind_of(function), len(args), tuple(k for k, _ in kwargs))
        case _:
            return None


def number_of(elab: Elaborator, value: Value, place: int = 0) -> int | None:
    """The number of the kind of a value; None for what is no option. `place` tells items of one kind apart."""
    kind = kind_of(value)
    if kind is None or (isinstance(value, Partial) and kind_of(value.function) is None):
        return None
    number, _ = elab.kinds.setdefault((kind, place), (len(elab.kinds), value))  # the value keeps its id
    return number


def options_of(elab: Elaborator, value: Value) -> tuple[Atom, Mapping[int, Value]] | None:
    """A value as a choice: the number of what it is, and its options."""
    if isinstance(value, Choice):
        return value.tag, dict(value.options)
    number = number_of(elab, value)
    return None if number is None else (Const(number), {number: value})


def item_of(elab: Elaborator, items: Sequence[Value], tag_at: Callable[[list[int]], Atom]) -> Choice | None:
    """One of several known items. `tag_at` gives the number of the one that is meant, of those of all."""
    found: dict[int, Value] = {}
    numbers = []
    seen: dict[Any, int] = {}
    for item in items:
        kind = kind_of(item)
        same = next((n for n, other in found.items() if other is item or other == item), None)
        if same is None:
            place = seen[kind] = seen.get(kind, -1) + 1
            same = number_of(elab, item, place)
        if same is None:
            return None
        found[same] = item
        numbers.append(same)
    return Choice(tag_at(numbers), tuple(found.items()))


def split(elab: Elaborator, value: Choice, run: Callable[[Value], Value]) -> Value:
    """What `run` gives for whichever value it is."""
    (number, option), *others = value.options
    if not others:
        return run(option)
    rest = Choice(value.tag, tuple(others))
    if isinstance(value.tag, Const):
        return run(option) if value.tag.value == number else split(elab, rest, run)
    from s2sad.frontend.library.operators import compare

    is_it = elab.atom(compare(elab, "eq", Number(value.tag), Static(number)))
    return elab.branch(is_it, lambda: run(option), lambda: split(elab, rest, run))


def each(elab: Elaborator, values: Sequence[Value], run: Callable[[list[Value]], Value]) -> Value:
    """`run` of values none of which is a choice."""
    k = next((k for k, v in enumerate(values) if isinstance(v, Choice)), None)
    if k is None:
        return run(list(values))
    choice = values[k]
    assert isinstance(choice, Choice)
    return split(elab, choice, lambda option: each(elab, [*values[:k], option, *values[k + 1 :]], run))
