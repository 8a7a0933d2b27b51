"""Matrix functions on stacks of matrices, one matrix after another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numba.extending import register_jitable

from s2sad_rt import linear_algebra
from s2sad_rt.compiled.template import at, dtype, loops, number_type, overload_source, rank, tuple_of


def _working(*ts: Any) -> np.dtype:
    """The dtype in which LAPACK works on these."""
    number = np.result_type(*(dtype(t) for t in ts))
    return number if number.kind in "fc" else np.dtype(float)


def _stack(t: Any, name: str, below: int = 2) -> tuple[list[tuple[str, str]], list[str]]:
    """The loops over a stack, and the index of one matrix of it."""
    count = rank(t) - below
    return [(f"i{k}", f"{name}.shape[{k}]") for k in range(count)], [f"i{k}" for k in range(count)]


def _matrix(name: str, index: list[str], t: Any, number: np.dtype) -> str:
    one = at(name, index) if index else name
    return f"np.ascontiguousarray({one})" if dtype(t) == number else f"{one}.astype(number)"


def _per_matrix(call: str, names: dict[str, Any] | None = None) -> Any:
    """The writer of a function from matrices to matrices of the same shape."""

    def write(x: Any) -> Any:
        number = _working(x)
        pairs, index = _stack(x, "x")
        found = {"number": number_type(number), **(names or {})}
        one = call.format(_matrix("x", index, x, number))
        if not pairs:
            return [f"return {one}"], found
        lines = ["out = np.empty(x.shape, number)", *loops(pairs, [f"{at('out', index)} = {one}"]), "return out"]
        return lines, found

    return write


@register_jitable
def _cofactor(x):
    u, s, vh = np.linalg.svd(x)
    n = s.shape[0]
    scale = np.linalg.det(u) * np.linalg.det(vh)
    for i in range(n):
        product = 1.0
        for j in range(n):
            if i != j:
                product *= s[j]
        u[:, i] *= product
    return np.conj(u @ vh) * scale


overload_source(linear_algebra.inv)(_per_matrix("np.linalg.inv({})"))
overload_source(linear_algebra.cholesky)(_per_matrix("np.linalg.cholesky({})"))


@register_jitable
def _indefinite(x):
    try:
        np.linalg.cholesky(x)
    except Exception:
        return True
    return False


@overload_source(linear_algebra.indefinite)
def _any_indefinite(x: Any) -> Any:
    number = _working(x)
    pairs, index = _stack(x, "x")
    names = {"number": number_type(number), "fails": _indefinite}
    one = f"fails({_matrix('x', index, x, number)})"
    if not pairs:
        return [f"return {one}"], names
    return ["bad = False", *loops(pairs, [f"bad = bad or {one}"]), "return bad"], names


overload_source(linear_algebra.cofactor)(_per_matrix("cofactor({}).astype(number)", {"cofactor": _cofactor}))


@overload_source(linear_algebra.det)
def _det(x: Any) -> Any:
    number = _working(x)
    pairs, index = _stack(x, "x")
    one = f"np.linalg.det({_matrix('x', index, x, number)})"
    names = {"number": number_type(number)}
    if not pairs:
        return [f"return number({one})"], names
    shape = tuple_of([n for _, n in pairs])
    return [f"out = np.empty({shape}, number)", *loops(pairs, [f"{at('out', index)} = {one}"]), "return out"], names


@overload_source(linear_algebra.slogdet)
def _slogdet(x: Any) -> Any:
    number = _working(x)
    real = np.dtype(f"f{number.itemsize // 2}") if number.kind == "c" else number
    pairs, index = _stack(x, "x")
    one = f"np.linalg.slogdet({_matrix('x', index, x, number)})"
    names = {"number": number_type(number), "real": number_type(real)}
    if not pairs:
        return [f"s, l = {one}", "return number(s), real(l)"], names
    shape = tuple_of([n for _, n in pairs])
    body = loops(pairs, [f"s, l = {one}", f"{at('sign', index)} = s", f"{at('log', index)} = l"])
    return [f"sign = np.empty({shape}, number)", f"log = np.empty({shape}, real)", *body, "return sign, log"], names


@overload_source(linear_algebra.solve)
def _solve(a: Any, b: Any) -> Any:
    number = _working(a, b)
    names = {"number": number_type(number)}
    stack_a, below = rank(a) - 2, 1 if rank(b) == 1 else 2
    stack_b = rank(b) - below
    count = max(stack_a, stack_b)
    if count == 0:
        return [f"return np.linalg.solve({_matrix('a', [], a, number)}, {_matrix('b', [], b, number)})"], names
    lines, shape = [], []
    for k in range(count):
        ka, kb = k - (count - stack_a), k - (count - stack_b)
        both = ka >= 0 and kb >= 0
        only = f"a.shape[{ka}]" if ka >= 0 else f"b.shape[{kb}]"
        lines.append(f"n{k} = a.shape[{ka}] if b.shape[{kb}] == 1 else b.shape[{kb}]" if both else f"n{k} = {only}")
        shape.append(f"n{k}")

    def place(name: str, own: int) -> list[str]:
        return [f"(i{k} if {name}.shape[{k - count + own}] != 1 else 0)" for k in range(count - own, count)]

    index = [f"i{k}" for k in range(count)]
    left, right = _matrix("a", place("a", stack_a), a, number), _matrix("b", place("b", stack_b), b, number)
    one = f"np.linalg.solve({left}, {right})"
    full = tuple_of([*shape, *(f"b.shape[{k - below}]" for k in range(below))])
    body = loops(list(zip(index, shape, strict=True)), [f"{at('out', index)} = {one}"])
    return [*lines, f"out = np.empty({full}, number)", *body, "return out"], names


# -- decompositions


def _several(call: str, shapes: list[str], kinds: str, complexify: bool = False) -> Any:
    """The writer of a function from matrices to several arrays, of these shapes (in m, n, k) and kinds (r: real)."""

    def write(x: Any) -> Any:
        number = np.result_type(_working(x), np.complex64) if complexify else _working(x)
        real = np.dtype(f"f{number.itemsize // 2}") if number.kind == "c" else number
        pairs, index = _stack(x, "x")
        names = {"number": number_type(number), "real": number_type(real)}
        one = call.format(_matrix("x", index, x, number))
        outs = [f"out{j}" for j in range(len(shapes))]
        if not pairs:
            return [f"{', '.join(outs)} = {one}", f"return {', '.join(outs)}"], names
        stack = "".join(f"{size}, " for _, size in pairs)
        sizes = ["m, n = x.shape[-2], x.shape[-1]", "k = min(m, n)"]
        empty = [
            f"out{j} = np.empty(({stack}{shape},), {'real' if kind == 'r' else 'number'})"
            for j, (shape, kind) in enumerate(zip(shapes, kinds, strict=True))
        ]
        parts = [f"part{j}" for j in range(len(shapes))]
        fill = [f"{at(out, index)} = {part}" for out, part in zip(outs, parts, strict=True)]
        return [
            *sizes, *empty, *loops(pairs, [f"{', '.join(parts)} = {one}", *fill]), f"return {', '.join(outs)}"
        ], names

    return write


overload_source(linear_algebra.eigh)(_several("np.linalg.eigh({})", ["n", "n, n"], "rn"))
_ADJOINT = "np.ascontiguousarray(np.conj({}).T)"
overload_source(linear_algebra.eigh_upper)(_several(f"np.linalg.eigh({_ADJOINT})", ["n", "n, n"], "rn"))
overload_source(linear_algebra.eig)(_several("np.linalg.eig({})", ["n", "n, n"], "nn", complexify=True))
overload_source(linear_algebra.svd)(_several("np.linalg.svd({}, False)", ["m, k", "k", "k, n"], "nrn"))
overload_source(linear_algebra.qr)(_several("np.linalg.qr({})", ["m, k", "k, n"], "nn"))


@overload_source(linear_algebra.pinv)
def _pinv(x: Any) -> Any:
    number = _working(x)
    names = {"number": number_type(number)}
    pairs, index = _stack(x, "x")
    one = f"np.linalg.pinv({_matrix('x', index, x, number)})"
    if not pairs:
        return [f"return {one}"], names
    stack = "".join(f"{size}, " for _, size in pairs)
    empty = f"out = np.empty(({stack}x.shape[-1], x.shape[-2]), number)"
    return [empty, *loops(pairs, [f"{at('out', index)} = {one}"]), "return out"], names


_expm = register_jitable(linear_algebra.expm_of)


@overload_source(linear_algebra.expm)
def _of_expm(x: Any) -> Any:
    number = _working(x)
    work = np.result_type(number, float)
    names = {"expm": _expm, "number": number_type(number), "work": number_type(work)}
    return [f"return expm({_matrix('x', [], x, work)}).astype(number)"], names


@overload_source(linear_algebra.solve_triangular)
def _solve_triangular(a: Any, b: Any, lower: Any = False, unit: Any = False) -> Any:
    number = np.result_type(_working(a), _working(b))
    return [
        "x = b.astype(number)",
        "n = a.shape[0]",
        "for step in range(n):",
        "    i = step if lower else n - 1 - step",
        "    for j in range(0 if lower else i + 1, i if lower else n):",
        "        x[i] -= a[i, j] * x[j]",
        "    if not unit:",
        "        x[i] /= a[i, i]",
        "return x",
    ], {"number": number_type(number)}
