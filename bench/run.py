"""Time the five problems beside JAX, PyTorch and autograd, in one process.

    python bench/run.py                       every problem, both sizes (`make bench`)
    python bench/run.py gmm ode --quick       two problems, the small sizes, short timings

Prints a table (medians; `ratio` is derivative / primal) and saves a plot and the numbers beside this file. All tools
run on one core in double precision; the first call of each, which compiles, is reported apart. A tool that is not
installed, or that has no natural program for a problem, leaves its cell empty; a derivative that disagrees with JAX's
fails the run.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

ONE_CORE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1",
            "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}  # fmt: skip
TOOLS = ("jax", "torch", "autograd")
HERE = Path(__file__).parent


@dataclass
class Row:
    """The medians of one problem at one size, in seconds."""

    problem: str
    size: str
    times: dict[str, float] = field(default_factory=dict)
    first: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def ratio(self) -> float | None:
        """Derivative over primal."""
        if "primal" in self.times and "s2sad" in self.times:
            return self.times["s2sad"] / self.times["primal"]
        return None


def median_time(call: Callable[[], Any], budget: float) -> float:
    """The median time of a call, over as many calls as fit into the budget (at least one, at most 2000).

    Calls shorter than 20 us are timed in groups.
    """
    start = time.perf_counter()
    call()
    once = time.perf_counter() - start
    if once > budget:
        return once
    group = max(1, int(2e-5 / max(once, 1e-7)))
    times: list[float] = []
    end = time.perf_counter() + budget
    while time.perf_counter() < end and len(times) < 2000:
        start = time.perf_counter()
        for _ in range(group):
            call()
        times.append((time.perf_counter() - start) / group)
    return statistics.median(times)


def flat(result: Any) -> Any:
    """A result of any tool as one vector."""
    import numpy as np

    if isinstance(result, (tuple, list)):
        return np.concatenate([flat(x) for x in result])
    return np.asarray(result, np.float64).ravel()


def installed(tool: str) -> bool:
    """Whether a tool can be imported."""
    return importlib.util.find_spec(tool) is not None


def runner(module: Any, tool: str, args: tuple[Any, ...]) -> Callable[[], Any]:
    """A call of a tool's derivative on the arguments, which are put where the tool wants them."""
    import numpy as np

    if tool == "primal":
        import s2sad

        f = s2sad.jit(module.objective)
    elif tool == "s2sad":
        import s2sad

        f = module.derivative(s2sad)
    else:
        f = getattr(module, f"{tool}_twin")()
    if tool == "jax":
        import jax

        device = [jax.numpy.asarray(a) if isinstance(a, np.ndarray) else a for a in args]
        return lambda: jax.block_until_ready(f(*device))
    return lambda: f(*args)


def measure(name: str, size: str, budget: float, tell: Callable[[str], None]) -> Row:
    """Time one problem at one size by every tool that is there."""
    import numpy as np

    module = importlib.import_module(f"bench.problems.{name}")
    args = module.make(**module.SIZES[size])
    row = Row(name, size)
    results: dict[str, Any] = {}
    for tool in ("primal", "s2sad", *TOOLS):
        if tool in TOOLS and not (installed(tool) and hasattr(module, f"{tool}_twin")):
            continue
        tell(f"{name} {size}: {tool}")
        start = time.perf_counter()
        try:
            call = runner(module, tool, args)
            result = call()
        except Exception as error:
            row.notes.append(f"{tool}: {type(error).__name__}: {str(error).splitlines()[0] if str(error) else ''}")
            continue
        row.first[tool] = time.perf_counter() - start
        row.times[tool] = row.first[tool] if row.first[tool] > 20 * budget + 5 else median_time(call, budget)
        if tool != "primal":
            results[tool] = flat(result)
    reference = results.get("jax", results.get("autograd"))
    if reference is not None:
        for tool, value in results.items():
            error = np.max(np.abs(value - reference)) / max(1.0, np.max(np.abs(reference)))
            if not error < 1e-8:
                row.notes.append(f"WRONG: {tool} differs by {error:.1e}")
    return row


def readable(seconds: float | None) -> str:
    """A time with three digits and a unit."""
    if seconds is None:
        return ""
    for unit, scale in (("s", 1.0), ("ms", 1e-3), ("us", 1e-6)):
        if seconds >= scale:
            return f"{seconds / scale:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


