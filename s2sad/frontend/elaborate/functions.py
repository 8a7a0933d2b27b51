"""Calls: what is called is found out, a user's function runs in a frame of its own, all else goes to the library."""

from __future__ import annotations

import functools
import sysconfig
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any

import gast

from s2sad.errors import S2sadError, UnsupportedSyntaxError
from s2sad.frontend import library
from s2sad.frontend.elaborate import binding, catching, classes, recursion, statements
from s2sad.frontend.elaborate.expressions import evaluate, evaluate_raw
from s2sad.frontend.library import choices, known_objects
from s2sad.frontend.syntax.source import FunctionSource, find, inner_source
from s2sad.frontend.values import transforms
from s2sad.frontend.values.frames import Consumer, Frame
from s2sad.frontend.values.immutable import is_steady
from s2sad.frontend.values.places import given
from s2sad.frontend.values.readlog import Same, SameShape
from s2sad.frontend.values.values import Choice, Closure, Entries, Location, Maybe, ObjectRef, Partial, Static, Value

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator
    from s2sad.ir.nodes import Pos

STANDARD_LIBRARY = sysconfig.get_path("stdlib")
DEEPEST = 200
"""How many calls may be nested in each other."""


# -- making functions


def make_closure(elab: Elaborator, node: gast.FunctionDef | gast.Lambda) -> Closure:
    """The function that a `def` or a `lambda` makes here. Defaults are evaluated now, all else when it is called."""
    frame = elab.frame
    defaults = tuple(evaluate(elab, d) for d in node.args.defaults)
    names = [p.id for p in node.args.kwonlyargs]
    kw_defaults = {n: evaluate(elab, d) for n, d in zip(names, node.args.kw_defaults, strict=True) if d is not None}
    return Closure(inner_source(frame.source, node), frame.location, defaults, kw_defaults)


def closure_of(elab: Elaborator, function: types.FunctionType) -> Closure:
    """A Python function as a closure, with its defaults as they are now."""
    source = find(function)
    place = elab.outside.place_of(function)
    elab.log.note(place.attribute("__code__"), Same(function.__code__))
    positional, named = place.attribute("__defaults__"), place.attribute("__kwdefaults__")
    kw: dict[str, Any] = function.__kwdefaults__ or {}
    elab.log.note(positional, SameShape(function.__defaults__) if function.__defaults__ else Same(None))
    elab.log.note(named, SameShape(kw) if kw else Same(function.__kwdefaults__))
    label = f"{function.__name__}_default"
    defaults = [elab.outside.value(positional.item(k, label), d) for k, d in enumerate(function.__defaults__ or ())]
    kw_defaults = {k: elab.outside.value(named.item(k, k), d) for k, d in kw.items()}
    return Closure(source, None, tuple(defaults), kw_defaults, function)


# -- calling


