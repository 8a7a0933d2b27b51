"""Assignment in every form: names, attributes, items, unpacking, augmented, deletion, imports."""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import gast

from s2sad.errors import UnsupportedSyntaxError
from s2sad.frontend import library
from s2sad.frontend.elaborate import branches, classes, raising
from s2sad.frontend.elaborate.expressions import evaluate, evaluate_raw, subscript
from s2sad.frontend.library import choices, faults
from s2sad.frontend.library.iteration import Items, iterate, unroll
from s2sad.frontend.library.support import is_runtime_list
from s2sad.frontend.syntax.operators import BINARY
from s2sad.frontend.values.frames import bind, lookup, names_of, owner_of
from s2sad.frontend.values.values import (
    ArrayRef,
    Broken,
    Choice,
    DictRef,
    Entries,
    ListRef,
    Location,
    Maybe,
    ObjectRef,
    Static,
    StaticItems,
    Tuple,
    Value,
)

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


def assign(elab: Elaborator, targets: Sequence[gast.expr], value: gast.expr) -> None:
    """``a = b = value``. ``a, b = c, d`` binds in parallel and makes no tuple."""
    bind_targets(elab, targets, assigned(elab, targets, value))


def assigned(elab: Elaborator, targets: Sequence[gast.expr], value: gast.expr) -> Value:
    """The value that is assigned to the targets."""
    return evaluate_raw(elab, value)


def bind_targets(elab: Elaborator, targets: Sequence[gast.expr], result: Value) -> None:
    """Bind a value to one target after another."""
    first = targets[0]
    if len(targets) > 1 and isinstance(first, gast.Name) and not isinstance(result, Maybe):
        result = elab.name_result(result, first.id)
    for target in targets:
        assign_value(elab, target, result)


def assign_value(elab: Elaborator, target: gast.expr, value: Value) -> None:
    """Bind a value to one target."""
    with elab.at(target):
        match target:
            case gast.Name(id=name):
                bind_name(elab, name, value)
            case gast.Attribute(value=base, attr=name):
                value = elab.resolve(value)
                classes.assign_attribute(elab, evaluate(elab, base), name, value)
            case gast.Subscript(value=base, slice=key):
                value = elab.resolve(value)
                container, index = evaluate(elab, base), evaluate(elab, key)
                assign_item(elab, container, index, value)
            case gast.Tuple(elts=elts) | gast.List(elts=elts):
                unpack(elab, elts, elab.resolve(value))
            case gast.Starred():
                raise UnsupportedSyntaxError(
                    "A starred target stands alone.", "Write [*a] = ... or a list().", elab.pos
                )
            case _:
                raise UnsupportedSyntaxError("This cannot be assigned to.", "", elab.pos)


def assign_item(elab: Elaborator, container: Value, key: Value, value: Value) -> Value:
    """``container[key] = value``."""
    if isinstance(container, Choice) or isinstance(key, Choice):
        return choices.each(elab, [container, key], lambda parts: assign_item(elab, parts[0], parts[1], value))
    faults.index(elab, container, key)
    library.assign_subscript(elab, container, key, value)
    return Static(None)


def unpack(elab: Elaborator, elts: Sequence[gast.expr], value: Value) -> None:
    """``a, (b, *c) = value``."""
    elab.latest = None
    starred = [k for k, e in enumerate(elts) if isinstance(e, gast.Starred)]
    if starred and is_counted_late(elab, value):
        elab.error(
            "How many values a starred name takes here is known at run time only.", "Use slices: a, rest = x[0], x[1:]."
        )
    items = items_for(elab, value, len(elts))
    if not starred:
        if len(items) != len(elts):
            elab.mismatch(
                f"{len(items)} values are unpacked into {len(elts)} names.", "Give as many names as there are values."
            )
        for target, item in zip(elts, items, strict=True):
            assign_value(elab, target, item)
        return
    (k,) = starred
    after = len(elts) - k - 1
    if len(items) < len(elts) - 1:
        elab.mismatch(f"{len(items)} values are too few for {len(elts) - 1} names.", "Give fewer names.")
    rest = Location("rest")
    elab.state[rest] = StaticItems(tuple(items[k : len(items) - after]))
    middle = elts[k]
    assert isinstance(middle, gast.Starred)
    for target, item in zip(elts[:k], items[:k], strict=True):
        assign_value(elab, target, item)
    assign_value(elab, middle.value, ListRef(rest))
    for target, item in zip(elts[k + 1 :], items[len(items) - after :], strict=True):
        assign_value(elab, target, item)


def items_for(elab: Elaborator, value: Value, count: int) -> tuple[Value, ...]:
    """The items to unpack. That an array has as many as there are names is checked when it runs, if not before."""
    if isinstance(value, Tuple):
        return value.items
    if is_counted_late(elab, value):
        check_count(elab, value, count)
        return tuple(library.subscript(elab, value, Static(k)) for k in range(count))
    iteration = iterate(elab, value)
    return iteration.values if isinstance(iteration, Items) else unroll(elab, value)


def is_counted_late(elab: Elaborator, value: Value) -> bool:
    """Whether it is known at run time only how many items a value has."""
    if isinstance(value, ArrayRef):
        return bool(value.type.rank) and not isinstance(value.type.dims[0], int)
    return is_runtime_list(elab, value)


