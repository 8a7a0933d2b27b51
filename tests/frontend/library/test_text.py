"""Text with values in it that are known at run time only: printed as Python prints it, once, in program order."""

from __future__ import annotations

import logging
import sys
import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.config import using
from s2sad.errors import UncompiledWarning
from tests.refusals.checks import refused

PERCENT, BRACES, ONE = "%.3f %5d|%-6s|%r %%", "{} {:.2e} {a!s}", "%s"
logger = logging.getLogger("tests.text")


def says(x):
    y = x * x
    print(f"y={y:.3f} {{}} {x!r:>8}")
    print(PERCENT % (y, 3, "a", x), BRACES.format(y, x, a=y), sep=" / ", end="!\n")
    print("z", y, sep=";", file=sys.stderr, flush=True)
    message = "x is " + str(x) + f" {np.ones(2) * x}"
    for i in range(2):
        print(message, f"{i:03d}", (x, 2, "a"), [x])
    if y > 0.1:
        print(f"{x=}", repr(x), format(y, ".1f"))
    return y


def elements(x):
    s = 0.0
    for v in x:
        print(f"{v:.2f}", end=" ")
        s += v * v
    print(ONE % s)
    return s


@pytest.mark.parametrize("backend", ["python", "numba"])
@pytest.mark.parametrize(("f", "x"), [(says, 0.7), (elements, np.array([1.0, 2.0, 3.0]))])
def test_printed_as_python_prints(backend: str, f: Any, x: Any, capfd: pytest.CaptureFixture[str]) -> None:
    f(x)
    expected = capfd.readouterr()
    with using(backend=backend, verify=True):
        for transform in (s2sad.jit(f), s2sad.grad(f), lambda x: s2sad.jvp(f, (x,), (x,))):
            transform(x)
            assert capfd.readouterr() == expected


def rewritten(x):
    a = np.zeros(2)
    text = f"{a}"
    a[0] = x
    print(text, f"{a}")
    return a[0] ** 2


def test_an_array_in_a_text_is_what_it_was(capfd: pytest.CaptureFixture[str]) -> None:
    with using(backend="python", verify=True):
        assert s2sad.grad(rewritten)(2.0) == 4.0
    assert capfd.readouterr().out == "[0. 0.] [2. 0.]\n"


def careful(x):
    warnings.warn(f"careful {x:.1f}", RuntimeWarning, stacklevel=2)
    return x * x


@pytest.mark.parametrize("backend", ["python", "numba"])
def test_warnings(backend: str) -> None:
    with using(backend=backend, verify=True):
        slope = s2sad.grad(careful)
        with pytest.warns(RuntimeWarning, match="careful 0.7"):
            assert slope(0.7) == 1.4
        with warnings.catch_warnings(), pytest.raises(RuntimeWarning, match="careful"):
            warnings.simplefilter("error")
            slope(0.7)


def logged(x):
    logger.warning(f"x is {x:.2f}")
    return x * x


def test_logged(caplog: pytest.LogCaptureFixture) -> None:
    with using(backend="numba", verify=True), warnings.catch_warnings():
        warnings.simplefilter("ignore", UncompiledWarning)
        assert s2sad.grad(logged)(0.7) == 1.4
    assert [r.message for r in caplog.records] == ["x is 0.70"]


def compares(x):
    return x if f"{x}" == "0.7" else 2 * x  # here


def measures(x):
    return len(f"{x}") * x  # here


def keys(x):
    return {f"{x}": x}["0.7"]  # here


def counts(x):
    return x * f"{x}".count("7")  # here


def reads(x):
    return x * float(f"{x:.1f}")  # here


@pytest.mark.parametrize("f", [compares, measures, keys, counts, reads])
def test_refused_where_its_characters_are_asked_for(f: Callable[..., Any]) -> None:
    error = refused(lambda: s2sad.jit(f)(0.7), Exception, "ext of values known at run time", filename=__file__)
    assert "partial" not in str(error)
