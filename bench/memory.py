"""The memory that one call adds at its peak, whichever allocator it uses: counted in pages by the kernel (Linux).

`tracemalloc` does not see what Numba or XLA allocate. So free memory is given back to the kernel first, the high-water
mark of the process is set back, and read after the call. The kernel's counter is off by up to some hundred kB: below
1 MB the pages that the call touched for the first time are counted instead, an upper bound. The largest of some calls
counts: one that finds memory of an earlier call, freed late by another thread, seems to need none. All threads share
one arena of malloc (MALLOC_ARENA_MAX, set in `worker`), as only that one gives back all that is free. Buffers that a
tool keeps from call to call are not in it.
"""

from __future__ import annotations

import ctypes
import resource
from collections.abc import Callable
from pathlib import Path
from typing import Any

STATUS = Path("/proc/self/status")
EXACT = 1 << 20


def peak_of(call: Callable[[], Any], repeats: int = 5) -> int | None:
    """The largest over some calls, in bytes; None where the system does not tell."""
    try:
        trim = ctypes.CDLL("libc.so.6").malloc_trim
        return max(_once(call, trim) for _ in range(repeats))
    except (OSError, AttributeError, KeyError):
        return None


def _once(call: Callable[[], Any], trim: Callable[[int], int]) -> int:
    trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = _status()["VmRSS"]
    faults = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    result = call()
    touched = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - faults) * resource.getpagesize()
    grown = _status()["VmHWM"] - before
    del result
    return grown if grown > EXACT else min(max(touched, 0), EXACT)


def _status() -> dict[str, int]:
    """Resident memory and its high-water mark, in bytes."""
    lines = (line.split() for line in STATUS.read_text().splitlines())
    return {words[0][:-1]: 1024 * int(words[1]) for words in lines if words[0] in ("VmRSS:", "VmHWM:")}
