"""The exact syntax tree of a Python function.

    find(function) -> FunctionSource

The whole file is parsed and compiled again with the flags of the function's code object; the node is the one whose code
object *equals* the function's (positions included). A file that changed since it was imported is refused. Several
lambdas on one line are told apart by ablation: change one candidate, and see whether the function's code object
vanishes.
"""

from __future__ import annotations

import ast
import copy
import linecache
import sys
import types
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeGuard

import gast

from s2sad import carried
from s2sad.errors import SourceNotFoundError
from s2sad.frontend.syntax.desugar import desugar
from s2sad.frontend.syntax.scopes import Scope, analyse
from s2sad.frontend.syntax.steps import function_in_steps
from s2sad.ir.nodes import Pos
from s2sad.parsing import parse

FunctionNode = ast.FunctionDef | ast.Lambda
WRITTEN = str(Path(__file__).parents[2] / "_").removesuffix("_")
"""Where functions of ours stand that are run as users' own are."""
COMPILER_FLAGS = 0x1FE0000
"""The `__future__` flags among the flags of a code object."""


@dataclass(frozen=True, eq=False)
class FunctionSource:
    """A function's tree in the kernel language, where it stands, and what its names are.

    `qualname` tells `f.<locals>.g` from `g`; `code` is None for functions that exist only inside elaborated code.
    """

    name: str
    node: gast.FunctionDef | gast.Lambda
    filename: str
    code: types.CodeType | None = None
    owner: str | None = None
    """The name of the class whose body the function stands in, for private names and `super()`."""
    _scope: list[Scope] = field(default_factory=list, repr=False)
    _in_steps: list[FunctionSource] = field(default_factory=list, repr=False)

    @property
    def scope(self) -> Scope:
        """Its local and captured names, and which are live where."""
        if not self._scope:
            self._scope.append(analyse(self.node))
        return self._scope[0]

    @property
    def in_steps(self) -> FunctionSource:
        """The same function with at most one step that may raise in each statement, to run where that is caught."""
        if not self._in_steps:
            self._in_steps.append(replace(self, node=function_in_steps(self.node), _scope=[], _in_steps=[]))
        return self._in_steps[0]

    @property
    def ours(self) -> bool:
        """Whether this is a function of ours, written as users write theirs."""
        return self.filename.startswith(WRITTEN)

    def pos(self, node: gast.AST | None = None) -> Pos:
        """The place of a node in the user's file."""
        node = node or self.node
        end = node.end_col_offset if getattr(node, "end_lineno", None) == node.lineno else None
        return Pos(self.filename, node.lineno, node.col_offset, end)


def find(function: types.FunctionType) -> FunctionSource:
    """The source of a Python function. Raises `SourceNotFoundError`."""
    return _find(function.__code__, function.__code__.co_filename, function.__name__)


@lru_cache(maxsize=512)
def _find(code: types.CodeType, filename: str, name: str) -> FunctionSource:
    """Code of two files may be equal, so the name of the file is in the key."""
    try:
        node = _node_in("".join(_lines_of(code, name)), code, name)
    except SourceNotFoundError:
        found = _in_carried(code, filename, name)
        if found is None:
            raise
        node, filename = found
    kernel = desugar(gast.ast_to_gast(node), filename)
    return FunctionSource(name, kernel, filename, code, _owner(code))


def _in_carried(code: types.CodeType, filename: str, name: str) -> tuple[FunctionNode, str] | None:
    """The node in a text that came along from another process, and the name of its file there."""
    for file, text in carried.texts(filename):
        try:
            return _node_in(text, code, name), file
        except SourceNotFoundError:
            continue
    return None


def _node_in(text: str, code: types.CodeType, name: str) -> FunctionNode:
    """The node in the text of a file that compiles to this very code object."""
    return _locate(_parse(text, code, name), code, name)


def _lines_of(code: types.CodeType, name: str) -> list[str]:
    linecache.checkcache(code.co_filename)
    lines = linecache.getlines(code.co_filename)
    if not lines:
        raise SourceNotFoundError(
            f"The source of {name} cannot be found ({code.co_filename} cannot be read).",
            "Define it in a file or a notebook cell, not with exec, python -c or in a plain interactive session. From "
            "another process, send the transform: s2sad.grad(f) takes the source along.",
        )
    return lines


