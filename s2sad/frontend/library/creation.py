"""Arrays from nothing, from numbers, and from lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad import plain
from s2sad.errors import ShapeError, TypeMismatchError
from s2sad.frontend.library import columns
from s2sad.frontend.library.attributes import size_atom
from s2sad.frontend.library.layouts import note_copy
from s2sad.frontend.library.support import (
    C_ORDER,
    K_ORDER,
    NONE,
    ONE,
    TRUE,
    UNKNOWN,
    ZERO,
    Elaborator,
    describe,
    emit_atom,
    fit,
    is_number,
    items_of,
    known,
    new_list,
    operand,
    refuse,
    retype,
    runtime_list,
    static,
    type_of,
)
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.patterns import Part, Row
from s2sad.frontend.values.values import ArrayRef, Columns, Number, Numbers, Static, Tuple, Value
from s2sad.ir import Array, Atom, Const, Scalar
from s2sad.ir.primitives import undef, zeros
from s2sad.ir.types import FLOAT, INT, Dim, add_dims, lower_bound
from s2sad.rules import shape as shape_rules

CONSTANT_LIMIT = 4096

# -- arguments


def dtype_argument(elab: Elaborator, value: Value, default: np.dtype) -> np.dtype:
    """The dtype that a ``dtype=`` argument names."""
    obj = static(elab, value)
    if obj is None:
        return default
    try:
        dtype = np.dtype(obj)
    except TypeError:
        refuse(elab, f"{obj!r} is not a dtype.", kind=TypeMismatchError)
    if dtype.kind not in "biufc":
        refuse(elab, f"Arrays of {dtype.name} are not supported.", "Use bool, int, float or complex numbers.")
    return dtype


def dims_argument(elab: Elaborator, shape: Value) -> list[Atom]:
    """The sizes that a shape argument gives."""
    items = items_of(elab, shape)
    parts = (shape,) if items is None else items
    dims = []
    for part in parts:
        type_ = type_of(elab, part)
        if not isinstance(type_, Scalar) or type_.dtype.kind not in "iu":
            refuse(
                elab, f"A size must be an int, not {describe(elab, part)}.", "Convert it with int().", TypeMismatchError
            )
        atom = elab.atom(part)
        dims.append(Const(int(atom.value)) if isinstance(atom, Const) else atom)
    return dims


def check_sizes(elab: Elaborator, dims: list[Atom]) -> None:
    if any(isinstance(d, Const) and d.value < 0 for d in dims):
        refuse(elab, "Negative dimensions are not allowed.", kind=ShapeError)


def only_c_order(elab: Elaborator, order: Value) -> None:
    if static(elab, order) not in ("C", "K", "A", None):
        refuse(elab, "Only arrays in C order are supported.", "Leave out order=, or transpose.")


# -- filled arrays


def filled(elab: Elaborator, value: Any, dims: list[Atom], dtype: np.dtype) -> Value:
    """An array of one number: 0, 1, or an atom. None leaves it undefined."""
    check_sizes(elab, dims)
    if value is None:
        return elab.lift(emit_atom(elab, undef, dims, dtype=dtype))
    if isinstance(value, Const) and not value.value:
        return elab.lift(emit_atom(elab, zeros, dims, dtype=dtype))
    return elab.lift(emit_atom(elab, shape_rules.full, (fit(elab, value, dtype), *dims), dtype=dtype))


def _allocator(*functions: Any, value: Any) -> None:
    @meaning(*functions, fold=False)
    def allocate(elab: Elaborator, shape: Value, dtype: Value = NONE, order: Value = C_ORDER) -> Value:
        only_c_order(elab, order)
        return filled(elab, value, dims_argument(elab, shape), dtype_argument(elab, dtype, FLOAT))


def _like_allocator(function: Any, value: Any) -> None:
    @meaning(function, fold=False)
    def allocate(
        elab: Elaborator,
        a: Value,
        dtype: Value = NONE,
        order: Value = K_ORDER,
        subok: Value = TRUE,
        shape: Value = NONE,
    ) -> Value:
        only_c_order(elab, order)
        model = as_array(elab, a)
        dims = shape_atoms(elab, model) if shape == NONE else dims_argument(elab, shape)
        out = filled(elab, value, dims, dtype_argument(elab, dtype, model.type.dtype))
        return note_copy(elab, model, out) if shape == NONE else out


for _make, _make_like, _value in (
    (np.zeros, np.zeros_like, Const(0)),
    (np.ones, np.ones_like, Const(1)),
    (np.empty, np.empty_like, None),
):
    _allocator(_make, value=_value)
    _like_allocator(_make_like, _value)


@meaning(np.full, fold=False)
def full(elab: Elaborator, shape: Value, fill_value: Value, dtype: Value = NONE, order: Value = C_ORDER) -> Value:
    only_c_order(elab, order)
    return full_of(elab, dims_argument(elab, shape), fill_value, dtype, None)


@meaning(np.full_like, fold=False)
def full_like(elab: Elaborator, a: Value, fill_value: Value, dtype: Value = NONE) -> Value:
    model = as_array(elab, a)
    return full_of(elab, shape_atoms(elab, model), fill_value, dtype, model.type.dtype)


def full_of(elab: Elaborator, dims: list[Atom], value: Value, dtype: Value, default: np.dtype | None) -> Value:
    atom = operand(elab, value)
    target = dtype_argument(elab, dtype, default or atom.type.dtype)
    if not isinstance(atom.type, Array):
        return filled(elab, atom, dims, target)
    return elab.lift(emit_atom(elab, shape_rules.broadcast_to, (fit(elab, atom, target), *dims)))


def shape_atoms(elab: Elaborator, ref: ArrayRef) -> list[Atom]:
    """The shape of an array as atoms."""
    return [size_atom(elab, ref, k) for k in range(ref.type.rank)]


@meaning(np.eye, fold=False)
def eye(elab: Elaborator, N: Value, M: Value = NONE, k: Value = ZERO, dtype: Value = NONE) -> Value:
    rows, columns = dims_argument(elab, Tuple((N, N if M == NONE else M)))
    params = {"k": static(elab, k), "dtype": dtype_argument(elab, dtype, FLOAT)}
    return elab.lift(emit_atom(elab, shape_rules.eye, (rows, columns), **params))


@meaning(np.identity, fold=False)
def identity(elab: Elaborator, n: Value, dtype: Value = NONE) -> Value:
    return eye(elab, n, dtype=dtype)


# -- ranges


@meaning(np.arange, fold=False)
def arange(elab: Elaborator, start: Value, stop: Value = NONE, step: Value = NONE, dtype: Value = NONE) -> Value:
    if stop == NONE:
        start, stop = ZERO, start
    atoms = [elab.atom(v) for v in (start, stop, ONE if step == NONE else step)]
    types = [a.type.dtype.type(0).item() if a.type.weak else a.type.dtype for a in atoms]
    natural = np.result_type(*types) if any(not isinstance(t, int | bool) for t in types) else INT
    target = dtype_argument(elab, dtype, natural)
    out = emit_atom(elab, shape_rules.arange, atoms, dtype=target)
    length = _range_size(elab, atoms)
    return elab.lift(out if length is None else retype(elab, out, Array(target, (length,))))


def _range_size(elab: Elaborator, atoms: list[Atom]) -> Dim | None:
    """The length of ``arange(start, stop, step)`` where it is known."""
    start, stop, step = atoms
    known = [a.value for a in atoms if isinstance(a, Const)]
    if len(known) == len(atoms):
        return len(np.arange(*known))
    low, high = elab.builder.size_of(start), elab.builder.size_of(stop)
    if step != Const(1) or low is None or high is None:
        return None
    length = add_dims(high, low, -1)
    return length if low == 0 or (lower_bound(length) or -1) >= 0 else None


@meaning(np.linspace, fold=False)
def linspace(
    elab: Elaborator, start: Value, stop: Value, num: Value = NONE, endpoint: Value = TRUE, dtype: Value = NONE,
    axis: Value = ZERO,
) -> Value:
    ends = [operand(elab, start), operand(elab, stop)]
    if any(isinstance(a.type, Array) for a in ends):
        from s2sad.frontend.library.written.polynomials import linspace_between

        many = Static(50) if num == NONE else num
        return elab.call(Static(linspace_between), [start, stop, many, endpoint, axis], {})
    natural = np.result_type(*(a.type.dtype for a in ends if not a.type.weak), np.float32)
    natural = FLOAT if all(a.type.weak for a in ends) else np.result_type(natural, 1.0)
    if any(a.type.dtype.kind in "iu" and not a.type.weak for a in ends):
        natural = np.result_type(natural, FLOAT)
    params = {"endpoint": bool(static(elab, endpoint)), "dtype": dtype_argument(elab, dtype, natural)}
    (count,) = dims_argument(elab, Static(50) if num == NONE else num)
    return elab.lift(emit_atom(elab, shape_rules.linspace, (*ends, count), **params))


# -- from numbers and lists


def as_array(elab: Elaborator, value: Value) -> ArrayRef:
    """`asarray`, known to give an array."""
    out = asarray(elab, value)
    assert isinstance(out, ArrayRef)
    return out


def asarray(elab: Elaborator, value: Value) -> Value:
    """An array as it is; a number as an array of rank 0; nested lists and tuples of numbers and arrays stacked."""
    if isinstance(value, ArrayRef):
        return value
    if isinstance(value, Static) and isinstance(value.obj, np.ndarray):
        return constant_array(elab, value.obj)
    if isinstance(value, Number) or (isinstance(value, Static) and is_number(value.obj)):
        return elab.lift(emit_atom(elab, shape_rules.reshape, (elab.atom(value),)))
    listed = columns.columns_at(elab, value)
    if listed is not None and (found := columns.arrays(elab, listed)) is not None:
        return joined_columns(elab, listed, found)
    if isinstance(value, Numbers):
        return elab.lift(elab.atom(value.ref))
    growing = runtime_list(elab, value)
    if growing is not None:
        return elab.lift(emit_atom(elab, shape_rules.array_of_list, (growing,)))
    obj = known(elab, value)
    if obj is not UNKNOWN:
        return constant_array(elab, numbers_array(elab, obj))
    items = items_of(elab, value)
    if items is None:
        from s2sad.frontend.library.iteration import is_lazy, unroll

        if not is_lazy(value):
            refuse(
                elab,
                f"An array cannot be made of {describe(elab, value)}.",
                "Give numbers, arrays, or lists of them.",
                TypeMismatchError,
            )
        items = unroll(elab, value)
    return elab.lift(stack_atoms(elab, [operand(elab, v) for v in items]))


def joined_columns(elab: Elaborator, listed: Columns, arrays: list[Atom]) -> Value:
    """The array of a list of run-time length: its rows, or the numbers of its tuples side by side."""
    from s2sad.frontend.library.joining import stack

    if isinstance(listed.item, Row):
        return elab.lift(arrays[0])
    if not all(isinstance(part, Part) for part in listed.item.items):
        refuse(elab, "An array cannot be made of nested tuples whose number is known at run time only.",
               "Make one of each part, np.array([item[0] for item in items]).")  # fmt: skip
    return stack(elab, new_list(elab, [elab.lift(a) for a in arrays]), axis=Static(1))


def numbers_array(elab: Elaborator, obj: Any) -> np.ndarray:
    """What NumPy makes of a Python object, refused when it is not of numbers."""
    try:
        array = np.array(obj)
    except ValueError as error:
        refuse(elab, f"{error}.", kind=ShapeError)
    if array.dtype.kind not in "biufc":
        refuse(elab, f"An array cannot be made of {obj!r}.", "Give numbers, or lists of them.", TypeMismatchError)
    return array


def stack_atoms(elab: Elaborator, atoms: list[Atom], axis: int = 0) -> Atom:
    """Numbers or arrays of one shape along a new axis, in the dtype that NumPy finds for a list of them."""
    dtype = np.result_type(*(a.type.dtype for a in atoms))
    ranks = {a.type.rank if isinstance(a.type, Array) else 0 for a in atoms}
    if len(ranks) > 1:
        refuse(
            elab, "An array cannot be made of items of different shapes.", "Make the shapes equal first.", ShapeError
        )
    return emit_atom(elab, shape_rules.stack, [fit(elab, a, dtype) for a in atoms], axis=axis)


def constant_array(elab: Elaborator, array: np.ndarray) -> Value:
    """An array of numbers known now."""
    plain.check(array, "This array", elab.pos)
    if array.dtype.kind not in "biufc":
        refuse(elab, f"An array of dtype {array.dtype} is not numeric.", "Make it of numbers.", TypeMismatchError)
    dims = [Const(int(n)) for n in array.shape]
    values = array.ravel()
    if array.size == 0 or not values.any():
        return elab.lift(emit_atom(elab, zeros, dims, dtype=array.dtype))
    if all(Const(v) == Const(values[0]) for v in values[1:]) and array.ndim:
        return elab.lift(emit_atom(elab, shape_rules.full, (Const(_plain(values[0])), *dims), dtype=array.dtype))
    if array.size > CONSTANT_LIMIT:
        refuse(
            elab,
            f"An array of {array.size} constants is too large to write out.",
            "Make it outside, and pass it in or capture it.",
        )
    return elab.lift(_constant_atom(elab, array))


def _constant_atom(elab: Elaborator, array: np.ndarray) -> Atom:
    if array.ndim == 0:
        return emit_atom(elab, shape_rules.reshape, (Const(array[()]),))
    rows = [Const(_plain(v)) if array.ndim == 1 else _constant_atom(elab, v) for v in array]
    return emit_atom(elab, shape_rules.stack, rows, axis=0)


def _plain(value: Any) -> Any:
    """A Python number where it says the same as the NumPy scalar."""
    return value.item() if value.dtype in (np.dtype(bool), INT, FLOAT, np.dtype(complex)) else value


@meaning(np.array, fold=False)
def array(
    elab: Elaborator,
    object: Value,
    dtype: Value = NONE,
    copy: Value = TRUE,
    order: Value = K_ORDER,
    ndmin: Value = ZERO,
) -> Value:
    only_c_order(elab, order)
    made = as_array(elab, object)
    kept = made is object
    atom = operand(elab, made)
    cast_atom = fit(elab, atom, dtype_argument(elab, dtype, atom.type.dtype))
    shared = (not kept or not static(elab, copy)) and cast_atom is atom
    out = made if shared else note_copy(elab, made, elab.lift(cast_atom))
    missing = static(elab, ndmin) - made.type.rank
    if missing > 0:
        from s2sad.frontend.library.views import reshape_view

        assert isinstance(out, ArrayRef)
        return reshape_view(elab, out, [*(Const(1) for _ in range(missing)), *shape_atoms(elab, out)])
    return out


@meaning(np.asarray, np.asanyarray, np.asarray_chkfinite, fold=False)
def asarray_(elab: Elaborator, a: Value, dtype: Value = NONE, order: Value = K_ORDER, *, copy: Value = NONE) -> Value:
    return array(elab, a, dtype, Static(bool(static(elab, copy))), order)


@meaning(np.ascontiguousarray, fold=False)
def ascontiguousarray(elab: Elaborator, a: Value, dtype: Value = NONE) -> Value:
    from s2sad.frontend.library.views import is_contiguous

    made = as_array(elab, a)
    return array(elab, made, dtype, Static(not is_contiguous(elab, made)), ndmin=ONE)


@meaning(np.copy, fold=False)
def copy(elab: Elaborator, a: Value, order: Value = K_ORDER) -> Value:
    if isinstance(a, ArrayRef):
        return note_copy(elab, a, elab.lift(operand(elab, a)))
    return array(elab, a)


@meaning(np.ndarray.copy, np.ndarray.__copy__, fold=False)
def copy_method(elab: Elaborator, a: Value, order: Value = C_ORDER) -> Value:
    out = elab.lift(operand(elab, a))
    return out if static(elab, order) == "C" else note_copy(elab, a, out)


@meaning(np.meshgrid, fold=False)
def meshgrid(elab: Elaborator, *xi: Value, indexing: Value = NONE) -> Value:
    vectors = [as_array(elab, x) for x in xi]
    rank = len(vectors)
    place = list(range(rank))
    if static(elab, indexing) in (None, "xy") and rank > 1:
        place[:2] = [1, 0]
    sizes: list[Atom] = [Const(1)] * rank
    for k, v in enumerate(vectors):
        sizes[place[k]] = size_atom(elab, v, 0) if v.type.rank else Const(1)
    grids = []
    for k, v in enumerate(vectors):
        column = [sizes[place[k]] if p == place[k] else Const(1) for p in range(rank)]
        flat = emit_atom(elab, shape_rules.reshape, (operand(elab, v), *column))
        grids.append(elab.lift(emit_atom(elab, shape_rules.broadcast_to, (flat, *sizes))))
    return Tuple(tuple(grids))
