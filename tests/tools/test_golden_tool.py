"""`tools/golden.py` on a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tools import golden

CASE = "polynomial"
runner = CliRunner()


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of golden sources."""
    place = tmp_path / "golden"
    place.mkdir()
    monkeypatch.setattr(golden, "ROOT", tmp_path)
    monkeypatch.setattr(golden, "FOLDER", place)
    return place


def run(*args: str) -> tuple[int, str]:
    result = runner.invoke(golden.app, args)
    return result.exit_code, result.stdout


def test_update_writes_what_changed_and_says_so(folder: Path) -> None:
    code, text = run("update", CASE, "product")
    assert (code, text) == (0, "wrote golden/polynomial.py\nwrote golden/product.py\n2 of 2 changed\n")
    path = folder / f"{CASE}.py"
    path.write_text(path.read_text().replace("2.0", "3.0"))
    code, text = run("update", CASE, "product")
    assert (code, text) == (0, "wrote golden/polynomial.py\n1 of 2 changed\n")
    assert path.read_text() == golden.emitted(CASE)


def test_diff_shows_each_change(folder: Path) -> None:
    assert run("update", CASE)[0] == 0
    assert run("diff", CASE) == (0, "")
    path = folder / f"{CASE}.py"
    path.write_text(path.read_text() + "# mine\n")
    code, text = run("diff", CASE)
    assert code == 1
    assert text.splitlines()[0] == f"--- golden/{CASE}.py"
    assert text.splitlines()[-1] == "-# mine"


def test_diff_sees_the_end_of_the_last_line(folder: Path) -> None:
    run("update", CASE)
    path = folder / f"{CASE}.py"
    path.write_text(path.read_text().removesuffix("\n"))
    assert run("diff", CASE)[0] == 1


def test_diff_of_a_missing_file_is_all_of_it(folder: Path) -> None:
    code, text = run("diff", CASE)
    assert code == 1
    assert len(text.splitlines()) > len(golden.emitted(CASE).splitlines())


def test_diff_names_files_that_belong_to_no_case(folder: Path) -> None:
    run("update")
    (folder / "of_nobody.py").touch()
    assert golden.strays() == ["of_nobody"]
    assert run("diff")[0] == 1


def test_show_prints_the_file(folder: Path) -> None:
    run("update", CASE)
    code, text = run("show", CASE)
    assert code == 0
    assert golden.emitted(CASE) in text


def test_show_of_a_missing_file_fails(folder: Path) -> None:
    assert run("show", CASE)[0] == 1


@pytest.mark.parametrize("command", ["show", "diff", "update"])
def test_a_name_that_is_no_case_is_wrong_usage(folder: Path, command: str) -> None:
    assert run(command, "polynomials")[0] == 2


@pytest.mark.parametrize("program", ["golden.py", "names.py", "compile_profile.py"])
def test_each_program_runs_from_anywhere(program: str, tmp_path: Path) -> None:
    path = Path(golden.__file__).parent / program
    result = subprocess.run(
        [sys.executable, str(path), "--help"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert f"python tools/{program}" in result.stdout or "Commands" in result.stdout
