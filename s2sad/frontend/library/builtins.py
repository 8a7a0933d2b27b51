"""Python's builtins on abstract values (those of numbers stand in `numbers`, those that iterate in `iteration`)."""

from __future__ import annotations

import builtins
import functools
import operator
from typing import Any

import numpy as np

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import columns, containers, dicts, iterators, listed, operators, structured, text
from s2sad.frontend.library.attributes import size_value
from s2sad.frontend.library.iteration import (
    VIEWS,
    Indexed,
    Items,
    Range,
    Stream,
    as_value,
    indexed,
    is_known,
    iterate,
    range_length,
    unroll,
    unrolled,
)
from s2sad.frontend.library.support import (
    FALSE,
    NONE,
    UNKNOWN,
    ZERO,
    Elaborator,
    describe,
    emit_atom,
    fit,
    items_of,
    known,
    new_list,
    refuse,
    retype,
    runtime_list,
    set_weak,
    static,
    type_of,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.written import consuming
from s2sad.frontend.values.transforms import Inner
from s2sad.frontend.values.values import (
    ArrayRef,
    DictRef,
    Entries,
    ListRef,
    Number,
    Numbers,
    ObjectRef,
    Partial,
    Static,
    Tuple,
    Value,
)
from s2sad.ir import Array, Atom, Effect, List, Scalar
from s2sad.ir.primitives import print_
from s2sad.rules import elementwise, reductions
from s2sad.rules import shape as shape_rules

EMPTY = Tuple(())

# -- length


@meaning(builtins.len)
def length(elab: Elaborator, value: Value) -> Value:
    if structured.is_structured(value):
        value = structured.column(elab, value)
    match value:
        case ArrayRef(type=Array(dims=dims)) if dims:
            return size_value(elab, value, 0)
        case Partial(Static(view), (ref,)) if view in VIEWS:
            return length(elab, ref)
        case Numbers():
            return listed.length(elab, value)
        case DictRef():
            return Static(len(list(dicts.entries(elab, value))))
        case ObjectRef() if (function := getattr(value.cls, "__len__", None)) is not None:
            return elab.call(Static(function), [value], {})
        case Partial(Static(cls)) if cls is range:
            iteration = iterate(elab, value)
            assert isinstance(iteration, Range)
            return maximum(elab, ZERO, elab.lift(range_length(elab, iteration)))
    items = items_of(elab, value)
    if items is not None:
        return Static(len(items))
    grown = columns.columns_at(elab, value)
    if grown is not None:
        return elab.lift(columns.length(elab, grown))
    atom = runtime_list(elab, value)
    if atom is None:
        refuse(elab, f"{describe(elab, value)} has no length.".capitalize(), kind=TypeMismatchError)
    return elab.lift(containers.length_atom(elab, atom))


# -- least and greatest


@meaning(builtins.max)
def max_(elab: Elaborator, *args: Value, key: Value = NONE, default: Value | None = None) -> Value:
    return extreme(elab, "gt", args, key, default)


@meaning(builtins.min)
def min_(elab: Elaborator, *args: Value, key: Value = NONE, default: Value | None = None) -> Value:
    return extreme(elab, "lt", args, key, default)


def extreme(elab: Elaborator, op: str, args: tuple[Value, ...], key: Value, default: Value | None) -> Value:
    """The first item than which no other is greater (`gt`) or less (`lt`), as Python finds it."""
    if len(args) == 1:
        atom = _whole(elab, args[0])
        if atom is not None and key == NONE and default is None:
            return first_extreme(elab, op, atom, holds_python(args[0]))
        iteration = iterate(elab, args[0])
        if isinstance(iteration, Stream):
            return _extreme_of_stream(elab, op, iteration, key, default)
        if not is_known(iteration):
            return _extreme_at(elab, op, indexed(elab, iteration), key, default)
        args = unrolled(elab, args[0], iteration)
    if not args:
        if default is None:
            elab.fail(ValueError, "min and max need at least one item.")
        return default
    keyed = [(a, a if key == NONE else elab.call(key, [a], {})) for a in args]
    best, best_key = keyed[0]
    for item, item_key in keyed[1:]:
        better = operators.compare(elab, op, item_key, best_key)
        best, best_key = choose(elab, better, item, best), choose(elab, better, item_key, best_key)
    return best


BETTER = {"gt": (Static(operator.gt), Static("max")), "lt": (Static(operator.lt), Static("min"))}
"""How an item is better than another one, and the name of what looks for the best."""


def _extreme_of_stream(elab: Elaborator, op: str, stream: Stream, key: Value, default: Value | None) -> Value:
    better, name = BETTER[op]
    if default is None:
        return elab.call(Static(consuming.best), [as_value(stream), key, better, name], {})
    return elab.call(Static(consuming.best_or), [as_value(stream), key, better, default], {})


def _extreme_at(elab: Elaborator, op: str, items: Indexed, key: Value, default: Value | None) -> Value:
    better, name = BETTER[op]
    item = Static(Inner(lambda inner, args, kwargs: items.item(args[0])))
    args = [item, elab.lift(items.length), key, better]
    if default is None:
        return elab.call(Static(consuming.best_at), [*args, name], {})
    return elab.call(Static(consuming.best_at_or), [*args, default], {})


def _whole(elab: Elaborator, value: Value) -> Atom | None:
    """The one array behind a vector, or behind a list that grows at run time."""
    if isinstance(value, ArrayRef):
        if value.type.rank != 1:
            refuse(elab, "min and max of an array need one of rank 1.", "Use np.min or np.max.", TypeMismatchError)
        return elab.atom(value)
    if isinstance(value, Numbers) and value.ref.type.rank == 1:
        return elab.atom(value.ref)
    atom = runtime_list(elab, value)
    return None if atom is None else emit_atom(elab, shape_rules.array_of_list, (atom,))


def holds_python(value: Value) -> bool:
    """Whether the numbers of a list are Python's own."""
    return isinstance(value, ListRef) or (isinstance(value, Numbers) and value.weak)


def first_extreme(elab: Elaborator, op: str, array: Atom, weak: bool) -> Value:
    from s2sad.frontend.library.indexing import load_at

    place = emit_atom(elab, reductions.argmax if op == "gt" else reductions.argmin, (array,), axis=None, keepdims=False)
    return elab.lift(set_weak(elab, load_at(elab, array, place), weak))


def maximum(elab: Elaborator, a: Value, b: Value) -> Value:
    return extreme(elab, "gt", (a, b), NONE, None)


def choose(elab: Elaborator, condition: Value, then: Value, orelse: Value) -> Value:
    """``then if condition else orelse``, for values computed already."""
    truth = elab.truth(condition)
    if isinstance(truth, bool):
        return then if truth else orelse
    types = [t for v in (then, orelse) if isinstance(t := type_of(elab, v), Scalar)]
    if len(types) < 2:
        return elab.branch(truth, lambda: then, lambda: orelse)
    samples = [t.dtype.type(0).item() if t.weak else t.dtype for t in types]
    dtype = np.result_type(*samples)
    if all(t.weak for t in types):
        dtype = np.result_type(*(t.dtype for t in types))
    atoms = [fit(elab, elab.atom(v), dtype) for v in (then, orelse)]
    return elab.lift(emit_atom(elab, elementwise.where, (truth, *atoms)))


# -- sums and quantifiers


@meaning(builtins.sum)
def sum_(elab: Elaborator, iterable: Value, start: Value = ZERO) -> Value:
    iteration = iterate(elab, iterable) if runtime_list(elab, iterable) is None else None
    if isinstance(iteration, Items) or (isinstance(iteration, Range) and known(elab, iterable) is not UNKNOWN):
        total = start
        for item in unrolled(elab, iterable, iteration):
            total = _plus(elab, total, item)
        return total
    if isinstance(iteration, Stream | Indexed) and not isinstance(iterable, ArrayRef):
        return elab.call(Static(consuming.total), [as_value(iteration), start], {})
    atom = _sum_atom(elab, iterable, iteration)
    weak = holds_python(iterable) or isinstance(iteration, Range)
    total_atom = emit_atom(elab, reductions.sum_, (atom,), axis=0, keepdims=False)
    return _plus(elab, start, elab.lift(set_weak(elab, total_atom, weak)))


def _plus(elab: Elaborator, total: Value, item: Value) -> Value:
    """``total + item``; an addition to the 0 that a sum starts from is left out where it changes nothing."""
    type_ = type_of(elab, item)
    if total == ZERO and isinstance(item, Number) and isinstance(type_, Scalar) and type_.dtype.kind in "fc":
        return item
    return operators.binary(elab, "add", total, item)


def _sum_atom(elab: Elaborator, iterable: Value, iteration: Any) -> Atom:
    """The array whose rows are summed."""
    if isinstance(iterable, ArrayRef):
        return elab.atom(iterable)
    if isinstance(iterable, Numbers) and iterable.ref.type.rank == 1:
        return elab.atom(iterable.ref)
    atom = runtime_list(elab, iterable)
    if atom is not None:
        return emit_atom(elab, shape_rules.array_of_list, (atom,))
    if isinstance(iteration, Range):
        bounds = (iteration.start, iteration.stop, iteration.step)
        return emit_atom(elab, shape_rules.arange, bounds, dtype=np.dtype(np.int64))
    refuse(elab, f"sum does not go over {describe(elab, iterable)}.", kind=TypeMismatchError)


@meaning(builtins.any)
def any_(elab: Elaborator, iterable: Value) -> Value:
    return _quantifier(elab, iterable, False)


@meaning(builtins.all)
def all_(elab: Elaborator, iterable: Value) -> Value:
    return _quantifier(elab, iterable, True)


def _quantifier(elab: Elaborator, iterable: Value, every: bool) -> Value:
    atom = _whole(elab, iterable) if isinstance(iterable, ArrayRef | ListRef | Numbers) else None
    if atom is not None:
        prim = reductions.all_ if every else reductions.any_
        return elab.lift(set_weak(elab, emit_atom(elab, prim, (atom,), axis=None, keepdims=False), True))
    iteration = iterate(elab, iterable)
    if not is_known(iteration):
        return elab.call(Static(consuming.every if every else consuming.some), [as_value(iteration)], {})
    result: Value = Static(every)
    for item in unrolled(elab, iterable, iteration):
        truth = elab.truth(item)
        value = Static(truth) if isinstance(truth, bool) else elab.lift(truth)
        result = containers.both(elab, result, value) if every else containers.either(elab, result, value)
    return result


# -- containers


@meaning(np.ndarray.tolist, fold=False)
def tolist(elab: Elaborator, a: Value) -> Value:
    if not isinstance(a, ArrayRef) or a.type.rank != 1:
        refuse(elab, ".tolist() is supported for arrays of rank 1.", "Index the array itself.")
    rows = emit_atom(elab, shape_rules.list_of_array, (elab.atom(a),))
    return _runtime(elab, retype(elab, rows, List(Scalar(a.type.dtype, True))))


@meaning(builtins.list, fold=False)
def list_(elab: Elaborator, iterable: Value = EMPTY) -> Value:
    if isinstance(iterable, ListRef):
        return containers.list_copy(elab, iterable)
    if isinstance(iterable, Numbers):
        return listed.as_list(elab, iterable)
    iteration = iterate(elab, iterable)
    if is_known(iteration):
        return new_list(elab, unrolled(elab, iterable, iteration))
    if isinstance(iterable, ArrayRef):
        atom = emit_atom(elab, shape_rules.list_of_array, (elab.atom(iterable),))
        return _runtime(elab, atom)
    if isinstance(iteration, Range):
        atom = _sum_atom(elab, iterable, iteration)
        return _runtime(elab, containers.as_items(elab, atom, Scalar(atom.type.dtype, True)))
    return iterators.listed(elab, iteration)


def _runtime(elab: Elaborator, atom: Atom) -> ListRef:
    from s2sad.frontend.library.support import new_runtime_list

    return new_runtime_list(elab, atom)


@meaning(builtins.tuple, fold=False)
def tuple_(elab: Elaborator, iterable: Value = EMPTY) -> Value:
    if isinstance(iterable, Numbers):
        return listed.as_tuple(iterable)
    return iterable if isinstance(iterable, Tuple) and iterable.type is tuple else Tuple(unroll(elab, iterable))


@meaning(tuple.__new__, fold=False)
def new_tuple(elab: Elaborator, cls: Value, iterable: Value = EMPTY) -> Value:
    return Tuple(unroll(elab, iterable), static(elab, cls))


@meaning(builtins.dict, fold=False)
def dict_(elab: Elaborator, pairs: Value | None = None, **more: Value) -> Value:
    ref = dicts.new_dict(elab, ())
    dicts.update(elab, ref, pairs, **more)
    return ref


@meaning(dict.fromkeys, fold=False)
def fromkeys(elab: Elaborator, keys: Value, value: Value = NONE) -> Value:
    return dicts.new_dict(elab, [(static(elab, k), value) for k in unroll(elab, keys)])


@meaning(builtins.set, builtins.frozenset, fold=False)
def set_(elab: Elaborator, iterable: Value = EMPTY) -> Value:
    return Static(frozenset(static(elab, v) for v in unroll(elab, iterable)))


@meaning(builtins.slice)
def slice_(elab: Elaborator, *args: Value) -> Value:
    return Partial(Static(slice), args)


# -- text


@meaning(builtins.id, builtins.hash)
def identity(elab: Elaborator, value: Value) -> Value:
    refuse(elab, "The identity of a value is not known when the function is compiled.", "Compare with `is`.")


@meaning(builtins.print, fold=False)
def print_values(
    elab: Elaborator, *values: Value, sep: Value = NONE, end: Value = NONE, file: Value = NONE, flush: Value = FALSE
) -> Value:  # fmt: skip
    if not text.is_plain(elab, values, (sep, end, file, flush)):
        return text.print_text(elab, values, sep, end, file)
    atoms: list[Atom] = []
    template: list[Any] = []
    for value in values:
        _print_part(elab, value, atoms, template)
    elab.builder.append(Effect(print_, tuple(atoms), (("template", tuple(template)),), elab.pos))
    return NONE


def _print_part(elab: Elaborator, value: Value, atoms: list[Atom], template: list[Any]) -> None:
    obj = known(elab, value)
    if obj is not UNKNOWN:
        template.append(str(obj))
    elif type_of(elab, value) is not None:
        template.append(len(atoms))
        atoms.append(elab.atom(value))
    elif (items := items_of(elab, value)) is not None:
        for item in items:
            _print_part(elab, item, atoms, template)
    else:
        template.append(f"<{describe(elab, value)}>")


# -- functools and operator


@meaning(functools.reduce, fold=False)
def reduce(elab: Elaborator, function: Value, iterable: Value, initial: Value | None = None) -> Value:
    iteration = iterate(elab, iterable)
    if not is_known(iteration):
        written, start = (consuming.reduced, []) if initial is None else (consuming.reduced_from, [initial])
        return elab.call(Static(written), [function, as_value(iteration), *start], {})
    items = list(unrolled(elab, iterable, iteration))
    if initial is not None:
        items.insert(0, initial)
    if not items:
        refuse(elab, "reduce of an empty sequence with no initial value.", kind=TypeMismatchError)
    total = items[0]
    for item in items[1:]:
        total = elab.call(function, [total, item], {})
    return total


@meaning(functools.partial, fold=False)
def partial(elab: Elaborator, function: Value, *args: Value, **kwargs: Value) -> Value:
    return Partial(function, args, tuple(kwargs.items()))


@meaning(builtins.vars)
def vars_(elab: Elaborator, value: Value) -> Value:
    content = elab.get(value.location) if isinstance(value, ObjectRef) else None
    if not isinstance(content, Entries):
        refuse(elab, "vars() takes an object.", kind=TypeMismatchError)
    return dicts.new_dict(elab, content.items)


@meaning(
    builtins.input,
    builtins.open,
    builtins.eval,
    builtins.exec,
    builtins.compile,
    builtins.globals,
    builtins.locals,
    fold=False,
)
def outside(elab: Elaborator, *args: Value, **kwargs: Value) -> Value:
    refuse(
        elab,
        "A function that is differentiated computes; it does not read, open or evaluate.",
        "Do it outside, and pass the result in.",
    )
