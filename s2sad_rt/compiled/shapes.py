"""Broadcasting, reordering, diagonals, sorting and lists."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad_rt import arrays
from s2sad_rt.compiled.template import (
    at,
    dtype,
    indices,
    is_array,
    literal_known,
    loops,
    overload_source,
    rank,
    sizes,
    tuple_of,
    value,
)

# -- broadcasting and shapes


@overload_source(arrays.unbroadcast)
def _unbroadcast(g: Any, shape: Any) -> Any:
    if not is_array(g):
        return ["return g"]
    kept = len(shape)
    if kept == 0:
        return ["return np.sum(g)"] if rank(g) else ["return g[()]"]
    skip = rank(g) - kept
    i = indices(rank(g))
    strides = [f"s{k} = 0 if shape[{k}] == 1 else 1" for k in range(kept)]
    target = at("out", [f"i{k + skip} * s{k}" for k in range(kept)])
    body = loops(list(zip(i, sizes(rank(g), "g"), strict=True)), [f"{target} += {at('g', i)}"])
    same = " and ".join(f"shape[{k}] == g.shape[{k}]" for k in range(kept))
    quick = [f"if {same}:", "    return g.copy()"] if skip == 0 else []
    fits = " and ".join(f"(shape[{k}] == 1 or shape[{k}] == g.shape[{k + skip}])" for k in range(kept))
    check = [f"if not ({fits}):", "    raise ValueError('operands could not be broadcast together')"]
    lines = [*quick, *check, "out = np.zeros(shape, number)", *strides, *body, "return out"]
    return lines, {"number": dtype(g).type}


@overload_source(arrays.broadcast_to)
def _broadcast_to(x: Any, shape: Any) -> Any:
    names = {"number": dtype(x).type}
    if not is_array(x):
        return ["return np.full(shape, x, number)"], names
    skip = len(shape) - rank(x)
    i = indices(len(shape))
    pairs = [(i[k], f"shape[{k}]") for k in range(len(shape))]
    return [
        "out = np.empty(shape, number)",
        *(f"if x.shape[{k}] != 1 and x.shape[{k}] != shape[{k + skip}]:\n        raise ValueError('cannot broadcast')"
          for k in range(rank(x))),
        *(f"s{k} = 0 if x.shape[{k}] == 1 else 1" for k in range(rank(x))),
        *loops(pairs, [f"{at('out', i)} = {at('x', [f'i{k + skip} * s{k}' for k in range(rank(x))])}"]),
        "return out",
    ], names


@overload_source(arrays.reshape)
def _reshape(x: Any, shape: Any) -> Any:
    if not is_array(x):
        return ["return np.full(shape, x, number)"], {"number": dtype(x).type}
    if x.layout == "C":  # a view, which is written into: `np.ascontiguousarray` may copy even these
        return ["return x.reshape(shape)"]
    return ["return np.ascontiguousarray(x).reshape(shape)"]


@overload_source(arrays.flip, literals=True)
def _flip(x: Any, axis: Any = None) -> Any:
    if not literal_known(axis):
        return None
    axes = _axes(value(axis), rank(x))
    return [f"return {at('x', ['::-1' if k in axes else ':' for k in range(rank(x))])}"]


def _axes(axis: Any, count: int) -> tuple[int, ...]:
    if axis is None:
        return tuple(range(count))
    return tuple(a % count for a in ((axis,) if isinstance(axis, int) else axis))


@overload_source(arrays.roll, literals=True)
def _roll(x: Any, shift: Any, axis: Any = None) -> Any:
    if not literal_known(axis):
        return None
    if value(axis) is None:
        return ["return np.roll(x, shift)"]
    (k,) = _axes(value(axis), rank(x))

    def part(bounds: str) -> list[str]:
        return [bounds if j == k else ":" for j in range(rank(x))]

    return [
        f"n = x.shape[{k}]",
        "if n == 0:",
        "    return x.copy()",
        "s = shift % n",
        "out = np.empty(x.shape, x.dtype)",
        f"{at('out', part('s:'))} = {at('x', part(':n - s'))}",
        f"{at('out', part(':s'))} = {at('x', part('n - s:'))}",
        "return out",
    ]


@overload_source(arrays.linspace)
def _linspace(start: Any, stop: Any, num: Any, endpoint: Any = True) -> Any:
    number = np.result_type(dtype(start), dtype(stop), float)
    return [
        "out = np.empty(num, number)",
        "steps = num - 1 if endpoint else num",
        "for i in range(num):",
        "    out[i] = start + i * ((stop - start) / steps) if steps > 0 else start",
        "if endpoint and num > 1:",
        "    out[num - 1] = stop",
        "return out",
    ], {"number": number.type}


# -- diagonals and triangles


def _diagonal_parts(count: int, axis1: int, axis2: int) -> tuple[list[int], list[str]]:
    """The axes that are not on the diagonal, and the index of an element of the diagonal."""
    first, second = axis1 % count, axis2 % count
    rest = [k for k in range(count) if k not in (first, second)]
    index = indices(count)
    index[first], index[second] = "d + max(-offset, 0)", "d + max(offset, 0)"
    return rest, index


@overload_source(arrays.diagonal, literals=True)
def _diagonal(x: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    if not literal_known(axis1, axis2):
        return None
    a, b = value(axis1) % rank(x), value(axis2) % rank(x)
    rest, index = _diagonal_parts(rank(x), a, b)
    shape = [*(f"x.shape[{k}]" for k in rest), "n"]
    pairs = [*((f"i{k}", f"x.shape[{k}]") for k in rest), ("d", "n")]
    return [
        f"n = max(min(x.shape[{a}] + min(offset, 0), x.shape[{b}] - max(offset, 0)), 0)",
        f"out = np.empty({tuple_of(shape)}, x.dtype)",
        *loops(pairs, [f"{at('out', [p[0] for p in pairs])} = {at('x', index)}"]),
        "return out",
    ]


@overload_source(arrays.from_diagonal, literals=True)
def _from_diagonal(d: Any, shape: Any, offset: Any = 0, axis1: Any = 0, axis2: Any = 1) -> Any:
    if not literal_known(axis1, axis2):
        return None
    rest, index = _diagonal_parts(len(shape), value(axis1), value(axis2))
    names = [*(f"i{k}" for k in rest), "d_"]
    pairs = list(zip(names, sizes(rank(d), "d"), strict=True))
    index = [part.replace("d +", "d_ +") for part in index]
    return [
        f"out = np.zeros({tuple_of([f'shape[{k}]' for k in range(len(shape))])}, d.dtype)",
        *loops(pairs, [f"{at('out', index)} = {at('d', names)}"]),
        "return out",
    ]


def _triangle(test: str) -> Any:
    def write(x: Any, k: Any = 0) -> Any:
        i = indices(rank(x))
        keep = test.format(i=i[-2], j=i[-1])
        pairs = list(zip(i, sizes(rank(x)), strict=True))
        return [
            "out = np.zeros(x.shape, x.dtype)",
            *loops(pairs, [f"if {keep}:", f"    {at('out', i)} = {at('x', i)}"]),
            "return out",
        ]

    return write


overload_source(arrays.tril)(_triangle("{j} - {i} <= k"))
overload_source(arrays.triu)(_triangle("{j} - {i} >= k"))

# -- sorting and picking


def _lanes(call: str, number: str) -> Any:
    """Apply a function of vectors along one axis."""

    def write(x: Any, axis: Any = -1) -> Any:
        if not literal_known(axis):
            return None
        k = value(axis) % rank(x)
        rest = [(f"i{j}", f"x.shape[{j}]") for j in range(rank(x)) if j != k]
        index = [":" if j == k else f"i{j}" for j in range(rank(x))]
        lane = call.format(x=at("x", index))
        return [
            f"out = np.empty(x.shape, {number})",
            *loops(rest, [f"{at('out', index)} = {lane}"]),
            "return out",
        ]

    return write


overload_source(arrays.sort, literals=True)(_lanes("np.sort({x})", "x.dtype"))
overload_source(arrays.argsort, literals=True)(_lanes("np.argsort({x}, kind='mergesort')", "np.int64"))


@overload_source(arrays.take_along_axis, literals=True)
def _take_along_axis(x: Any, places: Any, axis: Any) -> Any:
    if not literal_known(axis):
        return None
    i = indices(rank(x))
    source = list(i)
    source[value(axis) % rank(x)] = at("places", i)
    return [
        "out = np.empty(places.shape, x.dtype)",
        *loops(list(zip(i, sizes(rank(x), "places"), strict=True)), [f"{at('out', i)} = {at('x', source)}"]),
        "return out",
    ]


@overload_source(arrays.put_along_axis, literals=True)
def _put_along_axis(values: Any, places: Any, size: Any, axis: Any) -> Any:
    if not literal_known(axis):
        return None
    i = indices(rank(values))
    target = list(i)
    k = value(axis) % rank(values)
    target[k] = at("places", i)
    shape = ["size" if j == k else f"values.shape[{j}]" for j in range(rank(values))]
    return [
        f"out = np.zeros({tuple_of(shape)}, values.dtype)",
        *loops(list(zip(i, sizes(rank(values), "places"), strict=True)), [f"{at('out', target)} += {at('values', i)}"]),
        "return out",
    ]


# -- growing lists


@overload_source(arrays.array_of_list)
def _array_of_list(items: Any) -> Any:
    item = items.dtype
    count = rank(item)
    dims = [f"items[0].shape[{k}] if len(items) > 0 else 0" for k in range(count)]
    return [
        f"out = np.empty({tuple_of(['len(items)', *dims])}, number)",
        "for i in range(len(items)):",
        "    out[i] = items[i]",
        "return out",
    ], {"number": dtype(item).type}


@overload_source(arrays.list_add)
def _list_add(left: Any, right: Any) -> Any:
    return ["return [left[i] + right[i] for i in range(len(left))]"]


@overload_source(arrays.list_of_array)
def _list_of_array(x: Any) -> Any:
    return ["return [x[i] for i in range(len(x))]" if rank(x) == 1 else "return [x[i].copy() for i in range(len(x))]"]


