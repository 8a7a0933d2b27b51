"""What it takes to start: fresh processes that import a tool, or import it and take a first small gradient.

s2sad's gradient is taken twice in each repetition: with an empty cache of compiled modules, and by a second process.
Figures are CPU seconds, the least of some processes.
"""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tempfile
from collections.abc import Callable

from bench.worker import ROOT, environment

REPEATS = 3


def measure_start(tell: Callable[[str], None], repeats: int = REPEATS) -> dict[str, dict[str, float]]:
    """Seconds by tool and by what was done."""
    found: dict[str, dict[str, list[float]]] = {}
    for _ in range(repeats):
        for tool in ("numba", "s2sad", "jax"):
            if not importlib.util.find_spec(tool):
                continue
            times = found.setdefault(tool, {})
            with tempfile.TemporaryDirectory(prefix="s2sad-bench-") as cache:
                tell(f"starting {tool}")
                times.setdefault("import", []).append(_seconds(tool, "import", cache))
                times.setdefault("first gradient", []).append(_seconds(tool, "gradient", cache))
                if tool == "s2sad":
                    times.setdefault("second process", []).append(_seconds(tool, "gradient", cache))
    return {tool: {what: min(values) for what, values in times.items()} for tool, times in found.items()}


def _seconds(tool: str, what: str, cache: str) -> float:
    """CPU seconds of one process."""
    command = [sys.executable, "-m", "bench.first", tool, what]
    done = subprocess.run(command, env=environment(cache), cwd=ROOT, capture_output=True, text=True, timeout=120)
    if done.returncode:
        raise RuntimeError(f"{tool} {what}: {done.stderr.strip().splitlines()[-1:]}")
    return float(done.stdout.split()[-1])
