"""Declaring derivatives: one declaration a primitive, every mode.

    @scalar_rule(np.sin, math.sin)
    def sin(x):
        return cos(x)

declares the elementwise primitive `sin`, printed ``np.sin(x)``, and its partial derivative. The partial is a plain
function: called with numbers it computes, called with `ir.Ref`s it writes IR. Forward mode, reverse mode and batching
are all derived from it; broadcasting and dtypes belong to the transforms. What a rule mentions is what is recorded.
A partial that nobody has worked out is `unknown`: it is refused at the user's line, where that argument is active.

Primitives that are not elementwise declare

    @jvp(prim)   def f(x_dot, y_dot, x, y, *, out, axis): ...   tangents (None where zero), then primals
    @vjp(prim)   def f(out_bar, x, y, *, out, axis): ...        a cotangent for each argument (None where zero)
    @batch(prim) def f(axes, x, y, *, axis): ...                see `transforms.batch`

A vjp returns a tuple with one entry for each argument. Each takes as few of the trailing positional arguments, and of
the keywords (`out` and params), as it needs. A primitive with several results takes and gives tuples: `out_bar`, `out`.
`transposition.by_transposition` derives a vjp from a jvp.
`multilinear` derives the jvp of what is linear in each of some arguments. `zero_derivative` is for the rest.
`composed` is for functions that need no primitive: they are written in terms of others.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from s2sad.errors import UnsupportedError
from s2sad.ir.nodes import Let
from s2sad.ir.primitives import Primitive, Spelling

RuleFunction = Callable[..., Any]


@dataclass(slots=True)
class Rule:
    """The derivatives of one primitive. `zero` says that it has none anywhere it is differentiable."""

    partials: RuleFunction | None = None
    jvp: RuleFunction | None = None
    vjp: RuleFunction | None = None
    batch: RuleFunction | None = None
    zero: bool = False


@dataclass(frozen=True, slots=True)
class Reduction:
    """A reduction over `axis` as an accumulator: ``total = combine(total, of(x))`` from `start(dtype)` on."""

    start: Callable[[Any], Any]
    combine: Callable[[Any, Any], Any]
    of: Callable[[Any], Any] | None = None
    empty: bool = True
    """Whether no elements at all have a value, the start."""
    additive: bool = False


class Unknown:
    """In the place of a partial: it exists, and is not known. No number stands for that, not nan, whose own derivative
    would be zero."""

    def __repr__(self) -> str:
        return "unknown"


unknown = Unknown()

RULES: dict[Primitive, Rule] = {}
ELEMENT: dict[Primitive, RuleFunction] = {}
"""For each primitive that has one, its element rule; an elementwise primitive is its own."""
PLACES: dict[Primitive, RuleFunction] = {}
"""For each primitive that puts whole arguments into its result, where their elements go."""
REDUCTIONS: dict[Primitive, Reduction] = {}
CALLABLES: dict[Callable[..., Any], Primitive] = {}
"""The primitive that each known NumPy or Python callable elaborates to, called with plain positional arguments."""

COMPOSED: dict[Callable[..., Any], RuleFunction] = {}
"""The function over primitives that stands for each of these, when it is called with plain positional arguments."""


def rule_of(prim: Primitive) -> Rule:
    """The rule of a primitive; an empty one when it has none."""
    return RULES.setdefault(prim, Rule())


def _spelling(function: Callable[..., Any]) -> str:
    module = getattr(function, "__module__", None) or "numpy"
    name = function.__name__
    prefix = {"numpy": "np", "math": "math", "cmath": "cmath"}.get(module.split(".")[0], "rt")
    return f"{prefix}.{name}(*_args)"


def scalar_rule(
    *callables: Callable[..., Any], impl: Callable[..., Any] | None = None, spelling: Spelling = ""
) -> Callable[[RuleFunction], Primitive]:
    """Declare an elementwise primitive by its partial derivatives.

    The first of `callables` is its meaning and spelling, unless `impl` and `spelling` are given. The decorated function
    returns the partial with respect to each argument (a single one, or a tuple; None where it is zero, `unknown` where
    it is not known); a keyword-only parameter `out` gets the result.
    """

    def declare(partials: RuleFunction) -> Primitive:
        meaning = impl or callables[0]
        prim = Primitive(partials.__name__, meaning, spelling or _spelling(meaning), elementwise=True)
        RULES[prim] = Rule(partials=partials)
        stands_for(prim, *callables)
        return prim

    return declare


def stands_for(prim: Primitive, *callables: Callable[..., Any]) -> None:
    """Declare what else a primitive is called."""
    CALLABLES.update(dict.fromkeys(callables, prim))


def zero_derivative(
    *callables: Callable[..., Any], elementwise: bool = True, spelling: Spelling = "", name: str = ""
) -> Primitive:
    """Declare a primitive whose derivative is zero wherever it has one."""
    function = callables[0]
    prim = Primitive(name or function.__name__, function, spelling or _spelling(function), elementwise=elementwise)
    RULES[prim] = Rule(zero=True)
    stands_for(prim, *callables)
    return prim


def elementwise(*callables: Callable[..., Any], spelling: Spelling = "", name: str = "") -> Primitive:
    """Declare an elementwise primitive whose jvp and vjp follow, because no partials describe it."""
    prim = zero_derivative(*callables, spelling=spelling, name=name)
    RULES[prim] = Rule()
    return prim


def composed(*callables: Callable[..., Any]) -> Callable[[RuleFunction], RuleFunction]:
    """Declare that a function of primitives stands for `callables`."""

    def declare(function: RuleFunction) -> RuleFunction:
        COMPOSED.update(dict.fromkeys(callables, function))
        return function

    return declare


def jvp(prim: Primitive) -> Callable[[RuleFunction], RuleFunction]:
    """Declare the tangent of a primitive."""

    def declare(function: RuleFunction) -> RuleFunction:
        rule_of(prim).jvp = function
        return function

    return declare


def vjp(prim: Primitive) -> Callable[[RuleFunction], RuleFunction]:
    """Declare the cotangents of a primitive's arguments."""

    def declare(function: RuleFunction) -> RuleFunction:
        rule_of(prim).vjp = function
        return function

    return declare


