"""Calls with a `custom_vjp` rule, in reverse mode.

    y = f(x)          y, r = f_fwd(x)              forward sweep: the rule's forward part, in place of the call
                      ...
                      x_bar = f_bwd(r, y_bar)      reverse sweep

`opened` puts the forward part before each such call and leaves, for the reverse sweep to find, a `Custom` whose rule
has the residuals. What the forward part computes passes through `stop_gradient` there, so that nothing is reversed
twice. `closed` replaces that call by the value of the forward part once the reverse sweep is written.
"""

from __future__ import annotations

from s2sad.ir import walk
from s2sad.ir.builder import Builder, Names
from s2sad.ir.nodes import Atom, Block, Custom, Stmt, Var, replace


def opened(block: Block, names: Names) -> tuple[Block, dict[Var, Atom]]:
    """The block with the forward parts of custom calls written out, and the value of each target of such a call."""
    values: dict[Var, Atom] = {}

    def change(stmts: Block) -> Block:
        out: list[Stmt] = []
        for stmt in stmts:
            if not isinstance(stmt, Custom) or (forward := getattr(stmt.rule, "forward", None)) is None:
                out.append(stmt)
                continue
            builder = Builder(names)
            builder.pos = stmt.pos
            with builder.block() as written:
                results, rule = forward(builder, stmt)
            out += [*written, replace(stmt, rule=rule)]
            values.update(zip(stmt.targets, results, strict=True))
        return tuple(out)

    return walk.map_blocks(block, change), values


def closed(block: Block, values: dict[Var, Atom]) -> Block:
    """The block with the calls gone, and what they define replaced by its value."""

    def drop(stmts: Block) -> Block:
        return tuple(s for s in stmts if not (isinstance(s, Custom) and values.keys() & set(s.targets)))

    return walk.substitute(walk.map_blocks(block, drop), values) if values else block
