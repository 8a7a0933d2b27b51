"""Attributes, objects of the user's classes, and their construction.

An object made inside is an `ObjectRef`, its attributes in the state. One from outside stays a static object: its class
gives methods and properties, its own attributes are read through the log.
"""

from __future__ import annotations

import dataclasses
import enum
import functools
import inspect
import types
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad import plain
from s2sad.frontend import library
from s2sad.frontend.library import choices
from s2sad.frontend.values.frames import bind, names_of
from s2sad.frontend.values.outside import LIBRARY_MODULES, is_user_class
from s2sad.frontend.values.values import (
    ArrayRef,
    Choice,
    Entries,
    Location,
    Maybe,
    ObjectRef,
    Partial,
    Static,
    Tuple,
    Value,
)
from s2sad.ir.types import is_complex

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

PLAIN_MODULES = ("math", "cmath", "numpy", "operator", "builtins", "functools", "itertools", "scipy")
SUPER = "super"


@dataclasses.dataclass(frozen=True, slots=True)
class Super:
    """What ``super()`` gives: attributes looked up after `cls` in the order of the object's class."""

    cls: type
    instance: Value


def has_own_operators(cls: type) -> bool:
    """Whether operators of an enumeration are the user's."""
    found = (vars(c)[name] for c in cls.__mro__ for name in plain.OPERATORS.intersection(vars(c)))
    return any(isinstance(f, types.FunctionType) and f.__module__ != "enum" for f in found)


def is_outside_object(value: Value) -> bool:
    """Whether a value is an instance of a user's class that was made outside."""
    match value:
        case Static(type() | types.FunctionType() | types.ModuleType() | np.generic() | np.dtype()):
            return False
        case Static(obj):
            return is_user_class(type(obj)) and not hasattr(obj, "__s2sad__")
        case _:
            return False


def has_methods(value: Value) -> bool:
    """Whether operators on a value are methods of a user's class. Members of an `IntEnum` compute as numbers do."""
    match value:
        case ObjectRef():
            return True
        case Static(enum.Flag() as flag) if not has_own_operators(type(flag)):
            return False
        case Static(bool() | int() | float() | complex() as number) if not plain.has_operators(type(number)):
            return False
        case _:
            return is_outside_object(value)


# -- reading attributes


def attribute(elab: Elaborator, value: Value, name: str) -> Value:
    """``value.name``."""
    name = mangled(elab, name)
    match value:
        case Choice():
            return choices.split(elab, value, lambda option: attribute(elab, option, name))
        case ObjectRef(cls=cls) if cls in library.random.CLASSES:
            return library.random.attribute(elab, value, name)
        case Static(np.random.Generator() | np.random.RandomState()):
            why = "A generator from outside the function goes on from call to call."
            elab.error(why, library.random.ADVICE)
        case ObjectRef(location, cls):
            found = names_of(elab, location).get(name)
            if found is None:
                return class_attribute(elab, cls, name, value)
            return found
        case Static(Super() as parent):
            return super_attribute(elab, parent, name)
        case Static(types.ModuleType() as module) if module.__name__.split(".")[0] not in PLAIN_MODULES:
            return elab.outside.attribute(module, name)
        case Static(type() as cls) if is_user_class(cls):
            return class_attribute(elab, cls, name, None)
        case Static(obj) if is_outside_object(value):
            return outside_attribute(elab, obj, name)
        case _:
            return library.attribute(elab, value, name)


def mangled(elab: Elaborator, name: str) -> str:
    """A private name (``__x``) as Python stores it in the class that the code stands in."""
    owner = elab.frame.source.owner if elab.stack else None
    if owner and name.startswith("__") and not name.endswith("__"):
        return f"_{owner.lstrip('_')}{name}"
    return name


def outside_attribute(elab: Elaborator, obj: Any, name: str) -> Value:
    """An attribute of an object from outside."""
    cls = type(obj)
    found = inspect.getattr_static(cls, name, None)
    described = isinstance(
        found, property | functools.cached_property | types.FunctionType | staticmethod | classmethod
    ) and not (isinstance(found, property) and not _has_source(found.fget))
    if described and (name not in getattr(obj, "__dict__", {}) or isinstance(found, property)):
        return class_attribute(elab, cls, name, Static(obj))
    if not hasattr(obj, name):
        elab.mismatch(f"{cls.__name__} has no attribute {name!r}.", "Set it before.")
    return elab.outside.attribute(obj, name)


def _has_source(function: Any) -> bool:
    """Whether a function can be followed; else, as a property of a class written in C, it is only read."""
    return isinstance(function, types.FunctionType) or hasattr(function, "__s2sad__") or hasattr(function, "py_func")


def class_attribute(elab: Elaborator, cls: type, name: str, instance: Value | None) -> Value:
    """An attribute found on a class, bound to an instance where there is one."""
    for base in cls.__mro__:
        if name in vars(base):
            return descriptor(elab, base, name, vars(base)[name], cls, instance)
    getter = getattr(cls, "__getattr__", None)
    if instance is not None and isinstance(getter, types.FunctionType):
        return elab.call(Static(getter), [instance, Static(name)], {})
    if instance is None and hasattr(cls, name):
        return elab.outside.attribute(cls, name)
    elab.mismatch(f"{cls.__name__} has no attribute {name!r}.", "Set it in __init__.")


