"""Products of arrays that are summed over axes, as loops: Einstein sums, and matrix products of which little is large.

The product, which has an axis for each letter, is delayed, and summed as any array is. A product of matrices that may
be large stays a call, of BLAS.
"""

from __future__ import annotations

from math import prod

from s2sad.ir.nodes import Atom, Const, Let, Var
from s2sad.ir.types import Array, Dim
from s2sad.lower.arrays import Arrays, Delayed, Index
from s2sad.lower.reductions import sum_of
from s2sad.rules.elementwise import mul
from s2sad.rules.numbers import WIDE
from s2sad.rules.products import contraction
from s2sad.rules.reductions import sum_

SHORT = 8
"""How many terms a sum may have to be better written out as a loop than given to BLAS."""
SMALL = 256
"""How many products there may be in all."""
FEW = 64
"""How many sums a loop over the terms of all of them may keep."""


def contract(arrays: Arrays, let: Let) -> bool:
    """A contraction as loops, where that is at least as good as a call."""
    target = let.targets[0]
    ranks = [len(arrays.dims(a)) if isinstance(a.type, Array) else 0 for a in let.args]
    found = contraction(let.prim, ranks, dict(let.params))
    if found is None or any(v.type.dtype not in WIDE or v.type.dtype.kind == "b" for v in (target, *let.args)):
        return False
    terms, out, calls = found
    sizes = _sizes(arrays, let, terms)
    if sizes is None or any(arrays.writer.extent(d) is None for d in sizes.values()):
        return False
    summed = [c for c in dict.fromkeys("".join(terms)) if c not in out]
    if calls and not _better(arrays, let, terms, out, summed, sizes):
        return False
    first_sums = any(not isinstance(sizes[c], int) for c in summed) and _few(out, sizes)
    letters = [*summed, *out] if first_sums else [*out, *summed]
    dims = tuple(sizes[c] for c in letters)
    product = Var(arrays.writer.names.fresh(target.name), Array(target.type.dtype, dims))

    def element(index: Index) -> Atom:
        at = dict(zip(letters, index, strict=True))
        total: Atom | None = None
        for term, arg in zip(terms, let.args, strict=True):
            if isinstance(arg.type, Array):
                own = arrays.dims(arg)
                place = tuple(Const(0) if d == 1 else at[c] for c, d in zip(term, own, strict=True))
                arg = arrays.element(arg, place)
            total = arg if total is None else arrays.writer.emit(mul, (total, arg), hint=target.name)
        assert total is not None
        return total

    variables = tuple(a for a in let.args if isinstance(a, Var))
    axes = tuple(
        tuple(letters.index(c) for c in term) for term, a in zip(terms, let.args, strict=True) if isinstance(a, Var)
    )
    made = Delayed(product, dims, element, variables, axes, len(terms), 1, region=arrays.writer.top)
    made.reads = frozenset(v for a in variables for v in arrays.reads(a))
    arrays.uses[product] = 1
    arrays.add(made)
    places = tuple(k for k, c in enumerate(letters) if c in out)
    return sum_of(arrays, Let((target,), sum_, (product,), (), let.pos), places)


def _sizes(arrays: Arrays, let: Let, terms: list[str]) -> dict[str, Dim] | None:
    """The size of each letter; None where two may differ."""
    sizes: dict[str, Dim] = {}
    for term, arg in zip(terms, let.args, strict=True):
        for c, d in zip(term, arrays.dims(arg) if term else (), strict=True):
            if sizes.get(c, 1) == 1:
                sizes[c] = d
            elif d not in (1, sizes[c]):
                return None
    return sizes


def _few(out: str, sizes: dict[str, Dim]) -> bool:
    """Whether there are few sums."""
    found = [d for c in out if isinstance(d := sizes[c], int)]
    return bool(found) and len(found) == len(out) and prod(found) <= FEW


def _better(arrays: Arrays, let: Let, terms: list[str], out: str, summed: list[str], sizes: dict[str, Dim]) -> bool:
    """Whether loops are better than a call: where sums are short, or there is little to do in all."""
    stack = {c for c in out if all(c in t for t in terms)}
    lengths = [sizes[c] for c in summed]
    own = [d for c, d in sizes.items() if c not in stack]
    if all(isinstance(d, int) for d in own) and prod(d for d in own if isinstance(d, int)) <= SMALL:
        return True
    short = all(isinstance(d, int) for d in lengths) and prod(d for d in lengths if isinstance(d, int)) <= SHORT
    if short and sum(not isinstance(sizes[c], int) for c in out if c not in stack) <= 1:
        return True
    if not out:  # a product of two vectors, of which one would have to be made first
        return any((made := arrays.pending(a)) is not None and not made.view for a in let.args)
    return False
