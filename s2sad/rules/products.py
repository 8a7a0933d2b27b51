"""Products of matrices and tensors: linear in each factor, so each tangent is a sum of products.

Cotangents may keep axes along which a factor was broadcast; the transforms sum over them.
"""

from __future__ import annotations

import ast
from collections.abc import Sequence
from typing import Any

import numpy as np

import s2sad_rt as rt
from s2sad.ir.infer import assume_equal, broadcast_dims
from s2sad.ir.primitives import Primitive, literal
from s2sad.ir.types import Array, Scalar
from s2sad.rules.cotangent import is_complex, ndim_of, shape_of
from s2sad.rules.elementwise import conj
from s2sad.rules.registry import composed, element, jvp, multilinear, multilinear_tangent, vjp
from s2sad.rules.shape import broadcast_to, diagonal, expand_dims, from_diagonal, ravel, reshape, swap_last, transpose

# -- matrix products


def _spell_matmul(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    a, b = types
    plain = a.dtype == b.dtype and a.dtype.kind in "fc" and a.rank <= 2 and b.rank <= 2
    if plain:
        return ast.BinOp(args[0], ast.MatMult(), args[1])
    return ast.Call(ast.Attribute(ast.Name("rt"), "matmul"), args, [])


def _array_type(dtype: np.dtype, dims: Sequence[Any]) -> tuple[Any, ...]:
    return (Array(dtype, tuple(dims)) if dims else Scalar(dtype),)


def _matmul_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    a, b = (x.type for x in args)
    _agree("matmul", a.dims[-1], b.dims[-2] if b.rank > 1 else b.dims[-1])
    stack = broadcast_dims(a.dims[:-2], b.dims[:-2]) if max(a.rank, b.rank) > 2 else ()
    dims = (*stack, *(a.dims[-2:-1] if a.rank > 1 else ()), *(b.dims[-1:] if b.rank > 1 else ()))
    return _array_type(np.result_type(a.dtype, b.dtype), dims)


def _agree(name: str, left: Any, right: Any) -> None:
    """Refuse sizes that are known to differ, take others to be equal."""
    if isinstance(left, int) and isinstance(right, int) and left != right:
        raise ValueError(f"{name}: the sizes {left} and {right}, which are summed over together, differ")
    assume_equal(left, right)


matmul = Primitive("matmul", np.matmul, _spell_matmul, type_rule=_matmul_type)
"""``matmul(a, b)``: NumPy's, for vectors, matrices and stacks of matrices."""
multilinear(matmul, (0, 1))
composed(np.matmul)(matmul)


@vjp(matmul)
def matmul_vjp(out_bar, a, b):
    match ndim_of(a), ndim_of(b):
        case 1, 1:
            return out_bar * b, out_bar * a
        case 2, 1:
            return outer(out_bar, b), matmul(transpose(a), out_bar)
        case 1, 2:
            return matmul(b, out_bar), outer(a, out_bar)
        case 1, _:
            a, out_bar = expand_dims(a, 0), expand_dims(out_bar, -2)
            a_bar, b_bar = matmul_vjp(out_bar, a, b)
            return reshape(a_bar, *shape_of(a_bar)[:-2], shape_of(a)[-1]), b_bar
        case _, 1:
            a_bar, b_bar = matmul_vjp(expand_dims(out_bar, -1), a, expand_dims(b, -1))
            return a_bar, reshape(b_bar, *shape_of(b_bar)[:-1])
        case _:
            return matmul(out_bar, swap_last(b)), matmul(swap_last(a), out_bar)


@composed(np.dot)
def dot(a: Any, b: Any) -> Any:
    """NumPy's dot: numbers, vectors and matrices multiplied; of more axes, the last and last but one summed."""
    if ndim_of(a) == 0 or ndim_of(b) == 0:
        return a * b
    if ndim_of(a) <= 2 and ndim_of(b) <= 2:
        return matmul(a, b)
    return tensordot(a, b, axes=((ndim_of(a) - 1,), (max(ndim_of(b) - 2, 0),)))


@composed(np.inner)
def inner(a: Any, b: Any) -> Any:
    """The product over the last axes."""
    if ndim_of(a) == 0 or ndim_of(b) == 0:
        return a * b
    if ndim_of(a) == ndim_of(b) == 1:
        return matmul(a, b)
    return tensordot(a, b, axes=((ndim_of(a) - 1,), (ndim_of(b) - 1,)))


@composed(np.vdot)
def vdot(a: Any, b: Any) -> Any:
    """The sum of ``conj(a) * b`` over all elements."""
    return dot(ravel(conj(a) if is_complex(a) else a), ravel(b))


_outer = Primitive("outer", rt.outer, "rt.outer(_0, _1)")
multilinear(_outer, (0, 1))


@element(_outer)
def outer_element(index, a, b):
    return a[index[:1]] * b[index[1:]]


@vjp(_outer)
def outer_vjp(out_bar, a, b):
    return matmul(out_bar, b), matmul(a, out_bar)


@composed(np.outer)
def outer(a: Any, b: Any) -> Any:
    """The matrix of products of all elements of `a` with all of `b`."""
    return _outer(ravel(a), ravel(b))


# -- tensor products

Axes = tuple[tuple[int, ...], tuple[int, ...]]


def _spell_tensordot(args: list[ast.expr], params: dict[str, Any], types: tuple[Any, ...]) -> ast.expr:
    return ast.Call(ast.Attribute(ast.Name("rt"), "tensordot"), [*args, *map(literal, params["axes"])], [])


def _tensordot_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    a, b = (x.type for x in args)
    left, right = params["axes"]
    for i, j in zip(left, right, strict=True):
        _agree("tensordot", a.dims[i], b.dims[j])
    dims = [a.dims[k] for k in _free(a.rank, left)] + [b.dims[k] for k in _free(b.rank, right)]
    return _array_type(np.result_type(a.dtype, b.dtype), dims)


_tensordot = Primitive(
    "tensordot", lambda a, b, axes: rt.tensordot(a, b, *axes), _spell_tensordot, type_rule=_tensordot_type
)
multilinear(_tensordot, (0, 1))


def tensordot(a: Any, b: Any, axes: Any = 2) -> Any:
    """The product summed over pairs of axes; `axes` as in NumPy."""
    return _tensordot(a, b, axes=pair_axes(axes, ndim_of(a), ndim_of(b)))


def pair_axes(axes: Any, rank_a: int, rank_b: int) -> Axes:
    """NumPy's `axes` of a tensordot as two tuples of axes counted from the front."""
    if isinstance(axes, int):
        return tuple(range(rank_a - axes, rank_a)), tuple(range(axes))
    left, right = ((s,) if isinstance(s, int) else tuple(s) for s in axes)
    return tuple(k % rank_a for k in left), tuple(k % rank_b for k in right)


def _free(rank: int, axes: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(k for k in range(rank) if k not in axes)


def _placed(x: Any, places: tuple[int, ...]) -> Any:
    """`x` with axis k moved to places[k]."""
    order = tuple(int(k) for k in np.argsort(places))
    return x if order == tuple(range(len(order))) else transpose(x, axes=order)


@vjp(_tensordot)
def tensordot_vjp(out_bar, a, b, *, axes):
    left, right = axes
    free_a, free_b = _free(ndim_of(a), left), _free(ndim_of(b), right)
    out_a, out_b = tuple(range(len(free_a))), tuple(range(len(free_a), len(free_a) + len(free_b)))
    # what is summed last keeps the axes of the other factor in rising order
    by_right = [left[right.index(k)] for k in sorted(right)]
    by_left = [right[left.index(k)] for k in sorted(left)]
    a_bar = _placed(_contract(out_bar, b, (out_b, free_b)), (*free_a, *by_right))
    b_bar = _placed(_contract(a, out_bar, (free_a, out_a)), (*by_left, *free_b))
    return a_bar, b_bar


def _contract(a: Any, b: Any, axes: Axes) -> Any:
    return _tensordot(a, b, axes=axes) if ndim_of(a) and ndim_of(b) else a * b


# -- Einstein sums

LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"


def explicit(subscripts: str, ranks: tuple[int, ...]) -> str:
    """Subscripts with ``->`` and letters in the place of each ellipsis."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    terms = inputs.split(",")
    spare = [c for c in LETTERS if c not in subscripts]
    hidden = [rank - len(t.replace("...", "")) if "..." in t else 0 for t, rank in zip(terms, ranks, strict=True)]
    dots = spare[: max(hidden, default=0)]
    terms = [t.replace("...", "".join(dots[len(dots) - n :])) for t, n in zip(terms, hidden, strict=True)]
    if not arrow:
        joined = inputs.replace(",", "").replace(".", "")
        output = "..." + "".join(sorted(c for c in set(joined) if joined.count(c) == 1))
    return ",".join(terms) + "->" + output.replace("...", "".join(dots))


def _einsum_type(args: tuple[Any, ...], params: dict[str, Any], size_of: Any) -> tuple[Any, ...]:
    inputs, _, output = params["subscripts"].partition("->")
    sizes: dict[str, Any] = {}
    for term, x in zip(inputs.split(","), args, strict=True):
        for letter, size in zip(term, x.type.dims if term else (), strict=True):
            (sizes[letter],) = broadcast_dims((size,), (sizes.get(letter, 1),))
    return _array_type(np.result_type(*(x.type.dtype for x in args)), [sizes[c] for c in output])


_einsum = Primitive(
    "einsum", lambda *xs, subscripts: rt.einsum(subscripts, *xs), "rt.einsum(_subscripts, *_args)",
    type_rule=_einsum_type,
)


def einsum(*operands: Any, subscripts: str) -> Any:
    """NumPy's einsum; the result of a full sum is a number."""
    return _einsum(*operands, subscripts=explicit(subscripts, tuple(ndim_of(x) for x in operands)))


@jvp(_einsum)
def einsum_jvp(*args, subscripts):
    return multilinear_tangent(_einsum, range(len(args) // 2), args, {"subscripts": subscripts})


@vjp(_einsum)
def einsum_vjp(out_bar, *operands, subscripts):
    inputs, _, output = subscripts.partition("->")
    terms = inputs.split(",")
    return tuple(_einsum_bar(k, out_bar, operands, terms, output) for k in range(len(terms)))


def _einsum_bar(k: int, out_bar: Any, operands: tuple[Any, ...], terms: list[str], output: str) -> Any:
    """The cotangent of one operand: the sum of the output's cotangent with all other operands, over its own letters."""
    own = "".join(dict.fromkeys(terms[k]))
    others = [t for j, t in enumerate(terms) if j != k]
    found = "".join(c for c in own if c in output or any(c in t for t in others))
    factors = [x for j, x in enumerate(operands) if j != k]
    bar = _einsum(out_bar, *factors, subscripts=",".join([output, *others]) + "->" + found)
    sizes = dict(zip(terms[k], shape_of(operands[k]), strict=True))
    if found != own:  # letters that were only summed over
        kept = shape_of(bar)
        bar = reshape(bar, *(kept[found.index(c)] if c in found else 1 for c in own))
        full = shape_of(bar)
        bar = broadcast_to(bar, *(full[n] if c in found else sizes[c] for n, c in enumerate(own)))
    return _with_repeats(bar, own, terms[k])


def _with_repeats(bar: Any, own: str, term: str) -> Any:
    """`bar`, whose axes are the letters `own`, put on the diagonals where `term` repeats a letter."""
    axes = own
    for letter in own:
        for _ in range(term.count(letter) - 1):
            place = axes.index(letter)
            moved = transpose(bar, axes=(*(j for j in range(len(axes)) if j != place), place))
            rest = axes.replace(letter, "", 1) if axes.count(letter) == 1 else axes[:place] + axes[place + 1 :]
            shape = shape_of(moved)
            bar = from_diagonal(moved, *shape, shape[-1], axis1=len(axes) - 1, axis2=len(axes))
            axes = rest + letter + letter
    order, left = [], list(axes)
    for letter in term:
        order.append(left.index(letter))
        left[left.index(letter)] = ""
    return bar if order == list(range(len(order))) else transpose(bar, axes=tuple(order))


def contraction(prim: Primitive, ranks: Sequence[int], params: dict[str, Any]) -> tuple[list[str], str, bool] | None:
    """A product as an Einstein sum: the letters of each argument and of the result, and whether it is a call of BLAS
    where matrices are large. None for what is no product, and where letters stand for batches of unequal ranks."""
    if prim is _einsum:
        inputs, _, output = params["subscripts"].partition("->")
        return inputs.split(","), output, False
    if prim is _tensordot:
        left, right = params["axes"]
        first, second = LETTERS[: ranks[0]], list(LETTERS[ranks[0] : sum(ranks)])
        out = [c for k, c in enumerate(first) if k not in left] + [c for k, c in enumerate(second) if k not in right]
        for i, j in zip(left, right, strict=True):
            second[j] = first[i]
        return [first, "".join(second)], "".join(out), True
    if prim is not matmul:
        return None
    stack = LETTERS[: max(max(ranks) - 2, 0)]
    rows, sums, columns = "xyz"
    a = stack[len(stack) - max(ranks[0] - 2, 0) :] + (rows if ranks[0] > 1 else "") + sums
    b = stack[len(stack) - max(ranks[1] - 2, 0) :] + sums + (columns if ranks[1] > 1 else "")
    return [a, b], stack + (rows if ranks[0] > 1 else "") + (columns if ranks[1] > 1 else ""), True


PRODUCTS = frozenset({matmul, _tensordot, _einsum})
"""What `contraction` knows."""

# -- built from the others


@composed(np.trace)
def trace(x: Any, offset: int = 0, axis1: int = 0, axis2: int = 1) -> Any:
    """The sum of the diagonal."""
    from s2sad.rules.reductions import sum_

    return sum_(diagonal(x, offset=offset, axis1=axis1, axis2=axis2), axis=-1)


@composed(np.kron)
def kron(a: Any, b: Any) -> Any:
    """The Kronecker product of two arrays of any rank."""
    rank = max(ndim_of(a), ndim_of(b))
    if rank == 0:
        return a * b
    shape_a = (1,) * (rank - ndim_of(a)) + tuple(shape_of(a))
    shape_b = (1,) * (rank - ndim_of(b)) + tuple(shape_of(b))
    left = reshape(a, *(n for m in shape_a for n in (m, 1)))
    right = reshape(b, *(n for m in shape_b for n in (1, m)))
    return reshape(left * right, *(m * n for m, n in zip(shape_a, shape_b, strict=True)))
