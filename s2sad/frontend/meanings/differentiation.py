"""`grad`, `value_and_grad`, `jvp`, `vjp`, `jit` and `stop_gradient` on abstract values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad.data import SEQUENCES
from s2sad.errors import DerivativeMismatchError
from s2sad.frontend import library
from s2sad.frontend.elaborate.closed import Closed, apply, close, inline, private, varying_results, zero_of_leaf
from s2sad.frontend.elaborate.leaves import (
    can_vary,
    leaves,
    lists_of_numbers,
    shape_text,
    structure,
    transform,
    type_of,
)
from s2sad.frontend.values.transforms import Inner, Spec, kind
from s2sad.frontend.values.values import ArrayRef, ListRef, Static, StaticItems, Tuple, Value
from s2sad.ir.nodes import Atom, Const
from s2sad.ir.types import Array, Scalar, Type, element, is_inexact
from s2sad.labelled import refusal
from s2sad.rules import control

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


# -- functions made by grad and its kin


@kind("jit")
def jit(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """The function itself; called from another one, it works on arguments of its own, as when it is called from
    outside."""
    if elab.stack:
        args = [private(elab, elab.resolve(a)) for a in args]
        kwargs = {k: private(elab, elab.resolve(v)) for k, v in kwargs.items()}
    return elab.call(function_of(elab, spec), args, kwargs)


@kind("grad")
def grad(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``grad(f)(*args)``."""
    _, gradient, aux = gradients(elab, spec, args, kwargs)
    return gradient if aux is None else Tuple((gradient, aux))