def table(rows: list[Row]) -> Any:
    """The rows as a rich table."""
    from rich.table import Table

    out = Table(title="medians, one core; derivative by each tool")
    for column in ("problem", "size", "primal", "s2sad", "ratio", *TOOLS, "first s2sad", "first jax"):
        out.add_column(column, justify="left" if column in ("problem", "size") else "right", no_wrap=True)
    for r in rows:
        best = min((r.times[t] for t in ("s2sad", *TOOLS) if t in r.times), default=None)

        def cell(tool: str, r: Row = r, best: float | None = best) -> str:
            text = readable(r.times.get(tool))
            return f"[bold green]{text}[/]" if text and r.times.get(tool) == best else text

        out.add_row(
            r.problem, r.size, readable(r.times.get("primal")), cell("s2sad"), f"{r.ratio:.2f}" if r.ratio else "",
            *(cell(t) for t in TOOLS), readable(r.first.get("s2sad")), readable(r.first.get("jax")),
        )  # fmt: skip
    return out


def plot(rows: list[Row], path: Path) -> None:
    """Bars of the derivative's time by tool, on a logarithmic axis."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    tools = [t for t in ("primal", "s2sad", *TOOLS) if any(t in r.times for r in rows)]
    colours = {"primal": "#bbbbbb", "s2sad": "#1b9e77", "jax": "#7570b3", "torch": "#d95f02", "autograd": "#e6ab02"}
    figure, axes = plt.subplots(figsize=(1.5 + 1.2 * len(rows), 4.5), layout="constrained")
    width = 0.8 / max(1, len(tools))
    for k, tool in enumerate(tools):
        here = [(i + (k - (len(tools) - 1) / 2) * width, r.times[tool]) for i, r in enumerate(rows) if tool in r.times]
        axes.bar([x for x, _ in here], [1e3 * t for _, t in here], width, label=tool, color=colours[tool])
    axes.set_yscale("log")
    axes.set_ylabel("median time [ms]")
    axes.set_xticks(range(len(rows)), [f"{r.problem}\n{r.size}" for r in rows], fontsize=7)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, ncols=len(tools))
    figure.savefig(path, dpi=150)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks; the exit code is 1 if a derivative is wrong or could not be made."""
    if str(HERE.parent) not in sys.path:
        sys.path.insert(0, str(HERE.parent))
    from bench.problems import NAMES

    parser = argparse.ArgumentParser(prog="bench/run.py", description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    parser.add_argument("problems", nargs="*", metavar="PROBLEM", help=f"of {', '.join(NAMES)} (default: all)")
    parser.add_argument("--quick", action="store_true", help="the small sizes only, with short timings")
    parser.add_argument("--budget", type=float, default=1.0, metavar="SECONDS", help="time for each cell (default 1)")
    parser.add_argument("-o", "--output", type=Path, default=HERE / "results.png", help="default bench/results.png")
    options = parser.parse_args(argv)
    unknown = set(options.problems) - set(NAMES)
    if unknown:
        parser.error(f"no such problem: {', '.join(sorted(unknown))}")
    os.environ |= {k: os.environ.get(k, v) for k, v in ONE_CORE.items()}
    if installed("jax"):
        import jax

        jax.config.update("jax_enable_x64", True)
    if installed("torch"):
        import torch

        torch.set_num_threads(1)

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console()
    if not console.is_terminal:
        console = Console(width=140)
    budget = min(options.budget, 0.2) if options.quick else options.budget
    cells = []
    for name in options.problems or NAMES:
        sizes = list(importlib.import_module(f"bench.problems.{name}").SIZES)
        cells += [(name, size) for size in (sizes[:1] if options.quick else sizes)]
    rows: list[Row] = []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("starting", total=len(cells))
        for name, size in cells:
            rows.append(measure(name, size, budget, lambda text: progress.update(task, description=text)))
            progress.advance(task)
    console.print(table(rows))
    notes = [f"{r.problem} {r.size}: {note}" for r in rows for note in r.notes]
    for note in notes:
        console.print(note, style="red", markup=False)
    plot(rows, options.output)
    options.output.with_suffix(".json").write_text(json.dumps([asdict(r) for r in rows], indent=1) + "\n")
    console.print(f"saved {options.output} and {options.output.with_suffix('.json').name}")
    return 1 if any("WRONG" in n or ": s2sad:" in n or ": primal:" in n for n in notes) else 0


if __name__ == "__main__":
    raise SystemExit(main())
