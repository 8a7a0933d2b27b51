"""What every refusal must say: its kind, the user's file and line with a caret, why, and what to write instead."""

from __future__ import annotations

import linecache
from collections.abc import Callable
from typing import Any

import pytest

from s2sad.config import using
from s2sad.errors import S2sadError

MARK = "# here"


def refused(
    call: Callable[[], Any],
    kind: type[Exception],
    why: str,
    instead: str = "",
    *,
    filename: str | None,
    mark: str = MARK,
) -> S2sadError:
    """Make a call that must be refused, at a line that ends in `mark` of the file, and look at what is said."""
    with using(backend="python", verify=True), pytest.raises(S2sadError) as caught:
        call()
    error = caught.value
    assert isinstance(error, kind), f"{type(error).__name__}: {error}"
    text = str(error)
    assert why in error.why, text
    assert error.instead, text
    assert error.instead[0].isupper() and error.instead.endswith((".", ")")), text
    assert instead in error.instead, text
    if filename is not None:
        assert error.pos is not None, text
        assert error.pos.filename == filename, text
        line = linecache.getline(filename, error.pos.line).rstrip("\n")
        assert mark in line, text
        first, excerpt, carets, said = text.split("\n")
        assert first == f"{filename}:{error.pos.line}"
        assert excerpt.endswith(f" | {line}")
        column = carets.index("^") - (len(excerpt) - len(line))
        assert column == error.pos.column, text
        assert set(carets.split("|")[1].strip()) == {"^"}
        assert said == f"{error.why} {error.instead}"
    return error
