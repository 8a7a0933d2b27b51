"""Recursion: a call that is met again while its own body is run goes out of line.

    activation = a user's function being run, with the signature of its arguments

A call with the signature of an activation unwinds to it, and its function is elaborated again as one of its own
(`outofline.build`). Arguments that are known now are part of the signature, so recursion over them unrolls; where that
goes too deep, known numbers are taken as runtime values.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from s2sad.frontend.elaborate import outofline
from s2sad.frontend.library.support import is_number
from s2sad.frontend.values.patterns import skeleton
from s2sad.frontend.values.values import (
    ArrayRef,
    Choice,
    Closure,
    Columns,
    DictRef,
    Entries,
    ListRef,
    Maybe,
    Number,
    ObjectRef,
    Partial,
    RuntimeItems,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir.types import Array

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

Inline = Callable[[dict[str, Value]], Value]
LIMITS = ((1, 4, 12), (2, 24, 40))
"""How deep, and how often, a recursion over known sizes (level 1) and known numbers (level 2) is written out."""


@dataclass(eq=False, slots=True)
class Activation:
    """A user's function that is being run."""

    source: Any
    home: Any
    """The frame in which the function was defined, or the Python function: the same code closed over other values is
    another function."""
    signatures: tuple[Hashable, Hashable, Hashable]
    """By level: as it is; without known sizes; without known numbers."""
    build: outofline.Build | None = None
    count: int = 0


@dataclass(slots=True)
class Recursion(Exception):
    """Unwinds to the first activation of a function that calls itself."""

    activation: Activation
    level: int = 0


def run(elab: Elaborator, closure: Closure, bound: dict[str, Value], inline: Inline) -> Value:
    """Run a function inline, or call it out of line when it is being run already."""
    signatures = (signature_of(elab, bound, 0), signature_of(elab, bound, 1), signature_of(elab, bound, 2))
    home = closure.function if closure.frame is None else closure.frame
    active = [a for a in elab.active if a.source is closure.source and a.home is home]
    for activation in active:
        if activation.build is not None and activation.build.accepts(signatures):
            return outofline.call(elab, activation.build, bound)
        if activation.build is None and activation.signatures[0] == signatures[0]:
            raise Recursion(activation)
    if active:
        active[0].count += 1
        for level, deepest, most in LIMITS:
            alike = [a for a in active if a.signatures[level] == signatures[level] and a.build is None]
            if alike and (len(active) > deepest or active[0].count > most):
                raise Recursion(alike[0], level)
    activation = Activation(closure.source, home, signatures)
    state, mark, written = dict(elab.state), elab.mark(), list(elab.builder.statements)
    depth, pos = len(elab.stack), elab.pos
    elab.active.append(activation)
    try:
        return inline(bound)
    except Recursion as recursion:
        if recursion.activation is not activation:
            raise
        level = recursion.level
    finally:
        elab.active.remove(activation)
    elab.state, elab.builder.pos = state, pos
    elab.reset(mark)
    elab.builder.statements[:] = written
    del elab.stack[depth:]
    activation.build = outofline.Build(closure.source.name, signatures[level], level)
    elab.active.append(activation)
    try:
        outofline.build(elab, activation.build, bound, inline)
    finally:
        elab.active.remove(activation)
    return outofline.call(elab, activation.build, bound)


def signature_of(elab: Elaborator, bound: dict[str, Value], level: int) -> Hashable:
    """What of its arguments a function is compiled for. Sizes count by which of them are equal."""
    sizes: dict[Any, int] = {}
    arrays: dict[Any, int] = {}

    def key(value: Value) -> Hashable:
        match value:
            case Number(atom):
                return ("number", atom.type)
            case Static(obj) if is_number(obj) and not isinstance(obj, bool) and level == 2:
                return ("number", elab.atom(value).type)
            case Static(obj) if is_number(obj) or isinstance(obj, str):
                return ("static", type(obj), repr(obj))
            case Static(obj):
                return ("object", id(obj))
            case ArrayRef(location, type_, path, operands):
                same = arrays.setdefault((location, path, operands), len(arrays))
                return ("array", type_.dtype, _dims(type_, sizes, level), same)
            case Tuple(items, cls):
                return (cls, *map(key, items))
            case ListRef(location):
                content = elab.get(location)
                if isinstance(content, RuntimeItems):
                    return ("list", content.atom.type)
                if isinstance(content, Columns):
                    return ("columns", skeleton(content.item), *(a.type for a in content.atoms))
                assert isinstance(content, StaticItems)
                return (list, *map(key, content.items))
            case DictRef(location):
                content = elab.get(location)
                assert isinstance(content, Entries)
                return (value.type, *((k, key(v)) for k, v in content.items))
            case ObjectRef(location):
                return ("object", location)
            case Partial(function, args, kwargs):
                return ("partial", key(function), *map(key, args), *((k, key(v)) for k, v in kwargs))
            case Closure(source, frame):
                return ("closure", source, frame)
            case Maybe(inner, _, absent):
                return ("maybe", key(inner), absent)
            case Choice(_, options):
                return ("choice", *((k, key(v)) for k, v in options))
            case _:
                return ("other", id(value))

    return tuple((name, key(value)) for name, value in bound.items())


def _dims(type_: Array, sizes: dict[Any, int], level: int) -> tuple[Any, ...]:
    return tuple(
        d if isinstance(d, int) and not level else ("size", sizes.setdefault(d, len(sizes))) for d in type_.dims
    )
