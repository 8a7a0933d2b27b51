"""Arrays reshaped, reordered and joined: all linear, so each has a tangent that is itself.

The families of `broadcasting`, `creation`, `diagonals`, `lists` and `ordering` are found here too.
"""

from __future__ import annotations

import ast
from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.infer import _reshape_type as reshaped
from s2sad.ir.infer import assume_equal
from s2sad.ir.paths import SLOT, Index, Slice, View
from s2sad.ir.primitives import Primitive, literal, load
from s2sad.ir.types import Array, add_dims
from s2sad.rules.broadcasting import broadcast_to, nones, shape_call, unbroadcast
from s2sad.rules.cotangent import as_dtype, dtype_of, is_array, ndim_of, shape_of, zeros_like
from s2sad.rules.creation import arange, count_like, eye, full, linspace
from s2sad.rules.diagonals import diag, diagonal, from_diagonal, tril, triu
from s2sad.rules.grouping import regroup
from s2sad.rules.lists import array_of_list, list_of_array
from s2sad.rules.ordering import argsort, put_along_axis, sort, take_along_axis
from s2sad.rules.registry import element, jvp, multilinear, places, vjp

__all__ = [
    "arange", "argsort", "array_of_list", "broadcast_to", "concatenate", "count_like", "diag", "diagonal",
    "expand_dims",
    "eye", "flip", "from_diagonal", "full", "linspace", "list_of_array", "move_axis", "put_along_axis", "ravel",
    "reshape", "roll", "shape_of", "sort", "squeeze", "stack", "swap_last", "take_along_axis", "take_index",
    "take_slice", "transpose", "tril", "triu", "unbroadcast",
]

# -- shapes and axes


def _reshape_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    x = args[0].type
    array = x if isinstance(x, Array) else Array(x.dtype, ())
    return (reshaped(array, View("reshape", (SLOT,) * (len(args) - 1)), list(args[1:]), size_of),)


reshape = Primitive("reshape", lambda x, *dims: rt.reshape(x, dims), shape_call("reshape"), type_rule=_reshape_type)
"""``reshape(x, *dims)``, in C order; one of `dims` may be the constant -1."""
multilinear(reshape)


@element(reshape)
def reshape_element(index, x, *shape, dims):
    if not hasattr(x, "dims"):
        return x
    inner = regroup(index, dims, x.dims)
    return None if inner is None else x[inner]


@vjp(reshape)
def reshape_vjp(out_bar, x, *dims):
    return reshape(out_bar, *shape_of(x)) if is_array(x) else unbroadcast(out_bar), *nones(len(dims))


