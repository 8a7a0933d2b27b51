"""What operations raise, as conditions on their operands: tested beforehand where a `try` of the user's catches it.

    try: y = x[i]                         if (i < -n) | (i >= n): ...
    try: y = a // b             ->        if b == 0: ...
    try: y = np.linalg.inv(A)             if np.linalg.slogdet(A)[0] == 0.0: ...

Elsewhere nothing is tested, and an operation raises, or gives inf or nan, as docs/semantics.md says.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Callable, Hashable
from functools import cache, partial
from typing import Any

import numpy as np

from s2sad.frontend.library import operators
from s2sad.frontend.library.attributes import size_atom
from s2sad.frontend.library.support import (
    ZERO,
    Elaborator,
    emit,
    emit_atom,
    items_of,
    known,
    runtime_list,
    type_of,
)
from s2sad.frontend.values.values import ArrayRef, ListRef, Partial, Static, Tuple, Value
from s2sad.ir import Array, Scalar
from s2sad.ir.types import add_dims
from s2sad.rules import linalg, logical
from s2sad.rules.control import stop_gradient

Test = Callable[..., Value | None]
"""The condition under which a call raises, from its arguments; None where it never does."""


# -- conditions


def compare(elab: Elaborator, op: str, left: Value, right: Value) -> Value:
    return operators.compare(elab, op, left, right)


def either(elab: Elaborator, *tests: Value | None) -> Value | None:
    """Whether one of the conditions holds."""
    whole: Value | None = None
    for test in tests:
        if test is not None and test != Static(False):
            whole = test if whole is None else operators.binary(elab, "or_", whole, test)
    return whole


def both(elab: Elaborator, left: Value, right: Value) -> Value:
    return operators.binary(elab, "and_", left, right)


def any_of(elab: Elaborator, test: Value) -> Value:
    """Whether a condition holds anywhere."""
    from s2sad.frontend.library import calls

    return calls.call(elab, np.any, [test], {}) if isinstance(test, ArrayRef) else test


def tell(
    elab: Elaborator, bad: Value | None, cls: type[BaseException], why: str, args: tuple[Any, ...] | None = None
) -> None:
    """The step being run raises this where the condition holds."""
    if bad is not None:
        elab.guard(elab.truth(bad), cls, why, args)


@cache
def said(function: Callable[..., Any], *args: Any) -> tuple[Any, ...] | None:
    """What Python says when a function fails for these arguments, if it says nothing about their values."""
    try:
        function(*args)
    except Exception as error:
        text = str(error)
        return None if any(str(a) in text for a in args) else error.args
    return None


# -- indexes


def index(elab: Elaborator, base: Value, key: Value) -> None:
    """``base[key]``, to be read or written: an index out of range."""
    if not elab.catches(IndexError):
        return
    why = "an index is out of bounds"
    if isinstance(base, ArrayRef):
        tests = [outside(elab, base, axis, part) for axis, part in places(elab, base, key)]
        return tell(elab, either(elab, *tests), IndexError, why)
    length = length_of(elab, base)
    type_ = type_of(elab, key)
    if length is not None and isinstance(type_, Scalar) and type_.dtype.kind in "iu":
        what = "list index out of range" if isinstance(base, ListRef) else "tuple index out of range"
        low = compare(elab, "lt", key, operators.unary(elab, "neg", length))
        tell(elab, either(elab, low, compare(elab, "ge", key, length)), IndexError, why, (what,))


def length_of(elab: Elaborator, base: Value) -> Value | None:
    """How many items a list or a tuple has."""
    from s2sad.frontend.library import calls

    if runtime_list(elab, base) is not None:
        return calls.call(elab, len, [base], {})
    items = items_of(elab, base) if isinstance(base, ListRef | Tuple) else None
    return None if items is None else Static(len(items))


def places(elab: Elaborator, base: ArrayRef, key: Value) -> list[tuple[int, Value]]:
    """The ints and arrays of ints of a subscript, with their axes."""
    whole = isinstance(key, Tuple) or (isinstance(key, Static) and isinstance(key.obj, tuple))
    parts = (items_of(elab, key) if whole else None) or (key,)
    used = sum(axes_of(elab, part) for part in parts)
    found: list[tuple[int, Value]] = []
    axis = 0
    for part in parts:
        if known(elab, part) is Ellipsis:
            axis += base.type.rank - used
            continue
        if is_index(elab, part) and axis < base.type.rank:
            found.append((axis, part))
        axis += axes_of(elab, part)
    return found


def axes_of(elab: Elaborator, part: Value) -> int:
    """How many axes a part of a subscript stands for."""
    obj = known(elab, part)
    if obj is None or obj is Ellipsis:
        return 0
    type_ = type_of(elab, part)
    return type_.rank if isinstance(type_, Array) and type_.dtype.kind == "b" else 1


def is_index(elab: Elaborator, part: Value) -> bool:
    type_ = type_of(elab, part)
    return type_ is not None and type_.dtype.kind in "iu"


def outside(elab: Elaborator, base: ArrayRef, axis: int, part: Value) -> Value | None:
    """Whether an index is out of an axis; None where it is proved to be in it."""
    dim, obj = base.type.dims[axis], known(elab, part)
    if isinstance(dim, int) and isinstance(obj, int | np.integer):
        return Static(not -dim <= obj < dim)
    at = None if isinstance(part, ArrayRef) else elab.builder.size_of(elab.atom(part))
    ranges = elab.builder.ranges
    low = at is not None and ranges.not_negative(at)
    high = at is not None and dim is not None and ranges.not_negative(add_dims(add_dims(dim, at, -1), -1))
    if low and high:
        return None
    size = elab.lift(size_atom(elab, base, axis))
    below = None if low else compare(elab, "lt", part, operators.unary(elab, "neg", size))
    above = None if high else compare(elab, "ge", part, size)
    test = either(elab, below, above)
    return None if test is None else any_of(elab, test)


# -- arithmetic

DIVISIONS = {"truediv": operator.truediv, "floordiv": operator.floordiv, "mod": operator.mod}


def arithmetic(elab: Elaborator, op: str, left: Value, right: Value) -> None:
    """``left op right`` of Python's numbers: a division by zero, and a power that is too large."""
    pair = [type_of(elab, v) for v in (left, right)]
    if not all(isinstance(t, Scalar) and t.weak for t in pair):
        return
    kinds = "".join(t.dtype.kind for t in pair if t is not None)
    if op in DIVISIONS and elab.catches(ZeroDivisionError):
        sample = tuple(1j if k == "c" else 1.0 if k == "f" else 1 for k in kinds)
        text = said(DIVISIONS[op], sample[0], sample[1] * 0)
        tell(elab, compare(elab, "eq", right, ZERO), ZeroDivisionError, "a division by zero", text)
    if op == "pow" and "c" not in kinds:
        power(elab, left, right)


