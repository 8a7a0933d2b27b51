"""Which calls of functions of numbers may come to stand in loops of vectors, read off the text of a function.

    head3:                                          a loop: from the label that a jump further down goes back to,
      %i = phi i64 [ 0, %entry ], [ %n, %body ]     to that jump
      ...
      br label %head3

LLVM makes vectors of innermost loops, and not of a loop that carries a float from trip to trip, unless it is a sum
whose order is free, nor of one that calls what has effects.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

OURS = "s2sad.unit."
LABEL = re.compile(r'^([\w."]+):')
JUMP = re.compile(r"label %([\w.]+)")
PHI = re.compile(r"  %[\w.]+ = phi ")
CARRIED = re.compile(r"^  (%[\w.]+) = phi (?:double|float) ")
NAME = re.compile(r"%[\w.]+")
CALL = re.compile(r'call (?:noalias )?(\w+) @("?)([\w.]+)\2\(')


class Vectors(Enum):
    """Whether a loop may become one of vectors. It is open where it can be left on an error, which LLVM may find never
    to happen, and where it calls functions of the module, which LLVM may inline."""

    NO, OPEN, YES = range(3)


class Loop(NamedTuple):
    """An innermost loop: its lines, whether it may become one of vectors, and the functions of the module it calls."""

    lines: range
    vectors: Vectors
    calls: frozenset[str] = frozenset()


def innermost(lines: Sequence[str]) -> Iterator[Loop]:
    """The innermost loops of a function, as lines."""
    begun: dict[str, int] = {}
    after = 0
    for number, line in enumerate(lines):
        if label := LABEL.match(line):
            begun[label[1]] = number
        elif line.startswith("  br "):
            starts = [begun[target] for target in JUMP.findall(line) if target in begun]
            if starts and max(starts) >= after:
                loop = range(max(starts), number + 1)
                yield _looked_at(loop, [lines[k] for k in loop])
            if starts:
                after = number


def _looked_at(loop: range, body: Sequence[str]) -> Loop:
    head = list(itertools.takewhile(PHI.match, body[1:]))
    carried = {found[1] for line in head if (found := CARRIED.match(line))}
    calls: set[str] = set()
    leaves = False
    for line in body[1 + len(head) :]:
        if carried and "reassoc" not in line and carried & set(NAME.findall(line)):
            return Loop(loop, Vectors.NO)
        if call := CALL.search(line):
            if call[1] in ("i32", "void", "ptr") and not call[3].startswith("llvm."):
                if not call[3].startswith(OURS):
                    return Loop(loop, Vectors.NO)
                calls.add(call[3])
        elif "label %fail" in line:
            leaves = True
    return Loop(loop, Vectors.OPEN if leaves or calls else Vectors.YES, frozenset(calls))


__all__ = ["OURS", "Loop", "Vectors", "innermost"]
