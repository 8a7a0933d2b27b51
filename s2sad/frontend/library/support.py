"""What every part of the library uses: the elaborator as the library sees it, emission, folding, refusals."""

from __future__ import annotations

import dataclasses
import types
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NoReturn, Protocol, TypeVar

import numpy as np

from s2sad.errors import S2sadError, ShapeError, TypeMismatchError, UnsupportedError
from s2sad.frontend.values.frames import Consumer, Frame
from s2sad.frontend.values.immutable import surroundings
from s2sad.frontend.values.outside import Outside
from s2sad.frontend.values.readlog import ReadLog, same_object
from s2sad.frontend.values.values import (
    ArrayRef,
    Columns,
    Content,
    DictRef,
    Entries,
    ListRef,
    Location,
    Number,
    Numbers,
    Partial,
    RuntimeItems,
    State,
    Static,
    StaticItems,
    Tuple,
    Value,
)
from s2sad.ir import Atom, Builder, Const, Let, Pos, Var
from s2sad.ir.builder import atom_of
from s2sad.ir.nodes import replace
from s2sad.ir.paths import Path
from s2sad.ir.primitives import Primitive, cast
from s2sad.ir.types import Array, Dim, List, Scalar, Type
from s2sad.tree import make_tuple

T = TypeVar("T")


