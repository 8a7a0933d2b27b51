"""`jacfwd`, `jacrev`, `hessian` and `hvp` on abstract values.

A Jacobian is one batched sweep a leaf: a batch over the rows of an identity matrix, as tangents of an argument leaf
(`jacfwd`) or as cotangents of a result leaf (`jacrev`). A leaf that is a number needs no batch.

    columns = vmap(lambda x_dot: jvp(f, (x,), (x_dot,))[1], out_axes=-1)(eye(n))
    rows = vmap(lambda y_bar: vjp(f, x)[1](y_bar))(eye(m))

The result is the tree of the value with the tree of the arguments at each of its leaves, as in JAX: the Jacobian of a
leaf of shape (m,) by a leaf of shape (n, k) has shape (m, n, k).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad.frontend import library
from s2sad.frontend.elaborate.closed import Closed, apply, inline, varying_results, zero_of_leaf
from s2sad.frontend.elaborate.leaves import can_vary, leaves, transform, type_of
from s2sad.frontend.meanings import batching
from s2sad.frontend.meanings.differentiation import (
    arguments,
    check_input,
    close_call,
    function_of,
    jvp,
    one,
    positions,
    sequence,
)
from s2sad.frontend.values.transforms import Inner, Spec, kind
from s2sad.frontend.values.values import ArrayRef, Numbers, Static, Tuple, Value
from s2sad.ir.nodes import Atom
from s2sad.ir.nodes import replace as changed
from s2sad.ir.types import Array, Scalar, Type, element, is_inexact

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

Piece = Callable[[int], Value]
"""The derivative of one result by the k-th of the varying leaves."""
Sweep = Callable[["Elaborator", Atom], Sequence[Value]]
"""One tangent (or cotangent) pushed forward (or pulled back)."""


# -- the transforms


@kind("jacfwd")
def jacfwd(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``jacfwd(f)(*args)``: a column of the Jacobian for each tangent of a basis."""
    task = Task(elab, spec, args, kwargs, lambda leaf: check_jacfwd_input(elab, leaf, spec.options))
    if spec.options.get("holomorphic"):
        task.check_outputs("c", "jacfwd with holomorphic=True requires outputs with complex dtype")
    results = inline(elab, task.closed)
    columns = [forward_columns(elab, task.closed, k, results) for k in range(len(task.closed.wrt))]
    return task.assemble(results, lambda number: lambda k: columns[k][number])


