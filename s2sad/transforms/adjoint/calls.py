"""The reverse of calls: of functions kept out of line, and of functions with a derivative of their own.

    y = f(x)              y, stack = f_0_forward(x, stack)  out of line (recursion): the sweeps of f are functions of
                          ...                               their own, which share stacks (`stacks`)
                          x_bar, stack = f_0_reverse(x, y_bar, x_bar, stack)
where that cannot be:
    y = f(x)              y, f_bar = f_vjp_0(x, 1.0)        with one real number as result: f's adjoint runs in place of
                          ...                               f, in the forward sweep, so that no part of a recursion
                          x_bar += y_bar * f_bar            runs twice
    y, z = f(x)           y, z, x_bar = f_vjp_0(x, ...)     else: f's adjoint runs f again
    y = custom(x)         what the rule's `vjp` says; the transpose of its `jvp`; or, where it has neither (checkpoint),
                          the body run again and reversed, here
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field

from s2sad.ir import walk
from s2sad.ir.builder import Builder, Names
from s2sad.ir.nodes import (
    Atom,
    Block,
    Call,
    Comment,
    Custom,
    Effect,
    For,
    Function,
    If,
    Let,
    Stmt,
    Var,
    While,
    replace,
)
from s2sad.ir.primitives import UPDATES
from s2sad.ir.types import Array, Scalar, is_complex, is_inexact
from s2sad.rules.elementwise import mul
from s2sad.transforms.adjoint.cotangents import bar_name, number_of, zero_of
from s2sad.transforms.adjoint.sweep import Sweep
from s2sad.transforms.forward.linearity import check_linear

NOT_LINEAR = (
    "A jvp rule is transposed for reverse mode, and is not linear in its tangents here.",
    "Give a tangent that is a sum of tangents, each times what depends on primals only; or use custom_vjp.",
)
MakeVjp = Callable[..., Function]
"""``vjp(function, wrt, callees, sums=...)`` of `adjoint`."""


@dataclass(slots=True)
class Pair:
    """A function whose sweeps are functions of their own: its open adjoint; how many parameters and results it has
    itself; the array parameters whose cotangents come in, as its last parameters, to be added to."""

    opened: Function
    params: int
    results: int
    sums: tuple[int, ...]


def pair_called(name: str, pairs: Mapping[str, Pair]) -> tuple[str, str] | None:
    """The pair that a function belongs to, and which of the two it is: forward or reverse."""
    base, _, half = name.rpartition("_")
    return (base, half) if half in ("forward", "reverse") and base in pairs else None


@dataclass(slots=True)
class Callees:
    """The functions that may be called out of line, and the adjoints (open ones) of them made so far."""

    functions: Mapping[str, Function]
    vjp: MakeVjp
    made: dict[str, Function] = field(default_factory=dict)
    pairs: dict[str, Pair] | None = None
    """The pairs made so far; None where calls are not reversed by pairs."""
    eager: dict[Var, dict[int, Var]] = field(default_factory=dict)
    """For each call whose adjoint runs in the forward sweep, by its result: the derivative in each active argument."""

    def adjoint_of(self, name: str, wrt: tuple[int, ...]) -> str:
        """The name of the adjoint of a function with respect to some parameters, made when first asked for."""
        derived = f"{name}_vjp_{'_'.join(map(str, wrt))}"
        if derived not in self.made and derived not in self.functions:
            self.made[derived] = self.functions[name]
            made = self.vjp(without_effects(self.functions[name]), wrt, self)
            self.made[derived] = replace(made, name=derived)
        return derived

    def pair_of(self, name: str, wrt: tuple[int, ...]) -> str:
        """The name of the pair of a function with respect to some parameters, made when first asked for."""
        assert self.pairs is not None
        base = f"{name}_{'_'.join(map(str, wrt))}"
        if base not in self.pairs:
            function = self.functions[name]
            sums = _only_read(function, wrt)
            pair = self.pairs[base] = Pair(function, len(function.params), len(function.results), sums)
            pair.opened = replace(self.vjp(function, wrt, self, sums=sums), name=base)
        return base


def _only_read(function: Function, numbers: Iterable[int]) -> tuple[int, ...]:
    """Those of the parameters that are arrays and have no later versions: theirs would have cotangents of their own."""
    later: set[Atom] = set()
    for stmt in walk.statements(function.body):
        match stmt:
            case Let(prim=prim, args=args) if prim in UPDATES:
                later.add(args[0])
            case For() | While():
                later.update(c.init for c in stmt.carried)
            case If():
                later.update(walk.leaving(stmt))
            case _:
                pass
    return tuple(k for k in numbers if isinstance(function.params[k].type, Array) and function.params[k] not in later)


def prepared(block: Block, active: Collection[Var], callees: Callees, names: Names) -> Block:
    """The block with calls as the forward sweep makes them."""
    if callees.pairs is None:
        return eager_calls(block, active, callees, names)
    return walk.map_blocks(block, lambda stmts: tuple(_paired(s, active, callees) for s in stmts))


def loops_that_call(body: Block) -> set[Var]:
    """The indexes of the loops that hold a call."""
    loops = (s for s in walk.statements(body) if isinstance(s, (For, While)))
    return {s.index for s in loops if any(isinstance(t, Call) for t in walk.statements((s,)))}


def _paired(stmt: Stmt, active: Collection[Var], callees: Callees) -> Stmt:
    """A call of the forward function of a pair, where derivatives flow through the call."""
    if not isinstance(stmt, Call) or not any(t in active for t in stmt.targets):
        return stmt
    wrt = tuple(k for k, a in enumerate(stmt.args) if a in active)
    return replace(stmt, function=f"{callees.pair_of(stmt.function, wrt)}_forward") if wrt else stmt


def eager_calls(block: Block, active: Collection[Var], callees: Callees, names: Names) -> Block:
    """The block with the adjoint called in place of each function whose only inexact result is one real number."""

    def change(stmts: Block) -> Block:
        return tuple(_eager(s, active, callees, names) if isinstance(s, Call) else s for s in stmts)

    return walk.map_blocks(block, change)


def _eager(stmt: Call, active: Collection[Var], callees: Callees, names: Names) -> Call:
    wrt = tuple(k for k, a in enumerate(stmt.args) if a in active)
    inexact = [t for t in stmt.targets if is_inexact(t.type)]
    if not wrt or len(inexact) != 1 or inexact[0] not in active:
        return stmt
    (result,) = inexact
    if not isinstance(result.type, Scalar) or is_complex(result.type) or _acts(stmt.function, callees.functions, set()):
        return stmt
    found = {k: Var(names.fresh(f"{result.name}_by_{_name(stmt.args[k])}"), stmt.args[k].type) for k in wrt}
    callees.eager[result] = found
    one = number_of(result.type, 1)
    name = callees.adjoint_of(stmt.function, wrt)
    return Call((*stmt.targets, *found.values()), name, (*stmt.args, one), stmt.pos)


def _name(atom: Atom) -> str:
    return atom.name if isinstance(atom, Var) else "x"


def _acts(name: str, functions: Mapping[str, Function], seen: set[str]) -> bool:
    """Whether calling a function prints or raises."""
    if name in seen:
        return False
    seen.add(name)
    stmts = list(walk.statements(functions[name].body))
    called = {s.function for s in stmts if isinstance(s, Call)}
    return any(isinstance(s, Effect) for s in stmts) or any(_acts(c, functions, seen) for c in called)


def without_effects(function: Function) -> Function:
    """The function as it is run a second time: it prints and raises nothing."""

    def quiet(block: Block) -> Block:
        kept = (s for s in block if not isinstance(s, Effect))
        return tuple(replace(s, fun=without_effects(s.fun)) if isinstance(s, Custom) else s for s in kept)

    return replace(function, body=walk.map_blocks(function.body, quiet))


def reverse_call(sweep: Sweep, stmt: Call, callees: Callees) -> None:
    """Reverse a call out of line by a call of the callee's adjoint."""
    b, bars = sweep.builder, sweep.bars
    seeds = [sweep.seed(t) for t in stmt.targets]
    pair = pair_called(stmt.function, callees.pairs or {})
    if pair is not None:
        _reverse_pair(sweep, stmt, callees, pair[0], seeds)
        return
    eager = next((callees.eager[t] for t in stmt.targets if t in callees.eager), None)
    if eager is not None:
        bar = next((seed for seed in seeds if seed is not None), None)
        for k, derivative in eager.items() if bar is not None else ():
            bars.add(stmt.args[k], b.emit(mul, (bar, derivative), hint=bar_name(stmt.args[k])))
        return
    wrt = tuple(k for k, a in enumerate(stmt.args) if bars.takes(a))
    if not wrt or all(seed is None for seed in seeds):
        return
    results = callees.functions[stmt.function].results
    given = [
        zero_of(b, t) if seed is None else seed
        for t, seed, r in zip(stmt.targets, seeds, results, strict=True)
        if is_inexact(r.type)
    ]
    again = [b.var(t.name, t.type) for t in stmt.targets]
    found = [b.var(bar_name(stmt.args[k]), stmt.args[k].type) for k in wrt]
    name = callees.adjoint_of(stmt.function, wrt)
    b.append(Call((*again, *found), name, (*stmt.args, *given), stmt.pos))
    for k, bar in zip(wrt, found, strict=True):
        bars.add(stmt.args[k], bar)


