"""Loop invariants: what does not change in a loop is computed before it.

    def f(x, y, n):
        s = 0.0
        for i in range(n):
            a = np.sin(y) * y
            b = x[1] * 2.0
            for j in range(i):
                s += a * b + x[i]
        return s

becomes, for an array `x` of at least two elements,

    def f(x, y, n):
        sin = np.sin(y)
        a = sin * y
        v = x[1]
        b = v * 2.0
        mul = a * b
        s = 0.0
        for i in range(n):
            s_1 = s
            for j in range(i):
                v_1 = x[i]
                add = mul + v_1
                s_2 = s_1 + add
                s_1 = s_2
            s_3 = s_1
            s = s_3
        s_4 = s
        return s_4

Before a loop that may have no trip, only what cannot fail is moved: not a division, and a load only where its index
is proved to be in bounds. Before a loop that has a trip for certain, and from the test of a `while`, everything pure
is moved, up to the first effect. Nothing leaves a branch. An array that is stored into is made where it was: sharing
it would cost a copy in each trip. Reads closed functions.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from s2sad.ir import walk
from s2sad.ir.nodes import Apply, Atom, Block, Const, Custom, For, Function, Let, Stmt, Var, While, array_type, replace
from s2sad.ir.paths import SLOT, Index, Slice
from s2sad.ir.primitives import (
    cast,
    dim,
    inc,
    list_append,
    list_drop,
    list_new,
    list_set,
    list_zeros,
    load,
    store,
    undef,
    zeros,
)
from s2sad.ir.types import Array, Dim, List, Scalar, lower_bound
from s2sad.optimise.dce import has_effects
from s2sad.optimise.facts import Facts
from s2sad.rules.counting import trip_count
from s2sad.rules.elementwise import add, mul, neg, sub, truediv, where
from s2sad.rules.logical import eq, ge, gt, le, lt, ne, not_

UPDATES = frozenset({store, inc, list_append, list_set, list_drop})
STAYS = frozenset({undef, zeros, list_new, list_zeros}) | UPDATES
"""Primitives that make a buffer of their own, to be filled where they stand."""
TOTAL = frozenset({add, sub, mul, neg, eq, ge, gt, le, lt, ne, not_, where, dim})
"""Primitives that give a result for any numbers (also Python's)."""
PARTIAL_UFUNCS = frozenset({np.power, np.float_power, np.left_shift, np.right_shift, np.floor_divide, np.remainder})


def hoist(function: Function, functions: Mapping[str, Function] | None = None) -> Function:
    """The function with its loop invariants before the loops. `functions` are those it may call out of line."""
    return replace(function, body=_Hoist(function, functions or {}).block(function.body))


class _Hoist:
    def __init__(self, function: Function, functions: Mapping[str, Function]) -> None:
        self.facts = Facts(function)
        self.functions = functions

    def block(self, block: Block) -> Block:
        return tuple(out for stmt in block for out in self.statement(stmt))

    def statement(self, stmt: Stmt) -> Block:
        original = stmt
        stmt = walk.rewrite(stmt, lambda a: a, lambda v: v, self.block)
        match stmt:
            case For():
                assert isinstance(original, For)
                inside = _inside(stmt)
                moved, body = self.split(stmt.body, inside, self.facts.runs(original))
                return (*moved, replace(stmt, body=body))
            case While():
                inside = _inside(stmt)
                moved, pre = self.split(stmt.pre, inside, True)
                more, body = self.split(stmt.body, inside, False)
                return (*moved, *more, replace(stmt, pre=pre, body=body))
            case Apply() | Custom():
                return (replace(stmt, fun=hoist(stmt.fun, self.functions)),)
            case _:
                return (stmt,)

    def split(self, block: Block, inside: set[Var], certain: bool) -> tuple[list[Stmt], Block]:
        """What of a loop's block can go before the loop, and the rest. `certain`: the block runs at least once."""
        moved: list[Stmt] = []
        rest: list[Stmt] = []
        for stmt in block:
            if isinstance(stmt, Let) and inside.isdisjoint(stmt.args) and self.movable(stmt, certain):
                moved.append(stmt)
                inside.difference_update(stmt.targets)
                continue
            rest.append(stmt)
            certain = certain and not has_effects((stmt,), self.functions)
        return moved, tuple(rest)

    def movable(self, let: Let, certain: bool) -> bool:
        if not let.prim.pure or let.prim in STAYS or any(self.is_filled(t) for t in let.targets):
            return False
        return certain or self.cannot_fail(let)

    def is_filled(self, target: Var) -> bool:
        """Whether an array or a list is stored into, or goes where it may be."""
        if not isinstance(target.type, (Array, List)):
            return False
        users = self.facts.users(target)
        return any(not isinstance(s, Let) or (s.prim in UPDATES and s.args[0] == target) for s in users)

    # -- what cannot fail

    def cannot_fail(self, let: Let) -> bool:
        """Whether an application gives a result whatever its arguments are."""
        if let.prim is load:
            return self.in_bounds(let)
        if let.prim is cast:
            return let.targets[0].type.dtype.kind in "fc" and let.args[0].type.dtype.kind != "c"
        if let.prim is trip_count:
            return isinstance(let.args[2], Const) and let.args[2].value != 0
        return _is_total(let) and _fits(let)

    def in_bounds(self, let: Let) -> bool:
        """Whether every index of a load is proved to be in range; slices always are."""
        array, *operands = let.args
        (step, *more) = dict(let.params)["path"]
        if more or not isinstance(step, Index):
            return False
        supply = iter(operands)
        for entry, size in zip(step.entries, array_type(array).dims, strict=False):
            if size is None:
                return False
            match entry:
                case Slice():
                    parts = (entry.start, entry.stop, entry.step)
                    if entry.step == 0 or any(p is SLOT for p in parts):
                        return False
                case int():
                    if not _reaches(entry, size):
                        return False
                case _ if entry is SLOT:
                    if not self.enumerates(next(supply), size):
                        return False
                case _:
                    return False
        return len(step.entries) <= array_type(array).rank

    def enumerates(self, atom: Atom, size: Dim) -> bool:
        """Whether an index is the counter of an enclosing loop over that very axis."""
        loop = self.facts.stmt(atom)
        if not isinstance(loop, For) or loop.index != atom or not isinstance(loop.step, Const) or loop.step.value <= 0:
            return False
        least = self.facts.least(loop.start)
        return least is not None and least >= 0 and self.facts.form(loop.stop) == size


def _inside(loop: For | While) -> set[Var]:
    return {*walk.binds(loop), *(v for block in walk.blocks_of(loop) for v in walk.all_defined(block))}


def _reaches(index: int, size: Dim) -> bool:
    least = lower_bound(size)
    return least is not None and (index < least if index >= 0 else -index <= least)


def _is_total(let: Let) -> bool:
    if let.prim in TOTAL:
        return True
    if let.prim is truediv:
        divisor = let.args[1]
        return isinstance(divisor, Const) and divisor.value != 0
    impl = let.prim.impl
    return let.prim.elementwise and isinstance(impl, np.ufunc) and impl not in PARTIAL_UFUNCS


def _fits(let: Let) -> bool:
    """Whether the arguments broadcast for certain: numbers, and arrays of one shape."""
    shapes = {a.type.dims for a in let.args if isinstance(a.type, Array)}
    return len(shapes) < 2 and all(isinstance(a.type, (Array, Scalar)) for a in let.args)
