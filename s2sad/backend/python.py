"""Running emitted source as plain Python: to step through it, and where Numba cannot go.

The file is the very one that Numba would compile; its `rt.jit` does nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from s2sad import cache


def load(source: str, name: str) -> Callable[..., Any]:
    """The function `name` of a generated module, as plain Python."""
    return getattr(cache.load_module(cache.store(source, name), plain=True), name)  # type: ignore[no-any-return]