def _reverse_pair(
    sweep: Sweep, stmt: Call, callees: Callees, name: str, seeds: list[Atom | None]
) -> None:
    """Call the reverse function of a pair, with every argument that it may ask for (`stacks` takes out the others). The
    cotangents of arrays that it only reads are handed over to be added to."""
    b, bars, pairs = sweep.builder, sweep.bars, callees.pairs or {}
    given = [zero_of(b, t) if s is None else s for t, s in zip(stmt.targets, seeds, strict=True) if is_inexact(t.type)]
    wrt = [k for k, a in enumerate(stmt.args) if bars.takes(a)]
    arrays = [a for a in (stmt.args[k] for k in pairs[name].sums) if isinstance(a, Var)]
    sums: list[Atom] = []
    for k, array in enumerate(arrays):
        sums.append(zero_of(b, array) if array in arrays[:k] else bars.whole(array))
        bars.take(array)
    found = [b.var(bar_name(stmt.args[k]), stmt.args[k].type) for k in wrt]
    b.append(Call(tuple(found), f"{name}_reverse", (*stmt.args, *given, *sums), stmt.pos))
    for k, bar in zip(wrt, found, strict=True):
        bars.add(stmt.args[k], bar)


def reverse_custom(sweep: Sweep, stmt: Custom, callees: Callees) -> None:
    """Reverse a call with a derivative of its own.

    The rule's ``vjp(builder, stmt, cotangents)`` gives a cotangent (or None) for each argument; `cotangents` has one
    (or None) for each target. A rule with ``pulled(builder, stmt, cotangents, wrt)`` gives those of the arguments
    `wrt`. A rule that has only ``jvp(builder, stmt, tangents)`` is transposed.
    """
    bars = sweep.bars
    seeds = [sweep.seed(t) for t in stmt.targets]
    if all(seed is None for seed in seeds):
        return
    rule_vjp, rule_jvp = getattr(stmt.rule, "vjp", None), getattr(stmt.rule, "jvp", None)
    if rule_vjp is not None:
        check = getattr(stmt.rule, "check_captured", None)
        if check is not None:
            check([bars.takes(a) for a in stmt.args])
        for arg, bar in zip(stmt.args, rule_vjp(sweep.builder, stmt, seeds), strict=True):
            bars.add(arg, bar)
        return
    wrt = tuple(k for k, a in enumerate(stmt.args) if bars.takes(a))
    found: list[Atom | None] | list[Atom]
    if (pulled := getattr(stmt.rule, "pulled", None)) is not None:
        found = pulled(sweep.builder, stmt, seeds, wrt)
    elif rule_jvp is None:
        snapshots = getattr(stmt.rule, "snapshots", None)
        found = _again(sweep, callees, stmt.fun, wrt, stmt.args, stmt.targets, seeds, snapshots)
    else:
        found = _transposed(sweep, callees, stmt, wrt, seeds)
    for k, bar in zip(wrt, found, strict=True):
        bars.add(stmt.args[k], bar)


