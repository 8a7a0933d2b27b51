"""What became of the loops and arrays of a function, as text.

grad_loss:
  the derivative:
    line 6: y is recorded: 24 bytes a trip of the loop over i (line 5)
  its arrays:
    line 8: h, o are computed by one loop
    line 8: o is stored: returned
  its code:
    line 9: pinv is compiled by Numba: there are no instructions of ours for it
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from s2sad.backend import numba as numba_backend
from s2sad.calling.variant import Lowered
from s2sad.config import config
from s2sad.ir.python_calls import calls_of
from s2sad.lower import lower as lowering
from s2sad.transforms.recording.decisions import Decision, plain

NOTHING_RECORDED = "no value of a forward sweep is needed; nothing is recorded"


def explained(lowered: Lowered) -> str:
    """Everything that was decided about a function, by stage and by line."""
    arrays: list[Decision] = []
    lowering.lowered(lowered.module, lowered.elaboration.guards, said=arrays)
    sections = (
        ("the derivative", [*_texts(lowered.trace.decisions)] or [NOTHING_RECORDED]),
        ("its arrays", [*_texts(_by_line(arrays))]),
        ("its code", [*_texts(_by_line(_code(lowered)))]),
    )
    lines = [f"{lowered.name}:"]
    for title, texts in sections:
        lines += [f"  {title}:", *(f"    {t}" for t in texts)] if texts else []
    return "\n".join(lines) + "\n"


def _code(lowered: Lowered) -> list[Decision]:
    """How it is compiled."""
    if calls_of(lowered.loops):
        return [Decision(lowered.name, "run by CPython", "it makes a call that only CPython can make")]
    return numba_backend.decisions(lowered.loops) if config.llvm else []


def _by_line(decisions: Iterable[Decision]) -> list[Decision]:
    return sorted(decisions, key=lambda d: -1 if d.pos is None else d.pos.line)


def _texts(decisions: Iterable[Any]) -> Iterator[str]:
    """One line for all that are alike but for what they are about, at the place of the first."""
    alike: dict[Any, dict[str, None]] = {}
    for d in decisions:
        if isinstance(d, Decision):
            alike.setdefault((d.pos and d.pos.line, d.how, d.why, d.bytes, d.loop), {})[d.variable] = None
        else:
            alike.setdefault(str(d), {})
    for key, names in alike.items():
        yield key if isinstance(key, str) else _text(key, list(names))


def _text(key: Any, names: list[str]) -> str:
    """What was decided about some values, or about loops."""
    line, how, why, size, loop = key
    where = "" if line is None else f"line {line}: "
    shown = list(dict.fromkeys(f"the loop over {plain(n)}" if loop else n for n in names))
    what = ", ".join(shown)
    bytes_ = "" if size is None else f" ({size} bytes)"
    return f"{where}{what} {'are' if ', ' in what else 'is'} {how}{bytes_}{': ' if why else ''}{why}"
