"""What a side of a join must do to its value for the variable it meets the other side in."""

from __future__ import annotations

from typing import TYPE_CHECKING

from s2sad.frontend.elaborate.joins import Filled, Operand
from s2sad.frontend.library import columns
from s2sad.frontend.values.values import ArrayRef, Buffer, Entries, Nothing, Number, StaticItems
from s2sad.ir.nodes import Atom, Const, Var
from s2sad.ir.paths import Index
from s2sad.ir.primitives import cast, list_append, list_new, store, undef
from s2sad.ir.types import Array, Dim, List, Scalar, Type, element

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

PYTHON = {"b": bool, "i": int, "u": int, "f": float, "c": complex}


def convert(elab: Elaborator, operand: Operand, type_: Type, hint: str | None = None) -> Atom:
    """The operand as an atom of this type, written into the current block. `hint` names a list that is made."""
    if isinstance(operand, Nothing):
        return nothing(elab, type_)
    if isinstance(operand, Filled):
        assert isinstance(type_, List)
        return columns.filled(elab, operand.value, operand.like, type_.item)
    if isinstance(operand, StaticItems):
        assert isinstance(type_, List)
        return _list(elab, operand, type_, hint)
    if isinstance(operand, ArrayRef):
        operand = elab.atom(operand)
    if isinstance(type_, Array) and isinstance(operand.type, Scalar):
        return _full(elab, operand, type_)
    if element(operand.type) == element(type_):
        return operand
    if isinstance(operand, Const):
        return constant(operand, type_)
    if isinstance(type_, List):
        return columns.recast(elab, operand, element(type_))
    params = {"dtype": element(type_)} | ({"weak": True} if isinstance(type_, Scalar) and type_.weak else {})
    return elab.builder.emit(cast, (operand,), params, operand.name)


def constant(value: Const, type_: Type) -> Const:
    """A constant of another dtype."""
    dtype = element(type_)
    weak = isinstance(type_, Scalar) and type_.weak
    return Const(PYTHON[dtype.kind](value.value) if weak else dtype.type(value.value))


def nothing(elab: Elaborator, type_: Type) -> Atom:
    """Some value of the type, which nobody will read."""
    match type_:
        case Scalar(dtype, weak):
            return Const(PYTHON[dtype.kind](0) if weak else dtype.type(0))
        case Array(dtype, dims):
            atoms = [size_atom(elab, d) or Const(0) for d in dims]
            return elab.builder.emit(undef, atoms, {"dtype": dtype})
        case List(item):
            return elab.builder.emit(list_new, (), {"item": item})


def _list(elab: Elaborator, content: StaticItems, type_: List, hint: str | None) -> Atom:
    items = elab.builder.emit(list_new, (), {"item": type_.item}, hint)
    for value in content.items:
        items = elab.builder.emit(list_append, (items, columns.atom_for(elab, value, type_.item)), hint=hint)
    return items


def _full(elab: Elaborator, operand: Atom, type_: Array) -> Atom:
    """An array full of a number, as large as the one it meets."""
    dims = [size_atom(elab, d) for d in type_.dims]
    if any(d is None for d in dims):
        elab.mismatch(
            "A number becomes an array here, whose size is not known beforehand.",
            "Start it as an array, with np.zeros or np.full.",
        )
    whole = elab.builder.emit(undef, dims, {"dtype": type_.dtype})
    if operand.type.dtype != type_.dtype:
        operand = convert(elab, operand, Scalar(type_.dtype))
    return elab.builder.emit(store, (whole, operand), {"path": (Index((Ellipsis,)),)})


def size_atom(elab: Elaborator, dim: Dim | None) -> Atom | None:
    """An atom for a size, from what is known in the current state; None when nothing there has it."""
    if dim is None or isinstance(dim, int):
        return None if dim is None else Const(dim)
    arrays = [c.atom for c in (*elab.state.values(), *elab.outer.values()) if isinstance(c, Buffer)]
    for array in (*arrays, *elab.leaves):
        dims = array.type.dims if isinstance(array.type, Array) else ()
        if dim in dims and isinstance(array, Var):
            return elab.builder.dim_atom(array, dims.index(dim))
    for content in elab.state.values():
        for _, value in content.items if isinstance(content, Entries) else ():
            if isinstance(value, Number) and elab.builder.size_of(value.atom) == dim:
                return value.atom
    return None
