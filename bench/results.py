"""What a run found, as plain data: a cell is one tool on one row, and a file holds all of them as JSON."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Cell:
    """One tool on one row, in seconds and bytes.

    median, low, high: of a call, and its quartiles. first: CPU seconds to make the function and call it once.
    peak: memory that a call adds at its peak, where the system can tell.
    """

    median: float
    low: float
    high: float
    first: float
    peak: int | None = None


@dataclass
class Row:
    """One problem at one size, by every tool.

    gradient: whether the derivative is one gradient of the primal function, so that their ratio says something.
    notes: what other tools could not do. wrong: what fails the run. info: whatever else is known of the row, by name.
    """

    problem: str
    size: str
    family: str
    gradient: bool = True
    cells: dict[str, Cell] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    info: dict[str, Any] = field(default_factory=dict)

    def ratio(self, tool: str, other: str) -> float | None:
        """A tool's median over another's."""
        if tool in self.cells and other in self.cells:
            return self.cells[tool].median / self.cells[other].median
        return None

    def first_ratio(self, tool: str, other: str) -> float | None:
        """A tool's first call over another's."""
        if tool in self.cells and other in self.cells:
            return self.cells[tool].first / self.cells[other].first
        return None

    @property
    def over_primal(self) -> float | None:
        """A gradient over the faster of the two compiled primal functions, the user's own and ours."""
        if not self.gradient:
            return None
        ratios = [r for r in (self.ratio("s2sad", "jit"), self.ratio("s2sad", "njit")) if r is not None]
        return max(ratios, default=None)


@dataclass
class Call:
    """The cost of one kind of call, in seconds by tool."""

    kind: str
    cells: dict[str, Cell] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)


@dataclass
class Results:
    """A whole run. start: seconds by what was started; machine: where and with what."""

    machine: dict[str, str] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    start: dict[str, dict[str, float]] = field(default_factory=dict)

    @property
    def failures(self) -> list[str]:
        """What makes the run fail: results that disagree, and what s2sad could not do."""
        out = [f"{r.problem} {r.size}: {text}" for r in self.rows for text in r.wrong]
        return out + [f"{c.kind}: {text}" for c in self.calls for text in c.notes if text.startswith("s2sad:")]


def row_of(data: dict[str, Any]) -> Row:
    """A row from its JSON."""
    return Row(**data | {"cells": {k: Cell(**v) for k, v in data["cells"].items()}})


def call_of(data: dict[str, Any]) -> Call:
    """A kind of call from its JSON."""
    return Call(**data | {"cells": {k: Cell(**v) for k, v in data["cells"].items()}})


def save(results: Results, path: Path) -> None:
    """Write the results, with the geometric means for whoever reads them without this program."""
    data = asdict(results) | {"means": {family: means(results.rows, family) for family in ("loops", "arrays")}}
    path.write_text(json.dumps(data, indent=1) + "\n")


def load(path: Path) -> Results:
    """Read what `save` wrote."""
    data = json.loads(path.read_text())
    if not isinstance(data, dict) or not isinstance(data.get("rows"), list) or "calls" not in data:
        raise ValueError(f"{path} is not a file of results that this program wrote.")
    return Results(data["machine"], [row_of(r) for r in data["rows"]], [call_of(c) for c in data["calls"]],
                   data["start"])  # fmt: skip


RATIOS = {"s2sad / jax": ("s2sad", "jax"), "s2sad / hand": ("s2sad", "hand"), "jit / njit": ("jit", "njit")}


def geometric_mean(values: list[float]) -> float:
    """exp of the mean logarithm."""
    return math.exp(sum(map(math.log, values)) / len(values))


def means(rows: list[Row], family: str) -> dict[str, tuple[float, int]]:
    """The geometric mean of each ratio over a family, with the number of rows that have it."""
    found = {name: [r.ratio(*pair) for r in rows if r.family == family] for name, pair in RATIOS.items()}
    found["gradient / primal"] = [r.over_primal for r in rows if r.family == family]
    for other in ("jax", "hand"):
        found[f"first: s2sad / {other}"] = [r.first_ratio("s2sad", other) for r in rows if r.family == family]
    kept = {name: [v for v in values if v is not None] for name, values in found.items()}
    return {name: (geometric_mean(values), len(values)) for name, values in kept.items() if values}
