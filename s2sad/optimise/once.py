"""Arrays that need no zeros: buffers filled before they are read, places written once, zeros nobody reads.

    def f(x, m):
        n = x.shape[0]
        w = np.zeros(n)
        s = 0.0
        for k in range(m):
            for i in range(n):
                w[i] = x[i] * k
            for i in range(n):
                s += w[i]
        return s

becomes, with `dce` after it,

    def f(x, m):
        n = x.shape[0]
        s = 0.0
        for k in range(m):
            w_6 = np.empty(n)
            w_2 = w_6
            for i in range(n):
                v = x[i]
                mul = v * k
                w_3 = rt.copy(w_2)
                w_3[i] = mul
                w_2 = w_3
            w_4 = w_2
            s_1 = s
            for i_1 in range(n):
                v_1 = w_4[i_1]
                s_2 = s_1 + v_1
                s_1 = s_2
            s_3 = s_1
            s = s_3
        s_4 = s
        return s_4

and the store into ``w_3`` is marked `once`: its reverse need not zero the cotangent of the place. Four rewrites, each
made only on a proof, in this order:

* `filling`: a loop that writes every place of an array before it reads any starts from `undef`, whatever the array
  held; the first increment of every place of fresh zeros is a store (a gradient of -0.0 may so be kept where 0.0 +
  -0.0 was 0.0);
* `zeroing`: a store of zero at a place that is never read again is dropped;
* `places`: a store is marked `once` when nothing since the allocation has written its place.

Reads closed functions.
"""

from __future__ import annotations

from s2sad.ir import walk
from s2sad.ir.nodes import Apply, Block, Custom, Function, Let, Stmt, Var, replace
from s2sad.optimise.dce import dce
from s2sad.optimise.filling import refill
from s2sad.optimise.places import written_once
from s2sad.optimise.zeroing import drop_zeros


def once(function: Function) -> Function:
    """The function with `undef` for zeros that are overwritten, and stores marked `once`."""
    function = dce(drop_zeros(dce(refill(function))))
    return replace(function, body=_mark(function.body, written_once(function)))


def _mark(block: Block, targets: set[Var]) -> Block:
    def change(inner: Block) -> Block:
        return tuple(_marked(stmt, targets) for stmt in inner)

    return walk.map_blocks(block, change)


def _marked(stmt: Stmt, targets: set[Var]) -> Stmt:
    match stmt:
        case Let(targets=(target,), params=params) if target in targets:
            return replace(stmt, params=tuple(sorted({**dict(params), "once": True}.items())))
        case Apply() | Custom():
            return replace(stmt, fun=once(stmt.fun))
        case _:
            return stmt
