"""The adjoints of the primitives that give the language its structure: arrays, casts and lists.

    load    v = a[i]                a_bar[i] += v_bar
    store   a1 = store(a0, v, i)    v_bar += a1_bar[i];  a0_bar += a1_bar with zero at i (as it is where `once`)
    inc     a1 = inc(a0, v, i)      v_bar += a1_bar[i];  a0_bar += a1_bar
    cast    y = cast(x)             x_bar += y_bar       (fitting a contribution casts it)
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from functools import reduce
from typing import Any, TypeGuard

import numpy as np

from s2sad.ir import paths
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Const, Let, item_type
from s2sad.ir.primitives import (
    Primitive,
    cast,
    dim,
    inc,
    list_append,
    list_drop,
    list_get,
    list_len,
    list_new,
    list_set,
    list_zeros,
    load,
    store,
    undef,
    zeros,
)
from s2sad.ir.types import Array, List, Scalar
from s2sad.rules.elementwise import add, neg, where
from s2sad.rules.logical import eq
from s2sad.rules.shape import unbroadcast
from s2sad.transforms.adjoint.cotangents import (
    ZERO,
    Cotangents,
    Indexed,
    Place,
    Value,
    apart,
    bar_name,
    list_add,
    number_of,
    plus_of,
    same_place,
    zero_of,
)

Reverse = Callable[[Cotangents, Let], None]


# -- arrays


def reverse_load(bars: Cotangents, stmt: Let) -> None:
    """``v = load(a, *operands; path)``: the cotangent of v is added at the path of a's."""
    array, *operands = stmt.args
    (target,) = stmt.targets
    if bars[target] == ZERO or not bars.takes(array):
        bars.take(target)
        return
    bar = bars.whole(target)
    bars.take(target)
    _scatter(bars, array, dict(stmt.params)["path"], tuple(operands), bar)


def _scatter(bars: Cotangents, array: Atom, path: paths.Path, operands: tuple[Atom, ...], bar: Atom) -> None:
    """Add `bar` at a path that was read, also through views that cannot be written through."""
    cut, view = next(((k, step) for k, step in enumerate(path) if _reads_only(step, k, path)), (None, None))
    if cut is None or view is None:
        bars.add_at(array, path, operands, _turned(bars.builder, bar, path))
        return
    count = paths.count_slots(path[:cut])
    inner = paths.count_slots(path[: cut + 1])
    before, after = operands[:count], operands[inner:]
    b = bars.builder
    whole = array if cut == 0 else b.emit(load, (array, *before), {"path": path[:cut]})
    if path[cut + 1 :]:
        viewed = b.emit(load, (whole, *operands[count:inner]), {"path": path[cut : cut + 1]})
        room = zero_of(b, viewed)
        bar = b.emit(inc, (room, bar, *after), {"path": path[cut + 1 :]}, hint=bar_name(array))
    dims = b.dim_atoms(whole)
    if view.name == "broadcast_to":
        bar = b.emit(unbroadcast, (bar, *dims), hint=bar_name(array))
    else:
        bar = b.emit(load, (bar, *dims), {"path": (paths.View("reshape", (paths.SLOT,) * len(dims)),)})
    if cut == 0:
        bars.add(array, bar)
    else:
        _scatter(bars, array, path[:cut], before, bar)


def _reads_only(step: paths.Step, place: int, path: paths.Path) -> TypeGuard[paths.View]:
    """Whether a view may copy or repeat elements, so that adding through it would be lost or wrong."""
    if not isinstance(step, paths.View):
        return False
    last = place == len(path) - 1
    return step.name == "broadcast_to" or (step.name in ("reshape", "ravel") and (last or place > 0))


def _turned(b: Builder, bar: Atom, path: paths.Path) -> Atom:
    """The cotangent of an imaginary part, as it goes into the imaginary part of a cotangent: with the other sign."""
    imaginary = sum(step == paths.View("imag") for step in path) % 2
    return b.emit(neg, (bar,)) if imaginary else bar


