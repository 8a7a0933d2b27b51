"""Integrals, whose derivatives are integrals again, not the derivatives of a rule for quadrature.

    y, error = integrated(integrate, f, l, u)        y = ∫ f(x; a) dx from l to u, where a is all that f captures:

    y_dot = ∫ f_a a_dot dx + f(u) u_dot - f(l) l_dot        forward mode
    a_bar = ∫ f_aᵀ y_bar dx                                 reverse mode, for all that is captured in one integral
    u_bar = f(u)ᵀ y_bar,  l_bar = -f(l)ᵀ y_bar

(Leibniz). Each integral of a derivative chooses its own points. Where `f` has a jump that moves, its derivative does
not say so. A call writes a `Custom` node, as `implicit` does, and the rule keeps the call.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from s2sad.frontend import library
from s2sad.frontend.elaborate.closed import Closed, apply, close, result_types, zero_of_leaf
from s2sad.frontend.elaborate.leaves import can_vary, type_of
from s2sad.frontend.library import implicit
from s2sad.frontend.meanings.custom import Site, fitted, with_more
from s2sad.frontend.meanings.differentiation import one, stopped
from s2sad.frontend.meanings.jacobians import reshaped, shape
from s2sad.frontend.values import captures
from s2sad.frontend.values.transforms import Inner, register
from s2sad.frontend.values.values import Static, Tuple, Value
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Custom, Var
from s2sad.ir.types import Array, is_inexact

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

Integrand = Callable[["Elaborator", Value], Value]
"""What is integrated, at a number."""


@dataclass(frozen=True, slots=True)
class Integral:
    """The rule of a call that integrates. The first arguments of the call are the bounds that `varying` numbers."""

    site: Site
    integrate: Value
    function: Value
    bounds: tuple[Value, Value]
    varying: tuple[int, ...]

    def jvp(self, builder: Builder, stmt: Custom, tangents: list[Atom | None]) -> list[Atom | None]:
        """Write the call, and the tangent of the integral; a tangent (or None) for each target."""
        builder.append(stmt)
        active = [k for k, t in enumerate(tangents) if t is not None and is_inexact(stmt.args[k].type)]
        elab, count = self.site.elab, len(self.varying)

        def run(values: list[Value]) -> tuple[Value, ...]:
            y, *rest = values
            bounds = self.bounds_of(rest[:count])
            dots = dict(zip(active, rest[count:], strict=True))
            terms = [self.moved(bounds[self.varying[k]], self.varying[k], dots[k]) for k in active if k < count]
            read = self.integrand(elab, Static(0.5)).args[1:]
            captured = {a: dots[k] for k in active if k >= count and (a := self.site.closed.args[k]) in read}
            if captured:

                def pushed(inner: Elaborator, x: Value) -> Value:
                    at = self.integrand(inner, x)
                    wrt = tuple(k for k, a in enumerate(at.args) if k and a in captured)
                    seeds = [inner.atom(captured[at.args[k]]) for k in wrt]
                    return apply(inner, "jvp", dataclasses.replace(at, wrt=wrt), seeds)[1][0]

                scale = largest(elab, list(captured.values()))
                terms.append(self.integral(pushed, bounds, scale, zero_of_leaf(elab, y)))
            return (added(elab, terms),) if terms else ()

        values = [stmt.targets[0], *stmt.args[:count], *(t for k in active if (t := tangents[k]) is not None)]
        closed = self.site.close(self.inputs(values), run)
        results = self.site.write(builder, closed, values, stmt)
        y_dot = fitted(builder, results[0], stmt.targets[0]) if results else None
        return [y_dot, *(None for _ in stmt.targets[1:])]

    def pulled(
        self, builder: Builder, stmt: Custom, cotangents: Sequence[Atom | None], wrt: Sequence[int]
    ) -> list[Atom | None]:
        """Write the cotangents of the arguments `wrt`; None for one that the integral does not depend on."""
        y_bar = cotangents[0]
        if y_bar is None:
            return [None for _ in wrt]
        elab, count = self.site.elab, len(self.varying)
        found: list[int] = []

        def run(values: list[Value]) -> tuple[Value, ...]:
            bounds, bar = self.bounds_of(values[:count]), values[count]
            out: list[Value] = []
            for n, k in enumerate(wrt):
                if k < count:
                    found.append(n)
                    product = self.moved(bounds[self.varying[k]], self.varying[k], bar)
                    is_array = isinstance(type_of(elab, product), Array)
                    out.append(library.call(elab, np.sum, [product], {}) if is_array else product)
            captured = {self.site.closed.args[k]: n for n, k in enumerate(wrt) if k >= count}
            for n, value in self.captured_bars(captured, bounds, bar) if captured else ():
                found.append(n)
                out.append(value)
            return tuple(out)

        values = [*stmt.args[:count], y_bar]
        closed = self.site.close(self.inputs(values), run)
        results = self.site.write(builder, closed, values, stmt)
        bars: list[Atom | None] = [None for _ in wrt]
        for n, bar in zip(found, results, strict=True):
            bars[n] = fitted(builder, bar, stmt.args[wrt[n]])
        return bars

    def captured_bars(
        self, captured: dict[Atom, int], bounds: list[Value], bar: Value
    ) -> list[tuple[int, Value]]:
        """The cotangents of what the integrand captures, each with its number: parts of one integral of vectors."""
        elab = self.site.elab
        is_vector = isinstance(type_of(elab, bar), Array)
        read = [a for a in self.integrand(elab, Static(0.5)).args[1:] if a in captured]
        if not read:
            return []
        numbers = [captured[a] for a in read]
        sizes = [shape(elab, elab.lift(a)) for a in read]
        alone = len(read) == 1 and not sizes[0]

        def swept(inner: Elaborator, x: Value) -> Value:
            at = self.integrand(inner, x)
            wrt = tuple(at.args.index(a) for a in read)
            seed = inner.atom(bar) if is_vector else one(at.fun.results[0].type)
            parts = apply(inner, "vjp", dataclasses.replace(at, wrt=wrt), [seed])[1]
            return parts[0] if alone else joined(inner, parts)

        zero = Static(0.0) if alone else zero_of_leaf(elab, joined(elab, [elab.lift(a) for a in read]))
        whole = self.integral(swept, bounds, largest(elab, [bar]) if is_vector else Static(1.0), zero)
        if not is_vector:
            whole = library.binary(elab, "mul", whole, bar)
        if alone:
            return [(numbers[0], whole)]
        out: list[tuple[int, Value]] = []
        start: Value = Static(0)
        for n, size in zip(numbers, sizes, strict=True):
            length: Value = Static(1)
            for s in size:
                length = library.binary(elab, "mul", length, s)
            stop = library.binary(elab, "add", start, length)
            if size:
                key = library.call(elab, slice, [start, stop, Static(None)], {})
                out.append((n, reshaped(elab, library.subscript(elab, whole, key), size)))
            else:
                out.append((n, library.subscript(elab, whole, start)))
            start = stop
        return out

    def integrand(self, elab: Elaborator, x: Value) -> Closed:
        """The integrand at x, closed: x is its first parameter."""
        return close(elab, "integrand", [x], lambda values: (elab.resolve(elab.call(self.function, values, {})),))

    def integral(self, integrand: Integrand, bounds: list[Value], scale: Value, zero: Value) -> Value:
        """The integral of a derivative: a call like this one, which has derivatives itself."""
        function = Static(Inner(lambda inner, given, named: integrand(inner, inner.resolve(given[0]))))
        out = integrated(self.site.elab, [self.integrate, function, *bounds, scale, zero], {})
        assert isinstance(out, Tuple)
        return out.items[0]

    def moved(self, bound: Value, place: int, dot: Value) -> Value:
        """The change of the integral with a bound: the integrand there, as often as the bound moves."""
        elab = self.site.elab
        product = library.binary(elab, "mul", elab.resolve(elab.call(self.function, [bound], {})), dot)
        return product if place else library.unary(elab, "neg", product)

    def bounds_of(self, values: Sequence[Value]) -> list[Value]:
        """Both bounds, with these for those that vary."""
        supply = iter(values)
        return [next(supply) if k in self.varying else bound for k, bound in enumerate(self.bounds)]

    def inputs(self, atoms: Sequence[Atom]) -> list[Value]:
        """Values of the types of these atoms, to close a part of the rule over."""
        elab = self.site.elab
        return [elab.lift(Var(elab.builder.names.fresh(str(a) if isinstance(a, Var) else "x"), a.type)) for a in atoms]


def added(elab: Elaborator, terms: Sequence[Value]) -> Value:
    total, *rest = terms
    for term in rest:
        total = library.binary(elab, "add", total, term)
    return total


def joined(elab: Elaborator, parts: Sequence[Value]) -> Value:
    """Numbers and arrays as one vector."""
    flat = [library.call(elab, np.ravel, [part], {}) for part in parts]
    return library.call(elab, np.concatenate, [Tuple(tuple(flat))], {})


def largest(elab: Elaborator, values: Sequence[Value]) -> Value:
    """The largest of the magnitudes of these numbers and of the elements of these arrays, a constant."""
    sizes = []
    for value in values:
        size = library.call(elab, np.abs, [value], {})
        is_array = isinstance(type_of(elab, size), Array)
        sizes.append(library.call(elab, np.max, [size], {"initial": Static(0.0)}) if is_array else size)
    total, *rest = sizes
    for size in rest:
        total = library.call(elab, np.maximum, [total, size], {})
    return stopped(elab, total)


def integrated(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``integrated(integrate, f, a, b, scale=1.0, zero=0.0)``."""
    integrate, function, a, b, *rest = (elab.resolve(v) for v in args)
    scale, zero = rest or (Static(1.0), Static(0.0))
    bounds = (a, b)
    varying = tuple(k for k, bound in enumerate(bounds) if not isinstance(bound, Static) and can_vary(elab, bound))
    state = dict(elab.state)

    def run(values: list[Value]) -> tuple[Value, ...]:
        supply = iter(values)
        inner = [next(supply) if k in varying else bound for k, bound in enumerate(bounds)]
        return (elab.resolve(elab.call(integrate, [function, *inner, scale, zero], {})),)

    closed = close(elab, "quad", [bounds[k] for k in varying], run)
    closed = with_more(elab, closed, captures.variables_of(elab, [function]))
    site = Site(elab, "quad", closed, state, elab.pos, (), (), (), 0)
    targets = tuple(
        elab.builder.var(str(r) if isinstance(r, Var) else "y", t)
        for r, t in zip(closed.fun.results, result_types(elab, closed), strict=True)
    )
    rule = Integral(site, integrate, function, bounds, varying)
    elab.builder.append(Custom(targets, closed.fun, rule, closed.args, elab.pos))
    lifted = [elab.lift(t) for t in targets]
    elab.latest = None
    return closed.rebuild(elab, 0, lifted)


register(implicit.integrated, integrated)
