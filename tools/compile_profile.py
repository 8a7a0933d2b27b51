"""Where the time of a first call goes: every stage from the user's source to the result of the call.

The stages are timed from outside (`tools/clock.py`): while a profile is taken, the functions of the compiler that are
named in `STAGES` and the passes of the pipeline are replaced by ones that tell a clock; Numba tells it by its events.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any, Literal

import numba
import numpy as np
import typer
from numba.core import base, caching, codegen, entrypoints, event
from numba.core.typing import context
from rich import box
from rich.table import Table
from rich.text import Text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where this is run as a file

import s2sad_rt.compiling
from s2sad import cache, cli, exporting, parsing, pipeline
from s2sad.backend import emit
from s2sad.calling import inspection, signature, variant
from s2sad.exporting import sampling
from s2sad.frontend.elaborate import elaborate
from s2sad.frontend.syntax import desugar, source
from s2sad.ir import walk
from s2sad.transforms.adjoint import adjoint
from s2sad.transforms.batch import batch
from s2sad.transforms.forward import forward
from s2sad.transforms.recording import recording, split, stacks
from tools.clock import Clock, Stage, attribute, replaced

FRONT, TRANSFORM, PASS, BACK = "front end", "transforms", "passes", "back end"
NUMBA, LLVM, CALL = "Numba", "LLVM", "call"

STAGES: tuple[tuple[str, str, Callable[..., Any]], ...] = (
    (FRONT, "find the source", source.find),
    (FRONT, "parse", parsing.parse),
    (FRONT, "desugar", desugar.desugar),
    (FRONT, "elaborate", elaborate.elaborate),
    (TRANSFORM, "resolve", pipeline.lower),
    (TRANSFORM, "forward", forward.jvp),
    (TRANSFORM, "adjoint", adjoint.paired),
    (TRANSFORM, "adjoint, callees run again", adjoint.vjp),
    (TRANSFORM, "record", recording.record),
    (TRANSFORM, "stacks", stacks.close),
    (TRANSFORM, "split", split.split),
    (TRANSFORM, "batch", batch.apply),
    (BACK, "emit", emit.emit),
    (BACK, "write to the cache", cache.store),
    (BACK, "import", cache.load_module),
    (BACK, "import the run time library", s2sad_rt.compiling._numba),
)
"""What is timed of the compiler: the group and the name of a stage, and the function."""

METHODS: tuple[tuple[str, str, Any, str], ...] = (
    (LLVM, "parse", codegen.CPUCodeLibrary, "add_ir_module"),
    (LLVM, "optimise functions", codegen.CPUCodeLibrary, "_optimize_functions"),
    (LLVM, "link", codegen.CPUCodeLibrary, "finalize"),
    (LLVM, "optimise the module", codegen.CPUCodeLibrary, "_optimize_final_module"),
    (LLVM, "machine code", codegen.CPUCodeLibrary, "_finalize_final_module"),
    (NUMBA, "load its extensions", entrypoints, "init_all"),
    (NUMBA, "set up what it knows", base.BaseContext, "refresh"),
    (NUMBA, "set up what it knows", context.BaseContext, "refresh"),
    (NUMBA, "look into its cache", caching.Cache, "load_overload"),
    (NUMBA, "write to its cache", caching.Cache, "save_overload"),
)
"""What is timed of Numba, besides its events."""

COLUMNS: dict[str, tuple[Literal["left", "right"], int]] = {
    "Stage": ("left", 20), "CPU s": ("right", 6), "Share": ("right", 5), "": ("left", 12), "Runs": ("right", 4),
    "Statements": ("left", 14),
}  # fmt: skip
"""The columns: on which side their text stands, and how wide they are at least."""
WIDTH = 12
"""Characters of the longest bar."""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


# -- taking a profile


@contextmanager
def observed(clock: Clock) -> Iterator[None]:
    """Everything that compiles tells the clock."""
    passes = (*pipeline.PRIMAL, *pipeline.DERIVATIVE, *pipeline.FINAL)
    timed = {change: clock.timed(change, PASS, name, statements) for name, change in dict.fromkeys(passes)}
    timed |= {function: clock.timed(function, group, name) for group, name, function in STAGES}
    with ExitStack() as stack:
        stack.enter_context(replaced(timed, "s2sad"))
        stack.enter_context(replaced(timed, "s2sad_rt"))
        for group, name, owner, method in METHODS:
            stack.enter_context(attribute(owner, method, clock.timed(getattr(owner, method), group, name)))
        stack.enter_context(event.install_listener("numba:compile", Listener(clock)))
        stack.enter_context(event.install_listener("numba:run_pass", Listener(clock)))
        yield


class Listener(event.Listener):
    """Tells the clock of Numba's compilations and passes."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def on_start(self, event: Any) -> None:
        """A pass, or a compilation, begins."""
        name = event.data.get("name", "between its passes")
        self.clock.start(NUMBA, name.split(" [")[0].replace("_", " ").removeprefix("nopython "))

    def on_end(self, event: Any) -> None:
        """It ends, also where it failed."""
        self.clock.stop()


def statements(function: Any) -> int | None:
    """The size of a function of the IR."""
    return sum(1 for _ in walk.statements(function.body))


