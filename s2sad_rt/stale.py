"""When compiled code that Numba kept for a function of the user's must not be used any more.

Numba keeps the code of an ``@njit(cache=True)`` function for as long as that function's own file stays as it is. The
code holds what it calls, from any file; so whether derivatives are still the same is asked here, by what Numba
unpickles along with the code. Where they are not, it raises `Stale`, and Numba compiles as if nothing had been kept.
"""

from __future__ import annotations

import hashlib
import importlib
import sys
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import Any

GENERATED = "s2sad_generated"
"""What the names of modules in s2sad's cache begin with; the rest has a hash of the text."""


class Stale(OSError):
    """Kept code is not to be used. Numba takes an OSError, while it reads what it kept, for a file that is gone."""


def numba_cache() -> Any:
    """The cache of Numba's that this thread is loading from or saving to; None outside of such work."""
    caching = sys.modules.get("numba.core.caching")
    frame: FrameType | None = sys._getframe(1) if caching is not None else None
    while frame is not None:
        if frame.f_code.co_name in ("_load_overload", "_save_overload"):
            owner = frame.f_locals.get("self")
            if isinstance(owner, caching.Cache):  # type: ignore[union-attr]
                return owner
        frame = frame.f_back
    return None


def discard(cache: Any, why: str) -> Stale:
    """The error that makes Numba compile again for `cache`; the wrapper that `guvectorize` keeps apart goes as well,
    because it has the same code inside."""
    with suppress(AttributeError, OSError):
        Path(cache.cache_path, f"guf-{cache._impl.filename_base}.nbi").unlink()
    return Stale(why)


class Written:
    """Kept code is right for as long as a module, whose functions it has inside, has this text."""

    def __init__(self, module: str, digest: str) -> None:
        self.module, self.digest = module, digest

    def __reduce__(self) -> tuple[Any, ...]:
        return unchanged, (self.module, self.digest)


def unchanged(module: str, digest: str) -> Written:
    """What is kept with code that is being loaded; raises `Stale` where the module has changed, or is not found."""
    cache = numba_cache()
    if cache is not None and _digest_of(module) != digest:
        raise discard(cache, f"{module} has changed")
    return Written(module, digest)


def written(module: str) -> Written | None:
    """What to keep with the code of a module's functions; None where the name of the module says it all, or where
    there is no file."""
    if module.startswith(f"{GENERATED}.") or (digest := _digest_of(module)) is None:
        return None
    return Written(module, digest)


def _digest_of(module: str) -> str | None:
    try:
        file = importlib.import_module(module).__file__
        return None if file is None else hashlib.sha256(Path(file).read_bytes()).hexdigest()
    except (ImportError, OSError):
        return None
