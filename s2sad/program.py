"""A function and its compiled variants: finds the variant that fits a call, or makes it."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from s2sad import signature, variant
from s2sad.config import config
from s2sad.errors import AliasError, MutationWarning
from s2sad.frontend.elaborate import Abstract, Elaboration
from s2sad.ir.nodes import Module
from s2sad.pipeline import Trace
from s2sad.transforms.split import Split
from s2sad.variant import Lowered, Variant

VARIANTS_KEPT = 64
"""How many variants of one signature are kept when closures and globals keep changing."""


class Program:
    """Compiles `function` for each signature it is called with. Safe to call from several threads."""

    def __init__(self, function: Callable[..., Any], name: str) -> None:
        self.function = function
        self.name = name
        self.latest: Lowered | None = None
        self._variants: dict[Any, list[Variant]] = {}
        self._statics: dict[Any, frozenset[int]] = {}
        self._quick: dict[Any, Variant] = {}
        self._lock = threading.RLock()
        self._warned = False

    def __call__(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        quick = None if kwargs else signature.quick_key(args)
        if quick is not None:
            usual = self._quick.get((quick, config.backend))
            if usual is not None and usual.holds():
                return usual(args)
        found, leaves = self.variant(args, kwargs)
        if found.lowered.elaboration.mutated:
            self._check_mutated(found, leaves)
        elif quick is not None and len(found.indexes) == len(args):
            self._quick[quick, config.backend] = found
        return found(leaves)

    def variant(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Variant, list[Any]]:
        """The variant for these arguments, and their normalised leaves."""
        leaves, structure = signature.flatten(args, kwargs)
        leaves = [signature.normal(x) if isinstance(x, np.ndarray) else x for x in leaves]
        base = (structure, tuple(map(signature.leaf_key, leaves)), config.backend)
        key = self._full_key(base, leaves)
        for candidate in self._variants.get(key, ()):
            if candidate.holds():
                return candidate, leaves
        with self._lock:
            return self._build(base, leaves, structure), leaves

    def lower(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Lowered:
        """The function lowered for these arguments, not compiled. With `Abstract`s for values, all else is known."""
        leaves, structure = signature.flatten(args, kwargs)
        leaves = [signature.normal(x) if isinstance(x, np.ndarray) else x for x in leaves]
        given = [isinstance(x, Abstract) for x in leaves]
        statics = frozenset(k for k, x in enumerate(given) if not x) if any(given) else frozenset()
        return variant.lower(self.function, leaves, structure, statics, self.name)

    def _full_key(self, base: Any, leaves: Sequence[Any]) -> Any:
        return base, tuple((k, leaves[k]) for k in sorted(self._statics.get(base, ())))

    def _build(self, base: Any, leaves: Sequence[Any], structure: Any) -> Variant:
        lowered = variant.lower(
            self.function, leaves, structure, self._statics.get(base, frozenset()), self.name, self._finish
        )
        self.latest = lowered
        self._statics[base] = lowered.statics
        built = self._load(lowered, leaves)
        kept = self._variants.setdefault(self._full_key(base, leaves), [])
        kept[:] = [v for v in kept if v.holds()][-VARIANTS_KEPT:]
        kept.append(built)
        return built

    def _finish(self, elaboration: Elaboration) -> tuple[Module, Trace, Split | None]:
        return variant.joint(elaboration)

    def _load(self, lowered: Lowered, leaves: Sequence[Any]) -> Variant:
        return variant.load(lowered, leaves)

    def _check_mutated(self, found: Variant, leaves: Sequence[Any]) -> None:
        arrays = [(k, x) for k, x in enumerate(leaves) if isinstance(x, np.ndarray)]
        for k in found.lowered.elaboration.mutated:
            for j, other in arrays:
                if j != k and np.may_share_memory(leaves[k], other):
                    raise AliasError(
                        f"{self.name} writes into one of its arguments, which shares memory with another one.",
                        "Pass a copy of one of them.",
                    )
        if not self._warned:
            self._warned = True
            warnings.warn(
                f"{self.name}: the function writes into an argument; the derivative works on a copy of it, "
                "and the caller's array stays as it is.",
                MutationWarning,
                stacklevel=4,
            )
