"""`vmap` on abstract values: what it means for containers, and its refusals, which are JAX's."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad.errors import ShapeError, TypeMismatchError
from s2sad.frontend import library
from s2sad.frontend.elaborate.closed import Closed, close, inline, private, result_types
from s2sad.frontend.elaborate.leaves import leaves, lists_of_numbers, transform, type_of
from s2sad.frontend.meanings import axes as axes_of
from s2sad.frontend.meanings.axes import Axis
from s2sad.frontend.meanings.pytrees import skeleton
from s2sad.frontend.values.transforms import Spec, kind
from s2sad.frontend.values.unreachable import Unreachable
from s2sad.frontend.values.values import Number, Static, Value
from s2sad.ir.nodes import Apply, Atom, Pos, Var, array_type
from s2sad.ir.types import Array, Dim, List, Scalar, Type
from s2sad.rules.logical import eq

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

OPTIONS = {"in_axes": 0, "out_axes": 0, "axis_size": None}


@kind("vmap")
def vmap(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``vmap(f, in_axes, out_axes)(*args, **kwargs)``."""
    options = {**OPTIONS, **spec.options}
    in_spec = specification(elab, options["in_axes"], options["out_axes"])
    args, kwargs = [elab.resolve(a) for a in args], {k: elab.resolve(v) for k, v in kwargs.items()}
    axis_size = given_size(elab, options["axis_size"])
    with standing_at(elab.pos):
        in_axes = mapped_axes(elab, in_spec, args, kwargs, axis_size)
        mapped = any(a is not None for a in in_axes)
        size = common_size(elab, in_axes, args, kwargs, axis_size) if mapped else axis_size or 0
        closed, batched = close_item(elab, spec, args, kwargs, in_axes)
        out_axes = result_axes(elab, closed, options["out_axes"])
    results = apply(elab, closed, batched, out_axes, size) if mapped else repeated(elab, closed, out_axes, size)
    return closed.rebuild(elab, 0, results)


@contextmanager
def standing_at(pos: Pos | None) -> Iterator[None]:
    """Give refusals of axes, which say nothing of where they stand, a place."""
    try:
        yield
    except ShapeError as error:
        error.pos = error.pos or pos
        raise


def given_size(elab: Elaborator, axis_size: Any) -> int | None:
    """The `axis_size` that the user gives."""
    if axis_size is None or (isinstance(axis_size, int | np.integer) and axis_size >= 0):
        return None if axis_size is None else int(axis_size)
    elab.mismatch(f"vmap axis_size must be an int or None, but got {axis_size!r}.", "Give the size of the batch.")


def specification(elab: Elaborator, in_axes: Any, out_axes: Any) -> Any:
    """`in_axes`, found to be axes."""
    try:
        return axes_of.check_specification(in_axes, out_axes)
    except TypeError as error:
        raise TypeMismatchError(str(error), "", elab.pos) from None


# -- arguments


def mapped_axes(
    elab: Elaborator, in_axes: Any, args: list[Value], kwargs: dict[str, Value], axis_size: int | None
) -> list[Axis]:
    """The axis of each leaf of the arguments, counted from the front; None for what is no number or array."""
    shown = tuple(skeleton(elab, a) for a in args), {k: skeleton(elab, v) for k, v in kwargs.items()}
    found = axes_of.axes_of_arguments(in_axes, *shown)
    out: list[Axis] = []
    listed = [v.ref for a in (*args, *kwargs.values()) for v in lists_of_numbers(elab, a)]
    for axis, leaf in zip(found, argument_leaves(elab, args, kwargs), strict=True):
        if axis is not None and leaf in listed:
            raise ShapeError(
                f"vmap was requested to map its argument along axis {axis}, which implies that its rank should be at "
                f"least {axis + 1}, but its leaves are the numbers of a list.", "Make the list an array.")  # fmt: skip
        type_ = type_of(elab, leaf)
        if axis is None or type_ is None:
            out.append(None)
        else:
            out.append(axes_of.place(axis, type_.rank if isinstance(type_, Array) else 0))
    if axis_size is None:
        axes_of.check_mapped(out, *shown)
    return out


