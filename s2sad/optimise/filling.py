"""Loops that fill an array: ``for i in range(n): w[i] = ...`` with nothing of `w` read before it is written.

What the array held before such a loop does not matter. So zeros become `undef`; a buffer that an outer loop only
carries from one filling to the next becomes an `undef` of each trip (and the carry dies); a parameter need not be
copied. Where the first thing done to each place of fresh zeros is an increment, it becomes a store.

A loop fills axis 0 when its index takes every value of it once and the first use of the carried array in an iteration
is a store (or increment) of the whole of row `index`, later uses in the iteration keeping to that row; the row may be
filled by such a loop over axis 1. Rows at either end may be stored just before the loop: ``w[0] = a; for i in range(1,
n): w[i] = ...``.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from s2sad.ir import walk
from s2sad.ir.builder import Builder
from s2sad.ir.nodes import Atom, Block, Carry, For, Function, Let, Stmt, Var, While, array_type, replace
from s2sad.ir.paths import SLOT, Index, Path
from s2sad.ir.primitives import dim, inc, load, store, undef, zeros
from s2sad.ir.types import Array, Dim, Size, add_dims
from s2sad.optimise.algebra import is_whole
from s2sad.optimise.facts import Facts


@dataclass(slots=True)
class Edits:
    """What is to be changed: allocations, increments, and the initial values of carries (by phi)."""

    undef: set[Atom] = field(default_factory=set)
    stores: set[Atom] = field(default_factory=set)
    fresh: dict[Var, Atom] = field(default_factory=dict)
    bases: dict[Var, Atom] = field(default_factory=dict)


def refill(function: Function) -> Function:
    """The function with `undef` before every loop or store that fills an array."""
    facts, edits = Facts(function), Edits()
    for stmt in walk.statements(function.body):
        match stmt:
            case For():
                for c in stmt.carried:
                    _loop(facts, edits, stmt, c)
            case Let(prim=prim) if prim is store and is_whole(dict(stmt.params)["path"]):
                _store(facts, edits, stmt)
    builder = Builder(walk.names_of(function))
    return replace(function, body=_edit(function.body, edits, facts, builder))


def _loop(facts: Facts, edits: Edits, loop: For, c: Carry) -> None:
    if not isinstance(c.phi.type, Array):
        return
    ends = _Ends.before(facts, loop, c)
    first = _first(facts, loop, c, (), ends)
    if first is None:
        return
    user = ends.stores[-1] if ends.stores else loop
    if facts.let(ends.base, zeros) is not None and facts.only_user(ends.base) is user:
        edits.undef.add(ends.base)
        if first.prim is inc:
            edits.stores.add(first.targets[0])
    elif first.prim is store and _worthwhile(facts, ends.base, user) and (root := facts.root(ends.base)) is not None:
        if ends.stores:
            edits.bases[ends.stores[-1].targets[0]] = root
        else:
            edits.fresh[c.phi] = root


@dataclass(slots=True)
class _Ends:
    """What stands before a loop that may fill an array: stores of whole rows at the ends of its first axis, the last
    one first, and the array before them. `rows` are their indexes, those from the back negative."""

    base: Atom
    stores: list[Let] = field(default_factory=list)
    rows: set[int] = field(default_factory=set)

    @classmethod
    def before(cls, facts: Facts, loop: For, c: Carry) -> _Ends:
        ends = cls(c.init)
        user: Stmt = loop
        while (let := facts.let(ends.base, store)) is not None and facts.only_user(ends.base) is user:
            row = _end_row(facts, let)
            if row is None or row in ends.rows:
                break
            ends.base, user = let.args[0], let
            ends.stores.append(let)
            ends.rows.add(row)
        return ends

    @property
    def margins(self) -> tuple[int, int] | None:
        """How many rows are stored at the front and at the back; None if that leaves gaps."""
        front, back = (sum(r >= 0 for r in self.rows), sum(r < 0 for r in self.rows))
        return (front, back) if self.rows == {*range(front), *range(-back, 0)} else None


def _end_row(facts: Facts, let: Let) -> int | None:
    """The row that a store fills, if it is known from either end."""
    array, value, *operands = let.args
    path = dict(let.params)["path"]
    if value == array or len(path) != 1 or not isinstance(path[0], Index) or not path[0].entries:
        return None
    entry, *rest = path[0].entries
    size, *_ = array_type(array).dims or (None,)
    if size is None or not is_whole((Index(tuple(rest)),)) or len(operands) != (entry is SLOT):
        return None
    form = facts.form(operands[0]) if entry is SLOT else entry
    if isinstance(form, int) and not isinstance(form, bool):
        return form
    behind = None if not isinstance(form, Size) else add_dims(form, size, -1)
    return behind if isinstance(behind, int) and behind < 0 else None


def _store(facts: Facts, edits: Edits, stmt: Let) -> None:
    base = stmt.args[0]
    if facts.let(base, zeros) is not None and facts.only_user(base) is stmt:
        edits.undef.add(base)
    elif _worthwhile(facts, base, stmt) and (root := facts.root(base)) is not None:
        edits.bases[stmt.targets[0]] = root


def _worthwhile(facts: Facts, init: Atom, user: Stmt) -> bool:
    """Whether an old value is only kept for its memory: a parameter's, or one carried by an enclosing loop."""
    if not isinstance(init, Var):
        return False
    outer = facts.stmt(init)
    if outer is None:
        return True
    return isinstance(outer, (For, While)) and init in walk.binds(outer) and facts.only_user(init) is user


