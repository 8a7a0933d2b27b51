"""Whether every value is there by the time it is read: asked once more of what was written out of order."""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Function, If, Stmt, Var


def in_order(function: Function) -> bool:
    """Whether each variable is defined before its uses, in a block that reaches them."""
    scope = set(function.params)
    return _block(function.body, scope) is not None and _known(function.results, scope)


def _known(atoms: Iterable[Atom], scope: set[Var]) -> bool:
    return all(a in scope for a in atoms if isinstance(a, Var))


def _block(block: Block, scope: set[Var]) -> list[Var] | None:
    """What a block adds to the scope; None where it reads what is not there."""
    added: list[Var] = []
    for stmt in block:
        if not (_known(walk.operands(stmt), scope) and _inside(stmt, scope)):
            return None
        added += walk.defines(stmt)
        scope.update(walk.defines(stmt))
    return added


def _inside(stmt: Stmt, scope: set[Var]) -> bool:
    """Checks the blocks of a statement, and what leaves them."""
    seen: list[Var] = [*walk.binds(stmt)]
    scope.update(seen)
    for block in walk.blocks_of(stmt):
        added = _block(block, scope)
        if added is None:
            return False
        seen += added
        if isinstance(stmt, If):  # the other branch does not see it
            scope.difference_update(added)
    scope.update(seen)
    found = _known(walk.leaving(stmt), scope)
    scope.difference_update(seen)
    return found


__all__ = ["in_order"]
