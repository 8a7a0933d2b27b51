"""What each name of NumPy, SciPy and Python means to the compiler, found out by having it compile a call.

A name that has a meaning is called on types (`name_probes`). What the compiler writes for that says the rest: whether
the result varies with an argument, which transforms take it, and whether Numba knows all that is called.
"""

from __future__ import annotations

import ast
import bisect
import builtins
import cmath
import collections
import copy
import functools
import heapq
import inspect
import itertools
import math
import operator
import re
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from types import ModuleType
from typing import Any

import numpy as np
import scipy.fft
import scipy.integrate
import scipy.interpolate
import scipy.linalg
import scipy.optimize
import scipy.signal
import scipy.special
import scipy.stats
from numba.core.registry import cpu_target

import s2sad_rt as rt
import s2sad_rt.compiled
import s2sad_rt.updates_numba
from s2sad import pipeline
from s2sad.backend.emit import emit
from s2sad.calling import typetext
from s2sad.errors import NeedStatic, S2sadError
from s2sad.frontend.elaborate.elaborate import Elaboration
from s2sad.frontend.library import attributes, calls, table
from s2sad.frontend.meanings.handlers import elaborate
from s2sad.ir import walk
from s2sad.ir.nodes import Let, Module, Var
from s2sad.ir.primitives import Primitive
from s2sad.ir.types import is_inexact, symbol
from s2sad.parsing import parse
from s2sad.rules.registry import CALLABLES, COMPOSED, partials_of, rule_of, unknown
from s2sad.transforms.activity import active_vars
from s2sad.transforms.batch import batch
from s2sad.transforms.forward import forward
from tools.name_probes import GENERAL, OWN

ALL_MODES = ("forward", "reverse", "batch", "second order")
MODULES: dict[str, tuple[str, ModuleType]] = {
    "Python": ("", builtins),
    "math": ("math.", math),
    "cmath": ("cmath.", cmath),
    "operator": ("operator.", operator),
    "itertools": ("itertools.", itertools),
    "functools": ("functools.", functools),
    "collections": ("collections.", collections),
    "heapq": ("heapq.", heapq),
    "bisect": ("bisect.", bisect),
    "copy": ("copy.", copy),
    "numpy": ("np.", np),
    "numpy.linalg": ("np.linalg.", np.linalg),
    "numpy.fft": ("np.fft.", np.fft),
    "scipy.special": ("scipy.special.", scipy.special),
    "scipy.linalg": ("scipy.linalg.", scipy.linalg),
    "scipy.fft": ("scipy.fft.", scipy.fft),
    "scipy.signal": ("scipy.signal.", scipy.signal),
    "scipy.integrate": ("scipy.integrate.", scipy.integrate),
    "scipy.interpolate": ("scipy.interpolate.", scipy.interpolate),
    "scipy.optimize": ("scipy.optimize.", scipy.optimize),
}
"""The modules whose names are looked through: what stands before a name, and the module."""

CLASSES: dict[str, type] = {
    "x": np.ndarray, "list": list, "tuple": tuple, "dict": dict, "OrderedDict": collections.OrderedDict,
    "itertools.chain": itertools.chain, "int": int, "float": float, "complex": complex,
}  # fmt: skip
"""The classes whose methods are: what stands before a method."""

FUNCTION = re.compile(r"(np|math|cmath|rt)(\.[A-Za-z_]\w*)+")
"""A function of a module, as emitted code calls it."""

UFUNC_METHODS = ("reduce", "accumulate", "outer", "at")


@dataclass(frozen=True, slots=True)
class Name:
    """Something that a function may call or read: its names (several that are one object), and what they stand for."""

    section: str
    names: tuple[str, ...]
    obj: Any


@dataclass(frozen=True, slots=True)
class Row:
    """What is known of a name. `derivative`: 'yes', 'zero' (wherever there is one) or 'none' (no float comes of it).

    `modes` are the transforms that take it. `compiled` is False where Numba lacks a function that is called. `limits`
    says what is not taken.
    """

    name: Name
    derivative: str
    modes: tuple[str, ...]
    compiled: bool
    limits: tuple[str, ...]


# -- which names there are


def all_names() -> list[Name]:
    """Every name that has a meaning, section by section, in alphabetical order."""
    table.load_all()
    found = [*_of_modules(), *_ufunc_methods(), *_methods(), *_attributes(), *_distributions()]
    sections = list(dict.fromkeys(n.section for n in found))
    return sorted(found, key=lambda n: (sections.index(n.section), n.names[0].lower(), n.names[0]))


