"""``match`` as a chain of ifs."""

from __future__ import annotations

import copy
from collections.abc import Callable

import gast

from s2sad.frontend.syntax.trees import and_, assign, call, compare, constant, load, located, or_, store

Refuse = Callable[[gast.AST, str, str], Exception]


def match_to_ifs(stmt: gast.Match, subject: str, refuse: Refuse) -> list[gast.stmt]:
    """``subject = ...`` and an if for each case."""
    chain: list[gast.stmt] = []
    for case in reversed(stmt.cases):
        tests = _tests(case.pattern, load(subject), refuse)
        if case.guard is not None:
            tests.append(case.guard)
        chain = [located(gast.If(and_(tests), case.body, chain), stmt)] if tests else case.body
    return [assign(stmt, subject, stmt.subject), *chain]


def _tests(pattern: gast.AST, subject: gast.expr, refuse: Refuse) -> list[gast.expr]:
    """Conditions that hold together when the pattern matches; binding a name is a condition that always holds."""
    match pattern:
        case gast.MatchValue(value=value):
            return [compare(subject, gast.Eq(), value)]
        case gast.MatchSingleton(value=value):
            return [compare(subject, gast.Is(), constant(value))]
        case gast.MatchOr(patterns=patterns):
            return [or_([and_(_tests(p, copy.deepcopy(subject), refuse) or [constant(True)]) for p in patterns])]
        case gast.MatchAs(pattern=inner, name=name):
            tests = [] if inner is None else _tests(inner, copy.deepcopy(subject), refuse)
            if name is not None:
                bound = gast.NamedExpr(store(name), copy.deepcopy(subject))
                tests.append(gast.Tuple([bound], gast.Load()))
            return tests
        case gast.MatchSequence(patterns=patterns) if not any(isinstance(p, gast.MatchStar) for p in patterns):
            tests = [
                call("isinstance", [copy.deepcopy(subject), gast.Tuple([load("tuple"), load("list")], gast.Load())]),
                compare(call("len", [copy.deepcopy(subject)]), gast.Eq(), constant(len(patterns))),
            ]
            for k, inner in enumerate(patterns):
                item = gast.Subscript(copy.deepcopy(subject), constant(k), gast.Load())
                tests += _tests(inner, item, refuse)
            return tests
        case gast.MatchClass(cls=cls, patterns=[], kwd_attrs=[]):
            return [call("isinstance", [subject, cls])]
        case _:
            raise refuse(pattern, "This pattern is not supported.", "Match on constants, or write ifs.")
