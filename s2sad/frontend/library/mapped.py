"""Functions of elements and of small arrays, mapped over larger ones: `numba.vectorize`, `numba.guvectorize` and
`np.vectorize`.

    v(x, 2.0)      out = np.empty(n)
                   for k in range(n):
                       out[k] = v.py_func(x[k], 2.0)

The loops stand in `written.mapping`. Here is found out which of a function's signatures a call is for, as NumPy looks
for it (the first that every input can safely be cast to), and what dtype the results have.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np
from numba.np.numpy_support import as_dtype
from numba.np.ufunc.sigparse import parse_signature

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library import operators
from s2sad.frontend.library.attributes import size_value
from s2sad.frontend.library.creation import as_array, asarray
from s2sad.frontend.library.indexing import load_at
from s2sad.frontend.library.numba_names import DUFunc, GUFunc
from s2sad.frontend.library.shape import broadcast_to
from s2sad.frontend.library.support import NONE, Elaborator, fit, rank_of, refuse, type_of
from s2sad.frontend.library.table import meaning
from s2sad.frontend.library.ufuncs import deliver, strong
from s2sad.frontend.library.written import mapping
from s2sad.frontend.values.values import ArrayRef, Partial, Static, Tuple, Value
from s2sad.ir import Const
from s2sad.ir.types import Scalar

Loop = tuple[tuple[np.dtype, ...], tuple[np.dtype, ...]]
"""The dtypes of the inputs and of the results of one signature."""


def call(elab: Elaborator, function: Any, args: list[Value], kwargs: dict[str, Value]) -> Value | None:
    """A call of a function that is mapped; None for all else."""
    match function:
        case DUFunc():
            return universal(elab, function, args, **_only(elab, function, kwargs, "out"))
        case GUFunc():
            return generalized(elab, function, args, **_only(elab, function, kwargs, "out"))
        case np.vectorize():
            return vectorized(elab, function, args, kwargs)
    return None


def _only(elab: Elaborator, function: Any, kwargs: dict[str, Value], *names: str) -> dict[str, Value]:
    """The keywords of a call, where there are no others than these."""
    for name in kwargs:
        if name not in names:
            refuse(elab, f"{function.__name__} with {name}= is not supported.", "Leave it out.")
    return kwargs


# -- functions of elements


def universal(elab: Elaborator, function: Any, args: list[Value], out: Value = NONE) -> Value:
    """A call of a function made by `numba.vectorize`, compiled for signatures or when it is called."""
    inner = function._dispatcher
    count = function.ufunc.nin
    if len(args) == count + 1:
        out = args[count]
    elif len(args) != count:
        refuse(elab, f"{function.__name__} takes {count} arguments.", kind=TypeMismatchError)
    values = [asarray(elab, a) if type_of(elab, a) is None else a for a in args[:count]]
    loop = None
    if function._frozen:
        loops = [_loop(list(s.args), [s.return_type]) for s in _signatures(inner)]
        loop = _chosen(elab, function.__name__, loops, values)
        values = [_cast(elab, v, dtype) for v, dtype in zip(values, loop[0], strict=True)]
    result = elements(elab, Static(inner.py_func), values, {}, None if loop is None else loop[1])
    return deliver(elab, result, out)


def _signatures(dispatcher: Any) -> list[Any]:
    return [compiled.signature for compiled in dispatcher.overloads.values()]


def elements(
    elab: Elaborator, function: Value, args: Sequence[Value], kwargs: dict[str, Value],
    dtypes: Sequence[np.dtype] | None = None,
) -> Value:  # fmt: skip
    """A function of numbers applied to each element; its results have the given dtypes, by default their own."""
    args = [_number_of(elab, a) for a in args]
    if not any(isinstance(a, ArrayRef) for a in args):
        return _of_numbers(elab, function, args, kwargs, dtypes)
    if dtypes is None:
        dtypes = _result_dtypes(elab, function, args, kwargs)
    shape, axes, args = aligned(elab, args, [0] * len(args))
    found = elab.call(Static(mapping.mapped), [function, Static(tuple(dtypes)), shape, axes, *args], kwargs)
    assert isinstance(found, Tuple)
    return found.items[0] if len(found.items) == 1 else found


def _of_numbers(
    elab: Elaborator, function: Value, args: Sequence[Value], kwargs: dict[str, Value],
    dtypes: Sequence[np.dtype] | None,
) -> Value:  # fmt: skip
    """The function itself, of NumPy numbers."""
    value = elab.resolve(elab.call(function, [strong(elab, a) for a in args], kwargs))
    parts = [strong(elab, elab.resolve(v)) for v in (value.items if isinstance(value, Tuple) else (value,))]
    if dtypes is not None:
        parts = [_cast(elab, v, d) for v, d in zip(parts, dtypes, strict=True)]
    return Tuple(tuple(parts)) if isinstance(value, Tuple) else parts[0]


def _number_of(elab: Elaborator, value: Value) -> Value:
    """An array of rank 0 as its number."""
    if isinstance(value, ArrayRef) and value.type.rank == 0:
        return elab.lift(load_at(elab, elab.atom(value)))
    return value


def _result_dtypes(
    elab: Elaborator, function: Value, args: Sequence[Value], kwargs: dict[str, Value]
) -> list[np.dtype]:  # fmt: skip
    """The dtypes of what a function gives for elements of these arguments."""

    def run() -> list[np.dtype]:
        first = [
            elab.lift(load_at(elab, elab.atom(a), *[Const(0)] * a.type.rank)) if isinstance(a, ArrayRef) else a
            for a in args
        ]
        value = elab.call(function, first, kwargs)
        types = [type_of(elab, elab.resolve(v)) for v in (value.items if isinstance(value, Tuple) else (value,))]
        if not all(isinstance(t, Scalar) for t in types):
            refuse(elab, "A function that is mapped over elements gives numbers.", "Return a number.",
                   TypeMismatchError)  # fmt: skip
        return [t.dtype for t in types if t is not None]

    return elab.trial(run)


def _cast(elab: Elaborator, value: Value, dtype: np.dtype) -> Value:
    """A number or an array with this dtype."""
    type_ = type_of(elab, value)
    if type_ is not None and type_.dtype == dtype:
        return value
    return elab.lift(fit(elab, elab.atom(value), dtype))


# -- which signature


def _loop(inputs: Sequence[Any], results: Sequence[Any]) -> Loop:
    """The dtypes of types of Numba's: of numbers, or of the elements of arrays."""
    inside = (tuple(as_dtype(getattr(t, "dtype", t)) for t in types) for types in (inputs, results))
    return next(inside), next(inside)


