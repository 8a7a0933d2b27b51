"""Statements that only CPython can run, kept for their effect: the generated source then runs uncompiled.

    log.append((x, g))          a list, dict, set or deque from outside is changed
    pdb.set_trace()             a debugger; also breakpoint()
    logging.info("at %s", x)    a function of a library, whose result nobody takes

What such a call is given are plain values: copies where it may keep them, read-only arrays where it may not write.
"""

from __future__ import annotations

import builtins
import collections
import pdb
import sys
import types
from typing import TYPE_CHECKING, Any

import gast
import numpy as np

from s2sad.frontend import library
from s2sad.frontend.elaborate.leaves import type_of
from s2sad.frontend.library import calls, table
from s2sad.frontend.values import transforms
from s2sad.frontend.values.frames import names_of, owner_of, root_function
from s2sad.frontend.values.places import MISSING, Contents, Place, Read, given
from s2sad.frontend.values.readlog import Same, same_object
from s2sad.frontend.values.values import DictRef, Entries, ListRef, Maybe, Partial, Static, StaticItems, Tuple, Value
from s2sad.ir.nodes import Atom, Effect
from s2sad.ir.primitives import literal
from s2sad.ir.python_calls import Formatted, Hole, Named, PythonCall, python_call

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

CHANGERS = {
    list: frozenset({"append", "extend", "insert", "clear", "reverse", "remove", "pop", "sort"}),
    dict: frozenset({"update", "clear", "pop", "popitem", "setdefault"}),
    set: frozenset({"add", "update", "clear", "discard", "remove", "pop"}),
    collections.deque: frozenset({"append", "appendleft", "extend", "extendleft", "clear", "pop", "popleft", "rotate"}),
}
"""Methods that change the builtin containers."""


def statement(elab: Elaborator, node: gast.Call) -> bool:
    """Run a call whose result nobody takes, where only CPython can; False where it is a call like any other."""
    found = outer(elab, node.func)
    if (
        found is None
        or any(isinstance(a, gast.Starred) for a in node.args)
        or any(k.arg is None for k in node.keywords)
    ):
        return False
    place, obj = found
    if is_debugger(obj):
        stop(elab, node, place, obj)
    elif changed_container(obj) is not None:
        change(elab, node, place, obj)
    elif is_opaque(obj):
        return call_opaque(elab, node, place, obj)
    else:
        return False
    return True


# -- what is called


def outer(elab: Elaborator, node: gast.expr) -> tuple[Place, Any] | None:
    """The object from outside that a name, or an attribute of one, stands for; it is not taken apart for that."""
    match node:
        case gast.Name(id=name):
            return outer_name(elab, name)
        case gast.Attribute(value=base, attr=name):
            found = outer(elab, base)
            if found is None:
                return None
            place, obj = found
            attribute = getattr(obj, name, MISSING) if is_plain_attribute(obj, name) else MISSING
            return None if attribute is MISSING else (place.attribute(name), attribute)
    return None


def outer_name(elab: Elaborator, name: str) -> tuple[Place, Any] | None:
    owner = owner_of(elab, elab.frame, name)
    if owner is not None:
        value = names_of(elab, owner.location).get(name)
        if isinstance(value, Static) and not isinstance(value.obj, str | tuple | np.generic | int | float | complex):
            return given(value.obj, name), value.obj
        return None
    function = root_function(elab, elab.frame)
    if function is not None and name in function.__code__.co_freevars:
        cell = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))[name]
        place = Place(Contents(), ("cell", id(cell)), name, given(cell, name))
    else:
        namespace = function.__globals__ if function is not None else {}
        read = Read(lambda: namespace.get(name, getattr(builtins, name, MISSING)))
        place = Place(read, ("global", id(namespace), name), name)
    obj = place()
    return None if obj is MISSING else (place, obj)


def is_plain_attribute(obj: Any, name: str) -> bool:
    """Whether reading an attribute runs no code of the user's."""
    return not isinstance(getattr(type(obj), name, None), property) and not hasattr(type(obj), "__getattr__")


def is_debugger(obj: Any) -> bool:
    """Whether a callable enters a debugger."""
    if obj in (breakpoint, getattr(pdb, "set_trace", None)):
        return True
    return getattr(obj, "__name__", "") == "set_trace" and callable(obj)


def changed_container(obj: Any) -> Any:
    """The builtin container that a bound method changes; None for all else."""
    owner = getattr(obj, "__self__", None)
    for cls, names in CHANGERS.items():
        if isinstance(owner, cls) and isinstance(obj, types.BuiltinMethodType) and obj.__name__ in names:
            return owner
    return None


def is_opaque(obj: Any) -> bool:
    """Whether a callable belongs to a library that is not followed, and has no meaning of its own."""
    if (
        isinstance(obj, type)
        or transforms.handler_of(obj) is not None
        or table.find(obj) is not None
        or calls.is_pure(obj)
    ):
        return False
    owner = getattr(obj, "__self__", None)
    if isinstance(owner, (np.ndarray, np.generic, *CHANGERS)):
        return False
    if isinstance(obj, types.BuiltinMethodType) and not isinstance(owner, types.ModuleType | type | None):
        return True
    named = (
        obj
        if isinstance(obj, types.FunctionType | types.BuiltinFunctionType) and owner in (None, builtins)
        else type(owner)
    )
    module = (getattr(named, "__module__", None) or "builtins").split(".")[0]
    return module in sys.stdlib_module_names and module not in ("builtins", "math", "cmath", "__main__")


# -- what is done


