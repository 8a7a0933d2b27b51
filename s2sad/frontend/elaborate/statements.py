"""Running statements."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any

import gast
import numpy as np

from s2sad.errors import S2sadError, UnsupportedSyntaxError
from s2sad.frontend import library
from s2sad.frontend.elaborate import (
    assignment,
    attempts,
    branches,
    catching,
    comprehensions,
    contexts,
    effects,
    functions,
    generators,
    raising,
    stepping,
)
from s2sad.frontend.elaborate.expressions import condition, evaluate, evaluate_raw
from s2sad.frontend.elaborate.loops import EffectfulTest, Loop
from s2sad.frontend.library.iteration import UNROLL_LIMIT, Indexed, Items, Range, Stream, fixed
from s2sad.frontend.syntax.desugar import EXIT, FORGET, suppresses
from s2sad.frontend.syntax.steps import is_exit
from s2sad.frontend.syntax.trees import load, located
from s2sad.frontend.syntax.yields import GENERATOR, YIELD
from s2sad.frontend.values.values import Static, Value
from s2sad.ir.nodes import Atom, Const

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

WORDS = {"ClassDef": "class", "AsyncFunctionDef": "async def", "AsyncFor": "async for", "AsyncWith": "async with"}
"""Statements that are not named as they are written."""
MOST_UNROLLED = 64
SHORT = 4
"""So many items of a list are known one by one, though a comprehension over a range makes them."""
"""The longest loop that is written out because its body needs the value of the index."""


def run_block(elab: Elaborator, stmts: Sequence[gast.stmt]) -> Value | None:
    """Run statements; gives what they return, None when control reaches their end."""
    if elab.catching:
        return stepping.run_block(elab, stmts, run)
    for stmt in stmts:
        scope = elab.frame.scope
        elab.frame.live = scope.before[stmt] | scope.after[stmt]
        elab.latest = None  # what is bound by now, as a parameter is, is not the result of this statement
        with elab.at(stmt):
            value = run(elab, stmt)
        if value is not None:
            return value
    elab.latest = None
    return None


def run(elab: Elaborator, stmt: gast.stmt) -> Value | None:
    """Run one statement."""
    match stmt:
        case gast.Assign(targets=targets, value=value):
            assignment.assign(elab, targets, value)
        case gast.AugAssign(target=target, op=op, value=value):
            assignment.augment(elab, target, type(op), value)
        case gast.Expr(value=gast.Call(func=gast.Name(id=name), args=[flag])) if name == EXIT:
            elab.exit_flag = evaluate(elab, flag)
        case gast.Expr(value=gast.Call(func=gast.Name(id=name))) if name == GENERATOR:
            pass
        case gast.Expr(value=gast.Call(func=gast.Name(id=name))) if name == FORGET:
            attempts.forget(elab)
        case gast.Expr(value=gast.Call() as call) if effects.statement(elab, call):
            pass
        case gast.Expr(value=value):
            evaluate_raw(elab, value)
        case gast.Return(value=value):
            return Static(None) if value is None else evaluate_raw(elab, value)
        case gast.If(test=gast.Call(func=gast.Name(id=name), args=[value]), body=body, orelse=orelse) if name == YIELD:
            left = elab.truth(generators.give(elab, evaluate_raw(elab, value)))
            return run_branch(elab, stmt, left, body, orelse)
        case gast.If(test=test, body=body, orelse=orelse):
            return run_branch(elab, stmt, condition(elab, test), body, orelse)
        case gast.For():
            run_for(elab, stmt)
        case gast.While():
            run_while(elab, stmt)
        case gast.FunctionDef():
            define(elab, stmt)
        case gast.Raise(exc=exc):
            attempts.raise_statement(elab, exc)
        case gast.Assert(test=test, msg=message):
            run_assert(elab, test, message)
        case gast.Delete(targets=targets):
            assignment.delete(elab, targets)
        case gast.Import() | gast.ImportFrom():
            assignment.import_names(elab, stmt)
        case gast.With(items=items, body=body):
            return run_with(elab, stmt, items, body)
        case gast.Try():
            attempts.attempt(elab, stmt, run_block, run)
        case gast.Pass() | gast.Global() | gast.Nonlocal():
            pass
        case _:
            kind = WORDS.get(type(stmt).__name__, type(stmt).__name__.lower())
            raise UnsupportedSyntaxError(
                f"The statement {kind!r} is not supported in a function.", "Move it out of the function.", elab.pos
            )
    return None


# -- branches


def run_branch(
    elab: Elaborator, stmt: gast.If, cond: Atom | bool, body: list[gast.stmt], orelse: list[gast.stmt]
) -> Value | None:
    """A branch: on what is known now only one side is run."""
    after = elab.frame.scope.after[stmt]
    return branches.branch(elab, cond, lambda: run_block(elab, body), lambda: run_block(elab, orelse), after)


def run_assert(elab: Elaborator, test: gast.expr, message: gast.expr | None) -> None:
    """``assert``: a branch that raises."""
    cond = condition(elab, test)
    error = gast.Call(load("AssertionError"), [] if message is None else [message], [])

    def fail() -> None:
        raising.raise_statement(elab, located(error, test))

    branches.branch(elab, cond, lambda: None, fail)


def run_with(elab: Elaborator, stmt: gast.With, items: list[Any], body: list[gast.stmt]) -> Value | None:
    """``with``: the body in its contexts; `contextlib.suppress` is a try."""
    if not items:
        return run_block(elab, body)
    first, *others = items
    rest = partial(run_with, elab, stmt, others, body)
    match first.context_expr:
        case gast.Call(func=func, keywords=keywords) if evaluate(elab, func) == Static(np.errstate):
            if any(evaluate(elab, keyword.value) == Static("raise") for keyword in keywords):
                return run_strictly(elab, rest)
        case gast.Call(func=func, args=args) if evaluate(elab, func) == Static(suppress) and suppresses(stmt):
            classes = tuple(c for a in args for c in attempts.classes_of(elab, a))
            attempts.suppress(elab, classes, rest, elab.frame.scope.after[stmt])
            return None
    return contexts.run(elab, first, rest)


def run_strictly(elab: Elaborator, run: Callable[[], Value | None]) -> Value | None:
    """``with np.errstate(all="raise")``: what NumPy would raise is not followed, so nothing here may catch it."""
    elab.strict += 1
    try:
        catching.check_floats(elab)
        return run()
    finally:
        elab.strict -= 1


# -- loops


def run_for(elab: Elaborator, stmt: gast.For) -> None:
    """A loop: unrolled over what is known one by one, else a loop of the IR."""
    value = evaluate(elab, stmt.iter)
    iteration = library.iterate(elab, value)
    match iteration:
        case Items():
            unroll(elab, stmt, iteration)
        case Range(Const(start), Const(stop), Const(step)):
            run_constant_range(elab, stmt, range(start, stop, step), iteration)
        case Range(start, stop, step):
            loop_over(elab, stmt, (start, stop, step), None)
        case Indexed(length, item, over):
            with elab.going_over(over), elab.holding([value]):
                loop_over(elab, stmt, (Const(0), length, Const(1)), item)
        case Stream():
            with elab.holding([value]):
                generators.go_over(elab, stmt, iteration, lambda: ended(run_block(elab, stmt.body)))


def run_constant_range(elab: Elaborator, stmt: gast.For, steps: range, iteration: Range) -> None:
    """A loop of a known number of steps; unrolled when its body needs the value of the index."""
    if not steps:
        return
    if len(steps) <= SHORT and comprehensions.is_comprehension(elab.frame.source):
        return unroll(elab, stmt, fixed(tuple(Static(i) for i in steps)))
    bounds = (iteration.start, iteration.stop, iteration.step)
    if len(steps) > MOST_UNROLLED:
        return loop_over(elab, stmt, bounds, None)
    state, mark, log = dict(elab.state), elab.mark(), list(elab.builder.statements)
    unrolls = elab.unrolls

    def start_again() -> None:
        elab.state, elab.unrolls = dict(state), unrolls
        elab.reset(mark)
        elab.builder.statements[:] = log

    elab.unrolls = True
    try:
        return loop_over(elab, stmt, bounds, None)
    except S2sadError as error:
        start_again()
        try:
            return unroll(elab, stmt, fixed(tuple(Static(i) for i in steps)))
        except S2sadError:
            start_again()
            if unrolls:
                raise error from None
        try:
            return loop_over(elab, stmt, bounds, None)
        except S2sadError:
            raise error from None
    finally:
        elab.unrolls = unrolls


def loop_over(
    elab: Elaborator, stmt: gast.For, bounds: tuple[Atom, Atom, Atom], item: Callable[[Value], Value] | None
) -> None:
    """A loop of the IR over ``item(index)``; over the index itself when there is no `item`."""
    hint = stmt.target.id if isinstance(stmt.target, gast.Name) and item is None else "i"
    Loop(
        elab,
        run=lambda: ended(run_block(elab, stmt.body)),
        live=elab.frame.scope.head[stmt],
        hint=hint,
        bind=lambda index: assignment.assign_value(elab, stmt.target, index if item is None else item(index)),
        bounds=bounds,
    ).elaborate()


def ended(value: Value | None) -> None:
    assert value is None, "a return is left in a loop"


def unroll(elab: Elaborator, stmt: gast.For, items: Items) -> None:
    """Run the body for one value after another, until an exit is known to be taken."""
    live = elab.frame.scope.head[stmt]

    def bind(k: int) -> bool:
        """Bind the target for the next trip, if there is one."""
        elab.frame.live = live | elab.frame.scope.before[stmt]
        value = items.after(k)
        if value is None:
            return False
        if k >= UNROLL_LIMIT:
            elab.error(f"This loop has more than {UNROLL_LIMIT} trips to be written out.", "Loop over an array.")
        assignment.assign_value(elab, stmt.target, value)
        return True

    def step(k: int) -> None:
        if not bind(k):
            return
        elab.exit_flag = None
        ended(run_block(elab, stmt.body))
        flag, elab.exit_flag = elab.exit_flag, None
        stop = catching.or_raised(elab, False if flag is None else elab.truth(flag))
        if isinstance(stop, bool):
            if not stop:
                step(k + 1)
            return

        def go_on() -> None:
            catching.clear(elab)
            step(k + 1)

        branches.branch(elab, stop, lambda: None, go_on, live | elab.frame.scope.after[stmt])

    if elab.catching or any(is_exit(s) for s in stmt.body):
        step(0)
        return
    k = 0
    while bind(k):
        ended(run_block(elab, stmt.body))
        k += 1


def run_while(elab: Elaborator, stmt: gast.While) -> None:
    """A while loop. A test that changes something is kept in a variable, computed before and at the end of the body."""
    state, mark, log = dict(elab.state), elab.mark(), list(elab.builder.statements)
    try:
        _while(elab, stmt, lambda: condition(elab, stmt.test), lambda: ended(run_block(elab, stmt.body)))
    except EffectfulTest:
        elab.state = state
        elab.reset(mark)
        elab.builder.statements[:] = log
        elab.error("The test of this loop changes something.", "Compute it before the loop and at the end of its body.")


def _while(elab: Elaborator, stmt: gast.While, test: Callable[[], Any], body: Callable[[], None]) -> None:
    Loop(
        elab,
        run=body,
        live=elab.frame.scope.head[stmt],
        hint="count",
        test=test,
        exits=any(is_exit(s) for s in stmt.body),
    ).elaborate()


# -- definitions


def define(elab: Elaborator, node: gast.FunctionDef) -> None:
    """``def``: a closure over this frame, decorated."""
    value: Value = functions.make_closure(elab, node)
    for decorator in reversed(node.decorator_list):
        value = elab.call(evaluate(elab, decorator), [value], {})
    assignment.bind_name(elab, node.name, value)
