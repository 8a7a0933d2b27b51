"""What one application is worth by algebra: a number, another value, or a simpler application.

    2.0 * 3.0          ->  6.0            scalars of constants, where computing them raises nothing and is finite
    x * 1, x / 1       ->  x
    x * -1             ->  -x
    -(-x)              ->  x
    x - (-y), x + (-y) ->  x + y, x - y
    x - 0, x + (-0.0)  ->  x
    load(store(a, v, i), i)  ->  v        and past stores at other constant places

Every rule is exact in floating point. So ``x * 0`` stays (x may be nan or inf), and ``x + 0.0`` stays (x may be -0.0)
unless the numbers are integers. A value only takes the place of another when it has its dtype and its weakness.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from s2sad.ir.nodes import Atom, Const, Let, Var, asked_size, replace
from s2sad.ir.paths import SLOT, Index, Path, Slice
from s2sad.ir.primitives import Primitive, cast, dim, inc, load, store, undef, zeros
from s2sad.ir.types import Array, Scalar, Type
from s2sad.rules.broadcasting import broadcast_to
from s2sad.rules.counting import trip_count
from s2sad.rules.elementwise import add, mul, neg, sub, truediv

Made = Mapping[Var, Let]
LARGEST, LONG = 2**62, 2**12


def simpler(let: Let, made: Made) -> Atom | Let | None:
    """What the application can be replaced by, if anything. `made` gives what each variable comes from."""
    if len(let.targets) != 1:
        return None
    folded = fold(let)
    if folded is not None:
        return folded
    rule = RULES.get(let.prim)
    found = rule(let, made) if rule else None
    if isinstance(found, Let):
        return found
    return found if found is not None and interchangeable(found.type, let.targets[0].type) else None


def interchangeable(a: Type, b: Type) -> bool:
    """Whether a value of type `a` may stand where one of type `b` stood, whatever it meets there."""
    match a, b:
        case Scalar(), Scalar():
            return a == b
        case Array(), Array():
            return a.dtype == b.dtype and a.dims == b.dims
    return a == b


# -- constants -------------------------------------------------------------------------------------------------------


def fold(let: Let) -> Const | None:
    """The number that a scalar application of constants gives; None where it raises, warns or is not finite."""
    if not (let.prim.elementwise or let.prim is cast) or not let.prim.pure:
        return None
    target = let.targets[0].type
    values = [a.value for a in let.args if isinstance(a, Const)]
    if not isinstance(target, Scalar) or len(values) < len(let.args) or _enormous(let):
        return None
    try:
        with np.errstate(all="raise", under="ignore"):
            value = let.prim.impl(*values, **dict(let.params))
            value = target.dtype.type(value)
    except (ArithmeticError, ValueError, TypeError):
        return None
    if not np.isfinite(value) or _overflows(value):
        return None
    const = Const(value.item() if target.weak else value)
    return const if const.type == target else None


def _enormous(let: Let) -> bool:
    """Whether the result would take long to compute, or lose its imaginary part with a warning."""
    if let.prim is cast:
        return let.args[0].type.dtype.kind == "c" and let.targets[0].type.dtype.kind != "c"
    numbers = [a.value for a in let.args if isinstance(a, Const)] + [v for _, v in let.params if isinstance(v, int)]
    return let.prim.name in ("pow", "integer_pow", "left_shift") and any(abs(v) > LONG for v in numbers)


def _overflows(value: Any) -> bool:
    return value.dtype.kind in "iu" and abs(int(value)) > LARGEST


# -- arithmetic ------------------------------------------------------------------------------------------------------


def _number(atom: Atom) -> Any:
    """The number that a constant is, or nan."""
    return atom.value if isinstance(atom, Const) else np.nan


def _negated(atom: Atom, made: Made) -> Atom | None:
    """The value that this one is the negative of."""
    let = made.get(atom) if isinstance(atom, Var) else None
    return let.args[0] if let is not None and let.prim is neg and let.args[0].type == atom.type else None


def _is_negative_zero(atom: Atom) -> bool:
    return isinstance(atom, Const) and atom.type.dtype.kind == "f" and atom.value == 0 and bool(np.signbit(atom.value))


def _is_int_zero(atom: Atom) -> bool:
    return isinstance(atom, Const) and atom.type.dtype.kind in "iu" and atom.value == 0


def _as(let: Let, prim: Primitive, *args: Atom) -> Let:
    return replace(let, prim=prim, args=args, params=())


def _add(let: Let, made: Made) -> Atom | Let | None:
    x, y = let.args
    for a, b in ((x, y), (y, x)):
        if _is_negative_zero(b) or (_is_int_zero(b) and a.type == let.targets[0].type and a.type.dtype.kind in "iu"):
            return a
    for a, b in ((x, y), (y, x)):
        minus = _negated(b, made)
        if minus is not None:
            return _as(let, sub, a, minus)
    return None


def _sub(let: Let, made: Made) -> Atom | Let | None:
    x, y = let.args
    if _number(y) == 0 and not _is_negative_zero(y):
        return x
    minus = _negated(y, made)
    return None if minus is None else _as(let, add, x, minus)


def _unspread(let: Let, made: Made) -> Let | None:
    """A number spread over an array that meets an array of the same shape need not be spread."""
    for k, (a, b) in enumerate((let.args, let.args[::-1])):
        source = made.get(a) if isinstance(a, Var) else None
        if source is None or source.prim is not broadcast_to or not isinstance(source.args[0].type, Scalar):
            continue
        if isinstance(b.type, Array) and b.type == let.targets[0].type:
            return _as(let, let.prim, *((source.args[0], b) if k == 0 else (b, source.args[0])))
    return None


def _mul(let: Let, made: Made) -> Atom | Let | None:
    number = _unspread(let, made)
    if number is not None:
        return number
    for a, b in (let.args, let.args[::-1]):
        if _number(b) == 1 and a.type.dtype.kind != "c":
            return a
        if _number(b) == -1 and interchangeable(a.type, let.targets[0].type) and a.type.dtype.kind in "if":
            return _as(let, neg, a)
    return None


def _truediv(let: Let, made: Made) -> Atom | None:
    x, y = let.args
    return x if _number(y) == 1 and x.type.dtype.kind != "c" else None


def _neg(let: Let, made: Made) -> Atom | None:
    return _negated(let.args[0], made)


def _cast(let: Let, made: Made) -> Atom | None:
    return let.args[0]


# -- arrays ----------------------------------------------------------------------------------------------------------


def _dim(let: Let, made: Made) -> Atom | Let | None:
    """The size of an axis: a number, what the array was made with, or the size of the array it is a version of."""
    (array,), axis = let.args, dict(let.params)["axis"]
    size = asked_size(let)
    if isinstance(size, int):
        return Const(size)
    source = made.get(array) if isinstance(array, Var) else None
    if source is None:
        return None
    if source.prim in (store, inc):
        return _as_dim(let, source.args[0])
    if source.prim in (zeros, undef):
        return source.args[axis]
    return None


def _as_dim(let: Let, array: Atom) -> Let:
    return replace(let, args=(array,))


def _load(let: Let, made: Made) -> Atom | Let | None:
    """The value last stored at this very place, looking past stores at other places."""
    array, *operands = let.args
    path = dict(let.params)["path"]
    if is_whole(path):
        return array
    start = array
    while (source := made.get(array) if isinstance(array, Var) else None) is not None and source.prim in (store, inc):
        place = dict(source.params)["path"]
        if source.prim is store and (place, list(source.args[2:])) == (path, operands) and _is_exact(path, operands):
            return _stored(let, source.args[1])
        if not apart(path, place):
            break
        array = source.args[0]
    return None if array is start else replace(let, args=(array, *operands))


def _store(let: Let, made: Made) -> Atom | None:
    """A store over a whole array leaves the value, where that is an array of this shape and dtype."""
    return let.args[1] if is_whole(dict(let.params)["path"]) else None


def _trip_count(let: Let, made: Made) -> Atom | None:
    """``len(range(0, n, 1))`` is n where n is a size."""
    start, stop, step = let.args
    size = isinstance(stop, Var) and stop in made and made[stop].prim is dim
    return stop if start == Const(0) and step == Const(1) and size else None


def is_whole(path: Path) -> bool:
    """Whether a path is the whole array: ``a[:]``, ``a[...]``."""
    return len(path) == 1 and isinstance(path[0], Index) and all(e is Ellipsis or e == Slice() for e in path[0].entries)


def _is_exact(path: Path, operands: list[Atom]) -> bool:
    """Whether a path reaches each element at most once, so that loading it gives back what was stored."""
    return all(isinstance(step, Index) for step in path) and all(isinstance(o.type, Scalar) for o in operands)


def _stored(let: Let, value: Atom) -> Atom | Let | None:
    """What a load of this stored value gives, in the dtype of the array."""
    target = let.targets[0].type
    if isinstance(target, Array):
        return value
    if not isinstance(value.type, Scalar) or (value.type.dtype.kind == "c" and target.dtype.kind != "c"):
        return None
    if interchangeable(value.type, target):
        return value
    return replace(let, prim=cast, args=(value,), params=(("dtype", target.dtype),))


def apart(path: Path, other: Path) -> bool:
    """Whether two paths reach different places for certain: constant indexes of one axis and sign that differ."""
    if not (path and other and isinstance(path[0], Index) and isinstance(other[0], Index)):
        return False
    for a, b in zip(path[0].entries, other[0].entries, strict=False):
        if a is Ellipsis or b is Ellipsis or a is None or b is None:
            return False
        if type(a) is int and type(b) is int and a != b and (a >= 0) == (b >= 0):
            return True
        if not all(e is SLOT or type(e) is int for e in (a, b)):
            return False
    return False


RULES: dict[Primitive, Callable[[Let, Made], Atom | Let | None]] = {
    trip_count: _trip_count,
    add: _add, sub: _sub, mul: _mul, truediv: _truediv, neg: _neg, cast: _cast, dim: _dim, load: _load, store: _store,
}
"""What is known of each primitive."""
