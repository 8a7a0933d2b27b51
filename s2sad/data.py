"""Data as people have it: what is not an array, and is read as one.

    [20.5, 21.0, ..., 19.5]     a long list of numbers is one array (`Listed` says how its numbers stood)
    array.array, memoryview     the same
    frame["y"], jnp.ones(3)     an array of a library, as NumPy reads it (`labelled`)

A list is taken as one array where it holds numbers of one class only, and is longer than `LONGEST`; tuples, and
rectangular lists of lists, likewise. All shorter ones are taken apart into their items.
"""

from __future__ import annotations

import array
import ctypes
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from s2sad import plain, tree
from s2sad.labelled import Labelled, check_labels, labelled

LONGEST = 16
"""The longest list whose numbers are values one by one."""
MOST_APART = 256
"""Up to how many numbers lists are taken apart after all, where a program uses them as no array can be used."""
DEEPEST = 3
"""How deep the lists of a table may be nested."""
SEQUENCES = (list, tuple)
BUFFERS = (array.array, memoryview, ctypes.Array)
"""Sequences of numbers that stand in memory as those of an array do."""
DTYPES: dict[type, np.dtype] = {
    bool: np.dtype(np.bool_),
    int: np.dtype(np.int64),
    float: np.dtype(np.float64),
    complex: np.dtype(np.complex128),
    **{np.dtype(code).type: np.dtype(code) for code in "?bhilqBHILQfdFD"},
}
"""The classes of numbers that lists are read of, and the dtypes of their arrays."""


@dataclass(frozen=True, slots=True)
class Listed:
    """How the numbers of an array stood: the classes of the sequences, outermost first, and the class of a number.

    `rows` are the lengths of what stands below the outermost sequence, None for those that may be any: short ones are
    known, so that rows can be unpacked.
    """

    classes: tuple[type, ...]
    item: type
    rows: tuple[int | None, ...] = ()

    @property
    def weak(self) -> bool:
        """Whether the items are Python's own numbers."""
        return self.item in plain.NUMBERS

    def read(self, obj: Any) -> np.ndarray:
        """The numbers of a list as an array. Raises ValueError where it is another kind of list."""
        if self.is_buffer:
            return self._of_buffer(obj)
        if not (isinstance(obj, SEQUENCES) and type(obj) is self.classes[0] and len(obj) > LONGEST):
            raise ValueError
        if {*map(type, numbers_of(obj, self.classes))} != {self.item}:
            raise ValueError
        found = np.array(obj, DTYPES[self.item])
        if self.rows and self.rows != known_lengths(found):
            raise ValueError
        return found

    def _of_buffer(self, obj: Any) -> np.ndarray:
        """What stands in memory, in the byte order of this machine."""
        found = np.asarray(obj)
        if type(obj) is not self.classes[0] or found.ndim != 1 or python_number(found.dtype) is not self.item:
            raise ValueError
        return np.ascontiguousarray(found, found.dtype.newbyteorder("="))

    @property
    def is_buffer(self) -> bool:
        """Whether the numbers stood in memory as those of an array do."""
        return issubclass(self.classes[0], BUFFERS)

    def back(self, array: np.ndarray) -> Any:
        """An array as sequences like these. What stands below them are arrays, where its rank is higher."""
        return back(array, self.classes, self.weak)


Kind = Listed | Labelled


@dataclass(frozen=True, slots=True)
class Packed:
    """An argument that is not an array, read as one."""

    array: np.ndarray
    kind: Kind

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape


def python_number(dtype: np.dtype) -> type | None:
    """The class of a number that is read out of memory of a dtype."""
    return {"b": bool, "i": int, "u": int, "f": float}.get(dtype.kind) if dtype.itemsize <= 8 else None


def known_lengths(array: np.ndarray) -> tuple[int | None, ...]:
    """The lengths of the rows of a table that are short."""
    return tuple([n if n <= LONGEST else None for n in array.shape[1:]])


