"""Dicts with keys known now: their methods and subscripts."""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import ItemsView, Iterable, Iterator, KeysView, ValuesView
from typing import Any

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library.support import (
    NONE,
    TRUE,
    UNKNOWN,
    Elaborator,
    describe,
    is_number,
    known,
    refuse,
    static,
    type_of,
    wrap,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import DictRef, Entries, Location, Partial, Static, Tuple, Value


def entries(elab: Elaborator, ref: Value) -> Iterator[tuple[Any, Value]]:
    """The items of a dict."""
    if isinstance(ref, Static) and isinstance(ref.obj, dict):
        return iter([(k, wrap(elab, v)) for k, v in ref.obj.items()])
    content = elab.get(ref.location) if isinstance(ref, DictRef) else None
    if not isinstance(content, Entries):
        refuse(elab, f"{describe(elab, ref)} is not a dict.", kind=TypeMismatchError)
    return iter(content.items)


def mapping(elab: Elaborator, ref: Value) -> dict[Any, Value]:
    """The items of a dict, as ``**ref`` spreads them."""
    return dict(entries(elab, ref))


def put(elab: Elaborator, ref: DictRef, key: Any, value: Value) -> None:
    elab.set(ref.location, Entries(tuple({**dict(entries(elab, ref)), key: value}.items())))


def new_dict(
    elab: Elaborator, items: Iterable[tuple[Any, Value]], cls: type = dict, factory: Value | None = None
) -> DictRef:
    location = Location("dict")
    elab.set(location, Entries(tuple(items)))
    return DictRef(location, cls, factory)


def python_dict(elab: Elaborator, ref: DictRef, items: Iterable[tuple[Any, Any]]) -> dict[Any, Any]:
    """A dict of Python's of the class of an abstract one."""
    match ref.factory:
        case None:
            return ref.type(items)
        case Static(factory):
            return defaultdict(factory, items)
        case _:
            refuse(elab, "A defaultdict cannot be returned whose factory is made inside.", "Return a dict() of it.")


@meaning(OrderedDict, fold=False)
def ordered_dict(elab: Elaborator, pairs: Value | None = None, **more: Value) -> DictRef:
    ref = new_dict(elab, (), OrderedDict)
    update(elab, ref, pairs, **more)
    return ref


@meaning(defaultdict, fold=False)
def default_dict(elab: Elaborator, factory: Value = NONE, pairs: Value | None = None, **more: Value) -> DictRef:
    ref = new_dict(elab, (), defaultdict, factory)
    update(elab, ref, pairs, **more)
    return ref


@meaning(dict.items, fold=False)
def dict_items(elab: Elaborator, ref: Value) -> Value:
    return Partial(Static(ItemsView), (ref,))


@meaning(dict.keys, fold=False)
def dict_keys(elab: Elaborator, ref: Value) -> Value:
    return Partial(Static(KeysView), (ref,))


@meaning(dict.values, fold=False)
def dict_values(elab: Elaborator, ref: Value) -> Value:
    return Partial(Static(ValuesView), (ref,))


@meaning(dict.get, fold=False)
def dict_get(elab: Elaborator, ref: Value, key: Value, default: Value = NONE) -> Value:
    return dict(entries(elab, ref)).get(static(elab, key), default)


@meaning(dict.copy, fold=False)
def copy_dict(elab: Elaborator, ref: Value) -> DictRef:
    if isinstance(ref, DictRef):
        return new_dict(elab, entries(elab, ref), ref.type, ref.factory)
    return new_dict(elab, entries(elab, ref))


@meaning(dict.update, fold=False)
def update(elab: Elaborator, ref: Value, other: Value | None = None, **more: Value) -> Value:
    assert isinstance(ref, DictRef)
    pairs = [] if other is None else pairs_of(elab, other)
    for key, value in [*pairs, *more.items()]:
        put(elab, ref, key, value)
    return NONE


def pairs_of(elab: Elaborator, value: Value) -> list[tuple[Any, Value]]:
    """The items of a dict, or of a sequence of pairs."""
    if isinstance(value, DictRef) or (isinstance(value, Static) and isinstance(value.obj, dict)):
        return list(entries(elab, value))
    from s2sad.frontend.library.iteration import unroll

    pairs = [unroll(elab, pair) for pair in unroll(elab, value)]
    return [(static(elab, key), item) for key, item in pairs]


@meaning(dict.setdefault, fold=False)
def setdefault(elab: Elaborator, ref: Value, key: Value, default: Value = NONE) -> Value:
    assert isinstance(ref, DictRef)
    name, current = static(elab, key), dict(entries(elab, ref))
    if name in current:
        return current[name]
    put(elab, ref, name, default)
    elab.latest = None  # the dict has it
    return default


@meaning(dict.pop, fold=False)
def dict_pop(elab: Elaborator, ref: Value, key: Value, default: Value | None = None) -> Value:
    assert isinstance(ref, DictRef)
    name, current = static(elab, key), dict(entries(elab, ref))
    if name not in current and default is not None:
        return default
    if name not in current:
        elab.guard(True, KeyError, f"the dict has no key {name!r}", (name,))
        elab.guard(True, KeyError, f"the dict has no key {name!r}", (name,))
        refuse(elab, f"The dict has no key {name!r}.")
    value = current.pop(name)
    elab.set(ref.location, Entries(tuple(current.items())))
    return value


@meaning(dict.popitem, fold=False)
def popitem(elab: Elaborator, ref: Value, last: Value = TRUE) -> Value:
    keys = [k for k, _ in entries(elab, ref)]
    if not keys:
        elab.guard(True, KeyError, "the dict is empty", ("popitem(): dictionary is empty",))
        refuse(elab, "The dict is empty.")
    key = Static(keys[-1 if static(elab, last) else 0])
    return Tuple((key, dict_pop(elab, ref, key)))


@meaning(dict.clear, fold=False)
def clear(elab: Elaborator, ref: Value) -> Value:
    assert isinstance(ref, DictRef)
    elab.set(ref.location, Entries(()))
    return NONE


@meaning(OrderedDict.move_to_end, fold=False)
def move_to_end(elab: Elaborator, ref: Value, key: Value, last: Value = TRUE) -> Value:
    assert isinstance(ref, DictRef)
    item = static(elab, key), dict_pop(elab, ref, key)
    rest = tuple(entries(elab, ref))
    elab.set(ref.location, Entries((*rest, item) if static(elab, last) else (item, *rest)))
    return NONE


def subscript_dict(elab: Elaborator, ref: Value, key: Value) -> Value:
    current = dict(entries(elab, ref))
    if not elab.unrolls and current and known(elab, key) is UNKNOWN and type_of(elab, key) is not None:
        return item_at(elab, ref, current, key)
    name = static(elab, key)
    if name not in current and isinstance(ref, DictRef) and ref.factory not in (None, NONE):
        return setdefault(elab, ref, key, elab.call(ref.factory, [], {}))
    if name not in current:
        elab.guard(True, KeyError, f"the dict has no key {name!r}", (name,))
        refuse(elab, f"The dict has no key {name!r}.", f"Its keys are {', '.join(map(repr, current))}.")
    return current[name]


def item_at(elab: Elaborator, ref: Value, current: dict[Any, Value], key: Value) -> Value:
    """The item of a number known at run time only: a branch for each key that it may be."""
    from s2sad.frontend.library.operators import compare

    if isinstance(ref, DictRef) and ref.factory not in (None, NONE):
        refuse(elab, "The key of a defaultdict must be known when the function is compiled.", "Use a dict, or a list.")

    def at(keys: list[Any]) -> Value:
        if not keys:
            return elab.fail(KeyError, "the dict has no such key")
        first, *rest = keys
        is_it = elab.truth(compare(elab, "eq", key, Static(first)))
        if isinstance(is_it, bool):
            return current[first] if is_it else at(rest)
        return elab.branch(is_it, lambda: current[first], lambda: at(rest))

    return at([k for k in current if is_number(k)])