@kind("jacrev")
def jacrev(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``jacrev(f)(*args)``: a row of the Jacobian for each cotangent of a basis."""
    task = Task(elab, spec, args, kwargs, lambda leaf: check_input(elab, "jacrev", leaf, spec.options))
    if spec.options.get("holomorphic"):
        task.check_outputs("c", "jacrev with holomorphic=True requires outputs with complex dtype")
    else:
        task.check_outputs("f", "jacrev requires real-valued outputs (output dtype that is a sub-dtype of np.floating)")
    results = inline(elab, task.closed)

    def by_result(number: int) -> Piece:
        rows = reverse_rows(elab, task.closed, number, results[number])
        return lambda k: rows[k]

    return task.assemble(results, by_result)


@kind("hessian")
def hessian(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``hessian(f)(*args)``: forward over reverse."""
    return jacfwd(elab, Spec("jacfwd", transformed(jacrev, "jacrev", spec), spec.options), args, kwargs)


def hvp(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``hvp(f, primals, tangents)``: the tangent of the gradient; a tuple of them where there are several primals."""
    from s2sad.frontend.meanings.differentiation import grad

    function, primals, tangents, has_aux = arguments(elab, "hvp", ("fun", "primals", "tangents"), args, kwargs)
    given = sequence(elab, primals)
    if given is None:
        elab.mismatch("The primals and tangents of hvp must be tuples or lists.", "Write hvp(f, (x,), (v,)).")
    argnums: Any = 0 if len(given) == 1 else tuple(range(len(given)))
    gradient = transformed(grad, "grad", Spec("grad", function, {"argnums": argnums, "has_aux": has_aux}))
    out = jvp(elab, [gradient, primals, tangents], {"has_aux": Static(has_aux)})
    assert isinstance(out, Tuple)
    return Tuple(out.items[1:]) if has_aux else out.items[1]


def transformed(handler: Callable[..., Value], name: str, spec: Spec) -> Value:
    """A function made by a transform, of the function and with the options of `spec`."""
    inner = Spec(name, spec.function, spec.options)
    return Static(Inner(lambda elab, given, named: handler(elab, inner, given, named), inner))


# -- a call, taken apart and put together


class Task:
    """A call of a Jacobian: its function closed over the leaves asked for, and how to put the derivatives together."""

    def __init__(
        self, elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value], check: Callable[[Value], None]
    ) -> None:
        self.elab = elab
        self.argnums, self.single = positions(elab, spec.options.get("argnums", 0), len(args))
        self.args = [elab.resolve(a) for a in args]
        for k in self.argnums:
            for leaf in leaves(elab, self.args[k]):
                check(leaf)
        self.has_aux = bool(spec.options.get("has_aux", False))
        self.closed = close_call(elab, function_of(elab, spec), self.args, kwargs, self.argnums, self.has_aux)

    def check_outputs(self, kinds: str, why: str) -> None:
        """Refuse results of a dtype of another kind."""
        for number in self.closed.out_leaves[0]:
            dtype = None if number is None else element(self.closed.fun.results[number].type)
            if dtype is not None and dtype.kind not in kinds:
                advice = (
                    "For holomorphic differentiation, pass holomorphic=True. "
                    "For non-holomorphic functions use jvp or vjp."
                )
                self.elab.mismatch(f"{why}, but got {dtype.name}.", advice if dtype.kind == "c" else "")

    def assemble(self, results: list[Value], by_result: Callable[[int], Piece]) -> Value:
        """The tree of the value with a tree of the arguments at each leaf; a pair of it and the rest with `has_aux`."""
        pieces = list(results)
        for number in self.closed.out_leaves[0]:
            if number is not None:
                inexact = is_inexact(self.closed.fun.results[number].type)
                pieces[number] = self.mirror(
                    by_result(number) if inexact else self.zeros(results[number]), results[number]
                )
        jacobian = self.closed.rebuild(self.elab, 0, pieces)
        return Tuple((jacobian, self.closed.rebuild(self.elab, 1, results))) if self.has_aux else jacobian

    def mirror(self, piece: Piece, result: Value) -> Value:
        """The derivatives of one result in the structure of the arguments asked for."""
        elab = self.elab
        counter = iter(range(len(self.closed.wrt)))

        def change(leaf: Value) -> Value:
            if isinstance(leaf, Numbers):
                return by_number(elab, leaf, change(leaf.ref))
            if can_vary(elab, leaf):
                return piece(next(counter))
            return (
                zeros(elab, [*shape(elab, result), *shape(elab, leaf)])
                if shape(elab, result)
                else zero_of_leaf(elab, leaf)
            )

        parts = tuple(transform(elab, self.args[k], change, is_listed) for k in self.argnums)
        return parts[0] if self.single else Tuple(parts)

    def zeros(self, result: Value) -> Piece:
        """The derivatives of a result that is no inexact number."""
        elab = self.elab
        primals = [leaf for k in self.argnums for leaf in leaves(elab, self.args[k]) if can_vary(elab, leaf)]
        return lambda k: zeros(elab, [*shape(elab, result), *shape(elab, primals[k])])


def is_listed(value: Value) -> bool:
    """Whether a part is a long list of numbers."""
    return isinstance(value, Numbers)


def by_number(elab: Elaborator, like: Numbers, derivative: Value) -> Value:
    """The derivative by the numbers of a list, whose axes are the last ones, as a list of derivatives."""
    assert isinstance(derivative, ArrayRef)
    last = derivative.type.rank
    count = len(like.classes)
    if last == count:
        return Numbers(derivative, like.classes, like.weak)
    places = Static(tuple(range(last - count, last))), Static(tuple(range(count)))
    moved = library.call(elab, np.moveaxis, [derivative, *places], {})
    assert isinstance(moved, ArrayRef)
    return Numbers(moved, like.classes, like.weak)


def check_jacfwd_input(elab: Elaborator, leaf: Value, options: dict[str, Any]) -> None:
    """JAX's refusals of an argument of `jacfwd`: without `holomorphic` it must be real."""
    check_input(elab, "jacfwd", leaf, options)
    type_ = type_of(elab, leaf)
    assert type_ is not None
    if element(type_).kind == "c" and not options.get("holomorphic"):
        elab.mismatch(
            "jacfwd requires real-valued inputs (input dtype that is a sub-dtype of np.floating), "
            f"but got {element(type_).name}.",
            "For holomorphic differentiation, pass holomorphic=True. For differentiation of non-holomorphic functions "
            "involving complex inputs, use jvp directly.",
        )


# -- sweeps


def forward_columns(elab: Elaborator, closed: Closed, k: int, results: list[Value]) -> dict[int, Value]:
    """The derivatives of each inexact result by the k-th varying leaf."""
    alone = replace(closed, wrt=(closed.wrt[k],))
    inexact = varying_results(closed)

    def push(inner: Elaborator, tangent: Atom) -> Sequence[Value]:
        return apply(inner, "jvp", alone, [tangent])[1]

    primal = elab.lift(closed.args[closed.wrt[k]])
    sizes = shape(elab, primal)
    found = over_basis(elab, closed.args[closed.wrt[k]].type, sizes, push, -1)
    wanted = {n: [*shape(elab, results[n]), *sizes] for n in inexact}
    return {n: reshaped(elab, v, wanted[n]) if len(sizes) > 1 else v for n, v in zip(inexact, found, strict=True)}


def reverse_rows(elab: Elaborator, closed: Closed, number: int, result: Value) -> list[Value]:
    """The derivatives of one result by each varying leaf."""
    alone = replace(closed, fun=changed(closed.fun, results=(closed.fun.results[number],)))

    def pull(inner: Elaborator, cotangent: Atom) -> Sequence[Value]:
        return apply(inner, "vjp", alone, [cotangent])[1]

    sizes = shape(elab, result)
    found = over_basis(elab, closed.fun.results[number].type, sizes, pull, 0)
    if len(sizes) < 2:
        return list(found)
    primals = [elab.lift(closed.args[k]) for k in closed.wrt]
    return [reshaped(elab, v, [*sizes, *shape(elab, p)]) for v, p in zip(found, primals, strict=True)]


def over_basis(elab: Elaborator, type_: Type, sizes: list[Value], sweep: Sweep, axis: int) -> Sequence[Value]:
    """What a sweep gives for each vector of the standard basis of a type, the vectors counted along `axis`."""
    match type_:
        case Scalar():
            return sweep(elab, one(type_))
        case Array(dims=()):
            return sweep(elab, elab.atom(library.call(elab, np.ones, [Tuple(())], {"dtype": Static(type_.dtype)})))
        case Array():
            item = Static(Inner(lambda inner, given, named: Tuple(tuple(sweep(inner, inner.atom(given[0]))))))
            out = batching.vmap(elab, Spec("vmap", item, {"out_axes": axis}), [basis(elab, type_, sizes)], {})
            assert isinstance(out, Tuple)
            return out.items
    elab.mismatch("A Jacobian is taken of numbers and arrays, not of lists that grow.", "Make the list an array.")


def basis(elab: Elaborator, type_: Array, sizes: list[Value]) -> Value:
    """The standard basis of the arrays of a type, along a new first axis."""
    count = sizes[0]
    for size in sizes[1:]:
        count = library.binary(elab, "mul", count, size)
    eye = library.call(elab, np.eye, [count], {"dtype": Static(type_.dtype)})
    return eye if len(sizes) == 1 else reshaped(elab, eye, [count, *sizes])


def shape(elab: Elaborator, value: Value) -> list[Value]:
    """The sizes of a number or an array."""
    if not isinstance(type_of(elab, value), Array):
        return []
    sizes = library.attribute(elab, value, "shape")
    assert isinstance(sizes, Tuple)
    return list(sizes.items)


def reshaped(elab: Elaborator, value: Value, sizes: list[Value]) -> Value:
    """An array with these sizes."""
    return library.call(elab, np.reshape, [value, Tuple(tuple(sizes))], {})


def zeros(elab: Elaborator, sizes: list[Value]) -> Value:
    """Zeros of this shape; a number where it is empty."""
    return library.call(elab, np.zeros, [Tuple(tuple(sizes))], {}) if sizes else Static(0.0)


__all__ = ["hessian", "hvp", "jacfwd", "jacrev"]
