"""Primitives: the operations of the IR, and those of them that give the language its structure.

A primitive has a name, a meaning (`impl`, a pure NumPy function) and a spelling (how it is printed). Its derivative is
declared in `s2sad.rules`. Called with IR values (`builder.Ref`) a primitive emits itself; called with numbers it runs.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from s2sad import plain
from s2sad.ir import paths
from s2sad.ir.types import Type
from s2sad.parsing import parse_expression

Spelling = str | Callable[[list[ast.expr], dict[str, Any], tuple[Type, ...]], ast.expr]


@dataclass(frozen=True, slots=True, eq=False)
class Primitive:
    """An operation on IR values.

    `impl(*args, **params)` gives the result (a tuple when `results` is not 1), never writes into its arguments.
    `spelling` is Python with holes ``_0, _1, ...`` for arguments, ``_args`` for all of them (starred) and ``_name`` for
    params, or a function of the argument expressions, params and argument types that gives the expression; names it
    may use are ``np``, ``math``, ``rt`` (s2sad_rt) and builtins. A keyword whose param is None, False or missing is
    left out. `elementwise` primitives broadcast, promote dtypes as NumPy 2 does, and are the same at every rank.
    `type_rule(args, params, size_of)` gives the result types where running `impl` on dummies would not do;
    an unknown dim in it is None. `pure` is False for what must not be merged or dropped.
    """

    name: str
    impl: Callable[..., Any]
    spelling: Spelling = ""
    results: int = 1
    elementwise: bool = False
    type_rule: Callable[..., tuple[Any, ...]] | None = None
    pure: bool = True

    def __call__(self, *args: Any, **params: Any) -> Any:
        for arg in args:
            if hasattr(arg, "_builder"):
                return arg._builder.apply(self, args, params)
        return self.impl(*args, **params)

    def __repr__(self) -> str:
        return f"<{self.name}>"

    def spell(self, args: Sequence[ast.expr], params: dict[str, Any], types: tuple[Type, ...]) -> ast.expr:
        """The call as a Python expression over the argument expressions."""
        spelling = self.spelling
        if callable(spelling):
            return spelling(list(args), params, types)
        if not spelling:
            keywords = [ast.keyword(k, literal(v)) for k, v in params.items()]
            return ast.Call(ast.Attribute(ast.Name("rt"), self.name), list(args), keywords)
        return _Fill(args, params).visit(_template(spelling))


@cache
def _template(text: str) -> ast.expr:
    return parse_expression(text)


class _Fill(ast.NodeTransformer):
    """Fills the holes of a spelling (building new nodes: templates are shared)."""

    def __init__(self, args: Sequence[ast.expr], params: dict[str, Any]) -> None:
        self.args, self.params = args, params

    def generic_visit(self, node: ast.AST) -> ast.AST:
        fields = {}
        for name, value in ast.iter_fields(node):
            if isinstance(value, list):
                items: list[Any] = []
                for item in value:
                    if isinstance(item, ast.Starred) and isinstance(item.value, ast.Name) and item.value.id == "_args":
                        items.extend(self.args)
                    elif isinstance(item, ast.keyword) and self._left_out(item):
                        continue
                    else:
                        items.append(self.visit(item) if isinstance(item, ast.AST) else item)
                fields[name] = items
            else:
                fields[name] = self.visit(value) if isinstance(value, ast.AST) else value
        return type(node)(**fields)

    def _left_out(self, node: ast.keyword) -> bool:
        hole = node.value
        if not (isinstance(hole, ast.Name) and hole.id.startswith("_")):
            return False
        value = self.params.get(hole.id[1:]) if not hole.id[1:].isdigit() else 0
        return value is None or value is False

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id.startswith("_"):
            key = node.id[1:]
            return self.args[int(key)] if key.isdigit() else literal(self.params[key])
        return node


def literal(value: Any) -> ast.expr:
    """A static value as a Python expression."""
    match value:
        case np.dtype():
            return ast.Attribute(ast.Name("np"), "bool_" if value == np.bool_ else value.name)
        case np.generic():
            return ast.Call(literal(value.dtype), [literal(value.item())], [])
        case tuple():
            return ast.Tuple([literal(v) for v in value], ast.Load())
        case bool() | None | str():
            return ast.Constant(value)
        case float() if value != value or value in (np.inf, -np.inf):
            node: ast.expr = ast.Attribute(ast.Name("np"), "nan" if value != value else "inf")
            return ast.UnaryOp(ast.USub(), node) if value == -np.inf else node
        case float() | int():
            value = plain.number(value)
            negative = value < 0 or (value == 0 and str(value).startswith("-"))
            return ast.UnaryOp(ast.USub(), ast.Constant(-value)) if negative else ast.Constant(value)
        case complex():
            return ast.Call(ast.Name("complex"), [literal(value.real), literal(value.imag)], [])
    raise TypeError(f"no literal for {value!r}")


# -- arrays ----------------------------------------------------------------------------------------------------------


def _load(array: Any, *operands: Any, path: paths.Path) -> Any:
    return paths.load_path(array, operands, path)


def _store(array: Any, value: Any, *operands: Any, path: paths.Path, once: bool = False) -> Any:
    out = np.array(array, order="K")
    paths.store_path(out, value, operands, path)
    return out


def _inc(array: Any, value: Any, *operands: Any, path: paths.Path) -> Any:
    out = np.array(array, order="K")
    paths.store_path(out, value, operands, path, add=True)
    return out


def _spell_load(args: list[ast.expr], params: dict[str, Any], types: tuple[Type, ...]) -> ast.expr:
    return paths.path_expr(args[0], args[1:], params["path"])


load = Primitive("load", _load, _spell_load)
"""``load(a, *operands; path)``: the value at the path, an element or an array."""
store = Primitive("store", _store)
"""``store(a, value, *operands; path, once)``: a new version of `a`. `once` says that nothing read or wrote the place
before (the array began at `undef`), so that its reverse need not zero it."""
inc = Primitive("inc", _inc)
"""``inc(a, value, *operands; path)``: ``a[path] += value``, repeated indices accumulating."""


def _shape(args: list[ast.expr]) -> ast.expr:
    return args[0] if len(args) == 1 else ast.Tuple(args, ast.Load())


def _spell_alloc(name: str) -> Callable[..., ast.expr]:
    def spell(args: list[ast.expr], params: dict[str, Any], types: tuple[Type, ...]) -> ast.expr:
        dtype = params["dtype"]
        extra = [] if dtype == np.float64 else [literal(dtype)]
        return ast.Call(ast.Attribute(ast.Name("np"), name), [_shape(args), *extra], [])

    return spell


undef = Primitive(
    "undef",
    lambda *dims, dtype: np.full(dims, np.nan if dtype.kind in "fc" else 0).astype(dtype),
    _spell_alloc("empty"),
)
"""``undef(*dims; dtype)``: an array nobody may read before it is stored into (nan under the interpreter)."""
zeros = Primitive("zeros", lambda *dims, dtype: np.zeros(dims, dtype), _spell_alloc("zeros"))
"""``zeros(*dims; dtype)``."""
dim = Primitive("dim", lambda a, axis: a.shape[axis], "_0.shape[_axis]")
"""``dim(a; axis)``: the size of one axis, a weak int."""


def _cast(x: Any, dtype: np.dtype, weak: bool = False) -> Any:
    if isinstance(x, np.ndarray):
        return x.astype(dtype)
    return dtype.type(x).item() if weak else dtype.type(x)


def _spell_cast(args: list[ast.expr], params: dict[str, Any], types: tuple[Type, ...]) -> ast.expr:
    from s2sad.ir.types import Array

    if isinstance(types[0], Array):
        return ast.Call(ast.Attribute(args[0], "astype"), [literal(params["dtype"])], [])
    if params.get("weak"):
        names = {"b": "bool", "i": "int", "u": "int", "f": "float", "c": "complex"}
        name = names[params["dtype"].kind]
        if types[0].dtype.kind == "b" and name in ("float", "complex"):  # which Numba does not do in one step
            args = [ast.Call(ast.Name("int"), args, [])]
        return ast.Call(ast.Name(name), args, [])
    return ast.Call(literal(params["dtype"]), args, [])


cast = Primitive("cast", _cast, _spell_cast)
"""``cast(x; dtype, weak)``: the same number or array with another dtype."""


# -- lists that grow -------------------------------------------------------------------------------------------------


def _list_set(items: list[Any], index: Any, value: Any, keeps: bool = False) -> list[Any]:
    out = list(items)
    out[index] = value
    return out


list_new = Primitive("list_new", lambda item: [], pure=False)
"""``list_new(; item)``: an empty list of items of that type."""
list_append = Primitive("list_append", lambda items, value: [*items, value])
list_get = Primitive("list_get", lambda items, index, front=False: items[index], "_0[_1]")
"""``list_get(l, i; front)``: an item; `front` says that the index is known not to count from the end."""
list_set = Primitive("list_set", _list_set)
"""``list_set(l, i, v; keeps)``; `keeps` says that the item keeps its shape."""
list_drop = Primitive("list_drop", lambda items: items[:-1])
"""``list_drop(l)``: the list without its last item."""
UPDATES = frozenset({store, inc, list_append, list_set, list_drop})
"""The primitives whose result is another version of their first argument."""
list_len = Primitive("list_len", len, "len(_0)")
list_zeros = Primitive("list_zeros", lambda items: [np.zeros_like(v)[()] for v in items])
"""``list_zeros(l)``: a list of zeros shaped as the items."""


# -- effects ---------------------------------------------------------------------------------------------------------


def _raise(*args: Any, kind: str, message: str = "") -> None:
    import builtins

    raise getattr(builtins, kind)(*([message] if message else []))


raise_ = Primitive("raise", _raise, pure=False)
"""Effect ``raise(; kind, message)``: raise a builtin exception."""
print_ = Primitive(
    "print", lambda *args, template: print(*[args[t] if isinstance(t, int) else t for t in template]), pure=False
)
"""Effect ``print(*args; template)``: `template` holds argument numbers and strings."""


def _tell(*args: Any, name: str, first: tuple[str, ...], template: str) -> None:
    from s2sad_rt import telling

    getattr(telling, name)(*first, template, *args)


def _spell_tell(args: list[ast.expr], params: dict[str, Any], types: tuple[Type, ...]) -> ast.expr:
    given = [literal(x) for x in (*params["first"], params["template"])]
    return ast.Call(ast.Attribute(ast.Name("rt"), params["name"]), [*given, *args], [])


tell = Primitive("tell", _tell, _spell_tell, pure=False)
"""Effect ``tell(*args; name, first, template)``: `name` of `s2sad_rt.telling` is given `first`, and a text with the
args in its fields."""
