"""Rewrites a function's tree into the kernel language, which has no jumps.

    for i in range(n):                      for i in range(n):
        if x[i] < 0:                            left = False
            break               becomes         if x[i] < 0:
        s += x[i]                                   left = True
                                                else:
                                                    s += x[i]
                                                __exit__(left)

`break`, `continue` and early `return` nest what follows them under the other branch of their `if`; only where a branch
*may* leave does a flag guard the rest. Flags start as literals, so branches that are decided now fold away. `try`
becomes a number that says which `raise` was met; `match` a chain of ifs. Names of our own contain an @, which no user's
name can.
"""

from __future__ import annotations

import copy
from dataclasses import dataclass, field, replace

import gast

from s2sad.errors import UnsupportedSyntaxError
from s2sad.frontend.syntax.patterns import match_to_ifs
from s2sad.frontend.syntax.trees import and_, assign, call, compare, constant, load, located, not_, or_
from s2sad.frontend.syntax.yields import rewritten
from s2sad.ir.nodes import Pos

Block = list[gast.stmt]
EXIT = "__exit__"


def desugar(node: gast.AST, filename: str = "") -> gast.AST:
    """The function (or lambda) in the kernel language, inner functions included. Changes the tree in place."""
    for inner in gast.walk(node):
        if isinstance(inner, gast.FunctionDef):
            inner.body = _Desugar(filename).function(rewritten(inner.body))
    return node


@dataclass(frozen=True, slots=True)
class Jumps:
    """Where jumps go at some place: the flag that each kind sets. `tail`: a `return` may stay a return."""

    tail: bool = True
    left: str | None = None
    skipped: str | None = None
    raised: str | None = None
    sites: list[gast.Raise] = field(default_factory=list)

    def flagged(self) -> Jumps:
        return replace(self, tail=False)


class _Desugar:
    """Rewrites one function."""

    def __init__(self, filename: str) -> None:
        self.filename = filename
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
            kinds = self.kinds(stmt, jumps)
            if not kinds:
                out += self.plain(stmt, jumps)
                continue
            match stmt:
                case gast.Return() | gast.Break() | gast.Continue() | gast.Raise():
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
                    stmt.body = self.block(stmt.body, jumps.flagged())
                    out.append(stmt)
            return out + self.guarded(stmt, rest, self.kinds(stmt, jumps, after=True) or kinds, jumps)
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
                stmt.body = self.block(stmt.body, jumps)
                return [stmt]
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
        return {"break": jumps.left, "continue": jumps.skipped, "raise": jumps.raised}[kind]

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
            case gast.Continue():
                assert jumps.skipped is not None
                return [assign(stmt, jumps.skipped, constant(True))]
            case _:
                assert isinstance(stmt, gast.Raise) and jumps.raised is not None
                jumps.sites.append(stmt)
                return [assign(stmt, jumps.raised, constant(len(jumps.sites)))]

    # -- loops

    def loop(self, stmt: gast.For | gast.While, jumps: Jumps) -> Block:
        inner = kinds_in(stmt.body, jumps.raised is not None)
        left, skipped = self.name("left"), self.name("skipped")
        body_jumps = replace(jumps, tail=False, left=left, skipped=skipped)
        orelse = stmt.orelse
        stmt.orelse = []
        body = self.block(stmt.body, body_jumps)
        flags = [f for f in (self.flag(k, body_jumps) for k in ("break", "return", "raise") if k in inner) if f]
        before = [] if "break" not in inner else [assign(stmt, left, constant(False))]
        if "continue" in inner:
            body.insert(0, assign(stmt, skipped, constant(False)))
        for flag in flags:
            start = constant(0 if flag == jumps.raised else False)
            body.insert(0, assign(stmt, flag, start))
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
        """``try``: a number tells which raise of its body was met; the handlers are chosen by it."""
        if not stmt.handlers:
            if kinds_in(stmt.body, True):
                raise self.refuse(
                    stmt, "A finally block is only supported where nothing leaves the try.", "Write it without try."
                )
            return self.block([*stmt.body, *stmt.orelse, *stmt.finalbody], jumps)
        if "raise" not in kinds_in(stmt.body, True):
            raise self.refuse(
                stmt,
                "Only exceptions that a raise statement in the try block itself raises can be caught.",
                "Test for the case beforehand with an if.",
            )
        raised = self.name("raised")
        sites: list[gast.Raise] = []
        body = self.block(stmt.body, replace(jumps, tail=False, raised=raised, sites=sites))
        chain: Block = [self.raise_again(stmt, raised, sites)] if sites else []
        chain = self.block(chain, jumps.flagged()) if jumps.raised else chain
        for handler in reversed(stmt.handlers):
            chain = [self.handler(handler, raised, sites, chain, jumps)]
        done = located(compare(load(raised), gast.Eq(), constant(0)), stmt)
        orelse = self.block(stmt.orelse, jumps.flagged()) or [located(gast.Pass(), stmt)]
        out: Block = [assign(stmt, raised, constant(0)), *body]
        escaped = [load(f) for f in (self.flag(k, jumps) for k in sorted(kinds_in(stmt.body, False))) if f]
        choice: gast.stmt = located(gast.If(done, orelse, chain), stmt)
        if escaped:
            choice = located(gast.If(not_(or_(escaped)), [choice], []), stmt)
        if stmt.finalbody and escaped:
            raise self.refuse(
                stmt, "A finally block is only supported where nothing leaves the try.", "Write it without try."
            )
        return [*out, choice, *self.block(stmt.finalbody, jumps.flagged())]

    def handler(
        self, handler: gast.ExceptHandler, raised: str, sites: list[gast.Raise], chain: Block, jumps: Jumps
    ) -> gast.stmt:
        """``if it is one of the raises that this handler catches: ... else: the next handler``."""
        tests = [compare(load(raised), gast.Eq(), constant(k)) for k in range(1, len(sites) + 1)]
        if handler.type is not None:
            tests = [
                and_([test, call("issubclass", [_class_of(site), copy.deepcopy(handler.type)])])
                for test, site in zip(tests, sites, strict=True)
            ]
        body = [_Reraise(sites, raised).visit(s) for s in handler.body]
        return located(gast.If(or_(tests), self.block(body, jumps.flagged()), chain), handler)

    def raise_again(self, stmt: gast.stmt, raised: str, sites: list[gast.Raise]) -> gast.stmt:
        return _raise_again(stmt, raised, sites)

    # -- which jumps a statement may make

    def kinds(self, stmt: gast.stmt, jumps: Jumps, after: bool = False) -> set[str]:
        return kinds_in([stmt], jumps.raised is not None)


