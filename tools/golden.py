"""The golden sources: what the compiler writes for `tests/golden_cases.py`, as a reviewer last read it.

`tests/test_golden.py` holds the files of `tests/golden/` against `emitted`; this program shows the differences and,
once they have been read, writes the files anew.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.syntax import Syntax
from rich.text import Text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where this is run as a file

import s2sad
from s2sad.calling.inspection import write_whole
from s2sad.cli import FAILED, USAGE, err, examples, fail, out
from tests.golden_cases import CASES

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / "tests" / "golden"
STYLES = {"+": "green", "-": "red", "@": "cyan"}
CODES = "Exit codes: 0 done, nothing differs; 1 a file differs, is missing, or cannot be written; 2 wrong usage."

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="The emitted sources that reviewers read: tests/golden.",
    epilog=CODES,
)


# -- what the test and the commands share


def path_of(name: str) -> Path:
    """The file of a case."""
    return FOLDER / f"{name}.py"


def stored(name: str) -> str:
    """The source as it was last read; empty where there is none."""
    return path_of(name).read_text() if path_of(name).exists() else ""


def emitted(name: str) -> str:
    """The gradient of a case, as today's compiler writes it."""
    cases: Mapping[str, Any] = CASES
    function, args = cases[name]
    return s2sad.grad(function).lower(*args).source


def difference(name: str) -> list[str]:
    """The lines of a unified diff from the file to what is emitted; none where they agree."""
    path = path_of(name).relative_to(ROOT)
    before, after = stored(name).splitlines(keepends=True), emitted(name).splitlines(keepends=True)
    lines = difflib.unified_diff(before, after, str(path), f"{path}, as emitted now")
    return [line.removesuffix("\n") for line in lines]


def update_file(name: str) -> bool:
    """Write what is emitted now; whether that changed the file."""
    source = emitted(name)
    if stored(name) == source:
        return False
    write_whole(path_of(name), source, force=True)
    return True


def strays() -> list[str]:
    """Names of files that belong to no case."""
    return sorted(p.stem for p in FOLDER.glob("*.py") if p.stem not in CASES)


# -- commands

Names = Annotated[
    list[str] | None,
    typer.Argument(help="Cases of tests/golden_cases.py; all by default.", metavar="[NAME]...", show_default=False),
]


@app.command(epilog=examples("python tools/golden.py show heron", "python tools/golden.py show > all.py", CODES))
def show(names: Names = None) -> None:
    """Print the files, highlighted."""
    for name in chosen(names):
        if not path_of(name).exists():
            fail(f"{path_of(name)} is missing: update writes it", FAILED)
        out.print(Text(f"# {path_of(name).relative_to(ROOT)}", "dim"))
        if out.is_terminal and not out.no_color:
            out.print(Syntax(stored(name), "python", theme="ansi_dark", background_color="default"))
        else:
            sys.stdout.write(f"{stored(name)}\n")


@app.command(epilog=examples("python tools/golden.py diff", "python tools/golden.py diff heron smooth", CODES))
def diff(names: Names = None) -> None:
    """Compare the files with what the compiler writes today. Exits with 1 when any differs."""
    wanted = chosen(names)
    different = [lines for name in wanted if (lines := difference(name))]
    for lines in different:
        for line in lines:
            out.print(Text(line, STYLES.get(line[:1], "")))
    extra = [] if names else strays()
    for name in extra:
        err.print(f"[red]{path_of(name).relative_to(ROOT)}[/red] belongs to no case", highlight=False)
    if different or extra:
        err.print(f"{len(different)} of {len(wanted)} differ", highlight=False)
        raise typer.Exit(FAILED)
    err.print(f"{len(wanted)} as they were read", highlight=False)


@app.command(epilog=examples("python tools/golden.py update", "python tools/golden.py update heron", CODES))
def update(names: Names = None) -> None:
    """Write the files anew, and say which changed: read those before they are committed."""
    wanted = chosen(names)
    try:
        changed = [name for name in wanted if update_file(name)]
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}", FAILED)
    for name in changed:
        out.print(f"wrote [bold]{path_of(name).relative_to(ROOT)}[/bold]", highlight=False)
    out.print(f"{len(changed)} of {len(wanted)} changed", highlight=False)


def chosen(names: Sequence[str] | None) -> list[str]:
    """The cases of these names, or all. Exits when there is no such case."""
    for name in names or ():
        if name not in CASES:
            fail(f"there is no case {name!r}; the cases are {', '.join(CASES)}", USAGE)
    return list(names or CASES)


if __name__ == "__main__":
    app()
