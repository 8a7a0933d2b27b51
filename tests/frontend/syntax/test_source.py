"""Finding the tree of a function, and noticing when the outside changed."""

from __future__ import annotations

import functools
import importlib.util
import sys

import numpy as np
import pytest

from s2sad.errors import SourceNotFoundError
from s2sad.frontend.syntax.source import find
from tests.frontend.harness import elaborated, run

LAMBDAS = [lambda x: x + 1, lambda x: x + 2, lambda x: x + 1, lambda: None, lambda: None]  # several on a line


def outer(k):
    def inner(x):
        return x * k

    return inner, lambda x: x - k


@functools.lru_cache
def cached(x):
    return x


def test_lambdas_on_one_line():
    columns = [find(f).node.col_offset for f in LAMBDAS]
    assert columns == sorted(set(columns))


def test_positions_and_names():
    inner, minus = outer(3)
    assert find(inner).name == "inner"
    assert find(minus).node.lineno == find(outer).node.lineno + 4


def test_asserts_that_pytest_rewrites():
    def f(x):
        assert x > 0, "positive"
        return x

    assert run(f, 2.0) == 2.0


def test_a_changed_file_is_refused(tmp_path):
    path = tmp_path / "changing_module.py"
    path.write_text("def f(x):\n    return x * 2\n")
    spec = importlib.util.spec_from_file_location("changing_module", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    path.write_text("# moved\ndef f(x):\n    return x * 3\n")
    with pytest.raises(SourceNotFoundError, match="changed"):
        find(module.f)
    sys.modules.pop("changing_module", None)


RATE, NUMBER, TABLE = 2.0, 3, {"w": np.ones(2)}


def reads(x):
    return x * RATE * NUMBER + TABLE["w"][0]


def test_the_log_notices_changes(monkeypatch):
    out, _ = elaborated(reads, 1.0)
    module = sys.modules[__name__]
    assert out.log.holds()
    monkeypatch.setattr(module, "RATE", 5.0)  # read at run time
    assert out.log.holds()
    monkeypatch.setattr(module, "NUMBER", 4)  # baked in
    assert not out.log.holds()
    monkeypatch.setattr(module, "NUMBER", 3)
    monkeypatch.setitem(TABLE, "w", np.ones(5))  # another size
    assert out.log.holds()
    monkeypatch.setitem(TABLE, "w", np.ones((2, 2)))
    assert not out.log.holds()
    monkeypatch.undo()
    assert out.log.holds()


def test_the_log_notices_cells_and_code():
    def helper(x):
        return x + 1

    k = 2

    def f(x):
        return helper(x) * k

    out, _ = elaborated(f, 1.0)
    assert out.log.holds()
    helper.__code__ = (lambda x: x + 2).__code__
    assert not out.log.holds()


def test_captured_values_are_read_at_the_call():
    c = np.array([1.0, 2.0])

    def f(x):
        return x * c[1]

    out, _ = elaborated(f, 1.0)
    (read,) = out.captured
    assert read() is c
    c = np.array([3.0, 4.0])
    assert read() is c
