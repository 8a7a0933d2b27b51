"""``with``: contexts that say nothing about values are left out, those of the user's classes are run.

    with np.errstate(all="ignore"):    the body
    with numba.objmode(y="float64"):   the body, which is compiled with the rest
    with Timer() as t:                 t = Timer(); t.__enter__(); the body; t.__exit__(None, None, None)
"""

from __future__ import annotations

import contextlib
import types
import warnings
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gast
import numba
import numpy as np

from s2sad.frontend.elaborate import assignment
from s2sad.frontend.elaborate.expressions import evaluate
from s2sad.frontend.library.support import NONE
from s2sad.frontend.library.table import meaning
from s2sad.frontend.values.values import ObjectRef, Partial, Static, Value

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

NEUTRAL = (np.errstate, np.printoptions, warnings.catch_warnings, numba.objmode, numba.parallel_chunksize)
"""What is entered for how errors and warnings are told, or how code is compiled. Its result is None."""


def run(elab: Elaborator, item: Any, body: Callable[[], Value | None]) -> Value | None:
    """Run the body of a ``with`` in a context; gives what it returns."""
    manager = None if _is_neutral(elab, item.context_expr) else evaluate(elab, item.context_expr)
    entered, leave = _enter(elab, manager)
    if item.optional_vars is not None:
        if manager is None:
            elab.error("What this context gives is not known when the function is compiled.", "Leave out the `as`.")
        assignment.assign_value(elab, item.optional_vars, entered)
    value = body()
    leave()
    return value


def _is_neutral(elab: Elaborator, node: gast.expr) -> bool:
    """Whether a context says nothing about values. What it is given is then no concern of the program's."""
    match node:
        case gast.Call(func=func):
            return _is_one_of(evaluate(elab, func))
        case _:
            return _is_one_of(evaluate(elab, node))


def _is_one_of(value: Value) -> bool:
    return isinstance(value, Static) and (value.obj in NEUTRAL or isinstance(value.obj, np.errstate))


def _enter(elab: Elaborator, manager: Value | None) -> tuple[Value, Callable[[], object]]:
    """What a context gives, and what is done when it is left."""
    match manager:
        case None:
            return Static(None), lambda: None
        case Partial(Static(cls), args) if cls is contextlib.nullcontext:
            return (args[0] if args else Static(None)), lambda: None
        case ObjectRef(cls=cls) if all(isinstance(getattr(cls, n, None), types.FunctionType) for n in METHODS):
            if elab.catching:
                elab.error(
                    "What this context does when an exception leaves it, which is caught, is not followed.",
                    "Put the try inside of it.",
                )
            enter, exit_ = (Static(getattr(cls, name)) for name in METHODS)
            entered = elab.call(enter, [manager], {})
            return entered, lambda: _leave(elab, elab.call(exit_, [manager, *[Static(None)] * 3], {}))
    elab.error(
        "This context runs code that is not followed.",
        "Call what it does before and after, or leave it out.",
    )


METHODS = ("__enter__", "__exit__")


def _leave(elab: Elaborator, suppresses: Value) -> None:
    """Refuse a context that would keep exceptions of its body from going on."""
    if elab.truth(suppresses) is not False:
        elab.error("This context may suppress what its body raises.", "Return None from its __exit__, or use try.")


@meaning(contextlib.nullcontext, fold=False)
def nullcontext(elab: Elaborator, enter_result: Value = NONE) -> Value:
    return Partial(Static(contextlib.nullcontext), (enter_result,))


@meaning(warnings.simplefilter, warnings.filterwarnings, warnings.resetwarnings, fold=False)
def filters(elab: Elaborator, *args: Value, **kwargs: Value) -> Value:
    """Which warnings are shown. Code that is compiled gives none but those that the user's code does."""
    return Static(None)
