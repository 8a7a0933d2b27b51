"""The results as tables on a terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from rich.table import Table

from bench.results import Call, Results, Row, means

DERIVATIVES = ("s2sad", "jax", "hand", "torch", "autograd", "enzyme")


def readable(seconds: float | None) -> str:
    """A time with three digits and a unit."""
    if seconds is None:
        return ""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def megabytes(size: int | None) -> str:
    """A number of bytes in MB."""
    return "" if size is None else f"{size / 1e6:.2f}"


def number(value: float | None) -> str:
    """A ratio."""
    return "" if value is None else f"{value:.2f}"


def tables(results: Results) -> list[Table]:
    """Every table that has rows."""
    out = []
    if results.rows:
        out += [run_times(results.rows), first_calls(results.rows), mean_table(results.rows)]
        out += [share_table(results.rows)] if any("compiled" in r.info for r in results.rows) else []
    if results.calls:
        out.append(call_table(results.calls))
    if results.start:
        out.append(start_table(results.start))
    return out


def new(title: str, left: Iterable[str], right: Iterable[str]) -> Table:
    """An empty table."""
    table = Table(title=title, title_justify="left")
    for name in left:
        table.add_column(name, no_wrap=True)
    for name in right:
        table.add_column(name, justify="right", no_wrap=True)
    return table


def by_family(table: Table, rows: list[Row], cells: Callable[[Row], Iterable[str]]) -> Table:
    """Add a line for each row, with a rule between the families."""
    for k, row in enumerate(rows):
        last = k + 1 == len(rows) or rows[k + 1].family != row.family
        table.add_row(row.problem, row.size, *cells(row), end_section=last)
    return table


def run_times(rows: list[Row]) -> Table:
    """Medians and ratios."""
    tools = [t for t in DERIVATIVES if any(t in r.cells for r in rows)]
    ratios = ("/ jax", "/ hand", "/ primal", "jit", "njit", "jit / njit")
    table = new("derivatives: medians, one core; s2sad over the others; the primal by s2sad.jit and by numba.njit",
                ("problem", "size"), (*tools, *ratios))  # fmt: skip

    def cells(r: Row) -> list[str]:
        best = min((r.cells[t].median for t in tools if t in r.cells), default=None)

        def time(tool: str) -> str:
            if tool not in r.cells:
                return "[red]-[/]" if tool == "s2sad" else ""
            text = readable(r.cells[tool].median)
            return f"[bold green]{text}[/]" if r.cells[tool].median == best else text

        primals = [readable(r.cells[t].median if t in r.cells else None) for t in ("jit", "njit")]
        return [*map(time, tools), number(r.ratio("s2sad", "jax")), number(r.ratio("s2sad", "hand")),
                number(r.over_primal), *primals, number(r.ratio("jit", "njit"))]  # fmt: skip

    return by_family(table, rows, cells)


def first_calls(rows: list[Row]) -> Table:
    """First calls and memory."""
    tools = [t for t in (*DERIVATIVES, "jit", "njit") if any(t in r.cells for r in rows)]
    kept = [t for t in ("s2sad", "jax", "hand") if t in tools]
    table = new("first call, CPU seconds from an empty cache; memory that a call adds at its peak, MB",
                ("problem", "size"), (*tools, "/ jax", "/ hand", *(f"MB {t}" for t in kept)))  # fmt: skip

    def cells(r: Row) -> list[str]:
        firsts = [f"{r.cells[t].first:.2f}" if t in r.cells else "" for t in tools]
        firsts += [number(r.first_ratio("s2sad", other)) for other in ("jax", "hand")]
        return firsts + [megabytes(r.cells[t].peak) if t in r.cells else "" for t in kept]

    return by_family(table, rows, cells)


def mean_table(rows: list[Row]) -> Table:
    """Geometric means by family."""
    table = new("geometric means (and how many rows have both)", ("family",), ())
    found = {family: means(rows, family) for family in dict.fromkeys(r.family for r in rows)}
    names = list(dict.fromkeys(name for values in found.values() for name in values))
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    for family, values in found.items():
        total = sum(r.family == family for r in rows)
        texts = [f"{values[n][0]:.2f} ({values[n][1]} of {total})" if n in values else "" for n in names]
        table.add_row(family, *texts)
    return table


def share_table(rows: list[Row]) -> Table:
    """How the derivatives were compiled, and their primals."""
    known = [r for r in rows if "compiled" in r.info]
    total = sum(r.info["compiled"]["functions"] for r in known)
    slow = sum(len(r.info["compiled"]["njit"]) for r in known)
    title = f"through Numba's front end: {slow} of {total} functions; primitives that are, each in a line of its own"
    table = new(title, ("problem", "size"), ("functions", "through njit", "bridges"))

    def cells(r: Row) -> list[str]:
        share = r.info["compiled"]
        bridges = ", ".join(name if n == 1 else f"{n} {name}" for name, n in sorted(share["bridges"].items()))
        return [str(share["functions"]), "; ".join(share["njit"]) or "0", bridges or "0"]

    return by_family(table, known, cells)


def call_table(calls: list[Call]) -> Table:
    """What calls cost."""
    tools = [t for t in ("s2sad", "numba", "jax") if any(t in c.cells for c in calls)]
    table = new("a call of a tiny derivative", ("call",), (*tools, "s2sad - numba", "/ jax"))
    for call in calls:
        medians: dict[str, Any] = {t: c.median for t, c in call.cells.items()}
        both = "s2sad" in medians and "numba" in medians
        over = medians["s2sad"] - medians["numba"] if both else None
        text = "" if over is None else readable(over) if over > 0 else "0"
        ratio = medians["s2sad"] / medians["jax"] if {"s2sad", "jax"} <= {*medians} else None
        table.add_row(call.kind, *(readable(medians.get(t)) for t in tools), text, number(ratio))
    return table


def start_table(start: dict[str, dict[str, float]]) -> Table:
    """What starting costs."""
    names = list(dict.fromkeys(what for times in start.values() for what in times))
    table = new("a fresh process, CPU seconds", ("tool",), names)
    for tool, times in start.items():
        table.add_row(tool, *(f"{times[n]:.2f}" if n in times else "" for n in names))
    return table