def call(elab: Elaborator, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call any value."""
    match function:
        case Closure():
            return call_closure(elab, function, args, kwargs)
        case Partial(inner, first, named):
            if library.text.is_text(function) or library.iteration.is_lazy(function) or inner == Static(slice):
                elab.mismatch("This cannot be called.")
            return call(elab, inner, [*first, *args], {**dict(named), **kwargs})
        case Static(obj):
            return call_object(elab, obj, args, kwargs)
        case ObjectRef():
            return classes.call_method(elab, function, "__call__", args, kwargs)
        case Maybe():
            return call(elab, elab.resolve(function), args, kwargs)
        case Choice():
            return choices.split(elab, function, lambda option: call(elab, option, args, kwargs))
        case _:
            elab.mismatch(f"{elab.describe(function).capitalize()} cannot be called.", "Call a function.")


def call_object(elab: Elaborator, obj: Any, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Call a Python object known now."""
    if any(isinstance(v, Choice) for v in (*args, *kwargs.values())) and not _is_users(obj):
        count, names = len(args), list(kwargs)

        def run(values: list[Value]) -> Value:
            return call_object(elab, obj, values[:count], dict(zip(names, values[count:], strict=True)))

        return choices.each(elab, [*args, *kwargs.values()], run)
    handler = transforms.handler_of(obj)
    if handler is not None:
        return handler(elab, args, kwargs)
    if is_steady(obj):
        args, kwargs = known_objects.given(elab, obj, resolved(elab, args), kwargs)
        found = library.fold(elab, obj, args, {k: elab.resolve(v) for k, v in kwargs.items()})
        if found is not None:
            return found
    known_objects.refuse_unsteady(elab, obj)
    match obj:
        case types.FunctionType():
            if library.is_library(obj):
                return library.call(elab, obj, resolved(elab, args), kwargs)
            return call_closure(elab, closure_of(elab, obj), args, kwargs)
        case _ if not isinstance(obj, type) and library.has_meaning(obj):
            return library.call(elab, obj, resolved(elab, args), {k: elab.resolve(v) for k, v in kwargs.items()})
        case types.MethodType() if isinstance(obj.__func__, types.FunctionType):
            owner = elab.outside.value(given(obj.__self__, "self"), obj.__self__)
            return call_object(elab, obj.__func__, [owner, *args], kwargs)
        case functools.partial():
            return call_partial(elab, obj, args, kwargs)
        case type() if classes.is_user_class(obj) and not library.has_meaning(obj):
            return classes.instantiate(elab, obj, args, kwargs)
    cached = isinstance(obj, functools._lru_cache_wrapper)
    python = obj.__wrapped__ if cached else library.numba_names.python_function(obj)
    if isinstance(python, types.FunctionType):
        return call_object(elab, python, args, kwargs)
    if not isinstance(obj, type) and classes.is_user_class(type(obj)) and "__call__" in dir(type(obj)):
        return classes.call_method(elab, Static(obj), "__call__", args, kwargs)
    if not callable(obj):
        elab.mismatch(f"{elab.describe(Static(obj)).capitalize()} cannot be called.", "Call a function.")
    return library.call(elab, obj, resolved(elab, args), {k: elab.resolve(v) for k, v in kwargs.items()})


def _is_users(obj: Any) -> bool:
    """Whether a callable is of the user's, and takes what it is given as it is."""
    if isinstance(obj, types.FunctionType):
        return transforms.handler_of(obj) is None and not library.is_library(obj)
    if isinstance(obj, type):
        return classes.is_user_class(obj)
    return isinstance(obj, types.MethodType | functools.partial)


def resolved(elab: Elaborator, args: list[Value]) -> list[Value]:
    """Arguments that are surely there."""
    return [elab.resolve(a) for a in args]


def call_partial(elab: Elaborator, obj: functools.partial[Any], args: list[Value], kwargs: dict[str, Value]) -> Value:
    place = elab.outside.place_of(obj)
    first = [elab.outside.value(place.attribute("args").item(k), a) for k, a in enumerate(obj.args)]
    named = {k: elab.outside.value(place.attribute("keywords").item(k), v) for k, v in obj.keywords.items()}
    function = elab.outside.value(place.attribute("func"), obj.func)
    return call(elab, function, [*first, *args], {**named, **kwargs})


# -- running a user's function


def call_closure(elab: Elaborator, closure: Closure, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """Run a function's body for these arguments, in a new frame; recursion goes out of line."""
    bound = binding.bind_arguments(elab, closure, args, kwargs)
    if closure.source.scope.is_generator and not isinstance(closure.source.node, gast.AsyncFunctionDef):
        return library.iterators.generator(elab, closure, bound)
    return recursion.run(elab, closure, bound, lambda values: run_body(elab, closure, values))


def _relocate(elab: Elaborator, error: S2sadError, source: FunctionSource, call: Pos | None) -> None:
    """Put an error in Python's own library, where no user can mend it, at the user's call that led there."""
    callers = elab.stack[-2:-1]
    if error.pos is None or call is None or not _is_pythons(error.pos.filename) or not callers:
        return
    if _is_pythons(source.filename) and not _is_pythons(callers[0].source.filename):
        place = f"{Path(error.pos.filename).name}:{error.pos.line}"
        error.why = f"{source.name} is written in Python's library with what cannot be followed ({place}: {error.why})"
        error.instead, error.pos = "Do without it, or call it outside and pass the result in.", call


def _is_pythons(filename: str) -> bool:
    """Whether a file is of Python's own library."""
    return filename.startswith(STANDARD_LIBRARY) and "site-packages" not in filename


def run_body(elab: Elaborator, closure: Closure, bound: dict[str, Value], consumer: Consumer | None = None) -> Value:
    """The body itself, inline; that of a generator for its consumer."""
    if not elab.catching:
        return _run_body(elab, closure, closure.source, bound, consumer)
    return catching.unless_raised(elab, lambda: _run_body(elab, closure, closure.source.in_steps, bound, consumer))


def _run_body(
    elab: Elaborator, closure: Closure, source: FunctionSource, bound: dict[str, Value], consumer: Consumer | None
) -> Value:
    if isinstance(source.node, gast.AsyncFunctionDef):
        raise UnsupportedSyntaxError(
            f"{source.name} is a coroutine, which cannot be followed.", "Return a list or a value instead.", elab.pos
        )
    if len(elab.stack) > DEEPEST:
        elab.error(
            f"Calls are nested too deeply in {source.name}.",
            "Make the recursion depend on runtime values, or shorten it.",
        )
    location = Location(source.name)
    elab.state[location] = Entries(tuple(bound.items()))
    frame = Frame(source, location, closure.frame, closure.function, consumer=consumer)
    elab.frames[location] = frame
    pos = elab.pos
    elab.stack.append(frame)
    try:
        if isinstance(source.node, gast.Lambda):
            return evaluate_raw(elab, source.node.body)
        value = statements.run_block(elab, source.node.body)
        return catching.result(elab) if value is None else value
    except S2sadError as error:
        _relocate(elab, error, source, pos)
        raise
    finally:
        elab.stack.pop()
        elab.builder.pos = pos


def wraps(elab: Elaborator, args: list[Value], kwargs: dict[str, Value]) -> Value:
    """``functools.wraps(f)``: copies names and docstrings, which means nothing here."""
    return Static(transforms.Inner(lambda inner, given, named: given[0]))


transforms.register(functools.wraps, wraps)
