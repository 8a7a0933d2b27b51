"""Solutions of equations, whose derivatives are those of the equation and not of the iteration that found them.

    x, n = solution(r, solve)        r(x; a) = 0, where a is all that r captures:

    x_dot = -r_x⁻¹ (r_a a_dot)       forward mode
    a_bar = -r_aᵀ (r_x⁻ᵀ x_bar)      reverse mode

(the implicit function theorem). A call writes a `Custom` node with what solves the equation. Its rule is written where
a transform asks for it, in the state that the call saw; it keeps the call, so the next transform asks it again.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from s2sad.frontend import library
from s2sad.frontend.elaborate.closed import Closed, apply, close, result_types
from s2sad.frontend.library import implicit
from s2sad.frontend.meanings.custom import Site, fitted, with_more
from s2sad.frontend.meanings.differentiation import grad, one
from s2sad.frontend.meanings.jacobians import forward_columns, jacfwd
from s2sad.frontend.values import captures
from s2sad.frontend.values.transforms import Spec, register
from s2sad.frontend.values.values import Static, Value
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Custom, Var
from s2sad.ir.types import Array, is_inexact

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


@dataclass(frozen=True, slots=True)
class Implicit:
    """The rule of a call that solves an equation; what a transform asks for is written by `site`."""

    site: Site
    residual: Value
    elementwise: bool

    def jvp(self, builder: Builder, stmt: Custom, tangents: list[Atom | None]) -> list[Atom | None]:
        """Write the call, and the tangent of the solution; a tangent (or None) for each target."""
        builder.append(stmt)
        active = [k for k, t in enumerate(tangents) if t is not None and is_inexact(stmt.args[k].type)]
        elab = self.site.elab
        x, *dots = self.inputs([stmt.targets[0], *(stmt.args[k] for k in active)])

        def run(values: list[Value]) -> tuple[Value, ...]:
            equation = self.equation(values[0])
            given = dict(zip((self.site.closed.args[k] for k in active), values[1:], strict=True))
            wrt = [k for k, a in enumerate(equation.args) if k and a in given]
            if not wrt:
                return ()
            seeds = [elab.atom(given[equation.args[k]]) for k in wrt]
            _, (pushed,) = apply(elab, "jvp", dataclasses.replace(equation, wrt=tuple(wrt)), seeds)
            return (self.divided(equation, values[0], pushed, transposed=False),)

        closed = self.site.close([x, *dots], run)
        seeds = [t for k in active if (t := tangents[k]) is not None]
        results = self.site.write(builder, closed, [stmt.targets[0], *seeds], stmt)
        x_dot = fitted(builder, results[0], stmt.targets[0]) if results else None
        return [x_dot, *(None for _ in stmt.targets[1:])]

    def pulled(
        self, builder: Builder, stmt: Custom, cotangents: Sequence[Atom | None], wrt: Sequence[int]
    ) -> list[Atom | None]:
        """Write the cotangents of the arguments `wrt`; None for one that the equation does not depend on."""
        x_bar = cotangents[0]
        if x_bar is None:
            return [None for _ in wrt]
        elab = self.site.elab
        names = {self.site.closed.args[k]: n for n, k in enumerate(wrt)}
        found: list[int] = []

        def run(values: list[Value]) -> tuple[Value, ...]:
            equation = self.equation(values[0])
            places = [k for k, a in enumerate(equation.args) if k and a in names]
            if not places:
                return ()
            found.extend(names[equation.args[k]] for k in places)
            seed = elab.atom(self.divided(equation, values[0], values[1], transposed=True))
            return tuple(apply(elab, "vjp", dataclasses.replace(equation, wrt=tuple(places)), [seed])[1])

        closed = self.site.close(self.inputs([stmt.targets[0], x_bar]), run)
        results = self.site.write(builder, closed, [stmt.targets[0], x_bar], stmt)
        bars: list[Atom | None] = [None for _ in wrt]
        for n, bar in zip(found, results, strict=True):
            bars[n] = fitted(builder, bar, stmt.args[wrt[n]])
        return bars

    def inputs(self, atoms: Sequence[Atom]) -> list[Value]:
        """Values of the types of these atoms, to close a part of the rule over."""
        elab = self.site.elab
        return [elab.lift(Var(elab.builder.names.fresh(str(a) if isinstance(a, Var) else "x"), a.type)) for a in atoms]

    def equation(self, x: Value) -> Closed:
        """The residual at x, closed: x is its first parameter."""
        elab = self.site.elab
        return close(elab, "residual", [x], lambda values: (elab.resolve(elab.call(self.residual, values, {})),))

    def divided(self, equation: Closed, x: Value, value: Value, transposed: bool) -> Value:
        """Minus `value` divided by the derivative of the residual by x."""
        elab = self.site.elab
        by_x = dataclasses.replace(equation, wrt=(0,))
        is_array = isinstance(equation.args[0].type, Array)
        if self.elementwise or not is_array:
            seed = elab.atom(library.call(elab, np.ones_like, [x], {})) if is_array else one(equation.args[0].type)
            _, (slope,) = apply(elab, "jvp", by_x, [seed])
            quotient = library.binary(elab, "truediv", value, slope)
        else:
            jacobian = forward_columns(elab, by_x, 0, [x])[0]
            matrix = library.attribute(elab, jacobian, "T") if transposed else jacobian
            quotient = library.call(elab, np.linalg.solve, [matrix, value], {})
        return library.unary(elab, "neg", quotient)


def solution(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``solution(residual, solve, elementwise=False)``."""
    residual, solve, *rest = args
    elementwise = bool(elab.static(kwargs.get("elementwise", rest[0] if rest else Static(False))))
    state = dict(elab.state)
    closed = close(elab, "solve", [], lambda _: (elab.resolve(elab.call(solve, [], {})),))
    closed = with_more(elab, closed, captures.variables_of(elab, [residual]))
    site = Site(elab, "solution", closed, state, elab.pos, (), (), (), 0)
    targets = tuple(
        elab.builder.var(str(r) if isinstance(r, Var) else "x", t)
        for r, t in zip(closed.fun.results, result_types(elab, closed), strict=True)
    )
    rule = Implicit(site, residual, elementwise)
    elab.builder.append(Custom(targets, closed.fun, rule, closed.args, elab.pos))
    lifted = [elab.lift(t) for t in targets]
    elab.latest = None
    return closed.rebuild(elab, 0, lifted)


def gradient(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``gradient(f, x)``."""
    function, x = args
    return grad(elab, Spec("grad", function), [x], kwargs)


def jacobian(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``jacobian(f, x)``."""
    function, x = args
    return jacfwd(elab, Spec("jacfwd", function), [x], kwargs)


register(implicit.solution, solution)
register(implicit.gradient, gradient)
register(implicit.jacobian, jacobian)