# -- the proof


def _first(
    facts: Facts, loop: For, c: Carry, outer: tuple[Var, ...] = (), ends: _Ends | None = None
) -> Let | None:
    """The store or increment that first touches each place, if the loop fills the axes after those of `outer`, but for
    what was stored at the `ends`."""
    indices = (*outer, loop.index)
    axis = len(outer)
    margins = (0, 0) if ends is None else ends.margins
    if axis >= array_type(c.phi).rank or margins is None:
        return None
    if not any(facts.covers(loop, size, *margins) for size in _sizes(facts, c.phi, axis)):
        return None
    user = facts.only_user(c.phi)
    if user is None or not any(s is user for s in loop.body):
        return None
    match user:
        case Let(prim=prim, args=(base, value, *operands)) if prim in (store, inc) and base == c.phi:
            if value == c.phi or not whole_row(dict(user.params)["path"], operands, indices):
                return None
            return user if _keeps_to_row(facts, user.targets[0], loop, c, indices) else None
        case For():
            inner = next(k for k in user.carried if k.init == c.phi)
            first = _first(facts, user, inner, indices)
            return first if first and _keeps_to_row(facts, inner.out, loop, c, indices) else None
    return None


def _sizes(facts: Facts, array: Var, axis: int) -> list[Dim]:
    """The forms that the size of an axis is known by."""
    made = facts.let(facts.root(array) or array, zeros, undef)
    form = None if made is None else facts.form(made.args[axis])
    return [d for d in (array_type(array).dims[axis], form) if d is not None]


def _keeps_to_row(facts: Facts, version: Var, loop: For, c: Carry, indices: tuple[Var, ...]) -> bool:
    """Whether a version made in an iteration, and those after it, are used in that row alone until it ends."""
    while True:
        others = [s for s in facts.users(version) if not _reads_row(s, version, indices)]
        if len(others) != 1 or version in facts.returned:
            return False
        (user,) = others
        if user is loop:
            return c.next == version
        if (
            not isinstance(user, Let)
            or not _updates_row(user, version, indices)
            or not any(s is user for s in loop.body)
        ):
            return False
        version = user.targets[0]


def _reads_row(stmt: Stmt, version: Var, indices: tuple[Var, ...]) -> bool:
    match stmt:
        case Let(prim=prim) if prim is dim:
            return True
        case Let(prim=prim, args=(base, *operands)) if prim is load and base == version:
            return in_row(dict(stmt.params)["path"], operands, indices)
    return False


def _updates_row(stmt: Stmt, version: Var, indices: tuple[Var, ...]) -> bool:
    match stmt:
        case Let(prim=prim, args=(base, value, *operands)) if prim in (store, inc) and base == version != value:
            return in_row(dict(stmt.params)["path"], operands, indices)
    return False


def in_row(path: Path, operands: list[Atom], indices: tuple[Var, ...]) -> bool:
    """Whether a path begins with these very indexes."""
    if not isinstance(path[0], Index):
        return False
    count = len(indices)
    return path[0].entries[:count] == (SLOT,) * count and tuple(operands[:count]) == indices


def whole_row(path: Path, operands: list[Atom], indices: tuple[Var, ...]) -> bool:
    """Whether a path is exactly the row at these indexes."""
    if len(path) != 1 or not in_row(path, operands, indices) or len(operands) != len(indices):
        return False
    (step,) = path
    return isinstance(step, Index) and is_whole((Index(step.entries[len(indices) :]),))


# -- the change


def _edit(block: Block, edits: Edits, facts: Facts, b: Builder) -> Block:
    def change(inner: Block) -> Block:
        with b.block() as out:
            for stmt in inner:
                b.pos = getattr(stmt, "pos", None)
                b.append(_changed(stmt, edits, facts, b))
        return tuple(out)

    return walk.map_blocks(block, change)


def _changed(stmt: Stmt, edits: Edits, facts: Facts, b: Builder) -> Stmt:
    match stmt:
        case Let(targets=(target,)) if target in edits.undef:
            return replace(stmt, prim=undef)
        case Let(targets=(target,)) if target in edits.stores:
            return replace(stmt, prim=store)
        case Let(targets=(target,), args=(base, *rest)) if target in edits.bases:
            return replace(stmt, args=(_undef(base, edits.bases[target], facts, b), *rest))
        case For(carried=carried) if any(c.phi in edits.fresh for c in carried):
            return replace(stmt, carried=tuple(_entered(c, edits, facts, b) for c in carried))
        case _:
            return stmt


def _entered(c: Carry, edits: Edits, facts: Facts, b: Builder) -> Carry:
    return replace(c, init=_undef(c.init, edits.fresh[c.phi], facts, b)) if c.phi in edits.fresh else c


def _undef(array: Atom, root: Atom, facts: Facts, b: Builder) -> Var:
    """A new undefined array of the shape of another, whose shape is that of `root`."""
    made = facts.let(root, zeros, undef)
    dims = made.args if made is not None else b.dim_atoms(root)
    target = Var(b.names.fresh(str(array)), array.type)
    b.append(Let((target,), undef, tuple(dims), (("dtype", array.type.dtype),), b.pos))
    return target