def descriptor(elab: Elaborator, base: type, name: str, found: Any, cls: type, instance: Value | None) -> Value:
    """What an entry of a class means when it is read."""
    match found:
        case property():
            return elab.call(Static(found.fget), [_there(instance)], {}) if instance is not None else Static(found)
        case functools.cached_property():
            return elab.call(Static(found.func), [_there(instance)], {})
        case staticmethod():
            return Static(found.__func__)
        case classmethod():
            return Partial(Static(found.__func__), (Static(cls),))
        case types.FunctionType():
            return Static(found) if instance is None else Partial(Static(found), (instance,))
    if hasattr(type(found), "__get__") and not isinstance(found, type):
        if hasattr(found, "__s2sad__") or hasattr(found, "py_func"):
            return Static(found) if instance is None else Partial(Static(found), (instance,))
        if isinstance(found, types.MemberDescriptorType):
            elab.mismatch(f"The attribute {name!r} is not set.", "Set it in __init__.")
        return library.attribute(elab, Static(cls), name)
    return elab.outside.attribute(base, name)


def _there(instance: Value | None) -> Value:
    assert instance is not None
    return instance


def super_object(elab: Elaborator) -> Value:
    """``super()`` in a method: the first argument, looked up after the class the method stands in."""
    frame = elab.frame
    instance = next(iter(names_of(elab, frame.location).values()))
    cls = type_of(elab, instance)
    function = frame.function
    elab.outside.looked_at(function)
    for base in cls.__mro__ if cls is not None else ():
        if any(f is function for f in map(_plain_function, vars(base).values())):
            return Static(Super(base, instance))
    elab.error("super() is only supported directly in a method.", "Name the class: Base.method(self).")


def _plain_function(entry: Any) -> Any:
    return entry.fget if isinstance(entry, property) else getattr(entry, "__func__", entry)


def super_attribute(elab: Elaborator, parent: Super, name: str) -> Value:
    cls = type_of(elab, parent.instance)
    assert cls is not None
    order = cls.__mro__
    for base in order[order.index(parent.cls) + 1 :]:
        if name in vars(base):
            if base is object and name == "__init__":
                return Static(_nothing)
            return descriptor(elab, base, name, vars(base)[name], cls, parent.instance)
    elab.mismatch(f"No base class has an attribute {name!r}.")


def _nothing(*args: Any, **kwargs: Any) -> None:
    """What ``object.__init__`` does."""


def type_of(elab: Elaborator, value: Value) -> type | None:
    """The class of an object of a user's class."""
    match value:
        case ObjectRef(cls=cls):
            return cls
        case Tuple(type=cls):
            return cls
        case Static(obj):
            return type(obj)
        case _:
            return None


# -- writing attributes


def assign_attribute(elab: Elaborator, base: Value, name: str, value: Value) -> None:
    """``base.name = value``."""
    if isinstance(base, Choice):
        choices.split(elab, base, lambda option: _assigned(elab, option, name, value))
        return
    name = mangled(elab, name)
    if isinstance(base, ArrayRef) and (name == "real" or (name == "imag" and is_complex(base.type))):
        library.assign_subscript(elab, library.attribute(elab, base, name), Static(...), value)
        return
    if not isinstance(base, ObjectRef):
        what = elab.describe(base)
        elab.error(
            f"The attribute {name!r} of {what} would be assigned, which comes from outside the function.",
            "Return the new value instead.",
        )
    found = inspect.getattr_static(base.cls, name, None)
    if isinstance(found, property):
        if found.fset is None:
            elab.mismatch(f"The property {name!r} cannot be set.")
        elab.call(Static(found.fset), [base, value], {})
        return
    if (
        getattr(getattr(base.cls, "__dataclass_params__", None), "frozen", False)
        and elab.frame.source.name != "__post_init__"
    ):
        elab.mismatch(f"{base.cls.__name__} is frozen: {name!r} cannot be assigned.", "Use dataclasses.replace.")
    if base.location.captured:
        elab.set(base.location, elab.get(base.location))
    elab.check_write(base.location)
    bind(elab, base.location, name, value if isinstance(value, Maybe) else elab.name_result(value, name))


def _assigned(elab: Elaborator, base: Value, name: str, value: Value) -> Value:
    assign_attribute(elab, base, name, value)
    return Static(None)


# -- making objects


