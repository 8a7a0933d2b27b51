"""What a value is an instance of."""

from __future__ import annotations

import builtins
import functools
import types

import numpy as np

from s2sad.frontend.library.support import FALSE, TRUE, Elaborator, static
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import (
    ArrayRef,
    Closure,
    DictRef,
    ListRef,
    Number,
    Numbers,
    ObjectRef,
    Partial,
    Static,
    Tuple,
    Value,
)


def class_of(elab: Elaborator, value: Value) -> type:
    """``type(value)``."""
    match value:
        case Number(atom):
            sample = atom.type.dtype.type(0)
            return type(sample.item()) if atom.type.weak else type(sample)
        case ArrayRef():
            return np.ndarray
        case Static(obj):
            return type(obj)
        case Tuple(type=cls) | DictRef(type=cls):
            return cls
        case ListRef():
            return list
        case Numbers(classes=(cls, *_)):
            return cls
        case ObjectRef(cls=cls):
            return cls
        case Closure():
            return types.FunctionType
        case Partial(Static(type() as cls)) if cls in (range, slice, enumerate, zip, reversed, map, filter):
            return cls
        case Partial(Static(function)) if function is str.format:
            return str
        case Partial(Static(types.FunctionType())) | Partial(Closure()):
            return types.MethodType
        case _:
            return functools.partial


@meaning(builtins.type, fold=False)
def type_(elab: Elaborator, value: Value) -> Value:
    return Static(class_of(elab, value))


@meaning(builtins.isinstance, fold=False)
def isinstance_(elab: Elaborator, value: Value, classes: Value) -> Value:
    if isinstance(value, Static):
        return Static(isinstance(value.obj, static(elab, classes)))
    return Static(issubclass(class_of(elab, value), static(elab, classes)))


@meaning(builtins.callable, fold=False)
def callable_(elab: Elaborator, value: Value) -> Value:
    match value:
        case Closure():
            return TRUE
        case Partial():
            return Static(class_of(elab, value) in (functools.partial, types.MethodType))
        case ObjectRef(cls=cls):
            return Static(any("__call__" in vars(base) for base in cls.__mro__))
        case Static(obj):
            return Static(callable(obj))
        case _:
            return FALSE
