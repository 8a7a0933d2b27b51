"""The functions of `s2sad_rt.eigenspaces`, compiled as they stand, one matrix of a stack after another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from s2sad_rt import eigenspaces as plain
from s2sad_rt.compiled.template import at, dtype, loops, number_type, overload_source, rank

register_jitable(plain.reach)
_together = register_jitable(plain.together_of)
_turned = register_jitable(plain.turned_of)


def _one(name: str, index: list[str]) -> str:
    return at(name, index) if index else name


def _stack(t: Any, name: str, below: int) -> tuple[list[tuple[str, str]], list[str]]:
    count = rank(t) - below
    return [(f"i{k}", f"{name}.shape[{k}]") for k in range(count)], [f"i{k}" for k in range(count)]


@overload_source(plain.together)
def _of_together(w: Any) -> Any:
    number = np.finfo(dtype(w)).dtype
    pairs, index = _stack(w, "w", 1)
    body = [f"together({_one('w', index)}, {_one('out', index)}, {plain.precision_of(number)!r})"]
    names = {"together": _together, "number": number_type(number)}
    return ["out = np.empty(w.shape + (w.shape[-1],), number)", *loops(pairs, body), "return out"], names


@overload_source(plain.level)
def _of_level(w: Any, like: Any) -> Any:
    pairs, index = _stack(w, "w", 1)
    body = ["for k in range(w.shape[-1]):", f"    {at('out', [*index, 'k', 'k'])} = {at('w', [*index, 'k'])}"]
    names = {"number": number_type(dtype(like))}
    return ["out = np.zeros(w.shape + (w.shape[-1],), number)", *loops(pairs, body), "return out"], names


@overload_source(plain.turned)
def _of_turned(change: Any, level: Any, plus: Any = False, alone: Any = False, back: Any = False) -> Any:
    number = np.result_type(dtype(change), dtype(level))
    pairs, index = _stack(change, "change", 2)
    own = _one("level", index[rank(change) - rank(level) :])
    body = [
        f"w = np.diag({own}).copy()",
        f"turned({_one('change', index)}, w, {_one('out', index)}, plus, alone, back,"
        f" {plain.precision_of(dtype(level))!r})",
    ]
    names = {"turned": _turned, "number": number_type(number)}
    return ["out = np.empty(change.shape, number)", *loops(pairs, body), "return out"], names
