"""The lists of passes, as data; what runs them, verifies them and keeps every stage to look at.

    elaborate -> PRIMAL -> resolve (each Apply: transform, then DERIVATIVE) -> FINAL -> emit

A transform applied inside a function, or outside one, is an `Apply` in the IR. `resolve` replaces each, innermost
first, by the body of the transformed function, so that a transform always reads a program without transforms.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from s2sad.config import config
from s2sad.errors import UnsupportedError
from s2sad.frontend.elaborate.elaborate import Elaboration
from s2sad.ir import walk
from s2sad.ir.nodes import Apply, Block, Call, Custom, Function, Module, Stmt, replace
from s2sad.ir.types import is_inexact
from s2sad.ir.verifier import verify
from s2sad.memory import buffers, lists
from s2sad.optimise import apart, cse, dce, hoist, induction, once, prune, simplify
from s2sad.transforms.adjoint import adjoint
from s2sad.transforms.batch import batch
from s2sad.transforms.forward import forward
from s2sad.transforms.forward.linearity import check_linear
from s2sad.transforms.recording import recording, stacks
from s2sad.transforms.recording.split import Split, split

Pass = Callable[[Function], Function]
Functions = Mapping[str, Function]

PRIMAL: tuple[tuple[str, Pass], ...] = (
    ("simplify", simplify.simplify),
    ("cse", cse.cse),
    ("dce", dce.dce),
    ("induction", induction.induction),
    ("once", once.once),
    ("hoist", hoist.hoist),
    ("simplify", simplify.simplify),
    ("cse", cse.cse),
    ("dce", dce.dce),
    ("apart", apart.apart),
)
"""What runs on a function as it was elaborated, and on every derivative before another transform reads it."""

DERIVATIVE: tuple[tuple[str, Pass], ...] = (
    ("simplify", simplify.simplify),
    ("prune", prune.prune),
    ("cse", cse.cse),
    ("dce", dce.dce),
)
"""What runs on a derivative as soon as it is closed."""

FINAL: tuple[tuple[str, Pass], ...] = (
    ("simplify", simplify.simplify),
    ("cse", cse.cse),
    ("dce", dce.dce),
    ("once", once.once),
    ("hoist", hoist.hoist),
    ("simplify", simplify.simplify),
    ("cse", cse.cse),
    ("prune", prune.prune),
    ("dce", dce.dce),
    ("buffers", buffers.buffers),
    ("lists", lists.lists),
)
"""What runs last, before emission."""


@dataclass(slots=True)
class Trace:
    """What happened on the way: each stage by name, in order, and what transforms and passes decided."""

    stages: dict[str, Module] = field(default_factory=dict)
    decisions: list[Any] = field(default_factory=list)
    captured: Sequence[tuple[Any, ...]] = ()
    """The hidden parameters found so far, each with how to read it: a rule may read one that nothing else does."""

    def note(self, name: str, module: Module) -> None:
        """Keep a stage (the last one of that name) and, when asked to, verify it."""
        if config.verify:
            verify(module, name, hidden=[var for var, _ in self.captured])
        self.stages.pop(name, None)
        self.stages[name] = module


def lower(elaboration: Elaboration) -> tuple[Module, Trace]:
    """Elaborated IR to IR that is ready to emit: transforms resolved, everything cleaned up."""
    main, functions, trace = resolved(elaboration)
    module = elaboration.completed(main, functions)
    main, functions = inline_customs(module.main), dict(module.functions)
    functions = {name: inline_customs(f) for name, f in functions.items()}
    trace.note("resolve", Module(main, functions))
    main = run(main, FINAL, functions, trace)
    used = reachable(main, functions)
    module = Module(main, {name: f for name, f in functions.items() if name in used})
    trace.note("final", module)
    return module, trace


def lower_split(elaboration: Elaboration, count: int | None = None) -> tuple[Module, Trace, Split | None]:
    """The adjoint with respect to every inexact argument, in split form: the forward sweep's module, and the split.
    The first `count` results have cotangents, or all.

    The function itself and None where a rule, written out, has the reverse sweep read what no residual keeps.
    """
    arguments = [k for k, p in enumerate(elaboration.params) if p in elaboration.elab.leaves and is_inexact(p.type)]
    main, functions, trace = resolved(elaboration)
    main = run(main, PRIMAL, functions, trace)
    seeds = sum(is_inexact(r.type) for r in main.results[:count])
    closed, more, decisions = reverse(main, tuple(arguments), functions, seeds, fused=False)
    functions.update(more)
    trace.decisions.extend(decisions)
    completed = elaboration.completed(closed, functions)
    functions = {name: inline_customs(f) for name, f in completed.functions.items()}
    hidden = completed.main.params[len(closed.params) :]
    count = len(main.params)
    params = (*closed.params[:count], *hidden, *closed.params[count:])
    closed = replace(closed, params=params)
    trace.note("vjp", Module(closed, functions))
    parts = split(dce.dce(closed), count + len(hidden), len(main.results))
    sweeps = (inline_customs(parts.forward), inline_customs(parts.reverse))
    if any(walk.free_vars(f.body, f.results).keys() - set(f.params) for f in sweeps):
        return *lower(elaboration), None
    forward_sweep, reverse_sweep = (run(f, FINAL, functions, trace) for f in sweeps)
    return Module(forward_sweep, functions), trace, Split(forward_sweep, reverse_sweep, parts.residuals, parts.seeds)


def pushforward(parts: Split, functions: Functions) -> tuple[Function, dict[str, Function]]:
    """The transpose of a reverse sweep, and the functions that it calls: tangents of the parameters to those of the
    results. It takes what the reverse sweep takes, of whose cotangents only the sizes matter, and the tangents."""
    first = len(parts.reverse.params) - parts.seeds
    known = dict(functions)
    closed, more, _ = reverse(parts.reverse, tuple(range(first, len(parts.reverse.params))), known)
    known.update(more)
    name = parts.forward.name.removesuffix("_forward") + "_pushforward"
    pushed = replace(closed, name=name, results=closed.results[len(parts.reverse.results) :])
    pushed = run(inline_customs(dce.dce(pushed)), FINAL, known, Trace())
    used = reachable(pushed, known)
    return pushed, {name: f for name, f in known.items() if name in used}


def resolved(elaboration: Elaboration) -> tuple[Function, dict[str, Function], Trace]:
    """The main function without transforms, and what it calls out of line."""
    trace, module = Trace(captured=elaboration.elab.outside.captured), elaboration.module
    trace.note("elaborate", module)
    functions: dict[str, Function] = dict(module.functions)
    resolve_callees(functions, trace)

    def resolver(rule: Function) -> Function:
        new = {name: f for name, f in elaboration.elab.functions.items() if name not in functions}
        if new:
            functions.update(new)
            resolve_callees(functions, trace)
        return run(resolve(rule, functions, trace), PRIMAL, functions, trace)

    main = run(module.main, PRIMAL, functions, trace)
    elaboration.elab.resolver = resolver
    return resolve(main, functions, trace), functions, trace


def run(function: Function, passes: tuple[tuple[str, Pass], ...], functions: Functions, trace: Trace) -> Function:
    """Run a list of passes on a function."""
    for name, change in passes:
        before, function = function, change(function)
        trace.note(name, Module(function, functions))
        if change is buffers.buffers:
            trace.decisions.extend(buffers.kept(before, function))
    return function


def resolve(function: Function, functions: dict[str, Function], trace: Trace) -> Function:
    """The function with every `Apply` replaced by the transformed body, innermost first."""
    names = walk.names_of(function)

    def block(stmts: Block) -> Block:
        out: list[Stmt] = []
        for stmt in stmts:
            match stmt:
                case Apply():
                    out.extend(apply(stmt))
                case Custom():
                    out.append(replace(stmt, fun=resolve(stmt.fun, functions, trace)))
                case _:
                    out.append(stmt)
        return tuple(out)

    def apply(stmt: Apply) -> Block:
        inner = run(resolve(stmt.fun, functions, trace), PRIMAL, functions, trace)
        derived = transform(stmt, inner, functions, trace)
        body, results = walk.inline(derived, stmt.args, names)
        aliases.update(zip(stmt.targets, results, strict=True))
        return body

    aliases: dict[Any, Any] = {}
    return walk.with_aliases(function, walk.map_blocks(function.body, block), aliases)


def resolve_callees(functions: dict[str, Function], trace: Trace) -> None:
    """Resolve the transforms inside out-of-line functions, after those inside the functions they transform."""
    waiting: list[str] = []

    def visit(name: str) -> None:
        applied = [s for s in walk.statements(functions[name].body) if isinstance(s, Apply)]
        if not applied:
            return
        if name in waiting:
            raise UnsupportedError(
                f"{name} takes a derivative of itself, and of that one a derivative again, to a depth known at run "
                "time only.",
                "Write the levels as functions of their own.",
                applied[0].pos,
            )
        waiting.append(name)
        for stmt in applied:
            for callee in sorted(reachable(stmt.fun, functions)):
                visit(callee)
        waiting.pop()
        functions[name] = resolve(functions[name], functions, trace)

    for name in sorted(functions):
        visit(name)


def transform(stmt: Apply, function: Function, functions: dict[str, Function], trace: Trace) -> Function:
    """The derivative that an `Apply` asks for, of a function without transforms."""
    if stmt.kind == "jvp":
        derived, more = forward.jvp(function, stmt.wrt, functions, len(stmt.targets) - len(function.results))
    elif stmt.kind in ("vjp", "transpose"):
        if stmt.kind == "transpose":
            name = re.sub(r"_\d+$", "", stmt.fun.name)
            why = f"linear_transpose: {name} is not linear in its arguments."
            check_linear(function, stmt.wrt, functions, why, "Use vjp.", stmt.pos)
        derived, more, decisions = reverse(function, stmt.wrt, functions, len(stmt.args) - len(function.params))
        trace.decisions.extend(decisions)
    elif stmt.kind == "batch":
        batching = batch.apply(stmt, function, functions)
        derived, more = batching.function, batching.functions
        trace.decisions.extend(batching.decisions)
    else:
        raise ValueError(f"unknown transform {stmt.kind!r}")
    functions.update(more)
    trace.note(stmt.kind, Module(derived, functions))
    return run(derived, DERIVATIVE, functions, trace)


def reverse(
    function: Function, wrt: tuple[int, ...], functions: Functions, seeds: int | None = None, *, fused: bool = True
) -> tuple[Function, dict[str, Function], list[Any]]:
    """The closed adjoint of a function, the functions that it calls out of line, and what was decided."""
    opened, pairs = adjoint.paired(function, wrt, functions, seeds)
    try:
        if pairs:
            return stacks.close(opened, pairs, clean, fused=fused)
    except stacks.Unpaired:
        opened, more = adjoint.vjp(function, wrt, functions, seeds)
    else:
        more = {}
    main, decisions = recording.record(clean(opened), fused=fused)
    return main, {name: recording.record(clean(f))[0] for name, f in more.items()}, decisions


def clean(opened: Function) -> Function:
    """An open adjoint without what it does not need."""
    return dce.dce(prune.prune(opened))


def inline_customs(function: Function) -> Function:
    """The function with every `Custom` call replaced by its own body: nothing differentiates it any more."""
    aliases: dict[Any, Any] = {}
    names = walk.names_of(function)

    def change(stmts: Block) -> Block:
        out: list[Stmt] = []
        for stmt in stmts:
            if isinstance(stmt, Custom):
                body, results = walk.inline(stmt.fun, stmt.args, names)
                out.extend(walk.map_blocks(body, change))
                aliases.update(zip(stmt.targets, results, strict=True))
            else:
                out.append(stmt)
        return tuple(out)

    return walk.with_aliases(function, walk.map_blocks(function.body, change), aliases)


def reachable(function: Function, functions: Functions) -> set[str]:
    """The out-of-line functions that a function calls, directly or not, also in what it transforms."""
    found: set[str] = set()
    todo = [function]
    while todo:
        for stmt in walk.statements(todo.pop().body):
            if isinstance(stmt, Apply | Custom):
                todo.append(stmt.fun)
            elif isinstance(stmt, Call) and stmt.function not in found:
                found.add(stmt.function)
                todo.append(functions[stmt.function])
    return found


__all__ = ["DERIVATIVE", "FINAL", "PRIMAL", "Trace", "lower", "resolve", "run"]
