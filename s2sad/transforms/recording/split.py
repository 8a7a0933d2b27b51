"""Split form: a closed adjoint as two functions, so that one forward sweep serves many pulls.

    def f_vjp(x, y_bar):                 def f_forward(x):            def f_reverse(x, a, y_bar):
        # forward sweep                      a = sin(x)                   x_bar = y_bar * a
        a = sin(x)                           y = a * x                    ...
        y = a * x                            return y, a                  return x_bar
        # reverse sweep
        x_bar = y_bar * a
        ...
        return y, x_bar

What the reverse sweep reads of the forward sweep are the residuals. Parameters are not among them: the caller has them.
Sizes and integers that can be made again from parameters are made again. Record with ``fused=False`` for this form.
"""

from __future__ import annotations

from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.nodes import Block, Comment, Function, Let, Stmt, Var, replace
from s2sad.ir.types import Scalar, is_inexact

MARK = "reverse sweep"


@dataclass(frozen=True, slots=True)
class Split:
    """`forward`: params -> results, residuals. `reverse`: params, residuals, so many `seeds` -> cotangents."""

    forward: Function
    reverse: Function
    residuals: tuple[Var, ...]
    seeds: int


def split(adjoint: Function, params: int, results: int) -> Split:
    """Split a closed adjoint of a function with so many parameters and results."""
    before, after = sweeps(adjoint.body)
    primals, seeds = adjoint.params[:params], adjoint.params[params:]
    values, bars = adjoint.results[:results], adjoint.results[results:]
    after = (*_made_again(before, after, bars, set(adjoint.params)), *after)
    residuals = tuple(v for v in walk.free_vars(after, bars) if v not in adjoint.params)
    name = adjoint.name.removesuffix("_vjp")
    forward = replace(adjoint, name=f"{name}_forward", params=primals, body=before, results=(*values, *residuals))
    reverse = replace(adjoint, name=f"{name}_reverse", params=(*primals, *residuals, *seeds), body=after, results=bars)
    return Split(forward, reverse, residuals, len(seeds))


def sweeps(body: Block) -> tuple[Block, Block]:
    """The statements of the two sweeps."""
    mark = next((k for k, s in enumerate(body) if isinstance(s, Comment) and s.text == MARK), len(body))
    keep = tuple(s for s in body[:mark] if not isinstance(s, Comment) or s.text != "forward sweep")
    return keep, body[mark + 1 :]


def _made_again(before: Block, after: Block, bars: tuple, known: set[Var]) -> list[Stmt]:
    """The statements of the forward sweep that make sizes and integers from parameters, as far as they are read."""
    known = set(known)
    cheap = []
    for stmt in before:
        if isinstance(stmt, Let) and _is_count(stmt) and all(a in known for a in stmt.args if isinstance(a, Var)):
            cheap.append(stmt)
            known.update(stmt.targets)
    wanted = set(walk.free_vars(after, bars))
    kept: list[Stmt] = []
    for stmt in reversed(cheap):
        if wanted.intersection(stmt.targets):
            kept.append(stmt)
            wanted.update(a for a in stmt.args if isinstance(a, Var))
    return kept[::-1]


def _is_count(stmt: Let) -> bool:
    return stmt.prim.pure and all(isinstance(t.type, Scalar) and not is_inexact(t.type) for t in stmt.targets)
