"""What was decided, for `.explain()`: the form of each reverse loop, and how each mentioned value is provided.

`cut` chooses for what the adjoint mentions, `choose` for what its tapes ask for besides.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from s2sad.ir import walk
from s2sad.ir.nodes import For, Function, Pos, Stmt, Var, While
from s2sad.ir.types import Array, Scalar, element
from s2sad.transforms.adjoint import choosing, loop_forms
from s2sad.transforms.adjoint.loop_forms import AGAIN, Fused
from s2sad.transforms.recording.scopes import Scope

MOST_STEPS = 12
"""How many primitives may be redone to spare a tape."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What was decided about one value that the reverse sweep mentions, or about the form of one of its loops.

    `how`: available, reloaded, recomputed or recorded; for a loop fused, free, replayed, selected or reversed.
    """

    variable: str
    how: str
    why: str
    bytes: int | None = None
    pos: Pos | None = None
    loop: bool = False

    def __str__(self) -> str:
        where = "" if self.pos is None else f"line {self.pos.line}: "
        size = "" if self.bytes is None else f" ({self.bytes} bytes)"
        what = f"the loop over {plain(self.variable)}" if self.loop else self.variable
        return f"{where}{what} is {self.how}{size}{': ' if self.why else ''}{self.why}"


def plain(name: str) -> str:
    """A name without its counters."""
    return re.sub(r"_\d+(?=_|$)", "", name)


def forms_of(function: Function, fused: Fused) -> Iterator[Decision]:
    """The decisions that gave the reverse loops of an open adjoint their forms, some of them `fused` with their loops
    already."""
    for merged in fused.loops:
        why = "nothing needs its results before it is reversed"
        yield Decision(merged.index.name, "fused", why, None, merged.pos, True)
    loops = {s.index: s for s in walk.statements(function.body) if isinstance(s, (For, While))}
    made: dict[Var, Stmt] = {v: s for s in walk.statements(function.body) for v in walk.defines(s)}
    for loop in loops.values():
        if isinstance(loop, For) and loop.mirrors is not None:
            how, why = _form_of(loop, loops[loop.mirrors], made, fused)
            yield Decision(loop.mirrors.name, how, why, None, loop.pos, True)


def _form_of(reverse: For, loop: For | While, made: Mapping[Var, Stmt], fused: Fused) -> tuple[str, str]:
    assert reverse.mirrors is not None
    if loop_forms.same_way(loop, reverse):
        kept = fused.kept.get(reverse.index)
        return "free", f"its reverse only adds, in any order{'' if kept is None else '; not fused, for ' + kept}"
    if isinstance(loop, For) and reverse.start in [c.out for c in loop.carried]:
        return "selected", "only the trip that selected last is reversed"
    if isinstance(loop, For) and choosing.is_chosen(reverse.start, loop, made):
        return "selected", "only the trip chosen last is reversed, or all where something is not finite or ties"
    ends = [(c.phi, c.next) for c in reverse.carried]
    held = dict.fromkeys(plain(v.name) for v in loop_forms.ordered(reverse.mirrors, reverse.body, ends))
    why = f"backwards, for {', '.join(held)} " + ("is" if len(held) == 1 else "are") + " not only added to"
    if AGAIN in reverse.body:
        return "replayed", f"each trip is run again from what is carried, then reversed; {why}"
    return "reversed", why


def row_bytes(var: Var) -> str:
    """How many bytes a value takes: a number, with the sizes that are not known by name."""
    known, names = element(var.type).itemsize, []
    for d in var.type.dims if isinstance(var.type, Array) else ():
        if isinstance(d, int):
            known *= d
        else:
            text = re.sub(r"([\w]+)\.(\d+)", r"\1.shape[\2]", str(d))
            names.append(f"({text})" if " " in text else text)
    return " * ".join([str(known), *names])


def over(loops: Sequence[Scope]) -> str:
    """Of which loops the trips are, from the outermost."""
    owners = [s.loop for s in loops]
    return " of " + " of ".join(
        f"the loop over {plain(o.index.name)}" + ("" if o.pos is None else f" (line {o.pos.line})")
        for o in reversed(owners)
    )


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
