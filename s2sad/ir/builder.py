"""Writing IR: a builder that appends statements, and references to values that write them with operators.

    b = Builder(Names(["x"]))
    x = b.ref(param)
    y = sin(x) * 2.0 + x          # three Lets

Derivative rules are plain functions; run on `Ref`s they write the IR of the derivative.
"""

from __future__ import annotations

import builtins
import keyword
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np

from s2sad import plain
from s2sad.ir import nodes
from s2sad.ir.infer import assumed_equal, result_types
from s2sad.ir.nodes import Atom, Const, Let, Pos, Stmt, Var, array_type
from s2sad.ir.primitives import Primitive, cast, dim
from s2sad.ir.ranges import Ranges
from s2sad.ir.types import INT, Array, Dim, Scalar, Size, Type, add_dims, symbol

RESERVED = frozenset({*keyword.kwlist, *dir(builtins), "np", "rt", "math"})


class Names:
    """A supply of names that are new in one function (and no keyword, builtin or module that emitted code uses)."""

    def __init__(self, taken: Iterable[str] = ()) -> None:
        self._taken = {*RESERVED, *taken}
        self._next: dict[str, int] = {}

    def reserve(self, names: Iterable[str]) -> None:
        self._taken.update(names)

    def mark(self) -> tuple[set[str], dict[str, int]]:
        """What is taken now, to `reset` to when a trial is thrown away."""
        return set(self._taken), dict(self._next)

    def reset(self, mark: tuple[set[str], dict[str, int]], keep: Iterable[str] = ()) -> None:
        """Forget the names made since `mark`, but for those in `keep`."""
        self._taken, self._next = mark[0] | set(keep), dict(mark[1])

    def wanted(self, name: str) -> str:
        """`name` itself, with its counter, where it is free; else a fresh one."""
        if name in self._taken:
            return self.fresh(name)
        self._taken.add(name)
        return name

    def fresh(self, hint: str) -> str:
        """`hint`, or `hint_1`, `hint_2`, ... where it is taken. A counter that `hint` ends in is dropped first."""
        base = re.sub(r"_\d+$", "", hint) or "t"
        if base not in self._taken:
            self._taken.add(base)
            return base
        count = self._next.get(base, 1)
        while (name := f"{base}_{count}") in self._taken:
            count += 1
        self._next[base] = count + 1
        self._taken.add(name)
        return name


class Builder:
    """Appends statements to a current block.

    `pos` is the source position that new statements get, `derived` whether they are those of a derivative. `sizes`
    maps integer variables to the dims they are known to be equal to, so that ``zeros(n)`` after ``n = x.shape[0]`` has
    the very dim of `x`.
    """

    def __init__(self, names: Names, *, derived: bool = False) -> None:
        self.names, self.derived = names, derived
        self.pos: Pos | None = None
        self.sizes: dict[Var, Dim] = {}
        self.equalities: dict[tuple[Dim, Dim], None] = {}
        self.ranges = Ranges()
        self._block: list[Stmt] = []

    # -- blocks

    @contextmanager
    def block(self) -> Iterator[list[Stmt]]:
        """Statements written inside go to the list this yields, not to the current block."""
        outer, self._block = self._block, []
        try:
            with self.ranges.scope():
                yield self._block
        finally:
            self._block = outer

    def append(self, stmt: Stmt) -> None:
        self._block.append(stmt)
        if isinstance(stmt, Let):
            self._note_size(stmt.targets[0], stmt.prim, stmt.args, dict(stmt.params))

    def extend(self, stmts: Iterable[Stmt]) -> None:
        for stmt in stmts:
            self.append(stmt)

    @property
    def statements(self) -> list[Stmt]:
        """The current block, to read or to prune."""
        return self._block

    # -- values

    def var(self, hint: str, type: Type) -> Var:
        """A new variable; unknown dims of the type get symbols of their own, named after it."""
        plain.check_dtype(type.dtype, "Numbers" if isinstance(type, Scalar) else "Arrays", self.pos)
        name = self.names.fresh(hint)
        if isinstance(type, Array) and any(d is None for d in type.dims):
            dims = tuple(symbol(f"{name}.{k}") if d is None else d for k, d in enumerate(type.dims))
            type = Array(type.dtype, dims)
        return Var(name, type)

    def emit(
        self, prim: Primitive, args: Iterable[Any], params: dict[str, Any] | None = None, hint: str | None = None
    ) -> Any:
        """Append ``prim(*args, **params)``; returns its target, or the tuple of them when there are several.

        Args may be atoms, refs or numbers. Python numbers are cast to the dtype that NumPy 2 promotes to, so that
        later stages need no notion of weak numbers.
        """
        params = params or {}
        atoms = tuple(atom_of(a) for a in args)
        types = result_types(prim, atoms, params, self.size_of)
        self.equalities.update(dict.fromkeys(assumed_equal(prim, atoms, params)))
        if prim.elementwise:
            atoms = self._promote(atoms)
        targets = tuple(self.var(hint or prim.name.rstrip("_"), t) for t in types)
        for target in targets:
            self.ranges.made(target.type)
        self.append(Let(targets, prim, atoms, tuple(sorted(params.items())), self.pos, self.derived))
        return targets[0] if prim.results == 1 else targets

    def _promote(self, atoms: tuple[Atom, ...]) -> tuple[Atom, ...]:
        """Cast weak scalars where a compiler that has no weak types would compute in a wider dtype than NumPy 2."""
        strong = [a.type.dtype for a in atoms if not _is_weak(a)]
        if not strong:
            return atoms
        target = np.result_type(*strong, *(a.type.dtype.type(0).item() for a in atoms if _is_weak(a)))

        def fit(a: Atom) -> Atom:
            if not _is_weak(a) or np.result_type(*strong, a.type.dtype) == target:
                return a
            if isinstance(a, Const):
                return Const(target.type(a.value))
            return self.emit(cast, (a,), {"dtype": target}, a.name)

        return tuple(fit(a) for a in atoms)

    def apply(self, prim: Primitive, args: Iterable[Any], params: dict[str, Any]) -> Any:
        """`emit`, from refs to refs."""
        out = self.emit(prim, args, params)
        return tuple(self.ref(v) for v in out) if isinstance(out, tuple) else self.ref(out)

    def ref(self, atom: Any) -> Ref:
        return Ref(self, atom_of(atom))

    # -- sizes

    def size_of(self, atom: Any) -> Dim | None:
        """The size that an integer atom stands for: an int, a known form, or a symbol of its own."""
        match atom_of(atom):
            case Const(value):
                return int(value) if isinstance(value, (int, np.integer)) else None
            case Var(name=name, type=Scalar(dtype=dtype)) as v if dtype.kind in "iu":
                return self.sizes.get(v) or symbol(name)
            case _:
                return None

    def _note_size(self, target: Var, prim: Primitive, atoms: tuple[Atom, ...], params: dict[str, Any]) -> None:
        if prim is dim:
            size = array_type(atoms[0]).dims[params["axis"]]
            if size is not None:
                self.sizes[target] = size
        elif prim.name in ("add", "sub") and target.type in (Scalar(INT, True), Scalar(INT)):
            left, right = (self.size_of(a) for a in atoms)
            if left is not None and right is not None:
                self.sizes[target] = add_dims(left, right, 1 if prim.name == "add" else -1)

    def dim_atom(self, array: Atom, axis: int) -> Atom:
        """The size of an axis as an atom: a constant where it is known, else ``dim(array; axis)``."""
        size = array_type(array).dims[axis]
        if isinstance(size, int):
            return Const(size)
        return self.emit(dim, (array,), {"axis": axis}, "n")

    def dim_atoms(self, array: Atom) -> tuple[Atom, ...]:
        """The shape of an array as atoms."""
        return tuple(self.dim_atom(array, k) for k in range(array_type(array).rank))