def reverse_store(bars: Cotangents, stmt: Let) -> None:
    """``a1 = store(a0, v, *operands; path, once)``: v's cotangent is what a1's holds there; a0's has zero there."""
    (target,), (array, value, *operands) = stmt.targets, stmt.args
    params = dict(stmt.params)
    place = Place(params["path"], tuple(operands), value)
    match bars[target]:
        case Indexed(places) if all(same_place(p, place) or apart(p, place) for p in places):
            bars.take(target)
            for p in places:
                if same_place(p, place):
                    bars.add(value, p.value)
                else:
                    bars.add_at(array, p.path, p.operands, p.value)
            return
        case cotangent if cotangent == ZERO:
            return
    bar = bars.whole(target)
    bars.take(target)
    if bars.takes(value):
        bars.add(value, _stored(bars.builder, bar, stmt))
    if bars.takes(array):
        rest = bar if params.get("once") else _cleared(bars.builder, bar, stmt)
        bars.add(array, rest)


def _cleared(b: Builder, bar: Atom, stmt: Let) -> Atom:
    """The cotangent of the version before a store: zero where it wrote."""
    (array, _, *operands), path = stmt.args, dict(stmt.params)["path"]
    zero = number_of(Scalar(_dtype_at(bar, path)), 0)
    return b.emit(store, (bar, zero, *operands), {"path": path}, hint=bar_name(array))


def _dtype_at(bar: Atom, path: paths.Path) -> np.dtype:
    parts = any(step in (paths.View("real"), paths.View("imag")) for step in path)
    return bar.type.dtype.type(0).real.dtype if parts else bar.type.dtype


def _stored(b: Builder, bar: Atom, stmt: Let) -> Atom:
    """What reaches the value of a store. Where indices repeat, the last write wins."""
    (array, value, *operands), path = stmt.args, dict(stmt.params)["path"]
    found = b.emit(load, (bar, *operands), {"path": path}, hint=bar_name(value))
    found = _turned(b, found, path)
    if isinstance(value.type, Scalar) and not isinstance(found.type, Array):
        return found
    if any(isinstance(o.type, Array) and o.type.dtype != np.bool_ for o in operands):
        zero = number_of(Scalar(found.type.dtype), 0)
        found = b.emit(where, (_winners(b, array, found, operands, path), found, zero), hint=bar_name(value))
    return found


def _winners(b: Builder, array: Atom, found: Atom, operands: list[Atom], path: paths.Path) -> Atom:
    """Which of the values written at fancy indices are still there afterwards."""
    order = b.emit(numbering, b.dim_atoms(found))
    room = b.emit(zeros, b.dim_atoms(array), {"dtype": np.dtype(np.int64)}, hint="last")
    last = b.emit(store, (room, order, *operands), {"path": path}, hint="last")
    return b.emit(eq, (b.emit(load, (last, *operands), {"path": path}), order), hint="wins")


def _numbering(*dims: int) -> np.ndarray:
    return np.arange(int(np.prod(dims))).reshape(dims)