def back(array: np.ndarray, classes: tuple[type, ...], weak: bool) -> Any:
    """An array as nested sequences of these classes, outermost first."""
    first, *rest = classes
    if rest:
        items: Any = [back(row, tuple(rest), weak) for row in array]
    else:
        items = array.tolist() if weak and array.ndim == 1 else [*array]
    return items if first is list else first(items)


def numbers_of(obj: Any, classes: tuple[type, ...]) -> Iterator[Any]:
    """The numbers of nested sequences. Raises ValueError where they are not of these classes, or not rectangular."""
    items = obj
    for cls in classes[1:]:
        rows = list(items)
        if {*map(type, rows)} != {cls} or len({*map(len, rows)}) != 1:
            raise ValueError
        items = itertools.chain.from_iterable(rows)
    return iter(items)


def listed(obj: Any) -> Listed | None:
    """How a long list of numbers is read; None for all else."""
    if isinstance(obj, BUFFERS):
        return _buffer(obj)
    if type(obj) not in SEQUENCES or len(obj) <= LONGEST:
        return None
    classes: list[type] = []
    first = obj
    while type(first) in SEQUENCES and first and len(classes) < DEEPEST:
        classes.append(type(first))
        first = first[0]
    if type(first) not in DTYPES:
        return None
    kind = Listed(tuple(classes), type(first))
    try:
        array = kind.read(obj)
    except (ValueError, OverflowError):
        return None
    return replace(kind, rows=known_lengths(array))


def _buffer(obj: Any) -> Listed | None:
    """How a buffer is read; None where it holds no numbers."""
    try:
        found = np.asarray(obj)
    except (TypeError, ValueError):
        return None
    item = python_number(found.dtype)
    return None if item is None or found.ndim != 1 else Listed((type(obj),), item)


def is_packed(obj: Any) -> bool:
    """Whether an object is read as one array."""
    return kind_of(obj) is not None


def kind_of(obj: Any) -> Kind | None:
    """What an object is that is read as an array; None for all else."""
    return listed(obj) or labelled(obj)


def pack(leaf: Any) -> Any:
    """A leaf, read as an array where it is no array."""
    kind = kind_of(leaf)
    return leaf if kind is None else Packed(kind.read(leaf), kind)


def flatten(obj: Any, apart: bool = False, args: Any = None) -> tuple[list[Any], Any]:
    """The leaves of a tree, and its structure; a long list of numbers is one leaf, unless all are taken `apart`.

    `args` are the arguments of a call, where they are in the tree: many numbers among them are no list.
    """
    if apart:
        leaves, structure = tree.flatten(obj)
        return [pack(x) if type(x) not in SEQUENCES else x for x in leaves], structure
    leaves, structure = tree.flatten(obj, lambda x: x is not args and is_packed(x))
    check_labels([x for x in leaves if (kind := labelled(x)) is not None and kind.by_labels])
    return [pack(x) for x in leaves], structure


@dataclass(slots=True)
class Packing:
    """Whether what is captured is read as arrays, and how many numbers were."""

    on: bool = True
    count: int = 0


@dataclass(frozen=True, slots=True)
class Form:
    """The structure of a tree in which some lists count as one leaf: an array, of a kind."""

    structure: Any
    kinds: tuple[Listed | None, ...]

    def leaves(self, obj: Any) -> list[Any]:
        """The leaves of a tree of this structure."""
        found = zip(self.structure.flatten_up_to(obj), self.kinds, strict=True)
        return [leaf if kind is None else np.array(leaf) for leaf, kind in found]

    def tree(self, leaves: Iterable[Any]) -> Any:
        """The tree of this structure with these leaves."""
        found = zip(leaves, self.kinds, strict=True)
        return tree.unflatten(self.structure, [leaf if kind is None else kind.back(leaf) for leaf, kind in found])


def form(obj: Any, apart: bool) -> Form:
    """The structure of a tree; a long list of numbers is one leaf, unless all are taken `apart`."""
    leaves, structure = flatten(obj, apart)
    kinds = (x.kind if isinstance(x, Packed) else None for x in leaves)
    return Form(structure, tuple([kind if isinstance(kind, Listed) else None for kind in kinds]))
