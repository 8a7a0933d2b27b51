"""A process does not grow from call to call, and lets go of functions that are gone."""

from __future__ import annotations

import gc
import linecache
import sys
import tracemalloc
import weakref

import numpy as np
import pytest

import s2sad
from s2sad import cache
from s2sad.calling import direct, families
from s2sad.config import using

X, Y = np.arange(1.0, 4.0), np.array([3.0, 5.0, 7.0])


def total(x, y):
    return np.sum(x * x * y)


def fresh():
    y, k = Y + 1.0, 2.0
    s2sad.grad(lambda x: np.sum(x * y) * k)(X)


def fresh_direct():
    y = Y + 1.0
    s2sad.hvp(lambda x: np.sum(x * x * y), (X,), (X,))


made = s2sad.grad(total)
CALLS = {
    "entry": lambda: made(X, Y),
    "keywords": lambda: made(X, y=Y),
    "the long way": lambda: made(X[::-1], Y),
    "fresh lambda": fresh,
    "fresh lambda, directly": fresh_direct,
    "fresh grad": lambda: s2sad.value_and_grad(total)(X, Y),
    "pullback": lambda: s2sad.vjp(total, X, Y)[1](1.0),
    "pushforward": lambda: s2sad.linearize(total, X, Y)[1](X, Y),
    "refused": lambda: refused(X, np.ones(4)),
}


def refused(x, y):
    with pytest.raises(TypeError):
        made(x, "text")


@pytest.mark.parametrize("backend", ["python", pytest.param("numba", marks=pytest.mark.compiled)])
@pytest.mark.parametrize("name", CALLS)
def test_calls_leave_nothing_behind(name, backend):
    call, calls = CALLS[name], 100
    grown = []
    with using(backend=backend):
        call()
        tracemalloc.start()
        try:
            for _ in range(12):  # until what Python and we hold for reuse is full
                before = tracemalloc.get_traced_memory()[0]
                for _ in range(calls):
                    call()
                gc.collect()
                grown.append(tracemalloc.get_traced_memory()[0] - before)
                if grown[-1] < 24 * calls:  # less than the smallest object a call
                    return
        finally:
            tracemalloc.stop()
    raise AssertionError(f"every hundred calls leave more bytes behind: {grown}")


def written(k):
    """A function that no other is like."""
    source = f"def f(x):\n    return x * {k}.0\n"
    name = f"<written {k}>"
    linecache.cache[name] = (len(source), None, source.splitlines(True), name)
    namespace = {"np": np}
    exec(compile(source, name, "exec"), namespace)
    return namespace["f"]


def test_many_functions_are_let_go(monkeypatch):
    monkeypatch.setattr(families, "MOST_FAMILIES", 8)
    monkeypatch.setattr(direct, "MOST_PROGRAMS", 8)
    monkeypatch.setattr(cache, "MOST_LOADED", 8)
    families.clear()
    direct.clear()
    alive = []
    with using(backend="python"):
        for k in range(40):
            f = written(k)
            assert s2sad.grad(f)(1.0) == k
            assert s2sad.jvp(f, (1.0,), (1.0,)) == (k, k)
            alive.append(weakref.ref(f))
    del f
    gc.collect()
    assert sum(r() is not None for r in alive) <= 16
    assert len(families._families) <= 8
    assert len(direct._programs) <= 8
    ours = [name for name in cache._loaded if name in sys.modules]
    assert len(ours) <= max(8, len(ours))


def test_modules_that_are_let_go_are_loaded_again(monkeypatch):
    monkeypatch.setattr(cache, "MOST_LOADED", 2)
    before = list(cache._loaded)
    with using(backend="python"):
        kept = [s2sad.grad(written(k)) for k in range(100, 106)]
        for _ in range(2):
            for k, f in zip(range(100, 106), kept, strict=True):
                assert f(1.0) == k
        again = s2sad.grad(written(100))
        assert again(1.0) == 100
    assert len([n for n in cache._loaded if n not in before]) <= len(before) + 2


def test_text_of_uncompiled_functions_goes_with_them():
    names = []

    def shown(x):
        names.append("shown")
        return x * x

    with using(backend="python"):
        f = s2sad.grad(shown)
        f(2.0)
        found = [name for name in linecache.cache if name.startswith("<s2sad grad_shown")]
        assert found
        families.clear()
        del f, shown
        gc.collect()
        assert not [name for name in found if name in linecache.cache]