def _again(
    sweep: Sweep, callees: Callees, fun: Function, wrt: tuple[int, ...], args: tuple[Atom, ...],
    targets: tuple[Atom, ...], seeds: list[Atom | None], snapshots: int | None = None,
) -> list[Atom]:
    """Run a function again, here, and reverse it."""
    b = sweep.builder
    given = [zero_of(b, t) if s is None else s for t, s in zip(targets, seeds, strict=True) if is_inexact(t.type)]
    made = callees.vjp(without_effects(fun), wrt, callees, snapshots=snapshots)
    body, results = walk.inline(made, (*args[: len(fun.params)], *given), b.names)
    b.extend(s for s in body if not isinstance(s, Comment))
    return list(results[len(results) - len(wrt) :])


def _transposed(
    sweep: Sweep, callees: Callees, stmt: Custom, wrt: tuple[int, ...], seeds: list[Atom | None]
) -> list[Atom]:
    """The transpose of a rule's jvp, which is linear in the tangents: its adjoint where they are zero."""
    b = sweep.builder
    linear, outs = _jvp_function(b, stmt, wrt)
    linear = _without_primals(without_effects(linear))
    count = len(stmt.args)
    places = tuple(range(count, count + len(wrt)))
    check_linear(linear, places, callees.functions, *NOT_LINEAR, stmt.pos)
    zeros = [zero_of(b, stmt.args[k]) for k in wrt]
    kept = [seeds[k] for k in outs]
    targets = tuple(stmt.targets[k] for k in outs)
    return _again(sweep, callees, linear, places, (*stmt.args, *zeros), targets, kept)


