"""Calls that only CPython can make: of a Python object from outside, for its effect alone.

    log.append((x.copy(), g))        a container outside the function
    logger.info('at', rt.readonly(x))  a function that is not followed
    debug_bwd(x, g)                  a debugger, in a small function with the names that stand there

A module that makes one is never compiled and never stored: it is loaded with the objects it names, see `names_of`.
"""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from s2sad.ir import walk
from s2sad.ir.nodes import Effect, Module, Pos
from s2sad.ir.primitives import Primitive, literal
from s2sad.ir.types import Array, Type


@dataclass(frozen=True, slots=True)
class Hole:
    """Stands for one of the arguments of the call in the template of what the Python object is given."""

    number: int


@dataclass(frozen=True, slots=True)
class Named:
    """An object that the emitted module knows by a name."""

    name: str
    obj: Any


@dataclass(frozen=True, slots=True)
class Formatted:
    """A text: a template of `s2sad_rt.telling` and what stands in its fields."""

    template: str
    items: tuple[Any, ...]


@dataclass(frozen=True, slots=True, eq=False)
class PythonCall:
    """``root.path(*args, **kwargs)``: `args` and `kwargs` are trees of `Hole`s, plain values and `Named` objects.

    Arrays are copied where the callee `keeps` them, else it sees them read-only. With `parameters` it is a debugger:
    the module defines a function `function`, which has these names and makes the call.
    """

    root: Named
    path: tuple[str, ...] = ()
    args: tuple[Any, ...] = ()
    kwargs: tuple[tuple[str, Any], ...] = ()
    keeps: bool = False
    function: str = ""
    parameters: tuple[str, ...] = ()
    line: str = ""

    def spell(self, args: list[ast.expr], types: tuple[Type | None, ...]) -> ast.expr:
        """The call as an expression."""
        given = [expression(a, args, types, self._guard) for a in self.args]
        if self.function:
            return ast.Call(ast.Name(self.function), given, [])
        keywords = [ast.keyword(k, expression(v, args, types, self._guard)) for k, v in self.kwargs]
        return ast.Call(self._callee(), given, keywords)

    def _callee(self) -> ast.expr:
        callee: ast.expr = ast.Name(self.root.name)
        for name in self.path:
            callee = ast.Attribute(callee, name)
        return callee

    def _guard(self, arg: ast.expr) -> ast.expr:
        if self.function:
            return arg
        if self.keeps:
            return ast.Call(ast.Attribute(arg, "copy"), [], [])
        return ast.Call(ast.Attribute(ast.Name("rt"), "readonly"), [arg], [])

    def definition(self) -> str:
        """The function in which a debugger stops; empty for other calls."""
        if not self.function:
            return ""
        called = ast.unparse(ast.Call(self._callee(), [], []))
        note = f"    # {self.line}\n" if self.line else ""
        return f"def {self.function}({', '.join(self.parameters)}):\n{note}    {called}\n    return\n"

    def names(self) -> dict[str, Any]:
        """The objects that the module must know."""
        found = {self.root.name: self.root.obj}
        _collect((self.args, tuple(v for _, v in self.kwargs)), found)
        return found


def _collect(tree: Any, found: dict[str, Any]) -> None:
    match tree:
        case Named(name, obj):
            found[name] = obj
        case tuple() | list():
            for item in tree:
                _collect(item, found)
        case dict():
            _collect(list(tree.values()), found)


def expression(
    tree: Any, args: list[ast.expr], types: tuple[Type | None, ...], guard: Callable[[ast.expr], ast.expr]
) -> ast.expr:
    """A template as a Python expression."""
    match tree:
        case Hole(number):
            return guard(args[number]) if isinstance(types[number], Array) else args[number]
        case Named(name):
            return ast.Name(name)
        case Formatted(template, items):
            fields = [expression(x, args, types, guard) for x in items]
            return ast.Call(ast.Attribute(ast.Name("rt"), "text"), [literal(template), *fields], [])
        case [Named() as cls, *items] if isinstance(tree, tuple) and isinstance(cls.obj, type):
            return ast.Call(ast.Name(cls.name), [expression(x, args, types, guard) for x in items], [])
        case tuple():
            return ast.Tuple([expression(x, args, types, guard) for x in tree], ast.Load())
        case list():
            return ast.List([expression(x, args, types, guard) for x in tree], ast.Load())
        case dict():
            values = [expression(v, args, types, guard) for v in tree.values()]
            return ast.Dict([literal(k) for k in tree], values)
        case _:
            return literal(tree)


def _run(*args: Any, call: PythonCall) -> None:
    import s2sad_rt

    names = {"rt": s2sad_rt, **{f"arg{k}": a for k, a in enumerate(args)}}
    types = tuple(None for _ in args)
    text = ast.unparse(
        ast.fix_missing_locations(ast.Expression(call.spell([ast.Name(f"arg{k}") for k in range(len(args))], types)))
    )
    eval(compile(text, "<python call>", "eval"), {**call.names(), **names})


def _spell(args: list[ast.expr], params: dict[str, Any], types: tuple[Type, ...]) -> ast.expr:
    call: PythonCall = params["call"]
    return call.spell(args, types)


python_call = Primitive("python_call", _run, _spell, pure=False)
"""Effect ``python_call(*args; call)``."""


def _effects(module: Module) -> list[Effect]:
    every = (s for f in (*module.functions.values(), module.main) for s in walk.statements(f.body))
    return [s for s in every if isinstance(s, Effect) and s.prim is python_call]


def calls_of(module: Module) -> list[PythonCall]:
    """The calls of a module that only CPython can make, each once, in order."""
    calls: list[PythonCall] = [dict(s.params)["call"] for s in _effects(module)]
    return list({id(c): c for c in calls}.values())


def positions_of(module: Module) -> list[Pos | None]:
    """Where in the user's files these calls stand."""
    return list(dict.fromkeys(s.pos for s in _effects(module)))


def names_of(module: Module) -> dict[str, Any]:
    """The objects from outside that a module names."""
    names: dict[str, Any] = {}
    for call in calls_of(module):
        names.update(call.names())
    return names