def power(elab: Elaborator, base: Value, exponent: Value) -> None:
    """``base ** exponent`` of Python's numbers."""
    if elab.catches(ZeroDivisionError):
        negative = compare(elab, "lt", exponent, ZERO)
        if negative != Static(False):
            zero = compare(elab, "eq", base, ZERO)
            bad = zero if negative == Static(True) else both(elab, zero, negative)
            tell(elab, bad, ZeroDivisionError, "0.0 to a negative power")
    type_ = type_of(elab, base)
    if elab.catches(OverflowError) and type_ is not None and type_.dtype.kind == "f":
        result = operators.binary(elab, "pow", base, exponent)
        finite = elab.lift(emit_atom(elab, logical.isfinite, (elab.atom(base),)))
        infinite = elab.lift(emit_atom(elab, logical.isinf, (elab.atom(result),)))
        nonzero = compare(elab, "ne", base, ZERO)
        tell(elab, both(elab, infinite, both(elab, finite, nonzero)), OverflowError, "a power is too large")


# -- functions of `math`


def _below(limit: float, op: str = "lt") -> Test:
    return lambda elab, x, *rest: compare(elab, op, x, Static(limit))


def _beyond(limit: float, op: str = "gt") -> Test:
    def test(elab: Elaborator, x: Value) -> Value | None:
        return either(elab, compare(elab, op, x, Static(limit)), compare(elab, SWAPPED[op], x, Static(-limit)))

    return test


SWAPPED = {"gt": "lt", "ge": "le"}