def _is_weak(atom: Atom) -> bool:
    return isinstance(atom.type, Scalar) and atom.type.weak


def atom_of(value: Any) -> Atom:
    """The atom behind a ref, an atom, or a number."""
    if isinstance(value, Ref):
        return value.atom
    if isinstance(value, (Var, Const)):
        return value
    return Const(value)


def sizes_of_params(function: nodes.Function) -> set[Size]:
    """The dims that the parameters of a function bring with them."""
    return {d for p in function.params if isinstance(p.type, Array) for d in p.type.dims if isinstance(d, Size)}


class Ref:
    """A value being written: an atom and the builder that its operators write into."""

    __slots__ = ("_builder", "atom")
    __array_ufunc__ = None

    def __init__(self, builder: Builder, atom: Atom) -> None:
        self._builder = builder
        self.atom = atom

    @property
    def type(self) -> Type:
        return self.atom.type

    @property
    def dtype(self) -> np.dtype:
        return self.atom.type.dtype

    @property
    def ndim(self) -> int:
        return len(self.atom.type.dims) if isinstance(self.atom.type, Array) else 0

    def __repr__(self) -> str:
        return f"Ref({self.atom})"

    if TYPE_CHECKING:  # `operators` gives them, and more

        def __add__(self, other: Any) -> Ref: ...
        def __radd__(self, other: Any) -> Ref: ...
        def __sub__(self, other: Any) -> Ref: ...
        def __rsub__(self, other: Any) -> Ref: ...
        def __mul__(self, other: Any) -> Ref: ...
        def __rmul__(self, other: Any) -> Ref: ...
        def __neg__(self) -> Ref: ...


def operators(**by_name: Primitive) -> None:
    """Give `Ref` its operators; called once, by the module of rules that declares them."""

    def binary(prim: Primitive) -> Any:
        return lambda a, b: a._builder.apply(prim, (a, b), {})

    def reflected(prim: Primitive) -> Any:
        return lambda a, b: a._builder.apply(prim, (b, a), {})

    def unary(prim: Primitive) -> Any:
        return lambda a: a._builder.apply(prim, (a,), {})

    for name, prim in by_name.items():
        if name in ("neg", "invert", "abs"):
            setattr(Ref, f"__{name}__", unary(prim))
        else:
            setattr(Ref, f"__{name}__", binary(prim))
            setattr(Ref, f"__r{name}__", reflected(prim))
