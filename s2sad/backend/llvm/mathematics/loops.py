"""Which calls of functions of numbers may come to stand in loops of vectors, read off the text of a function.

    head3:                                          a loop: from the label that a jump further down goes back to,
      %i = phi i64 [ 0, %entry ], [ %n, %body ]     to that jump
      ...
      br label %head3

LLVM makes vectors of innermost loops, and not of a loop that carries a float from trip to trip, unless it is a sum
whose order is free, nor of one that calls what has effects.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from enum import Enum

LABEL = re.compile(r'^([\w."]+):')
JUMP = re.compile(r"label %([\w.]+)")
CARRIED = re.compile(r"^  (%[\w.]+) = phi (?:double|float) ")
NAME = re.compile(r"%[\w.]+")
CALL = re.compile(r'call (?:noalias )?(\w+) @("?)([\w.]+)\2\(')


class Vectors(Enum):
    """Whether a loop may become one of vectors. It is open where it can be left on an error, which LLVM may find never
    to happen, and where it calls functions of the module, which LLVM may inline."""

    NO, OPEN, YES = range(3)


def innermost(lines: Sequence[str]) -> Iterator[tuple[range, Vectors]]:
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
                yield loop, _vectors([lines[k] for k in loop])
            if starts:
                after = number


def _vectors(body: Sequence[str]) -> Vectors:
    carried = {found[1] for line in body if (found := CARRIED.match(line))}
    verdict = Vectors.YES
    for line in body:
        if carried and "reassoc" not in line and not CARRIED.match(line) and carried & set(NAME.findall(line)):
            return Vectors.NO
        if call := CALL.search(line):
            if call[1] in ("i32", "void", "ptr") and not call[3].startswith("llvm."):
                if not call[3].startswith("s2sad.unit."):
                    return Vectors.NO
                verdict = Vectors.OPEN
        elif "label %fail" in line:
            verdict = Vectors.OPEN
    return verdict


__all__ = ["Vectors", "innermost"]
