"""One row, measured in a process of its own: what another row compiled or allocated does not count here."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from bench.memory import peak_of
from bench.problems import FAMILIES
from bench.results import Cell, Row
from bench.share import no_share, watched
from bench.timing import side_by_side
from bench.tools import OURS, disagreements, runner, tools_of


def measure(problem: str, size: str, budget: float, tell: Callable[[str, Row], None]) -> Row:
    """Call every tool once, compare, then time them side by side. `tell` hears which tool is next, and the row so far.

    The first call counts from the tool's program to its first result, in CPU seconds, all threads; the tools
    themselves are started (`warm`).
    """
    module = importlib.import_module(f"bench.problems.{problem}")
    family = next(name for name, members in FAMILIES.items() if problem in members)
    row = Row(problem, size, family, getattr(module, "GRADIENT", True))
    args = module.make(**module.SIZES[size])
    tools = tools_of(module)
    tell("starting", row)
    warm(tools)
    share = row.info["compiled"] = no_share()
    calls: dict[str, Callable[[], Any]] = {}
    results: dict[str, Any] = {}
    for tool in tools:
        tell(f"{tool}, first call", row)
        before = time.process_time()
        try:
            with watched(share) if tool in OURS else nullcontext():
                calls[tool] = runner(module, tool, args)
                results[tool] = calls[tool]()
        except Exception as error:
            calls.pop(tool, None)
            (row.wrong if tool in (*OURS, "hand") else row.notes).append(f"{tool}: {summary(error)}")
            continue
        first = time.process_time() - before
        row.cells[tool] = Cell(first, first, first, first)
    row.wrong += disagreements(module, args, results)
    results.clear()
    tell("timing", row)
    for tool, (low, median, high) in side_by_side(calls, budget).items():
        cell = row.cells[tool]
        cell.low, cell.median, cell.high = low, median, high
    for tool, call in calls.items():
        if row.cells[tool].median < 5 * budget:
            tell(f"{tool}, memory", row)
            row.cells[tool].peak = peak_of(call)
    return row


def summary(error: Exception) -> str:
    """An error on one line: its type, and the first and last of its own lines."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    ends = lines if len(lines) < 2 else [lines[0], lines[-1]]
    return f"{type(error).__name__}: {' ... '.join(ends)}"[:300]


def warm(tools: list[str]) -> None:
    """Start each tool: its first compilation of anything at all is no row's cost."""
    import numpy as np

    x = np.arange(3.0)
    if {"hand", "njit"} & {*tools}:
        import numba

        numba.njit(cube)(x)
    if {*OURS} & {*tools}:
        import s2sad

        s2sad.grad(cube)(x)
    if "jax" in tools:
        import jax

        jax.config.update("jax_enable_x64", True)
        jax.block_until_ready(jax.jit(jax.grad(lambda v: (v**3).sum()))(x))
    if "torch" in tools:
        import torch

        torch.set_num_threads(1)
        torch.tensor(x, requires_grad=True).sum().backward()
    if "autograd" in tools:
        import autograd

        autograd.grad(lambda v: v[0] * v[1])(x)


def cube(x: Any) -> float:
    """A small loop."""
    total = 0.0
    for i in range(len(x)):
        total += x[i] * x[i] * x[i]
    return total