def _spell_numbering(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    count = reduce(lambda a, b: ast.BinOp(a, ast.Mult(), b), args)
    flat = ast.Call(ast.Attribute(ast.Name("np"), "arange"), [count], [])
    return ast.Call(ast.Attribute(flat, "reshape"), [ast.Tuple(args, ast.Load())], [])


numbering = Primitive(
    "numbering", _numbering, _spell_numbering,
    type_rule=lambda args, params, size_of: (Array(np.dtype(np.int64), tuple(size_of(a) for a in args)),),
)
"""``numbering(*dims)``: the numbers from 0 in an array of this shape."""


def reverse_inc(bars: Cotangents, stmt: Let) -> None:
    """``a1 = inc(a0, v, *operands; path)``: v's cotangent is what a1's holds there; a0's is a1's."""
    (target,), (array, value, *operands) = stmt.targets, stmt.args
    if bars[target] == ZERO:
        return
    path = dict(stmt.params)["path"]
    if bars.takes(value):
        bar = bars.whole(target)
        found = bars.builder.emit(load, (bar, *operands), {"path": path}, hint=bar_name(value))
        bars.add(value, _turned(bars.builder, found, path))
    cotangent = bars.take(target)
    if bars.takes(array) and bars[array] == ZERO:
        bars[array] = cotangent
    elif bars.takes(array):
        bars[target] = cotangent
        bars.add(array, bars.whole(target))
        bars.take(target)


def reverse_cast(bars: Cotangents, stmt: Let) -> None:
    """``y = cast(x)``: fitting the cotangent to x casts it back."""
    (target,), (source,) = stmt.targets, stmt.args
    if bars[target] != ZERO:
        bars.add(source, bars.whole(target))
    bars.take(target)


def no_reverse(bars: Cotangents, stmt: Let) -> None:
    """Nothing flows through."""
    for target in stmt.targets:
        bars.take(target)


# -- lists


def reverse_append(bars: Cotangents, stmt: Let) -> None:
    """``l1 = list_append(l0, v)``: the last cotangent is v's."""
    (target,), (items, value) = stmt.targets, stmt.args
    if bars[target] == ZERO:
        return
    bar = bars.whole(target)
    bars.take(target)
    b = bars.builder
    if bars.takes(value):
        last = b.emit(add, (b.emit(list_len, (bar,)), Const(-1)))
        bars.add(value, b.emit(list_get, (bar, last), hint=bar_name(value)))
    if bars.takes(items):
        bars.add(items, b.emit(list_drop, (bar,), hint=bar_name(items)))


def reverse_get(bars: Cotangents, stmt: Let) -> None:
    """``v = list_get(l, i)``: v's cotangent is added to the item's."""
    (target,), (items, index) = stmt.targets, stmt.args
    if bars[target] != ZERO and bars.takes(items):
        b, bar = bars.builder, bars.whole(target)
        whole = bars.whole(items)
        old = b.emit(list_get, (whole, index))
        new = b.emit(plus_of(old), (old, bar))
        bars[items] = Value(b.emit(list_set, (whole, index, new), {"keeps": True}, hint=bar_name(items)))
    bars.take(target)


def reverse_set(bars: Cotangents, stmt: Let) -> None:
    """``l1 = list_set(l0, i, v)``: the item's cotangent is v's, and becomes zero, shaped as what was there before."""
    (target,), (items, index, value) = stmt.targets, stmt.args
    if bars[target] == ZERO:
        return
    b, bar = bars.builder, bars.whole(target)
    bars.take(target)
    item = b.emit(list_get, (bar, index), hint=bar_name(value))
    if bars.takes(value):
        bars.add(value, item)
    if bars.takes(items):
        kind = item_type(items)
        varies = isinstance(kind, Array) and None in kind.dims and not dict(stmt.params).get("keeps")
        before = b.emit(list_get, (items, index)) if varies else item
        params = {} if varies else {"keeps": True}
        bars.add(items, b.emit(list_set, (bar, index, zero_of(b, before)), params, hint=bar_name(items)))


def reverse_drop(bars: Cotangents, stmt: Let) -> None:
    """``l1 = list_drop(l0)``: the item that was dropped gets zero."""
    (target,), (items,) = stmt.targets, stmt.args
    if bars[target] == ZERO or not bars.takes(items):
        bars.take(target)
        return
    b, bar = bars.builder, bars.whole(target)
    bars.take(target)
    match items.type:
        case List(item=Scalar() as item):
            zero: Atom = number_of(item, 0)
        case _:
            last = b.emit(add, (b.emit(list_len, (items,)), Const(-1)))
            zero = zero_of(b, b.emit(list_get, (items, last)))
    bars.add(items, b.emit(list_append, (bar, zero), hint=bar_name(items)))


def reverse_list_add(bars: Cotangents, stmt: Let) -> None:
    """``l = list_add(m, n)``: both get the cotangents of the sums."""
    (target,) = stmt.targets
    if bars[target] != ZERO:
        for items in stmt.args:
            bars.add(items, bars.whole(target))
    bars.take(target)


REVERSE: dict[Primitive, Reverse] = {
    load: reverse_load, store: reverse_store, inc: reverse_inc, cast: reverse_cast,
    undef: no_reverse, zeros: no_reverse, dim: no_reverse, numbering: no_reverse,
    list_append: reverse_append, list_get: reverse_get, list_set: reverse_set, list_drop: reverse_drop,
    list_add: reverse_list_add, list_new: no_reverse, list_len: no_reverse, list_zeros: no_reverse,
}
"""How each primitive of the structure is reversed."""

__all__ = ["REVERSE", "numbering"]
