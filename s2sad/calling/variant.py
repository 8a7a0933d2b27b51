"""A function compiled for one signature: from Python arguments to Python results.

`build` runs the whole pipeline: flatten the arguments, elaborate, lower, emit, load. The result, a `Variant`, keeps
every stage to look at, and knows whether what it was built from still stands.
"""

from __future__ import annotations

import inspect
import linecache
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FunctionType
from typing import Any

import numpy as np

from s2sad import pipeline, tree
from s2sad.backend import numba as numba_backend
from s2sad.backend import python as python_backend
from s2sad.backend.emit import emit
from s2sad.backend.numba import Loaded
from s2sad.backend.text import releasing_gil
from s2sad.calling import signature
from s2sad.calling.binding import Binding, binding
from s2sad.config import config
from s2sad.data import Packed, Packing
from s2sad.errors import NeedStatic, S2sadError, TypeMismatchError, UncompiledWarning
from s2sad.frontend.elaborate.elaborate import Abstract, Elaboration, Leaf
from s2sad.frontend.elaborate.raising import restored
from s2sad.frontend.meanings.handlers import elaborate
from s2sad.frontend.syntax.source import find
from s2sad.frontend.values.transforms import Spec
from s2sad.ir.infer import value_of
from s2sad.ir.nodes import Atom, Module, Pos
from s2sad.ir.python_calls import calls_of, names_of, positions_of
from s2sad.ir.types import Array, Dim, Scalar, Size, Symbol, type_of_value
from s2sad.lower import assumed
from s2sad.lower import lower as lowering
from s2sad.transforms.recording.split import Split
from s2sad_rt.native_errors import NativeError

_NO_SPEC = Spec("", None)
Converter = Callable[[Any], Any] | None
OURS = str(Path(__file__).parents[1])
"""Where our own functions stand, at which no user can mend anything."""


@dataclass(slots=True)
class Lowered:
    """A function taken to emitted source for one signature, not yet loaded."""

    name: str
    function: Callable[..., Any]
    elaboration: Elaboration
    module: Module
    trace: pipeline.Trace
    params: tuple[str, ...]
    statics: frozenset[int]
    split: Split | None = None
    nogil: bool = False
    """Whether compiled code lets other threads run."""
    _source: str | None = None
    _loops: Module | None = None

    @property
    def source(self) -> str:
        """The generated Python module."""
        if self._source is None:
            self._source = emitted(self.module, self.nogil)
        return self._source

    @property
    def loops(self) -> Module:
        """What is compiled: the module with loops over elements, if `config.lower` says so."""
        if self._loops is None:
            self._loops = lowering.lowered(self.module, self.elaboration.guards)
            self.trace.note("lower", self._loops)
        return self._loops

    def kept(self, readable: bool) -> Module:
        """What is written for people to keep and to call from anywhere: what is compiled, which checks its sizes, or
        the derivative that is read."""
        return self.module if readable else assumed.checked(self.loops, self.elaboration.guards)

    @property
    def compiled_source(self) -> str:
        """The Python module that is handed to the back end."""
        return self.source if self.loops is self.module else emitted(self.loops, self.nogil)


