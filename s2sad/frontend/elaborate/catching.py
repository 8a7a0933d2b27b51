"""Where exceptions are caught: how what is raised there is followed.

    try:                                        if i < 0 or i >= n:
        y = x[i]                                    raised = 1
        s += y * y            becomes           else:
    except IndexError:                              y = x[i]; s1 = s + y * y; raised = 0
        s -= 1.0                                if raised != 0:
                                                    s2 = s1 - 1.0

A number, 0 where nothing was raised, says which exception was: each class and what it is made of has its tag. In a
`try` statements are in steps (`syntax/steps.py`). A step that may raise something that is caught says under which
condition (`guard`); its statement, and what follows it, is run again under that this does not hold (`stepping`). A
user's function that is called there is run in the same way, and leaves the number set. Where nothing can be raised the
number stays 0, and the code is what it is without the `try`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from s2sad.frontend.elaborate import branches
from s2sad.frontend.values.values import NOTHING, Buffer, Location, Static, Value
from s2sad.ir.nodes import Atom, Const, Var
from s2sad.ir.nodes import Stmt as Statement
from s2sad.rules.logical import logical_or, ne, not_

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator
    from s2sad.frontend.elaborate.raising import Raised


@dataclass(eq=False, slots=True)
class Catch:
    """A `try` whose body is being run: where its number stands, what is caught there, and what was raised."""

    location: Location
    classes: tuple[type[BaseException], ...]
    sites: dict[int, Raised] = field(default_factory=dict)


@dataclass(eq=False, slots=True)
class Step:
    """A statement being run where exceptions are caught. Of its tests, `passed` are known not to hold."""

    block: list[Statement]
    passed: int
    seen: int = 0


@dataclass(frozen=True, slots=True)
class Handled:
    """What a handler being run has caught: the number, what it may stand for, and the name that is bound to it."""

    number: Atom
    sites: dict[int, Raised]
    name: str | None = None
    value: Value | None = None


@dataclass(eq=False)
class Fault(Exception):
    """Leaves a step that raises where `bad` holds (everywhere, where it is None)."""

    bad: Atom | None
    raised: Raised


# -- what is raised


def check_floats(elab: Elaborator) -> None:
    """Refuse to catch what NumPy raises of floating point numbers."""
    if elab.strict and catches(elab, FloatingPointError):
        elab.error(
            "A FloatingPointError that np.errstate lets NumPy raise cannot be caught.",
            "Test for the case beforehand with an if, or for inf and nan afterwards, and leave np.errstate out.",
        )


def catches(elab: Elaborator, cls: type[BaseException]) -> bool:
    """Whether an exception of this class, raised here, is caught."""
    return any(issubclass(cls, c.classes) for c in elab.catching)


def number(elab: Elaborator) -> Atom:
    """The number of what was raised in the innermost try; 0 for nothing."""
    if not elab.catching:
        return Const(0)
    content = elab.state.get(elab.catching[-1].location)
    return content.atom if isinstance(content, Buffer) else Const(0)


def raised(elab: Elaborator) -> bool | Atom:
    """Whether something was raised in the innermost try: known now, or a bool atom, which is computed here."""
    return differs(elab, number(elab))


def differs(elab: Elaborator, atom: Atom) -> bool | Atom:
    """Whether a number is not 0."""
    if isinstance(atom, Const):
        return bool(atom.value)
    if isinstance(atom, Var) and atom in elab.choices:
        cond, raises = elab.choices[atom]
        return cond if raises else elab.builder.emit(not_, (cond,))
    return elab.builder.emit(ne, (atom, 0))


def or_raised(elab: Elaborator, stop: bool | Atom) -> bool | Atom:
    """Whether a loop is left: because it says so, or because something was raised."""
    met = raised(elab)
    if met is False or stop is True:
        return stop
    return met if met is True or stop is False else elab.builder.emit(logical_or, (stop, met))


def set_number(elab: Elaborator, atom: Atom) -> None:
    """Say what was raised in the innermost try."""
    elab.state[elab.catching[-1].location] = Buffer(atom)


def clear(elab: Elaborator) -> None:
    """Nothing was raised on the way that leads here."""
    if elab.catching and number(elab) != Const(0):
        set_number(elab, Const(0))


def throw(elab: Elaborator, what: Raised) -> None:
    """Raise an exception that is caught: the number of the innermost try is set, and control leaves what is run."""
    tag = elab.tags.setdefault((what.cls, repr(what)), len(elab.tags) + 1)
    elab.catching[-1].sites[tag] = what
    set_number(elab, Const(tag))


def guard(elab: Elaborator, bad: bool | Atom, what: Raised) -> None:
    """The step being run raises this where `bad` holds, if that is caught; else it goes on."""
    if bad is False or bad == Const(False) or not catches(elab, what.cls):
        return
    step = elab.step
    if step is None or step.block is not elab.builder.statements or number(elab) != Const(0):
        elab.error(
            f"A {what.cls.__name__} that may be raised inside of this expression cannot be caught.",
            "Write what may raise it on a line of its own, or test for the case beforehand with an if.",
        )
    if bad is True or bad == Const(True):
        raise Fault(None, what)
    step.seen += 1
    if step.seen > step.passed:
        assert not isinstance(bad, bool)
        raise Fault(bad, what)


def result(elab: Elaborator) -> Value:
    """What a function gives that says nothing: None, unless something was raised in it for sure."""
    atom = number(elab)
    return NOTHING if isinstance(atom, Const) and atom.value else Static(None)


def unless_raised(elab: Elaborator, run: Callable[[], Value]) -> Value:
    """Run what something that was raised just now may keep from being run."""
    met = raised(elab)
    if met is False:
        return run()

    def rest() -> Value:
        clear(elab)
        return run()

    value = None if met is True else branches.branch(elab, met, lambda: NOTHING, rest)
    return result(elab) if value is None else value
