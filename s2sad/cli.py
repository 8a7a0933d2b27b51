"""The command line: emit, show, explain, check, cache."""

from __future__ import annotations

import importlib
import importlib.util
import inspect
import sys
import traceback
from collections.abc import Callable
from enum import StrEnum, auto
from functools import partial
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any, NoReturn

import typer
from rich.console import Console
from rich.progress import track
from rich.syntax import Syntax

from s2sad import cache, exporting, inspection, sampling, test_util
from s2sad.errors import S2sadError

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
        "s2sad emit package.model:loss --wrt x,W -o gradients.py",
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
    force: Annotated[bool, typer.Option("--force", help="Overwrite the file.")] = False,
) -> None:
    """Write derivatives as a module that needs [bold]s2sad_rt[/bold] and no s2sad."""
    check_output(output, force)
    found = [pair for target in targets for pair in find(target)]
    request = exporting.Request(mode.value, wrt, signature, holomorphic)
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
    """Say what the reverse sweep records, reloads and recomputes, and why."""
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
    found = find(target)
    if len(found) > 1:
        fail(f"{target!r} names {len(found)} functions; this command takes one", USAGE)
    return found[0]


def find(target: str) -> list[tuple[str, Callable[..., Any]]]:
    """The functions a target names. Exits when the module or a function is not there."""
    place, _, names = target.rpartition(":")
    if not place or not all(names.split(",")):
        fail(f"{target!r} is not MODULE:FUNCTION", USAGE)
    module = load(place)
    return [(name, function_of(module, place, name)) for name in map(str.strip, names.split(","))]


def function_of(module: ModuleType, place: str, name: str) -> Callable[..., Any]:
    """What `name` (with dots for attributes) stands for in a module. Exits when it is no function."""
    found: Any = module
    for part in name.split("."):
        owner = found
        if not hasattr(owner, part):
            fail(f"{place} has no function {name!r}", USAGE)
        found = getattr(owner, part)
    if isinstance(found, type):
        fail(f"{name} is a class; name a function, or a method of an object: {place}:object.method", USAGE)
    if not callable(found):
        fail(f"{name} is no function but of type {type(found).__name__}", USAGE)
    if isinstance(owner, type) and inspect.isfunction(found) and not isinstance(vars(owner).get(part), staticmethod):
        fail(f"{name} is a method of a class; name it on an object: {place}:object.{part}", USAGE)
    return found


def load(place: str) -> ModuleType:
    """Import a module by name, from the current directory too, or by the path of its file. Exits when that fails."""
    try:
        return load_file(Path(place)) if place.endswith(".py") else load_named(place)
    except S2sadError:
        raise
    except (Exception, SystemExit) as error:
        if isinstance(error, OSError) or (isinstance(error, ModuleNotFoundError) and error.name == place.split(".")[0]):
            fail(f"cannot import {place}: {error}", USAGE)
        fail(f"cannot import {place}: {in_words(error)}", USAGE)


def load_file(path: Path) -> ModuleType:
    """Run a file as a module. Its folder is where its own imports are looked for, too."""
    if not path.is_file():
        raise OSError(f"no such file: {path}")
    spec = importlib.util.spec_from_file_location(path.stem, path.resolve())
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules.setdefault(path.stem, module)
    sys.path.insert(0, str(path.resolve().parent))
    spec.loader.exec_module(module)
    return module


def load_named(name: str) -> ModuleType:
    """Import a module by its name."""
    sys.path.insert(0, str(Path.cwd()))
    return importlib.import_module(name)


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


def in_words(error: BaseException) -> str:
    """What a program of the user's raised, and where."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "importlib" not in f.filename]
    place = f" ({frames[-1].filename}:{frames[-1].lineno})" if frames and not isinstance(error, SyntaxError) else ""
    return f"{type(error).__name__}: {error}{place}"


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
