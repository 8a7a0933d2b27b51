"""Operators on abstract values: arithmetic, comparison, and their in-place forms."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from s2sad.errors import ShapeError, TypeMismatchError
from s2sad.frontend.library import containers, dicts, known_objects, text
from s2sad.frontend.library.support import (
    UNKNOWN,
    Elaborator,
    describe,
    emit,
    emit_atom,
    fit,
    folded,
    is_number,
    is_numeric,
    items_of,
    known,
    refuse,
    reraise,
    spread,
    type_of,
    whole,
)
from s2sad.frontend.values.values import ArrayRef, DictRef, ListRef, Number, Numbers, ObjectRef, Static, Value
from s2sad.ir import Array, Atom, Const, Scalar
from s2sad.ir.paths import Index, Path
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import BOOL, FLOAT
from s2sad.rules import elementwise, logical
from s2sad.rules.registry import CALLABLES

SYMBOLS = {
    "add": "+",
    "sub": "-",
    "mul": "*",
    "truediv": "/",
    "floordiv": "//",
    "mod": "%",
    "pow": "**",
    "matmul": "@",
    "lshift": "<<",
    "rshift": ">>",
    "and_": "&",
    "or_": "|",
    "xor": "^",
    "eq": "==",
    "ne": "!=",
    "lt": "<",
    "le": "<=",
    "gt": ">",
    "ge": ">=",
    "is_": "is",
    "is_not": "is not",
    "contains": "in",
    "not_contains": "not in",
}
MOST_FACTORS = 64
"""Up to what power a float exponent may be taken as repeated products."""
WHOLE: Path = (Index((Ellipsis,)),)
"""The path to all of an array."""


def primitive(op: str) -> Primitive:
    """The primitive of an operator."""
    return CALLABLES[getattr(operator, op)]


# -- arithmetic


def binary(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    """``left op right``."""
    folded = fold(elab, getattr(operator, op), left, right)
    if folded is not None:
        return folded
    special = by_method(elab, op, left, right)
    if special is not None:
        return special
    left, right = known_objects.as_numbers(elab, left, right)
    joined = text.binary(elab, op, left, right)
    if joined is not None:
        return joined
    container = containers.binary(elab, op, left, right)
    if container is not None:
        return container
    if not (is_operand(elab, left, right) and is_operand(elab, right, left)):
        mismatch(elab, op, left, right)
    if op == "matmul":
        whole(elab, left)
        whole(elab, right)
        from s2sad.frontend.library.linear_algebra import matmul

        return matmul(elab, left, right)
    return spread(elab, (left, right), arithmetic(elab, op, left, right))


def arithmetic(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    """``left op right`` of numbers and arrays."""
    if op == "pow":
        return power(elab, left, right)
    return emit(elab, primitive(op), left, right)


def power(elab: Elaborator, base: Value, exponent: Value) -> Value:
    """``base ** exponent``; a known int has a primitive of its own, and so has a known whole float where that gives the
    same. A Python int to a negative int is a float."""
    n = known(elab, exponent)
    type_ = type_of(elab, base)
    if type(n) is float and n.is_integer() and abs(n) <= MOST_FACTORS and type_ is not None:
        n = int(n) if type_.dtype.kind in "fc" else n
    if isinstance(n, int) and not isinstance(n, bool) and type_ is not None:
        atom = elab.atom(base)
        if n < 0 and isinstance(type_, Scalar) and type_.dtype.kind in "biu" and type_.weak:
            atom = fit(elab, atom, FLOAT)
        return elab.lift(emit_atom(elab, elementwise.integer_pow, (atom,), n=n))
    return emit(elab, elementwise.pow, base, exponent)


def fold(elab: Elaborator, function: Callable[..., Any], *values: Value) -> Value | None:
    """The result computed by Python, where all values are known now (and none is an array)."""
    objects = [known(elab, v) for v in values]
    if any(o is UNKNOWN for o in objects):
        return None
    try:
        result = function(*objects)
    except Exception as error:
        reraise(elab, error)
    return folded(elab, result, objects)


def is_operand(elab: Elaborator, value: Value, other: Value) -> bool:
    """Whether a value takes part in arithmetic; lists and tuples do beside an array or a NumPy scalar."""
    if is_numeric(elab, value):
        return True
    if isinstance(value, Numbers):
        type_ = type_of(elab, other)
        return type_ is not None and not (isinstance(type_, Scalar) and type_.weak)
    return items_of(elab, value) is not None and not isinstance(value, Static) and isinstance(other, ArrayRef | Number)


def mismatch(elab: Elaborator, op: str, left: Value, right: Value) -> None:
    what = f"{describe(elab, left)} and {describe(elab, right)}"
    instead = known_objects.advice(left, right) or "Give it numbers or arrays."
    refuse(elab, f"{SYMBOLS[op]} does not take {what}.", instead, TypeMismatchError)


def by_method(elab: Elaborator, op: str, left: Value, right: Value) -> Value | None:
    """The result of ``__op__`` or ``__rop__`` of an object of a user's class; None where neither is one."""
    name = op.rstrip("_")
    for value, other, method in ((left, right, f"__{name}__"), (right, left, f"__r{name}__")):
        if isinstance(value, ObjectRef) and (function := getattr(value.cls, method, None)) is not None:
            if function is getattr(object, method, None):
                continue
            return elab.call(Static(function), [value, other], {})
    return None


