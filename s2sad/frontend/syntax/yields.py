"""Rewrites `yield` into a call of whatever takes the value, and a way out.

    yield v                 if __yield__(v): return
    yield from g            for item in g: (if __yield__(item): return)

``__yield__(v)`` runs the body of the loop that goes over the generator (`elaborate/generators.py`), and says whether
that loop is left: the generator then returns, out of its own loops, by the flags that `desugar` makes of a `return`.
The statement ``__generator__()`` in front marks it.
"""

from __future__ import annotations

import gast

from s2sad.frontend.syntax.trees import assign, call, constant, load, located, store

YIELD, GENERATOR = "__yield__", "__generator__"
INNER = (gast.FunctionDef, gast.AsyncFunctionDef, gast.Lambda, gast.ClassDef)


def rewritten(body: list[gast.stmt]) -> list[gast.stmt]:
    """The body of a function without `yield` statements; itself where there are none. Other uses of `yield` stay."""
    if not any(_yields(s) for s in body):
        return body
    changed = [new for stmt in body for new in _Rewrite().statement(stmt)]
    return [located(gast.Expr(call(GENERATOR, [])), body[0]), *changed]


def give(like: gast.AST, value: gast.expr) -> gast.stmt:
    """Give a value to what goes over the generator, and return where that leaves."""
    return located(gast.If(call(YIELD, [value]), [gast.Return(None)], []), like)


def _yields(node: gast.AST) -> bool:
    """Whether a `yield` of this very function stands in a node."""
    if isinstance(node, gast.Yield | gast.YieldFrom):
        return True
    return not isinstance(node, INNER) and any(map(_yields, gast.iter_child_nodes(node)))


class _Rewrite(gast.NodeTransformer):
    """Rewrites the statements of one function."""

    count = 0

    def statement(self, stmt: gast.stmt) -> list[gast.stmt]:
        new = self.visit(stmt)
        return new if isinstance(new, list) else [new]

    def visit(self, node: gast.AST) -> gast.AST | list[gast.stmt]:
        if isinstance(node, INNER):
            return node
        match node:
            case gast.Expr(value=gast.Yield(value=value)):
                return [give(node, value or constant(None))]
            case gast.Assign(targets=[gast.Name(id=name)], value=gast.Yield(value=value)):
                return [give(node, value or constant(None)), assign(node, name, constant(None))]
            case gast.Expr(value=gast.YieldFrom(value=value)):
                self.count += 1
                item = f"item@{self.count}"
                return [located(gast.For(store(item), value, [give(node, load(item))], [], None), node)]
        return self.generic_visit(node)
