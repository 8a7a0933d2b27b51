"""Reductions over literal axes, and running sums and products."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from s2sad_rt import arrays
from s2sad_rt.compiled.template import (
    at,
    dtype,
    indices,
    literal_known,
    loops,
    number_type,
    overload_source,
    rank,
    sizes,
    tuple_of,
    value,
)


def _sum_dtype(d: np.dtype) -> np.dtype:
    return np.dtype(np.int64) if d.kind in "bi" else np.dtype(np.uint64) if d.kind == "u" else d


def _reduction(start: str, step: list[str], result: Any, empty: bool = True) -> Any:
    """The writer of a reduction: `step` updates ``acc`` by ``v``; `result` gives its dtype from that of the array."""

    def write(x: Any, axes: Any, keepdims: Any) -> Any:
        if not literal_known(axes, keepdims):
            return None
        count, gone, keep = rank(x), value(axes), value(keepdims)
        names = {"number": number_type(result(dtype(x)))}
        if count == 0:
            return ["v = x", f"acc = {start}", *step, "return acc"], names
        i, n = indices(count), sizes(count)
        kept = [k for k in range(count) if k not in gone]
        inner = [(i[k], n[k]) for k in range(count) if k in gone]
        first = at("x", [i[k] if k in kept else "0" for k in range(count)])
        lines = [f"acc = {start.format(first=first)}", *loops(inner, [f"v = {at('x', i)}", *step])]
        check = [] if empty else [
            f"if {' or '.join(f'{n[k]} == 0' for k in gone)}:", "    raise ValueError('zero-size array to reduction')",
        ]
        if not kept and not keep:
            return [*check, *lines, "return acc"], names
        shape = [n[k] if k in kept else "1" for k in range(count) if k in kept or keep]
        target = at("out", [i[k] if k in kept else "0" for k in range(count) if k in kept or keep])
        outer = [(i[k], n[k]) for k in kept]
        if start == "number(0)" and step == ["acc += v"] and gone[-1] != count - 1:  # rows first: stay in memory order
            body = loops(list(zip(i, n, strict=True)), [f"{target} += {at('x', i)}"])
            return [f"out = np.zeros({tuple_of(shape)}, number)", *body, "return out"], names
        body = loops(outer, [*lines, f"{target} = acc"])
        return [*check, f"out = np.empty({tuple_of(shape)}, number)", *body, "return out"], names

    return write


def _same(d: np.dtype) -> np.dtype:
    return d


def _bool(d: np.dtype) -> np.dtype:
    return np.dtype(bool)


def _int(d: np.dtype) -> np.dtype:
    return np.dtype(np.int64)


def _register(function: Any, *how: Any, **options: Any) -> None:
    overload_source(function, literals=True)(_reduction(*how, **options))


_register(arrays.sum_, "number(0)", ["acc += v"], _sum_dtype)
_register(arrays.prod, "number(1)", ["acc *= v"], _sum_dtype)
_register(arrays.max_, "{first}", ["if v > acc or v != v:", "    acc = v"], _same, empty=False)
_register(arrays.min_, "{first}", ["if v < acc or v != v:", "    acc = v"], _same, empty=False)
_register(arrays.any_, "False", ["if v:", "    acc = True"], _bool)
_register(arrays.all_, "True", ["if not v:", "    acc = False"], _bool)
_register(arrays.count_nonzero, "0", ["if v:", "    acc += 1"], _int)


def _arg_extreme(better: str) -> Any:
    def write(x: Any, axes: Any, keepdims: Any) -> Any:
        if not literal_known(axes, keepdims):
            return None
        count, gone, keep = rank(x), value(axes), value(keepdims)
        i, n = indices(count), sizes(count)
        kept = [k for k in range(count) if k not in gone]
        start = at("x", [i[k] if k in kept else "0" for k in range(count)])
        step = [
            f"v = {at('x', i)}",
            f"if v {better} best or (v != v and best == best):",
            "    best = v",
            "    place = c",
            "c += 1",
        ]
        lines = [f"best = {start}", "place = 0", "c = 0", *loops([(i[k], n[k]) for k in gone], step)]
        if not kept and not keep:
            return [*lines, "return place"]
        shown = [k for k in range(count) if k in kept or keep]
        shape = [n[k] if k in kept else "1" for k in shown]
        target = at("out", [i[k] if k in kept else "0" for k in shown])
        body = loops([(i[k], n[k]) for k in kept], [*lines, f"{target} = place"])
        return [f"out = np.empty({tuple_of(shape)}, np.int64)", *body, "return out"]

    return write


overload_source(arrays.argmax, literals=True)(_arg_extreme(">"))
overload_source(arrays.argmin, literals=True)(_arg_extreme("<"))

# -- running sums and products


def _running(start: str, operator: str) -> Any:
    def write(x: Any, axis: Any) -> Any:
        if not literal_known(axis):
            return None
        k = value(axis) % rank(x)
        i, n = indices(rank(x)), sizes(rank(x))
        inner = [f"for {i[k]} in range({n[k]}):", f"    acc {operator}= {at('x', i)}", f"    {at('out', i)} = acc"]
        rest = [(i[j], n[j]) for j in range(rank(x)) if j != k]
        number = number_type(_sum_dtype(dtype(x)))
        lines = ["out = np.empty(x.shape, number)", *loops(rest, [f"acc = number({start})", *inner]), "return out"]
        return lines, {"number": number}

    return write


overload_source(arrays.cumsum, literals=True)(_running("0", "+"))
overload_source(arrays.cumprod, literals=True)(_running("1", "*"))


@register_jitable
def _times_factor(p, f, i, out):
    """`out` is the polynomial `p` times ``x + e_1 v_1 + ...``, column i of `f`: see `arrays._times_factor`."""
    for s in range(p.shape[0]):
        total = p[s] * f[0, i]
        for k in range(f.shape[0] - 1):
            if s >> k & 1:
                total += p[s ^ (1 << k)] * f[k + 1, i]
        out[s] = total


@register_jitable
def _prefixes(f):
    m, n = f.shape
    p = np.zeros((n + 1, 1 << (m - 1)), f.dtype)
    p[0, 0] = 1
    for i in range(n):
        _times_factor(p[i], f, i, p[i + 1])
    return p


@register_jitable
def _coefficient(p, q):
    full = p.shape[0] - 1
    total = p[0] * q[full]
    for s in range(1, full + 1):
        total += p[s] * q[full ^ s]
    return total


@register_jitable
def _prod_along_lane(f):
    return _prefixes(f)[-1, -1]


@register_jitable
def _prod_others_lane(f):
    n = f.shape[1]
    before, after = _prefixes(f), _prefixes(f[:, ::-1])
    out = np.empty(n, f.dtype)
    for i in range(n):
        out[i] = _coefficient(before[i], after[n - 1 - i])
    return out


@register_jitable
def _cumprod_along_lane(f):
    return _prefixes(f)[1:, -1]


@register_jitable
def _cumprod_adjoint_lane(f):
    g, rest = f[0], f[1:]
    before = _prefixes(rest)
    suffix = np.zeros(before.shape[1], f.dtype)
    product = np.zeros(before.shape[1], f.dtype)
    out = np.empty(g.shape[0], f.dtype)
    for j in range(g.shape[0]):
        i = g.shape[0] - 1 - j
        suffix[0] += g[i]
        out[i] = _coefficient(before[i], suffix)
        _times_factor(suffix, rest, i, product)
        suffix, product = product, suffix
    return out


def _along(lane: Any, reduces: bool) -> Any:
    def write(factors: Any, axis: Any) -> Any:
        if not literal_known(axis):
            return None
        first = factors[0]
        k = value(axis) % rank(first)
        number = np.result_type(*(dtype(f) for f in factors))
        rest = [(f"i{j}", f"factors[0].shape[{j}]") for j in range(rank(first)) if j != k]
        index = [":" if j == k else f"i{j}" for j in range(rank(first))]
        load = [f"f[{m}] = {at(f'factors[{m}]', index)}" for m in range(len(factors))]
        lines = [f"f = np.empty(({len(factors)}, factors[0].shape[{k}]), number)"]
        names = {"number": number.type, "lane": lane}
        if reduces and not rest:
            return [*lines, *load, "return lane(f)"], names
        target = at("out", [j for j in index if j != ":"] if reduces else index)
        shape = [s for _, s in rest] if reduces else sizes(rank(first), "factors[0]")
        body = loops(rest, [*load, f"{target} = lane(f)"])
        return [*lines, f"out = np.empty({tuple_of(shape)}, number)", *body, "return out"], names

    return write


overload_source(arrays.prod_along, literals=True)(_along(_prod_along_lane, True))
overload_source(arrays.prod_others, literals=True)(_along(_prod_others_lane, False))
overload_source(arrays.cumprod_along, literals=True)(_along(_cumprod_along_lane, False))
overload_source(arrays.cumprod_adjoint, literals=True)(_along(_cumprod_adjoint_lane, False))
