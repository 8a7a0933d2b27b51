"""Python's builtins on abstract values (those of numbers stand in `numbers`, those that iterate in `iteration`)."""

from __future__ import annotations

import builtins
import functools
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import containers, dicts, operators, structured, text
from s2sad.frontend.library.attributes import size_value
from s2sad.frontend.library.iteration import VIEWS, Items, Range, is_known, iterate, range_length, unroll, unrolled
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
    reraise,
    retype,
    runtime_list,
    set_weak,
    static,
    type_of,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import (
    ArrayRef,
    DictRef,
    Entries,
    ListRef,
    Number,
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
        if atom is not None and key == NONE:
            return first_extreme(elab, op, atom, isinstance(args[0], ListRef))
        args = unroll(elab, args[0])
    if not args:
        if default is None:
            refuse(elab, "min and max need at least one item.", "Give default=.")
        return default
    keyed = [(a, a if key == NONE else elab.call(key, [a], {})) for a in args]
    best, best_key = keyed[0]
    for item, item_key in keyed[1:]:
        better = operators.compare(elab, op, item_key, best_key)
        best, best_key = choose(elab, better, item, best), choose(elab, better, item_key, best_key)
    return best


def _whole(elab: Elaborator, value: Value) -> Atom | None:
    """The one array behind a vector, or behind a list that grows at run time."""
    if isinstance(value, ArrayRef):
        if value.type.rank != 1:
            refuse(elab, "min and max of an array need one of rank 1.", "Use np.min or np.max.", TypeMismatchError)
        return elab.atom(value)
    atom = runtime_list(elab, value)
    return None if atom is None else emit_atom(elab, shape_rules.array_of_list, (atom,))


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
    atom = _sum_atom(elab, iterable, iteration)
    weak = isinstance(iterable, ListRef) or isinstance(iteration, Range)
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
    atom = runtime_list(elab, iterable)
    if atom is not None:
        return emit_atom(elab, shape_rules.array_of_list, (atom,))
    if isinstance(iteration, Range):
        bounds = (iteration.start, iteration.stop, iteration.step)
        return emit_atom(elab, shape_rules.arange, bounds, dtype=np.dtype(np.int64))
    refuse(
        elab, f"sum does not go over {describe(elab, iterable)} of a length known at run time only.", "Sum in a loop."
    )


@meaning(builtins.any)
def any_(elab: Elaborator, iterable: Value) -> Value:
    return _quantifier(elab, iterable, False)


@meaning(builtins.all)
def all_(elab: Elaborator, iterable: Value) -> Value:
    return _quantifier(elab, iterable, True)


def _quantifier(elab: Elaborator, iterable: Value, every: bool) -> Value:
    atom = _whole(elab, iterable) if isinstance(iterable, ArrayRef | ListRef) else None
    if atom is not None:
        prim = reductions.all_ if every else reductions.any_
        return elab.lift(set_weak(elab, emit_atom(elab, prim, (atom,), axis=None, keepdims=False), True))
    result: Value = Static(every)
    for item in unroll(elab, iterable):
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
    iteration = iterate(elab, iterable)
    if is_known(iteration):
        return new_list(elab, unrolled(elab, iterable, iteration))
    if isinstance(iterable, ArrayRef):
        atom = emit_atom(elab, shape_rules.list_of_array, (elab.atom(iterable),))
        return _runtime(elab, atom)
    if isinstance(iteration, Range):
        atom = _sum_atom(elab, iterable, iteration)
        return _runtime(elab, containers.as_items(elab, atom, Scalar(atom.type.dtype, True)))
    refuse(elab, f"A list of {describe(elab, iterable)} of a length known at run time only cannot be made at once.",
           "Append in a loop, or use a comprehension.")  # fmt: skip


def _runtime(elab: Elaborator, atom: Atom) -> ListRef:
    from s2sad.frontend.library.support import new_runtime_list

    return new_runtime_list(elab, atom)


@meaning(builtins.tuple, fold=False)
def tuple_(elab: Elaborator, iterable: Value = EMPTY) -> Value:
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


@meaning(builtins.sorted, fold=False)
def sorted_(elab: Elaborator, iterable: Value, *, key: Value = NONE, reverse: Value = FALSE) -> Value:
    if isinstance(iterable, ArrayRef | ListRef) and (atom := _whole(elab, iterable)) is not None and key == NONE:
        ordered = emit_atom(elab, shape_rules.sort, (atom,), axis=-1)
        if static(elab, reverse):
            ordered = emit_atom(elab, shape_rules.flip, (ordered,), axis=0)
        weak = isinstance(iterable, ListRef)
        return _runtime(elab, containers.as_items(elab, ordered, Scalar(ordered.type.dtype, weak)))
    return new_list(elab, sort_items(elab, unroll(elab, iterable), key, reverse))


def _orders(elab: Elaborator, keys: Sequence[Value]) -> list[Any]:
    """What orders some keys: they themselves, or their first items where these are known and all different."""
    objects = [known(elab, k) for k in keys]
    if any(o is UNKNOWN for o in objects) and all(isinstance(k, Tuple) and k.items for k in keys):
        firsts = [known(elab, k.items[0]) for k in keys if isinstance(k, Tuple)]
        if all(isinstance(o, str | int | float) for o in firsts) and len(set(firsts)) == len(firsts):
            return firsts
    return objects


def sort_items(elab: Elaborator, items: Iterable[Value], key: Value, reverse: Value) -> list[Value]:
    """Items sorted by keys known now; numbers known at run time only are sorted as an array."""
    items = list(items)
    keys = items if key == NONE else [elab.call(key, [v], {}) for v in items]
    backwards = bool(static(elab, reverse))
    objects = _orders(elab, keys)
    if not any(o is UNKNOWN for o in objects):
        try:
            order = sorted(range(len(items)), key=lambda k: objects[k], reverse=backwards)
        except TypeError as error:
            reraise(elab, error)
        return [items[k] for k in order]
    if key != NONE or not all(isinstance(type_of(elab, v), Scalar) for v in items):
        refuse(elab, "Sorting by keys known at run time only is not supported.", "Sort arrays with np.argsort.")
    return _sorted_numbers(elab, items, backwards)


def _sorted_numbers(elab: Elaborator, items: list[Value], backwards: bool) -> list[Value]:
    from s2sad.frontend.library.creation import stack_atoms
    from s2sad.frontend.library.indexing import load_at
    from s2sad.ir import Const

    ordered = emit_atom(elab, shape_rules.sort, (stack_atoms(elab, [elab.atom(v) for v in items]),), axis=-1)
    weak = all(elab.atom(v).type.weak for v in items)
    out = [elab.lift(set_weak(elab, load_at(elab, ordered, Const(k)), weak)) for k in range(len(items))]
    return out[::-1] if backwards else out


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
    items = list(unroll(elab, iterable))
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
