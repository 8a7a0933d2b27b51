"""Time derivatives beside JAX, PyTorch, autograd and adjoints written by hand for Numba.

    python bench/run.py                       everything (`make bench`)
    python bench/run.py gmm,ode loops calls   some problems, a family (loops, arrays), or a section (calls, start)
    python bench/run.py --compare old.json    and what became slower or faster than in an earlier run

Prints tables, and saves a picture and the numbers beside this file. All tools run on one core in double precision. Each
row is measured in a process of its own, from an empty cache; in it the tools take turns. A tool that is not installed,
or that has no natural program for a problem, leaves its cell empty. The exit code is 1 if a derivative disagrees with
JAX's, if s2sad cannot do a row, or if it became slower.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import os
import platform
import sys
import time
from collections.abc import Iterable
from pathlib import Path

if __name__ == "__main__":
    sys.path[:1] = [str(Path(__file__).resolve().parent.parent)]

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bench.compare import compare, lost
from bench.problems import FAMILIES, NAMES
from bench.results import Results, Row, call_of, load, row_of, save
from bench.start import measure_start
from bench.table import tables
from bench.worker import run_job

SECTIONS = ("calls", "start")
HERE = Path(__file__).resolve().parent


def parser() -> argparse.ArgumentParser:
    """The options."""
    out = argparse.ArgumentParser(prog="bench/run.py", description=__doc__,
                                  formatter_class=argparse.RawDescriptionHelpFormatter)  # fmt: skip
    out.add_argument("what", nargs="*", metavar="ROWS",
                     help=f"of {', '.join((*FAMILIES, *SECTIONS))}, {', '.join(NAMES)} (default: all)")  # fmt: skip
    out.add_argument("--quick", action="store_true", help="one size of each problem, with short timings")
    out.add_argument("--budget", type=float, default=0.5, metavar="SECONDS", help="time for each cell (default 0.5)")
    out.add_argument("--limit", type=float, default=240.0, metavar="SECONDS", help="time for each row (default 240)")
    out.add_argument("--compare", type=Path, metavar="FILE", help="an earlier JSON to compare with")
    out.add_argument("-o", "--output", type=Path, default=HERE / "results.png", help="default bench/results.png")
    return out


def chosen(words: Iterable[str]) -> list[str]:
    """The problems and sections that are asked for, in their order; all of them if none is. ValueError for no such."""
    asked = [name for word in words for name in word.split(",") if name]
    unknown = set(asked) - {*NAMES, *FAMILIES, *SECTIONS}
    if unknown:
        raise ValueError(f"no such row: {', '.join(sorted(unknown))}")
    members = {member for name in asked for member in FAMILIES.get(name, (name,))}
    return [name for name in (*NAMES, *SECTIONS) if name in members or not asked]


def machine() -> dict[str, str]:
    """Where this runs, and the versions of what."""
    found = {"python": platform.python_version(), "system": platform.platform(), "processor": processor()}
    for package in ("numba", "llvmlite", "numpy", "jax", "torch", "autograd", "numba-enzyme"):
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def processor() -> str:
    """The name of the processor."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    return next((line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")), "")


def measure(names: list[str], options: argparse.Namespace, console: Console) -> Results:
    """Measure all that is asked for, with a progress bar."""
    budget = min(options.budget, 0.1) if options.quick else options.budget
    jobs: list[tuple[str, ...]] = []
    for name in names:
        if name in SECTIONS:
            jobs.append((name,))
            continue
        sizes = list(importlib.import_module(f"bench.problems.{name}").SIZES)
        jobs += [("row", name, size) for size in (sizes[:1] if options.quick else sizes)]
    results = Results(machine())
    began = time.monotonic()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(jobs))
        for job in jobs:
            title = " ".join(job[-2:])

            def tell(at: str, title: str = title) -> None:
                progress.update(task, description=f"{title}: {at}")

            tell("starting")
            match job:
                case ("row", name, size):
                    found, early = run_job((*job, str(budget)), options.limit, tell)
                    family = next(f for f, members in FAMILIES.items() if name in members)
                    row = row_of(found) if found else Row(name, size, family)
                    row.wrong += [early] if early else []
                    results.rows.append(row)
                case ("calls",):
                    found, early = run_job((*job, str(budget / 2)), options.limit, tell)
                    results.calls = [call_of(c) for c in found.get("calls", [])]
                    if early:
                        console.print(f"calls: {early}", style="red", markup=False)
                case _:
                    results.start = measure_start(tell, 1 if options.quick else 3)
            progress.advance(task)
            if not console.is_terminal:
                console.print(f"{time.monotonic() - began:4.0f} s: {title}", highlight=False, markup=False)
    return results


def report(results: Results, options: argparse.Namespace, console: Console) -> int:
    """Print, save, compare; the exit code."""
    for table in tables(results):
        console.print(table)
    for row in results.rows:
        for note in row.notes:
            console.print(f"{row.problem} {row.size}: {note}", style="dim", markup=False)
    for call in results.calls:
        for note in call.notes:
            console.print(f"{call.kind}: {note}", style="dim", markup=False)
    for failure in results.failures:
        console.print(failure, style="red", markup=False)
    numbers = options.output.with_suffix(".json")
    earlier = load(options.compare) if options.compare else None
    save(results, numbers)
    console.print(f"saved {numbers}", markup=False)
    try:
        from bench.plot import plot

        plot(results.rows, options.output)
        console.print(f"saved {options.output}", markup=False)
    except ImportError:
        console.print("no picture: matplotlib is not installed")
    slower = earlier is not None and compared(results, earlier, console)
    return 1 if results.failures or slower else 0


def compared(results: Results, earlier: Results, console: Console) -> bool:
    """Print what changed; whether anything is slower or lost."""
    changes, factors = compare(results, earlier)
    text = ", ".join(f"{what} by {factor:.2f}" for what, factor in factors.items())
    console.print(f"the tools that are not ours changed: {text}; ours are corrected for it")
    for change in sorted(changes, key=lambda c: -c.ratio):
        style = "red" if change.slower else "green"
        word = f"{change.ratio:.2f} times as long"
        console.print(f"{change.what}: {word} (noise up to {change.noise:.2f})", style=style, markup=False)
    gone = lost(results, earlier)
    for what in gone:
        console.print(f"{what}: no longer done", style="red", markup=False)
    if not changes and not gone:
        console.print("nothing of ours changed beyond noise")
    return bool(gone) or any(c.slower for c in changes)


def main(argv: list[str] | None = None) -> int:
    """Run the benchmarks."""
    command = parser()
    options = command.parse_args(argv)
    if options.compare and not options.compare.is_file():
        command.error(f"no such file: {options.compare}")
    try:
        names = chosen(options.what)
    except ValueError as error:
        command.error(str(error))
    console = Console()
    if not console.is_terminal:
        console = Console(width=200)
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    if load > 0.7 * (os.cpu_count() or 1):
        console.print(f"the machine is busy (load {load:.1f}): trust ratios more than times", style="yellow")
    return report(measure(names, options, console), options, console)


if __name__ == "__main__":
    raise SystemExit(main())