class Elaborator(Protocol):
    """What the library may ask of the elaborator."""

    builder: Builder
    aliases: dict[Location, frozenset[Location]]
    stack: list[Frame]
    state: State
    outer: State
    roots: list[Value]
    heads: list[State]
    latest: Value | None
    over: Counter[Location]
    kinds: dict[Any, tuple[int, Value]]
    unrolls: bool
    taken: dict[Var, tuple[Atom, Atom]]
    filled: set[Location]
    outside: Outside
    log: ReadLog

    @property
    def pos(self) -> Pos | None: ...
    def atom(self, value: Value) -> Atom: ...
    def lift(self, atom: Atom) -> Value: ...
    def get(self, location: Location) -> Content: ...
    def set(self, location: Location, content: Content) -> None: ...
    def check_write(self, location: Location) -> None: ...
    def write_array(
        self, ref: ArrayRef, path: Path, operands: tuple[Atom, ...], value: Atom, inc: bool = False
    ) -> None: ...
    def truth(self, value: Value) -> bool | Atom: ...
    def call(self, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value: ...
    def branch(self, cond: Atom, then: Callable[[], Value], orelse: Callable[[], Value]) -> Value: ...
    def check(self, there: Atom, kind: str, message: str) -> None: ...
    def error(self, why: str, instead: str = "") -> NoReturn: ...
    def static(self, value: Value) -> Any: ...

    def fail(self, cls: type[BaseException], why: str) -> NoReturn: ...
    def resolve(self, value: Value) -> Value: ...
    def trial(self, run: Callable[[], T]) -> T: ...
    def are_equal(self, a: Dim | None, b: Dim | None) -> bool: ...
    def out_of_bounds(self, why: str) -> NoReturn: ...
    def generate(self, value: Partial, consumer: Consumer) -> None: ...
    def run_through(self, value: Partial) -> tuple[tuple[Value, ...], Any] | None: ...
    def watched(self, run: Callable[[], Value]) -> tuple[Value, Any]: ...
    def try_out(self, run: Callable[[], Any]) -> None: ...
    def run_before(self, stream: Any) -> Any: ...
    def catches(self, cls: type[BaseException], ours: bool = False) -> bool: ...
    def guard(
        self, bad: bool | Atom, cls: type[BaseException], why: str, args: tuple[Any, ...] | None = None
    ) -> None: ...


# -- defaults of arguments

NONE, FALSE, TRUE, ZERO, ONE, LAST = (Static(obj) for obj in (None, False, True, 0, 1, -1))
C_ORDER, K_ORDER = Static("C"), Static("K")


# -- refusals


def refuse(elab: Elaborator, why: str, instead: str = "", kind: type[S2sadError] = UnsupportedError) -> NoReturn:
    """Raise an error at the line being elaborated."""
    raise kind(why, instead, elab.pos)


def reraise(elab: Elaborator, error: Exception, certain: bool = True) -> NoReturn:
    """Raise at the user's line what Python or NumPy raised while a known value or a result type was computed.

    `certain`: it raises that whatever is known at run time only; so this is what happens here, where that is caught.
    """
    if isinstance(error, S2sadError | RecursionError | MemoryError):
        raise error
    if certain:
        elab.guard(True, type(error), str(error), error.args)
    kinds = ((TypeError, TypeMismatchError), (ValueError, ShapeError), (IndexError, ShapeError))
    kind = next((ours for theirs, ours in kinds if isinstance(error, theirs)), UnsupportedError)
    text = str(error).rstrip(".")
    raise kind(f"{type(error).__name__}: {text}.", "", elab.pos) from error


# -- emission


def emit_atom(elab: Elaborator, prim: Primitive, atoms: Iterable[Atom], **params: Any) -> Any:
    """Append a primitive; NumPy's own complaints about types and shapes become errors at the user's line."""
    atoms = tuple(atoms)
    try:
        return elab.builder.emit(prim, atoms, params)
    except S2sadError:
        raise
    except Exception as error:
        reraise(elab, error, certain=all(not isinstance(a.type, Array) or all_known(a.type) for a in atoms))


def all_known(type_: Array) -> bool:
    """Whether every size of an array is known now."""
    return all(isinstance(d, int) for d in type_.dims)


def operand(elab: Elaborator, value: Value) -> Atom:
    """The atom of a number or an array; lists and tuples of them become arrays, as NumPy's functions make them."""
    if isinstance(value, Tuple | ListRef | Numbers) or (
        isinstance(value, Static) and isinstance(value.obj, (tuple, list, range))
    ):
        from s2sad.frontend.library.creation import asarray

        value = asarray(elab, value)
    elif type_of(elab, value) is None:
        why = f"{describe(elab, value)} is neither a number nor an array."
        refuse(elab, why[0].upper() + why[1:], "", TypeMismatchError)
    atom = elab.atom(value)
    return retype(elab, atom, value.type) if isinstance(value, ArrayRef) and value.path else atom


def emit(elab: Elaborator, prim: Primitive, *values: Value, **params: Any) -> Value:
    """Append a primitive applied to abstract values."""
    out = emit_atom(elab, prim, [operand(elab, v) for v in values], **params)
    if isinstance(out, tuple):
        return Tuple(tuple(map(elab.lift, out)))
    result = elab.lift(out)
    if prim.elementwise and isinstance(result, ArrayRef) and result.type.rank > 1:
        from s2sad.frontend.library.layouts import note_sum

        return note_sum(elab, values, result)
    return result


def set_weak(elab: Elaborator, atom: Any, weak: bool) -> Any:
    """The last result as a Python number (weak) or a NumPy scalar, by changing the type of its definition.

    ``math.sin(x)`` is a Python float and ``np.sin(x)`` is not, though both are the primitive `sin`.
    """
    if isinstance(atom, Var) and isinstance(atom.type, Scalar) and atom.type.weak != weak:
        return retype(elab, atom, Scalar(atom.type.dtype, weak))
    return atom


def retype(elab: Elaborator, atom: Any, type_: Type) -> Any:
    """The last result with a type that says more (of weakness, of dims); as it is where it is not the last."""
    block = elab.builder.statements
    last = block[-1] if block else None
    if not isinstance(last, Let) or atom not in last.targets:
        return atom
    fixed = Var(atom.name, type_)
    block[-1] = replace(last, targets=tuple(fixed if t == atom else t for t in last.targets))
    if atom in elab.builder.sizes:
        elab.builder.sizes[fixed] = elab.builder.sizes.pop(atom)
    return fixed


def composite(elab: Elaborator, function: Callable[..., Any], *values: Value, **params: Any) -> Value:
    """Run a function of primitives (as derivative rules are written) on abstract values."""
    refs = [elab.builder.ref(operand(elab, v)) for v in values]
    try:
        out = function(*refs, **params)
    except S2sadError:
        raise
    except Exception as error:
        reraise(elab, error)
    if isinstance(out, tuple):
        return Tuple(tuple(elab.lift(atom_of(o)) for o in out))
    return elab.lift(atom_of(out))


def fit(elab: Elaborator, atom: Atom, dtype: np.dtype) -> Atom:
    """The atom with elements of this dtype; nothing is emitted where they are already, and constants are converted."""
    if atom.type.dtype == dtype:
        return atom
    if isinstance(atom, Const):
        python = {"b": bool, "i": int, "u": int, "f": float, "c": complex}[dtype.kind]
        return Const(python(atom.value)) if atom.type.weak and dtype.itemsize >= 8 else Const(dtype.type(atom.value))
    params = {"dtype": dtype, "weak": True} if isinstance(atom.type, Scalar) and atom.type.weak else {"dtype": dtype}
    return emit_atom(elab, cast, (atom,), **params)


# -- values known now


class _Unknown:
    def __repr__(self) -> str:
        return "UNKNOWN"


UNKNOWN: Any = _Unknown()
TEXT_AND_TIME = "MmUS"
"""The kinds of dtypes that are no numbers, whose arrays are known objects like strings and dates."""


def known(elab: Elaborator, value: Value) -> Any:
    """The Python object that a value stands for, or `UNKNOWN`. Lists and dicts are given as copies."""
    match value:
        case Static(np.ndarray(dtype=dtype)):
            return value.obj if dtype.kind in TEXT_AND_TIME else UNKNOWN
        case Static(obj):
            if callable(obj):
                elab.outside.looked_at(obj)
            return obj
        case Number(Const(number)):
            return number
        case Tuple(items, type_):
            objects = _all_known(elab, items)
            return UNKNOWN if objects is UNKNOWN else make_tuple(type_, objects)
        case ListRef(location):
            content = elab.get(location)
            return _all_known(elab, content.items) if isinstance(content, StaticItems) else UNKNOWN
        case DictRef(location):
            content = elab.get(location)
            assert isinstance(content, Entries)
            objects = _all_known(elab, [v for _, v in content.items])
            if objects is UNKNOWN or value.type is not dict:
                return UNKNOWN
            return dict(zip((k for k, _ in content.items), objects, strict=True))
        case _:
            return UNKNOWN


def _all_known(elab: Elaborator, values: Iterable[Value]) -> Any:
    objects = []
    for value in values:
        obj = known(elab, value)
        if obj is UNKNOWN:
            return UNKNOWN
        objects.append(obj)
    return objects


def static(elab: Elaborator, value: Value) -> Any:
    """The Python object behind a value whose very value is needed; asks for it where it is an argument."""
    obj = known(elab, value)
    if obj is not UNKNOWN:
        return obj
    match value:
        case Tuple(items, type_):
            return make_tuple(type_, [static(elab, v) for v in items])
        case ListRef(location) if isinstance(content := elab.get(location), StaticItems):
            return [static(elab, v) for v in content.items]
        case _:
            return elab.static(value)


def folded(elab: Elaborator, result: Any, objects: Iterable[Any]) -> Value | None:
    """What Python computed from known objects as a value; None where it holds a list or dict of theirs, whose identity
    would be lost."""
    around = surroundings(objects)
    if around is not None:
        elab.log.note(around, same_object(around()))
    theirs = {id(x) for obj in objects for x in _mutable(obj)}
    return None if any(id(x) in theirs for x in _mutable(result)) else wrap(elab, result)


def _mutable(obj: Any) -> Iterator[Any]:
    """The lists and dicts in an object, itself included."""
    match obj:
        case list() | tuple():
            inner: Iterable[Any] = obj
        case dict():
            inner = obj.values()
        case _:
            return
    if not isinstance(obj, tuple):
        yield obj
    for item in inner:
        yield from _mutable(item)


def is_number(obj: Any) -> bool:
    return isinstance(obj, (bool, int, float, complex, np.number, np.bool_)) and not isinstance(obj, np.timedelta64)


def wrap(elab: Elaborator, obj: Any) -> Value:
    """A Python object as an abstract value; containers become locations of their own, arrays become buffers."""
    match obj:
        case tuple():
            return Tuple(tuple(wrap(elab, o) for o in obj), type(obj))
        case list():
            return new_list(elab, [wrap(elab, o) for o in obj])
        case dict():
            location = Location("dict")
            elab.set(location, Entries(tuple((k, wrap(elab, v)) for k, v in obj.items())))
            return DictRef.like(obj, location)
        case set():
            return Static(frozenset(obj))
        case np.ndarray(dtype=dtype) if dtype.kind in TEXT_AND_TIME:
            return Static(obj)
        case np.ndarray():
            from s2sad.frontend.library.creation import constant_array

            return constant_array(elab, obj)
        case _:
            return Static(obj)


def new_list(elab: Elaborator, items: Iterable[Value]) -> ListRef:
    location = Location("items")
    elab.set(location, StaticItems(tuple(items)))
    return ListRef(location)


def new_runtime_list(elab: Elaborator, atom: Atom) -> ListRef:
    location = Location("items")
    elab.set(location, RuntimeItems(atom))
    return ListRef(location)


def read_only(elab: Elaborator, value: Value) -> Value:
    """A copy that stands for what Python would share: reading it is right, writing into it is refused."""
    if not isinstance(value, ArrayRef):
        return value
    location = Location(value.location.hint, captured=True, frozen=True)
    elab.set(location, elab.get(value.location))
    return ArrayRef(location, value.type, value.path, value.operands)


# -- numbers that became arrays


def whole(elab: Elaborator, value: Value) -> None:
    """Refuse an array that is a number on some path, where that would tell."""
    if isinstance(value, ArrayRef) and value.location in elab.filled:
        refuse(
            elab,
            "This is an array on one path and a number on another, and is used by more than arithmetic.",
            "Make it an array on both, with np.full(shape, number).",
        )


def spread(elab: Elaborator, args: Iterable[Value], out: Value) -> Value:
    """The result of arithmetic: it may be a number too, if no array of the whole shape takes part. Of an array of
    another library, it is one."""
    arrays = [a for a in args if isinstance(a, ArrayRef)]
    if elab.outside.labelled and isinstance(out, ArrayRef):
        kinds = [elab.outside.labelled[a.location] for a in arrays if a.location in elab.outside.labelled]
        if kinds:
            elab.outside.labelled[out.location] = dataclasses.replace(kinds[0], made=True)
    filled = [a for a in arrays if a.location in elab.filled]
    sure = [a for a in arrays if a.location not in elab.filled]
    if filled and isinstance(out, ArrayRef) and not any(a.type.dims == f.type.dims for a in sure for f in filled):
        elab.filled.add(out.location)
    return out


# -- sequences


def items_of(elab: Elaborator, value: Value) -> tuple[Value, ...] | None:
    """The items of a tuple, a list of known length, or a known sequence; None for anything else."""
    match value:
        case Tuple(items):
            return items
        case ListRef(location):
            content = elab.get(location)
            return content.items if isinstance(content, StaticItems) else None
        case Static(tuple() | list() | range() | str() as obj):
            return tuple(wrap(elab, o) for o in obj)
        case _:
            return None


def is_runtime_list(elab: Elaborator, value: Value) -> bool:
    """Whether a value is a list whose length is known at run time only."""
    return isinstance(value, ListRef) and isinstance(elab.get(value.location), RuntimeItems | Columns)


def runtime_list(elab: Elaborator, value: Value) -> Atom | None:
    """The current version of a list of numbers or arrays that grows at run time; None for anything else."""
    if isinstance(value, ListRef) and isinstance(content := elab.get(value.location), RuntimeItems):
        return content.atom
    return None


# -- types


def type_of(elab: Elaborator, value: Value) -> Type | None:
    """The type of a number, an array, or a runtime list; None for what is neither."""
    match value:
        case Number(atom):
            return atom.type
        case ArrayRef(type=type_):
            return type_
        case Static(obj) if is_number(obj):
            return Const(obj).type
        case _:
            items = runtime_list(elab, value)
            return None if items is None else items.type


def is_numeric(elab: Elaborator, value: Value) -> bool:
    return isinstance(type_of(elab, value), (Scalar, Array))


def rank_of(elab: Elaborator, value: Value) -> int:
    type_ = type_of(elab, value)
    return type_.rank if isinstance(type_, Array) else 0


def is_int_scalar(atom: Atom) -> bool:
    return isinstance(atom.type, Scalar) and atom.type.dtype.kind in "iu"


def describe(elab: Elaborator, value: Value) -> str:
    """What a value is, for messages."""
    match type_of(elab, value):
        case Scalar(dtype, weak):
            return (
                {"b": "bool", "i": "int", "f": "float", "c": "complex"}.get(dtype.kind, dtype.name)
                if weak
                else dtype.name
            )
        case Array(dtype, dims):
            return f"an array of {dtype.name} of rank {len(dims)}"
        case List():
            return "a list"
    match value:
        case Static(None):
            return "None"
        case Static(np.ndarray(dtype=dtype)) if dtype.names is not None:
            return "a structured array"
        case Static(types.ModuleType() as module):
            return f"the module {module.__name__}"
        case Static(obj):
            return repr(obj) if isinstance(obj, (str, tuple)) else getattr(obj, "__name__", type(obj).__name__)
        case Tuple(type=cls):
            return "a tuple" if cls is tuple else f"a {cls.__name__}"
        case Numbers(classes=(cls, *_)):
            return "an array.array" if cls.__name__ == "array" else f"a {cls.__name__}"
        case ListRef():
            return "a list"
        case DictRef():
            return "a dict"
        case Partial(function=Static(type() as cls)):
            return f"a {cls.__name__}"
        case Partial(function=Static(function)) if function is str.format:
            return "a text of values known at run time"
        case _:
            return f"a {type(value).__name__.lower()}"


def keywords(pairs: Mapping[str, Value]) -> str:
    return ", ".join(f"{k}=" for k in pairs)


def function_name(function: Any) -> str:
    """A callable as a user writes it: ``np.linalg.norm``, ``math.sin``, ``len``."""
    if isinstance(function, np.ufunc):
        return f"np.{function.__name__}"
    name = getattr(function, "__qualname__", None) or getattr(function, "__name__", None) or repr(function)
    module = getattr(function, "__module__", None) or ""
    if module == "builtins" or not module:
        return name
    return f"{module.replace('numpy', 'np', 1)}.{name}"