def _chosen(elab: Elaborator, name: str, loops: Sequence[Loop], values: Sequence[Value]) -> Loop:
    """The first signature that all inputs can be cast to without loss."""
    types = [type_of(elab, v) for v in values]
    for loop in loops:
        if all(_fits(t, dtype) for t, dtype in zip(types, loop[0], strict=True)):
            return loop
    given = ", ".join(str(getattr(t, "dtype", t)) for t in types)
    refuse(
        elab,
        f"{name} has no signature that takes ({given}).",
        "Add one to those it is made for, or convert the arguments.",
        TypeMismatchError,
    )
    raise AssertionError


def _fits(type_: Any, dtype: np.dtype) -> bool:
    """Whether NumPy takes a loop of this dtype for a value: a Python number goes with every dtype of its kind or a
    higher one."""
    if isinstance(type_, Scalar) and type_.weak:
        return "biufc".index(dtype.kind) >= "biufc".index(type_.dtype.kind) or dtype.kind + type_.dtype.kind == "ui"
    return bool(np.can_cast(type_.dtype, dtype, "safe"))


# -- functions of small arrays


def generalized(elab: Elaborator, function: Any, args: list[Value], out: Value = NONE) -> Value:
    """A call of a function made by `numba.guvectorize`, which writes its results into its last parameters."""
    builder = function.gufunc_builder
    inputs, outputs = parse_signature(builder.signature)
    outs = list(args[len(inputs):])
    if out != NONE:
        outs = list(out.items) if isinstance(out, Tuple) else [out]
    if len(args) < len(inputs) or len(outs) not in (0, len(outputs)):
        refuse(elab, f"{function.__name__} takes {len(inputs)} arguments, and may be given {len(outputs)} arrays to "
               "write into.", kind=TypeMismatchError)  # fmt: skip
    if not all(isinstance(o, ArrayRef) for o in outs):
        refuse(elab, "A result is written into an array.", "Make one with np.empty.", TypeMismatchError)
    values = [asarray(elab, a) if type_of(elab, a) is None else a for a in args[: len(inputs)]]
    values, dtypes, whole = _typed(elab, function, values, outs, inputs)
    sizes = _core_sizes(elab, function.__name__, inputs, values)
    cores = tuple(Tuple(tuple(sizes[name] for name in dims)) for dims in outputs)
    shape, axes, values = aligned(elab, values, [len(dims) for dims in inputs])
    settings = [shape, axes, Tuple(cores), Static(dtypes), Static(whole)]
    parts = [Tuple(tuple(values)), Tuple(tuple(outs))]
    found = elab.call(Static(mapping.generalized), [Static(builder.py_func), *settings, *parts], {})
    assert isinstance(found, Tuple)
    for given, made in zip(outs, found.items, strict=False):
        deliver(elab, made, given)
    results = outs or [_number_of(elab, v) for v in found.items]
    return results[0] if len(results) == 1 else Tuple(tuple(results))


