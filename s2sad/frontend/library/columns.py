"""Lists of run-time length whose items are tuples, dicts, lists, objects, or None: a list of the IR for each part.

    nodes = [(0.0, 0)]                        nodes_0, nodes_1 = [0.0], [0]
    nodes.append((v, k))          becomes     nodes_0.append(v); nodes_1.append(k)
    c, k = nodes[i]                           c, k = nodes_0[i], nodes_1[i]

What can change in an item (a dict, a list, an object) is a place `Within` the list: reading it reads the columns, and
changing it changes them. Such an item stands in one place only; a second one is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from s2sad.errors import AliasError, TypeMismatchError
from s2sad.frontend.library import choices
from s2sad.frontend.library.support import (
    Elaborator,
    describe,
    emit_atom,
    fit,
    is_number,
    new_runtime_list,
    read_only,
    refuse,
    retype,
)
from s2sad.frontend.library.written import lists
from s2sad.frontend.values import patterns, reach
from s2sad.frontend.values.meeting import meet
from s2sad.frontend.values.patterns import Group, Known, Optional, Part, Pattern, Row
from s2sad.frontend.values.values import (
    ArrayRef,
    Choice,
    Columns,
    Content,
    DictRef,
    Entries,
    ListRef,
    Location,
    Lost,
    Maybe,
    Number,
    ObjectRef,
    RuntimeItems,
    Static,
    StaticItems,
    Tuple,
    Value,
    Within,
)
from s2sad.ir import Array, Atom, Const, List, Scalar, Var
from s2sad.ir.paths import SLOT, Index
from s2sad.ir.primitives import Primitive, list_append, list_drop, list_get, list_len, list_set, zeros
from s2sad.ir.types import Type, element, with_dtype
from s2sad.rules import shape as shape_rules

Lists = RuntimeItems | Columns
ABSENT = Static(None)
"""What stands in a column for a part that an item does not have."""


# -- what an item is


def pattern_of(elab: Elaborator, value: Value) -> Pattern | None:
    """How the parts of a value stand in columns; None where they cannot."""
    match value:
        case Number(atom):
            return Part(atom.type)
        case ArrayRef(type=type_):
            return Part(type_)
        case Static(obj) if is_number(obj):
            return Part(elab.atom(value).type)
        case Static():
            return Known(value, choices.number_of(elab, value))
        case Choice(_, options) if all(isinstance(v, Static) for _, v in options):
            known = [(n, v) for n, v in options if isinstance(v, Static)]
            return patterns.Chosen(tuple(sorted(known, key=lambda o: o[0])))
        case Maybe(inner, _, "None"):
            item = pattern_of(elab, inner)
            return None if item is None else Optional(item)
        case Tuple(items, cls):
            return _group(elab, "tuple", cls, items)
        case ListRef(location):
            return _list_pattern(elab, elab.get(location))
        case DictRef(location, cls, factory):
            content = elab.get(location)
            assert isinstance(content, Entries)
            return _group(elab, "dict", cls, [v for _, v in content.items], tuple(k for k, _ in content.items), factory)
        case ObjectRef(location, cls):
            content = elab.get(location)
            assert isinstance(content, Entries)
            return _group(elab, "object", cls, [v for _, v in content.items], tuple(k for k, _ in content.items))
        case _:
            return None


def _group(
    elab: Elaborator, kind: str, cls: type, items: Sequence[Value], keys: tuple[object, ...] = (),
    factory: Value | None = None,
) -> Pattern | None:  # fmt: skip
    found = [pattern_of(elab, item) for item in items]
    inner = tuple(p for p in found if p is not None)
    return Group(kind, cls, inner, keys, factory) if len(inner) == len(found) else None


def _list_pattern(elab: Elaborator, content: Content) -> Pattern | None:
    match content:
        case RuntimeItems(atom):
            assert isinstance(atom.type, List)
            return Row(Part(atom.type.item)) if not isinstance(atom.type.item, List) else None
        case Columns(item):
            return Row(item) if patterns.is_flat(item) else None
        case StaticItems(()):
            return Row(None)
        case StaticItems(items):
            whole = patterns.unified((pattern_of(elab, item) for item in items), meet)
            if isinstance(whole, Part | Group) and patterns.is_flat(whole):
                return Row(whole)
            return _group(elab, "list", list, items)
        case _:
            return None


def parts(elab: Elaborator, value: Value, pattern: Pattern) -> list[Value]:
    """The numbers and arrays of a value, in the order of the columns; `ABSENT` where it has none."""
    match pattern:
        case Part() | Row(Part() | None):
            return [value]
        case Row(item):
            assert item is not None
            return _row_parts(elab, value, item)
        case Known():
            return []
        case patterns.Chosen():
            return [Number(value.tag) if isinstance(value, Choice) else Static(choices.number_of(elab, value))]
        case Group():
            inner = zip(children(elab, value), pattern.items, strict=True)
            return [part for item, p in inner for part in parts(elab, item, p)]
        case Optional(item):
            match value:
                case Static(None):
                    return [Static(False), *[ABSENT] * len(patterns.parts_of(item))]
                case Maybe(inner_value, there, "None"):
                    return [Number(there), *parts(elab, inner_value, item)]
                case _:
                    return [Static(True), *parts(elab, value, item)]
    raise AssertionError(pattern)


def _row_parts(elab: Elaborator, value: Value, item: Pattern) -> list[Value]:
    """The parts of the items of a list, each as a sequence."""
    assert isinstance(value, ListRef)
    content = elab.get(value.location)
    now = as_columns(elab, content)
    if now is not None:
        return [Number(atom) for atom in widen(elab, now, item).atoms]
    assert isinstance(content, StaticItems)
    rows = [parts(elab, v, item) or [Static(False)] for v in content.items]
    return [Tuple(tuple(row[k] for row in rows)) for k in range(len(patterns.columns_of(item)))]


def children(elab: Elaborator, value: Value) -> tuple[Value, ...]:
    """The values that a container holds."""
    match value:
        case Tuple(items):
            return items
        case ListRef(location) | DictRef(location) | ObjectRef(location):
            content = elab.get(location)
            match content:
                case StaticItems(items):
                    return items
                case Entries(entries):
                    return tuple(v for _, v in entries)
    raise AssertionError(value)


# -- between lists


def as_columns(elab: Elaborator, content: Content) -> Columns | None:
    """A list of run-time length as columns; None for one that is known item by item."""
    match content:
        case Columns():
            return content
        case RuntimeItems(atom):
            assert isinstance(atom.type, List)
            return Columns(Part(atom.type.item), (atom,))
        case _:
            return None


def stored(columns: Columns) -> Lists:
    """Columns as the content of a list: where an item is one number or array, the list of them."""
    return RuntimeItems(columns.atoms[0]) if patterns.is_plain(columns.item) else columns


def widened(pattern: Pattern, atoms: Sequence[Atom], wide: Pattern) -> list[Atom | Static]:
    """What the columns of a wider pattern hold: a column there is, or the same known thing for each item."""
    match pattern, wide:
        case Part(), Part():
            return [atoms[0]]
        case Row(None), Row():
            return [atoms[0]] * len(patterns.parts_of(wide))  # all are empty
        case Row(), Row():
            return list(atoms[: len(patterns.parts_of(wide))])
        case Known(), Known():
            return []
        case Known(_, number), patterns.Chosen():
            return [Static(number)]
        case patterns.Chosen(), patterns.Chosen():
            return [atoms[0]]
        case Known(Static(None)), Optional(item):
            return [Static(False), *[ABSENT] * len(patterns.parts_of(item))]
        case Optional(a), Optional(b):
            return [atoms[0], *widened(a, atoms[1:], b)]
        case _, Optional(item):
            return [Static(True), *widened(pattern, atoms, item)]
        case Group(items=inner), Group(items=outer):
            found: list[Atom | Static] = []
            first = 0
            for a, b in zip(inner, outer, strict=True):
                count = len(patterns.parts_of(a))
                found += widened(a, atoms[first : first + count], b)
                first += count
            return found
    raise AssertionError((pattern, wide))


def operands(columns: Columns, wide: Pattern) -> list[Atom | Static]:
    """`widened` for the columns of a list, with the one that tells the length where there is no other."""
    own = columns.atoms if patterns.parts_of(columns.item) else ()
    return widened(columns.item, own, wide) or [columns.atoms[0]]


def convert_column(elab: Elaborator, operand: Atom | Static, like: Atom, item: Type) -> Atom:
    """A column with items of this type, as long as `like`."""
    if isinstance(operand, Static):
        return filled(elab, operand, like, item)
    return recast(elab, operand, element(item))


def recast(elab: Elaborator, column: Atom, dtype: np.dtype) -> Atom:
    """A list of the IR with items of this dtype."""
    assert isinstance(column.type, List)
    if element(column.type) == dtype:
        return column
    if isinstance(column.type.item, Array):
        rows = elab.call(Static(lists.recast), [new_runtime_list(elab, column), Static(dtype)], {})
        return elab.atom(rows)
    whole = fit(elab, emit_atom(elab, shape_rules.array_of_list, (column,)), dtype)
    return retype(elab, emit_atom(elab, shape_rules.list_of_array, (whole,)), with_dtype(column.type, dtype))


def filled(elab: Elaborator, value: Static, like: Atom, item: Type) -> Atom:
    """A column of the same known thing, or of what nobody will read, as long as `like`."""
    count = emit_atom(elab, list_len, (like,))
    if isinstance(item, Array):
        sizes = [Const(0) if not isinstance(d, int) else Const(d) for d in item.dims]
        whole = emit_atom(elab, zeros, (count, *sizes), dtype=item.dtype)
        return emit_atom(elab, shape_rules.list_of_array, (whole,))
    number = fit(elab, Const(0.0 if value == ABSENT else value.obj), item.dtype)
    whole = emit_atom(elab, shape_rules.full, (number, count), dtype=item.dtype)
    return retype(elab, emit_atom(elab, shape_rules.list_of_array, (whole,)), List(item))


def widen(elab: Elaborator, columns: Columns, wide: Pattern) -> Columns:
    """The columns of a list for a wider pattern."""
    if wide == columns.item:
        return columns
    types = patterns.columns_of(wide)
    given = operands(columns, wide)
    like = columns.atoms[0]
    return Columns(wide, tuple(convert_column(elab, x, like, t) for x, t in zip(given, types, strict=True)))


def atom_for(elab: Elaborator, value: Value, item: Type) -> Atom:
    """A part of an item as what stands in its column."""
    if value == ABSENT:
        sizes = [Const(d) if isinstance(d, int) else Const(0) for d in item.dims] if isinstance(item, Array) else []
        zero = emit_atom(elab, zeros, sizes, dtype=item.dtype) if isinstance(item, Array) else Const(0.0)
        return fit(elab, zero, item.dtype)
    atom = elab.atom(value)
    if isinstance(atom.type, List):
        atom = emit_atom(elab, shape_rules.array_of_list, (atom,))
    return fit(elab, atom, element(item))


def with_item(elab: Elaborator, items: Atom, given: Type) -> Atom:
    """A list that has just taken an item of this type, whose sizes its items need not have."""
    item = _item(items)
    if isinstance(item, Array) and isinstance(given, Array):
        dims = tuple(d if d == g else None for d, g in zip(item.dims, given.dims, strict=True))
        return retype(elab, items, List(Array(item.dtype, dims)))
    return items


def change(elab: Elaborator, prim: Primitive, column: Atom, index: tuple[Atom, ...], part: Value) -> Atom:
    """A column that takes a part of an item, at its end or at an index."""
    atom = atom_for(elab, part, _item(column))
    return with_item(elab, version(elab, prim, (column, *index, atom)), atom.type)


def version(elab: Elaborator, prim: Primitive, atoms: tuple[Atom, ...], **params: Any) -> Atom:
    """The next version of a column, the first of these: it takes its name."""
    column: Atom = elab.builder.emit(prim, atoms, params, atoms[0].name if isinstance(atoms[0], Var) else None)
    return column


# -- operations


def columns_at(elab: Elaborator, value: Value) -> Columns | None:
    """The columns of a list that has some."""
    content = elab.get(value.location) if isinstance(value, ListRef) else None
    return content if isinstance(content, Columns) else None


def met(elab: Elaborator, columns: Columns, value: Value) -> Pattern:
    """The pattern of the items of a list and of another one."""
    own = pattern_of(elab, value)
    wide = None if own is None else patterns.unify(columns.item, own, meet)
    if wide is None:
        refuse(
            elab,
            f"{describe(elab, value).capitalize()} is not like the other items of this list, whose length is known at "
            "run time only.",
            "Keep its items of one kind.",
            TypeMismatchError,
        )
    return wide


def append(elab: Elaborator, ref: ListRef, value: Value) -> None:
    """``items.append(value)``."""
    columns = as_columns(elab, elab.get(ref.location))
    assert columns is not None
    wide = met(elab, columns, value)
    keep_once(elab, ref, value)
    columns = widen(elab, columns, wide)
    given = parts(elab, value, wide) or [Static(False)]
    put(elab, ref.location, Columns(wide, tuple(
        change(elab, list_append, column, (), part)
        for column, part in zip(columns.atoms, given, strict=True)
    )))  # fmt: skip


def assign(elab: Elaborator, ref: ListRef, index: Atom, value: Value) -> None:
    """``items[index] = value``."""
    columns = as_columns(elab, elab.get(ref.location))
    assert columns is not None
    wide = met(elab, columns, value)
    keep_once(elab, ref, value)
    columns = widen(elab, columns, wide)
    given = parts(elab, value, wide) or [Static(False)]
    atoms = [
        change(elab, list_set, column, (index,), part)
        for column, part in zip(columns.atoms, given, strict=True)
    ]
    elab.set(ref.location, stored(Columns(wide, tuple(atoms))))


def item(elab: Elaborator, ref: ListRef, index: Atom) -> Value:
    """``items[index]``."""
    columns = columns_at(elab, ref)
    assert columns is not None
    if not patterns.parts_of(columns.item):  # the index is looked at all the same
        emit_atom(elab, list_get, (columns.atoms[0], index))
    return _read(elab, columns, Within(ref.location, index))


def pop(elab: Elaborator, ref: ListRef) -> Value:
    """``items.pop()``."""
    columns = columns_at(elab, ref)
    assert columns is not None
    value = detached(elab, item(elab, ref, Const(-1)))
    rest = tuple(version(elab, list_drop, (c,)) for c in columns.atoms)
    elab.set(ref.location, Columns(columns.item, rest))
    return value


def length(elab: Elaborator, columns: Columns) -> Atom:
    return emit_atom(elab, list_len, (columns.atoms[0],))


def arrays(elab: Elaborator, columns: Columns) -> list[Atom] | None:
    """Each column as an array; None where items are not made of numbers and arrays alone."""
    if not _is_numeric(columns.item):
        return None
    return [emit_atom(elab, shape_rules.array_of_list, (c,)) for c in columns.atoms]


def _is_numeric(pattern: Pattern) -> bool:
    match pattern:
        case Part() | Row(Part()):
            return True
        case Group("tuple" | "list", items=items):
            return bool(items) and all(map(_is_numeric, items))
        case _:
            return False


def _item(column: Atom) -> Type:
    assert isinstance(column.type, List)
    return column.type.item


def detached(elab: Elaborator, value: Value) -> Value:
    """A value that stood in a list, on its own: what can change in it is a place of its own."""
    match value:
        case Tuple(items, cls):
            return Tuple(tuple(detached(elab, v) for v in items), cls)
        case Maybe(inner, there, absent):
            return Maybe(detached(elab, inner), there, absent)
        case ListRef(location) | DictRef(location) | ObjectRef(location) if isinstance(
            elab.state.get(location), Within
        ):
            content = elab.get(location)
            match content:
                case StaticItems(items):
                    content = StaticItems(tuple(detached(elab, v) for v in items))
                case Entries(entries):
                    content = Entries(tuple((k, detached(elab, v)) for k, v in entries))
            elab.state[location] = content
    return value


# -- what can change in an item


def _read(elab: Elaborator, columns: Columns, place: Within) -> Value:
    """What stands at a place within a list."""
    pattern, first = patterns.inside(columns.item, place.steps)

    def step(k: int) -> Value:
        return _read(elab, columns, Within(place.parent, place.index, (*place.steps, k)))

    match pattern:
        case Part():
            return read_only(elab, elab.lift(taken(elab, columns.atoms[first], place.index)))
        case Known(value):
            return value
        case patterns.Chosen(options):
            return Choice(taken(elab, columns.atoms[first], place.index), options)
        case Group("tuple", cls, items):
            return Tuple(tuple(step(k) for k in range(len(items))), cls)
        case Optional():
            return Maybe(step(0), taken(elab, columns.atoms[first], place.index), "None")
    location = Location("item")
    elab.state[location] = place
    match pattern:
        case Group("dict", cls, factory=factory):
            return DictRef(location, cls, factory)
        case Group("object", cls):
            return ObjectRef(location, cls)
        case _:
            return ListRef(location)


def taken(elab: Elaborator, column: Atom, index: Atom) -> Atom:
    """An item of a column, noted as such."""
    atom = emit_atom(elab, list_get, (column, index))
    elab.taken[atom] = column, index
    return atom


def materialised(elab: Elaborator, place: Within) -> Content:
    """What a place within a list holds now, as the content of a list, a dict or an object."""
    columns = elab.get(place.parent)
    assert isinstance(columns, Columns)
    pattern, first = patterns.inside(columns.item, place.steps)
    if isinstance(pattern, Row):
        return _row_content(elab, columns, pattern.item, first, place)
    assert isinstance(pattern, Group)
    places = [Within(place.parent, place.index, (*place.steps, k)) for k in range(len(pattern.items))]
    inner = tuple(_read(elab, columns, p) for p in places)
    return StaticItems(inner) if pattern.kind == "list" else Entries(tuple(zip(pattern.keys, inner, strict=True)))


def _row_content(elab: Elaborator, columns: Columns, item: Pattern | None, first: int, place: Within) -> Content:
    """A list that is kept as arrays, as a list again."""
    if item is None:
        return StaticItems(())
    atoms = []
    for k, type_ in enumerate(patterns.columns_of(item), first):
        rows = emit_atom(elab, shape_rules.list_of_array, (taken(elab, columns.atoms[k], place.index),))
        atoms.append(retype(elab, rows, List(type_)) if isinstance(type_, Scalar) else rows)
    return stored(Columns(item, tuple(atoms)))


def write_back(elab: Elaborator, place: Within, content: Content) -> None:
    """A place within a list gets other contents."""
    columns = elab.get(place.parent)
    assert isinstance(columns, Columns)
    pattern, first = patterns.inside(columns.item, place.steps)
    new = _content_pattern(elab, pattern, content)
    wide = None if new is None else patterns.unify(pattern, new, meet)
    if wide is None:
        refuse(
            elab,
            "This item of a list changes its kind, and the length of the list is known at run time only.",
            "Keep the items of the list of one kind.",
        )
    check_alone(elab, place.parent)
    columns = widen(elab, columns, patterns.replaced(columns.item, place.steps, wide))
    atoms = list(columns.atoms)
    for k, part in enumerate(_content_parts(elab, wide, content), first):
        atom = atom_for(elab, part, _item(atoms[k]))
        if not (isinstance(atom, Var) and elab.taken.get(atom) == (atoms[k], place.index)):
            atoms[k] = with_item(elab, version(elab, list_set, (atoms[k], place.index, atom)), atom.type)
    put(elab, place.parent, Columns(columns.item, tuple(atoms)))


def _content_pattern(elab: Elaborator, old: Pattern, content: Content) -> Pattern | None:
    match old, content:
        case Row(), RuntimeItems() | StaticItems() | Columns():
            return _list_pattern(elab, content)
        case Group(kind, cls, keys=keys, factory=factory), Entries(entries):
            found = tuple(k for k, _ in entries)
            return _group(elab, kind, cls, [v for _, v in entries], found, factory) if found == keys else None
        case Group(kind, cls), StaticItems(items):
            return _group(elab, kind, cls, items)
        case _:
            return None


def _content_parts(elab: Elaborator, pattern: Pattern, content: Content) -> list[Value]:
    match pattern, content:
        case Row(), RuntimeItems() | StaticItems() | Columns():
            location = Location("row")
            elab.state[location] = content
            return parts(elab, ListRef(location), pattern)
        case Group(items=inner), Entries(entries):
            pairs = zip((v for _, v in entries), inner, strict=True)
        case Group(items=inner), StaticItems(items):
            pairs = zip(items, inner, strict=True)
        case _:
            raise AssertionError(pattern)
    return [part for value, p in pairs for part in parts(elab, value, p)]


def put(elab: Elaborator, location: Location, columns: Columns) -> None:
    """Change a list without changing which of its items is where."""
    if location.captured or isinstance(elab.state.get(location), Within):
        return elab.set(location, stored(columns))
    elab.check_write(location)
    elab.state[location] = stored(columns)


def let_go(elab: Elaborator, parent: Location) -> None:
    """Forget the items of a list that were held while it changes which of its items is where."""
    for location, content in list(elab.state.items()):
        if isinstance(content, Within) and content.parent == parent:
            elab.state[location] = Lost("This item was taken from a list that has changed its items since.")


def keep_once(elab: Elaborator, ref: ListRef, value: Value) -> None:
    """A list holds copies where Python would share: what can change in `value` is in no other list, and is not written
    into while both can be seen."""
    from s2sad.frontend.library.containers import keep_apart

    for location in reach.reachable(elab, [value]):
        content = elab.state.get(location)
        if isinstance(content, Within):
            refuse(
                elab,
                "This item would stand in two places of lists whose length is known at run time only.",
                "Put a copy there: list(item), dict(item), item[:].",
                AliasError,
            )
        if content is not None:
            keep_apart(elab, ref, location)


def check_alone(elab: Elaborator, parent: Location) -> None:
    """Refuse to change an item in a list while the object that it is can also be seen by a name of its own."""
    others = {x for x in reach.live_locations(elab) if parent in elab.aliases.get(x, ())}
    if others:
        names = reach.names_for(elab, others)
        raise AliasError(
            f"This changes an item of a list that {names} stands for too.",
            "Change it before it is put into the list, or put a copy there.",
            elab.pos,
        )


# -- rows


RowOf = tuple[Within, Part, ArrayRef]
"""A list within a list that is kept as an array: where it is, what its items are, and the array."""


def row(elab: Elaborator, value: Value) -> RowOf | None:
    """A value as such a list, if it is one."""
    place = elab.state.get(value.location) if isinstance(value, ListRef) else None
    if not isinstance(place, Within):
        return None
    columns = elab.get(place.parent)
    assert isinstance(columns, Columns)
    pattern, first = patterns.inside(columns.item, place.steps)
    if not isinstance(pattern, Row) or not isinstance(pattern.item, Part):
        return None
    array = elab.lift(taken(elab, columns.atoms[first], place.index))
    assert isinstance(array, ArrayRef)
    return place, pattern.item, array


def row_item(elab: Elaborator, found: RowOf, key: Value, read: Callable[..., Value]) -> Value:
    """``row[key]`` for an int."""
    from s2sad.frontend.library.support import set_weak

    _, pattern, array = found
    value = read_only(elab, read(elab, array, key))
    weak = isinstance(pattern.type, Scalar) and pattern.type.weak
    return elab.lift(set_weak(elab, elab.atom(value), weak)) if isinstance(value, Number) else value


def assign_row(elab: Elaborator, found: RowOf, index: Atom, value: Value) -> None:
    """``row[index] = value``: one element of an array in a column."""
    place, pattern, _ = found
    own = pattern_of(elab, value)
    item = patterns.unify(pattern, own, meet) if isinstance(own, Part) else None
    whole = Row(item) if isinstance(item, Part) else None
    if whole is None:
        refuse(
            elab,
            f"{describe(elab, value).capitalize()} is not like the other items of this list, whose length is known at "
            "run time only.",
            "Keep its items of one kind.",
            TypeMismatchError,
        )
    check_alone(elab, place.parent)
    columns = elab.get(place.parent)
    assert isinstance(columns, Columns)
    columns = widen(elab, columns, patterns.replaced(columns.item, place.steps, whole))
    _, first = patterns.inside(columns.item, place.steps)
    atoms = list(columns.atoms)
    array = elab.lift(taken(elab, atoms[first], place.index))
    assert isinstance(array, ArrayRef)
    element_atom = fit(elab, elab.atom(value), element(_item(atoms[first])))
    elab.write_array(array, (Index((SLOT,)),), (index,), element_atom)
    atoms[first] = version(elab, list_set, (atoms[first], place.index, elab.atom(array)), keeps=True)
    put(elab, place.parent, Columns(columns.item, tuple(atoms)))
