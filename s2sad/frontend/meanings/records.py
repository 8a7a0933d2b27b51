"""What the functions of `dataclasses` mean: `replace`, `asdict`, `astuple`, `fields`, `is_dataclass`."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad.frontend import library
from s2sad.frontend.elaborate import classes
from s2sad.frontend.values.transforms import register
from s2sad.frontend.values.values import (
    ArrayRef,
    DictRef,
    Entries,
    ListRef,
    Location,
    ObjectRef,
    Static,
    StaticItems,
    Tuple,
    Value,
)

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


def class_of(value: Value) -> Any:
    """The dataclass that a value is an object of; None for all else."""
    match value:
        case ObjectRef(cls=cls):
            return cls if dataclasses.is_dataclass(cls) else None
        case Static(obj) if not isinstance(obj, type) and dataclasses.is_dataclass(obj):
            return type(obj)
        case _:
            return None


def replace(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``dataclasses.replace(obj, **changes)``: its class is called with its fields and the changes."""
    value = elab.resolve(args[0]) if len(args) == 1 else Static(None)
    cls = class_of(value)
    if cls is None:
        elab.mismatch("dataclasses.replace takes an object of a dataclass and its changes.", "Give it one.")
    given = dict(kwargs)
    for field in dataclasses.fields(cls):
        if not field.init and field.name in kwargs:
            elab.mismatch(f"The field {field.name!r} is declared with init=False, and cannot be replaced.", "Leave it.")
        if field.init and field.name not in given:
            given[field.name] = classes.attribute(elab, value, field.name)
    return elab.call(Static(cls), [], given)


def asdict(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``dataclasses.asdict(obj, *, dict_factory=dict)``: a dict of copies, in depth."""
    factory = kwargs.get("dict_factory")

    def gather(named: dict[str, Value]) -> Value:
        if factory is None:
            return library.new_dict(elab, named.items())
        pairs = [Tuple((Static(name), value)) for name, value in named.items()]
        return elab.call(factory, [library.new_list(elab, pairs)], {})

    return _converted(elab, "asdict", args, gather)


def astuple(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``dataclasses.astuple(obj, *, tuple_factory=tuple)``: a tuple of copies, in depth."""
    factory = kwargs.get("tuple_factory")

    def gather(named: dict[str, Value]) -> Value:
        if factory is None:
            return Tuple(tuple(named.values()))
        return elab.call(factory, [library.new_list(elab, list(named.values()))], {})

    return _converted(elab, "astuple", args, gather)


def _converted(
    elab: Elaborator, name: str, args: list[Value], gather: Callable[[dict[str, Value]], Value]
) -> Value:
    if len(args) != 1 or class_of(elab.resolve(args[0])) is None:
        elab.mismatch(f"dataclasses.{name} takes an object of a dataclass.", "Give it one.")

    def copied(value: Value) -> Value:
        value = elab.resolve(value)
        if (cls := class_of(value)) is not None:
            fields = dataclasses.fields(cls)
            return gather({f.name: copied(classes.attribute(elab, value, f.name)) for f in fields})
        match value:
            case Tuple(items, cls):
                return Tuple(tuple(map(copied, items)), cls)
            case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
                return library.new_list(elab, list(map(copied, content.items)))
            case DictRef(location) if isinstance(content := elab.get(location), Entries):
                new = Location(location.hint)
                elab.state[new] = Entries(tuple((k, copied(v)) for k, v in content.items))
                return dataclasses.replace(value, location=new)
            case ArrayRef():
                return library.call(elab, np.copy, [value], {})
            case _:
                return value

    out = copied(args[0])
    elab.latest = None
    return out


def fields(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``dataclasses.fields(obj)``, of an object or a class."""
    value = elab.resolve(args[0]) if len(args) == 1 and not kwargs else Static(None)
    cls = value.obj if isinstance(value, Static) and isinstance(value.obj, type) else class_of(value)
    if cls is None or not dataclasses.is_dataclass(cls):
        elab.mismatch("dataclasses.fields takes a dataclass or an object of one.", "Give it one.")
    return Tuple(tuple(map(Static, dataclasses.fields(cls))))


def is_dataclass(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``dataclasses.is_dataclass(obj)``, of an object or a class."""
    value = elab.resolve(args[0]) if len(args) == 1 and not kwargs else Static(None)
    obj = value.obj if isinstance(value, Static) else class_of(value)
    return Static(dataclasses.is_dataclass(obj))


register(dataclasses.replace, replace)
register(dataclasses.asdict, asdict)
register(dataclasses.astuple, astuple)
register(dataclasses.fields, fields)
register(dataclasses.is_dataclass, is_dataclass)