def has_meaning(obj: Any) -> bool:
    """Whether the compiler knows what a call of an object means."""
    try:
        known = obj in CALLABLES or obj in COMPOSED or table.find(obj) is not None
        return known or obj in calls.UNARY_OPERATORS or obj in calls.BINARY_OPERATORS or obj in OWN or is_number(obj)
    except TypeError:  # unhashable
        return False


def is_number(obj: Any) -> bool:
    """Whether an object is a type of NumPy numbers, whose calls convert."""
    return isinstance(obj, type) and issubclass(obj, np.generic) and np.dtype(obj).kind in "biufc"


def _of_modules() -> Iterator[Name]:
    for section, (prefix, module) in MODULES.items():
        groups: dict[int, list[str]] = {}
        for name in sorted(dir(module)):
            obj = getattr(module, name)
            if not name.startswith("_") and callable(obj) and has_meaning(obj) and not _belongs_elsewhere(obj, module):
                groups.setdefault(id(obj), []).append(name)
        for names in groups.values():
            obj = getattr(module, names[0])
            own = [n for n in names if n == getattr(obj, "__name__", "")]
            yield Name(section, tuple(prefix + n for n in dict.fromkeys([*own, *names])), obj)


def _belongs_elsewhere(obj: Any, module: ModuleType) -> bool:
    """Whether a module only happens to hold an object of Python's own."""
    return module is not builtins and getattr(builtins, getattr(obj, "__name__", ""), None) is obj


def _ufunc_methods() -> Iterator[Name]:
    for prefix, module in (MODULES["numpy"], MODULES["scipy.special"]):
        ufuncs = {obj: name for name in sorted(dir(module)) if isinstance(obj := getattr(module, name), np.ufunc)}
        for ufunc, name in ufuncs.items():
            for method in UFUNC_METHODS:
                if has_meaning(getattr(ufunc, method)):
                    yield Name("Methods of ufuncs", (f"{prefix}{name}.{method}",), getattr(ufunc, method))


def _methods() -> Iterator[Name]:
    for shown, cls in CLASSES.items():
        section = "Methods of arrays" if cls is np.ndarray else "Methods of containers and numbers"
        for name in sorted(dir(cls)):
            method = getattr(cls, name)
            if not name.startswith("_") and has_meaning(method) and not _inherited(cls, name):
                yield Name(section, (f"{shown}.{name}",), method)


def _inherited(cls: type, name: str) -> bool:
    """Whether a method is that of the class before."""
    return any(getattr(base, name, None) == getattr(cls, name) for base in cls.__bases__)


def _attributes() -> Iterator[Name]:
    for name in attributes.ARRAY_PROPERTIES:
        yield Name("Attributes of arrays", (f"x.{name}",), operator.attrgetter(name))


def _distributions() -> Iterator[Name]:
    for name in sorted(dir(scipy.stats)):
        distribution = getattr(scipy.stats, name)
        if name.startswith("_") or isinstance(distribution, type | ModuleType):
            continue
        for method in sorted(m for m in dir(type(distribution)) if not m.startswith("_")):
            bound = getattr(distribution, method, None)
            if getattr(bound, "__self__", None) is distribution and has_meaning(bound):
                yield Name("scipy.stats", (f"scipy.stats.{name}.{method}",), bound)


# -- what a call of one means


def row_of(name: Name) -> Row | None:
    """What is known of a name; None when every call is refused."""
    found = elaborated(name.obj)
    if found is None:
        return None
    main, functions, _ = pipeline.resolved(found)
    module = Module(main, functions)
    return Row(name, derivative_of(found), modes_of(found, module), compiles(module), limits_of(name.obj, found))


def elaborated(obj: Any) -> Elaboration | None:
    """A call that gives a derivative, else one that is taken; None when all are refused."""
    if obj in OWN:
        function, types = OWN[obj]
        return elaborate(function, arguments(types), {})
    first = None
    for types in GENERAL:
        found = _tried(obj, types)
        if found is not None and active(found):
            return found
        first = first or found
    return first


def _tried(function: Callable[..., Any], types: str) -> Elaboration | None:
    """A call with arguments of these types, unless it makes no sense."""
    args = arguments(types)
    if _gives_out(function, len(args)):
        return None
    try:
        return elaborate(function, args, {})
    except (S2sadError, NeedStatic, TypeError, ValueError, IndexError, AttributeError, AssertionError):
        return None


