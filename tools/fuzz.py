"""Random programs, each checked in every mode against what shares nothing with s2sad; what fails is made small.

\b
    python tools/fuzz.py --count 2000 --jobs 2   modes drawn by each seed
    python tools/fuzz.py --time 60               for a minute
    python tools/fuzz.py --seed 71 --show        the program of a seed
    python tools/fuzz.py --seed 71 --count 1 --modes all
    python tools/fuzz.py --modes vjp,hessian     these (--list shows all)
    python tools/fuzz.py --backend numba         compiled, which is slow

The exit code is 1 when something fails. A refusal (an error of s2sad at the user's line) is no failure; refusals are
counted by what they say, because these programs are meant to be taken.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.syntax import Syntax
from rich.table import Table

if __package__ in (None, ""):  # run as a file: the repository is what holds `tools` and `tests`
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from tools.fuzzing.case import Case
from tools.fuzzing.checking import Outcome, Settings, check
from tools.fuzzing.modes import MODES, Mode
from tools.fuzzing.passes import OPTIONAL
from tools.fuzzing.programs import write
from tools.fuzzing.reporting import test_text
from tools.fuzzing.shrinking import shrink

ALWAYS = ("value", "value_and_grad", "jvp")
"""The modes of every program."""
DRAWN = 4
"""How many more modes a program draws by its seed."""
COMPILED = ("value", "value_and_grad")
"""The modes of the compiled back end, unless others are asked for."""
app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


def without_passes() -> dict[str, Mode]:
    """The modes that leave passes out: each by itself, and all."""
    gradient = next(m for m in MODES if m.name == "value_and_grad")
    chosen = {f"without_{name}": (name,) for name in OPTIONAL} | {"without_all": OPTIONAL}
    return {name: replace(gradient, name=name, without=passes) for name, passes in chosen.items()}


EVERY = {m.name: m for m in MODES} | without_passes()
"""All modes, by name."""


def modes_of(seed: int, wanted: str, backend: str) -> list[Mode]:
    """The modes that a program is checked in. Raises `typer.BadParameter` for an unknown one."""
    if wanted == "all":
        return list(EVERY.values())
    if wanted != "drawn":
        unknown = [name for name in wanted.split(",") if name not in EVERY]
        if unknown:
            raise typer.BadParameter(f"there is no mode {', '.join(unknown)}; --list shows those there are")
        return [EVERY[name] for name in wanted.split(",")]
    if backend == "numba":
        return [EVERY[name] for name in COMPILED]
    rest = [name for name in EVERY if name not in ALWAYS]
    return [EVERY[name] for name in (*ALWAYS, *random.Random(seed).sample(rest, DRAWN))]


@dataclass(frozen=True)
class Checked:
    """A seed, what came of it, and the test for each failure."""

    seed: int
    outcomes: tuple[Outcome, ...]
    tests: tuple[str, ...] = ()


def run_seed(seed: int, wanted: str, backend: str, verify: bool, small: bool) -> Checked:
    """Write, check and, where it fails, shrink the program of a seed."""
    case = write(seed)
    settings = Settings(backend, verify, modes_of(seed, wanted, backend))
    outcomes = check(case, settings)
    failed = {o.detail: o for o in reversed(outcomes) if o.failed}
    return Checked(seed, tuple(outcomes), tuple(reported(case, o, settings, seed, small) for o in failed.values()))


def reported(case: Case, outcome: Outcome, settings: Settings, seed: int, small: bool) -> str:
    """The test for a failure, of the smallest program that fails so."""
    mode = next(m for m in settings.modes if m.name == outcome.mode)
    one = replace(settings, modes=[mode])
    smallest = shrink(case, lambda c: any(o.like(outcome) for o in check(c, one))) if small else case
    last = next((o for o in check(smallest, one) if o.like(outcome)), outcome)
    return (
        f"# {mode.name}: {last.kind}\n"
        + "".join(f"# {line}\n" for line in last.message.splitlines()[-4:])
        + test_text(smallest, mode, last, seed, settings)
    )


# ---------------------------------------------------------------- the run


def checked_seeds(seeds: Iterator[int], jobs: int, until: float | None, *options: object) -> Iterator[Checked]:
    """Seeds checked in processes of their own; those that a process died of are failures."""
    with ProcessPoolExecutor(jobs, mp_context=get_context("spawn")) as pool:
        waiting: dict[Future[Checked], int] = {}
        while True:
            while len(waiting) < 2 * jobs and (until is None or time.monotonic() < until):
                seed = next(seeds, None)
                if seed is None:
                    break
                waiting[pool.submit(run_seed, seed, *options)] = seed  # type: ignore[arg-type]
            if not waiting:
                return
            done, _ = wait(waiting, return_when=FIRST_COMPLETED)
            for future in done:
                seed = waiting.pop(future)
                try:
                    yield future.result()
                except BrokenProcessPool:
                    among = sorted([seed, *waiting.values()])
                    yield Checked(seed, (Outcome("all", "crash", "process", f"a process died of one of {among}"),))
                    return


def summary(counts: Counter[str], refusals: Counter[str], skips: Counter[str], console: Console) -> None:
    """Tables of what came of the checks."""
    table = Table("outcome", "checks", title="Checks")
    for kind in ("ok", "skipped", "refused", "wrong", "crash", "hang"):
        table.add_row(kind, str(counts[kind]))
    console.print(table)
    for title, what in (("Refusals", refusals), ("Why programs were skipped", skips)):
        if what:
            table = Table("why", "checks", title=title)
            for why, count in what.most_common():
                table.add_row(why, str(count))
            console.print(table)


@app.command(help=__doc__)
def main(
    count: Annotated[int, typer.Option(help="How many programs.")] = 200,
    seed: Annotated[int, typer.Option(help="The first seed.")] = 0,
    jobs: Annotated[int, typer.Option(help="How many processes.")] = 1,
    seconds: Annotated[
        float | None, typer.Option("--time", help="Stop after so many seconds; --count is not heeded.")
    ] = None,
    modes: Annotated[str, typer.Option(help="'drawn' by each seed, 'all', or names with commas.")] = "drawn",
    backend: Annotated[str, typer.Option(help="'python' or 'numba'.")] = "python",
    verify: Annotated[bool, typer.Option(help="Check the program after every pass.")] = True,
    small: Annotated[bool, typer.Option("--shrink/--no-shrink", help="Make what fails small.")] = True,
    show: Annotated[bool, typer.Option("--show", help="Print the program of the seed, and stop.")] = False,
    list_modes: Annotated[bool, typer.Option("--list", help="Print the modes, and stop.")] = False,
) -> None:
    console = Console()
    if list_modes:
        for mode in EVERY.values():
            console.print(f"{mode.name:20} {mode.body.splitlines()[-1].strip()}", highlight=False, markup=False)
        return
    if show:
        console.print(Syntax(repr(write(seed)), "python"))
        return
    modes_of(seed, modes, backend)
    counts: Counter[str] = Counter()
    refusals: Counter[str] = Counter()
    skips: Counter[str] = Counter()
    until = None if seconds is None else time.monotonic() + seconds
    seeds = iter(range(seed, sys.maxsize if seconds else seed + count))
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        bar = progress.add_task("programs", total=None if seconds else count)
        for result in checked_seeds(seeds, jobs, until, modes, backend, verify, small):
            tell(result, console)
            counts.update(o.kind for o in result.outcomes)
            refusals.update(f"{o.mode}: {o.detail}" for o in result.outcomes if o.kind == "refused")
            skips.update(o.message or o.detail for o in result.outcomes if o.kind == "skipped")
            failed = sum(counts[k] for k in ("wrong", "crash", "hang"))
            progress.update(bar, advance=1, description=(
                f"ok {counts['ok']}, skipped {counts['skipped']}, refused {counts['refused']}, failed {failed}"
            ))  # fmt: skip
    summary(counts, refusals, skips, console)
    if counts["wrong"] + counts["crash"] + counts["hang"]:
        raise typer.Exit(1)


def tell(result: Checked, console: Console) -> None:
    """Print the failures of a seed."""
    for outcome in result.outcomes:
        if outcome.failed:
            console.print(
                f"[red]seed {result.seed}, {outcome.mode}: {outcome.kind} {outcome.detail}[/red]", highlight=False
            )
    for text in result.tests:
        console.print(Syntax(text, "python", word_wrap=True))


if __name__ == "__main__":
    app()
