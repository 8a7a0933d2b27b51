"""`linearize` and `linear_transpose` on abstract values, and the linear functions they make."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from s2sad.errors import DerivativeMismatchError
from s2sad.frontend import library
from s2sad.frontend.elaborate.closed import Closed, apply, inline, zero_of_leaf
from s2sad.frontend.elaborate.leaves import can_vary, leaves, structure, transform, type_of
from s2sad.frontend.meanings import linearized
from s2sad.frontend.meanings.differentiation import check_tangent, close_call, function_of, pull_back, vjp, without_aux
from s2sad.frontend.values.transforms import Inner, Spec, kind
from s2sad.frontend.values.values import ArrayRef, Static, Tuple, Value
from s2sad.ir.types import Scalar, element, is_inexact

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


def linearize(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``linearize(f, *primals, has_aux=False)``: the value here, and a function that pushes tangents forward."""
    function, *primals = (elab.resolve(a) for a in args)
    has_aux = bool(elab.static(kwargs.get("has_aux", Static(False))))
    closed = close_call(elab, function, primals, {}, range(len(primals)), has_aux)
    results = inline(elab, closed)
    main = without_aux(closed)

    def push(inner: Elaborator, given: list[Value], named: dict[str, Value]) -> Value:
        if named:
            inner.mismatch("A linearized function takes its tangents by position.", "Give a tangent for each primal.")
        return push_forward(inner, main, primals, given)

    out = (closed.rebuild(elab, 0, results), Static(Inner(push)))
    return Tuple((*out, closed.rebuild(elab, 1, results)) if has_aux else out)


def push_forward(elab: Elaborator, closed: Closed, primals: list[Value], tangents: list[Value]) -> Value:
    """The tangent of the result for tangents of the primals."""
    given = [elab.resolve(t) for t in tangents]
    if [structure(elab, p) for p in primals] != [structure(elab, t) for t in given]:
        elab.mismatch(
            "The tangents of a linearized function must have the tree structure of the primals it was made at.",
            "Give a tangent for each primal.",
            DerivativeMismatchError,
        )
    seeds = [
        check_tangent(elab, x, x_dot)
        for primal, tangent in zip(primals, given, strict=True)
        for x, x_dot in zip(leaves(elab, primal), leaves(elab, tangent), strict=True)
        if can_vary(elab, x)
    ]
    results, dots = apply(elab, "jvp", closed, seeds)
    supply = iter(dots)
    pairs = zip(closed.fun.results, results, strict=True)
    return closed.rebuild(elab, 0, [next(supply) if is_inexact(r.type) else zero_of_leaf(elab, v) for r, v in pairs])


@kind("pullback")
def pullback(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A pullback made outside, called inside."""
    if linearized.is_inline(spec.options["linearized"]) and len(args) == 1 and not kwargs:
        return linearized.pull(elab, spec.options["linearized"], elab.resolve(args[0]))
    primals = [elab.outside.argument(p, "primal") for p in spec.options["primals"]]
    out = vjp(elab, [function_of(elab, spec), *primals], {"has_aux": Static(spec.options["has_aux"])})
    assert isinstance(out, Tuple)
    return elab.call(out.items[1], args, kwargs)


@kind("pushforward")
def pushforward(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A linearized function made outside, called inside."""
    if linearized.is_inline(spec.options["linearized"]):
        if kwargs:
            elab.mismatch("A linearized function takes its tangents by position.", "Give a tangent for each primal.")
        return linearized.push(elab, spec.options["linearized"], Tuple(tuple(elab.resolve(a) for a in args)))
    primals = [elab.outside.argument(p, "primal") for p in spec.options["primals"]]
    out = linearize(elab, [function_of(elab, spec), *primals], {"has_aux": Static(spec.options["has_aux"])})
    assert isinstance(out, Tuple)
    return elab.call(out.items[1], args, kwargs)


def linear_transpose(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``linear_transpose(f, *primals)``: the pullback, which a linear function has alike everywhere.

    It is taken at zero. A function that is not linear is refused when the transpose is made (`pipeline.transform`).
    """
    function, *primals = (elab.resolve(a) for a in args)
    if kwargs:
        elab.mismatch("linear_transpose takes a function and examples of its arguments.", "Pass them by position.")
    anywhere = [transform(elab, p, lambda leaf: zero_like(elab, leaf)) for p in primals]
    closed = close_call(elab, function, anywhere, {}, range(len(anywhere)), False)

    def pull(inner: Elaborator, given: list[Value], named: dict[str, Value]) -> Value:
        if len(given) != 1 or named:
            inner.mismatch(
                "A transposed function takes one argument, like the value of the function.", "Pass it by position."
            )
        return pull_back(inner, closed, anywhere, given[0], "transpose")

    return Static(Inner(pull))


@kind("transpose")
def transpose(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """A transposed function made outside, called inside."""
    primals = [elab.outside.argument(p, "primal") for p in spec.options["primals"]]
    return elab.call(linear_transpose(elab, [function_of(elab, spec), *primals], {}), args, kwargs)


def zero_like(elab: Elaborator, leaf: Value) -> Value:
    """A number or an array like a leaf, of zeros."""
    type_ = type_of(elab, leaf)
    if type_ is None or not can_vary(elab, leaf):
        return leaf
    dtype = element(type_)
    if isinstance(leaf, ArrayRef):
        filled = [library.attribute(elab, leaf, "shape"), Static(dtype)]
        return library.call(elab, np.zeros, filled, {})
    weak = isinstance(type_, Scalar) and type_.weak
    return Static(dtype.type(0).item() if weak else dtype.type(0))
