"""A function that moves down its file is not compiled anew, and its lines are told right."""

from __future__ import annotations

import importlib.util
import linecache
import sys

import numpy as np
import pytest

import s2sad
from s2sad import cache
from s2sad.calling import compiler
from s2sad.config import using
from s2sad.errors import S2sadError

BODY = """
import numpy as np


def f(x):
    y = np.sin(x)
    if y.sum() > 100:
        raise ValueError("too much")
    return np.sum(y * x)


def refused(x):
    return open(x)
"""


def load(path, text):
    path.write_text(text)
    linecache.checkcache(str(path))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    sys.modules.pop(path.stem, None)
    spec.loader.exec_module(module)
    return module


@pytest.mark.compiled
def test_a_moved_function_is_compiled_once(tmp_path, monkeypatch):
    monkeypatch.setenv("S2SAD_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "moving.py"
    with using(backend="numba"):
        first = s2sad.grad(load(path, BODY).f)
        expected = first(np.ones(3))
        sources = [first.source]
        files = sorted(p.name for p in (tmp_path / "cache").glob("*.py"))
        second = s2sad.grad(load(path, "# a comment\n\n\nZ = 1\n" + BODY).f)
        np.testing.assert_array_equal(second(np.ones(3)), expected)
    assert sorted(p.name for p in (tmp_path / "cache").glob("*.py")) == files
    sources.append(second.source)
    entered = [compiler.inspection.dispatcher(m.lower(np.ones(3))._lowered) for m in (first, second)]
    assert entered[0] is entered[1]
    assert "moving.py:6  y = np.sin(x)" in sources[0]
    assert "moving.py:10  y = np.sin(x)" in sources[1]
    assert "moving.py" not in (tmp_path / "cache" / files[0]).read_text()


def test_plain_python_shows_the_lines_where_they_are(tmp_path, monkeypatch):
    monkeypatch.setenv("S2SAD_CACHE_DIR", str(tmp_path / "cache"))
    path = tmp_path / "stepping.py"
    with using(backend="python"):
        for shift in (0, 3):
            made = s2sad.grad(load(path, "\n" * shift + BODY).f)
            made(np.ones(3))
            loaded = compiler.variant.python_backend.load(made.source, "grad_f")
            text = "".join(linecache.getlines(loaded.__code__.co_filename))
            assert f"stepping.py:{6 + shift}  y = np.sin(x)" in text


def test_errors_name_the_line_where_it_is(tmp_path):
    path = tmp_path / "failing.py"
    with using(backend="python"):
        for shift in (0, 5):
            module = load(path, "\n" * shift + BODY)
            with pytest.raises(S2sadError) as caught:
                s2sad.grad(module.refused)(1.0)
            assert caught.value.pos.line == 13 + shift
            assert caught.value.pos.text == "return open(x)"


def test_a_change_is_another_module():
    texts = ["def f(x):\n    # a.py:3  y = x\n    return x\n", "def f(x):\n    # a.py:9  y = x\n    return x\n",
             "def f(x):\n    # a.py:3  y = x\n    return -x\n"]  # fmt: skip
    stripped = [compiler.variant.numba_backend.without_positions(t) for t in texts]
    assert stripped[0] == stripped[1] == "def f(x):\n    return x\n"
    assert cache._digest(stripped[0]) != cache._digest(stripped[2])
