"""Long lists and tuples of numbers that stand in one array (`Numbers`).

    for v in y: ...         a loop over the elements
    y[i], y[1:], len(y)     an element, a new list of some, the size
    np.sum(y), y * a        the array, where NumPy would make one

What a list can do and an array cannot is done by a new list of the same numbers, or refused.
"""

from __future__ import annotations

from s2sad.errors import TypeMismatchError
from s2sad.frontend.library.attributes import method, size_value
from s2sad.frontend.library.indexing import slice_parts, subscript_array
from s2sad.frontend.library.iteration import Indexed
from s2sad.frontend.library.support import (
    Elaborator,
    emit_atom,
    known,
    new_runtime_list,
    refuse,
    retype,
    set_weak,
    type_of,
)
from s2sad.frontend.values.values import ArrayRef, ListRef, Location, Numbers, Static, StaticItems, Tuple, Value
from s2sad.ir import List, Scalar
from s2sad.rules import shape as shape_rules

LIST = "This list comes from outside the function"
MADE = "Make a list of it first: list(y)."


def length(elab: Elaborator, value: Numbers) -> Value:
    return size_value(elab, value.ref, 0)


def iterate(elab: Elaborator, value: Numbers) -> Indexed:
    """A loop over the items."""
    return Indexed(elab.atom(length(elab, value)), lambda index: item(elab, value, index))


def subscript(elab: Elaborator, value: Numbers, key: Value) -> Value:
    """``value[key]``: an item, or a new list (or tuple) of some of them."""
    if slice_parts(key) is None:
        type_ = type_of(elab, key)
        if not isinstance(type_, Scalar) or type_.dtype.kind not in "iub":
            what = value.classes[0].__name__
            refuse(elab, f"A {what} is indexed by an int or a slice.", "Make it an array first, with np.array.",
                   TypeMismatchError)  # fmt: skip
        return item(elab, value, key)
    part = subscript_array(elab, value.ref, key)
    assert isinstance(part, ArrayRef)
    return _kept(elab, Numbers(part, value.classes, value.weak))


def _kept(elab: Elaborator, value: Numbers) -> Value:
    """A new list, which may be changed where it holds numbers only."""
    return as_list(elab, value) if value.classes == (list,) and value.ref.type.rank == 1 else value


def item(elab: Elaborator, value: Numbers, key: Value) -> Value:
    """One item: a number, an array, or a row, taken apart where its length is known."""
    index = Static(int(known(elab, key))) if isinstance(known(elab, key), bool) else key
    found = subscript_array(elab, value.ref, index)
    if not isinstance(found, ArrayRef):
        return elab.lift(set_weak(elab, elab.atom(found), value.weak))
    _, *rows = value.classes
    return row(elab, Numbers(found, tuple(rows), value.weak)) if rows else found


def row(elab: Elaborator, value: Numbers) -> Value:
    """A row of a table: item by item where its length is known, for it may be unpacked."""
    size = value.ref.type.dims[0]
    if not isinstance(size, int):
        return value
    items = tuple(item(elab, value, Static(k)) for k in range(size))
    if value.classes[0] is tuple:
        return Tuple(items)
    location = Location("row", captured=True, frozen=True)
    elab.set(location, StaticItems(items))
    return ListRef(location)


def as_list(elab: Elaborator, value: Numbers) -> ListRef:
    """A new list of the numbers."""
    if value.ref.type.rank != 1:
        refuse(elab, "A list of lists of numbers that comes from outside the function can only be read.",
               "Make it an array first, with np.array.")  # fmt: skip
    rows = emit_atom(elab, shape_rules.list_of_array, (elab.atom(value.ref),))
    return new_runtime_list(elab, retype(elab, rows, List(Scalar(value.ref.type.dtype, value.weak))))


def as_tuple(value: Numbers) -> Numbers:
    """A tuple of the items."""
    return Numbers(value.ref, (tuple, *value.classes[1:]), value.weak)


def array(elab: Elaborator, value: Numbers) -> Value:
    """A new array of the numbers."""
    return elab.lift(elab.atom(value.ref))


def attribute(elab: Elaborator, value: Numbers, name: str) -> Value:
    """A method, of a new list: only those that do not change the list."""
    if value.classes[0] is list and name in ("copy", "index", "count"):
        return method(elab, as_list(elab, value), list, name)
    if hasattr(value.classes[0], name):
        refuse(elab, f"{LIST}, and .{name} is not supported of it.", MADE)
    refuse(elab, f"A {value.classes[0].__name__} has no attribute {name!r}.", kind=TypeMismatchError)
