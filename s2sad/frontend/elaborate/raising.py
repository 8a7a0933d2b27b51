"""``raise``: an effect, after which control does not go on.

    raise MyError(f"n is {n}")    ->    raise ArithmeticError('MyError: n is {n}')

Emitted code raises builtin exceptions with a text that is known beforehand, as Numba can. What the user raises there
is kept as a `Raised`, by what is raised in its place; whoever called the code makes the one of the other (`restored`).
"""

from __future__ import annotations

import builtins
import copy
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NoReturn

import gast

from s2sad.errors import NeedStatic, S2sadError
from s2sad.frontend.elaborate import catching
from s2sad.frontend.elaborate.expressions import evaluate
from s2sad.frontend.library.support import UNKNOWN, known
from s2sad.frontend.values.unreachable import Unreachable
from s2sad.frontend.values.values import ArrayRef, Buffer, Number, Static, Value
from s2sad.ir.nodes import Atom, Effect, Var
from s2sad.ir.primitives import raise_

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

Values = Mapping[Var, Any]
"""The parameters of a compiled function, as it was called."""


# -- what is raised


@dataclass(frozen=True, slots=True)
class Known:
    """An argument of an exception that is known beforehand."""

    obj: Any

    @property
    def text(self) -> str:
        return str(self.obj)

    def value(self, values: Values) -> Any:
        return self.obj


@dataclass(frozen=True, slots=True)
class Shown:
    """What is known neither beforehand nor from the parameters: its text says what stands there."""

    text: str

    def value(self, values: Values) -> Any:
        return self.text


@dataclass(frozen=True, slots=True)
class Late:
    """An expression of known objects and of parameters."""

    source: str
    names: tuple[tuple[str, Known | Var], ...]
    text: str

    def value(self, values: Values) -> Any:
        names = {n: x.obj if isinstance(x, Known) else values.get(x, UNKNOWN) for n, x in self.names}
        if any(x is UNKNOWN for x in names.values()):
            return self.text
        try:
            return eval(self.source, names)
        except Exception:  # the text says as much
            return self.text


@dataclass(frozen=True, slots=True)
class Joined:
    """A text of several parts."""

    parts: tuple[Part, ...]

    @property
    def text(self) -> str:
        return "".join(p.text for p in self.parts)

    def value(self, values: Values) -> str:
        return "".join(str(p.value(values)) for p in self.parts)


Part = Known | Shown | Late | Joined


@dataclass(frozen=True, slots=True)
class Raised:
    """What the user raises: an instance that is there already, or a class and the arguments it is made of."""

    cls: type[BaseException]
    args: tuple[Part, ...] = ()
    kwargs: tuple[tuple[str, Part], ...] = ()
    instance: BaseException | None = None

    @property
    def known(self) -> BaseException | None:
        """The exception itself, where all that it is made of is known now."""
        if self.instance is None and not all(isinstance(p, Known) for p in (*self.args, *(p for _, p in self.kwargs))):
            return None
        return self.make({})

    @property
    def stand_in(self) -> tuple[str, str]:
        """The builtin class, and the text, that are raised in its place."""
        message = ", ".join(p.text for p in (*self.args, *(p for _, p in self.kwargs)) if p.text)
        kind = builtin_base(self.cls)
        own = "" if self.cls is getattr(builtins, kind) else self.cls.__name__
        return kind, ": ".join(part for part in (own, message) if part)

    def make(self, values: Values) -> BaseException:
        if self.instance is not None:
            return self.instance
        args = tuple(p.value(values) for p in self.args)
        try:
            return self.cls(*args, **{k: p.value(values) for k, p in self.kwargs})
        except Exception:  # it wants what is known at run time only
            made = self.cls.__new__(self.cls, *args)
            made.args = args
            return made


def fault(cls: type[BaseException], why: str, args: tuple[Any, ...] | None) -> Raised:
    """What an operation raises: with its arguments, or with a text of ours that says what it is about."""
    return Raised(cls, (Shown(why),) if args is None else tuple(Known(a) for a in args))


def restored(elab: Elaborator, error: Exception, values: Values) -> BaseException | None:
    """What the user raised where compiled code raised `error`; None where that is the same, or not known."""
    text = error.args[0] if error.args else ""
    found = elab.raised.get((type(error).__name__, text)) if isinstance(text, str) else None
    return None if found is None else found.make(values)


# -- raising


def raise_statement(elab: Elaborator, exc: gast.expr) -> None:
    """``raise``."""
    throw(elab, raised_by(elab, exc))


def throw(elab: Elaborator, what: Raised) -> None:
    """Raise an exception: where it is caught, control leaves what is run there; else nothing follows."""
    if catching.catches(elab, what.cls):
        return catching.throw(elab, what)
    key = what.stand_in
    if repr(elab.raised.setdefault(key, what)) != repr(what):  # elsewhere the text stands for something else
        elab.raised[key] = Raised(what.cls, tuple(Known(p.text) for p in what.args))
    _emit(elab, *key)


