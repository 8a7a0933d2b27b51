"""Statements that take no batch axis, as a loop over the batch around them.

    if x > 0: y = x * a               y_1 = np.empty(B)
    else: y = x                       for lane in range(B):
                            ->            if x[lane] > 0: y = x[lane] * a
                                          else: y = x[lane]
                                          y_1[lane] = y

What varies is read from its row of the batch: element by element where the code only loads elements, so that no row is
taken out. Each value that later code needs is stored into its row of a new array; an array that the code fills in place
is filled there from the beginning (`rows`).
"""

from __future__ import annotations

from collections.abc import Iterable

from s2sad.ir import walk
from s2sad.ir.nodes import (
    Atom,
    Block,
    Carry,
    Const,
    Effect,
    For,
    If,
    Join,
    Let,
    Stmt,
    Var,
    int_var,
    replace,
)
from s2sad.ir.paths import SLOT, Index, Path, Slice
from s2sad.ir.primitives import dim, inc, load, raise_, store, undef
from s2sad.ir.types import Array, List, Type
from s2sad.rules.logical import eq, ne
from s2sad.transforms.batch.rows import Chain, chains, versions
from s2sad.transforms.batch.standing import Standing


def row_path(type: Type) -> Path:
    """The path from a batch of values of this type to one of them."""
    entries = (SLOT, ...) if isinstance(type, Array) and type.rank == 0 else (SLOT,)
    return (Index(entries),)


def path_in_row(path: Path, operands: Iterable[Atom]) -> Path:
    """A path in one row, taken in the whole batch: in one step, where that means the same."""
    match path:
        case (Index(entries), *rest) if not any(isinstance(o.type, Array) for o in operands):
            return (Index((SLOT, *entries)), *rest)
    return (Index((SLOT,)), *path)


