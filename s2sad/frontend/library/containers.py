"""Lists and tuples: their operators, comparisons and methods.

A list is static (its items are known one by one) until it must be a runtime list: when it is indexed for writing by a
value known at run time only, or repeated so often; the elaborator makes it one where it grows in a loop.
"""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import numpy as np

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import choices, columns, dicts
from s2sad.frontend.library.support import (
    FALSE,
    LAST,
    NONE,
    TRUE,
    UNKNOWN,
    ZERO,
    Elaborator,
    describe,
    emit_atom,
    fit,
    is_int_scalar,
    is_numeric,
    is_runtime_list,
    items_of,
    known,
    new_list,
    new_runtime_list,
    read_only,
    refuse,
    retype,
    runtime_list,
    set_weak,
    static,
    type_of,
    wrap,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.written import lists
from s2sad.frontend.values import patterns, reach
from s2sad.frontend.values.meeting import meet
from s2sad.frontend.values.values import (
    ArrayRef,
    Buffer,
    Columns,
    Content,
    DictRef,
    ListRef,
    Location,
    Number,
    Numbers,
    RuntimeItems,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir import Array, Atom, Const, List, Scalar
from s2sad.ir.nodes import item_type
from s2sad.ir.primitives import list_append, list_drop, list_get, list_len, list_new, list_set
from s2sad.ir.types import Type, element, with_dtype
from s2sad.rules import shape as shape_rules

MOST_CHOSEN = 64
"""How many objects one may be chosen of by an index known at run time only: each is a branch."""

# -- operators


def binary(elab: Elaborator, op: str, left: Value, right: Value) -> Value | None:
    """``+`` and ``*`` of lists and tuples, ``|`` of dicts; None where NumPy's arithmetic is meant."""
    match op, left, right:
        case "add", (ListRef() | Numbers()), (ListRef() | Numbers()):
            return concatenate(elab, as_list(elab, left), as_list(elab, right))
        case "add", (Tuple() | Static(tuple())), (Tuple() | Static(tuple())):
            return Tuple((*(items_of(elab, left) or ()), *(items_of(elab, right) or ())))
        case ("mul", Numbers(), Number() | Static()) | ("mul", Number() | Static(), Numbers()):
            type_ = type_of(elab, right if isinstance(left, Numbers) else left)
            if isinstance(type_, Scalar) and type_.weak:
                refuse(elab, "A list from outside the function that is so long is not repeated.", "Use np.tile.")
            return None
        case "mul", (ListRef() | Tuple()), (Number() | Static(int())):
            return repeat(elab, left, right)
        case "mul", (Number() | Static(int())), (ListRef() | Tuple()):
            return repeat(elab, right, left)
        case "or_", DictRef(), DictRef():
            merged = dicts.copy_dict(elab, left)
            dicts.update(elab, merged, right)
            return merged
        case _:
            return None


def as_list(elab: Elaborator, value: ListRef | Numbers) -> ListRef:
    """A list; of numbers that stand in an array, a new one."""
    if isinstance(value, ListRef):
        return value
    from s2sad.frontend.library import listed

    if value.classes[0] is tuple:
        refuse(elab, "A long tuple of numbers is joined to no other.", "Make it a list first: list(y).")
    return listed.as_list(elab, value)


def concatenate(elab: Elaborator, left: ListRef, right: ListRef) -> Value:
    out = list_copy(elab, left)
    extend(elab, out, right)
    return out


def repeat(elab: Elaborator, value: ListRef | Tuple, times: Value) -> Value | None:
    """``[v] * n``; with `n` known at run time only it is a runtime list."""
    type_ = type_of(elab, times)
    if not isinstance(type_, Scalar) or type_.dtype.kind not in "biu":
        return None
    items, count = items_of(elab, value), known(elab, times)
    if items is not None and count is not UNKNOWN:
        many = items * int(count)
        return Tuple(many) if isinstance(value, Tuple) else new_list(elab, many)
    if isinstance(value, Tuple):
        count = static(elab, times)
        return Tuple(value.items * int(count))
    if items is None or len(items) != 1 or not isinstance(type_of(elab, items[0]), Scalar):
        if any(not isinstance(v, ArrayRef) and reach.reachable(elab, [v]) for v in items or ()):
            refuse(
                elab,
                "A list is repeated a number of times known at run time, and would hold one object many times.",
                "Use a comprehension, which makes one for each place.",
            )
        return elab.call(Static(lists.repeated), [value, times], {})
    return new_runtime_list(elab, full_list(elab, elab.atom(items[0]), elab.atom(times)))


def full_list(elab: Elaborator, value: Atom, count: Atom) -> Atom:
    whole = emit_atom(elab, shape_rules.full, (value, count), dtype=value.type.dtype)
    return as_items(elab, whole, value.type)


def as_items(elab: Elaborator, array: Atom, item: Type) -> Atom:
    """The rows of an array as a runtime list of items of this type."""
    rows = emit_atom(elab, shape_rules.list_of_array, (array,))
    return retype(elab, rows, List(item)) if isinstance(item, Scalar) else rows


# -- between static and runtime lists


def make_runtime(elab: Elaborator, ref: ListRef, minimum: np.dtype | None = None) -> Atom:
    """Turn the list into a runtime list of items of one type (of at least this dtype), in place; gives its atom."""
    content = elab.get(ref.location)
    if isinstance(content, RuntimeItems):
        atom = content.atom if minimum is None else widen(elab, content.atom, minimum)
    else:
        assert isinstance(content, StaticItems)
        for item in content.items:
            keep_apart(elab, ref, item)
        atom = runtime_of(elab, content.items, minimum)
    elab.set(ref.location, RuntimeItems(atom))
    return atom


def runtime_of(elab: Elaborator, items: Iterable[Value], minimum: np.dtype | None = None) -> Atom:
    """A runtime list of these items."""
    atoms = [elab.atom(v) for v in items]
    item = common_type(elab, [a.type for a in atoms], minimum)
    out = emit_atom(elab, list_new, (), item=item)
    for atom in atoms:
        out = emit_atom(elab, list_append, (out, fit(elab, atom, element(item))))
    return out


def common_type(elab: Elaborator, types: list[Type], minimum: np.dtype | None = None) -> Type:
    """The one type that the items of a runtime list have."""
    if not types:
        refuse(elab, "The type of the items of this empty list is not known yet.", "Start it with its first item.")
    dtype = np.result_type(*(element(t) for t in types), *([] if minimum is None else [minimum]))
    first = types[0]
    if all(isinstance(t, Scalar) for t in types):
        return Scalar(dtype, all(isinstance(t, Scalar) and t.weak for t in types))
    if all(isinstance(t, Array) and isinstance(first, Array) and t.rank == first.rank for t in types):
        return with_dtype(first, dtype)
    refuse(
        elab,
        "The items of this list have different types.",
        "Give a list that changes at run time items of one type.",
        TypeMismatchError,
    )


def widen(elab: Elaborator, atom: Atom, dtype: np.dtype) -> Atom:
    """A runtime list with items of at least this dtype."""
    assert isinstance(atom.type, List)
    target = np.result_type(element(atom.type), dtype)
    if target == element(atom.type):
        return atom
    whole = emit_atom(elab, shape_rules.array_of_list, (atom,))
    return as_items(elab, fit(elab, whole, target), with_dtype(atom.type.item, target))


def keep_apart(elab: Elaborator, ref: ListRef, value: Value | Location) -> None:
    """A runtime list holds a copy where Python would share: refuse writes into the array (or what else there is at a
    location) while the list lives."""
    if isinstance(value, ArrayRef):
        others = elab.aliases.get(value.location, frozenset())
        places = {value.location} | {x for x in others if isinstance(elab.state.get(x), Buffer)}
    elif isinstance(value, Location):
        places = {value}
    else:
        return
    for place in places:
        elab.aliases[place] = elab.aliases.get(place, frozenset()) | {ref.location}
    now = {place: elab.get(place) for place in places}
    if any(p in head and ref.location in head and head[p] != now[p] for head in elab.heads for p in places):
        refuse(
            elab,
            "This object is written into by the loop, and the list would hold it many times.",
            "Append a copy, .copy().",
        )


def check_length(elab: Elaborator, ref: ListRef) -> None:
    """Refuse to change a list where a loop of the IR goes over it."""
    if elab.over[ref.location]:
        refuse(elab, "This list changes while a loop goes over it.", "Loop with while i < len(items), or over a copy.")


def runtime_append(elab: Elaborator, ref: ListRef, value: Value) -> None:
    if not is_numeric(elab, value) or not isinstance(elab.get(ref.location), RuntimeItems):
        return columns.append(elab, ref, value)
    keep_apart(elab, ref, value)
    atom = elab.atom(value)
    content = elab.get(ref.location)
    assert isinstance(content, RuntimeItems)
    items = widen(elab, content.atom, atom.type.dtype)
    item = item_type(items)
    wanted, given = (t.rank if isinstance(t, Array) else None for t in (item, atom.type))
    if wanted != given:
        refuse(
            elab,
            f"A list of {item} cannot take {describe(elab, value)}.",
            "Keep its items of one type.",
            TypeMismatchError,
        )
    new = emit_atom(elab, list_append, (items, fit(elab, atom, element(item))))
    elab.set(ref.location, RuntimeItems(columns.with_item(elab, new, atom.type)))


def length_atom(elab: Elaborator, atom: Atom) -> Atom:
    return emit_atom(elab, list_len, (atom,))


# -- subscripts


def subscript_list(elab: Elaborator, base: ListRef | Tuple | Static, key: Value) -> Value:
    """``base[key]`` of a list or a tuple."""
    if columns.columns_at(elab, base) is not None and isinstance(base, ListRef):
        return columns_item(elab, base, key)
    if type_of(elab, key) is not None and (row := columns.row(elab, base)) is not None:
        from s2sad.frontend.library.indexing import subscript_array

        return columns.row_item(elab, row, key, subscript_array)
    atom = runtime_list(elab, base)
    if atom is not None:
        parts = slice_of(key)
        return runtime_item(elab, atom, key) if parts is None else runtime_slice(elab, base, parts)
    items = items_of(elab, base)
    assert items is not None
    index = known(elab, key)
    if index is UNKNOWN and type_of(elab, key) is not None:
        return item_at(elab, base, items, key)
    if index is UNKNOWN:
        index = static_slice(elab, key)
    try:
        if isinstance(base, Static):
            return wrap(elab, base.obj[index])
        found = items[index]
    except IndexError as error:
        elab.guard(True, IndexError, str(error), error.args)
        elab.fail(IndexError, f"Index {index} is out of range: there are {len(items)} items.")
    except TypeError as error:
        refuse(elab, f"{error}.".capitalize(), kind=TypeMismatchError)
    if not isinstance(index, slice):
        return found
    return new_list(elab, found) if isinstance(base, ListRef) else Tuple(found)


def slice_of(key: Value) -> tuple[Value, Value, Value] | None:
    from s2sad.frontend.library.indexing import slice_parts

    return slice_parts(key)


def runtime_slice(elab: Elaborator, base: Value, parts: tuple[Value, Value, Value]) -> Value:
    start, stop, step = parts
    step = Static(1) if step == NONE else step
    if static(elab, step) == 0:
        refuse(elab, "The step of a slice is not zero.")
    return elab.call(Static(lists.sliced), [base, start, stop, step], {})


def static_slice(elab: Elaborator, key: Value) -> Any:
    parts = slice_of(key)
    return static(elab, key) if parts is None else slice(*(static(elab, p) for p in parts))


def columns_item(elab: Elaborator, base: ListRef, key: Value) -> Value:
    """``base[key]`` of a list of tuples, dicts, lists and the like."""
    parts = slice_of(key)
    if parts is not None:
        return runtime_slice(elab, base, parts)
    index = elab.atom(key) if type_of(elab, key) is not None else None
    if index is None or not is_int_scalar(index):
        refuse(elab, f"A list index must be an int, not {describe(elab, key)}.", kind=TypeMismatchError)
    return columns.item(elab, base, index)


def runtime_item(elab: Elaborator, atom: Atom, key: Value) -> Value:
    index = elab.atom(key) if type_of(elab, key) is not None else None
    if index is None or not is_int_scalar(index):
        refuse(
            elab,
            "A list that grows at run time is read by an int.",
            "For a slice, make an array of it first: np.array(items)[a:b].",
        )
    return read_only(elab, elab.lift(emit_atom(elab, list_get, (atom, index))))


def item_at(elab: Elaborator, base: Value, items: tuple[Value, ...], key: Value) -> Value:
    """An item of a known sequence at an index known at run time only: the items become one array."""
    from s2sad.frontend.library.creation import stack_atoms
    from s2sad.frontend.library.indexing import load_at

    index = elab.atom(key)
    if not is_int_scalar(index):
        refuse(elab, f"A list index must be an int, not {describe(elab, key)}.", kind=TypeMismatchError)
    rows = [items_of(elab, v) for v in items]
    if items and all(r is not None and len(r) == len(rows[0] or ()) for r in rows):
        return row_at(elab, items, [r for r in rows if r is not None], key)
    alike = {type(t) for t in (type_of(elab, v) for v in items)}
    if len(alike) != 1 or type(None) in alike or List in alike:
        return one_of(elab, base, items, index)
    whole = stack_atoms(elab, [elab.atom(v) for v in items])
    weak = all(isinstance(t := type_of(elab, v), Scalar) and t.weak for v in items)
    atom = load_at(elab, whole, index)
    return read_only(elab, elab.lift(set_weak(elab, atom, weak)))


def one_of(elab: Elaborator, base: Value, items: tuple[Value, ...], index: Atom) -> Value:
    """One of several known objects, such as functions; a loop that can be written out has no need to choose."""
    from s2sad.frontend.library.indexing import load_at

    def tag_at(numbers: list[int]) -> Atom:
        return set_weak(elab, load_at(elab, stack_of(elab, numbers), index), True)

    choice = None if elab.unrolls or len(items) > MOST_CHOSEN else choices.item_of(elab, items, tag_at)
    if choice is None:
        refuse(elab, f"This index of {describe(elab, base)} is known at run time only, and its items are not numbers.",
               "Loop over the items themselves, or choose with if.")  # fmt: skip
    return choice


def stack_of(elab: Elaborator, numbers: list[int]) -> Atom:
    """An array of ints known now."""
    from s2sad.frontend.library.creation import constant_array

    return elab.atom(constant_array(elab, np.array(numbers, dtype=np.int64)))


def row_at(elab: Elaborator, items: tuple[Value, ...], rows: list[tuple[Value, ...]], key: Value) -> Value:
    """One of several known sequences of one length: its items are each one of a column. A list may only be read."""
    row = tuple(item_at(elab, Tuple(column), column, key) for column in zip(*rows, strict=True))
    if all(isinstance(v, Tuple) for v in items):
        return Tuple(row)
    location = Location("row", captured=True, frozen=True)
    elab.set(location, StaticItems(row))
    return ListRef(location)


def assign_list(elab: Elaborator, base: ListRef, key: Value, value: Value) -> None:
    """``base[key] = value`` of a list."""
    index = known(elab, key)
    content = elab.get(base.location)
    if isinstance(content, StaticItems) and index is not UNKNOWN:
        check_length(elab, base)
        items = list(content.items)
        try:
            items[index] = list(sequence(elab, value)) if isinstance(index, slice) else value
        except IndexError as error:
            elab.guard(True, IndexError, str(error), error.args)
            elab.fail(IndexError, f"Index {index} is out of range: there are {len(items)} items.")
        except (ValueError, TypeError) as error:
            elab.guard(True, type(error), str(error), error.args)
            refuse(elab, f"{error}.".capitalize())
        elab.set(base.location, StaticItems(tuple(items)))
        return
    place = elab.atom(key) if type_of(elab, key) is not None else None
    if place is None or not is_int_scalar(place):
        refuse(elab, "A list that changes at run time is written by an int.", "Use an array for slices.")
    if (row := columns.row(elab, base)) is not None:
        return columns.assign_row(elab, row, place, value)
    if not is_numeric(elab, value) or not _is_plain(elab, content):
        make_columns(elab, base)
        return columns.assign(elab, base, place, value)
    keep_apart(elab, base, value)
    atom = elab.atom(value)
    whole = make_runtime(elab, base, atom.type.dtype)
    new = emit_atom(elab, list_set, (whole, place, fit(elab, atom, whole.type.dtype)))
    elab.set(base.location, RuntimeItems(columns.with_item(elab, new, atom.type)))


def _is_plain(elab: Elaborator, content: Content) -> bool:
    """Whether a list holds numbers or arrays only."""
    match content:
        case StaticItems(items):
            return all(is_numeric(elab, v) for v in items)
        case _:
            return isinstance(content, RuntimeItems)


def make_columns(elab: Elaborator, ref: ListRef) -> None:
    """Turn a list that is known item by item into one of run-time length, in place."""
    content = elab.get(ref.location)
    if not isinstance(content, StaticItems):
        return
    new = new_list(elab, ())
    item = patterns.unified((columns.pattern_of(elab, v) for v in content.items), meet)
    if item is None:
        refuse(
            elab,
            "An item of this list is written at an index known at run time only, and the items are of several kinds.",
            "Keep its items of one kind.",
            TypeMismatchError,
        )
    empty = [emit_atom(elab, list_new, (), item=t) for t in patterns.columns_of(item)]
    elab.state[new.location] = columns.stored(Columns(item, tuple(empty)))
    for value in content.items:
        columns.append(elab, new, value)
    elab.set(ref.location, elab.get(new.location))


def sequence(elab: Elaborator, value: Value) -> tuple[Value, ...]:
    """The items of anything whose length is known now."""
    from s2sad.frontend.library.iteration import unroll

    items = items_of(elab, value)
    return unroll(elab, value) if items is None else items


# -- comparisons


def contains(elab: Elaborator, item: Value, container: Value) -> Value:
    """``item in container``."""
    if isinstance(container, DictRef):
        return Static(static(elab, item) in dicts.mapping(elab, container))
    if isinstance(container, Static) and not isinstance(container.obj, (tuple, list, range)):
        return Static(static(elab, item) in container.obj)
    if columns.columns_at(elab, container) is not None:
        return elab.call(Static(lists.holds), [container, item], {})
    if isinstance(container, ArrayRef | Numbers) or runtime_list(elab, container) is not None:
        from s2sad.frontend.library.creation import asarray
        from s2sad.frontend.library.reductions import any_

        return any_(elab, equal(elab, asarray(elab, container), item))
    found: Value = FALSE
    for candidate in sequence(elab, container):
        found = either(elab, found, equal(elab, candidate, item))
    return found


def either(elab: Elaborator, a: Value, b: Value) -> Value:
    match a, b:
        case (Static(True), _) | (_, Static(False)):
            return a
        case (_, Static(True)) | (Static(False), _):
            return b
    from s2sad.rules import logical

    return elab.lift(set_weak(elab, emit_atom(elab, logical.logical_or, (elab.atom(a), elab.atom(b))), True))


def both(elab: Elaborator, a: Value, b: Value) -> Value:
    match a, b:
        case (Static(False), _) | (_, Static(True)):
            return a
        case (_, Static(False)) | (Static(True), _):
            return b
    from s2sad.rules import logical

    return elab.lift(set_weak(elab, emit_atom(elab, logical.logical_and, (elab.atom(a), elab.atom(b))), True))


def equal(elab: Elaborator, left: Value, right: Value) -> Value:
    """``left == right``, item by item for containers; False for kinds that are never equal."""
    from s2sad.frontend.library import operators

    if is_numeric(elab, left) and is_numeric(elab, right):
        return operators.ordering(elab, "eq", left, right)
    a, b = known(elab, left), known(elab, right)
    if a is not UNKNOWN and b is not UNKNOWN:
        return Static(bool(a == b))
    if unknown := [v for v in (left, right) if isinstance(v, Numbers) or runtime_list(elab, v) is not None]:
        if left == right:
            return TRUE
        if all(isinstance(v, ListRef | Numbers | Tuple) for v in (left, right)):
            refuse(elab, f"Whether {describe(elab, unknown[0])} of a length known at run time only is equal to another "
                   "is not known.", "Compare arrays, with np.array_equal.")  # fmt: skip
    ours, theirs = items_of(elab, left), items_of(elab, right)
    if (
        ours is None
        or theirs is None
        or isinstance(left, ListRef) != isinstance(right, ListRef)
        or len(ours) != len(theirs)
    ):
        return Static(operators.same(elab, left, right))
    result: Value = TRUE
    for a, b in zip(ours, theirs, strict=True):
        result = both(elab, result, equal(elab, a, b))
    return result


# -- list methods


@meaning(list.append, fold=False)
def append(elab: Elaborator, items: Value, value: Value) -> Value:
    assert isinstance(items, ListRef)
    check_length(elab, items)
    content = elab.get(items.location)
    if isinstance(content, StaticItems):
        elab.set(items.location, StaticItems((*content.items, value)))
    else:
        runtime_append(elab, items, value)
    return NONE


@meaning(list.extend, fold=False)
def extend(elab: Elaborator, items: Value, more: Value) -> Value:
    assert isinstance(items, ListRef)
    from s2sad.frontend.library.iteration import is_known, iterate, unrolled

    iteration = iterate(elab, more)
    if not is_known(iteration):
        if isinstance(more, ListRef) and more.location == items.location:
            more = list_copy(elab, more)
        return elab.call(Static(lists.extend), [items, more], {})
    for value in unrolled(elab, more, iteration):
        append(elab, items, value)
    return NONE


@meaning(list.copy, fold=False)
def list_copy(elab: Elaborator, items: Value) -> ListRef:
    assert isinstance(items, ListRef)
    content = elab.get(items.location)
    if isinstance(content, Columns) and patterns.can_change(content.item):
        refuse(elab, "A list of objects whose length is known at run time only cannot be copied: both would hold them.",
               "Copy each, [list(item) for item in items].")  # fmt: skip
    location = Location("items")
    elab.set(location, content)
    return ListRef(location)


@meaning(list.pop, fold=False)
def pop(elab: Elaborator, items: Value, index: Value = LAST) -> Value:
    assert isinstance(items, ListRef)
    check_length(elab, items)
    content = elab.get(items.location)
    if isinstance(content, Columns) and known(elab, index) == -1:
        return columns.pop(elab, items)
    late = known(elab, index) is UNKNOWN and type_of(elab, index) is not None
    if isinstance(content, RuntimeItems | Columns) or late:
        if known(elab, index) != -1 or not isinstance(content, RuntimeItems):
            value = columns.detached(elab, subscript_list(elab, items, index))
            become(elab, items, elab.call(Static(lists.without), [items, index], {}))
            return value
        value = read_only(elab, elab.lift(emit_atom(elab, list_get, (content.atom, Const(-1)))))
        elab.set(items.location, RuntimeItems(emit_atom(elab, list_drop, (content.atom,))))
        return value
    rest = list(static_items(elab, items, "pop"))
    try:
        value = rest.pop(operator.index(static(elab, index)))
    except IndexError as error:
        elab.guard(True, IndexError, str(error), error.args)
        elab.fail(IndexError, f"{error}.".capitalize())
    except TypeError as error:
        refuse(elab, f"{error}.".capitalize(), kind=TypeMismatchError)
    elab.set(items.location, StaticItems(tuple(rest)))
    return value


def delete(elab: Elaborator, items: ListRef, key: Value) -> None:
    """``del items[key]``."""
    parts = slice_of(key)
    content = elab.get(items.location)
    if parts is None:
        pop(elab, items, key)
    elif isinstance(content, StaticItems):
        rest = list(content.items)
        del rest[static_slice(elab, key)]
        _rewrite(elab, items, rest)
    else:
        if parts[2] not in (NONE, Static(1)):
            refuse(elab, "A slice with a step is deleted from lists of known length only.", "Make a new list.")
        become(elab, items, elab.call(Static(lists.without_slice), [items, *parts[:2]], {}))


def static_items(elab: Elaborator, items: Value, method: str) -> tuple[Value, ...]:
    """The items of a list whose length is known now."""
    content = elab.get(items.location) if isinstance(items, ListRef) else None
    if not isinstance(content, StaticItems):
        refuse(
            elab, f"list.{method} needs a list whose length is known when the function is compiled.", "Use an array."
        )
    return content.items


def _rewrite(elab: Elaborator, items: Value, new: Iterable[Value]) -> Value:
    assert isinstance(items, ListRef)
    check_length(elab, items)
    elab.set(items.location, StaticItems(tuple(new)))
    return NONE


def become(elab: Elaborator, items: ListRef, new: Value) -> Value:
    """Give a list the contents of another one."""
    assert isinstance(new, ListRef)
    check_length(elab, items)
    elab.set(items.location, elab.get(new.location))
    return NONE


@meaning(list.insert, fold=False)
def insert(elab: Elaborator, items: Value, index: Value, value: Value) -> Value:
    if isinstance(items, ListRef) and (is_runtime_list(elab, items) or known(elab, index) is UNKNOWN):
        return become(elab, items, elab.call(Static(lists.inserted), [items, index, value], {}))
    new = list(static_items(elab, items, "insert"))
    new.insert(static(elab, index), value)
    return _rewrite(elab, items, new)


@meaning(list.clear, fold=False)
def clear(elab: Elaborator, items: Value) -> Value:
    return _rewrite(elab, items, ())


@meaning(list.reverse, fold=False)
def reverse(elab: Elaborator, items: Value) -> Value:
    if isinstance(items, ListRef) and is_runtime_list(elab, items):
        return become(elab, items, elab.call(Static(lists.reversed_items), [items], {}))
    return _rewrite(elab, items, static_items(elab, items, "reverse")[::-1])


@meaning(list.remove, fold=False)
def remove(elab: Elaborator, items: Value, value: Value) -> Value:
    pop(elab, items, index(elab, items, value))
    return NONE


@meaning(list.index, tuple.index, fold=False)
def index(elab: Elaborator, items: Value, value: Value) -> Value:
    if is_runtime_list(elab, items):
        return elab.call(Static(lists.position), [items, value], {})
    for k, item in enumerate(candidates := sequence(elab, items)):
        alike = elab.truth(equal(elab, item, value))
        if not isinstance(alike, bool):
            return elab.call(Static(lists.position), [Tuple(candidates), value], {})
        if alike:
            return Static(k)
    elab.fail(ValueError, "The value is not in the list.")


@meaning(list.count, tuple.count, fold=False)
def count(elab: Elaborator, items: Value, value: Value) -> Value:
    from s2sad.frontend.library import operators

    if is_runtime_list(elab, items):
        return elab.call(Static(lists.counted), [items, value], {})
    total: Value = ZERO
    for item in sequence(elab, items):
        total = operators.binary(elab, "add", total, equal(elab, item, value))
    return total


@meaning(tuple.__getitem__, list.__getitem__, fold=False)
def getitem(elab: Elaborator, items: Value, key: Value) -> Value:
    from s2sad.frontend.library.indexing import subscript

    return subscript(elab, items, key)
