"""What varies from one item of the batch to the next.

A value varies when it is computed from something batched, or when it leaves a loop or a branch whose control varies.
Everything else is the same for the whole batch, and is computed once. The size of an axis does not vary, unless only
one item can tell it (`batch` finds these as it writes).
"""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.ir import walk
from s2sad.ir.nodes import Apply, Atom, Block, Call, Custom, For, Function, If, Let, Stmt, Var, While
from s2sad.ir.primitives import dim


def varying_of(function: Function, batched: Iterable[Var], also: Iterable[Var] = ()) -> set[Var]:
    """The variables of a function that vary when the parameters `batched` do, and what `also` says."""
    found = _Varying({*batched, *also})
    found.block(function.body)
    return found.vars


def touches(stmt: Stmt, varying: set[Var]) -> bool:
    """Whether a statement, or one nested in it, mentions something that varies."""
    own = (*walk.operands(stmt), *walk.leaving(stmt), *walk.defines(stmt))
    return any(a in varying for a in own if isinstance(a, Var)) or any(
        touches(inner, varying) for block in walk.blocks_of(stmt) for inner in block
    )


class _Varying:
    def __init__(self, batched: set[Var]) -> None:
        self.vars = batched

    def any(self, *atoms: Atom | None) -> bool:
        return any(isinstance(a, Var) and a in self.vars for a in atoms)

    def block(self, block: Block) -> None:
        for stmt in block:
            self.statement(stmt)

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                if stmt.prim is not dim and self.any(*stmt.args):
                    self.vars.update(stmt.targets)
            case Call() | Apply() | Custom():
                if self.any(*stmt.args):
                    self.vars.update(stmt.targets)
            case For() | While():
                self.loop(stmt)
            case If():
                self.block(stmt.then)
                self.block(stmt.orelse)
                self.vars.update(j.out for j in stmt.joined if self.any(stmt.cond, j.then, j.orelse))
            case _:
                pass

    def loop(self, stmt: For | While) -> None:
        """What is carried varies if it does on entry or at the end of an iteration: repeat until nothing is added."""
        if isinstance(stmt, For) and self.any(stmt.start, stmt.stop, stmt.step):
            self.vars.add(stmt.index)
        before = -1
        while before != len(self.vars):
            before = len(self.vars)
            self.vars.update(c.phi for c in stmt.carried if self.any(c.init, c.next))
            for block in walk.blocks_of(stmt):
                self.block(block)
        control = (stmt.test,) if isinstance(stmt, While) else (stmt.start, stmt.stop, stmt.step, stmt.exit)
        if self.any(*control):
            self.vars.update(walk.defines(stmt))
        self.vars.update(c.out for c in stmt.carried if self.any(c.phi))
