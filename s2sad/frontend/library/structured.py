"""Structured arrays from outside: for the program, one array for each field, read at each call.

    rec["x"][i]    rec[i]["x"]    rec[i].x    rec.x[i]        the array of that field, at i
    for row in rec: row["x"]                                  x[0], x[1], ...
"""

from __future__ import annotations

import numpy as np

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library.support import Elaborator, known, refuse
from s2sad.frontend.values.values import ArrayRef, ListRef, Partial, Static, Tuple, Value


class record:
    """Stands for ``rec[key]``: the row, or the rows, that a key takes of a structured array."""


def is_structured(value: Value) -> bool:
    """Whether a value is a structured array from outside, or rows of one."""
    match value:
        case Static(np.ndarray(dtype=dtype)):
            return dtype.names is not None
        case Partial(Static(function)):
            return function is record
        case _:
            return False


def field(elab: Elaborator, value: Value, name: str) -> Value:
    """``value[name]``: an array, or what it has at a row."""
    match value:
        case Static(rec):
            if name not in rec.dtype.names:
                refuse(elab, f"There is no field {name!r} among {', '.join(rec.dtype.names)}.", "Name one of them.",
                       TypeMismatchError)  # fmt: skip
            return elab.outside.value(elab.outside.place_of(rec).item(name))
        case Partial(_, (base, key)):
            return subscript(elab, field(elab, base, name), key)
    raise AssertionError


def subscript(elab: Elaborator, value: Value, key: Value) -> Value:
    """``value[key]``: a field for a name, else rows."""
    from s2sad.frontend.library import indexing

    if not is_structured(value):
        return indexing.subscript(elab, value, key)
    name = known(elab, key)
    return field(elab, value, name) if isinstance(name, str) else Partial(Static(record), (value, _held(elab, key)))


def _held(elab: Elaborator, key: Value) -> Value:
    """A key as it is now, whatever is written into its arrays later."""
    match key:
        case ArrayRef():
            return elab.lift(elab.atom(key))
        case Tuple(items):
            return Tuple(tuple(_held(elab, k) for k in items))
        case ListRef():
            return _held(elab, elab.lift(elab.atom(key)))
        case _:
            return key


def refuse_writing(elab: Elaborator) -> None:
    """Refuse to write into a structured array, which comes from outside."""
    refuse(
        elab,
        "A structured array comes from outside the function, and would be written into.",
        "Make a copy of the field inside the function, and write into that.",
    )


def attribute(elab: Elaborator, value: Value, name: str) -> Value:
    """``value.name``: a field of a record, or what all fields have in common."""
    from s2sad.frontend.library import attributes

    dtype = dtype_of(value)
    if name in (dtype.names or ()):
        return field(elab, value, name)
    if name == "dtype":
        return Static(dtype)
    if name in ("shape", "size", "ndim"):
        return attributes.attribute(elab, column(elab, value), name)
    refuse(elab, f".{name} of a structured array is not supported.", "Use its fields, one by one.")
    raise AssertionError


def column(elab: Elaborator, value: Value) -> Value:
    """An array with an element for each row: of the first field, without the axes that the field itself has."""
    dtype = dtype_of(value)
    name = (dtype.names or ("",))[0]
    found = field(elab, value, name)
    if isinstance(found, ArrayRef) and (inner := len(dtype[name].shape)):
        found = subscript(elab, found, Static((..., *(0,) * inner)))
    return column(elab, found) if is_structured(found) else found


def dtype_of(value: Value) -> np.dtype:
    """The dtype of a structured array, or of rows of one."""
    match value:
        case Static(rec):
            return rec.dtype
        case Partial(_, (base, _)):
            return dtype_of(base)
    raise AssertionError