def batch(prim: Primitive) -> Callable[[RuleFunction], RuleFunction]:
    """Declare how a primitive takes a batch axis."""

    def declare(function: RuleFunction) -> RuleFunction:
        rule_of(prim).batch = function
        return function

    return declare


def element(prim: Primitive) -> Callable[[RuleFunction], RuleFunction]:
    """Declare what one element of the result is made of.

    ``rule(index, x, y, *, dims, axis)`` gives the number at `index`, a tuple of ints or references; an argument that is
    an array has ``x[index]``, ``x.dims``, ``x.dtype`` and ``x.size(axis)``; `dims` are those of the result. None where
    there is no rule for these params or sizes.
    """

    def declare(function: RuleFunction) -> RuleFunction:
        ELEMENT[prim] = function
        return function

    return declare


def places(prim: Primitive) -> Callable[[RuleFunction], RuleFunction]:
    """Declare that the result is made of whole arguments.

    ``rule(x, y, *, axis)`` gives ``(background, pieces)``: "undef" or "zeros", and for each piece an array (or number)
    and a function from an index of it to the index where its element stands in the result.
    """

    def declare(function: RuleFunction) -> RuleFunction:
        PLACES[prim] = function
        return function

    return declare


def multilinear(prim: Primitive, argnums: Sequence[int] = (0,)) -> None:
    """Declare that a primitive is linear in each of these arguments on its own, which gives its tangent."""

    rule_of(prim).jvp = lambda *args, **params: multilinear_tangent(prim, argnums, args, params)


def multilinear_tangent(prim: Primitive, argnums: Iterable[int], args: Sequence[Any], params: dict[str, Any]) -> Any:
    """The product rule; `args` are the tangents, then the primals."""
    count = len(args) // 2
    tangents, primals = args[:count], args[count:]
    total = None
    for k in argnums:
        if tangents[k] is not None:
            term = prim(*primals[:k], tangents[k], *primals[k + 1 :], **params)
            total = term if total is None else total + term
    return total


@cache
def _signature(function: RuleFunction) -> tuple[int | None, frozenset[str], bool]:
    """How many positional arguments a rule takes (None: all), which keywords, and whether it takes all params."""
    positional: int | None = 0
    named: set[str] = set()
    all_params = False
    for p in inspect.signature(function).parameters.values():
        if p.kind is p.VAR_POSITIONAL:
            positional = None
        elif p.kind is p.VAR_KEYWORD:
            all_params = True
        elif p.kind is p.KEYWORD_ONLY:
            named.add(p.name)
        elif positional is not None:
            positional += 1
    return positional, frozenset(named), all_params


def call_rule(function: RuleFunction, args: Sequence[Any], out: Any, params: dict[str, Any]) -> Any:
    """Call a rule function with as much as it takes."""
    positional, named, all_params = _signature(function)
    given = args if positional is None else args[:positional]
    extra = {**params, "out": out}
    taken = {k: extra[k] for k in named if k in extra}
    return function(*given, **({**params, **taken} if all_params else taken))


def partials_of(rule: Rule, args: Sequence[Any], out: Any, params: dict[str, Any]) -> tuple[Any, ...]:
    """The partial with respect to each argument of an elementwise primitive."""
    assert rule.partials is not None
    partials = call_rule(rule.partials, args, out, params)
    return partials if isinstance(partials, tuple) else (partials,)


def not_known(stmt: Let, k: int) -> UnsupportedError:
    """The refusal of a derivative with respect to argument `k`, whose partial is `unknown`."""
    partials = rule_of(stmt.prim).partials
    assert partials is not None
    name = list(inspect.signature(partials).parameters)[k]
    return UnsupportedError(
        f"{stmt.prim.name}: the derivative with respect to {name} is not known to s2sad.",
        f"Keep {name} fixed (stop_gradient), or give a rule with custom_jvp.",
        stmt.pos,
    )
