"""The elaborator: runs a function on abstract values, which writes its IR.

This class holds what everything shares (the builder, the state, the frames, the log) and offers the operations that the
library of meanings needs. What statements and expressions do is in `statements`, `expressions`, `loops`, `branches`,
`functions` and `classes`; how states meet is in `joins`.
"""

from __future__ import annotations

import builtins
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import gast
import numpy as np

from s2sad import plain
from s2sad.errors import AliasError, NeedStatic, ShapeError, TypeMismatchError, UnsupportedError
from s2sad.frontend import library
from s2sad.frontend.elaborate import branches, catching, classes, functions, generators, raising
from s2sad.frontend.elaborate.recursion import Activation
from s2sad.frontend.library import choices
from s2sad.frontend.library.support import describe, is_number
from s2sad.frontend.values import reach
from s2sad.frontend.values.frames import Consumer, Frame
from s2sad.frontend.values.outside import Outside
from s2sad.frontend.values.readlog import MISSING, ReadLog
from s2sad.frontend.values.unbound import Pending, UnboundName
from s2sad.frontend.values.unreachable import Unreachable
from s2sad.frontend.values.values import (
    ArrayRef,
    Broken,
    Buffer,
    Choice,
    Closure,
    Columns,
    Content,
    DictRef,
    Entries,
    ListRef,
    Location,
    Lost,
    Maybe,
    Number,
    Numbers,
    ObjectRef,
    Partial,
    RuntimeItems,
    State,
    Static,
    StaticItems,
    Tuple,
    Value,
    Within,
)
from s2sad.ir import Array, Atom, Builder, Const, Let, List, Names, Pos, Var
from s2sad.ir.nodes import Effect, Function, If, replace
from s2sad.ir.paths import Index, Path
from s2sad.ir.primitives import inc as inc_prim
from s2sad.ir.primitives import load, raise_, store
from s2sad.ir.python_calls import Named
from s2sad.ir.types import Dim, Size, lower_bound, symbols_of
from s2sad.rules.logical import not_
from s2sad.tree import make_tuple

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.catching import Catch, Handled, Step
    from s2sad.frontend.elaborate.raising import Raised

T = TypeVar("T")
WHOLE: Path = (Index((Ellipsis,)),)
"""The path of all of an array, to overwrite it."""


