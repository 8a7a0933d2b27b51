"""Result types, found by running the primitive itself on dummies.

dtype, rank and promotion come from NumPy with no rule written. Sizes are found by running on two sets of dummies, where
each symbol has a different prime in each set (and the order of sizes flips between them), and fitting the result's
sizes as linear forms; a size that fits nothing is None, for which the builder makes a fresh symbol.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from functools import lru_cache
from itertools import product
from typing import Any

import numpy as np

from s2sad.ir import paths
from s2sad.ir.primitives import (
    Primitive,
    cast,
    dim,
    inc,
    list_append,
    list_drop,
    list_get,
    list_len,
    list_new,
    list_set,
    list_zeros,
    load,
    store,
    undef,
    zeros,
)
from s2sad.ir.types import (
    INT,
    Array,
    Dim,
    List,
    Scalar,
    Size,
    Symbol,
    Type,
    above_one,
    add_dims,
    is_number,
    lower_bound,
    replace_in_dim,
    replace_symbols,
    scale_dim,
    symbol,
    symbols_of,
    type_of_value,
)

PRIMES = (11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53)
SizeOf = Callable[[Any], Dim | None]


def result_types(prim: Primitive, args: tuple[Any, ...], params: dict[str, Any], size_of: SizeOf) -> tuple[Type, ...]:
    """The types of the results of ``prim(*args, **params)``; a dim that cannot be known is None.

    Raises whatever NumPy raises when the call is wrong for these types (shapes that never match, a bad dtype).
    """
    rule = TYPE_RULES.get(prim) or prim.type_rule
    if rule is not None:
        _ASSUMED.set(())
        return rule(args, params, size_of)
    infer = _elementwise if prim.elementwise else _probe
    return infer(prim, tuple(a.type for a in args), tuple(sorted(params.items())))


def assumed_equal(prim: Primitive, args: tuple[Any, ...], params: dict[str, Any]) -> tuple[tuple[Dim, Dim], ...]:
    """The pairs of sizes that the last `result_types`, of this call, took to be equal: else the call is an error."""
    if TYPE_RULES.get(prim) or prim.type_rule:
        return _ASSUMED.get()
    types = tuple(a.type for a in args)
    if not any(symbols_of(t) for t in types):
        return ()
    if prim.elementwise:
        return _equal_columns(tuple(t.dims for t in types if isinstance(t, Array)))
    return _PROBED.get((prim, types, tuple(sorted(params.items()))), ())


def assume_equal(a: Dim | None, b: Dim | None) -> None:
    """For type rules: the call is an error unless these sizes are equal. ValueError if they are known to differ."""
    if isinstance(a, int) and isinstance(b, int) and a != b:
        raise ValueError(f"the sizes {a} and {b} differ")
    if a is not None and b is not None and a != b:
        _ASSUMED.set((*_ASSUMED.get(), (a, b)))


_ASSUMED: ContextVar[tuple[tuple[Dim, Dim], ...]] = ContextVar("assumed", default=())
"""What the type rule that ran last assumed."""
_PROBED: dict[Any, tuple[tuple[Dim, Dim], ...]] = {}
"""What `_probe` assumed, for the calls where it had to assume something."""


def _equal_columns(shapes: tuple[tuple[Dim | None, ...], ...]) -> tuple[tuple[Dim, Dim], ...]:
    pairs = []
    rank = max(map(len, shapes), default=0)
    for column in zip(*((1,) * (rank - len(s)) + tuple(s) for s in shapes), strict=True):
        sure = list(dict.fromkeys(d for d in column if d is not None and above_one(d)))
        pairs += [(sure[0], d) for d in sure[1:]]
    return tuple(pairs)


@lru_cache(maxsize=100_000)
def _elementwise(prim: Primitive, types: tuple[Type, ...], params: tuple[tuple[str, Any], ...]) -> tuple[Type, ...]:
    """dtype by running on one element; dims by broadcasting, where sizes not known to be equal may be at run time."""
    if not any(isinstance(t, Array) for t in types):
        return _probe(prim, types, params)
    ones = tuple(Array(t.dtype, (1,) * t.rank) if isinstance(t, Array) else t for t in types)
    (found,) = _probe(prim, ones, params)
    if not isinstance(found, Array):
        return (found,)
    dims = broadcast_dims(*(t.dims for t in types if isinstance(t, Array)))
    return (Array(found.dtype, dims),)


def broadcast_dims(*shapes: tuple[Dim | None, ...]) -> tuple[Dim | None, ...]:
    """The shape that arrays of these shapes broadcast to; None where it is known at run time only."""
    rank = max(map(len, shapes))
    padded = [(1,) * (rank - len(s)) + tuple(s) for s in shapes]
    return tuple(_broadcast_sizes(column) for column in zip(*padded, strict=True))


def _broadcast_sizes(sizes: tuple[Dim | None, ...]) -> Dim | None:
    left = [d for d in dict.fromkeys(sizes) if d != 1]
    ints = [d for d in left if isinstance(d, int)]
    if len(ints) > 1:
        raise ValueError(f"operands could not be broadcast together: sizes {' and '.join(map(str, ints))}")
    if len(left) <= 1:
        return left[0] if left else 1
    if ints:
        return ints[0]
    sure = [d for d in left if d is not None and above_one(d)]
    return sure[0] if sure else None


@lru_cache(maxsize=100_000)
def _probe(prim: Primitive, types: tuple[Type, ...], params: tuple[tuple[str, Any], ...]) -> tuple[Type, ...]:
    assumed: list[tuple[Dim, Dim]] = []
    found = probe(lambda *values: prim.impl(*values, **dict(params)), types, assumed)
    if assumed:
        _PROBED[prim, types, params] = tuple(assumed)
    return found


def probe(
    function: Callable[..., Any], types: Iterable[Type], assumed: list[tuple[Dim, Dim]] | None = None
) -> tuple[Type, ...]:
    """The result types of a NumPy function, by running it on two sets of dummies.

    Where it refuses their shapes, sizes that are not known to be equal are taken to be, as few as make it accept them:
    the program is right only if they are, and the run checks it. `assumed` is told which.
    """
    differences: dict[Dim, Symbol] = {}
    types = tuple(_without_differences(t, differences) for t in types)
    forms: dict[Symbol, Dim] = {s: d for d, s in differences.items()}
    try:
        return tuple(replace_symbols(t, forms) for t in _probe_sizes(function, types))
    except (ValueError, IndexError):
        for equal in _assumptions(types):
            try:
                found = _probe_sizes(function, tuple(replace_symbols(t, equal) for t in types))
            except (ValueError, IndexError):
                continue
            if assumed is not None:
                pairs = ((Size(((s, 1),)), d) for s, d in equal.items())
                assumed += [(replace_in_dim(a, forms), replace_in_dim(b, forms)) for a, b in pairs]
            return tuple(replace_symbols(t, forms) for t in found)
        raise


def _without_differences(type: Type, names: dict[Dim, Symbol]) -> Type:
    """The type with a symbol for each size such as ``n - m``, which would be negative for some dummies."""

    def named(d: Dim | None) -> Dim | None:
        if not isinstance(d, Size) or all(c > 0 for _, c in d.terms):
            return d
        return Size(((names.setdefault(d, Symbol(f"?{len(names)}", max(lower_bound(d) or 0, 0))), 1),))

    match type:
        case Array(dtype, dims):
            return Array(dtype, tuple(map(named, dims)))
        case List(item):
            return List(_without_differences(item, names))
        case Scalar():
            return type


def _assumptions(types: tuple[Type, ...]) -> Iterable[dict[Symbol, Dim]]:
    """Sizes for one symbol, then for two, out of the other dims."""
    known = list(dict.fromkeys(d for t in types if isinstance(t, Array) for d in t.dims if d is not None))
    free = sorted({s for t in types for s in symbols_of(t)})
    one = [(s, d) for s in free for d in known if isinstance(d, int) or all(s != other for other, _ in d.terms)]
    yield from ({s: d} for s, d in one)
    for (s, d), (t, e) in product(one, one):
        if s < t and not (isinstance(e, Size) and any(s == other for other, _ in e.terms)):
            yield {s: replace_in_dim(d, {t: e}), t: e}


def _probe_sizes(function: Callable[..., Any], types: tuple[Type, ...]) -> tuple[Type, ...]:
    symbols = sorted({s for t in types for s in symbols_of(t)})
    runs = []
    for primes in (PRIMES, PRIMES[::-1]):
        sizes = {s: primes[i % len(primes)] + 42 * (i // len(primes)) for i, s in enumerate(symbols)}
        with np.errstate(all="ignore"):
            out = function(*(dummy(t, sizes) for t in types))
        runs.append((sizes, out if isinstance(out, tuple) else (out,)))
    (sizes_a, outs_a), (sizes_b, outs_b) = runs
    known = [d for t in types if isinstance(t, Array) for d in t.dims if d is not None]
    results = []
    for a, b in zip(outs_a, outs_b, strict=True):
        type_ = _type_of(a)
        if isinstance(type_, Array):
            pairs = zip(np.shape(a), np.shape(b), strict=True)
            type_ = Array(type_.dtype, tuple(_fit(pair, known, sizes_a, sizes_b) for pair in pairs))
        results.append(type_)
    return tuple(results)


def _type_of(value: Any) -> Type:
    return List(_type_of(value[0])) if isinstance(value, list) else type_of_value(value)


def dummy(type: Type, sizes: dict[Symbol, int]) -> Any:
    """A value of the type: ones, with each symbol's size taken from `sizes`; arrays of integers are zeros, since they
    may be indexes, along an axis of length 1 too."""
    match type:
        case Scalar(dtype, weak):
            return dtype.type(1).item() if weak else dtype.type(1)
        case Array(dtype, dims):
            return (np.zeros if dtype.kind in "iu" else np.ones)([value_of(d, sizes) for d in dims], dtype)
        case List(item):
            return [dummy(item, sizes)]


def value_of(d: Dim | None, sizes: dict[Symbol, int]) -> int:
    """The value of a dim for given sizes of its symbols; a dim that is not known (of a list's items) is 7."""
    if d is None:
        return 7
    return d if isinstance(d, int) else d.constant + sum(c * sizes[s] for s, c in d.terms)


def _fit(pair: tuple[int, int], known: list[Dim], sizes_a: dict[Symbol, int], sizes_b: dict[Symbol, int]) -> Dim | None:
    """The linear form that has these two values: a constant, one of the known dims, or a sum or difference of two."""
    if pair[0] == pair[1]:
        return pair[0]

    def fits(d: Dim) -> bool:
        return (value_of(d, sizes_a), value_of(d, sizes_b)) == pair

    for d in known:
        if fits(d):
            return d
    for d in known:
        for offset in (-1, 1):
            if fits(add_dims(d, offset)):
                return add_dims(d, offset)
    for a, b in product(known, known):
        for sign in (1, -1):
            if fits(add_dims(a, b, sign)):
                return add_dims(a, b, sign)
    total: Dim = 0
    for d in known:  # a concatenation of many
        total = add_dims(total, d)
    return total if fits(total) else None


# -- types of the structural primitives ------------------------------------------------------------------------------


def _alloc_rule(args: tuple[Any, ...], params: dict[str, Any], size_of: SizeOf) -> tuple[Type, ...]:
    return (Array(params["dtype"], tuple(size_of(a) for a in args)),)


def _cast_rule(args: tuple[Any, ...], params: dict[str, Any], size_of: SizeOf) -> tuple[Type, ...]:
    match args[0].type:
        case Array(dims=dims):
            return (Array(params["dtype"], dims),)
        case _:
            return (Scalar(params["dtype"], bool(params.get("weak"))),)


def load_type(array: Array, operands: tuple[Any, ...], path: paths.Path, size_of: SizeOf) -> Type:
    """The type of what stands at the path."""
    supply = iter(operands)
    type_: Type = array
    for k, step in enumerate(path):
        assert isinstance(type_, Array)
        slots = [next(supply) for _ in range(paths.count_slots((step,)))]
        type_ = _step_type(_name_unknown(type_, k), step, slots, size_of)
    return _forget_unnamed(type_) if len(path) > 1 and isinstance(type_, Array) else type_


def _name_unknown(array: Array, place: int) -> Array:
    """Dims that one step leaves unknown, as symbols for the next step."""
    return Array(array.dtype, tuple(symbol(f"?{place}.{k}") if d is None else d for k, d in enumerate(array.dims)))


def _forget_unnamed(array: Array) -> Array:
    def unnamed(d: Dim | None) -> bool:
        return isinstance(d, Size) and any(s.name.startswith("?") for s, _ in d.terms)

    return Array(array.dtype, tuple(None if unnamed(d) else d for d in array.dims))


def _step_type(array: Array, step: paths.Step, slots: list[Any], size_of: SizeOf) -> Type:
    if isinstance(step, paths.Index) and not any(isinstance(s.type, Array) for s in slots):
        return _basic_type(array, step, slots, size_of)
    if isinstance(step, paths.View) and step.name in ("reshape", "broadcast_to"):
        return _reshape_type(array, step, slots, size_of)

    def run(a: Any, *values: Any) -> Any:
        keys = []
        for value, slot in zip(values, slots, strict=True):
            if isinstance(slot.type, Array) and slot.type.dtype == np.bool_:
                value = np.zeros_like(value)
                value.ravel()[: 5 if len(a) < 30 else 7] = True  # sizes that fit nothing
            elif isinstance(slot.type, Array):
                value = np.zeros_like(value)
            keys.append(value)
        return paths.load_path(a, keys, (step,))

    (type_,) = probe(run, (array, *(s.type for s in slots)))
    masked = any(isinstance(s.type, Array) and s.type.dtype == np.bool_ for s in slots)
    if masked and isinstance(type_, Array):
        return Array(type_.dtype, tuple(d if isinstance(d, Size) else None for d in type_.dims))
    return type_


def _basic_type(array: Array, step: paths.Index, slots: list[Any], size_of: SizeOf) -> Type:
    supply = iter(slots)
    entries = list(step.entries)
    used = sum(1 for e in entries if e is not None and e is not Ellipsis)
    if used > array.rank:
        raise IndexError(f"too many indices: the array has rank {array.rank}, but {used} were given")
    if Ellipsis not in entries:
        entries.append(Ellipsis)
    dims: list[Dim | None] = []
    axis = 0
    for entry in entries:
        if entry is None:
            dims.append(1)
        elif entry is Ellipsis:
            dims.extend(array.dims[axis : axis + array.rank - used])
            axis += array.rank - used
        elif isinstance(entry, paths.Slice):
            bounds = (entry.start, entry.stop, entry.step)
            parts = [_plain(next(supply), size_of) if p is paths.SLOT else p for p in bounds]
            length = _inside_dim if entry.inside else _slice_dim
            dims.append(length(array.dims[axis], parts, size_of))
            axis += 1
        else:
            if entry is paths.SLOT:
                next(supply)
            axis += 1
    return Array(array.dtype, tuple(dims)) if dims or Ellipsis in step.entries else Scalar(array.dtype)


def _plain(atom: Any, size_of: SizeOf) -> Any:
    """The int that a constant is; else the atom."""
    size = size_of(atom)
    return size if isinstance(size, int) else atom


def _slice_dim(size: Dim | None, parts: list[Any], size_of: SizeOf) -> Dim | None:
    """The length of ``start:stop:step`` on an axis, or None where it cannot be proved."""
    start, stop, step = parts
    if all(p is None or isinstance(p, int) for p in parts) and isinstance(size, int):
        return len(range(*slice(start, stop, step).indices(size)))
    if start is None and stop is None and step in (1, -1, None):
        return size
    if step not in (None, 1) or size is None:
        return None

    def bound(part: Any, default: Dim) -> Dim | None:
        if part is None:
            return default
        place: Dim | None = part if isinstance(part, int) else size_of(part)
        if isinstance(place, int) and place < 0:
            place = add_dims(size, place)
        if place is None or not _non_negative(place) or (not isinstance(part, int) and _may_be_negative(place, size)):
            return None
        return place if _non_negative(add_dims(size, place, -1)) else None

    low, high = bound(start, 0), bound(stop, size)
    if low is None or high is None:
        return None
    length = add_dims(high, low, -1)
    return length if _non_negative(length) else None


def _inside_dim(size: Dim | None, parts: list[Any], size_of: SizeOf) -> Dim | None:
    """The length of a slice whose bounds are known to be inside. None where it is the difference of two numbers of
    which nothing else is known."""
    start, stop, _ = parts
    low = 0 if start is None else start if isinstance(start, int) else size_of(start)
    high = size if stop is None else stop if isinstance(stop, int) else size_of(stop)
    if low is None or high is None:
        return None
    length = add_dims(high, low, -1)
    alone = [d for d in (low, high) if isinstance(d, Size) and d.constant == 0 and len(d.terms) == 1]
    named = {s for d in alone for s, _ in d.terms if is_number(s)}
    return None if isinstance(length, Size) and any(s in named for s, _ in length.terms) else length


def _may_be_negative(place: Dim, size: Dim) -> bool:
    """Whether a bound of a slice, with numbers of the program in it, may count from the end. That of ``n`` in an array
    of size ``n + 1`` cannot: that size is not negative, and for ``n = -1`` the array is empty."""
    if isinstance(place, int) or not any(c > 0 and is_number(s) for s, c in place.terms):
        return False
    rest = add_dims(size, place, -1)
    return not isinstance(rest, int) or rest > 1


def _non_negative(size: Dim) -> bool:
    least = lower_bound(size)
    return least is not None and least >= 0


def _reshape_type(array: Array, step: paths.View, slots: list[Any], size_of: SizeOf) -> Type:
    supply = iter(slots)
    dims = [size_of(next(supply)) if p is paths.SLOT else p for p in step.params]
    if -1 in dims:
        rest = [d for d in dims if d != -1]
        ints = [d for d in array.dims if isinstance(d, int)]
        missing: Dim | None = None
        left = [d for d in array.dims if isinstance(d, Size) and d not in rest]
        given = int(np.prod([d for d in rest if isinstance(d, int)], dtype=int))
        symbolic = [d for d in rest if not isinstance(d, int)]
        factor, remainder = divmod(int(np.prod(ints, dtype=int)), max(given, 1))
        if all(d in array.dims for d in symbolic) and len(left) <= 1 and remainder == 0:
            missing = scale_dim(left[0], factor) if left else factor
        dims[dims.index(-1)] = missing
    return Array(array.dtype, tuple(dims))


def _load_rule(args: tuple[Any, ...], params: dict[str, Any], size_of: SizeOf) -> tuple[Type, ...]:
    return (load_type(args[0].type, args[1:], params["path"], size_of),)


def _store_rule(args: tuple[Any, ...], params: dict[str, Any], size_of: SizeOf) -> tuple[Type, ...]:
    """The array's own type; what is stored must broadcast into its place."""
    array, value = args[0].type, args[1].type
    if isinstance(value, Array):
        place = load_type(array, args[2:], params["path"], size_of)
        sizes = place.dims if isinstance(place, Array) else ()
        surplus = value.rank - len(sizes)
        if any(d is not None and above_one(d) for d in value.dims[: max(surplus, 0)]):
            raise ValueError(f"an array of rank {value.rank} is stored where one of rank {len(sizes)} stands")
        for there, given in zip(reversed(sizes), reversed(value.dims), strict=False):
            if given is not None and above_one(given):
                assume_equal(there, given)
    return (array,)


TYPE_RULES: dict[Primitive, Callable[..., tuple[Any, ...]]] = {
    load: _load_rule,
    store: _store_rule,
    inc: _store_rule,
    undef: _alloc_rule,
    zeros: _alloc_rule,
    dim: lambda args, params, size_of: (Scalar(INT, weak=True),),
    cast: _cast_rule,
    list_new: lambda args, params, size_of: (List(params["item"]),),
    list_append: lambda args, params, size_of: (args[0].type,),
    list_get: lambda args, params, size_of: (args[0].type.item,),
    list_set: lambda args, params, size_of: (args[0].type,),
    list_drop: lambda args, params, size_of: (args[0].type,),
    list_len: lambda args, params, size_of: (Scalar(INT, weak=True),),
    list_zeros: lambda args, params, size_of: (args[0].type,),
}
