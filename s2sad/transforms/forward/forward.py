"""Forward mode: the tangent of every active value, computed beside it.

    def f(x, n):
        s = 0.0
        for i in range(n):
            s_1 = s * x
            s = s_1
        s_2 = s
        return s_2

becomes, for `wrt` (0,)

    def f_jvp(x, n, x_dot):
        s = 0.0
        s_dot = 0.0
        for i in range(n):
            s_1 = s * x
            mul = x * s_dot
            mul_1 = s * x_dot
            s_dot_1 = mul + mul_1
            s = s_1
            s_dot = s_dot_1
        s_2 = s
        s_dot_2 = s_dot
        return s_2, s_dot_2

A tangent has the type of its primal, and is None while it is zero; a zero is made only where a loop, a branch, a
store or a result needs one. A carried value is active as a whole. Conditions, bounds, indexes and effects stay
primal.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from s2sad.errors import UnsupportedError
from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import (
    Apply,
    Atom,
    Block,
    Call,
    Carry,
    Const,
    Custom,
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
from s2sad.ir.primitives import (
    Primitive,
    cast,
    dim,
    inc,
    list_append,
    list_drop,
    list_get,
    list_len,
    list_new,
    list_set,
    list_zeros,
    load,
    store,
    undef,
    zeros,
)
from s2sad.ir.types import is_inexact
from s2sad.ir.verifier import alike
from s2sad.rules.registry import call_rule, rule_of
from s2sad.transforms.activity import useful_vars
from s2sad.transforms.forward.tangents import Tangent, dot_name, elementwise, fit, named, zero_like

CONSTANT = frozenset({dim, list_len, list_new, list_zeros, undef, zeros})
"""Structural primitives that no tangent goes through."""
CONTAINER = frozenset({load, cast, list_get, list_drop})
"""Those linear in their first argument: the tangent is the same operation on its tangent."""
UPDATE = frozenset({store, inc, list_append, list_set})
"""Those that put a value (the last argument of a list operation, else the second) into their first argument."""


def jvp(
    function: Function, wrt: Sequence[int], functions: Mapping[str, Function] | None = None, count: int | None = None
) -> tuple[Function, dict[str, Function]]:
    """The function that takes a tangent more for each parameter in `wrt`, and gives one for each inexact result, or for
    the first `count` of them.

    Also gives the tangents of the out-of-line functions it calls, by name.
    """
    made: dict[str, Function] = {}
    return _Forward({**(functions or {})}, made).function(function, tuple(wrt), f"{function.name}_jvp", count), made


def varied(function: Function, wrt: Sequence[int]) -> set[Var]:
    """The variables that a tangent of the parameters in `wrt` can reach."""
    active = {function.params[k] for k in wrt}
    size = -1
    while len(active) != size:
        size = len(active)
        for stmt in walk.statements(function.body):
            for targets, sources in _flows(stmt):
                if not active.isdisjoint(sources):
                    active.update(v for v in targets if is_inexact(v.type))
    return active


def _flows(stmt: Stmt) -> Iterator[tuple[tuple[Var, ...], tuple[Atom, ...]]]:
    """What each part of a statement makes, and of what."""
    match stmt:
        case Let(targets, prim, args):
            if prim not in CONSTANT and not rule_of(prim).zero:
                yield targets, args
        case For() | While():
            for c in stmt.carried:
                yield (c.phi, c.out), (c.init, c.next, c.phi)
        case If():
            for j in stmt.joined:
                yield (j.out,), (j.then, j.orelse)
        case Call() | Custom():
            yield stmt.targets, stmt.args
        case _:
            pass


class _Forward:
    """Writes the tangent of one function; `made` collects those of its callees."""

    def __init__(self, functions: Mapping[str, Function], made: dict[str, Function]) -> None:
        self.functions, self.made = functions, made
        self.dots: dict[Var, Atom] = {}
        self.blank: set[Var] = set()

    def function(self, function: Function, wrt: tuple[int, ...], name: str, count: int | None = None) -> Function:
        self.b = Builder(walk.names_of(function), derived=True)
        self.active = varied(function, wrt)
        wanted = tuple(r for r in function.results if is_inexact(r.type))[:count]
        self.useful = useful_vars(replace(function, results=wanted))
        seeds = [self.var(function.params[k]) for k in wrt]
        self.dots.update(zip((function.params[k] for k in wrt), seeds, strict=True))
        with self.b.block() as body:
            self.block(function.body)
            tangents = tuple(map(self.instance, wanted))
        params, results = (*function.params, *seeds), (*function.results, *tangents)
        return replace(function, name=name, params=params, body=tuple(body), results=results)

    # -- tangents

    def var(self, primal: Var) -> Var:
        """A variable for the tangent of a value."""
        return Var(self.b.names.fresh(dot_name(primal.name)), primal.type)

    def dot(self, atom: Atom) -> Tangent:
        return self.dots.get(atom) if isinstance(atom, Var) else None

    def instance(self, atom: Atom) -> Atom:
        """The tangent of a value, a zero where it is None."""
        found = self.dot(atom)
        return zero_like(self.b, atom, atom in self.blank) if found is None else found

    def give(self, primal: Var, tangent: Tangent) -> None:
        if tangent is not None:
            self.dots[primal] = tangent

    # -- statements

    def block(self, block: Block) -> None:
        for stmt in block:
            self.b.pos = getattr(stmt, "pos", None)
            self.statement(stmt)

    def nested(self, block: Block, values: Sequence[Atom]) -> tuple[list[Stmt], list[Atom]]:
        """A nested block with its tangents, and the tangents of these values at its end."""
        with self.b.block() as inner:
            self.block(block)
            tangents = [self.instance(v) for v in values]
        return inner, tangents

    def statement(self, stmt: Stmt) -> None:
        match stmt:
            case Let():
                self.b.append(stmt)
                self.let(stmt)
            case For():
                self.loop(stmt)
            case While():
                self.while_loop(stmt)
            case If():
                self.branch(stmt)
            case Call():
                self.call(stmt)
            case Custom():
                self.custom(stmt)
            case Apply():
                raise TypeError(f"forward mode reads programs without transforms, and {stmt.kind} is one")
            case _:
                self.b.append(stmt)

    def let(self, stmt: Let) -> None:
        tangents = [self.dot(a) for a in stmt.args]
        if stmt.prim is undef:
            self.blank.add(stmt.targets[0])
        if self.active.isdisjoint(stmt.targets) or all(t is None for t in tangents):
            return
        prim = stmt.prim
        if prim in CONTAINER:
            self.give(stmt.targets[0], self.same(stmt, prim, (self.instance(stmt.args[0]), *stmt.args[1:])))
        elif prim in UPDATE:
            self.give(stmt.targets[0], self.update(stmt, tangents))
        else:
            self.by_rule(stmt, tangents)

    def same(self, stmt: Let, prim: Primitive, args: tuple[Atom, ...]) -> Atom:
        """The same operation on other arguments, giving the tangent of its result."""
        target = self.var(stmt.targets[0])
        self.b.append(Let((target,), prim, args, stmt.params, stmt.pos))
        return target

    def update(self, stmt: Let, tangents: Sequence[Tangent]) -> Tangent:
        """The tangent of a store, an increment or a list update."""
        place = len(stmt.args) - 1 if stmt.prim in (list_append, list_set) else 1
        if stmt.prim is inc and tangents[1] is None:
            return tangents[0]
        args = list(stmt.args)
        args[0], args[place] = self.instance(args[0]), self.put(stmt, args[place])
        return self.same(stmt, stmt.prim, tuple(args))

    def put(self, stmt: Let, value: Atom) -> Atom:
        """The tangent of a value that is put somewhere: one zero does for an array of them in a store."""
        if self.dot(value) is None and stmt.prim is store:
            return Const(0.0)
        return self.instance(value)

    def by_rule(self, stmt: Let, tangents: Sequence[Tangent]) -> None:
        rule = rule_of(stmt.prim)
        if rule.zero:
            return
        if rule.partials is not None:
            if stmt.targets[0] in self.useful:  # else a partial that is not known would be refused for nothing
                self.give(stmt.targets[0], elementwise(self.b, stmt, rule, tangents))
            return
        if rule.jvp is None:
            raise UnsupportedError(
                f"`{stmt.prim.name}` has no rule for forward mode.",
                "Write it with operations that have one, or declare a custom_jvp.", stmt.pos,
            )
        self.by_jvp(stmt, rule.jvp, tangents)

    def by_jvp(self, stmt: Let, rule: Any, tangents: Sequence[Tangent]) -> None:
        refs = [self.b.ref(a) for a in stmt.args]
        dots = [None if t is None else self.b.ref(t) for t in tangents]
        outs = tuple(self.b.ref(t) for t in stmt.targets)
        made = call_rule(rule, [*dots, *refs], outs if len(outs) > 1 else outs[0], dict(stmt.params))
        if len(outs) == 1:
            made = (made,)
        for target, tangent in zip(stmt.targets, made, strict=True):
            if tangent is not None and is_inexact(target.type):
                self.give(target, self.trusted(stmt.prim, tangent, target, len(outs) == 1))

    def trusted(self, prim: Primitive, tangent: Any, primal: Var, alone: bool) -> Atom:
        """The tangent that a rule made; unless the primitive broadcasts, its shape is trusted where the ranks agree."""
        atom = self.b.ref(tangent).atom
        if prim.elementwise or not alike(atom.type, primal.type):
            atom = fit(self.b, atom, primal)
        return named(self.b, atom, primal) if alone else atom

    # -- control flow

    def branch(self, stmt: If) -> None:
        active = [j for j in stmt.joined if j.out in self.active]
        then, left = self.nested(stmt.then, [j.then for j in active])
        orelse, right = self.nested(stmt.orelse, [j.orelse for j in active])
        joined = list(stmt.joined)
        for join, a, b in zip(active, left, right, strict=True):
            out = self.var(join.out)
            joined.append(Join(out, a, b))
            self.dots[join.out] = out
        self.b.append(replace(stmt, then=tuple(then), orelse=tuple(orelse), joined=tuple(joined)))

    def enter(self, stmt: For | While) -> tuple[list[Carry], list[Atom], list[Var]]:
        """The active carries of a loop, the tangents they enter with and those at the head of an iteration."""
        active = [c for c in stmt.carried if c.phi in self.active]
        inits = [self.instance(c.init) for c in active]
        phis = [self.var(c.phi) for c in active]
        self.dots.update(zip((c.phi for c in active), phis, strict=True))
        return active, inits, phis

    def leave(
        self, active: list[Carry], inits: list[Atom], phis: list[Var], nexts: Sequence[Atom]
    ) -> tuple[Carry, ...]:
        """The carries of the tangents."""
        outs = [self.var(c.out) for c in active]
        self.dots.update(zip((c.out for c in active), outs, strict=True))
        return tuple(map(Carry, phis, inits, nexts, outs))

    def loop(self, stmt: For) -> None:
        active, inits, phis = self.enter(stmt)
        body, nexts = self.nested(stmt.body, [c.next for c in active])
        carried = (*stmt.carried, *self.leave(active, inits, phis, nexts))
        self.b.append(replace(stmt, carried=carried, body=tuple(body)))

    def while_loop(self, stmt: While) -> None:
        active, inits, phis = self.enter(stmt)
        pre, _ = self.nested(stmt.pre, ())
        body, nexts = self.nested(stmt.body, [c.next for c in active])
        pre, late = _after_test(pre, stmt.pre)
        carried = (*stmt.carried, *self.leave(active, inits, phis, nexts))
        self.b.append(replace(stmt, carried=carried, pre=tuple(pre), body=(*late, *body)))

    # -- calls

    def call(self, stmt: Call) -> None:
        wrt = tuple(k for k, a in enumerate(stmt.args) if self.dot(a) is not None)
        if not wrt or not any(is_inexact(t.type) for t in stmt.targets):
            self.b.append(stmt)
            return
        primals = [t for t in stmt.targets if is_inexact(t.type)]
        dots = [self.var(t) for t in primals]
        args = (*stmt.args, *(self.instance(stmt.args[k]) for k in wrt))
        function = self.callee(stmt.function, wrt)
        self.b.append(replace(stmt, targets=(*stmt.targets, *dots), function=function, args=args))
        self.dots.update(zip(primals, dots, strict=True))

    def callee(self, name: str, wrt: tuple[int, ...]) -> str:
        """The name of the tangent of an out-of-line function, which is made when it is asked for first."""
        derived = f"{name}_jvp_{'_'.join(map(str, wrt))}"
        if derived not in self.made and derived not in self.functions:
            self.made[derived] = self.functions[name]
            inner = _Forward(self.functions, self.made)
            self.made[derived] = inner.function(self.functions[name], wrt, derived)
        return derived

    def custom(self, stmt: Custom) -> None:
        """A call with a derivative of its own.

        The rule's ``jvp(builder, stmt, tangents)`` writes the call and gives a tangent (or None) for each target; a
        rule without one (checkpoint) is differentiated through.
        """
        tangents = [self.dot(a) for a in stmt.args]
        rule = getattr(stmt.rule, "jvp", None)
        if all(t is None for t in tangents):
            self.b.append(stmt)
        elif rule is None:
            self.through(stmt)
        else:
            for target, tangent in zip(stmt.targets, rule(self.b, stmt, tangents), strict=True):
                self.give(target, tangent)

    def through(self, stmt: Custom) -> None:
        """Differentiate the body of a custom call as part of this function."""
        wrt = tuple(k for k, a in enumerate(stmt.args) if self.dot(a) is not None)
        derived = _Forward(self.functions, self.made).function(stmt.fun, wrt, stmt.fun.name)
        args = (*stmt.args, *(self.instance(stmt.args[k]) for k in wrt))
        primals = [t for t in stmt.targets if is_inexact(t.type)]
        dots = [self.var(t) for t in primals]
        self.b.append(replace(stmt, targets=(*stmt.targets, *dots), fun=derived, args=args))
        self.dots.update(zip(primals, dots, strict=True))


def _after_test(block: list[Stmt], primal: Block) -> tuple[list[Stmt], list[Stmt]]:
    """Split the block before a loop's test: tangents that nothing else in it needs can wait for the test to pass."""
    own = set(map(id, primal))
    stay: list[Stmt] = []
    late: list[Stmt] = []
    used: set[Atom] = set()
    for stmt in reversed(block):
        if isinstance(stmt, Let) and id(stmt) not in own and used.isdisjoint(stmt.targets):
            late.append(stmt)
        else:
            stay.append(stmt)
            used.update(walk.operands(stmt), walk.leaving(stmt), *map(walk.free_vars, walk.blocks_of(stmt)))
    return stay[::-1], late[::-1]