def _typed(
    elab: Elaborator, function: Any, values: list[Value], outs: list[Value], inputs: Sequence[Any]
) -> tuple[list[Value], tuple[np.dtype, ...], tuple[bool, ...]]:
    """Inputs cast to a signature, the dtypes of the results, and which inputs of one number are wanted as arrays."""
    signatures = function.gufunc_builder._sigs
    if function.is_dynamic and not function._frozen:
        if not outs:
            refuse(
                elab,
                f"{function.__name__} is compiled when it is called, and must be given an array to write into.",
                f"Call {function.__name__}(..., out) with an out made by np.empty, or give it signatures.",
            )
        return values, tuple(o.type.dtype for o in outs if isinstance(o, ArrayRef)), (False,) * len(values)
    count = len(values)
    loops = [_loop(s.args[:count], s.args[count:]) for s in signatures]
    loop = _chosen(elab, function.__name__, loops, values)
    types = signatures[loops.index(loop)].args
    whole = tuple(not dims and isinstance(t, numba.types.Array) for dims, t in zip(inputs, types, strict=False))
    return [_cast(elab, v, d) for v, d in zip(values, loop[0], strict=True)], loop[1], whole


def _core_sizes(
    elab: Elaborator, name: str, inputs: Sequence[Any], values: Sequence[Value]
) -> dict[str, Value]:  # fmt: skip
    """The sizes that the names in a signature stand for; it is checked that each stands for one."""
    sizes: dict[str, Value] = {}
    for dims, value in zip(inputs, values, strict=True):
        rank = rank_of(elab, value)
        if rank < len(dims):
            refuse(elab, f"{name} takes an array of at least {len(dims)} axes where it is given one of {rank}.", "",
                   TypeMismatchError)  # fmt: skip
        for axis, dim in enumerate(dims, rank - len(dims)):
            assert isinstance(value, ArrayRef)
            size = size_value(elab, value, axis)
            if dim in sizes and sizes[dim] != size:
                same = elab.atom(operators.compare(elab, "eq", sizes[dim], size))
                elab.check(same, "ValueError", f"{name}: operand has a mismatch in its core dimension {dim}")
            sizes.setdefault(dim, size)
    return sizes


# -- broadcasting


