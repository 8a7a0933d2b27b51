"""`updates` for Numba: loops written for the kinds of indexes that a call has.

Numba indexes with one array at a time; NumPy with any number, broadcast together, between numbers, slices and masks.
`_Plan` turns the types of a key into a loop nest over the elements that it selects, in NumPy's order of axes.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numba import types
from numba.core.errors import TypingError
from numba.extending import overload
from numba.np.numpy_support import as_dtype

from s2sad_rt import updates


@overload(updates.copy, strict=False)
def _copy(a: Any) -> Any:
    return lambda a: a.copy()


@overload(updates.copy_list, strict=False)
def _copy_list(items: Any) -> Any:
    if isinstance(items, types.List):
        if isinstance(items.dtype, types.List):
            return lambda items: [updates.copy_list(v) for v in items]
        if isinstance(items.dtype, types.Array):
            return lambda items: [v.copy() for v in items]
        return lambda items: items.copy()
    return None


@overload(updates.list_zeros, strict=False)
def _list_zeros(items: Any) -> Any:
    if isinstance(items, types.List):
        if isinstance(items.dtype, types.List):
            return lambda items: [updates.list_zeros(v) for v in items]
        if isinstance(items.dtype, types.Array):
            return lambda items: [np.zeros_like(v) for v in items]
        zero = as_dtype(items.dtype).type(0)
        return lambda items: [zero for _ in items]
    return None


class _Plan:
    """The loops over what a key selects from an array.

    `source` holds the lines that prepare; `place` is the index of one element of the array, `shape` and `indexes`
    belong to the result. Advanced indexes (numbers count among them once there is an array) that stand together keep
    their place in the result, others come first.
    """

    def __init__(self, array: types.Array, key: Any) -> None:
        self.lines: list[str] = []
        self.shape: list[str] = []
        self.indexes: list[str] = []
        self.place = [""] * array.ndim
        self.slices: list[int] = []
        self._count = itertools.count()
        several = isinstance(key, types.BaseTuple)
        entries = list(key) if several else [key]
        texts = [f"key[{k}]" for k in range(len(entries))] if several else ["key"]
        self._walk(array, entries, texts)

    def _walk(self, array: types.Array, entries: list[Any], texts: list[str]) -> None:
        consumed = sum(_axes_of(t) for t in entries)
        advanced: list[tuple[int, str, int]] = []  # axis, text, rank
        order: list[tuple[str, int]] = []  # what stands at each place: a slice of an axis, or an advanced index
        axis = 0
        for type_, text in zip(entries, texts, strict=True):
            if isinstance(type_, types.EllipsisType):
                for _ in range(array.ndim - consumed):
                    order.append(("slice", axis))
                    self._slice(axis, None)
                    axis += 1
            elif isinstance(type_, types.SliceType):
                order.append(("slice", axis))
                self._slice(axis, text)
                axis += 1
            elif isinstance(type_, types.Array) and type_.dtype == types.bool_:
                mask = f"mask{next(self._count)}"
                self.lines.append(f"{mask} = np.nonzero({text})")
                for d in range(type_.ndim):
                    order.append(("advanced", axis))
                    advanced.append((axis, f"{mask}[{d}]", 1))
                    axis += 1
            elif isinstance(type_, (types.Integer, types.Array)):
                order.append(("advanced", axis))
                advanced.append((axis, text, getattr(type_, "ndim", 0)))
                axis += 1
            else:
                raise TypingError(f"cannot index with {type_}")
        for rest in range(axis, array.ndim):
            order.append(("slice", rest))
            self._slice(rest, None)
        self._advanced(advanced)
        self._arrange(order, max((rank for *_, rank in advanced), default=0))

    def _slice(self, axis: int, text: str | None) -> None:
        if text is None:
            self.lines.append(f"start{axis}, step{axis}, n{axis} = 0, 1, a.shape[{axis}]")
        else:
            self.lines += [
                f"start{axis}, stop{axis}, step{axis} = {text}.indices(a.shape[{axis}])",
                f"n{axis} = len(range(start{axis}, stop{axis}, step{axis}))",
            ]
        self.place[axis] = f"start{axis} + j{axis} * step{axis}"

    def _advanced(self, advanced: list[tuple[int, str, int]]) -> None:
        rank = max((r for *_, r in advanced), default=0)
        for d in range(rank):
            self.lines.append(f"b{d} = 1")
        for axis, text, r in advanced:
            if not r:
                self.lines.append(f"i{axis} = {text}")
                self.place[axis] = f"where(i{axis}, a.shape[{axis}])"
                continue
            self.lines.append(f"i{axis} = {text}")
            for d in range(r):
                at = rank - r + d
                self.lines += [
                    f"if i{axis}.shape[{d}] != 1:",
                    f"    if b{at} != 1 and b{at} != i{axis}.shape[{d}]:",
                    "        raise IndexError('shape mismatch: indexing arrays could not be broadcast together')",
                    f"    b{at} = i{axis}.shape[{d}]",
                ]
            index = ", ".join(f"k{rank - r + d} if i{axis}.shape[{d}] != 1 else 0" for d in range(r))
            self.place[axis] = f"where(i{axis}[{index}], a.shape[{axis}])"

    def _arrange(self, order: list[tuple[str, int]], rank: int) -> None:
        kinds = [kind for kind, _ in order]
        block = [(f"b{d}", f"k{d}") for d in range(rank)]
        places = [k for k, kind in enumerate(kinds) if kind == "advanced"]
        together = not places or "slice" not in kinds[places[0] : places[-1]]
        loops: list[tuple[str, str]] = [] if together else list(block)
        placed = not together
        for kind, axis in order:
            if kind == "slice":
                loops.append((f"n{axis}", f"j{axis}"))
            elif not placed:
                loops += block
                placed = True
        self.shape = [n for n, _ in loops]
        self.indexes = [i for _, i in loops]

    def function(self, name: str, params: str, before: list[str], inner: str, after: list[str]) -> Callable[..., Any]:
        """The loop nest as a function."""
        body = [*self.lines, *before]
        pad = ""
        for size, index in zip(self.shape, self.indexes, strict=True):
            body.append(f"{pad}for {index} in range({size}):")
            pad += "    "
        body += [pad + inner, *after]
        text = "\n".join([f"def {name}({params}):", *("    " + line for line in body)])
        namespace: dict[str, Any] = {"np": np, "where": _inside}
        exec(text, namespace)
        return namespace[name]


def _axes_of(type_: Any) -> int:
    if isinstance(type_, types.EllipsisType):
        return 0
    return type_.ndim if isinstance(type_, types.Array) and type_.dtype == types.bool_ else 1


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _value(plan: _Plan, value: Any) -> tuple[list[str], str]:
    """How the value is spread over the result, and what is read of it for one element."""
    if not isinstance(value, types.Array):
        return [], "value"
    if value.ndim == 0:
        return ["number = value[()]"], "number"
    extra = value.ndim - len(plan.shape)
    if extra > 0:
        raise TypingError("the value has more dimensions than the place it goes to")
    spread = f"spread = np.broadcast_to(value, {_tuple(plan.shape)})"
    return [spread], f"spread[{', '.join(plan.indexes)}]"


def _inside(i: int, n: int) -> int:
    """A checked index without its sign."""
    if i < 0:
        i += n
    if i < 0 or i >= n:
        raise IndexError("index out of bounds")
    return i


@overload(_inside, strict=False)
def _inside_compiled(i: Any, n: Any) -> Any:
    return _inside


@overload(updates.add_at, strict=False)
def _add_at(a: Any, key: Any, value: Any) -> Any:
    if not isinstance(a, types.Array):
        return None
    plan = _Plan(a, key)
    before, item = _value(plan, value)
    return plan.function("add_at", "a, key, value", before, f"a[{', '.join(plan.place)}] += {item}", [])


@overload(updates.put_at, strict=False)
def _put_at(a: Any, key: Any, value: Any) -> Any:
    if not isinstance(a, types.Array):
        return None
    plan = _Plan(a, key)
    before, item = _value(plan, value)
    return plan.function("put_at", "a, key, value", before, f"a[{', '.join(plan.place)}] = {item}", [])


@overload(updates.take_at, strict=False)
def _take_at(a: Any, key: Any) -> Any:
    if not isinstance(a, types.Array):
        return None
    plan = _Plan(a, key)
    before = [f"out = np.empty({_tuple(plan.shape)}, a.dtype)"]
    inner = f"out[{', '.join(plan.indexes)}] = a[{', '.join(plan.place)}]"
    return plan.function("take_at", "a, key", before, inner, ["return out"])