# -- in place


def augment(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    """``left op= right``: writes into arrays and lists, gives a new value for anything else."""
    match left:
        case ArrayRef():
            return augment_array(elab, op, left, right)
        case ListRef() if op == "add":
            containers.extend(elab, left, right)
            return left
        case DictRef() if op == "or_":
            dicts.update(elab, left, right)
            return left
        case ObjectRef() if (function := getattr(left.cls, f"__i{op.rstrip('_')}__", None)) is not None:
            return elab.call(Static(function), [left, right], {})
        case _:
            return binary(elab, op, left, right)


def augment_array(elab: Elaborator, op: str, target: ArrayRef, value: Value) -> Value:
    """``array op= value``, with NumPy's rule for casts; ``+=`` and ``-=`` are increments of the base."""
    if not is_operand(elab, value, target):
        mismatch(elab, op, target, value)
    atom = elab.atom(value)
    if accumulates(op, target.type.dtype, atom):
        check_broadcast(elab, target.type, atom)
        elab.write_array(target, WHOLE, (), increment(elab, op, atom, target.type.dtype), inc=True)
        return target
    result = binary(elab, op, target, value)
    write_whole(elab, target, elab.atom(result))
    return target


def write_whole(elab: Elaborator, target: ArrayRef, result: Atom) -> None:
    """``target[...] = result`` for the result of an operation in place, refusing what NumPy refuses to cast."""
    check_cast(elab, result.type.dtype, target.type.dtype)
    check_broadcast(elab, target.type, result)
    elab.write_array(target, WHOLE, (), fit(elab, result, target.type.dtype))


def accumulates(op: str, dtype: np.dtype, value: Atom) -> bool:
    """Whether ``element op= value`` is an increment: the sum is computed in the dtype of the element."""
    if op not in ("add", "sub") or dtype.kind not in ("iufc" if op == "add" else "ifc"):
        return False
    other = value.type.dtype
    if isinstance(value.type, Scalar) and value.type.weak:
        return np.result_type(dtype, other.type(0).item()) == dtype
    return np.result_type(dtype, other) == dtype


def increment(elab: Elaborator, op: str, value: Atom, dtype: np.dtype) -> Atom:
    """What is added by ``op=``, with the dtype of the element."""
    if op == "sub":
        value = Const(-value.value) if isinstance(value, Const) else emit_atom(elab, elementwise.neg, (value,))
    return fit(elab, value, dtype)


def check_cast(elab: Elaborator, source: np.dtype, target: np.dtype) -> None:
    """NumPy's rule for operations in place: same kind."""
    if not np.can_cast(source, target, "same_kind"):
        why = f"The result of this operation in place is {source.name}, which NumPy does not cast to {target.name}."
        refuse(elab, why, f"Make the array with dtype {source.name} to begin with.", TypeMismatchError)


def check_broadcast(elab: Elaborator, target: Array, value: Atom) -> None:
    """Refuse a value whose shape can never be broadcast to that of the target."""
    if not isinstance(value.type, Array):
        return
    dims = value.type.dims
    while len(dims) > target.rank and dims[0] == 1:
        dims = dims[1:]
    pairs = zip(dims[::-1], target.dims[::-1], strict=False)
    wrong = any(isinstance(d, int) and isinstance(t, int) and d not in (1, t) for d, t in pairs)
    if wrong or len(dims) > target.rank:
        shapes = " into shape ".join(f"({', '.join(map(str, d))})" for d in (value.type.dims, target.dims))
        refuse(elab, f"Could not broadcast input array from shape {shapes}.", "", ShapeError)


# -- comparisons


def compare(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    """``left op right`` for comparisons, identity and membership (`contains` takes the item first)."""
    if text.is_text(left) or text.is_text(right):
        text.refuse_use(elab)
    match op:
        case "is_" | "is_not":
            found = identical(elab, left, right)
            return found if op == "is_" else logical_not(elab, found)
        case "contains" | "not_contains":
            found = containers.contains(elab, left, right)
            return found if op == "contains" else logical_not(elab, found)
        case _:
            return ordering(elab, op, left, right)


def ordering(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    folded = fold(elab, getattr(operator, op), left, right)
    if folded is not None:
        return folded
    special = by_method(elab, op, left, right)
    if special is not None:
        return special
    if is_operand(elab, left, right) and is_operand(elab, right, left):
        return spread(elab, (left, right), emit(elab, primitive(op), left, right))
    if op in ("eq", "ne"):
        equal = containers.equal(elab, left, right)
        return equal if op == "eq" else logical_not(elab, equal)
    ours, theirs = items_of(elab, left), items_of(elab, right)
    alike = ours is not None and theirs is not None and isinstance(left, ListRef) == isinstance(right, ListRef)
    if op in STRICT and alike:
        return lexicographic(elab, op, ours or (), theirs or ())
    mismatch(elab, op, left, right)
    raise AssertionError


STRICT = {"lt": "lt", "le": "lt", "gt": "gt", "ge": "gt"}
"""How the first items that differ are compared."""


def lexicographic(elab: Elaborator, op: str, left: tuple[Value, ...], right: tuple[Value, ...]) -> Value:
    """``left op right`` of sequences: by the first items that differ, else by length."""
    out: Value = Static(getattr(operator, op)(len(left), len(right)))
    for a, b in reversed(list(zip(left, right, strict=False))):
        alike = containers.both(elab, containers.equal(elab, a, b), out)
        out = containers.either(elab, ordering(elab, STRICT[op], a, b), alike)
    return out


def identical(elab: Elaborator, left: Value, right: Value) -> Value:
    """``left is right``. There is one True and one False; other numbers may be one object or not."""
    types = type_of(elab, left), type_of(elab, right)
    if left == right or Number not in (type(left), type(right)) or types[0] != types[1]:
        return Static(same(elab, left, right))
    if types[0] == Scalar(BOOL, weak=True):
        return emit(elab, primitive("eq"), left, right)
    refuse(elab, "Whether two equal numbers are one object is not known.", "Compare them with ==.", TypeMismatchError)


def same(elab: Elaborator, left: Value, right: Value) -> bool:
    """``left is right``, where that is known."""
    match left, right:
        case Static(a), Static(b):
            return a is b or (is_number(a) and type(a) is type(b) and a == b)
        case ArrayRef(), ArrayRef():
            return left.location is right.location and left == right
        case ((ListRef() | DictRef() | ObjectRef()), (ListRef() | DictRef() | ObjectRef())):
            return left.location is right.location
        case _:
            return left == right


# -- unary operators


def unary(elab: Elaborator, op: str, value: Value) -> Value:
    """``-x``, ``+x``, ``~x`` and ``not x``."""
    if op == "not_":
        return logical_not(elab, value)
    folded = fold(elab, getattr(operator, op), value)
    if folded is not None:
        return folded
    if isinstance(value, ObjectRef):
        return elab.call(Static(getattr(value.cls, f"__{op}__")), [value], {})
    if not is_numeric(elab, value):
        refuse(
            elab,
            f"Unary {op} does not take {describe(elab, value)}.",
            "Give it a number or an array.",
            TypeMismatchError,
        )
    return spread(elab, (value,), emit(elab, primitive(op), value))


def logical_not(elab: Elaborator, value: Value) -> Value:
    """``not value``."""
    truth = elab.truth(value)
    if isinstance(truth, bool):
        return Static(not truth)
    return elab.lift(emit_atom(elab, logical.not_, (truth,)))
