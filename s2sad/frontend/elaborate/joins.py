"""Where two states meet: after a branch, and (with what `loop_heads` adds) at the head of a loop.

`Joiner` walks both states side by side from the names that are live. Where two numbers or two versions of an array
differ it makes a variable and a `Pair`: what each side gives it. Locations are renamed, so that swapped buffers come
out right; a location that meets several others leaves aliases, which `Elaborator.check_write` guards.

    left                right               joined
    x = Number(x1)      x = Number(x2)      x = Number(x3)      Pair(x3, x1, x2)
    a -> loc A          a -> loc A          a -> loc A          Pair(a3, a1, a2) when A was written
    p -> loc A          p -> loc B          p -> loc J          J is an alias of A and B, where those live on
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from s2sad.frontend.library import choices, columns
from s2sad.frontend.library.support import is_number
from s2sad.frontend.values import patterns, reach
from s2sad.frontend.values.frames import Frame
from s2sad.frontend.values.meeting import meet, promote, same_content, same_static, slotted
from s2sad.frontend.values.values import (
    NOTHING,
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
    Nothing,
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
from s2sad.ir.nodes import Atom, Const, Stmt, Var, array_type
from s2sad.ir.types import BOOL, INT, Array, List, Scalar, Type

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

Key = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """A column of a list that one side does not have: the same thing for each item that `like` has."""

    value: Static
    like: Atom


EMPTY = object()
"""The pattern of the items of a list that has none."""
Operand = Atom | StaticItems | ArrayRef | Filled | Nothing
Side = Value | Nothing


@dataclass(frozen=True, slots=True)
class Pair:
    """A variable of the joined state, and what each side gives it (to be converted to its type)."""

    key: Key
    var: Var
    left: Operand
    right: Operand
    type: Type
    """The type of the variable, with None for sizes that are not known."""


class Joiner:
    """Joins the states `left` and `right` into `state`."""

    def __init__(self, elab: Elaborator, left: State, right: State) -> None:
        self.elab = elab
        self.left, self.right = left, right
        self.meet = partial(meet, equal=elab.are_equal)
        self.pairs: list[Pair] = []
        self.state: State = {}
        self.frames: dict[Location, Frame] = {}
        self.also: list[tuple[Location, Location]] = []
        self.seen: dict[tuple[Location | None, Location | None], Location] = {}

    # -- what a loop's head knows more of

    def keeps(self, key: Key) -> bool:
        """Whether what both sides have alike stays as it is."""
        return True

    def met(self, key: Key, type_: Type) -> Type:
        """The type of the variable in which two of a type that has both meet."""
        return type_

    def became_list(self, key: Key) -> bool:
        """Whether the list here is known to grow."""
        return False

    def note(self, key: Key, what: Any) -> None:
        """This stands here now, but for the numbers in it."""

    def note_fill(self, key: Key, location: Location, filled: bool) -> None:
        """A number has met the array here, which (if `filled`) may itself be a number on the right."""

    # -- states

    def join(self) -> None:
        """Walk all that is live, and keep the rest where both sides have the same."""
        for frame in self.elab.stack:
            self.frame(frame)
        for location in self.elab.followed:
            self.seen[location, location] = location
            self.state[location] = self.content((location, location.hint), self.left[location], self.right[location])
        for k, value in enumerate(self.elab.roots):
            self.value(("#root", k), value, value)
        for location, content in self.left.items():
            if location in self.right and (location, location) not in self.seen and location not in self.state:
                same = same_content(content, self.right[location])
                lost = Lost(f"{location.hint} was changed on one of two paths and is lost.")
                self.state[location] = content if same else lost

    def frame(self, frame: Frame) -> None:
        location = frame.location
        if (location, location) in self.seen:
            return
        self.seen[location, location] = location
        live = frame.scope.locals if frame.live is None else frame.live
        key = (self.elab.stack.index(frame), location.hint)
        self.state[location] = self.names(location, location, key, live, frame.source.ours)

    def names(
        self, a: Location | None, b: Location | None, key: Key, live: frozenset[str], ours: bool = False
    ) -> Entries:
        """The names of a frame. Those of functions of ours are never read where they are not set."""
        left, right = _entries(self.left, a), _entries(self.right, b)
        items = []
        for name in sorted((left.keys() | right.keys()) & live):
            place = (*key, f"{name}@" if ours else name)
            value = self.value(place, left.get(name, NOTHING), right.get(name, NOTHING))
            items.append((name, value))
        return Entries(tuple(items))

    def commit(self) -> State:
        """Make the joined state known to the elaborator: aliases, frames, origins of what it renamed."""
        elab = self.elab
        for (a, b), joined in self.seen.items():
            for location in (a, b):
                if location is not None:
                    before = elab.origins.get(joined, frozenset())
                    elab.origins[joined] = before | elab.origins.get(location, frozenset())
        for location, others in self.aliases().items():
            elab.aliases[location] = elab.aliases.get(location, frozenset()) | others
        elab.frames.update(self.frames)
        return self.state

    def aliases(self) -> dict[Location, frozenset[Location]]:
        """What may be the same in the joined state: two that a location became, or that aliases became."""
        found: dict[Location, frozenset[Location]] = {}
        for images in self.images():
            for location, joined in images.items():
                same = joined.union(*(images.get(o, ()) for o in self.elab.aliases.get(location, ())))
                for image in joined if len(same) > 1 else ():
                    found[image] = found.get(image, frozenset()) | (same - {image})
        return found

    def images(self) -> tuple[dict[Location, set[Location]], dict[Location, set[Location]]]:
        """What the locations of each side became."""
        kept = self.state.keys() - set(self.seen.values()) - {copy for _, copy in self.also}
        sides: tuple[dict[Location, set[Location]], ...] = tuple({x: {x} for x in kept} for _ in range(2))
        for pair, joined in self.seen.items():
            for side, location in zip(sides, pair, strict=True):
                if location is not None:
                    side.setdefault(location, set()).add(joined)
        for location, copy in self.also:
            for side in sides:
                side.setdefault(location, {location}).add(copy)
        return sides[0], sides[1]

    def related(self) -> set[tuple[int, int]]:
        """Which of the places that met may be the same, numbered as they were come to."""
        places = {joined: k for k, joined in enumerate(self.seen.values())}
        pairs = ((a, b) for a, others in self.aliases().items() for b in others)
        return {(places[a], places[b]) for a, b in pairs if a in places and b in places}

    # -- values

    def value(self, key: Key, a: Side, b: Side) -> Value:
        """The joined value of two values, either of which may be missing."""
        value = self.joined(key, a, b)
        self.note(key, value)
        return value

    def joined(self, key: Key, a: Side, b: Side) -> Value:
        match a, b:
            case (Broken() as lost, _) | (_, Broken() as lost):
                return lost
            case (Maybe(), _) | (_, Maybe()):
                return self.maybe(key, a, b)
            case (Choice(), Choice()):
                return self.apart(key, a, b)
            case (Nothing(), _) | (_, Nothing()):
                return self.present(key, a, b) if "@" in str(key[-1]) else self.maybe(key, a, b)
            case Static(x), Static(y) if not (is_number(x) and is_number(y)):
                if same_static(x, y):
                    return a
                return self.maybe(key, a, b) if x is None or y is None else self.apart(key, a, b)
            case (Static(None), _) | (_, Static(None)):
                return self.maybe(key, a, b)
            case (Choice(), _) | (_, Choice()):
                return self.apart(key, a, b)
        return self.present(key, a, b)

    def present(self, key: Key, a: Side, b: Side) -> Value:
        """Join what a name holds; one side may be `NOTHING`, and then every part of the other is kept."""
        match a if b is NOTHING else b if a is NOTHING else None:
            case Choice():
                return self.apart(key, a, b)
            case (
                Number() | ArrayRef() | Tuple() | Numbers() | ListRef() | DictRef() | ObjectRef() | Closure()
                | Partial() | Static()
            ) as only:
                return self.alike(key, a, b, only)
        if _is_scalar(a) and _is_scalar(b):
            return self.number(key, a, b)
        if (isinstance(a, ArrayRef) and _is_scalar(b)) or (_is_scalar(a) and isinstance(b, ArrayRef)):
            return self.filled(key, a, b)
        if type(a) is type(b) and not isinstance(a, Nothing):
            return self.alike(key, a, b, a)
        return self.apart(key, a, b)

    def alike(self, key: Key, a: Any, b: Any, like: Value) -> Value:
        """Join two values of the kind of `like`."""
        match like:
            case Number() | Static() if _is_scalar(like):
                return self.number(key, a, b)
            case Static():
                return like
            case ArrayRef():
                return self.array(key, a, b, like)
            case Tuple(items, cls):
                if not _agree(a, b, lambda t: (len(t.items), t.type)):
                    return self.apart(key, a, b)
                rows = [(_part(a, k), _part(b, k)) for k in range(len(items))]
                return Tuple(tuple(self.inner((*key, k), x, y) for k, (x, y) in enumerate(rows)), cls)
            case Numbers(ref, classes, weak):
                if not _agree(a, b, lambda v: (v.classes, v.weak)):
                    return broken(self.elab, key, a, b)
                left, right = (NOTHING if v is NOTHING else v.ref for v in (a, b))
                met = self.array(key, left, right, ref)
                return Numbers(met, classes, weak) if isinstance(met, ArrayRef) else met
            case ListRef():
                return ListRef(self.location((*key, "#items"), a, b))
            case DictRef(type=cls):
                if not _agree(a, b, lambda d: (d.type, d.factory)):
                    return self.apart(key, a, b)
                return DictRef(self.location((*key, "#dict"), a, b), cls, like.factory)
            case ObjectRef(cls=cls):
                if not _agree(a, b, lambda o: o.cls):
                    return self.apart(key, a, b)
                return ObjectRef(self.location((*key, "#object"), a, b), cls)
            case Closure():
                return self.closure(key, a, b, like)
            case Partial():
                if not _agree(a, b, lambda p: (len(p.args), tuple(k for k, _ in p.kwargs))):
                    return self.apart(key, a, b)
                return self.partial(key, a, b, like)
        raise AssertionError(like)

    def apart(self, key: Key, a: Side, b: Side) -> Value:
        """Two values with nothing in common: one of them, by a number."""
        sides: list[tuple[Operand, Mapping[int, Value]]] = []
        for x in (a, b):
            found = (NOTHING, {}) if isinstance(x, Nothing) else choices.options_of(self.elab, x)
            if found is None:
                return broken(self.elab, key, a, b)
            sides.append(found)
        (left_tag, left), (right_tag, right) = sides
        numbers = [*left, *(n for n in right if n not in left)]
        if len(numbers) > max(len(left), len(right), choices.MOST_OPTIONS):
            return broken(self.elab, key, a, b)
        options = []
        for n in numbers:
            option = self.inner((*key, "#option", n), left.get(n, NOTHING), right.get(n, NOTHING))
            if isinstance(option, Broken):
                return option
            options.append((n, option))
        tag = self.atom((*key, "#tag"), left_tag, right_tag, Scalar(INT, True))
        return Choice(tag, tuple(options))

    def inner(self, key: Key, a: Side, b: Side) -> Value:
        """A part of something that is there on one side only, or on both."""
        if a is NOTHING or b is NOTHING:
            only = a if b is NOTHING else b
            if isinstance(only, Maybe | Broken):
                return self.value(key, a, b)
            return self.present(key, a, b)
        return self.value(key, a, b)

    def partial(self, key: Key, a: Any, b: Any, like: Partial) -> Value:
        def parts(p: Any) -> list[Side]:
            if p is NOTHING:
                return [NOTHING] * (1 + len(like.args) + len(like.kwargs))
            return [p.function, *p.args, *(v for _, v in p.kwargs)]

        function, *rest = (self.inner((*key, k), x, y) for k, (x, y) in enumerate(zip(parts(a), parts(b), strict=True)))
        count = len(like.args)
        names = [k for k, _ in like.kwargs]
        return Partial(function, tuple(rest[:count]), tuple(zip(names, rest[count:], strict=True)))

    def closure(self, key: Key, a: Any, b: Any, like: Closure) -> Value:
        if not _agree(a, b, lambda c: (c.source, c.frame is None, len(c.defaults), tuple(c.kw_defaults))):
            return self.apart(key, a, b)
        frame = None if like.frame is None else self.scope_of((*key, "#frame"), a, b)
        defaults = tuple(
            self.inner((*key, "#default", k), *(NOTHING if c is NOTHING else c.defaults[k] for c in (a, b)))
            for k in range(len(like.defaults))
        )
        kw_defaults = {
            k: self.inner((*key, "#default", k), *(NOTHING if c is NOTHING else c.kw_defaults[k] for c in (a, b)))
            for k in like.kw_defaults
        }
        if frame is like.frame and defaults == like.defaults and kw_defaults == like.kw_defaults:
            return like
        return Closure(like.source, frame, defaults, kw_defaults, like.function)

    def scope_of(self, key: Key, a: Any, b: Any) -> Location:
        """Join the frames that two closures were defined in: the names that inner functions mention."""
        left, right = (None if c is NOTHING else c.frame for c in (a, b))
        if (left, right) in self.seen:
            return self.seen[left, right]
        like = left or right
        assert like is not None
        joined = like if left is right else Location(like.hint)
        self.seen[left, right] = joined
        frame = self.elab.frames[like]
        if frame in self.elab.stack and left is right:
            del self.seen[left, right]
            self.frame(frame)
            return like
        parent = frame.parent
        if parent is not None:
            outer = tuple(NOTHING if x is None else Closure(None, self.elab.frames[x].parent) for x in (left, right))
            parent = self.scope_of((*key, "#frame"), *outer)
        self.frames[joined] = Frame(frame.source, joined, parent, frame.function)
        self.state[joined] = self.names(left, right, key, frame.scope.captured)
        return joined

    def maybe(self, key: Key, a: Side, b: Side) -> Value:
        """A name that is unset, or None, on one side."""
        kinds = {_absence(x) for x in (a, b)} - {""}
        if len(kinds) > 1:
            return broken(self.elab, key, a, b)
        values: list[Side] = []
        flags: list[Atom] = []
        for x in (a, b):
            values.append(x.value if isinstance(x, Maybe) else NOTHING if _absence(x) else x)
            flags.append(x.there if isinstance(x, Maybe) else Const(not _absence(x)))
        value = self.inner((*key, "#value"), *values) if not all(v is NOTHING for v in values) else Static(None)
        if isinstance(value, Broken):
            return value
        there = self.atom((*key, "#set"), flags[0], flags[1], Scalar(BOOL, True))
        return Maybe(value, there, kinds.pop())

    # -- leaves

    def atom(self, key: Key, a: Operand, b: Operand, type_: Type) -> Atom:
        """One atom, or the variable in which two meet."""
        if isinstance(a, Const | Var) and a == b and self.keeps(key):
            return a
        type_ = self.met(key, type_)
        var = self.elab.builder.var(hint_of(key), type_)
        self.pairs.append(Pair(key, var, a, b, type_))
        return var

    def number(self, key: Key, a: Any, b: Any) -> Value:
        x, y = (NOTHING if v is NOTHING else self.elab.atom(v) for v in (a, b))
        type_ = x.type if y is NOTHING else y.type if x is NOTHING else self.meet(x.type, y.type)
        if type_ is None:
            return broken(self.elab, key, a, b)
        atom = self.atom(key, x, y, type_)
        return Static(atom.value) if isinstance(atom, Const) else Number(atom)

    def array(self, key: Key, a: Any, b: Any, like: ArrayRef) -> Value:
        """Two views: of the same kind, whose places may differ; else a copy, which must not be written into."""
        if not _agree(a, b, lambda r: r.type.rank):
            return broken(self.elab, key, a, b)
        if not _agree(a, b, lambda r: r.path):
            a, b = slotted(a), slotted(b)
            like = a
        if not _agree(a, b, lambda r: (r.path, r.type.dtype) if r.path else ()):
            return self.copied(key, a, b)
        location = self.location((*key, "#data"), a, b)
        content = self.state.get(location, self.elab.outer.get(location))
        if not isinstance(content, Buffer):
            return broken(self.elab, key, a, b)
        sides = [[NOTHING] * len(like.operands) if r is NOTHING else r.operands for r in (a, b)]
        operands = tuple(
            self.atom((*key, "#index", k), x, y, _operand_type(x, y))
            for k, (x, y) in enumerate(zip(*sides, strict=True))
        )
        if not like.path:
            return ArrayRef(location, array_type(content.atom))
        met = like.type if NOTHING in (a, b) else self.meet(a.type, b.type)
        assert isinstance(met, Array)
        return ArrayRef(location, self.settled(key, met), like.path, operands)

    def copied(self, key: Key, a: ArrayRef, b: ArrayRef) -> Value:
        """Two views of different kinds: what they show, in a place that may be read only."""
        type_ = self.meet(a.type, b.type)
        if type_ is None:
            return broken(self.elab, key, a, b)
        location = Location(hint_of(key), frozen=True)
        atom = self.atom((*key, "#data"), a, b, type_)
        self.state[location] = Buffer(atom)
        self.also += [(x.location, location) for x in (a, b)]
        return ArrayRef(location, array_type(atom))

    def settled(self, key: Key, type_: Array) -> Array:
        """A type with symbols of its own for the sizes that are not known."""
        return array_type(self.elab.builder.var(hint_of(key), type_)) if None in type_.dims else type_

    def filled(self, key: Key, a: Any, b: Any) -> Value:
        """A number meets an array: it stands for an array full of it."""
        x, y = self.elab_atom(self.left, a), self.elab_atom(self.right, b)
        if x is None or y is None:
            return broken(self.elab, key, a, b)
        array = x.type if isinstance(x.type, Array) else y.type
        scalar = y.type if array is x.type else x.type
        assert isinstance(array, Array) and isinstance(scalar, Scalar)
        dtype = promote(Scalar(array.dtype), scalar)
        location = Location(hint_of(key))
        atom = self.atom((*key, "#data"), x, y, Array(dtype, array.dims))
        self.state[location] = Buffer(atom)
        inner = any(isinstance(v, ArrayRef) and v.location in self.elab.filled for v in (a, b))
        self.note_fill(key, location, inner)
        zero = any(isinstance(atom, Const) and atom.value == 0 for atom in (x, y))
        if array.dims and (inner or not zero):  # zeros add nothing, however many they are
            self.elab.filled.add(location)
        return ArrayRef(location, array_type(atom))

    def elab_atom(self, state: State, value: Value) -> Atom | None:
        """The atom of a value in one of the states; None for a view (which would need code to read)."""
        if isinstance(value, ArrayRef):
            content = state.get(value.location, self.elab.outer.get(value.location))
            return content.atom if isinstance(content, Buffer) and not value.path else None
        return self.elab.atom(value)

    # -- locations

    def location(self, key: Key, a: Any, b: Any) -> Location:
        """The location in which two meet, with its contents joined."""
        left, right = (None if x is NOTHING else x.location for x in (a, b))
        if (left, right) in self.seen:
            return self.seen[left, right]
        like = left or right
        assert like is not None
        captured = any(x is not None and x.captured for x in (left, right))
        frozen = any(x is not None and x.frozen for x in (left, right))
        joined = like if left is right else Location(hint_of(key), captured, frozen)
        if left in self.elab.filled or right in self.elab.filled:
            self.note_fill(key, joined, right in self.elab.filled)
            self.elab.filled.add(joined)
        self.seen[left, right] = joined
        if left is right and captured and left not in self.left:
            return joined
        contents = [
            NOTHING if x is None else state.get(x, self.elab.outer.get(x, Lost("lost")))
            for x, state in ((left, self.left), (right, self.right))
        ]
        self.state[joined] = self.content(key, *contents)
        if isinstance(self.state[joined], RuntimeItems | Columns):
            self.keep_apart(joined, contents)
        self.note(key, self.state[joined])
        if captured:
            self.elab.outer.setdefault(joined, self.state[joined])
        return joined

    def keep_apart(self, joined: Location, contents: list[Any]) -> None:
        """A list that holds copies from here on: what it held by itself is not to be written into any more."""
        for content in contents:
            if isinstance(content, StaticItems):
                for place in reach.reachable(self.elab, content.items):
                    self.elab.aliases[place] = self.elab.aliases.get(place, frozenset()) | {joined}

    def content(self, key: Key, a: Content | Nothing, b: Content | Nothing) -> Content:
        match a, b:
            case (Lost(), _):
                return a
            case (_, Lost()):
                return b
            case (Buffer() | Nothing(), Buffer() | Nothing()):
                return self.buffer(key, a, b)
            case (Entries() | Nothing(), Entries() | Nothing()):
                left, right = (dict(c.items) if isinstance(c, Entries) else None for c in (a, b))
                names = [*(left or {}), *(k for k in right or {} if k not in (left or {}))]
                return Entries(tuple((k, self.inner((*key, k), *_items_at(left, right, k))) for k in names))
            case (StaticItems() | Nothing(), StaticItems() | Nothing()) if not self.grows(key, a, b):
                count = max(len(c.items) for c in (a, b) if isinstance(c, StaticItems))
                sides = [[NOTHING] * count if isinstance(c, Nothing) else c.items for c in (a, b)]
                rows = zip(*sides, strict=True)
                return StaticItems(tuple(self.inner((*key, k), x, y) for k, (x, y) in enumerate(rows)))
            case (
                StaticItems() | RuntimeItems() | Columns() | Nothing(),
                StaticItems() | RuntimeItems() | Columns() | Nothing(),
            ):
                return self.grown(key, a, b)
            case (Within() | Nothing(), Within() | Nothing()):
                return self.within(key, a, b)
        return Lost("Two different kinds of containers meet here.")

    def buffer(self, key: Key, a: Any, b: Any) -> Content:
        x, y = (NOTHING if c is NOTHING else c.atom for c in (a, b))
        type_ = x.type if y is NOTHING else y.type if x is NOTHING else self.meet(x.type, y.type)
        if type_ is None:
            return Lost("Arrays of different ranks meet here.")
        return Buffer(self.atom(key, x, y, type_))

    def grows(self, key: Key, a: Any, b: Any) -> bool:
        """Whether a list known item by item has to become a runtime list."""
        return not _agree(a, b, lambda c: len(c.items)) or self.became_list(key)

    def grown(self, key: Key, a: Any, b: Any) -> Content:
        """A list that has different lengths on two paths becomes a runtime list: of numbers, of arrays, or columns."""
        found = [p for p in (self.item_pattern(self.left, a), self.item_pattern(self.right, b)) if p is not EMPTY]
        item = patterns.unified(found, self.meet)
        if item is None:
            if None in found or not found:
                return Lost(
                    "A list that changes its length here must hold numbers, arrays, or tuples, dicts and lists of them."
                )
            return Lost("The items of a list that changes its length here are of different kinds.")
        types = patterns.columns_of(item)
        sides = [self.column_operands(state, c, item) for state, c in ((self.left, a), (self.right, b))]
        rows = enumerate(zip(types, *sides, strict=True))
        keys = [(*key, "#list")] if patterns.is_plain(item) else [(*key, "#list", k) for k in range(len(types))]
        atoms = tuple(self.atom(keys[k], x, y, List(type_)) for k, (type_, x, y) in rows)
        return columns.stored(Columns(item, atoms))

    def item_pattern(self, state: State, content: Any) -> Any:
        """How the items of a list stand in columns: `EMPTY` where there are none, None where they cannot."""
        if isinstance(content, Nothing) or content == StaticItems(()):
            return EMPTY
        now = columns.as_columns(self.elab, content)
        if now is not None:
            return now.item
        with self.reading(state) as code:
            found = patterns.unified((columns.pattern_of(self.elab, v) for v in content.items), self.meet)
        return None if code else found  # what stands within another list is not looked at from here

    def column_operands(self, state: State, content: Any, item: patterns.Pattern) -> list[Operand]:
        """What one side gives for each column."""
        count = len(patterns.columns_of(item))
        if isinstance(content, Nothing):
            return [NOTHING] * count
        now = columns.as_columns(self.elab, content)
        if now is not None:
            return [Filled(x, now.atoms[0]) if isinstance(x, Static) else x for x in columns.operands(now, item)]
        with self.reading(state):
            rows = [columns.parts(self.elab, v, item) or [Static(False)] for v in content.items]
        return [StaticItems(tuple(row[k] for row in rows)) for k in range(count)]

    @contextmanager
    def reading(self, state: State) -> Iterator[list[Stmt]]:
        """Look at values in one of the states. Gives the code that this takes, which is dropped."""
        before, self.elab.state = self.elab.state, dict(state)
        try:
            with self.elab.builder.block() as code:
                yield code
        finally:
            self.elab.state = before

    def within(self, key: Key, a: Any, b: Any) -> Content:
        """A place within a list: within which, and at what index."""
        if not _agree(a, b, lambda w: w.steps):
            return Lost("An item of a list is another part of it on another path.")
        parents = [NOTHING if w is NOTHING else ListRef(w.parent) for w in (a, b)]
        indexes = [NOTHING if w is NOTHING else w.index for w in (a, b)]
        parent = self.location((*key, "#parent"), *parents)
        index = self.atom((*key, "#index"), indexes[0], indexes[1], _operand_type(indexes[0], indexes[1]))
        return Within(parent, index, (a if b is NOTHING else b).steps)


# -- what two sides have in common


def _agree(a: Any, b: Any, what: Any) -> bool:
    return a is NOTHING or b is NOTHING or what(a) == what(b)


def _part(value: Any, k: int) -> Side:
    return NOTHING if value is NOTHING else value.items[k]


def _items_at(left: dict[Any, Value] | None, right: dict[Any, Value] | None, key: Any) -> tuple[Side, Side]:
    """Both sides' value of a dict's key or an attribute."""
    sides = []
    for entries in (left, right):
        sides.append(
            NOTHING if entries is None else entries.get(key, Broken(f"{key!r} is only there on one of two paths."))
        )
    return sides[0], sides[1]


def _absence(value: Side) -> str:
    """How a value can be absent: "unset", "None", or "" when it cannot."""
    match value:
        case Nothing():
            return "unset"
        case Static(None):
            return "None"
        case Maybe(absent=absent):
            return absent
        case _:
            return ""


def _is_scalar(value: Side) -> bool:
    return isinstance(value, Number) or (isinstance(value, Static) and is_number(value.obj))


def _operand_type(x: Operand, y: Operand) -> Type:
    left: Any = getattr(x, "type", None)
    right: Any = getattr(y, "type", None)
    if left is None or right is None:
        return left or right
    return meet(left, right) or left


def _entries(state: State, location: Location | None) -> dict[Any, Value]:
    content = None if location is None else state.get(location)
    return dict(content.items) if isinstance(content, Entries) else {}


def hint_of(key: Key) -> str:
    """The name of a joined variable: the innermost name its key has."""
    names = [str(k).split("@")[0] for k in key if isinstance(k, str) and not k.startswith("#")]
    flag = {"#set": "_set", "#tag": "_is"}.get(str(key[-1]), "")
    base = "".join(c if c.isalnum() or c == "_" else "_" for c in names[-1]) if names else "t"
    return base + flag


def broken(elab: Elaborator, key: Key, a: Any, b: Any) -> Broken:
    """What two values that cannot meet leave."""
    left, right = (elab.describe(x) if x is not NOTHING else "nothing" for x in (a, b))
    both = f"{left} on one path and {right} on another" if left != right else f"different values ({left}) on two paths"
    return Broken(f"{hint_of(key)!r} is {both}.")
