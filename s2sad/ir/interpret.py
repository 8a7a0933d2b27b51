"""Running any stage of the compiler under plain CPython: print it, execute it."""

from __future__ import annotations

import linecache
import math
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np

from s2sad.ir.nodes import Function, Module
from s2sad.ir.printer import to_source

_stamp = count()


def python_function(module: Module | Function) -> Callable[..., Any]:
    """The main function of a module as a Python function of flat arguments, giving a tuple of flat results."""
    import s2sad_rt as rt

    text = to_source(module)
    filename = f"<s2sad ir {next(_stamp)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    namespace: dict[str, Any] = {"np": np, "math": math, "rt": rt}
    exec(compile(text, filename, "exec"), namespace)
    main = module if isinstance(module, Function) else module.main
    function = namespace[main.name]

    def call(*args: Any) -> tuple[Any, ...]:
        out = function(*args)
        return out if isinstance(out, tuple) else (out,) if main.results else ()

    return call
