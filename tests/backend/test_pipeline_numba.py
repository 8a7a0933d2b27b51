"""The short pipeline of generated code, and Numba's own behind it."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest
from numba.core import event

HEADER = "import math\nimport numpy as np\nimport s2sad_rt as rt\n\n\n@rt.jit\n"


def written(path: Path, text: str) -> ModuleType:
    """A generated module, imported."""
    path.write_text(HEADER + text)
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    spec.loader.exec_module(module)
    return module


def passes(call: object) -> list[str]:
    """The names of Numba's passes while something is called."""
    with event.install_recorder("numba:run_pass") as recorder:
        call()  # type: ignore[operator]
    return [e.data["name"] for _, e in recorder.buffer if e.is_start]


@pytest.mark.compiled
def test_hundreds_of_branches(tmp_path: Path) -> None:
    """Numba's own pipeline fails in its SSA pass here, with a RecursionError."""
    lines = ["def many(a, b):"]
    for k in range(250):
        lines += [f"    if a > {k / 500}:", "        a = a * 0.9 + b", "    else:", "        b = math.cos(b) * a"]
    module = written(tmp_path / "branches_in_a_row.py", "\n".join([*lines, "    return a + b"]) + "\n")
    found = passes(lambda: module.many(0.5, 0.3))
    assert not any("ssa" in name for name in found)
    assert module.many(0.5, 0.3) == pytest.approx(module.many.py_func(0.5, 0.3), rel=1e-12)


@pytest.mark.compiled
def test_what_the_short_pipeline_cannot_do(tmp_path: Path) -> None:
    """A generator expression is a closure, which only the whole pipeline inlines."""
    text = "def squares(n):\n    return sum([k * k for k in range(n)])\n"
    module = written(tmp_path / "with_a_closure.py", text)
    found: list[int] = []
    names = passes(lambda: found.append(module.squares(5)))
    assert found == [30]
    assert any("ssa" in name for name in names)