@dataclass(slots=True)
class Variant:
    """A lowered function, loaded by a back end. Call it with what `runtime` makes of the leaves of a call."""

    lowered: Lowered
    loaded: Loaded
    binding: Binding
    rebuild: Callable[[Sequence[Any]], Any]
    converters: tuple[Converter, ...]
    indexes: tuple[int, ...] = field(default=())
    guards: tuple[tuple[Dim, Dim], ...] = ()
    exact: bool = False
    """Whether it is for the very sizes that it was made for."""
    apart: bool = False
    """Whether it takes the numbers of lists one by one, however many they are."""
    parts: Any = None
    """The split adjoint, of a forward sweep (`splitting`)."""

    def holds(self) -> bool:
        """Whether all that elaboration read of the outside world is still as it was."""
        return self.binding.holds()

    def bound(self, function: Callable[..., Any]) -> Variant | None:
        """The variant of another function that is compiled to the same; None where it is not."""
        moved = self.binding.moved(function)
        if moved is None:
            return None
        return Variant(
            self.lowered, self.loaded, moved, self.rebuild, self.converters, self.indexes, self.guards, self.exact,
            self.apart, self.parts,
        )  # fmt: skip

    def fits(self, runtime: Sequence[Any]) -> bool:
        """Whether the sizes that the program takes to be equal are, in what it would be called with."""
        if not self.guards:
            return True
        sizes: dict[Symbol, int] = {}
        for param, value in zip(self.lowered.elaboration.params, runtime, strict=False):
            if isinstance(param.type, Array):
                dims = zip(param.type.dims, value.shape, strict=True)
                sizes.update((d.terms[0][0], n) for d, n in dims if isinstance(d, Size))
        return all(value_of(a, sizes) == value_of(b, sizes) for a, b in self.guards)

    def __call__(self, runtime: Sequence[Any]) -> Any:
        return self.rebuild(self.flat(runtime))

    def runtime(self, leaves: Sequence[Any]) -> list[Any]:
        """What the compiled function takes: the runtime leaves, and the captured values as they are now."""
        return [*[signature.bare(leaves[k]) for k in self.indexes], *self.binding.values()]

    def given(self, leaves: Sequence[Any]) -> list[Any]:
        """The same, each array as it is."""
        return [*[signature.bare(leaves[k]) for k in self.indexes], *self.binding.given()]

    def flat(self, runtime: Sequence[Any]) -> list[Any]:
        """The flat results of the compiled function, as NumPy or Python values."""
        return converted(self.run(runtime), self.converters)

    def run(self, runtime: Sequence[Any]) -> Any:
        """What the compiled function returns. What it raises is what the user's function does."""
        try:
            return self.loaded.function(*runtime)
        except Exception as error:
            users = self.users(error, runtime)
            if users is None:
                raise
            raise users from None

    def users(self, error: Exception, runtime: Sequence[Any]) -> BaseException | None:
        """What the user raises where compiled code raises `error`; None where that is the same."""
        if isinstance(error, NativeError):
            return self.loaded.located(error)
        elaboration = self.lowered.elaboration
        return restored(elaboration.elab, error, dict(zip(elaboration.params, runtime, strict=False)))


Finish = Callable[[Elaboration], tuple[Module, pipeline.Trace, Split | None]]


def joint(elaboration: Elaboration) -> tuple[Module, pipeline.Trace, Split | None]:
    """One function, ready to emit."""
    return (*pipeline.lower(elaboration), None)


def lower(
    function: Callable[..., Any],
    leaves: Sequence[Any],
    structure: Any,
    statics: frozenset[int],
    name: str,
    finish: Finish = joint,
    exact: bool = False,
    packing: Packing | None = None,
) -> Lowered:
    """Elaborate a function for these argument leaves (numbers, arrays, `Abstract`s) and take it through the pipeline.

    Leaves whose value turns out to be needed become static. `exact` makes the sizes of these very arrays known.
    """
    names = leaf_names(function, structure)
    while True:
        abstract = [as_abstract(leaf, k, names[k], statics, exact) for k, leaf in enumerate(leaves)]
        args, kwargs = tree.unflatten(structure, abstract)
        try:
            elaboration = elaborate(function, args, kwargs, name=name, packing=packing)
        except NeedStatic as need:
            if need.index in statics or isinstance(leaves[need.index], Abstract | Packed):
                wanted = getattr(leaves[need.index], "name", names[need.index])
                raise TypeMismatchError(
                    f"The value of {wanted!r} is needed while the function is compiled, where only its type is known.",
                    "Give a value in place of its type, or bind it with functools.partial.",
                    need.pos,
                ) from None
            statics = statics | {need.index}
            continue
        except S2sadError as error:
            best = explain_exactly(function, leaves, structure, statics, names, packing) or error
            locate(best, [function, *leaves])
            raise best from None
        try:
            module, trace, split = finish(elaboration)
        except S2sadError as error:
            locate(error, [function, *leaves])
            raise
        params = tuple(names[k] for k, a in enumerate(abstract) if isinstance(a, Abstract))
        nogil = config.nogil or bool(getattr(function, "__s2sad__", _NO_SPEC).options.get("nogil", False))
        return Lowered(name, function, elaboration, module, trace, params, statics, split, nogil)


