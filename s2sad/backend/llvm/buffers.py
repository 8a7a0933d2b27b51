"""Which variables of a planned function name the same buffer, whichever way the run takes.

A loop that only overwrites what it carries need not carry it: its address is the same before, inside and after.
"""

from __future__ import annotations

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, For, Function, If, Let, Var, While
from s2sad.ir.primitives import UPDATES, load
from s2sad.memory.sharing import shared_args


class Buffers:
    """The root of each variable: the one that first named its buffer."""

    def __init__(self, function: Function) -> None:
        self.rebound: set[Var] = set()
        """The carried values that name another buffer in each trip."""
        lets = [s for s in walk.statements(function.body) if isinstance(s, Let)]
        self._views = {s.targets[0]: s.args[0] for s in lets if s.prim is load}
        self._made = {t for s in lets if s.prim not in UPDATES and not list(shared_args(s)) for t in s.targets}
        self._made.update(function.params)
        while True:
            self._roots: dict[Var, Atom] = {}
            before = len(self.rebound)
            self._block(function.body)
            if len(self.rebound) == before:
                break

    def root(self, atom: Atom) -> Atom:
        """What first named the buffer of a value."""
        return self._roots.get(atom, atom) if isinstance(atom, Var) else atom

    def steady(self, first: Atom, second: Atom) -> bool:
        """Whether two values are one buffer."""
        return self.root(first) == self.root(second)

    def origin(self, atom: Atom) -> Atom:
        """The buffer that a value lies in, through views."""
        root = self.root(atom)
        while isinstance(root, Var) and root in self._views:
            root = self.root(self._views[root])
        return root

    def is_whole(self, root: Atom) -> bool:
        """Whether a buffer is one that a statement made or a caller gave, and so is unlike all others of these."""
        return root in self._made

    def _block(self, block: Block) -> None:
        for stmt in block:
            match stmt:
                case Let() if stmt.prim in UPDATES:
                    self._roots[stmt.targets[0]] = self.root(stmt.args[0])
                case If():
                    self._block(stmt.then)
                    self._block(stmt.orelse)
                    for j in stmt.joined:
                        if self.steady(j.then, j.orelse):
                            self._roots[j.out] = self.root(j.then)
                case For() | While():
                    self._loop(stmt)
                case _:
                    pass

    def _loop(self, stmt: For | While) -> None:
        for c in stmt.carried:
            if c.phi not in self.rebound:
                self._roots[c.phi] = self.root(c.init)
        for inner in walk.blocks_of(stmt):
            self._block(inner)
        for c in stmt.carried:
            if c.phi not in self.rebound and not self.steady(c.phi, c.next):
                self.rebound.add(c.phi)
            self._roots[c.out] = self.root(c.phi)


__all__ = ["Buffers"]