@kind("value_and_grad")
def value_and_grad(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``value_and_grad(f)(*args)``."""
    value, gradient, aux = gradients(elab, spec, args, kwargs)
    return Tuple((value if aux is None else Tuple((value, aux)), gradient))


def function_of(elab: Elaborator, spec: Spec) -> Value:
    """The function that a transform was made from."""
    return spec.function if isinstance(spec.function, Value) else Static(spec.function)


# -- reverse mode


def gradients(
    elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]
) -> tuple[Value, Value, Value | None]:
    """The value, the gradient in the structure of the arguments asked for, and what else the function returns."""
    options = spec.options
    name = spec.kind
    argnums, single = positions(elab, options.get("argnums", 0), len(args))
    args = [elab.resolve(a) for a in args]
    for k in argnums:
        for leaf in leaves(elab, args[k]):
            check_input(elab, name, leaf, options)
    has_aux = bool(options.get("has_aux", False))
    closed = close_call(elab, function_of(elab, spec), args, kwargs, argnums, has_aux)
    check_output(elab, name, closed, options)
    results, bars = apply(elab, "vjp", closed, [one(closed.fun.results[0].type)])
    value = closed.rebuild(elab, 0, results)
    aux = closed.rebuild(elab, 1, results) if has_aux else None
    derivatives = [
        put_back(elab, args[k], bars_for)
        for k, bars_for in zip(argnums, shares(elab, args, argnums, bars), strict=True)
    ]
    return value, derivatives[0] if single else Tuple(tuple(derivatives)), aux


def positions(elab: Elaborator, argnums: Any, count: int) -> tuple[list[int], bool]:
    """`argnums` as a list of positions, and whether it is a single one."""
    single = not isinstance(argnums, (tuple, list))
    numbers = [argnums] if single else list(argnums)
    for k in numbers:
        if not isinstance(k, (int, np.integer)):
            elab.mismatch(f"argnums must be an int or a tuple of ints, not {k!r}.", "Give positions of arguments.")
        if not -count <= k < count:
            elab.mismatch(
                f"differentiating with respect to argnums={argnums} requires at least {k + 1 if k >= 0 else -k} "
                "positional "
                f"arguments to be passed by the caller, but got only {count} positional arguments.",
                "Pass what is differentiated by position.",
            )
    places = [int(k) % count for k in numbers]
    if len(set(places)) < len(places):
        elab.mismatch(f"argnums={argnums} names an argument more than once.", "Name each argument once.")
    return places, single


def close_call(
    elab: Elaborator, function: Any, args: list[Value], kwargs: dict[str, Value], argnums: Sequence[int], has_aux: bool
) -> Closed:
    """The function of the varying leaves of some arguments, closed."""
    callee: Value = function
    for k in argnums:
        check_is_numpy(elab, args[k])
    varying = [leaf for k in argnums for leaf in leaves(elab, args[k]) if can_vary(elab, leaf)]

    def run(values: list[Value]) -> tuple[Value, ...]:
        supply = iter(values)
        inner = [a if k in argnums else private(elab, a) for k, a in enumerate(args)]
        for k in argnums:
            inner[k] = transform(elab, args[k], lambda leaf: next(supply) if can_vary(elab, leaf) else leaf)
        out = elab.resolve(elab.call(callee, inner, kwargs))
        if not has_aux:
            return (out,)
        if not (isinstance(out, Tuple) and len(out.items) == 2):
            elab.mismatch("A function with has_aux=True must return a pair (value, aux).", "Return value, aux.")
        return out.items

    return close(elab, name_of(elab, callee), varying, run)


def check_is_numpy(elab: Elaborator, value: Value) -> None:
    """Refuse to differentiate by an array that is not NumPy's, or by a buffer."""
    for leaf in leaves(elab, value):
        kind = elab.outside.labelled.get(leaf.location) if isinstance(leaf, ArrayRef) else None
        if kind is not None and isinstance(leaf, ArrayRef) and can_vary(elab, leaf):
            elab.mismatch(*refusal(leaf.location.hint, kind))
    for numbers in lists_of_numbers(elab, value):
        if numbers.classes[0] not in SEQUENCES:
            name = numbers.ref.location.hint
            why = f"{name} is of class {numbers.classes[0].__name__}, by which there is no derivative."
            elab.mismatch(why, f"Pass np.asarray({name}).")


def name_of(elab: Elaborator | None, callee: Value) -> str:
    """A name for a closed function."""
    obj = callee.obj if isinstance(callee, Static) else getattr(callee, "source", None)
    name = getattr(obj, "__name__", None) or getattr(obj, "name", None) or "f"
    text = "".join(c if c.isalnum() or c == "_" else "_" for c in name).strip("_")
    return "f" if text in ("", "lambda") else text


def check_input(elab: Elaborator, name: str, leaf: Value, options: dict[str, Any]) -> None:
    """JAX's refusals of an argument."""
    type_ = type_of(elab, leaf)
    if type_ is None:
        elab.mismatch(f"{name} requires numbers and arrays, but got {elab.describe(leaf)}.", "Leave it out of argnums.")
    dtype = element(type_)
    if options.get("holomorphic"):
        if dtype.kind != "c":
            elab.mismatch(f"{name} with holomorphic=True requires inputs with complex dtype, but got {dtype.name}.", "")
    elif dtype.kind not in "fc" and not options.get("allow_int"):
        elab.mismatch(
            f"{name} requires real- or complex-valued inputs (input dtype that is a sub-dtype of np.inexact), but got "
            f"{dtype.name}.",
            "If you want to use Boolean- or integer-valued inputs, use vjp or set allow_int to True.",
        )


def check_output(elab: Elaborator, name: str, closed: Closed, options: dict[str, Any]) -> None:
    """JAX's refusals of a result."""
    out = closed.outs[0]
    if len(closed.out_leaves[0]) != 1 or closed.out_leaves[0][0] is None or isinstance(out, ListRef | Tuple):
        what = "a container" if closed.out_leaves[0] else "None"
        elab.mismatch(
            f"Gradient only defined for scalar-output functions. Output was {what}.", "Return a single number."
        )
    type_ = closed.fun.results[0].type
    if not isinstance(type_, Scalar):
        elab.mismatch(
            f"Gradient only defined for scalar-output functions. Output had shape: {shape_text(type_)}.",
            "Return a single number.",
        )
    dtype = type_.dtype
    if options.get("holomorphic"):
        if dtype.kind != "c":
            elab.mismatch(
                f"{name} with holomorphic=True requires outputs with complex dtype, but got {dtype.name}.", ""
            )
    elif dtype.kind == "c":
        elab.mismatch(
            f"{name} requires real-valued outputs (output dtype that is a sub-dtype of np.floating), but got "
            f"{dtype.name}.",
            "For holomorphic differentiation, pass holomorphic=True. For differentiation of non-holomorphic functions "
            "involving complex outputs, use vjp directly.",
        )
    elif dtype.kind != "f":
        elab.mismatch(
            f"{name} requires real-valued outputs (output dtype that is a sub-dtype of np.floating), but got "
            f"{dtype.name}.",
            "For differentiation of functions with integer outputs, use vjp directly.",
        )


def one(type_: Type) -> Const:
    """The cotangent of a value of which the gradient is asked."""
    assert isinstance(type_, Scalar)
    value = type_.dtype.type(1)
    return Const(value.item() if type_.weak else value)


def without_aux(closed: Closed) -> Closed:
    """The closed function with the leaves of its first value as its only results."""
    from s2sad.ir.nodes import replace

    kept = [n for n in closed.out_leaves[0] if n is not None]
    fun = replace(closed.fun, results=tuple(closed.fun.results[n] for n in kept))
    return Closed(fun, closed.args, closed.wrt, closed.outs[:1], closed.out_leaves[:1], closed.state)


def shares(elab: Elaborator, args: list[Value], argnums: Sequence[int], bars: list[Value]) -> list[list[Value]]:
    """The derivatives that belong to each of the arguments."""
    out, start = [], 0
    for k in argnums:
        count = sum(can_vary(elab, leaf) for leaf in leaves(elab, args[k]))
        out.append(bars[start : start + count])
        start += count
    return out


def put_back(elab: Elaborator, like: Value, derivatives: list[Value]) -> Value:
    """The derivatives in the structure of an argument; zeros for leaves that do not vary."""
    supply = iter(derivatives)
    return transform(elab, like, lambda leaf: next(supply) if can_vary(elab, leaf) else zero_of_leaf(elab, leaf))


# -- jvp and vjp


def sequence(elab: Elaborator, value: Value) -> list[Value] | None:
    """The items of a tuple or a list of known length."""
    match value:
        case Tuple(items):
            return list(items)
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return list(content.items)
        case _:
            return None


def jvp(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``jvp(f, primals, tangents, has_aux=False)``."""
    function, primals_arg, tangents_arg, has_aux = arguments(elab, "jvp", ("fun", "primals", "tangents"), args, kwargs)
    primals, tangents = sequence(elab, primals_arg), sequence(elab, tangents_arg)
    if primals is None or tangents is None:
        elab.mismatch("primal and tangent arguments to jvp must be tuples or lists.", "Write jvp(f, (x,), (x_dot,)).")
    for primal, tangent in zip(primals, tangents, strict=False):
        if structure(elab, primal) != structure(elab, tangent):
            elab.mismatch(
                "primal and tangent arguments to jvp must have the same tree structure.",
                "Give a tangent for each primal.",
            )
    if len(primals) != len(tangents):
        elab.mismatch(
            "primal and tangent arguments to jvp must have the same tree structure.", "Give a tangent for each primal."
        )
    seeds: list[Atom] = []
    for primal, tangent in zip(primals, tangents, strict=True):
        for x, x_dot in zip(leaves(elab, primal), leaves(elab, tangent), strict=True):
            if can_vary(elab, x):
                seeds.append(check_tangent(elab, x, x_dot))
    closed = close_call(elab, function, primals, {}, range(len(primals)), has_aux)
    results, dots = apply(elab, "jvp", closed, seeds)
    found = dict(zip(varying_results(closed), dots, strict=True))
    by_result = [found[n] if n in found else zero_of_leaf(elab, v) for n, v in enumerate(results)]
    out, out_dot = closed.rebuild(elab, 0, results), closed.rebuild(elab, 0, by_result)
    return Tuple((out, out_dot, closed.rebuild(elab, 1, results)) if has_aux else (out, out_dot))


def arguments(
    elab: Elaborator, name: str, names: tuple[str, ...], args: list[Value], kwargs: dict[str, Value]
) -> tuple[Any, ...]:
    """The arguments of a transform that is called directly, and its `has_aux`."""
    bound = dict(zip((*names, "has_aux"), args, strict=False)) | kwargs
    missing = [n for n in names if n not in bound]
    unknown = [n for n in bound if n not in (*names, "has_aux")]
    if missing or unknown:
        elab.mismatch(f"{name}() takes {', '.join(names)} and has_aux.", "Give each of them.")
    return (*(elab.resolve(bound[n]) for n in names), bool(elab.static(bound.get("has_aux", Static(False)))))


def check_tangent(elab: Elaborator, primal: Value, tangent: Value) -> Atom:
    """The atom of a tangent that fits its primal."""
    expected = type_of(elab, primal)
    assert expected is not None
    tangent = without_rank(elab, expected, tangent)
    found = type_of(elab, tangent)
    if found is None or element(found) != element(expected):
        got = "none" if found is None else element(found).name
        elab.mismatch(
            "primal and tangent arguments to jvp do not match; dtypes must be equal. "
            f"Got primal dtype {element(expected).name} and tangent dtype {got}.",
            "Give the tangent the dtype of its primal.",
        )
    if not shapes_agree(elab, expected, found):
        elab.mismatch(
            "jvp called with different primal and tangent shapes; "
            f"got primal shape {shape_text(expected)} and tangent shape as {shape_text(found)}.",
            "Give the tangent the shape of its primal.",
            DerivativeMismatchError,
        )
    return elab.atom(tangent)


def without_rank(elab: Elaborator, expected: Type, leaf: Value) -> Value:
    """An array of rank 0 where a number is expected, and the other way, as what is expected."""
    found = type_of(elab, leaf)
    if isinstance(expected, Scalar) and isinstance(found, Array) and not found.dims:
        return library.subscript(elab, leaf, Static(()))
    if isinstance(expected, Array) and not expected.dims and isinstance(found, Scalar):
        return library.call(elab, np.array, [leaf], {})
    return leaf


def shapes_agree(elab: Elaborator, a: Type, b: Type) -> bool:
    """Whether two shapes may be the same; every call is checked for sizes that are then taken to be equal."""
    if not same_shape(a, b):
        return False
    if isinstance(a, Array) and isinstance(b, Array):
        pairs = zip(a.dims, b.dims, strict=True)
        elab.builder.equalities.update({(x, y): None for x, y in pairs if x is not None and y is not None and x != y})
    return True


def same_shape(a: Type, b: Type) -> bool:
    """Whether two shapes may be the same."""
    match a, b:
        case Array(dims=p), Array(dims=q):
            return (
                len(p) == len(q)
                and all(x == y or not (isinstance(x, int) and isinstance(y, int)) for x, y in zip(p, q, strict=True))
            )
        case _:
            return type(a) is type(b)


def vjp(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``vjp(f, *primals, has_aux=False)``: the value is computed here, the pullback writes its `Apply` when called."""
    function, *primals = (elab.resolve(a) for a in args)
    has_aux = bool(elab.static(kwargs.get("has_aux", Static(False))))
    closed = close_call(elab, function, primals, {}, range(len(primals)), has_aux)
    results = inline(elab, closed)
    out = closed.rebuild(elab, 0, results)
    main = without_aux(closed)

    def pull(inner: Elaborator, given: list[Value], named: dict[str, Value]) -> Value:
        if len(given) != 1 or named:
            inner.mismatch("A pullback takes one argument, the cotangent of the value.", "Pass it by position.")
        return pull_back(inner, main, primals, given[0])

    pullback_value = Static(Inner(pull))
    return Tuple((out, pullback_value, closed.rebuild(elab, 1, results)) if has_aux else (out, pullback_value))


def pull_back(
    elab: Elaborator, closed: Closed, primals: list[Value], out_bar: Value, kind: str = "vjp"
) -> Value:
    """The cotangents of the primals for one of the result."""
    given = leaves(elab, out_bar)
    numbers = closed.out_leaves[0]
    if len(given) != len(numbers):
        elab.mismatch(
            "Tree structure of cotangent input does not match the structure of the primal output.",
            "Mirror the value.",
            DerivativeMismatchError,
        )
    seeds = []
    results = iter(closed.fun.results)
    for leaf, number in zip(given, numbers, strict=True):
        if number is None:
            continue
        result = next(results)
        if is_inexact(result.type):
            seeds.append(check_cotangent(elab, result.type, leaf))
    _, bars = apply(elab, kind, closed, seeds)
    argnums = range(len(primals))
    return Tuple(
        tuple(
            put_back(elab, primals[k], part)
            for k, part in zip(argnums, shares(elab, primals, argnums, bars), strict=True)
        )
    )


def check_cotangent(elab: Elaborator, expected: Type, leaf: Value) -> Atom:
    """The atom of a cotangent that fits a result."""
    leaf = without_rank(elab, expected, leaf)
    found = type_of(elab, leaf)
    if found is None or element(found) != element(expected) or not shapes_agree(elab, expected, found):
        got = "nothing" if found is None else f"{element(found).name}{shape_text(found)}"
        elab.mismatch(
            f"The cotangent of a pullback must be like the value, {element(expected).name}{shape_text(expected)}, but "
            f"is {got}.",
            "Give it the dtype and the shape of the value.",
            DerivativeMismatchError,
        )
    return elab.atom(leaf)


# -- stop_gradient


def stop_gradient(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``stop_gradient(x)``: the same numbers, through which no derivative flows."""
    (value,) = (*args, *kwargs.values())
    return stopped(elab, value)


def stopped(elab: Elaborator, value: Value) -> Value:
    def stop(leaf: Value) -> Value:
        if not can_vary(elab, leaf) or isinstance(leaf, Static):
            return leaf
        return elab.lift(elab.builder.emit(control.stop_gradient, (elab.atom(leaf),)))

    return transform(elab, value, stop)


__all__ = ["ArrayRef", "grad", "jit", "jvp", "stop_gradient", "value_and_grad", "vjp"]
