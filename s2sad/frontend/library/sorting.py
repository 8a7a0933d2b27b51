"""`sorted` and `list.sort`.

    sorted(xs, key=f, reverse=True)     [xs[k] for k in order],  order = stable argsort of [f(x) for x in xs]

Where keys are known now Python sorts them; where there are none, numbers are sorted as an array. A key that is a tuple
is sorted by its last part first.
"""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Sequence
from typing import Any

from s2sad.frontend.library import containers
from s2sad.frontend.library.iteration import Indexed, indexed, is_known, iterate, unrolled
from s2sad.frontend.library.iterators import listed
from s2sad.frontend.library.support import (
    FALSE,
    NONE,
    UNKNOWN,
    Elaborator,
    emit_atom,
    known,
    new_list,
    new_runtime_list,
    refuse,
    reraise,
    runtime_list,
    set_weak,
    static,
    type_of,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.written import sorting as written
from s2sad.frontend.values.transforms import Inner
from s2sad.frontend.values.values import ArrayRef, ListRef, Numbers, Partial, Static, Tuple, Value
from s2sad.ir import Array, Const, List, Scalar
from s2sad.rules import shape as shape_rules


@meaning(builtins.sorted, fold=False)
def sorted_(elab: Elaborator, iterable: Value, *, key: Value = NONE, reverse: Value = FALSE) -> Value:
    if key == NONE and (ordered := _as_array(elab, iterable, bool(static(elab, reverse)))) is not None:
        return ordered
    iteration = iterate(elab, iterable)
    if isinstance(iterable, Partial) and iterable.function == Static(map) and not is_known(iteration):
        iteration = iterate(elab, listed(elab, iteration))  # each call of the function once
    if not is_known(iteration):
        return _arranged(elab, indexed(elab, iteration), key, bool(static(elab, reverse)))
    items = unrolled(elab, iterable, iteration)
    keys = list(items) if key == NONE else [elab.call(key, [v], {}) for v in items]
    backwards = bool(static(elab, reverse))
    order = known_order(elab, keys, backwards)
    if order is not None:
        return new_list(elab, [items[k] for k in order])
    if key == NONE and all(isinstance(type_of(elab, v), Scalar) for v in items):
        return new_list(elab, _sorted_numbers(elab, items, backwards))
    whole = Tuple(items)
    row = Indexed(Const(len(items)), lambda index: containers.subscript_list(elab, whole, index))
    return _by_keys(elab, row, keys, backwards)


@meaning(list.sort, fold=False)
def sort(elab: Elaborator, items: Value, *, key: Value = NONE, reverse: Value = FALSE) -> Value:
    assert isinstance(items, ListRef)
    return containers.become(elab, items, sorted_(elab, items, key=key, reverse=reverse))


def _as_array(elab: Elaborator, value: Value, backwards: bool) -> Value | None:
    """The sorted list of the elements of a vector, or of a list of numbers that grows at run time."""
    if isinstance(value, ArrayRef) and value.type.rank == 1:
        array, weak = elab.atom(value), False
    elif isinstance(value, Numbers) and value.ref.type.rank == 1:
        array, weak = elab.atom(value.ref), value.weak
    elif (items := runtime_list(elab, value)) is not None and isinstance(items.type, List):
        if not isinstance(items.type.item, Scalar):
            return None
        array, weak = emit_atom(elab, shape_rules.array_of_list, (items,)), items.type.item.weak
    else:
        return None
    ordered = emit_atom(elab, shape_rules.sort, (array,), axis=-1)
    if backwards:
        ordered = emit_atom(elab, shape_rules.flip, (ordered,), axis=0)
    return new_runtime_list(elab, containers.as_items(elab, ordered, Scalar(ordered.type.dtype, weak)))


def known_order(elab: Elaborator, keys: Sequence[Value], backwards: bool) -> list[int] | None:
    """The order of keys that are known now."""
    objects = _orders(elab, keys)
    if any(o is UNKNOWN for o in objects):
        return None
    try:
        return sorted(range(len(keys)), key=lambda k: objects[k], reverse=backwards)
    except TypeError as error:
        reraise(elab, error)


def _orders(elab: Elaborator, keys: Sequence[Value]) -> list[Any]:
    """What orders some keys: they themselves, or their first items where these are known and all different."""
    objects = [known(elab, k) for k in keys]
    if any(o is UNKNOWN for o in objects) and all(isinstance(k, Tuple) and k.items for k in keys):
        firsts = [known(elab, k.items[0]) for k in keys if isinstance(k, Tuple)]
        if all(isinstance(o, str | int | float) for o in firsts) and len(set(firsts)) == len(firsts):
            return firsts
    return objects


def _sorted_numbers(elab: Elaborator, items: Iterable[Value], backwards: bool) -> list[Value]:
    """A known number of numbers, sorted as an array."""
    from s2sad.frontend.library.creation import stack_atoms
    from s2sad.frontend.library.indexing import load_at

    atoms = [elab.atom(v) for v in items]
    ordered = emit_atom(elab, shape_rules.sort, (stack_atoms(elab, atoms),), axis=-1)
    weak = all(isinstance(a.type, Scalar) and a.type.weak for a in atoms)
    out = [elab.lift(set_weak(elab, load_at(elab, ordered, Const(k)), weak)) for k in range(len(atoms))]
    return out[::-1] if backwards else out


# -- by keys known at run time only


def _arranged(elab: Elaborator, items: Indexed, key: Value, backwards: bool) -> Value:
    """The list of items of a number known at run time only."""
    item = Static(Inner(lambda inner, args, kwargs: items.item(args[0])))
    length = elab.lift(items.length)
    parts = _parts_of_key(elab, items, key)
    columns = [elab.call(Static(written.keys), [item, length, key, part], {}) for part in parts]
    return _in_order(elab, items, columns, backwards)


def _parts_of_key(elab: Elaborator, items: Indexed, key: Value) -> list[Value]:
    """Where the numbers of a key stand in it: None for a key that is a number. Nothing of this trial is kept."""
    found: list[Value] = []

    def run(index: Value) -> Value:
        value = items.item(index)
        value = value if key == NONE else elab.call(key, [value], {})
        found[:] = [Static(k) for k in range(len(value.items))] if isinstance(value, Tuple) else [NONE]
        return NONE

    elab.try_out(lambda: elab.call(Static(written.each), [elab.lift(items.length), Static(Inner(
        lambda inner, args, kwargs: run(args[0])))], {}))  # fmt: skip
    return found


def _by_keys(elab: Elaborator, items: Indexed, keys: Sequence[Value], backwards: bool) -> Value:
    """The list of a known number of items."""
    if all(isinstance(k, Tuple) and len(k.items) == len(keys[0].items) for k in keys if isinstance(keys[0], Tuple)):
        rows = [k.items if isinstance(k, Tuple) else (k,) for k in keys]
    else:
        refuse(elab, "Keys of different kinds cannot be sorted.", "Give the same kind of key for every item.")
    columns = [_column(elab, column) for column in zip(*rows, strict=True)]
    return _in_order(elab, items, columns, backwards)


def _column(elab: Elaborator, values: Sequence[Value]) -> Value:
    """One number of each key, as an array."""
    from s2sad.frontend.library.creation import stack_atoms

    for value in values:
        type_ = type_of(elab, value)
        if not (isinstance(type_, Scalar) or (isinstance(type_, Array) and type_.rank == 0)):
            refuse(
                elab,
                "A key that is known at run time only is a number, or a tuple of numbers.",
                "Sort by numbers.",
            )
    return elab.lift(stack_atoms(elab, [elab.atom(v) for v in values]))


def _in_order(elab: Elaborator, items: Indexed, columns: Sequence[Value], backwards: bool) -> Value:
    order = elab.call(Static(written.order), [Tuple(tuple(columns)), Static(backwards)], {})
    item = Static(Inner(lambda inner, args, kwargs: items.item(args[0])))
    return elab.call(Static(written.arranged), [item, order], {})