def argument_leaves(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> list[Value]:
    """The leaves of all arguments, in the order of `axes_of_arguments`."""
    return [leaf for value in (*args, *(kwargs[k] for k in sorted(kwargs))) for leaf in leaves(elab, value)]


def common_size(
    elab: Elaborator, in_axes: list[Axis], args: list[Value], kwargs: dict[str, Value], axis_size: int | None
) -> Dim:
    """The size of the batch: that of every mapped axis. Sizes not known to be equal are checked at run time."""
    mapped = [
        (leaf, axis)
        for leaf, axis in zip(argument_leaves(elab, args, kwargs), in_axes, strict=True)
        if axis is not None
    ]
    sizes = [_size(elab, leaf, axis) for leaf, axis in mapped]
    known = {d for d in sizes if isinstance(d, int)} | ({axis_size} if axis_size is not None else set())
    if len(known) > 1 or (known and min(known) < 2 and any(not isinstance(d, int) for d in sizes)):
        shown = [(_axis_text(elab, leaf, axis), str(d)) for (leaf, axis), d in zip(mapped, sizes, strict=True)]
        raise axes_of.inconsistent(shown, axis_size)
    first = next((d for d in sizes if isinstance(d, int)), sizes[0])
    for (leaf, axis), size in zip(mapped, sizes, strict=True):
        if size != first or (known and size not in known):
            elab.builder.equalities[first if axis_size is None else axis_size, size] = None
            _check_size(elab, mapped[sizes.index(first)], (leaf, axis), axis_size)
    return first


def _size(elab: Elaborator, leaf: Value, axis: int) -> Dim:
    type_ = type_of(elab, leaf)
    assert isinstance(type_, Array)
    size = type_.dims[axis]
    assert size is not None
    return size


def _check_size(elab: Elaborator, first: tuple[Value, int], other: tuple[Value, int], size: int | None) -> None:
    """Emit the check that two mapped axes (or an axis and a given size) have the same size."""
    left, right = (elab.builder.dim_atom(elab.atom(leaf), axis) for leaf, axis in (first, other))
    wanted = left if size is None else elab.atom(Static(size))
    same = elab.builder.emit(eq, (wanted, right))
    where = "" if elab.pos is None else f", at line {elab.pos.line}: {elab.pos.text}"
    elab.check(same, "ValueError", f"vmap got inconsistent sizes for array axes to be mapped{where}")


def _axis_text(elab: Elaborator, leaf: Value, axis: int) -> str:
    """An axis of an argument, for messages."""
    atom = elab.atom(leaf)
    dims = array_type(atom).dims
    name = f"argument {atom.name}" if isinstance(atom, Var) else "an argument"
    return f"axis {axis} of {name} of type {atom.type.dtype.name}[{','.join(map(str, dims))}]"


# -- the function of one item


def close_item(
    elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value], in_axes: list[Axis]
) -> tuple[Closed, list[Axis]]:
    """The closed function of one item of the batch, with the whole batch as arguments, and the axis of each."""
    callee = spec.function if isinstance(spec.function, Value) else Static(spec.function)
    whole = [v for v, a in zip(argument_leaves(elab, args, kwargs), in_axes, strict=True) if a is not None]
    axes = [a for a in in_axes if a is not None]
    atoms = [elab.atom(v) for v in whole]
    items = [Var(_name(atom), item_type(atom.type, axis)) for atom, axis in zip(atoms, axes, strict=True)]

    def run(values: list[Value]) -> tuple[Value, ...]:
        supply, places = iter(values), iter(in_axes)

        def change(leaf: Value) -> Value:
            return private(elab, leaf) if next(places) is None else next(supply)

        inner = [transform(elab, a, change) for a in args]
        named = {k: transform(elab, kwargs[k], change) for k in sorted(kwargs)}
        return (elab.resolve(elab.call(callee, inner, {k: named[k] for k in kwargs})),)

    try:
        closed = close(elab, _function_name(callee), [Number(v) for v in items], run)
    except Unreachable:
        elab.error("A function that always raises cannot be mapped.", "Return a value on some path.")
    captured = closed.args[len(items) :]
    return dataclasses.replace(closed, args=(*atoms, *captured)), [*axes, *(None for _ in captured)]


def _name(atom: Atom) -> str:
    return atom.name if isinstance(atom, Var) else "x"


def _function_name(callee: Value) -> str:
    from s2sad.frontend.meanings.differentiation import name_of

    return name_of(None, callee)


def item_type(type_: Type, axis: int) -> Type:
    """The type of one item of a batch."""
    assert isinstance(type_, Array)
    dims = (*type_.dims[:axis], *type_.dims[axis + 1 :])
    return Array(type_.dtype, dims) if dims else Scalar(type_.dtype)


# -- results


def result_axes(elab: Elaborator, closed: Closed, out_axes: Any) -> list[Axis]:
    """The axis of each result, counted from the front."""
    outer = elab.state
    elab.state = {**closed.state, **outer}
    found = axes_of.axes_of_results(out_axes, skeleton(elab, closed.outs[0]))
    elab.state = outer
    out: list[Axis] = [None] * len(closed.fun.results)
    for axis, number in zip(found, closed.out_leaves[0], strict=True):
        if number is not None and axis is not None:
            type_ = closed.fun.results[number].type
            if isinstance(type_, List):
                elab.error("A list that grows at run time cannot be a result of vmap.", "Return np.array() of it.")
            out[number] = axes_of.place_of_result(axis, type_.rank if isinstance(type_, Array) else 0)
    return out


def apply(elab: Elaborator, closed: Closed, axes: Sequence[Axis], out_axes: Sequence[Axis], size: Dim) -> list[Value]:
    """Write the `Apply`; gives its results."""
    types = [
        batch_type(type_, axis, size) for type_, axis in zip(result_types(elab, closed), out_axes, strict=True)
    ]
    targets = tuple(elab.builder.var(_name(r), t) for r, t in zip(closed.fun.results, types, strict=True))
    elab.builder.append(Apply(targets, "batch", closed.fun, closed.args, axes=(*axes, *out_axes), pos=elab.pos))
    lifted = [elab.lift(v) for v in targets]
    elab.latest = None
    return lifted


def repeated(elab: Elaborator, closed: Closed, out_axes: Sequence[Axis], size: Dim) -> list[Value]:
    """The results of a function of nothing that is mapped, which are the same for all items of the batch."""
    results = []
    for value, axis in zip(inline(elab, closed), out_axes, strict=True):
        if axis is not None:
            value = library.call(elab, np.expand_dims, [value, Static(axis)], {})
            value = library.call(elab, np.repeat, [value, Static(size)], {"axis": Static(axis)})
        results.append(value)
    elab.latest = None
    return results


def batch_type(type_: Type, axis: Axis, size: Dim) -> Type:
    """The type of a batch of results, with the batch at an axis."""
    if axis is None or not isinstance(type_, Scalar | Array):
        return type_
    dims = list(type_.dims) if isinstance(type_, Array) else []
    dims.insert(axis, size)
    return Array(type_.dtype, tuple(dims))
