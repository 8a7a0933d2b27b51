"""Chooses the values that are written inside the expression that uses them.

    t = x[i]                                s = s + x[i] * w[i]
    u = w[i]                   becomes
    v = t * u
    s = s + v

A value moves to its only use when the use is in the same block and nothing in between changes what it reads: an
update of a buffer that it may read (buffers are told apart by how they flow, `_Buffers`), or the next version of a
carried name. Values carried by loops or joined by branches keep a line of their own, where the reader looks for them.
"""

from __future__ import annotations

import ast
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache

from s2sad.ir import walk
from s2sad.ir.nodes import Atom, Block, Call, For, Function, If, Let, Params, Stmt, Var, While
from s2sad.ir.primitives import Primitive, dim, list_new
from s2sad.ir.types import List, Type
from s2sad.memory.sharing import UPDATES, is_buffer, shared_args

LARGEST = 9
"""How many operations one expression may hold."""


def nested(function: Function) -> dict[Var, Let]:
    """The Lets to write inside the expression that uses their target."""
    return _Nesting(function).run()


class _Buffers:
    """Classes of variables that may stand for one buffer, wherever they are."""

    def __init__(self, function: Function) -> None:
        self._parent: dict[Var, Var] = {}
        for stmt in walk.statements(function.body):
            match stmt:
                case Let():
                    shared = stmt.args if stmt.prim in UPDATES else shared_args(stmt)
                    self._join(stmt.targets[0], shared)
                case For() | While():
                    for c in stmt.carried:
                        self._join(c.phi, (c.init, c.next, c.out))
                case If():
                    for j in stmt.joined:
                        self._join(j.out, (j.then, j.orelse))
                case _:
                    pass

    def _join(self, var: Var, others: Iterable[Atom]) -> None:
        if is_buffer(var):
            for o in others:
                if isinstance(o, Var) and is_buffer(o):
                    self._parent[self.find(o)] = self.find(var)

    def find(self, var: Var) -> Var:
        """The variable that stands for the class."""
        root = var
        while (above := self._parent.get(root, root)) != root:
            root = above
        while var != root:
            self._parent[var], var = root, self._parent[var]
        return root

    def written(self, stmt: Stmt) -> set[Var]:
        """The classes that a statement updates, also in its blocks; a callee may own what it is handed."""
        inside = tuple(walk.statements((stmt,)))
        bases = [s.args[0] for s in inside if isinstance(s, Let) and s.prim in UPDATES]
        handed = [a for s in inside if isinstance(s, Call) for a in s.args if is_buffer(a)]
        return {self.find(a) for a in (*bases, *handed) if isinstance(a, Var)}


@dataclass(slots=True)
class _Pending:
    """A value that waits for its use: the classes and the carried names that it reads, and its operations."""

    let: Let
    classes: set[Var] = field(default_factory=set)
    phis: set[Var] = field(default_factory=set)
    size: int = 1


