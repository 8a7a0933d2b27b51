"""``try``: its body is run where what is raised is followed (`catching`), then the handler that its number says.

    try: y = x[i]                            if out_of_bounds: a
    except IndexError: a         becomes     else: y = x[i]; b
    else: b

    try: ...                                 raised = 0; ...
    except ValueError: a         becomes     if raised != 0:
    except ArithmeticError: b                    if raised == 2: a
                                                 else: b

A handler stands where the body is left; where that are several places, it is written once, after the body (`Ways`). It
is chosen by the classes that may have been raised: one that nothing reaches is not run, and the last that is needed has
no test. What no handler takes is raised again, and so is what a finally block was come to by.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import gast

from s2sad.frontend.elaborate import branches, catching, raising
from s2sad.frontend.elaborate.catching import Catch, Handled
from s2sad.frontend.elaborate.expressions import evaluate
from s2sad.frontend.elaborate.raising import Raised
from s2sad.frontend.elaborate.stepping import Run, Steps
from s2sad.frontend.values.frames import bind, names_of
from s2sad.frontend.values.values import NOTHING, Broken, Buffer, Entries, Location, Static, Tuple, Value
from s2sad.ir.nodes import Atom, Const
from s2sad.rules.logical import eq, logical_or

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

RunBlock = Callable[["Elaborator", Sequence[gast.stmt]], Value | None]
Classes = tuple[type[BaseException], ...]
Handlers = Sequence[tuple[Classes, gast.ExceptHandler]]
SMALL, SMALL_TIMES = 2, 6
"""Handlers of so many simple statements are written up to so many times, where the body is left."""


def attempt(elab: Elaborator, stmt: gast.Try, run: RunBlock, run_one: Run) -> None:
    """Run a ``try``, with handlers or with a finally block."""
    if stmt.finalbody:
        catch = Catch(Location("raised"), (BaseException,))
        with following(elab, catch):
            run(elab, stmt.body)
        return finish(elab, catch, lambda: run(elab, stmt.finalbody))
    handlers = [(classes_of(elab, h.type), h) for h in stmt.handlers]
    catch = Catch(Location("raised"), tuple(c for classes, _ in handlers for c in classes))
    ways = Ways(elab, stmt, handlers, catch, run, most=SMALL_TIMES if is_small(stmt) else 1)
    state, mark, written = dict(elab.state), elab.mark(), list(elab.builder.statements)
    try:
        with following(elab, catch):
            Steps(elab, run_one, ways).block(stmt.body)
        taken(elab, catch)
    except TooManyWays as found:
        if found.ways is not ways:
            raise
        elab.state = state
        elab.reset(mark)
        elab.builder.statements[:] = written
        catch.sites.clear()
        attempt_once(elab, stmt, handlers, catch, run)


def attempt_once(elab: Elaborator, stmt: gast.Try, handlers: Handlers, catch: Catch, run: RunBlock) -> None:
    """Run a ``try`` whose handlers are written once, after its body."""
    with following(elab, catch):
        run(elab, stmt.body)
    number = taken(elab, catch)
    after = elab.frame.scope.head[stmt]

    def handle() -> None:
        choose(elab, number, catch.sites, handlers, run, after)

    branches.branch(elab, catching.differs(elab, number), handle, lambda: run(elab, stmt.orelse), after)


def is_small(stmt: gast.Try) -> bool:
    """Whether the handlers may be written several times."""
    parts = [part for h in stmt.handlers for part in h.body]
    return len(parts) <= SMALL and all(isinstance(p, gast.Assign | gast.AugAssign | gast.Pass) for p in parts)


class TooManyWays(Exception):
    """The body of a try is left in so many ways that its handlers are not written for each."""

    def __init__(self, ways: Ways) -> None:
        self.ways = ways


@dataclass(eq=False, slots=True)
class Ways:
    """The ways out of the body of a try: each raise in it that is seen here leads to the handlers on the spot."""

    elab: Elaborator
    stmt: gast.Try
    handlers: Handlers
    catch: Catch
    run: RunBlock
    most: int
    count: int = 0

    @property
    def after(self) -> frozenset[str]:
        return self.elab.frame.scope.head[self.stmt]

    def raised(self) -> None:
        """Run the handlers of what was raised on the way here."""
        self.count += 1
        if self.count > self.most:
            raise TooManyWays(self)
        number = catching.number(self.elab)
        catching.set_number(self.elab, Const(0))
        with self.outside():
            choose(self.elab, number, self.catch.sites, self.handlers, self.run, self.after)

    def done(self) -> None:
        """Run the else block."""
        with self.outside():
            self.run(self.elab, self.stmt.orelse)

    @contextmanager
    def outside(self) -> Iterator[None]:
        """What is raised here is not caught by this try."""
        self.elab.catching.pop()
        place = self.elab.followed.pop()
        try:
            yield
        finally:
            self.elab.followed.append(place)
            self.elab.catching.append(self.catch)


def suppress(elab: Elaborator, classes: Classes, body: Callable[[], Value | None], after: frozenset[str]) -> None:
    """``with contextlib.suppress(...)``: a try whose handler does nothing."""
    catch = Catch(Location("raised"), classes)
    with following(elab, catch):
        body()
    number = taken(elab, catch)
    rest = {tag: what for tag, what in catch.sites.items() if not issubclass(what.cls, classes)}
    if rest:
        met = one_of(elab, number, catch.sites, list(rest))
        branches.branch(elab, met, lambda: again(elab, number, rest), lambda: None, after)


def classes_of(elab: Elaborator, node: gast.expr | None) -> Classes:
    """The classes that a handler takes."""
    return (BaseException,) if node is None else classes_in(elab, evaluate(elab, node))


def classes_in(elab: Elaborator, value: Value) -> Classes:
    """A class, or a tuple of them."""
    match value:
        case Static(type() as cls) if issubclass(cls, BaseException):
            return (cls,)
        case Tuple(items):
            return tuple(c for item in items for c in classes_in(elab, item))
        case Static(tuple() as items):
            return tuple(c for item in items for c in classes_in(elab, Static(item)))
    elab.mismatch("Only classes of exceptions can be caught.", "Name a class, or a tuple of classes.")


# -- the body


@contextmanager
def following(elab: Elaborator, catch: Catch) -> Iterator[None]:
    """What is raised here then stands where the catch says."""
    elab.state[catch.location] = Buffer(Const(0))
    elab.followed.append(catch.location)
    elab.catching.append(catch)
    try:
        catching.check_floats(elab)
        yield
    finally:
        elab.catching.pop()
        elab.followed.pop()


def taken(elab: Elaborator, catch: Catch) -> Atom:
    """The number of what was raised."""
    content = elab.state.pop(catch.location)
    assert isinstance(content, Buffer)
    return content.atom


def finish(elab: Elaborator, catch: Catch, last: Callable[[], Value | None]) -> None:
    """Run a finally block, then raise again what it was come to by."""
    elab.followed.insert(0, catch.location)  # the innermost catch stays the last
    elab.finishing.append(catch.location)
    try:
        last()
    finally:
        elab.finishing.pop()
        elab.followed.remove(catch.location)
    number = taken(elab, catch)

    def escape() -> Value:
        again(elab, number, catch.sites)
        return NOTHING

    def unless_replaced() -> Value:
        return catching.unless_raised(elab, escape)

    met = catching.differs(elab, number)
    branches.branch(elab, met, unless_replaced, lambda: None, elab.frame.live)


def forget(elab: Elaborator) -> None:
    """A finally block is left by a jump: what was raised before it is dropped."""
    elab.state[elab.finishing[-1]] = Buffer(Const(0))


# -- handlers


def choose(
    elab: Elaborator,
    number: Atom,
    sites: dict[int, Raised],
    handlers: Handlers,
    run: RunBlock,
    after: frozenset[str],
) -> None:
    """Run the handler of what was raised."""
    if isinstance(number, Const):
        sites = {number.value: sites[number.value]}
    if not handlers:
        return again(elab, number, sites)
    (classes, handler), *others = handlers
    mine = {tag: what for tag, what in sites.items() if issubclass(what.cls, classes)}
    if not mine:
        return choose(elab, number, sites, others, run, after)
    rest = {tag: what for tag, what in sites.items() if tag not in mine}

    def handle() -> None:
        by_exception(elab, number, mine, handler, run, after)

    branches.branch(
        elab,
        one_of(elab, number, sites, list(mine)),
        handle,
        lambda: choose(elab, number, rest, others, run, after),
        after,
    )


def by_exception(
    elab: Elaborator,
    number: Atom,
    sites: dict[int, Raised],
    handler: gast.ExceptHandler,
    run: RunBlock,
    after: frozenset[str],
) -> None:
    """Run a handler, once for each exception where it makes use of the object."""
    used = handler.name is not None and any(
        isinstance(n, gast.Name) and n.id == handler.name.id for s in handler.body for n in gast.walk(s)
    )
    if not used or len(sites) == 1:
        return handle(elab, number, sites, handler, run)
    (tag, what), *others = sites.items()
    branches.branch(
        elab,
        one_of(elab, number, sites, [tag]),
        lambda: handle(elab, number, {tag: what}, handler, run),
        lambda: by_exception(elab, number, dict(others), handler, run, after),
        after,
    )


def handle(
    elab: Elaborator, number: Atom, sites: dict[int, Raised], handler: gast.ExceptHandler, run: RunBlock
) -> None:
    """Run a handler's block."""
    name = handler.name.id if handler.name is not None else None
    value: Value | None = None
    if name is not None:
        value = exception_value(sites)
        bind(elab, elab.frame.location, name, value)
    with handling(elab, Handled(number, sites, name, value)):
        run(elab, handler.body)
    if name is not None:
        rest = {k: v for k, v in names_of(elab, elab.frame.location).items() if k != name}
        elab.state[elab.frame.location] = Entries(tuple(rest.items()))