def instantiate(elab: Elaborator, cls: type, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``cls(*args, **kwargs)``."""
    if issubclass(cls, tuple) and hasattr(cls, "_fields"):
        return namedtuple(elab, cls, args, kwargs)
    if issubclass(cls, enum.Enum):  # C(2), the member of that value
        return Static(cls(*map(elab.static, args)))
    if issubclass(cls, BaseException) or issubclass(cls, type):
        return library.call(elab, cls, args, kwargs)
    if cls.__new__ is not object.__new__:
        elab.error(
            f"{cls.__name__} has a __new__ of its own or a builtin base, which is not supported.", "Use a plain class."
        )
    location = Location(cls.__name__.lower())
    elab.state[location] = Entries(())
    value = ObjectRef(location, cls)
    if dataclasses.is_dataclass(cls) and _generated(cls.__init__):
        fill_dataclass(elab, value, args, kwargs)
    elif isinstance(cls.__init__, types.FunctionType):
        elab.call(Static(cls.__init__), [value, *args], kwargs)
    elif args or kwargs:
        elab.mismatch(f"{cls.__name__}() takes no arguments.")
    return value


def _generated(function: Callable[..., Any]) -> bool:
    """Whether a method was made by `dataclasses`."""
    return getattr(getattr(function, "__code__", None), "co_filename", "").startswith("<string>")


def fill_dataclass(elab: Elaborator, value: ObjectRef, args: list[Value], kwargs: dict[str, Value]) -> None:
    """What the ``__init__`` of a dataclass does."""
    bound = bind_signature(elab, value.cls, args, kwargs)
    post: list[Value] = []
    cls: Any = value.cls
    for field in cls.__dataclass_fields__.values():
        init_only = field._field_type.name == "_FIELD_INITVAR"
        if field._field_type.name == "_FIELD_CLASSVAR":
            continue
        if field.init and field.name in bound:
            item = bound[field.name]
        elif field.default_factory is not dataclasses.MISSING:
            item = elab.call(Static(field.default_factory), [], {})
        elif field.default is not dataclasses.MISSING:
            item = elab.outside.argument(field.default, field.name)
        else:
            continue
        if init_only:
            post.append(item)
        else:
            bind(elab, value.location, field.name, item)
    if hasattr(value.cls, "__post_init__"):
        elab.call(Static(value.cls.__post_init__), [value, *post], {})


def namedtuple(elab: Elaborator, cls: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A namedtuple of values."""
    fields: tuple[str, ...] = cls._fields
    bound = dict(zip(fields, args, strict=False)) | kwargs
    for name, default in cls._field_defaults.items():
        if name not in bound:
            bound[name] = elab.outside.argument(default, name)
    if set(bound) != set(fields) or len(args) > len(fields):
        elab.mismatch(f"{cls.__name__} takes {', '.join(fields)}.", "Give each field once.")
    return Tuple(tuple(bound[name] for name in fields), cls)


def bind_signature(elab: Elaborator, cls: type, args: list[Value], kwargs: dict[str, Value]) -> dict[str, Value]:
    """Arguments by the names of the parameters of a class; those left out are missing."""
    try:
        return dict(inspect.signature(cls).bind(*args, **kwargs).arguments)
    except TypeError as error:
        elab.mismatch(f"{cls.__name__}(): {error}.", "Give each field once.")


# -- special methods


def call_method(
    elab: Elaborator, value: Value, name: str, args: list[Value], kwargs: dict[str, Value] | None = None
) -> Value:
    """Call a special method."""
    cls = type_of(elab, value)
    method = getattr(cls, name, None)
    if cls is None or not isinstance(method, types.FunctionType):
        elab.mismatch(f"{elab.describe(value).capitalize()} has no {name}.", "Define it, or use a number or an array.")
    return elab.call(Static(method), [value, *args], kwargs or {})


REFLECTED = {"truediv": "rtruediv", "and_": "rand", "or_": "ror"}


def binary(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    """An operator of which at least one side is a user's object."""
    short = op.strip("_")
    cls = type_of(elab, left)
    method = getattr(cls, f"__{short}__", None)
    if isinstance(method, types.FunctionType):
        return elab.call(Static(method), [left, right], {})
    other = getattr(type_of(elab, right), f"__r{short}__", None)
    if isinstance(other, types.FunctionType):
        return elab.call(Static(other), [right, left], {})
    elab.mismatch(
        f"{elab.describe(left).capitalize()} and {elab.describe(right)} have no operator {short!r}.", "Define it."
    )


def compare(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    """A comparison of which at least one side is a user's object."""
    match op:
        case "is_" | "is_not":
            same = left == right
            return Static(same == (op == "is_"))
        case "contains" | "not_contains":
            found = elab.number_truth(call_method(elab, right, "__contains__", [left]))
            return found if op == "contains" else library.unary(elab, "not_", found)
    cls = type_of(elab, left)
    method = getattr(cls, f"__{op}__", None)
    if isinstance(method, types.FunctionType) and not (dataclasses.is_dataclass(cls) and _generated(method)):
        return elab.call(Static(method), [left, right], {})
    if op in ("eq", "ne") and not isinstance(method, types.FunctionType):
        return Static((left == right) == (op == "eq"))
    elab.mismatch(
        f"{elab.describe(left).capitalize()} and {elab.describe(right)} cannot be compared.", "Compare their parts."
    )


__all__ = ["LIBRARY_MODULES", "assign_attribute", "attribute", "instantiate", "is_user_class"]
