"""The axes of `vmap`: ints and None, alone or in trees that are prefixes of the arguments.

The rules, and the messages, are JAX's.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import optree

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

    Raises ValueError as JAX does: where `in_axes` does not match, and where nothing is mapped.
    """
    if not args and not kwargs:
        raise ValueError(
            "vmap wrapped function must be passed at least one argument containing an array, "
            "got empty *args=() and **kwargs={}"
        )
    if isinstance(in_axes, tuple) and len(in_axes) != len(args):
        raise ValueError(
            "vmap in_axes must be an int, None, or a tuple of entries corresponding to the positional arguments "
            f"passed to the function, but got len(in_axes)={len(in_axes)}, len(args)={len(args)}"
        )
    axes = prefix_axes("vmap in_axes", in_axes, args) + [0] * len(_present(kwargs))
    if axes and all(a is None for a in axes):
        raise ValueError("vmap must have at least one non-None value in in_axes")
    return axes


def axes_of_results(out_axes: Any, results: Any) -> list[Axis]:
    """The axis of each leaf of what the function returns."""
    return prefix_axes("vmap out_axes", out_axes, results)


def prefix_axes(name: str, axes: Any, tree: Any) -> list[Axis]:
    """The axis of each leaf of a tree, by a specification that is a prefix of it. A None in the tree is no leaf."""
    try:
        spread = optree.broadcast_prefix(axes, tree, none_is_leaf=True, namespace=NAMESPACE)
    except ValueError:
        shown = optree.tree_structure(tree, namespace=NAMESPACE)
        raise ValueError(
            f"{name} specification must be a tree prefix of the corresponding value, got specification {axes} "
            f"for value tree {shown}."
        ) from None
    return [axis for axis, leaf in zip(spread, _leaves(tree), strict=True) if leaf is not None]


def place(axis: int, rank: int) -> int:
    """A mapped axis of an argument, counted from the front. Raises ValueError where there is no such axis."""
    if -rank <= axis < rank:
        return axis % rank
    least = axis + 1 if axis >= 0 else -axis
    raise ValueError(
        f"vmap was requested to map its argument along axis {axis}, which implies that its rank should be at least "
        f"{least}, but is only {rank}"
    )


def inconsistent(sizes: Sequence[tuple[str, object]]) -> ValueError:
    """The error for mapped axes of different sizes: pairs of what has it and the size."""
    lines = "\n".join(f"  * {what} has size {size}" for what, size in sizes)
    return ValueError(f"vmap got inconsistent sizes for array axes to be mapped:\n{lines}")


def _leaves(tree: Any) -> list[Any]:
    return optree.tree_leaves(tree, none_is_leaf=True, namespace=NAMESPACE)


def _present(tree: Any) -> list[Any]:
    return [leaf for leaf in _leaves(tree) if leaf is not None]
