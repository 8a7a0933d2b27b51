"""Programs of the corpus, written to files as what is compiled and as what is read: both give the numbers of a call."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad import exporting
from tests.corpus import Program, load

EVERY = 9
"""Of the programs that fit, each so many-th is written."""


def fits(p: Program) -> bool:
    """Whether a program is a number of numbers and arrays."""
    if p.backend != "any" or p.mutates or p.name.startswith("nested."):
        return False
    args = p.args()
    plain = all(isinstance(a, int | float | np.ndarray) and not isinstance(a, bool) for a in args)
    return plain and bool(p.wrt) and isinstance(p.plain(*args), float)


PROGRAMS = [p for p in load() if fits(p)][::EVERY]


@pytest.fixture
def keep(tmp_path, monkeypatch):
    """Saves a derivative and imports the file."""

    def kept(derivative: Any, name: str, plain: bool = True, **options: Any) -> Any:
        path = derivative.save(tmp_path / f"{name}.py", **options)
        spec = importlib.util.spec_from_file_location(name, path)
        module = importlib.util.module_from_spec(spec)
        monkeypatch.setitem(sys.modules, name, module)
        with monkeypatch.context() as m:
            if plain:
                m.setenv("S2SAD_PLAIN_PYTHON", "1")
            spec.loader.exec_module(module)
        return getattr(module, derivative.__name__)

    return kept


def both(p: Program, keep: Any, backend: str) -> tuple[Any, Any, Any]:
    """The gradient of a call, of the module of what is compiled, and of the readable one."""
    derivative = s2sad.grad(p.function, argnums=p.wrt)
    with s2sad.using(backend=backend):
        expected = derivative(*p.args())
    values = derivative.lowered(p.args(), {}).elaboration.captured
    given = [*[a for k, a in enumerate(p.args()) if k not in statics(derivative)], *(get() for get in values)]
    found = []
    for name in ("compiled", "readable"):
        function = keep(derivative, f"{name}_module", backend == "python", readable=name == "readable")
        out = function(*[g.copy() if isinstance(g, np.ndarray) else g for g in given])
        found.append(out if isinstance(out, tuple) else (out,))
    return expected, *found


def statics(derivative: Any) -> frozenset[int]:
    return derivative._program.latest.statics


@pytest.mark.parametrize("p", PROGRAMS, ids=lambda p: p.name)
def test_both_modules_give_the_numbers_of_a_call(p: Program, keep: Any) -> None:
    compare(*both(p, keep, "python"), rtol=1e-12)


@pytest.mark.compiled
@pytest.mark.parametrize("p", PROGRAMS[::8], ids=lambda p: p.name)
def test_both_modules_give_the_numbers_of_a_call_compiled(p: Program, keep: Any) -> None:
    compare(*both(p, keep, "numba"), rtol=1e-11)


def compare(expected: tuple[Any, ...], *modules: tuple[Any, ...], rtol: float) -> None:
    for found in modules:
        for one, other in zip(found, expected, strict=True):
            np.testing.assert_allclose(one, other, rtol=rtol, atol=1e-13)


def weighted(x, w):
    total = 0.0
    for i in range(w.shape[0]):
        total += np.sum(np.sin(x) * w[i] * x) + x[0] * w[i, 1]
    return total


X, W = np.linspace(0.5, 1.5, 4), np.linspace(-1.0, 1.0, 12).reshape(3, 4)


def test_there_are_a_few_dozen():
    assert len(PROGRAMS) > 24


def test_the_compiled_one_has_loops_and_the_lines_of_the_user(keep, tmp_path):
    derivative = s2sad.grad(weighted)
    with s2sad.using(backend="python"):
        derivative(X, W)
    text = derivative.save(tmp_path / "a.py").read_text()
    readable = derivative.save(tmp_path / "b.py", readable=True).read_text()
    assert "np.sin(x[" in text and "np.sin(x[" not in readable and readable == derivative.source
    assert "# test_written.py:" in text and "total += np.sum(np.sin(x) * w[i] * x)" in text


@pytest.mark.parametrize("plain", [True, pytest.param(False, marks=pytest.mark.compiled)])
def test_the_sizes_that_loops_rely_on_are_checked(keep, plain):
    derivative = s2sad.grad(weighted)
    with s2sad.using(backend="python"):
        derivative(X, W)
    function = keep(derivative, "sizes", plain)
    np.testing.assert_allclose(function(X, W), derivative(X, W))
    for x, w in ((X[:3], W), (X, W[:, :3])):
        with pytest.raises(ValueError, match=r"grad_weighted\(\): .*shape.* == .* is needed"):
            function(x.copy(), w.copy())
    with pytest.raises(ValueError, match=r"x.shape\[0\] >= 2 is needed"):
        function(X[:1].copy(), W[:, :1].copy())


@pytest.mark.compiled
def test_so_they_are_where_compiled_code_calls_an_emitted_module(tmp_path, monkeypatch):
    from numba import njit

    request = exporting.Request("grad", signature="f8[:], f8[:, 4]")
    path = tmp_path / "emitted_sizes.py"
    path.write_text(exporting.module_source([exporting.export(weighted, "weighted", request)]))
    monkeypatch.syspath_prepend(tmp_path)
    gradient = importlib.import_module("emitted_sizes").weighted_grad

    @njit
    def caller(x, w):
        return gradient(x, w)

    np.testing.assert_allclose(caller(X, W), s2sad.grad(weighted)(X, W), rtol=1e-12)
    with pytest.raises(ValueError, match=r"weighted_grad\(\): w.shape\[1\] == 4 is needed"):
        caller(np.ones(3), W[:, :3].copy())


def test_an_emitted_module_may_be_the_readable_one():
    requests = [exporting.Request("grad", signature="f8[4], f8[:, 4]", readable=r) for r in (False, True)]
    text, readable = (exporting.module_source([exporting.export(weighted, "weighted", r)]) for r in requests)
    assert "np.sin(x_1)" in text and "x.shape[0] == 4 is needed" in text
    assert "np.sin(x_1)" not in readable and "is needed" not in readable
