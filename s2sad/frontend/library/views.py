"""Views that are not subscripts: transposes, reshapes, real and imaginary parts.

Whether NumPy gives a view or a copy is asked of NumPy, on a dummy laid out as the array is.
"""

from __future__ import annotations

import math

import numpy as np

from s2sad.errors import ShapeError
from s2sad.frontend.library.indexing import view
from s2sad.frontend.library.layouts import dummy_sizes, evaluates, layout_dummy, order_of
from s2sad.frontend.library.support import Elaborator, emit, emit_atom, operand, read_only, refuse
from s2sad.frontend.values.values import ArrayRef, Value
from s2sad.ir import Array, Atom, Const
from s2sad.ir.infer import value_of
from s2sad.ir.paths import SLOT, Index, Slice, View
from s2sad.ir.types import above_one
from s2sad.rules import elementwise
from s2sad.rules import shape as shape_rules

# -- contiguity


def is_contiguous(elab: Elaborator, ref: ArrayRef) -> bool:
    """Whether an array is laid out in C order."""
    return bool(layout_dummy(elab, ref, {}).flags.c_contiguous)


# -- reshape


def reshape_view(elab: Elaborator, ref: ArrayRef, dims: list[Atom]) -> ArrayRef:
    """``ref.reshape(dims)``: a view where NumPy gives one, else a copy."""
    check_reshape(elab, ref.type, dims)
    shared = _reshape_shares(elab, ref, dims)
    if shared and order_of(elab, ref.location) is not None:
        shared = None  # a view only as long as the buffer keeps an order that later stages do not promise
    if shared:
        params = tuple(d.value if isinstance(d, Const) else SLOT for d in dims)
        operands = tuple(d for d in dims if not isinstance(d, Const))
        return view(elab, ref, View("reshape", params), operands)
    out = elab.lift(emit_atom(elab, shape_rules.reshape, (operand(elab, ref), *dims)))
    if shared is None:
        out = read_only(elab, out)
    assert isinstance(out, ArrayRef)
    return out


def check_reshape(elab: Elaborator, source: Array, dims: list[Atom]) -> None:
    """Refuse shapes that can never hold the elements."""
    if sum(1 for d in dims if d == Const(-1)) > 1:
        refuse(elab, "Can only specify one unknown dimension.", kind=ShapeError)
    sizes = [d for d in source.dims if isinstance(d, int)]
    wanted = [d.value for d in dims if isinstance(d, Const)]
    if len(sizes) < source.rank or len(wanted) < len(dims):
        return
    size = math.prod(sizes)
    try:
        np.empty(size, bool).reshape(wanted)
    except ValueError:
        refuse(elab, f"Cannot reshape an array of size {size} into shape {tuple(wanted)}.", kind=ShapeError)


def _reshape_shares(elab: Elaborator, ref: ArrayRef, dims: list[Atom]) -> bool | None:
    """Whether the reshape is a view; None where it cannot be known."""
    sizes = dummy_sizes([ref.type])
    dummy = layout_dummy(elab, ref, sizes)
    if dummy.flags.c_contiguous:
        return True
    wanted = [elab.builder.size_of(d) for d in dims]
    if not all(evaluates(w, sizes) for w in wanted):
        return None
    try:
        return np.shares_memory(dummy.reshape([value_of(w, sizes) for w in wanted]), dummy)
    except ValueError:
        return None


def flattened(elab: Elaborator, ref: ArrayRef) -> Value:
    """``ref.flatten()``: always a copy."""
    return elab.lift(emit_atom(elab, shape_rules.reshape, (operand(elab, ref), Const(-1))))


# -- axes


def normal_axis(elab: Elaborator, axis: int, rank: int) -> int:
    """An axis counted from the front."""
    if not -rank <= axis < rank:
        refuse(elab, f"Axis {axis} is out of bounds for an array of rank {rank}.", kind=ShapeError)
    return axis % rank


def transposed(elab: Elaborator, ref: ArrayRef, axes: tuple[int, ...] | None = None) -> ArrayRef:
    """``ref.transpose(axes)``; None reverses them."""
    rank = ref.type.rank
    if axes is None or axes == tuple(range(rank))[::-1]:
        return ref if rank < 2 else view(elab, ref, View("T"))
    if sorted(axes) != list(range(rank)):
        refuse(elab, f"The axes {axes} do not match an array of rank {rank}.", kind=ShapeError)
    return ref if axes == tuple(range(rank)) else view(elab, ref, View("transpose", axes))


def swap_axes(elab: Elaborator, ref: ArrayRef, first: int, second: int) -> ArrayRef:
    rank = ref.type.rank
    i, j = normal_axis(elab, first, rank), normal_axis(elab, second, rank)
    axes = list(range(rank))
    axes[i], axes[j] = j, i
    return transposed(elab, ref, tuple(axes))


def inserted(elab: Elaborator, ref: ArrayRef, axes: tuple[int, ...]) -> ArrayRef:
    """``np.expand_dims``."""
    rank = ref.type.rank + len(axes)
    places = {normal_axis(elab, a, rank) for a in axes}
    if len(places) < len(axes):
        refuse(elab, "Repeated axis.", kind=ShapeError)
    entries = tuple(None if k in places else Slice() for k in range(rank))
    return view(elab, ref, Index(entries))


def squeezed(elab: Elaborator, ref: ArrayRef, axes: tuple[int, ...] | None) -> ArrayRef:
    """``np.squeeze``; None removes the axes known to have size 1."""
    rank = ref.type.rank
    if axes is None and not all(isinstance(d, int) or (d is not None and above_one(d)) for d in ref.type.dims):
        refuse(
            elab, "Whether an axis here has size 1 is known at run time only.", "Give np.squeeze its axis.", ShapeError
        )
    ones = (k for k, d in enumerate(ref.type.dims) if d == 1)
    gone = set(ones) if axes is None else {normal_axis(elab, a, rank) for a in axes}
    if any(isinstance(ref.type.dims[k], int) and ref.type.dims[k] != 1 for k in gone):
        refuse(elab, "Cannot squeeze out an axis whose size is not 1.", kind=ShapeError)
    if not gone:
        return ref
    return view(elab, ref, Index((*(0 if k in gone else Slice() for k in range(rank)), ...)))


def part(elab: Elaborator, ref: ArrayRef, name: str) -> Value:
    """``ref.real`` and ``ref.imag``."""
    if ref.type.dtype.kind == "c":
        return view(elab, ref, View(name))
    if name == "real":
        return ref
    return emit(elab, elementwise.imag, ref)
