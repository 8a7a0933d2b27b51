"""The builder that lowering writes with: each number is written once, in the outermost place where it can be known.

A `Let` goes into the innermost of the regions that define its arguments (never out of a branch or loop of the program),
right behind the last of them. So what depends on the index of an outer loop alone is computed there, and the same
application of the same atoms is one statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from s2sad.ir.builder import Builder, Names, atom_of
from s2sad.ir.nodes import Atom, Block, Const, Let, Stmt, Var, int_var
from s2sad.ir.primitives import Primitive, dim
from s2sad.ir.types import Array, Dim, Scalar, Size
from s2sad.lower.regions import START, Entangled, Key, Loop, Region, Thread, before, behind, finished
from s2sad.lower.sizes import Equalities
from s2sad.rules.elementwise import add, mul, sub

INDEXES = "ijklmpq"


class Writer(Builder):
    """`top` is the block of the program being written, `here` the region in it where the next value is needed."""

    def __init__(self, names: Names, equalities: Equalities, unsure: set[Var]) -> None:
        super().__init__(names)
        self.unsure = unsure
        self.equalities_known = equalities
        self.top = self.here = Region()
        self.places: dict[Var, tuple[Region, Key]] = {}
        self.loops_of: dict[Var, frozenset[Loop]] = {}
        self.integers: dict[str, Var] = {}

    # -- regions

    @contextmanager
    def block_of_program(self, region: Region | None = None) -> Iterator[Region]:
        """A block of the program, one that is nested in this one or a known one; finished by the caller."""
        outer, here = self.top, self.here
        self.top = self.here = region or Region(outer)
        try:
            yield self.top
        finally:
            self.top, self.here = outer, here

    @contextmanager
    def inside(self, region: Region) -> Iterator[None]:
        """What is written now is needed in this region."""
        here, self.here = self.here, region
        try:
            yield
        finally:
            self.here = here

    def root(self) -> Loop | None:
        """The outermost loop that is being filled."""
        region = self.here.above(self.top)
        return None if region is None else region.loop

    def finished(self, region: Region) -> Block:
        return finished(region)

    # -- statements

    def define(self, var: Var, region: Region, key: Key) -> None:
        """Note where a variable is defined."""
        self.places[var] = (region, key)
        match var.type:
            case Array(dims=dims) if region.loop is None and var not in self.unsure:
                for k, d in enumerate(self.equalities_known.dims(dims)):
                    if isinstance(d, Size):
                        region.sizes.setdefault(d, (var, k))
            case Scalar(dtype=dtype) if dtype.kind in "iu":
                self.integers[var.name] = var

    def add(self, stmt: Stmt, defined: Iterable[Var] = ()) -> None:
        """Put a statement at the end of the block of the program."""
        key = self.top.next_key()
        self.top.items.append((key, stmt))
        for var in defined:
            self.define(var, self.top, key)

    def put(self, stmt: Let, region: Region, key: Key) -> None:
        """Put a Let at a place."""
        region.items.append((key, stmt))
        self._note_size(stmt.targets[0], stmt.prim, stmt.args, dict(stmt.params))
        for target in stmt.targets:
            self.define(target, region, key)

    def append(self, stmt: Stmt) -> None:
        """Put a Let behind what it depends on."""
        assert isinstance(stmt, Let)
        region, loops = self.top, frozenset[Loop]()
        for atom in stmt.args:
            if isinstance(atom, Var):
                at, _ = self.places[atom]
                if at.depth > region.depth:
                    region = at
                loops |= self.loops_of.get(atom, frozenset())
        keys = [self.places[a][1] for a in stmt.args if isinstance(a, Var) and self.places[a][0] is region]
        key = behind(max((*keys, region.floor)))
        if loops:
            self.loops_of.update(dict.fromkeys(stmt.targets, loops))
        self.put(stmt, region, key)

    def emit(
        self, prim: Primitive, args: Iterable[Any], params: dict[str, Any] | None = None, hint: str | None = None
    ) -> Any:
        atoms = tuple(atom_of(a) for a in args)
        simple = self._simple(prim, atoms)
        if simple is not None:
            return simple
        key = (prim, atoms, tuple(sorted((params or {}).items())))
        found = self.recall(key)
        if found is None:
            found = super().emit(prim, atoms, params, hint)
            if isinstance(found, Var):
                self.places[found][0].known[key] = found
        return found

    def _simple(self, prim: Primitive, atoms: tuple[Atom, ...]) -> Atom | None:
        """What arithmetic on known ints gives, and that with 0 and 1."""
        if prim not in (add, sub, mul) or any(a.type.dtype != np.int64 or not a.type.weak for a in atoms):
            return None
        match atoms:
            case Const(a), Const(b):
                return Const(prim.impl(a, b))
            case left, Const(b) if b == (1 if prim is mul else 0):
                return left
            case Const(a), right if prim is not sub and a == (1 if prim is mul else 0):
                return right
        return None

    # -- what is known already

    def recall(self, key: Any) -> Atom | None:
        """The value noted under this key, where it can be seen from here."""
        region: Region | None = self.here
        while region is not None:
            found = region.known.get(key)
            if found is not None and self.visible(found):
                return found
            region = region.parent
        return None

    def visible(self, atom: Atom) -> bool:
        """Whether an atom is defined before the loops that are being filled."""
        if not isinstance(atom, Var):
            return True
        region, key = self.places[atom]
        if not self.here.within(region):
            return False
        below = self.here.above(region)
        return below is None or below.loop is None or key < below.loop.key

    def note(self, key: Any, value: Atom, around: Sequence[Atom]) -> None:
        """Note a value under a key, in the innermost region of its own and of the atoms it goes with."""
        region = self.top
        for atom in (value, *around):
            if isinstance(atom, Var) and self.places[atom][0].depth > region.depth:
                region = self.places[atom][0]
        region.known[key] = value

    # -- loops

    def loop(self, extent: Dim, stop: Atom, region: Region, root: Loop | None = None) -> Loop:
        """A new loop at the end of a region, or before the loop `root` in it."""
        index = int_var(self.names.fresh(INDEXES[min(region.depth - self.top.depth, len(INDEXES) - 1)]))
        key = region.next_key() if root is None else before(root.key)
        made = Loop(index, stop, extent, region, key, self.pos)
        region.items.append((key, made))
        if root is None:
            region.open[extent] = made
        self.define(index, made.body, START)
        self.loops_of[index] = frozenset((made,))
        return made

    def through(self, thread: Thread, loops: Sequence[Loop], out: Var | None = None) -> Atom:
        """Carry a thread through loops, outermost first; its version inside. `out` names it after the outermost."""
        for k, loop in enumerate(loops):
            found = loop.threads.get(thread)
            name = out if k == 0 else None
            if found is None:
                if loop.region not in thread.versions:
                    raise Entangled("an array is asked for in a loop that ended before it was made")
                init = thread.versions[loop.region]
                hint = str(out) if out is not None else init.name if isinstance(init, Var) else "total"
                phi = Var(self.names.fresh(hint), init.type)
                found = loop.threads[thread] = [phi, init, name or Var(self.names.fresh(hint), init.type)]
                thread.versions[loop.body] = phi
                self.places[phi] = (loop.body, START)
            elif name is None:
                continue
            else:
                found[2] = name
            thread.versions[loop.region] = found[2]
            self.define(found[2], loop.region, loop.key)
        return thread.at(loops[-1].body if loops else self.here)

    # -- sizes

    def extent(self, size: Dim) -> Atom | None:
        """A size as an atom that can be seen from here; None where no array and no integer has it."""
        size = self.equalities_known.canonical(size)
        if isinstance(size, int):
            return Const(size)
        region: Region | None = self.here
        while region is not None:
            found = region.sizes.get(size)
            if isinstance(found, tuple) and self.visible(found[0]):
                found = self.emit(dim, (found[0],), {"axis": found[1]}, "n")
                if self.places[found][0] is region:
                    region.sizes[size] = found
            if found is not None and not isinstance(found, tuple) and self.visible(found):
                return found
            region = region.parent
        return self._computed(size)

    def _computed(self, size: Size) -> Atom | None:
        """A linear form put together from its symbols."""
        total: Atom = Const(size.constant)
        for symbol, coefficient in size.terms:
            alone = Size(((symbol, 1),))
            part = self._integer(symbol.name) if size == alone else self.extent(alone)
            if part is None:
                return None
            total = self.emit(add, (self.emit(mul, (part, Const(coefficient))), total), hint="n")
        return total

    def _integer(self, name: str) -> Atom | None:
        """The integer that a size is named after."""
        var = self.integers.get(name)
        return var if var is not None and self.visible(var) else None