class Elaborator:
    """The state of one elaboration."""

    def __init__(self) -> None:
        self.builder = Builder(Names())
        self.state: State = {}
        self.outer: State = {}
        """What stands at captured locations, which never changes."""
        self.stack: list[Frame] = []
        self.frames: dict[Location, Frame] = {}
        self.log = ReadLog()
        self.outside = Outside(self)
        self.functions: dict[str, Function] = {}
        """What is called out of line."""
        self.frees: dict[str, tuple[Var, ...]] = {}
        """The captured values that each of them takes after its own parameters."""
        self.active: list[Activation] = []
        """The user's functions that are being run."""
        self.roots: list[Value] = []
        """What is live besides names: what loops go over, and the array parameters of functions made out of line."""
        self.leaves: dict[Var, int] = {}
        """The parameters of main that are argument leaves."""
        self.origins: dict[Location, frozenset[int]] = {}
        """Which argument leaves an array may be."""
        self.mutated: set[int] = set()
        self.stand_ins: dict[Var, Atom] = {}
        """The parameters of closed functions, and what each of them stands for."""
        self.aliases: dict[Location, frozenset[Location]] = {}
        """Locations that may be the same array after a join."""
        self.heads: list[State] = []
        """The states at the heads of the loops being elaborated, outermost first."""
        self.exit_flag: Value | None = None
        """What ``__exit__`` at the end of the loop body being elaborated was given."""
        self.resolver: Callable[[Function], Function] = lambda function: function
        """Resolves the transforms applied in a rule that is elaborated late; set by the pipeline."""
        self.lifted: dict[int, Var] = {}
        """The variables that values hold already, by identity: these keep their names."""
        self.pending: list[Pending] = []
        """The loops in their first pass, and the names that only their bodies bind."""
        self.named_objects: dict[int, Named] = {}
        """What calls that only CPython can make refer to, by identity."""
        self.raised: dict[tuple[str, str], Raised] = {}
        """What the user raises, by what is raised in its place."""
        self.catching: list[Catch] = []
        """The places around here where exceptions are caught, innermost last."""
        self.handled: list[Handled] = []
        """What the handlers being run have caught, innermost last."""
        self.followed: list[Location] = []
        """Where the numbers of what was raised stand, of the catches and of finally blocks, innermost last."""
        self.strict = 0
        """In how many ``with np.errstate(...)`` this place is that let NumPy raise FloatingPointError."""
        self.finishing: list[Location] = []
        """Where the numbers stand that finally blocks being run were come to by, innermost last."""
        self.choices: dict[Var, tuple[Atom, bool]] = {}
        """Of numbers that a branch chose from 0 and another one: its condition, and whether it held for the other."""
        self.tags: dict[tuple[type, str], int] = {}
        """The numbers of exceptions."""
        self.step: Step | None = None
        """The step being run, where exceptions are caught."""
        self.latest: Value | None = None
        """The last result of an operation, not bound to any name yet: it may take the name it is assigned to."""
        self.filled: set[Location] = set()
        """Arrays that may stand for a number on some paths (`joins.Joiner.filled`)."""
        self.kinds: dict[Any, tuple[int, Value]] = {}
        """The numbers of the kinds of values that choices are among (`choices`)."""
        self.taken: dict[Var, tuple[Atom, Atom]] = {}
        """What was read of columns of lists: the column and the index."""
        self.unrolls = False
        """Whether a loop is being tried that can also be written out: what is then known need not be chosen."""
        self.reads: list[set[Location]] = []
        """The locations that were read since something began to keep watch."""
        self.conditions = 0
        """How many branches, which may not be taken, this place is in."""
        self.over: Counter[Location] = Counter()
        """The lists that loops of the IR go over at this place."""

    # -- where we are

    @property
    def pos(self) -> Pos | None:
        """The place in the user's file of what is being elaborated."""
        return self.builder.pos

    @property
    def frame(self) -> Frame:
        return self.stack[-1]

    @contextmanager
    def at(self, node: gast.AST) -> Iterator[None]:
        """Errors and statements made inside stand at this node, or at the user's call of a function of the library."""
        before = self.builder.pos
        if getattr(node, "lineno", None) is not None and not self.frame.source.ours:
            self.builder.pos = self.frame.source.pos(node)
        yield
        self.builder.pos = before

    def error(self, why: str, instead: str = "") -> NoReturn:
        """Refuse the program at the current place."""
        raise UnsupportedError(why, instead, self.pos)

    def mismatch(self, why: str, instead: str = "", kind: type[TypeMismatchError] = TypeMismatchError) -> NoReturn:
        """Refuse values that cannot meet, at the current place."""
        raise kind(why, instead, self.pos)

    def out_of_bounds(self, why: str) -> NoReturn:
        """Refuse an index that is out of bounds; where it may not be reached, it fails when it is."""
        if not (self.conditions or self.heads or catching.catches(self, IndexError)):
            raise ShapeError(why, "", self.pos)
        self.fail(IndexError, why)

    def fail(self, cls: type[BaseException], why: str) -> NoReturn:
        """Raise an exception whose text may be another one in Python; refused where it is sure to be raised, and not
        caught."""
        self.guard(True, cls, why)
        if not (self.conditions or self.heads):
            self.error(why)
        raising.fail(self, cls, why.rstrip("."))

    def guard(self, bad: bool | Atom, cls: type[BaseException], why: str, args: tuple[Any, ...] | None = None) -> None:
        """The step being run raises an exception where `bad` holds, if that is caught. `args`: those of the exception,
        where they are known; else `why` says what it is about."""
        catching.guard(self, bad, raising.fault(cls, why, args))

    def catches(self, cls: type[BaseException], ours: bool = False) -> bool:
        """Whether an exception of this class, raised here, is caught by the program. Functions of ours do not raise,
        but for what is said of the user's data (`ours`)."""
        return (ours or not (self.stack and self.frame.source.ours)) and catching.catches(self, cls)

    def fail_name(self, name: str, frame: Location | None = None) -> NoReturn:
        """A name bound to nothing. In the first pass of a loop that may yet bind it, the path counts as dead."""
        shown = name.split("@")[0]
        error = UnboundName(
            f"The name {shown!r} is not bound here.", "Assign it on every path that leads here.", self.pos
        )
        for pending in self.pending:
            if pending.frame is frame and name in pending.names:
                pending.error = pending.error or error
                raise Unreachable
        raise error

    def mark(self) -> Any:
        """What names and sizes are known, to `reset` to when what follows was a trial."""
        return self.builder.names.mark(), dict(self.builder.sizes), self.builder.ranges.mark()

    def reset(self, mark: Any) -> None:
        """Forget what a trial named, but for the hidden parameters it found."""
        names, sizes, ranges = mark
        self.builder.names.reset(names, [*self.outside.names(), *self.functions])
        self.builder.sizes.clear()
        self.builder.sizes.update(sizes)
        self.builder.ranges.reset(ranges)

    def trial(self, run: Callable[[], T]) -> T:
        """What a run gives, of which nothing is kept: no code, no state, no names."""
        state, pos, mark = dict(self.state), self.builder.pos, self.mark()
        try:
            with self.builder.block():
                return run()
        finally:
            self.state, self.builder.pos, self.latest = state, pos, None
            self.reset(mark)

    # -- the state

    def get(self, location: Location) -> Content:
        """What stands at a location."""
        for seen in self.reads:
            seen.add(location)
        content = self.state.get(location)
        if content is None:
            content = self.outer.get(location, Lost(f"{location.hint} was made on one path only."))
        if isinstance(content, Lost):
            self.error(content.why)
        return library.columns.materialised(self, content) if isinstance(content, Within) else content

    def set(self, location: Location, content: Content) -> None:
        """Put something at a location: a new one, or one that may be written."""
        if location.captured:
            if location in self.outer:
                self._check_shared(location)
                self.error(
                    f"{location.hint} comes from outside the function, and would be written into.",
                    "Make a copy of it inside the function, or pass it as an argument and return it.",
                )
            self.outer[location] = content
            return
        if catching.number(self) != Const(0) and location not in self.followed:
            self.error(
                "Something is written here that an exception, which is caught, may keep from being written.",
                "Give what may raise it a line of its own.",
            )
        if location in self.state:
            self.check_write(location)
        match self.state.get(location):
            case Within() as place:
                return library.columns.write_back(self, place, content)
            case Columns():
                library.columns.let_go(self, location)
        self.state[location] = content

    def _check_shared(self, location: Location) -> None:
        """Refuse to write into a copy of what Python would share."""
        if location.frozen:
            raise AliasError(
                "This array is an item of a list of arrays, or a view or a copy depending on how its base is laid out: "
                "a write into it may show elsewhere.",
                "Write into a .copy() of it, and put that back where it came from.",
                self.pos,
            )

    def check_write(self, location: Location) -> None:
        """Refuse to change what may also be something else that is read later."""
        if location.frozen:
            raise AliasError(
                f"{location.hint} is one of several views, and is written into.",
                "Write into it inside the branch, or copy it there with .copy().",
                self.pos,
            )
        others = self.aliases.get(location)
        if others and others & reach.live_locations(self):
            names = reach.names_for(self, [location, *others])
            raise AliasError(
                f"After a branch or a loop, {names} may or may not be the same array, and one of them is written into.",
                "Write into it inside the branch, or copy it there with .copy().",
                self.pos,
            )

    def write_array(
        self, ref: ArrayRef, path: Path, operands: tuple[Atom, ...], value: Atom, inc: bool = False
    ) -> None:
        """Store (or add) at a place of an array, through the views that lead to it."""
        location = ref.location
        content = self.get(location)
        assert isinstance(content, Buffer)
        if not location.captured:
            self.mutated |= self.origins.get(location, frozenset())
        args = (content.atom, value, *ref.operands, *operands)
        prim = inc_prim if inc else store
        if location.captured:
            self.set(location, content)
        new = self.builder.emit(prim, args, {"path": (*ref.path, *path) or WHOLE}, str(content.atom))
        self.lifted[id(new)] = new
        self.set(location, Buffer(new))
        self.latest = None

    # -- atoms and values

    def atom(self, value: Value) -> Atom:
        """A number, an array or a list of numbers as an IR atom."""
        match value:
            case Number(atom):
                return atom
            case Static(obj) if is_number(obj):
                if isinstance(obj, np.generic):
                    plain.check_dtype(obj.dtype, pos=self.pos)
                return Const(plain.number(obj))
            case ArrayRef(location, _, path, operands):
                content = self.get(location)
                assert isinstance(content, Buffer)
                return self.builder.emit(load, (content.atom, *operands), {"path": path}) if path else content.atom
            case ListRef(location) if isinstance(content := self.get(location), RuntimeItems):
                return content.atom
            case Numbers(ref):
                return self.atom(ref)
            case ListRef() | Tuple() | Static(list() | tuple()):
                return self.atom(library.call(self, np.array, [value], {}))
            case Maybe():
                return self.atom(self.resolve(value))
            case _:
                self.mismatch(f"{self.describe(value).capitalize()} stands where a number or an array is needed.")

    def lift(self, atom: Atom) -> Value:
        """An IR atom as a value: a number, a new array, or a new list."""
        known = id(atom) in self.lifted
        match atom:
            case Const(value):
                return Static(value)
            case Var(name, Array() as type_):
                location = Location(name)
                self.state[location] = Buffer(atom)
                self.latest = ArrayRef(location, type_)
            case Var(name, List()):
                location = Location(name)
                self.state[location] = RuntimeItems(atom)
                self.latest = ListRef(location)
            case _:
                self.latest = Number(atom)
        value = self.latest
        if known:
            self.latest = None
        self.lifted[id(atom)] = atom
        return value

    def truth(self, value: Value) -> bool | Atom:
        """Whether a value counts as true: known now, or a bool atom."""
        match value:
            case Static(obj):
                return bool(obj)
            case Number(Const(number)):
                return bool(number)
            case Number(Var(type=type_) as atom):
                return atom if type_.dtype.kind == "b" else self.atom(library.compare(self, "ne", value, Static(0)))
            case Choice():
                return self.truth(choices.split(self, value, self.number_truth))
            case Maybe(inner, there, "None"):
                return self.truth(self.branch(there, lambda: self.number_truth(inner), lambda: Static(False)))
            case Maybe():
                return self.truth(self.resolve(value))
            case Tuple(items):
                return bool(items)
            case Numbers(ref) if (size := ref.type.dims[0]) is not None and (lower_bound(size) or 0) > 0:
                return True
            case ListRef() | DictRef() | Numbers():
                return self.truth(library.call(self, len, [value], {}))
            case ArrayRef():
                return self._array_truth(value)
            case ObjectRef():
                return self._object_truth(value)
            case _:
                return True

    def number_truth(self, value: Value) -> Value:
        """`truth`, as a value."""
        truth = self.truth(value)
        return Static(truth) if isinstance(truth, bool) else Number(truth)

    def _array_truth(self, ref: ArrayRef) -> bool | Atom:
        if any(d != 1 for d in ref.type.dims):
            self.mismatch(
                "The truth value of an array with more than one element is ambiguous.", "Use .any() or .all()."
            )
        key = (Index((0,) * ref.type.rank),)
        return self.truth(self.lift(self.builder.emit(load, (self.atom(ref),), {"path": key})))

    def _object_truth(self, value: ObjectRef) -> bool | Atom:
        for name in ("__bool__", "__len__"):
            method = getattr(value.cls, name, None)
            if method is not None:
                return self.truth(self.call(Static(method), [value], {}))
        return True

    def resolve(self, value: Value) -> Value:
        """A value that is surely there: emits the check for one that may be unset or None, refuses a broken one."""
        match value:
            case Broken(why, instead):
                self.mismatch(why, instead)
            case Maybe(inner, there, absent):
                none = ("TypeError", "a value is None")
                kind, what = none if absent == "None" else ("UnboundLocalError", "a name is not set")
                where = "" if self.pos is None else f" at line {self.pos.line}: {self.pos.text}"
                self.check(there, kind, what + where)
                return self.resolve(inner)
            case _:
                return value

    def check(self, there: Atom, kind: str, message: str) -> None:
        """Emit ``if not there: raise kind(message)``."""
        if there == Const(True):
            return
        missing = self.builder.emit(not_, (there,))
        self.guard(missing, getattr(builtins, kind), message)
        params = (("kind", kind), ("message", message))
        self.builder.append(If(missing, (Effect(raise_, (), params, self.pos),), (), (), self.pos))

    def static(self, value: Value) -> Any:
        """The Python object behind a value. Asks for the value of an argument; else refuses."""
        match value:
            case Static(obj):
                if callable(obj):
                    self.outside.looked_at(obj)
                return obj
            case Number(Const(number)):
                return number
            case Number(Var() as var) if var in self.leaves:
                raise NeedStatic(self.leaves[var], self.pos)
            case Number(Var() as var) if (found := self.outside.baked(var)) is not MISSING:
                return found
            case Tuple(items, cls):
                return make_tuple(cls, [self.static(v) for v in items])
            case ListRef(location) if isinstance(content := self.get(location), StaticItems):
                return [self.static(v) for v in content.items]
            case DictRef(location) if isinstance(content := self.get(location), Entries):
                return {k: self.static(v) for k, v in content.items}
            case _:
                self.error(
                    f"A value is needed while the function is compiled, but this one ({self.describe(value)}) is known "
                    "at run "
                    "time only.",
                    "Use a constant, or an int argument as it is passed.",
                )

    def describe(self, value: Value) -> str:
        """What a value is, for messages."""
        match value:
            case Closure(source):
                return f"the function {source.name}"
            case ObjectRef(_, cls):
                return f"a {cls.__name__}"
            case Partial() if library.text.is_text(value):
                return "a text of values known at run time"
            case Partial(Static(function)):
                return getattr(function, "__name__", "a partial")
            case Choice(_, options):
                return " or ".join(dict.fromkeys(self.describe(v) for _, v in options))
            case Maybe() | Broken() | Partial():
                return "a value"
            case _:
                return describe(self, value)

    def are_equal(self, a: Dim | None, b: Dim | None) -> bool:
        """Whether two sizes of parameters are taken to be equal, which every call is checked for."""
        if (a, b) not in self.builder.equalities and (b, a) not in self.builder.equalities:
            return False
        params = (*self.leaves, *(var for var, _ in self.outside.captured))
        known = {s for p in params for s in symbols_of(p.type)}
        return all(not isinstance(d, Size) or all(s in known for s, _ in d.terms) for d in (a, b))

    @contextmanager
    def going_over(self, lists: Iterable[Location]) -> Iterator[None]:
        """A loop of the IR that goes over some lists, which must keep their length in it."""
        self.over.update(lists)
        try:
            yield
        finally:
            self.over.subtract(lists)

    @contextmanager
    def holding(self, values: Iterable[Value]) -> Iterator[None]:
        """Values that are live without a name, such as what a loop goes over, whatever the body does with its name."""
        before, self.roots = self.roots, [*self.roots, *values]
        try:
            yield
        finally:
            self.roots = before

    # -- names of results

    def name_result(self, value: Value, name: str) -> Value:
        """Give the result of the last operation the name it is assigned to."""
        latest, self.latest = self.latest, None
        if value is not latest or latest is None:
            return value
        block = self.builder.statements
        atom = value.atom if isinstance(value, Number) else self._own_atom(value)
        last = block[-1] if block else None
        if atom is None or not isinstance(last, Let) or last.targets != (atom,):
            return value
        named = Var(self.builder.names.fresh(clean(name)), atom.type)
        block[-1] = replace(last, targets=(named,))
        if isinstance(atom, Var) and atom in self.builder.sizes:
            self.builder.sizes[named] = self.builder.sizes.pop(atom)
        out = self.lift(named)
        self.latest = None
        library.layouts.renamed(self, value, out)
        return out

    def _own_atom(self, value: Value) -> Var | None:
        match value:
            case ArrayRef(location, path=()) | ListRef(location) if not location.captured:
                content = self.get(location)
                return (
                    content.atom
                    if isinstance(content, Buffer | RuntimeItems) and isinstance(content.atom, Var)
                    else None
                )
            case _:
                return None

    def try_out(self, run: Callable[[], Any]) -> None:
        """Run something, and keep nothing of it."""
        state, pos, mark = dict(self.state), self.builder.pos, self.mark()
        try:
            with self.builder.block():
                run()
        except Unreachable:
            pass
        finally:
            self.state, self.builder.pos, self.latest = state, pos, None
            self.reset(mark)

    # -- generators

    def generate(self, value: Partial, consumer: Consumer) -> None:
        """Run a generator, and hand what it gives to its consumer."""
        generators.run(self, value, consumer)

    def run_through(self, value: Partial) -> tuple[tuple[Value, ...], generators.Kept] | None:
        """All that a generator gives; None where it is not known how many, or where running it changes things."""
        return generators.run_through(self, value)

    def watched(self, run: Callable[[], Value]) -> tuple[Value, generators.Kept | None]:
        """Run something, and keep what it read; None where it changed things."""
        return generators.watched(self, run)

    def run_before(self, stream: library.Stream) -> library.Indexed:
        """What a generator gives that is run before another one, instead of beside it."""
        return generators.run_before(self, stream)

    # -- what others do

    def attribute(self, value: Value, name: str) -> Value:
        """An attribute of anything."""
        return classes.attribute(self, value, name)

    def call(self, function: Value, args: list[Value], kwargs: dict[str, Value]) -> Value:
        """Call anything."""
        return functions.call(self, function, args, kwargs)

    def branch(self, cond: Atom, then: Callable[[], Value], orelse: Callable[[], Value]) -> Value:
        """``then() if cond else orelse()``, run in branches of their own and joined."""
        return branches.choose(self, cond, then, orelse)


def clean(name: str) -> str:
    """A name for the IR from a user's or one of our own."""
    return name.split("@")[0] or "t"
