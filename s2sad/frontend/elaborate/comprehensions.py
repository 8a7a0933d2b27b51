"""Comprehensions and generator expressions, as the nested functions that they are in Python.

    [f(x) for x in xs if c(x)]      def listcomp(it):
                                        out = []
                                        for x in it:
                                            if c(x):
                                                out.append(f(x))
                                        return out

Over what is known one by one the loop unrolls; over a runtime range the list grows at run time. `sum`, `any` and `all`
of a generator expression accumulate directly.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import gast

from s2sad.frontend.elaborate import expressions, functions
from s2sad.frontend.library import iterators
from s2sad.frontend.syntax.desugar import desugar
from s2sad.frontend.syntax.source import FunctionSource
from s2sad.frontend.syntax.trees import assign, constant, load, located, store
from s2sad.frontend.values.values import Closure, Value

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

OUT, ITEMS = "out@", "items@"


def evaluate(elab: Elaborator, node: Any) -> Value:
    """The list (or dict) that a comprehension makes; a generator expression runs when it is gone over, once."""
    if isinstance(node, gast.GeneratorExp):
        closure, first = taken_apart(elab, node, "generator")
        return iterators.generator(elab, closure, {ITEMS: first})
    return run(elab, node, "dict" if isinstance(node, gast.DictComp) else "list")


def run(elab: Elaborator, node: Any, kind: str) -> Value:
    """Run a comprehension as a function of the first thing it goes over."""
    closure, first = taken_apart(elab, node, kind)
    return functions.run_body(elab, closure, {ITEMS: first})


def is_comprehension(source: FunctionSource) -> bool:
    """Whether a function is what a comprehension stands for."""
    first = source.node.args.args[:1]
    return bool(first) and first[0].id == ITEMS


def taken_apart(elab: Elaborator, node: Any, kind: str) -> tuple[Closure, Value]:
    """The function that a comprehension is, and the first thing it goes over, which is evaluated now."""
    source = function_of(elab.frame.source, node, kind)
    return Closure(source, elab.frame.location), expressions.evaluate(elab, node.generators[0].iter)


@lru_cache(maxsize=4096)
def function_of(outer: FunctionSource, node: Any, kind: str) -> FunctionSource:
    """The function that a comprehension stands for. `kind`: list, dict, generator, sum, any or all."""
    before, inner, after = _parts(node, kind)
    body = inner
    for k, generator in reversed(list(enumerate(node.generators))):
        for test in reversed(generator.ifs):
            body = [gast.If(test, body, [])]
        body = [gast.For(generator.target, load(ITEMS) if k == 0 else generator.iter, body, [], None)]
    bound = [n.target.id for n in gast.walk(node) if isinstance(n, gast.NamedExpr)]
    outside = [gast.Nonlocal(bound)] if bound else []
    parameter = gast.Name(ITEMS, gast.Param(), None, None)
    args = gast.arguments([parameter], [], None, [], [], None, [])
    name = f"{kind}comp"
    function = gast.FunctionDef(name, args, [*outside, *before, *body, *after], [], None, None, [])
    for stmt in function.body:
        located(stmt, node)
    located(function, node)
    desugar(function, outer.filename)
    return FunctionSource(name, function, outer.filename, None, outer.owner)


def _parts(node: Any, kind: str) -> tuple[list[gast.stmt], list[gast.stmt], list[gast.stmt]]:
    """What stands before the loops, in the innermost one, and after them."""
    done = [gast.Return(load(OUT))]
    match kind:
        case "dict":
            start: gast.expr = gast.Dict([], [])
            place = gast.Subscript(load(OUT), node.key, gast.Store())
            return [assign(node, OUT, start)], [gast.Assign([place], node.value, None)], done
        case "generator":
            return [], [gast.Expr(gast.Yield(node.elt))], []
        case "sum":
            add = gast.Assign([store(OUT)], gast.BinOp(load(OUT), gast.Add(), node.elt), None)
            return [assign(node, OUT, constant(0))], [add], done
        case "any":
            return [], [gast.If(node.elt, [gast.Return(constant(True))], [])], [gast.Return(constant(False))]
        case "all":
            return [], [gast.If(node.elt, [gast.Pass()], [gast.Return(constant(False))])], [gast.Return(constant(True))]
        case _:
            append = gast.Call(gast.Attribute(load(OUT), "append", gast.Load()), [node.elt], [])
            return [assign(node, OUT, gast.List([], gast.Load()))], [gast.Expr(append)], done


