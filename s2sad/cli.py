"""The command line: emit, show, explain, check, cache."""

from __future__ import annotations

import sys
from collections.abc import Callable
from enum import StrEnum, auto
from functools import partial
from pathlib import Path
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import track
from rich.syntax import Syntax

from s2sad import cache, exporting, test_util
from s2sad.calling import inspection
from s2sad.errors import S2sadError
from s2sad.exporting import sampling
from s2sad.exporting.targets import find, in_words

FAILED, USAGE, REFUSED = 1, 2, 3

CODES = """Exit codes: 0 done; 1 a check failed, or a file cannot be read or written (it exists, no permission);
2 wrong usage; 3 the function is outside the language, and the message says where and why."""

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Derivatives of numeric Python functions, as Python source.",
    epilog=CODES,
)
cache_app = typer.Typer(no_args_is_help=True, help="The generated and compiled modules kept on disk.")
app.add_typer(cache_app, name="cache")
out = Console(soft_wrap=True)
err = Console(stderr=True, soft_wrap=True)


class Mode(StrEnum):
    """What is made of a function: the keys of `exporting.TITLES`."""

    grad = auto()
    value_and_grad = auto()
    jvp = auto()
    vjp = auto()
    jacfwd = auto()
    jacrev = auto()
    hessian = auto()
    hvp = auto()
    jit = auto()


def examples(*lines: str) -> str:
    """An epilog: each line stands on its own."""
    return "\n\n".join(["Examples:", *lines])


Target = Annotated[
    str, typer.Argument(help="A function: package.module:function, or file.py:function.", metavar="MODULE:FUNCTION")
]
Targets = Annotated[
    list[str],
    typer.Argument(
        help="Functions, as file.py:f or package.module:f; several of one: file.py:f,g.", metavar="MODULE:FUNCTION"
    ),
]
ModeOption = Annotated[Mode, typer.Option("--mode", "-m", help="What to make of the function.", metavar="MODE")]
Wrt = Annotated[
    str | None,
    typer.Option(help="Parameters to differentiate with respect to: x,W. By default the first that is a float."),
]
Signature = Annotated[
    str | None,
    typer.Option(
        "--signature", "-s",
        help='Types of the parameters, as in "f8[:], f8[:,3], i8, {w: f8[:], b: f8}, 4": a container is taken apart, '
        "a number is known when compiling. By default: the annotations, else float64 numbers.",
    ),
]  # fmt: skip
Holomorphic = Annotated[bool, typer.Option("--holomorphic", help="Promise that a complex function is holomorphic.")]
MODES = f"Modes: {', '.join(exporting.TITLES)}."


