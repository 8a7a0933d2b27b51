"""Types as text: what a person writes on the command line, and what documentation says.

    f8[:], i8                     a float64 vector of any size and an int64
    {w: f8[:, 3], b: f8}, (f8, 4) a dict, and a tuple whose second item is the number 4, known when compiling
"""

from __future__ import annotations

import ast
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from s2sad import tree
from s2sad.frontend.elaborate.elaborate import Abstract
from s2sad.ir.types import Array, Dim, Scalar, Size, Symbol, Type, symbol
from s2sad.parsing import parse_expression

_TYPE = re.compile(r"(?P<dtype>[A-Za-z]+\d*)\s*(?P<dims>\[[:,\s\d]*\])?$")
_NAMES = {"int": "int64", "float": "float64", "complex": "complex128", "bool": "bool", "b1": "bool"}
_LETTERS = ("n", "m", "k", "l", "p", "q", "r", "s", "t", "u", "v", "w")


def parse_type(text: str, name: str) -> Type:
    """A type from text: ``f8``, ``float64[:, :]``, ``i8``, ``float32[:, 3]``; sizes `:` may be anything.

    Numbers of 64 bits are weak, as Python's own are. Raises ValueError when it is no type of numbers.
    """
    match = _TYPE.match(text.strip())
    try:
        dtype = np.dtype(_NAMES.get(match["dtype"], match["dtype"])) if match else None
    except TypeError:
        dtype = None
    if match is None or dtype is None or dtype.kind not in "biufc" or dtype.char in "egG":
        raise ValueError(
            f"{text!r} is not a type that s2sad knows (write f8, i8, b1, c16, f8[:], f8[:, :], f4[:, 3], ...)"
        )
    if match["dims"] is None:
        return Scalar(dtype, weak=dtype in (np.float64, np.int64, np.complex128, np.bool_))
    parts = [p.strip() for p in match["dims"][1:-1].split(",")]
    if parts == [""]:
        parts = []
    if not all(p == ":" or p.isdigit() for p in parts):
        raise ValueError(f"{text!r}: each size is ':' or a number")
    return Array(dtype, tuple(int(p) if p.isdigit() else symbol(f"{name}.{k}") for k, p in enumerate(parts)))


def abstract_of(text: Any, index: int, name: str | None = None) -> Abstract:
    """An argument known by its type only."""
    name = name or f"x_{index}"
    return Abstract(index, parse_type(str(text), name), name)


def split(signature: str) -> list[ast.expr]:
    """The types of a signature text, one for each parameter. Raises ValueError when the text makes no sense."""
    if not signature.strip():
        return []
    try:
        parsed = parse_expression(f"({signature.strip().rstrip(',')},)")
    except SyntaxError:
        parsed = None
    if not isinstance(parsed, ast.Tuple):
        raise ValueError(f'cannot read the signature {signature!r} (write "f8[:], f8[:, :], i8")')
    return parsed.elts


class Arguments:
    """Makes arguments of types, numbered in order. `leaves` are those that are known by their type only."""

    def __init__(self) -> None:
        self.leaves: list[Abstract] = []

    def leaf(self, type_: Type, name: str) -> Abstract:
        """One number or array; its name is made unique."""
        taken = {leaf.name for leaf in self.leaves}
        while name in taken:
            name += "_"
        self.leaves.append(Abstract(len(self.leaves), type_, name))
        return self.leaves[-1]

    def parse(self, node: ast.expr, name: str) -> Any:
        """The argument that a text stands for: a type, a container of them, or a number that is known now."""
        match node:
            case ast.Tuple(elts):
                return tuple([self.parse(e, f"{name}_{k}") for k, e in enumerate(elts)])
            case ast.List(elts):
                return [self.parse(e, f"{name}_{k}") for k, e in enumerate(elts)]
            case ast.Dict(keys, values):
                texts = [_key(k) for k in keys]
                return {k: self.parse(v, identifier(f"{name}_{k}")) for k, v in zip(texts, values, strict=True)}
            case ast.Constant(value) if isinstance(value, bool | int | str | None):
                return value
        return self.leaf(parse_type(ast.unparse(node), name), name)

    def like(self, example: Any, name: str) -> Any:
        """The same containers again, with leaves of the same types and other names."""
        leaves, structure = tree.flatten(example)
        several = len(leaves) > 1
        made = [self.leaf(x.type, f"{name}_{k}" if several else name) for k, x in enumerate(leaves)]
        return tree.unflatten(structure, made)


def _key(node: ast.expr | None) -> Any:
    match node:
        case ast.Constant(value):
            return value
        case ast.Name(name):
            return name
    raise ValueError("the keys of a dict in a signature are names, texts or numbers: {w: f8[:], b: f8}")


def identifier(text: str) -> str:
    """`text` with everything that a name cannot hold replaced."""
    return "".join(c if c.isalnum() or c == "_" else "_" for c in text)


# -- documentation


class Describer:
    """Says what types are, with a letter for each size of an argument and ``:`` for what is known of no other.

    `guards` are pairs of sizes that must be equal: those of two arguments get one letter, `conditions` has the others.
    """

    def __init__(self, params: Sequence[Abstract], guards: Sequence[tuple[Dim, Dim]] = ()) -> None:
        names = [p.name for p in params]
        free = iter(x for x in _LETTERS if x not in names)
        sizes = [s for p in params for d in getattr(p.type, "dims", ()) if isinstance(d, Size) for s, _ in d.terms]
        self._letters = {s: next(free, f"size_{k}") for k, s in enumerate(dict.fromkeys(sizes))}
        self.conditions: list[str] = []
        for a, b in guards:
            one, other = self._dim(a), self._dim(b)
            if one.isidentifier() and other.isidentifier():
                self._letters = {s: one if x == other else x for s, x in self._letters.items()}
            elif ":" not in (one, other):
                self.conditions.append(f"{one} == {other}")
        used = [x for s in sizes for x in [self._letters[s]]]
        self._shared = {x for x in used if used.count(x) > 1 or any(re.search(rf"\b{x}\b", c) for c in self.conditions)}

    def __call__(self, t: Type) -> str:
        if isinstance(t, Array):
            shape = ", ".join(self._dim(d) for d in t.dims) + ("," if t.rank == 1 else "")
            return f"{t.dtype.name} array of shape ({shape})"
        return f"{t.dtype.name} scalar" if isinstance(t, Scalar) else str(t)

    def _dim(self, dim: int | Size | None) -> str:
        if not isinstance(dim, Size):
            return ":" if dim is None else str(dim)
        if any(s not in self._letters for s, _ in dim.terms):
            return ":"
        return str(Size(tuple((Symbol(self._letters[s]), c) for s, c in dim.terms), dim.constant))

    def check(self, t: Type) -> str:
        """A type as `rt.export` checks it: dtype and rank, with a size that must be, or the letter of one that others
        must be equal to."""
        if isinstance(t, Array):
            dims = [x if x.isdigit() or x in self._shared else ":" for x in map(self._dim, t.dims)]
            return f"{t.dtype.name}[{', '.join(dims)}]"
        return t.dtype.name if isinstance(t, Scalar) else str(t)
