"""Paths as expressions that mean the same under NumPy and under Numba.

Numba takes one index array of rank 1, reshapes contiguous arrays only, and lacks `swapaxes` and `squeeze`; what it
cannot do is written another way, or goes through `s2sad_rt`.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

from s2sad.ir import paths
from s2sad.ir.infer import load_type
from s2sad.ir.nodes import Atom
from s2sad.ir.paths import Index, Path, Step, View
from s2sad.ir.primitives import literal
from s2sad.ir.printer import key_value
from s2sad.ir.types import Array


def loaded(base: ast.expr, exprs: Sequence[ast.expr], path: Path, array: Array, operands: Sequence[Atom]) -> ast.expr:
    """The value at a path."""
    path = _plain(path, array, operands)
    taken = 0
    for k, step in enumerate(path):
        count = paths.count_slots((step,))
        here = exprs[taken : taken + count]
        base = _step(base, here, step, _type_before(array, path[:k], operands), operands[taken : taken + count])
        taken += count
    return base


def stored(
    base: ast.expr, exprs: Sequence[ast.expr], path: Path, array: Array, operands: Sequence[Atom], add: bool
) -> tuple[ast.expr, tuple[str, ast.expr, ast.expr] | None]:
    """The place that a store writes to, or a call of `s2sad_rt` that writes: its name, its array and its key."""
    *outer, last = path = _plain(path, array, operands)
    inner = sum(paths.count_slots((s,)) for s in outer)
    if not isinstance(last, Index):
        view = loaded(base, exprs, path, array, operands)
        key: ast.expr = ast.Slice() if _type_before(array, path, operands).rank else ast.Tuple([], ast.Load())
        return ast.Subscript(view, key, ast.Store()), None
    view = loaded(base, exprs[:inner], tuple(outer), array, operands[:inner])
    place = paths.path_expr(view, exprs[inner:], (last,))
    assert isinstance(place, ast.Subscript)
    if any(isinstance(o.type, Array) for o in operands[inner:]):
        return place, ("add_at" if add else "put_at", view, key_value(place.slice))
    return place, None


def _plain(path: Path, array: Array, operands: Sequence[Atom]) -> Path:
    """The path without ellipses, for which Numba has no increments: slices instead, and no step that selects all of
    what another one selected."""
    out: list[Step] = []
    for k, step in enumerate(path):
        if isinstance(step, Index) and Ellipsis in step.entries:
            rank = _type_before(array, path[:k], operands).rank
            used = sum(1 for e in step.entries if e is not None and e is not Ellipsis)
            bools = any(isinstance(o.type, Array) and o.type.dtype == bool for o in operands)
            if bools and paths.count_slots((step,)):
                out.append(step)
                continue
            if step.entries == (Ellipsis,) and out and isinstance(out[-1], Index):
                continue
            at = step.entries.index(Ellipsis)
            step = Index((*step.entries[:at], *[paths.Slice()] * (rank - used), *step.entries[at + 1 :]))
        out.append(step)
    return tuple(out)


def needs_contiguous(path: Path) -> bool:
    """Whether the path is a view of contiguous arrays only."""
    return any(isinstance(step, View) and step.name in ("reshape", "ravel") for step in path)


def _no_size(atom: Any) -> None:
    return None


def _type_before(array: Array, path: Path, operands: Sequence[Atom]) -> Array:
    count = paths.count_slots(path)
    found = load_type(array, tuple(operands[:count]), path, _no_size)
    return found if isinstance(found, Array) else Array(found.dtype, ())  # one element, by way of an ellipsis


def _call(function: str, *args: ast.expr) -> ast.expr:
    module, name = function.split(".")
    return ast.Call(ast.Attribute(ast.Name(module, ast.Load()), name, ast.Load()), list(args), [])


def _step(base: ast.expr, exprs: Sequence[ast.expr], step: Step, type: Array, operands: Sequence[Atom]) -> ast.expr:
    plain = paths.path_expr(base, exprs, (step,))
    match step:
        case Index() if any(isinstance(o.type, Array) for o in operands):
            assert isinstance(plain, ast.Subscript)
            index = operands[0].type
            alone = len(step.entries) == 1 and isinstance(index, Array) and index.rank == 1
            return plain if alone else _call("rt.take_at", base, key_value(plain.slice))
        case View("reshape") if isinstance(plain, ast.Call):
            shape = plain.args[0] if isinstance(plain.args[0], ast.Tuple) else ast.Tuple([plain.args[0]], ast.Load())
            return _call("rt.reshape", base, shape)
        case View("swapaxes", (i, j)):
            axes = list(range(type.rank))
            axes[i], axes[j] = axes[j], axes[i]
            return _call("np.transpose", base, literal(tuple(axes)))
        case View("squeeze", params):
            return paths.path_expr(base, (), (Index(_squeezed(type, params)),))
        case View("diagonal"):
            return _call("rt.diagonal", base, *exprs, *(literal(p) for p in step.params if isinstance(p, int)))
        case _:
            return plain


def _squeezed(type: Array, params: tuple[Any, ...]) -> tuple[Any, ...]:
    axes = [d == 1 for d in type.dims]
    if params and params[0] is not None:
        wanted = params[0] if isinstance(params[0], tuple) else params
        axes = [k in {w % type.rank for w in wanted} for k in range(type.rank)]
    return tuple(0 if gone else paths.Slice() for gone in axes)
