"""What recording decides: how each mentioned value is provided. `choose` may be replaced by a minimum cut.

Decisions are what `.explain()` shows.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from s2sad.ir import walk
from s2sad.ir.nodes import For, Function, Pos, Stmt, Var, While
from s2sad.ir.types import Scalar, element
from s2sad.transforms.adjoint import choosing, loop_forms

MOST_STEPS = 12
"""How many primitives may be redone to spare a tape."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one value that the reverse sweep mentions, or about the form of one of its loops.

    `how`: available, reloaded, recomputed or recorded; for loops fused, free, selected or reversed.
    """

    variable: str
    how: str
    why: str
    bytes: int | None = None
    pos: Pos | None = None

    def __str__(self) -> str:
        where = "" if self.pos is None else f"line {self.pos.line}: "
        size = "" if self.bytes is None else f" ({self.bytes} bytes)"
        return f"{where}{self.variable} is {self.how}{size}{': ' if self.why else ''}{self.why}"


def forms_of(function: Function) -> Iterator[Decision]:
    """The decisions that gave the reverse loops of an open adjoint their forms."""
    loops = {s.index: s for s in walk.statements(function.body) if isinstance(s, (For, While))}
    made: dict[Var, Stmt] = {v: s for s in walk.statements(function.body) for v in walk.defines(s)}
    for loop in loops.values():
        if isinstance(loop, For) and loop.mirrors is not None:
            yield _form_of(loop, loops[loop.mirrors], made)


def _form_of(reverse: For, loop: For | While, made: Mapping[Var, Stmt]) -> Decision:
    name, why = reverse.index.name, f"it reverses the loop over {reverse.mirrors}"
    if loop_forms.same_way(loop, reverse):
        return Decision(name, "free", f"{why}, and only accumulates", pos=reverse.pos)
    one = isinstance(loop, For) and reverse.start in [c.out for c in loop.carried]
    if one:
        return Decision(name, "selected", f"{why}: of that, the last trip that selected", pos=reverse.pos)
    if isinstance(loop, For) and choosing.is_chosen(reverse.start, loop, made):
        what = "the last trip that was chosen, or all where something is not finite or ties"
        return Decision(name, "selected", f"{why}: of that, {what}", pos=reverse.pos)
    return Decision(name, "reversed", why, pos=reverse.pos)


@dataclass(slots=True)
class Cost:
    """What making a value again takes: values to record, and primitives to run."""

    leaves: dict[Var, None] = field(default_factory=dict)
    steps: int = 0

    def __iadd__(self, other: Cost) -> Cost:
        self.leaves |= other.leaves
        self.steps += other.steps
        return self


def choose(var: Var, cost: Cost, wanted: Collection[Var], depth: Mapping[Var, int]) -> str:
    """How to provide a value: 'recomputed', or 'recorded'.

    It is recomputed when that needs nothing recorded; nothing that is not `wanted` anyway; one smaller value in place
    of this one; or values of outer loops only (`depth` counts the loops around a value).
    """
    if var in cost.leaves or cost.steps > MOST_STEPS:
        return "recorded"
    new = [v for v in cost.leaves if v not in wanted]
    if not new or all(depth[v] < depth[var] for v in new):
        return "recomputed"
    (one, *others) = new
    smaller = isinstance(one.type, Scalar) and element(one.type).itemsize <= element(var.type).itemsize
    return "recomputed" if smaller and not others else "recorded"
