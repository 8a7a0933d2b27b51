"""Functions with derivatives of their own: `custom_jvp`, `custom_vjp`, `checkpoint`.

A call writes a `Custom` node: the function, closed, and a rule. The rule is elaborated when a transform asks for it, in
the state that the call saw, so that a rule that calls its function again (as most do) is followed only as deep as
derivatives are taken.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from s2sad.errors import TypeMismatchError, UnsupportedError
from s2sad.frontend.elaborate.binding import bind_arguments
from s2sad.frontend.elaborate.closed import Closed, close, zero_of_leaf
from s2sad.frontend.elaborate.leaves import can_vary, leaves, level, structure, transform, type_of
from s2sad.frontend.meanings.custom_checks import check_derivative, fits, place_of
from s2sad.frontend.meanings.differentiation import function_of, name_of, sequence
from s2sad.frontend.values import captures
from s2sad.frontend.values.transforms import Spec, kind
from s2sad.frontend.values.values import Closure, Partial, State, Static, Tuple, Value
from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Custom, Let, Pos, Var, replace
from s2sad.ir.primitives import cast, dim, zeros
from s2sad.ir.types import Array, element, is_inexact

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


NONE = Static(None)


@dataclass(frozen=True, slots=True)
class Site:
    """A call of a custom function: what its rule needs to be elaborated later."""

    elab: Elaborator
    name: str
    closed: Closed
    state: State
    pos: Pos | None
    fixed: tuple[Value, ...]
    """The arguments in `nondiff_argnums`."""
    primals: tuple[Value, ...]
    """The other arguments."""
    leaves: tuple[Value, ...]
    """The numbers and arrays among their leaves."""
    undifferentiated: int
    """How many arguments of the call, after the leaves, no rule can give derivatives for."""

    def close(self, values: Sequence[Value], run: Callable[[list[Value]], tuple[Value, ...]]) -> Closed:
        """A function of these leaves, elaborated in the state and at the place of the call."""
        elab = self.elab
        before, pos = elab.state, elab.builder.pos
        elab.state, elab.builder.pos = {**elab.state, **self.state}, self.pos
        try:
            return close(elab, self.name, values, run)
        finally:
            elab.state, elab.builder.pos = before, pos

    def with_leaves(self, values: list[Value]) -> list[Value]:
        """The primals with other leaves."""
        supply = iter(values)
        elab = self.elab
        return [
            transform(elab, p, lambda leaf: leaf if type_of(elab, leaf) is None else next(supply)) for p in self.primals
        ]

    def write(self, builder: Builder, closed: Closed, given: Sequence[Atom], stmt: Custom) -> tuple[Atom, ...]:
        """Inline a closed rule: its first parameters are `given`, the rest what it captured, as the call has it now."""
        now = dict(zip(self.closed.args, stmt.args, strict=False))
        captured = []
        for atom in closed.args[len(given) :]:
            if isinstance(atom, Var) and atom not in now and not self.is_hidden(atom):
                raise UnsupportedError(
                    f"The derivative rule of {self.name} uses {atom.name}, which the function itself does not use.",
                    "Pass it as an argument.",
                    self.pos,
                )
            captured.append(now.get(atom, atom))
        builder.names.reserve(a.name for a in captured if isinstance(a, Var))
        body, results = walk.inline(self.elab.resolver(closed.fun), (*given, *captured), builder.names)
        builder.extend(body)
        return results

    def is_hidden(self, var: Var) -> bool:
        """Whether a variable is a hidden parameter, which is in scope everywhere."""
        return any(var == hidden for hidden, _ in self.elab.outside.captured)

    def check_captured(self, active: Sequence[bool]) -> None:
        """Refuse derivatives with respect to what the function captured, or has in `nondiff_argnums`."""
        first = len(self.leaves)
        last = first + self.undifferentiated
        for atom, varies in zip(self.closed.args[first:last], active[first:last], strict=False):
            if varies:
                raise UnsupportedError(
                    f"{self.name} has a derivative rule of its own, and is differentiated with respect to {atom}, "
                    "which it captures or has in nondiff_argnums.",
                    "Pass it as an argument that is differentiated.",
                    self.pos,
                )

    def call(self, rule: Value, args: list[Value]) -> Value:
        """What a rule returns. What is wrong with it stands where the rule is defined."""
        out = self.elab.resolve(self.elab.call(rule, args, {}))
        self.elab.builder.pos = place_of(rule) or self.elab.pos
        return out

    def check_value(self, value: Value) -> None:
        """Refuse a value that a rule computes unless it is like that of the function."""
        elab = self.elab
        found = [t for leaf in leaves(elab, value) if (t := type_of(elab, leaf)) is not None]
        expected = [r.type for r in self.closed.fun.results]
        if len(found) != len(expected) or not all(map(fits, expected, found)):
            got, like = (", ".join(map(str, x)) or "nothing" for x in (found, expected))
            elab.mismatch(
                f"The derivative rule of {self.name} computes a value of type {got}, where the function has {like}.",
                "Return the value of the function.",
            )


def zero_like(builder: Builder, atom: Atom) -> Atom:
    """Zeros like a value."""
    if isinstance(atom.type, Array):
        dims = [
            d if isinstance(d, int) else builder.emit(dim, (atom,), {"axis": k}, "n")
            for k, d in enumerate(atom.type.dims)
        ]
        return builder.emit(zeros, dims, {"dtype": atom.type.dtype})
    return builder.emit(cast, (0.0,), {"dtype": atom.type.dtype, "weak": atom.type.weak})


# -- custom_jvp


@dataclass(frozen=True, slots=True)
class JvpRule:
    """What `transforms.forward` calls for a `custom_jvp`, and `transforms.adjoint` transposes."""

    site: Site
    rule: Value

    def jvp(self, builder: Builder, stmt: Custom, tangents: list[Atom | None]) -> list[Atom | None]:
        """Write the call by the rule; a tangent for each target."""
        site, elab = self.site, self.site.elab
        site.check_captured([t is not None for t in tangents])
        primals = site.leaves
        types = {k: t for k, v in enumerate(primals) if (t := type_of(elab, v)) is not None and is_inexact(t)}
        varying = list(types)
        dots = [elab.lift(Var(elab.builder.names.fresh("x_dot"), t)) for t in types.values()]

        def run(values: list[Value]) -> tuple[Value, ...]:
            supply = iter(values[len(primals) :])
            every = [next(supply) if k in varying else zero_of_leaf(elab, v) for k, v in enumerate(primals)]
            given = [Tuple(tuple(site.with_leaves(values[: len(primals)]))), Tuple(tuple(site.with_leaves(every)))]
            out = sequence(elab, site.call(self.rule, [*site.fixed, *given]))
            if out is None or len(out) != 2:
                elab.mismatch("A jvp rule must return a pair (primal_out, tangent_out).", "Return both, as a tuple.")
            self.check(elab, out)
            return (out[0], out[1])

        closed = site.close([*primals, *dots], run)
        given = [*stmt.args[: len(primals)], *(tangents[k] or zero_like(builder, stmt.args[k]) for k in varying)]
        results = site.write(builder, closed, given, stmt)
        bind(builder, stmt.targets, [results[n] for n in closed.out_leaves[0] if n is not None])
        numbers = [n for n in closed.out_leaves[1] if n is not None][: len(stmt.targets)]
        return [
            fitted(builder, results[n], t) if is_inexact(t.type) else None
            for n, t in zip(numbers, stmt.targets, strict=True)
        ]

    def forward(self, builder: Builder, stmt: Custom) -> tuple[tuple[Atom, ...], Transposed]:
        """Write the forward part of reverse mode: the value, by the rule. The reverse part transposes the rule."""
        outs = tuple(builder.var(t.name, t.type) for t in stmt.targets)
        self.jvp(builder, replace(stmt, targets=outs), [None for _ in stmt.args])
        return outs, Transposed(self)

    def check(self, elab: Elaborator, out: list[Value]) -> None:
        """The tangent must mirror the value."""
        if structure(elab, out[0]) != structure(elab, out[1]):
            elab.mismatch(
                f"The jvp rule of {self.site.name} must return a tangent with the tree structure of the value.",
                "Mirror it.",
            )
        self.site.check_value(out[0])
        for value, dot in zip(leaves(elab, out[0]), leaves(elab, out[1]), strict=True):
            if can_vary(elab, value):
                check_derivative(elab, f"The tangent that the jvp rule of {self.site.name} returns", value, dot)


@dataclass(frozen=True, slots=True)
class Transposed:
    """The rule of a `custom_jvp` call whose forward part has run."""

    rule: JvpRule

    def jvp(self, builder: Builder, stmt: Custom, tangents: list[Atom | None]) -> list[Atom | None]:
        """Write the call by the rule."""
        return self.rule.jvp(builder, stmt, tangents)


def bind(builder: Builder, targets: Sequence[Var], results: Sequence[Atom]) -> None:
    """Define the targets as these results."""
    for target, result in zip(targets, results, strict=True):
        params = (("dtype", element(target.type)), ("weak", bool(getattr(target.type, "weak", False))))
        builder.append(Let((target,), cast, (result,), params, builder.pos))


def fitted(builder: Builder, atom: Atom, like: Atom) -> Atom:
    """A derivative with the dtype of its primal."""
    if element(atom.type) == element(like.type):
        return atom
    return builder.emit(cast, (atom,), {"dtype": element(like.type)})


# -- custom_vjp


@dataclass(frozen=True, slots=True)
class VjpRule:
    """What `transforms.adjoint` opens for reverse mode: the forward part, and the backward part with its residuals."""

    site: Site
    fwd: Value
    bwd: Value
    arrange: Callable[[Sequence[Value], Sequence[Value]], list[Value]]
    """Puts arguments in `nondiff_argnums` and the others in the order of the function's parameters."""
    reverse_only: ClassVar[bool] = True

    def jvp(self, builder: Builder, stmt: Custom, tangents: list[Atom | None]) -> list[Atom | None]:
        raise TypeMismatchError(
            "can't apply forward-mode autodiff (jvp) to a custom_vjp function.",
            "Use custom_jvp for both modes.",
            self.site.pos,
        )

    def forward(self, builder: Builder, stmt: Custom) -> tuple[tuple[Atom, ...], Opened]:
        """Write the forward part; gives the values of the targets and what the backward part needs."""
        site, elab = self.site, self.site.elab

        def run(values: list[Value]) -> tuple[Value, ...]:
            args = self.arrange(site.fixed, site.with_leaves(values))
            out = sequence(elab, site.call(self.fwd, args))
            if out is None or len(out) != 2:
                elab.mismatch("The forward rule must return a pair (value, residuals).", "Return both, as a tuple.")
            site.check_value(out[0])
            return (out[0], out[1])

        primals = site.leaves
        closed = site.close(primals, run)
        results = site.write(builder, closed, stmt.args[: len(primals)], stmt)
        outs = tuple(results[n] for n in closed.out_leaves[0] if n is not None)
        return outs, Opened(self, closed, results)


