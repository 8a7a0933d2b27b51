"""Pullbacks and pushforwards made outside, called inside: their sweeps inline, what these read frozen as it was.

    y, pull = vjp(f, x)                            def f_vmap(ys_bar, a):        a: a residual, a hidden parameter
    vmap(pull)(ys_bar)               becomes           ... pull's reverse sweep, for each y_bar of ys_bar
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Protocol

from s2sad.errors import DerivativeMismatchError
from s2sad.frontend.elaborate.leaves import can_vary, leaves, structure
from s2sad.frontend.meanings.differentiation import check_cotangent, check_tangent, put_back
from s2sad.frontend.values.places import given
from s2sad.frontend.values.values import Value
from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Module, Var
from s2sad.ir.types import Dim, Symbol, Type, replace_symbols, symbol, symbols_of

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


class Sweeps(Protocol):
    """The sweeps of a split adjoint: what is given and cotangents, or what is given, values and tangents."""

    pullback: Module

    @property
    def pushforward(self) -> Module: ...


class Linearized(Protocol):
    """A function at a point, as `s2sad.splitting` keeps it."""

    @property
    def parts(self) -> Sweeps: ...
    @property
    def given(self) -> tuple[Any, ...]: ...
    @property
    def value(self) -> Any: ...
    @property
    def aux(self) -> Any: ...
    @property
    def primals(self) -> Any: ...
    @property
    def results(self) -> list[Any]: ...


def is_inline(linearized: Linearized | None) -> bool:
    """Whether the sweeps can stand inline: they call nothing out of line."""
    return linearized is not None and not linearized.parts.pullback.functions


def pull(elab: Elaborator, linearized: Linearized, out_bar: Value) -> Value:
    """The cotangents of the primals for one of the value."""
    value, primals = _abstract(elab, linearized)
    why = "Tree structure of cotangent input does not match the structure of the primal output."
    bars = [bar for _, bar in _varying(elab, value, out_bar, why, "Mirror the value.")]
    sweep = _Sweep(elab, linearized.parts.pullback, linearized.given)
    types = sweep.types[len(linearized.given) :]
    seeds: list[Atom] = [check_cotangent(elab, t, bar) for t, bar in zip(types, bars, strict=True)]
    return put_back(elab, primals, sweep(seeds))


def push(elab: Elaborator, linearized: Linearized, tangents: Value) -> Value:
    """The tangent of the value for a tuple of tangents of the primals."""
    value, primals = _abstract(elab, linearized)
    why = "The tangents of a linearized function must have the tree structure of the primals it was made at."
    pairs = _varying(elab, primals, tangents, why, "Give a tangent for each primal.")
    dots = [check_tangent(elab, x, dot) for x, dot in pairs]
    sweep = _Sweep(elab, linearized.parts.pushforward, linearized.given)
    values = sweep.frozen(linearized.results, sweep.types[len(linearized.given) :])
    return put_back(elab, value, sweep([*values, *dots]))


def _abstract(elab: Elaborator, linearized: Linearized) -> tuple[Value, Value]:
    """The value and the primals, for their structure."""
    return elab.outside.argument(linearized.value, "value"), elab.outside.argument(linearized.primals, "primal")


def _varying(elab: Elaborator, like: Value, given: Value, why: str, instead: str) -> list[tuple[Value, Value]]:
    """The leaves that have a derivative, each with what is given for it."""
    if structure(elab, like) != structure(elab, given):
        elab.mismatch(why, instead, DerivativeMismatchError)
    return [pair for pair in zip(leaves(elab, like), leaves(elab, given), strict=True) if can_vary(elab, pair[0])]


class _Sweep:
    """A sweep in an elaboration, with what it was given as hidden parameters."""

    def __init__(self, elab: Elaborator, module: Module, given: Sequence[Any]) -> None:
        self.elab = elab
        self.function = module.main
        self.types: list[Type] = []
        sizes: dict[Symbol, Dim] = {}
        for p in self.function.params:
            for s in symbols_of(p.type) - sizes.keys():
                sizes[s] = symbol(elab.builder.names.fresh("size"), 2)
            self.types.append(replace_symbols(p.type, sizes))
        self.given = self.frozen(given, self.types)

    def frozen(self, values: Sequence[Any], types: Sequence[Type]) -> list[Atom]:
        """Values that never change, as hidden parameters of these types."""
        atoms: list[Atom] = []
        for value, type_, like in zip(values, types, self.function.params, strict=False):
            var = Var(self.elab.builder.names.fresh(like.name), type_)
            self.elab.outside.shared = False
            self.elab.outside.captured.append((var, given(value, like.name)))
            atoms.append(var)
        return atoms

    def __call__(self, atoms: Sequence[Atom]) -> list[Value]:
        """The derivatives for these cotangents or tangents."""
        block, results = walk.inline(self.function, (*self.given, *atoms), self.elab.builder.names)
        self.elab.builder.extend(block)
        values = [self.elab.lift(r) for r in results]
        self.elab.latest = None
        return values

