"""Arrays that a loop makes anew in each trip, of a size that is the same in value though not as a form.

    for i in range(n):                      for i in range(n):
        v = u + x[i : i + m]                    v = u + x[i : i + m]
        u = v                                   if v.shape[0] != u0.shape[0]: raise ValueError(...)
                                                w = v.reshape(u0.shape[0])
                                                u = w

Reverse mode keeps one cotangent, and one place in a tape, for what a loop carries, of the size it had before the loop.
So the run checks that size. What is sure to grow is left as it is, and refused where the loop is reversed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import (
    Atom,
    Block,
    Call,
    Carry,
    Effect,
    For,
    Function,
    If,
    Let,
    Pos,
    Stmt,
    Var,
    While,
    array_type,
    replace,
)
from s2sad.ir.paths import Index, Path, Slice
from s2sad.ir.primitives import cast, load, raise_
from s2sad.ir.types import Array, Dim, List, Size, Symbol, add_dims, replace_in_dim, replace_symbols, symbols_of
from s2sad.rules.logical import ne
from s2sad.rules.shape import reshape
from s2sad.transforms.activity import active_vars

Loop = For | While


def steady(function: Function, wrt: tuple[int, ...], functions: Mapping[str, Function]) -> Function:
    """The function where what its loops carry has one size, which the run checks; itself where that is known."""
    loops = [s for s in walk.statements(function.body) if isinstance(s, For | While)]
    if not any(_unsteady(c, loop) for loop in loops for c in loop.carried):
        return function
    work = _Steady(Builder(walk.names_of(function)), active_vars(function, wrt, functions))
    changed = replace(function, body=walk.map_blocks(function.body, work.block))
    return _resized(changed, work.settled())


def changes_shape(c: Carry, loop: Loop) -> bool:
    """Whether an array that a loop carries may have other sizes after a trip than before it: sizes made in the trip."""
    before, after = c.phi.type, c.next.type
    if not (isinstance(before, Array) and isinstance(after, Array)) or before.dims == after.dims:
        return False
    made = {s for v in walk.all_defined(loop.body) for s in symbols_of(v.type)}
    made -= {s for v in walk.free_vars((loop,)) for s in symbols_of(v.type)}
    made -= {s for other in loop.carried for s in symbols_of(other.phi.type)}
    pairs = zip(before.dims, after.dims, strict=True)
    return any(a != b and isinstance(b, Size) and (not _is_symbol(b) or b.terms[0][0] in made) for a, b in pairs)


def _unsteady(c: Carry, loop: Loop) -> bool:
    """Whether it may, but need not. A stack that is handed to a call grows."""
    if not changes_shape(c, loop) or any(_grows(a, b) for a, b in _sizes(c)) or _is_cut(c, loop):
        return False
    return not any(isinstance(s, Call) and c.phi in s.args for s in walk.statements(loop.body))


def _sizes(c: Carry) -> list[tuple[Dim, Dim]]:
    pairs = zip(array_type(c.phi).dims, array_type(c.next).dims, strict=True)
    return [(a, b) for a, b in pairs if a is not None and b is not None]


def _grows(before: Dim, after: Dim) -> bool:
    """Whether a size is sure to be another one after a trip, or is made of the size before it."""
    if before == after:
        return False
    symbols = [{s for s, _ in d.terms} for d in (before, after) if isinstance(d, Size)]
    of_before = len(symbols) == 2 and not symbols[0].isdisjoint(symbols[1])
    return of_before or isinstance(add_dims(after, before, -1), int)


def _is_cut(c: Carry, loop: Loop) -> bool:
    """Whether the array after a trip is made, element by element, of a slice of the one before it, ``x[1:]``."""
    lets = {t: s for s in walk.statements(loop.body) if isinstance(s, Let) for t in s.targets}
    own, seen = symbols_of(c.phi.type), set[Atom]()
    todo = [c.next]
    while todo:
        atom = todo.pop()
        let = lets.get(atom) if isinstance(atom, Var) and atom not in seen else None
        seen.add(atom)
        if let is not None and let.prim is load and _literal_slice(dict(let.params)["path"]):
            if not own.isdisjoint(symbols_of(let.args[0].type)):
                return True
        elif let is not None and (let.prim.elementwise or let.prim is cast):
            todo += [a for a in let.args if isinstance(a.type, Array)]
    return False


def _literal_slice(path: Path) -> bool:
    entries = (e for step in path if isinstance(step, Index) for e in step.entries)
    return any(isinstance(e, Slice) and any(isinstance(p, int) for p in (e.start, e.stop)) for e in entries)


def _is_symbol(size: Dim) -> bool:
    """Whether a size is one symbol, which may be the size before; a sum such as ``n + 1`` is another one."""
    return isinstance(size, Size) and size.constant == 0 and len(size.terms) == 1 and size.terms[0][1] == 1


class _Steady:
    """Rewrites the blocks of a function, innermost first."""

    def __init__(self, builder: Builder, active: set[Var]) -> None:
        self.builder = builder
        self.active = active
        self.sizes: dict[Symbol, Dim] = {}
        """What the sizes of carried arrays are: those before the loop."""

    def block(self, stmts: Block) -> Block:
        with self.builder.block() as out:
            for stmt in stmts:
                if isinstance(stmt, For | While):
                    stmt = self.loop(stmt)
                self.builder.append(stmt)
        return tuple(out)

    def loop(self, loop: Loop) -> Stmt:
        """The loop where arrays that may change their sizes are checked not to."""
        held = {c.phi for c in loop.carried if c.phi in self.active and _unsteady(c, loop)}
        if not held:
            return loop
        outer = {s for v in walk.free_vars((loop,)) for s in symbols_of(v.type)}
        shapes = {c.phi: self.builder.dim_atoms(c.init) for c in loop.carried if c.phi in held}
        for c in loop.carried:
            if c.phi in held:
                self.note(c, outer)
        with self.builder.block() as more:
            carried = tuple(
                replace(c, next=self.fitted(c, shapes[c.phi], loop.pos)) if c.phi in held else c for c in loop.carried
            )
        return replace(loop, carried=carried, body=(*loop.body, *more))

    def note(self, c: Carry, outer: set[Symbol]) -> None:
        """The sizes that the carried array has of its own are those that it comes in with."""
        for own, first in zip(array_type(c.phi).dims, array_type(c.init).dims, strict=True):
            if isinstance(own, Size) and first is not None and _is_symbol(own) and own.terms[0][0] not in outer:
                self.sizes[own.terms[0][0]] = first

    def fitted(self, c: Carry, shape: tuple[Atom, ...], pos: Pos | None) -> Atom:
        """The value at the end of a trip, whose shape is checked."""
        b, b.pos = self.builder, pos
        where = "" if pos is None else f", at line {pos.line}: {pos.text}"
        message = f"an array that a loop carries changes its shape, which reverse mode cannot follow{where}"
        for k, size in enumerate(shape):
            if array_type(c.next).dims[k] != array_type(c.init).dims[k]:
                other = b.emit(ne, (b.dim_atom(c.next, k), size), hint="changed")
                refusal = Effect(raise_, (), (("kind", "ValueError"), ("message", message)), pos)
                b.append(If(other, (refusal,), (), (), pos))
        return self.builder.emit(reshape, (c.next, *shape), hint=str(c.next))

    def settled(self) -> dict[Symbol, Dim]:
        """The sizes, where those before a loop may themselves be those of a loop around it."""
        sizes = dict(self.sizes)
        for _ in sizes:
            sizes = {s: replace_in_dim(d, sizes) for s, d in sizes.items()}
        return sizes


def _resized(function: Function, sizes: dict[Symbol, Dim]) -> Function:
    """The function with size symbols replaced in all its types."""

    def atom(a: Any) -> Any:
        return Var(a.name, replace_symbols(a.type, sizes)) if isinstance(a, Var) else a

    def typed(value: Any) -> Any:
        return replace_symbols(value, sizes) if isinstance(value, Array | List) else value

    def statement(stmt: Stmt) -> Stmt:
        if isinstance(stmt, Let):
            stmt = replace(stmt, params=tuple((k, typed(v)) for k, v in stmt.params))
        return walk.rewrite(stmt, atom, atom, block)

    def block(stmts: Block) -> Block:
        return tuple(map(statement, stmts))

    return replace(function, body=block(function.body), results=tuple(map(atom, function.results)))
