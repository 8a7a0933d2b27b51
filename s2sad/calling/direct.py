"""Programs of functions that are called with a function: `jvp(f, ...)`, `hvp(f, ...)`, the sweeps of `vjp(f, ...)`.

Each is the program of the caller bound to the function, ``partial(jvp, f)``. The ones used last are kept; what they
were compiled to is found again by `families`, also for a function made anew each time.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from types import MethodType
from typing import Any, TypeVar

from s2sad.calling import signature
from s2sad.calling.program import MISS, Program, function_name

Function = Callable[..., Any]
P = TypeVar("P", bound=Program)

MOST_PROGRAMS = 128
"""How many of these programs are kept, each with the function that it is for."""

_programs: OrderedDict[Any, Any] = OrderedDict()
_lock = threading.Lock()


def program(make: Callable[[Function, str], P], runner: Function, function: Function, has_aux: bool, name: str) -> P:
    """The program of `runner` bound to a function. In its `name`, ``{}`` stands for that of the function."""
    owner = (id(function.__self__), id(function.__func__)) if type(function) is MethodType else id(function)
    key = make, runner, owner, has_aux, name
    try:
        _programs.move_to_end(key)
        found: P = _programs[key]
    except KeyError:
        options = {"has_aux": True} if has_aux else {}
        found = make(functools.partial(runner, function, **options), name.format(function_name(function)))
        with _lock:
            _programs[key] = found
            if len(_programs) > MOST_PROGRAMS:
                _programs.popitem(last=False)
    return found


def clear() -> None:
    """Forget all programs."""
    with _lock:
        _programs.clear()


class Directional(Program):
    """A program of primals and tangents."""

    def pairs(self, leaves: Sequence[Any]) -> Sequence[tuple[int, int]]:
        """A tangent has the shape of its primal."""
        half = len(leaves) // 2
        return [(k, k + half) for k in range(half)] if len(leaves) == 2 * half else ()

    def along(self, primals: Any, tangents: Any) -> Any:
        """Call it; TypeError where tangents are not like the primals."""
        if type(primals) is tuple and type(tangents) is tuple:
            for entry in self.entries:
                out = entry((primals, tangents), {})
                if out is not MISS:
                    return out
        name = self.name
        signature.check_sequences(name, primals, tangents)
        signature.check_like(name, tuple(primals), tuple(tangents))
        return self((tuple(primals), tuple(tangents)), {})