@app.command(
    epilog=examples(
        's2sad emit model.py:loss -s "f8[:], f8[:,:]" -o loss_grad.py',
        "s2sad emit model.py:loss,penalty --mode value_and_grad -o gradients.py --force",
        "s2sad emit package.model:loss --wrt x,W -o gradients.py --readable",
        MODES,
        CODES,
    )
)
def emit(
    targets: Targets,
    output: Annotated[Path, typer.Option("-o", "--output", help="The file to write.")],
    mode: ModeOption = Mode.grad,
    wrt: Wrt = None,
    signature: Signature = None,
    holomorphic: Holomorphic = False,
    readable: Annotated[
        bool, typer.Option("--readable", help="Write what `show` shows, NumPy for NumPy, in place of what is compiled.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write derivatives as a module that needs [bold]s2sad_rt[/bold] and no s2sad: the loops that s2sad compiles, which
    check the sizes of what they are given. With --readable, the derivative as a person would write it."""
    check_output(output, force)
    found = [pair for target in targets for pair in guarded(partial(find, target))]
    request = exporting.Request(mode.value, wrt, signature, holomorphic, readable)
    exports = []
    silent = len(found) < 2 or not err.is_terminal
    for name, function in track(found, "emitting", console=err, disable=silent, transient=True):
        exports.append(guarded(partial(exporting.export, function, name, request)))
    text = guarded(lambda: exporting.module_source(exports))
    guarded(lambda: inspection.write_whole(output, text, force))
    out.print("wrote [bold]", end="")
    out.print(str(output), markup=False, highlight=False, end="")
    out.print(f": {', '.join(e.name for e in exports)}", markup=False, highlight=False)


@app.command(
    epilog=examples(
        's2sad show model.py:loss -s "f8[:], f8[:,:]"',
        's2sad show model.py:loss -s "f8[:], f8[:,:]" --after vjp',
        MODES,
        CODES,
    )
)
def show(
    target: Target,
    mode: ModeOption = Mode.grad,
    wrt: Wrt = None,
    signature: Signature = None,
    holomorphic: Holomorphic = False,
    after: Annotated[str | None, typer.Option(help="A stage of the pipeline; the emitted source by default.")] = None,
    plain: Annotated[bool, typer.Option("--plain", help="No colours (there are none in a file or a pipe).")] = False,
) -> None:
    """Print the generated source, highlighted."""
    inspected = inspected_target(target, exporting.Request(mode.value, wrt, signature, holomorphic))
    try:
        text = inspected.show(after)
    except KeyError as error:
        fail(str(error.args[0]), USAGE)
    if plain or not out.is_terminal or out.no_color:
        sys.stdout.write(text)
    else:
        out.print(Syntax(text, "python", theme="ansi_dark", background_color="default"))


@app.command(epilog=examples('s2sad explain model.py:loss -s "f8[:], f8[:,:]"', MODES, CODES))
def explain(
    target: Target,
    mode: ModeOption = Mode.grad,
    wrt: Wrt = None,
    signature: Signature = None,
    holomorphic: Holomorphic = False,
) -> None:
    """Say what became of each loop and array: recorded (bytes a trip), replayed, fused, stored, left to a library; and
    what stood in the way."""
    inspected = inspected_target(target, exporting.Request(mode.value, wrt, signature, holomorphic))
    sys.stdout.write(inspected.explain())


@app.command(
    epilog=examples(
        's2sad check model.py:loss -s "f8[5], f8[3,5]"',
        "s2sad check model.py:loss --args arguments.npz --order 2",
        "Sizes ':' are 4; random floats lie between 0.5 and 1.5, ints between 1 and 3.",
        CODES,
    )
)
def check(
    target: Target,
    signature: Signature = None,
    arguments: Annotated[
        Path | None, typer.Option("--args", help="An .npz file with an array for each parameter.")
    ] = None,
    order: Annotated[int, typer.Option(min=1, max=4, help="Up to which derivative.")] = 1,
    seed: Annotated[int, typer.Option(help="Of the random arguments.")] = 0,
) -> None:
    """Compare derivatives with finite differences, at arguments from a file or random ones of the signature."""
    name, function = find_one(target)
    if arguments is None:
        args = guarded(lambda: sampling.random(function, signature, seed))
    elif signature is not None:
        fail("give either --signature or --args", USAGE)
    else:
        args = guarded(lambda: sampling.from_file(function, arguments))
    differentiable = [k for k, a in enumerate(args) if sampling.is_inexact(a)]
    if not differentiable:
        fail(f"{name}: no argument is a float, so there is nothing to differentiate", USAGE)

    def of_inexact(*values: Any) -> Any:
        full = list(args)
        for k, v in zip(differentiable, values, strict=True):
            full[k] = v
        return function(*full)

    try:
        guarded(lambda: function(*sampling.copied(args)), of_user=True)
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
    sys.stdout.write(f"{cache.count():,} files, {cache.size():,} bytes\n")


@cache_app.command()
def clear() -> None:
    """Remove everything in it."""
    freed = cache.size()
    guarded(cache.clear)
    sys.stdout.write(f"removed {freed:,} bytes\n")


# -- targets


def find_one(target: str) -> tuple[str, Callable[..., Any]]:
    """The one function a target names."""
    found = guarded(partial(find, target))
    if len(found) > 1:
        fail(f"{target!r} names {len(found)} functions; this command takes one", USAGE)
    return found[0]


def inspected_target(target: str, request: exporting.Request) -> inspection.Inspection:
    """What would be written for a target, to look at."""
    name, function = find_one(target)
    return inspection.Inspection(guarded(lambda: exporting.export(function, name, request)).lowered)


# -- errors


def check_output(path: Path, force: bool) -> None:
    """Exit before any work is done when a file cannot be written."""
    if path.is_dir():
        fail(f"{path} is a directory", FAILED)
    if path.exists() and not force:
        fail(f"{path} exists; pass --force to overwrite it", FAILED)
    if not path.parent.is_dir():
        fail(f"there is no directory {path.parent}", FAILED)


def guarded(action: Callable[[], Any], of_user: bool = False) -> Any:
    """Run an action; an error of the user's program is printed and sets the exit code. `of_user`: the action is a
    function of the user's, and may raise anything."""
    try:
        return action()
    except S2sadError as error:
        err.print(f"[red]{type(error).__name__}[/red]: ", end="")
        err.print(str(error), markup=False, highlight=False)
        raise typer.Exit(REFUSED) from None
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error), FAILED)
    except ValueError as error:
        fail(in_words(error) if of_user else str(error), FAILED if of_user else USAGE)
    except Exception as error:
        if not of_user:
            raise
        fail(in_words(error), FAILED)


def fail(message: str, code: int) -> NoReturn:
    """Print a message and exit."""
    err.print("[red]error[/red]: ", end="")
    err.print(message, markup=False, highlight=False)
    raise typer.Exit(code)


def main() -> None:
    """The entry point of the `s2sad` command."""
    app()


if __name__ == "__main__":
    main()
