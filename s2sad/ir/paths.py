"""Paths: how a load, a store or an increment reaches into an array.

A path is a tuple of steps, applied one after another, each to the view that the last one gave:

    step  = Index(entries) | View(name, params)
    entry = int | SLOT | Slice(start, stop, step) | None (new axis) | ...

`SLOT` stands for the next operand of the primitive that carries the path: an integer scalar, or an integer or
bool array. All steps but the last must be views in NumPy's sense, so that writing through them writes the base.
``A.T[1:n][i] = v`` is ``store(A, v, n, i; path=(View('T'), Index((Slice(1, SLOT),)), Index((SLOT,))))``.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, slots=True)
class Slot:
    """The place of the next operand."""

    def __repr__(self) -> str:
        return "SLOT"


SLOT = Slot()


@dataclass(frozen=True, slots=True)
class Slice:
    """``start:stop:step``. `inside`: it is known that ``0 <= start <= stop <= size``, so that no bound is moved."""

    start: int | Slot | None = None
    stop: int | Slot | None = None
    step: int | Slot | None = None
    inside: bool = False


Entry = Any  # int | Slot | Slice | None | Ellipsis


@dataclass(frozen=True, slots=True)
class Index:
    entries: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class View:
    """A view by method or function: T, transpose(axes), swapaxes(i, j), reshape(shape), ravel, real, imag,
    diagonal, expand_dims(axis), squeeze(axis), broadcast_to(shape, for reading only)."""

    name: str
    params: tuple[Any, ...] = ()  # ints and SLOTs


Step = Index | View
Path = tuple[Step, ...]


def element_path(rank: int) -> Path:
    """The path ``[i, j, ...]`` to one element, with one operand an axis."""
    return (Index((SLOT,) * rank),)


def is_element(path: Path, rank: int) -> bool:
    """Whether a path is one index an axis, each of them an integer or an operand."""
    if len(path) != 1 or not isinstance(path[0], Index):
        return False
    entries = path[0].entries
    plain = all(e is SLOT or (isinstance(e, int) and not isinstance(e, bool)) for e in entries)
    return plain and len(entries) == rank


def count_slots(path: Path) -> int:
    """How many operands the path takes."""
    return sum(1 for _ in _slots(path))


def _slots(path: Path) -> Iterator[Slot]:
    for step in path:
        for entry in step.entries if isinstance(step, Index) else step.params:
            parts = (entry.start, entry.stop, entry.step) if isinstance(entry, Slice) else (entry,)
            yield from (p for p in parts if isinstance(p, Slot))


def _filler(operands: Sequence[Any]) -> Callable[[Any], Any]:
    supply = iter(operands)
    return lambda part: next(supply) if isinstance(part, Slot) else part


def _apply_step(array: Any, step: Step, fill: Callable[[Any], Any]) -> Any:
    match step:
        case Index():
            return array[_key(step, fill)]
        case View("T"):
            return array.T
        case View("real" | "imag" as name):
            return getattr(array, name)
        case View("expand_dims" | "broadcast_to" as name, params):
            filled = tuple(fill(p) for p in params)
            return getattr(np, name)(array, filled[0] if name == "expand_dims" else filled)
        case View("reshape", params):
            return array.reshape(tuple(fill(p) for p in params))
        case View(name, params):
            return getattr(array, name)(*(fill(p) for p in params))


def _key(step: Index, fill: Callable[[Any], Any]) -> tuple[Any, ...]:
    def part(entry: Entry) -> Any:
        if isinstance(entry, Slice):
            return slice(fill(entry.start), fill(entry.stop), fill(entry.step))
        return fill(entry)

    return tuple(part(e) for e in step.entries)


def load_path(array: Any, operands: Sequence[Any], path: Path) -> Any:
    """The value at the path: a view, or a copy where the last step is fancy."""
    fill = _filler(operands)
    for step in path:
        array = _apply_step(array, step, fill)
    return array


def store_path(array: Any, value: Any, operands: Sequence[Any], path: Path, add: bool = False) -> None:
    """Write (or add) `value` at the path, in place. Repeated indices accumulate when adding."""
    fill = _filler(operands)
    *outer, last = path
    for step in outer:
        view = _apply_step(array, step, fill)
        if isinstance(view, np.ndarray) and not np.shares_memory(view, array) and view.size:
            raise ValueError(f"cannot write through {step}: it copies")
        array = view
    if isinstance(last, Index):
        key = _key(last, fill)
        if add:
            np.add.at(array, key, value)
        else:
            array[key] = value
        return
    view = _apply_step(array, last, fill)
    if not np.shares_memory(view, array) and view.size:
        raise ValueError(f"cannot write through {last}: it copies")
    view[...] = view + value if add else value


def path_expr(base: ast.expr, operands: Sequence[ast.expr], path: Path) -> ast.expr:
    """The path as Python: ``base[i, 1:n].T``."""
    fill = _filler(operands)

    def bound(part: Any) -> ast.expr | None:
        return None if (part := fill(part)) is None else constant(part)

    def constant(part: Any) -> ast.expr:
        part = fill(part)
        if isinstance(part, ast.expr):
            return part
        return ast.Constant(part) if part is Ellipsis or part >= 0 else ast.UnaryOp(ast.USub(), ast.Constant(-part))

    for step in path:
        match step:
            case Index(entries):
                keys = [
                    ast.Slice(bound(e.start), bound(e.stop), bound(e.step))
                    if isinstance(e, Slice)
                    else bound(e) or ast.Attribute(ast.Name("np"), "newaxis")
                    for e in entries
                ]
                base = ast.Subscript(base, keys[0] if len(keys) == 1 else ast.Tuple(keys, ast.Load()), ast.Load())
            case View("T" | "real" | "imag" as name):
                base = ast.Attribute(base, name, ast.Load())
            case View("expand_dims" | "broadcast_to" as name, params):
                parts = [constant(p) for p in params]
                arg = parts[0] if name == "expand_dims" else ast.Tuple(parts, ast.Load())
                base = ast.Call(ast.Attribute(ast.Name("np"), name), [base, arg], [])
            case View(name, params):
                parts = [constant(p) for p in params]
                if name == "reshape" and len(parts) != 1:
                    parts = [ast.Tuple(parts, ast.Load())]
                base = ast.Call(ast.Attribute(base, name), parts, [])
    return base
