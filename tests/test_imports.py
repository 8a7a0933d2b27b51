"""What `import s2sad` loads: no more than there has to be before a function is compiled."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy import special

SLOW = ("scipy.special", "scipy.linalg", "typer", "rich", "gast")
COMPILER = (
    "s2sad.frontend.elaborate", "s2sad.frontend.library", "s2sad.frontend.syntax", "s2sad.rules", "s2sad.transforms",
    "s2sad.optimise", "s2sad.memory", "s2sad.backend", "s2sad.pipeline",
)  # fmt: skip
DECLARED = """
import s2sad
f = s2sad.grad(lambda x: x * x)
s2sad.vmap(s2sad.jit(f))
@s2sad.custom_jvp
def g(x):
    return x
g.defjvp(lambda primals, tangents: (primals[0], tangents[0]))
"""
GAMMA = """
import math, sys
import s2sad
def f(x):
    return math.lgamma(x)
print(s2sad.grad(f)(2.5), "scipy.special" in sys.modules)
import scipy.special
def g(x):
    return scipy.special.gammaln(x) + scipy.special.beta(x, 2.0) + scipy.special.j0(x)
print(s2sad.grad(g)(2.5))
"""


def modules(text: str) -> set[str]:
    """What a new process has imported when it has run some lines."""
    shown = f"{text}\nimport sys\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize("text", ["import s2sad", DECLARED], ids=["import", "declare"])
def test_nothing_is_loaded_that_only_compiling_needs(text: str) -> None:
    loaded = modules(text)
    assert "s2sad.api" in loaded
    assert loaded.isdisjoint((*SLOW, *COMPILER))


def test_functions_of_scipy_are_known_once_it_is_imported(tmp_path: Path) -> None:
    file = tmp_path / "gamma.py"
    file.write_text(GAMMA)
    environment = os.environ | {"S2SAD_BACKEND": "python"}
    done = subprocess.run([sys.executable, str(file)], env=environment, capture_output=True, text=True, check=True)
    (lgamma, imported), (total,) = map(str.split, done.stdout.splitlines())
    assert imported == "False"
    np.testing.assert_allclose(float(lgamma), special.digamma(2.5), rtol=1e-12)
    beta = special.beta(2.5, 2.0) * (special.digamma(2.5) - special.digamma(4.5))
    np.testing.assert_allclose(float(total), special.digamma(2.5) + beta - special.j1(2.5), rtol=1e-12)