def change(elab: Elaborator, node: gast.Call, place: Place, obj: Any) -> None:
    """A container from outside is changed: it cannot also be read here, where that would be what it was before."""
    container = changed_container(obj)
    elab.outside.change(container, place.name)
    args, kwargs, atoms = arguments(elab, node)
    call = PythonCall(name_for(elab, container, _container_name(node)), (obj.__name__,), args, kwargs, keeps=True)
    note(elab, place, obj)
    emit(elab, call, atoms)


def _container_name(node: gast.Call) -> str:
    base = node.func.value if isinstance(node.func, gast.Attribute) else node.func
    match base:
        case gast.Attribute(attr=name) | gast.Name(id=name):
            return name
        case _:
            return "container"


def call_opaque(elab: Elaborator, node: gast.Call, place: Place, obj: Any) -> bool:
    """A function of a library is called; not where it is given a container, which it might change."""
    state, log = dict(elab.state), list(elab.builder.statements)
    args, kwargs, atoms = arguments(elab, node)
    if any(isinstance(a, list | dict) for a in (*args, *(v for _, v in kwargs))):
        elab.state = state
        elab.builder.statements[:] = log
        return False
    note(elab, place, obj)
    emit(elab, PythonCall(name_for(elab, obj, place.name), (), args, kwargs), atoms)
    return True


def stop(elab: Elaborator, node: gast.Call, place: Place, obj: Any) -> None:
    """A debugger is entered, in a function that has the names that stand here."""
    atoms: list[Atom] = []
    names, parts = [], []
    for name, value in names_of(elab, elab.frame.location).items():
        if name.isidentifier() and not isinstance(value, Maybe) and is_shown(elab, value):
            names.append(name)
            parts.append(template(elab, value, atoms))
    function = elab.builder.names.fresh(elab.frame.source.name.strip("<>") or "here")
    pos = elab.pos
    line = "" if pos is None else f"{pos.filename}:{pos.line}  {pos.text}"
    note(elab, place, obj)
    root = Named(place.name, obj) if obj is breakpoint else name_for(elab, obj, place.name)
    emit(elab, PythonCall(root, (), tuple(parts), function=function, parameters=tuple(names), line=line), atoms)


def is_shown(elab: Elaborator, value: Value) -> bool:
    """Whether a debugger can be shown a value."""
    match value:
        case Tuple(items):
            return all(is_shown(elab, v) for v in items)
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return all(is_shown(elab, v) for v in content.items)
        case DictRef(location):
            content = elab.get(location)
            return isinstance(content, Entries) and all(is_shown(elab, v) for _, v in content.items)
        case Static(obj):
            return _literal(obj)
        case _:
            return type_of(elab, value) is not None


def _literal(obj: Any) -> bool:
    try:
        literal(obj)
    except TypeError:
        return False
    return True


def note(elab: Elaborator, place: Place, obj: Any) -> None:
    """Note that the object must stay what it is. (A bound method is made anew each time.)"""
    owner = getattr(obj, "__self__", None)
    if owner is None or isinstance(owner, types.ModuleType):
        elab.log.note(place, same_object(obj), ("called", place.key))
    else:
        elab.log.note(place.attribute("__self__"), Same(owner), ("called", place.key))


def name_for(elab: Elaborator, obj: Any, hint: str) -> Named:
    """The name by which the emitted module knows an object."""
    known = elab.named_objects.get(id(obj))
    if known is None:
        known = Named(elab.builder.names.fresh("".join(c if c.isalnum() else "_" for c in hint)), obj)
        elab.named_objects[id(obj)] = known
    return known


def emit(elab: Elaborator, call: PythonCall, atoms: list[Atom]) -> None:
    elab.builder.append(Effect(python_call, tuple(atoms), (("call", call),), elab.pos))
    elab.latest = None


# -- what it is given


def arguments(elab: Elaborator, node: gast.Call) -> tuple[tuple[Any, ...], tuple[tuple[str, Any], ...], list[Atom]]:
    """The arguments of a call as templates, and the atoms in their holes."""
    from s2sad.frontend.elaborate.expressions import evaluate

    atoms: list[Atom] = []
    args = tuple(template(elab, evaluate(elab, a), atoms) for a in node.args)
    kwargs = tuple((k.arg, template(elab, evaluate(elab, k.value), atoms)) for k in node.keywords)
    return args, kwargs, atoms


def template(elab: Elaborator, value: Value, atoms: list[Atom]) -> Any:
    """A value as a tree of plain objects with holes for what is known at run time only."""
    value = elab.resolve(value)
    match value:
        case Static(obj):
            return obj if _literal(obj) else name_for(elab, obj, getattr(obj, "__name__", type(obj).__name__))
        case Partial(_, (Static(text), *items)) if library.text.is_text(value):
            return Formatted(text, tuple(template(elab, v, atoms) for v in items))
        case Tuple(items, cls):
            parts = tuple(template(elab, v, atoms) for v in items)
            return parts if cls is tuple else (name_for(elab, cls, cls.__name__), *parts)
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return [template(elab, v, atoms) for v in content.items]
        case DictRef(location):
            content = elab.get(location)
            assert isinstance(content, Entries)
            return {k: template(elab, v, atoms) for k, v in content.items}
    if type_of(elab, value) is None:
        elab.error(
            f"{elab.describe(value).capitalize()} cannot be given to a function that only CPython can run.",
            "Give it numbers.",
        )
    atoms.append(elab.atom(value))
    return Hole(len(atoms) - 1)


__all__ = ["statement"]
