"""What the head of a loop is: the join of the state on entry and that at the end of the body.

    s, a = 0.0, x                     carried: s, of the type that 0.0 and s + a[i] have in common
    for i in range(n):                a is the same on both sides, and is not carried
        s = s + a[i]

A pass over the body that finds what is carried is followed by another one that starts from it: what was carried stays
carried, and the two are compared. Sizes that only the end of the body has are those of one iteration, thus unknown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from s2sad.frontend.elaborate.joins import Joiner, Key
from s2sad.frontend.values.meeting import meet
from s2sad.frontend.values.patterns import skeleton
from s2sad.frontend.values.values import (
    ArrayRef,
    Broken,
    Buffer,
    Choice,
    Closure,
    Columns,
    Content,
    Entries,
    Location,
    Maybe,
    Number,
    ObjectRef,
    RuntimeItems,
    State,
    Static,
    Tuple,
    Value,
)
from s2sad.ir.types import Array, List, Scalar, Size, Symbol, Type, known_dims, symbols_of

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator


class Head(Joiner):
    """Joins the state on entry with that at the end of the body. `carried` holds what gets a variable even where both
    sides agree, with the types those must at least have."""

    def __init__(self, elab: Elaborator, entry: State, end: State, carried: Mapping[Key, Type]) -> None:
        super().__init__(elab, entry, end)
        self.carried = carried
        self.known = known_symbols(elab, entry)
        self.fills: dict[Key, tuple[Location, bool]] = {}
        """Where a number meets an array, and whether that array may itself be a number."""
        self.trace: list[tuple[Key, Any]] = []
        """What stood where, but for numbers: two joins with the same trace and the same pairs are the same."""

    def keeps(self, key: Key) -> bool:
        return key not in self.carried

    def met(self, key: Key, type_: Type) -> Type:
        type_ = self.outer_sizes(type_)
        return self.meet(type_, self.carried[key]) or type_ if key in self.carried else type_

    def became_list(self, key: Key) -> bool:
        return any(isinstance(self.carried.get((*key, *end)), List) for end in (("#list",), ("#list", 0)))

    def note(self, key: Key, what: Value | Content) -> None:
        self.trace.append((key, shape_of(what)))

    def note_fill(self, key: Key, location: Location, filled: bool) -> None:
        self.fills[key] = location, filled

    def outer_sizes(self, type_: Type) -> Type:
        """The type without the sizes that only one iteration has."""
        match type_:
            case List(item):
                return List(self.outer_sizes(item))
            case Array(dtype, dims):
                return Array(dtype, known_dims(dims, self.known))
            case Scalar():
                return type_


def settled(found: Mapping[Key, Type], carried: Mapping[Key, Type]) -> bool:
    """Whether a pass carried what it should, with the right types."""
    return found.keys() == carried.keys() and all(_covers(carried[k], found[k]) for k in found)


def _covers(old: Type, new: Type) -> bool:
    return old == new or meet(old, new) == old


def shape_of(value: Value | Content) -> Any:
    """What a value is, but for the numbers in it."""
    match value:
        case Static(obj):
            return ("static", type(obj), obj if isinstance(obj, (str, bool, int, float)) else id(obj))
        case ArrayRef(path=path):
            return ("array", path)
        case Tuple(items, cls):
            return ("tuple", cls, len(items))
        case Closure(source):
            return ("closure", source)
        case Maybe(absent=absent):
            return ("maybe", absent)
        case Choice(_, options):
            return ("choice", *((k, shape_of(v)) for k, v in options))
        case Broken(why):
            return ("broken", why)
        case ObjectRef(cls=cls):
            return ("object", cls)
        case Columns(item):
            return ("columns", skeleton(item))
        case _:
            return type(value)


def known_symbols(elab: Elaborator, state: State) -> set[Symbol]:
    """The sizes that the arrays and numbers of a state have."""
    found: set[Symbol] = set()
    atoms: list[Any] = [c.atom for c in (*state.values(), *elab.outer.values()) if isinstance(c, Buffer | RuntimeItems)]
    for content in state.values():
        atoms += content.atoms if isinstance(content, Columns) else []
        atoms += [v.atom for _, v in content.items if isinstance(v, Number)] if isinstance(content, Entries) else []
    for atom in (*atoms, *elab.leaves):
        found |= symbols_of(atom.type)
        size = elab.builder.size_of(atom) if isinstance(atom.type, Scalar) else None
        found |= {s for s, _ in size.terms} if isinstance(size, Size) else set()
    return found
