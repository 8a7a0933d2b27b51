"""Rewrites a function's tree into the kernel language, which has no jumps.

    for i in range(n):                      for i in range(n):
        if x[i] < 0:                            left = False
            break               becomes         if x[i] < 0:
        s += x[i]                                   left = True
                                                else:
                                                    s += x[i]
                                                __exit__(left)

`break`, `continue` and early `return` nest what follows them under the other branch of their `if`; only where a branch
*may* leave does a flag guard the rest. Flags start as literals, so branches that are decided now fold away. `match`
becomes a chain of ifs. A `try` stays, with its statements in steps (`steps`) and at most one of handlers and `finally`:
what is raised in it is followed where it is run (`elaborate/attempts.py`). Names of our own contain an @, which no
user's name can.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, replace

import gast

from s2sad.errors import UnsupportedSyntaxError
from s2sad.frontend.syntax.patterns import match_to_ifs
from s2sad.frontend.syntax.steps import EXIT, Steps, rebound_inside
from s2sad.frontend.syntax.trees import assign, call, constant, load, located, not_, or_
from s2sad.frontend.syntax.yields import rewritten
from s2sad.ir.nodes import Pos

Block = list[gast.stmt]
FORGET = "__forget__"
"""The statement ``__forget__()`` ends a finally block that is left by a jump: what was raised before is dropped."""


def desugar(node: gast.AST, filename: str = "") -> gast.AST:
    """The function (or lambda) in the kernel language, inner functions included. Changes the tree in place."""
    for inner in gast.walk(node):
        if isinstance(inner, gast.FunctionDef):
            inner.body = _Desugar(filename, rebound_inside(inner)).function(rewritten(inner.body))
    return node


@dataclass(frozen=True, slots=True)
class Jumps:
    """Where jumps go at some place: the flag that each kind sets. `tail`: a `return` may stay a return."""

    tail: bool = True
    left: str | None = None
    skipped: str | None = None

    def flagged(self) -> Jumps:
        return replace(self, tail=False)


class _Desugar:
    """Rewrites one function."""

    def __init__(self, filename: str, shared: frozenset[str]) -> None:
        self.filename = filename
        self.steps = Steps(self.name, shared)
        self.count = 0
        self.returns = False

    def name(self, hint: str) -> str:
        self.count += 1
        return f"{hint}@{self.count}"

    def refuse(self, node: gast.AST, why: str, instead: str) -> UnsupportedSyntaxError:
        return UnsupportedSyntaxError(
            why, instead, Pos(self.filename, node.lineno, node.col_offset, node.end_col_offset)
        )

    def function(self, body: Block) -> Block:
        out = self.block(body, Jumps())
        if self.returns:
            out.insert(0, assign(body[0], "returned@0", constant(False)))
        return out

    # -- blocks

    def block(self, stmts: Block, jumps: Jumps) -> Block:
        """The statements without jumps. What follows a statement that may jump is guarded."""
        out: Block = []
        for k, stmt in enumerate(stmts):
            rest = stmts[k + 1 :]
            kinds = kinds_in([stmt])
            if not kinds:
                out += self.plain(stmt, jumps)
                continue
            match stmt:
                case gast.Return() | gast.Break() | gast.Continue():
                    return out + self.jump(stmt, jumps)
                case gast.If():
                    return out + self.branch(stmt, rest, kinds, jumps)
                case gast.Match():
                    return out + self.block([*match_to_ifs(stmt, self.name("subject"), self.refuse), *rest], jumps)
                case gast.For() | gast.While():
                    out += self.loop(stmt, jumps)
                case gast.Try():
                    out += self.attempt(stmt, jumps)
                case gast.With():
                    out.append(self.managed(stmt, jumps.flagged()))
            return out + self.guarded(stmt, rest, kinds, jumps)
        return out

    def plain(self, stmt: gast.stmt, jumps: Jumps) -> Block:
        """A statement that never jumps out of itself."""
        match stmt:
            case gast.AnnAssign(target=target, value=value):
                return [] if value is None else [located(gast.Assign([target], value, None), stmt)]
            case gast.If():
                stmt.body, stmt.orelse = self.block(stmt.body, jumps), self.block(stmt.orelse, jumps)
                return [stmt]
            case gast.With():
                return [self.managed(stmt, jumps)]
            case gast.Match():
                return self.block(match_to_ifs(stmt, self.name("subject"), self.refuse), jumps)
            case gast.For() | gast.While():
                return self.loop(stmt, jumps)
            case gast.Try():
                return self.attempt(stmt, jumps)
            case _:
                return [stmt]

    def branch(self, stmt: gast.If, rest: Block, kinds: set[str], jumps: Jumps) -> Block:
        """An if, a branch of which may jump, and what follows it."""
        if not rest or leaves(stmt.body) or leaves(stmt.orelse):
            body = stmt.body if leaves(stmt.body) else stmt.body + rest
            orelse = stmt.orelse if leaves(stmt.orelse) else stmt.orelse + rest
            stmt.body, stmt.orelse = self.block(body, jumps), self.block(orelse, jumps)
            return [stmt]
        inner = jumps.flagged()
        stmt.body, stmt.orelse = self.block(stmt.body, inner), self.block(stmt.orelse, inner)
        return [stmt, *self.guarded(stmt, rest, kinds, jumps)]

    def guarded(self, stmt: gast.stmt, rest: Block, kinds: set[str], jumps: Jumps) -> Block:
        """What follows a statement that may have set the flags of these kinds of jumps."""
        if "return" in kinds and jumps.tail:
            returned = located(gast.Return(load("value@0")), stmt)
            later = self.block(rest, jumps)
            others = [f for f in (self.flag(k, jumps) for k in sorted(kinds - {"return"})) if f]
            if others:
                later = [located(gast.If(not_(or_([load(f) for f in others])), later or [gast.Pass()], []), stmt)]
            return [located(gast.If(load("returned@0"), [returned], later), stmt)]
        later = self.block(rest, jumps)
        if not later:
            return []
        flags = [load(f) for f in (self.flag(k, jumps) for k in sorted(kinds)) if f]
        return [located(gast.If(not_(or_(flags)), later, []), stmt)]

    def flag(self, kind: str, jumps: Jumps) -> str | None:
        if kind == "return":
            self.returns = True
            return "returned@0"
        return {"break": jumps.left, "continue": jumps.skipped}[kind]

    def jump(self, stmt: gast.stmt, jumps: Jumps) -> Block:
        match stmt:
            case gast.Return(value=value):
                if jumps.tail:
                    return [stmt]
                self.returns = True
                return [assign(stmt, "value@0", value or constant(None)), assign(stmt, "returned@0", constant(True))]
            case gast.Break():
                assert jumps.left is not None
                return [assign(stmt, jumps.left, constant(True))]
            case _:
                assert isinstance(stmt, gast.Continue) and jumps.skipped is not None
                return [assign(stmt, jumps.skipped, constant(True))]

    # -- loops

    def loop(self, stmt: gast.For | gast.While, jumps: Jumps) -> Block:
        inner = kinds_in(stmt.body)
        left, skipped = self.name("left"), self.name("skipped")
        body_jumps = replace(jumps, tail=False, left=left, skipped=skipped)
        orelse = stmt.orelse
        stmt.orelse = []
        body = self.block(stmt.body, body_jumps)
        flags = [f for f in (self.flag(k, body_jumps) for k in ("break", "return") if k in inner) if f]
        before = [] if "break" not in inner else [assign(stmt, left, constant(False))]
        if "continue" in inner:
            body.insert(0, assign(stmt, skipped, constant(False)))
        for flag in flags:
            body.insert(0, assign(stmt, flag, constant(False)))
        body += self.walrus_test(stmt, flags, before)
        if flags:
            body.append(located(gast.Expr(call(EXIT, [or_([load(f) for f in flags])])), stmt))
        stmt.body = body
        after: Block = []
        if orelse:
            later = self.block(orelse, jumps.flagged())
            after = [located(gast.If(not_(or_([load(f) for f in flags])), later, []), stmt)] if flags else later
        return [*before, stmt, *after]

    def walrus_test(self, stmt: gast.For | gast.While, flags: list[str], before: Block) -> Block:
        """A test that binds names is kept in a variable: computed before the loop and at the end of its body."""
        if not isinstance(stmt, gast.While) or not any(isinstance(n, gast.NamedExpr) for n in gast.walk(stmt.test)):
            return []
        name = self.name("test")
        before.append(assign(stmt, name, stmt.test))
        again: Block = [assign(stmt, name, copy.deepcopy(stmt.test))]
        stmt.test = load(name)
        located(stmt.test, stmt)
        return [located(gast.If(not_(or_([load(f) for f in flags])), again, []), stmt)] if flags else again

    # -- exceptions

    def attempt(self, stmt: gast.Try, jumps: Jumps) -> Block:
        """``try``: its parts without jumps, in steps. A finally block runs whichever flags are set by then."""
        inner = jumps.flagged()
        escaping = kinds_in(stmt.body)
        stmt.body = self.block(stmt.body, inner)
        stmt.orelse = self.block(stmt.orelse, inner)
        flags = [load(f) for f in (self.flag(k, jumps) for k in sorted(escaping)) if f]
        if stmt.orelse and flags:
            stmt.orelse = [located(gast.If(not_(or_(flags)), stmt.orelse, []), stmt)]
        for handler in stmt.handlers:
            handler.body = self.block(handler.body, inner)
        last = self.block(stmt.finalbody, inner)
        overriding = [load(f) for f in (self.flag(k, jumps) for k in sorted(kinds_in(stmt.finalbody))) if f]
        if overriding:
            forget: Block = [located(gast.Expr(call(FORGET, [])), stmt)]
            last.append(located(gast.If(or_(overriding), forget, []), stmt))
        stmt.finalbody = []
        out: gast.stmt = stmt
        if last and stmt.handlers:
            out = located(gast.Try([stmt], [], [], last), stmt)
        elif last:
            stmt.body, stmt.orelse, stmt.finalbody = stmt.body + stmt.orelse, [], last
        return self.steps.statement(out)

    def managed(self, stmt: gast.With, jumps: Jumps) -> gast.stmt:
        """``with``: that of `contextlib.suppress` is a try, whose statements are in steps."""
        stmt.body = self.block(stmt.body, jumps.flagged() if suppresses(stmt) else jumps)
        return self.steps.statement(stmt)[0] if suppresses(stmt) else stmt


def suppresses(stmt: gast.With) -> bool:
    """Whether a with statement is one of `contextlib.suppress`, by the look of it."""
    match stmt.items[0].context_expr:
        case gast.Call(func=gast.Name(id="suppress") | gast.Attribute(attr="suppress")):
            return True
        case _:
            return False


def leaves(stmts: Block) -> bool:
    """Whether control never reaches the end of the statements."""
    if not stmts:
        return False
    match stmts[-1]:
        case gast.Return() | gast.Break() | gast.Continue() | gast.Raise():
            return True
        case gast.If(body=body, orelse=orelse):
            return leaves(body) and leaves(orelse)
        case gast.With(body=body):
            return leaves(body)
        case gast.While(test=gast.Constant(value=True), body=body):
            return "break" not in kinds_in(body)
        case _:
            return False


def kinds_in(stmts: Block) -> set[str]:
    """The kinds of jumps that may lead out of the statements."""
    found: set[str] = set()
    for stmt in stmts:
        match stmt:
            case gast.Return():
                found.add("return")
            case gast.Break():
                found.add("break")
            case gast.Continue():
                found.add("continue")
            case gast.If(body=body, orelse=orelse):
                found |= kinds_in(body) | kinds_in(orelse)
            case gast.With(body=body):
                found |= kinds_in(body)
            case gast.For(body=body, orelse=orelse) | gast.While(body=body, orelse=orelse):
                found |= (kinds_in(body) - {"break", "continue"}) | kinds_in(orelse)
            case gast.Match(cases=cases):
                found |= set().union(*(kinds_in(c.body) for c in cases))
            case gast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                for part in (body, orelse, finalbody, *(h.body for h in handlers)):
                    found |= kinds_in(part)
    return found