def _spell_transpose(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    if params.get("axes") in (None, tuple(range(types[0].rank))[::-1]):
        return ast.Attribute(args[0], "T")
    return ast.Call(ast.Attribute(ast.Name("np"), "transpose"), [args[0], literal(params["axes"])], [])


transpose = Primitive("transpose", lambda x, axes=None: np.transpose(x, axes), _spell_transpose)
"""``transpose(x; axes)``: axes None reverses them."""
multilinear(transpose)


@element(transpose)
def transpose_element(index, x, *, axes=None):
    order = range(len(index))[::-1] if axes is None else [a % len(index) for a in axes]
    return x[tuple(index[list(order).index(k)] for k in range(len(index)))]


@vjp(transpose)
def transpose_vjp(out_bar, *, axes=None):
    return (transpose(out_bar, axes=None if axes is None else tuple(int(a) for a in np.argsort(axes))),)


def swap_last(x: Any) -> Any:
    """The transpose of each matrix of a stack."""
    rank = ndim_of(x)
    return transpose(x) if rank == 2 else transpose(x, axes=(*range(rank - 2), rank - 1, rank - 2))


def move_axis(x: Any, source: int, target: int) -> Any:
    """`x` with one axis moved, the others in order."""
    rank = ndim_of(x)
    axes = [a for a in range(rank) if a != source % rank]
    axes.insert(target % rank, source % rank)
    return x if axes == list(range(rank)) else transpose(x, axes=tuple(axes))


def expand_dims(x: Any, axis: int | tuple[int, ...]) -> Any:
    """`x` with axes of size 1 at these places of the result."""
    new = (axis,) if isinstance(axis, int) else tuple(axis)
    rank = ndim_of(x) + len(new)
    places = {a % rank for a in new}
    sizes = iter(shape_of(x))
    return reshape(x, *(1 if k in places else next(sizes) for k in range(rank)))


def squeeze(x: Any, axis: int | tuple[int, ...]) -> Any:
    """`x` without these axes, which have size 1."""
    gone = {a % ndim_of(x) for a in ((axis,) if isinstance(axis, int) else axis)}
    return reshape(x, *(n for k, n in enumerate(shape_of(x)) if k not in gone))


def ravel(x: Any) -> Any:
    """`x` as one axis."""
    return x if is_array(x) and ndim_of(x) == 1 else reshape(x, -1)


# -- reordering

flip = Primitive("flip", lambda x, axis=None: np.flip(x, axis), "rt.flip(_0, axis=_axis)")
"""``flip(x; axis)``: axis an int, a tuple, or None for all."""
multilinear(flip)


@element(flip)
def flip_element(index, x, *, axis=None):
    rank = len(index)
    axes = range(rank) if axis is None else [a % rank for a in ((axis,) if isinstance(axis, int) else axis)]
    return x[tuple(x.size(k) - 1 - i if k in axes else i for k, i in enumerate(index))]


@vjp(flip)
def flip_vjp(out_bar, *, axis=None):
    return (flip(out_bar, axis=axis),)


roll = Primitive("roll", lambda x, shift, axis=None: np.roll(x, shift, axis), "rt.roll(_0, _1, axis=_axis)")
"""``roll(x, shift; axis)``: axis an int, or None for the array in C order."""
multilinear(roll)


@element(roll)
def roll_element(index, x, shift, *, axis=None):
    rank = len(index)
    if axis is None and rank > 1:
        return None
    place = (axis or 0) % rank
    return x[tuple((i - shift) % x.size(k) if k == place else i for k, i in enumerate(index))]


@vjp(roll)
def roll_vjp(out_bar, x, shift, *, axis=None):
    return roll(out_bar, -shift, axis=axis), None


# -- joining


def _spell_join(name: str) -> Any:
    def spell(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
        axis = params.get("axis", 0)
        if name == "stack" and not isinstance(types[0], Array):
            return ast.Call(ast.Attribute(ast.Name("np"), "array"), [ast.List(args, ast.Load())], [])
        keywords = [ast.keyword("axis", literal(axis))] if axis else []
        return ast.Call(ast.Attribute(ast.Name("np"), name), [ast.Tuple(args, ast.Load())], keywords)

    return spell


def _known(sizes: Any) -> Any:
    """The one size that all of these are; ints know best."""
    found = set(sizes)
    ints = {d for d in found if isinstance(d, int)}
    if len(ints) > 1:
        raise ValueError(f"arrays of sizes {sorted(ints)} cannot be joined along another axis")
    known = next(iter(ints)) if ints else next(d for d in sizes)
    for size in sizes:
        assume_equal(known, size)
    return known


def _concatenate_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    types = [a.type for a in args]
    if len({t.rank for t in types}) > 1:
        raise ValueError("arrays of different ranks cannot be concatenated")
    axis = params.get("axis", 0) % types[0].rank
    dims = [_known([t.dims[k] for t in types]) if k != axis else 0 for k in range(types[0].rank)]
    for t in types:
        dims[axis] = add_dims(dims[axis], t.dims[axis])
    return (Array(np.result_type(*(t.dtype for t in types)), tuple(dims)),)


def _stack_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    types = [a.type for a in args]
    rank = types[0].rank if isinstance(types[0], Array) else 0
    dims = [_known([t.dims[k] for t in types]) for k in range(rank)]
    dims.insert(params.get("axis", 0) % (rank + 1), len(types))
    return (Array(np.result_type(*(t.dtype for t in types)), tuple(dims)),)


concatenate = Primitive(
    "concatenate", lambda *xs, axis=0: np.concatenate(xs, axis), _spell_join("concatenate"), type_rule=_concatenate_type
)
"""``concatenate(*xs; axis)`` along an existing axis."""
stack = Primitive("stack", lambda *xs, axis=0: np.stack(xs, axis), _spell_join("stack"), type_rule=_stack_type)
"""``stack(*xs; axis)`` along a new axis, of arrays or of numbers."""


@places(concatenate)
def concatenate_places(*xs, axis=0):
    axis %= len(xs[0].dims)
    pieces, start = [], 0
    for x in xs:
        pieces.append((x, _shifted(axis, start)))
        start = x.size(axis) if isinstance(start, int) and start == 0 else start + x.size(axis)
    return "undef", pieces


def _shifted(axis: int, start: Any) -> Any:
    def place(index: tuple[Any, ...]) -> tuple[Any, ...]:
        moved = index[axis] if isinstance(start, int) and start == 0 else index[axis] + start
        return (*index[:axis], moved, *index[axis + 1 :])

    return place


@places(stack)
def stack_places(*xs, axis=0):
    rank = len(xs[0].dims) if hasattr(xs[0], "dims") else 0
    axis %= rank + 1
    return "undef", [(x, lambda index, k=k: (*index[:axis], k, *index[axis:])) for k, x in enumerate(xs)]


def _join_jvp(prim: Primitive) -> Any:
    def tangent(*args, axis=0):
        dots, xs = args[: len(args) // 2], args[len(args) // 2 :]
        dtype = np.result_type(*(dtype_of(x) for x in xs))
        pairs = zip(dots, xs, strict=True)
        return prim(*(zeros_like(as_dtype(x, dtype)) if d is None else d for d, x in pairs), axis=axis)

    return tangent


jvp(concatenate)(_join_jvp(concatenate))
jvp(stack)(_join_jvp(stack))


def take_slice(x: Any, start: Any, stop: Any, axis: int) -> Any:
    """``x[..., start:stop, ...]`` along an axis."""
    whole = (Slice(),) * (axis % ndim_of(x))
    return load(x, start, stop, path=(Index((*whole, Slice(SLOT, SLOT))),))


def take_index(x: Any, index: int, axis: int) -> Any:
    """``x[..., index, ...]`` along an axis, the index known now."""
    return load(x, path=(Index(((Slice(),) * (axis % ndim_of(x))) + (index,)),))


@vjp(concatenate)
def concatenate_vjp(out_bar, *xs, axis=0):
    bars, start = [], 0
    for x in xs:
        stop = start + shape_of(x)[axis % ndim_of(x)]
        bars.append(take_slice(out_bar, start, stop, axis))
        start = stop
    return tuple(bars)


@vjp(stack)
def stack_vjp(out_bar, *xs, axis=0):
    return tuple(take_index(out_bar, k, axis) for k in range(len(xs)))
