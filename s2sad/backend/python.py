"""Running emitted source as plain Python: to step through it, and where Numba cannot go.

The file is the one that Numba would compile, with the user's lines in comments; its `rt.jit` does nothing here.
"""

from __future__ import annotations

import itertools
import linecache
import weakref
from collections.abc import Callable, Mapping
from typing import Any

import s2sad_rt as rt
from s2sad import cache
from s2sad_rt.stale import GENERATED

_texts = itertools.count(1)


def load(source: str, name: str) -> Callable[..., Any]:
    """The function `name` of a generated module, as plain Python."""
    return getattr(cache.load_module(cache.store(source, name), plain=True), name)


def run(source: str, name: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    """The function `name` of a generated module that calls Python objects, which it knows by `names`.

    The text is kept in memory, where tracebacks and debuggers find it, for as long as the function lives.
    """
    filename = f"<s2sad {name} {next(_texts)}>"
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    namespace: dict[str, Any] = {"__name__": f"{GENERATED}.{name}", **names}
    with rt.plain_python():
        exec(compile(source, filename, "exec"), namespace)
    function: Callable[..., Any] = namespace[name]
    weakref.finalize(function, linecache.cache.pop, filename, None)
    return function
