"""What lowering made of the arrays of a function, for `.explain()`: fused with their readers, stored, or left whole.

line 12: z is fused: computed an element at a time, by what reads it
line 14: o is stored: read by more than one loop, or by one more than once
line 15: residual is left whole: it is not known whether n and target.shape[0] are equal
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from s2sad.ir.nodes import Let, Var, array_type
from s2sad.ir.primitives import cast, inc, list_get, load, store
from s2sad.ir.types import Array, Dim
from s2sad.lower.arrays import Arrays, Delayed
from s2sad.lower.reductions import SCANS
from s2sad.lower.regions import Loop
from s2sad.rules.numbers import is_exact
from s2sad.rules.products import PRODUCTS
from s2sad.rules.registry import ELEMENT, PLACES, REDUCTIONS
from s2sad.transforms.recording.decisions import Decision, plain

SILENT = frozenset({"dim", "undef", "zeros", "list_new", "list_append", "list_set", "list_len", "list_drop"})
"""Statements that have no loops, and need none."""


def of_arrays(arrays: Arrays) -> Iterator[Decision]:
    """What became of each array that has elements of its own, and which of them one loop computes."""
    found = [made for made in arrays.delayed.values() if not made.view and made.dims]
    loops: dict[Loop, list[Delayed]] = {}
    for made in found:
        if made.home is not None and made.home.loops:
            loops.setdefault(made.home.loops[0], []).append(made)
    joined = [group for group in loops.values() if len(group) > 1]
    together = {made.var for group in joined for made in group}
    for made in found:
        pos = None if made.let is None else made.let.pos
        if made.thread is not None:
            yield Decision(plain(made.var.name), "stored", made.why or "made by a loop", pos=pos)
        elif made.let is not None and made.var not in together:
            yield Decision(plain(made.var.name), "fused", "computed an element at a time, by what reads it", pos=pos)
    for group in joined:
        yield _one_loop(group)


def _one_loop(group: list[Delayed]) -> Decision:
    """The arrays that one loop computes."""
    places = [made.let.pos for made in group if made.let is not None and made.let.pos is not None]
    first = min(places, key=lambda pos: pos.line, default=None)
    lines = sorted({pos.line for pos in places})
    names = ", ".join(dict.fromkeys(plain(made.var.name) for made in group))
    where = f" (lines {', '.join(map(str, lines))})" if len(lines) > 1 else ""
    return Decision(names, f"computed by one loop{where}", "", pos=first)


def left_whole(arrays: Arrays, let: Let) -> Decision | None:
    """Why a statement about whole arrays stays one; None where it would have had no loop of its own anyway."""
    target, *_ = let.targets
    values = [v for v in (*let.args, *let.targets) if isinstance(v.type, Array)]
    if not values or let.prim.name in SILENT or let.prim is list_get or not _moves_elements(let):
        return None
    return Decision(plain(target.name), "left whole", _why(arrays, let), pos=let.pos)


def _moves_elements(let: Let) -> bool:
    """Whether a statement is more than a view, or one element."""
    if let.prim is load:
        return any(isinstance(a.type, Array) for a in let.args[1:])
    if let.prim in (store, inc):
        return isinstance(let.args[1].type, Array)
    return True


def _why(arrays: Arrays, let: Let) -> str:
    writer, (target, *_) = arrays.writer, let.targets
    arrays_of = [v for v in (*let.args, target) if isinstance(v.type, Array)]
    if not writer.unsure.isdisjoint((*let.args, *let.targets)):
        return "a loop or a branch may give it other sizes"
    if let.prim in PRODUCTS:
        return "long sums are left to BLAS"
    for v in arrays_of:
        if not is_exact(v.type.dtype):
            return f"numbers of type {v.type.dtype} are left to NumPy"
    has_rule = let.prim.elementwise or let.prim is cast or let.prim in (load, store, inc)
    if not has_rule and not any(let.prim in rules for rules in (ELEMENT, PLACES, REDUCTIONS, SCANS)):
        return f"{let.prim.name.rstrip('_')} is a call of a library"
    for a in arrays_of:
        for b in arrays_of:
            for x, y in zip(reversed(arrays.dims(a)), reversed(arrays.dims(b)), strict=False):
                if x != y and 1 not in (x, y):
                    return f"it is not known whether {size_text(x)} and {size_text(y)} are equal"
    if isinstance(target, Var) and any(writer.extent(d) is None for d in array_dims(arrays, target)):
        return "its size is known once it is made"
    return "its indexes are known at run time only"


def array_dims(arrays: Arrays, v: Var) -> tuple[Dim, ...]:
    return arrays.dims(v) if isinstance(v.type, Array) and array_type(v).dims else ()


def size_text(size: Dim) -> str:
    """A size in words of the program: ``x.shape[0] - 1``."""
    return re.sub(r"([A-Za-z_]\w*)\.(\d+)", r"\1.shape[\2]", str(size).replace("-1*", "-"))