def check_count(elab: Elaborator, value: Value, count: int) -> None:
    """Raise, as Python does, where an array or a list does not have this many items."""
    differs = library.compare(elab, "ne", library.call(elab, len, [value], {}), Static(count))
    kind = "an array" if isinstance(value, ArrayRef) else "a list"
    why = f"{kind} is unpacked into {count} names, and does not have {count} items"
    bad = elab.truth(differs)
    elab.guard(bad, ValueError, why)
    branches.branch(elab, bad, lambda: raising.fail(elab, ValueError, why), lambda: None)


def bind_name(elab: Elaborator, name: str, value: Value) -> None:
    """Bind a name where it belongs: here, or in an enclosing function (nonlocal)."""
    if isinstance(value, Broken):
        elab.resolve(value)
    frame = elab.frame
    owner = owner_of(elab, frame, name)
    if owner is None:
        where = "global" if name in frame.scope.globals else "variable of an enclosing function"
        elab.error(f"The {where} {name!r} would be assigned.", "Return the value instead, or keep it in an argument.")
    if not isinstance(value, Maybe) and "@" not in name:
        value = elab.name_result(value, name)
    bind(elab, owner.location, name, value)


def augment(elab: Elaborator, target: gast.expr, op: type, value: gast.expr) -> None:
    """``target op= value``: in place on arrays and lists, rebinding elsewhere. The target's parts run once."""
    name = BINARY[op]
    match target:
        case gast.Name(id=ident):
            current = elab.resolve(lookup(elab, elab.frame, ident))
            bind_name(elab, ident, augmented(elab, name, current, evaluate(elab, value)))
        case gast.Attribute(value=base, attr=attr):
            owner = evaluate(elab, base)
            current = classes.attribute(elab, owner, attr)
            result = augmented(elab, name, current, evaluate(elab, value))
            if not (isinstance(current, ArrayRef) and result == current):
                classes.assign_attribute(elab, owner, attr, result)
        case gast.Subscript(value=base, slice=key):
            container, index = evaluate(elab, base), evaluate(elab, key)
            faults.index(elab, container, index)
            if isinstance(container, ListRef | DictRef | ObjectRef | Choice) or isinstance(index, Choice):
                current = elab.resolve(subscript(elab, container, index))
                assign_item(elab, container, index, augmented(elab, name, current, evaluate(elab, value)))
            else:
                library.augment_subscript(elab, container, index, name, evaluate(elab, value))


def augmented(elab: Elaborator, op: str, current: Value, value: Value) -> Value:
    """``current op= value``, with the in-place methods of user's classes."""
    if isinstance(current, Choice) or isinstance(value, Choice):
        return choices.each(elab, [current, value], lambda sides: augmented(elab, op, *sides))
    if isinstance(current, ObjectRef):
        method = getattr(current.cls, f"__i{op.strip('_')}__", None)
        if method is not None:
            return elab.call(Static(method), [current, value], {})
        return classes.binary(elab, op, current, value)
    faults.arithmetic(elab, op, current, value)
    return library.augment(elab, op, current, value)


def delete(elab: Elaborator, targets: Sequence[gast.expr]) -> None:
    """``del``."""
    for target in targets:
        match target:
            case gast.Name(id=name):
                owner = owner_of(elab, elab.frame, name)
                if owner is None:
                    elab.error(f"The global {name!r} would be deleted.", "Leave it.")
                entries = names_of(elab, owner.location)
                if name not in entries:
                    elab.fail_name(name)
                del entries[name]
                elab.state[owner.location] = Entries(tuple(entries.items()))
            case gast.Subscript(value=base, slice=key):
                delete_item(elab, evaluate(elab, base), evaluate(elab, key))
            case _:
                raise UnsupportedSyntaxError("This cannot be deleted.", "", elab.pos)


def delete_item(elab: Elaborator, container: Value, key: Value) -> None:
    match container:
        case DictRef(location):
            content = elab.get(location)
            assert isinstance(content, Entries)
            entries, index = dict(content.items), elab.static(key)
            if index not in entries:
                elab.fail(KeyError, f"The dict has no key {index!r}.")
            del entries[index]
            elab.set(location, Entries(tuple(entries.items())))
        case ListRef():
            library.containers.delete(elab, container, key)
        case _:
            elab.error("Items can only be deleted from dicts and lists.", "Build a new container.")


def import_names(elab: Elaborator, stmt: gast.Import | gast.ImportFrom) -> None:
    """``import`` inside a function."""
    for alias in stmt.names:
        if isinstance(stmt, gast.Import):
            module = importlib.import_module(alias.name)
            top = importlib.import_module(alias.name.split(".")[0])
            bind_name(elab, alias.asname or alias.name.split(".")[0], Static(module if alias.asname else top))
        else:
            if stmt.level:
                raise UnsupportedSyntaxError(
                    "A relative import is not supported in a function.", "Import at the top.", elab.pos
                )
            module = importlib.import_module(stmt.module or "")
            bind_name(elab, alias.asname or alias.name, classes.attribute(elab, Static(module), alias.name))