class Lanes:
    """Writes one loop over the batch around some statements."""

    def __init__(self, batch: Standing) -> None:
        self.outer = batch
        self.b = batch.b
        self.index = int_var(self.b.names.fresh("lane"))
        self.rows: dict[Var, Var] = {}
        self.mapping: dict[Var, Atom] = {}
        self.shapeless: set[Var] = set()
        self.chains: dict[Var, Chain] = {}
        self.in_batch: set[Var] = set()
        self.sizes: list[tuple[Var, Const, Atom, Var]] = []
        """The sizes that the first item has and all others must have, as the loop carries them."""

    def loop(self, group: Block, needed: Iterable[Var]) -> None:
        """Append the loop. The `needed` values, defined in the group, are batched after it."""
        outs = list(needed)
        self.outer.learn_sizes(group, outs)
        self.chains = chains(group, outs)
        self.in_batch = {v for chain in self.chains.values() for v in chain.members}
        inits = [self.outer.whole(self.chains[v].root) if v in self.chains else self.stack(v) for v in outs]
        phis = [Var(self.b.names.fresh(v.name), self.outer.batch_of(v.type)) for v in outs]
        self.mapping.update((self.chains[v].root, phi) for v, phi in zip(outs, phis, strict=True) if v in self.chains)
        with self.b.block() as body:
            self.own_buffers(group)
            self.b.extend(self.copy(group))
            nexts = [self.mapping[v] if v in self.chains else self.put(v, p) for v, p in zip(outs, phis, strict=True)]
        names = [self.outer.batched_var(v) for v in outs]
        carried = tuple(Carry(*c) for c in (*zip(phis, inits, nexts, names, strict=True), *self.sizes))
        block = (*self.row_loads(), *body)
        self.b.append(For(self.index, Const(0), self.outer.size, Const(1), carried, block, pos=self.b.pos))
        self.outer.define(outs, names)

    # -- reading

    def copy(self, block: Block) -> Block:
        """The statements for one item of the batch."""
        return tuple(self.reach(s) or walk.rewrite(s, self.use, self.fresh, self.copy) for s in block)

    def fresh(self, v: Var) -> Var:
        new = self.outer.named(v, self.outer.batch_of(v.type) if v in self.in_batch else v.type)
        self.mapping[v] = new
        return new

    def use(self, atom: Atom) -> Atom:
        if not isinstance(atom, Var):
            return atom
        if atom in self.mapping:
            return self.mapping[atom]
        if atom not in self.outer.batched:
            return self.outer.plain(atom)
        if atom not in self.rows:
            self.rows[atom] = Var(self.b.names.fresh(atom.name), atom.type)
        return self.rows[atom]

    def row_loads(self) -> Block:
        """The loads of the rows that are used as a whole."""
        return tuple(
            Let((row,), load, (self.outer.env[v], self.index), (("path", row_path(v.type)),), self.b.pos)
            for v, row in self.rows.items()
        )

    def reach(self, stmt: Stmt) -> Stmt | None:
        """A load, a store or an increment in one row of an array that stands in the batch; None for anything else."""
        match stmt:
            case Let(prim=prim, args=(Var() as source, *_)) if prim in (load, dim, store, inc):
                inside = source in self.in_batch
                from_batch = prim in (load, dim) and source not in self.mapping and source in self.outer.batched
                if inside or (from_batch and self.reachable(stmt)):
                    return self.reached(stmt, self.use(source) if inside else self.outer.env[source])
        return None

    def reachable(self, stmt: Let) -> bool:
        """Whether a load of one element or a part is better taken from the batch than from a row."""
        return stmt.prim is dim or not any(isinstance(o.type, Array) for o in stmt.args[1:])

    def reached(self, stmt: Let, batch: Atom) -> Stmt:
        params = dict(stmt.params)
        if stmt.prim is dim:
            args: tuple[Atom, ...] = (batch,)
            params["axis"] += 1
        else:
            values = stmt.args[1:2] if stmt.prim in (store, inc) else ()
            operands = stmt.args[1 + len(values) :]
            params["path"] = path_in_row(params["path"], operands)
            args = (batch, *map(self.use, values), self.index, *map(self.use, operands))
        return replace(stmt, targets=tuple(map(self.fresh, stmt.targets)), args=args, params=tuple(params.items()))

    def own_buffers(self, group: Block) -> None:
        """Work buffers made before the group are made for each item: none sees what another left there."""
        changed = versions(group)
        for v in walk.free_vars(group):
            made = None if v in self.outer.batched else self.outer.allocation(v)
            if made is not None and v not in self.in_batch and (v in changed or isinstance(v.type, List)):
                self.mapping[v] = self.b.emit(made.prim, made.args, dict(made.params), v.name)

    # -- writing

    def stack(self, v: Var) -> Atom:
        """An array, not yet filled, for the values of `v` of all items; empty where the shape is known inside only."""
        if isinstance(v.type, List):
            raise NotImplementedError(f"vmap: the list {v.name} is not an array, and cannot be batched")
        dims = [self.outer.sizes.atom(d) for d in v.type.dims] if isinstance(v.type, Array) else []
        if None in dims:
            self.shapeless.add(v)
            dims = [Const(0)] * len(dims)
        return self.b.emit(undef, (self.outer.size, *dims), {"dtype": v.type.dtype}, v.name)

    def put(self, v: Var, phi: Var) -> Atom:
        """Store the value of this item into its row."""
        base: Atom = phi
        if v in self.shapeless:
            base = self.first(v, phi)
        value = self.mapping.get(v, v)
        path = (Index((SLOT, Slice())),) if isinstance(v.type, Array) and v.type.rank else row_path(v.type)
        params = {"path": path, "once": True}
        return self.b.emit(store, (base, value, self.index), params, v.name)

    def first(self, v: Var, phi: Var) -> Atom:
        """The array itself, made for the shape that the first item has."""
        row = self.mapping[v]
        assert isinstance(row, Var)
        first = self.b.emit(eq, (self.index, Const(0)), hint="first")
        shape = self.b.dim_atoms(row)
        kept = [(n, self.int(), self.int()) for n in shape if isinstance(n, Var)]
        with self.b.block() as then:
            made = self.b.emit(undef, (self.outer.size, *shape), {"dtype": row.type.dtype}, v.name)
        out = Var(self.b.names.fresh(v.name), made.type)
        joined = (Join(out, made, phi), *(Join(now, n, before) for n, before, now in kept))
        self.b.append(If(first, tuple(then), (), joined, self.b.pos))
        for n, before, now in kept:
            self.sizes.append((before, Const(0), now, self.int()))
            self.same_size(n, now)
        return out

    def int(self) -> Var:
        return int_var(self.b.names.fresh("n"))

    def same_size(self, size: Atom, first: Atom) -> None:
        """Refuse, when it runs, items of different shapes."""
        pos = self.b.pos
        where = "" if pos is None else f", at line {pos.line}: {pos.text}"
        message = f"vmap: the shape of an array differs between items of the batch{where}"
        refusal = Effect(raise_, (), (("kind", "ValueError"), ("message", message)), pos)
        self.b.append(If(self.b.emit(ne, (size, first), hint="ragged"), (refusal,), (), (), pos))
