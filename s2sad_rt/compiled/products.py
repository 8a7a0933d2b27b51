"""Products of arrays of any rank and mixed dtypes."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad_rt import linear_algebra
from s2sad_rt.compiled.template import (
    at,
    dtype,
    is_array,
    literal_known,
    loops,
    number_type,
    overload_source,
    rank,
    tuple_of,
    value,
)


def _ready(name: str, t: Any, number: np.dtype) -> str:
    """An argument with the dtype of the result, C-contiguous."""
    return f"np.ascontiguousarray({name})" if dtype(t) == number else f"{name}.astype(number)"


@overload_source(linear_algebra.matmul)
def _matmul(a: Any, b: Any) -> Any:
    number = np.result_type(dtype(a), dtype(b))
    names = {"number": number_type(number), "zero": number.type(0)}
    if rank(a) <= 2 and rank(b) <= 2 and number.kind in "fc":
        return [f"return {_ready('a', a, number)} @ {_ready('b', b, number)}"], names
    stack = max(rank(a), rank(b), 2) - 2
    row, column = rank(a) > 1, rank(b) > 1
    stack_a, stack_b = max(rank(a) - 2, 0), max(rank(b) - 2, 0)
    lines, shape = [], []
    for k in range(stack):
        ka, kb = k - (stack - stack_a), k - (stack - stack_b)
        if ka >= 0 and kb >= 0:
            lines.append(f"n{k} = a.shape[{ka}] if b.shape[{kb}] == 1 else b.shape[{kb}]")
        else:
            lines.append(f"n{k} = {f'a.shape[{ka}]' if ka >= 0 else f'b.shape[{kb}]'}")
        shape.append(f"n{k}")

    def place(name: str, own: int) -> list[str]:
        return [f"(i{k} if {name}.shape[{k - stack + own}] != 1 else 0)" for k in range(stack - own, stack)]

    full = [*shape, *(["a.shape[-2]"] if row else []), *(["b.shape[-1]"] if column else [])]
    if not full:
        return ["acc = zero", "for k in range(a.shape[0]):", "    acc += a[k] * b[k]", "return acc"], names
    pairs = [
        *((f"i{k}", n) for k, n in enumerate(shape)),
        *([("r", "a.shape[-2]")] if row else []),
        ("k", "a.shape[-1]"),
        *([("c", "b.shape[-1]")] if column else []),
    ]
    target = [*(f"i{k}" for k in range(stack)), *(["r"] if row else []), *(["c"] if column else [])]
    left = [*place("a", stack_a), *(["r"] if row else []), "k"]
    right = [*place("b", stack_b), "k", *(["c"] if column else [])]
    return [
        *lines,
        f"out = np.zeros({tuple_of(full)}, number)",
        *loops(pairs, [f"{at('out', target)} += {at('a', left)} * {at('b', right)}"]),
        "return out",
    ], names


@overload_source(linear_algebra.tensordot, literals=True)
def _tensordot(a: Any, b: Any, left: Any, right: Any) -> Any:
    if not literal_known(left, right):
        return None
    left, right = value(left), value(right)
    term_a = "".join(chr(97 + k) for k in range(rank(a)))
    letters = [chr(65 + k) for k in range(rank(b))]
    for i, j in zip(left, right, strict=True):
        letters[j] = term_a[i]
    term_b = "".join(letters)
    output = "".join(c for c in term_a if c not in term_b) + "".join(c for c in term_b if c not in term_a)
    number = np.result_type(dtype(a), dtype(b))
    if number.kind not in "fc" or not left:
        return _einsum_lines(f"{term_a},{term_b}->{output}", ["a", "b"], (a, b))
    free_a = [k for k in range(rank(a)) if k not in left]
    free_b = [k for k in range(rank(b)) if k not in right]
    count = " * ".join(f"a.shape[{k}]" for k in left)
    rows = " * ".join(f"a.shape[{k}]" for k in free_a) or "1"
    columns = " * ".join(f"b.shape[{k}]" for k in free_b) or "1"

    def packed(name: str, out: str, t: Any, row: list[int], column: list[int]) -> list[str]:
        """The array copied into a matrix, whose rows and columns run over these axes."""
        inner = [f"{out}[r, c] = {at(name, [f'i{k}' for k in range(rank(t))])}", "c += 1"]
        lines = loops(
            [(f"i{k}", f"{name}.shape[{k}]") for k in row],
            ["c = 0", *loops([(f"i{k}", f"{name}.shape[{k}]") for k in column], inner), "r += 1"],
        )
        return ["r = 0", *lines]

    shape = [*(f"a.shape[{k}]" for k in free_a), *(f"b.shape[{k}]" for k in free_b)]
    return [
        f"p = np.empty(({rows}, {count}), number)",
        *packed("a", "p", a, free_a, list(left)),
        f"q = np.empty(({count}, {columns}), number)",
        *packed("b", "q", b, list(right), free_b),
        "out = p @ q",
        f"return out.reshape({tuple_of(shape)})" if shape else "return out[0, 0]",
    ], {"number": number_type(number)}


@overload_source(linear_algebra.outer)
def _outer(a: Any, b: Any) -> Any:
    number = number_type(np.result_type(dtype(a), dtype(b)))
    lines = loops([("i", "len(a)"), ("j", "len(b)")], ["out[i, j] = a[i] * b[j]"])
    return ["out = np.empty((len(a), len(b)), number)", *lines, "return out"], {"number": number}


@overload_source(linear_algebra.einsum, literals=True)
def _einsum(subscripts: Any, *operands: Any) -> Any:
    if not literal_known(subscripts):
        return None
    operands = operands[0] if len(operands) == 1 and isinstance(operands[0], tuple) else operands
    return _einsum_lines(value(subscripts), [f"operands[{k}]" for k in range(len(operands))], operands)


def _einsum_lines(subscripts: str, names: list[str], operands: Any) -> Any:
    """Loops over the letters, those of the output outermost. A letter may be 1 in one operand and more in another."""
    inputs, _, output = subscripts.partition("->")
    terms = inputs.split(",")
    letters = [*output, *(c for c in dict.fromkeys("".join(terms)) if c not in output)]
    holders = {c: [(j, k) for j, t in enumerate(terms) for k, d in enumerate(t) if d == c] for c in letters}
    lines = []
    for c, found in holders.items():
        lines.append(f"n_{c} = {names[found[0][0]]}.shape[{found[0][1]}]")
        lines += [f"if {names[j]}.shape[{k}] != 1:\n        n_{c} = {names[j]}.shape[{k}]" for j, k in found[1:]]
    for j, term in enumerate(terms):
        lines += [f"s{j}_{k} = 0 if {names[j]}.shape[{k}] == 1 else 1" for k in range(len(term))]
    number = np.result_type(*(dtype(t) for t in operands))
    namespace = {"number": number_type(number), "zero": number.type(0)}

    def factor(j: int) -> str:
        if not is_array(operands[j]):
            return names[j]
        shared = {c: len(holders[c]) > 1 for c in terms[j]}
        return at(names[j], [f"i_{c} * s{j}_{k}" if shared[c] else f"i_{c}" for k, c in enumerate(terms[j])])

    product = " * ".join(map(factor, range(len(terms))))
    summed = [(f"i_{c}", f"n_{c}") for c in letters if c not in output]
    if not output:
        return [*lines, "acc = zero", *loops(summed, [f"acc += {product}"]), "return acc"], namespace
    target = at("out", [f"i_{c}" for c in output])
    outer = [(f"i_{c}", f"n_{c}") for c in output]
    body = loops(outer, ["acc = zero", *loops(summed, [f"acc += {product}"]), f"{target} = acc"])
    return [*lines, f"out = np.empty({tuple_of([f'n_{c}' for c in output])}, number)", *body, "return out"], namespace


