"""What the names of NumPy, SciPy and Python mean to the compiler, as a table: on the terminal, and docs/names.md."""

from __future__ import annotations

import difflib
import platform
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import numpy as np
import scipy
import typer
from rich.progress import track
from rich.table import Table
from rich.text import Text

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))  # where this is run as a file

from s2sad.calling.inspection import write_whole
from s2sad.cli import FAILED, USAGE, err, examples, fail, out
from tools.name_table import ALL_MODES, Name, Row, all_names, is_number, row_of

PAGE = Path(__file__).resolve().parent.parent / "docs" / "names.md"
CODES = (
    "Exit codes: 0 done; 1 docs/names.md is out of date, or cannot be written, or no name fits; 2 wrong usage. "
    "The page depends on the versions of Python, NumPy and SciPy that it names."
)
HEAD = """# Names that have a meaning

What of NumPy, SciPy and Python may be called in a function that is differentiated. `python tools/names.py --markdown`
writes this page: each name is called on types, and what the compiler makes of the call is looked at.

* **Derivative**: `all modes` is forward and reverse mode, batching (`vmap`) and second order; where one is missing the
  others are listed. `zero`: a float that does not vary with the arguments, wherever there is a derivative. `none`: an
  int, a bool, a string, or what is known when the function is compiled. In a batch, an array whose size depends on
  values must have one size for all items.
* **Compiled**: whether Numba has what is called. Where it has not, the call is for arguments known when the function is
  compiled, or for `s2sad.config.backend = "python"`.
* **Not taken**: arguments that are refused, and calls that are, in the words of the refusal. Nothing takes `like=`,
  `subok=` or `device=`; the elementwise functions of NumPy and SciPy take `out=` and `dtype=`, and no `where=`,
  `casting=`, `order=` or `signature=`. What is refused only in some cases shows at the call.

With arguments that are all known when the function is compiled, every other function of `math`, `operator`, `itertools`
and NumPy that does nothing but compute is run by Python itself.
"""

TABLE = """
| Name | Derivative | Compiled | Not taken |
|---|---|---|---|
"""

app = typer.Typer(add_completion=False, pretty_exceptions_enable=False)


# -- the page


def page(rows: Sequence[Row]) -> str:
    """docs/names.md."""
    sections = dict.fromkeys(row.name.section for row in rows)
    parts = [HEAD, f"\n{versions()}\n"]
    for section in sections:
        found = [row for row in rows if row.name.section == section]
        parts.append(
            f"\n## {section} ({len(found)})\n\n| Name | Derivative | Compiled | Not taken |\n|---|---|---|---|\n"
        )
        parts += [f"| {' | '.join(cells(row))} |\n" for row in found]
    return "".join(parts)


def versions() -> str:
    """What the page depends on."""
    found = (platform.python_version(), np.__version__, scipy.__version__)
    python, numpy, scipy_ = (".".join(v.split(".")[:2]) for v in found)
    return f"Made with Python {python}, NumPy {numpy}, SciPy {scipy_}."


def cells(row: Row) -> tuple[str, str, str, str]:
    """A row as text, in Markdown."""
    names = ", ".join(f"`{n}`" for n in row.name.names)
    return names, derivative(row), "yes" if row.compiled else "no", "; ".join(row.limits).replace("|", "\\|")


def derivative(row: Row) -> str:
    """Which derivatives there are, in words."""
    if row.derivative == "yes":
        return "all modes" if row.modes == ALL_MODES else ", ".join(row.modes)
    return row.derivative if "batch" in row.modes else f"{row.derivative}, no batching"


def count(names: Sequence[Name], *sections: str) -> int:
    """How many functions the sections have: types of numbers are none, and several names of one function are one."""
    return sum(n.section in sections and not is_number(n.obj) for n in names)


def outdated(rows: Sequence[Row]) -> list[str]:
    """The lines in which docs/names.md differs from what it should be."""
    before = PAGE.read_text().splitlines() if PAGE.exists() else []
    return list(difflib.unified_diff(before, page(rows).splitlines(), "docs/names.md", "now", lineterm="", n=0))


# -- the command


@app.command(
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog=examples(
        "python tools/names.py",
        "python tools/names.py interp quantile",
        "python tools/names.py --section scipy.special gamma",
        "python tools/names.py --markdown",
        "python tools/names.py --check",
        CODES,
    ),
)
def main(
    texts: Annotated[
        list[str] | None, typer.Argument(help="Parts of names; all names by default.", metavar="[TEXT]...")
    ] = None,
    section: Annotated[
        str | None, typer.Option("--section", "-s", help="Those of one section only: numpy, scipy.special, math, ...")
    ] = None,
    markdown: Annotated[bool, typer.Option("--markdown", help="Write docs/names.md.")] = False,
    check: Annotated[bool, typer.Option("--check", help="Exit with 1 if docs/names.md is out of date.")] = False,
) -> None:
    """Print what the names of NumPy, SciPy and Python mean: derivatives, compiled or not, and what is not taken."""
    if (texts or section) and (markdown or check):
        fail("the page holds every name: give no names with --markdown or --check", USAGE)
    names = chosen(all_names(), texts or [], section)
    found = [row_of(n) for n in track(names, "calling", console=err, disable=not err.is_terminal, transient=True)]
    rows = [row for row in found if row is not None]
    if markdown:
        write(page(rows))
    elif check:
        compare(rows)
    elif rows:
        out.print(as_table(rows))
        out.print(f"{len(rows)} names", highlight=False)
    else:
        fail(f"every call of {', '.join(n.names[0] for n in names)} is refused", FAILED)


def chosen(names: Sequence[Name], texts: Sequence[str], section: str | None) -> list[Name]:
    """The names that hold one of the texts, in a section. Exits when there is none."""
    sections = list(dict.fromkeys(n.section for n in names))
    if section is not None and section not in sections:
        fail(f"there is no section {section!r}; the sections are {', '.join(sections)}", USAGE)
    found = [n for n in names if section in (None, n.section)]
    found = [n for n in found if not texts or any(t in name for t in texts for name in n.names)]
    if not found:
        fail(f"no name with a meaning has {' or '.join(texts)} in it", FAILED)
    return found


def as_table(rows: Sequence[Row]) -> Table:
    """The rows, for a terminal."""
    shown = Table("Name", "Derivative", "Compiled", "Not taken", header_style="bold")
    section = ""
    for row in rows:
        if row.name.section != section:
            section = row.name.section
            shown.add_section()
            shown.add_row(Text(section, "bold cyan"))
        names, kind, compiled, limits = (cell.replace("`", "") for cell in cells(row))
        style = {"yes": "green", "zero": "yellow"}.get(row.derivative, "dim")
        shown.add_row(Text(names), Text(kind, style), Text(compiled, "" if row.compiled else "red"), Text(limits))
    return shown


def write(text: str) -> None:
    """Write docs/names.md, and say whether that changed it."""
    changed = not PAGE.exists() or PAGE.read_text() != text
    try:
        write_whole(PAGE, text, force=True)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}", FAILED)
    out.print("wrote [bold]docs/names.md[/bold]" if changed else "docs/names.md is as it was", highlight=False)


def compare(rows: Sequence[Row]) -> None:
    """Exit when docs/names.md is out of date, and show where."""
    lines = outdated(rows)
    if not lines:
        out.print("docs/names.md is up to date", highlight=False)
        return
    for line in lines:
        out.print(Text(line, {"+": "green", "-": "red"}.get(line[:1], "")))
    fail("docs/names.md is out of date: python tools/names.py --markdown writes it", FAILED)


if __name__ == "__main__":
    app()