def explain_exactly(
    function: Callable[..., Any],
    leaves: Sequence[Any],
    structure: Any,
    statics: frozenset[int],
    names: Sequence[str],
    packing: Packing | None,
) -> S2sadError | None:
    """The error of a refused call with the sizes of these very arguments in its text, where it comes up again."""
    exact = [as_abstract(leaf, k, names[k], statics, exact=True) for k, leaf in enumerate(leaves)]
    args, kwargs = tree.unflatten(structure, exact)
    try:
        elaborate(function, args, kwargs, packing=packing)
    except S2sadError as error:
        return error
    except Exception:  # only to find better words
        return None
    return None


def locate(error: S2sadError, candidates: Sequence[Any]) -> None:
    """Give an error that has no place in the user's files that of the first of the user's functions there is."""
    if error.pos is None or error.pos.filename.startswith(OURS):
        inside = (x for c in candidates for x in ((c, *c.args) if isinstance(c, partial) else (c,)))
        places = (place_of(x) for x in inside if callable(x))
        error.pos = next((p for p in places if p is not None and not p.filename.startswith(OURS)), None)


def place_of(function: Any) -> Pos | None:
    """Where a function is defined, through transforms, partials and methods; None where that is not known."""
    while True:
        match function:
            case partial():
                function = function.func
            case object(__s2sad__=spec):
                function = spec.function
            case FunctionType():
                break
            case object(__func__=inner) | object(py_func=inner) | object(__wrapped__=inner):
                function = inner
            case _:
                return None
    try:
        found = find(function)
    except S2sadError:
        return None
    pos = found.pos()
    end = len(linecache.getline(pos.filename, pos.line).rstrip())
    return replace(pos, end_column=pos.end_column or end)


def as_abstract(leaf: Any, index: int, name: str, statics: frozenset[int], exact: bool = False) -> Any:
    """The leaf as elaboration sees it: a type where it is a runtime value, itself where it is static."""
    if isinstance(leaf, Abstract) or index in statics or not signature.is_runtime(leaf):
        return leaf
    array = signature.bare(leaf)
    known = exact and isinstance(array, np.ndarray)
    type_ = type_of_value(array) if known else signature.leaf_type(leaf, name)
    return Abstract(index, type_, name, signature.kind_of(leaf))


def load(lowered: Lowered, leaves: Sequence[Any]) -> Variant:
    """Hand the emitted source to the back end that is configured."""
    module = lowered.module
    loaded = load_emitted(lowered.loops, lambda: lowered.compiled_source, lowered.nogil)
    indexes = tuple(k for k, leaf in enumerate(leaves) if k not in lowered.statics and signature.is_runtime(leaf))
    results = module.main.results
    return Variant(
        lowered,
        loaded,
        binding(lowered.function, lowered.elaboration),
        rebuilder(lowered.elaboration.result),
        tuple(converter(r) for r in results),
        indexes,
        lowered.elaboration.guards,
    )


def load_emitted(module: Module, source: Callable[[], str], nogil: bool = False) -> Loaded:
    """The main function of a module, through the back end that is configured; `source` gives its emitted text.

    One that makes calls only CPython can make is run as it is, and says so once for each such line.
    """
    name = module.main.name
    if calls_of(module):
        if config.backend != "python":
            warn_uncompiled(module)
        return Loaded(python_backend.run(source(), name, names_of(module)))
    if config.backend == "python":
        return Loaded(python_backend.load(source(), name))
    return numba_backend.load_module(module, source, nogil)


