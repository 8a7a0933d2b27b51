"""What only CPython can run: logs kept outside, library functions called for their effect."""

from __future__ import annotations

import logging
import sys
from collections import deque
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from s2sad import UncompiledWarning, custom_vjp, grad, jit, vmap
from s2sad.config import using
from s2sad.errors import UnsupportedError

LOG: list[Any] = []
logger = logging.getLogger("s2sad.tests")


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    with using(backend="python", verify=True):
        yield


def test_a_global_log_in_a_loop() -> None:
    def f(x: Any, n: Any) -> Any:
        for i in range(n):
            x = x * np.sin(x)
            LOG.append((i, x))
        return x

    LOG.clear()
    function = grad(f)
    function(1.0, 3)
    assert [k for k, _ in LOG] == [0, 1, 2]
    first = function.source
    function(1.0, 3)
    assert len(LOG) == 6 and function.source is first, "a longer log is no reason to compile again"


def test_arrays_are_copies() -> None:
    log: list[Any] = []

    def f(x: Any) -> Any:
        y = np.zeros(3)
        for i in range(3):
            y[i] = x[i] ** 2
            log.append(y)
        return np.sum(y)

    np.testing.assert_allclose(grad(f)(np.ones(3)), 2 * np.ones(3))
    assert [y.tolist() for y in log] == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]


def test_every_kind_of_container() -> None:
    names: set[Any] = set()
    table: dict[Any, Any] = {}
    recent: deque[Any] = deque(maxlen=2)

    def f(x: Any) -> Any:
        names.add("f")
        table.update({"x": x, "pair": (x, [1, None, "s"])})
        for _ in range(4):
            x = x + 1
            recent.append(x)
        return x

    assert jit(f)(1.0) == 5.0
    assert names == {"f"} and table == {"x": 1.0, "pair": (1.0, [1, None, "s"])} and list(recent) == [4.0, 5.0]


class Recorder:
    def __init__(self) -> None:
        self.seen: list[Any] = []

    def loss(self, x: Any) -> Any:
        self.seen.append(x)
        return x**2


def test_an_attribute_of_an_object() -> None:
    recorder = Recorder()
    assert grad(recorder.loss)(3.0) == 6.0
    assert recorder.seen == [3.0]


def test_logging_and_streams(caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]) -> None:
    def f(x: Any) -> Any:
        logger.warning("x is %s", x)
        sys.stdout.write("here\n")
        return np.sum(x * x)

    with caplog.at_level(logging.WARNING):
        assert grad(f)(np.ones(2)).tolist() == [2.0, 2.0]
    assert "x is [1. 1.]" in caplog.text
    assert capsys.readouterr().out == "here\n"


def test_one_item_of_a_batch_after_another() -> None:
    log: list[Any] = []

    def f(x: Any) -> Any:
        log.append(x)
        return x**2

    np.testing.assert_allclose(vmap(grad(f))(np.arange(3.0)), [0.0, 2.0, 4.0])
    assert log == [0.0, 1.0, 2.0]


def test_a_log_in_both_passes() -> None:
    log: list[Any] = []

    @custom_vjp
    def watch(x: Any) -> Any:
        return x

    def fwd(x: Any) -> Any:
        log.append(("fwd", x))
        return x, None

    def bwd(_: Any, g: Any) -> Any:
        log.append(("bwd", g))
        return (g,)

    watch.defvjp(fwd, bwd)
    assert grad(lambda x: watch(watch(x) ** 2))(3.0) == 6.0
    assert log == [("fwd", 3.0), ("fwd", 9.0), ("bwd", 1.0), ("bwd", 6.0)]


def test_reading_what_is_changed_is_refused() -> None:
    log = [1.0]

    def f(x: Any) -> Any:
        log.append(x)
        return x * len(log)

    with pytest.raises(UnsupportedError, match="both read and changed"):
        grad(f)(1.0)


def test_a_container_of_the_functions_own_is_compiled() -> None:
    def f(x: Any) -> Any:
        log = []
        log.append(x * x)
        return log[0]

    function = grad(f)
    assert function(3.0) == 6.0
    assert "append" not in function.source


def test_it_is_said_once_and_cannot_be_saved(tmp_path: Any) -> None:
    log: list[Any] = []

    def f(x: Any) -> Any:
        log.append(x)
        return x * x

    with using(backend="numba"):
        function = grad(f)
        with pytest.warns(UncompiledWarning, match=r"test_effects.py:\d+: log.append\(x\)") as said:
            function(1.0)
            function(np.float64(2.0))
        assert len(said) == 1
    with pytest.raises(UnsupportedError, match="only CPython"):
        function.save(tmp_path / "f.py")