def _parse(text: str, code: types.CodeType, name: str) -> ast.Module:
    try:
        return parse(text, code.co_filename)
    except SyntaxError as error:
        raise _changed(code, name) from error


def _changed(code: types.CodeType, name: str) -> SourceNotFoundError:
    return SourceNotFoundError(
        f"{code.co_filename} has changed since {name} was imported from it.",
        "Import the module again.",
        Pos(code.co_filename, code.co_firstlineno),
    )


Compile = Callable[[ast.Module], ast.Module]


def _locate(tree: ast.Module, code: types.CodeType, name: str) -> FunctionNode:
    """The node in the tree that compiles to this very code object."""
    for prepare in (_as_written, _with_pytest_asserts):
        if _compiles_to(prepare(tree), code):
            return _choose(tree, code, name, prepare)
    raise _changed(code, name)


def _choose(tree: ast.Module, code: types.CodeType, name: str, prepare: Compile) -> FunctionNode:
    """The node, among those of the same name and first line."""
    found = [node for node in ast.walk(tree) if _may_be(node, code)]
    if len(found) == 1:
        return found[0]
    for node in found:
        if _vanishes_without(tree, node, code, prepare):
            return node
    raise _changed(code, name)


def _as_written(tree: ast.Module) -> ast.Module:
    return tree


def _with_pytest_asserts(tree: ast.Module) -> ast.Module:
    """The tree as pytest compiles test modules, whose assert statements it rewrites."""
    rewrite = sys.modules.get("_pytest.assertion.rewrite")
    if rewrite is None:
        return tree
    rewritten = copy.deepcopy(tree)
    rewrite.rewrite_asserts(rewritten, b"")
    return rewritten


def _may_be(node: ast.AST, code: types.CodeType) -> TypeGuard[FunctionNode]:
    """Whether a node has the name and the first line of the code object."""
    match node:
        case ast.Lambda():
            return code.co_name == "<lambda>" and node.lineno == code.co_firstlineno
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            first = min([node.lineno, *(d.lineno for d in node.decorator_list)])
            return node.name == code.co_name and first == code.co_firstlineno
        case _:
            return False


def _vanishes_without(tree: ast.Module, node: FunctionNode, code: types.CodeType, prepare: Compile) -> bool:
    """Whether giving the node one more argument makes the code object disappear from the compiled file."""
    node.args.kwonlyargs.append(ast.arg("__s2sad_probe__", lineno=node.lineno, col_offset=node.col_offset))
    node.args.kw_defaults.append(ast.Constant(None, lineno=node.lineno, col_offset=node.col_offset))
    ast.fix_missing_locations(tree)
    try:
        return not _compiles_to(prepare(tree), code)
    finally:
        node.args.kwonlyargs.pop()
        node.args.kw_defaults.pop()


def _compiles_to(tree: ast.Module, code: types.CodeType) -> bool:
    """Whether compiling the file gives this code object somewhere."""
    flags = code.co_flags & COMPILER_FLAGS
    module = compile(tree, code.co_filename, "exec", flags=flags, dont_inherit=True, optimize=sys.flags.optimize)
    return any(inner == code for inner in _nested(module))


def _nested(code: types.CodeType) -> Iterator[types.CodeType]:
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield constant
            yield from _nested(constant)


def _owner(code: types.CodeType) -> str | None:
    """The name of the class that a method is defined in."""
    parts = code.co_qualname.split(".")
    return parts[-2] if len(parts) > 1 and parts[-2] != "<locals>" else None


def inner_source(outer: FunctionSource, node: gast.FunctionDef | gast.Lambda) -> FunctionSource:
    """The source of a function that stands inside another one (its tree is in the kernel language already)."""
    return _inner(outer, node)


@lru_cache(maxsize=2048)
def _inner(outer: FunctionSource, node: Any) -> FunctionSource:
    return FunctionSource(getattr(node, "name", "<lambda>"), node, outer.filename, None, outer.owner)