def _raise_again(stmt: gast.stmt, raised: str, sites: list[gast.Raise]) -> gast.stmt:
    """Raise what was met, as an if chain over the raises."""
    chain: gast.stmt = copy.deepcopy(sites[-1])
    for k in range(len(sites) - 1, 0, -1):
        test = compare(load(raised), gast.Eq(), constant(k))
        chain = located(gast.If(test, [copy.deepcopy(sites[k - 1])], [chain]), stmt)
    return chain


class _Reraise(gast.NodeTransformer):
    """Replaces a bare `raise` in a handler by a raise of what was caught."""

    def __init__(self, sites: list[gast.Raise], raised: str) -> None:
        self.sites, self.raised = sites, raised

    def visit_Raise(self, node: gast.Raise) -> gast.stmt:
        return _raise_again(node, self.raised, self.sites) if node.exc is None else node


def _class_of(site: gast.Raise) -> gast.expr:
    exc = site.exc
    return copy.deepcopy(exc.func if isinstance(exc, gast.Call) else exc)


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
            return "break" not in kinds_in(body, False)
        case _:
            return False


def kinds_in(stmts: Block, raises: bool) -> set[str]:
    """The kinds of jumps that may lead out of the statements. `raises`: whether a raise is one of them."""
    found: set[str] = set()
    for stmt in stmts:
        match stmt:
            case gast.Return():
                found.add("return")
            case gast.Break():
                found.add("break")
            case gast.Continue():
                found.add("continue")
            case gast.Raise() if raises:
                found.add("raise")
            case gast.If(body=body, orelse=orelse):
                found |= kinds_in(body, raises) | kinds_in(orelse, raises)
            case gast.With(body=body):
                found |= kinds_in(body, raises)
            case gast.For(body=body, orelse=orelse) | gast.While(body=body, orelse=orelse):
                found |= (kinds_in(body, raises) - {"break", "continue"}) | kinds_in(orelse, raises)
            case gast.Match(cases=cases):
                found |= set().union(*(kinds_in(c.body, raises) for c in cases))
            case gast.Try(body=body, handlers=handlers, orelse=orelse, finalbody=finalbody):
                found |= kinds_in(body, False if handlers else raises)
                for part in (orelse, finalbody, *(h.body for h in handlers)):
                    found |= kinds_in(part, raises)
                if raises and handlers and any(h.type is not None for h in handlers):
                    found.add("raise")
    return found
