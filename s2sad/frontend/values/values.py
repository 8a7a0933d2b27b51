"""Abstract values: what a name is bound to while a function is elaborated.

    value = Number(atom)                       a runtime scalar
          | ArrayRef(location, path, operands) a runtime array: a buffer and the views that lead into it
          | Static(obj)                        any Python object known now: a number, string, None, slice, dtype,
                                               module, function, class, shape, ...
          | Tuple(items, type)                 a tuple or namedtuple of values (immutable)
          | Numbers(ref, classes, weak)        a list or tuple of numbers that stand in an array
          | ListRef(location)                  a static list or a runtime list: the state says which, and its contents
          | DictRef(location)                  a dict with static keys
          | ObjectRef(location, cls)           an object with attributes (a dataclass, an instance of a user's class)
          | Closure(node, frame, ...)          a function of the user's, with the frame it was defined in
          | Partial(function, args, kwargs)    functools.partial, bound methods
          | Maybe(value, there, absent)        a name that is unbound, or None, unless `there` holds
          | Choice(tag, options)               one of several that have no kind in common, by a number
          | Broken(why)                        what two paths left in a name that cannot be joined; an error when read

What can change lives in the state, under a `Location`; values themselves never change. Two names that hold the same
location are aliases, as in Python.
"""

from __future__ import annotations

from collections import OrderedDict, defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from s2sad.ir.nodes import Atom
from s2sad.ir.paths import Path
from s2sad.ir.types import Array, Type


@dataclass(frozen=True, slots=True, eq=False)
class Location:
    """The identity of something that can change. `hint` names the variables made for it."""

    hint: str
    captured: bool = False
    """Captured from outside (a closure's array, a global list): may be read, never written."""
    frozen: bool = False
    """A copy that stands for one of several views: may be read, never written."""

    def __repr__(self) -> str:
        return f"<{self.hint}@{id(self) % 9973}>"


@dataclass(frozen=True, slots=True)
class Number:
    """A runtime scalar."""

    atom: Atom

    @property
    def type(self) -> Type:
        return self.atom.type


@dataclass(frozen=True, slots=True)
class ArrayRef:
    """A runtime array: `path` (with its `operands`) leads from the buffer at `location` to it. `type` is the view's."""

    location: Location
    type: Array
    path: Path = ()
    operands: tuple[Atom, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Static:
    """A Python object known now. Equality tells 1 from 1.0 and True, 0.0 from -0.0, and a dtype from None."""

    obj: Any

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Static) or type(self.obj) is not type(other.obj):
            return False
        if isinstance(self.obj, (float, complex)):
            return repr(self.obj) == repr(other.obj)
        return self.obj is other.obj or bool(self.obj == other.obj)

    def __hash__(self) -> int:
        return hash((type(self.obj), self.obj))


@dataclass(frozen=True, slots=True)
class Tuple:
    """A tuple, or a namedtuple when `type` is one."""

    items: tuple[Value, ...]
    type: type = tuple


@dataclass(frozen=True, slots=True)
class Numbers:
    """A long list or tuple from outside, of numbers (or of lists of them): they stand in one array, and never change.

    `classes` are those of the sequences, outermost first; `weak` says whether the numbers are Python's own. The array
    has an axis for each class, and more where it holds arrays: the derivatives of a number that is none.
    """

    ref: ArrayRef
    classes: tuple[type, ...]
    weak: bool


@dataclass(frozen=True, slots=True)
class ListRef:
    location: Location


@dataclass(frozen=True, slots=True)
class DictRef:
    location: Location
    type: type = dict
    factory: Value | None = None
    """What makes the item of a key that a defaultdict does not have."""

    @classmethod
    def like(cls, obj: dict[Any, Any], location: Location) -> DictRef:
        """What stands for a dict of Python's, whose items are at a location."""
        if isinstance(obj, defaultdict):
            return cls(location, defaultdict, Static(obj.default_factory))
        return cls(location, OrderedDict if isinstance(obj, OrderedDict) else dict)


@dataclass(frozen=True, slots=True)
class ObjectRef:
    location: Location
    cls: type


@dataclass(frozen=True, slots=True, eq=False)
class Closure:
    """A function of the user's. `frame` is the location of the defining frame's names (None: at module level)."""

    source: Any
    frame: Location | None
    defaults: tuple[Value, ...] = ()
    kw_defaults: dict[str, Value] = field(default_factory=dict)
    function: Callable[..., Any] | None = None
    """The Python function, where there is one already (else it is defined inside the elaborated code)."""


@dataclass(frozen=True, slots=True)
class Partial:
    function: Value
    args: tuple[Value, ...] = ()
    kwargs: tuple[tuple[str, Value], ...] = ()


@dataclass(frozen=True, slots=True)
class Maybe:
    """`value` where the bool `there` holds, else nothing (`absent` is "unset") or None ("None").

    Names, attributes and results may hold it; whoever reads them resolves it first, so operations never see it.
    """

    value: Value
    there: Atom
    absent: str = "unset"


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several values that have no kind in common, such as two functions: `tag` is the number of the one it is.

    An operation on it is a branch over its options; a user's function takes it as it is.
    """

    tag: Atom
    options: tuple[tuple[int, Value], ...]


@dataclass(frozen=True, slots=True)
class Broken:
    """What cannot be a value, such as two that cannot meet: reading it is refused with these sentences."""

    why: str
    instead: str = ""


@dataclass(frozen=True, slots=True)
class Nothing:
    """The value on a way that is left before there is one, as by an exception."""


NOTHING = Nothing()

Value = (
    Number
    | ArrayRef
    | Static
    | Tuple
    | Numbers
    | ListRef
    | DictRef
    | ObjectRef
    | Closure
    | Partial
    | Maybe
    | Choice
    | Broken
    | Nothing
)


# -- contents of locations


@dataclass(frozen=True, slots=True)
class Buffer:
    """The current version of an array."""

    atom: Atom


@dataclass(frozen=True, slots=True)
class StaticItems:
    """A list whose length is known now."""

    items: tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class RuntimeItems:
    """A list that grows at run time: the current version of an IR list of numbers or arrays."""

    atom: Atom


@dataclass(frozen=True, slots=True)
class Columns:
    """A list that grows at run time, of tuples, dicts, lists and the like: an IR list for each number or array of an
    item. `item` (a `patterns.Pattern`) says how they stand in it."""

    item: Any
    atoms: tuple[Atom, ...]


@dataclass(frozen=True, slots=True)
class Within:
    """What can change inside an item of such a list: the list, the index, and the way from the item to it."""

    parent: Location
    index: Atom
    steps: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Entries:
    """A dict's items, an object's attributes or a frame's names."""

    items: tuple[tuple[Any, Value], ...]


@dataclass(frozen=True, slots=True)
class Lost:
    """Contents that two paths changed in ways that cannot be joined; an error when read."""

    why: str


Content = Buffer | StaticItems | RuntimeItems | Columns | Within | Entries | Lost
State = dict[Location, Content]
