"""Replacing variables throughout a state."""

from __future__ import annotations

from collections.abc import Mapping
from typing import assert_never

from s2sad.frontend.values.values import (
    ArrayRef,
    Broken,
    Buffer,
    Choice,
    Closure,
    Columns,
    Content,
    DictRef,
    Entries,
    ListRef,
    Lost,
    Maybe,
    Nothing,
    Number,
    Numbers,
    ObjectRef,
    Partial,
    RuntimeItems,
    State,
    Static,
    StaticItems,
    Tuple,
    Value,
    Within,
)
from s2sad.ir.nodes import Atom, Var

Mapping_ = Mapping[Var, Atom]


def rename_state(state: State, atoms: Mapping_) -> State:
    """The state with variables replaced."""
    return {location: rename_content(content, atoms) for location, content in state.items()} if atoms else dict(state)


def rename_content(content: Content, atoms: Mapping_) -> Content:
    match content:
        case Buffer(atom):
            return Buffer(rename_atom(atom, atoms))
        case RuntimeItems(atom):
            return RuntimeItems(rename_atom(atom, atoms))
        case Columns(item, columns):
            return Columns(item, tuple(rename_atom(a, atoms) for a in columns))
        case Within(parent, index, steps):
            return Within(parent, rename_atom(index, atoms), steps)
        case StaticItems(items):
            return StaticItems(tuple(rename_value(v, atoms) for v in items))
        case Entries(items):
            return Entries(tuple((k, rename_value(v, atoms)) for k, v in items))
        case Lost():
            return content
        case _:
            assert_never(content)


def rename_value(value: Value, atoms: Mapping_) -> Value:
    match value:
        case Number(atom):
            return Number(rename_atom(atom, atoms)) if atom in atoms else value
        case ArrayRef(location, type_, path, operands) if any(o in atoms for o in operands):
            return ArrayRef(location, type_, path, tuple(rename_atom(o, atoms) for o in operands))
        case Numbers(ref, classes, weak):
            renamed_ref = rename_value(ref, atoms)
            assert isinstance(renamed_ref, ArrayRef)
            return value if renamed_ref is ref else Numbers(renamed_ref, classes, weak)
        case Tuple(items, cls):
            renamed_items = tuple(rename_value(v, atoms) for v in items)
            return (
                value if all(x is y for x, y in zip(renamed_items, items, strict=True)) else Tuple(renamed_items, cls)
            )
        case Partial(function, args, kwargs):
            pairs = tuple((k, rename_value(v, atoms)) for k, v in kwargs)
            return Partial(rename_value(function, atoms), tuple(rename_value(v, atoms) for v in args), pairs)
        case Maybe(inner, there, absent):
            return Maybe(rename_value(inner, atoms), rename_atom(there, atoms), absent)
        case Choice(tag, options):
            return Choice(rename_atom(tag, atoms), tuple((k, rename_value(v, atoms)) for k, v in options))
        case Closure(source, frame, defaults, kw_defaults, function) if defaults or kw_defaults:
            renamed = {k: rename_value(v, atoms) for k, v in kw_defaults.items()}
            positional = tuple(rename_value(v, atoms) for v in defaults)
            if all(
                x is y
                for x, y in zip((*positional, *renamed.values()), (*defaults, *kw_defaults.values()), strict=True)
            ):
                return value
            return Closure(source, frame, positional, renamed, function)
        case ArrayRef() | Closure() | Static() | ListRef() | DictRef() | ObjectRef() | Broken() | Nothing():
            return value
        case _:
            assert_never(value)


def rename_atom(atom: Atom, atoms: Mapping_) -> Atom:
    return atoms.get(atom, atom) if isinstance(atom, Var) else atom