def raised_by(elab: Elaborator, exc: gast.expr) -> Raised:
    """What a statement raises."""
    match exc:
        case gast.Call(func=func, args=args, keywords=keywords):
            cls = _class(evaluate(elab, func))
            if cls is not None:
                named = tuple((k.arg, part_of(elab, k.value)) for k in keywords if k.arg is not None)
                return Raised(cls, tuple(part_of(elab, a) for a in args), named)
        case _:
            value = evaluate(elab, exc)
            cls = _class(value)
            if cls is not None:
                return Raised(cls)
            if isinstance(value, Static) and isinstance(value.obj, BaseException):
                return Raised(type(value.obj), (Known(str(value.obj)),), instance=value.obj)
    elab.mismatch("Only exceptions can be raised.", "Raise an exception class or an instance made on the spot.")


def _class(value: Value) -> type[BaseException] | None:
    cls = value.obj if isinstance(value, Static) else None
    return cls if isinstance(cls, type) and issubclass(cls, BaseException) else None


def fail(elab: Elaborator, cls: type[BaseException], message: str) -> NoReturn:
    """Raise a builtin exception when the program runs."""
    _emit(elab, builtin_base(cls), message)


def _emit(elab: Elaborator, kind: str, message: str) -> NoReturn:
    elab.builder.append(Effect(raise_, (), (("kind", kind), ("message", message)), elab.pos))
    raise Unreachable


def builtin_base(cls: type) -> str:
    """The name of the nearest builtin exception class."""
    return next(c.__name__ for c in cls.__mro__ if getattr(builtins, c.__name__, None) is c)


# -- its arguments


def part_of(elab: Elaborator, node: gast.expr) -> Part:
    """An argument of an exception: known now, made of parameters when it is raised, or its source text."""
    if isinstance(node, gast.FormattedValue):
        whole: gast.expr = gast.JoinedStr([node])
    elif isinstance(found := attempt(elab, node), Known):
        return found
    else:
        whole = node
    holes = _Holes(elab)
    try:
        return Late(unparse(holes.visit(copy.deepcopy(whole))), tuple(holes.found.items()), text_of(node))
    except _Unknown:
        pass
    match node:
        case gast.JoinedStr(values=values):
            return Joined(tuple(part_of(elab, v) for v in values))
        case gast.BinOp(left=left, op=gast.Add(), right=right) if _is_text(left) or _is_text(right):
            return Joined((part_of(elab, left), part_of(elab, right)))
        case _:
            return Shown(text_of(node))


class _Unknown(Exception):
    """A part of an expression is known at run time only, and is no parameter."""


class _Holes(gast.NodeTransformer):
    """Puts names for what is known or a parameter in an expression, and keeps what they stand for."""

    def __init__(self, elab: Elaborator) -> None:
        self.elab = elab
        self.found: dict[str, Known | Var] = {}

    def visit(self, node: gast.AST) -> Any:
        if not isinstance(node, gast.expr) or isinstance(node, gast.Constant | gast.JoinedStr | gast.FormattedValue):
            return self.generic_visit(node)
        found = attempt(self.elab, node)
        if found is None:
            if isinstance(node, gast.Name):
                raise _Unknown
            return self.generic_visit(node)
        name = f"_{len(self.found)}"
        self.found[name] = found
        return gast.Name(name, gast.Load(), None, None)


def _is_text(node: gast.expr) -> bool:
    """Whether an expression is a string by the look of it."""
    match node:
        case gast.JoinedStr() | gast.Constant(value=str()):
            return True
        case gast.BinOp(left=left, op=gast.Add() | gast.Mod(), right=right):
            return _is_text(left) or (isinstance(node.op, gast.Add) and _is_text(right))
        case _:
            return False


def attempt(elab: Elaborator, node: gast.expr) -> Known | Var | None:
    """What an expression gives, where that is known now or a parameter; nothing of it is kept."""

    def run() -> Known | Var | None:
        value = elab.resolve(evaluate(elab, node))
        obj = known(elab, value)
        return _parameter(elab, value) if obj is UNKNOWN else Known(obj)

    try:
        return elab.trial(run)
    except (S2sadError, NeedStatic, Unreachable):
        return None


def _parameter(elab: Elaborator, value: Value) -> Var | None:
    """The parameter of main that a value is, unchanged."""
    atom: Atom | None = None
    match value:
        case Number(atom):
            pass
        case ArrayRef(location, path=()) if isinstance(content := elab.get(location), Buffer):
            atom = content.atom
    while isinstance(atom, Var) and atom in elab.stand_ins:
        atom = elab.stand_ins[atom]
    hidden = (var for var, _ in elab.outside.captured)
    return atom if isinstance(atom, Var) and (atom in elab.leaves or atom in hidden) else None


def text_of(node: gast.expr) -> str:
    """A message as text: constants as they are, all else as its source, in braces."""
    match node:
        case gast.Constant(value=value):
            return str(value)
        case gast.JoinedStr(values=values):
            return "".join(text_of(v) for v in values)
        case gast.BinOp(left=left, op=gast.Add(), right=right) if _is_text(node):
            return text_of(left) + text_of(right)
        case gast.FormattedValue(value=value):
            return "{" + unparse(value) + "}"
        case _:
            return "{" + unparse(node) + "}"


def unparse(node: gast.expr) -> str:
    """The source of an expression."""
    import ast

    return ast.unparse(ast.fix_missing_locations(gast.gast_to_ast(node)))
