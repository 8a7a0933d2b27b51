"""The emitted source of a dozen functions, as a reviewer last read it. `pytest --update-golden` writes it anew."""

from pathlib import Path

import pytest

import s2sad
from tests.golden_cases import CASES

FOLDER = Path(__file__).parent / "golden"


@pytest.mark.parametrize("name", CASES)
def test_source_is_as_it_was_read(name: str, request: pytest.FixtureRequest) -> None:
    function, args = CASES[name]
    source = s2sad.grad(function).lower(*args).source
    path = FOLDER / f"{name}.py"
    if request.config.getoption("--update-golden"):
        path.write_text(source)
    assert path.exists(), f"{path} is missing: run pytest --update-golden and read it"
    assert source == path.read_text()
