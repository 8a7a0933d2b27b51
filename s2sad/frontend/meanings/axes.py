"""The axes of `vmap`: ints and None, alone or in trees that are prefixes of the arguments.

The rules, and the messages, are JAX's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optree

from s2sad.errors import ShapeError
from s2sad.tree import NAMESPACE

Axis = int | None


def check_specification(in_axes: Any, out_axes: Any) -> Any:
    """Refuse what are no axes. Returns `in_axes`, as a tuple if it is a list.

    Raises TypeError as JAX does.
    """
    if isinstance(in_axes, list):
        in_axes = tuple(in_axes)
    if not (in_axes is None or type(in_axes) in (int, tuple)):
        raise TypeError(
            "vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments "
            f"passed to the function, but got {in_axes}."
        )
    for name, axes in (("in_axes", in_axes), ("out_axes", out_axes)):
        if not all(type(a) is int or a is None for a in _leaves(axes)):
            raise TypeError(
                f"vmap {name} must be an int, None, or (nested) container with those types as leaves, but got {axes}."
            )
    return in_axes


def axes_of_arguments(in_axes: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> list[Axis]:
    """The axis of each leaf of ``(args, kwargs)``: keyword arguments are mapped along their first axis.

    Raises ShapeError, in JAX's words, where `in_axes` does not match.
    """
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise ShapeError(
            "vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments "
            f"passed to the function, but got len(in_axes)={len(in_axes)}, len(args)={len(args)}.",
            "Give one axis for each.",
        )
    return prefix_axes("vmap in_axes", in_axes, args) + [0] * len(_present(kwargs))


def check_mapped(axes: Sequence[Axis], args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
    """Refuse that nothing is mapped and no size is given."""
    if any(a is not None for a in axes):
        return
    if _present((args, kwargs)):
        why = "vmap must have at least one non-None value in in_axes or axis_size must be specified."
        raise ShapeError(why, "Give an axis to map over, or the size of the batch.")
    raise ShapeError(
        "vmap wrapped function must be passed at least one argument containing an array or axis_size must be "
        "specified, and got none.",
        "Pass an array, or the size of the batch.",
    )


def axes_of_results(out_axes: Any, results: Any) -> list[Axis]:
    """The axis of each leaf of what the function returns."""
    return prefix_axes("vmap out_axes", out_axes, results)


def prefix_axes(name: str, axes: Any, tree: Any) -> list[Axis]:
    """The axis of each leaf of a tree, by a specification that is a prefix of it. A None in the tree is no leaf."""
    try:
        spread = optree.broadcast_prefix(axes, tree, none_is_leaf=True, namespace=NAMESPACE)
    except ValueError:
        shown = optree.tree_structure(tree, namespace=NAMESPACE)
        raise ShapeError(
            f"{name} specification must be a tree prefix of the corresponding value, got specification {axes} "
            f"for value tree {shown}.",
            "Give one axis, or containers of axes that mirror those of the value.",
        ) from None
    return [axis for axis, leaf in zip(spread, _leaves(tree), strict=True) if leaf is not None]


def place(axis: int, rank: int) -> int:
    """A mapped axis of an argument, counted from the front. Raises ShapeError where there is no such axis."""
    if -rank <= axis < rank:
        return axis % rank
    least = axis + 1 if axis >= 0 else -axis
    raise ShapeError(
        f"vmap was requested to map its argument along axis {axis}, which implies that its rank should be at least "
        f"{least}, but is only {rank}.",
        "Map over an axis that it has, or over none (None).",
    )


def place_of_result(axis: int, rank: int) -> int:
    """The axis of the batch in a result of this rank (without it). Raises ShapeError where there is no such place."""
    if -rank <= axis + 1 <= rank + 1:
        return axis % (rank + 1)
    raise ShapeError(
        f"vmap out_axes has axis {axis}, which is out of bounds for a result that has rank {rank + 1} with the batch.",
        f"Give an axis from {-rank - 1} to {rank}.",
    )


def inconsistent(sizes: Sequence[tuple[str, object]], axis_size: int | None) -> ShapeError:
    """The error for mapped axes of different sizes: pairs of an axis and its size."""
    lines = [] if axis_size is None else [f"  * the `axis_size` argument was {axis_size}"]
    for size in dict.fromkeys(size for _, size in sizes):
        first, *more = [what for what, of in sizes if of == size]
        many = f"some axes ({1 + len(more)} of them)" if more else "one axis"
        lines.append(f"  * {many} had size {size}{', e.g.' if more else ':'} {first}")
    shown = ";\n".join(lines)
    why = f"vmap got inconsistent sizes for array axes to be mapped:\n{shown}."
    return ShapeError(why, "Map over axes of one size.")


def _leaves(tree: Any) -> list[Any]:
    return optree.tree_leaves(tree, none_is_leaf=True, namespace=NAMESPACE)


def _present(tree: Any) -> list[Any]:
    return [leaf for leaf in _leaves(tree) if leaf is not None]