def aligned(elab: Elaborator, values: Sequence[Value], cores: Sequence[int]) -> tuple[Value, Value, list[Value]]:
    """The shape that arrays are broadcast to, without as many last axes of each as `cores` says; for each array the
    axes of that shape that its first axes go along, or -1 where it has one place; and the arrays. One whose sizes
    are not known to fit is broadcast first."""
    ranks = [rank_of(elab, v) - core for v, core in zip(values, cores, strict=True)]
    arrays = [(v, rank) for v, rank in zip(values, ranks, strict=True) if isinstance(v, ArrayRef) and rank]
    if not arrays:
        return Tuple(()), Static(((),) * len(values)), list(values)
    shape, dims = _common(elab, arrays)
    axes, out = [], []
    for value, rank in zip(values, ranks, strict=True):
        first = len(dims) - rank
        if rank and isinstance(value, ArrayRef):
            own = [_axis(elab, d, dims[k], k) for k, d in enumerate(value.type.dims[:rank], first)]
            if None in own:
                inner = [size_value(elab, value, k) for k in range(rank, value.type.rank)]
                value = broadcast_to(elab, value, Tuple((*shape.items, *inner)))
                own = list(range(len(dims)))
            axes.append(tuple(own))
        else:
            axes.append(())
        out.append(value)
    return shape, Static(tuple(axes)), out


def _axis(elab: Elaborator, own: Any, whole: Any, axis: int) -> int | None:
    """The axis of the loop that an axis goes along, -1 where it has one place; None where that is not known."""
    if own == whole or elab.are_equal(own, whole):
        return axis
    return -1 if own == 1 else None


def _common(elab: Elaborator, arrays: Sequence[tuple[ArrayRef, int]]) -> tuple[Tuple, Sequence[Any]]:
    """The shape of the first axes of arrays, broadcast, and the same as dims."""
    shapes = [Tuple(tuple(size_value(elab, a, k) for k in range(rank))) for a, rank in arrays]
    if len(arrays) == 1:
        return shapes[0], arrays[0][0].type.dims[: arrays[0][1]]
    empty = [elab.call(Static(np.empty), [s], {}) for s in shapes]
    total = empty[0]
    for array in empty[1:]:
        total = operators.binary(elab, "add", total, array)
    assert isinstance(total, ArrayRef)
    return Tuple(tuple(size_value(elab, total, k) for k in range(total.type.rank))), total.type.dims


# -- NumPy's own


def vectorized(elab: Elaborator, function: np.vectorize, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A call of what `np.vectorize` made."""
    if function.signature is not None or function.excluded:
        refuse(elab, "np.vectorize with signature= or excluded= is not supported.", "Write the loop.")
    kinds = None if function.otypes is None else [np.dtype(t) for t in function.otypes]
    return elements(elab, Static(function.pyfunc), _arrays(elab, args), kwargs, kinds)


def _arrays(elab: Elaborator, args: Sequence[Value]) -> list[Value]:
    return [as_array(elab, a) if type_of(elab, a) is None else a for a in args]


def vectorized_inside(elab: Elaborator, pyfunc: Value, *args: Value, **kwargs: Value) -> Value:
    return elements(elab, pyfunc, _arrays(elab, args), kwargs)


def of_elements(*args: Any, **kwargs: Any) -> Any:
    """Stands for the function that `np.vectorize` makes inside a function that is compiled."""
    raise AssertionError


meaning(of_elements, fold=False)(vectorized_inside)


@meaning(np.vectorize, fold=False)
def vectorize(elab: Elaborator, pyfunc: Value) -> Value:
    """The function that applies `pyfunc` to each element."""
    return Partial(Static(of_elements), (pyfunc,))


@meaning(np.frompyfunc, fold=False)
def frompyfunc(elab: Elaborator, func: Value, nin: Value, nout: Value) -> Value:
    refuse(elab, "np.frompyfunc gives arrays of Python objects.", "Use np.vectorize, which gives arrays of numbers.")
    raise AssertionError


__all__ = ["call"]
