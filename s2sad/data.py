"""Data as people have it: what is not an array, and is read as one.

    [20.5, 21.0, ..., 19.5]     a long list of numbers is one array (`Listed` says how its numbers stood)

A list is taken as one array where it holds numbers of one class only, and is longer than `LONGEST`; tuples, and
rectangular lists of lists, likewise. All shorter ones are taken apart into their items.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from s2sad import plain, tree

LONGEST = 16
"""The longest list whose numbers are values one by one."""
MOST_APART = 256
"""Up to how many numbers lists are taken apart after all, where a program uses them as no array can be used."""
DEEPEST = 3
SEQUENCES = (list, tuple)
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
        first: type = self.classes[0]
        if type(obj) is not first or len(obj) <= LONGEST:
            raise ValueError
        if {*map(type, numbers_of(obj, self.classes))} != {self.item}:
            raise ValueError
        array = np.array(obj, DTYPES[self.item])
        if self.rows and self.rows != known_lengths(array):
            raise ValueError
        return array

    def back(self, array: np.ndarray) -> Any:
        """An array as sequences like these. What stands below them are arrays, where its rank is higher."""
        return back(array, self.classes, self.weak)


@dataclass(frozen=True, slots=True)
class Packed:
    """An argument that is not an array, read as one."""

    array: np.ndarray
    kind: Listed

    @property
    def shape(self) -> tuple[int, ...]:
        return self.array.shape


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


def is_packed(obj: Any) -> bool:
    """Whether an object is read as one array."""
    return listed(obj) is not None


def pack(leaf: Any) -> Any:
    """A leaf, read as an array where it is no array."""
    kind = listed(leaf)
    return leaf if kind is None else Packed(kind.read(leaf), kind)


def flatten(obj: Any, apart: bool = False) -> tuple[list[Any], Any]:
    """The leaves of a tree, and its structure; a long list of numbers is one leaf, unless all are taken `apart`."""
    if apart:
        return tree.flatten(obj)
    leaves, structure = tree.flatten(obj, is_packed)
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
    return Form(structure, tuple([x.kind if isinstance(x, Packed) else None for x in leaves]))