def _infinite(elab: Elaborator, x: Value) -> Value | None:
    return either(elab, compare(elab, "eq", x, Static(math.inf)), compare(elab, "eq", x, Static(-math.inf)))


def _finite_beyond(limit: float, low: bool) -> Test:
    def test(elab: Elaborator, x: Value) -> Value | None:
        high = both(elab, compare(elab, "gt", x, Static(limit)), compare(elab, "lt", x, Static(math.inf)))
        if not low:
            return high
        down = both(elab, compare(elab, "lt", x, Static(-limit)), compare(elab, "gt", x, Static(-math.inf)))
        return either(elab, high, down)

    return test


def _no_factorial(elab: Elaborator, x: Value) -> Value | None:
    """Whether a number is 0, -1, -2, ..., where gamma has poles."""
    whole = compare(elab, "eq", x, elab.call(Static(np.floor), [x], {}))
    return both(elab, compare(elab, "le", x, ZERO), whole)


EXP, COSH = math.log(np.finfo(float).max), math.acosh(np.finfo(float).max)
DOMAIN: dict[Any, tuple[Test, float]] = {
    math.sqrt: (_below(0), -1.0), math.log: (_below(0, "le"), 0.0), math.log2: (_below(0, "le"), 0.0),
    math.log10: (_below(0, "le"), 0.0), math.log1p: (_below(-1, "le"), -2.0), math.asin: (_beyond(1), 2.0),
    math.acos: (_beyond(1), 2.0), math.atanh: (_beyond(1, "ge"), 2.0), math.acosh: (_below(1), 0.5),
    math.sin: (_infinite, math.inf), math.cos: (_infinite, math.inf), math.tan: (_infinite, math.inf),
    math.gamma: (_no_factorial, 0.0), math.lgamma: (_no_factorial, 0.0),
}  # fmt: skip
"""Where a function of `math` raises ValueError, and an argument for which it does."""
RANGE: dict[Any, tuple[Test, float]] = {
    math.exp: (_finite_beyond(EXP, False), 1e3), math.expm1: (_finite_beyond(EXP, False), 1e3),
    math.sinh: (_finite_beyond(COSH, True), 1e3), math.cosh: (_finite_beyond(COSH, True), 1e3),
}  # fmt: skip
"""Where one raises OverflowError."""


def of_math(elab: Elaborator, function: Any, args: list[Value]) -> None:
    """A function of `math` out of its domain, or whose value is too large."""
    for table, cls, why in ((DOMAIN, ValueError, "math domain error"), (RANGE, OverflowError, "math range error")):
        test, sample = table.get(function, (None, 0.0))
        if test is not None and elab.catches(cls):
            for x in args if function is math.log else args[:1]:
                tell(elab, test(elab, x), cls, why, said(function, sample))
    if function is math.log and len(args) == 2 and elab.catches(ZeroDivisionError):
        tell(elab, compare(elab, "eq", args[1], Static(1.0)), ZeroDivisionError, "a logarithm to base 1")


def to_int(elab: Elaborator, function: Any, args: list[Value]) -> None:
    """``int(x)`` and its like of nan or an infinity."""
    type_ = type_of(elab, args[0]) if len(args) == 1 else None
    if not isinstance(type_, Scalar) or type_.dtype.kind != "f":
        return
    if elab.catches(ValueError):
        nan = said(function, math.nan)
        tell(elab, compare(elab, "ne", args[0], args[0]), ValueError, "nan is no integer", nan)
    if elab.catches(OverflowError):
        tell(elab, _infinite(elab, args[0]), OverflowError, "infinity is no integer", said(function, math.inf))


# -- linear algebra


def singular(elab: Elaborator, matrix: Value, *rest: Value) -> Value | None:
    """Whether LU finds a pivot that is 0: the sign of the determinant is 0 there."""
    from s2sad.frontend.library import calls

    sign = calls.call(elab, np.linalg.slogdet, [emit(elab, stop_gradient, matrix)], {})
    assert isinstance(sign, Tuple)
    return any_of(elab, compare(elab, "eq", sign.items[0], ZERO))


def indefinite(elab: Elaborator, matrix: Value, *rest: Value) -> Value | None:
    """Whether Cholesky's factorisation fails."""
    from s2sad.frontend.library.creation import as_array

    return elab.lift(emit_atom(elab, linalg.indefinite, (elab.atom(as_array(elab, matrix)),)))


