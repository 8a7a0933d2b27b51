"""The smallest case that fails in the same way: statements, blocks, expressions, sizes and arguments go while it fails.

Each edit is a function of a fresh copy of the syntax tree, so that one that does not help leaves no trace.
"""

from __future__ import annotations

import ast
import copy
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from tools.fuzzing.case import Case

Fails = Callable[[Case], bool]
Edit = Callable[[ast.Module], bool]
"""Changes a tree in place; False where it does not apply."""

TRIES = 1500
"""How many cases are tried at most."""


def shrink(case: Case, fails: Fails, tries: int = TRIES) -> Case:
    """A small case for which `fails` still holds, as it does for `case`."""
    left = tries
    seen: set[str] = set()

    def worth(candidate: Case) -> bool:
        nonlocal left
        key = repr(candidate)
        if key in seen or left <= 0:
            return False
        seen.add(key)
        left -= 1
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error", SyntaxWarning)  # such as `1.0[0]`
                compile(candidate.source, "<shrunk>", "exec")
        except (SyntaxError, ValueError):
            return False
        return fails(candidate)

    better = True
    while better and left > 0:
        better = False
        for step in (_one_function, _shorter, _simpler, _fewer_parameters, _smaller_arguments):
            position = 0
            while left > 0:
                found = _first(step(case), worth, position)
                if found is None:
                    break
                position, case = found
                better = True
    return case


def _first(candidates: Iterator[Case], worth: Fails, start: int) -> tuple[int, Case] | None:
    """The first candidate that still fails, and its number; those before `start`, tried already, come last."""
    waiting = []
    for k, candidate in enumerate(candidates):
        if k < start:
            waiting.append((k, candidate))
        elif worth(candidate):
            return k, candidate
    return next(((k, c) for k, c in waiting if worth(c)), None)


def _edited(case: Case, edits: Iterator[Edit]) -> Iterator[Case]:
    """The case after each edit by itself."""
    for edit in edits:
        tree = ast.parse(case.source)
        if not edit(tree):
            continue
        source = ast.unparse(ast.fix_missing_locations(tree))
        if source != case.source:
            yield replace(case, source=source)


# ---------------------------------------------------------------- functions


def _one_function(case: Case) -> Iterator[Case]:
    """With one of `f` and `loss` for both."""
    if not case.has_loss:
        return
    tree = ast.parse(case.source)
    named = {s.name: s for s in tree.body if isinstance(s, ast.FunctionDef)}
    for kept, dropped in (("f", "loss"), ("loss", "f")):
        body = [s for s in tree.body if s is not named[dropped]]
        name, named[kept].name = named[kept].name, "f"
        yield replace(case, source=ast.unparse(ast.Module(body, [])))
        named[kept].name = name


# ---------------------------------------------------------------- statements


def _shorter(case: Case) -> Iterator[Case]:
    """Without some statements, and with blocks in place of what they stand in."""
    return _edited(case, _statement_edits(ast.parse(case.source)))


def _statement_edits(tree: ast.Module) -> Iterator[Edit]:
    bodies = list(_bodies(tree))
    for number, body in enumerate(bodies):
        for size in (8, 4, 2, 1):
            if size > len(body):
                continue
            for k in range(0, len(body), size):
                if not any(isinstance(s, ast.Import) for s in body[k : k + size]):
                    yield _deletion(number, k, size)
    for number, body in enumerate(bodies):
        for k, stmt in enumerate(body):
            for which in range(_choices(stmt)):
                yield _unwrapping(number, k, which)


def _bodies(tree: ast.AST) -> Iterator[list[ast.stmt]]:
    """The lists of statements of a tree, outer ones first."""
    for node in ast.walk(tree):
        for name in ("body", "orelse"):
            body = getattr(node, name, None)
            if isinstance(body, list) and body:
                yield body


def _deletion(number: int, k: int, size: int) -> Edit:
    def edit(tree: ast.Module) -> bool:
        body = list(_bodies(tree))[number]
        if any(isinstance(s, ast.FunctionDef) and s.name in ("f", "loss") for s in body[k : k + size]):
            return False
        is_else = any(getattr(n, "orelse", None) is body for n in ast.walk(tree))
        del body[k : k + size]
        if not body and not is_else:
            body.append(ast.Pass())
        return True

    return edit


def _choices(stmt: ast.stmt) -> int:
    """How many ways there are to put what stands in a statement in its place."""
    match stmt:
        case ast.If(orelse=[_, *_]):
            return 2
        case ast.If() | ast.For() | ast.While() | ast.With():
            return 1
        case _:
            return 0


def _unwrapping(number: int, k: int, which: int) -> Edit:
    def edit(tree: ast.Module) -> bool:
        body = list(_bodies(tree))[number]
        stmt: Any = body[k]
        inside = list(stmt.orelse if which else stmt.body)
        if isinstance(stmt, ast.For) and isinstance(stmt.target, ast.Name):
            first = _first_item(stmt.iter)
            inside.insert(0, ast.Assign([stmt.target], first, lineno=0))
        body[k : k + 1] = inside
        return True

    return edit


