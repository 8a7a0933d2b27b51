"""What the rules of custom functions return, checked against what they stand for."""

from __future__ import annotations

import types
from typing import TYPE_CHECKING

from s2sad.errors import ShapeError
from s2sad.frontend import library
from s2sad.frontend.elaborate.leaves import shape_text, type_of
from s2sad.frontend.library.attributes import size_value
from s2sad.frontend.meanings.differentiation import same_shape, without_rank
from s2sad.frontend.syntax.source import find
from s2sad.frontend.values.values import ArrayRef, Closure, Static, Value
from s2sad.ir.nodes import Pos
from s2sad.ir.types import Array, Scalar, Type, is_complex

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


def fits(expected: Type, found: Type) -> bool:
    """Whether a value may stand for one of another type: of that shape, and not complex for a real one."""
    if isinstance(found, Array) and not found.dims:
        found = Scalar(found.dtype)
    return same_shape(expected, found) and (is_complex(expected) or not is_complex(found))


def place_of(function: Value) -> Pos | None:
    """Where a function of the user's is defined."""
    match function:
        case Closure(source):
            return source.pos()
        case Static(types.FunctionType() as python) if not library.is_library(python):
            return find(python).pos()
        case _:
            return None


def check_derivative(elab: Elaborator, what: str, primal: Value, derivative: Value) -> None:
    """Refuse a tangent or a cotangent that is not like its primal, at run time where sizes are known only then."""
    expected = type_of(elab, primal)
    assert expected is not None
    derivative = without_rank(elab, expected, derivative)
    found = type_of(elab, derivative)
    if found is None:
        elab.mismatch(f"{what} must be a number or an array, not {elab.describe(derivative)}.", "Mirror its primal.")
    if is_complex(found) and not is_complex(expected):
        elab.mismatch(f"{what} is complex, where its primal is real.", "Take its .real.")
    why = f"{what} must have the shape of its primal, {shape_text(expected)}, but has {shape_text(found)}."
    if not same_shape(expected, found):
        raise ShapeError(why, "Reduce or broadcast it to that shape.", elab.pos)
    if isinstance(primal, ArrayRef) and isinstance(derivative, ArrayRef):
        for k, (size, other) in enumerate(zip(primal.type.dims, derivative.type.dims, strict=True)):
            if size != other:
                same = library.compare(elab, "eq", *(size_value(elab, x, k) for x in (primal, derivative)))
                where = "" if elab.pos is None else f" (line {elab.pos.line}: {elab.pos.text})"
                elab.check(elab.atom(same), "ValueError", why + where)
