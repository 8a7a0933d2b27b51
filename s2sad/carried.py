"""Sources that came along with functions from another process, which need no file here.

A function of a notebook, or of the ``__main__`` of another process, travels by value (by cloudpickle, and so by joblib,
dask and ray): its code arrives, and the file that it stands in may be nowhere to be found.
"""

from __future__ import annotations

import linecache
import sys
import types
from collections.abc import Iterator
from typing import Any

_texts: dict[str, str] = {}
"""The text of each file that came along, the latest."""


def keep(texts: dict[str, str]) -> None:
    """Keep the texts of files that have come along, for tracebacks as well where there are no such files."""
    _texts.update(texts)
    for name, text in texts.items():
        if not linecache.getlines(name):
            linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)


def texts(filename: str) -> list[tuple[str, str]]:
    """The files that have come along and their texts, that of this name first: a pickler may not keep the name."""
    return sorted(_texts.items(), key=lambda item: item[0] != filename)


def sources(*roots: Any) -> dict[str, str]:
    """The texts of the files in which these functions stand, and all functions that travel by value with them."""
    found: dict[str, str] = {}
    for function in functions_of(*roots):
        name = function.__code__.co_filename
        text = "".join(linecache.getlines(name))
        found |= {name: text} if text else _texts
    return found


def functions_of(*roots: Any) -> Iterator[types.FunctionType]:
    """Functions, and those that they mention and that travel by value: of ``__main__``, or inside of others."""
    seen: set[int] = set()
    todo = list(roots)
    while todo:
        obj = todo.pop()
        if id(obj) in seen:
            continue
        seen.add(id(obj))
        if isinstance(obj, types.FunctionType):
            yield obj
            todo += [x for x in mentioned(obj) if travels_by_value(x)]
        else:
            todo += _inside(obj)


def mentioned(function: types.FunctionType) -> Iterator[Any]:
    """What a function reads of its closure, its defaults and its globals."""
    for cell in function.__closure__ or ():
        try:
            yield cell.cell_contents
        except ValueError:  # not bound yet
            continue
    yield from function.__defaults__ or ()
    yield from (function.__kwdefaults__ or {}).values()
    todo = [function.__code__]
    while todo:
        code = todo.pop()
        todo += [c for c in code.co_consts if isinstance(c, types.CodeType)]
        yield from (function.__globals__[n] for n in code.co_names if n in function.__globals__)


def _inside(obj: Any) -> list[Any]:
    """The functions in an object that holds some."""
    spec = getattr(obj, "__s2sad__", None) if not isinstance(obj, type | types.ModuleType) else None
    parts = [getattr(spec, "function", None), *(getattr(obj, name, None) for name in ("__func__", "func", "jvp"))]
    parts += [*(getattr(obj, "args", None) or ())] if hasattr(obj, "func") else []
    parts += [*(getattr(obj, "rules", None) or ())] if spec is not None else []
    if isinstance(obj, type):
        parts += [v for v in vars(obj).values() if isinstance(v, types.FunctionType)]
    return [x for x in parts if x is not None]


def travels_by_value(obj: Any) -> bool:
    """Whether an object that is pickled by value takes another one along by value, too."""
    module, name = getattr(obj, "__module__", None), getattr(obj, "__qualname__", "")
    return module == "__main__" or "<locals>" in name or "<lambda>" in name or module not in sys.modules
