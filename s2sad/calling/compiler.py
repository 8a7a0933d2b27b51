"""The compiler, which is imported when it is first used: `import s2sad` is quick, and so is `s2sad.grad(f)`.

    compiler.variant.lower(...)

What there is before anything is compiled (the public functions, their programs, their types for Numba) names these
modules in this way, and imports them for annotations only.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from s2sad.calling import binding, entry, inspection, splitting, typetext, variant
    from s2sad.frontend.elaborate import elaborate
    from s2sad.frontend.meanings import custom_inside, handlers

__all__ = [
    "binding", "custom_inside", "elaborate", "entry", "handlers", "inspection", "splitting", "typetext", "variant",
]  # fmt: skip

PLACES = {
    "handlers": "s2sad.frontend.meanings",
    "custom_inside": "s2sad.frontend.meanings",
    "elaborate": "s2sad.frontend.elaborate",
    "binding": "s2sad.calling",
    "entry": "s2sad.calling",
    "inspection": "s2sad.calling",
    "splitting": "s2sad.calling",
    "typetext": "s2sad.calling",
    "variant": "s2sad.calling",
}
"""Where each of the modules stands."""

if not TYPE_CHECKING:  # where it would say that every name is here

    def __getattr__(name: str) -> ModuleType:
        if name not in PLACES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return globals().setdefault(name, importlib.import_module(f"{PLACES[name]}.{name}"))
