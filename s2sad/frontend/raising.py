"""``raise``: an effect, after which control does not go on."""

from __future__ import annotations

import builtins
from typing import TYPE_CHECKING, NoReturn

import gast

from s2sad.frontend.expressions import evaluate
from s2sad.frontend.unreachable import Unreachable
from s2sad.frontend.values import Static
from s2sad.ir.nodes import Effect
from s2sad.ir.primitives import raise_

if TYPE_CHECKING:
    from s2sad.frontend.elaborator import Elaborator


def raise_statement(elab: Elaborator, exc: gast.expr | None) -> NoReturn:
    """Emit the effect. The class becomes the builtin exception it derives from, the message text known now."""
    match exc:
        case None:
            elab.error("A bare raise is only supported in an except block.", "Name the exception.")
        case gast.Call(func=func, args=args):
            kind, parts = evaluate(elab, func), [text_of(a) for a in args]
        case _:
            kind, parts = evaluate(elab, exc), []
    cls = kind.obj if isinstance(kind, Static) else None
    if isinstance(cls, BaseException):
        parts, cls = [str(cls)], type(cls)
    if not (isinstance(cls, type) and issubclass(cls, BaseException)):
        elab.mismatch("Only exceptions can be raised.", "Raise an exception class or an instance made on the spot.")
    message = ", ".join(p for p in parts if p)
    fail(elab, cls, message)


def fail(elab: Elaborator, cls: type[BaseException], message: str) -> NoReturn:
    """Raise an exception when the program runs."""
    params = (("kind", builtin_base(cls)), ("message", message))
    elab.builder.append(Effect(raise_, (), params, elab.pos))
    raise Unreachable


def builtin_base(cls: type) -> str:
    """The name of the nearest builtin exception class."""
    return next(c.__name__ for c in cls.__mro__ if getattr(builtins, c.__name__, None) is c)


def text_of(node: gast.expr) -> str:
    """A message as text: constants as they are, values of an f-string as their source."""
    import ast

    match node:
        case gast.Constant(value=value):
            return str(value)
        case gast.JoinedStr(values=values):
            return "".join(text_of(v) for v in values)
        case gast.FormattedValue(value=value):
            return "{" + ast.unparse(gast.gast_to_ast(value)) + "}"
        case _:
            return ast.unparse(gast.gast_to_ast(node))
