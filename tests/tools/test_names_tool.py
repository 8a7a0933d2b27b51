"""docs/names.md is what `tools/names.py` writes, and says what is so."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from s2sad.frontend.library import table
from s2sad.rules.registry import CALLABLES, COMPOSED
from tools import name_table, names
from tools.name_table import Name, Row

ROOT = Path(__file__).parent.parent.parent
REFUSED = {
    "compile", "eval", "exec", "globals", "input", "locals", "open",
    "np.clongdouble", "np.float16", "np.frompyfunc", "np.longdouble",
}  # fmt: skip
ELSEWHERE = ("numba", "contextlib", "warnings", "_warnings", "types")
"""Modules whose few names the page does not list."""
runner = CliRunner()


@cache
def rows() -> tuple[Row | None, ...]:
    return tuple(name_table.row_of(name) for name in name_table.all_names())


def row(*parts: str) -> Row:
    """The row of a name."""
    (found,) = [n for n in name_table.all_names() if parts[0] in n.names]
    made = name_table.row_of(found)
    assert made is not None
    return made


def made_with() -> str:
    return next(line for line in names.PAGE.read_text().splitlines() if line.startswith("Made with"))


@pytest.mark.skipif(made_with() != names.versions(), reason="the page was made with other versions of NumPy and SciPy")
def test_the_page_is_up_to_date() -> None:
    assert names.outdated([r for r in rows() if r is not None]) == []


def test_every_name_has_a_call_that_is_taken() -> None:
    pairs = zip(name_table.all_names(), rows(), strict=True)
    assert {n.names[0] for n, found in pairs if found is None} == REFUSED


def test_no_meaning_is_left_out() -> None:
    table.load_all()
    listed = [n.obj for n in name_table.all_names()]
    missing = [
        key
        for key in dict.fromkeys([*table.MEANINGS, *CALLABLES, *COMPOSED])
        if not any(key is obj or key == obj for obj in listed) and not is_ours(key) and not is_dunder(key)
    ]
    assert missing == []


def is_ours(key: object) -> bool:
    """Whether something is no name of NumPy, SciPy or Python's that the page is about."""
    module = getattr(key, "__module__", None) or type(key).__module__
    return module.startswith("s2sad") or module.split(".")[0] in ELSEWHERE or key is str.format


def is_dunder(key: object) -> bool:
    """Whether something is the method behind an operator or a conversion."""
    return getattr(key, "__name__", "").startswith("__")


def test_order_does_not_vary() -> None:
    listed = [n.names for n in name_table.all_names()]
    assert listed == [n.names for n in name_table.all_names()]
    assert len(set(listed)) == len(listed)


def test_the_readme_counts_what_the_page_lists() -> None:
    listed = name_table.all_names()
    text = " ".join((ROOT / "README.md").read_text().split())
    found = re.search(r"some (\d+) functions of NumPy \((\d+) at its top level, `linalg`, `fft`\) and (\d+) of", text)
    assert found is not None
    counts = (
        names.count(listed, "numpy", "numpy.linalg", "numpy.fft"),
        names.count(listed, "numpy"),
        names.count(listed, *(f"scipy.{m}" for m in ("special", "linalg", "fft", "signal", "integrate"))),
    )
    assert [int(g) for g in found.groups()] == [round(c, -1) for c in counts]


@pytest.mark.parametrize(
    ("name", "derivative", "compiled"),
    [
        ("np.sin", "yes", True),
        ("np.floor", "zero", True),
        ("np.argmax", "none", True),
        ("math.factorial", "none", False),
        ("np.copyto", "yes", True),
        ("x.T", "yes", True),
        ("np.add.reduce", "yes", True),
        ("scipy.stats.norm.logpdf", "yes", True),
    ],
)
def test_derivatives(name: str, derivative: str, compiled: bool) -> None:
    found = row(name)
    assert (found.derivative, found.compiled) == (derivative, compiled)
    assert found.modes == (name_table.ALL_MODES if derivative == "yes" else ("batch",))


def test_a_mode_that_is_refused_is_not_listed() -> None:
    assert row("x.tolist").modes == ("forward", "reverse", "second order")


def test_limits() -> None:
    assert row("np.max").limits == ("no `where`",)
    assert row("np.sin").limits == ()
    assert row("scipy.special.betainc").limits == row("scipy.stats.gamma.cdf").limits == ()
    assert row("scipy.special.zeta").limits == ("derivative in `x` not known",)
    assert row("scipy.special.kn").limits == ("derivative in `v` not known",)
    assert "pow with a modulus is not supported." in row("pow").limits


def test_several_names_of_one_function_are_one_row() -> None:
    assert row("np.abs").name == Name("numpy", ("np.absolute", "np.abs"), np.absolute)


def test_types_of_numbers_are_not_counted() -> None:
    listed = [Name("numpy", ("np.float32",), np.float32), Name("numpy", ("np.sin",), np.sin)]
    assert names.count(listed, "numpy") == 1


# -- the command


def run(*args: str) -> tuple[int, str]:
    result = runner.invoke(names.app, args)
    return result.exit_code, result.stdout


def test_a_part_of_a_name_chooses() -> None:
    code, text = run("quantile", "--section", "numpy")
    assert code == 0
    assert "np.nanquantile" in text
    assert text.endswith("2 names\n")


@pytest.mark.parametrize(
    ("args", "code"),
    [(["no_such_name"], 1), (["--section", "nothing"], 2), (["sin", "--check"], 2), (["eval", "-s", "Python"], 1)],
)
def test_exit_codes(args: list[str], code: int) -> None:
    assert run(*args)[0] == code


def test_check_fails_when_the_page_is_another(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(names, "PAGE", tmp_path / "names.md")
    monkeypatch.setattr(names, "all_names", lambda: [n for n in name_table.all_names() if n.section == "copy"])
    assert run("--check")[0] == 1
    assert run("--markdown") == (0, "wrote docs/names.md\n")
    assert run("--markdown") == (0, "docs/names.md is as it was\n")
    assert run("--check") == (0, "docs/names.md is up to date\n")
    names.PAGE.write_text(names.PAGE.read_text().replace("all modes", "zero"))
    code, text = run("--check")
    assert code == 1
    assert "-| `copy.copy` | zero" in text
