"""Random programs in IR: stores, views, loops, branches and lists over a few small arrays, to tell copies from
overwriting."""

from __future__ import annotations

import random

import numpy as np

from s2sad.ir import (
    Array,
    Builder,
    Call,
    Carry,
    Const,
    For,
    Function,
    If,
    Join,
    List,
    Module,
    Names,
    Scalar,
    Var,
    While,
)
from s2sad.ir import primitives as P
from s2sad.ir.nodes import int_var
from s2sad.ir.paths import SLOT, Index, Slice, View
from s2sad.ir.types import FLOAT
from s2sad.rules.elementwise import add, mul
from s2sad.rules.logical import lt

VECTOR, MATRIX = Array(FLOAT, (4,)), Array(FLOAT, (3, 4))
NUMBER = Scalar(FLOAT, weak=True)
VECTORS = List(VECTOR)
TYPES = (VECTOR, MATRIX, NUMBER)


class Program:
    """One random program; `build` gives the function. Its parameters are two vectors, a matrix and a number."""

    def __init__(self, seed: int, lists: bool = True) -> None:
        self.r = random.Random(seed)
        self.lists = lists
        self.names = Names()
        self.b = Builder(self.names)
        self.budget = self.r.randint(6, 22)
        self.calls = False

    def module(self) -> Module:
        """The program with calls of functions that update and return what they are given."""
        self.calls = True
        return Module(self.build(), callees())

    def build(self) -> Function:
        types = {"x": VECTOR, "y": VECTOR, "m": MATRIX, "s": NUMBER}
        params = tuple(Var(self.names.fresh(name), type_) for name, type_ in types.items())
        scope = list(params)
        if self.lists:
            empty = self.b.emit(P.list_new, (), {"item": VECTOR}, "items")
            scope.append(self.b.emit(P.list_append, (empty, scope[self.r.randrange(2)]), hint="items"))
        with self.b.block() as body:
            self.block(scope, 0)
        whole = [*self.b.statements, *body]
        picked = (self.r.choice(scope[-8:]) for _ in range(self.r.randint(1, 3)))
        results = tuple(r for r in picked if not isinstance(r.type, List))
        return Function("f", params, tuple(whole), results or (params[3],))

    def block(self, scope: list[Var], depth: int) -> None:
        for _ in range(self.r.randint(1, 5)):
            if self.budget <= 0:
                return
            self.budget -= 1
            choices = [self.store, self.store, self.inc, self.view, self.view]
            choices += [self.arithmetic, self.element, self.whole_store]
            if depth < 3:
                choices += [self.loop, self.loop, self.branch, self.while_loop]
            if self.calls:
                choices += [self.call, self.call]
            if self.lists:
                choices += [self.append, self.get, self.set_item]
            self.r.choice(choices)(scope, depth)

    def pick(self, scope: list[Var], type_: object) -> Var:
        found = [v for v in scope if v.type == type_]
        return found[-1] if self.r.random() < 0.4 else self.r.choice(found)

    def emit(self, scope: list[Var], prim: P.Primitive, args: tuple, params: dict, hint: str) -> Var:
        v = self.b.emit(prim, args, params, hint)
        scope.append(v)
        return v

    # -- statements

    def place(self, type_: object) -> tuple[tuple, tuple]:
        """Operands and path to one element."""
        if type_ == VECTOR:
            return (Const(self.r.randrange(4)),), (Index((SLOT,)),)
        return (Const(self.r.randrange(3)), Const(self.r.randrange(4))), self.r.choice(
            [(Index((SLOT, SLOT)),), (Index((SLOT,)), Index((SLOT,)))]
        )

    def store(self, scope: list[Var], depth: int) -> None:
        type_ = self.r.choice([VECTOR, MATRIX])
        operands, path = self.place(type_)
        self.emit(scope, P.store, (self.pick(scope, type_), self.pick(scope, NUMBER), *operands), {"path": path}, "a")

    def inc(self, scope: list[Var], depth: int) -> None:
        if self.r.random() < 0.3:
            args = (self.pick(scope, VECTOR), self.pick(scope, VECTOR))
            self.emit(scope, P.inc, args, {"path": (Index((Slice(),)),)}, "a")
            return
        type_ = self.r.choice([VECTOR, MATRIX])
        operands, path = self.place(type_)
        self.emit(scope, P.inc, (self.pick(scope, type_), self.pick(scope, NUMBER), *operands), {"path": path}, "a")

    def whole_store(self, scope: list[Var], depth: int) -> None:
        """A row or a slice from another array, which may be a view of the same one."""
        if self.r.random() < 0.5:
            args = (self.pick(scope, MATRIX), self.pick(scope, VECTOR), Const(self.r.randrange(3)))
            self.emit(scope, P.store, args, {"path": (Index((SLOT,)),)}, "a")
        else:
            part = self.b.emit(P.load, (self.pick(scope, VECTOR),), {"path": (Index((Slice(0, 3),)),)}, "part")
            self.emit(scope, P.store, (self.pick(scope, VECTOR), part), {"path": (Index((Slice(1, 4),)),)}, "a")

    def view(self, scope: list[Var], depth: int) -> None:
        kind = self.r.randrange(3)
        if kind == 0:
            args = (self.pick(scope, MATRIX), Const(self.r.randrange(3)))
            self.emit(scope, P.load, args, {"path": (Index((SLOT,)),)}, "row")
        elif kind == 1:
            self.emit(scope, P.load, (self.pick(scope, VECTOR),), {"path": (Index((Slice(None, None, -1),)),)}, "back")
        else:
            path = (View("T"), Index((Slice(), 0)))
            self.emit(scope, P.load, (self.pick(scope, MATRIX),), {"path": path}, "col")

    def element(self, scope: list[Var], depth: int) -> None:
        type_ = self.r.choice([VECTOR, MATRIX])
        operands, path = self.place(type_)
        self.emit(scope, P.load, (self.pick(scope, type_), *operands), {"path": path}, "e")

    def arithmetic(self, scope: list[Var], depth: int) -> None:
        type_ = self.r.choice(TYPES)
        self.emit(scope, self.r.choice([add, add, mul]), (self.pick(scope, type_), Const(0.5)), {}, "v")

    def append(self, scope: list[Var], depth: int) -> None:
        self.emit(scope, P.list_append, (self.pick(scope, VECTORS), self.pick(scope, VECTOR)), {}, "items")

    def set_item(self, scope: list[Var], depth: int) -> None:
        args = (self.pick(scope, VECTORS), Const(0), self.pick(scope, VECTOR))
        self.emit(scope, P.list_set, args, {}, "items")

    def get(self, scope: list[Var], depth: int) -> None:
        self.emit(scope, P.list_get, (self.pick(scope, VECTORS), Const(0)), {}, "item")

    def call(self, scope: list[Var], depth: int) -> None:
        name = self.r.choice(["update", "give_back"])
        targets = tuple(self.b.var("c", VECTOR) for _ in range(2))
        self.b.append(Call(targets, name, (self.pick(scope, VECTOR), self.pick(scope, VECTOR))))
        scope.extend(targets)

    # -- control flow

    def carries(self, scope: list[Var]) -> list[tuple[Var, Var, Var]]:
        """Phis with their entry values and outs, of random types; `scope` gets the phis."""
        kinds = [VECTOR, VECTOR, MATRIX, NUMBER, *([VECTORS] if self.lists else [])]
        types = [self.r.choice(kinds) for _ in range(self.r.randint(1, 4))]
        made = []
        for t in types:
            init = self.pick(scope, t)
            made.append((self.b.var(init.name, t), init, self.b.var(init.name, t)))
        scope.extend(m[0] for m in made)
        return made

    def loop(self, scope: list[Var], depth: int) -> None:
        inner = list(scope)
        made = self.carries(inner)
        index = int_var(self.names.fresh("i"))
        with self.b.block() as body:
            self.block(inner, depth + 1)
            flag = None
            if self.r.random() < 0.3:
                flag = Const(self.r.random() < 0.5)
        carried = tuple(Carry(phi, init, self.pick(inner, phi.type), out) for phi, init, out in made)
        step = self.r.randint(0, 3)
        self.b.append(For(index, Const(0), Const(step), Const(1), carried, tuple(body), exit=flag))
        scope.extend(c.out for c in carried)

    def while_loop(self, scope: list[Var], depth: int) -> None:
        inner = list(scope)
        made = self.carries(inner)
        index = int_var(self.names.fresh("k"))
        with self.b.block() as pre:
            if self.r.random() < 0.5:
                self.block(inner, 3)
            test = self.b.emit(lt, (index, Const(self.r.randint(0, 3))))
        with self.b.block() as body:
            self.block(inner, depth + 1)
        carried = tuple(Carry(phi, init, self.pick(inner, phi.type), out) for phi, init, out in made)
        self.b.append(While(index, carried, tuple(pre), test, tuple(body)))
        scope.extend(c.out for c in carried)

    def branch(self, scope: list[Var], depth: int) -> None:
        cond = self.b.emit(lt, (self.pick(scope, NUMBER), Const(self.r.choice([-5.0, 1.0, 5.0]))))
        sides = []
        for _ in range(2):
            inner = list(scope)
            with self.b.block() as body:
                self.block(inner, depth + 1)
            sides.append((tuple(body), inner))
        joined = []
        for _ in range(self.r.randint(0, 3)):
            t = self.r.choice([VECTOR, MATRIX, NUMBER, *([VECTORS] if self.lists else [])])
            then, orelse = self.pick(sides[0][1], t), self.pick(sides[1][1], t)
            joined.append(Join(self.b.var(then.name, t), then, orelse))
        self.b.append(If(cond, sides[0][0], sides[1][0], tuple(joined)))
        scope.extend(j.out for j in joined)


def callees() -> dict[str, Function]:
    """One function that updates its first argument and reads the second after, one that returns what it got."""
    p, q = Var("p", VECTOR), Var("q", VECTOR)
    b = Builder(Names(["p", "q"]))
    updated = b.emit(P.store, (p, Const(3.0), Const(1)), {"path": (Index((SLOT,)),)}, "p")
    total = b.emit(add, (updated, q), hint="total")
    update = Function("update", (p, q), tuple(b.statements), (updated, total))
    return {"update": update, "give_back": Function("give_back", (p, q), (), (q, q))}


def arguments(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Arguments for a random program."""
    rng = np.random.default_rng(seed)
    return rng.normal(size=4), rng.normal(size=4), rng.normal(size=(3, 4)), float(rng.normal())


__all__ = ["Program", "arguments", "callees"]