class _Nesting:
    def __init__(self, function: Function) -> None:
        self.function = function
        self.buffers = _Buffers(function)
        self.uses: Counter[Var] = Counter()
        self.closing: dict[Var, set[Var]] = {}
        self.phis: set[Var] = set()
        self.chosen: dict[Var, Let] = {}
        self._count()

    def run(self) -> dict[Var, Let]:
        """Choose, block by block."""
        self.block(self.function.body, self.function.results)
        return self.chosen

    def _count(self) -> None:
        for stmt in walk.statements(self.function.body):
            self.uses.update(a for a in (*walk.operands(stmt), *walk.leaving(stmt)) if isinstance(a, Var))
            if isinstance(stmt, (For, While)):
                for c in stmt.carried:
                    self.phis.add(c.phi)
                    if isinstance(c.next, Var):
                        self.closing.setdefault(c.next, set()).add(c.phi)
        self.uses.update(r for r in self.function.results if isinstance(r, Var))

    def block(self, block: Block, ends: Iterable[Atom] = ()) -> None:
        """Choose in one block; `ends` are the atoms that a reader at its end takes as expressions."""
        pending: dict[Var, _Pending] = {}
        for stmt in block:
            taken = self._take(pending, _slots(stmt))
            self._drop_changed(pending, stmt)
            self._inside(stmt)
            if isinstance(stmt, Let) and (entry := self._candidate(stmt, taken)) is not None:
                pending[stmt.targets[0]] = entry
        self._take(pending, ends)

    def _inside(self, stmt: Stmt) -> None:
        match stmt:
            case For():
                self.block(stmt.body, () if stmt.exit is None or self._exit_is_late(stmt) else (stmt.exit,))
            case While():
                self.block(stmt.pre, (stmt.test,))
                self.block(stmt.body)
            case If():
                self.block(stmt.then)
                self.block(stmt.orelse)
            case _:
                pass

    @staticmethod
    def _exit_is_late(stmt: For) -> bool:
        """Whether the exit of a loop is read after names that it might read have changed."""
        return bool(stmt.carried)

    def _take(self, pending: dict[Var, _Pending], atoms: Iterable[Atom]) -> list[_Pending]:
        """The pending values that these atoms use are chosen, up to a size."""
        taken = []
        size = 1
        for atom in atoms:
            entry = pending.pop(atom, None) if isinstance(atom, Var) else None
            if entry is not None and size + entry.size <= LARGEST:
                size += entry.size
                taken.append(entry)
                self.chosen[entry.let.targets[0]] = entry.let
        return taken

    def _drop_changed(self, pending: dict[Var, _Pending], stmt: Stmt) -> None:
        """Values that read what the statement changes stay where they are."""
        written = self.buffers.written(stmt)
        closed = {phi for v in walk.defines(stmt) for phi in self.closing.get(v, ())}
        for var in [v for v, p in pending.items() if p.classes & written or p.phis & closed]:
            del pending[var]

    def _candidate(self, let: Let, taken: list[_Pending]) -> _Pending | None:
        """The Let as something that may move, if it may."""
        target = let.targets[0]
        moves = (
            len(let.targets) == 1 and self.uses[target] == 1 and let.prim.pure and let.prim not in UPDATES
            and let.prim is not list_new and not isinstance(target.type, List) and target not in self.closing
        )
        if not moves:
            return None
        entry = _Pending(let)
        entry.phis = {a for a in let.args if isinstance(a, Var) and a in self.phis}
        if let.prim is not dim:
            entry.classes = {self.buffers.find(a) for a in let.args if isinstance(a, Var) and is_buffer(a)}
        for inner in taken:
            entry.classes |= inner.classes
            entry.phis |= inner.phis
            entry.size += inner.size
        return entry


def _slots(stmt: Stmt) -> tuple[Atom, ...]:
    """The operands of a statement that may be written as expressions, in the order in which they are read."""
    match stmt:
        case Let() if stmt.prim in UPDATES:
            return stmt.args[1:]
        case Let():
            return tuple(a for a, once in zip(stmt.args, _written_once(stmt), strict=True) if once)
        case For():
            return () if stmt.trips is not None and stmt.exit is None else (stmt.start, stmt.stop, stmt.step)
        case While():
            return ()
        case _:
            return walk.operands(stmt)


def _written_once(stmt: Let) -> tuple[bool, ...]:
    return _holes(stmt.prim, stmt.params, tuple(a.type for a in stmt.args)) if stmt.args else ()


@lru_cache(maxsize=10_000)
def _holes(prim: Primitive, params: Params, types: tuple[Type, ...]) -> tuple[bool, ...]:
    """For each argument, whether the spelling of the primitive writes it exactly once and outside of any inner
    scope."""
    holes: list[ast.expr] = [ast.Name(f"hole{k}") for k in range(len(types))]
    spelled = prim.spell(holes, dict(params), types)
    inner = any(isinstance(n, (ast.Lambda, ast.ListComp, ast.GeneratorExp)) for n in ast.walk(spelled))
    counts = Counter(n.id for n in ast.walk(spelled) if isinstance(n, ast.Name))
    return tuple(not inner and counts[f"hole{k}"] == 1 for k in range(len(types)))
