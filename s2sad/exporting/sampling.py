"""Arguments to try a function with: from a file, or random ones of a signature."""

from __future__ import annotations

import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from s2sad import tree
from s2sad.calling import typetext
from s2sad.exporting.parameters import parse_arguments, positional
from s2sad.frontend.elaborate.elaborate import Abstract
from s2sad.ir.types import Array, Type, replace_symbols, symbols_of

SAMPLE_SIZE = 4
"""What stands for a size `:`."""


def from_file(function: Callable[..., Any], file: Path) -> list[Any]:
    """Arguments from an .npz file, by parameter name. Raises ValueError when one without a default is not there."""
    try:
        with np.load(file) as stored:
            given = {name: stored[name] for name in stored.files}
    except (OSError, ValueError, AttributeError, zipfile.BadZipFile):
        raise ValueError(f"{file} cannot be read as an .npz file (np.savez makes one)") from None
    args: list[Any] = []
    for p in positional(function):
        if p.name in given:
            args.append(given[p.name] if given[p.name].ndim else given[p.name].item())
        elif p.default is p.empty:
            raise ValueError(f"{file} has no array {p.name!r}; it has {', '.join(given) or 'none'}")
        else:
            args.append(p.default)
    return args


def random(function: Callable[..., Any], signature: str | None, seed: int) -> list[Any]:
    """Random arguments of a signature: floats between 0.5 and 1.5, ints from 1 to 3."""
    rng = np.random.default_rng(seed)
    _, args = parse_arguments(function, signature, typetext.Arguments())
    return [tree.map(lambda x: of_type(rng, x.type) if isinstance(x, Abstract) else x, arg) for arg in args]


def is_inexact(arg: Any) -> bool:
    """Whether an argument holds floats and nothing else."""
    leaves = tree.leaves(arg)
    return bool(leaves) and all(np.issubdtype(np.asarray(x).dtype, np.inexact) for x in leaves)


def copied(args: Sequence[Any]) -> list[Any]:
    """The arguments, for a function that may write into them."""
    return [tree.map(lambda x: x.copy() if isinstance(x, np.ndarray) else x, arg) for arg in args]


def of_type(rng: np.random.Generator, t: Type) -> Any:
    """A random number or array of a type: see `random`."""
    fixed = replace_symbols(t, dict.fromkeys(symbols_of(t), SAMPLE_SIZE))
    shape = tuple(d for d in fixed.dims if isinstance(d, int)) if isinstance(fixed, Array) else ()
    if t.dtype.kind == "b":
        value: Any = rng.integers(0, 2, shape)
    elif t.dtype.kind in "iu":
        value = rng.integers(1, 4, shape)
    else:
        value = rng.uniform(0.5, 1.5, shape)
        if t.dtype.kind == "c":
            value = value + 1j * rng.uniform(0.5, 1.5, shape)
    array = np.asarray(value, t.dtype)
    if isinstance(t, Array):
        return array
    return array.item() if t.weak else array[()]
