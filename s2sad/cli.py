"""The command line: emit, show, explain, check, cache."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from collections.abc import Callable
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from rich.console import Console
from rich.progress import track
from rich.syntax import Syntax
from rich.table import Table

from s2sad import cache, exporting, inspection, test_util
from s2sad.errors import S2sadError

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Derivatives of numeric Python functions, as Python source.",
)
cache_app = typer.Typer(no_args_is_help=True, help="The generated and compiled modules kept on disk.")
app.add_typer(cache_app, name="cache")
out = Console()
err = Console(stderr=True)

USAGE, REFUSED, FAILED = 2, 3, 1
"""Exit codes: wrong usage; a program outside the language; a check that failed or a file in the way."""


class Mode(str, Enum):
    """What is made of the function."""

    grad = "grad"
    value_and_grad = "value_and_grad"
    jvp = "jvp"
    vjp = "vjp"
    jit = "jit"


Target = Annotated[list[str], typer.Argument(help="MODULE:FUNCTION or FILE.py:FUNCTION; several of one file: FILE.py:f,g", metavar="MODULE:FUNCTION")]
ModeOption = Annotated[Mode, typer.Option("--mode", "-m", help="What to make of the function.")]
Wrt = Annotated[str | None, typer.Option(help="Parameters to differentiate with respect to, by name: x,W. The first by default.")]
Signature = Annotated[
    str | None,
    typer.Option("--signature", "-s", help='Types of the parameters, as in "f8[:], f8[:,:], i8". By default: from annotations, else float64 scalars.'),
]


@app.command(
    epilog='Examples:  s2sad emit model.py:loss -s "f8[:], f8[:,:]" -o loss_grad.py   |   '
    "s2sad emit model.py:loss,penalty --mode value_and_grad -o gradients.py --force"
)
def emit(
    targets: Target,
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    mode: ModeOption = Mode.grad,
    wrt: Wrt = None,
    signature: Signature = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write derivatives as a module that needs [bold]s2sad_rt[/bold] and no s2sad."""
    if output.exists() and not force:
        fail(f"{output} exists; pass --force to overwrite it", FAILED)
    exports = []
    found = [pair for target in targets for pair in find(target)]
    for name, function in track(found, "emitting", console=err, disable=len(found) < 2, transient=True):
        exports.append(guarded(lambda f=function, n=name: exporting.export(f, n, mode.value, wrt, signature)))
    text = guarded(lambda: exporting.module_source(exports))
    guarded(lambda: inspection.write_whole(output, text, force))
    out.print(f"wrote [bold]{output}[/bold]: {', '.join(e.name for e in exports)}")


