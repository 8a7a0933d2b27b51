"""Reverse mode: the adjoint of a function, its sweep reversed statement by statement.

    def f(x):                  def f_vjp(x, y_bar):
        a = sin(x)                 # forward sweep
        y = a * x                  a = sin(x)
        return y                   y = a * x
                                   # reverse sweep
                                   a_bar = y_bar * x
                                   x_bar = y_bar * a
                                   x_bar_1 = x_bar + a_bar * cos(x)
                                   return y, x_bar_1

A map from values to cotangents goes backwards through each block. Each statement takes the cotangents of what it
defines and adds to those of what it uses:

    v = prim(x, y)         x_bar += v_bar * partial        what `rules` says
    v = a[i]               a_bar[i] += v_bar               `structure`: loads, stores, increments, casts, lists
    if c: ...              each branch reversed apart      here
    y = f(x)               a call of the adjoint of f      `calls`
    for i in ...: ...      a loop in the other direction   `loops`; from snapshots: `checkpointing`

The reverse sweep mentions the values of the forward sweep freely, also those of a loop it mirrors (the same
iteration's) and of a branch it mirrors. `recording` makes the mentions good: an adjoint is not a program before that.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, assert_never

from s2sad.errors import UnsupportedError
from s2sad.ir import walk
from s2sad.ir.builder import Builder, atom_of
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Comment,
    Const,
    Custom,
    Effect,
    For,
    Function,
    If,
    Join,
    Let,
    Stmt,
    Var,
    While,
    replace,
)
from s2sad.ir.types import is_inexact
from s2sad.ir.verifier import IRError
from s2sad.rules.elementwise import mul, neg
from s2sad.rules.registry import Rule, call_rule, not_known, partials_of, rule_of, unknown
from s2sad.transforms.activity import active_vars
from s2sad.transforms.adjoint import checkpointing, custom, loops, structure
from s2sad.transforms.adjoint.calls import Callees, Pair, loops_that_call, prepared, reverse_call, reverse_custom
from s2sad.transforms.adjoint.choosing import Choice, mark_choices
from s2sad.transforms.adjoint.cotangents import Cotangents, Value, bar_name
from s2sad.transforms.adjoint.ranges import count_trips
from s2sad.transforms.adjoint.selection import Selection, mark_selections
from s2sad.transforms.adjoint.steady import steady
from s2sad.transforms.adjoint.sweep import Sweep

Functions = Mapping[str, Function]
FORWARD, REVERSE = Comment("forward sweep"), Comment("reverse sweep")


def vjp(
    function: Function, wrt: tuple[int, ...], functions: Functions, seeds: int | None = None
) -> tuple[Function, dict[str, Function]]:
    """The adjoint and those of the functions that it calls out of line, all with open mentions.

    Parameters: those of `function`, then a cotangent for each inexact result, or for the first `seeds` of them.
    Results: those of `function`, then a cotangent for each parameter in `wrt`.
    """
    if any(isinstance(s, For) and s.mirrors is not None for s in walk.statements(function.body)):
        raise IRError(f"{function.name} is an adjoint with open mentions: record it before it is reversed again")
    callees = Callees(functions, _vjp)
    return _vjp(function, wrt, callees, seeds), callees.made


def paired(
    function: Function, wrt: tuple[int, ...], functions: Functions, seeds: int | None = None
) -> tuple[Function, dict[str, Pair]]:
    """As `vjp`, with a pair of functions for each that it calls out of line: `stacks.close` closes this."""
    callees = Callees(functions, _vjp, pairs={})
    return _vjp(function, wrt, callees, seeds), callees.pairs or {}


def _vjp(
    function: Function,
    wrt: tuple[int, ...],
    callees: Callees,
    count: int | None = None,
    sums: tuple[int, ...] | None = None,
    snapshots: int | None = None,
) -> Function:
    """The open adjoint. With `sums` it is that of a pair, and the cotangents of these parameters are added to those
    given as last parameters. With `snapshots` the loops at its top level are reversed with memory for so many
    states."""
    function = steady(function, wrt, callees.functions)
    names = walk.names_of(function)
    callees = replace(callees, eager={})  # a result is known by its name, which another function may use too
    opened, values = custom.opened(_unmarked(function.body), names)
    checkpoints = checkpointing.checkpoints_of(function.body, snapshots, values)
    function = replace(function, body=count_trips(opened, names))
    builder = Builder(names, derived=True)
    seeded = [r for r in function.results if is_inexact(r.type)][:count]
    active = active_vars(replace(function, results=tuple(seeded)), wrt, callees.functions)
    marked, selected = mark_selections(function.body, active, names)
    marked, chosen = mark_choices(marked, active, names)
    selections: dict[Var, Selection | Choice] = {**selected, **chosen}
    function = replace(function, body=prepared(marked, active, callees, names))
    if callees.pairs is not None:  # what each trip leaves on the stacks is taken off in each
        calling = loops_that_call(function.body)
        selections = {} if sums is not None else {i: s for i, s in selections.items() if i not in calling}
    given = {p: builder.var(bar_name(p), p.type) for p in (function.params[k] for k in sums or ())}
    bars = Cotangents(builder, active, {p: Value(bar) for p, bar in given.items()})
    adjoint = Adjoint(builder, bars, callees, selections, checkpoints)
    seeds = [builder.var(bar_name(result), result.type) for result in seeded]
    with builder.block() as reverse:
        for result, seed in zip(seeded, seeds, strict=True):
            bars.add(result, seed)
        adjoint.block(function.body)
        cotangents = tuple(bars.whole(function.params[k]) for k in wrt)
    body = (FORWARD, *function.body, REVERSE, *reverse)
    params, outs = (*function.params, *seeds, *given.values()), (*function.results, *cotangents)
    results = tuple(values.get(r, r) if isinstance(r, Var) else r for r in outs)
    body = custom.closed(body, values)
    return replace(function, name=f"{function.name}_vjp", params=params, body=body, results=results)


def _unmarked(body: Block) -> Block:
    """A body without the marks of the sweeps of an adjoint that it holds: one function has one pair of sweeps."""
    return tuple(s for s in body if s not in (FORWARD, REVERSE))


class Adjoint(Sweep):
    """The reverse sweep of a function: what each kind of statement adds to the cotangents of what it uses."""

    def __init__(
        self, builder: Builder, bars: Cotangents, callees: Callees, selections: Mapping[Var, Selection | Choice],
        checkpoints: checkpointing.Checkpoints | None = None,
    ) -> None:
        super().__init__(builder, bars)
        self.callees = callees
        self.selections = selections
        self.checkpoints = checkpoints

    def statement(self, stmt: Stmt) -> None:
        """Reverse a statement."""
        match stmt:
            case Let():
                self.let(stmt)
            case If():
                self.branch(stmt)
            case For() | While() if self.checkpoints is not None and stmt.index in self.checkpoints.loops:
                checkpointing.reverse_loop(self, stmt, self.checkpoints)
            case For() | While():
                loops.reverse_loop(self, stmt, self.selections.get(stmt.index))
            case Call():
                reverse_call(self, stmt, self.callees)
            case Custom():
                reverse_custom(self, stmt, self.callees)
            case Apply():
                raise TypeError("a transform inside is resolved before its function is differentiated")
            case Effect() | Comment():
                pass
            case _:
                assert_never(stmt)

    # -- primitives

    def let(self, stmt: Let) -> None:
        """Reverse ``targets = prim(*args)``: add what its rule says to the cotangents of the arguments."""
        rule = rule_of(stmt.prim)
        if stmt.prim in structure.REVERSE:
            structure.REVERSE[stmt.prim](self.bars, stmt)
        elif rule.partials is not None or rule.vjp is not None:
            bars = [self.seed(t) for t in stmt.targets]
            if any(bar is not None for bar in bars):
                self.contribute(stmt, bars, rule)
        elif rule.zero:
            for t in stmt.targets:
                self.bars.take(t)
        elif any(self.seed(t) is not None for t in stmt.targets):
            raise UnsupportedError(f"{stmt.prim.name} has no derivative rule.", pos=stmt.pos)

    def contribute(self, stmt: Let, bars: list[Atom | None], rule: Rule) -> None:
        """Add the contributions of a primitive with a rule; what the rule wrote for nothing is dropped."""
        with self.builder.block() as written:
            make = self.products if rule.partials is not None else self.pulled_back
            contributions = make(stmt, bars, rule)
        wanted = [(a, c) for a, c in zip(stmt.args, contributions, strict=True) if c is not None and self.bars.takes(a)]
        self.builder.extend(needed(written, [c for _, c in wanted]))
        for arg, contribution in wanted:
            self.bars.add(arg, contribution)

    def products(self, stmt: Let, bars: list[Atom | None], rule: Rule) -> list[Atom | None]:
        """Cotangent times partial, for each argument of an elementwise primitive."""
        args = [self.builder.ref(a) for a in stmt.args]
        partials = partials_of(rule, args, self.builder.ref(stmt.targets[0]), dict(stmt.params))
        for k, (partial, arg) in enumerate(zip(partials, stmt.args, strict=True)):
            if partial is unknown and self.bars.takes(arg):
                raise not_known(stmt, k)
        return [self.scaled(bars[0], p, a) for p, a in zip(partials, stmt.args, strict=True)]

    def scaled(self, bar: Atom | None, partial: Any, arg: Atom) -> Atom | None:
        """``bar * partial``, where the partial may be a number known now."""
        if bar is None or partial is None or not self.bars.takes(arg):
            return None
        match atom_of(partial):
            case Const(value) if value == 0:
                return None
            case Const(value) if value == 1:
                return bar
            case Const(value) if value == -1:
                return self.builder.emit(neg, (bar,), hint=bar_name(arg))
            case factor:
                return self.builder.emit(mul, (bar, factor), hint=bar_name(arg))

    def pulled_back(self, stmt: Let, bars: list[Atom | None], rule: Rule) -> list[Atom | None]:
        """The cotangents that the rule of a primitive gives to its arguments."""
        ref = self.builder.ref
        given = [None if bar is None else ref(bar) for bar in bars]
        outs = [ref(t) for t in stmt.targets]
        several = stmt.prim.results != 1
        args = (tuple(given) if several else given[0], *(ref(a) for a in stmt.args))
        assert rule.vjp is not None
        found = call_rule(rule.vjp, args, tuple(outs) if several else outs[0], dict(stmt.params))
        found = found if isinstance(found, tuple) else (found,)
        found = (*found, *(None for _ in stmt.args[len(found) :]))
        return [None if c is None else atom_of(c) for c in found]

    # -- branches

    def branch(self, stmt: If) -> None:
        """Reverse each branch apart, from the cotangents known here; join those it changed."""
        seeds = [self.seed(j.out) for j in stmt.joined]
        outer = self.bars
        sides = (
            self.side(stmt.then, [(j.then, bar) for j, bar in zip(stmt.joined, seeds, strict=True)]),
            self.side(stmt.orelse, [(j.orelse, bar) for j, bar in zip(stmt.joined, seeds, strict=True)]),
        )
        (then, then_bars), (orelse, else_bars) = sides
        joined = []
        for var in dict.fromkeys((*then_bars, *else_bars)):
            if then_bars[var] == else_bars[var]:
                outer[var] = then_bars[var]
            elif then_bars[var] != outer[var] or else_bars[var] != outer[var]:
                atoms = [self.whole_in(written, bars, var) for written, bars in sides]
                out = self.builder.var(bar_name(var), var.type)
                joined.append(Join(out, *atoms))
                outer[var] = Value(out)
        if joined:
            self.builder.append(If(stmt.cond, tuple(then), tuple(orelse), tuple(joined), stmt.pos))

    def side(self, block: Block, seeds: list[tuple[Atom, Atom | None]]) -> tuple[list[Stmt], Cotangents]:
        """Reverse a branch: what it writes, and the cotangents at its start."""
        outer, self.bars = self.bars, self.bars.copy()
        with self.builder.block() as written:
            for atom, bar in seeds:
                self.bars.add(atom, bar)
            self.block(block)
        bars, self.bars = self.bars, outer
        return written, bars

    def whole_in(self, written: list[Stmt], bars: Cotangents, var: Var) -> Atom:
        """A cotangent made whole at the end of a branch."""
        with self.builder.block() as more:
            atom = bars.whole(var)
        written += more
        return atom


def needed(block: list[Stmt], results: Iterable[Atom]) -> list[Stmt]:
    """The statements of a straight-line block that its results need."""
    wanted = set(results)
    kept = []
    for stmt in reversed(block):
        if wanted.intersection(walk.defines(stmt)):
            kept.append(stmt)
            wanted.update(walk.operands(stmt))
    return kept[::-1]