def not_finite(elab: Elaborator, matrix: Value, *rest: Value) -> Value | None:
    """Whether an iteration for eigenvalues or singular values has nothing to converge to."""
    from s2sad.frontend.library import calls

    finite = calls.call(elab, np.isfinite, [matrix], {})
    return operators.unary(elab, "not_", calls.call(elab, np.all, [finite], {}))


SINGULAR, INDEFINITE = ("Singular matrix",), ("Matrix is not positive definite",)
ITERATED = (np.linalg.eig, np.linalg.eigvals, np.linalg.eigh, np.linalg.eigvalsh, np.linalg.svd)
MATRICES: dict[Any, tuple[Test, tuple[Any, ...] | None, str]] = {
    np.linalg.inv: (singular, SINGULAR, "a matrix is singular"),
    np.linalg.solve: (singular, SINGULAR, "a matrix is singular"),
    np.linalg.cholesky: (indefinite, INDEFINITE, "a matrix is not positive definite"),
    **dict.fromkeys(ITERATED, (not_finite, None, "a matrix has nan or infinities")),
}
"""What a function of `np.linalg` fails for, what NumPy says then, and what we say."""


def of_matrix(elab: Elaborator, function: Any, args: list[Value]) -> None:
    """A factorisation that fails, in functions of ours too."""
    test, text, why = MATRICES[function]
    if elab.catches(np.linalg.LinAlgError, ours=True) and args:
        tell(elab, test(elab, *args), np.linalg.LinAlgError, why, text)


def matrix_power(elab: Elaborator, args: list[Value]) -> None:
    """A negative power of a singular matrix."""
    if len(args) == 2 and isinstance(n := known(elab, args[1]), int) and n < 0:
        of_matrix(elab, np.linalg.inv, args[:1])


# -- what is empty

EXTREMES = (
    max, min, np.max, np.min, np.argmax, np.argmin, np.ndarray.max, np.ndarray.min, np.ndarray.argmax,
    np.ndarray.argmin,
)  # fmt: skip


def of_nothing(elab: Elaborator, args: list[Value]) -> None:
    """The greatest of no items."""
    if len(args) != 1 or not elab.catches(ValueError):
        return
    if isinstance(args[0], ArrayRef):
        sizes = [(args[0].type.dims[k], k) for k in range(args[0].type.rank)]
        tests = [compare(elab, "eq", elab.lift(size_atom(elab, args[0], k)), ZERO) for d, k in sizes if d != 1]
        tell(elab, either(elab, *tests), ValueError, "the greatest of no items")
    elif (length := length_of(elab, args[0])) is not None:
        tell(elab, compare(elab, "eq", length, ZERO), ValueError, "the greatest of no items")


def pop(elab: Elaborator, args: list[Value]) -> None:
    """``items.pop()`` of a list whose length is known at run time only."""
    if runtime_list(elab, args[0]) is not None:
        index(elab, args[0], args[1] if len(args) > 1 else Static(-1))


# -- calls


def _swapped(test: Callable[..., None], function: Any, elab: Elaborator, args: list[Value]) -> None:
    test(elab, function, args)



CALLS: dict[Any, Callable[[Elaborator, list[Value]], None]] = {
    **{f: partial(_swapped, of_matrix, f) for f in MATRICES},
    **{f: partial(_swapped, of_math, f) for f in (*DOMAIN, *RANGE)},
    **{f: partial(_swapped, to_int, f) for f in (int, round, math.floor, math.ceil, math.trunc)},
    **dict.fromkeys(EXTREMES, of_nothing),
    np.linalg.matrix_power: matrix_power,
    list.pop: pop,
    divmod: lambda elab, args: arithmetic(elab, "floordiv", *args),
}
"""What is tested before a call, from its arguments."""


def call(elab: Elaborator, function: Value, args: list[Value]) -> None:
    """A call of a function of Python's or NumPy's, or of a method of theirs."""
    match function:
        case Static(obj):
            pass
        case Partial(Static(obj), first, ()):
            args = [*first, *args]
        case _:
            return
    test = CALLS.get(obj) if isinstance(obj, Hashable) else None
    if test is not None:
        test(elab, args)
