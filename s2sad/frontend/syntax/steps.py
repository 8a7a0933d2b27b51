"""Rewrites statements so that each makes at most one step that may raise an exception.

    s += w[i] / f(x)        becomes        t@1 = w[i]
                                           t@2 = f(x)
                                           t@3 = t@1 / t@2
                                           s += t@3

What may raise is run in this form where exceptions are caught: the rest of a block goes on only where a step did not
raise. Evaluation order is that of Python: left to right, the parts of `and`, `or`, chained comparisons and conditional
expressions only as far as they are needed. Comprehensions stay one step: they are functions of their own.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from typing import TypeAlias

import gast

from s2sad.frontend.syntax.trees import assign, load, located, not_, store

Block: TypeAlias = list[gast.stmt]
EXIT = "__exit__"
COMPREHENSIONS = (gast.ListComp, gast.SetComp, gast.DictComp, gast.GeneratorExp)
RANGES = ("range", "zip", "enumerate", "reversed")
"""What a loop may go over in place, given simple arguments."""
ACCUMULATED = ("sum", "any", "all")
"""What takes the items of a generator expression as they come."""
QUIET = (
    gast.Name, gast.Constant, gast.BoolOp, gast.Compare, gast.UnaryOp, gast.boolop, gast.unaryop, gast.cmpop,
    gast.expr_context, gast.Add, gast.Sub, gast.Mult,
)  # fmt: skip
"""What the test of a while loop may be made of and stay in place."""


def function_in_steps(node: gast.FunctionDef | gast.Lambda) -> gast.FunctionDef:
    """A copy of a function in the kernel language, in steps; a lambda becomes a function that returns its value."""
    if isinstance(node, gast.Lambda):
        body: Block = [located(gast.Return(copy.deepcopy(node.body)), node)]
        node = located(gast.FunctionDef("<lambda>", node.args, body, [], None, None, []), node)
    else:
        node = gast.FunctionDef(
            node.name, node.args, copy.deepcopy(node.body), node.decorator_list, node.returns, node.type_comment, []
        )
        located(node, node.body[0])
    count = 0

    def name(hint: str) -> str:
        nonlocal count
        count += 1
        return f"{hint}@@{count}"

    node.body = Steps(name, rebound_inside(node)).block(node.body)
    return node


def rebound_inside(node: gast.AST) -> frozenset[str]:
    """The names that functions inside of this one may bind anew."""
    return frozenset(x for part in gast.walk(node) if isinstance(part, gast.Nonlocal) for x in part.names)


def is_exit(stmt: gast.stmt) -> bool:
    """Whether a statement says when to leave the loop that it ends the body of."""
    match stmt:
        case gast.Expr(value=gast.Call(func=gast.Name(id=name))):
            return bool(name == EXIT)
        case _:
            return False


class Steps:
    """Rewrites the statements of one function. `name` makes names; `shared` are those that calls may bind anew."""

    def __init__(self, name: Callable[[str], str], shared: frozenset[str] = frozenset()) -> None:
        self.name = name
        self.shared = shared

    # -- statements

    def block(self, stmts: Sequence[gast.stmt]) -> Block:
        """Statements in steps. What follows an if of which one side raises goes to its other side."""
        out: Block = []
        for k, stmt in enumerate(stmts):
            rest = [s for s in stmts[k + 1 :] if not is_exit(s)]
            if isinstance(stmt, gast.If) and rest and raises(stmt.body) != raises(stmt.orelse):
                side = stmt.orelse if raises(stmt.body) else stmt.body
                side += rest
                return [*out, *self.statement(stmt), *(s for s in stmts[k + 1 :] if is_exit(s))]
            out += self.statement(stmt)
        return out

    def statement(self, stmt: gast.stmt) -> Block:
        """One statement in steps."""
        match stmt:
            case gast.Expr() if is_exit(stmt):
                return [stmt]
            case gast.Assign(targets=targets, value=value):
                return self.assignment(stmt, targets, value)
            case gast.AugAssign():
                return self.augmented(stmt)
            case gast.Expr(value=value) | gast.Return(value=value) if value is not None:
                before, stmt.value = self.expression(value)
                return [*before, stmt]
            case gast.If(test=test):
                before, stmt.test = self.operand(test)
                stmt.body, stmt.orelse = self.block(stmt.body), self.block(stmt.orelse)
                return [*before, stmt]
            case gast.Assert(test=test):
                before, stmt.test = self.operand(test)
                return [*before, stmt]
            case gast.For():
                return self.for_loop(stmt)
            case gast.While():
                return self.while_loop(stmt)
            case gast.With():
                stmt.body = self.block(stmt.body)
                return [stmt]
            case gast.Try():
                stmt.body, stmt.orelse = self.block(stmt.body), self.block(stmt.orelse)
                stmt.finalbody = self.block(stmt.finalbody)
                for handler in stmt.handlers:
                    handler.body = self.block(handler.body)
                return [stmt]
            case _:
                return [stmt]

    def assignment(self, stmt: gast.Assign, targets: list[gast.expr], value: gast.expr) -> Block:
        """``a = b[i] = value``: the value, then target after target."""
        if isinstance(value, gast.GeneratorExp):
            return [stmt]
        before, value = self.expression(value)
        if all(_binds_names(t) for t in targets):
            return [*before, located(gast.Assign(targets, value, None), stmt)]
        kept, value = self.kept(value)
        before += kept
        for target in targets:
            before += self.target(stmt, target, value)
        return before

    def target(self, stmt: gast.stmt, target: gast.expr, value: gast.expr) -> Block:
        """Bind one target to a value that is there."""
        match target:
            case gast.Tuple(elts=elts) | gast.List(elts=elts) if not _binds_names(target):
                names = [self.name("t") for _ in elts]
                parts = [
                    gast.Starred(store(n), gast.Store()) if isinstance(e, gast.Starred) else store(n)
                    for n, e in zip(names, elts, strict=True)
                ]
                unpack: Block = [located(gast.Assign([gast.Tuple(parts, gast.Store())], value, None), stmt)]
                for name, part in zip(names, elts, strict=True):
                    inner = part.value if isinstance(part, gast.Starred) else part
                    unpack += self.target(stmt, inner, load(name))
                return unpack
            case gast.Subscript(value=base, slice=key):
                before, (base, key) = self.operands([base, key])
                target = located(gast.Subscript(base, key, gast.Store()), target)
                return [*before, located(gast.Assign([target], value, None), stmt)]
            case gast.Attribute(value=base, attr=attr):
                before, base = self.operand(base)
                target = located(gast.Attribute(base, attr, gast.Store()), target)
                return [*before, located(gast.Assign([target], value, None), stmt)]
            case _:
                return [located(gast.Assign([target], value, None), stmt)]

    def augmented(self, stmt: gast.AugAssign) -> Block:
        """``target op= value``: the parts of the target, what is there now, then the value."""
        match stmt.target:
            case gast.Subscript(value=base, slice=key):
                later, value = self.operand(stmt.value)
                before, (base, key) = self.operands([base, key])
                if later:
                    kept = self.ordered([([], base), ([], key), (later, value)])
                    _, (base, key, value) = kept
                    later = [assign(stmt, self.name("t"), gast.Subscript(base, key, gast.Load())), *kept[0]]
                stmt.target = located(gast.Subscript(base, key, gast.Store()), stmt.target)
            case gast.Attribute(value=base, attr=attr):
                later, value = self.operand(stmt.value)
                before, (base,) = self.operands([base])
                stmt.target = located(gast.Attribute(base, attr, gast.Store()), stmt.target)
            case _:
                before, (later, value) = [], self.operand(stmt.value)
        stmt.value = value
        return [*before, *later, stmt]

    def for_loop(self, stmt: gast.For) -> Block:
        match stmt.iter:
            case gast.Call(func=gast.Name(id=name), args=args, keywords=[]) if name in RANGES:
                before, stmt.iter.args = self.operands(args)
            case _:
                before, stmt.iter = self.operand(stmt.iter)
        first: Block = []
        if not _binds_names(stmt.target):
            item = self.name("t")
            first = self.target(stmt, stmt.target, load(item))
            stmt.target = located(store(item), stmt.target)
        stmt.body = [*first, *self.block(stmt.body)]
        return [*before, stmt]

    def while_loop(self, stmt: gast.While) -> Block:
        """The test is computed before the loop and at the end of its body, where it may raise."""
        stmt.body = self.block(stmt.body)
        if all(isinstance(part, QUIET) for part in gast.walk(stmt.test)):
            return [stmt]
        name = self.name("test")
        again: Block = self.statement(assign(stmt, name, copy.deepcopy(stmt.test)))
        before = self.statement(assign(stmt, name, stmt.test))
        stmt.test = located(load(name), stmt)
        last = stmt.body[-1]
        if is_exit(last):
            assert isinstance(last, gast.Expr) and isinstance(last.value, gast.Call)
            test = not_(copy.deepcopy(last.value.args[0]))
            stmt.body[-1:] = [located(gast.If(test, again, []), stmt), last]
        else:
            stmt.body += again
        return [*before, stmt]

    # -- expressions

    def expression(self, node: gast.expr) -> tuple[Block, gast.expr]:
        """Steps that come before, and an expression of one step at most."""
        match node:
            case gast.BinOp(left=left, right=right):
                before, (node.left, node.right) = self.operands([left, right])
            case gast.UnaryOp(operand=operand):
                before, node.operand = self.operand(operand)
            case gast.BoolOp(values=values):
                return self.short_circuit(node, values)
            case gast.Compare(left=left, comparators=[right]):
                before, (node.left, node.comparators[0]) = self.operands([left, right])
            case gast.Compare():
                return self.chain(node)
            case gast.IfExp():
                return self.conditional(node)
            case gast.Call():
                return self.call(node)
            case gast.Attribute(value=value):
                if _dotted(node):
                    return [], node
                before, node.value = self.operand(value)
            case gast.Subscript(value=value, slice=key):
                before, (node.value, node.slice) = self.operands([value, key])
            case gast.Slice(lower=lower, upper=upper, step=step):
                before, parts = self.operands([p for p in (lower, upper, step) if p is not None])
                supply = iter(parts)
                node.lower, node.upper, node.step = (None if p is None else next(supply) for p in (lower, upper, step))
            case gast.Tuple(elts=elts) | gast.List(elts=elts) | gast.Set(elts=elts):
                before, node.elts = self.operands(elts)
            case gast.Dict(keys=keys, values=values):
                flat = [x for pair in zip(keys, values, strict=True) for x in pair if x is not None]
                before, parts = self.operands(flat)
                supply = iter(parts)
                pairs = [(None if k is None else next(supply), next(supply)) for k in keys]
                node.keys, node.values = [k for k, _ in pairs], [v for _, v in pairs]
            case gast.Starred(value=value):
                before, node.value = self.operand(value)
            case gast.NamedExpr(target=target, value=value):
                before, value = self.expression(value)
                return [*before, assign(node, target.id, value)], located(load(target.id), node)
            case _ if isinstance(node, COMPREHENSIONS):
                before, node.generators[0].iter = self.operand(node.generators[0].iter)
            case _:
                before = []
        return before, node

    def operand(self, node: gast.expr) -> tuple[Block, gast.expr]:
        """Steps that come before, and an expression that makes none."""
        before, value = self.expression(node)
        if not _is_step(value):
            return before, value
        kept, value = self.kept(value)
        return [*before, *kept], value

    def kept(self, value: gast.expr) -> tuple[Block, gast.expr]:
        """A value in a variable of our own."""
        if isinstance(value, gast.Constant) or (isinstance(value, gast.Name) and "@" in value.id):
            return [], value
        if isinstance(value, gast.Starred):
            before, inner = self.kept(value.value)
            return before, located(gast.Starred(inner, gast.Load()), value)
        if isinstance(value, gast.Slice):
            parts = [None if p is None else self.kept(p) for p in (value.lower, value.upper, value.step)]
            before = [s for part in parts if part is not None for s in part[0]]
            return before, located(gast.Slice(*(None if p is None else p[1] for p in parts)), value)
        if isinstance(value, gast.Tuple):
            rows = [self.kept(v) for v in value.elts]
            whole = located(gast.Tuple([v for _, v in rows], gast.Load()), value)
            return [s for before, _ in rows for s in before], whole
        if isinstance(value, gast.GeneratorExp):
            value = located(gast.ListComp(value.elt, value.generators), value)
        name = self.name("t")
        return [assign(value, name, value)], located(load(name), value)

    def operands(self, nodes: Sequence[gast.expr]) -> tuple[Block, list[gast.expr]]:
        """Several operands, from left to right."""
        return self.ordered([self.operand(node) for node in nodes])

    def ordered(self, rows: Sequence[tuple[Block, gast.expr]]) -> tuple[Block, list[gast.expr]]:
        """Operands with the steps before each: one that a later step could change is kept in a variable."""
        before: Block = []
        values: list[gast.expr] = []
        later = [set[str]() for _ in rows]
        for k in range(len(rows) - 2, -1, -1):
            steps = rows[k + 1][0]
            later[k] = later[k + 1] | _bound(steps) | (self.shared if any(map(_calls, steps)) else frozenset())
        for (steps, value), changed in zip(rows, later, strict=True):
            before += steps
            if changed and any(isinstance(n, gast.Name) and n.id in changed for n in gast.walk(value)):
                kept, value = self.kept(value)
                before += kept
            values.append(value)
        return before, values

    def call(self, node: gast.Call) -> tuple[Block, gast.expr]:
        """A call: what is called, then the arguments in order."""
        only = node.args[0] if len(node.args) == 1 and not node.keywords else None
        if isinstance(only, gast.GeneratorExp) and isinstance(node.func, gast.Name) and node.func.id in ACCUMULATED:
            before, only.generators[0].iter = self.operand(only.generators[0].iter)
            return before, node
        parts = [*node.args, *(k.value for k in node.keywords)]
        match node.func:
            case gast.Attribute(value=base, attr=attr) if not _dotted(node.func):
                before, (base, *values) = self.operands([base, *parts])
                node.func = located(gast.Attribute(base, attr, gast.Load()), node.func)
            case gast.Name() | gast.Attribute():
                before, values = self.operands(parts)
            case _:
                before, (node.func, *values) = self.operands([node.func, *parts])
        node.args = values[: len(node.args)]
        for keyword, value in zip(node.keywords, values[len(node.args) :], strict=True):
            keyword.value = value
        return before, node

    # -- what runs only as far as it is needed

    def short_circuit(self, node: gast.BoolOp, values: list[gast.expr]) -> tuple[Block, gast.expr]:
        rows = [self.operand(v) for v in values]
        if not any(before for before, _ in rows[1:]):
            node.values = [v for _, v in rows]
            return rows[0][0], node
        name = self.name("t")
        out: Block = []
        block = out
        for k, (before, value) in enumerate(rows):
            block += [*before, assign(node, name, value)]
            if k + 1 < len(rows):
                rest: Block = []
                sides = (rest, []) if isinstance(node.op, gast.And) else ([located(gast.Pass(), node)], rest)
                block.append(located(gast.If(load(name), *sides), node))
                block = rest
        return out, located(load(name), node)

    def chain(self, node: gast.Compare) -> tuple[Block, gast.expr]:
        """``a < f(x) <= b``."""
        first, left = self.operand(node.left)
        rows = [self.operand(c) for c in node.comparators]
        if not any(before for before, _ in rows[1:]):
            before, (left, node.comparators[0]) = self.ordered([(first, left), rows[0]])
            node.left, node.comparators[1:] = left, [v for _, v in rows[1:]]
            return before, node
        name = self.name("t")
        out: Block = [*first]
        block = out
        for k, (op, (before, right)) in enumerate(zip(node.ops, rows, strict=True)):
            steps, (left,) = self.ordered([([], left), (before, right)])[0], [left]
            block += [*steps, assign(node, name, located(gast.Compare(left, [op], [right]), node))]
            left = right
            if k + 1 < len(rows):
                rest: Block = []
                block.append(located(gast.If(load(name), rest, []), node))
                block = rest
        return out, located(load(name), node)

    def conditional(self, node: gast.IfExp) -> tuple[Block, gast.expr]:
        before, test = self.operand(node.test)
        (then, body), (other, orelse) = self.operand(node.body), self.operand(node.orelse)
        if not then and not other:
            node.test, node.body, node.orelse = test, body, orelse
            return before, node
        name = self.name("t")
        sides = [[*steps, assign(node, name, value)] for steps, value in ((then, body), (other, orelse))]
        return [*before, located(gast.If(test, *sides), node)], located(load(name), node)


def raises(stmts: Sequence[gast.stmt]) -> bool:
    """Whether statements end in a raise on every way through them."""
    match stmts[-1] if stmts else None:
        case gast.Raise():
            return True
        case gast.If(body=body, orelse=orelse):
            return raises(body) and raises(orelse)
        case gast.With(body=body):
            return raises(body)
        case _:
            return False


def _is_step(node: gast.expr) -> bool:
    """Whether an expression, whose operands are simple, may raise."""
    match node:
        case gast.Constant() | gast.Name() | gast.Lambda() | gast.Slice() | gast.Starred():
            return False
        case gast.Tuple() | gast.List() | gast.Set() | gast.Dict():
            return False
        case gast.Attribute():
            return not _dotted(node)
        case _:
            return True


def _dotted(node: gast.expr) -> bool:
    """``np.linalg.inv``: names only. (An attribute that is a property of the user's stays where it is written.)"""
    while isinstance(node, gast.Attribute):
        node = node.value
    return isinstance(node, gast.Name)


def _binds_names(target: gast.expr) -> bool:
    """Whether a target binds plain names only."""
    match target:
        case gast.Name():
            return True
        case gast.Tuple(elts=elts) | gast.List(elts=elts):
            return all(_binds_names(e) for e in elts)
        case gast.Starred(value=value):
            return _binds_names(value)
        case _:
            return False


def _bound(steps: Sequence[gast.stmt]) -> set[str]:
    """The user's names that steps bind."""
    return {
        n.id
        for stmt in steps
        for n in gast.walk(stmt)
        if isinstance(n, gast.Name) and isinstance(n.ctx, gast.Store) and "@" not in n.id
    }


def _calls(stmt: gast.stmt) -> bool:
    return any(isinstance(n, gast.Call | gast.BinOp | gast.Compare | gast.Subscript) for n in gast.walk(stmt))


__all__ = ["Steps", "function_in_steps", "is_exit", "raises", "rebound_inside"]