def _gives_out(function: Callable[..., Any], count: int) -> bool:
    """Whether the last of so many arguments is `out`, which a result would vary with."""
    if isinstance(function, np.ufunc):
        return count > function.nin
    entry = table.find(function)
    names = [] if entry is None else [*entry.signature.parameters][1:]
    return "out" in names[:count]


def arguments(types: str) -> tuple[Any, ...]:
    """Abstract arguments of these types."""
    made = typetext.Arguments()
    return tuple(made.parse(node, f"x{k}") for k, node in enumerate(typetext.split(types)))


def _inexact(found: Elaboration) -> tuple[int, ...]:
    return tuple(k for k, p in enumerate(found.params) if is_inexact(p.type))


def active(found: Elaboration) -> set[Var]:
    """The variables through which results vary with the float arguments; none where no derivative flows."""
    main = found.module.main
    flowing = active_vars(main, _inexact(found), found.module.functions)
    return flowing if any(isinstance(r, Var) and r in flowing for r in main.results) else set()


def derivative_of(found: Elaboration) -> str:
    """Whether results vary with float arguments: 'yes', 'zero' where they are floats all the same, or 'none'."""
    if active(found):
        return "yes"
    made = [r for r in found.module.main.results if isinstance(r, Var) and is_inexact(r.type)]
    return "zero" if made and _inexact(found) else "none"


def modes_of(found: Elaboration, module: Module) -> tuple[str, ...]:
    """The transforms that take a call, in the arguments whose derivative is known. The module has no transform left."""
    main, functions = module.main, module.functions
    without = numbers_without_derivative(found)
    wrt = tuple(k for k in _inexact(found) if k not in without)

    def batched() -> None:
        batch.batch(main, (0,) * len(main.params), (0,) * len(main.results), symbol("batch"), functions)

    def twice() -> None:
        gradient, more, _ = pipeline.reverse(main, wrt, functions)
        forward.jvp(gradient, wrt, {**functions, **more})

    attempts: dict[str, Callable[[], Any]] = {"batch": batched}
    if active(found):
        attempts["forward"] = lambda: forward.jvp(main, wrt, functions)
        attempts["reverse"] = lambda: pipeline.reverse(main, wrt, functions)
        attempts["second order"] = twice
    return tuple(mode for mode in ALL_MODES if mode in attempts and _works(attempts[mode]))


def _works(attempt: Callable[[], Any]) -> bool:
    try:
        attempt()
    except (S2sadError, NotImplementedError):
        return False
    return True


def compiles(module: Module) -> bool:
    """Whether Numba knows every function of `math`, NumPy and the run time library that a module calls."""
    whole = Module(pipeline.inline_customs(module.main), module.functions)
    called = {ast.unparse(n.func) for n in ast.walk(parse(emit(whole))) if isinstance(n, ast.Call)}
    return all(_known_to_numba(name) for name in called if FUNCTION.fullmatch(name))


@cache
def _known_to_numba(name: str) -> bool:
    """Whether Numba has a version of a function, by its name in emitted code."""
    root, *path = name.split(".")
    function = functools.reduce(getattr, path, {"np": np, "math": math, "cmath": cmath, "rt": rt}[root])
    try:
        _typing_context().resolve_value_type(function)
    except ValueError:
        return False
    return True


@cache
def _typing_context() -> Any:
    """What Numba knows, that of the run time library included."""
    cpu_target.target_context.refresh()
    cpu_target.typing_context.refresh()
    return cpu_target.typing_context


# -- what is not taken

ALWAYS_LEFT_OUT = frozenset({"like", "subok", "device", "kwargs", "kwds"})
SAMPLE = 0.3
"""A number to call partials with: which of them are known is the same for all."""
LEFT_OUT_BY_UFUNCS = frozenset({"where", "casting", "order", "signature", "axes"})
"""Arguments that the head of the table speaks of, once for all."""


def limits_of(obj: Any, found: Elaboration) -> tuple[str, ...]:
    """What a call does not take, in words."""
    left_out = arguments_left_out(obj)
    texts = [f"no {', '.join(f'`{a}`' for a in left_out)}"] if left_out else []
    unknown = [_argument_name(obj, k) for k in numbers_without_derivative(found)]
    texts += [f"derivative in {', '.join(f'`{a}`' for a in unknown)} not known"] if unknown else []
    return (*texts, *refusals(obj))