def exception_value(sites: dict[int, Raised]) -> Value:
    """The object that ``as`` binds."""
    (what,) = sites.values() if len(sites) == 1 else (None,)
    known = None if what is None else what.known
    if known is not None:
        return Static(known)
    return Broken(
        "What this exception says is known at run time only.",
        "Handle the case by the class of the exception, or give what is raised constant arguments.",
    )


@contextmanager
def handling(elab: Elaborator, handled: Handled) -> Iterator[None]:
    """Where a bare ``raise`` raises this again."""
    elab.handled.append(handled)
    try:
        yield
    finally:
        elab.handled.pop()


# -- raising again


def raise_statement(elab: Elaborator, exc: gast.expr | None) -> None:
    """``raise``, ``raise e`` in the handler of e, or one of a new exception."""
    match exc:
        case None if elab.handled:
            handled = elab.handled[-1]
            return again(elab, handled.number, handled.sites)
        case None:
            elab.error("A bare raise is only supported in an except block.", "Name the exception.")
        case gast.Name(id=name):
            for handled in reversed(elab.handled):
                if handled.name == name and names_of(elab, elab.frame.location).get(name) is handled.value:
                    return again(elab, handled.number, handled.sites)
    raising.raise_statement(elab, exc)


def again(elab: Elaborator, number: Atom, sites: dict[int, Raised]) -> None:
    """Raise what was caught: in an enclosing try its number is that of what is raised there."""
    if isinstance(number, Const):
        return raising.throw(elab, sites[number.value])
    inside = {tag: what for tag, what in sites.items() if catching.catches(elab, what.cls)}
    outside = [(tag, what) for tag, what in sites.items() if tag not in inside]

    def pass_on() -> None:
        elab.catching[-1].sites.update(inside)
        catching.set_number(elab, number)

    def escape(k: int) -> None:
        if k == len(outside):
            return pass_on()
        tag, what = outside[k]
        if k == len(outside) - 1 and not inside:
            return raising.throw(elab, what)
        met = one_of(elab, number, sites, [tag])
        branches.branch(elab, met, lambda: raising.throw(elab, what), lambda: escape(k + 1))

    escape(0)


def one_of(elab: Elaborator, number: Atom, sites: dict[int, Raised], tags: Sequence[int]) -> bool | Atom:
    """Whether the number, which is that of one of the sites, is one of the tags."""
    if isinstance(number, Const):
        return number.value in tags
    if len(tags) == len(sites):
        return True
    met = None
    for tag in tags:
        same = elab.builder.emit(eq, (number, tag))
        met = same if met is None else elab.builder.emit(logical_or, (met, same))
    return False if met is None else met
