"""What Numba keeps on disk, in the next process."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

class Scripts:
    """A directory of scripts, run by fresh processes with caches of their own."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def write(self, name: str, text: str) -> None:
        (self.directory / name).write_text(text)

    def run(self, name: str, *args: str) -> subprocess.CompletedProcess:
        env = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(ROOT), *sys.path]),
            "PYTHONDONTWRITEBYTECODE": "1",  # an edit within a second is seen
            "S2SAD_CACHE_DIR": str(self.directory / "cache"),
        }
        command = [sys.executable, str(self.directory / name), *args]
        done = subprocess.run(command, env=env, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        return done


@pytest.fixture
def scripts(tmp_path: Path) -> Scripts:
    return Scripts(tmp_path)


SAME_COUNT = """
import sys
import numpy as np, scipy.special as special, s2sad

def first(x):
    return np.sum(special.erfinv(x) * special.erfinv(x * 0.5) + special.erfinv(x * 0.25))

def second(x):
    return np.sum(special.digamma(x) * special.digamma(x * 0.5) + special.digamma(x * 0.25))

x = np.linspace(0.2, 0.9, 3)
for name in sys.argv[1:]:
    function = globals()[name]
    assert np.isclose(s2sad.jit(function)(x), function(x)), name
"""


@pytest.mark.compiled
def test_kept_code_is_not_taken_for_code_compiled_now(scripts):
    """Numba numbers functions in the order they are compiled, and links by name and number: what this package writes
    for two functions must differ in name."""
    scripts.write("script.py", SAME_COUNT)
    scripts.run("script.py", "first")
    scripts.run("script.py", "second", "first")