def arguments_left_out(obj: Any) -> list[str]:
    """The arguments of a function that its meaning does not name."""
    theirs = _parameters(obj)
    own = _own_parameters(obj)
    if theirs is None or own is None or any(p.kind is p.VAR_KEYWORD for p in own):
        return []
    if obj in calls.UNARY_OPERATORS or obj in calls.BINARY_OPERATORS:
        return []
    names, own_names = [p.name for p in theirs], [p.name for p in own]
    ignored = ALWAYS_LEFT_OUT | (LEFT_OUT_BY_UFUNCS if isinstance(obj, np.ufunc) else frozenset())
    renamed = {names[k] for k in range(min(len(names), len(own))) if own_names[k] not in names}
    several = any(p.kind is p.VAR_POSITIONAL for p in own)
    return [
        p.name
        for p in theirs
        if p.name not in (*own_names, *renamed, *ignored)
        and not (several and p.kind in (p.POSITIONAL_ONLY, p.VAR_POSITIONAL))
    ]


def _parameters(obj: Any) -> list[inspect.Parameter] | None:
    """The parameters of a function, as far as it says what they are."""
    try:
        found = [*inspect.signature(obj).parameters.values()]
    except (TypeError, ValueError):
        return None
    return None if any(p.kind is p.VAR_POSITIONAL for p in found) and getattr(obj, "__self__", None) else found


def _own_parameters(obj: Any) -> list[inspect.Parameter] | None:
    """The parameters of what a name stands for."""
    entry = table.find(obj)
    if entry is not None:
        return [*entry.signature.parameters.values()][1:]  # without `elab`
    named = [inspect.Parameter(n, inspect.Parameter.KEYWORD_ONLY) for n in ("out", "dtype")]
    if obj in COMPOSED:
        return [*inspect.signature(COMPOSED[obj]).parameters.values(), *named]
    if isinstance(obj, np.ufunc):
        return [inspect.Parameter(f"_{k}", inspect.Parameter.POSITIONAL_ONLY) for k in range(obj.nin)] + named
    return None


def numbers_without_derivative(found: Elaboration) -> tuple[int, ...]:
    """The arguments in which the derivative is not known, because that of a function called with them is not."""
    main = found.module.main
    unknown = [
        arg
        for stmt in walk.statements(main.body)
        if isinstance(stmt, Let)
        for k, arg in enumerate(stmt.args)
        if k in unknown_partials(stmt.prim)
    ]
    flowing = {k: active_vars(main, (k,), found.module.functions) for k in _inexact(found)} if unknown else {}
    return tuple(k for k, variables in flowing.items() if not variables.isdisjoint(unknown))


def _argument_name(obj: Any, number: int) -> str:
    """The name of an argument, as its rule or its meaning says it."""
    prim = CALLABLES.get(obj)
    partials = None if prim is None else rule_of(prim).partials
    own = [*inspect.signature(partials).parameters.values()] if partials is not None else _own_parameters(obj) or []
    return own[number].name if number < len(own) else f"argument {number}"


@cache
def unknown_partials(prim: Primitive) -> frozenset[int]:
    """The numbers of the arguments in which the derivative of an elementwise primitive is not known."""
    rule = rule_of(prim)
    if rule.partials is None:
        return frozenset()
    params = inspect.signature(rule.partials).parameters.values()
    if any(p.kind is p.KEYWORD_ONLY and p.name != "out" for p in params):
        return frozenset()
    args = [SAMPLE] * sum(p.kind is p.POSITIONAL_OR_KEYWORD for p in params)
    with np.errstate(all="ignore"):
        found = partials_of(rule, args, prim.impl(*args), {})
    return frozenset(k for k, partial in enumerate(found) if partial is unknown)


def refusals(obj: Any) -> list[str]:
    """What the function behind a name refuses in fixed words, in its own body."""
    entry = table.find(obj)
    function = None if entry is None else inspect.unwrap(entry.function)
    if function is None:
        return []
    body = parse(textwrap.dedent(inspect.getsource(function)))
    found = [n for n in ast.walk(body) if isinstance(n, ast.Call) and ast.unparse(n.func) == "refuse"]
    texts = [n.args[1].value for n in found if len(n.args) > 1 and isinstance(n.args[1], ast.Constant)]
    return [str(t) for t in texts]
