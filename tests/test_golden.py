"""The emitted source of a dozen functions, as a reviewer last read it: `tools/golden.py` compares and updates."""

import pytest

from tests.golden_cases import CASES
from tools import golden


@pytest.mark.parametrize("name", CASES)
def test_source_is_as_it_was_read(name: str) -> None:
    lines = golden.difference(name)
    assert not lines, "\n".join([*lines, "Read this, then: python tools/golden.py update " + name])


def test_every_file_belongs_to_a_case() -> None:
    assert golden.strays() == []
