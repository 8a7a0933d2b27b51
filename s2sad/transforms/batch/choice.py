"""Which parts of a batched function become a loop over the batch, and why.

Array work takes the batch as one more axis. What cannot, or should not, becomes a loop over the batch around the code
as it stands:

* control that differs from item to item: a condition, a number of trips, an early exit;
* calls out of line (recursion), calls with a derivative of their own, effects, lists that grow;
* primitives without a batch rule;
* loops of scalar work, which gain nothing from arrays of temporaries: the loop over the batch goes outermost.

A function in which nothing but such parts works on what varies is one loop over the batch as a whole.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.nodes import Apply, Call, Comment, Custom, Effect, For, Function, If, Let, Pos, Stmt, Var, While
from s2sad.ir.primitives import Primitive, dim, inc, load, store, undef, zeros
from s2sad.ir.types import Array, List, symbols_of
from s2sad.rules.registry import rule_of
from s2sad.transforms.batch.parts import control
from s2sad.transforms.batch.varying import touches


@dataclass(frozen=True, slots=True)
class Decision:
    """A part of a function that became a loop over the batch."""

    what: str
    why: str
    pos: Pos | None = None

    def __str__(self) -> str:
        where = f" (line {self.pos.line})" if self.pos else ""
        return f"{self.what}{where}: loop over the batch, because {self.why}"


MOVES = frozenset({load, store, inc, dim, zeros, undef})
"""Primitives that move elements rather than compute with arrays."""


def why_whole(function: Function, varying: set[Var]) -> str | None:
    """Why the whole function is one loop over the batch; None when it is taken statement by statement."""
    for var in (*function.params, *walk.all_defined(function.body)):
        if var in varying and isinstance(var.type, List):
            return f"the list {var.name} differs between items of the batch"
    if (ragged := next(_ragged(function, varying), None)) is not None:
        return f"the shape of {ragged.name} may differ between items of the batch"
    if any(_array_work(stmt, varying) for stmt in function.body):
        return None
    reasons = (why_lanes(stmt, varying) for stmt in function.body)
    return next((r for r in reasons if r), None)


def _ragged(function: Function, varying: set[Var]) -> Iterator[Var]:
    """Arrays with a size that comes from a number (or a mask) that differs."""
    for stmt in walk.statements(function.body):
        if not isinstance(stmt, Let):
            continue
        sizing = (a for a in stmt.args if isinstance(a, Var) and a in varying)
        if any(a.type.dtype.kind in "iub" for a in sizing if not isinstance(a.type, List)):
            known = {s for a in stmt.args for s in symbols_of(a.type)}
            yield from (v for v in stmt.targets if symbols_of(v.type) - known)


def why_lanes(stmt: Stmt, varying: set[Var]) -> str | None:
    """Why a statement, which touches what varies, becomes a loop over the batch; None when it takes a batch axis."""

    def differs(*atoms: object) -> bool:
        return any(isinstance(a, Var) and a in varying for a in atoms)

    match stmt:
        case Let(prim=prim):
            return _why_let(prim, stmt, varying)
        case If() if differs(stmt.cond):
            return "the condition differs between items of the batch"
        case While() if differs(stmt.test):
            return "the number of iterations differs between items of the batch"
        case For() if differs(stmt.start, stmt.stop, stmt.step):
            return "the range differs between items of the batch"
        case For(exit=exit_) if exit_ is not None and differs(exit_):
            return "the loop is left at another iteration for each item of the batch"
        case For() | While():
            scalar = touches(stmt, varying) and not _array_work(stmt, varying)
            return "it is a loop of scalar work" if scalar else None
        case Call(function=name) if differs(*stmt.args):
            return f"{name} is called out of line"
        case Custom() if differs(*stmt.args):
            return f"{stmt.fun.name} has a derivative rule of its own"
        case Apply():
            raise ValueError(f"the transform of {stmt.fun.name} must be resolved before it is batched")
        case Effect() if differs(*stmt.args):
            return f"{stmt.prim.name} happens for each item of the batch"
        case If() | Call() | Custom() | Effect() | Comment():
            return None
    return None


def _why_let(prim: Primitive, stmt: Let, varying: set[Var]) -> str | None:
    if prim is dim:
        return "a size differs between items of the batch" if stmt.targets[0] in varying else None
    if not any(a in varying for a in stmt.args if isinstance(a, Var)):
        return None
    if prim in (zeros, undef):
        return "a shape differs between items of the batch"
    if prim.elementwise or rule_of(prim).batch is not None:
        return None
    return f"{prim.name} has no batch rule"


def _array_work(stmt: Stmt, varying: set[Var]) -> bool:
    """Whether array arithmetic on what varies stands in a statement, outside of control that differs itself."""
    if any(a in varying for a in control(stmt)):
        return False
    inner = (s for block in walk.blocks_of(stmt) for s in block)
    return _computes(stmt, varying) or any(_array_work(s, varying) for s in inner)


def _computes(stmt: Stmt, varying: set[Var]) -> bool:
    """Whether a statement takes a batch axis better than a loop: array arithmetic with a batch rule, on what varies."""
    if not isinstance(stmt, Let) or stmt.prim in MOVES or _why_let(stmt.prim, stmt, varying):
        return False
    varies = any(a in varying for a in stmt.args if isinstance(a, Var))
    return varies and any(isinstance(a.type, Array) for a in (*stmt.args, *stmt.targets))
