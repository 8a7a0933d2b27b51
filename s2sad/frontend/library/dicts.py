"""Dicts with keys known now: their methods and subscripts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library.support import NONE, Elaborator, describe, refuse, static, wrap
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values import DictRef, Entries, Location, Static, Tuple, Value


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


def new_dict(elab: Elaborator, items: Iterable[tuple[Any, Value]]) -> DictRef:
    location = Location("dict")
    elab.set(location, Entries(tuple(items)))
    return DictRef(location)


@meaning(dict.items, fold=False)
def dict_items(elab: Elaborator, ref: Value) -> Value:
    return Tuple(tuple(Tuple((wrap(elab, k), v)) for k, v in entries(elab, ref)))


@meaning(dict.keys, fold=False)
def dict_keys(elab: Elaborator, ref: Value) -> Value:
    return Tuple(tuple(wrap(elab, k) for k, _ in entries(elab, ref)))


@meaning(dict.values, fold=False)
def dict_values(elab: Elaborator, ref: Value) -> Value:
    return Tuple(tuple(v for _, v in entries(elab, ref)))


@meaning(dict.get, fold=False)
def dict_get(elab: Elaborator, ref: Value, key: Value, default: Value = NONE) -> Value:
    return dict(entries(elab, ref)).get(static(elab, key), default)


@meaning(dict.copy, fold=False)
def copy_dict(elab: Elaborator, ref: Value) -> DictRef:
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
        refuse(elab, f"The dict has no key {name!r}.")
    value = current.pop(name)
    elab.set(ref.location, Entries(tuple(current.items())))
    return value


def subscript_dict(elab: Elaborator, ref: Value, key: Value) -> Value:
    name, current = static(elab, key), dict(entries(elab, ref))
    if name not in current:
        refuse(elab, f"The dict has no key {name!r}.", f"Its keys are {', '.join(map(repr, current))}.")
    return current[name]