_uncompiled: set[Any] = set()
"""The lines that `UncompiledWarning` was given for."""


def warn_uncompiled(module: Module) -> None:
    """Say that a module runs under CPython, and for which line of the user's."""
    places = positions_of(module)
    if not places or places[0] in _uncompiled:
        return
    _uncompiled.update(places)
    pos = places[0]
    where = "" if pos is None else f" ({pos.filename}:{pos.line}: {pos.text})"
    warnings.warn(
        f"{module.main.name} makes a call that only CPython can make{where}; it runs uncompiled, which is slow.",
        UncompiledWarning,
        stacklevel=7,
    )


def load_function(module: Module, guards: Sequence[tuple[Dim, Dim]]) -> Callable[..., Any]:
    """The main function of a module that is ready to emit, as a function of flat values of which `guards` hold."""
    module = lowering.lowered(module, guards)
    loaded = load_emitted(module, lambda: emitted(module, config.nogil), config.nogil)

    def call(*values: Any) -> Any:
        try:
            return loaded.function(*values)
        except NativeError as error:
            raise loaded.located(error) from None

    return call


def emitted(module: Module, nogil: bool) -> str:
    """A module as Python source, for code that lets other threads run or not."""
    source = emit(module)
    return releasing_gil(source) if nogil else source


def converted(out: Any, converters: Sequence[Converter]) -> list[Any]:
    """What a compiled function returned, as the list of its flat results."""
    flat = (out,) if len(converters) == 1 else out or ()
    return [v if c is None else c(v) for v, c in zip(flat, converters, strict=True)]


def converter(result: Atom) -> Converter:
    """What makes of a compiled result the NumPy or Python value its type promises (Numba boxes all floats as float)."""
    match result.type:
        case Scalar(dtype, weak=True):
            return {"b": bool, "i": int, "f": float, "c": complex}[dtype.kind]
        case Scalar(dtype):
            return dtype.type
        case _:
            return None


def rebuilder(result: Any) -> Callable[[Sequence[Any]], Any]:
    """A function from flat results to the value that the user's function returns."""
    if isinstance(result, Leaf):
        return lambda flat: of_leaf(result, flat)
    leaves, structure = tree.flatten(result, is_leaf=lambda x: isinstance(x, Leaf))

    def rebuild(flat: Sequence[Any]) -> Any:
        return tree.unflatten(structure, [of_leaf(x, flat) if isinstance(x, Leaf) else x for x in leaves])

    return rebuild


def of_leaf(leaf: Leaf, flat: Sequence[Any]) -> Any:
    """What stands in the place of a leaf of the result."""
    value = flat[leaf.number]
    return value if leaf.kind is None else leaf.kind.back(value)


def leaf_names(function: Callable[..., Any], structure: Any) -> list[str]:
    """A name for each argument leaf: the parameter's own, with keys and indexes of containers after it."""
    parameters = parameter_names(function)
    names = []
    for path in structure.paths():
        side, first, *rest = path
        base = str(first) if side == 1 else parameters[first] if first < len(parameters) else f"arg_{first}"
        text = "_".join([base, *(str(part) for part in rest)])
        names.append("".join(c if c.isalnum() or c == "_" else "_" for c in text))
    return names


def parameter_names(function: Callable[..., Any]) -> list[str]:
    """The names of a function's positional parameters, through transforms and partials."""
    while hasattr(function, "__s2sad__"):
        function = function.__s2sad__.function
    bound = 0
    if isinstance(function, partial):
        bound, function = len(function.args), function.func
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):
        return ["x"]
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [p.name for p in parameters if p.kind in kinds][bound:]


__all__ = ["Lowered", "Variant", "load", "lower"]