def _without_primals(function: Function) -> Function:
    """The function without the statements that none of its results needs: a rule computes the value, too."""
    wanted = set(function.results)
    kept: list[Stmt] = []
    for stmt in reversed(function.body):
        if wanted.intersection(walk.defines(stmt)):
            kept.append(stmt)
            wanted.update(walk.free_vars((stmt,)))
    return replace(function, body=tuple(kept[::-1]))


def _jvp_function(b: Builder, stmt: Custom, wrt: tuple[int, ...]) -> tuple[Function, list[int]]:
    """A rule's jvp as a function of the arguments and the tangents of those in `wrt`; which targets have a tangent."""
    params = tuple(Var(b.names.fresh("x"), a.type) for a in stmt.args)
    dots = {k: Var(b.names.fresh("x_dot"), stmt.args[k].type) for k in wrt}
    targets = tuple(Var(b.names.fresh(t.name), t.type) for t in stmt.targets)
    inner = replace(stmt, args=params, targets=targets)
    with b.block() as body:
        tangents = stmt.rule.jvp(b, inner, [dots.get(k) for k in range(len(params))])
    outs = [k for k, t in enumerate(tangents) if t is not None]
    results = tuple(tangents[k] for k in outs)
    return Function("linear", (*params, *dots.values()), tuple(body), results), outs


__all__ = ["Callees", "Pair", "loops_that_call", "pair_called", "prepared", "reverse_call", "reverse_custom"]
