"""Programs that functions with the same code share: a fresh lambda finds what another one was compiled to.

for a in arrays:
    s2sad.grad(lambda x: np.sum(x * a))(x)      one program, compiled for the first lambda
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from s2sad.calling import compiler
from s2sad.frontend.values.readlog import PLAIN, SameData

if TYPE_CHECKING:
    from s2sad.calling.variant import Variant

MOST_FAMILIES = 128
"""How many families are kept: the programs of a family live for as long as it is kept, or a function that uses them."""
MOST_PROGRAMS = 32
"""How many programs of one family are kept."""


@dataclass(slots=True)
class Family:
    """The programs of functions with the same code, latest first. It keeps the first of these functions, and with it
    all that the key of the family says by identity."""

    function: Callable[..., Any]
    programs: tuple[tuple[Any, tuple[tuple[int, Any], ...], Variant], ...] = field(default=())
    apart: set[Any] = field(default_factory=set)
    """The keys of calls whose lists of numbers are taken apart."""
    entries: tuple[tuple[Callable[..., Any], Variant], ...] = field(default=())
    """Ways into compiled code that look at the function they are called for, each with its program."""

    def open(self, entry: Callable[..., Any] | None, variant: Variant) -> None:
        """Keep a way into compiled code."""
        if entry is not None:
            self.entries = ((entry, variant), *self.entries)[:MOST_PROGRAMS]

    def find(self, function: Callable[..., Any], base: Any, leaves: Sequence[Any]) -> Variant | None:
        """The program for arguments like these, seen from another function."""
        for key, statics, variant in self.programs:
            if key == base and all(SameData(old)(leaves[k]) for k, old in statics):
                found = variant.bound(function)
                if found is not None:
                    return found
        return None

    def add(self, base: Any, leaves: Sequence[Any], variant: Variant) -> None:
        """Keep a program, unless it holds more of its function than the log says."""
        statics = tuple((k, leaves[k]) for k in variant.lowered.statics)
        known = [leaf for k, leaf in enumerate(leaves) if k not in variant.indexes]
        if all(isinstance(x, PLAIN) for x in known) and compiler.binding.may_be_shared(variant.lowered.elaboration):
            self.programs = ((base, statics, variant), *self.programs)[:MOST_PROGRAMS]


_families: OrderedDict[Any, Family] = OrderedDict()
_lock = threading.Lock()


def family(function: Callable[..., Any], name: str) -> Family:
    """The family of a function whose program has this name."""
    key = name, compiler.binding.shape(function)
    with _lock:
        found = _families.get(key)
        if found is None:
            found = _families[key] = Family(function)
            if len(_families) > MOST_FAMILIES:
                _families.popitem(last=False)
        else:
            _families.move_to_end(key)
    return found


def clear() -> None:
    """Forget all programs that are shared."""
    with _lock:
        _families.clear()
