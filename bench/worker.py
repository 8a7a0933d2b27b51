"""A process of its own for one job: started by `run_job`, it runs `python -m bench.worker`, and answers in JSON lines.

A crash, or more time than is allowed, loses that job alone. Each process has an empty cache of compiled modules.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent
ONE_CORE = {"OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "NUMBA_NUM_THREADS": "1",
            "JAX_PLATFORMS": "cpu", "MALLOC_ARENA_MAX": "1",
            "XLA_FLAGS": "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"}  # fmt: skip


def environment(cache: str) -> dict[str, str]:
    """One core, this checkout, and a cache of compiled modules at that place."""
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH"))))
    return ONE_CORE | dict(os.environ) | {"PYTHONPATH": path, "S2SAD_CACHE_DIR": cache}


def run_job(job: Sequence[str], limit: float, tell: Callable[[str], None]) -> tuple[dict[str, Any], str]:
    """Run a job: the last result that it sent (`{}` if none), and why it ended early ('' if it did not)."""
    result: dict[str, Any] = {}
    at = "starting"
    with tempfile.TemporaryDirectory(prefix="s2sad-bench-") as cache, tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen([sys.executable, "-m", "bench.worker", *job], stdout=subprocess.PIPE, stderr=errors,
                                   env=environment(cache), cwd=ROOT, text=True)  # fmt: skip
        late = threading.Event()

        def stop() -> None:
            late.set()
            process.kill()

        timer = threading.Timer(limit, stop)
        timer.start()
        try:
            assert process.stdout is not None
            for line in process.stdout:
                if line.startswith("{"):
                    message = json.loads(line)
                    at, result = message["at"], message["result"] or result
                    tell(at)
            code = process.wait()
        finally:
            timer.cancel()
            if process.poll() is None:
                process.kill()
                process.wait()
        if code == 0:
            return result, ""
        if late.is_set():
            return result, f"stopped after {limit:.0f} s, at {at}"
        errors.seek(0)
        last = [line for line in errors.read().splitlines() if line.strip()][-1:]
        return result, f"ended with code {code}, at {at}: {''.join(last)}"[:300]


def main(job: Sequence[str]) -> None:
    """What the process does: `row PROBLEM SIZE BUDGET` or `calls BUDGET`."""
    out = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)

    def tell(at: str, result: Any) -> None:
        out.write(json.dumps({"at": at, "result": asdict(result) if result is not None else None}) + "\n")

    match job:
        case ["row", problem, size, budget]:
            from bench.row import measure

            tell("done", measure(problem, size, float(budget), tell))
        case ["calls", budget]:
            from bench.calls import KINDS, measure_call
            from bench.results import Results

            found = Results()
            for kind in KINDS:
                tell(kind, found)
                found.calls.append(measure_call(kind, float(budget)))
            tell("done", found)
        case _:
            raise SystemExit(f"no such job: {' '.join(job)}")


if __name__ == "__main__":
    main(sys.argv[1:])
