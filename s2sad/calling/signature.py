"""Arguments of a call: which are runtime values, what types they have, and the key of the compiled result."""

from __future__ import annotations

from typing import Any

import numpy as np

from s2sad import data, plain, tree
from s2sad.data import Packed
from s2sad.errors import DerivativeMismatchError, TypeMismatchError
from s2sad.ir.types import Array, Scalar, Type, symbol, type_of_value

SMALL = 2
"""Sizes below this are part of the signature: they broadcast, or make loops and slices empty."""


def is_runtime(leaf: Any) -> bool:
    """Whether an argument leaf is a number or an array (else it is static: known when the function is compiled)."""
    return plain.is_array(leaf) or plain.is_number(leaf) or isinstance(leaf, Packed)


def flatten(args: tuple[Any, ...], kwargs: dict[str, Any], apart: bool = False) -> tuple[list[Any], Any]:
    """The leaves of the arguments and their structure. Long lists of numbers are a leaf each, if not taken `apart`."""
    return data.flatten((args, kwargs), apart, args)


def bare(leaf: Any) -> Any:
    """What compiled code is given for a leaf."""
    return leaf.array if isinstance(leaf, Packed) else leaf


def kind_of(leaf: Any) -> data.Kind | None:
    """What a leaf is that is read as an array."""
    return leaf.kind if isinstance(leaf, Packed) else None


def normal(leaf: np.ndarray) -> np.ndarray:
    """The array in the form that compiled code expects: C-contiguous, native byte order, no subclass."""
    if leaf.dtype.names is not None:
        raise TypeMismatchError(
            f"An array of dtype {leaf.dtype} has fields, which are arrays each.",
            "Pass the fields that you need, one by one.",
        )
    if leaf.dtype == object or leaf.dtype.kind not in "biufc":
        raise TypeMismatchError(f"An array of dtype {leaf.dtype} is not numeric.", "Convert it with .astype(float).")
    plain.check_dtype(leaf.dtype, "Arrays")
    flags = leaf.flags
    if flags.c_contiguous and flags.aligned and leaf.dtype.isnative and type(leaf) is np.ndarray:
        return leaf
    return np.array(leaf, leaf.dtype.newbyteorder("="), order="C", copy=True)


def check_sequences(name: str, primals: Any, tangents: Any) -> None:
    """Refuse primals and tangents that are not given as tuples or lists."""
    if not (isinstance(primals, tuple | list) and isinstance(tangents, tuple | list)):
        raise TypeMismatchError(
            f"primal and tangent arguments to {name} must be tuples or lists; found {type(primals).__name__} and "
            f"{type(tangents).__name__}.",
            f"Write {name}(f, (x,), (x_dot,)).",
        )


def check_like(name: str, primals: Any, tangents: Any) -> None:
    """Refuse tangents whose shapes are not those of the primals. Types and structures are seen to when compiling."""
    expected, structure = flatten((primals,), {})
    given, found = flatten((tangents,), {})
    if structure != found:
        return
    for primal, tangent in zip(expected, given, strict=True):
        if np.shape(primal) != np.shape(tangent):
            raise DerivativeMismatchError(
                f"{name} called with different primal and tangent shapes; got primal shape {np.shape(primal)} and "
                f"tangent shape {np.shape(tangent)}.",
                "Give each tangent the shape of its primal.",
            )


def leaf_key(leaf: Any) -> Any:
    """What of a leaf the compiled code depends on."""
    if isinstance(leaf, Packed):
        return leaf.kind, leaf_key(leaf.array)
    if plain.is_array(leaf):
        return (leaf.dtype, tuple([d if d < SMALL else -1 for d in leaf.shape]))
    if is_runtime(leaf):
        return type(leaf)  # not the dtype of a NumPy number: dtype("float64") == float
    try:
        hash(leaf)
    except (TypeError, ValueError):
        return ("id", id(leaf))
    return ("static", type(leaf), leaf)


def key_orders(tree_: Any) -> Any:
    """The order of the keys of each dict among the arguments, which their structure does not tell."""
    match tree_:
        case dict():
            return tuple(tree_), *(found for v in tree_.values() if (found := key_orders(v)))
        case tuple() | list():
            return tuple([found for v in tree_ if (found := key_orders(v))])
    fields = tree.fields(type(tree_)) if tree.is_node(type(tree_)) else None
    return () if fields is None else tuple([found for n in fields[0] if (found := key_orders(getattr(tree_, n, None)))])


def leaf_type(leaf: Any, name: str) -> Type:
    """The type of a runtime leaf; sizes above 1 are symbols ``name.axis``, but for those of short rows of a list."""
    if isinstance(leaf, Packed):
        type_ = leaf_type(leaf.array, name)
        if not (isinstance(leaf.kind, data.Listed) and isinstance(type_, Array)):
            return type_
        rows = leaf.kind.rows or (None,) * (len(type_.dims) - 1)
        known = zip(type_.dims, (None, *rows), strict=True)
        return Array(type_.dtype, tuple(d if n is None else n for d, n in known))
    if isinstance(leaf, np.ndarray):
        return Array(
            leaf.dtype, tuple(d if d < SMALL else symbol(f"{name}.{k}", SMALL) for k, d in enumerate(leaf.shape))
        )
    type_ = type_of_value(leaf)
    if isinstance(type_, Scalar) and isinstance(leaf, int) and not -(2**63) <= leaf < 2**63:
        raise TypeMismatchError(f"The integer {leaf} does not fit 64 bits.", "Pass it as a float.")
    return type_
