"""Dates, decimals, fractions and other objects of Python's library that never change (`values.immutable`), among values
that are known at run time only."""

from __future__ import annotations

import datetime
import fractions
import types
from typing import Any

import numpy as np

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library.support import UNKNOWN, Elaborator, function_name, known, refuse
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.immutable import is_steady, is_value, is_value_class
from s2sad.frontend.values.values import Entries, Location, Number, ObjectRef, Static, Value


def as_numbers(elab: Elaborator, left: Value, right: Value) -> tuple[Value, Value]:
    """The sides of an operator: a fraction beside a float is a float, as Python takes it."""
    return _beside(left, right), _beside(right, left)


def _beside(value: Value, other: Value) -> Value:
    inexact = isinstance(other, Number) and other.type.dtype.kind in "fc"
    if isinstance(value, Static) and isinstance(value.obj, fractions.Fraction) and inexact:
        return Static(float(value.obj))
    return value


def advice(*values: Value) -> str:
    """What to write instead of an operation that gives an object known at run time only; empty for other values."""
    for value in values:
        match value:
            case Static(datetime.timedelta()):
                return "Make it a number first, with .total_seconds() or by dividing it by another timedelta."
            case Static(np.timedelta64()):
                return "Make it a number first, dividing it by np.timedelta64(1, unit)."
            case Static(obj) if is_value(obj) and hasattr(obj, "__float__"):
                return "Make it a number first, with float(...)."
    return ""


def given(
    elab: Elaborator, function: Any, args: list[Value], kwargs: dict[str, Value]
) -> tuple[list[Value], dict[str, Value]]:
    """The arguments of a call that gives an object, whose ints have to be known: those that the caller gives
    are asked for."""
    if not (is_value_class(function) if isinstance(function, type) else is_value(getattr(function, "__self__", None))):
        return args, kwargs
    return [_asked(elab, a) for a in args], {k: _asked(elab, v) for k, v in kwargs.items()}


def _asked(elab: Elaborator, value: Value) -> Value:
    if isinstance(value, Number) and known(elab, value) is UNKNOWN:
        if value.type.dtype.kind not in "iu":
            refuse(elab, "An object of Python's library cannot be made of a float known at run time only.",
                   "Compute with numbers: years as floats instead of dates, say.", TypeMismatchError)  # fmt: skip
        return Static(elab.static(value))
    return value


def refuse_unsteady(elab: Elaborator, function: Any) -> None:
    """Refuse a method of such an object that asks the clock, the machine or the file system."""
    owner = getattr(function, "__self__", None)
    ours = is_value_class(owner) if isinstance(owner, type) else is_value(owner)
    if ours and callable(function) and not is_steady(function):
        refuse(
            elab,
            f"What {function_name(function)} gives depends on more than its arguments.",
            "Call it outside, and pass the result in.",
        )


@meaning(types.SimpleNamespace, fold=False)
def namespace(elab: Elaborator, **attributes: Value) -> Value:
    """An object with these attributes."""
    location = Location("namespace")
    elab.state[location] = Entries(tuple(attributes.items()))
    return ObjectRef(location, types.SimpleNamespace)


__all__ = ["advice", "as_numbers", "given", "refuse_unsteady"]