def _first_item(items: ast.expr) -> ast.expr:
    """What a loop goes over first: 0 for a range, else an element."""
    if isinstance(items, ast.Call) and isinstance(items.func, ast.Name) and items.func.id in ("range", "reversed"):
        return ast.Constant(0)
    return ast.Subscript(items, ast.Constant(0), ast.Load())


# ---------------------------------------------------------------- expressions


def _simpler(case: Case) -> Iterator[Case]:
    """With expressions replaced by their parts or by constants, and numbers by smaller ones."""
    return _edited(case, _expression_edits(ast.parse(case.source)))


def _expression_edits(tree: ast.Module) -> Iterator[Edit]:
    for number, (owner, name, at) in enumerate(_places(tree)):
        node = _get(owner, name, at)
        for option in _options(node):
            yield _replacement(number, option)


def _places(tree: ast.AST) -> Iterator[tuple[ast.AST, str, int | None]]:
    """Where expressions stand that are read: the node, its field, and the number in that field."""
    for owner in ast.walk(tree):
        for name, value in ast.iter_fields(owner):
            if name in ("target", "targets", "func") or isinstance(owner, ast.arguments):
                continue
            if isinstance(value, ast.expr) and not isinstance(getattr(value, "ctx", None), ast.Store | ast.Del):
                yield owner, name, None
            elif isinstance(value, list):
                for k, item in enumerate(value):
                    if isinstance(item, ast.expr):
                        yield owner, name, k


def _get(owner: ast.AST, name: str, at: int | None) -> Any:
    value = getattr(owner, name)
    return value if at is None else value[at]


def _options(node: ast.expr) -> Iterator[ast.expr]:
    """What an expression may become: a constant, or a part of it."""
    match node:
        case ast.Constant(value=bool()) | ast.Constant(value=str()):
            return
        case ast.Constant(value=int() as value):
            yield from (ast.Constant(v) for v in (0, 1, 2, value - 1) if 0 <= v < value)
            return
        case ast.Constant(value=float() as value):
            if value != 1.0:
                yield ast.Constant(1.0)
            return
    if not isinstance(node, ast.Slice | ast.Tuple | ast.Attribute | ast.JoinedStr):
        yield from (ast.Constant(1.0), ast.Constant(0.0), ast.Constant(0))
    if isinstance(node, ast.Compare | ast.BoolOp | ast.UnaryOp):
        yield ast.Constant(True)
    for child in ast.walk(node):
        if child is not node and isinstance(child, ast.expr) and not isinstance(child, ast.Constant | ast.Slice):
            yield child
    if isinstance(node, ast.Tuple | ast.List) and len(node.elts) > 1:
        for k in range(len(node.elts)):
            yield type(node)([e for j, e in enumerate(node.elts) if j != k], ast.Load())


def _replacement(number: int, option: ast.expr) -> Edit:
    def edit(tree: ast.Module) -> bool:
        owner, name, at = list(_places(tree))[number]
        chosen = copy.deepcopy(option)
        if isinstance(getattr(chosen, "ctx", None), ast.Store):
            return False
        if at is None:
            setattr(owner, name, chosen)
        else:
            getattr(owner, name)[at] = chosen
        return True

    return edit


# ---------------------------------------------------------------- parameters and arguments


def _fewer_parameters(case: Case) -> Iterator[Case]:
    """Without a parameter of `f`, where one stays that is differentiated; or with it as a constant inside."""
    for k, name in enumerate(case.params):
        if k < case.inexact and case.inexact == 1:
            continue
        tree = ast.parse(case.source)
        for stmt in tree.body:
            if isinstance(stmt, ast.FunctionDef) and stmt.name in ("f", "loss"):
                stmt.args.args = [a for a in stmt.args.args if a.arg != name]
                for node in ast.walk(stmt):
                    if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "f":
                        node.args = [a for a in node.args if not (isinstance(a, ast.Name) and a.id == name)]
        params, args = (t[:k] + t[k + 1 :] for t in (case.params, case.args))
        inexact = case.inexact - (k < case.inexact)
        yield replace(case, source=ast.unparse(tree), params=params, args=args, inexact=inexact)


def _smaller_arguments(case: Case) -> Iterator[Case]:
    """With smaller arrays, and plainer numbers."""
    for k, value in enumerate(case.args):
        for smaller in _smaller(value):
            yield replace(case, args=(*case.args[:k], smaller, *case.args[k + 1 :]))


def _smaller(value: Any) -> Iterator[Any]:
    match value:
        case int():
            yield from (v for v in (0, 1, 2, value - 1) if 0 <= v < value)
        case float():
            yield from (v for v in (0.5, -0.5, round(value, 1)) if v != value and abs(value) != 0.5)
        case np.ndarray():
            for axis, n in enumerate(value.shape):
                if n > 0:
                    yield np.ascontiguousarray(value.take(range(n - 1), axis))
            plain = np.round(np.linspace(0.3, 0.8, value.size), 2).reshape(value.shape)
            if not np.array_equal(plain, value):
                yield plain
                if not np.array_equal(np.round(value, 1), value):
                    yield np.round(value, 1)
