"""Generators: the body of the loop that goes over one is run at each of its yields.

    def cells(n):                   for i in cells(n):              for i in range(n):
        for i in range(n):              s += x[i]        becomes        if i % 2 == 0:
            if i % 2 == 0:                                                  s += x[i]
                yield i

The generator runs in a frame of its own, the loop's body in the frame of its consumer, which stands on the stack below
the generator and, during a body, above it too: so each branch and loop of either joins the names of both. Where the
body leaves its loop, the generator returns (`syntax/yields.py`). A generator is a lazy value that holds the arguments
it was called with; nothing of it runs before it is gone over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import gast

from s2sad.errors import S2sadError
from s2sad.frontend.elaborate import assignment, functions
from s2sad.frontend.library import iterators
from s2sad.frontend.library.iteration import Indexed, Stream, indexed, iterate
from s2sad.frontend.library.iterators import USED
from s2sad.frontend.values.frames import Consumer, Frame
from s2sad.frontend.values.meeting import first_change, same_content
from s2sad.frontend.values.unreachable import Unreachable
from s2sad.frontend.values.values import (
    Closure,
    Content,
    Entries,
    ListRef,
    Location,
    Lost,
    Partial,
    Static,
    StaticItems,
    Value,
)

if TYPE_CHECKING:
    from s2sad.frontend.elaborate.elaborator import Elaborator

ASIDE = "Make a list of it before the loop, list(...)."


def go_over(elab: Elaborator, stmt: gast.For, stream: Stream, body: Callable[[], None]) -> None:
    """Run a loop over what a generator gives: `body` runs its body once."""
    frame = elab.frame
    live = frame.scope.head[stmt] | frame.scope.after[stmt]

    def give(value: Value) -> Value:
        before, elab.exit_flag = elab.exit_flag, None
        with resumed(elab, frame):
            assignment.assign_value(elab, stmt.target, value)
            body()
        frame.live = live
        flag, elab.exit_flag = elab.exit_flag, before
        return Static(False) if flag is None else flag

    frame.live = live
    stream.run(Consumer(frame, live, give))


@contextmanager
def resumed(elab: Elaborator, frame: Frame) -> Iterator[None]:
    """A frame that waits for a generator goes on."""
    depth, pos = len(elab.stack), elab.pos
    elab.stack.append(frame)
    try:
        yield
    finally:
        del elab.stack[depth:]
        elab.builder.pos = pos


def give(elab: Elaborator, value: Value) -> Value:
    """Hand a value to the consumer of the generator that is run; whether the consumer leaves."""
    consumer = elab.frame.consumer
    assert consumer is not None, "a yield stands outside of a generator that is gone over"
    return consumer.give(value)


def run(elab: Elaborator, value: Partial, consumer: Consumer) -> None:
    """Run a generator from its start, for its consumer."""
    closure = value.args[0]
    assert isinstance(closure, Closure)
    bound = {name: argument for name, argument in value.kwargs if name != USED}
    functions.run_body(elab, closure, bound, consumer)


# -- running one at another time than Python does


class Kept:
    """What was read while something ran, as it is then."""

    def __init__(self, elab: Elaborator, places: set[Location]) -> None:
        self.elab, self.places = elab, places
        self.contents = self.now()

    def now(self) -> dict[Location, Content]:
        """What stands at these places; of frames, the names that inner functions mention."""
        found: dict[Location, Content] = {}
        for location in self.places:
            content = self.elab.state.get(location, Lost("gone"))
            if location in self.elab.frames and isinstance(content, Entries):
                captured = self.elab.frames[location].scope.captured
                content = Entries(tuple((k, v) for k, v in content.items if k in captured))
            found[location] = content
        return found

    def holds(self) -> bool:
        """Whether all of it is as it was."""
        now = self.now()
        return all(same_content(content, now[x]) for x, content in self.contents.items())


def watched(elab: Elaborator, run: Callable[[], Value]) -> tuple[Value, Kept | None]:
    """Run something, and keep what it read; None where it changed things."""
    state = dict(elab.state)
    elab.reads.append(set())
    try:
        value = run()
    finally:
        places = elab.reads.pop()
    counts = {x for x in state if x.hint == USED and not same_content(state[x], elab.state.get(x, state[x]))}
    for location in counts:  # who else takes from these iterators would see them used up
        iterators.move(elab, ListRef(location), iterators.SOME)
        del state[location]
    changed = first_change(elab, state, elab.state) is not None
    return value, None if changed else Kept(elab, {x for x in places if x in state})


def run_through(elab: Elaborator, value: Partial) -> tuple[tuple[Value, ...], Kept] | None:
    """All that a generator gives; None where it is not known how many values, or where running it changes things."""
    state, mark, log = dict(elab.state), elab.mark(), list(elab.builder.statements)
    try:
        ref, kept = watched(elab, lambda: iterators.listed(elab, Stream(lambda consumer: run(elab, value, consumer))))
        assert isinstance(ref, ListRef)
        content = elab.get(ref.location)
        if isinstance(content, StaticItems) and kept is not None and first_change(elab, state, elab.state) is None:
            return content.items, kept
    except (S2sadError, Unreachable):
        pass
    elab.state = state
    elab.reset(mark)
    elab.builder.statements[:] = log
    return None


def run_before(elab: Elaborator, stream: Stream) -> Indexed:
    """The list of what a generator gives that Python would run beside another one. Neither may see the other."""
    try:
        ref, kept = watched(elab, lambda: iterators.listed(elab, stream))
    except Unreachable:
        elab.error("Two generators run side by side here, and one of them does not end.", "Loop over one of them.")
    if kept is None:
        elab.error("Two generators run side by side here, and one of them changes things.", ASIDE)
    whole = indexed(elab, iterate(elab, ref))

    def item(index: Value) -> Value:
        if not kept.holds():
            elab.error("Two generators run side by side here, and what one of them reads changes meanwhile.", ASIDE)
        return whole.item(index)

    return replace(whole, item=item)
