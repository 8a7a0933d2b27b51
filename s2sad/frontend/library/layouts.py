"""How arrays lie in memory, as far as it decides between a view and a copy.

A buffer is in C order unless NumPy would have made it otherwise: ``a.T + 1`` keeps the order of ``a.T``. What NumPy
makes of an operation is asked of NumPy, on dummies laid out as the operands are.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np

from s2sad.frontend.library.support import Elaborator
from s2sad.frontend.values.values import ArrayRef, Buffer, Location, Value
from s2sad.ir import Array, Atom, Builder
from s2sad.ir.infer import PRIMES, value_of
from s2sad.ir.paths import SLOT, Index, Slice, View, count_slots, load_path
from s2sad.ir.types import Dim, Size, symbols_of

UNKNOWN_SIZE = 7
_orders: WeakKeyDictionary[Builder, dict[Location, tuple[int, ...]]] = WeakKeyDictionary()


def order_of(elab: Elaborator, location: Location) -> tuple[int, ...] | None:
    """The axes of a buffer, from the slowest to the fastest; None for C order."""
    return _orders.get(elab.builder, {}).get(location)


def renamed(elab: Elaborator, old: Value, new: Value) -> None:
    """An array has moved to a location of its own name."""
    if isinstance(old, ArrayRef) and isinstance(new, ArrayRef) and (order := order_of(elab, old.location)) is not None:
        _orders[elab.builder][new.location] = order


# -- dummies


def dummy_sizes(types: Sequence[Array]) -> dict[Any, int]:
    """A size for each symbol."""
    symbols = sorted({s for t in types for s in symbols_of(t)})
    return {s: PRIMES[i % len(PRIMES)] + 42 * (i // len(PRIMES)) for i, s in enumerate(symbols)}


def evaluates(size: Dim | None, sizes: dict[Any, int]) -> bool:
    return isinstance(size, int) or (isinstance(size, Size) and all(s in sizes for s, _ in size.terms))


def layout_dummy(elab: Elaborator, ref: ArrayRef, sizes: dict[Any, int]) -> np.ndarray:
    """An array laid out as `ref` is: its path, applied to a dummy of its buffer."""
    content = elab.get(ref.location)
    assert isinstance(content, Buffer)
    buffer = content.atom.type
    assert isinstance(buffer, Array)
    sizes.update((k, v) for k, v in dummy_sizes([buffer, ref.type]).items() if k not in sizes)
    array = _laid_out([value_of(d, sizes) for d in buffer.dims], order_of(elab, ref.location), buffer.dtype)
    operands = iter(ref.operands)
    for step in ref.path:
        slots = [next(operands) for _ in range(count_slots((step,)))]
        if isinstance(step, View) and step.name == "reshape" and array.flags.c_contiguous:
            array = np.empty([UNKNOWN_SIZE if p is SLOT or p == -1 else p for p in step.params], array.dtype)
        else:
            array = load_path(array, [_dummy_slot(elab, a, sizes) for a in slots], (_open(step),))
    return array


def _laid_out(shape: list[int], order: tuple[int, ...] | None, dtype: np.dtype) -> np.ndarray:
    if order is None:
        return np.empty(shape, dtype)
    return np.empty([shape[k] for k in order], dtype).transpose([int(k) for k in np.argsort(order)])


def _open(step: Any) -> Any:
    """A step whose unknown slice bounds are replaced by ones that leave some elements, not all."""
    if not isinstance(step, Index):
        return step

    def entry(e: Any) -> Any:
        if not isinstance(e, Slice) or SLOT not in (e.start, e.stop, e.step):
            return e
        backwards = isinstance(e.step, int) and e.step < 0
        low, high = (-1, 0) if backwards else (0, -1)
        start, stop = (low if e.start is SLOT else e.start), (high if e.stop is SLOT else e.stop)
        return Slice(start, stop, 2 if e.step is SLOT else e.step)

    return Index(tuple(entry(e) for e in step.entries))


def _dummy_slot(elab: Elaborator, atom: Atom, sizes: dict[Any, int]) -> int:
    size = elab.builder.size_of(atom)
    return value_of(size, sizes) if evaluates(size, sizes) else 0


# -- what NumPy makes of them


def note(elab: Elaborator, function: Callable[..., Any], operands: Sequence[Value], result: Value) -> Value:
    """Remember how the result of ``function(*operands)`` lies in memory, where an operand is not in C order."""
    refs = [v for v in operands if isinstance(v, ArrayRef) and v.type.rank > 1]
    if not isinstance(result, ArrayRef) or result.path or not any(v.path or order_of(elab, v.location) for v in refs):
        return result
    sizes = dummy_sizes([v.type for v in refs])
    dummies = [layout_dummy(elab, v, sizes) for v in refs]
    if all(d.flags.c_contiguous for d in dummies):
        return result
    try:
        out = function(*dummies)
    except (ValueError, TypeError, IndexError):
        return result
    if isinstance(out, np.ndarray) and out.ndim == result.type.rank and not out.flags.c_contiguous:
        order = tuple(sorted(range(out.ndim), key=lambda k: -abs(out.strides[k])))
        _orders.setdefault(elab.builder, {})[result.location] = order
    return result


def note_copy(elab: Elaborator, source: Value, result: Value) -> Value:
    """Remember how a copy that keeps the order of its source (``order='K'``) lies in memory."""
    return note(elab, lambda x: np.array(x, order="K"), [source], result)


def note_sum(elab: Elaborator, operands: Sequence[Value], result: Value) -> Value:
    """Remember how the result of an elementwise operation lies in memory."""

    def total(*xs: np.ndarray) -> Any:
        out = np.positive(xs[0])
        for x in xs[1:]:
            out = np.add(xs[0], x) if len(xs) == 2 else np.add(out, x)
        return out

    return note(elab, total, operands, result)