@app.command(epilog='Example:  s2sad show model.py:loss -s "f8[:], f8[:,:]" --after adjoint')
def show(
    target: Annotated[str, typer.Argument(metavar="MODULE:FUNCTION")],
    mode: ModeOption = Mode.grad,
    wrt: Wrt = None,
    signature: Signature = None,
    after: Annotated[str | None, typer.Option(help="A stage of the pipeline; the emitted source by default.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="No colours.")] = False,
) -> None:
    """Print the generated source, highlighted."""
    name, function = find(target)[0]
    inspected = guarded(lambda: exporting.inspect(function, name, mode.value, wrt, signature))
    try:
        text = inspected.show(after)
    except KeyError as error:
        fail(str(error.args[0]), USAGE)
    if plain or not out.is_terminal:
        sys.stdout.write(text)
    else:
        out.print(Syntax(text, "python", theme="ansi_dark"))


@app.command(epilog='Example:  s2sad explain model.py:loss -s "f8[:], f8[:,:]"')
def explain(
    target: Annotated[str, typer.Argument(metavar="MODULE:FUNCTION")],
    mode: ModeOption = Mode.grad,
    wrt: Wrt = None,
    signature: Signature = None,
) -> None:
    """Say what the reverse sweep records, reloads and recomputes, and why."""
    name, function = find(target)[0]
    inspected = guarded(lambda: exporting.inspect(function, name, mode.value, wrt, signature))
    sys.stdout.write(inspected.explain())


@app.command(
    epilog='Examples:  s2sad check model.py:loss -s "f8[5], f8[5,3]"   |   s2sad check model.py:loss --args arguments.npz --order 2'
)
def check(
    target: Annotated[str, typer.Argument(metavar="MODULE:FUNCTION")],
    signature: Signature = None,
    arguments: Annotated[Path | None, typer.Option("--args", help="An .npz file with an array for each parameter.")] = None,
    order: Annotated[int, typer.Option(min=1, max=4, help="Up to which derivative.")] = 1,
    seed: Annotated[int, typer.Option(help="Of the random arguments.")] = 0,
) -> None:
    """Compare derivatives with finite differences, at arguments from a file or random ones of the signature."""
    name, function = find(target)[0]
    args = guarded(lambda: exporting.sample_arguments(function, signature, arguments, seed))
    differentiable = [k for k, a in enumerate(args) if np.issubdtype(np.asarray(a).dtype, np.inexact)]

    def of_inexact(*values: Any) -> Any:
        full = list(args)
        for k, v in zip(differentiable, values, strict=True):
            full[k] = v
        return function(*full)

    try:
        guarded(lambda: test_util.check_grads(of_inexact, [args[k] for k in differentiable], order))
    except AssertionError as error:
        fail(f"{name}: the derivatives disagree\n{error}", FAILED)
    out.print(f"[green]{name}: derivatives agree with finite differences[/green] (order {order}, forward and reverse)")


@cache_app.command()
def where() -> None:
    """Print the directory."""
    sys.stdout.write(f"{cache.where()}\n")


@cache_app.command()
def size() -> None:
    """Print how many files and bytes it holds."""
    table = Table("files", "bytes")
    files = [p for p in Path(cache.where()).rglob("*") if p.is_file()]
    table.add_row(str(len(files)), f"{cache.size():,}")
    out.print(table)


@cache_app.command()
def clear() -> None:
    """Remove everything in it."""
    freed = cache.size()
    cache.clear()
    out.print(f"removed {freed:,} bytes")


def find(target: str) -> list[tuple[str, Callable[..., Any]]]:
    """The functions a target names. Exits when the module or a function is not there."""
    place, colon, names = target.rpartition(":")
    if not colon or not names:
        fail(f"{target!r} is not MODULE:FUNCTION", USAGE)
    try:
        module = load(place)
    except (ImportError, OSError) as error:
        fail(f"cannot import {place}: {error}", USAGE)
    found = []
    for name in names.split(","):
        function: Any = module
        for part in name.split("."):
            function = getattr(function, part, None)
        if not callable(function):
            fail(f"{place} has no function {name!r}", USAGE)
        found.append((name, function))
    return found


def load(place: str) -> Any:
    """Import a module by name, from the current directory too, or by the path of its file."""
    if place.endswith(".py"):
        path = Path(place)
        if not path.exists():
            raise OSError(f"no such file: {path}")
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules.setdefault(path.stem, module)
        sys.path.insert(0, str(path.parent))
        spec.loader.exec_module(module)
        return module
    sys.path.insert(0, "")
    return importlib.import_module(place)


def guarded(action: Callable[[], Any]) -> Any:
    """Run an action; an error of the user's program is printed and sets the exit code."""
    try:
        return action()
    except S2sadError as error:
        err.print(f"[red]{type(error).__name__}[/red]: ", end="")
        err.print(str(error), markup=False, highlight=False)
        raise typer.Exit(REFUSED) from None
    except (ValueError, FileExistsError, OSError) as error:
        fail(str(error), USAGE)


def fail(message: str, code: int) -> Any:
    """Print a message and exit."""
    err.print("[red]error[/red]: ", end="")
    err.print(message, markup=False, highlight=False)
    raise typer.Exit(code)


def main() -> None:
    """The entry point of the `s2sad` command."""
    app()


