"""Decompositions whose vectors alone are differentiated say so: what equal eigenvalues mean depends on it.

    def f(x):
        w, v = eigh(x)
        v_1 = v[:, 1:]
        above = w > 0.0
        return v_1

The derivative goes through v_1 alone, and the param `reads` of the decomposition becomes 'vectors'.

It goes through the eigenvalues, too, when they reach a result by other ways than comparisons, `sign`, and the like.
After `cse`, so that ``eigvalsh(x)`` and the vectors of ``eigh(x)`` are one decomposition. A mark once made stays: rules
that differentiate the vectors read the eigenvalues in their own way.
"""

from __future__ import annotations

from s2sad.ir import walk
from s2sad.ir.nodes import Apply, Block, Custom, Function, Let, Stmt, Var, replace
from s2sad.ir.primitives import Primitive
from s2sad.rules import decompositions
from s2sad.transforms.activity import useful_vars

VALUES: dict[Primitive, int] = {decompositions.eigh: 0, decompositions.eig: 0, decompositions.svd: 1}
"""Which result holds the eigenvalues, or the singular values."""


def apart(function: Function) -> Function:
    """The function with its decompositions marked."""
    if not any(isinstance(s, Let) and s.prim in VALUES for s in walk.statements(function.body)):
        return replace(function, body=walk.map_blocks(function.body, _inside))
    useful = useful_vars(function)

    def change(block: Block) -> Block:
        return tuple(_marked(stmt, useful) for stmt in _inside(block))

    return replace(function, body=walk.map_blocks(function.body, change))


def _inside(block: Block) -> Block:
    return tuple(replace(s, fun=apart(s.fun)) if isinstance(s, Apply | Custom) else s for s in block)


def _marked(stmt: Stmt, useful: set[Var]) -> Stmt:
    match stmt:
        case Let(targets, prim, params=params) if prim in VALUES and targets[VALUES[prim]] not in useful:
            return replace(stmt, params=tuple(sorted({**dict(params), "reads": decompositions.VECTORS}.items())))
        case _:
            return stmt
