"""What became slower or faster than in an earlier run, beyond noise.

Another day the machine may be slower as a whole. The tools that are not ours (hand adjoints and primals under Numba,
JAX) say by how much: the median of their changes divides ours. A change counts beyond the noise of both runs: 15 %, or
as much as the quartiles of the two measurements are apart, whichever is more; first calls have no quartiles, and 30 %.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Iterator
from dataclasses import dataclass

from bench.results import Cell, Results
from bench.tools import OURS

NOISE = 0.15
FIRST_NOISE = 0.30


@dataclass(frozen=True)
class Change:
    """A figure now over the figure then, corrected for the machine, and the ratio that is noise."""

    what: str
    ratio: float
    noise: float

    @property
    def slower(self) -> bool:
        """Whether it is slower beyond noise."""
        return self.ratio > self.noise

    @property
    def faster(self) -> bool:
        """Whether it is faster beyond noise."""
        return self.ratio < 1.0 / self.noise


Cells = dict[tuple[str, str], Cell]


def cells_of(results: Results) -> Cells:
    """Every cell, by what was measured and by which tool."""
    rows = {(f"{r.problem} {r.size}", tool): cell for r in results.rows for tool, cell in r.cells.items()}
    calls = {(f"call: {c.kind}", tool): cell for c in results.calls for tool, cell in c.cells.items()}
    return rows | calls


def compare(now: Results, then: Results) -> tuple[list[Change], dict[str, float]]:
    """What changed of ours in figures that both runs have, and how much slower the machine is (1 is the same)."""
    new, old = cells_of(now), cells_of(then)
    shared = [key for key in new if key in old]
    others = [key for key in shared if key[1] not in OURS]
    factors = {
        "calls": _median([new[k].median / old[k].median for k in others]),
        "first calls": _median([new[k].first / old[k].first for k in others]),
    }
    changes = [c for key in shared if key[1] in OURS for c in _changes(key, new[key], old[key], factors)]
    return [c for c in changes if c.slower or c.faster], factors


def lost(now: Results, then: Results) -> list[str]:
    """What s2sad could do in the earlier run and cannot do now, of the rows in both."""
    new, old = cells_of(now), cells_of(then)
    here = {what for what, _ in new} | {f"{r.problem} {r.size}" for r in now.rows}
    return [f"{what}: {tool}" for what, tool in old if tool in OURS and what in here and (what, tool) not in new]


def _changes(key: tuple[str, str], new: Cell, old: Cell, factors: dict[str, float]) -> Iterator[Change]:
    spread = math.exp(sum(math.log(max(c.high, 1e-12) / max(c.low, 1e-12)) for c in (new, old)) / 2)
    yield Change(f"{key[0]}: {key[1]}", new.median / old.median / factors["calls"], max(1.0 + NOISE, spread))
    yield Change(f"{key[0]}: {key[1]}, first call", new.first / old.first / factors["first calls"], 1.0 + FIRST_NOISE)


def _median(values: list[float]) -> float:
    return statistics.median(values) if values else 1.0