@contextmanager
def empty_cache() -> Iterator[Path]:
    """An empty directory in place of the user's cache, and of that of their own compiled functions."""
    before = os.environ.get("S2SAD_CACHE_DIR")
    with tempfile.TemporaryDirectory(prefix="s2sad-profile-") as folder, ExitStack() as stack:
        place = Path(folder) / "cache"
        os.environ["S2SAD_CACHE_DIR"] = str(place)
        stack.enter_context(attribute(numba.config, "CACHE_DIR", str(Path(folder) / "numba")))
        try:
            yield place
        finally:
            if before is None:
                del os.environ["S2SAD_CACHE_DIR"]
            else:
                os.environ["S2SAD_CACHE_DIR"] = before


def profile(target: str, request: exporting.Request, seed: int = 0) -> tuple[Clock, float]:
    """The stages of a first call, and the seconds of a second one."""
    clock = Clock()
    with empty_cache():
        with clock.stage(FRONT, "import the user's module"):
            name, function = cli.find_one(target)
        with observed(clock):
            with clock.stage(FRONT, "arguments"):
                export = cli.guarded(lambda: exporting.export(function, name, request))
            compiled = variant.load_emitted(export.lowered.module, lambda: export.lowered.source).function
            args = arguments(export, seed)
            with clock.stage(CALL, "the call itself"):
                cli.guarded(lambda: compiled(*args), of_user=True)
        start = time.process_time()
        compiled(*args)
        return clock, time.process_time() - start


def arguments(export: exporting.Export, seed: int) -> list[Any]:
    """Random arguments of the flat function, and the values that it captures."""
    rng = np.random.default_rng(seed)
    given = [sampling.of_type(rng, p.type) for p in export.params]
    captured = [get() for get in export.lowered.elaboration.captured]
    return given + [signature.normal(x) if isinstance(x, np.ndarray) else x for x in captured]


# -- showing it


def in_order(clock: Clock) -> list[Stage]:
    """The stages, those of a group together, in the order in which groups and stages began."""
    groups = list(dict.fromkeys(group for group, _ in clock.stages))
    return sorted(clock.stages.values(), key=lambda s: groups.index(s.group))


def as_table(clock: Clock) -> Table:
    """The stages, with a line for each group."""
    table = Table(box=box.SIMPLE_HEAD, header_style="bold", padding=(0, 1, 0, 0))
    for heading, (justify, width) in COLUMNS.items():
        table.add_column(heading, justify=justify, min_width=width, max_width=30, no_wrap=True)
    stages = in_order(clock)
    longest = max((s.seconds for s in stages), default=0.0) or 1.0
    total = clock.total or 1.0
    for k, stage in enumerate(stages):
        if k == 0 or stages[k - 1].group != stage.group:
            together = sum(s.seconds for s in stages if s.group == stage.group)
            table.add_section()
            table.add_row(*bold(stage.group, f"{together:.3f}", f"{together / total:.0%}"))
        sizes = "" if stage.before is None else f"{stage.before:,} -> {stage.after:,}"
        bar = Text("█" * round(WIDTH * stage.seconds / longest), "cyan")
        seconds, share = f"{stage.seconds:.3f}", f"{stage.seconds / total:.1%}"
        table.add_row(f"  {stage.name}", seconds, share, bar, f"{stage.runs}", sizes)
    table.add_section()
    table.add_row(*bold("together", f"{clock.total:.3f}", "100%"))
    return table


def bold(*cells: str) -> list[Text]:
    return [Text(cell, "bold") for cell in cells]


def as_json(clock: Clock, target: str, mode: str, again: float) -> str:
    """The stages as JSON: seconds of CPU time, shares of all."""
    total = clock.total or 1.0
    stages = [{**asdict(s), "share": s.seconds / total} for s in in_order(clock)]
    head = {"target": target, "mode": mode, "seconds": clock.total, "second_call": again}
    return json.dumps({**head, "stages": stages}, indent=2) + "\n"


@app.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=cli.examples(
        'python tools/compile_profile.py model.py:loss -s "f8[:], f8[:,:]"',
        'python tools/compile_profile.py model.py:loss -s "f8[:], f8[:,:]" --mode hessian --json hessian.json',
        "Sizes ':' are 4 in the call. Times are CPU seconds of the process, all threads together.",
        cli.MODES,
        cli.CODES,
    ),
)
def main(
    target: cli.Target,
    mode: cli.ModeOption = cli.Mode.grad,
    wrt: cli.Wrt = None,
    signature: cli.Signature = None,
    holomorphic: cli.Holomorphic = False,
    output: Annotated[Path | None, typer.Option("--json", help="Write the numbers to a file, too.")] = None,
    seed: Annotated[int, typer.Option(help="Of the random arguments.")] = 0,
) -> None:
    """Say where the time of a first call goes. It compiles into an empty directory of its own, not the user's cache."""
    request = exporting.Request(mode.value, wrt, signature, holomorphic)
    started = time.process_time()
    clock, again = profile(target, request, seed)
    cli.out.print(as_table(clock))
    cli.out.print(
        f"Before that: {started:.2f} s to start Python and import s2sad. A second call: {again * 1e6:.0f} µs.",
        highlight=False,
    )
    if output is not None:
        text = as_json(clock, target, mode.value, again)
        cli.guarded(lambda: inspection.write_whole(output, text, force=True))


if __name__ == "__main__":
    app()