@dataclass(frozen=True, slots=True)
class Opened:
    """The rule of a `custom_vjp` call whose forward part has run: the residuals are among `results`."""

    rule: VjpRule
    closed: Closed
    results: tuple[Atom, ...]

    def check_captured(self, active: Sequence[bool]) -> None:
        """Refuse derivatives that the rule does not give."""
        self.rule.site.check_captured(active)

    def vjp(self, builder: Builder, stmt: Custom, cotangents: list[Atom | None]) -> list[Atom | None]:
        """Write the backward part; a cotangent (or None) for each argument."""
        rule, closed, site = self.rule, self.closed, self.rule.site
        elab = site.elab
        out_numbers = [n for n in closed.out_leaves[0] if n is not None]
        residual_numbers = [n for n in closed.out_leaves[1] if n is not None]
        bars = dict(zip(out_numbers, cotangents, strict=True))
        params = [closed.fun.results[n] for n in residual_numbers] + [
            closed.fun.results[n] for n in out_numbers if is_inexact(closed.fun.results[n].type)
        ]
        values = [
            elab.lift(Var(elab.builder.names.fresh(str(a) if isinstance(a, Var) else "r"), a.type)) for a in params
        ]

        def run(given: list[Value]) -> tuple[Value, ...]:
            atoms: list[Any] = [Static(0.0)] * len(closed.fun.results)
            supply = iter(given)
            for n in residual_numbers:
                atoms[n] = next(supply)
            residuals = closed.rebuild(elab, 1, atoms)
            for n in out_numbers:
                if is_inexact(closed.fun.results[n].type):
                    atoms[n] = next(supply)
            out = site.call(rule.bwd, [*site.fixed, residuals, closed.rebuild(elab, 0, atoms)])
            found = sequence(elab, out)
            if found is None and len(site.primals) == 1:
                found = [out]  # a lone cotangent, for the one argument that there is
            if found is None or len(found) != len(site.primals):
                elab.mismatch(
                    f"The backward rule of {site.name} must return a tuple of {len(site.primals)}, a cotangent for "
                    "each argument.",
                    "Return a tuple; None stands for zero.",
                )
            return tuple(self.whole(p, c) for p, c in zip(site.primals, found, strict=True))

        again = site.close(values, run)
        given = [self.results[n] for n in residual_numbers]
        for n in out_numbers:
            if is_inexact(closed.fun.results[n].type):
                given.append(bars[n] or zero_like(builder, self.results[n]))
        results = site.write(builder, again, given, stmt)
        found: list[Atom | None] = [results[n] for part in again.out_leaves for n in part if n is not None]
        primals = stmt.args[: len(site.leaves)]
        kept = [
            fitted(builder, c, a) if c is not None and is_inexact(a.type) else None
            for a, c in zip(primals, found, strict=True)
        ]
        return [*kept, *(None for _ in stmt.args[len(primals) :])]

    def whole(self, primal: Value, cotangent: Value) -> Value:
        """A cotangent with a leaf for each leaf of its primal; None means zero, for a leaf or a whole container."""
        name, elab = self.rule.site.name, self.rule.site.elab
        supply = iter(self.mirrored(primal, cotangent))

        def fill(leaf: Value) -> Value:
            given = next(supply)
            if given is None or not can_vary(elab, leaf):
                return NONE if type_of(elab, leaf) is None else zero_of_leaf(elab, leaf)
            check_derivative(elab, f"The cotangent that the backward rule of {name} returns", leaf, given)
            return given

        return transform(elab, primal, fill)

    def mirrored(self, primal: Value, cotangent: Value) -> list[Value | None]:
        """The part of a cotangent for each leaf of its primal; None where that is zero."""
        elab = self.rule.site.elab
        if elab.resolve(cotangent) == NONE:
            return [None for _ in leaves(elab, primal)]
        expected, found = level(elab, primal), level(elab, cotangent)
        if expected is None and found is None:
            return [elab.resolve(cotangent)]
        if expected is None or found is None or expected.kind != found.kind:
            elab.mismatch(
                "A backward rule must return cotangents with the tree structure of the arguments.",
                "Mirror each argument; None stands for zero.",
            )
        pairs = zip(expected.children, found.children, strict=True)
        return [part for p, c in pairs for part in self.mirrored(p, c)]


