"""`vmap` on abstract values: what it means for containers, and its refusals, which are JAX's."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from s2sad import tree
from s2sad.errors import ShapeError, TypeMismatchError
from s2sad.frontend import axes as axes_of
from s2sad.frontend.axes import Axis
from s2sad.frontend.closed import Closed, close, result_types
from s2sad.frontend.leaves import Node, leaves, node_of, transform, type_of
from s2sad.frontend.transforms import Spec, kind
from s2sad.frontend.unreachable import Unreachable
from s2sad.frontend.values import DictRef, Entries, ListRef, Number, ObjectRef, Static, StaticItems, Tuple, Value
from s2sad.ir.nodes import Apply, Atom, Var
from s2sad.ir.types import Array, Dim, Scalar, Type
from s2sad.rules.logical import eq

if TYPE_CHECKING:
    from s2sad.frontend.elaborator import Elaborator

OPTIONS = {"in_axes": 0, "out_axes": 0, "axis_size": None}
LEAF = object()


@kind("vmap")
def vmap(elab: Elaborator, spec: Spec, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``vmap(f, in_axes, out_axes)(*args, **kwargs)``."""
    options = {**OPTIONS, **spec.options}
    in_spec = specification(elab, options["in_axes"], options["out_axes"])
    args, kwargs = [elab.resolve(a) for a in args], {k: elab.resolve(v) for k, v in kwargs.items()}
    try:
        in_axes = mapped_axes(elab, in_spec, args, kwargs)
        size = common_size(elab, in_axes, args, kwargs, options["axis_size"])
        closed, batched = close_item(elab, spec, args, kwargs, in_axes)
        out_axes = result_axes(elab, closed, options["out_axes"])
    except ValueError as error:
        if isinstance(error, ShapeError):
            raise
        raise ShapeError(str(error), "", elab.pos) from None
    results = apply(elab, closed, batched, out_axes, size)
    return closed.rebuild(elab, 0, results)


def specification(elab: Elaborator, in_axes: Any, out_axes: Any) -> Any:
    """`in_axes`, found to be axes."""
    try:
        return axes_of.check_specification(in_axes, out_axes)
    except TypeError as error:
        raise TypeMismatchError(str(error), "", elab.pos) from None


# -- arguments


def mapped_axes(elab: Elaborator, in_axes: Any, args: list[Value], kwargs: dict[str, Value]) -> list[Axis]:
    """The axis of each leaf of the arguments, counted from the front; None for what is no number or array."""
    shown = tuple(skeleton(elab, a) for a in args), {k: skeleton(elab, v) for k, v in kwargs.items()}
    found = axes_of.axes_of_arguments(in_axes, *shown)
    out: list[Axis] = []
    for axis, leaf in zip(found, argument_leaves(elab, args, kwargs), strict=True):
        type_ = type_of(elab, leaf)
        if axis is None or type_ is None:
            out.append(None)
        else:
            out.append(axes_of.place(axis, type_.rank if isinstance(type_, Array) else 0))
    if all(a is None for a in out):
        raise ValueError("vmap wrapped function must be passed at least one argument containing an array")
    return out


def argument_leaves(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> list[Value]:
    """The leaves of all arguments, in the order of `axes_of_arguments`."""
    return [leaf for value in (*args, *(kwargs[k] for k in sorted(kwargs))) for leaf in leaves(elab, value)]


def skeleton(elab: Elaborator, value: Value) -> Any:
    """The containers of a value as Python's own, with one object in place of every leaf."""
    value = elab.resolve(value)
    match value:
        case Static(None):
            return None
        case Static(tuple() as items):
            return _tuple(type(items), [skeleton(elab, Static(x)) for x in items])
        case Tuple(items, cls):
            return _tuple(cls, [skeleton(elab, v) for v in items])
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return [skeleton(elab, v) for v in content.items]
        case DictRef(location):
            return value.type((k, skeleton(elab, v)) for k, v in _items(elab, location))
        case ObjectRef() | Static() if (node := node_of(elab, value)) is not None:
            return _object(elab, node, [skeleton(elab, child) for child in node.children])
        case _:
            return LEAF


def _items(elab: Elaborator, location: Any) -> tuple[tuple[Any, Value], ...]:
    content = elab.get(location)
    assert isinstance(content, Entries)
    return content.items


def _tuple(cls: type, parts: list[Any]) -> Any:
    return tuple(parts) if cls is tuple else cls(*parts)


def _object(elab: Elaborator, node: Node, parts: list[Any]) -> Any:
    names, rest = tree.fields(node.cls), elab.static(node.rest)
    if names is None:
        registration = tree.registration(node.cls)
        assert registration is not None
        return registration[1](rest, parts)
    if tree.registration(node.cls) is None:
        tree.register_dataclass(node.cls)
    out: Any = object.__new__(node.cls)
    for name, part in (*zip(names[0], parts, strict=False), *zip(names[1], rest, strict=False)):
        object.__setattr__(out, name, part)
    return out


def common_size(
    elab: Elaborator, in_axes: list[Axis], args: list[Value], kwargs: dict[str, Value], axis_size: Any
) -> Dim:
    """The size of the batch: that of every mapped axis. Sizes not known to be equal are checked at run time."""
    mapped = [
        (leaf, axis)
        for leaf, axis in zip(argument_leaves(elab, args, kwargs), in_axes, strict=True)
        if axis is not None
    ]
    sizes = [_size(elab, leaf, axis) for leaf, axis in mapped]
    known = {d for d in sizes if isinstance(d, int)} | ({axis_size} if isinstance(axis_size, int) else set())
    if len(known) > 1 or (known and min(known) < 2 and any(not isinstance(d, int) for d in sizes)):
        raise axes_of.inconsistent([(f"an axis (axis {a})", str(d)) for (_, a), d in zip(mapped, sizes, strict=True)])
    first = next((d for d in sizes if isinstance(d, int)), sizes[0])
    for (leaf, axis), size in zip(mapped, sizes, strict=True):
        if size != first or (known and size not in known):
            wanted = axis_size if isinstance(axis_size, int) else None
            _check_size(elab, mapped[sizes.index(first)], (leaf, axis), wanted)
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
    elab.check(same, "ValueError", "vmap got inconsistent sizes for array axes to be mapped")


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
            return leaf if next(places) is None else next(supply)

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
    from s2sad.frontend.differentiation import name_of

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
            out[number] = axes_of.place(axis, (type_.rank if isinstance(type_, Array) else 0) + 1)
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


def batch_type(type_: Type, axis: Axis, size: Dim) -> Type:
    """The type of a batch of results, with the batch at an axis."""
    if axis is None or not isinstance(type_, Scalar | Array):
        return type_
    dims = list(type_.dims) if isinstance(type_, Array) else []
    dims.insert(axis, size)
    return Array(type_.dtype, tuple(dims))
