"""Facts about the values of one function, in maps: where each is defined, what uses it, how large it is.

An integer atom has a *form*, a linear form over symbols as the dims of arrays are (``n - 1`` for ``sub(dim(x, 0),
1)``), and a lower bound. Forms are compared: a loop over ``range(m)`` covers an axis when the form of m is the axis's
dim.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Const, For, Function, Let, Stmt, Var, While, asked_size
from s2sad.ir.primitives import Primitive, dim, inc, store
from s2sad.ir.types import Array, Dim, Scalar, add_dims, lower_bound, symbol
from s2sad.rules.elementwise import add, sub


@dataclass(frozen=True, slots=True)
class Site:
    """The statement that defines a variable, and those it stands in, outermost first."""

    stmt: Stmt
    outer: tuple[Stmt, ...]


class Facts:
    """What is known of a function that does not change while it is looked at."""

    def __init__(self, function: Function) -> None:
        self.sites: dict[Var, Site] = {}
        self.uses: dict[Var, list[Stmt]] = {}
        self._roots: dict[Var, Atom | None] = {}
        self._scan(function.body, ())
        ints = (v for v in (*function.params, *self.sites) if isinstance(v.type, Scalar) and v.type.dtype.kind in "iu")
        self.numbers = {v.name for v in ints}
        self.returned = {r for r in function.results if isinstance(r, Var)}

    def _scan(self, block: Block, outer: tuple[Stmt, ...]) -> None:
        for stmt in block:
            site = Site(stmt, outer)
            self.sites.update(dict.fromkeys((*walk.binds(stmt), *walk.defines(stmt)), site))
            for atom in (*walk.operands(stmt), *walk.leaving(stmt)):
                if isinstance(atom, Var):
                    self.uses.setdefault(atom, []).append(stmt)
            self._roots.update(self._rooted(stmt))
            for inner in walk.blocks_of(stmt):
                self._scan(inner, (*outer, stmt))

    def _rooted(self, stmt: Stmt) -> Iterator[tuple[Var, Atom | None]]:
        """The arrays that a statement makes, each with its root."""
        match stmt:
            case For() | While():
                yield from ((v, self.root(c.init)) for c in stmt.carried for v in (c.phi, c.out) if _is_array(v))
            case Let(prim=prim, targets=(target,)) if prim in (store, inc):
                yield target, self.root(stmt.args[0])
            case Let():
                pass
            case _:
                yield from ((v, None) for v in walk.defines(stmt) if _is_array(v))

    # -- definitions and uses

    def stmt(self, atom: Atom) -> Stmt | None:
        """The statement that defines a variable; None for a parameter or a constant."""
        site = self.sites.get(atom) if isinstance(atom, Var) else None
        return None if site is None else site.stmt

    def let(self, atom: Atom, *prims: Primitive) -> Let | None:
        """The application that a variable comes from, if it is of one of these primitives (any, when none is given)."""
        stmt = self.stmt(atom)
        return stmt if isinstance(stmt, Let) and (not prims or stmt.prim in prims) else None

    def users(self, var: Var) -> list[Stmt]:
        return self.uses.get(var, [])

    def is_unused(self, var: Var) -> bool:
        return not self.users(var) and var not in self.returned

    def only_user(self, atom: Atom) -> Stmt | None:
        """The one place that uses a variable, if there is exactly one and it is not a result."""
        users = self.users(atom) if isinstance(atom, Var) else []
        return users[0] if len(users) == 1 and atom not in self.returned else None

    def root(self, array: Atom) -> Atom | None:
        """The value that an array started as a version of: its shape is the array's. None where that is not known."""
        return self._roots.get(array, array) if isinstance(array, Var) else array

    def is_outside(self, atom: Atom, loop: Stmt) -> bool:
        """Whether a value is known before a loop (or branch) starts."""
        if not isinstance(atom, Var) or atom not in self.sites:
            return True
        site = self.sites[atom]
        return all(s is not loop for s in site.outer) and (site.stmt is not loop)

    # -- integers

    def form(self, atom: Atom) -> Dim | None:
        """The linear form of an integer."""
        match atom:
            case Const(value):
                return int(value) if atom.type.dtype.kind in "iu" else None
            case Var(type=Scalar(dtype=dtype)) if dtype.kind in "iu":
                return self._form_of(atom)
        return None

    def _form_of(self, var: Var) -> Dim | None:
        let = self.let(var, dim, add, sub)
        if let is not None and let.prim is dim:
            return asked_size(let)
        if let is not None:
            left, right = (self.form(a) for a in let.args)
            if left is not None and right is not None:
                return add_dims(left, right, 1 if let.prim is add else -1)
        return symbol(var.name)

    def least(self, atom: Atom) -> int | None:
        """A number that an integer is never below, or None."""
        match self.stmt(atom):
            case For(index=index, step=Const(value), start=start) if index == atom and value > 0:
                return self.least(start)
            case For(index=index, step=Const(value), stop=stop) if index == atom and value < 0:
                bound = self.least(stop)
                return None if bound is None else bound + 1
            case For(trips=trips) | While(trips=trips) if trips == atom:
                return 0
            case While(index=index) if index == atom:
                return 0
            case Let(prim=prim, args=(left, Const(value))) if prim is add and isinstance(value, int):
                bound = self.least(left)
                return None if bound is None else bound + value
            case Let(prim=prim, args=(left, Const(value))) if prim is sub and isinstance(value, int):
                bound = self.least(left)
                return None if bound is None else bound - value
            case Let(prim=Primitive(name="trip_count")):
                return 0
        form = self.form(atom)
        return None if form is None else self._least_of(form)

    def _least_of(self, form: Dim) -> int | None:
        """The lower bound of a form; the symbol of a plain number, unlike that of a size, may be negative."""
        terms = () if isinstance(form, int) else form.terms
        return None if any(s.name in self.numbers and s.at_least == 0 for s, _ in terms) else lower_bound(form)

    def affine(self, atom: Atom) -> tuple[Atom, int]:
        """A value as another one plus a number: ``(i, 2)`` for ``add(i, 2)``."""
        match self.let(atom, add, sub):
            case Let(prim=prim, args=(left, Const(value))) if isinstance(value, int) and isinstance(left, Var):
                base, offset = self.affine(left)
                return base, offset + (value if prim is add else -value)
            case Let(prim=prim, args=(Const(value), right)) if prim is add and isinstance(value, int):
                base, offset = self.affine(right)
                return base, offset + value
        return atom, 0

    def runs(self, loop: For) -> bool:
        """Whether a loop has a trip for certain."""
        if not isinstance(loop.step, Const):
            return False
        ends = (loop.start, loop.stop) if loop.step.value > 0 else (loop.stop, loop.start)
        low, high = (self.form(a) for a in ends)
        if low is None or high is None:
            return False
        least = self._least_of(add_dims(high, low, -1))
        return least is not None and least > 0

    def covers(self, loop: For, size: Dim, front: int = 0, back: int = 0) -> bool:
        """Whether a loop's index takes every value of ``range(front, size - back)`` once, upwards or downwards."""
        start, stop = self.form(loop.start), self.form(loop.stop)
        if loop.exit is not None or start is None or stop is None or not isinstance(loop.step, Const):
            return False
        if loop.step.value == 1:
            return start == front and stop == add_dims(size, -back)
        return loop.step.value == -1 and start == add_dims(size, -1 - back) and stop == front - 1


def _is_array(var: Var) -> bool:
    return isinstance(var.type, Array)