# -- checkpoint


@dataclass(frozen=True, slots=True)
class Snapshots:
    """The rule of a checkpoint whose loops are reversed from so many snapshots of their state."""

    snapshots: int


def checked_snapshots(snapshots: object) -> int:
    """A number of snapshots; ValueError for anything else."""
    if isinstance(snapshots, int) and not isinstance(snapshots, bool) and snapshots >= 1:
        return snapshots
    raise ValueError(f"checkpoint: snapshots must be an int of at least 1, not {snapshots!r}")


# -- calls


@kind("custom_jvp")
def custom_jvp(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A call of a function made by `custom_jvp`."""
    rule = spec.options["rule"](spec.options["owner"])
    return call_by_jvp(elab, spec, None if rule is None else Static(rule), args, kwargs)


@kind("custom_vjp")
def custom_vjp(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A call of a function made by `custom_vjp`."""
    rules = spec.options["rule"](spec.options["owner"])
    return call_by_vjp(elab, spec, None if rules is None else (Static(rules[0]), Static(rules[1])), args, kwargs)


def call_by_jvp(
    elab: Elaborator, spec: Spec, rule: Value | None, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """A call of a function with a rule for tangents."""
    if rule is None:
        elab.mismatch(
            f"No JVP defined for custom_jvp function {name_of(elab, function_of(elab, spec))} using defjvp.",
            "Define one with defjvp or defjvps.",
        )
    return call(elab, spec, args, kwargs, lambda site, _: JvpRule(site, rule), [rule])


def call_by_vjp(
    elab: Elaborator, spec: Spec, rules: tuple[Value, Value] | None, args: list[Value], kwargs: dict[str, Value]
) -> Value:
    """A call of a function with rules for cotangents."""
    if rules is None:
        elab.mismatch(
            f"No VJP defined for custom_vjp function {name_of(elab, function_of(elab, spec))} using defvjp.",
            "Define one with defvjp(fwd, bwd).",
        )
    return call(elab, spec, args, kwargs, lambda site, arrange: VjpRule(site, *rules, arrange), rules)


@kind("checkpoint")
def checkpoint(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A call of a function made by `checkpoint`: run again in the reverse sweep."""
    function = function_of(elab, spec)
    if kwargs:
        function, kwargs = Partial(function, (), tuple(kwargs.items())), {}
    snapshots = spec.options.get("snapshots")
    rule = None if snapshots is None else Snapshots(checked_snapshots(snapshots))
    return call(elab, Spec("checkpoint", function, spec.options), args, kwargs, lambda site, _: rule, ())


def call(
    elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value], make_rule: Callable[..., Any],
    rules: Sequence[Value],
) -> Value:
    """Write a call of a custom function. What its rules may read besides is an argument of the call, too."""
    function = function_of(elab, spec)
    every = positional(elab, function, args, kwargs)
    nondiff = tuple(k % len(every) for k in spec.options.get("nondiff_argnums", ()))
    fixed = tuple(every[k] for k in nondiff)
    primals = tuple(elab.resolve(v) for k, v in enumerate(every) if k not in nondiff)

    def arrange(first: Sequence[Value], others: Sequence[Value]) -> list[Value]:
        given, supply = dict(zip(nondiff, first, strict=True)), iter(others)
        return [given[k] if k in given else next(supply) for k in range(len(every))]

    varying = [leaf for p in primals for leaf in leaves(elab, p) if type_of(elab, leaf) is not None]

    def run(values: list[Value]) -> tuple[Value, ...]:
        supply = iter(values)
        inner = [
            transform(elab, p, lambda leaf: leaf if type_of(elab, leaf) is None else next(supply)) for p in primals
        ]
        return (elab.resolve(elab.call(function, arrange(fixed, inner), {})),)

    state = dict(elab.state)
    closed = with_more(elab, close(elab, name_of(elab, function), varying, run), captures.variables_of(elab, fixed))
    undifferentiated = len(closed.args) - len(varying)
    closed = with_more(elab, closed, captures.variables_of(elab, rules))
    name = name_of(elab, function)
    pos = elab.pos or place_of(function)
    site = Site(elab, name, closed, state, pos, fixed, primals, tuple(varying), undifferentiated)
    targets = tuple(elab.builder.var(str(r) if isinstance(r, Var) else "out", r.type) for r in closed.fun.results)
    elab.builder.append(Custom(targets, closed.fun, make_rule(site, arrange), closed.args, elab.pos))
    lifted = [elab.lift(t) for t in targets]
    elab.latest = None
    return closed.rebuild(elab, 0, lifted)


def with_more(elab: Elaborator, closed: Closed, variables: Sequence[Var]) -> Closed:
    """The closed function with further arguments, which it does not use."""
    more = [v for v in variables if v not in closed.args]
    params = (Var(elab.builder.names.fresh(v.name), v.type) for v in more)
    fun = replace(closed.fun, params=(*closed.fun.params, *params))
    return dataclasses.replace(closed, fun=fun, args=(*closed.args, *more))


def positional(elab: Elaborator, function: Value, args: list[Value], kwargs: dict[str, Value]) -> list[Value]:
    """All arguments by position, defaults filled in."""
    if isinstance(function, Closure):
        return positional_in(elab, function, args, kwargs)
    python = function.obj if isinstance(function, Static) else None
    if kwargs and python is None:
        elab.mismatch("A custom derivative takes no keyword arguments here.", "Pass them by position.")
    if python is None or (not kwargs and not callable(python)):
        return args
    try:
        bound = inspect.signature(python).bind(*args, **kwargs)
    except TypeError as error:
        elab.mismatch(f"{getattr(python, '__name__', 'function')}(): {error}.")
    except ValueError:
        return args
    for parameter in bound.signature.parameters.values():
        if parameter.default is not parameter.empty and parameter.name not in bound.arguments:
            bound.arguments[parameter.name] = elab.outside.argument(parameter.default, parameter.name)
    if bound.kwargs and any(p.kind is p.KEYWORD_ONLY for p in bound.signature.parameters.values()):
        elab.mismatch("A custom derivative takes no keyword-only arguments.", "Make them positional.")
    return [*bound.args]


def positional_in(elab: Elaborator, function: Closure, args: list[Value], kwargs: dict[str, Value]) -> list[Value]:
    """All arguments of a function that is defined inside."""
    spec = function.source.node.args
    bound = bind_arguments(elab, function, args, kwargs)
    if spec.kwonlyargs or spec.kwarg is not None:
        elab.mismatch("A custom derivative takes no keyword-only arguments.", "Make them positional.")
    rest = () if spec.vararg is None else args[len(spec.posonlyargs) + len(spec.args) :]
    return [*(bound[p.id] for p in (*spec.posonlyargs, *spec.args)), *rest]
