"""REPLAY: a reverse loop that runs each trip again before it reverses it, from the carried values alone.

    for t in range(n):                            for t in range(n):
        for i in range(m): u[i] = f(y[i])             y_tape[t] = y
        for i in range(m): y[i] = g(u[i])             ...
                                                  for t_1 in range(n - 1, -1, -1):       (mirrors t)
                                                      for i in range(m): u[i] = f(y_tape[t_1][i])
                                                      ...                                then reversed

It pays where a trip computes by cheap arithmetic, in inner loops, more values that its reverse needs than it carries.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator

from s2sad.ir import walk
from s2sad.ir.builder import Names
from s2sad.ir.nodes import Atom, Block, Comment, For, If, Let, Stmt, Var, While
from s2sad.ir.primitives import cast, load
from s2sad.ir.types import Array, List, is_inexact
from s2sad.rules.elementwise import abs_, add, maximum, minimum, mul, neg, sqrt, square, sub, truediv, where
from s2sad.transforms.adjoint.loop_forms import order_free

LINEAR = frozenset({add, sub, neg, cast})
CHEAP = LINEAR | {mul, truediv, sqrt, square, abs_, where, minimum, maximum}
RATIO = 2
"""How many values an inner loop must tape for each array that is carried, for a trip to be worth running again."""


def replays(loop: For | While, active: Collection[Var]) -> bool:
    """Whether the trips of a loop are run again when they are reversed."""
    if isinstance(loop, While):
        return False
    if not all(_is_cheap(s) for s in walk.statements(loop.body)):
        return False
    carried = [c for c in loop.carried if c.phi in active]
    if order_free(loop.index, loop.body, [(c.phi, c.next) for c in carried]):
        return False
    read = {a for s in walk.statements(loop.body) for a in (*walk.operands(s), *walk.leaving(s))}
    state = [c.phi for c in loop.carried if c.phi in read and isinstance(c.phi.type, (Array, List))]
    return len(_taped(loop, active)) >= RATIO * max(len(state), 1)


def replayed(block: Block, names: Names, active: set[Var]) -> tuple[Block, dict[Var, Atom]]:
    """A copy of a block, to run again, and what its values are called there (which are active as they are)."""
    copy, copies = walk.clone(block, names)
    active.update(new for old, new in copies.items() if old in active and isinstance(new, Var))
    return copy, copies


def _is_cheap(stmt: Stmt) -> bool:
    """Whether running a statement again costs no more than reading its result from a tape."""
    match stmt:
        case Let(targets=(target, *_), prim=prim):
            return prim in CHEAP or not prim.elementwise or not is_inexact(target.type)
        case For() | While() | If() | Comment():
            return True
        case _:
            return False


def _taped(loop: For, active: Collection[Var]) -> set[Var]:
    """The values of inner loops that reversing the loop would have to record."""
    made = {v: s for s in walk.statements(loop.body) for v in walk.defines(s)}
    inside = {*made, *walk.all_defined(loop.body)}
    found: set[Var] = set()
    for inner in loop.body:
        if isinstance(inner, (For, While)):
            for stmt in walk.statements((inner,)):
                for atom in _needs(stmt, active):
                    found.update(_leaves(atom, made, inside))
    return found


def _needs(stmt: Stmt, active: Collection[Var]) -> Iterator[Atom]:
    """What the reverse of a statement mentions."""
    match stmt:
        case Let(prim=prim, args=(left, right)) if prim is mul:
            if left in active:
                yield right
            if right in active:
                yield left
        case Let(targets=targets, prim=prim) if prim.elementwise and prim not in LINEAR:
            if any(t in active for t in targets):
                yield from targets
        case _:
            pass


def _leaves(atom: Atom, made: dict[Var, Stmt], inside: Collection[Var]) -> Iterator[Var]:
    """The values under an atom that cannot be had again for little."""
    if not isinstance(atom, Var) or atom not in inside or not is_inexact(atom.type):
        return
    match made.get(atom):
        case Let(prim=prim, args=(array, *_)) if prim is load and array not in inside:
            return
        case Let(prim=prim, args=args) if prim in LINEAR or prim is mul:
            for arg in args:
                yield from _leaves(arg, made, inside)
        case _:
            yield atom
