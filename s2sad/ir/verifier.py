"""The invariants of the IR, checked after every pass in tests.

* every variable is defined once, before its uses, in a scope that reaches them;
* carried, joined and exit values have the types of the names they are given to;
* an argument's type is what its definition says (one variable, one type);
* parameters and results of out-of-line calls match in number;
* the results a primitive claims have the dtype and rank that running it gives.
"""

from __future__ import annotations

from collections.abc import Collection

from s2sad.ir import walk
from s2sad.ir.infer import result_types
from s2sad.ir.nodes import Apply, Atom, Block, Call, Custom, For, Function, If, Let, Module, Stmt, Var, While
from s2sad.ir.printer import Printer
from s2sad.ir.types import Array, List, Scalar, Type, symbol


class IRError(AssertionError):
    """A pass wrote IR that breaks an invariant: a bug in s2sad, never in the user's program."""


def verify(
    module: Module | Function, stage: str = "", mentions: bool = False, hidden: Collection[Var] = ()
) -> None:
    """Raise `IRError` if an invariant is broken. `mentions` allows uses of values of a mirrored loop or branch (an
    adjoint before recording). `hidden` parameters are in scope everywhere."""
    if isinstance(module, Function):
        module = Module(module)
    for function in (*module.functions.values(), module.main):
        _Verifier(module, stage, mentions, hidden).function(function)


class _Verifier:
    def __init__(self, module: Module, stage: str, mentions: bool, hidden: Collection[Var]) -> None:
        self.module, self.stage, self.mentions, self.hidden = module, stage, mentions, hidden
        self.defined: set[str] = set()

    def fail(self, stmt: Stmt | None, why: str) -> None:
        where = "" if stmt is None else "\n" + "\n".join(Printer().statement(stmt, 0)[:4])
        raise IRError(f"after {self.stage or 'a pass'}: {why}{where}")

    def function(self, function: Function) -> None:
        scope: dict[Var, None] = dict.fromkeys(self.hidden)
        for p in function.params:
            self.define(p, scope, None)
        self.everywhere = set(walk.all_defined(function.body)) | set(function.params)
        end = self.block(function.body, scope)
        for r in function.results:
            self.use(r, end, None)

    def define(self, v: Var, scope: dict[Var, None], stmt: Stmt | None) -> None:
        if v.name in self.defined:
            self.fail(stmt, f"{v.name} is defined twice")
        if isinstance(v.type, Array) and any(d is None for d in v.type.dims):
            self.fail(stmt, f"{v.name} has an unknown dim")
        self.defined.add(v.name)
        scope[v] = None

    def use(self, atom: Atom, scope: dict[Var, None], stmt: Stmt | None) -> None:
        if isinstance(atom, Var) and atom not in scope and not (self.mentions and atom in self.everywhere):
            self.fail(stmt, f"{atom.name} is used where it is not defined")

    def block(self, block: Block, outer: dict[Var, None]) -> dict[Var, None]:
        scope = dict(outer)
        for stmt in block:
            self.statement(stmt, scope)
        return scope

    def statement(self, stmt: Stmt, scope: dict[Var, None]) -> None:
        for atom in walk.operands(stmt):
            self.use(atom, scope, stmt)
        inner = dict(scope)
        for v in walk.binds(stmt):
            self.define(v, inner, stmt)
        match stmt:
            case For():
                end = self.block(stmt.body, inner)
                self.leave(stmt, end, [(c.phi, c.init) for c in stmt.carried] + [(c.phi, c.next) for c in stmt.carried])
                self.same(stmt, [(c.out, c.phi) for c in stmt.carried])
                if stmt.exit is not None:
                    self.use(stmt.exit, end, stmt)
            case While():
                middle = self.block(stmt.pre, inner)
                self.use(stmt.test, middle, stmt)
                end = self.block(stmt.body, middle)
                self.leave(stmt, end, [(c.phi, c.next) for c in stmt.carried])
                self.same(stmt, [(c.phi, c.init) for c in stmt.carried] + [(c.out, c.phi) for c in stmt.carried])
            case If():
                self.leave(stmt, self.block(stmt.then, inner), [(j.out, j.then) for j in stmt.joined])
                self.leave(stmt, self.block(stmt.orelse, inner), [(j.out, j.orelse) for j in stmt.joined])
            case Let():
                self.let(stmt)
            case Call():
                callee = self.module.functions.get(stmt.function)
                if callee is None or len(callee.params) != len(stmt.args) or len(callee.results) != len(stmt.targets):
                    self.fail(stmt, f"{stmt.function} is not called as it is defined")
            case Custom() | Apply():
                if len(stmt.args) < len(stmt.fun.params):
                    self.fail(stmt, f"{stmt.fun.name} gets too few arguments")
                _Verifier(self.module, self.stage, False, self.hidden).function(stmt.fun)
            case _:
                pass
        for v in walk.defines(stmt):
            self.define(v, scope, stmt)

    def leave(self, stmt: Stmt, scope: dict[Var, None], pairs: list[tuple[Var, Atom]]) -> None:
        for _, atom in pairs:
            self.use(atom, scope, stmt)
        self.same(stmt, pairs)

    def same(self, stmt: Stmt, pairs: list[tuple[Var, Atom]]) -> None:
        for target, atom in pairs:
            if not alike(target.type, atom.type):
                self.fail(stmt, f"{target.name} is {target.type}, but is given {atom}, which is {atom.type}")

    def let(self, stmt: Let) -> None:
        try:
            types = result_types(stmt.prim, stmt.args, dict(stmt.params), lambda a: symbol(str(a)))
        except Exception as error:
            self.fail(stmt, f"{stmt.prim.name} does not take {', '.join(str(a.type) for a in stmt.args)}: {error}")
        if len(types) != len(stmt.targets) or not all(map(alike, (t.type for t in stmt.targets), types)):
            declared = ", ".join(f"{t} is {t.type}" for t in stmt.targets)
            self.fail(stmt, f"{declared}, but {stmt.prim.name} gives {', '.join(map(str, types))}")


def alike(a: Type, b: Type) -> bool:
    """Whether two types have the same dtype and rank (dims and weakness may be known better on one side)."""
    match a, b:
        case Scalar(), Scalar():
            return a.dtype == b.dtype
        case Array(), Array():
            return a.dtype == b.dtype and a.rank == b.rank
        case List(), List():
            return alike(a.item, b.item)
    return False
