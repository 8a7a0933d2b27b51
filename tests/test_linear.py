"""The time to lower a program is in proportion to its size: counted in calls, not in seconds.

Each program is written for n and for 2n statements of a kind; twice the program may take little more than twice the
calls of functions, Python's and C's.
"""

from __future__ import annotations

import cProfile
import importlib.util
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import s2sad
from s2sad.lower.lower import lowered

N = 50
MOST = 2.2
"""Times the calls that twice the program may take."""

Program = tuple[str, str, tuple[Any, ...]]
"""The parameters, the lines of a function, and arguments for it."""


def assignments(n: int) -> Program:
    names = [("abcd"[k % 4], "abcd"[(k * 7 + 1) % 4]) for k in range(n)]
    lines = [f"{x} = {x} * {0.9 - k * 1e-5} + np.sin({y})" for k, (x, y) in enumerate(names)]
    return "a, b", body("c = a", "d = b", *lines, "return a + b + c + d"), (0.5, 0.3)


def names(n: int) -> Program:
    lines = [f"x{k + 1} = np.sin(x{k}) * x{k // 2}" for k in range(n)]
    return "x0", body(*lines, f"return x{n}"), (0.5,)


def parameters(n: int) -> Program:
    lines = [f"s = s * p{k} + np.sin(p{k})" for k in range(n)]
    return ", ".join(f"p{k}" for k in range(n)), body("s = 0.0", *lines, "return s"), (0.5,) * n


def branches(n: int) -> Program:
    lines = [f"if a > {0.3 + k * 1e-4}:\n  a = a * 0.9 + b * 0.1\n else:\n  b = np.cos(b) * a" for k in range(n)]
    return "a, b", body(*lines, "return a + b"), (0.5, 0.3)


def loops(n: int) -> Program:
    lines = [f"for i in range(n):\n  a = a * 0.9 + np.sin(b) * {0.1 + k * 1e-4}" for k in range(n)]
    return "a, b, n", body(*lines, "return a + b"), (0.5, 0.3, 3)


def independent_loops(n: int) -> Program:
    """Loops each of which is fused with its reverse."""
    lines = [f"for i in range(len(a)):\n  s += np.sin(a[i]) * {0.1 + k * 1e-4}" for k in range(n)]
    return "a", body("s = 0.0", *lines, "return s"), (np.ones(5),)


def while_loops(n: int) -> Program:
    lines = [f"while a < {k + 1}.5:\n  a = a * 1.5 + np.sin(b) ** 2 + 0.1" for k in range(n)]
    return "a, b", body(*lines, "return a"), (0.5, 0.3)


def arrays(n: int) -> Program:
    lines = [f"{'ab'[k % 2]} = {'ab'[k % 2]} * 0.9 + np.sin({'ba'[k % 2]})" for k in range(n)]
    return "a, b", body(*lines, "return a.sum() + b.sum()"), (np.ones(5), np.ones(5))


def stores(n: int) -> Program:
    """An array written place by place."""
    lines = [f"w[{k}] = a[{k % 5}] * b + w[{k - 1}]" for k in range(1, n)]
    return "a, b", body(f"w = np.zeros({n})", *lines, "return w.sum()"), (np.ones(5), 0.3)


def small_arrays(n: int) -> Program:
    """Arrays of a few elements, each made of the one before by a short loop."""
    lines = [f"w = np.array([w[1] * a, w[0] + {k * 1e-3}, w[2] * w[0]]) * 0.5" for k in range(n)]
    return "a", body("w = np.array([a, 1.0, a])", *lines, "return w.sum()"), (0.3,)


def stores_in_branches(n: int) -> Program:
    lines = [f"if b > {k}:\n  w[{k % 5}] = w[{k % 3}] * 0.9 + np.sin(b) * a[{k % 4}]" for k in range(n)]
    return "a, b", body("w = np.zeros(5)", *lines, "return w.sum()"), (np.ones(5), 0.3)


def stores_in_loops(n: int) -> Program:
    lines = ["for i in range(n):\n  w[i] = w[i] * 0.9 + np.sin(b) * a[i]" for _ in range(n)]
    return "a, b, n", body("w = np.zeros(n)", *lines, "return w.sum()"), (np.ones(5), 0.3, 5)


def sums(n: int) -> Program:
    """Sums of array expressions, each of which reads the last."""
    lines = ["s = s + np.sum(np.exp(a * s) * b)" for _ in range(n)]
    return "a, b", body("s = 0.5", *lines, "return s"), (np.ones(5), np.ones(5))


def rows(n: int) -> Program:
    """Reductions along an axis, and what is broadcast back."""
    lines = ["a = np.exp(a - b)\n a = a / np.sum(a, axis=1)[:, None]" for _ in range(n)]
    return "a, b", body(*lines, "return np.sum(a)"), (np.ones((5, 4)), np.ones((5, 4)))


def body(*lines: str) -> str:
    return "\n".join(f" {line}" for line in lines)


def written(program: Program, path: Path) -> Callable[..., Any]:
    """The program as a function in a file of its own."""
    parameters, lines, _ = program
    path.write_text(f"import numpy as np\n\ndef f({parameters}):\n{lines}\n")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.f


def calls(kind: Callable[[int], Program], n: int, folder: Path) -> int:
    """How many functions are called while the gradient of a program is made."""
    program = kind(n)
    gradient = s2sad.grad(written(program, folder / f"{kind.__name__}_{n}.py"))
    return counted(lambda: gradient.lower(*program[2]))


def calls_to_loops(kind: Callable[[int], Program], n: int, folder: Path) -> int:
    """How many functions are called while the loops of its gradient are made."""
    program = kind(n)
    made = s2sad.grad(written(program, folder / f"{kind.__name__}_{n}.py")).lower(*program[2])._lowered
    return counted(lambda: lowered(made.module, made.elaboration.guards))


def counted(make: Callable[[], Any]) -> int:
    """How many functions a call calls."""
    profile = cProfile.Profile()
    with profile:
        make()
    return sum(entry.callcount for entry in profile.getstats())


@pytest.fixture(autouse=True)
def in_python() -> Iterator[None]:
    with s2sad.using(backend="python"):
        yield


KINDS = (
    assignments, names, parameters, branches, loops, independent_loops, while_loops, arrays, stores, stores_in_branches,
    stores_in_loops,
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS, ids=[k.__name__ for k in KINDS])
def test_lowering_a_gradient_is_linear(kind: Callable[[int], Program], tmp_path: Path):
    once, twice = (calls(kind, n, tmp_path) for n in (N, 2 * N))
    assert twice < MOST * once


@pytest.mark.parametrize("kind", (*KINDS, sums, rows, small_arrays), ids=lambda k: k.__name__)
def test_lowering_it_to_loops_is_linear(kind: Callable[[int], Program], tmp_path: Path):
    once, twice = (calls_to_loops(kind, n, tmp_path) for n in (N, 2 * N))
    assert twice < MOST * once
