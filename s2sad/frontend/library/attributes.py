"""Attributes of numbers, arrays, containers and known objects. A method is a partial of its descriptor."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from typing import Any

import numpy as np

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import structured
from s2sad.frontend.library.support import (
    ONE,
    ZERO,
    Elaborator,
    describe,
    emit,
    emit_atom,
    is_number,
    operand,
    refuse,
    whole,
    wrap,
)
from s2sad.frontend.library.table import MEANINGS, meaning
from s2sad.frontend.values.values import (
    ArrayRef,
    Buffer,
    DictRef,
    Entries,
    ListRef,
    Number,
    Numbers,
    Partial,
    Static,
    Tuple,
    Value,
)
from s2sad.ir import Atom, Const, Scalar
from s2sad.ir.nodes import array_type
from s2sad.ir.primitives import dim
from s2sad.rules import elementwise


def size_atom(elab: Elaborator, ref: ArrayRef, axis: int) -> Atom:
    """The size of an axis: a constant, the size of an axis of the buffer, or that of the view."""
    size = ref.type.dims[axis]
    if isinstance(size, int):
        return Const(size)
    content = elab.get(ref.location)
    assert isinstance(content, Buffer)
    buffer = content.atom
    for k, other in enumerate(array_type(buffer).dims):
        if other == size:
            return emit_atom(elab, dim, (buffer,), axis=k)
    return emit_atom(elab, dim, (operand(elab, ref),), axis=axis)


def size_value(elab: Elaborator, ref: ArrayRef, axis: int) -> Value:
    atom = size_atom(elab, ref, axis)
    return Static(atom.value) if isinstance(atom, Const) else Number(atom)


def _shape(elab: Elaborator, ref: ArrayRef) -> Value:
    return Tuple(tuple(size_value(elab, ref, k) for k in range(ref.type.rank)))


def _size(elab: Elaborator, ref: ArrayRef) -> Value:
    from s2sad.frontend.library.operators import binary

    total: Value = ONE
    for k in range(ref.type.rank):
        size = size_value(elab, ref, k)
        total = size if total == ONE else binary(elab, "mul", total, size)
    return total


def _transposed(elab: Elaborator, ref: ArrayRef) -> Value:
    from s2sad.frontend.library.views import transposed

    return transposed(elab, ref)


def _real(elab: Elaborator, ref: ArrayRef) -> Value:
    from s2sad.frontend.library.views import part

    return part(elab, ref, "real")


def _imag(elab: Elaborator, ref: ArrayRef) -> Value:
    from s2sad.frontend.library.views import part

    return part(elab, ref, "imag")


def _flat(elab: Elaborator, ref: ArrayRef) -> Value:
    from s2sad.frontend.library.views import reshape_view

    return reshape_view(elab, ref, [Const(-1)])


ARRAY_PROPERTIES: dict[str, Callable[[Elaborator, ArrayRef], Value]] = {
    "shape": _shape,
    "size": _size,
    "ndim": lambda elab, ref: Static(ref.type.rank),
    "dtype": lambda elab, ref: Static(ref.type.dtype),
    "itemsize": lambda elab, ref: Static(ref.type.dtype.itemsize),
    "T": _transposed,
    "mT": lambda elab, ref: _swap_last(elab, ref),
    "real": _real,
    "imag": _imag,
    "flat": _flat,
}


def _swap_last(elab: Elaborator, ref: ArrayRef) -> Value:
    from s2sad.frontend.library.views import swap_axes

    return swap_axes(elab, ref, -2, -1)


def _number_imag(elab: Elaborator, value: Number) -> Value:
    return emit(elab, elementwise.imag, value)


NUMBER_PROPERTIES: dict[str, Callable[[Elaborator, Number], Value]] = {
    "real": lambda elab, value: emit(elab, elementwise.real, value) if value.type.dtype.kind == "c" else value,
    "imag": _number_imag,
    "shape": lambda elab, value: Tuple(()),
    "ndim": lambda elab, value: ZERO,
    "size": lambda elab, value: ONE,
    "dtype": lambda elab, value: Static(value.type.dtype),
    "itemsize": lambda elab, value: Static(value.type.dtype.itemsize),
    "T": lambda elab, value: value,
}
ON_PYTHON_NUMBERS = ("real", "imag", "conjugate", "is_integer")


def attribute(elab: Elaborator, value: Value, name: str) -> Value:
    """``value.name``."""
    if structured.is_structured(value):
        return structured.attribute(elab, value, name)
    match value:
        case ArrayRef():
            whole(elab, value)
            if (kind := elab.outside.labelled.get(value.location)) is not None:
                from s2sad.frontend.library import labelled

                own = labelled.attribute(elab, value, kind, name)
                if own is not None:
                    return own
            if name in ARRAY_PROPERTIES:
                return ARRAY_PROPERTIES[name](elab, value)
            return method(elab, value, np.ndarray, name)
        case Number():
            return _number_attribute(elab, value, name)
        case Numbers():
            from s2sad.frontend.library import listed

            return listed.attribute(elab, value, name)
        case ListRef():
            return method(elab, value, list, name)
        case DictRef(type=cls):
            return method(elab, value, cls if name == "move_to_end" else dict, name)
        case Tuple(items, type_):
            return _tuple_attribute(elab, value, items, type_, name)
        case Static(obj):
            return _static_attribute(elab, obj, name)
        case _:
            refuse(elab, f"{describe(elab, value)} has no attribute {name!r}.".capitalize(), kind=TypeMismatchError)


def method(elab: Elaborator, value: Value, cls: type, name: str) -> Value:
    """A method as a partial of its descriptor."""
    descriptor = getattr(cls, name, None)
    if descriptor is None:
        refuse(elab, f"{describe(elab, value)} has no attribute {name!r}.".capitalize(), kind=TypeMismatchError)
    if descriptor not in MEANINGS:
        refuse(elab, f".{name} of {describe(elab, value)} is not supported.", "Write it with NumPy functions that are.")
    return Partial(Static(descriptor), (value,))


def _number_attribute(elab: Elaborator, value: Number, name: str) -> Value:
    type_ = value.type
    assert isinstance(type_, Scalar)
    if type_.weak and name not in ON_PYTHON_NUMBERS:
        cls = {"b": bool, "i": int, "f": float, "c": complex}[type_.dtype.kind]
        refuse(elab, f"A Python {cls.__name__} has no attribute {name!r} that the compiler supports.",
               "Make it a NumPy number first, np.float64(x).", TypeMismatchError)  # fmt: skip
    if name in NUMBER_PROPERTIES:
        return NUMBER_PROPERTIES[name](elab, value)
    return method(elab, value, float if name == "is_integer" else np.ndarray, name)


def _tuple_attribute(elab: Elaborator, value: Value, items: tuple[Value, ...], type_: type, name: str) -> Value:
    fields = getattr(type_, "_fields", ())
    if name in fields:
        return items[fields.index(name)]
    if name in ("index", "count"):
        return method(elab, value, tuple, name)
    if name in ("_replace", "_asdict"):
        return Partial(Static(NAMEDTUPLE_METHODS[name]), (value,))
    found = getattr(type_, name, None)
    if found is None:
        refuse(elab, f"{type_.__name__} has no attribute {name!r}.", kind=TypeMismatchError)
    if isinstance(found, property):
        return elab.call(Static(found.fget), [value], {})
    if callable(found) and not isinstance(found, type) and getattr(found, "__self__", None) is None:
        return Partial(Static(found), (value,))
    return wrap(elab, found)


def _static_attribute(elab: Elaborator, obj: Any, name: str) -> Value:
    elab.outside.looked_at(obj)
    try:
        found = getattr(obj, name)
    except AttributeError as error:
        refuse(elab, f"{error}.", kind=TypeMismatchError)
    if is_number(obj) and isinstance(found, np.ndarray):  # .T of a NumPy number
        return Static(obj)
    return wrap(elab, found)


def namedtuple_replace(elab: Elaborator, value: Value, **changes: Value) -> Value:
    assert isinstance(value, Tuple)
    cls: Any = value.type
    fields = cls._fields
    return Tuple(tuple(changes.get(f, v) for f, v in zip(fields, value.items, strict=True)), value.type)


def namedtuple_asdict(elab: Elaborator, value: Value) -> Value:
    from s2sad.frontend.library.dicts import new_dict

    assert isinstance(value, Tuple)
    cls: Any = value.type
    return new_dict(elab, zip(cls._fields, value.items, strict=True))


def replace_marker(*args: Any, **kwargs: Any) -> Any:
    """Stands for ``namedtuple._replace``, which every class has its own of."""
    return args[0]._replace(**kwargs)


def asdict_marker(*args: Any) -> Any:
    """Stands for ``namedtuple._asdict``."""
    return args[0]._asdict()


NAMEDTUPLE_METHODS = {"_replace": replace_marker, "_asdict": asdict_marker}
meaning(replace_marker, fold=False)(namedtuple_replace)
meaning(asdict_marker, fold=False)(namedtuple_asdict)


@meaning(builtins.getattr, fold=False)
def getattr_(elab: Elaborator, value: Value, name: Value, default: Value | None = None) -> Value:
    text = _name(elab, name)
    if default is not None and not has(elab, value, text):
        return default
    return read(elab, value, text)


@meaning(builtins.hasattr, fold=False)
def hasattr_(elab: Elaborator, value: Value, name: Value) -> Value:
    return Static(has(elab, value, _name(elab, name)))


def _name(elab: Elaborator, name: Value) -> str:
    from s2sad.frontend.library.support import static

    text = static(elab, name)
    if not isinstance(text, str):
        refuse(elab, "The name of an attribute is a string.", kind=TypeMismatchError)
    return text


def read(elab: Elaborator, value: Value, name: str) -> Value:
    """An attribute by way of the elaborator, which knows those of objects."""
    own = getattr(elab, "attribute", None)
    return attribute(elab, value, name) if own is None else own(value, name)


def has(elab: Elaborator, value: Value, name: str) -> bool:
    """Whether there is such an attribute."""
    match value:
        case ArrayRef():
            return hasattr(np.ndarray, name)
        case Numbers(classes=(cls, *_)):
            return hasattr(cls, name)
        case ListRef():
            return hasattr(list, name)
        case DictRef():
            return hasattr(dict, name)
        case Tuple(type=type_):
            return hasattr(type_, name)
        case Static(obj):
            return hasattr(obj, name)
        case Number(atom):
            sample = atom.type.dtype.type(0)
            return hasattr(sample.item() if atom.type.weak else sample, name)
    location = getattr(value, "location", None)
    content = None if location is None else elab.get(location)
    entries = dict(content.items) if isinstance(content, Entries) else {}
    return name in entries or hasattr(getattr(value, "cls", object), name)
