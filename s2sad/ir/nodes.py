"""The nodes of the IR. The package docstring gives the grammar and the meaning of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from s2sad.errors import Pos
from s2sad.ir.types import INT, Array, Dim, List, Scalar, Type, type_of_value

if TYPE_CHECKING:
    from s2sad.ir.primitives import Primitive

__all__ = [
    "Apply", "Atom", "Block", "Call", "Carry", "Comment", "Const", "Custom", "Effect", "For", "Function", "If",
    "Join", "Let", "Module", "Params", "Pos", "Stmt", "Var", "While", "array_type", "asked_size",
    "int_var", "item_type", "replace",
]


@dataclass(frozen=True, slots=True)
class Var:
    """A value with a name, defined once in its function."""

    name: str
    type: Type

    def __hash__(self) -> int:
        return hash(self.name)  # that of a type goes through its dims, and a name has one type

    def __str__(self) -> str:
        return self.name


@dataclass(frozen=True, slots=True)
class Const:
    """A number known now. A Python number is weak, a NumPy scalar is not.

    Equality tells 1 from 1.0 and True, 0.0 from -0.0, and finds nan equal to itself.
    """

    value: Any
    _key: tuple[str, str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_key", (type(self.value).__name__, repr(self.value)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Const) and self._key == other._key

    def __hash__(self) -> int:
        return hash(self._key)

    @property
    def type(self) -> Type:
        return type_of_value(self.value)

    def __str__(self) -> str:
        return repr(self.value)


Atom = Var | Const
Params = tuple[tuple[str, Any], ...]


def array_type(atom: Atom) -> Array:
    """The type of an atom that is known to be an array."""
    type_ = atom.type
    assert isinstance(type_, Array), f"{atom} is no array, but {type_}"
    return type_


def item_type(atom: Atom) -> Type:
    """The type of the items of an atom that is known to be a list."""
    type_ = atom.type
    assert isinstance(type_, List), f"{atom} is no list, but {type_}"
    return type_.item


@dataclass(frozen=True, slots=True)
class Let:
    """``targets = primitive(args, **params)``; `params` are static and sorted by name. What is `derived` is arithmetic
    of a derivative and not the user's: a product may be fused into the sum that it is a term of."""

    targets: tuple[Var, ...]
    prim: Primitive
    args: tuple[Atom, ...]
    params: Params = ()
    pos: Pos | None = None
    derived: bool = False


def asked_size(let: Let) -> Dim | None:
    """The size that a ``dim(a; axis)`` asks for."""
    return array_type(let.args[0]).dims[dict(let.params)["axis"]]


@dataclass(frozen=True, slots=True)
class Carry:
    """A value that a loop carries.

    `phi` names it at the head of an iteration, `init` is its value on entry, `next` its value at the end of
    the body, `out` names it after the loop (the last `next`, or `init` when there was no trip). An array that each
    trip fills `anew` is memory only: nothing reads what the trip before, or the value on entry, left in it.
    """

    phi: Var
    init: Atom
    next: Atom
    out: Var
    anew: bool = False


@dataclass(frozen=True, slots=True)
class For:
    """``for index in range(start, stop, step)``.

    After each iteration the carried values are assigned; then, if `exit` (a bool of the body) holds, the loop is left.
    `trips`, when there, is defined after the loop: the number of iterations that ran.
    `mirrors` names the index of the loop this one reverses, whose body's values its own may mention until recording.
    """

    index: Var
    start: Atom
    stop: Atom
    step: Atom
    carried: tuple[Carry, ...]
    body: Block
    exit: Atom | None = None
    trips: Var | None = None
    mirrors: Var | None = None
    pos: Pos | None = None


@dataclass(frozen=True, slots=True)
class While:
    """``while test``: `pre` computes `test` from the `phi`s before each iteration; `body` sees what `pre` defines.

    `index` counts iterations from 0. `trips`, when there, is defined after the loop: the number of iterations that ran.
    """

    index: Var
    carried: tuple[Carry, ...]
    pre: Block
    test: Atom
    body: Block
    trips: Var | None = None
    pos: Pos | None = None


@dataclass(frozen=True, slots=True)
class Join:
    """``out = then if cond else orelse``, each side a value of its own branch."""

    out: Var
    then: Atom
    orelse: Atom


@dataclass(frozen=True, slots=True)
class If:
    """A branch, and the values that leave it."""

    cond: Atom
    then: Block
    orelse: Block
    joined: tuple[Join, ...]
    pos: Pos | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """A call of a function of the same `Module`, out of line; results include new versions of arrays it writes into."""

    targets: tuple[Var, ...]
    function: str
    args: tuple[Atom, ...]
    pos: Pos | None = None


@dataclass(frozen=True, slots=True)
class Apply:
    """A transform applied to `fun`, inside another function.

    The first ``len(fun.params)`` of `args` are the arguments of `fun` (values it captured are parameters of their own,
    not in `wrt`). kind 'jvp': then a tangent for each parameter in `wrt`; targets are the results of `fun` and a
    tangent for each inexact result. kind 'vjp': then a cotangent for each inexact result, or for the first ones;
    targets are the results of `fun` and a cotangent for each parameter in `wrt`. kind 'transpose': the same, of a
    function that is linear in them. kind 'batch': `axes` gives the batch axis of each argument (None: not mapped) and,
    after ``len(args)`` of them, of each result.
    """

    targets: tuple[Var, ...]
    kind: str
    fun: Function
    args: tuple[Atom, ...]
    wrt: tuple[int, ...] = ()
    axes: tuple[int | None, ...] = ()
    pos: Pos | None = None


@dataclass(frozen=True, slots=True)
class Custom:
    """A call of `fun`, whose derivative is what `rule` says (custom_jvp, custom_vjp, checkpoint), not its body's."""

    targets: tuple[Var, ...]
    fun: Function
    rule: Any
    args: tuple[Atom, ...]
    pos: Pos | None = None


@dataclass(frozen=True, slots=True)
class Effect:
    """Something done rather than computed (print, raise): kept in order, in the forward sweep only."""

    prim: Primitive
    args: tuple[Atom, ...]
    params: Params = ()
    pos: Pos | None = None


@dataclass(frozen=True, slots=True)
class Comment:
    """A line for the reader of the emitted source, such as ``reverse sweep``; it means nothing."""

    text: str
    pos: Pos | None = None


Stmt = Let | For | While | If | Call | Apply | Custom | Effect | Comment
Block = tuple[Stmt, ...]


@dataclass(frozen=True, slots=True)
class Function:
    """A pure function: flat parameters, flat results."""

    name: str
    params: tuple[Var, ...]
    body: Block
    results: tuple[Atom, ...]
    doc: str = ""
    pos: Pos | None = None


@dataclass(frozen=True, slots=True)
class Module:
    """A function and the functions that it calls out of line, by name."""

    main: Function
    functions: Mapping[str, Function] = field(default_factory=dict)


def int_var(name: str) -> Var:
    """A variable of type int, as loops use for their counters."""
    return Var(name, Scalar(INT, weak=True))
