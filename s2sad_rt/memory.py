"""Keeping freed memory at hand.

A tape is often megabytes that live for one call. By default glibc maps such blocks afresh each time, and the first
touch of every page costs more than the arithmetic on it. With higher thresholds freed blocks stay with the process.
S2SAD_KEEP_MEMORY=0 leaves the allocator alone.
"""

from __future__ import annotations

import ctypes
import os
import sys

M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
THRESHOLD = 1 << 28


def keep_freed_memory() -> bool:
    """Raise the thresholds, where the C library is glibc; says whether it did."""
    if not sys.platform.startswith("linux") or os.environ.get("S2SAD_KEEP_MEMORY") == "0":
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all([mallopt(M_MMAP_THRESHOLD, THRESHOLD), mallopt(M_TRIM_THRESHOLD, THRESHOLD)])
